//! The self check of the format, for people: what is wrong with which sync.

use serde_json::Value;

use super::list::{Heading, Line, List};
use super::stats;
use crate::baton::c1z::verify::Problem;
use crate::baton::c1z::{Reader, SyncRun};
use crate::baton::error::{Error, Kind, Result};
use crate::report::code;

const HEADINGS: &[Heading] = &[Heading::text("SYNC"), Heading::text("ROW"), Heading::text("PROBLEM")];

/// What is wrong with some syncs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Sync ids with their problems, in the order of syncs and rows.
    pub problems: Vec<(String, Problem)>,
    /// How many syncs were checked.
    pub syncs: usize,
}

impl Verified {
    /// Checks syncs: their rows, and that stored counts are true. What is wrong with the file as a whole is said of the
    /// last of them.
    ///
    /// # Errors
    /// `DataLoss` for rows that cannot be read at all.
    pub fn of(reader: &Reader, runs: &[SyncRun]) -> Result<Verified> {
        let mut problems = Vec::new();
        for run in runs {
            let found = reader.verify(&run.sync_id)?.into_iter().chain(counts(reader, run)?);
            problems.extend(found.map(|problem| (run.sync_id.clone(), problem)));
        }
        let of_file = runs.last().map(|run| run.sync_id.clone()).unwrap_or_default();
        let found = reader.verify_file()?;
        problems.extend(found.into_iter().map(|problem| (of_file.clone(), problem)));
        Ok(Verified {
            problems,
            syncs: runs.len(),
        })
    }

    /// The end of it: an error where there are problems.
    ///
    /// # Errors
    /// `DataLoss` (exit code 15), which counts them.
    pub fn outcome(&self) -> Result<()> {
        let count = self.problems.len();
        if count == 0 {
            return Ok(());
        }
        let problems = if count == 1 {
            "1 problem".to_owned()
        } else {
            format!("{count} problems")
        };
        Err(Error::new(
            Kind::DataLoss,
            format!("the file does not follow the format: {problems}"),
        )
        .code(code::FORMAT_PROBLEMS)
        .hint("rows of another writer stay as they are; a new sync writes new ones"))
    }
}

/// Readers show stored counts without looking at the rows: a wrong one would be believed.
fn counts(reader: &Reader, run: &SyncRun) -> Result<Vec<Problem>> {
    let Some(stored) = stats::stored(run.stats.as_deref()) else {
        return Ok(Vec::new());
    };
    let computed: Value = serde_json::from_str(&reader.stats_json(run)?)
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    let wrong = ["resource_types", "resources", "entitlements", "grants", "assets"]
        .into_iter()
        .filter_map(|what| {
            let of = |document: Option<&Value>| document.and_then(Value::as_u64).unwrap_or_default();
            let (said, is) = (of(stored.get(what)), of(computed.get(what)));
            (said != is).then(|| Problem {
                row: format!("sync {}", run.sync_id),
                what: format!("its stored counts say {said} {what}, but there are {is}"),
            })
        });
    Ok(wrong.collect())
}

struct One<'v>(&'v str, &'v Problem);

impl List for Verified {
    fn key(&self) -> &'static str {
        "problems"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        &["sync_id", "row", "problem"]
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        self.problems
            .iter()
            .try_for_each(|(sync_id, problem)| each(&One(sync_id, problem)))
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        Ok(serde_json::json!({ "syncId": self.0, "row": self.1.row, "problem": self.1.what }).to_string())
    }

    fn cells(&self) -> Result<Vec<String>> {
        self.record()
    }

    fn record(&self) -> Result<Vec<String>> {
        Ok(vec![self.0.to_owned(), self.1.row.clone(), self.1.what.clone()])
    }
}
