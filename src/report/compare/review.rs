//! The changes as a reviewer thinks of them: people first, each with what they gained and lost, and what followed from
//! that; then roles, groups, projects and everything else.
//!
//! Memory goes with the number of people and things that changed, not with the number of grants: what follows from
//! something is counted, with a few examples.

mod build;

use std::collections::BTreeMap;

use serde::Serialize;

use super::details::Detail;
use super::reached::{Reached, Widened};
use super::sides::Sides;
use crate::baton::c1z::SyncRun;
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::thing::{Right, Thing};

/// Examples that are kept of what follows from one cause.
const EXAMPLES: usize = 3;

/// What became of somebody or something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Only in the newer sync.
    Added,
    /// Only in the older sync.
    Removed,
    /// In both.
    Stayed,
}

/// Everything that changed about one person or thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Who or what.
    pub thing: Thing,
    /// The e-mail address, for people who have one.
    pub email: String,
    /// Whether it is a person or an account.
    pub is_person: bool,
    /// What became of it.
    pub presence: Presence,
    /// What is different about itself.
    pub details: Vec<Detail>,
    /// What it holds now and did not before, by cause: given ones first, each by name.
    pub gained: Vec<Bundle>,
    /// What it held before and does not now, likewise.
    pub lost: Vec<Bundle>,
    /// What it held through something else and now also was given.
    pub now_direct: Vec<Held>,
    /// What was given to it and is still held, only through something else.
    pub no_longer_direct: Vec<Held>,
    /// Entitlements that were added to a thing that was there before.
    pub offers: Vec<String>,
    /// Entitlements that are gone from a thing that is still there.
    pub withdrew: Vec<String>,
    /// Entitlements that are called or described differently.
    pub redefined: Vec<String>,
    /// Grants to it that mean something else, such as other terms or sources.
    pub regranted: u64,
    /// What it reaches, or who reaches it, beside what was granted.
    pub reach: Vec<Widened>,
}

/// An entitlement and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The entitlement.
    pub right: Right,
    /// What people call it.
    pub label: String,
    /// Whether it makes a member of a group.
    pub is_membership: bool,
}

/// Something that was gained or lost, with what followed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// What it was; `None` for derived access of which the file does not say the origin.
    pub held: Option<Held>,
    /// Whether it was given or taken as such. Otherwise it was there all along, and something else about it changed.
    pub given: bool,
    /// What followed for the same principal, by the type of the resource.
    pub follows: Vec<Fold>,
    /// How many others hold something more, or less, because of it: members of the group, holders of the role.
    pub reaches: u64,
}

/// Entitlements on resources of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The display name of the type.
    pub type_name: String,
    /// How many.
    pub count: u64,
    /// What the first are called.
    pub examples: Vec<String>,
}

/// Rows, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Only in the newer sync.
    pub created: u64,
    /// Only in the older sync.
    pub deleted: u64,
    /// Meaning something else.
    pub modified: u64,
}

/// The review of two syncs.
#[derive(Debug, Clone)]
pub struct Review {
    /// The older sync.
    pub old: SyncRun,
    /// The newer sync.
    pub new: SyncRun,
    /// People and accounts: added, removed, then others; by name.
    pub people: Vec<Subject>,
    /// Everything else, by type, then as people.
    pub things: Vec<Subject>,
    /// People and things of which only something changed that changes by itself, by the display name of their type:
    /// last activity, counts.
    pub restless: BTreeMap<String, u64>,
    /// Resource types.
    pub resource_types: Counted,
    /// Resources.
    pub resources: Counted,
    /// Entitlements.
    pub entitlements: Counted,
    /// Grants.
    pub grants: Counted,
    /// Derived grants that are in both, and follow from something else than before.
    pub rerouted: u64,
    /// Grants that are in both, and have another id than before.
    pub renumbered: u64,
    /// Grants to people that are new.
    pub gained_by_people: u64,
    /// Grants to people that are gone.
    pub lost_by_people: u64,
    /// What changed beside grants. What is told of somebody or something stands there.
    pub reached: Reached,
}

impl Review {
    /// Compares.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(sides: &Sides, conventions: &Conventions) -> Result<Review> {
        build::review(sides, conventions)
    }

    /// Whether both syncs say the same, last activities and the like aside.
    pub fn is_empty(&self) -> bool {
        let types = self.resource_types;
        let types = types.created + types.deleted + types.modified;
        self.people.is_empty()
            && self.things.is_empty()
            && types == 0
            && self.rerouted + self.renumbered == 0
            && self.reached == Reached::default()
    }

    /// How many people and accounts came or went.
    pub fn people_who(&self, presence: Presence) -> usize {
        self.people.iter().filter(|s| s.presence == presence).count()
    }
}

impl Subject {
    /// Details that somebody decided.
    pub fn decided(&self) -> impl Iterator<Item = &Detail> {
        self.details.iter().filter(|d| !d.restless)
    }

    /// Whether there is nothing to tell but what changes by itself.
    fn is_restless(&self) -> bool {
        self.presence == Presence::Stayed
            && self.decided().next().is_none()
            && self.gained.is_empty()
            && self.lost.is_empty()
            && self.now_direct.is_empty()
            && self.no_longer_direct.is_empty()
            && self.offers.is_empty()
            && self.withdrew.is_empty()
            && self.redefined.is_empty()
            && self.regranted == 0
            && self.reach.is_empty()
    }
}
