//! Where questions are answered: blocking, with a reader of its own for each that is answered at the same time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::index::Index;
use super::question::Question;
use super::reach::{Asked, ReachRows};
use super::{list, page, reach, search};
use crate::baton::conventions::Conventions;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::report::compare::changes::Changes;
use crate::report::overview::Overview;
use crate::report::policy::Policy;
use crate::report::snapshot::Snapshot;

/// Answers whose rows are remembered, so that the next page of a long one is quick.
const REMEMBERED: usize = 16;

/// One sync, ready for questions from any thread.
pub struct QueryService {
    conventions: &'static Conventions,
    policy: Policy,
    /// Readers nobody uses right now; never empty of the first one for long.
    readers: Mutex<Vec<Snapshot>>,
    /// What another reader is made from.
    first: Mutex<Snapshot>,
    index: OnceLock<Result<Index>>,
    overview: OnceLock<Result<Vec<u8>>>,
    changes: OnceLock<Result<Vec<u8>>>,
    remembered: Mutex<VecDeque<(Asked, ReachRows)>>,
    abandoned: AtomicU64,
}

impl QueryService {
    /// Opens it. Nothing is read yet.
    pub fn new(snapshot: Snapshot, conventions: &'static Conventions) -> Self {
        QueryService {
            conventions,
            policy: Policy::default(),
            readers: Mutex::default(),
            first: Mutex::new(snapshot),
            index: OnceLock::new(),
            overview: OnceLock::new(),
            changes: OnceLock::new(),
            remembered: Mutex::default(),
            abandoned: AtomicU64::new(0),
        }
    }

    /// Judged by a policy.
    #[must_use]
    pub fn under(self, policy: Policy) -> Self {
        QueryService { policy, ..self }
    }

    /// Reads what every answer needs. The first who asks reads, whoever asks meanwhile waits.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, the same each time.
    pub fn index(&self) -> Result<&Index> {
        let read = || self.with_reader(|snapshot| Index::read(snapshot, self.conventions));
        self.index.get_or_init(read).as_ref().map_err(Error::again)
    }

    /// The first page as JSON, counted once.
    ///
    /// # Errors
    /// As [`QueryService::index`].
    pub fn overview(&self) -> Result<&[u8]> {
        let count = || {
            let index = self.index()?;
            let count = |snapshot: &Snapshot| {
                Overview::counted(
                    snapshot,
                    (self.conventions, &self.policy),
                    &index.inventory,
                    &index.counts,
                    &index.ground,
                )
            };
            json(&self.with_reader(count)?)
        };
        self.overview.get_or_init(count).as_deref().map_err(Error::again)
    }

    /// What changed since the sync before as JSON, compared once. It goes on when nobody waits any more: the next one
    /// wants it.
    fn changes(&self) -> Result<Vec<u8>> {
        let compare = || json(&self.with_reader(|snapshot| Changes::of(snapshot, self.conventions))?);
        let known = self.changes.get_or_init(compare).as_ref().map_err(Error::again);
        known.cloned()
    }

    /// Answers `api/<name>?<query>` as JSON.
    ///
    /// # Errors
    /// `NotFound` for a question nobody knows or a thing that is not there, `InvalidArgument` for one that makes no sense,
    /// `DataLoss` for a damaged file.
    pub fn answer(&self, name: &str, query: &str) -> Result<Vec<u8>> {
        self.answer_while(name, query, &CancellationToken::new())
    }

    /// As [`QueryService::answer`], until nobody waits for the answer any more. What every answer needs is read to its
    /// end all the same: the next one wants it.
    ///
    /// # Errors
    /// As [`QueryService::answer`]; `Cancelled` where nobody waits.
    pub fn answer_while(&self, name: &str, query: &str, gone: &CancellationToken) -> Result<Vec<u8>> {
        let question = Question::of(query);
        match name {
            "overview" => self.overview().map(<[u8]>::to_vec),
            "search" => json(&search::answer(self.index()?, &question)?),
            "list" => {
                let index = self.index()?;
                json(&self.with_reader_while(gone, |snapshot| list::answer(snapshot, index, &question))?)
            }
            "thing" => {
                let index = self.index()?;
                json(&self.with_reader_while(gone, |snapshot| page::answer(snapshot, index, &question))?)
            }
            "changes" => self.changes(),
            "access" => {
                let index = self.index()?;
                let asked = Asked::of(&question)?;
                json(&self.with_reader_while(gone, |snapshot| {
                    let rows = self.rows(snapshot, index, asked)?;
                    reach::answer(snapshot, index, &rows, &question)
                })?)
            }
            _ => Err(Error::new(Kind::NotFound, format!("there is no question {name:?}"))),
        }
    }

    fn rows(&self, snapshot: &Snapshot, index: &Index, asked: Asked) -> Result<ReachRows> {
        let known = {
            let remembered = locked(&self.remembered);
            remembered
                .iter()
                .find(|(known, _)| *known == asked)
                .map(|(_, rows)| ReachRows::clone(rows))
        };
        if let Some(rows) = known {
            return Ok(rows);
        }
        let rows = reach::rows(snapshot, index, &asked)?;
        let mut remembered = locked(&self.remembered);
        remembered.push_front((asked, ReachRows::clone(&rows)));
        remembered.truncate(REMEMBERED);
        Ok(rows)
    }

    /// How many questions were given up because nobody waited any more.
    pub fn abandoned(&self) -> u64 {
        self.abandoned.load(Ordering::Relaxed)
    }

    fn with_reader_while<T>(&self, gone: &CancellationToken, work: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        let outcome = self.with_reader(|snapshot| {
            snapshot.reader().read_until(Some(gone.clone()));
            let outcome = work(snapshot);
            snapshot.reader().read_until(None);
            outcome
        });
        if outcome.as_ref().is_err_and(|error| error.kind() == Kind::Cancelled) {
            self.abandoned.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    fn with_reader<T>(&self, work: impl FnOnce(&Snapshot) -> Result<T>) -> Result<T> {
        let idle = locked(&self.readers).pop();
        let snapshot = match idle {
            Some(snapshot) => snapshot,
            None => {
                let first = locked(&self.first);
                // What one answer names is found by the next, whoever reads it.
                first.reader().number_rows()?;
                first.again()?
            }
        };
        let outcome = work(&snapshot);
        locked(&self.readers).push(snapshot);
        outcome
    }
}

fn json(answer: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(answer).map_err(|e| Error::new(Kind::Internal, format!("an answer cannot be written: {e}")))
}
