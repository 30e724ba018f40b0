//! Where a thing lies: what it is inside of, what is inside of it.

use std::collections::HashSet;
use std::rc::Rc;

use crate::baton::c1z::ResourceFilter;
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::inherited::{From, Key};
use crate::report::names::Names;
use crate::report::thing::Thing;

/// What a thing lies in, the nearest first, up to its project. Empty for what is no part of projects.
///
/// # Errors
/// `DataLoss` for a damaged file, here and below.
pub fn above(names: &Names<'_>, conventions: &Conventions, kind: &str, id: &str) -> Result<Vec<Thing>> {
    let mut found: Vec<Thing> = Vec::new();
    let mut at = (kind.to_owned(), id.to_owned());
    let mut met = HashSet::from([at.clone()]);
    while let Some(parent) = outside(names, conventions, &at)? {
        at = (parent.resource_type, parent.resource);
        if !met.insert(at.clone()) {
            break;
        }
        found.push(names.thing(&at.0, &at.1)?);
    }
    Ok(found)
}

/// What a thing in projects lies in.
fn outside(names: &Names<'_>, conventions: &Conventions, (kind, id): &Key) -> Result<Option<v2::ResourceId>> {
    if !conventions.is_placed(kind) {
        return Ok(None);
    }
    let resource = names.resource(kind, id)?;
    let parent = resource.as_ref().and_then(|r| r.parent_resource_id.as_ref());
    let of_projects = |parent: &&v2::ResourceId| conventions.is_of_projects(&parent.resource_type);
    Ok(parent.filter(of_projects).cloned())
}

/// The project that a thing is, or lies in.
///
/// # Errors
/// As [`above`].
pub fn project(names: &Names<'_>, conventions: &Conventions, kind: &str, id: &str) -> Result<Option<Thing>> {
    if conventions.project_types.contains(&kind) {
        return names.thing(kind, id).map(Some);
    }
    let outermost = outermost(names, conventions, kind, id)?;
    Ok(outermost.filter(|thing| conventions.project_types.contains(&thing.kind.as_str())))
}

/// The last of what a thing lies in, see [`above`].
///
/// # Errors
/// As [`above`].
pub fn outermost(names: &Names<'_>, conventions: &Conventions, kind: &str, id: &str) -> Result<Option<Thing>> {
    let from = |key: &Key| {
        Ok(match outside(names, conventions, key)? {
            Some(parent) => From::Outside(parent),
            None => From::Itself(Some(Rc::new(key.clone()))),
        })
    };
    let Some(parent) = outside(names, conventions, &(kind.to_owned(), id.to_owned()))? else {
        return Ok(None);
    };
    let found = names.lying_in().outermost_of_projects.of(parent, &from)?;
    found.map(|key| names.thing(&key.0, &key.1)).transpose()
}

/// What lies inside of a project or of something in it, at any depth, each after what it lies in.
///
/// # Errors
/// As [`above`].
pub fn inside(names: &Names<'_>, conventions: &Conventions, thing: &Thing) -> Result<Vec<Thing>> {
    let mut found = Vec::new();
    if !conventions.is_of_projects(&thing.kind) {
        return Ok(found);
    }
    let snapshot = names.snapshot();
    let mut seen: HashSet<(String, String)> = HashSet::from([(thing.kind.clone(), thing.id.clone())]);
    let mut open = vec![thing.clone()];
    while let Some(next) = open.pop() {
        let filter = ResourceFilter {
            resource_type: None,
            parent: Some((&next.kind, &next.id)),
        };
        let mut below = Vec::new();
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut |child| {
                let child = names.thing_of(&child)?;
                let is_inside = conventions.inside_projects.contains(&child.kind.as_str());
                if is_inside && seen.insert((child.kind.clone(), child.id.clone())) {
                    below.push(child);
                }
                Ok(())
            })?;
        // The last one is taken first.
        below.sort_by(|a, b| (&b.kind, &b.name, &b.id).cmp(&(&a.kind, &a.name, &a.id)));
        if next != *thing {
            found.push(next);
        }
        open.extend(below);
    }
    Ok(found)
}
