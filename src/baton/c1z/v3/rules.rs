//! What a record must say, beside having the key that its ids make: one that breaks such a rule can be parsed, and means
//! nothing, or something else to another reader.

use crate::baton::annotation;
use crate::baton::c1z::is_sync_id;
use crate::baton::proto::c1::storage::v3::{
    AssetRecord, EntitlementRecord, GrantRecord, ResourceRecord, ResourceTypeRecord, SessionRecord, SyncRunRecord,
    SyncType,
};
use crate::baton::proto::v2;

const NO_TIME: &str = "it does not say when it was discovered";
const OF_ANOTHER_SYNC: &str = "it belongs to another sync";

/// What is wrong with the row of the sync.
pub(super) fn run(row: &SyncRunRecord) -> Vec<&'static str> {
    let whole = [SyncType::Full, SyncType::ResourcesOnly].map(i32::from);
    let when = |at: &prost_types::Timestamp| (at.seconds, at.nanos);
    let (started, ended) = (row.started_at.as_ref().map(when), row.ended_at.as_ref().map(when));
    broken([
        (!is_sync_id(&row.sync_id), "its id is not a KSUID"),
        (started.is_none(), "it does not say when it started"),
        (ended.is_some() && ended < started, "it ended before it started"),
        (
            row.r#type == 0 || SyncType::try_from(row.r#type).is_err(),
            "its type is unknown",
        ),
        (
            !row.parent_sync_id.is_empty() && whole.contains(&row.r#type),
            "it has a parent, but is not partial",
        ),
        (
            !row.parent_sync_id.is_empty() && !is_sync_id(&row.parent_sync_id),
            "the id of its parent is not a KSUID",
        ),
    ])
}

/// What is wrong with a resource type.
pub(super) fn resource_type(row: &ResourceTypeRecord) -> Vec<&'static str> {
    broken([(row.discovered_at.is_none(), NO_TIME)])
}

/// What is wrong with an entitlement.
pub(super) fn entitlement(row: &EntitlementRecord) -> Vec<&'static str> {
    let on = row.resource.as_ref();
    let is_on_something = on.is_some_and(|on| !on.resource_type_id.is_empty() && !on.resource_id.is_empty());
    broken([
        (
            row.external_id.is_empty() || !is_on_something,
            "its id or its resource is empty",
        ),
        (row.discovered_at.is_none(), NO_TIME),
    ])
}

/// What is wrong with an asset in the file of a sync.
pub(super) fn asset(row: &AssetRecord, sync_id: &str) -> Vec<&'static str> {
    broken([
        (row.sync_id != sync_id, OF_ANOTHER_SYNC),
        (row.discovered_at.is_none(), NO_TIME),
    ])
}

/// What is wrong with a value of the session of a sync.
pub(super) fn session(row: &SessionRecord, sync_id: &str) -> Vec<&'static str> {
    broken([(row.sync_id != sync_id, OF_ANOTHER_SYNC)])
}

/// What is wrong with a resource.
pub(super) fn resource(row: &ResourceRecord) -> Vec<&'static str> {
    let parent = row.parent.as_ref();
    broken([
        (
            parent.is_some_and(|parent| parent.resource_id.is_empty()),
            "it has a parent without an id",
        ),
        (row.discovered_at.is_none(), NO_TIME),
    ])
}

/// What is wrong with a grant.
pub(super) fn grant(row: &GrantRecord) -> Vec<&'static str> {
    let expansion = row.expansion.as_ref();
    let is_of = row.entitlement.as_ref().is_some_and(|of| {
        !of.entitlement_id.is_empty() && !of.resource_type_id.is_empty() && !of.resource_id.is_empty()
    });
    let to = row.principal.as_ref();
    let is_to = to.is_some_and(|to| !to.resource_type_id.is_empty() && !to.resource_id.is_empty());
    let mut annotations = row.annotations.iter();
    let retired = row.sources.values().any(|source| {
        !source.resource_type_id.is_empty() || !source.resource_id.is_empty() || !source.entitlement_id.is_empty()
    });
    broken([
        (
            row.needs_expansion && expansion.is_none(),
            "it waits for expansion, but passes nothing on",
        ),
        (
            expansion.is_some_and(|e| e.entitlement_ids.iter().all(|id| id.trim().is_empty())),
            "it expands over nothing",
        ),
        (
            annotations.any(annotation::is::<v2::GrantExpandable>),
            "GrantExpandable is still among its annotations",
        ),
        (retired, "a source has fields that are retired"),
        (!is_of || !is_to, "its entitlement or its principal is empty"),
        (row.discovered_at.is_none(), NO_TIME),
    ])
}

fn broken<const N: usize>(rules: [(bool, &'static str); N]) -> Vec<&'static str> {
    rules
        .into_iter()
        .filter(|(is_broken, _)| *is_broken)
        .map(|(_, what)| what)
        .collect()
}
