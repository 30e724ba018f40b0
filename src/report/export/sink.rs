//! What fills the files of one format, each on a thread of its own: rows are looked up on one core while they are written
//! on another.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::Written;
use super::table::{Cell, Table};
use crate::baton::error::{Error, Kind, Result};
use crate::report::thing::{Right, Thing};

/// Rows that go to the threads together.
const BATCH: usize = 256;
/// Batches that wait for a thread at most.
const AHEAD: usize = 4;

/// One format that is being filled.
pub(super) trait Sink: Send {
    /// Takes a row of a table.
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()>;

    /// Whether it takes what principals were given.
    fn takes_given(&self) -> bool {
        false
    }

    /// Takes everything a principal was given, in the order of answers.
    fn given(&mut self, _principal: &Thing, _given: &[Right]) -> Result<()> {
        Ok(())
    }

    /// Completes the files.
    fn finish(self: Box<Self>) -> Result<Vec<Written>>;
}

/// What a sink is handed.
pub(super) enum Handed {
    /// A row of a table.
    Row(Table, Vec<Cell>),
    /// Everything a principal was given, in the order of answers.
    Given(Box<Thing>, Vec<Right>),
}

/// Where rows go to.
pub(super) struct Rows {
    takes_given: bool,
    batch: Vec<Handed>,
    threads: Vec<SyncSender<Arc<Vec<Handed>>>>,
    /// What was handed out last. Texts are let go of by the thread that made them: another one would have to wait for its
    /// heap each time.
    out: VecDeque<Arc<Vec<Handed>>>,
}

impl Rows {
    /// Whether somebody takes what principals were given.
    pub(super) fn takes_given(&self) -> bool {
        self.takes_given
    }

    /// Hands one thing on.
    ///
    /// # Errors
    /// `Internal` where nobody takes rows any more, here and below; [`fill`] then says why.
    pub(super) fn hand(&mut self, handed: Handed) -> Result<()> {
        self.batch.push(handed);
        match self.batch.len() {
            BATCH.. => self.flush(),
            _ => Ok(()),
        }
    }

    /// Hands on what comes behind everything that was handed on before.
    ///
    /// # Errors
    /// As [`Rows::hand`].
    pub(super) fn hand_all(&mut self, batch: Vec<Handed>) -> Result<()> {
        self.flush()?;
        self.batch = batch;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(std::mem::take(&mut self.batch));
        let gone = |_| Error::new(Kind::Internal, "what writes the rows has stopped");
        self.out.push_back(Arc::clone(&batch));
        for thread in &self.threads {
            thread.send(Arc::clone(&batch)).map_err(gone)?;
        }
        while self.out.front().is_some_and(|oldest| Arc::strong_count(oldest) == 1) {
            self.out.pop_front();
        }
        Ok(())
    }
}

/// Hands all rows of `pass` to every sink, and gives the sinks back, which are then to be finished.
///
/// # Errors
/// That of the first sink that could not take a row, else that of `pass`.
pub(super) fn fill(
    sinks: Vec<Box<dyn Sink>>,
    pass: impl FnOnce(&mut Rows) -> Result<()>,
) -> Result<Vec<Box<dyn Sink>>> {
    thread::scope(|scope| {
        let mut rows = Rows {
            takes_given: sinks.iter().any(|sink| sink.takes_given()),
            batch: Vec::with_capacity(BATCH),
            threads: Vec::new(),
            out: VecDeque::new(),
        };
        let mut filling = Vec::new();
        for sink in sinks {
            let (to, from) = sync_channel(AHEAD);
            rows.threads.push(to);
            filling.push(scope.spawn(move || take(sink, &from)));
        }
        let passed = pass(&mut rows).and_then(|()| rows.flush());
        drop(rows);
        let filled: Vec<_> = filling
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect();
        let sinks = filled.into_iter().collect::<Result<_>>()?;
        passed?;
        Ok(sinks)
    })
}

/// Takes all that comes.
fn take(mut sink: Box<dyn Sink>, from: &Receiver<Arc<Vec<Handed>>>) -> Result<Box<dyn Sink>> {
    for batch in from {
        for handed in &*batch {
            match handed {
                Handed::Row(table, cells) => sink.row(*table, cells)?,
                Handed::Given(principal, given) => sink.given(principal, given)?,
            }
        }
    }
    Ok(sink)
}
