//! The pacers of all quota families, shared by all workers: whoever wants to send waits here for a turn.
//!
//! Families are paced apart and run in parallel. Nobody documents that their allowances are separate
//! (`workato/api.md 3.1`), so refusals are compared: when one family is refused, and then another one before
//! any request was accepted again, and there were enough requests altogether, they are one allowance, and one
//! pacer takes over for the rest of the run.
//!
//! A wait has one clock per pacer: one worker sleeps, the others wait for it. Clients that share an [`Allowance`] take
//! turns (`turns`).

mod counts;
mod merge;
#[cfg(test)]
mod tests;
mod turns;
mod wait;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

pub use self::counts::FamilyCounts;
use self::merge::Trouble;
use self::turns::{Line, Party};
pub(super) use self::wait::Ticket;
use super::clock::Clock;
use super::pace::Pace;
use super::pacer::{End, Pacer, Sent, Why};
use super::response::RateLimit;
use crate::baton::lock::locked;
use crate::baton::progress::{Event, Observer};

/// What a merged pacer is called where a family is named.
const TOGETHER: &str = "all families together";
/// Waiting again for so little longer is not worth telling anyone.
const NOT_NEWS: Duration = Duration::from_secs(1);

/// All families as one client counts them.
pub(super) struct Quotas {
    families: Mutex<BTreeMap<&'static str, Family>>,
    allowance: Allowance,
    party: Party,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
}

/// What a token is allowed, for several clients that use it: they keep its pace together, and take turns.
#[derive(Clone)]
pub struct Allowance(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Told after every change that may let a waiting request leave.
    changed: Notify,
}

impl std::fmt::Debug for Allowance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Allowance")
    }
}

impl Allowance {
    /// Every family at its pace: that of `paces`, else `pace`, else none but what refusals say.
    pub fn new(pace: Option<Pace>, paces: &[(&'static str, Pace)]) -> Self {
        Allowance(Arc::new(Shared {
            state: Mutex::new(State {
                pace,
                paces: paces.iter().copied().collect(),
                tracks: BTreeMap::new(),
                shared: None,
                trouble: None,
                numbers: 0,
                parties: 0,
                lines: BTreeMap::new(),
            }),
            changed: Notify::new(),
        }))
    }
}

/// One family as it is counted; how it is paced is in its [`Track`].
#[derive(Debug, Default)]
struct Family {
    counts: FamilyCounts,
    last: RateLimit,
    /// Requests that wait now, since when there is one, and how long there was one before.
    waiting: usize,
    waiting_since: Option<Instant>,
    waited: Duration,
}

/// A pacer and who sleeps for it.
struct Track {
    name: &'static str,
    pacer: Pacer,
    /// The waiter that sleeps for all.
    leader: Option<u64>,
    /// Until when a wait was announced.
    announced: Option<Instant>,
}

struct State {
    pace: Option<Pace>,
    /// Where a family has another one.
    paces: BTreeMap<&'static str, Pace>,
    tracks: BTreeMap<&'static str, Track>,
    /// The pacer of all families, once they are known to share one allowance.
    shared: Option<Track>,
    trouble: Option<Trouble>,
    numbers: u64,
    parties: Party,
    /// Who waits, by family, or for all of them.
    lines: BTreeMap<&'static str, Line>,
}

/// What to tell the observer, once the lock is gone.
enum Notice {
    Waiting(&'static str, Why, Duration),
    Resumed(&'static str),
}

impl Quotas {
    #[cfg(test)]
    pub(super) fn new(pace: Option<Pace>, clock: Arc<dyn Clock>, observer: Arc<dyn Observer>) -> Self {
        Quotas::sharing(Allowance::new(pace, &[]), clock, observer)
    }

    /// Those of one more client of an allowance.
    pub(super) fn sharing(allowance: Allowance, clock: Arc<dyn Clock>, observer: Arc<dyn Observer>) -> Self {
        let party = {
            let mut state = locked(&allowance.0.state);
            state.parties += 1;
            state.parties
        };
        Quotas {
            families: Mutex::default(),
            allowance,
            party,
            clock,
            observer,
        }
    }

    /// Keeps what an answer said about the quota.
    pub(super) fn observe(&self, family: &'static str, limit: RateLimit) {
        self.own().entry(family).or_default().last = limit;
    }

    /// Changes the counters of `family`.
    pub(super) fn count(&self, family: &'static str, change: impl FnOnce(&mut FamilyCounts)) {
        change(&mut self.own().entry(family).or_default().counts);
    }

    /// The counters of every family that was used.
    pub(super) fn counts(&self) -> BTreeMap<String, FamilyCounts> {
        let now = self.clock.now();
        let state = self.lock();
        let own = self.own();
        let counts = own.iter().map(|(name, family)| {
            let since = family.waiting_since.map(|since| now.saturating_duration_since(since));
            let waited = family.waited + since.unwrap_or_default();
            let limit = state.track_of(name).and_then(|track| track.pacer.limit());
            let counts = FamilyCounts {
                waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
                per_minute: state
                    .pace_of(name)
                    .zip(limit)
                    .map(|(pace, limit)| pace.in_minutes(limit)),
                shared: state.shared.is_some(),
                ..family.counts
            };
            ((*name).to_owned(), counts)
        });
        counts.collect()
    }

    /// What the last answer of `family` said is left of its quota.
    pub(super) fn last(&self, family: &'static str) -> RateLimit {
        self.own().get(family).map(|f| f.last).unwrap_or_default()
    }

    /// Files how a request ended.
    fn end(&self, family: &'static str, sent: Sent, end: End) {
        let now = self.clock.now();
        let mut notices = Vec::new();
        self.lock().end(family, sent, now, end, &mut notices);
        self.allowance.0.changed.notify_waiters();
        self.tell(notices);
    }

    fn tell(&self, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Waiting(family, why, wait) => {
                    let reason = match why {
                        Why::Refused => "rate limit (HTTP 429)".to_owned(),
                        Why::Quota(limit) => match self.lock().pace_of(family) {
                            Some(pace) => format!("quota of {} a minute", pace.in_minutes(limit)),
                            None => "quota".to_owned(),
                        },
                        Why::NothingLeft => "nothing left of the quota".to_owned(),
                    };
                    self.observer.event(&Event::Waiting {
                        family,
                        reason: &reason,
                        wait,
                    });
                }
                Notice::Resumed(family) => self.observer.event(&Event::Resumed { family }),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.allowance.0.state)
    }

    /// Never locked before [`Quotas::lock`] where both are.
    fn own(&self) -> MutexGuard<'_, BTreeMap<&'static str, Family>> {
        locked(&self.families)
    }
}

impl Drop for Quotas {
    fn drop(&mut self) {
        let mut state = self.lock();
        state.lines.values_mut().for_each(|line| line.forget(self.party));
    }
}

impl Track {
    fn new(name: &'static str, pacer: Pacer) -> Self {
        Track {
            name,
            pacer,
            leader: None,
            announced: None,
        }
    }

    /// Announces a wait until `until`, unless it is known.
    fn announce(&mut self, now: Instant, until: Instant, why: Why, notices: &mut Vec<Notice>) {
        if self.announced.is_none_or(|before| until > before + NOT_NEWS) {
            notices.push(Notice::Waiting(self.name, why, until.saturating_duration_since(now)));
            self.announced = Some(until);
        }
    }

    fn resume(&mut self, notices: &mut Vec<Notice>) {
        if self.announced.take().is_some() {
            notices.push(Notice::Resumed(self.name));
        }
    }
}

impl State {
    fn pace_of(&self, family: &str) -> Option<Pace> {
        // All together keep to the pace of most.
        match self.shared.is_some() {
            true => self.pace,
            false => self.paces.get(family).copied().or(self.pace),
        }
    }

    /// Who waits for the pacer of `family`.
    fn line(&mut self, family: &'static str) -> &mut Line {
        let name = if self.shared.is_some() { TOGETHER } else { family };
        self.lines.entry(name).or_default()
    }

    fn track_of(&self, family: &str) -> Option<&Track> {
        self.shared.as_ref().or_else(|| self.tracks.get(family))
    }

    fn track(&mut self, family: &'static str) -> &mut Track {
        let pace = self.pace_of(family);
        match &mut self.shared {
            Some(shared) => shared,
            None => self
                .tracks
                .entry(family)
                .or_insert_with(|| Track::new(family, Pacer::new(pace))),
        }
    }

    fn end(&mut self, family: &'static str, sent: Sent, now: Instant, end: End, notices: &mut Vec<Notice>) {
        let fresh = self.track(family).pacer.end(sent, now, end);
        match end {
            End::Refused(..) => {
                if fresh {
                    self.compare(family, now, notices);
                }
                let track = self.track(family);
                if let Some(until) = track.pacer.closed_until() {
                    track.announce(now, until, Why::Refused, notices);
                }
            }
            End::Answered(_) => self.accepted(sent),
            _ => {}
        }
    }
}
