//! From what a person types to a row: an id, an e-mail address, a name or a part of one.

use super::names::Names;
use super::snapshot::Snapshot;
use super::thing::{Account, Thing};
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

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
    let among_users = best(names, Some(&users), &fits)?;
    let found = if among_users.is_empty() {
        best(names, None, &fits)?
    } else {
        among_users
    };
    one(found, wanted, "nobody")
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
    let found = best(names, kinds.as_deref(), &|resource, thing| fit(resource, thing, wanted))?;
    one(found, wanted, "nothing")
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

fn one(mut found: Vec<(Thing, String)>, wanted: &str, none: &str) -> Result<Thing> {
    if found.len() > 1 {
        return Err(ambiguous(&found, wanted));
    }
    match found.pop() {
        Some((thing, _)) => Ok(thing),
        None => Err(
            Error::new(Kind::NotFound, format!("{none} in this sync is called {wanted:?}")).hint(
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
    .hint(format!("say which, by its id:\n{}", lines.join("\n")))
}
