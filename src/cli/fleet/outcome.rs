//! How it went with one workspace.

use std::path::Path;

use serde::Serialize;

use super::plan::{Left, Workspace};
use crate::ABOUT;
use crate::baton::c1z::Reader;
use crate::baton::error::Error;
use crate::baton::sync::summary::{Status, Summary};
use crate::report::moment;

/// What there is to say of a workspace. Keys are added, never renamed.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Its name.
    pub workspace: String,
    /// What a customer of a partner is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// Its file.
    pub file: String,
    /// `complete`, `complete_with_warnings`, `done_before`, `failed`, `not_in_list`; with `status`: `current`, `old`, `missing`;
    /// with `export`: `exported`, `failed`.
    pub status: &'static str,
    /// The sync that questions are answered from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_id: Option<String>,
    /// When that sync ended, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synced_at: Option<String>,
    /// Resources and grants of the sync of this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<u64>,
    /// As above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<u64>,
    /// Requests of this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// Causes of warnings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Why something failed.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// Its code, with the mark of the program.
    pub code: String,
    /// The exit code that it would have alone.
    pub exit_code: u8,
    /// In words.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    /// Of an error.
    pub fn of(error: &Error) -> Failure {
        Failure {
            code: ABOUT.code(error.code_id()),
            exit_code: error.kind().exit_code(),
            message: error.to_string(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl Outcome {
    /// Nothing but its name yet.
    pub fn of(workspace: &Workspace, status: &'static str) -> Outcome {
        Outcome {
            customer: workspace.called.clone(),
            ..Outcome::named(&workspace.name, &workspace.file, status)
        }
    }

    fn named(workspace: &str, file: &Path, status: &'static str) -> Outcome {
        Outcome {
            workspace: workspace.to_owned(),
            customer: None,
            file: file.display().to_string(),
            status,
            sync_id: None,
            synced_at: None,
            resources: None,
            grants: None,
            requests: None,
            elapsed_ms: None,
            warnings: Vec::new(),
            error: None,
        }
    }

    /// A sync that is whole.
    pub fn synced(workspace: &Workspace, summary: &Summary) -> Outcome {
        let status = match summary.status {
            Status::Complete => "complete",
            Status::CompleteWithWarnings => "complete_with_warnings",
        };
        let total = summary.total();
        let mut outcome = Outcome {
            resources: Some(total.resources),
            grants: Some(total.grants),
            requests: Some(summary.total_requests().requests),
            elapsed_ms: Some(summary.elapsed_ms),
            warnings: summary.warnings.iter().map(|warning| warning.message.clone()).collect(),
            ..Outcome::of(workspace, status)
        };
        outcome.look(&summary.file);
        outcome
    }

    /// A sync that failed: the file is as it was.
    pub fn failed(workspace: &Workspace, error: &Error) -> Outcome {
        let mut outcome = Outcome {
            error: Some(Failure::of(error)),
            ..Outcome::of(workspace, "failed")
        };
        outcome.look(&workspace.file);
        outcome
    }

    /// What was left alone: the file is as it was.
    pub fn left(left: &Left) -> Outcome {
        let mut outcome = Outcome {
            error: Some(Failure::of(&left.error)),
            ..Outcome::named(&left.name, &left.file, left.status)
        };
        if left.file.is_file() {
            outcome.look(&left.file);
        }
        outcome
    }

    /// Looks what the file holds now. One that cannot be read is said so, unless something graver is.
    pub fn look(&mut self, file: &Path) {
        if !file.exists() {
            return;
        }
        match Reader::open(file, None).and_then(|reader| reader.latest_full()) {
            Ok(Some(run)) => {
                self.synced_at = moment::here(&run).map(|at| at.to_string());
                self.sync_id = Some(run.sync_id);
            }
            Ok(None) => {}
            Err(error) => self.error = self.error.take().or_else(|| Some(Failure::of(&error))),
        }
    }
}
