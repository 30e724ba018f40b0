//! Whether families that were refused share one allowance.

use std::time::Instant;

use super::super::pacer::{Pacer, Sent};
use super::turns::Line;
use super::{Notice, State, TOGETHER, Track};

/// A refusal after which no request was accepted yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    family: &'static str,
    at: Instant,
}

impl State {
    /// A request was accepted: if it left after the last refusal, its family has an allowance of its own.
    pub(super) fn accepted(&mut self, sent: Sent) {
        if self.trouble.is_some_and(|trouble| trouble.at <= sent.at) {
            self.trouble = None;
        }
    }

    /// Compares a refusal of `family` with one before, and merges all pacers if they are one allowance. Refusals of
    /// the first window need as many requests as an allowance has: with fewer, an earlier run may have used up both.
    pub(super) fn compare(&mut self, family: &'static str, now: Instant, notices: &mut Vec<Notice>) {
        if self.shared.is_some() {
            return;
        }
        let Some(other) = self.trouble.filter(|trouble| trouble.family != family) else {
            self.trouble = Some(Trouble { family, at: now });
            return;
        };
        let accepted: u32 = self.tracks.values().map(|track| track.pacer.accepted(now)).sum();
        let watched = self.tracks.values().any(|track| track.pacer.has_watched(now));
        let enough = self.pace.is_some_and(|pace| accepted >= pace.requests());
        if !watched && !enough {
            return;
        }
        self.trouble = None;
        let merged = Pacer::merged(self.pace, self.tracks.values().map(|track| &track.pacer), now);
        tracing::warn!(
            first = other.family,
            second = family,
            limit = merged.limit(),
            "Refused in several quota families at once: they are paced as one from now on."
        );
        for track in self.tracks.values_mut() {
            track.resume(notices);
        }
        self.tracks.clear();
        let mut line = Line::default();
        for (_, other) in std::mem::take(&mut self.lines) {
            line.absorb(&other);
        }
        self.lines.insert(TOGETHER, line);
        self.shared = Some(Track::new(TOGETHER, merged));
    }
}
