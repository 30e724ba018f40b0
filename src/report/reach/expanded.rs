//! Whether the grants that follow from others were derived.

use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::access::{entitlement_of, principal_of};
use crate::report::edges::Edges;
use crate::report::names::Names;
use crate::report::path::Origin;

/// Edges that are looked at to see whether they were followed.
const LOOKED_AT: usize = 20;

/// Whether nobody got what the edges lead to: then the sync was never expanded. Tokens do not say it.
pub(super) fn is_unexpanded(names: &Names<'_>, edges: &Edges, users: &[String]) -> Result<bool> {
    let snapshot = names.snapshot();
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let mut looked = 0;
    for (target, edge) in edges
        .all()
        .flat_map(|(target, edges)| edges.iter().map(move |edge| (target, edge)))
    {
        let passed = |kind: &&String| edge.principal_types.is_empty() || edge.principal_types.contains(kind);
        let mut holder: Option<v2::Grant> = None;
        for kind in users.iter().filter(passed) {
            let filter = GrantFilter {
                entitlement: Some(&edge.source),
                principal_type: Some(kind),
                limit: Some(1),
                ..Default::default()
            };
            reader.for_each_grant_where(sync_id, &filter, &mut |row| {
                holder = Some(row.grant).filter(|grant| Origin::of(grant).is_direct(entitlement_of(grant)));
                Ok(())
            })?;
        }
        let Some(holder) = holder else {
            continue;
        };
        let (kind, id) = principal_of(&holder);
        if !reader.grants_between(sync_id, target, kind, id)?.is_empty() {
            return Ok(false);
        }
        looked += 1;
        if looked == LOOKED_AT {
            break;
        }
    }
    Ok(looked > 0)
}
