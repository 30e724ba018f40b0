//! From what a person types to a row: an id, an e-mail address, a name or a part of one.

use super::names::Names;
use super::snapshot::Snapshot;
use super::thing::{Account, Thing};
use super::wording;
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::report::code;

/// Candidates that are listed.
const LISTED: usize = 20;

/// How well a resource fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Id,
    Exact,
    Part,
}

/// The principal that `wanted` means: `type:id`, an id, an e-mail address, a login, a name, or a part of one. People
/// and accounts come first; other principals, such as groups and roles, only where no account fits.
///
/// # Errors
/// `NotFound` where nothing fits; `InvalidArgument` with the candidates where several fit equally well.
pub fn principal(names: &Names<'_>, wanted: &str) -> Result<Thing> {
    let users = user_types(names.snapshot())?;
    if let Some(thing) = by_key(names, &users, wanted)? {
        return Ok(thing);
    }
    let fits = |resource: &v2::Resource, thing: &Thing| fit(resource, thing, wanted);
    let mut found = by_id(names, Some(&users), wanted)?;
    if found.is_empty() {
        found = best(names, Some(&users), &fits)?;
    }
    if found.is_empty() {
        found = by_id(names, None, wanted)?;
    }
    if found.is_empty() {
        found = best(names, None, &fits)?;
    }
    one(names, found, wanted, "nobody")
}

/// Who is meant by `type:id`, or by an id that one user has: found without reading all people.
fn by_key(names: &Names<'_>, users: &[String], wanted: &str) -> Result<Option<Thing>> {
    if let Some((kind, id)) = wanted.split_once(':')
        && names.resource(kind, id)?.is_some()
    {
        return names.thing(kind, id).map(Some);
    }
    let mut found = Vec::new();
    for kind in users {
        if names.resource(kind, wanted)?.is_some() {
            found.push(kind);
        }
    }
    match found.as_slice() {
        [kind] => names.thing(kind, wanted).map(Some),
        _ => Ok(None),
    }
}

/// The resource that `wanted` means: `type:id`, an id, a name, or a part of one; of `kind`, where that is given.
///
/// # Errors
/// As [`principal`].
pub fn resource(names: &Names<'_>, kind: Option<&str>, wanted: &str) -> Result<Thing> {
    let kinds: Option<Vec<String>> = kind.map(|kind| vec![kind.to_owned()]);
    let mut found = by_id(names, kinds.as_deref(), wanted)?;
    if found.is_empty() {
        found = best(names, kinds.as_deref(), &|resource, thing| fit(resource, thing, wanted))?;
    }
    one(names, found, wanted, "nothing")
}

/// The types whose resources are people or accounts.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn user_types(snapshot: &Snapshot) -> Result<Vec<String>> {
    let mut users = Vec::new();
    snapshot
        .reader()
        .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
            if kind.traits().any(|t| t == v2::resource_type::Trait::User) {
                users.push(kind.id);
            }
            Ok(())
        })?;
    Ok(users)
}

/// The resources of these types, or of all, with the id that is wanted: found by the index, not by looking at all.
fn by_id(names: &Names<'_>, kinds: Option<&[String]>, wanted: &str) -> Result<Vec<(Thing, String)>> {
    let mut all = Vec::new();
    let kinds = match kinds {
        Some(kinds) => kinds,
        None => {
            let snapshot = names.snapshot();
            snapshot
                .reader()
                .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
                    all.push(kind.id);
                    Ok(())
                })?;
            &all
        }
    };
    let mut found: Vec<(Thing, String)> = Vec::new();
    for kind in kinds {
        let rest = wanted
            .strip_prefix(kind.as_str())
            .and_then(|rest| rest.strip_prefix(':'));
        for id in std::iter::once(wanted).chain(rest) {
            if names.resource(kind, id)?.is_some() {
                let thing = names.thing(kind, id)?;
                let email = wording::email(names, &thing)?;
                found.push((thing, email));
            }
        }
    }
    Ok(found)
}

/// The resources that fit best, in the order of rows.
fn best(
    names: &Names<'_>,
    kinds: Option<&[String]>,
    fits: &dyn Fn(&v2::Resource, &Thing) -> Option<Fit>,
) -> Result<Vec<(Thing, String)>> {
    let mut best: Option<Fit> = None;
    let mut found: Vec<(Thing, String)> = Vec::new();
    let mut consider = |resource: v2::Resource| {
        let thing = names.thing_of(&resource)?;
        let Some(fit) = fits(&resource, &thing) else {
            return Ok(());
        };
        if best.is_none_or(|known| fit < known) {
            best = Some(fit);
            found.clear();
        }
        if best == Some(fit) {
            let email = Account::of(&resource, thing.clone())
                .map(|a| a.email)
                .unwrap_or_default();
            found.push((thing, email));
        }
        Ok(())
    };
    let snapshot = names.snapshot();
    let filters: Vec<ResourceFilter<'_>> = match kinds {
        None => vec![ResourceFilter::default()],
        Some(kinds) => kinds
            .iter()
            .map(|kind| ResourceFilter {
                resource_type: Some(kind),
                parent: None,
            })
            .collect(),
    };
    for filter in filters {
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut consider)?;
    }
    Ok(found)
}

fn fit(resource: &v2::Resource, thing: &Thing, wanted: &str) -> Option<Fit> {
    if thing.id == wanted || wanted.strip_prefix(&thing.kind).and_then(|rest| rest.strip_prefix(':')) == Some(&thing.id)
    {
        return Some(Fit::Id);
    }
    let wanted = wanted.to_lowercase();
    let user: Option<v2::UserTrait> = crate::baton::annotation::find(&resource.annotations);
    let mut texts = vec![thing.name.to_lowercase()];
    if let Some(user) = user {
        texts.extend(user.emails.iter().map(|email| email.address.to_lowercase()));
        texts.extend(
            std::iter::once(&user.login)
                .chain(&user.login_aliases)
                .map(|login| login.to_lowercase()),
        );
    }
    if texts.contains(&wanted) {
        return Some(Fit::Exact);
    }
    let is_part = !wanted.is_empty() && texts.iter().any(|text| text.contains(&wanted));
    is_part.then_some(Fit::Part)
}

fn one(names: &Names<'_>, mut found: Vec<(Thing, String)>, wanted: &str, none: &str) -> Result<Thing> {
    if found.len() > 1 {
        for (thing, _) in found.iter_mut().take(LISTED) {
            thing.name = wording::name(names, thing)?;
        }
        return Err(ambiguous(&found, wanted));
    }
    match found.pop() {
        Some((thing, _)) => Ok(thing),
        None => Err(
            Error::new(Kind::NotFound, format!("{none} in this sync is called {wanted:?}")).code(code::NO_MATCH).hint(
                "give an id, an e-mail address, a name or a part of one; `baton-workato resources` lists everything",
            ),
        ),
    }
}

fn ambiguous(found: &[(Thing, String)], wanted: &str) -> Error {
    let mut lines: Vec<String> = found
        .iter()
        .take(LISTED)
        .map(|(thing, email)| {
            let email = if email.is_empty() {
                String::new()
            } else {
                format!(" <{email}>")
            };
            format!("  {}:{}  {}{email}", thing.kind, thing.id, thing.name)
        })
        .collect();
    if found.len() > LISTED {
        lines.push(format!("  and {} more", found.len() - LISTED));
    }
    Error::new(
        Kind::InvalidArgument,
        format!("{wanted:?} fits {} of this sync", found.len()),
    )
    .code(code::AMBIGUOUS)
    .hint(format!("say which, by its id:\n{}", lines.join("\n")))
}
