//! Accounts of files that do not say which types are of people.

use std::collections::BTreeSet;

use crate::baton::error::Result;
use crate::report::access::Answers;
use crate::report::find;
use crate::report::snapshot::Snapshot;

/// Who counts as an account where no type of the file says that it is one: whoever holds something without passing it
/// on. A review that is empty because of a missing trait would look like a workspace without access.
#[derive(Default)]
pub(in crate::report) struct StandIns {
    needed: bool,
    /// Types whose resources pass on what they hold, such as groups and roles.
    holders: BTreeSet<String>,
}

impl StandIns {
    /// Reads it.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(in crate::report) fn read(snapshot: &Snapshot, answers: &Answers<'_>) -> Result<StandIns> {
        let edges = answers.edges().all().flat_map(|(_, edges)| edges);
        Ok(StandIns {
            needed: find::user_types(snapshot)?.is_empty(),
            holders: edges.map(|edge| edge.holder.0.clone()).collect(),
        })
    }

    /// Whether resources of a type are such accounts.
    pub(in crate::report) fn includes(&self, kind: &str) -> bool {
        self.needed && !self.holders.contains(kind)
    }
}
