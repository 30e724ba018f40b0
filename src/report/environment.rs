//! The environment a row belongs to: projects, roles and privileges of one name are in several, so a name alone does
//! not say which is meant.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::inherited::{From, Key};
use super::names::Names;
use super::snapshot::Snapshot;
use super::thing::{Right, Thing, profile, text};
use crate::baton::c1z::ResourceFilter;
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;

/// The key of a profile that names it.
pub const KEY: &str = "environment";
/// The environment of a resource with this profile, where the profile names one.
pub fn named(resource: &v2::Resource) -> Option<String> {
    let found = match &resource.profile {
        Some(profile) => text(profile, KEY).map(str::to_owned),
        None => text(&profile(resource)?, KEY).map(str::to_owned),
    };
    found.filter(|environment| !environment.is_empty())
}

/// The environment of what somebody holds: that of the resource it is on; else that of whoever holds it, such as an
/// API client. `None` for what belongs to the whole workspace, and where the file does not say.
pub fn of_grant<'g>(principal: &'g Thing, right: &'g Right) -> Option<&'g str> {
    of(principal, right, None)
}

/// The same of a row that may lead to something else than it is on: that comes first.
pub fn of<'g>(principal: &'g Thing, right: &'g Right, reached: Option<&'g Thing>) -> Option<&'g str> {
    let reached = reached.and_then(|reached| reached.environment.as_ref());
    let held = || right.resource.environment.as_ref();
    let found = reached.or_else(held).or(principal.environment.as_ref());
    found.map(String::as_str)
}

impl Names<'_> {
    /// The environment of a resource: its own; else that of what it lies in, at any depth; else that of the roles it is
    /// passed on by, where these are all of one; else the only one of the sync.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn environment_of(&self, resource: &v2::Resource) -> Result<Option<String>> {
        if let Some(found) = self.own_environment(resource)? {
            return Ok(Some(found));
        }
        let (kind, id) = resource::key(resource);
        let key = (kind.to_owned(), id.to_owned());
        let snapshot = self.snapshot();
        match snapshot.environments_of_roles(self)?.get(&key) {
            Some(of_roles) => Ok(Some(of_roles.clone())),
            None => Ok(snapshot.only_environment(kind)?.cloned()),
        }
    }

    /// The environment that a resource or what it lies in says.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(super) fn said_environment(&self, kind: &str, id: &str) -> Result<Option<String>> {
        match self.resource(kind, id)? {
            Some(resource) => self.own_environment(&resource),
            None => Ok(None),
        }
    }

    /// The environment of a resource or of what it lies in.
    fn own_environment(&self, resource: &v2::Resource) -> Result<Option<String>> {
        let found = named(resource);
        let Some(parent) = resource.parent_resource_id.clone().filter(|_| found.is_none()) else {
            return Ok(found);
        };
        let from = |(kind, id): &Key| {
            let Some(above) = self.resource(kind, id)? else {
                return Ok(From::Itself(None));
            };
            Ok(match (named(&above), &above.parent_resource_id) {
                (None, Some(parent)) => From::Outside(parent.clone()),
                (found, _) => From::Itself(found.map(Rc::from)),
            })
        };
        let found = self.lying_in().environments.of(parent, &from)?;
        Ok(found.map(|environment| environment.to_string()))
    }
}

/// Whether the things of a type are in an environment, and so in the only one of a sync that has but one.
pub(super) fn is_of_one(conventions: &Conventions, kind: &str) -> bool {
    conventions.is_of_projects(kind) || conventions.is_placed(kind)
}

/// The environment of a whole sync: the one that its projects and roles name, where they name but one.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn only(snapshot: &Snapshot, conventions: &Conventions) -> Result<Option<String>> {
    let Some(key) = conventions.environment else {
        return Ok(None);
    };
    let mut named: BTreeSet<String> = BTreeSet::new();
    for kind in conventions.project_types.iter().chain(conventions.role_types) {
        let filter = ResourceFilter {
            resource_type: Some(kind),
            parent: None,
        };
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
                let profile = profile(&resource).unwrap_or_default();
                let said = text(&profile, key).filter(|said| !said.is_empty());
                named.extend(said.map(str::to_owned));
                Ok(())
            })?;
    }
    Ok(named.pop_first().filter(|_| named.is_empty()))
}

/// By resource that roles pass on to their holders: the environment of these roles, where it is one.
pub(super) type OfRoles = HashMap<(String, String), String>;

/// Reads which roles pass on what. A privilege has no environment of its own in a sync of one environment.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn of_roles(names: &Names<'_>) -> Result<OfRoles> {
    let snapshot = names.snapshot();
    let mut found: HashMap<(String, String), Option<String>> = HashMap::new();
    for (entitlement, edges) in snapshot.edges()?.all() {
        let Some(entitlement) = names.entitlement(entitlement)? else {
            continue;
        };
        let Some((kind, id)) = entitlement.resource.as_ref().map(resource::key) else {
            continue;
        };
        for (role, id_of_role) in edges.iter().map(|edge| &*edge.holder) {
            let of_role = names.said_environment(role, id_of_role)?;
            let known = found
                .entry((kind.to_owned(), id.to_owned()))
                .or_insert_with(|| of_role.clone());
            if *known != of_role {
                *known = None;
            }
        }
    }
    Ok(found.into_iter().filter_map(|(key, one)| Some((key, one?))).collect())
}
