//! Whose turn it is where several clients use one allowance: of those that wait, the one that was let through longest ago.
//! A client with a thousand requests waiting is one of them, as is one with a single request.

use std::collections::{BTreeMap, BTreeSet};

/// A client among those that share an allowance.
pub(super) type Party = u64;

/// Who waits for one pacer.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: BTreeMap<Party, usize>,
    /// The number of the last request of each that was let through; 0 before its first.
    served: BTreeMap<Party, u64>,
    /// Those that wait, the one that was let through longest ago first.
    order: BTreeSet<(u64, Party)>,
}

impl Line {
    fn place(&self, party: Party) -> (u64, Party) {
        (self.served.get(&party).copied().unwrap_or_default(), party)
    }

    /// Whether nobody who waits goes before `party`.
    pub(super) fn is_next(&self, party: Party) -> bool {
        self.order.first().is_none_or(|first| self.place(party) <= *first)
    }

    /// One more request of `party` waits.
    pub(super) fn joins(&mut self, party: Party) {
        *self.waiting.entry(party).or_default() += 1;
        self.order.insert(self.place(party));
    }

    /// One less.
    pub(super) fn leaves(&mut self, party: Party) {
        let Some(waiting) = self.waiting.get_mut(&party) else {
            return;
        };
        *waiting = waiting.saturating_sub(1);
        if *waiting == 0 {
            self.waiting.remove(&party);
            self.order.remove(&self.place(party));
        }
    }

    /// Request `number` of `party` was let through: the others that wait go before its next one.
    pub(super) fn served(&mut self, party: Party, number: u64) {
        let before = self.place(party);
        self.served.insert(party, number);
        if self.order.remove(&before) {
            self.order.insert((number, party));
        }
    }

    /// Whether more than one client waits.
    pub(super) fn is_contested(&self) -> bool {
        self.waiting.len() > 1
    }

    /// A client that is gone.
    pub(super) fn forget(&mut self, party: Party) {
        self.order.remove(&self.place(party));
        self.waiting.remove(&party);
        self.served.remove(&party);
    }

    /// Takes over who waits in another line.
    pub(super) fn absorb(&mut self, other: &Line) {
        for (party, number) in &other.served {
            let known = self.served.entry(*party).or_default();
            *known = (*number).max(*known);
        }
        for (party, waiting) in &other.waiting {
            *self.waiting.entry(*party).or_default() += waiting;
        }
        self.order = self.waiting.keys().map(|party| self.place(*party)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_wait_take_turns_however_much_each_has_waiting() {
        let mut line = Line::default();
        (0..1000).for_each(|_| line.joins(1));
        line.joins(2);
        let mut told = Vec::new();
        for number in 1..=4 {
            let next = [1, 2].into_iter().find(|party| line.is_next(*party)).unwrap();
            line.leaves(next);
            line.served(next, number);
            told.push(next);
        }
        assert_eq!(told, [1, 2, 1, 1]);
        // One that comes anew goes first, once.
        line.joins(3);
        assert!(line.is_next(3) && !line.is_next(1));
        line.served(3, 5);
        assert!(line.is_next(1) && !line.is_next(3));
        line.forget(1);
        assert!(line.is_next(3));
    }

    #[test]
    fn lines_that_become_one_keep_who_waits() {
        let (mut one, mut other) = (Line::default(), Line::default());
        one.joins(1);
        one.served(1, 9);
        other.joins(1);
        other.joins(2);
        one.absorb(&other);
        assert!(one.is_next(2) && !one.is_next(1) && one.is_contested());
        one.leaves(2);
        one.leaves(1);
        assert!(one.is_next(1) && !one.is_contested());
        one.leaves(1);
        assert!(one.is_next(5), "nobody waits");
    }
}
