//! The review before: what it asked about and what was decided, so that another one tells what changed since, and can
//! leave out what is settled.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::columns::Decision;
use super::folder;
use super::manifest::{Manifest, Mark, Row, Settled, Since};
use super::standing;
use crate::baton::error::Result;
use crate::baton::target;
use crate::report::wording::count;

/// An earlier review, as far as another one needs it.
pub(super) struct Earlier {
    pub since: Since,
    known: HashMap<String, (Mark, Option<Decision>)>,
    reviews: HashMap<String, String>,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

impl Earlier {
    /// None.
    pub(super) fn nothing(notes: Vec<String>) -> Earlier {
        Earlier {
            since: Since::Nothing,
            known: HashMap::new(),
            reviews: HashMap::new(),
            notes,
        }
    }

    /// The newest other review of this file beside the folder of a new one.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn last(new: &Path, file: &str) -> Result<Earlier> {
        let beside = target::folder_of(new);
        let mut found: Option<(Manifest, std::path::PathBuf)> = None;
        let mut notes = Vec::new();
        let entries = std::fs::read_dir(beside).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.path().join(folder::MANIFEST).is_file()) {
            match folder::manifest(&entry.path()) {
                Ok((manifest, _)) if manifest.file.path != file => {}
                Ok((manifest, _)) => {
                    let is_newer = found
                        .as_ref()
                        .is_none_or(|(best, _)| best.started_at < manifest.started_at);
                    if is_newer {
                        found = Some((manifest, entry.path()));
                    }
                }
                Err(error) => notes.push(format!(
                    "The review in {} could not be read, and is not compared with: {error}",
                    entry.path().display()
                )),
            }
        }
        match found {
            Some((_, path)) => {
                let mut earlier = Earlier::of(&path)?;
                earlier.notes.append(&mut notes);
                Ok(earlier)
            }
            None => Ok(Earlier::nothing(notes)),
        }
    }

    /// The one of a folder. What does not fit there is taken for undecided.
    ///
    /// # Errors
    /// As [`standing::read`].
    pub(super) fn of(review: &Path) -> Result<Earlier> {
        let standing = standing::read(review)?;
        let manifest = &standing.manifest;
        let mut known = HashMap::new();
        let mut reviews = HashMap::new();
        for (id, settled) in &manifest.settled {
            known.insert(id.clone(), (settled.mark.clone(), Some(Decision::Keep)));
            reviews.insert(id.clone(), settled.review.clone());
        }
        for (_, row, answer) in standing.answered() {
            known.insert(row.id.clone(), (row.mark.clone(), answer.decision));
            reviews.insert(row.id.clone(), manifest.id.clone());
        }
        let mut notes = Vec::new();
        if !standing.problems.is_empty() {
            notes.push(format!(
                "Workbooks of the review in {} do not fit what was handed out: their rows count as undecided.",
                review.display()
            ));
        }
        let lacking = known.values().filter(|(mark, _)| mark.said.is_none()).count();
        if lacking > 0 {
            notes.push(format!(
                "The review in {} was started by an earlier version, which noted too little to tell what changed since: {} \
                 as changed this once.",
                review.display(),
                count(lacking, "row counts", "rows count")
            ));
        }
        Ok(Earlier {
            since: Since::Review {
                folder: review.display().to_string(),
                id: manifest.id.clone(),
                started_at: manifest.started_at.clone(),
            },
            known,
            reviews,
            notes,
        })
    }

    /// What changed of a row since then, in words.
    pub(super) fn told(&self, row: &Row) -> String {
        if self.since == Since::Nothing {
            return "no earlier review".to_owned();
        }
        let Some((mark, decision)) = self.known.get(&row.id) else {
            return "new".to_owned();
        };
        let changed = changed(mark, &row.mark);
        format!("{changed} (then: {})", decision.map_or("undecided", Decision::word))
    }

    /// What was decided to be kept and did not change since.
    pub(super) fn settled(&self, row: &Row) -> Option<Settled> {
        let (mark, decision) = self.known.get(&row.id)?;
        (mark.said.is_some() && *mark == row.mark && *decision == Some(Decision::Keep)).then(|| Settled {
            mark: mark.clone(),
            review: self.reviews.get(&row.id).cloned().unwrap_or_default(),
        })
    }
}

/// What changed of a row, in words.
fn changed(then: &Mark, now: &Mark) -> String {
    if then.said.is_none() {
        return "not comparable".to_owned();
    }
    let parts = [
        (then.way != now.way, "path"),
        (then.found != now.found, "finding"),
        (then.said != now.said, "details"),
    ];
    let changed: Vec<&str> = parts.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect();
    match changed.as_slice() {
        [] => "unchanged".to_owned(),
        [one] => format!("changed: {one}"),
        [first @ .., last] => format!("changed: {} and {last}", first.join(", ")),
    }
}

/// Rows that are settled, by their ids.
pub(super) type AllSettled = BTreeMap<String, Settled>;
