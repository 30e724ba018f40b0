//! From what a person types to a row: an id, an e-mail address, a name or a part of one; a name with its environment,
//! as `Billing (prod)` or `Billing in prod`.

mod meaning;
mod near;
mod stranger;
mod typed;

use std::collections::BTreeSet;

pub use self::meaning::{Asked, Author, Candidate, Choice};
pub use self::typed::place;
use self::typed::{Fit, Typed, own_name};
use super::environment;
use super::key;
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
#[derive(Debug, Clone, Copy, Default)]
pub struct NameQuery<'a> {
    /// What was typed.
    pub text: &'a str,
    /// The type it has to be of.
    pub kind: Option<&'a str>,
    /// The environment it has to be in, for what is in one.
    pub environment: Option<&'a str>,
    /// Parts of a name will not do.
    pub whole: bool,
    /// Who typed it. Without anybody to tell, a name that is spelled otherwise is not taken: `Jose` is not `José`.
    pub author: Option<&'a dyn Author>,
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

/// A row that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    candidate: Candidate,
    fit: Fit,
}

/// Rows that fit.
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

    fn append(&mut self, other: Several) {
        self.more += other.more;
        for one in other.found {
            self.push(one);
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
/// What is called exactly so always wins. A name that is spelled with other marks of letters is taken only where nothing
/// else is like it, and its author is told; one with a slip is never taken, but suggested.
///
/// # Errors
/// `NotFound` where nothing fits, with what is near; `InvalidArgument` with the candidates where several fit.
pub fn principal(names: &Names<'_>, wanted: &NameQuery<'_>) -> Result<Thing> {
    known_environment(names, wanted)?;
    let of_kind = wanted.kind.map(|kind| [kind.to_owned()]);
    if let Some(kinds) = &of_kind {
        let found = fitting(names, Some(kinds), wanted)?.best();
        if found.is_empty()
            && let Some(thing) = stranger::principal(names, wanted.kind, wanted.text)?
        {
            return Ok(thing);
        }
        return one(names, found, wanted, "nobody", Some(kinds));
    }
    let users = user_types(names.snapshot())?;
    if let Some(thing) = by_key(names, wanted.text)? {
        return Ok(thing);
    }
    let Fitting { sure, like } = fitting(names, Some(&users), wanted)?;
    let mut found = sure;
    if found.is_empty() {
        let bundles = bundles(names.snapshot())?;
        let whole = NameQuery { whole: true, ..*wanted };
        let of_bundles = fitting(names, Some(&bundles), &whole)?;
        found = of_bundles.sure;
        if found.is_empty() {
            found = like;
            found.append(of_bundles.like);
        }
    }
    if found.is_empty() {
        found = fitting(names, None, wanted)?.best();
    }
    if found.is_empty()
        && let Some(thing) = stranger::principal(names, None, wanted.text)?
    {
        return Ok(thing);
    }
    one(names, found, wanted, "nobody", None)
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

/// Who is meant by `type:id`: found without reading all people.
fn by_key(names: &Names<'_>, wanted: &str) -> Result<Option<Thing>> {
    let mut found = Vec::new();
    for (kind, id) in key::parted(wanted) {
        if names.resource(kind, id)?.is_some() {
            found.push((kind, id));
        }
    }
    match found.as_slice() {
        [(kind, id)] => names.thing(kind, id).map(Some),
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
    let kinds = kinds.as_ref().map(|kinds| &kinds[..]);
    let found = fitting(names, kinds, wanted)?.best();
    if found.is_empty()
        && let Some(thing) = stranger::resource(names, wanted.kind, wanted.text)?
    {
        return Ok(thing);
    }
    one(names, found, wanted, "nothing", kinds)
}

/// As [`resource`]; where several environments have one of that type and name, all of them.
///
/// # Errors
/// As [`principal`].
pub fn resources(names: &Names<'_>, wanted: &NameQuery<'_>) -> Result<Vec<Thing>> {
    known_environment(names, wanted)?;
    let kinds = wanted.kind.map(|kind| [kind.to_owned()]);
    let kinds = kinds.as_ref().map(|kinds| &kinds[..]);
    let found = fitting(names, kinds, wanted)?.best();
    if found.is_empty()
        && let Some(thing) = stranger::resource(names, wanted.kind, wanted.text)?
    {
        return Ok(vec![thing]);
    }
    if found.len() < 2 || found.more > 0 || !are_namesakes(names, &found.found)? {
        return one(names, found, wanted, "nothing", kinds).map(|thing| vec![thing]);
    }
    tell(&found.found, wanted);
    Ok(found.found.into_iter().map(|found| found.candidate.thing).collect())
}

/// Whether they are one thing to people: of one type and name, each in an environment of its own.
fn are_namesakes(names: &Names<'_>, found: &[Found]) -> Result<bool> {
    let mut called = BTreeSet::new();
    let mut places = BTreeSet::new();
    for Found { candidate, .. } in found {
        let thing = &candidate.thing;
        let resource = names.resource(&thing.kind, &thing.id)?;
        let name = resource
            .as_deref()
            .and_then(own_name)
            .unwrap_or_else(|| thing.name.clone());
        called.insert((&thing.kind, name));
        places.extend(&thing.environment);
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
    Ok(snapshot.accounts()?.kinds().to_vec())
}

/// What fits, each in the order of rows.
#[derive(Default)]
struct Fitting {
    /// By an id or a whole name, whichever is better.
    sure: Several,
    /// By a part of a name, or by one that is spelled otherwise; nothing where something is sure.
    like: Several,
}

impl Fitting {
    fn best(self) -> Several {
        if self.sure.is_empty() { self.like } else { self.sure }
    }
}

/// The resources of these types, or of all, that fit. Parts of names are looked for in the same pass as whole ones, unless
/// they will not do.
fn fitting(names: &Names<'_>, kinds: Option<&[String]>, wanted: &NameQuery<'_>) -> Result<Fitting> {
    let (by_key, by_id) = by_id(names, kinds, wanted.text)?;
    let sure = match (by_key.is_empty(), by_id.is_empty()) {
        (false, _) => by_key,
        (true, true) => return by_name(names, kinds, wanted),
        // What is the id of one may be the name of another: which of them is meant only its author knows.
        (true, false) => with_namesakes(names, kinds, wanted, by_id)?,
    };
    Ok(Fitting {
        sure,
        ..Fitting::default()
    })
}

/// What has an id, and what is called like that id.
fn with_namesakes(
    names: &Names<'_>,
    kinds: Option<&[String]>,
    wanted: &NameQuery<'_>,
    mut found: Several,
) -> Result<Several> {
    let mut add = |one: Candidate| {
        let is_known = found.found.iter().any(|known| known.candidate.thing == one.thing);
        if !is_known && !is_elsewhere(&one.thing, wanted) {
            found.push(Found {
                candidate: one,
                fit: Fit::Exact,
            });
        }
    };
    let typed = Typed::of(wanted.text);
    // What is no account has names alone, of which there may be a million; a login may be a number, too.
    if wanted.text.bytes().all(|byte| byte.is_ascii_digit()) {
        let snapshot = names.snapshot();
        let mut users = user_types(snapshot)?;
        users.retain(|user| kinds.is_none_or(|kinds| kinds.contains(user)));
        each_of(names, Some(&users), &mut |resource| {
            if typed.fits(&resource).0 == Some(Fit::Exact) {
                add(candidate(names, &resource)?);
            }
            Ok(())
        })?;
        let mut called: Vec<(String, String)> = Vec::new();
        snapshot
            .reader()
            .for_each_resource_name(snapshot.sync_id(), &mut |kind, id, name| {
                let is_of = kinds.is_none_or(|kinds| kinds.iter().any(|known| known == kind));
                let is_of = is_of && !users.iter().any(|user| user == kind);
                if name == wanted.text && id != wanted.text && is_of {
                    called.push((kind.to_owned(), id.to_owned()));
                }
                Ok(())
            })?;
        for (kind, id) in called {
            let thing = names.thing(&kind, &id)?;
            let email = wording::email(names, &thing)?;
            add(Candidate { thing, email });
        }
        return Ok(found);
    }
    each_of(names, kinds, &mut |resource| {
        if typed.fits(&resource).0 == Some(Fit::Exact) {
            add(candidate(names, &resource)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The resources of these types, or of all, with the type and id that is wanted, and those that have all of it as their id: found
/// by the index, not by looking at all.
fn by_id(names: &Names<'_>, kinds: Option<&[String]>, wanted: &str) -> Result<(Several, Several)> {
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
    let (mut by_key, mut by_id) = (Several::default(), Several::default());
    for kind in kinds {
        let rest = wanted
            .strip_prefix(kind.as_str())
            .and_then(|rest| rest.strip_prefix(':'));
        let both = [(Some(wanted), &mut by_id), (rest, &mut by_key)];
        for (id, found) in both.into_iter().filter_map(|(id, found)| Some((id?, found))) {
            if names.resource(kind, id)?.is_some() {
                let thing = names.thing(kind, id)?;
                let email = wording::email(names, &thing)?;
                let candidate = Candidate { thing, email };
                found.push(Found {
                    candidate,
                    fit: Fit::Id,
                });
            }
        }
    }
    Ok((by_key, by_id))
}

fn by_name(names: &Names<'_>, kinds: Option<&[String]>, wanted: &NameQuery<'_>) -> Result<Fitting> {
    let typed = Typed::of(wanted.text);
    let mut best: Option<Fit> = None;
    let mut found = Fitting::default();
    let will_do = |fit: &Fit| (!wanted.whole || fit.is_whole()) && (wanted.author.is_some() || !fit.is_folded());
    each_of(names, kinds, &mut |resource| {
        let (plain, placed) = typed.fits(&resource);
        if plain.is_none() && placed.is_none() {
            return Ok(());
        }
        let one = candidate(names, &resource)?;
        let is_in = |place: &str| {
            let environment = one.thing.environment.as_deref();
            environment.is_some_and(|e| e.eq_ignore_ascii_case(place))
        };
        let there = placed.filter(|(_, place)| is_in(place)).map(|(fit, _)| fit);
        let Some(fit) = plain.into_iter().chain(there).min().filter(will_do) else {
            return Ok(());
        };
        if is_elsewhere(&one.thing, wanted) {
            return Ok(());
        }
        // Of what is sure the best counts; of the rest nothing is better than the other.
        if fit.is_sure() && best.is_none_or(|known| fit < known) {
            best = Some(fit);
            found = Fitting::default();
        }
        let one = Found { candidate: one, fit };
        if best == Some(fit) {
            found.sure.push(one);
        } else if best.is_none() {
            found.like.push(one);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Calls `each` with the resources of these types, or with all.
fn each_of(
    names: &Names<'_>,
    kinds: Option<&[String]>,
    each: &mut dyn FnMut(v2::Resource) -> Result<()>,
) -> Result<()> {
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
            .for_each_resource_where(snapshot.sync_id(), &filter, each)?;
    }
    Ok(())
}

fn candidate(names: &Names<'_>, resource: &v2::Resource) -> Result<Candidate> {
    let thing = names.thing_of(resource)?;
    let email = Account::of(resource, thing.clone())
        .map(|a| a.email)
        .unwrap_or_default();
    Ok(Candidate { thing, email })
}

/// Whether something is in another environment than the one that was asked for.
fn is_elsewhere(thing: &Thing, wanted: &NameQuery<'_>) -> bool {
    let elsewhere = |place: &str| {
        thing
            .environment
            .as_deref()
            .is_some_and(|e| !e.eq_ignore_ascii_case(place))
    };
    wanted.environment.is_some_and(elsewhere)
}

/// The one that fits. Its author says which, where several do or only something near; with nobody to ask that is an error.
fn one(
    names: &Names<'_>,
    mut found: Several,
    wanted: &NameQuery<'_>,
    none: &str,
    kinds: Option<&[String]>,
) -> Result<Thing> {
    if found.len() > 1 {
        found.found.sort_by_key(|found| found.fit);
        let candidates: Vec<Candidate> = found.found.iter().map(|found| found.candidate.clone()).collect();
        return match ask(wanted, Asked::Which, &candidates, found.more)? {
            Choice::Taken(at) => taken(candidates, at),
            Choice::None => Err(ambiguous(found.len(), wanted).hint(NONE_CHOSEN)),
            Choice::Nobody => Err(ambiguous(found.len(), wanted).hint(which(&candidates, found.len()))),
        };
    }
    tell(&found.found, wanted);
    if let Some(found) = found.found.pop() {
        return Ok(found.candidate.thing);
    }
    let place = wanted
        .environment
        .map(|place| format!(" in {place}"))
        .unwrap_or_default();
    let message = format!("{none}{place} in this sync is called {:?}", wanted.text);
    let error = Error::new(Kind::NotFound, message).code(code::NO_MATCH);
    let near = near::to(names, kinds, wanted)?;
    if near.is_empty() {
        return Err(error.hint(match wanted.whole {
            true => "give it as TYPE:ID or by its name; `baton-workato resources` lists everything",
            false => {
                "give an id, an e-mail address, a name or a part of one; `baton-workato resources` lists everything"
            }
        }));
    }
    match ask(wanted, Asked::Meant, &near, 0)? {
        Choice::Taken(at) => taken(near, at),
        Choice::None => Err(error.hint(NONE_CHOSEN)),
        Choice::Nobody => Err(error.hint(did_you_mean(&near))),
    }
}

const NONE_CHOSEN: &str = "none was chosen; nothing was answered";

fn taken(mut candidates: Vec<Candidate>, at: usize) -> Result<Thing> {
    if at >= candidates.len() {
        return Err(Error::new(Kind::Internal, format!("there is no candidate {at}")));
    }
    Ok(candidates.swap_remove(at).thing)
}

/// Asks the author. One that cannot see all of the candidates is not asked.
fn ask(wanted: &NameQuery<'_>, asked: Asked, candidates: &[Candidate], more: usize) -> Result<Choice> {
    match wanted.author {
        Some(author) if more == 0 && candidates.len() <= LISTED => author.choose(wanted.text, asked, candidates),
        _ => Ok(Choice::Nobody),
    }
}

/// Tells the author of names that are spelled otherwise.
fn tell(found: &[Found], wanted: &NameQuery<'_>) {
    let spelled = found.iter().filter(|found| found.fit.is_folded());
    let spelled: Vec<Candidate> = spelled.map(|found| found.candidate.clone()).collect();
    if let (Some(author), false) = (wanted.author, spelled.is_empty()) {
        author.spelled(wanted.text, &spelled);
    }
}

fn line(candidate: &Candidate) -> String {
    format!("  {}  {candidate}", candidate.key())
}

fn did_you_mean(near: &[Candidate]) -> String {
    if let [one] = near {
        return format!("did you mean {one}? Its name or {} finds it", one.key());
    }
    let lines: Vec<String> = near.iter().map(line).collect();
    format!("did you mean one of these?\n{}", lines.join("\n"))
}

fn ambiguous(all: usize, wanted: &NameQuery<'_>) -> Error {
    let message = format!("{:?} fits {all} of this sync", wanted.text);
    Error::new(Kind::InvalidArgument, message).code(code::AMBIGUOUS)
}

fn which(candidates: &[Candidate], all: usize) -> String {
    let mut lines: Vec<String> = candidates.iter().take(LISTED).map(line).collect();
    if all > LISTED {
        lines.push(format!("  and {} more", all - LISTED));
    }
    let places: BTreeSet<&String> = candidates
        .iter()
        .filter_map(|candidate| candidate.thing.environment.as_ref())
        .collect();
    let how = match places.first() {
        Some(place) if places.len() == all => format!("by its environment, as in --env {place}, or by its id"),
        _ => "by its id".to_owned(),
    };
    format!("say which, {how}:\n{}", lines.join("\n"))
}
