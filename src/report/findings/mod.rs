//! What a reviewer should look at first. One file per finding; each says why it matters and what to do.
//!
//! To add one: its file, its `mod`, one line in `FINDERS`. What a file cannot tell at all is left out; of what it
//! tells in part, the rest is [`Unknown`]: neither found nor fine.

mod acting;
mod addresses;
mod admins;
mod all_scope;
mod bearers;
mod borrowed;
mod credentials;
mod dead;
mod everyone;
mod inactive;
mod item;
mod junit;
mod leaked;
mod looker;
mod moderators;
mod open_agents;
mod outside_admins;
mod sarif;
mod speakers;
mod sync;
mod unread;
mod unused;

use serde::Serialize;

use self::item::Found;
pub use self::item::{Evidence, Excepted, Item, Unknown};
pub use self::junit::junit;
pub use self::looker::Looker;
pub use self::sarif::sarif;
pub use self::sync::Assessment;
pub(super) use self::unread::nameless;
use super::counted::Counted;
use super::inventory::{At, Entry};
use super::policy::{self, Policy};
use super::reach::Ground;
use crate::baton::error::Result;

/// Items that a page lists of one finding; the others are counted.
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
    /// Tool servers that let in whoever has their address.
    pub const BEARERS: &str = "servers-opened-by-a-token";
    /// What can be used from any address.
    pub const ADDRESSES: &str = "usable-from-any-address";
    /// Agents that everybody may use.
    pub const OPEN_AGENTS: &str = "agents-open-to-all";
    /// Clients that speak as others.
    pub const SPEAKERS: &str = "clients-that-speak-for-others";
    /// Credentials that were not changed for long.
    pub const OLD_CREDENTIALS: &str = "old-credentials";
    /// Credentials that are known to others.
    pub const LEAKED: &str = "leaked-credentials";
    /// Credentials that nobody uses.
    pub const UNUSED: &str = "unused-credentials";
    /// Clients and keys that no longer work.
    pub const DEAD: &str = "dead-credentials";
    /// Agents that can change what is in production.
    pub const ACTING: &str = "agents-writing-to-production";
    /// Connections of people who are gone.
    pub const BORROWED: &str = "connections-of-people-who-left";

    /// All of them.
    pub const ALL: [&str; 16] = [
        LEAKED,
        ADMINS,
        OUTSIDE_ADMINS,
        ALL_SCOPE,
        EVERYONE,
        BEARERS,
        SPEAKERS,
        INACTIVE,
        MODERATORS,
        OPEN_AGENTS,
        OLD_CREDENTIALS,
        ADDRESSES,
        ACTING,
        BORROWED,
        UNUSED,
        DEAD,
    ];
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

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Severity; 4] = [Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Info => "info",
        }
    }

    /// The one of a word.
    pub fn of(word: &str) -> Option<Severity> {
        let word = word.trim();
        Severity::ALL
            .into_iter()
            .find(|one| one.word().eq_ignore_ascii_case(word))
    }
}

/// What was looked for and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable name, one of [`keys`], or the id of a rule behind `policy/`.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// Headline.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub what_to_do: String,
    /// How many there are. 0 says that it was looked for and not found among what is known.
    pub total: u64,
    /// All of them; on a page the first 100.
    pub items: Vec<Item>,
    /// How many of them are counted and not listed anywhere.
    #[serde(skip)]
    pub unlisted: u64,
    /// Of how many it is not known.
    #[serde(skip_serializing_if = "is_none")]
    pub unknown_total: u64,
    /// Those; on a page the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Unknown>,
    /// How many were found and are excepted; they are not among `total`.
    #[serde(skip_serializing_if = "is_none")]
    pub excepted_total: u64,
    /// Those; on a page the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excepted: Vec<Excepted>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn is_none(number: &u64) -> bool {
    *number == 0
}

impl Finding {
    /// Whether it was looked for everywhere, and nothing is there.
    pub fn is_clean(&self) -> bool {
        self.total == 0 && self.unknown_total == 0 && self.excepted_total == 0
    }

    /// As a page lists it.
    #[must_use]
    pub fn shortened(mut self) -> Finding {
        self.items.truncate(LISTED);
        self.unknown.truncate(LISTED);
        self.excepted.truncate(LISTED);
        self
    }

    /// Counts again after a change of the lists.
    pub(in crate::report) fn count(&mut self) {
        let number = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        self.total = number(self.items.len()).saturating_add(self.unlisted);
        self.unknown_total = number(self.unknown.len());
        self.excepted_total = number(self.excepted.len());
    }
}

/// A finding while it is looked for.
struct Draft {
    key: &'static str,
    severity: Severity,
    title: String,
    why: String,
    what_to_do: &'static str,
    found: Vec<Found>,
    unknown: Vec<Unknown>,
}

impl Draft {
    fn finish(self, looker: &Looker<'_>) -> Finding {
        let items = self.found.into_iter().map(|found| found.into_item(looker, self.key));
        let mut finding = Finding {
            key: self.key.to_owned(),
            severity: self.severity,
            title: self.title,
            why: self.why,
            what_to_do: self.what_to_do.to_owned(),
            total: 0,
            items: items.collect(),
            unlisted: 0,
            unknown_total: 0,
            unknown: self.unknown,
            excepted_total: 0,
            excepted: Vec::new(),
        };
        finding.count();
        finding
    }
}

/// Looks for one; nothing where the file cannot tell anything about it.
type Finder = fn(&Looker<'_>) -> Result<Option<Draft>>;

const FINDERS: [Finder; 16] = [
    leaked::find,
    admins::find,
    outside_admins::find,
    all_scope::find,
    everyone::find,
    bearers::find,
    speakers::find,
    inactive::find,
    moderators::find,
    open_agents::find,
    credentials::find,
    addresses::find,
    acting::find,
    borrowed::find,
    unused::find,
    dead::find,
];

/// Looks for everything the file can tell, in full; worst first, what was not found last. With what is to be said about
/// the policy.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn all(counted: &Counted<'_>, ground: &Ground, policy: &Policy) -> Result<(Vec<Finding>, Vec<String>)> {
    let looker = Looker::new(counted);
    let mut found = Vec::new();
    for find in FINDERS {
        found.extend(find(&looker)?.map(|draft| draft.finish(&looker)));
    }
    let notes = policy::judge(&looker, ground, policy, &mut found)?;
    order(&mut found);
    Ok((found, notes))
}

/// Worst first, what was not found last.
pub(super) fn order(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| (finding.total == 0, finding.severity));
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

/// What the row of an account says about its activity.
fn activity_row(looker: &Looker<'_>, at: At, account: &Entry) -> Evidence {
    looker.row(at, last_seen(looker.counted, account))
}

/// By name, so that lists read like lists; equal names by id.
fn by_name(counted: &Counted<'_>, found: &mut [Found]) {
    found.sort_by_cached_key(|found| {
        let entry = counted.inventory.entry(found.at);
        entry.map(|e| (e.name().to_lowercase(), e.id().to_owned()))
    });
}

/// A thing of which it is not known.
fn unknown(counted: &Counted<'_>, at: At, why: impl Into<String>) -> Unknown {
    Unknown {
        thing: Some(counted.inventory.thing(at)),
        why: why.into(),
    }
}

/// ` in prod`, or nothing.
fn place(counted: &Counted<'_>, entry: &Entry) -> String {
    let environment = counted.inventory.environment_of(entry);
    environment.map_or(String::new(), |environment| format!(" in {environment}"))
}

/// The resources of which the vendor says more than that they are there, with their numbers.
fn machines<'c>(counted: &Counted<'c>) -> impl Iterator<Item = (At, &'c Entry, &'c super::inventory::Works)> + use<'c> {
    let entries = counted.inventory.all_entries().iter().enumerate();
    entries.filter_map(|(at, entry)| Some((at, entry, entry.works.as_deref()?)))
}

/// Whether a credential is that of an account which is told by itself.
fn is_told_of_owner(counted: &Counted<'_>, works: &super::inventory::Works, is_told: fn(&Entry) -> bool) -> bool {
    let owner = works.owner.as_ref();
    let owner = owner.and_then(|(kind, id)| counted.inventory.find(kind, id));
    owner.and_then(|at| counted.inventory.entry(at)).is_some_and(is_told)
}
