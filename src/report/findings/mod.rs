//! What a reviewer should look at first. One file per finding; each says why it matters and what to do.
//!
//! To add one: its file, its `mod`, one line in [`all`].

mod admins;
mod all_scope;
mod everyone;
mod inactive;
mod moderators;
mod outside_admins;

use serde::Serialize;

use super::counted::Counted;
use super::inventory::{At, Entry};
use super::thing::Thing;

/// Items that are listed of one finding; the others are counted.
pub const LISTED: usize = 100;

/// Stable names of findings.
pub mod keys {
    /// People who may do everything where real data is.
    pub const ADMINS: &str = "admins-in-production";
    /// Admins with an address of another organization.
    pub const OUTSIDE_ADMINS: &str = "outsiders-in-admin-roles";
    /// Clients that reach all projects.
    pub const ALL_SCOPE: &str = "clients-with-all-projects";
    /// What is given to everybody.
    pub const EVERYONE: &str = "grants-to-everyone";
    /// People with access who have not been seen.
    pub const INACTIVE: &str = "inactive-people";
    /// People from a managing organization.
    pub const MODERATORS: &str = "moderators";
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To be looked at today.
    High,
    /// To be looked at in this review.
    Medium,
    /// To be known.
    Low,
    /// For completeness.
    Info,
}

/// What was looked for and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable name, one of [`keys`].
    pub key: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Headline.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub what_to_do: String,
    /// How many there are; 0 says that it was looked for and not found.
    pub total: u64,
    /// The first 100.
    pub items: Vec<Item>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// What it is about.
    pub thing: Thing,
    /// What is the matter with it.
    pub detail: String,
}

/// Looks for everything the file can tell; worst first, what was not found last.
pub fn all(counted: &Counted<'_>) -> Vec<Finding> {
    let all = [
        admins::find(counted),
        outside_admins::find(counted),
        all_scope::find(counted),
        everyone::find(counted),
        inactive::find(counted),
        moderators::find(counted),
    ];
    let mut found: Vec<Finding> = all.into_iter().flatten().collect();
    found.sort_by_key(|finding| (finding.total == 0, finding.severity));
    found
}

/// Items in the order given, as many as are listed, with their number.
fn items<'c>(counted: &Counted<'_>, found: impl IntoIterator<Item = (At, String)> + 'c) -> (u64, Vec<Item>) {
    let mut total = 0;
    let mut items = Vec::new();
    for (at, detail) in found {
        total += 1;
        if items.len() < LISTED {
            items.push(Item {
                thing: counted.inventory.thing(at),
                detail,
            });
        }
    }
    (total, items)
}

/// When an account was last seen, in words.
fn last_seen(counted: &Counted<'_>, account: &Entry) -> String {
    let Some(at) = account.active_at() else {
        return "no activity on record".to_owned();
    };
    let date = super::counted::date(at);
    match counted.day.age(at) {
        Some(0) => format!("last seen {date}, on the day of the sync"),
        Some(1) => format!("last seen {date}, a day before the sync"),
        Some(days) => format!("last seen {date}, {days} days before the sync"),
        None => format!("last seen {date}"),
    }
}

/// People by name, so that lists read like lists; equal names by id.
fn by_name(counted: &Counted<'_>, found: &mut [(At, String)]) {
    found.sort_by_cached_key(|(at, _)| {
        let entry = counted.inventory.entry(*at);
        entry.map(|e| (e.name.to_lowercase(), e.id.clone()))
    });
}
