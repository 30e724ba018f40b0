//! Syncs: what runs a file holds.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Heading, Line, List};
use crate::baton::c1z::SyncRun;
use crate::baton::error::Result;
use crate::baton::json::Form;
use crate::baton::proto::baton::v1;

const HEADINGS: &[Heading] = &[
    Heading::text("ID"),
    Heading::text("TYPE"),
    Heading::text("STARTED"),
    Heading::text("ENDED"),
    Heading::spare("BASED ON"),
];

/// As [`HEADINGS`], where a sync is kept however old it gets.
const WITH_KEPT: &[Heading] = &[
    Heading::text("ID"),
    Heading::text("TYPE"),
    Heading::text("STARTED"),
    Heading::text("ENDED"),
    Heading::spare("BASED ON"),
    Heading::text("KEPT"),
];

/// The syncs of a file.
pub struct Syncs {
    /// Their rows, oldest first.
    pub runs: Vec<SyncRun>,
}

impl Syncs {
    fn any_kept(&self) -> bool {
        self.runs.iter().any(SyncRun::is_kept)
    }
}

struct One<'s> {
    form: &'s Form,
    run: &'s SyncRun,
    with_kept: bool,
}

impl List for Syncs {
    fn key(&self) -> &'static str {
        "syncs"
    }

    fn headings(&self) -> &'static [Heading] {
        if self.any_kept() { WITH_KEPT } else { HEADINGS }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "id",
            "sync_type",
            "started_at",
            "ended_at",
            "parent_sync_id",
            "sync_token",
        ]
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let form = Form::of("baton.v1.SyncOutput")?;
        let (form, with_kept) = (&form, self.any_kept());
        self.runs.iter().try_for_each(|run| each(&One { form, run, with_kept }))
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        self.form.line(&output(self.run))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let run = self.run;
        // Without fractions; what is not in the layout of the format is shown as it is.
        let seconds = |time: &str| time.split('.').next().unwrap_or_default().to_owned();
        let mut cells = vec![
            run.sync_id.clone(),
            run.sync_type.clone(),
            seconds(&run.started_at),
            run.ended_at.as_deref().map_or("unfinished".to_owned(), seconds),
            run.parent_sync_id.clone(),
        ];
        if self.with_kept {
            cells.push(if run.is_kept() { "kept" } else { "" }.to_owned());
        }
        Ok(cells)
    }

    fn record(&self) -> Result<Vec<String>> {
        let run = self.run;
        Ok(vec![
            run.sync_id.clone(),
            run.sync_type.clone(),
            run.started_at.clone(),
            run.ended_at.clone().unwrap_or_default(),
            run.parent_sync_id.clone(),
            run.token.clone(),
        ])
    }
}

/// The published message.
pub(crate) fn output(run: &SyncRun) -> v1::SyncOutput {
    v1::SyncOutput {
        id: run.sync_id.clone(),
        started_at: time(&run.started_at),
        ended_at: run.ended_at.as_deref().and_then(time),
        sync_token: run.token.clone(),
        sync_type: run.sync_type.clone(),
        parent_sync_id: run.parent_sync_id.clone(),
    }
}

/// Every reader takes the wall clock of the file for UTC (`baton/c1z/format.md 2.6`).
fn time(text: &str) -> Option<prost_types::Timestamp> {
    // A zone counts where there is one; a wall clock would be read without looking at it.
    let at: Timestamp = match text.parse() {
        Ok(at) => at,
        Err(_) => text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
    };
    Some(prost_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_every_reader_reads_them() {
        let shown = |text: &str| time(text).map(|at| at.to_string());
        assert_eq!(
            shown("2026-01-02 03:04:05.000006").as_deref(),
            Some("2026-01-02T03:04:05.000006Z")
        );
        assert_eq!(shown("2026-01-02 03:04:05").as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(
            shown("2026-01-02T03:04:05+02:00").as_deref(),
            Some("2026-01-02T01:04:05Z")
        );
        assert_eq!(shown("soon"), None);
    }
}
