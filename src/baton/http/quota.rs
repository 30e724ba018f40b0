//! What is known of each quota family: its counters, and the one clock that all its requests wait for.
//!
//! After a 429 the family is closed until the named moment: no request of it leaves before, whichever worker sends
//! it, so that one refusal costs one wait. Pacing ahead of a refusal belongs here too: [`Quotas::observe`] already
//! keeps what the last answer said is left.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::response::RateLimit;
use crate::baton::sync::summary::FamilyCounts;

/// Closing a family again for so little longer is not worth telling anyone.
const NOT_NEWS: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Family {
    counts: FamilyCounts,
    closed_until: Option<Instant>,
    last: RateLimit,
}

/// Whether a request of a family may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// It may.
    Open,
    /// It may, and it is the first one after a wait.
    Reopened,
    /// It may not for so long.
    Closed(Duration),
}

/// All families of one client.
#[derive(Debug, Default)]
pub(super) struct Quotas(Mutex<BTreeMap<&'static str, Family>>);

impl Quotas {
    /// Whether a request of `family` may leave at `now`.
    pub(super) fn gate(&self, family: &'static str, now: Instant) -> Gate {
        let mut all = self.lock();
        let family = all.entry(family).or_default();
        match family.closed_until {
            None => Gate::Open,
            Some(until) if until > now => Gate::Closed(until - now),
            Some(_) => {
                family.closed_until = None;
                Gate::Reopened
            }
        }
    }

    /// Closes `family` for `wait`. Never shortens an earlier wait. Says whether this is news.
    pub(super) fn close(&self, family: &'static str, now: Instant, wait: Duration) -> bool {
        let mut all = self.lock();
        let family = all.entry(family).or_default();
        let until = now + wait;
        let news = family.closed_until.is_none_or(|before| until > before + NOT_NEWS);
        family.closed_until = Some(family.closed_until.map_or(until, |before| before.max(until)));
        news
    }

    /// Keeps what an answer said about the quota.
    pub(super) fn observe(&self, family: &'static str, limit: RateLimit) {
        self.lock().entry(family).or_default().last = limit;
    }

    /// Changes the counters of `family`.
    pub(super) fn count(&self, family: &'static str, change: impl FnOnce(&mut FamilyCounts)) {
        change(&mut self.lock().entry(family).or_default().counts);
    }

    /// The counters of every family that was used.
    pub(super) fn counts(&self) -> BTreeMap<String, FamilyCounts> {
        self.lock()
            .iter()
            .map(|(name, family)| ((*name).to_owned(), family.counts))
            .collect()
    }

    /// What the last answer of `family` said is left of its quota.
    pub(super) fn last(&self, family: &'static str) -> RateLimit {
        self.lock().get(family).map(|f| f.last).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Family>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_closes_the_family_once() {
        let quotas = Quotas::default();
        let now = Instant::now();
        assert_eq!(quotas.gate("a", now), Gate::Open);
        assert!(quotas.close("a", now, Duration::from_secs(30)));
        assert!(!quotas.close("a", now, Duration::from_secs(30)));
        assert!(!quotas.close("a", now, Duration::from_secs(3)), "never shorter");
        assert_eq!(quotas.gate("a", now), Gate::Closed(Duration::from_secs(30)));
        assert_eq!(quotas.gate("b", now), Gate::Open, "families do not wait for each other");
        let later = now + Duration::from_secs(30);
        assert_eq!(quotas.gate("a", later), Gate::Reopened);
        assert_eq!(quotas.gate("a", later), Gate::Open);
    }
}
