//! The expansion columns of a grant (`baton/c1z/format.md 2.5`).

use prost::Message as _;

use crate::baton::annotation::{self, Named as _};
use crate::baton::proto::v2;

/// Takes every `GrantExpandable` annotation off the grant. Returns the first one, if it is intact and names at least
/// one entitlement: that is what goes to the `expansion` column. The order of the other annotations stays.
pub fn split(grant: &mut v2::Grant) -> Option<v2::GrantExpandable> {
    let first = grant
        .annotations
        .iter()
        .position(annotation::is::<v2::GrantExpandable>)?;
    let expansion =
        grant
            .annotations
            .get(first)
            .and_then(|any| match v2::GrantExpandable::decode(any.value.as_slice()) {
                Ok(expansion) => Some(expansion),
                Err(error) => {
                    tracing::warn!(grant = %grant.id, %error, "A damaged {} was dropped.", v2::GrantExpandable::NAME);
                    None
                }
            });
    grant
        .annotations
        .retain(|any| !annotation::is::<v2::GrantExpandable>(any));
    expansion.filter(|e| e.entitlement_ids.iter().any(|id| !id.trim().is_empty()))
}

/// As [`split`], serialised for the column.
pub(super) fn take_column(grant: &mut v2::Grant) -> Option<Vec<u8>> {
    split(grant).map(|expansion| expansion.encode_to_vec())
}
