//! A question about access: about whom or what, and which of the answers are wanted.

use std::collections::HashSet;
use std::rc::Rc;

use jiff::Timestamp;

use super::access::{Access, principal_of, right_key};
use super::condition::{Condition, Facts};
use super::names::Names;
use super::path::Origin;
use super::reach::{Asker, Gap, Lead, Part, Reach, unknown};
use super::snapshot::Snapshot;
use super::spelling::Nearest;
use super::thing::{Right, RightKey, Thing};
use super::wording;
use crate::baton::annotation;
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::report::code;

/// About whom or what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// What this principal can reach.
    Principal(Thing),
    /// Who can reach one of these, and how much of that is told of each.
    On(Vec<(Thing, Part)>),
    /// Everything that people and accounts hold and reach.
    People,
}

/// Which answers are wanted. Everything that is given must be so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pick {
    /// On resources of this type, or to such.
    pub resource_type: Option<String>,
    /// To these resources; then the type says nothing more.
    pub resources: Vec<Thing>,
    /// Of the entitlement with this id, slug or name.
    pub entitlement: Option<String>,
    /// Only what was given as such.
    pub direct: bool,
    /// Only that for which this holds.
    pub condition: Option<Condition>,
}

/// Calls `each` with every answer: for a principal ordered as [`Asker::of`], else as [`Asker::on`]. Says what the file
/// does not tell.
///
/// # Errors
/// `DataLoss` for a damaged file, and those of `each`.
pub fn ask(
    asker: Asker<'_, '_>,
    target: &Target,
    pick: &Pick,
    each: &mut dyn FnMut(Access) -> Result<()>,
) -> Result<Vec<Gap>> {
    let judge = Judge {
        asker,
        pick,
        now: asker.names().snapshot().moment(),
    };
    let mut gaps: Vec<Gap> = Vec::new();
    let mut known: HashSet<Gap> = HashSet::new();
    let mut learn = |found: Vec<Gap>| gaps.extend(found.into_iter().filter(|gap| known.insert(gap.clone())));
    learn(without_row(asker.names(), target)?);
    match target {
        Target::Principal(who) if pick.resources.is_empty() => {
            asker.each_of(&who.kind, &who.id, &mut |access| {
                if judge.keeps(&access)? {
                    each(access)?;
                }
                Ok(())
            })?;
            learn(asker.ground.unknown_of(asker.names(), (&who.kind, &who.id))?);
            learn(asker.ground.unknown_when_acting(&who.kind).into_iter().collect());
        }
        Target::Principal(who) => {
            for thing in &pick.resources {
                learn(judge.on(thing, Part::Whole, Some(who), false, each)?);
            }
            learn(asker.ground.unknown_of(asker.names(), (&who.kind, &who.id))?);
            learn(asker.ground.unknown_when_acting(&who.kind).into_iter().collect());
        }
        Target::On(things) => {
            for (thing, part) in things {
                learn(judge.on(thing, *part, None, false, each)?);
            }
        }
        Target::People if pick.resources.is_empty() => {
            judge.everybody(each)?;
            learn(asker.ground.unknown_of_everybody(asker.names())?);
        }
        Target::People => {
            for thing in &pick.resources {
                learn(judge.on(thing, Part::Whole, None, true, each)?);
            }
        }
    }
    gaps.extend(unknown::of_sync(asker.names().snapshot().run(), asker.ground));
    Ok(gaps)
}

/// As [`ask`] who can reach a thing, with rows of which nothing is looked up yet but what the pick asks for.
///
/// # Errors
/// As [`ask`].
pub fn ask_leads(
    asker: Asker<'_, '_>,
    (thing, part): (&Thing, Part),
    pick: &Pick,
    each: &mut dyn FnMut(Lead<'_>) -> Result<()>,
) -> Result<Vec<Gap>> {
    let judge = Judge {
        asker,
        pick,
        now: asker.names().snapshot().moment(),
    };
    let mut known: HashSet<Gap> = HashSet::new();
    let mut gaps = without_row(asker.names(), &Target::On(vec![(thing.clone(), part)]))?;
    gaps.extend(judge.leads_on(thing, part, None, false, each)?);
    gaps.retain(|gap| known.insert(gap.clone()));
    gaps.extend(unknown::of_sync(asker.names().snapshot().run(), asker.ground));
    Ok(gaps)
}

/// Whom or what the question is about and the file names only in grants: all that they say is their ids.
fn without_row(names: &Names<'_>, target: &Target) -> Result<Vec<Gap>> {
    let about: Vec<&Thing> = match target {
        Target::Principal(who) => vec![who],
        Target::On(things) => things.iter().map(|(thing, _)| thing).collect(),
        Target::People => Vec::new(),
    };
    let mut gaps = Vec::new();
    for thing in about {
        if names.resource(&thing.kind, &thing.id)?.is_none() {
            gaps.push(Gap::new(format!(
                "what {}:{} is: grants name it, and the file has no row for it",
                thing.kind, thing.id
            )));
        }
    }
    Ok(gaps)
}

/// Calls `each` with every row that people and accounts hold and reach and one of the picks wants, with the number of
/// that pick: all of them in one pass over the grants. Resources of a pick are not looked at.
///
/// # Errors
/// As [`ask`].
pub fn ask_each(
    asker: Asker<'_, '_>,
    picks: &[Pick],
    each: &mut dyn FnMut(usize, &Access) -> Result<()>,
) -> Result<()> {
    if picks.is_empty() {
        return Ok(());
    }
    let now = asker.names().snapshot().moment();
    let judges: Vec<Judge<'_, '_, '_>> = picks.iter().map(|pick| Judge { asker, pick, now }).collect();
    let grants_count = |pick: &Pick| pick.condition.as_ref().is_some_and(Condition::asks_for_reach);
    let granting = picks.iter().any(grants_count);
    let mut wanted = |grant: &v2::Grant, reach: Reach, reached: Option<&Thing>| {
        for judge in &judges {
            if judge.wants(grant, reach, reached)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    asker.everybody(granting, &mut wanted, &mut |access| {
        for (number, judge) in judges.iter().enumerate() {
            let is_asked = access.reach != Reach::SelfGranting || grants_count(judge.pick);
            if is_asked && judge.keeps(&access)? {
                each(number, &access)?;
            }
        }
        Ok(())
    })
}

/// A resource and everything below it, each after what it is below of.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn with_children(names: &Names<'_>, top: Thing) -> Result<Vec<Thing>> {
    let snapshot = names.snapshot();
    let mut found: Vec<Thing> = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![top];
    while let Some(thing) = open.pop() {
        if !seen.insert((thing.kind.clone(), thing.id.clone())) {
            continue;
        }
        let mut below = Vec::new();
        let filter = ResourceFilter {
            resource_type: None,
            parent: Some((&thing.kind, &thing.id)),
        };
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut |child| {
                below.push(names.thing_of(&child)?);
                Ok(())
            })?;
        // The last one is taken first.
        below.sort_by(|a, b| (&b.kind, &b.name, &b.id).cmp(&(&a.kind, &a.name, &a.id)));
        open.extend(below);
        found.push(thing);
    }
    Ok(found)
}

/// Refuses a type that the sync does not know.
///
/// # Errors
/// `NotFound`, with the types there are.
pub fn known_type(snapshot: &Snapshot, kind: &str) -> Result<()> {
    let mut known = Vec::new();
    snapshot.reader().for_each_resource_type(snapshot.sync_id(), &mut |t| {
        known.push(t.id);
        Ok(())
    })?;
    if known.iter().any(|k| k == kind) {
        return Ok(());
    }
    known.sort();
    Err(Error::new(
        Kind::NotFound,
        format!("there is no resource type {kind:?} in this sync"),
    )
    .code(code::UNKNOWN_TYPE)
    .hint(format!("the types are {}", known.join(", "))))
}

struct Judge<'j, 'a, 's> {
    asker: Asker<'a, 's>,
    pick: &'j Pick,
    now: Option<Timestamp>,
}

/// A grant or a scope as a row that is judged.
struct Row<'r> {
    principal: (&'r str, &'r str),
    /// What is held; nothing where that is still to be looked up by its id.
    right: Option<&'r Right>,
    key: RightKey<'r>,
    direct: bool,
    immutable: bool,
    reach: Reach,
    reached: Option<&'r Thing>,
}

impl<'r> Row<'r> {
    fn of(access: &'r Access) -> Row<'r> {
        Row {
            principal: (&access.principal.kind, &access.principal.id),
            right: Some(&access.right),
            key: access.right.key(),
            direct: access.direct,
            immutable: access.immutable,
            reach: access.reach,
            reached: access.reached.as_ref(),
        }
    }
}

impl Judge<'_, '_, '_> {
    fn on(
        &self,
        thing: &Thing,
        part: Part,
        only: Option<&Thing>,
        users_only: bool,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<Vec<Gap>> {
        self.leads_on(thing, part, only, users_only, &mut |lead| {
            each(lead.access(&self.asker, thing)?)
        })
    }

    fn leads_on(
        &self,
        thing: &Thing,
        part: Part,
        only: Option<&Thing>,
        users_only: bool,
        each: &mut dyn FnMut(Lead<'_>) -> Result<()>,
    ) -> Result<Vec<Gap>> {
        let ground = self.asker.ground;
        let mut wanted = |grant: &v2::Grant, reach: Reach, reached: Option<&Thing>| {
            Ok((!users_only || ground.is_user(principal_of(grant).0)) && self.wants(grant, reach, reached)?)
        };
        self.asker.leads_on(thing, part, only, &mut wanted, &mut |lead| {
            if is_judged(lead.reach()) || self.keeps(&lead.access(&self.asker, thing)?)? {
                each(lead)?;
            }
            Ok(())
        })
    }

    fn everybody(&self, each: &mut dyn FnMut(Access) -> Result<()>) -> Result<()> {
        let mut wanted = |grant: &v2::Grant, reach: Reach, reached: Option<&Thing>| self.wants(grant, reach, reached);
        // Whoever decides about access is among the answers by their role. What they could give themselves, thing by
        // thing, is told where somebody asks for it.
        let with_granting = self.pick.condition.as_ref().is_some_and(Condition::asks_for_reach);
        self.asker.everybody(with_granting, &mut wanted, &mut |access| {
            if is_judged(access.reach) || self.keeps(&access)? {
                each(access)?;
            }
            Ok(())
        })
    }

    /// Judges a grant before its ways are told.
    fn wants(&self, grant: &v2::Grant, reach: Reach, reached: Option<&Thing>) -> Result<bool> {
        let row = Row {
            principal: principal_of(grant),
            right: None,
            key: right_key(grant),
            direct: Origin::is_given(grant),
            immutable: grant.annotations.iter().any(annotation::is::<v2::GrantImmutable>),
            reach,
            reached,
        };
        Ok(self.picks(&row)? && self.holds(&row)?)
    }

    fn keeps(&self, access: &Access) -> Result<bool> {
        let row = Row::of(access);
        Ok(self.picks(&row)? && self.holds(&row)?)
    }

    fn holds(&self, row: &Row<'_>) -> Result<bool> {
        let Some(condition) = &self.pick.condition else {
            return Ok(true);
        };
        let through = || match row.reach {
            Reach::Scope => Ok(Vec::new()),
            _ => self.asker.answers.through(row.principal, row.key.id),
        };
        condition.holds(&Facts {
            names: self.asker.names(),
            now: self.now,
            principal: row.principal,
            right: row.right,
            key: row.key,
            direct: row.direct,
            immutable: row.immutable,
            reach: row.reach,
            reached: row.reached,
            through: &through,
        })
    }

    fn picks(&self, row: &Row<'_>) -> Result<bool> {
        let pick = self.pick;
        if pick.direct && !row.direct {
            return Ok(false);
        }
        let kind = pick.resource_type.as_ref().filter(|_| pick.resources.is_empty());
        if kind.is_none() && pick.entitlement.is_none() {
            return Ok(true);
        }
        let names = self.asker.names();
        let right = match row.right {
            Some(right) => right.clone(),
            None => Rc::unwrap_or_clone(names.right_of_grant(row.key)?),
        };
        let on = row.reached.unwrap_or(&right.resource);
        if kind.is_some_and(|kind| *kind != on.kind) {
            return Ok(false);
        }
        match &pick.entitlement {
            Some(wanted) => is_called(names, &right, wanted),
            None => Ok(true),
        }
    }
}

/// Whether a row was judged by its grant, before its ways were looked for.
fn is_judged(reach: Reach) -> bool {
    reach < Reach::Scope
}

/// Whether an entitlement has this id, slug or name.
fn is_called(names: &Names<'_>, right: &Right, wanted: &str) -> Result<bool> {
    let alike = |text: &str| text.to_lowercase() == wanted.to_lowercase();
    Ok(wanted == right.id || alike(&right.slug) || alike(&right.name) || alike(&wording::label(names, right)?))
}

/// Refuses an entitlement that the sync does not have: a typing mistake shall not look like "nobody has access".
///
/// # Errors
/// `NotFound`.
pub fn known_entitlement(names: &Names<'_>, wanted: &str) -> Result<()> {
    let snapshot = names.snapshot();
    let mut found = false;
    let mut near = Nearest::to(wanted);
    snapshot
        .reader()
        .for_each_entitlement(snapshot.sync_id(), &mut |entitlement| {
            if found {
                return Ok(());
            }
            let right = names.right_of(&entitlement)?;
            found = is_called(names, &right, wanted)?;
            for text in [&right.id, &right.slug, &right.name] {
                near.consider(text);
            }
            Ok(())
        })?;
    if found {
        return Ok(());
    }
    let message = format!("no entitlement of this sync is called {wanted:?}");
    Err(Error::new(Kind::NotFound, message)
        .code(code::NO_MATCH)
        .hint(near.hint_or("give its id, slug or name; `baton-workato entitlements` lists them")))
}
