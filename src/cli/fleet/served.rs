//! Which workspaces of a fleet are served to ConductorOne, and as whom.

use std::collections::BTreeMap;

use super::file::{Elsewhere, FleetFile, Managed, Part, Served, Source, wrong};
use crate::baton::error::Result;
use crate::workato::client::Customer;

impl FleetFile {
    /// What holds the secrets that serving takes: tokens of workspaces that are served, and their client secrets.
    pub fn elsewhere_to_serve(&self) -> impl Iterator<Item = &Elsewhere> {
        let parts = self.workspaces.iter().filter(|part| part.conductorone.is_some());
        let own = parts.flat_map(|part| part.sources().into_iter().flatten().chain(part.secret()));
        let managed = self
            .managed_users
            .iter()
            .filter(|managed| !managed.conductorone.is_empty());
        let theirs = managed.flat_map(|managed| std::iter::once(&managed.token).chain(managed.secrets()));
        own.chain(theirs).filter_map(Source::elsewhere)
    }

    /// How many workspaces and customers are served to ConductorOne.
    pub fn served(&self) -> usize {
        let parts = self.workspaces.iter().filter(|part| part.conductorone.is_some());
        let customers = self
            .managed_users
            .as_ref()
            .map_or(0, |managed| managed.conductorone.len());
        parts.count() + customers
    }

    /// Two workspaces with one client would do one another's tasks, and say of one what is true of the other.
    pub(super) fn check_clients(&self) -> Result<()> {
        let own = self
            .workspaces
            .iter()
            .map(|part| (part.name.as_str(), part.conductorone.as_ref()));
        let managed = self.managed_users.iter().flat_map(|managed| &managed.conductorone);
        let theirs = managed.map(|(id, served)| (id.as_str(), Some(served)));
        let mut clients = BTreeMap::new();
        for (name, served) in own.chain(theirs) {
            let Some(served) = served else { continue };
            if let Some(other) = clients.insert(served.client_id.trim().to_lowercase(), name) {
                return Err(
                    wrong(format!("{other} and {name} have one client id: it is of one workspace"))
                        .hint("make a connector in ConductorOne for each workspace"),
                );
            }
        }
        Ok(())
    }
}

impl Managed {
    /// As whom which customers are served to ConductorOne.
    ///
    /// # Errors
    /// What is no id of a customer, or of one that is not named: exit code 2.
    pub fn served(&self) -> Result<BTreeMap<Customer, Served>> {
        let named = self.customers.named()?;
        let mut all = BTreeMap::new();
        for (id, served) in &self.conductorone {
            let customer = Customer::parse(id).map_err(|error| {
                wrong(format!("managed-users: conductorone: {error}"))
                    .hint(error.hint_text().unwrap_or_default().to_owned())
            })?;
            if named.as_ref().is_some_and(|named| !named.contains(&customer)) {
                return Err(wrong(format!(
                    "managed-users: conductorone has {customer}, which customers does not name"
                )));
            }
            all.insert(customer, served.clone());
        }
        Ok(all)
    }

    /// Client secrets of customers.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Source> {
        self.conductorone.values().map(|served| &served.client_secret)
    }
}

impl Part {
    /// Its client secret, if it has one.
    pub(super) fn secret(&self) -> Option<&Source> {
        self.conductorone.as_ref().map(|served| &served.client_secret)
    }
}
