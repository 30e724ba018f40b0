//! Where names are looked up: in the file of a sync, or, where there is none yet, in the workspace itself. Then a sync of
//! the names alone goes into a file that is gone afterwards.

use std::path::Path;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::baton::c1z::Keep;
use crate::baton::config::kit;
use crate::baton::config::{Source, Values};
use crate::baton::error::{Context as _, Result};
use crate::baton::sync::{Audience, SyncOptions};
use crate::cli::interrupt;
use crate::cli::sync::{chosen_temp_dir, chosen_workers, in_runtime, read_workspace};
use crate::report::{Snapshot, Which};
use crate::term::Terminal;
use crate::term::progress::Display;
use crate::workato::conventions::CONVENTIONS;
use crate::workato::settings::{EnvironmentChoice, FolderDepth, PrivilegesMode};
use crate::workato::{self, AGENTS, GROUPS, IDENTITY_GROUPS, IDENTITY_USERS, PEOPLE, PROJECT_ROLES, PROJECTS, ROLES};

/// A snapshot with names. It lies in a folder of its own where nobody asked for a file.
pub struct Known {
    /// The names.
    pub snapshot: Snapshot,
    _folder: Option<TempDir>,
}

/// Opens the file; without one, unless it was asked for, reads the names.
///
/// # Errors
/// Those of the file, or of a sync.
pub fn known(terminal: &Terminal, values: &Values, display: Display) -> Result<Known> {
    let file = Path::new(kit::FILE.of(values));
    let temp_dir = chosen_temp_dir(values)?;
    if kit::FILE.source(values) != Source::Default || file.exists() {
        return Ok(Known {
            snapshot: open(file, temp_dir.as_deref())?,
            _folder: None,
        });
    }
    let folder = match &temp_dir {
        Some(dir) => TempDir::new_in(dir),
        None => TempDir::new(),
    };
    let folder = folder.context("make a folder for the names")?;
    let file = folder.path().join("names.c1z");
    let mut settings = workato::config::settings(values)?;
    settings.environment = EnvironmentChoice::All;
    settings.privileges = PrivilegesMode::Off;
    settings.folder_depth = FolderDepth::Levels(0);
    let common = [PEOPLE, GROUPS, PROJECTS, PROJECT_ROLES, IDENTITY_USERS, IDENTITY_GROUPS];
    let kinds = [&common[..], &ROLES, &AGENTS].concat();
    let options = SyncOptions {
        file: file.clone(),
        temp_dir: temp_dir.clone(),
        workers: chosen_workers(values),
        resource_types: kinds.into_iter().map(str::to_owned).collect(),
        skip_entitlements_and_grants: true,
        partial: false,
        skip_expansion: true,
        audience: Audience::AnyReader,
        fresh: true,
        resumable: false,
        time_budget: None,
        incremental: false,
        previous: None,
        keep: None,
        engine: None,
    };
    let limits = workato::config::limits(values);
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let read = read_workspace(terminal, display, settings, limits, &options, cancel).await;
        read.map_err(|error| interrupts.explain(error))
            .context("read the names")
    })?;
    Ok(Known {
        snapshot: open(&file, temp_dir.as_deref())?,
        _folder: Some(folder),
    })
}

fn open(file: &Path, temp_dir: Option<&Path>) -> Result<Snapshot> {
    let which = Which {
        sync_id: None,
        file,
        temp_dir,
        keep: Keep::BIG,
        conventions: &CONVENTIONS,
    };
    which.open()
}
