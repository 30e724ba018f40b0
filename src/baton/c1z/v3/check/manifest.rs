//! What a file says of itself before its payload, against what is in the payload.

use super::super::envelope::ENGINE;
use super::super::file::File;
use super::super::key;
use super::encoding::Encoding;
use super::{Each, say};
use crate::baton::error::Result;
use crate::baton::proto::c1::c1z::v3::PebbleIdIndexFormat;
use crate::baton::proto::c1::storage::v3::{SyncRunRecord, SyncStatsRecord};

pub(super) const MESSAGE: &str = "c1.c1z.v3.C1ZManifestV3";
const PLACE: &str = "manifest";

impl File {
    pub(super) fn check_manifest(&self, run: &SyncRunRecord, encoding: &Encoding, each: Each<'_>) -> Result<()> {
        let manifest = self.manifest();
        for what in encoding.check(MESSAGE, self.manifest_bytes(), true) {
            say(&mut *each, PLACE, what)?;
        }
        let stats: Option<SyncStatsRecord> = self.get(key::STATS)?;
        for summary in &manifest.sync_runs {
            let of_run = (
                &run.sync_id,
                run.r#type,
                &run.started_at,
                &run.ended_at,
                &run.parent_sync_id,
            );
            let of_summary = (
                &summary.sync_id,
                summary.r#type,
                &summary.started_at,
                &summary.ended_at,
                &summary.parent_sync_id,
            );
            if of_run != of_summary {
                say(&mut *each, PLACE, "it says something else of the sync than the store")?;
            }
            if summary.stats != stats {
                say(&mut *each, PLACE, "its counts are not those of the store")?;
            }
        }
        let named = manifest.sync_runs.len();
        let is_current = manifest.engine == ENGINE;
        let files: Option<Vec<&str>> = manifest
            .descriptors
            .as_ref()
            .map(|set| set.file.iter().map(|file| file.name()).collect());
        let has_odd_descriptors =
            files.is_some_and(|files| files.is_empty() || (is_current && !files.is_sorted_by(|a, b| a < b)));
        let format: i32 = PebbleIdIndexFormat::StructuredV1.into();
        for (is_wrong, what) in [
            (named > 1, "it names several syncs"),
            (
                named == 0 && !run.sync_id.is_empty(),
                "it does not name the sync of the store",
            ),
            (
                u64::from(manifest.engine_schema_version) != self.store().format_version(),
                "it names another version of the format than the store",
            ),
            (
                manifest.engine_config.is_some() || !manifest.record_types.is_empty(),
                "it has settings of the engine, or a list of records, which no writer gives it",
            ),
            (
                is_current && manifest.pebble_id_index_format != format,
                "it says that ids are kept in another way than its engine keeps them",
            ),
            (manifest.fold_dead_bytes < 0, "it counts dead bytes below zero"),
            (has_odd_descriptors, "its descriptors are not a sorted set of files"),
        ] {
            if is_wrong {
                say(&mut *each, PLACE, what)?;
            }
        }
        Ok(())
    }
}
