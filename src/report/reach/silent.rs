//! People whose roles could name what they open inside of projects, and name nothing. Such a role may be limited to
//! nothing, or to nothing at all: the file does not say which.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::Ground;
use crate::baton::error::Result;
use crate::report::names::Names;

/// Those of one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Silent {
    /// People and accounts by type and bare id, each with the names of these roles.
    pub(super) people: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Silent {
    /// Looks at every holder of such a role.
    pub(super) fn read(names: &Names<'_>, ground: &Ground, environment: Option<&str>) -> Result<Silent> {
        let snapshot = names.snapshot();
        let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
        let mut found = Silent::default();
        for role in &ground.naming {
            if !is_alike(role.environment.as_deref(), environment) {
                continue;
            }
            reader.for_each_holding_on(sync_id, &role.thing.kind, &role.thing.id, &mut |grant| {
                if ground.is_user(grant.principal_type) {
                    let key = (grant.principal_type.to_owned(), grant.principal.to_owned());
                    found.people.entry(key).or_default().insert(role.thing.name.clone());
                }
                Ok(())
            })?;
        }
        let mut naming: BTreeSet<(String, String)> = BTreeSet::new();
        for (kind, id) in found.people.keys() {
            let mut names_something = false;
            reader.for_each_holding_of(sync_id, kind, id, &mut |grant| {
                if !names_something {
                    let on = names.right(grant.entitlement)?.resource;
                    let is_inside = ground.conventions.inside_projects.contains(&on.kind.as_str());
                    names_something = is_inside && is_alike(ground.environment(names, &on)?.as_deref(), environment);
                }
                Ok(())
            })?;
            if names_something {
                naming.insert((kind.clone(), id.clone()));
            }
        }
        found.people.retain(|who, _| !naming.contains(who));
        Ok(found)
    }

    /// The roles of all of them.
    pub(super) fn roles(&self) -> BTreeSet<&str> {
        self.people.values().flatten().map(String::as_str).collect()
    }
}

/// Whether two things are in one environment, or neither says in which.
fn is_alike(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    }
}
