//! Tables for query engines: Parquet files in folders that say whose they are and of which day,
//! `grants/workspace=acme/date=2026-11-29/part-0.parquet`. What is in them is [`column`]'s to say, for people in
//! `.github/docs/lakes.md`; a table that changes its meaning gets another [`VERSION`].
//!
//! A file appears under its name when it is whole, and in its place of the day before. The four of a sync do not appear
//! at the same moment: `sync_id` in every row says what belongs together.

mod column;
mod part;
mod place;
mod rows;

use std::path::Path;

use super::{Written, file};
use crate::baton::conventions::Conventions;
use crate::baton::error::{Context as _, Result};
use crate::baton::target;
use crate::report::policy::Policy;
use crate::report::snapshot::Snapshot;

/// The version of the tables: it grows when a column goes or means something else, not when one is added.
pub const VERSION: i32 = 1;

/// Where a sync goes, and what to know about it.
pub struct Lake<'l> {
    /// The folder of the tables; created where it is missing.
    pub folder: &'l Path,
    /// What the workspace is called; whatever that is, its files stay below the folder.
    pub workspace: &'l str,
    /// What is special about the vendor.
    pub conventions: &'l Conventions,
    /// What findings are judged by.
    pub policy: &'l Policy,
    /// Called now and then with the resources done so far.
    pub progress: &'l dyn Fn(u64),
}

/// Writes the tables of one sync, each in place of what that workspace had of that day. Memory does not grow with the
/// rows: at most some ten thousand of a table are held at a time. Says what was written: resources, entitlements, grants,
/// findings.
///
/// # Errors
/// `DataLoss` for a damaged sync, those of the disk for the files.
pub fn write(snapshot: &Snapshot, lake: &Lake<'_>) -> Result<Vec<Written>> {
    let run = || {
        let folder = target::folder(lake.folder)?;
        rows::write(snapshot, lake, &folder)
    };
    let written: Result<Vec<Written>> = run();
    written
        .map_err(file::full)
        .with_context(|| format!("write {} as tables", snapshot.file().display()))
}
