//! Judges a sync by a policy.

use super::rows::{self, Rows};
use super::sides::{self, Holders};
use super::{About, Policy, domains, exceptions, names, owners};
use crate::baton::error::Result;
use crate::report::access::Answers;
use crate::report::findings::{Finding, Item, Looker, Unknown};
use crate::report::question::{Pick, ask_each};
use crate::report::reach::{Asker, Ground};

/// Adds what the policy finds to what the program found, and says what is to be said about the policy itself.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(in crate::report) fn judge(
    looker: &Looker<'_>,
    ground: &Ground,
    policy: &Policy,
    found: &mut Vec<Finding>,
) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    found.retain_mut(|finding| match policy.built_in.get(&finding.key) {
        Some(Some(severity)) => {
            finding.severity = *severity;
            true
        }
        Some(None) => {
            notes.push(format!(
                "The policy switches {} off: it was not looked at.",
                finding.key
            ));
            false
        }
        None => true,
    });
    found.extend(policy.domains.as_ref().map(|domains| domains::find(looker, domains)));
    if !(policy.rules.is_empty() && policy.apart.is_empty()) {
        let answers = Answers::new(looker.counted.snapshot)?;
        let asker = Asker {
            answers: &answers,
            ground,
        };
        rules(looker, asker, policy, found)?;
    }
    owners::apply(looker, policy, found, &mut notes);
    exceptions::apply(policy, found, &mut notes);
    Ok(notes)
}

/// All rules, and all sides that name no thing, in one pass over the grants.
fn rules(looker: &Looker<'_>, asker: Asker<'_, '_>, policy: &Policy, found: &mut Vec<Finding>) -> Result<()> {
    let mut picks: Vec<Pick> = Vec::new();
    let condition = |condition| Pick {
        condition,
        ..Pick::default()
    };
    picks.extend(policy.rules.iter().map(|rule| condition(Some(rule.when.clone()))));
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut holders: Vec<[Holders; 2]> = policy.apart.iter().map(|_| Default::default()).collect();
    for (pair, apart) in policy.apart.iter().enumerate() {
        for (side, told) in apart.sides.iter().enumerate() {
            if told.on.is_none() {
                open.push((pair, side));
                picks.push(Pick {
                    entitlement: told.entitlement.clone(),
                    ..condition(told.when.clone())
                });
            }
        }
    }
    let mut rows: Vec<Rows> = policy.rules.iter().map(|rule| Rows::of(&rule.about.id)).collect();
    ask_each(asker, &picks, &mut |number, access| {
        if let Some(rows) = rows.get_mut(number) {
            return rows.add(looker, asker, access);
        }
        let place = number.checked_sub(policy.rules.len()).and_then(|at| open.get(at));
        match place.and_then(|(pair, side)| holders.get_mut(*pair)?.get_mut(*side)) {
            Some(holders) => holders.add(looker, asker, access),
            None => Ok(()),
        }
    })?;
    let partly = rows::partly(looker.counted.snapshot, asker);
    for (rule, rows) in policy.rules.iter().zip(rows) {
        let mut unknown = names::missing(asker, &rule.when)?;
        unknown.extend(partly.iter().cloned());
        let (items, more) = rows.finish();
        found.push(finding(&rule.about, items, more, unknown));
    }
    for (apart, mut holders) in policy.apart.iter().zip(holders) {
        let mut unknown = partly.clone();
        for (side, holders) in apart.sides.iter().zip(&mut holders) {
            unknown.extend(sides::read(looker, asker, side, holders)?);
        }
        let [one, other] = holders;
        let items = sides::both(looker, &apart.about.id, one, other);
        found.push(finding(&apart.about, items, 0, unknown));
    }
    Ok(())
}

fn finding(about: &About, items: Vec<Item>, more: u64, mut unknown: Vec<String>) -> Finding {
    if more > 0 {
        unknown.push(format!(
            "{more} more rows fit, which are counted and not listed; no exception is looked up for them"
        ));
    }
    unknown.sort();
    unknown.dedup();
    let mut finding = Finding {
        key: format!("policy/{}", about.id),
        severity: about.severity,
        title: about.title.clone(),
        why: about.why.clone(),
        what_to_do: about.what_to_do.clone(),
        total: 0,
        items,
        unlisted: more,
        unknown_total: 0,
        unknown: unknown.into_iter().map(|why| Unknown { thing: None, why }).collect(),
        excepted_total: 0,
        excepted: Vec::new(),
    };
    finding.count();
    finding
}
