//! The one pass over the rows that fills every format.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::csv::CsvFiles;
use super::dot::Graph;
use super::html::ReportPage;
use super::json::JsonFiles;
use super::look::{About, Look};
use super::sink::{self, Handed, Rows, Sink};
use super::sqlite::Database;
use super::stand_ins::StandIns;
use super::xlsx::Book;
use super::{Format, Written, file};
use crate::baton::conventions::Conventions;
use crate::baton::error::{Context as _, Result};
use crate::baton::lock::locked;
use crate::baton::proto::v2;
use crate::baton::target;
use crate::report::access::Answers;
use crate::report::compare::changes::Changes;
use crate::report::in_order::{self, Desk, in_order};
use crate::report::policy::Policy;
use crate::report::reach::Ground;
use crate::report::snapshot::Snapshot;

/// What to write, and what to know about it.
pub struct Options<'o> {
    /// The folder to write to; created where it is missing. What lies there under the same names is replaced.
    pub folder: &'o Path,
    /// The formats.
    pub formats: &'o [Format],
    /// What is special about the vendor: how a moderator is told, when somebody was last seen.
    pub conventions: &'o Conventions,
    /// What the findings of the report are judged by.
    pub policy: &'o Policy,
    /// What the workspace is called in tables for query engines; without it as its file.
    pub workspace: Option<&'o str>,
    /// Whether CSV begins with a byte order mark.
    pub csv_bom: bool,
    /// Called now and then with the resources done so far.
    pub progress: &'o dyn Fn(u64),
}

/// Writes a sync in every format asked for. A file appears under its name when it is whole.
///
/// # Errors
/// `DataLoss` for a damaged sync, those of the disk for the files; `Unimplemented` for a format that this build does not
/// have.
pub fn export(snapshot: &Snapshot, options: &Options<'_>) -> Result<Vec<Written>> {
    options.formats.iter().try_for_each(|format| format.check_built())?;
    check_folder(options.folder)?;
    let folder = target::folder(options.folder)?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| file::full(error.into()))
        .with_context(|| format!("create the folder {}", folder.display()))?;
    let mut sinks = Vec::new();
    for format in options.formats {
        sinks.extend(sink(*format, snapshot, options).map_err(file::full)?);
    }
    let page = match options.formats.contains(&Format::Html) {
        true => Some(ReportPage::create(&folder, snapshot, options)?),
        false => None,
    };
    let run = || {
        let mut filled = match sinks.is_empty() {
            true => Vec::new(),
            false => sink::fill(sinks, |rows| pass(snapshot, options, rows))?,
        }
        .into_iter();
        let mut page = page;
        let mut written = Vec::new();
        for format in options.formats {
            match format {
                Format::Parquet => {}
                Format::Html => written.extend(page.take().map(ReportPage::finish).transpose()?),
                _ => written.extend(
                    filled
                        .next()
                        .map(|sink| sink.finish())
                        .transpose()?
                        .into_iter()
                        .flatten(),
                ),
            }
        }
        Ok(written)
    };
    let written: Result<Vec<Written>> = run();
    let written = written
        .map_err(file::full)
        .with_context(|| format!("export {}", snapshot.file().display()))?;
    #[cfg(feature = "parquet")]
    let written = with_tables(written, snapshot, options, &folder)?;
    Ok(written)
}

/// The tables for query engines have other columns than the rest, and a pass of their own.
#[cfg(feature = "parquet")]
fn with_tables(
    mut written: Vec<Written>,
    snapshot: &Snapshot,
    options: &Options<'_>,
    folder: &Path,
) -> Result<Vec<Written>> {
    if options.formats.contains(&Format::Parquet) {
        let stem = snapshot.file().file_stem().unwrap_or_default().to_string_lossy();
        written.extend(super::lake::write(
            snapshot,
            &super::lake::Lake {
                folder,
                workspace: options.workspace.unwrap_or(&stem),
                conventions: options.conventions,
                policy: options.policy,
                progress: options.progress,
            },
        )?);
    }
    Ok(written)
}

/// Looks at the folder that an export would be written to, and changes nothing.
///
/// # Errors
/// `Unknown` (exit code 2) for something that is there and no folder.
pub fn check_folder(folder: &Path) -> Result<()> {
    target::folder(folder)
        .map(drop)
        .map_err(|error| error.hint("choose another --out"))
}

/// What fills the files of a format, for those that take the rows of this pass.
fn sink(format: Format, snapshot: &Snapshot, options: &Options<'_>) -> Result<Option<Box<dyn Sink>>> {
    let folder = options.folder;
    Ok(Some(match format {
        Format::Parquet | Format::Html => return Ok(None),
        Format::Csv => Box::new(CsvFiles::create(folder, options.csv_bom)?),
        Format::Xlsx => Box::new(Book::create(folder, Changes::of(snapshot, options.conventions)?)?),
        Format::Json | Format::Jsonl => Box::new(JsonFiles::create(folder, format)?),
        Format::Dot => Box::new(Graph::create(folder)?),
        Format::Sqlite => Box::new(Database::create(folder)?),
    }))
}

/// Resources that a thread looks up together.
const CHUNK: usize = 64;
/// Rows that are handed on together.
const BATCH: usize = 256;

/// Hands the rows of every table out. They are looked up by several threads, each with a reader of its own.
fn pass(snapshot: &Snapshot, options: &Options<'_>, rows: &mut Rows) -> Result<()> {
    let answers = Answers::new(snapshot)?;
    let about = About {
        ground: Ground::read(answers.names(), answers.edges(), options.conventions)?,
        stand_ins: StandIns::read(snapshot, &answers)?,
        conventions: options.conventions,
        takes_given: rows.takes_given(),
    };
    let look = Look { answers, about: &about };
    look.entitlements(snapshot, &mut |handed| rows.hand(handed))?;
    resources(snapshot, &look, options.progress, rows)?;
    look.strangers(snapshot, &mut |handed| rows.hand(handed))
}

/// Every resource, and what it holds and reaches.
fn resources(snapshot: &Snapshot, look: &Look<'_>, progress: &dyn Fn(u64), rows: &mut Rows) -> Result<()> {
    let (edges, about) = (snapshot.edges()?, look.about);
    let file = Mutex::new(snapshot.again()?);
    let worker = |desk: &Desk<Vec<v2::Resource>, Vec<Handed>>| {
        let own = locked(&file).again()?;
        let look = Look {
            answers: Answers::over(&own, Arc::clone(edges)),
            about,
        };
        desk.work(|chunk, give| {
            let mut batch = Vec::new();
            for resource in &chunk {
                look.resource(resource, &mut |handed| {
                    batch.push(handed);
                    match batch.len() {
                        BATCH.. => give(std::mem::take(&mut batch)),
                        _ => Ok(()),
                    }
                })?;
            }
            give(batch)
        })
    };
    let pieces = |give: &mut dyn FnMut(Vec<v2::Resource>) -> Result<()>| {
        let (mut chunk, mut done) = (Vec::new(), 0);
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut |resource| {
                chunk.push(resource);
                done += 1;
                progress(done);
                match chunk.len() {
                    CHUNK.. => give(std::mem::take(&mut chunk)),
                    _ => Ok(()),
                }
            })?;
        give(chunk)
    };
    in_order(in_order::threads(), worker, pieces, &mut |batch| rows.hand_all(batch))
}
