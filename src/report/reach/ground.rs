//! What every answer about reach needs of a sync, read once. It is small: projects, roles, and accounts with a scope.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, OnceLock};

use super::doors::Door;
use super::expanded;
use super::managing::{self, Managing};
use super::scope::Scope;
use super::silent::Silent;
use super::unread;
use crate::baton::c1z::{EntitlementFilter, ResourceFilter};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::report::accounts::Accounts;
use crate::report::edges::Edges;
use crate::report::environment;
use crate::report::names::Names;
use crate::report::thing::{self, Right, Thing};

/// A thing and its environment, where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The thing.
    pub thing: Thing,
    /// The environment.
    pub environment: Option<String>,
}

/// An account with a scope of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The account, and the environment its scope is about.
    pub placed: Placed,
    /// What it reaches there.
    pub scope: Scope,
}

/// What is read once.
pub struct Ground {
    pub(super) conventions: Conventions,
    /// The environment of the whole sync, where there is but one.
    pub(super) only: Option<String>,
    pub(super) projects: Vec<Placed>,
    pub(super) clients: Vec<Client>,
    /// Their places, by type and bare id.
    places: HashMap<(String, String), usize>,
    pub(super) managing: Vec<Managing>,
    /// Roles that name what they open inside of projects.
    pub(super) naming: Vec<Placed>,
    /// Roles that are named and have no row: what they open is not known.
    pub(super) unread_roles: BTreeSet<String>,
    /// Types whose resources are people or accounts.
    pub(super) accounts: Accounts,
    /// The types of the sync.
    pub(super) types: BTreeSet<String>,
    /// Grants that follow from others were never derived.
    pub(super) unexpanded: bool,
    loose: OnceLock<Vec<Placed>>,
    silent: Mutex<BTreeMap<Option<String>, Silent>>,
}

impl Ground {
    /// Reads it.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn read(names: &Names<'_>, edges: &Edges, conventions: &Conventions) -> Result<Ground> {
        let snapshot = names.snapshot();
        let mut types = BTreeSet::new();
        snapshot
            .reader()
            .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
                types.insert(kind.id);
                Ok(())
            })?;
        let mut projects = Vec::new();
        for kind in conventions.project_types {
            projects.extend(
                placed_of(names, conventions, kind)?
                    .into_iter()
                    .map(|(placed, _)| placed),
            );
        }
        let mut roles = Vec::new();
        for kind in conventions.role_types {
            roles.extend(placed_of(names, conventions, kind)?);
        }
        let only = environment::only(snapshot, conventions)?;
        let place = |mut placed: Placed| {
            placed.environment = placed.environment.or_else(|| only.clone());
            placed
        };
        let projects: Vec<Placed> = projects.into_iter().map(place).collect();
        let roles: Vec<(Placed, v2::Resource)> = roles.into_iter().map(|(role, r)| (place(role), r)).collect();
        let mut clients = Vec::new();
        if let Some(scopes) = &conventions.scopes {
            for kind in scopes.types {
                for (placed, resource) in placed_of(names, conventions, kind)? {
                    let profile = thing::profile(&resource).unwrap_or_default();
                    clients.push(Client {
                        placed: place(placed),
                        scope: Scope::of(&profile, scopes),
                    });
                }
            }
        }
        let key = |client: &Client| (client.placed.thing.kind.clone(), client.placed.thing.id.clone());
        let places = clients.iter().map(key).zip(0..).collect();
        let managing = match &conventions.managers {
            Some(managers) => managing::read(names, edges, conventions, managers, &roles, only.as_ref())?,
            None => Vec::new(),
        };
        let is_naming = |(role, _): &(Placed, v2::Resource)| {
            let kind = role.thing.kind.as_str();
            conventions.naming_roles.contains(&kind) && role.environment.is_some()
        };
        let accounts = snapshot.accounts()?.clone();
        Ok(Ground {
            unread_roles: unread::roles(names, conventions, &roles)?,
            unexpanded: expanded::is_unexpanded(names, edges, accounts.kinds())?,
            conventions: *conventions,
            only,
            projects,
            clients,
            places,
            managing,
            naming: roles.into_iter().filter(is_naming).map(|(role, _)| role).collect(),
            accounts,
            types,
            loose: OnceLock::new(),
            silent: Mutex::default(),
        })
    }

    /// Whether the grants that follow from others were never derived.
    pub fn is_unexpanded(&self) -> bool {
        self.unexpanded
    }

    /// What is special about the vendor.
    pub fn conventions(&self) -> &Conventions {
        &self.conventions
    }

    /// The projects of the sync.
    pub fn projects(&self) -> &[Placed] {
        &self.projects
    }

    /// The accounts with a scope of their own.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Whether the resources of a type are people or accounts.
    pub fn is_user(&self, kind: &str) -> bool {
        self.accounts.includes(kind)
    }

    /// Whether two things are in one environment. One of which the file does not say where it is, or says it in a word that
    /// is none of the vendor's, may be anywhere.
    pub(super) fn together(&self, one: Option<&String>, other: Option<&String>) -> Together {
        let is_known = |place: &String| self.conventions.is_known_environment(place);
        match (one, other) {
            _ if is_same(one, other) => Together::Yes,
            (Some(one), Some(other)) if is_known(one) && is_known(other) => Together::No,
            _ => Together::Maybe,
        }
    }

    /// The grants of those who decide about the access to some project, with these projects.
    pub(super) fn managers_of_projects(&self) -> impl Iterator<Item = (Door, Vec<&Thing>)> {
        let managing = self.managing.iter();
        managing.map(|managing| (managing.door(), self.managed_by(&managing.right)))
    }

    /// The projects whose access the holders of a right decide about.
    pub(super) fn managed_by(&self, right: &str) -> Vec<&Thing> {
        let managing = self.managing.iter().find(|managing| managing.right == right);
        let place = managing.and_then(|managing| managing.environment.as_ref());
        let here = self
            .projects
            .iter()
            .filter(|project| is_same(project.environment.as_ref(), place));
        here.map(|project| &project.thing).collect()
    }

    /// An account with a scope of its own.
    pub fn client(&self, kind: &str, id: &str) -> Option<&Client> {
        if self.clients.is_empty() {
            return None;
        }
        let place = self.places.get(&(kind.to_owned(), id.to_owned()))?;
        self.clients.get(*place)
    }

    /// The environment of a thing: as it or what it lies in says, else the only one of the sync.
    ///
    /// # Errors
    /// As [`Ground::read`].
    pub fn environment(&self, names: &Names<'_>, thing: &Thing) -> Result<Option<String>> {
        let said = names.said_environment(&thing.kind, &thing.id)?;
        let is_of_one = environment::is_of_one(&self.conventions, &thing.kind);
        Ok(said.or_else(|| self.only.clone().filter(|_| is_of_one)))
    }

    /// What lies outside of projects and in nothing else.
    ///
    /// # Errors
    /// As [`Ground::read`].
    pub fn loose(&self, names: &Names<'_>) -> Result<&[Placed]> {
        if let Some(known) = self.loose.get() {
            return Ok(known);
        }
        let mut found = Vec::new();
        for kind in self.conventions.inside_projects {
            for (mut placed, resource) in placed_of(names, &self.conventions, kind)? {
                let parent = resource.parent_resource_id.as_ref();
                if parent.is_none_or(|parent| !self.conventions.is_of_projects(&parent.resource_type)) {
                    placed.environment = placed.environment.or_else(|| self.only.clone());
                    found.push(placed);
                }
            }
        }
        Ok(self.loose.get_or_init(|| found))
    }

    /// How much a right may do: the less, the more.
    ///
    /// # Errors
    /// As [`Ground::read`].
    pub fn power(&self, names: &Names<'_>, right: &Right) -> Result<i8> {
        let on = &right.resource;
        if !self.conventions.role_types.contains(&on.kind.as_str()) {
            return Ok(self.conventions.power(&right.slug));
        }
        self.role_power(names, on)
    }

    /// The same of a role.
    ///
    /// # Errors
    /// As [`Ground::read`].
    pub fn role_power(&self, names: &Names<'_>, role: &Thing) -> Result<i8> {
        let resource = names.resource(&role.kind, &role.id)?;
        Ok(self
            .conventions
            .power(&role_name(&self.conventions, resource.as_deref(), &role.name)))
    }

    /// People whose roles name nothing in an environment.
    ///
    /// # Errors
    /// As [`Ground::read`].
    pub(super) fn silent(&self, names: &Names<'_>, environment: &Option<String>) -> Result<Silent> {
        let known = |table: &BTreeMap<_, Silent>| table.get(environment).cloned();
        if let Some(known) = known(&locked(&self.silent)) {
            return Ok(known);
        }
        let found = Silent::read(names, self, environment.as_deref())?;
        let mut table = locked(&self.silent);
        Ok(table.entry(environment.clone()).or_insert(found).clone())
    }
}

/// Whether two things are in one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Together {
    Yes,
    Maybe,
    No,
}

/// Whether two things are known to be in one environment.
pub(super) fn is_same(one: Option<&String>, other: Option<&String>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

/// The name of a role without its environment.
pub(super) fn role_name(conventions: &Conventions, resource: Option<&v2::Resource>, shown: &str) -> String {
    let profile = resource.and_then(thing::profile).unwrap_or_default();
    let name = conventions.role_name.and_then(|key| thing::text(&profile, key));
    name.filter(|name| !name.is_empty()).unwrap_or(shown).to_owned()
}

/// The resources of a type, with the environment that they or what they lie in name.
pub(super) fn placed_of(
    names: &Names<'_>,
    conventions: &Conventions,
    kind: &str,
) -> Result<Vec<(Placed, v2::Resource)>> {
    let snapshot = names.snapshot();
    let filter = ResourceFilter {
        resource_type: Some(kind),
        parent: None,
    };
    let mut found = Vec::new();
    snapshot
        .reader()
        .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
            let profile = thing::profile(&resource).unwrap_or_default();
            let said = conventions.environment.and_then(|key| thing::text(&profile, key));
            let placed = Placed {
                thing: names.thing_of(&resource)?,
                environment: said.filter(|said| !said.is_empty()).map(str::to_owned),
            };
            found.push((placed, resource));
            Ok(())
        })?;
    Ok(found)
}

/// The ids of the entitlements on a resource, those included that grants on it name and the file has no row of.
pub(super) fn entitlements_on(names: &Names<'_>, kind: &str, id: &str) -> Result<BTreeSet<String>> {
    let snapshot = names.snapshot();
    let filter = EntitlementFilter {
        resource_type: Some(kind),
        resource: Some(id),
    };
    let mut found = BTreeSet::new();
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    reader.for_each_entitlement_where(sync_id, &filter, &mut |entitlement| {
        found.insert(entitlement.id);
        Ok(())
    })?;
    reader.for_each_holding_on(sync_id, kind, id, &mut |grant| {
        if !found.contains(grant.entitlement) {
            found.insert(grant.entitlement.to_owned());
        }
        Ok(())
    })?;
    Ok(found)
}
