//! The report: one page that opens from disk. It reads the sync by itself, so it takes no rows.

use std::path::Path;

use super::Written;
use super::file::OutFile;
use super::sink::Sink;
use super::table::{Cell, Table};
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
    pub(super) fn create(
        folder: &Path,
        snapshot: &'p Snapshot,
        conventions: &'p Conventions,
        policy: &'p Policy,
    ) -> Result<ReportPage<'p>> {
        Ok(ReportPage {
            snapshot,
            conventions,
            policy,
            file: OutFile::create(folder, "report.html")?,
        })
    }
}

impl Sink for ReportPage<'_> {
    fn row(&mut self, _table: Table, _cells: &[Cell]) -> Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Written>> {
        let overview = Overview::under(self.snapshot, self.conventions, self.policy)?;
        web::write_report(self.snapshot, self.conventions, &overview, &mut self.file)?;
        Ok(vec![self.file.finish(1)?])
    }
}
