//! A live table: the whole of a file, or a part of it, against what the MANIFEST says.

use std::cmp::Ordering;

use super::super::block::Span;
use super::super::edit::TableMeta;
use super::super::key::{Bound, MAX_SEQUENCE, Trailer, kind};
use super::Flaws;

/// What has been seen of a live table. Rows come in order.
pub(super) struct Part<'m> {
    meta: &'m TableMeta,
    first: Option<Bound>,
    last: Vec<u8>,
    last_trailer: Option<Trailer>,
    /// The least and the greatest sequence number.
    sequences: Option<(u64, u64)>,
    /// Whether a row has another number than the table has for all of them.
    has_other_sequence: bool,
}

impl<'m> Part<'m> {
    pub(super) fn of(meta: &'m TableMeta) -> Self {
        Part {
            meta,
            first: None,
            last: Vec::new(),
            last_trailer: None,
            sequences: None,
            has_other_sequence: false,
        }
    }

    /// As it counts: with the number of the table, if it has one for all.
    fn trailer(&mut self, stored: Trailer) -> Trailer {
        let Some(own) = self.meta.fixed_sequence() else {
            return stored;
        };
        self.has_other_sequence |= stored.sequence() != 0 && stored.sequence() != own;
        Trailer::new(own, stored.kind())
    }

    fn saw(&mut self, sequence: u64) {
        let (least, greatest) = self.sequences.unwrap_or((sequence, sequence));
        self.sequences = Some((least.min(sequence), greatest.max(sequence)));
    }

    /// A row of the file.
    pub(super) fn row(&mut self, key: &[u8], trailer: Trailer) {
        let is_part = self.meta.backing.is_some();
        if is_part && (key < self.meta.smallest.key.as_ref() || self.meta.largest.is_before(key)) {
            return;
        }
        let trailer = self.trailer(trailer);
        self.saw(trailer.sequence());
        if self.first.is_none() {
            self.first = Some(bound(key, trailer));
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        self.last_trailer = Some(trailer);
    }

    /// A range deletion of the file, behind all rows.
    pub(super) fn span(&mut self, span: &Span) {
        let (mut start, mut end) = (span.start.clone(), span.end.clone());
        if self.meta.backing.is_some() {
            start = start.max(self.meta.smallest.key.clone());
            end = end.min(self.meta.largest.end());
        }
        if start >= end {
            return;
        }
        let trailer = self.trailer(span.trailer);
        self.saw(trailer.sequence());
        let start = bound(&start, trailer);
        if self.first.as_ref().is_none_or(|first| order(&start, first).is_lt()) {
            self.first = Some(start);
        }
        let end = bound(&end, Trailer::new(MAX_SEQUENCE, kind::RANGE_DELETE));
        if self.last().is_none_or(|last| order(&end, &last).is_gt()) {
            self.last = end.key.to_vec();
            self.last_trailer = Some(end.trailer);
        }
    }

    fn last(&self) -> Option<Bound> {
        self.last_trailer.map(|trailer| bound(&self.last, trailer))
    }

    /// Compares. `size` is that of the file.
    pub(super) fn check(self, size: u64, flaws: &mut Flaws<'_>) {
        let meta = self.meta;
        let who = format!("live table {}", meta.number);
        let (Some(first), Some(last), Some((least, greatest))) = (&self.first, self.last(), self.sequences) else {
            flaws.say(format!("{who} has nothing in it"));
            return;
        };
        let said = (meta.smallest_sequence, meta.largest_sequence);
        if meta.backing.is_some() {
            flaws.require((1..=size).contains(&meta.size), || {
                format!("{who} is said to take {} bytes of {size}", meta.size)
            });
            let is_within = order(first, &meta.smallest).is_ge() && order(&last, &meta.largest).is_le();
            flaws.require(is_within, || format!("{who} has rows outside of its bounds"));
            flaws.require(said.0 <= least && greatest <= said.1, || {
                format!("{who} has the sequence numbers {least} to {greatest}, the MANIFEST says {said:?}")
            });
            return;
        }
        flaws.require(!self.has_other_sequence, || {
            format!("{who} has one sequence number for all rows, and rows have others")
        });
        flaws.require(*first == meta.smallest, || {
            format!("{who} does not begin with the row that the MANIFEST says")
        });
        flaws.require(last == meta.largest, || {
            format!("{who} does not end with the row that the MANIFEST says")
        });
        flaws.require((least, greatest) == said, || {
            format!("{who} has the sequence numbers {least} to {greatest}, the MANIFEST says {said:?}")
        });
    }
}

fn bound(key: &[u8], trailer: Trailer) -> Bound {
    Bound {
        key: bytes::Bytes::copy_from_slice(key),
        trailer,
    }
}

/// Keys ascend; of one key, the newest comes first.
fn order(a: &Bound, b: &Bound) -> Ordering {
    a.key.cmp(&b.key).then(b.trailer.cmp(&a.trailer))
}
