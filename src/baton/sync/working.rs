//! What the store thread owns while a sync runs: the unfinished sync beside the target, a working copy of the target
//! for it to become part of, and the claim on both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message;
use serde_json::Value;

use super::audience::Audience;
use super::checkpoint::Plan;
use super::ingest::RowValidator;
use super::one_sync;
use super::pages::decode;
use super::resume::{Decision, Usable, decide};
use super::sync_target::{ANSWERED, FINGERPRINT, RECORDS, SyncTarget};
use crate::baton::c1z::steps::Steps;
use crate::baton::c1z::{Claim, Engine, Partial, Policy, Saved, Section, Store, SyncRun};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::PreviousSync;
use crate::baton::proto::v2;
use crate::baton::warning::Warnings;

/// Rows handed to the store at a time.
const BATCH: usize = 500;

/// Where a run starts.
pub struct Start {
    /// The id of the sync.
    pub sync_id: String,
    /// When it was begun, to the second.
    pub begun: String,
    /// What is to be done.
    pub plan: Plan,
    /// Whether an earlier run began it.
    pub resumed: bool,
    /// Why an unfinished sync that was there was not taken up again.
    pub fresh_because: Option<String>,
    /// Knows the rows that are there.
    pub gate: RowValidator,
    /// Rows that are there, by resource type.
    pub rows: BTreeMap<Section, BTreeMap<String, u64>>,
    /// Lists that were read to their end before.
    pub lists: u64,
    /// What the connector recorded so far.
    pub records: BTreeMap<String, Value>,
    /// The single things that answered so far.
    pub noted: Vec<(String, String)>,
    /// The full sync of the target that finished last.
    pub previous: Option<PreviousSync>,
    /// The syncs of the target that go when this one is sealed, oldest first.
    pub leaving: Vec<SyncRun>,
    /// Whether they go as every time: the target has one sync only, and had before.
    pub is_expected: bool,
    /// What the rows of the target will lie in.
    pub engine: Engine,
}

/// See the module.
pub struct Working {
    /// The unfinished sync. Declared before the claim, so it is closed first.
    pub partial: Partial,
    /// The target's working copy; gone once it was saved, or could not be.
    store: Option<Store>,
    claim: Claim,
    audience: Audience,
    resumable: bool,
    flushed: Instant,
}

impl Working {
    /// Claims the target, unpacks it and finds or begins the unfinished sync. Warnings that it counted are restored.
    ///
    /// # Errors
    /// `Unavailable` when another run holds the target, `FailedPrecondition` where a sync that is kept would go; otherwise
    /// those of [`Store::open`] and of the disk.
    pub fn open(wanted: &SyncTarget, warnings: &Arc<Warnings>) -> Result<(Working, Start)> {
        let claim = Claim::take(&wanted.file, wanted.temp_dir.as_deref())?;
        let mut policy = Policy::from_env();
        policy.engine = wanted.engine;
        if let Some(keep) = wanted.keep {
            policy.keep = keep;
        }
        let before = Engine::of(&wanted.file);
        let mut store = Store::open_with(&wanted.file, wanted.temp_dir.as_deref(), policy)?;
        one_sync::check(&store, wanted, before)?;
        let previous = previous(&store)?;
        let leaving = store.leaving(wanted.kind)?;
        let (partial, usable, resumed, fresh_because) = match decide(&claim, &store, wanted, warnings)? {
            Decision::Resume(unfinished) => (unfinished.0, unfinished.1, true, None),
            Decision::Begin(why_not) => {
                if let Some(why) = &why_not {
                    tracing::warn!(code = code::PARTIAL_DISCARDED.number(), %why, "An unfinished sync is not resumed.");
                }
                let partial = begin(&claim, &mut store, wanted)?;
                (partial, Usable::nothing(wanted, warnings), false, why_not)
            }
        };
        let start = Start {
            lists: partial.lists_done()?,
            sync_id: partial.sync_id().to_owned(),
            begun: partial.started_second().to_owned(),
            plan: usable.plan,
            resumed,
            fresh_because,
            gate: usable.gate,
            rows: usable.rows,
            records: usable.records,
            noted: usable.noted,
            previous,
            leaving,
            is_expected: before == Some(Engine::Pebble),
            engine: store.engine(),
        };
        let working = Working {
            partial,
            store: Some(store),
            claim,
            audience: wanted.audience,
            resumable: wanted.resumable,
            flushed: Instant::now(),
        };
        Ok((working, start))
    }

    /// Stores what the connector recorded.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full, here and below.
    pub fn put_records(&mut self, records: &BTreeMap<String, Value>) -> Result<()> {
        let bytes = serde_json::to_vec(records).map_err(not_json)?;
        self.partial.session_set(RECORDS, &bytes)
    }

    /// Stores which single things answered.
    ///
    /// # Errors
    /// As [`Working::put_records`].
    pub fn put_noted(&mut self, noted: &[(String, String)]) -> Result<()> {
        noted.iter().try_for_each(|(asked, id)| {
            let key = format!("{ANSWERED}{asked}\n{id}");
            self.partial.session_set(&key, &[])
        })
    }

    /// Makes everything outlive a power cut, if the last time was so long ago.
    ///
    /// # Errors
    /// As [`Working::put_records`].
    pub fn flush_after(&mut self, pause: Duration) -> Result<()> {
        if self.flushed.elapsed() >= pause {
            self.partial.flush()?;
            self.flushed = Instant::now();
        }
        Ok(())
    }

    /// Moves the collected rows into the working copy of the target, in the order of the plan.
    ///
    /// # Errors
    /// `DataLoss` for a page that cannot be parsed, and those of the store.
    pub fn move_rows(&mut self, types: &[v2::ResourceType]) -> Result<()> {
        let Working {
            partial,
            store,
            audience,
            ..
        } = self;
        let store = store.as_mut().ok_or_else(saved_already)?;
        let mut types = types.to_vec();
        types.iter_mut().for_each(|row| audience.resource_type(row));
        let mut begin = || {
            store.begin_collected(partial)?;
            store.make_room()?;
            store.put_resource_types(&types)
        };
        begin().map_err(|error| store.named(error))?;
        // Errors of the unfinished sync, which is read here, are not those of the store.
        move_section(partial, Section::Resources, &mut |mut rows: Vec<v2::Resource>| {
            rows.iter_mut().for_each(|row| audience.resource(row));
            store.put_resources(&rows).map_err(|error| store.named(error))
        })?;
        move_section(partial, Section::Entitlements, &mut |mut rows: Vec<v2::Entitlement>| {
            rows.iter_mut().for_each(|row| audience.entitlement(row));
            store.put_entitlements(&rows).map_err(|error| store.named(error))
        })?;
        move_section(partial, Section::Grants, &mut |mut rows: Vec<v2::Grant>| {
            rows.iter_mut().for_each(|row| audience.grant(row));
            store.put_grants(rows).map_err(|error| store.named(error))
        })?;
        partial.release_memory()
    }

    /// Does something with the working copy of the target.
    ///
    /// # Errors
    /// Those of `work`; `Internal` after [`Working::save`].
    pub fn in_store<R>(&mut self, work: impl FnOnce(&mut Store) -> Result<R>) -> Result<R> {
        let store = self.store.as_mut().ok_or_else(saved_already)?;
        work(store).map_err(|error| store.named(error))
    }

    /// Seals the target. Only then is the unfinished sync removed, and nothing is left to work on.
    ///
    /// # Errors
    /// Those of [`Store::save`]; the target is then as it was, and the unfinished sync too.
    pub fn save(working: &mut Option<Working>, steps: &dyn Steps) -> Result<Saved> {
        let store = working.as_mut().and_then(|w| w.store.take());
        let saved = store.ok_or_else(saved_already)?.save_with(steps)?;
        if let Some(Working { partial, claim, .. }) = working.take() {
            drop(partial);
            // The next run knows the sync by its id, should this fail.
            if let Err(error) = claim.discard() {
                tracing::warn!(
                    code = error.code_id().number(), %error,
                    "The finished sync's partial file could not be removed."
                );
            }
        }
        Ok(saved)
    }

    /// Ends without sealing. Returns where the unfinished sync lies if it is to be kept and worth resuming, and removes
    /// it otherwise.
    ///
    /// # Errors
    /// As [`Working::put_records`].
    pub fn stop(self, keep: bool) -> Result<Option<PathBuf>> {
        let Working {
            mut partial,
            store,
            claim,
            resumable,
            ..
        } = self;
        drop(store);
        // What is not to be kept goes, also where a full disk keeps the last of it from being committed.
        if keep && resumable {
            partial.forget_failure();
            partial.commit()?;
            if partial.is_worth_keeping()? {
                partial.close()?;
                return Ok(Some(claim.partial_path().to_owned()));
            }
        }
        drop(partial);
        claim.discard()?;
        Ok(None)
    }
}

/// Hands the rows of a section to `put`, many at a time.
fn move_section<M: Message + Default>(
    partial: &Partial,
    section: Section,
    put: &mut dyn FnMut(Vec<M>) -> Result<()>,
) -> Result<()> {
    let mut rows: Vec<M> = Vec::new();
    partial.for_each_page(section, &mut |_, bytes| {
        rows.extend(decode::<M>(bytes)?);
        if rows.len() >= BATCH {
            put(std::mem::take(&mut rows))?;
        }
        Ok(())
    })?;
    put(rows)
}

/// Begins a sync with everything that a later run compares and goes by.
fn begin(claim: &Claim, store: &mut Store, wanted: &SyncTarget) -> Result<Partial> {
    let fingerprint = serde_json::to_vec(&wanted.fingerprint).map_err(not_json)?;
    let token = Plan::new(wanted.kind).token(0)?;
    let begun = Partial::create(claim, store, wanted.kind).and_then(|mut partial| {
        partial.session_set(FINGERPRINT, &fingerprint)?;
        partial.set_token(&token)?;
        partial.commit()?;
        Ok(partial)
    });
    if begun.is_err() {
        // Nothing is in it yet. What cannot be removed is no unfinished sync to the next run.
        let _ = claim.discard();
    }
    begun
}

fn previous(store: &Store) -> Result<Option<PreviousSync>> {
    Ok(store.latest_full()?.map(SyncRun::into_previous))
}

fn saved_already() -> Error {
    Error::new(Kind::Internal, "the working copy is closed")
}

fn not_json(error: serde_json::Error) -> Error {
    Error::new(Kind::Internal, error.to_string())
}

/// The name of a path without its folder, as messages show it.
pub fn short(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::c1z::Position;
    use crate::baton::c1z::SyncType;
    use crate::baton::c1z::steps::Disk;
    use crate::baton::fingerprint::Fingerprint;
    use crate::baton::resource::{ResourceBuilder, resource_type};
    use crate::baton::sync::store_thread::{Stopped, StoreThread};

    fn wanted(folder: &Path, temp_dir: &Path) -> SyncTarget {
        SyncTarget {
            file: folder.join("sync.c1z"),
            temp_dir: Some(temp_dir.to_owned()),
            kind: SyncType::Full,
            types: vec![resource_type("role", "Role", &[], vec![])],
            fingerprint: Fingerprint::default(),
            audience: Audience::default(),
            fresh: false,
            resumable: true,
            keep: None,
            engine: None,
        }
    }

    fn roles(count: usize) -> Vec<v2::Resource> {
        let role = |n: usize| ResourceBuilder::new("role", n.to_string(), "x".repeat(500)).build();
        (0..count).map(role).collect()
    }

    type Step<'a> = Box<dyn FnMut(&mut Working) -> Result<()> + 'a>;

    fn says(error: &Error, where_it_is: &Path, what_helps: &str) {
        assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&*where_it_is.to_string_lossy()), "{text}");
        let hint = error.hint_text().unwrap_or_default();
        assert!(hint.contains("free some space") && hint.contains(what_helps), "{hint}");
    }

    #[test]
    fn a_full_disk_names_the_unfinished_sync_and_another_file_helps() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut working, _) = Working::open(&wanted(folder.path(), elsewhere.path()), &Arc::default()).unwrap();
        working.partial.fill_disk(4);
        let mut page = |page| {
            let at = Position { list: 0, page };
            working.partial.put_page(Section::Resources, at, &[7; 4000], None)
        };
        let error = (0..100).find_map(|n| page(n).err()).unwrap();
        says(&error, &folder.path().join("sync.c1z.partial"), "another");
        assert!(!error.hint_text().unwrap().contains("temp-dir"), "{error:?}");
    }

    #[test]
    fn a_full_disk_names_the_folder_of_the_working_copy_and_another_folder_helps() {
        for at in 0..3 {
            let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let wanted = wanted(folder.path(), elsewhere.path());
            let (mut working, _) = Working::open(&wanted, &Arc::default()).unwrap();
            let rows = crate::baton::sync::pages::encode(&roles(200)).unwrap();
            let first = Position { list: 0, page: 0 };
            working
                .partial
                .put_page(Section::Resources, first, &rows, None)
                .unwrap();
            let mut steps: [Step<'_>; 3] = [
                Box::new(|w| w.move_rows(&wanted.types)),
                Box::new(|w| w.in_store(|store| store.put_resources(&roles(400)))),
                Box::new(|w| w.in_store(|store| store.finish_sync("{}"))),
            ];
            for step in steps.iter_mut().take(at) {
                step(&mut working).unwrap();
            }
            working.store.as_ref().unwrap().fill_disk(1);
            let error = steps[at](&mut working).unwrap_err();
            says(&error, elsewhere.path(), "--c1z-temp-dir");
        }
    }

    /// Who stops a sync that is being sealed may come too late, and must not say that nothing was kept.
    #[tokio::test]
    async fn a_stop_after_sealing_says_that_the_file_has_the_sync() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let wanted = wanted(folder.path(), elsewhere.path());
        let (file, types) = (wanted.file.clone(), wanted.types.clone());
        let (store, _) = StoreThread::open(wanted, Arc::default()).await.unwrap();
        let fill = move |working: &mut Working| {
            working.move_rows(&types)?;
            working.in_store(|store| store.finish_sync("{}"))
        };
        store.call(fill).await.unwrap();
        store.save(Arc::new(Disk)).await.unwrap();
        let stopped = store.stop(true, std::time::Duration::from_secs(60)).await;
        assert_eq!(stopped, Stopped::Sealed);
        assert!(file.is_file());
    }
}
