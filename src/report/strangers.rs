//! Principals of grants that the file has no row of: of a list that was refused, or left out by another writer. They hold what
//! they hold all the same, so whoever lists everybody asks for them too.

use super::snapshot::Snapshot;
use crate::baton::error::Result;

/// Calls `each` with type and bare id of each, in their order.
///
/// # Errors
/// `DataLoss` for a damaged file, and those of `each`.
pub fn for_each(snapshot: &Snapshot, each: &mut dyn FnMut(&str, &str) -> Result<()>) -> Result<()> {
    snapshot.reader().for_each_rowless_principal(snapshot.sync_id(), each)
}
