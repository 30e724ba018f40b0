//! Expansion once more, as plainly as it can be said: every rule of `baton/c1z/format.md 5.2 to 5.4` applied to
//! every grant, over and over, until nothing changes. Knows nothing of the code under test but its input type.

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::baton::proto::v2;

use super::memory::Memory;

/// Every (shallow, filter) drawn from one entitlement to another.
pub type Drawn = BTreeMap<(String, String), Vec<(bool, Vec<String>)>>;

/// What a grant comes out as: principal, sources, annotations.
pub type Outcome = BTreeMap<String, (String, String, Option<BTreeMap<String, bool>>, Vec<String>)>;

struct Row {
    id: String,
    on: String,
    principal: String,
    sources: Option<BTreeMap<String, bool>>,
    annotations: Vec<String>,
}

fn text(id: &v2::ResourceId) -> String {
    format!("{}:{}", id.resource_type, id.resource)
}

fn rows(store: &Memory) -> Vec<Row> {
    let row = |grant: &v2::Grant| Row {
        id: grant.id.clone(),
        on: grant.entitlement.as_ref().unwrap().id.clone(),
        principal: text(grant.principal.as_ref().unwrap().id.as_ref().unwrap()),
        sources: super::build::sources(grant),
        annotations: grant.annotations.iter().map(|a| a.type_url.clone()).collect(),
    };
    store.rows.iter().map(row).collect()
}

fn outcome(rows: Vec<Row>) -> Outcome {
    rows.into_iter()
        .map(|r| (r.id, (r.on, r.principal, r.sources, r.annotations)))
        .collect()
}

/// The grants of a store as they stand.
pub fn observed(store: &Memory) -> Outcome {
    outcome(rows(store))
}

/// Every pair (source, destination) that passes grants, and all the (shallow, filter) drawn for it.
pub fn passes(store: &Memory) -> Drawn {
    let mut drawn: Drawn = BTreeMap::new();
    for expandable in &store.expandable {
        for source in &expandable.expansion.entitlement_ids {
            let stored = |id: &String| store.entitlements.contains_key(id);
            if stored(source) && stored(&expandable.entitlement_id) {
                let e = &expandable.expansion;
                drawn
                    .entry((source.clone(), expandable.entitlement_id.clone()))
                    .or_default()
                    .push((e.shallow, e.resource_type_ids.clone()));
            }
        }
    }
    // Who reaches whom: add pairs until there are no more.
    let mut reach: BTreeSet<(String, String)> = drawn.keys().cloned().collect();
    loop {
        let more: Vec<_> = reach
            .iter()
            .flat_map(|(a, b)| {
                reach
                    .iter()
                    .filter(move |(c, _)| b == c)
                    .map(move |(_, d)| (a.clone(), d.clone()))
            })
            .filter(|pair| !reach.contains(pair))
            .collect();
        if more.is_empty() {
            break;
        }
        reach.extend(more);
    }
    let together = |a: &String, b: &String| {
        a == b || (reach.contains(&(a.clone(), b.clone())) && reach.contains(&(b.clone(), a.clone())))
    };
    // An edge of one is an edge of all, except among themselves.
    let mut between: Drawn = BTreeMap::new();
    for ((a, b), edges) in &drawn {
        for source in store.entitlements.keys().filter(|s| together(s, a)) {
            for destination in store.entitlements.keys().filter(|d| together(d, b)) {
                if !together(source, destination) {
                    let ends = (source.clone(), destination.clone());
                    between.entry(ends).or_default().extend(edges.iter().cloned());
                }
            }
        }
    }
    between
}

/// Whether any of several merged edges lets a holder through, as merged.
pub fn lets_through(edges: &[(bool, Vec<String>)], principal: &str, direct: bool) -> bool {
    let kind = principal.split(':').next().unwrap();
    let depth = direct || edges.iter().any(|(shallow, _)| !shallow);
    let filter = edges
        .iter()
        .any(|(_, types)| types.is_empty() || types.iter().any(|t| t == kind));
    depth && filter
}

/// Whether a grant on `on` with these sources is direct.
pub fn is_direct(on: &str, sources: Option<&BTreeMap<String, bool>>) -> bool {
    sources.is_none_or(|s| s.is_empty() || s.contains_key(on))
}

pub fn expanded(store: &Memory) -> Outcome {
    let edges = passes(store);
    let mut rows = rows(store);
    loop {
        let mut changed = false;
        for ((source, destination), drawn) in &edges {
            for at in 0..rows.len() {
                if rows[at].on != *source {
                    continue;
                }
                let principal = rows[at].principal.clone();
                let direct = is_direct(source, rows[at].sources.as_ref());
                if !lets_through(drawn, &principal, direct) {
                    continue;
                }
                let mut exists = false;
                for row in rows
                    .iter_mut()
                    .filter(|r| r.on == *destination && r.principal == principal)
                {
                    exists = true;
                    let sources = row.sources.get_or_insert_default();
                    if sources.is_empty() {
                        sources.insert(destination.clone(), true);
                        changed = true;
                    }
                    let before = sources.get(source).copied();
                    let after = before.unwrap_or(false) || direct;
                    if before != Some(after) {
                        sources.insert(source.clone(), after);
                        changed = true;
                    }
                }
                if !exists {
                    changed = true;
                    rows.push(Row {
                        id: format!("{destination}:{principal}"),
                        on: destination.clone(),
                        principal,
                        sources: Some(BTreeMap::from([(source.clone(), direct)])),
                        annotations: vec![super::build::IMMUTABLE.to_owned()],
                    });
                }
            }
        }
        if !changed {
            return outcome(rows);
        }
    }
}
