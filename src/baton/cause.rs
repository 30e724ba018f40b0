//! Why a sync of any connector counts a warning. Names are stable: scripts and stored syncs know them.

use crate::baton::code;

/// Defines constants, and `ALL` with all of them.
macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $code:path;)+) => {
        $($(#[$doc])* pub const $name: $crate::baton::warning::Cause =
            $crate::baton::warning::Cause::new($text, $code);)+

        /// All of the above.
        pub const ALL: &[$crate::baton::warning::Cause] = &[$($name),+];
    };
}
pub(crate) use causes;

causes! {
    /// A resource without an id.
    RESOURCE_WITHOUT_ID = "resource-without-id", code::ROWS_DROPPED;
    /// A resource of a type that is not synced.
    RESOURCE_OF_UNKNOWN_TYPE = "resource-of-unknown-type", code::ROWS_DROPPED;
    /// An entitlement on a resource that is not in the sync.
    ENTITLEMENT_ON_UNKNOWN_RESOURCE = "entitlement-on-unknown-resource", code::ROWS_DROPPED;
    /// A grant of an entitlement that is not in the sync.
    GRANT_OF_UNKNOWN_ENTITLEMENT = "grant-of-unknown-entitlement", code::ROWS_DROPPED;
    /// A grant to somebody who is not in the sync.
    GRANT_TO_UNKNOWN_PRINCIPAL = "grant-to-unknown-principal", code::ROWS_DROPPED;
    /// A resource that disappeared while it was read.
    RESOURCE_GONE = "resource-gone", code::RESOURCE_GONE;
    /// A grant expands over an entitlement that is not in the sync.
    EXPANSION_SOURCE_MISSING = "expansion-source-missing", code::EXPANSION_SKIPPED;
    /// The entitlement of an expandable grant is not in the sync.
    EXPANSION_ENTITLEMENT_MISSING = "expansion-entitlement-missing", code::EXPANSION_SKIPPED;
    /// A grant without principal cannot be expanded.
    EXPANSION_PRINCIPAL_MISSING = "expansion-principal-missing", code::EXPANSION_SKIPPED;
    /// An expanded grant has the id of another principal's.
    EXPANSION_GRANT_ID_TAKEN = "expansion-grant-id-taken", code::EXPANSION_ID_TAKEN;
    /// A task names a resource that was not found.
    TARGET_NOT_FOUND = "target-not-found", code::TARGET_NOT_FOUND;
}
