//! A question about access: about whom or what, and which of the answers are wanted.

use jiff::Timestamp;

use super::access::{Access, Answers, entitlement_of, principal_of};
use super::condition::{Condition, Facts, moment_of};
use super::find;
use super::names::Names;
use super::path::Origin;
use super::snapshot::Snapshot;
use super::thing::{Right, Thing};
use super::wording;
use crate::baton::annotation;
use crate::baton::c1z::{GrantFilter, ResourceFilter};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::report::code;

/// About whom or what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// What this principal can reach.
    Principal(Thing),
    /// Who can reach one of these.
    On(Vec<Thing>),
    /// Every grant to a person or an account.
    People,
}

/// Which answers are wanted. Everything that is given must be so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pick {
    /// On resources of this type.
    pub resource_type: Option<String>,
    /// On this resource.
    pub resource: Option<Thing>,
    /// Of the entitlement with this id, slug or name.
    pub entitlement: Option<String>,
    /// Only what was given as such.
    pub direct: bool,
    /// Only that for which this holds.
    pub condition: Option<Condition>,
}

/// Calls `each` with every answer: for a principal ordered as [`Answers::of`], else in the order of rows.
///
/// # Errors
/// `DataLoss` for a damaged file, and those of `each`.
pub fn ask(
    answers: &Answers<'_>,
    target: &Target,
    pick: &Pick,
    each: &mut dyn FnMut(Access) -> Result<()>,
) -> Result<()> {
    let snapshot = answers.names().snapshot();
    let judge = Judge {
        answers,
        pick,
        now: moment_of(snapshot.run()),
    };
    match target {
        Target::Principal(who) => {
            for access in answers.of(&who.kind, &who.id)? {
                if judge.keeps(&access)? {
                    each(access)?;
                }
            }
            Ok(())
        }
        Target::On(things) => things.iter().try_for_each(|thing| {
            let filter = GrantFilter {
                resource_type: Some(&thing.kind),
                resource: Some(&thing.id),
                ..Default::default()
            };
            judge.stream(&filter, None, each)
        }),
        Target::People => judge.stream(&GrantFilter::default(), Some(&find::user_types(snapshot)?), each),
    }
}

/// A resource and everything below it, each after what it is below of.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn with_children(answers: &Answers<'_>, top: Thing) -> Result<Vec<Thing>> {
    let names = answers.names();
    let snapshot = names.snapshot();
    let mut found: Vec<Thing> = Vec::new();
    let mut seen = std::collections::HashSet::new();
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

/// The resource that `wanted` names.
///
/// # Errors
/// As [`find::resource`]; `NotFound` for a type that the sync does not know.
pub fn resource_named(answers: &Answers<'_>, kind: Option<&str>, wanted: &str) -> Result<Thing> {
    if let Some(kind) = kind {
        known_type(answers.names().snapshot(), kind)?;
    }
    find::resource(answers.names(), kind, wanted)
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

struct Judge<'j, 's> {
    answers: &'j Answers<'s>,
    pick: &'j Pick,
    now: Timestamp,
}

impl Judge<'_, '_> {
    fn stream(
        &self,
        filter: &GrantFilter<'_>,
        principals: Option<&[String]>,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<()> {
        let paths_first = self.pick.condition.as_ref().is_some_and(Condition::asks_for_paths);
        let mut wanted = |grant: &v2::Grant| {
            let (kind, id) = principal_of(grant);
            if principals.is_some_and(|kinds| !kinds.iter().any(|k| k == kind)) {
                return Ok(false);
            }
            let entitlement = entitlement_of(grant);
            let direct = Origin::of(grant).is_direct(entitlement);
            if !self.picks(entitlement, direct)? {
                return Ok(false);
            }
            let Some(condition) = self.pick.condition.as_ref().filter(|_| !paths_first) else {
                return Ok(true);
            };
            condition.holds(&Facts {
                names: self.answers.names(),
                now: self.now,
                principal: (kind, id),
                entitlement,
                direct,
                immutable: grant.annotations.iter().any(annotation::is::<v2::GrantImmutable>),
                paths: &[],
            })
        };
        self.answers.for_each_if(filter, &mut wanted, &mut |access| {
            if !paths_first || self.holds(&access)? {
                each(access)?;
            }
            Ok(())
        })
    }

    fn keeps(&self, access: &Access) -> Result<bool> {
        Ok(self.picks(&access.right.id, access.direct)? && self.holds(access)?)
    }

    fn holds(&self, access: &Access) -> Result<bool> {
        let Some(condition) = &self.pick.condition else {
            return Ok(true);
        };
        condition.holds(&Facts {
            names: self.answers.names(),
            now: self.now,
            principal: (&access.principal.kind, &access.principal.id),
            entitlement: &access.right.id,
            direct: access.direct,
            immutable: access.immutable,
            paths: &access.paths,
        })
    }

    fn picks(&self, entitlement: &str, direct: bool) -> Result<bool> {
        let pick = self.pick;
        if pick.direct && !direct {
            return Ok(false);
        }
        if pick.resource_type.is_none() && pick.resource.is_none() && pick.entitlement.is_none() {
            return Ok(true);
        }
        let names = self.answers.names();
        let right = names.right(entitlement)?;
        let on = &right.resource;
        if pick.resource_type.as_ref().is_some_and(|kind| *kind != on.kind) {
            return Ok(false);
        }
        if pick
            .resource
            .as_ref()
            .is_some_and(|wanted| (&wanted.kind, &wanted.id) != (&on.kind, &on.id))
        {
            return Ok(false);
        }
        match &pick.entitlement {
            Some(wanted) => is_called(names, &right, wanted),
            None => Ok(true),
        }
    }
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
pub fn known_entitlement(answers: &Answers<'_>, wanted: &str) -> Result<()> {
    let names = answers.names();
    let snapshot = names.snapshot();
    let mut found = false;
    snapshot
        .reader()
        .for_each_entitlement(snapshot.sync_id(), &mut |entitlement| {
            found = found || is_called(names, &names.right_of(&entitlement)?, wanted)?;
            Ok(())
        })?;
    if found {
        return Ok(());
    }
    Err(Error::new(
        Kind::NotFound,
        format!("no entitlement of this sync is called {wanted:?}"),
    )
    .code(code::NO_MATCH)
    .hint("give its id, slug or name; `baton-workato entitlements` lists them"))
}
