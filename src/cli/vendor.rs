//! What a file is to be read by: every command asks here.

use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::Snapshot;
use crate::workato::conventions::CONVENTIONS;

/// Workato's conventions for a file of Workato, none for one of another vendor.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn conventions(snapshot: &Snapshot) -> Result<&'static Conventions> {
    snapshot.conventions(&CONVENTIONS)
}
