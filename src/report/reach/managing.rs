//! Who decides about the access to projects, and where.

use std::collections::BTreeMap;

use super::Reach;
use super::doors::{At, Door};
use super::ground::{Placed, entitlements_on, placed_of, role_name};
use crate::baton::conventions::{Conventions, Managers, folded};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::edges::Edges;
use crate::report::names::Names;
use crate::report::thing;

/// Holders of a right who decide about the access to projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Managing {
    /// The entitlement's id.
    pub(super) right: String,
    /// Where they decide.
    pub(super) environment: Option<String>,
    /// Only those to whom it was given: the others have it through a right that is named as well.
    pub(super) direct_only: bool,
}

impl Managing {
    pub(super) fn door(&self) -> Door {
        Door {
            at: At::Right(self.right.clone()),
            reach: Reach::SelfGranting,
            direct_only: self.direct_only,
            users_only: true,
        }
    }
}

/// The rights whose holders decide about the access to projects: of roles that do so by their name, and of every role
/// that brings a right which says so. Whoever was given such a right without a role counts as well.
pub(super) fn read(
    names: &Names<'_>,
    edges: &Edges,
    conventions: &Conventions,
    managers: &Managers,
    roles: &[(Placed, v2::Resource)],
    only: Option<&String>,
) -> Result<Vec<Managing>> {
    let mut found: BTreeMap<String, Managing> = BTreeMap::new();
    let mut add = |right: String, environment: Option<String>, direct_only: bool| {
        found.entry(right.clone()).or_insert(Managing {
            right,
            environment,
            direct_only,
        });
    };
    for (role, resource) in roles {
        let profile = thing::profile(resource).unwrap_or_default();
        let name = folded(&role_name(conventions, Some(resource), &role.thing.name));
        let by_name = managers.role_types.contains(&role.thing.kind.as_str())
            && managers.roles.contains(&name.as_str())
            && !managers.unless.is_on(&profile);
        if by_name {
            for right in entitlements_on(names, &role.thing.kind, &role.thing.id)? {
                add(right, role.environment.clone(), false);
            }
        }
    }
    for kind in managers.right_types {
        for (placed, resource) in placed_of(names, conventions, kind)? {
            let profile = thing::profile(&resource).unwrap_or_default();
            if !managers.marks.iter().all(|mark| mark.is_on(&profile)) {
                continue;
            }
            let (kind, id) = resource::key(&resource);
            for right in entitlements_on(names, kind, id)? {
                for edge in edges.into(&right) {
                    let (kind, id) = (&edge.holder.0, &edge.holder.1);
                    let environment = names.said_environment(kind, id)?;
                    add(edge.source.to_string(), environment.or_else(|| only.cloned()), false);
                }
                add(right, placed.environment.clone().or_else(|| only.cloned()), true);
            }
        }
    }
    Ok(found.into_values().collect())
}
