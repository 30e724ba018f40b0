//! What was handed out: every row with the right it asks about. Workbooks are held to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reviewer::By;

/// The form of the manifest that this version writes and reads.
pub const FORMAT: u32 = 1;

/// A review as it was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The review's id.
    pub id: String,
    /// The version of the program.
    pub version: String,
    /// When it was started, in RFC 3339.
    pub started_at: String,
    /// Who reviews.
    pub by: By,
    /// The file it was made of.
    pub file: AskedFile,
    /// The sync of that file.
    pub sync: AskedSync,
    /// What rows are compared with.
    pub since: Since,
    /// Whether only what is new or changed was handed out.
    pub changed_only: bool,
    /// What the sync does not say.
    pub unknown: Vec<String>,
    /// What else is to be said of it.
    pub notes: Vec<String>,
    /// What each reviewer got.
    pub packets: Vec<Packet>,
    /// By row: what an earlier review decided to keep and did not change since. It was not handed out.
    pub settled: BTreeMap<String, Settled>,
}

/// The file a review was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedFile {
    /// Where it was.
    pub path: String,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// The sync a review was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedSync {
    /// Its id.
    pub id: String,
    /// When it ended, as in the file.
    pub ended_at: String,
    /// Its environments.
    pub environments: Vec<String>,
}

/// What rows are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Since {
    /// Nothing: there is no earlier review of the file.
    Nothing,
    /// An earlier review.
    #[serde(rename_all = "camelCase")]
    Review {
        /// Its folder.
        folder: String,
        /// Its id.
        id: String,
        /// When it was started.
        started_at: String,
    },
}

/// What one reviewer got: the same rows twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// Whom or what it is about.
    pub reviewer: String,
    /// The workbook.
    pub xlsx: HandedFile,
    /// The CSV.
    pub csv: HandedFile,
    /// The rows, in order.
    pub rows: Vec<Row>,
}

/// A file as it was handed out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedFile {
    /// Its name in the folder.
    pub name: String,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Names the access: equal in every sync that has it.
    pub id: String,
    /// What tells a change of it.
    pub mark: Mark,
    /// What its cells say, before the decision, without its number.
    pub cells: Vec<String>,
    /// The right it asks about.
    pub right: AskedRight,
    /// Whether it can be taken away.
    pub removal: Removal,
}

/// Digests of what a reviewer decides by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of the ways to the access.
    pub way: String,
    /// Of what was found about it.
    pub found: String,
    /// Of everything else: who has it, what it is, and how that is described. Reviews of earlier versions lack it, so whether
    /// a row of theirs changed cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
}

/// A right of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedRight {
    /// The entitlement's id.
    pub entitlement: String,
    /// What it is called.
    pub called: String,
    /// The type of the principal.
    pub principal_type: String,
    /// The bare id of the principal.
    pub principal: String,
    /// The principal's name.
    pub who: String,
    /// The grant's id.
    pub grant: String,
}

/// Whether a right can be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "can", rename_all = "camelCase")]
pub enum Removal {
    /// By a revocation of the grant.
    Revoke {
        /// In what other ways the same is held, which a revocation leaves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rest: Option<String>,
    },
    /// Not here.
    Not {
        /// Why.
        because: String,
        /// What to do.
        instead: String,
    },
}

/// What an earlier review decided to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// As it was then.
    pub mark: Mark,
    /// The id of that review.
    pub review: String,
}

impl Manifest {
    /// Rows that were handed out.
    pub fn rows(&self) -> usize {
        self.packets.iter().map(|packet| packet.rows.len()).sum()
    }
}

impl Row {
    /// A row in words.
    pub fn told(&self) -> String {
        format!("{}: {}", self.right.who, self.access())
    }

    /// The access in words.
    pub fn access(&self) -> &str {
        // Behind the id, the environment, the person and the account.
        self.cells.get(4).map_or(&self.right.called, |access| access)
    }

    /// Says what changed of it since the last review: the cell before the last one.
    pub(super) fn compared(&mut self, since: String) {
        if let Some(cell) = self.cells.iter_mut().rev().nth(1) {
            *cell = since;
        }
    }

    /// Its cells before the decision, as the `number`th row.
    pub fn said(&self, number: usize) -> Vec<String> {
        let mut said = vec![number.to_string()];
        said.extend(self.cells.iter().cloned());
        said
    }
}
