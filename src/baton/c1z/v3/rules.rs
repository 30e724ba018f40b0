//! What a record must say, beside having the key that its ids make: one that breaks such a rule can be parsed, and means
//! nothing, or something else to another reader.

use crate::baton::annotation;
use crate::baton::c1z::is_sync_id;
use crate::baton::proto::c1::storage::v3::{GrantRecord, ResourceRecord, SyncRunRecord, SyncType};
use crate::baton::proto::v2;

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
    ])
}

/// What is wrong with a resource.
pub(super) fn resource(row: &ResourceRecord) -> Vec<&'static str> {
    let parent = row.parent.as_ref();
    broken([(
        parent.is_some_and(|parent| parent.resource_id.is_empty()),
        "it has a parent without an id",
    )])
}

/// What is wrong with a grant.
pub(super) fn grant(row: &GrantRecord) -> Vec<&'static str> {
    let expansion = row.expansion.as_ref();
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
    ])
}

fn broken<const N: usize>(rules: [(bool, &'static str); N]) -> Vec<&'static str> {
    rules
        .into_iter()
        .filter(|(is_broken, _)| *is_broken)
        .map(|(_, what)| what)
        .collect()
}
