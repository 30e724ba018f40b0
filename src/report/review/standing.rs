//! Where a review stands: its workbooks as they are now, held to what was handed out.

use std::path::Path;

use serde::Serialize;

pub use super::answers::{Answer, Problem};
use super::columns::Decision;
use super::journal::Basis;
use super::manifest::{HandedFile, Manifest, Packet, Row};
use super::table::Table;
use super::{answers, book, digest, folder, sheet};
use crate::baton::error::{Error, Kind, Result};
use crate::report::code;
use crate::report::wording::count;

/// A review, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What was handed out.
    pub manifest: Manifest,
    /// The SHA-256 of that.
    pub sha256: String,
    /// For each packet of the manifest, in order.
    pub packets: Vec<PacketStanding>,
    /// What does not fit.
    pub problems: Vec<Problem>,
}

/// What became of what one reviewer got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PacketStanding {
    /// Whom or what it is about.
    pub reviewer: String,
    /// Who wrote their name on the cover.
    pub reviewed_by: Option<String>,
    /// The two files, the workbook first.
    pub files: Vec<FileStanding>,
    /// The file that was decided in; nothing where none was.
    pub decided_in: Option<String>,
    /// For each row. Empty where something does not fit: then nothing is decided.
    #[serde(skip)]
    pub answers: Vec<Answer>,
    /// Rows.
    pub rows: usize,
    /// Rows that stay.
    pub keep: usize,
    /// Rows that are to go.
    pub revoke: usize,
    /// Rows that somebody else has to decide about.
    pub ask: usize,
    /// Rows nobody decided about.
    pub undecided: usize,
}

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileStanding {
    /// Its name.
    pub name: String,
    /// In one word.
    pub state: State,
    /// The SHA-256 of its bytes as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When it was changed last, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<String>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it was handed out.
    Untouched,
    /// Answered.
    Answered,
    /// It does not fit what was handed out.
    Refused,
    /// It is not there.
    Missing,
}

impl State {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            State::Untouched => "untouched",
            State::Answered => "answered",
            State::Refused => "refused",
            State::Missing => "missing",
        }
    }
}

/// A file that was read.
struct Read {
    standing: FileStanding,
    answers: Vec<Answer>,
    problems: Vec<Problem>,
    reviewed_by: Option<String>,
}

impl Read {
    fn is_decided(&self) -> bool {
        let is_said = |answer: &Answer| answer.decision.is_some() || !answer.note.is_empty();
        self.answers.iter().any(is_said)
    }
}

/// Reads a review.
///
/// # Errors
/// `NotFound` for a folder that is no review, `DataLoss` for a damaged one; those of the disk. What does not fit in
/// workbooks is no error here.
pub fn read(review: &Path) -> Result<Standing> {
    let (manifest, sha256) = folder::manifest(review)?;
    let mut problems = strangers(review, &manifest)?;
    let mut packets = Vec::with_capacity(manifest.packets.len());
    for packet in &manifest.packets {
        packets.push(packet_standing(review, &manifest.id, packet, &mut problems)?);
    }
    Ok(Standing {
        manifest,
        sha256,
        packets,
        problems,
    })
}

impl PacketStanding {
    /// Where a decision of this reviewer stands, with its note.
    pub fn basis(&self, note: &str) -> Basis {
        let file = self.decided_file();
        Basis {
            file: file.map(|file| file.name.clone()).unwrap_or_default(),
            sha256: file.and_then(|file| file.sha256.clone()).unwrap_or_default(),
            reviewed_by: self.reviewed_by.clone(),
            note: note.to_owned(),
        }
    }

    /// The file that was decided in.
    pub fn decided_file(&self) -> Option<&FileStanding> {
        let named = self.decided_in.as_ref()?;
        self.files.iter().find(|file| file.name == *named)
    }
}

impl Standing {
    /// Each row with its answer, and the packet it is in.
    pub fn answered(&self) -> impl Iterator<Item = (&PacketStanding, &Row, &Answer)> {
        static NOTHING: Answer = Answer {
            decision: None,
            note: String::new(),
        };
        let packets = self.manifest.packets.iter().zip(&self.packets);
        packets.flat_map(|(packet, standing)| {
            let rows = packet.rows.iter().enumerate();
            rows.map(move |(at, row)| (standing, row, standing.answers.get(at).unwrap_or(&NOTHING)))
        })
    }

    /// Refuses what does not fit.
    ///
    /// # Errors
    /// `InvalidArgument` with every problem by its sheet, row and column.
    pub fn check(&self) -> Result<()> {
        if self.problems.is_empty() {
            return Ok(());
        }
        let told: Vec<String> = self.problems.iter().map(|problem| format!("  {problem}")).collect();
        let number = count(self.problems.len(), "thing does", "things do");
        Err(Error::new(
            Kind::InvalidArgument,
            format!("{number} not fit what was handed out:\n{}", told.join("\n")),
        )
        .code(code::REVIEW_WORKBOOK)
        .hint("nothing was changed; take back what is named, and only type into Decision and Note"))
    }
}

fn packet_standing(review: &Path, id: &str, packet: &Packet, problems: &mut Vec<Problem>) -> Result<PacketStanding> {
    let xlsx = read_file(review, id, &packet.xlsx, &packet.rows, book::read)?;
    let csv = read_file(review, id, &packet.csv, &packet.rows, sheet::read)?;
    let mut own: Vec<Problem> = [&xlsx, &csv].iter().flat_map(|file| file.problems.clone()).collect();
    if xlsx.standing.state == State::Missing && csv.standing.state == State::Missing {
        let message = format!("it is not here, nor is {}: put one of them back", packet.csv.name);
        own.push(problem(&packet.xlsx.name, message));
    }
    if own.is_empty() && xlsx.is_decided() && csv.is_decided() {
        own.extend(disagreements(packet, &xlsx.answers, &csv.answers));
    }
    let decided = [&xlsx, &csv].into_iter().find(|file| file.is_decided());
    // Of what does not fit, no row is decided.
    let answers = match own.is_empty() {
        true => decided.map(|file| file.answers.clone()).unwrap_or_default(),
        false => Vec::new(),
    };
    problems.append(&mut own);
    let of = |wanted| answers.iter().filter(|answer| answer.decision == Some(wanted)).count();
    let (keep, revoke, ask) = (of(Decision::Keep), of(Decision::Revoke), of(Decision::Ask));
    let decided_in = decided.map(|file| file.standing.name.clone());
    Ok(PacketStanding {
        reviewer: packet.reviewer.clone(),
        reviewed_by: xlsx.reviewed_by,
        files: vec![xlsx.standing, csv.standing],
        decided_in,
        rows: packet.rows.len(),
        keep,
        revoke,
        ask,
        undecided: packet.rows.len().saturating_sub(keep + revoke + ask),
        answers,
    })
}

/// Rows that the two files of a reviewer answer differently.
fn disagreements(packet: &Packet, xlsx: &[Answer], csv: &[Answer]) -> Vec<Problem> {
    let word = |answer: &Answer| answer.decision.map_or("nothing", Decision::word);
    let pairs = packet.rows.iter().zip(xlsx.iter().zip(csv));
    let differ = pairs.filter(|(_, (one, other))| one.decision != other.decision);
    let found = differ.map(|(row, (one, other))| {
        let message = format!(
            "row {} ({}) is answered {:?}, and {:?} in {}: make them equal, or take the answers out of one file",
            row.id,
            row.told(),
            word(one),
            word(other),
            packet.csv.name
        );
        problem(&packet.xlsx.name, message)
    });
    found.collect()
}

fn problem(file: &str, message: String) -> Problem {
    Problem {
        file: file.to_owned(),
        row: None,
        column: None,
        message,
    }
}

fn read_file(
    review: &Path,
    id: &str,
    handed: &HandedFile,
    rows: &[Row],
    parse: fn(&[u8]) -> Result<Table>,
) -> Result<Read> {
    let path = review.join(&handed.name);
    let mut read = Read {
        standing: FileStanding {
            name: handed.name.clone(),
            state: State::Missing,
            sha256: None,
            modified_at: None,
        },
        answers: Vec::new(),
        problems: Vec::new(),
        reviewed_by: None,
    };
    let found = match std::fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(read),
        Err(error) => return Err(Error::from(error).context(format!("look at {}", path.display()))),
    };
    let modified = found.modified().ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
    read.standing.modified_at = modified.map(|at| at.to_string());
    read.standing.state = State::Refused;
    if !found.is_file() || found.len() > book::LARGEST {
        read.problems
            .push(problem(&handed.name, "it is no file that was handed out".to_owned()));
        return Ok(read);
    }
    let bytes = std::fs::read(&path).map_err(|error| Error::from(error).context(format!("read {}", path.display())))?;
    let sha256 = digest::of_bytes(&bytes);
    read.standing.state = State::Untouched;
    let is_untouched = sha256 == handed.sha256;
    read.standing.sha256 = Some(sha256);
    if is_untouched {
        return Ok(read);
    }
    match parse(&bytes) {
        Ok(table) => {
            (read.answers, read.problems) = answers::check(&handed.name, id, rows, &table);
            read.reviewed_by = table.reviewed_by;
        }
        Err(error) => read.problems.push(problem(&handed.name, error.to_string())),
    }
    read.standing.state = match read.problems.is_empty() {
        true => State::Answered,
        false => State::Refused,
    };
    Ok(read)
}

/// Workbooks that lie in the folder and were not handed out, such as one under another name.
fn strangers(review: &Path, manifest: &Manifest) -> Result<Vec<Problem>> {
    let packets = manifest.packets.iter();
    let known: Vec<&str> = packets
        .flat_map(|p| [p.xlsx.name.as_str(), p.csv.name.as_str()])
        .collect();
    let entries = std::fs::read_dir(review).map_err(Error::from)?;
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::from)?.file_name().to_string_lossy().into_owned();
        let is_sheet = [".xlsx", ".csv", ".xls", ".ods", ".xlsm"]
            .iter()
            .any(|ending| name.to_lowercase().ends_with(ending));
        // What spreadsheets put beside a file while it is open.
        let is_passing = name.starts_with("~$") || name.starts_with('.');
        if is_sheet && !is_passing && !known.contains(&name.as_str()) {
            found.push(problem(&name, "it was not handed out under this name".to_owned()));
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(found)
}
