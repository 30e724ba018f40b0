//! Counting the rows of a sync as they are written.

use std::collections::BTreeMap;

use super::super::key;
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{SyncRunRecord, SyncStatsRecord};

/// Counts of rows.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) resource_types: i64,
    pub(super) assets: i64,
    pub(super) resources: Tally,
    pub(super) entitlements: Tally,
    /// By the type of the resource that their entitlement is on.
    pub(super) grants: Tally,
}

/// Counts by resource type, which is the first part of a key.
#[derive(Default)]
pub(super) struct Tally(BTreeMap<Vec<u8>, i64>);

impl Tally {
    pub(super) fn add(&mut self, tuple: &[u8]) {
        self.add_some(tuple, 1);
    }

    /// Adds so many rows, whose keys begin alike.
    pub(super) fn add_some(&mut self, tuple: &[u8], more: i64) {
        let kind = key::parts(tuple).next().unwrap_or_default();
        match self.0.get_mut(kind) {
            Some(count) => *count += more,
            None => {
                self.0.insert(kind.to_vec(), more);
            }
        }
    }

    fn total(&self) -> i64 {
        self.0.values().sum()
    }

    fn by_type(&self) -> Result<BTreeMap<String, i64>> {
        let counts = self.0.iter();
        counts
            .map(|(kind, count)| Ok((key::text(kind)?.into_owned(), *count)))
            .collect()
    }
}

impl Counts {
    pub(super) fn record(&self, run: &SyncRunRecord) -> Result<SyncStatsRecord> {
        Ok(SyncStatsRecord {
            sync_id: run.sync_id.clone(),
            resource_types: self.resource_types,
            resources: self.resources.total(),
            entitlements: self.entitlements.total(),
            grants: self.grants.total(),
            assets: self.assets,
            resources_by_resource_type: self.resources.by_type()?,
            grants_by_entitlement_resource_type: self.grants.by_type()?,
            entitlements_by_resource_type: self.entitlements.by_type()?,
            written_at: run.ended_at,
            ..SyncStatsRecord::default()
        })
    }
}
