//! From what a person types to a row: an id, an e-mail address, a name or a part of one; a name with its environment,
//! as `Billing (prod)` or `Billing in prod`.

mod typed;

use std::collections::BTreeSet;

pub use self::typed::place;
use self::typed::{Fit, Typed, own_name};
use super::environment;
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
/// Candidates that are kept; the others are counted.
const KEPT: usize = 1000;

/// What is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameQuery<'a> {
    /// What was typed.
    pub text: &'a str,
    /// The type it has to be of.
    pub kind: Option<&'a str>,
    /// The environment it has to be in, for what is in one.
    pub environment: Option<&'a str>,
    /// Parts of a name will not do.
    pub whole: bool,
}

impl<'a> NameQuery<'a> {
    /// Something of any type, in any environment.
    pub fn new(text: &'a str) -> Self {
        NameQuery {
            text,
            ..NameQuery::default()
        }
    }
}

/// A row that fits, with the e-mail address it is told from others by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    thing: Thing,
    email: String,
}

/// Rows that fit equally well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Several {
    /// In the order of rows.
    found: Vec<Found>,
    /// How many there are beyond these.
    more: usize,
}

impl Several {
    fn push(&mut self, one: Found) {
        if self.found.len() < KEPT {
            self.found.push(one);
        } else {
            self.more += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn len(&self) -> usize {
        self.found.len() + self.more
    }
}

/// The principal that is wanted: `type:id`, an id, an e-mail address, a login, a name, or a part of one. People
/// and accounts come first; other principals, such as groups, roles and agents, where no account fits, and where their
/// whole name was typed, which is only a part of an account's.
///
/// # Errors
/// `NotFound` where nothing fits; `InvalidArgument` with the candidates where several fit equally well.
pub fn principal(names: &Names<'_>, wanted: &NameQuery<'_>) -> Result<Thing> {
    known_environment(names, wanted)?;
    if let Some(kind) = wanted.kind {
        let kinds = [kind.to_owned()];
        return one(fitting(names, Some(&kinds), wanted)?.best(), wanted, "nobody");
    }
    let users = user_types(names.snapshot())?;
    if let Some(thing) = by_key(names, &users, wanted.text)? {
        return Ok(thing);
    }
    let Fitting { whole, parts } = fitting(names, Some(&users), wanted)?;
    let mut found = whole;
    if found.is_empty() {
        found = fitting(names, Some(&bundles(names.snapshot())?), wanted)?.whole;
    }
    if found.is_empty() {
        found = parts;
    }
    if found.is_empty() {
        found = fitting(names, None, wanted)?.best();
    }
    one(found, wanted, "nobody")
}

/// The types, other than those of accounts, whose resources hold something themselves: groups, roles, agents.
fn bundles(snapshot: &Snapshot) -> Result<Vec<String>> {
    use v2::resource_type::Trait;
    let mut found = Vec::new();
    snapshot
        .reader()
        .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
            let holds = |of| matches!(of, Trait::Group | Trait::Role | Trait::Agent);
            if kind.traits().any(holds) && kind.traits().all(|of| of != Trait::User) {
                found.push(kind.id);
            }
            Ok(())
        })?;
    Ok(found)
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

/// The resource that is wanted: `type:id`, an id, a name, or a part of one.
///
/// # Errors
/// As [`principal`].
pub fn resource(names: &Names<'_>, wanted: &NameQuery<'_>) -> Result<Thing> {
    known_environment(names, wanted)?;
    let kinds = wanted.kind.map(|kind| [kind.to_owned()]);
    let found = fitting(names, kinds.as_ref().map(|kinds| &kinds[..]), wanted)?.best();
    one(found, wanted, "nothing")
}

/// As [`resource`]; where several environments have one of that type and name, all of them.
///
/// # Errors
/// As [`principal`].
pub fn resources(names: &Names<'_>, wanted: &NameQuery<'_>) -> Result<Vec<Thing>> {
    known_environment(names, wanted)?;
    let kinds = wanted.kind.map(|kind| [kind.to_owned()]);
    let found = fitting(names, kinds.as_ref().map(|kinds| &kinds[..]), wanted)?.best();
    if found.len() < 2 || found.more > 0 || !are_namesakes(names, &found.found)? {
        return one(found, wanted, "nothing").map(|thing| vec![thing]);
    }
    Ok(found.found.into_iter().map(|found| found.thing).collect())
}

/// Whether they are one thing to people: of one type and name, each in an environment of its own.
fn are_namesakes(names: &Names<'_>, found: &[Found]) -> Result<bool> {
    let mut called = BTreeSet::new();
    let mut places = BTreeSet::new();
    for one in found {
        let resource = names.resource(&one.thing.kind, &one.thing.id)?;
        let name = resource
            .as_deref()
            .and_then(own_name)
            .unwrap_or_else(|| one.thing.name.clone());
        called.insert((&one.thing.kind, name));
        places.extend(&one.thing.environment);
    }
    Ok(called.len() == 1 && places.len() == found.len())
}

/// Refuses an environment that nothing is in: a typing mistake shall not look like "nobody has access".
fn known_environment(names: &Names<'_>, wanted: &NameQuery<'_>) -> Result<()> {
    let Some(asked) = wanted.environment else {
        return Ok(());
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    let snapshot = names.snapshot();
    snapshot
        .reader()
        .for_each_resource(snapshot.sync_id(), &mut |resource| {
            known.extend(environment::named(&resource));
            Ok(())
        })?;
    if known.iter().any(|known| known.eq_ignore_ascii_case(asked)) {
        return Ok(());
    }
    let known: Vec<String> = known.into_iter().collect();
    let error = Error::new(
        Kind::NotFound,
        format!("there is no environment {asked:?} in this sync"),
    )
    .code(code::NO_MATCH);
    Err(match known.as_slice() {
        [] => error.hint("this sync names no environments; leave --env out"),
        known => error.hint(format!("the environments are {}", known.join(", "))),
    })
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

/// What fits, each in the order of rows.
#[derive(Default)]
struct Fitting {
    /// By an id or a whole name, whichever is better.
    whole: Several,
    /// By a part of a name; nothing where a whole one fits.
    parts: Several,
}

impl Fitting {
    fn best(self) -> Several {
        if self.whole.is_empty() { self.parts } else { self.whole }
    }
}

/// The resources of these types, or of all, that fit. Parts of names are looked for in the same pass as whole ones, unless
/// they will not do.
fn fitting(names: &Names<'_>, kinds: Option<&[String]>, wanted: &NameQuery<'_>) -> Result<Fitting> {
    let whole = by_id(names, kinds, wanted.text)?;
    if whole.is_empty() {
        return by_name(names, kinds, wanted);
    }
    Ok(Fitting {
        whole,
        ..Fitting::default()
    })
}

/// The resources of these types, or of all, with the id that is wanted: found by the index, not by looking at all.
fn by_id(names: &Names<'_>, kinds: Option<&[String]>, wanted: &str) -> Result<Several> {
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
    let mut found = Several::default();
    for kind in kinds {
        let rest = wanted
            .strip_prefix(kind.as_str())
            .and_then(|rest| rest.strip_prefix(':'));
        for id in std::iter::once(wanted).chain(rest) {
            if names.resource(kind, id)?.is_some() {
                let thing = names.thing(kind, id)?;
                let email = wording::email(names, &thing)?;
                found.push(Found { thing, email });
            }
        }
    }
    Ok(found)
}

fn by_name(names: &Names<'_>, kinds: Option<&[String]>, wanted: &NameQuery<'_>) -> Result<Fitting> {
    let typed = Typed::of(wanted.text);
    let mut best: Option<Fit> = None;
    let mut found = Fitting::default();
    let mut consider = |resource: v2::Resource| {
        let (plain, placed) = typed.fits(&resource);
        if plain.is_none() && placed.is_none() {
            return Ok(());
        }
        let thing = names.thing_of(&resource)?;
        let environment = &thing.environment;
        let is_in = |place: &str| environment.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(place));
        let there = placed.filter(|(_, place)| is_in(place)).map(|(fit, _)| fit);
        let Some(fit) = plain
            .into_iter()
            .chain(there)
            .min()
            .filter(|fit| !wanted.whole || *fit != Fit::Part)
        else {
            return Ok(());
        };
        if wanted
            .environment
            .is_some_and(|place| environment.is_some() && !is_in(place))
        {
            return Ok(());
        }
        let email = Account::of(&resource, thing.clone())
            .map(|a| a.email)
            .unwrap_or_default();
        let one = Found { thing, email };
        if best.is_none_or(|known| fit < known) {
            best = Some(fit);
            found = Fitting::default();
        }
        if best == Some(fit) {
            match fit {
                Fit::Part => found.parts.push(one),
                Fit::Id | Fit::Exact => found.whole.push(one),
            }
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

fn one(mut found: Several, wanted: &NameQuery<'_>, none: &str) -> Result<Thing> {
    if found.len() > 1 {
        return Err(ambiguous(&found, wanted));
    }
    if let Some(found) = found.found.pop() {
        return Ok(found.thing);
    }
    let place = wanted
        .environment
        .map(|place| format!(" in {place}"))
        .unwrap_or_default();
    let message = format!("{none}{place} in this sync is called {:?}", wanted.text);
    Err(Error::new(Kind::NotFound, message)
        .code(code::NO_MATCH)
        .hint("give an id, an e-mail address, a name or a part of one; `baton-workato resources` lists everything"))
}

fn ambiguous(several: &Several, wanted: &NameQuery<'_>) -> Error {
    let (found, all) = (&several.found, several.len());
    let mut lines: Vec<String> = found
        .iter()
        .take(LISTED)
        .map(|Found { thing, email, .. }| {
            let email = if email.is_empty() {
                String::new()
            } else {
                format!(" <{email}>")
            };
            format!("  {}:{}  {}{email}", thing.kind, thing.id, thing.beside_email())
        })
        .collect();
    if all > LISTED {
        lines.push(format!("  and {} more", all - LISTED));
    }
    let places: BTreeSet<&String> = found
        .iter()
        .filter_map(|found| found.thing.environment.as_ref())
        .collect();
    let how = match places.first() {
        Some(place) if places.len() == all => format!("by its environment, as in --env {place}, or by its id"),
        _ => "by its id".to_owned(),
    };
    Error::new(
        Kind::InvalidArgument,
        format!("{:?} fits {all} of this sync", wanted.text),
    )
    .code(code::AMBIGUOUS)
    .hint(format!("say which, {how}:\n{}", lines.join("\n")))
}
