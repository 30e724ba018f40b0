//! Whether the grants that follow from others were derived.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};

use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::access::principal_of;
use crate::report::edges::Edges;
use crate::report::names::Names;
use crate::report::path::Origin;

/// Type and bare id.
type Principal = (String, String);

/// Edges that are looked at to see whether they were followed.
const LOOKED_AT: usize = 20;

/// Whether nobody got what the edges lead to: then the sync was never expanded. Tokens do not say it.
pub(super) fn is_unexpanded(names: &Names<'_>, edges: &Edges, users: &[String]) -> Result<bool> {
    let snapshot = names.snapshot();
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let mut looked = 0;
    // Many edges come from one group: who is in it is asked once.
    let mut holders: HashMap<(&str, Option<&str>), Option<Principal>> = HashMap::new();
    // A file whose types say of none that it is of people is judged by whoever comes first.
    let kinds: Vec<Option<&str>> = match users {
        [] => vec![None],
        users => users.iter().map(|kind| Some(kind.as_str())).collect(),
    };
    for (target, edge) in edges
        .all()
        .flat_map(|(target, edges)| edges.iter().map(move |edge| (target, edge)))
    {
        let passed = |kind: &String| edge.principal_types.is_empty() || edge.principal_types.contains(kind);
        let mut holder: Option<(String, String)> = None;
        for kind in &kinds {
            let known = match holders.entry((&*edge.source, *kind)) {
                Occupied(known) => known.into_mut(),
                Vacant(new) => new.insert(given_to(names, &edge.source, *kind)?),
            };
            holder = known.clone().filter(|(kind, _)| passed(kind)).or(holder);
        }
        let Some((kind, id)) = holder else {
            continue;
        };
        // What somebody was given besides says nothing of what follows from the group.
        let follows = |grant: &v2::Grant| Origin::of(grant).sources().any(|source| *source == *edge.source);
        if reader.grants_between(sync_id, target, &kind, &id)?.iter().any(follows) {
            return Ok(false);
        }
        looked += 1;
        if looked == LOOKED_AT {
            break;
        }
    }
    Ok(looked > 0)
}

/// Somebody of this type, or of any, who was given an entitlement: the first who holds it, if that was given.
pub(super) fn given_to(names: &Names<'_>, entitlement: &str, kind: Option<&str>) -> Result<Option<(String, String)>> {
    let snapshot = names.snapshot();
    let filter = GrantFilter {
        entitlement: Some(entitlement),
        principal_type: kind,
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
