//! Two things that nobody may hold together: who gets to each, by whatever way, and who gets to both.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::{evidence, fix, told};
use super::{Side, names};
use crate::baton::error::{Error, Kind, Result};
use crate::report::access::Access;
use crate::report::find::{self, NameQuery};
use crate::report::findings::{Evidence, Item, Looker};
use crate::report::question::{self, Pick, Target, ask};
use crate::report::reach::{Asker, Reach, unknown};
use crate::report::thing::Thing;

/// Ways that are told of one person.
const FEW: usize = 3;

/// Who gets to one of the two. Accounts with one address are one person.
#[derive(Default)]
pub(super) struct Holders(BTreeMap<String, Holder>);

struct Holder {
    thing: Thing,
    told: Vec<String>,
    evidence: Vec<Evidence>,
    fix: Option<String>,
    more: usize,
}

impl Holders {
    pub(super) fn add(&mut self, looker: &Looker<'_>, asker: Asker<'_, '_>, access: &Access) -> Result<()> {
        let inventory = looker.counted.inventory;
        let who = &access.principal;
        let entry = inventory.find(&who.kind, &who.id).and_then(|at| inventory.entry(at));
        let address = entry.filter(|entry| entry.is_person()).and_then(|entry| entry.email());
        let key = address.map_or_else(|| format!("{}:{}", who.kind, who.id), str::to_lowercase);
        let holder = self.0.entry(key).or_insert_with(|| Holder {
            thing: who.clone(),
            told: Vec::new(),
            evidence: Vec::new(),
            fix: None,
            more: 0,
        });
        if holder.told.len() >= FEW {
            holder.more += 1;
            return Ok(());
        }
        holder.told.push(told(asker, access)?);
        holder.evidence.push(evidence(asker, access)?);
        if holder.fix.is_none() {
            holder.fix = fix(looker, access)?;
        }
        Ok(())
    }
}

/// Reads who gets to a side that names a thing. Says what is not known about either sort.
pub(super) fn read(
    looker: &Looker<'_>,
    asker: Asker<'_, '_>,
    side: &Side,
    holders: &mut Holders,
) -> Result<Vec<String>> {
    let mut said = Vec::new();
    if let Some(when) = &side.when {
        said.extend(names::missing(asker, when)?);
    }
    if let Some(entitlement) = &side.entitlement {
        let known = question::known_entitlement(asker.names(), entitlement);
        said.extend(absent(known)?.err());
    }
    let Some(on) = &side.on else {
        return Ok(said);
    };
    if let Some(kind) = &on.kind
        && let Err(why) = absent(question::known_type(looker.counted.snapshot, kind))?
    {
        said.push(why);
        return Ok(said);
    }
    let wanted = NameQuery {
        text: &on.text,
        kind: on.kind.as_deref(),
        environment: on.environment.as_deref(),
        whole: true,
        author: None,
    };
    let things = match absent(find::resources(asker.names(), &wanted))? {
        Ok(things) => things,
        Err(why) => {
            said.push(why);
            return Ok(said);
        }
    };
    let pick = Pick {
        resources: things,
        entitlement: side.entitlement.clone(),
        condition: side.when.clone(),
        ..Pick::default()
    };
    // What somebody could give themselves is not held, unless the condition asks for it.
    let granting = side.when.as_ref().is_some_and(|when| when.asks_for_reach());
    let gaps = ask(asker, &Target::People, &pick, &mut |access| {
        if access.reach == Reach::SelfGranting && !granting {
            return Ok(());
        }
        holders.add(looker, asker, &access)
    })?;
    let run = looker.counted.snapshot.run();
    let of_sync: BTreeSet<String> = unknown::of_sync(run, asker.ground)
        .into_iter()
        .map(|gap| gap.message)
        .collect();
    let own = gaps.into_iter().filter(|gap| !of_sync.contains(&gap.message));
    said.extend(own.map(|gap| format!("it is not known {}", gap.message)));
    Ok(said)
}

/// Tells a name that the sync does not have, or has several of, from a damaged file.
fn absent<T>(outcome: Result<T>) -> Result<Result<T, String>> {
    match outcome {
        Ok(found) => Ok(Ok(found)),
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::InvalidArgument) => Ok(Err(why(&error))),
        Err(error) => Err(error),
    }
}

fn why(error: &Error) -> String {
    format!("{error}; so nothing can be said")
}

/// Who gets to both.
pub(super) fn both(looker: &Looker<'_>, rule: &str, one: Holders, mut other: Holders) -> Vec<Item> {
    let mut items = Vec::new();
    for (key, first) in one.0 {
        let Some(second) = other.0.remove(&key) else {
            continue;
        };
        let told = |holder: &Holder| match holder.more {
            0 => holder.told.join(" / "),
            more => format!("{} / and {more} more", holder.told.join(" / ")),
        };
        let detail = format!("{}; and: {}", told(&first), told(&second));
        let named = format!("{}:{}", first.thing.kind, first.thing.id);
        items.push(Item {
            id: format!("policy/{rule}/{named}"),
            look: looker.command(&["access", &named]),
            thing: first.thing,
            detail,
            evidence: first.evidence.into_iter().chain(second.evidence).collect(),
            fix: second.fix.or(first.fix).into_iter().collect(),
            owner: None,
        });
    }
    items
}
