//! Waiting for a turn, and what a request on its way holds.

use std::pin::pin;
use std::time::Duration;

use super::super::pacer::{End, Sent, Turn};
use super::{Quotas, State};
use crate::baton::span::{self, Wait};

/// A request on its way. Dropped without an end it counts as sent.
#[must_use]
pub(in crate::baton::http) struct Ticket<'q> {
    quotas: &'q Quotas,
    family: &'static str,
    sent: Sent,
    open: bool,
}

impl Ticket<'_> {
    /// Files how the request ended.
    pub(in crate::baton::http) fn end(mut self, end: End) {
        self.open = false;
        self.quotas.end(self.family, self.sent, end);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.open {
            self.quotas.end(self.family, self.sent, End::Abandoned);
        }
    }
}

enum Step<'q> {
    Go(Ticket<'q>),
    /// This waiter sleeps, for all.
    Sleep(Duration),
    /// Somebody else sleeps, or an answer must come first.
    Rest,
}

impl Quotas {
    /// Waits until a request of `family` may leave, and counts it as sent.
    pub(in crate::baton::http) async fn admit(&self, family: &'static str) -> Ticket<'_> {
        let mut waiter = Waiter::new(self, family);
        let mut waits = None;
        loop {
            // Registered before looking, so that no change in between is missed.
            let mut changed = pin!(self.allowance.0.changed.notified());
            changed.as_mut().enable();
            let step = waiter.step();
            if !matches!(step, Step::Go(_)) {
                waits.get_or_insert_with(|| span::wait(Wait::Quota, family));
            }
            match step {
                Step::Go(ticket) => return ticket,
                Step::Sleep(wait) => tokio::select! {
                    biased;
                    () = self.clock.sleep(wait) => {}
                    () = changed => {}
                },
                Step::Rest => changed.await,
            }
        }
    }

    /// Pauses one request of `family`; the pause counts as waited.
    pub(in crate::baton::http) async fn pause(&self, family: &'static str, pause: Duration) {
        let mut waiter = Waiter::new(self, family);
        waiter.counts();
        let _waits = span::wait(Wait::Retry, family);
        self.clock.sleep(pause).await;
    }
}

/// A request that waits. Whatever ends the wait, dropping this hands the clock to another one.
struct Waiter<'q> {
    quotas: &'q Quotas,
    family: &'static str,
    id: u64,
    leads: bool,
    counted: bool,
    in_line: bool,
}

impl<'q> Waiter<'q> {
    fn new(quotas: &'q Quotas, family: &'static str) -> Self {
        quotas.own().entry(family).or_default();
        Waiter {
            quotas,
            family,
            id: quotas.lock().number(),
            leads: false,
            counted: false,
            in_line: false,
        }
    }

    fn step(&mut self) -> Step<'q> {
        let mut notices = Vec::new();
        let step = self.look(&mut notices);
        self.quotas.tell(notices);
        step
    }

    fn look(&mut self, notices: &mut Vec<super::Notice>) -> Step<'q> {
        let quotas = self.quotas;
        let mut state = quotas.lock();
        let now = quotas.clock.now();
        let sent = Sent {
            number: state.number(),
            at: now,
        };
        if !state.line(self.family).is_next(quotas.party) {
            // Whoever is next has to look: it may have waited for this one's clock.
            let track = state.track(self.family);
            if track.leader == Some(self.id) {
                track.leader = None;
                quotas.allowance.0.changed.notify_waiters();
            }
            self.leads = false;
            self.joins(&mut state);
            self.counts();
            return Step::Rest;
        }
        let track = state.track(self.family);
        match track.pacer.turn(sent) {
            Turn::Go => {
                track.resume(notices);
                state.line(self.family).served(quotas.party, sent.number);
                Step::Go(Ticket {
                    quotas,
                    family: self.family,
                    sent,
                    open: true,
                })
            }
            Turn::At(until, why) => {
                track.announce(now, until, why, notices);
                let leads = track.leader.is_none_or(|leader| leader == self.id);
                if leads {
                    track.leader = Some(self.id);
                }
                self.leads = leads;
                self.joins(&mut state);
                self.counts();
                if leads {
                    Step::Sleep(until.saturating_duration_since(now))
                } else {
                    Step::Rest
                }
            }
            Turn::AfterAnswer => {
                if track.leader == Some(self.id) {
                    track.leader = None;
                }
                self.joins(&mut state);
                Step::Rest
            }
        }
    }

    /// Waits for its client's turn from now on.
    fn joins(&mut self, state: &mut State) {
        if !self.in_line {
            self.in_line = true;
            state.line(self.family).joins(self.quotas.party);
        }
    }

    /// Counts as waiting from now on.
    fn counts(&mut self) {
        if !self.counted {
            self.counted = true;
            let mut own = self.quotas.own();
            let family = own.entry(self.family).or_default();
            family.waiting += 1;
            family.waiting_since.get_or_insert(self.quotas.clock.now());
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let now = self.quotas.clock.now();
        let mut state = self.quotas.lock();
        if self.counted {
            let mut own = self.quotas.own();
            let family = own.entry(self.family).or_default();
            family.waiting = family.waiting.saturating_sub(1);
            if family.waiting == 0
                && let Some(since) = family.waiting_since.take()
            {
                family.waited += now.saturating_duration_since(since);
            }
        }
        let track = state.track(self.family);
        let led = track.leader == Some(self.id);
        if led {
            track.leader = None;
        }
        let line = state.line(self.family);
        let others = line.is_contested();
        if self.in_line {
            line.leaves(self.quotas.party);
        }
        drop(state);
        if led || others {
            self.quotas.allowance.0.changed.notify_waiters();
        }
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}
