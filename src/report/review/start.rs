//! Starting a review: who is asked what, in workbooks.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::book::MOST_ROWS;
use super::columns::REVIEWED_BY;
use super::digest;
use super::earlier::{AllSettled, Earlier};
use super::folder::{self, Draft};
use super::found::FoundAbout;
use super::handed::Desk;
use super::manifest::{AskedFile, AskedSync, FORMAT, Manifest, Row, Since};
use super::reviewer::{By, Reviewers};
use super::rows::Rows;
use super::said::Said;
use crate::baton::c1z::new_sync_id;
use crate::baton::conventions::Conventions;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::access::Answers;
use crate::report::code;
use crate::report::counted::Day;
use crate::report::export::StandIns;
use crate::report::findings::Assessment;
use crate::report::inventory::Inventory;
use crate::report::policy::{Owners, Policy};
use crate::report::reach::{Asker, Ground, unknown};
use crate::report::snapshot::Snapshot;
use crate::report::wording::count;

/// What is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which<'w> {
    /// Everything.
    All,
    /// What is new or changed against the last review of the file.
    ChangedSinceLast,
    /// What is new or changed against the review of a folder.
    ChangedSince(&'w Path),
}

/// A review to start.
pub struct Order<'o> {
    /// The folder that it gets.
    pub out: &'o Path,
    /// Who reviews.
    pub by: By,
    /// What is handed out.
    pub which: Which<'o>,
    /// The SHA-256 of the file, taken before it was opened.
    pub sha256: &'o str,
    /// What is special about the vendor.
    pub conventions: &'o Conventions,
    /// What findings are judged by, and who owns what.
    pub policy: &'o Policy,
    /// Whether what is held on a resource of a type can be taken away.
    pub is_writable: &'o dyn Fn(&str) -> bool,
    /// The version of the program.
    pub version: &'o str,
}

/// Starts a review of a sync.
///
/// # Errors
/// `Unknown` (exit code 2) for a place that is taken; `FailedPrecondition` for a sync that is not whole, and for a file
/// that changes meanwhile; `DataLoss` for a damaged one; those of the disk.
pub fn start(snapshot: &Snapshot, order: &Order<'_>) -> Result<Manifest> {
    folder::check(order.out)?;
    check_whole(snapshot)?;
    let file = std::fs::canonicalize(snapshot.file()).unwrap_or_else(|_| snapshot.file().to_owned());
    let file = file.display().to_string();
    let earlier = match order.which {
        Which::All | Which::ChangedSinceLast => Earlier::last(order.out, &file)?,
        Which::ChangedSince(path) => Earlier::of(path)?,
    };
    let mut manifest = Manifest {
        format: FORMAT,
        id: new_sync_id(),
        version: order.version.to_owned(),
        started_at: Timestamp::now().to_string(),
        by: order.by,
        file: AskedFile {
            path: file,
            sha256: order.sha256.to_owned(),
        },
        sync: AskedSync {
            id: snapshot.sync_id().to_owned(),
            ended_at: snapshot.run().ended_at.clone().unwrap_or_default(),
            environments: Vec::new(),
        },
        since: earlier.since.clone(),
        changed_only: order.which != Which::All,
        unknown: Vec::new(),
        notes: earlier.notes.clone(),
        packets: Vec::new(),
        settled: AllSettled::new(),
    };
    let asked = gather(snapshot, order, &earlier, &mut manifest)?;
    let draft = Draft::begin(order.out)?;
    let mut desk = Desk {
        folder: draft.path(),
        review: &manifest.id,
        names: Vec::new(),
    };
    let mut packets = Vec::new();
    for (reviewer, rows) in asked {
        let cover = cover(&manifest, &reviewer, rows.len());
        packets.push(desk.hand_out(&reviewer, &cover, rows)?);
    }
    manifest.packets = packets;
    if digest::of_file(snapshot.file())? != order.sha256 {
        let message = format!(
            "{} was replaced while the review was made of it",
            snapshot.file().display()
        );
        return Err(Error::new(Kind::FailedPrecondition, message)
            .code(code::REVIEW_STALE)
            .hint("nothing was handed out; start again"));
    }
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    folder::write_new(draft.path(), folder::MANIFEST, &text)?;
    draft.finish()?;
    Ok(manifest)
}

fn check_whole(snapshot: &Snapshot) -> Result<()> {
    let run = snapshot.run();
    if run.is_finished_full() {
        return Ok(());
    }
    let what = match run.ended_at {
        None => "is not finished".to_owned(),
        Some(_) => format!("is of type {}", run.sync_type),
    };
    let message = format!("the sync {} {what}: a review needs one of everything", run.sync_id);
    Err(Error::new(Kind::FailedPrecondition, message)
        .code(crate::baton::code::NO_FINISHED_SYNC)
        .hint("sync without restrictions, and start the review of that"))
}

/// The rows of each reviewer, in order; what the sync does not say goes into the manifest.
fn gather(
    snapshot: &Snapshot,
    order: &Order<'_>,
    earlier: &Earlier,
    manifest: &mut Manifest,
) -> Result<Vec<(String, Vec<Row>)>> {
    let conventions = order.conventions;
    let answers = Answers::new(snapshot)?;
    let ground = Ground::read(answers.names(), answers.edges(), conventions)?;
    let inventory = Inventory::read(snapshot, conventions)?;
    let assessment = Assessment::of(snapshot, conventions, order.policy, &manifest.file.path)?;
    let run = snapshot.run();
    let asker = Asker {
        answers: &answers,
        ground: &ground,
    };
    let rows = Rows {
        asker,
        reviewers: Reviewers {
            by: order.by,
            asker,
            inventory: &inventory,
            owners: Owners::of(&inventory, order.policy),
        },
        found: FoundAbout::of(&assessment.findings),
        day: Day::of(snapshot.moment()),
        is_writable: order.is_writable,
        stand_ins: StandIns::read(snapshot, &answers)?,
        said: Said::default(),
    };
    let mut all: BTreeMap<String, (String, Vec<Row>)> = BTreeMap::new();
    rows.for_each(snapshot, &mut |asked| {
        let mut row = asked.row;
        if order.which != Which::All
            && let Some(settled) = earlier.settled(&row)
        {
            manifest.settled.insert(row.id, settled);
            return;
        }
        let since = earlier.told(&row);
        row.compared(since);
        let (key, called) = asked.reviewer;
        all.entry(key).or_insert((called, Vec::new())).1.push(row);
    })
    .with_context(|| format!("review {}", snapshot.file().display()))?;
    manifest.sync.environments = inventory.environments_shown(conventions);
    let gaps = assessment
        .unknown
        .iter()
        .map(|gap| format!("it is not known {}", gap.message));
    manifest.unknown.extend(gaps);
    if !unknown::is_said(run) {
        manifest
            .unknown
            .push("whether the sync left anything out: it does not say so".to_owned());
    }
    for finding in assessment.findings.iter().filter(|finding| finding.unknown_total > 0) {
        let number = usize::try_from(finding.unknown_total).unwrap_or(usize::MAX);
        let told = count(number, "thing", "things");
        manifest
            .unknown
            .push(format!("whether {told} belong to the finding {:?}", finding.title));
    }
    manifest.notes.extend(assessment.notes);
    Ok(in_order(all))
}

/// By name of the reviewer, split where a workbook would be too long.
fn in_order(all: BTreeMap<String, (String, Vec<Row>)>) -> Vec<(String, Vec<Row>)> {
    let mut packets: Vec<(String, Vec<Row>)> = all.into_values().collect();
    packets.sort_by_cached_key(|(called, _)| called.to_lowercase());
    let mut split = Vec::with_capacity(packets.len());
    for (called, mut rows) in packets {
        // By environment, person and access, as people read it; equal ones by id.
        rows.sort_by(|a, b| (a.cells.get(1..5), &a.id).cmp(&(b.cells.get(1..5), &b.id)));
        let parts = rows.len().div_ceil(MOST_ROWS);
        let mut rest = rows.into_iter();
        for part in 1..=parts {
            let own: Vec<Row> = rest.by_ref().take(MOST_ROWS).collect();
            let name = match parts {
                1 => called.clone(),
                _ => format!("{called} (part {part} of {parts})"),
            };
            split.push((name, own));
        }
    }
    split
}

/// What stands on the cover.
fn cover(manifest: &Manifest, reviewer: &str, rows: usize) -> Vec<(String, String)> {
    let line = |name: &str, text: String| (name.to_owned(), text);
    let environments = match manifest.sync.environments.as_slice() {
        [] => "not said by the file".to_owned(),
        some => some.join(", "),
    };
    let since = match &manifest.since {
        Since::Nothing => "nothing: there is no earlier review of this file beside this one".to_owned(),
        Since::Review { folder, id, started_at } => format!("review {id} of {started_at}, in {folder}"),
    };
    let left_out = match (manifest.changed_only, &manifest.since) {
        (false, _) => "every access in the sync".to_owned(),
        (true, Since::Nothing) => "every access in the sync, since there is no earlier review".to_owned(),
        (true, _) => format!(
            "only what is new, changed or was not decided to be kept; {} decided before and not changed since",
            count(manifest.settled.len(), "row was", "rows were")
        ),
    };
    let mut cover = vec![
        line("Access review", reviewer.to_owned()),
        line(REVIEWED_BY, String::new()),
        line(
            "How to fill it in",
            "Go to the sheet Review. For each row choose keep, revoke or ask under Decision, and write why under Note \
             if it is not plain. Type nowhere else, and do not add, sort or remove rows: a changed sheet is refused. \
             A row without a decision stays undecided, and nothing happens to it. Use this workbook or the CSV of the \
             same name, not both."
                .to_owned(),
        ),
        line(
            "What happens then",
            "Nothing until somebody carries the review out. Of rows that say \"yes\" under \"Can be revoked here\", the \
             access is taken away as it is named; of others it is told what to do."
                .to_owned(),
        ),
        line("Rows", rows.to_string()),
        line("Reviewers by", manifest.by.word().to_owned()),
        line("Workspace", "not named by the file".to_owned()),
        line("Environments", environments),
        line("Sync", format!("{}, ended {}", manifest.sync.id, manifest.sync.ended_at)),
        line("File", manifest.file.path.clone()),
        line("SHA-256 of the file", manifest.file.sha256.clone()),
        line("Review", format!("{}, started {}", manifest.id, manifest.started_at)),
        line("Version", manifest.version.clone()),
        line("Compared with", since),
        line("Handed out", left_out),
        line(
            "Whose access",
            "That of people and accounts, also through groups and roles. What a group without members holds is in no \
             row."
                .to_owned(),
        ),
    ];
    let unknown = manifest.unknown.iter().map(|text| line("Not known", text.clone()));
    cover.extend(unknown);
    cover.extend(manifest.notes.iter().map(|text| line("To be said", text.clone())));
    for (_, text) in &mut cover {
        *text = crate::baton::visible::escape(text, |_| false).into_owned();
    }
    cover
}
