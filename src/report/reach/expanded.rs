//! Whether the grants that follow from others were derived.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::report::access::principal_of;
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
    // Many edges come from one group: who is in it is asked once.
    let mut holders: HashMap<(&str, &str), Option<(String, String)>> = HashMap::new();
    for (target, edge) in edges
        .all()
        .flat_map(|(target, edges)| edges.iter().map(move |edge| (target, edge)))
    {
        let passed = |kind: &&String| edge.principal_types.is_empty() || edge.principal_types.contains(kind);
        let mut holder: Option<(String, String)> = None;
        for kind in users.iter().filter(passed) {
            let known = match holders.entry((&*edge.source, kind.as_str())) {
                Occupied(known) => known.into_mut(),
                Vacant(new) => new.insert(given_to(names, &edge.source, kind)?),
            };
            holder = known.clone().or(holder);
        }
        let Some((kind, id)) = holder else {
            continue;
        };
        if !reader.grants_between(sync_id, target, &kind, &id)?.is_empty() {
            return Ok(false);
        }
        looked += 1;
        if looked == LOOKED_AT {
            break;
        }
    }
    Ok(looked > 0)
}

/// Somebody of this type who was given an entitlement: the first who holds it, if that was given.
fn given_to(names: &Names<'_>, entitlement: &str, kind: &str) -> Result<Option<(String, String)>> {
    let snapshot = names.snapshot();
    let filter = GrantFilter {
        entitlement: Some(entitlement),
        principal_type: Some(kind),
        limit: Some(1),
        ..Default::default()
    };
    let mut found = None;
    snapshot
        .reader()
        .for_each_listed_grant(snapshot.sync_id(), &filter, &mut |listed| {
            if Origin::is_given(&listed.grant) {
                let (kind, id) = principal_of(&listed.grant);
                found = Some((kind.to_owned(), id.to_owned()));
            }
            Ok(())
        })?;
    Ok(found)
}
