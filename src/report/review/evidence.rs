//! What is shown to whoever asks whether a review was held: who was asked, who decided what, what was done about it, what
//! could not be, and by which bytes all of that can be checked.

use jiff::Timestamp;
use serde::Serialize;

use super::columns::Decision;
use super::journal::{Basis, Event, Told};
use super::manifest::{AskedFile, AskedSync, Removal, Since};
use super::reviewer::By;
use super::standing::{PacketStanding, Problem, Standing};
use crate::baton::error::{Error, Kind, Result};

/// Everything that is to be said of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The review's id.
    pub review: String,
    /// When this was written, in RFC 3339.
    pub written_at: String,
    /// When it was started.
    pub started_at: String,
    /// The version of the program that started it.
    pub version: String,
    /// Who reviews.
    pub by: By,
    /// The file it was made of.
    pub file: AskedFile,
    /// The sync of that.
    pub sync: AskedSync,
    /// What rows were compared with.
    pub since: Since,
    /// How many rows an earlier review had settled: they were not handed out.
    pub settled: usize,
    /// The SHA-256 of the manifest.
    pub manifest_sha256: String,
    /// The SHA-256 of the journal; nothing where nothing was carried out.
    pub journal_sha256: Option<String>,
    /// What the sync does not say.
    pub unknown: Vec<String>,
    /// Numbers of rows.
    pub counts: Counts,
    /// What each reviewer got, and what became of it.
    pub packets: Vec<PacketStanding>,
    /// What does not fit in workbooks: nothing of these files counts as decided.
    pub problems: Vec<Problem>,
    /// Every row.
    pub rows: Vec<EvidenceRow>,
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All that were handed out.
    pub rows: usize,
    /// That stay.
    pub keep: usize,
    /// That are to go.
    pub revoke: usize,
    /// That somebody else has to decide about.
    pub ask: usize,
    /// Nobody decided about.
    pub undecided: usize,
    /// That were taken away, or were gone when they were to be.
    pub carried_out: usize,
    /// That are to go and cannot be taken away here.
    pub cannot: usize,
    /// That are to go, and are not gone as far as is known.
    pub open: usize,
}

/// A row, what was decided and what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceRow {
    /// The row's id.
    pub row: String,
    /// Whom or what its workbook is about.
    pub reviewer: String,
    /// Whose access.
    pub person: String,
    /// Their address or id.
    pub account: String,
    /// The environment.
    pub environment: String,
    /// What it is about.
    pub access: String,
    /// What was decided; nothing where it was not.
    pub decision: Option<Decision>,
    /// What was noted.
    pub note: String,
    /// In which file, by whom.
    pub decided: Option<Basis>,
    /// When that file was changed last: the decision is not younger.
    pub decided_by_then: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// That in words.
    pub told: String,
    /// When it was carried out.
    pub carried_out_at: Option<String>,
    /// The decision by which that was done, where it is not the one of now.
    pub carried_out_by: Option<Basis>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Nobody decided.
    Undecided,
    /// Somebody else has to decide.
    Asked,
    /// It stays.
    Kept,
    /// It was taken away.
    Revoked,
    /// It was gone when it was to be taken away.
    Gone,
    /// It cannot be taken away here.
    Cannot,
    /// It was tried, and failed.
    Failed,
    /// A write was begun, and it is not known whether it was made.
    Unknown,
    /// It is to go, and nothing was done about it.
    Open,
}

impl Outcome {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Undecided => "undecided",
            Outcome::Asked => "to be asked",
            Outcome::Kept => "kept",
            Outcome::Revoked => "revoked",
            Outcome::Gone => "gone already",
            Outcome::Cannot => "cannot be revoked here",
            Outcome::Failed => "failed",
            Outcome::Unknown => "not known whether it was made",
            Outcome::Open => "to be revoked, not carried out",
        }
    }
}

impl Evidence {
    /// Of a review as it stands, and of its journal.
    pub fn of(standing: &Standing, journal: &Told) -> Evidence {
        let manifest = &standing.manifest;
        let last = journal.last();
        let mut counts = Counts::default();
        let mut rows = Vec::with_capacity(manifest.rows());
        for (packet, row, answer) in standing.answered() {
            let entry = last.get(row.id.as_str()).copied();
            let decided = answer.decision.map(|_| packet.basis(&answer.note));
            let (outcome, told) = outcome(answer.decision, &row.removal, entry.map(|e| (e.event, e.told.as_str())));
            counts.rows += 1;
            match answer.decision {
                Some(Decision::Keep) => counts.keep += 1,
                Some(Decision::Revoke) => counts.revoke += 1,
                Some(Decision::Ask) => counts.ask += 1,
                None => counts.undecided += 1,
            }
            match outcome {
                Outcome::Revoked | Outcome::Gone => counts.carried_out += 1,
                Outcome::Cannot => counts.cannot += 1,
                Outcome::Failed | Outcome::Unknown | Outcome::Open => counts.open += 1,
                Outcome::Undecided | Outcome::Asked | Outcome::Kept => {}
            }
            let cell = |at: usize| row.cells.get(at).cloned().unwrap_or_default();
            let file = packet.decided_file();
            rows.push(EvidenceRow {
                row: row.id.clone(),
                reviewer: packet.reviewer.clone(),
                environment: cell(1),
                person: cell(2),
                account: cell(3),
                access: cell(4),
                decision: answer.decision,
                note: answer.note.clone(),
                decided_by_then: decided.as_ref().and(file).and_then(|file| file.modified_at.clone()),
                outcome,
                told,
                carried_out_at: entry.map(|entry| entry.at.clone()),
                carried_out_by: entry
                    .map(|entry| entry.by.clone())
                    .filter(|by| Some(by) != decided.as_ref()),
                decided,
            });
        }
        Evidence {
            review: manifest.id.clone(),
            written_at: Timestamp::now().to_string(),
            started_at: manifest.started_at.clone(),
            version: manifest.version.clone(),
            by: manifest.by,
            file: manifest.file.clone(),
            sync: manifest.sync.clone(),
            since: manifest.since.clone(),
            settled: manifest.settled.len(),
            manifest_sha256: standing.sha256.clone(),
            journal_sha256: journal.sha256.clone(),
            unknown: manifest.unknown.clone(),
            counts,
            packets: standing.packets.clone(),
            problems: standing.problems.clone(),
            rows,
        }
    }

    /// As JSON.
    ///
    /// # Errors
    /// `Internal` for what cannot be written as such.
    pub fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|error| Error::new(Kind::Internal, error.to_string()))
    }
}

/// What became of a row, by the journal first: what was done was done, whatever is decided now.
fn outcome(decision: Option<Decision>, removal: &Removal, entry: Option<(Event, &str)>) -> (Outcome, String) {
    if let Some((event, told)) = entry {
        let outcome = match event {
            Event::Done => Some(Outcome::Revoked),
            Event::Gone => Some(Outcome::Gone),
            Event::Begun | Event::Unknown => Some(Outcome::Unknown),
            // What was not made, and is not wanted any more, is nothing.
            Event::Failed => (decision == Some(Decision::Revoke)).then_some(Outcome::Failed),
        };
        if let Some(outcome) = outcome {
            let is_decided_so = decision == Some(Decision::Revoke);
            let told = match is_decided_so {
                true => told.to_owned(),
                false => format!(
                    "{told} (its workbook says {} now)",
                    decision.map_or("nothing", Decision::word)
                ),
            };
            return (outcome, told);
        }
    }
    match (decision, removal) {
        (None, _) => (Outcome::Undecided, String::new()),
        (Some(Decision::Keep), _) => (Outcome::Kept, String::new()),
        (Some(Decision::Ask), _) => (Outcome::Asked, String::new()),
        (Some(Decision::Revoke), Removal::Not { because, instead }) => {
            (Outcome::Cannot, format!("{because}; {instead}"))
        }
        (Some(Decision::Revoke), Removal::Revoke { .. }) => (Outcome::Open, String::new()),
    }
}
