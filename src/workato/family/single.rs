//! Requests that are made once for each thing of a list: the grants of a project, the members of a group. A refusal of
//! one thing is a refusal of that thing: it is named and counted, and the others are read.
//!
//! What a refusal means must not depend on which answer is the first to come. So a family begins with one question at
//! a time, in the order of the list, until something answers; everybody else waits for that. If nothing does, a few
//! questions stand for all, and the family counts as refused. Once it answers, each thing has its own outcome.
//!
//! A thing that answered in an earlier sync and is in no list now is asked for once ([`vanished`]).
//!
//! A checkbox that is cleared while the sync runs looks like many such refusals. It is told apart by asking once more
//! for something that answered. And a thing that answered in an earlier sync may not refuse now, as a family may not.

mod vanished;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::loss::{lost, not_known, status};
use super::{Family, ended};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::Kept;
use crate::baton::warning::Cause;
use crate::workato::access_model::is_refusal;
use crate::workato::tables::{found, keep};

/// Refusals from the start of a list that make a family doubtful.
const IN_A_ROW: usize = 3;
/// Refusals elsewhere in the list that settle it.
const ELSEWHERE: usize = 2;
/// How many of the things that answered are kept to be asked once more.
const WITNESSES: usize = 3;

/// What is asked for, about one thing at a time.
pub trait Single: Sync {
    /// An answer.
    type Answer: Send;

    /// What the family is called in messages: `project grants of dev`.
    fn what(&self) -> String;
    /// The ids of all things that are to be asked for, in the order of their list.
    fn listed(&self) -> Vec<String>;
    /// How to count things without an answer.
    fn losses(&self) -> &Losses;
    /// What people call the thing.
    fn name(&self, id: &str) -> String;
    /// Asks, through the session of the sync.
    fn ask(&self, id: &str) -> impl Future<Output = Result<Self::Answer>> + Send;
    /// Asks Workato in any case, and forgets the answer.
    fn ask_again(&self, id: &str) -> impl Future<Output = Result<()>> + Send;
    /// Whether the list of these things, as this sync read it, has this one; `None` where that list is none of theirs
    /// alone, so that what it lacks says nothing.
    fn is_known(&self, _id: &str) -> Option<bool> {
        None
    }
    /// Whether the list of these things, as it is now, still has this one.
    fn is_listed(&self, id: &str) -> impl Future<Output = Result<bool>> + Send;
}

/// How things without an answer are counted.
#[derive(Debug, Clone, Copy)]
pub struct Losses {
    /// Those that are refused.
    pub refused: Cause,
    /// What they are and what is missing: `projects, whose grants are missing`.
    pub missing: &'static str,
    /// Those that disappeared.
    pub gone: Cause,
    /// The message about these.
    pub gone_message: &'static str,
}

/// What became of a question about one thing.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The answer.
    Rows(T),
    /// This one is refused or gone; counted.
    Missing,
    /// The token may not read the family; counted.
    Refused,
}

/// What is known of a family in one process of a sync.
#[derive(Debug, Default)]
pub struct State {
    /// Whether anything answers.
    opened: OnceCell<bool>,
    /// What became of the things that were asked before anything answered.
    early: Mutex<BTreeMap<String, Early>>,
    witnesses: Mutex<Vec<String>>,
    /// How many times witnesses were asked once more, and what came of the last time.
    asked_again: AtomicU64,
    still: tokio::sync::Mutex<(u64, bool)>,
}

#[derive(Debug)]
enum Early {
    Gone,
    Refused(Error),
}

/// An outcome that a resumed sync must find again: tables that are derived a second time must be the same.
#[derive(Debug, Serialize, Deserialize)]
enum Stored {
    Gone,
    Refused(String),
}

/// Asks for one thing of a list.
///
/// # Errors
/// `PermissionDenied` for a refusal of what answered before; all errors that are no refusals.
pub async fn read<S: Single>(cx: &SyncContext, family: &Family, single: &S, id: &str) -> Result<Outcome<S::Answer>> {
    if family.is_refused() {
        return Ok(Outcome::Refused);
    }
    if !begin(cx, family, single).await? {
        return Ok(Outcome::Refused);
    }
    let key = format!("refused/{}/{id}", family.name);
    if let Some(stored) = found::<Stored>(cx, &key).await? {
        count(cx, single, id, &stored);
        return Ok(Outcome::Missing);
    }
    let early = lock(&family.singles.early).remove(id);
    let outcome = match early {
        Some(Early::Gone) => Stored::Gone,
        // What answered after it shows that the family answers.
        Some(Early::Refused(refusal)) => refused(cx, family, single, id, refusal)?,
        None => match single.ask(id).await {
            Ok(rows) => {
                family.answered(cx, id);
                return Ok(Outcome::Rows(rows));
            }
            Err(refusal) if is_refusal(&refusal) => {
                if is_gone(single, id, &refusal).await? {
                    Stored::Gone
                } else {
                    let stored = refused(cx, family, single, id, refusal.again())?;
                    still_answers(cx, family, single, refusal).await?;
                    stored
                }
            }
            Err(error) => return Err(error),
        },
    };
    let outcome = keep(cx, &key, outcome).await?;
    count(cx, single, id, &outcome);
    Ok(Outcome::Missing)
}

/// Makes sure that it is known whether a family answers at all, and what became of the things that answered in the sync
/// before.
///
/// # Errors
/// As [`read`].
pub async fn begin<S: Single>(cx: &SyncContext, family: &Family, single: &S) -> Result<bool> {
    let open = || {
        Box::pin(async {
            let answers = open(cx, family, single).await?;
            if answers {
                vanished::count(cx, family, single).await?;
            }
            Ok(answers)
        })
    };
    family.singles.opened.get_or_try_init(open).await.copied()
}

/// Asks one thing after the other until one answers, and says whether any does.
async fn open<S: Single>(cx: &SyncContext, family: &Family, single: &S) -> Result<bool> {
    let listed = single.listed();
    let before = cx
        .previous
        .as_ref()
        .and_then(|previous| previous.remembered.answered.get(&family.name));
    let still_there = listed
        .iter()
        .filter(|id| before.is_some_and(|before| before.contains(*id)));
    cx.records.begin(&family.name, still_there.cloned());
    let mut first = None;
    let mut refusals = 0;
    for id in first_asked(&listed) {
        match single.ask(id).await {
            Ok(_) => {
                family.accept(cx);
                family.answered(cx, id);
                return Ok(true);
            }
            Err(refusal) if is_refusal(&refusal) => {
                let early = if is_gone(single, id, &refusal).await? {
                    Early::Gone
                } else {
                    refusals += 1;
                    first.get_or_insert_with(|| refusal.again());
                    Early::Refused(refusal)
                };
                lock(&family.singles.early).insert(id.clone(), early);
            }
            Err(error) => return Err(error),
        }
        if refusals == IN_A_ROW + ELSEWHERE {
            break;
        }
    }
    match first {
        // Nothing is left of the list.
        None => Ok(true),
        Some(refusal) => family.refuse(cx, &single.what(), refusal).map(|()| false),
    }
}

/// The order in which the things of a list are asked until one answers: the first ones, then, since neighbours may
/// well be refused together, the middle and the end, then all others.
fn first_asked(listed: &[String]) -> impl Iterator<Item = &String> {
    let count = listed.len();
    let early = [0, 1, 2, count / 2, count.saturating_sub(1)];
    let rest = (0..count).filter(move |place| !early.contains(place));
    let mut seen = Vec::new();
    let early = early.into_iter().filter(move |place| {
        let is_new = !seen.contains(place);
        seen.push(*place);
        is_new
    });
    early.chain(rest).filter_map(|place| listed.get(place))
}

/// Whether a refusal means that the thing is not there any more. A list that does not answer does not say so.
async fn is_gone<S: Single>(single: &S, id: &str, refusal: &Error) -> Result<bool> {
    if refusal.kind() != Kind::NotFound {
        return Ok(false);
    }
    match single.is_listed(id).await {
        Ok(is_listed) => Ok(!is_listed),
        Err(error) if is_refusal(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a refusal of one thing comes to.
///
/// # Errors
/// `PermissionDenied` where it answered before, or may have.
fn refused<S: Single>(cx: &SyncContext, family: &Family, single: &S, id: &str, refusal: Error) -> Result<Stored> {
    let what = || format!("{} ({})", single.name(id), single.what());
    if let Some(previous) = &cx.previous {
        let answered = previous.remembered.answered.get(&family.name);
        if answered.is_some_and(|ids| ids.contains(id)) {
            let since = format!("answered in the sync of {}", ended(previous));
            return Err(lost(cx, refusal, &what(), &since));
        }
        if let Kept::Unreadable(path) = &previous.kept {
            return Err(not_known(refusal, &what(), path));
        }
    }
    Ok(Stored::Refused(format!(
        "Workato answered {} for single {}; others answered, so no checkbox is missing: see whether the API client is \
         limited to some projects or folders",
        status(&refusal),
        single.losses().missing
    )))
}

fn count<S: Single>(cx: &SyncContext, single: &S, id: &str, outcome: &Stored) {
    let losses = single.losses();
    match outcome {
        Stored::Gone => cx.warnings.add(losses.gone, losses.gone_message, single.name(id)),
        Stored::Refused(message) => cx.warnings.add(losses.refused, message.clone(), single.name(id)),
    }
}

/// Makes sure that it is only the one thing that is refused: something that answered does so again.
///
/// # Errors
/// `PermissionDenied` when it does not; those of the API.
async fn still_answers<S: Single>(cx: &SyncContext, family: &Family, single: &S, refusal: Error) -> Result<()> {
    let state = &family.singles;
    let refused_at = state.asked_again.load(Ordering::SeqCst);
    let mut last = state.still.lock().await;
    // Whoever waited for a question that was asked after the refusal has the answer.
    if last.0 <= refused_at {
        let number = state.asked_again.fetch_add(1, Ordering::SeqCst) + 1;
        *last = (number, any_answers(cx, family, single).await?);
    }
    if last.1 {
        return Ok(());
    }
    let since = match cx.records.has_noted_before(&family.name) {
        true => "answered before this sync was stopped",
        false => "answered earlier in this sync",
    };
    Err(lost(cx, refusal, &single.what(), since))
}

/// Whether one of the witnesses answers once more. Those that are gone say nothing.
async fn any_answers<S: Single>(cx: &SyncContext, family: &Family, single: &S) -> Result<bool> {
    let witnesses = lock(&family.singles.witnesses).clone();
    for id in &witnesses {
        let again = {
            // Nobody closes the semaphore.
            let _turn = cx.permits.acquire().await.ok();
            single.ask_again(id).await
        };
        match again {
            Ok(()) => return Ok(true),
            Err(refusal) if is_refusal(&refusal) => {
                if !is_gone(single, id, &refusal).await? {
                    return Ok(false);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

impl Family {
    fn answered(&self, cx: &SyncContext, id: &str) {
        cx.records.note(&self.name, id);
        let mut witnesses = lock(&self.singles.witnesses);
        if witnesses.len() < WITNESSES && !witnesses.iter().any(|known| known == id) {
            witnesses.push(id.to_owned());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(count: usize) -> Vec<String> {
        let listed: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        first_asked(&listed).cloned().collect()
    }

    #[test]
    fn everything_is_asked_once_and_the_places_that_decide_are_the_first() {
        assert!(order(0).is_empty());
        assert_eq!(order(1), ["0"]);
        assert_eq!(order(2), ["0", "1"]);
        assert_eq!(order(4), ["0", "1", "2", "3"]);
        assert_eq!(order(10), ["0", "1", "2", "5", "9", "3", "4", "6", "7", "8"]);
        assert_eq!(order(300)[..IN_A_ROW + ELSEWHERE], ["0", "1", "2", "150", "299"]);
        assert_eq!(order(300).len(), 300);
    }
}
