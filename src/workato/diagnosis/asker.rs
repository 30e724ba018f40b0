//! Asks one question at a time, within a limit, and keeps what answers say about quotas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::baton::code::TIMEOUT;
use crate::baton::diagnosis::{Check, Group};
use crate::baton::error::{Error, Kind, Retry};
use crate::baton::progress::{Event, Observer, Step};
use crate::workato::client::{Probed, WorkatoClient};
use crate::workato::code::QUOTA;
use crate::workato::probe::{Answered, Probe};

/// Fewer requests than this are soon used up.
const FEW: u64 = 5;

/// Asks. Shared by questions that are asked at the same time.
pub struct Asker<'a> {
    limit: Duration,
    observer: &'a dyn Observer,
    quotas: Mutex<Quotas>,
}

#[derive(Default)]
struct Quotas {
    /// The fewest requests that an answer of a family said are left.
    left: BTreeMap<&'static str, u64>,
    /// Families that refused because of their quota: others of the family would wait in vain.
    used_up: BTreeSet<&'static str>,
}

impl<'a> Asker<'a> {
    /// Nothing was asked yet.
    pub fn new(limit: Duration, observer: &'a dyn Observer) -> Self {
        Asker {
            limit,
            observer,
            quotas: Mutex::default(),
        }
    }

    /// Asks one probe; `id` goes into paths that have one.
    pub async fn ask(&self, client: &WorkatoClient, probe: &'static Probe, id: Option<&str>) -> Probed<Answered> {
        let endpoint = probe.endpoint;
        let family = endpoint.family;
        if self.quotas().used_up.contains(family) {
            return failed(used_up(family));
        }
        let probed = match tokio::time::timeout(self.limit, probe.ask(client, id)).await {
            Ok(probed) => probed,
            Err(_) if self.quotas().used_up.contains(family) => failed(used_up(family)),
            Err(_) => failed(
                Error::new(
                    Kind::DeadlineExceeded,
                    format!("{} were not answered within {} s", endpoint.name, self.limit.as_secs()),
                )
                .code(TIMEOUT)
                .hint("the other side is slow or overloaded; try again later")
                .retry(Retry::Later),
            ),
        };
        if let Some(asked) = probed.asked {
            let mut quotas = self.quotas();
            if asked.status == 429 {
                quotas.used_up.insert(family);
            }
            if let Some(left) = asked.remaining {
                let fewest = quotas.left.entry(family).or_insert(left);
                *fewest = left.min(*fewest);
            }
        }
        self.observer.event(&Event::ListDone { step: Step::Validate });
        probed
    }

    /// What the answers said about quotas.
    pub fn quota(&self, per_minute: i64) -> Check {
        const NAME: &str = "requests left";
        let quotas = self.quotas();
        let keeps = format!("a sync keeps to {per_minute} a minute in each family");
        if !quotas.used_up.is_empty() {
            let families: Vec<&str> = quotas.used_up.iter().copied().collect();
            return Check::warning(
                Group::Quota,
                NAME,
                Kind::Unavailable,
                format!("the quota of {} is used up", families.join(", ")),
            )
            .code(QUOTA)
            .lost("nothing: a sync waits, but what these endpoints answer could not be looked at")
            .todo("try again in a minute; another program may use the same quota");
        }
        let Some((family, fewest)) = quotas.left.iter().min_by_key(|(_, left)| **left) else {
            return Check::ok(Group::Quota, NAME, format!("Workato does not say; {keeps}"));
        };
        let seen = format!("{fewest} of {family} at least in every family; {keeps}");
        if *fewest < FEW {
            return Check::warning(Group::Quota, NAME, Kind::Unavailable, seen)
                .code(QUOTA)
                .lost("nothing, but time: a sync waits whenever a quota is used up")
                .todo("see whether another program uses the same quota");
        }
        Check::ok(Group::Quota, NAME, seen)
    }

    fn quotas(&self) -> MutexGuard<'_, Quotas> {
        self.quotas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed<T>(error: Error) -> Probed<T> {
    Probed {
        result: Err(error),
        asked: None,
    }
}

fn used_up(family: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("not asked: the quota of {family} is used up"),
    )
    .code(QUOTA)
    .hint("try again in a minute")
    .fact("status", "429")
    .retry(Retry::Later)
}
