//! What a v3 file says that v1 has no column for. What is derived from rows, digests and indexes, is not counted: it is made
//! again from them.

use super::file::File;
use super::key::{Range, kind};
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{EntitlementRecord, GrantRecord, ResourceRecord};

/// Each kind of thing with its count, for people; nothing when v1 says it all.
///
/// # Errors
/// Those of the file.
pub(in crate::baton::c1z) fn left_in_v1(file: &File) -> Result<Vec<(u64, &'static str)>> {
    let mut scopes = 0;
    file.records(&Range::of_kind(kind::RESOURCE), &mut |row: ResourceRecord| {
        scopes += u64::from(!row.source_scope_key.is_empty());
        Ok(())
    })?;
    file.records(&Range::of_kind(kind::ENTITLEMENT), &mut |row: EntitlementRecord| {
        scopes += u64::from(!row.source_scope_key.is_empty());
        Ok(())
    })?;
    file.records(&Range::of_kind(kind::GRANT), &mut |row: GrantRecord| {
        scopes += u64::from(!row.source_scope_key.is_empty());
        Ok(())
    })?;
    let compacted = file.run()?.is_some_and(|run| run.compacted);
    let quality = file.stats()?.is_some_and(|stats| stats.ingest_quality.is_some());
    let all = [
        (scopes, "names of the scopes that rows came from"),
        (
            u64::from(compacted),
            "mark of the sync that it was put together from several",
        ),
        (u64::from(quality), "report of the quality of what came in"),
    ];
    Ok(all.into_iter().filter(|(count, _)| *count > 0).collect())
}
