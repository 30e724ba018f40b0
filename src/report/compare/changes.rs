//! What changed between a sync and the one before it in its file: for the page of the explorer and of the report, and for
//! a sheet of the export.

use serde::Serialize;

use super::review::{Presence, Review, Subject};
use super::sides::Sides;
use super::told::{self, Line};
use crate::baton::c1z::SyncRun;
use crate::baton::conventions::Conventions;
use crate::baton::error::{Kind, Result};
use crate::report::Snapshot;
use crate::report::code;
use crate::report::reach::unknown;
use crate::report::thing::Thing;

/// People, and things, that are told one by one; the others are counted.
const TOLD: usize = 2_000;
/// Lines that are told of one of them.
const LINES: usize = 200;

/// What changed, or why that cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Changes {
    /// There are two syncs.
    Told(Box<ChangesTold>),
    /// There is nothing to compare with.
    Nothing {
        /// Why, in a sentence.
        none: String,
    },
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangesTold {
    /// The older sync.
    pub older: SyncTold,
    /// The newer sync.
    pub newer: SyncTold,
    /// In one line.
    pub summary: String,
    /// People and accounts: those who joined, who left, then others; by name.
    pub people: Group,
    /// Everything else, by type.
    pub things: Group,
    /// What changed by itself, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asides: Vec<String>,
    /// What one of the two could not read, a sentence each: there something may look gained or lost that was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// A sync, as much of it as tells it from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncTold {
    /// Its id.
    pub id: String,
    /// When it ended, as it stands in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// Some of the people or things that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// How many there are.
    pub total: usize,
    /// Those that are told.
    pub items: Vec<Changed>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// Who or what.
    pub thing: Thing,
    /// The e-mail address of a person.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// What became of it.
    pub presence: Presence,
    /// The same in a word; empty for what stayed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub word: &'static str,
    /// What is different.
    pub lines: Vec<Line>,
    /// Lines that are not told.
    #[serde(skip_serializing_if = "is_none")]
    pub more: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl Changes {
    /// Compares a sync with the full one that finished before it in its file.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn of(snapshot: &Snapshot, conventions: &Conventions) -> Result<Changes> {
        if !snapshot.run().is_finished_full() {
            return Ok(Changes::Nothing {
                none: "This is no finished full sync: what it did not read would look as if it were gone.".to_owned(),
            });
        }
        let sides = match Sides::around(snapshot) {
            Ok(sides) => sides,
            Err(error) if error.kind() == Kind::NotFound && error.code_id() == code::NO_OLDER_SYNC => {
                return Ok(Changes::Nothing {
                    none:
                        "This file holds no older full sync, so there is nothing to compare with. The next sync into \
                           it can be compared with this one."
                            .to_owned(),
                });
            }
            Err(error) => return Err(error),
        };
        let review = Review::of(&sides, conventions)?;
        if is_unrelated(&sides, &review)? {
            return Ok(Changes::Nothing {
                none: format!(
                    "The sync before, {}, has nothing in common with this one: it is of another workspace or \
                     environment, and a comparison would say nothing.",
                    review.old.sync_id
                ),
            });
        }
        Ok(Changes::Told(Box::new(ChangesTold {
            summary: if review.is_empty() {
                told::nothing(&review)
            } else {
                told::summary(&review)
            },
            older: sync(&review.old),
            newer: sync(&review.new),
            people: group(&review.people),
            things: group(&review.things),
            asides: told::asides(&review),
            unknown: said("older", &review.old).chain(said("newer", &review.new)).collect(),
        })))
    }
}

/// Whether no resource is in both, and both have some.
fn is_unrelated(sides: &Sides, review: &Review) -> Result<bool> {
    let count = |snapshot: &Snapshot| {
        let mut count: u64 = 0;
        snapshot.reader().for_each_resource(snapshot.sync_id(), &mut |_| {
            count += 1;
            Ok(())
        })?;
        Ok::<u64, crate::baton::error::Error>(count)
    };
    let rows = review.resources;
    if rows.created == 0 || rows.deleted == 0 || rows.modified > 0 {
        return Ok(false);
    }
    Ok(count(&sides.new)? == rows.created && count(&sides.old)? == rows.deleted)
}

fn said(which: &'static str, run: &SyncRun) -> impl Iterator<Item = String> {
    let gaps = unknown::unread(run).into_iter();
    gaps.map(move |gap| format!("In the {which} sync it is not known {}", gap.message))
}

fn sync(run: &SyncRun) -> SyncTold {
    SyncTold {
        id: run.sync_id.clone(),
        ended_at: run.ended_at.clone(),
    }
}

fn group(subjects: &[Subject]) -> Group {
    Group {
        total: subjects.len(),
        items: subjects.iter().take(TOLD).map(changed).collect(),
    }
}

fn changed(subject: &Subject) -> Changed {
    let mut lines = told::lines(subject);
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    Changed {
        thing: subject.thing.clone(),
        email: subject.email.clone(),
        presence: subject.presence,
        word: told::fate(subject),
        lines,
        more,
    }
}
