//! The report: one page that opens from disk. It reads the sync by itself, so it takes no rows.

use std::path::Path;

use super::file::OutFile;
use super::{Options, Written};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::overview::Overview;
use crate::report::policy::Policy;
use crate::report::snapshot::Snapshot;
use crate::report::web;

/// The page of an export.
pub(super) struct ReportPage<'p> {
    snapshot: &'p Snapshot,
    conventions: &'p Conventions,
    policy: &'p Policy,
    file: OutFile,
}

impl<'p> ReportPage<'p> {
    pub(super) fn create(folder: &Path, snapshot: &'p Snapshot, options: &Options<'p>) -> Result<ReportPage<'p>> {
        Ok(ReportPage {
            snapshot,
            conventions: options.conventions,
            policy: options.policy,
            file: OutFile::create(folder, "report.html")?,
        })
    }

    /// Completes the file.
    pub(super) fn finish(mut self) -> Result<Written> {
        let overview = Overview::under(self.snapshot, self.conventions, self.policy)?;
        web::write_report(self.snapshot, self.conventions, &overview, &mut self.file)?;
        self.file.finish(1)
    }
}
