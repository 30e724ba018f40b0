//! The shadow that range deletions throw on older rows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;

use super::super::block::Span;

/// The range deletions that matter from some key on. Keys are asked about in ascending order.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    /// Those that begin behind the last key: start, end, sequence number; the least start first.
    ahead: BinaryHeap<Reverse<(Bytes, Bytes, u64)>>,
    /// Those that have begun: sequence number and end; the newest first.
    begun: BinaryHeap<(u64, Bytes)>,
}

impl Shadow {
    pub(super) fn clear(&mut self) {
        self.ahead.clear();
        self.begun.clear();
    }

    pub(super) fn add(&mut self, spans: Vec<Span>) {
        let spans = spans.into_iter();
        self.ahead
            .extend(spans.map(|s| Reverse((s.start, s.end, s.trailer.sequence()))));
    }

    /// Whether a row of `key` that was written with `sequence` is gone.
    pub(super) fn covers(&mut self, key: &[u8], sequence: u64) -> bool {
        while let Some(Reverse((start, _, _))) = self.ahead.peek()
            && start.as_ref() <= key
        {
            if let Some(Reverse((_, end, sequence))) = self.ahead.pop()
                && end.as_ref() > key
            {
                self.begun.push((sequence, end));
            }
        }
        // Of what has ended, only what hides newer ones has to go.
        while self.begun.peek().is_some_and(|(_, end)| end.as_ref() <= key) {
            self.begun.pop();
        }
        self.begun.peek().is_some_and(|(newest, _)| *newest > sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::key::{Trailer, kind};
    use super::*;

    fn span(start: &str, end: &str, sequence: u64) -> Span {
        Span {
            start: Bytes::copy_from_slice(start.as_bytes()),
            end: Bytes::copy_from_slice(end.as_bytes()),
            trailer: Trailer::new(sequence, kind::RANGE_DELETE),
        }
    }

    #[test]
    fn only_what_is_older_is_covered_and_the_end_is_not() {
        let mut shadow = Shadow::default();
        shadow.add(vec![span("b", "d", 5)]);
        assert!(!shadow.covers(b"a", 4));
        assert!(shadow.covers(b"b", 4));
        assert!(!shadow.covers(b"b", 5), "equally new");
        assert!(!shadow.covers(b"c", 6), "newer");
        assert!(shadow.covers(b"c\xff", 4));
        assert!(!shadow.covers(b"d", 4));
    }

    #[test]
    fn the_newest_of_several_counts_and_older_ones_outlive_it() {
        let mut shadow = Shadow::default();
        shadow.add(vec![span("a", "z", 3), span("b", "c", 9), span("e", "f", 1)]);
        assert!(shadow.covers(b"a", 2) && !shadow.covers(b"a", 3));
        assert!(shadow.covers(b"b", 8));
        assert!(!shadow.covers(b"c", 8) && shadow.covers(b"c", 2));
        shadow.add(vec![span("c", "d", 20)]);
        assert!(shadow.covers(b"c\0", 19), "one that is met later");
        assert!(!shadow.covers(b"e", 3) && shadow.covers(b"e", 2));
        assert!(!shadow.covers(b"z", 0));
    }
}
