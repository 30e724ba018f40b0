//! The newest state: one walk over everything that is alive, in order of key.
//!
//! A store keeps what was written, not what is. A key may have rows in several tables; the highest sequence number
//! counts, and it may say that the key is gone. So may a range deletion that is newer than the row.

mod run;
mod shadow;

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;

use super::error::{Error, Result};
use super::key::Effect;
use super::store::Inner;
use run::RunCursor;
use shadow::Shadow;

/// A walk over the live rows of a key range, in ascending order of key.
///
/// ```text
/// let mut rows = store.scan(b"a", None)?;
/// while rows.advance()? {
///     use(rows.key(), rows.value());
/// }
/// ```
pub struct Cursor {
    runs: Vec<RunCursor>,
    /// Those of the runs that stand on a row, as a heap: the least key first, and of one key the newest row.
    heap: Vec<usize>,
    shadow: Shadow,
    /// The key of the last row that was shown or passed over.
    last: Vec<u8>,
    state: State,
    end: Option<Bytes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first row.
    Before,
    /// On the row of the first run of the heap.
    On,
    /// Behind the last row.
    Behind,
    /// After an error. What would come next is not known.
    Failed,
}

impl Cursor {
    pub(super) fn new(store: &Arc<Inner>) -> Self {
        let runs = store
            .version
            .runs()
            .map(|tables| RunCursor::new(Arc::clone(store), tables));
        Cursor {
            runs: runs.collect(),
            heap: Vec::new(),
            shadow: Shadow::default(),
            last: Vec::new(),
            state: State::Behind,
            end: None,
        }
    }

    /// Starts anew: before the first row whose key is not below `start`, to end before `end` or with the last row.
    /// Blocks that are loaded already are used again.
    ///
    /// # Errors
    /// `Corrupt` or `Unsupported` when a table is not sound or cannot be read, and those of the files; here and below.
    pub fn seek(&mut self, start: &[u8], end: Option<&[u8]>) -> Result<()> {
        self.end = end.map(Bytes::copy_from_slice);
        self.heap.clear();
        self.shadow.clear();
        self.last.clear();
        self.state = State::Failed;
        for n in 0..self.runs.len() {
            if let Some(run) = self.runs.get_mut(n) {
                run.seek(start, self.end.as_ref(), &mut self.shadow)?;
                if run.is_valid() {
                    self.heap.push(n);
                }
            }
        }
        for place in (0..self.heap.len() / 2).rev() {
            self.sift_down(place);
        }
        self.state = State::Before;
        Ok(())
    }

    /// Goes to the next live row. `false` at the end.
    ///
    /// # Errors
    /// As [`Cursor::seek`]. The cursor cannot be used any more until the next `seek`.
    pub fn advance(&mut self) -> Result<bool> {
        match self.state {
            State::Behind => return Ok(false),
            State::Failed => return Err(Error::misuse("a cursor is used after an error")),
            State::Before | State::On => {}
        }
        let was_on_row = self.state == State::On;
        self.state = State::Failed;
        let found = self.find(was_on_row)?;
        self.state = if found { State::On } else { State::Behind };
        Ok(found)
    }

    fn find(&mut self, mut pass_over: bool) -> Result<bool> {
        loop {
            if pass_over {
                self.pass_key()?;
            }
            let Some(run) = self.first() else {
                return Ok(false);
            };
            let (key, trailer) = (run.key(), run.trailer());
            if self.end.as_deref().is_some_and(|end| key >= end) {
                return Ok(false);
            }
            let is_gone = trailer.effect()? == Effect::Delete;
            // A range deletion of the same number does not cover: both were written at once.
            let is_covered = run_is_covered(&mut self.shadow, &self.runs, &self.heap, trailer.sequence());
            if !is_gone && !is_covered {
                return Ok(true);
            }
            pass_over = true;
        }
    }

    /// Moves every run that stands on the first key behind that key: its newest row has spoken.
    fn pass_key(&mut self) -> Result<()> {
        let Some(run) = self.heap.first().and_then(|n| self.runs.get(*n)) else {
            return Ok(());
        };
        self.last.clear();
        self.last.extend_from_slice(run.key());
        while let Some(n) = self.heap.first().copied() {
            let Some(run) = self.runs.get_mut(n) else {
                return Ok(());
            };
            if run.key() != self.last.as_slice() {
                return Ok(());
            }
            run.advance(self.end.as_ref(), &mut self.shadow)?;
            if !run.is_valid() {
                self.heap.swap_remove(0);
            }
            self.sift_down(0);
        }
        Ok(())
    }

    fn first(&self) -> Option<&RunCursor> {
        self.runs.get(*self.heap.first()?)
    }

    fn sift_down(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let least = [left, left + 1]
                .into_iter()
                .filter(|child| *child < self.heap.len())
                .fold(
                    place,
                    |least, child| if self.precedes(child, least) { child } else { least },
                );
            if least == place {
                return;
            }
            self.heap.swap(place, least);
            place = least;
        }
    }

    /// Whether the row at one place of the heap comes before that at another.
    fn precedes(&self, a: usize, b: usize) -> bool {
        let at = |place: usize| {
            let n = *self.heap.get(place)?;
            Some((n, self.runs.get(n)?))
        };
        let (Some((a, first)), Some((b, second))) = (at(a), at(b)) else {
            return false;
        };
        let by_key = first.key().cmp(second.key());
        // Newer first. Of rows that are equally new, which does not happen in a sound store, that of the newer run.
        by_key
            .then_with(|| second.trailer().cmp(&first.trailer()))
            .then(a.cmp(&b))
            == Ordering::Less
    }

    /// The key of the row that [`Cursor::advance`] went to; empty when there is none.
    pub fn key(&self) -> &[u8] {
        match self.state {
            State::On => self.first().map(RunCursor::key).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The value of the row.
    ///
    /// # Errors
    /// `Unsupported` when the value is not stored with its row, `Misuse` when the cursor is on no row.
    pub fn value(&self) -> Result<&[u8]> {
        self.on_row()?.value()
    }

    /// Whether its table says of the row that it is not alive: it is, and a reader that believes tables passes it over.
    ///
    /// # Errors
    /// `Misuse` when the cursor is on no row.
    pub fn is_obsolete(&self) -> Result<bool> {
        self.on_row()?.is_obsolete()
    }

    /// The value of the row, to keep. It shares the memory of its block.
    ///
    /// # Errors
    /// As [`Cursor::value`].
    pub fn value_bytes(&self) -> Result<Bytes> {
        self.on_row()?.value_bytes()
    }

    fn on_row(&self) -> Result<&RunCursor> {
        let run = self.first().filter(|_| self.state == State::On);
        run.ok_or_else(|| Error::misuse("a cursor stands on no row"))
    }
}

fn run_is_covered(shadow: &mut Shadow, runs: &[RunCursor], heap: &[usize], sequence: u64) -> bool {
    let key = heap.first().and_then(|n| runs.get(*n)).map(RunCursor::key);
    key.is_some_and(|key| shadow.covers(key, sequence))
}
