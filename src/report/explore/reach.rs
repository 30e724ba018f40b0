//! Who reaches what, by person or by resource: filtered and sorted by ids, a page of it with its ways. Where to look is
//! decided by [`crate::report::reach`].

use std::sync::Arc;

use serde::Serialize;

use super::index::{Index, Words};
use super::question::Question;
use crate::baton::c1z::GrantFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::report::access::{Access, Answers, HeldRow, principal_of};
use crate::report::code;
use crate::report::inventory::{At, Class};
use crate::report::names::Names;
use crate::report::reach::{self, Beyond, By, Gap, Part, unknown};
use crate::report::snapshot::Snapshot;
use crate::report::thing::{RightKey, Thing};

/// A page of access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// How many pass the filter.
    pub total: usize,
    /// Those of this page.
    pub items: Vec<Access>,
    /// What the file does not tell about it.
    pub unknown: Vec<Gap>,
}

/// Which access is asked for, but for the page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    side: Side,
    kind: String,
    id: String,
    words: String,
    direct: bool,
}

/// From which end access is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What a principal holds and reaches.
    Of,
    /// Who gets to a resource.
    On,
}

impl Asked {
    /// Takes `of` or `on`, `q` and `direct` from a question.
    ///
    /// # Errors
    /// `InvalidArgument` for a question that makes no sense.
    pub fn of(question: &Question) -> Result<Asked> {
        let (side, (kind, id)) = match (question.resource("of")?, question.resource("on")?) {
            (Some(of), None) => (Side::Of, of),
            (None, Some(on)) => (Side::On, on),
            _ => {
                let message = "access is asked for with either of=type:id or on=type:id";
                return Err(Error::new(Kind::InvalidArgument, message));
            }
        };
        Ok(Asked {
            words: question.words()?.to_lowercase(),
            direct: question.is_on("direct"),
            ..Asked::all(side, kind, id)
        })
    }

    /// All of one side of a thing.
    pub fn all(side: Side, kind: &str, id: &str) -> Asked {
        Asked {
            side,
            kind: kind.to_owned(),
            id: id.to_owned(),
            words: String::new(),
            direct: false,
        }
    }
}

/// ReachRows in the order they are shown, kept for the next page, and what is not known beside them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The rows.
    pub rows: Vec<Row>,
    /// What the file does not tell.
    pub unknown: Vec<Gap>,
}

/// See [`Found`].
pub type ReachRows = Arc<Found>;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A grant: the number of its row, how it leads to what, where that is not what it is on.
    Grant(i64, reach::Reach, Option<Thing>),
    /// The scope of an account.
    Scope(Box<Access>),
}

/// A row before it is sorted.
struct Sighted {
    row: Row,
    reach: reach::Reach,
    principal: Option<At>,
    entitlement: Option<usize>,
    /// What is reached.
    target: Option<At>,
    /// Further texts it is found by.
    text: String,
}

/// The rows that are asked for, in order: by way, then of what a principal reaches by resource and entitlement, of those
/// who get to a resource by entitlement and principal. What may do most comes first.
///
/// # Errors
/// `NotFound` for a resource that is not there, `DataLoss` for a damaged file.
pub fn rows(snapshot: &Snapshot, index: &Index, asked: &Asked) -> Result<ReachRows> {
    let inventory = &index.inventory;
    let (kind, id) = (asked.kind.as_str(), asked.id.as_str());
    let names = Names::new(snapshot);
    let at = inventory.find(kind, id);
    if at.is_none() && !is_named(snapshot, asked)? {
        return Err(Error::new(Kind::NotFound, format!("there is no {kind} {id:?} in this sync")).code(code::NO_MATCH));
    }
    let (mut sighted, mut unknown) = match (asked.side, at) {
        (Side::Of, _) => of(snapshot, &names, index, asked)?,
        (Side::On, Some(at)) => on(snapshot, &names, index, &index.thing(at))?,
        (Side::On, None) => on(snapshot, &names, index, &names.thing(kind, id)?)?,
    };
    if at.is_none() {
        unknown.push(Gap::without_row(kind, id));
    }
    unknown.extend(unknown::of_sync(snapshot.run(), &index.ground));
    let words = Words::of(&asked.words);
    if !words.is_empty() {
        sighted.retain(|row| fits(index, asked.side, &words, row));
    }
    sighted.sort_by_cached_key(|row| key(index, asked.side, row));
    let mut rows = Vec::with_capacity(sighted.len());
    for Sighted { row, .. } in sighted {
        // Where a grant comes from is in the message only.
        let wanted = match &row {
            Row::Grant(number, ..) if asked.direct => snapshot.reader().is_direct_at(*number)? == Some(true),
            Row::Grant(..) | Row::Scope(_) => true,
        };
        if wanted {
            rows.push(row);
        }
    }
    Ok(Arc::new(Found { rows, unknown }))
}

/// Whether a grant names what the sync has no row of.
fn is_named(snapshot: &Snapshot, asked: &Asked) -> Result<bool> {
    let (kind, id) = (Some(asked.kind.as_str()), Some(asked.id.as_str()));
    let filter = match asked.side {
        Side::Of => GrantFilter {
            principal_type: kind,
            principal: id,
            ..GrantFilter::default()
        },
        Side::On => GrantFilter {
            resource_type: kind,
            resource: id,
            ..GrantFilter::default()
        },
    };
    Ok(snapshot.reader().count_grants(snapshot.sync_id(), &filter)? > 0)
}

fn of(snapshot: &Snapshot, names: &Names<'_>, index: &Index, asked: &Asked) -> Result<(Vec<Sighted>, Vec<Gap>)> {
    let inventory = &index.inventory;
    let (kind, id) = (asked.kind.as_str(), asked.id.as_str());
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let principal = inventory.find(kind, id);
    let mut held: Vec<(i64, HeldRow)> = Vec::new();
    let to = GrantFilter {
        principal_type: Some(kind),
        principal: Some(id),
        ..GrantFilter::default()
    };
    reader.for_each_grant_where(sync_id, &to, &mut |grant| {
        held.push((grant.row, HeldRow::of(&grant.grant)));
        Ok(())
    })?;
    let sight = |(row, held): &(i64, HeldRow), reach: reach::Reach, reached: Option<Thing>| {
        let RightKey { id: entitlement, on } = held.key();
        let number = inventory.find_entitlement(entitlement);
        let target = match &reached {
            Some(reached) => inventory.find(&reached.kind, &reached.id),
            None if on == ("", "") => number
                .and_then(|number| inventory.entitlements().get(number))
                .and_then(|known| known.on),
            None => inventory.find(on.0, on.1),
        };
        Sighted {
            row: Row::Grant(*row, reach, reached),
            reach,
            principal,
            entitlement: number,
            target,
            text: format!("{entitlement}\n{id}").to_lowercase(),
        }
    };
    let mut sighted: Vec<Sighted> = held.iter().map(|held| sight(held, reach::Reach::On, None)).collect();
    let keys: Vec<RightKey<'_>> = held.iter().map(|(_, held)| held.key()).collect();
    let mut is_given = |at: usize| Ok(held.get(at).is_some_and(|(_, held)| held.is_direct));
    for Beyond { by, reach, reached } in index.ground.beyond(names, (kind, id), &keys, &mut is_given)? {
        match by {
            By::Held(at) => {
                if let Some(held) = held.get(at) {
                    sighted.push(sight(held, reach, Some(reached)));
                }
            }
            By::Scope(scope) => {
                let target = inventory.find(&reached.kind, &reached.id);
                let client = names.thing(kind, id)?;
                sighted.push(scoped(reach::scope_row(client, *scope, reached), principal, target));
            }
        }
    }
    Ok((sighted, index.ground.unknown_of(names, (kind, id))?))
}

fn on(snapshot: &Snapshot, names: &Names<'_>, index: &Index, thing: &Thing) -> Result<(Vec<Sighted>, Vec<Gap>)> {
    let inventory = &index.inventory;
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let target = inventory.find(&thing.kind, &thing.id);
    let reach::Doors {
        doors,
        scopes,
        mut unknown,
        unknown_people,
    } = index.ground.doors(names, thing, Part::Whole)?;
    unknown.extend(unknown_people);
    let mut sighted: Vec<Sighted> = Vec::new();
    for door in doors {
        let mut put = |row: i64, entitlement: &str, principal: (&str, &str)| {
            if door.users_only && !index.ground.is_user(principal.0) {
                return;
            }
            sighted.push(Sighted {
                row: Row::Grant(row, door.reach, Some(thing.clone())),
                reach: door.reach,
                principal: inventory.find(principal.0, principal.1),
                entitlement: inventory.find_entitlement(entitlement),
                target,
                text: format!("{entitlement}\n{}", principal.1).to_lowercase(),
            });
        };
        match &door.at {
            reach::At::Thing(on) => reader.for_each_holding_on(sync_id, &on.kind, &on.id, &mut |grant| {
                put(grant.row, grant.entitlement, (grant.principal_type, grant.principal));
                Ok(())
            })?,
            reach::At::Right(id) => {
                let filter = GrantFilter {
                    entitlement: Some(id),
                    ..Default::default()
                };
                reader.for_each_grant_where(sync_id, &filter, &mut |row| {
                    let is_given = crate::report::path::Origin::of(&row.grant).is_direct(id);
                    if is_given || !door.direct_only {
                        put(row.row, id, principal_of(&row.grant));
                    }
                    Ok(())
                })?;
            }
        }
    }
    for reach::Scoped { client, scope } in scopes {
        let principal = inventory.find(&client.kind, &client.id);
        sighted.push(scoped(
            reach::scope_row(client, scope, thing.clone()),
            principal,
            target,
        ));
    }
    Ok((sighted, unknown))
}

fn scoped(access: Access, principal: Option<At>, target: Option<At>) -> Sighted {
    Sighted {
        reach: access.reach,
        text: format!("{}\n{}", access.right.name, access.principal.id).to_lowercase(),
        row: Row::Scope(Box::new(access)),
        principal,
        entitlement: None,
        target,
    }
}

fn fits(index: &Index, side: Side, words: &Words, row: &Sighted) -> bool {
    let inventory = &index.inventory;
    let entitlement = row.entitlement.and_then(|number| inventory.entitlements().get(number));
    let name = entitlement.map(|e| e.name.to_lowercase()).unwrap_or_default();
    let other = match side {
        Side::Of => row.target,
        Side::On => row.principal,
    };
    let kind = other
        .and_then(|at| inventory.entry(at))
        .and_then(|e| inventory.type_of(e));
    let kind = kind.map(|t| t.name.to_lowercase()).unwrap_or_default();
    words.fit(&[&name, other.map_or("", |at| index.text(at)), &row.text, &kind])
}

/// What rows are ordered by.
type Key = (reach::Reach, i8, bool, u32, u32, usize, String);

fn key(index: &Index, side: Side, row: &Sighted) -> Key {
    let inventory = &index.inventory;
    let rank = |at: Option<At>| at.map_or(u32::MAX, |at| index.rank(at));
    // People before the groups and roles that bring them.
    let is_account = |at| {
        inventory
            .entry(at)
            .is_some_and(|e| inventory.class_of(e) == Class::Account)
    };
    let later = !row.principal.is_some_and(is_account);
    let entitlement = row.entitlement.and_then(|number| inventory.entitlements().get(number));
    let power = entitlement.map_or(0, |entitlement| index.power(entitlement));
    let number = row.entitlement.unwrap_or(usize::MAX);
    let last = match &row.row {
        Row::Grant(row, ..) => format!("{row:020}"),
        Row::Scope(access) => access.right.name.clone(),
    };
    match side {
        Side::Of => {
            let on = entitlement.and_then(|e| e.on);
            (
                row.reach,
                0,
                false,
                rank(row.target),
                rank(on),
                number,
                format!("{power:+04}{last}"),
            )
        }
        Side::On => {
            let place = u32::try_from(number).unwrap_or(u32::MAX);
            (row.reach, power, later, place, rank(row.principal), number, last)
        }
    }
}

/// A page of rows, each with its ways.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn answer(snapshot: &Snapshot, index: &Index, found: &ReachRows, question: &Question) -> Result<Reach> {
    let (offset, limit) = question.range()?;
    let page: Vec<&Row> = found.rows.iter().skip(offset).take(limit).collect();
    let numbers = page.iter().filter_map(|row| match row {
        Row::Grant(number, ..) => Some(*number),
        Row::Scope(_) => None,
    });
    let numbers: Vec<i64> = numbers.collect();
    let mut grants = Answers::over(snapshot, Arc::clone(&index.edges))
        .of_rows(&numbers)?
        .into_iter();
    let mut items = Vec::with_capacity(page.len());
    for row in page {
        match row {
            Row::Scope(access) => items.push((**access).clone()),
            Row::Grant(_, reach, reached) => {
                let access = grants.next().flatten();
                items.extend(access.map(|access| match reached {
                    Some(thing) => access.to(*reach, thing.clone()),
                    None => access,
                }));
            }
        }
    }
    Ok(Reach {
        total: found.rows.len(),
        items,
        unknown: found.unknown.clone(),
    })
}
