//! One sync from begin to sealed file.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::summary::{FamilyCounts, Summary};
use crate::baton::connector::Connector;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::progress::Observer;

/// What a sync is to do.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// The c1z to write (`--file`).
    pub file: PathBuf,
    /// Where the working copy lies; beside the file when absent (`--c1z-temp-dir`).
    pub temp_dir: Option<PathBuf>,
    /// Lists read at the same time (`--workers`, resolved): at least 1.
    pub workers: usize,
    /// Restrict to these resource types; empty means all (`--sync-resource-types`).
    pub resource_types: Vec<String>,
    /// Types and resources only (`--skip-entitlements-and-grants`).
    pub skip_entitlements_and_grants: bool,
}

/// What surrounds a sync.
#[derive(Clone)]
pub struct SyncEnvironment {
    /// Gets every progress event.
    pub observer: Arc<dyn Observer>,
    /// Stops the sync between two requests.
    pub cancel: CancellationToken,
    /// Reads what the requests so far cost, by quota family.
    pub requests: Arc<dyn Fn() -> std::collections::BTreeMap<String, FamilyCounts> + Send + Sync>,
}

/// Runs one sync and seals the file. On any error the file at `options.file` stays as it was.
///
/// # Errors
/// Those of the connector and of the file.
pub async fn run<C: Connector>(
    connector: Arc<C>,
    options: &SyncOptions,
    environment: &SyncEnvironment,
) -> Result<Summary> {
    let _ = (connector, options, environment);
    Err(Error::new(Kind::Unimplemented, "under construction"))
}
