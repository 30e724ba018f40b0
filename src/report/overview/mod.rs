//! The first page: headline numbers, charts and findings of one sync, counted in one pass over its grants.
//!
//! The types here are the JSON that the web page reads, in the report file and in the explorer alike.

mod charts;
mod headline;

use serde::Serialize;

use super::counted::{Counted, Day, exposure, iso};
use super::findings::{self, Finding};
use super::inventory::{Class, Counts, Entry, Inventory};
use super::names::Names;
use super::policy::Policy;
use super::reach::{Gap, Ground, unknown};
use super::snapshot::Snapshot;
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;

/// The first page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The name of the file, without its folder.
    pub file: String,
    /// The sync.
    pub sync: SyncLine,
    /// The environments it shows, in the vendor's order.
    pub environments: Vec<String>,
    /// What stands behind the @ of most people's addresses: whose workspace it is, as far as the file tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_domain: Option<String>,
    /// The groups that hold everybody, as `type:id`.
    pub everyone: Vec<String>,
    /// What there is, by type, in the order of the file.
    pub types: Vec<TypeLine>,
    /// The numbers on top.
    pub headline: Vec<Headline>,
    /// Charts; one without rows is left out.
    pub charts: Vec<Chart>,
    /// What was looked for, with what was found; worst first. What the file cannot tell is left out.
    pub findings: Vec<Finding>,
    /// What is to be said about the policy that they were judged by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the sync left out: everything above is counted without it.
    pub unknown: Vec<Gap>,
}

/// The sync that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncLine {
    /// Its id.
    pub id: String,
    /// `full`, `partial`, `resources_only` and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// `2026-11-21T09:15:00`: wall clock of the host that synced, whose zone the file does not say.
    pub started_at: String,
    /// Likewise; nothing for an unfinished sync.
    pub ended_at: Option<String>,
}

/// What there is of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeLine {
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its resources.
    pub resources: u64,
    /// Entitlements on them.
    pub entitlements: u64,
    /// Grants of those.
    pub grants: u64,
    /// Whether they are people or accounts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_accounts: bool,
}

/// One number on top of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Headline {
    /// Stable name.
    pub key: &'static str,
    /// What is counted.
    pub label: String,
    /// The number.
    pub value: u64,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where to see them, see [`super::link`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// One bar per row.
    Bars,
    /// One bar per row, made of a part per series.
    Stacked,
    /// Columns side by side in the order of rows, which is an order of ages.
    Histogram,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    /// Stable name.
    pub key: &'static str,
    /// Headline.
    pub title: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// What each value of a row is; one for bars and histograms.
    pub series: Vec<String>,
    /// Its rows, as many values each as there are series.
    pub rows: Vec<ChartRow>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One row of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartRow {
    /// What it is about.
    pub label: String,
    /// A value per series.
    pub values: Vec<u64>,
    /// Where to see them, see [`super::link`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Overview {
    /// Reads a sync and counts.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(snapshot: &Snapshot, conventions: &Conventions) -> Result<Overview> {
        Self::under(snapshot, conventions, &Policy::default())
    }

    /// As [`Overview::of`], judged by a policy.
    ///
    /// # Errors
    /// As [`Overview::of`].
    pub fn under(snapshot: &Snapshot, conventions: &Conventions, policy: &Policy) -> Result<Overview> {
        let mut inventory = Inventory::read(snapshot, conventions)?;
        let counts = Counts::count(snapshot, &mut inventory, conventions)?;
        let ground = Ground::read(&Names::new(snapshot), snapshot.edges()?, conventions)?;
        Self::counted(snapshot, (conventions, policy), &inventory, &counts, &ground)
    }

    /// As [`Overview::of`], with what was read before.
    ///
    /// # Errors
    /// As [`Overview::of`].
    pub fn counted(
        snapshot: &Snapshot,
        (conventions, policy): (&Conventions, &Policy),
        inventory: &Inventory,
        counts: &Counts,
        ground: &Ground,
    ) -> Result<Overview> {
        let exposed = exposure::count(snapshot, inventory, ground)?;
        let run = snapshot.run();
        let file = snapshot.file().file_name();
        let file = file.map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let counted = Counted {
            snapshot,
            conventions,
            inventory,
            counts,
            limits: policy.limits,
            allowed: policy.allowed_domains(),
            file: &file,
            day: Day::of(snapshot.moment()),
        };
        let (findings, notes) = findings::all(&counted, ground, policy)?;
        Ok(Overview {
            file: file.clone(),
            sync: SyncLine {
                id: run.sync_id.clone(),
                kind: run.sync_type.clone(),
                started_at: iso(&run.started_at),
                ended_at: run.ended_at.as_deref().map(iso),
            },
            environments: inventory.environments_shown(conventions),
            people_domain: inventory.main_domain().map(str::to_owned),
            everyone: everyone(inventory),
            types: types(inventory, counts),
            headline: headline::all(&counted, &findings),
            charts: charts::all(&counted, &exposed),
            findings: findings.into_iter().map(Finding::shortened).collect(),
            notes,
            unknown: unknown::of_sync(run, ground),
        })
    }
}

fn everyone(inventory: &Inventory) -> Vec<String> {
    let groups = inventory.entries().iter().filter(|entry| entry.is_everyone());
    let key = |entry: &Entry| Some(format!("{}:{}", inventory.type_of(entry)?.id, entry.id()));
    groups.filter_map(key).collect()
}

fn types(inventory: &Inventory, counts: &Counts) -> Vec<TypeLine> {
    let mut lines: Vec<TypeLine> = inventory
        .types()
        .iter()
        .map(|kind| TypeLine {
            id: kind.id.clone(),
            name: kind.name.clone(),
            resources: 0,
            entitlements: 0,
            grants: 0,
            is_accounts: kind.class == Class::Account,
        })
        .collect();
    for entry in inventory.entries() {
        if let Some(line) = lines.get_mut(entry.kind()) {
            line.resources += 1;
        }
    }
    for (number, (entitlement, grants)) in inventory.entitlements().iter().zip(&counts.holders).enumerate() {
        let entry = entitlement.on.and_then(|on| inventory.entry(on));
        if let Some(line) = entry.and_then(|entry| lines.get_mut(entry.kind())) {
            line.entitlements += u64::from(inventory.has_entitlement_row(number));
            line.grants += u64::from(*grants);
        }
    }
    lines
}
