//! A sync that was stopped, however it was stopped, goes on where it was: the same rows as an undisturbed one, and no
//! request twice but those in flight (`baton/c1z/format.md 4.1 to 4.4`).

#[cfg(unix)]
mod damage;
mod everywhere;
#[cfg(unix)]
mod file;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod refused;
mod workspace;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_workato::baton::c1z::Reader;
use baton_workato::baton::error::Result;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::baton::sync::{self, SyncEnvironment, SyncOptions};

use self::workspace::Workspace;
use crate::support::place::names;
use crate::support::run::{environment, options};

/// A folder with the file of a sync.
struct Place {
    folder: tempfile::TempDir,
    options: SyncOptions,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(&folder.path().join("sync.c1z"));
        Place { folder, options }
    }

    fn file(&self) -> &Path {
        &self.options.file
    }

    fn partial(&self) -> PathBuf {
        self.folder.path().join("sync.c1z.partial")
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    async fn sync(&self, workspace: &Arc<Workspace>) -> Result<Summary> {
        self.sync_in(workspace, &environment()).await
    }

    async fn sync_in(&self, workspace: &Arc<Workspace>, environment: &SyncEnvironment) -> Result<Summary> {
        let connector = Arc::new(workspace.connector());
        sync::run(connector, &self.options, environment).await
    }

    /// Waits until a sync whose future was dropped has let go of the file.
    async fn released(&self) {
        while self.folder.path().join("sync.c1z.partial.lock").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

/// Whether every case is tried instead of a sample: set `BATON_TEST_EXHAUSTIVE` to anything.
fn exhaustive() -> bool {
    std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some()
}

/// Everything about the newest sync that must not depend on how often it was stopped: rows in their order, blobs,
/// token, stats.
fn content(file: &Path) -> Vec<String> {
    use prost::Message as _;
    let reader = Reader::open(file, None).unwrap();
    let run = reader.latest_full().unwrap().expect("a finished full sync");
    assert!(reader.verify(&run.sync_id).unwrap().is_empty());
    // When a list was not there is when it was asked.
    let mut token: serde_json::Value = serde_json::from_str(&run.token).unwrap();
    let absent = token.pointer_mut("/connector_record/records/absent_families");
    for at in absent
        .into_iter()
        .flat_map(|absent| absent.as_object_mut().unwrap().values_mut())
    {
        assert!(at.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{at}");
        *at = "asked".into();
    }
    let mut lines = vec![token.to_string(), run.stats.unwrap_or_default()];
    let sync = run.sync_id.as_str();
    reader
        .for_each_resource(sync, &mut |r| {
            lines.push(format!("{:?}", r.encode_to_vec()));
            Ok(())
        })
        .unwrap();
    reader
        .for_each_entitlement(sync, &mut |e| {
            lines.push(format!("{:?}", e.encode_to_vec()));
            Ok(())
        })
        .unwrap();
    reader
        .for_each_grant(sync, &mut |g| {
            lines.push(format!(
                "{} {:?} {:?}",
                g.grant.id,
                g.grant.encode_to_vec(),
                g.expansion
            ));
            Ok(())
        })
        .unwrap();
    lines
}
