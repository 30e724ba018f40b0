//! The charts of the page. Each says in words what it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chart, ChartKind, ChartRow};
use crate::report::counted::{Counted, Exposed};
use crate::report::domains::Own;
use crate::report::inventory::{At, Entry};
use crate::report::link;

/// Rows of a chart at most; the others are summed up in its note.
const ROWS: usize = 15;

/// Upper ends of the columns of an age histogram, in days, with their labels.
type Ages = &'static [(u64, &'static str)];

const ACTIVITY: Ages = &[
    (7, "last 7 days"),
    (30, "8–30 days"),
    (90, "31–90 days"),
    (180, "91–180 days"),
    (365, "181–365 days"),
    (u64::MAX, "over a year"),
];
const CREDENTIAL: Ages = &[
    (30, "up to 30 days"),
    (90, "31–90 days"),
    (180, "91–180 days"),
    (365, "181–365 days"),
    (730, "1–2 years"),
    (u64::MAX, "over 2 years"),
];
const UNKNOWN: &str = "not on record";

/// All charts that have something to show.
pub fn all(counted: &Counted<'_>, exposed: &[Exposed]) -> Vec<Chart> {
    let all = [
        roles(counted),
        admins(counted),
        activity(counted),
        domains(counted),
        credentials(counted),
        exposure(counted, exposed),
    ];
    all.into_iter()
        .flatten()
        .filter(|chart| !chart.rows.is_empty())
        .collect()
}

/// How many people hold each role in each environment.
fn roles(counted: &Counted<'_>) -> Option<Chart> {
    let environments = environments(counted);
    let mut rows: BTreeMap<&str, (Vec<u64>, String)> = BTreeMap::new();
    for role in counted.inventory.entries() {
        if let (Some(name), Some(kind)) = (role.role(), counted.inventory.type_of(role)) {
            rows.entry(name)
                .or_insert_with(|| (vec![0; environments.len()], link::list(&kind.id, name)));
        }
    }
    for (person, role) in people_of_roles(counted) {
        let _ = person;
        let place = place_of(counted, &environments, role);
        let values = role
            .role()
            .and_then(|name| rows.get_mut(name))
            .map(|(values, _)| values);
        if let Some(count) = values.and_then(|values| values.get_mut(place)) {
            *count += 1;
        }
    }
    let mut rows: Vec<ChartRow> = rows
        .into_iter()
        .map(|(name, (values, link))| ChartRow {
            label: name.to_owned(),
            values,
            link: Some(link),
        })
        .collect();
    rows.retain(|row| row.values.iter().any(|value| *value > 0));
    let note = shorten(&mut rows, "roles");
    Some(Chart {
        key: "roles",
        title: "People per role and environment".to_owned(),
        kind: ChartKind::Stacked,
        series: environments,
        rows,
        note,
    })
}

/// How many people may do everything in each environment, own people and others.
fn admins(counted: &Counted<'_>) -> Option<Chart> {
    let environments = environments(counted);
    let own_domains = counted.own_domains();
    let mut seen: BTreeSet<(usize, At)> = BTreeSet::new();
    let mut values = vec![vec![0, 0]; environments.len()];
    for (at, role) in counted.counts.admins(counted.inventory) {
        let place = place_of(counted, &environments, role);
        let Some(person) = counted.inventory.entry(at).filter(|e| e.is_person()) else {
            continue;
        };
        if seen.insert((place, at)) {
            let outside = usize::from(counted.inventory.outside_domain(person, own_domains).is_some());
            if let Some(count) = values
                .get_mut(place)
                .and_then(|row: &mut Vec<u64>| row.get_mut(outside))
            {
                *count += 1;
            }
        }
    }
    if seen.is_empty() {
        return None;
    }
    let own = own_domains.map_or_else(|| "own people".to_owned(), |own| format!("from {}", own.told()));
    Some(Chart {
        key: "admins",
        title: "Admins per environment".to_owned(),
        kind: ChartKind::Stacked,
        series: vec![own, "from elsewhere".to_owned()],
        rows: environments
            .into_iter()
            .zip(values)
            .map(|(label, values)| ChartRow {
                label,
                values,
                link: None,
            })
            .collect(),
        note: Some("People in roles that may do everything in their environment.".to_owned()),
    })
}

/// When people were last seen.
fn activity(counted: &Counted<'_>) -> Option<Chart> {
    let people = || counted.inventory.entries().iter().filter(|e| e.is_person());
    // A file without any activity says nothing about anybody.
    people().find_map(Entry::active_at)?;
    Some(Chart {
        key: "activity",
        title: "Last activity of people".to_owned(),
        kind: ChartKind::Histogram,
        series: vec!["people".to_owned()],
        rows: histogram(counted, ACTIVITY, people().map(Entry::active_at)),
        note: Some("Counted back from the end of the sync.".to_owned()),
    })
}

/// Accounts that are not of the main e-mail domain.
fn domains(counted: &Counted<'_>) -> Option<Chart> {
    let main = counted.inventory.main_domain()?;
    let mut domains: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    let (mut own, mut without) = (0u64, 0u64);
    for person in counted.inventory.entries().iter().filter(|e| e.is_person()) {
        match counted.inventory.outside_domain(person, Some(Own::Main(main))) {
            Some(domain) => {
                let kind = counted.inventory.type_of(person).map_or("", |t| t.id.as_str());
                let link = || (0, link::list(kind, &format!("@{domain}")));
                domains.entry(domain).or_insert_with(link).0 += 1;
            }
            None if person.domain().is_some() => own += 1,
            None => without += 1,
        }
    }
    let mut rows: Vec<ChartRow> = domains
        .into_iter()
        .map(|(domain, (count, link))| ChartRow {
            label: domain.to_owned(),
            values: vec![count],
            link: Some(link),
        })
        .collect();
    let more = shorten(&mut rows, "domains");
    let known = format!("{own} of {main}, {without} without an address.");
    Some(Chart {
        key: "domains",
        title: format!("Accounts outside {main}"),
        kind: ChartKind::Bars,
        series: vec!["people".to_owned()],
        rows,
        note: Some(more.map_or(known.clone(), |more| format!("{known} {more}"))),
    })
}

/// How old the credentials of API clients are.
fn credentials(counted: &Counted<'_>) -> Option<Chart> {
    let clients = || counted.inventory.entries().iter().filter(|e| e.is_client());
    counted.conventions.credential?;
    clients().next()?;
    Some(Chart {
        key: "credentials",
        title: "API clients by age of their credential".to_owned(),
        kind: ChartKind::Histogram,
        series: vec!["clients".to_owned()],
        rows: histogram(counted, CREDENTIAL, clients().map(Entry::credential_at)),
        note: Some("Counted back from the end of the sync.".to_owned()),
    })
}

/// Who is not in the chart of exposure.
const NOTE: &str = "Who could only give themselves access is not counted.";

/// How many people and accounts reach each project.
fn exposure(counted: &Counted<'_>, exposed: &[Exposed]) -> Option<Chart> {
    let rows = exposed.iter().filter(|e| e.total() > 0).map(|e| {
        let thing = counted.inventory.thing(e.project);
        ChartRow {
            link: Some(link::thing(&thing.kind, &thing.id)),
            label: thing.told(),
            values: vec![e.direct, e.inherited, e.scoped],
        }
    });
    let mut rows: Vec<ChartRow> = rows.collect();
    let note = shorten(&mut rows, "projects");
    Some(Chart {
        key: "exposure",
        title: "Project exposure: people and accounts per project".to_owned(),
        kind: ChartKind::Stacked,
        series: vec![
            "people, directly".to_owned(),
            "people, only by a group or role".to_owned(),
            "accounts, by their scope".to_owned(),
        ],
        rows,
        note: Some(note.map_or(NOTE.to_owned(), |note| format!("{NOTE} {note}"))),
    })
}

/// The environments of roles, in the vendor's order. A vendor without has one without a name.
fn environments(counted: &Counted<'_>) -> Vec<String> {
    let roles = counted.inventory.entries().iter().filter(|e| e.role().is_some());
    let named: BTreeSet<&str> = roles
        .filter_map(|role| counted.inventory.environment_of(role))
        .collect();
    let mut named: Vec<String> = named.into_iter().map(str::to_owned).collect();
    named.sort_by_key(|environment| counted.conventions.rank(environment));
    if named.is_empty() {
        named.push("people".to_owned());
    }
    named
}

fn place_of(counted: &Counted<'_>, environments: &[String], role: &Entry) -> usize {
    let environment = counted.inventory.environment_of(role);
    environments
        .iter()
        .position(|known| Some(known.as_str()) == environment)
        .unwrap_or(0)
}

fn people_of_roles<'c>(counted: &'c Counted<'_>) -> impl Iterator<Item = (At, &'c Entry)> {
    counted.counts.roles.iter().filter_map(|(person, role)| {
        counted.inventory.entry(*person).filter(|e| e.is_person())?;
        Some((*person, counted.inventory.entry(*role)?))
    })
}

fn histogram(counted: &Counted<'_>, ages: Ages, moments: impl Iterator<Item = Option<i64>>) -> Vec<ChartRow> {
    let mut counts = vec![0u64; ages.len() + 1];
    for moment in moments {
        let age = moment.and_then(|at| counted.day.age(at));
        let place = age.and_then(|age| ages.iter().position(|(end, _)| age <= *end));
        if let Some(count) = counts.get_mut(place.unwrap_or(ages.len())) {
            *count += 1;
        }
    }
    let labels = ages.iter().map(|(_, label)| *label).chain([UNKNOWN]);
    labels
        .zip(counts)
        .map(|(label, count)| ChartRow {
            label: label.to_owned(),
            values: vec![count],
            link: None,
        })
        .collect()
}

/// Keeps the longest rows; says how many are missing.
fn shorten(rows: &mut Vec<ChartRow>, what: &str) -> Option<String> {
    let total = |row: &ChartRow| row.values.iter().sum::<u64>();
    rows.sort_by_key(|row| std::cmp::Reverse(total(row)));
    let all = rows.len();
    rows.truncate(ROWS);
    (all > ROWS).then(|| format!("The {ROWS} longest of {all} {what}."))
}
