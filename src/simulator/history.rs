//! Random histories for the audit log: what may happen there, in any order and as late as the facts leave open
//! (`workato/audit_log.md 1 to 3`).

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::audit::Happened;
use super::workspace::Env;

/// Types of resources with events of theirs: known ones, noise, some without a name in any page, one that is new, and rows
/// that lack one or the other.
const KINDS: [(&str, &str); 14] = [
    ("User", "user_login"),
    ("User", "user_logout"),
    ("ApiClient", "developer_api_client_updated"),
    ("ApiClient", "token_leaked"),
    ("ApiPrivilegeGroup", "api_privilege_group_updated"),
    ("ManagedUserGrant", "member_role_changed"),
    ("SharedAccount", "connection_updated"),
    ("Folder", "folder_moved"),
    ("Flow", "recipe_started"),
    ("Adapter", "connector_updated"),
    ("UserGroup", "user_group_members_added"),
    ("QuantumThing", "quantum_thing_entangled"),
    ("", "something_without_a_resource_type"),
    ("ApiAccessProfile", ""),
];

/// A history that goes on and on. Equal seeds make equal ones.
#[derive(Debug)]
pub struct History {
    random: StdRng,
    now: Timestamp,
    environments: Vec<Env>,
}

impl History {
    /// One that begins at a moment.
    pub fn new(seed: u64, begins: Timestamp, environments: &[Env]) -> History {
        History {
            random: StdRng::seed_from_u64(seed),
            now: begins,
            environments: environments.to_vec(),
        }
    }

    /// So many things that happen next, within so many minutes: some at the same moment, some shown only after a few
    /// reads of the log.
    pub fn next(&mut self, count: usize, minutes: u32) -> Vec<Happened> {
        let step = i64::from(minutes) * 60_000 / i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        (0..count).map(|_| self.one(step)).collect()
    }

    /// Lets time pass.
    pub fn pass(&mut self, minutes: u32) {
        self.now += SignedDuration::from_mins(i64::from(minutes));
    }

    fn one(&mut self, step: i64) -> Happened {
        let random = &mut self.random;
        if random.random_bool(0.8) {
            self.now += SignedDuration::from_millis(random.random_range(0..=step));
        }
        let env = pick(random, &self.environments).unwrap_or(Env::Dev);
        let (kind, event) = pick(random, &KINDS).unwrap_or_default();
        let late = if random.random_bool(0.25) {
            random.random_range(1..12)
        } else {
            0
        };
        let id = random.random_range(1..40_u32).to_string();
        let row = Happened::new(env, self.now, event, kind, id).late(late);
        match random.random_range(0..3) {
            0 => row,
            n => row.by(n, "Lin Sample", "lin@example.org"),
        }
    }
}

fn pick<T: Copy>(random: &mut StdRng, all: &[T]) -> Option<T> {
    let at = random.random_range(0..all.len().max(1));
    all.get(at).copied()
}
