//! The pacer of one quota family, or of all together: may a request leave now, and if not, when. Pure.
//!
//! It starts at the documented pace and learns from answers, never beyond that pace:
//! - 429 closes it until `Retry-After`; one that came although the pacer had watched a whole window means that the
//!   real allowance is smaller, so the limit goes down to what was accepted, by half at most. After five calm
//!   windows it comes back step by step.
//! - `X-Rate-Limit-Remaining` caps what may leave until the window moves on. Nobody documents its unit, so when it
//!   says that nothing is left and our own count disagrees, one request alone finds out who is right.

use std::time::{Duration, Instant};

use super::concurrency::Concurrency;
use super::pace::Pace;
use super::window::Window;

/// Calm windows before a lowered limit rises.
const CALM: u32 = 5;
/// It rises by this part of the documented limit a window.
const STEP: u32 = 20;
/// The window of a pacer without a documented pace.
const NO_PACE: Duration = Duration::from_secs(61);

/// Whether a request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It leaves now.
    Go,
    /// Not before this moment.
    At(Instant, Why),
    /// Not before another request was answered.
    AfterAnswer,
}

/// Why requests wait for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// After 429.
    Refused,
    /// So many may leave per window, and they did.
    Quota(u32),
    /// The other side said that nothing is left.
    NothingLeft,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It never arrived.
    NeverSent,
    /// Nobody waited for its answer.
    Abandoned,
    /// No answer: broken connection, no time.
    Broken,
    /// An answer that is a failure of the other side, with the count of what is left.
    Failing(Option<u64>),
    /// Any other answer but 429.
    Answered(Option<u64>),
    /// 429: nothing may leave for so long.
    Refused(Option<u64>, Duration),
}

/// What a request on its way is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// Grows with every request of the client.
    pub(super) number: u64,
    /// When it left.
    pub(super) at: Instant,
}

/// Whether the count of what is left is to be believed when our own count says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Trust {
    #[default]
    Untested,
    Proven,
    Refuted,
}

/// Paces one family.
#[derive(Debug, Clone)]
pub(super) struct Pacer {
    pace: Option<Pace>,
    limit: Option<u32>,
    window: Window,
    concurrency: Concurrency,
    closed_until: Option<Instant>,
    /// When the refusal that counts last came; refusals of requests sent before are the same event.
    refused_at: Option<Instant>,
    /// When the first request left.
    began: Option<Instant>,
    /// Since when there was neither a refusal nor a change of the limit.
    calm_since: Option<Instant>,
    left: Option<u64>,
    /// The youngest request that told what is left.
    told_by: u64,
    trust: Trust,
    probe: Probe,
}

/// The request that finds out whether nothing is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Probe {
    #[default]
    None,
    Next,
    Sent(u64),
}

impl Pacer {
    /// A pacer at its documented pace; without one it only obeys refusals.
    pub(super) fn new(pace: Option<Pace>) -> Self {
        Pacer {
            pace,
            limit: pace.map(Pace::requests),
            window: Window::new(pace.map_or(NO_PACE, Pace::span)),
            concurrency: Concurrency::default(),
            closed_until: None,
            refused_at: None,
            began: None,
            calm_since: None,
            left: None,
            told_by: 0,
            trust: Trust::default(),
            probe: Probe::default(),
        }
    }

    /// What may leave per window now, if that is known.
    pub(super) fn limit(&self) -> Option<u32> {
        self.limit
    }

    /// How many requests may run at the same time.
    #[cfg(test)]
    pub(super) fn width(&self) -> usize {
        self.concurrency.width()
    }

    /// Requests accepted within the last window.
    pub(super) fn accepted(&self, now: Instant) -> u32 {
        u32::try_from(self.window.answered_within(self.documented(), now)).unwrap_or(u32::MAX)
    }

    /// The window of the other side.
    fn documented(&self) -> Duration {
        self.pace.map_or(NO_PACE, Pace::window)
    }

    /// Whether a request may leave. [`Turn::Go`] counts it as sent.
    pub(super) fn turn(&mut self, sent: Sent) -> Turn {
        let now = sent.at;
        self.expire(now);
        self.rise(now);
        if let Some(until) = self.closed_until {
            if until > now {
                return Turn::At(until, Why::Refused);
            }
            self.closed_until = None;
        }
        if let Some(limit) = self.limit {
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            if self.window.used() >= most {
                return self.when_expired(most, Why::Quota(limit));
            }
        }
        if self.left == Some(0) && self.trust != Trust::Refuted {
            if self.window.in_flight() > 0 {
                return Turn::AfterAnswer;
            }
            // The first request after a pause has nothing to wait for either.
            if self.trust == Trust::Proven && self.window.used() > 0 {
                return self.when_expired(self.window.used(), Why::NothingLeft);
            }
            self.probe = Probe::Next;
        }
        if self.window.in_flight() >= self.concurrency.width() {
            return Turn::AfterAnswer;
        }
        if self.probe == Probe::Next {
            self.probe = Probe::Sent(sent.number);
        }
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.began.get_or_insert(now);
        self.window.send();
        Turn::Go
    }

    fn when_expired(&self, most: usize, why: Why) -> Turn {
        match self.window.room_at(most) {
            Some(at) => Turn::At(at, why),
            None => Turn::AfterAnswer,
        }
    }

    /// Files the end of a request. Returns whether it is a refusal of its own, rather than one that was under way
    /// when another came.
    pub(super) fn end(&mut self, sent: Sent, now: Instant, end: End) -> bool {
        self.expire(now);
        match end {
            End::NeverSent => {
                self.window.take_back();
                self.concurrency.failed(sent.at, now);
                self.left = self.left.map(|left| left.saturating_add(1));
            }
            End::Abandoned => self.window.answer(now),
            End::Broken => {
                self.window.answer(now);
                self.concurrency.failed(sent.at, now);
            }
            End::Failing(left) => {
                self.window.answer(now);
                self.concurrency.failed(sent.at, now);
                self.hear(sent, left);
            }
            End::Answered(left) => {
                self.window.answer(now);
                self.concurrency.succeeded();
                self.hear(sent, left);
            }
            End::Refused(_, wait) => return self.refused(sent, now, wait),
        }
        if self.probe == Probe::Sent(sent.number) {
            self.probe = Probe::None;
        }
        false
    }

    fn refused(&mut self, sent: Sent, now: Instant, wait: Duration) -> bool {
        self.window.take_back();
        self.concurrency.refused(sent.at, now);
        if self.probe == Probe::Sent(sent.number) {
            self.probe = Probe::None;
            self.trust = Trust::Proven;
        }
        // What is left in the window after the wait is unknown again.
        self.left = None;
        self.told_by = sent.number;
        let until = now + wait;
        self.closed_until = Some(self.closed_until.map_or(until, |before| before.max(until)));
        if self.refused_at.is_some_and(|at| sent.at < at) {
            return false;
        }
        self.refused_at = Some(now);
        self.calm_since = Some(now);
        // In the first window an earlier run may have used the quota up: that says nothing about its size.
        if self.has_watched(now)
            && let Some(limit) = self.limit
        {
            self.limit = Some(self.accepted(now).max(limit / 2).clamp(1, limit));
        }
        true
    }

    /// Whether a whole window passed since the first request.
    pub(super) fn has_watched(&self, now: Instant) -> bool {
        self.began.is_some_and(|began| began + self.documented() <= now)
    }

    /// Until when nothing may leave after a refusal.
    pub(super) fn closed_until(&self) -> Option<Instant> {
        self.closed_until
    }

    /// One pacer for what turned out to be one allowance: it counts what all of them sent, and begins slowly.
    pub(super) fn merged<'p>(pace: Option<Pace>, all: impl Iterator<Item = &'p Pacer>, now: Instant) -> Pacer {
        let mut merged = Pacer::new(pace);
        for pacer in all {
            merged.window.absorb(&pacer.window);
            merged.closed_until = merged.closed_until.max(pacer.closed_until);
            merged.began = match (merged.began, pacer.began) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        merged.expire(now);
        merged.concurrency.refused(now, now);
        merged.refused_at = Some(now);
        merged.calm_since = Some(now);
        if merged.has_watched(now) {
            let accepted = merged.accepted(now);
            merged.limit = merged.limit.map(|limit| accepted.clamp(1, limit));
        }
        merged
    }

    fn expire(&mut self, now: Instant) {
        if self.window.expire(now) > 0 && self.left == Some(0) {
            // What no longer counts here does not count there either: one request finds out what is left now.
            self.left = Some(1);
        }
    }

    /// A lowered limit comes back: other programs stop, and estimates may be too low.
    fn rise(&mut self, now: Instant) {
        let (Some(limit), Some(pace), Some(since)) = (self.limit, self.pace, self.calm_since) else {
            return;
        };
        let span = self.window.span();
        if limit < pace.requests() && since + span * CALM <= now {
            let step = (pace.requests() / STEP).max(1);
            self.limit = Some(limit.saturating_add(step).min(pace.requests()));
            self.calm_since = Some(since + span);
        }
    }

    /// Keeps the count of what is left, minus what is under way and may not be in it.
    fn hear(&mut self, sent: Sent, left: Option<u64>) {
        let Some(left) = left else { return };
        if self.probe == Probe::Sent(sent.number) && left == 0 && self.trust == Trust::Untested {
            // It said that nothing was left, and it was not so.
            self.trust = Trust::Refuted;
            self.left = None;
        }
        if self.trust == Trust::Refuted {
            return;
        }
        let under_way = u64::try_from(self.window.in_flight()).unwrap_or(u64::MAX);
        let left = left.saturating_sub(under_way);
        // An older answer that overtook a younger one may only lower it.
        if sent.number > self.told_by || self.left.is_some_and(|known| left < known) {
            self.left = Some(left);
            self.told_by = self.told_by.max(sent.number);
        }
    }
}
