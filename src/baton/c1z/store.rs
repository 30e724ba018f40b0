//! The writable side: a working copy of one file, and the life of a sync in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::derived::Held;
use super::engine::Engine;
use super::partial::Partial;
use super::policy::Policy;
use super::rows::{Expandable, Passing, View};
use super::run::{self, SyncRun, SyncType};
use super::save::{self, Saved};
use super::scratch::{self, Scratch};
use super::stats::{self, TypeCounts};
use super::steps::{Disk, Steps};
use super::timestamp::Clock;
use super::verify::{self, Problem};
use super::whole::Near;
use super::{before, envelope, fault, ksuid, memory, migrate, reader, sound, v3};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::v2;

/// A working copy of the file at a target path. The target changes only in [`Store::save`]; dropping the store
/// forgets everything. One thread at a time; every call blocks.
pub struct Store {
    // The connection is declared before its file, so it closes first.
    pub(super) db: Connection,
    /// `None`: in memory.
    pub(super) scratch: Option<Scratch>,
    pub(super) folder: PathBuf,
    pub(super) target: PathBuf,
    pub(super) engine: Engine,
    pub(super) policy: Policy,
    clock: Clock,
    pub(super) sync_id: Option<String>,
    /// Grants of the sync by resource type, once it is finished: counting them is most of what counting takes.
    grants: Option<BTreeMap<String, u64>>,
    /// Grants that expansion derived and that are not rows yet; nothing where all are to be at once.
    pub(super) held: Option<Held>,
    /// Syncs that are gone but for their grants, see `room`.
    pub(super) leaving: Vec<String>,
    pub(super) near: Near,
}

impl Store {
    /// Unpacks the file at `target`, of any age, or starts an empty one if there is none. The working copy lies in
    /// `temp_dir`, or beside the target.
    ///
    /// A file that is to be of the v3 form has one sync: of the syncs that lie at the target only those rows are here that
    /// say what they are.
    ///
    /// # Errors
    /// `Unimplemented` for a v3 file of an engine that is not read, `Unknown` for a missing folder, `DataLoss` for a
    /// damaged file, `ResourceExhausted` above a size limit or on a full disk.
    pub fn open(target: &Path, temp_dir: Option<&Path>) -> Result<Store> {
        Self::open_with(target, temp_dir, Policy::from_env())
    }

    /// As [`Store::open`], with limits and retention given instead of read from the environment.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(target: &Path, temp_dir: Option<&Path>, policy: Policy) -> Result<Store> {
        let open = || -> Result<Store> {
            let folder = scratch::work_folder(target, temp_dir)?.to_owned();
            let engine = Engine::at(target, policy.engine);
            let sort = scratch::writing(target);
            let (scratch, before) = match engine {
                Engine::Sqlite => (Scratch::unpack(target, &folder, &sort, &policy)?, Vec::new()),
                Engine::Pebble => {
                    let before = before::runs(target, &folder, &policy)?;
                    (Scratch::create(&folder, &sort)?.0, before)
                }
            };
            let db = scratch.connect()?;
            if scratch.is_filled() {
                sound::check_database(&db, File::open(scratch.path())?)?;
            } else {
                // In a new file nothing is deleted: there is no earlier sync.
                db.execute_batch("pragma secure_delete = off")?;
            }
            migrate::prepare(&db).map_err(|error| fault::asked(error, scratch.path()))?;
            before.iter().try_for_each(|run| run::insert(&db, run))?;
            Self::of(db, Some(scratch), folder, target, engine, policy)
        };
        open()
            .map_err(unsound)
            .with_context(|| format!("open {}", target.display()))
    }

    /// A store of a working copy that has the rows of a sync already, to be saved at `target`.
    pub(super) fn of_copy(
        db: Connection,
        scratch: Scratch,
        target: &Path,
        policy: Policy,
        run: &SyncRun,
    ) -> Result<Store> {
        let store = Store {
            db,
            folder: scratch::folder_of(scratch.path()).to_owned(),
            scratch: Some(scratch),
            target: target.to_owned(),
            engine: Engine::Sqlite,
            policy,
            clock: Clock::after([run.started_at.as_str()]),
            sync_id: Some(run.sync_id.clone()),
            grants: None,
            held: None,
            leaving: Vec::new(),
            near: Near::default(),
        };
        if run.ended_at.is_some() && run.stats.is_none() {
            store.count()?;
        }
        Ok(store)
    }

    /// Stores how many rows the sync has. Returns the grants by resource type.
    fn count(&self) -> Result<BTreeMap<String, u64>> {
        let view = self.view()?;
        let run = run::find(view.db, view.sync_id)?.ok_or_else(|| fault::broken("the row of the sync is gone"))?;
        let kind = run.sync_type.parse().unwrap_or(SyncType::Full);
        let mut grants = stats::grants_by_type(view)?;
        self.count_held(&mut grants);
        let stats = stats::json_with(view, kind, &grants)?;
        view.db.execute(
            "update v1_sync_runs set stats = ?2 where sync_id = ?1",
            [view.sync_id, &stats],
        )?;
        Ok(grants)
    }

    /// A store of the bytes of a v1 file, or a new one of none, which never touches a disk. [`Store::pack`] makes bytes of
    /// it again.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_in_memory(packed: &[u8], policy: Policy) -> Result<Store> {
        let mut database = Vec::new();
        let is_filled = envelope::decode_from(packed, &mut database, &policy.limits)?;
        let db = memory::connect(&database).map_err(fault::foreign)?;
        if is_filled {
            sound::check_database(&db, Cursor::new(&database))?;
        }
        migrate::prepare(&db)?;
        Self::of(db, None, PathBuf::new(), Path::new("memory"), Engine::Sqlite, policy)
    }

    fn of(
        db: Connection,
        scratch: Option<Scratch>,
        folder: PathBuf,
        target: &Path,
        engine: Engine,
        policy: Policy,
    ) -> Result<Store> {
        let runs = run::list(&db)?;
        let times = runs.iter().flat_map(|r| r.ended_at.iter().chain([&r.started_at]));
        let clock = Clock::after(times.map(String::as_str));
        Ok(Store {
            held: (engine == Engine::Pebble).then(|| Held::new(&folder)),
            db,
            scratch,
            folder,
            target: target.to_owned(),
            engine,
            policy,
            clock,
            sync_id: None,
            grants: None,
            leaving: Vec::new(),
            near: Near::default(),
        })
    }

    /// Begins a sync under a new id and writes to it from now on.
    ///
    /// # Errors
    /// `InvalidArgument` for the halves of a diff, which are not made here.
    pub fn begin_sync(&mut self, kind: SyncType) -> Result<String> {
        let parent = match kind {
            SyncType::Full | SyncType::ResourcesOnly => None,
            SyncType::Partial => run::latest_finished(&self.db, Some(SyncType::Full))?,
            SyncType::PartialUpserts | SyncType::PartialDeletions => {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    format!("a sync cannot begin as {}", kind.as_str()),
                ));
            }
        };
        let sync_id = ksuid::new_sync_id();
        let started_at = self.clock.now();
        self.begin(kind, &sync_id, &started_at, parent)?;
        Ok(sync_id)
    }

    /// Begins, in this file, the sync that was collected in `partial`, under its id and with its start.
    ///
    /// # Errors
    /// Those of the file.
    pub fn begin_collected(&mut self, partial: &Partial) -> Result<()> {
        self.clock.pass(partial.started_at());
        let parent = match partial.kind() {
            SyncType::Partial => run::latest_finished(&self.db, Some(SyncType::Full))?,
            _ => None,
        };
        self.begin(partial.kind(), partial.sync_id(), partial.started_at(), parent)
    }

    /// The time, later than everything in the file.
    pub(super) fn now(&mut self) -> String {
        self.clock.now()
    }

    /// What the working copy is like on disk.
    #[cfg(unix)]
    pub(super) fn scratch_metadata(&self) -> Option<std::fs::Metadata> {
        std::fs::metadata(self.scratch.as_ref()?.path()).ok()
    }

    fn begin(&mut self, kind: SyncType, sync_id: &str, started_at: &str, parent: Option<SyncRun>) -> Result<()> {
        self.settle()?;
        self.ensure_transaction()?;
        if kind != SyncType::Partial {
            migrate::drop_reading_indexes(&self.db)?;
            // What is in memory is small.
            if self.scratch.is_some() {
                self.held.get_or_insert_with(|| Held::new(&self.folder));
            }
        }
        self.db.execute(
            "insert into v1_sync_runs \
             (sync_id, started_at, sync_token, sync_type, parent_sync_id, supports_diff, grants_backfilled) \
             values (?1, ?2, '', ?3, ?4, 0, 1)",
            params![
                sync_id,
                started_at,
                kind.as_str(),
                parent.map(|p| p.sync_id).unwrap_or_default()
            ],
        )?;
        self.sync_id = Some(sync_id.to_owned());
        self.grants = None;
        Ok(())
    }

    /// The full sync that finished last: what readers show.
    ///
    /// # Errors
    /// Those of the file.
    pub fn latest_full(&self) -> Result<Option<SyncRun>> {
        run::latest_finished(&self.db, Some(SyncType::Full))
    }

    /// Goes on with a sync that is in the file, whether or not it ended.
    ///
    /// # Errors
    /// `NotFound` when it is not there.
    pub fn bind_sync(&mut self, sync_id: &str) -> Result<()> {
        if run::find(&self.db, sync_id)?.is_none() {
            return Err(Error::new(
                Kind::NotFound,
                format!("sync {sync_id} is not in {}", self.target.display()),
            )
            .code(code::SYNC_NOT_IN_FILE));
        }
        self.settle()?;
        self.sync_id = Some(sync_id.to_owned());
        self.grants = None;
        Ok(())
    }

    /// Every sync of the file, oldest first.
    ///
    /// # Errors
    /// Those of the file.
    pub fn runs(&self) -> Result<Vec<SyncRun>> {
        run::list(&self.db)
    }

    /// The id of the sync that is written to.
    pub fn sync_id(&self) -> Option<&str> {
        self.sync_id.as_deref()
    }

    /// What the rows of the saved file will lie in.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where the file will be saved.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Keeps a checkpoint: what a resumed run reads. It reaches the file with the next [`Store::save`].
    ///
    /// # Errors
    /// `FailedPrecondition` without a sync.
    pub fn set_token(&mut self, token: &str) -> Result<()> {
        let (db, sync_id, _) = self.writing()?;
        db.prepare_cached("update v1_sync_runs set sync_token = ?2 where sync_id = ?1")?
            .execute([sync_id, token])?;
        Ok(())
    }

    /// Says that the expansion columns of this sync are right, when expansion starts (`baton/c1z/format.md 2.9`).
    ///
    /// # Errors
    /// As [`Store::set_token`].
    pub fn mark_supports_diff(&mut self) -> Result<()> {
        let (db, sync_id, _) = self.writing()?;
        db.execute(
            "update v1_sync_runs set supports_diff = 1 where sync_id = ?1",
            [sync_id],
        )?;
        Ok(())
    }

    /// Creates every index that is missing. Cheap when none is; [`Store::finish_sync`] does it.
    ///
    /// # Errors
    /// Those of the file.
    pub fn build_indexes(&mut self) -> Result<()> {
        self.ensure_transaction()?;
        migrate::build_indexes(&self.db)
    }

    /// Makes grants quick to find by their entitlement, as expansion wants them. The other indexes can wait until its
    /// grants are there.
    ///
    /// # Errors
    /// Those of the file.
    pub fn prepare_expansion(&mut self) -> Result<()> {
        self.ensure_transaction()?;
        migrate::build_index_for_expansion(&self.db)
    }

    /// Ends the open transaction, which is otherwise kept for speed.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full.
    pub fn commit(&mut self) -> Result<()> {
        if !self.db.is_autocommit() {
            self.db.execute_batch("commit")?;
        }
        Ok(())
    }

    /// Ends the sync: last token, old syncs out, the row closed, counts stored (`baton/c1z/format.md 4.4`).
    ///
    /// # Errors
    /// `FailedPrecondition` without a sync, those of the file otherwise.
    pub fn finish_sync(&mut self, token: &str) -> Result<()> {
        self.set_token(token)?;
        self.session_clear()?;
        self.make_room()?;
        // Those of the database are not in a file of the other form.
        let (db, sync_id, now) = self.writing()?;
        db.execute(
            "update v1_sync_runs set ended_at = ?2 where sync_id = ?1 and ended_at is null",
            [sync_id, &now],
        )?;
        let mut counted = None;
        if self.engine == Engine::Sqlite {
            // Counted while most of them are numbers.
            counted = self.holds_any().then(|| self.count()).transpose()?;
            if !self.make_anew()? {
                counted = None;
                self.settle()?;
                self.build_indexes()?;
                self.commit()?;
                if !self.policy.skip_cleanup && self.has_slack()? {
                    self.shrink()?;
                }
            }
        }
        self.grants = match counted {
            Some(counted) => Some(counted),
            None => Some(self.count()?),
        };
        self.commit()
    }

    /// Packs the working copy and puts it in the place of the target, in one step. A sync that was not finished is
    /// saved as it is, to be resumed. On failure the old file stays.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full or the database too large; those of the file.
    pub fn save(self) -> Result<Saved> {
        self.save_with(&Disk)
    }

    /// As [`Store::save`], by the given steps.
    ///
    /// # Errors
    /// As [`Store::save`], and those of the steps.
    pub fn save_with(self, steps: &dyn Steps) -> Result<Saved> {
        let target = self.target.clone();
        let save = || match self.engine {
            Engine::Sqlite => self.save_v1(steps),
            Engine::Pebble => self.save_v3(steps),
        };
        let saved = save().with_context(|| format!("save {}", target.display()))?;
        // What readers had unpacked is of the file that was there before.
        reader::tidy(&target);
        Ok(saved)
    }

    fn save_v1(mut self, steps: &dyn Steps) -> Result<Saved> {
        self.settle()
            .and_then(|()| self.build_indexes())
            .and_then(|()| self.commit())
            .map_err(|error| self.named(error))?;
        let Store {
            db,
            scratch: Some(scratch),
            policy,
            target,
            ..
        } = self
        else {
            return Err(fault::broken("a store in memory has no place to be saved at"));
        };
        db.close().map_err(|(_, error)| error)?;
        scratch.check_settled()?;
        scratch.check_readable()?;
        save::replace_file(&target, steps, |file| {
            envelope::encode(scratch.path(), file, &policy.limits)
        })
    }

    fn save_v3(mut self, steps: &dyn Steps) -> Result<Saved> {
        let build = |store: &mut Store| {
            store.commit()?;
            let view = store.view()?;
            let run = run::find(view.db, view.sync_id)?.ok_or_else(no_sync)?;
            v3::build(view, &run, &store.folder, store.held.as_ref())
        };
        let (complete, left) = build(&mut self).map_err(|error| self.named(error))?;
        for (count, what) in left.named() {
            tracing::warn!(count, "The v3 form has no place for {what}.");
        }
        save::replace_file(&self.target, steps, |file| complete.write_to(file))
    }

    /// The bytes that [`Store::save`] would write.
    ///
    /// # Errors
    /// As [`Store::save`].
    pub fn pack(mut self) -> Result<Vec<u8>> {
        self.settle()?;
        self.build_indexes()?;
        self.commit()?;
        let database = memory::bytes(&mut self.db)?;
        let mut packed = Vec::new();
        envelope::encode_from(
            &mut database.as_slice(),
            database.len() as u64,
            &mut packed,
            &self.policy.limits,
        )?;
        Ok(packed)
    }

    /// A resource by type and bare id.
    ///
    /// # Errors
    /// `FailedPrecondition` without a sync, `DataLoss` for a damaged row.
    pub fn resource(&self, resource_type: &str, id: &str) -> Result<Option<v2::Resource>> {
        self.view()?.resource(resource_type, id)
    }

    /// A resource type by id.
    ///
    /// # Errors
    /// As [`Store::resource`].
    pub fn resource_type(&self, id: &str) -> Result<Option<v2::ResourceType>> {
        self.view()?.resource_type(id)
    }

    /// An entitlement by id.
    ///
    /// # Errors
    /// As [`Store::resource`].
    pub fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>> {
        self.view()?.entitlement(id)
    }

    /// A grant by id.
    ///
    /// # Errors
    /// As [`Store::resource`].
    pub fn grant(&self, id: &str) -> Result<Option<v2::Grant>> {
        match self.held.as_ref().map(|held| held.find(id)).transpose()?.flatten() {
            Some(grant) => Ok(Some(grant)),
            None => self.view()?.grant(id),
        }
    }

    /// Calls `each` with every grant of an entitlement, in the order of rows, to principals of the given types or of
    /// any. Slow before [`Store::prepare_expansion`]. Stops at the first error of `each`.
    ///
    /// # Errors
    /// As [`Store::resource`], and those of `each`.
    pub fn for_each_grant_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        each: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        self.view()?.for_each_grant_of(entitlement_id, principal_types, each)?;
        match &self.held {
            Some(held) => held.for_each_of(entitlement_id, principal_types, each),
            None => Ok(()),
        }
    }

    /// Calls `each` with every expandable grant, ordered by entitlement id and grant id.
    ///
    /// # Errors
    /// As [`Store::for_each_grant_of`].
    pub fn for_each_expandable(&self, each: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        self.view()?.for_each_expandable(Passing::Waiting, each)
    }

    /// Whether any grant is expandable.
    ///
    /// # Errors
    /// As [`Store::resource`].
    pub fn has_expandable(&self) -> Result<bool> {
        self.view()?.has_expandable()
    }

    /// Rows by resource type, every stored type included.
    ///
    /// # Errors
    /// As [`Store::resource`].
    pub fn counts(&self) -> Result<BTreeMap<String, TypeCounts>> {
        let view = self.view()?;
        match &self.grants {
            Some(grants) => stats::counts_with(view, grants),
            None => {
                let mut grants = stats::grants_by_type(view)?;
                self.count_held(&mut grants);
                stats::counts_with(view, &grants)
            }
        }
    }

    fn count_held(&self, grants: &mut BTreeMap<String, u64>) {
        for (kind, count) in self.held.iter().flat_map(Held::counts) {
            *grants.entry(kind.to_owned()).or_default() += count;
        }
    }

    /// Checks the sync against the format; an empty list is a clean sync.
    ///
    /// # Errors
    /// As [`Store::resource`].
    pub fn verify(&mut self) -> Result<Vec<Problem>> {
        self.settle()?;
        verify::check(self.view()?)
    }

    /// Says of a failure of this store, which SQLite never does, that it was the working copy and where that lies.
    #[must_use]
    pub fn named(&self, error: Error) -> Error {
        match &self.scratch {
            Some(scratch) => fault::in_working_copy(fault::asked(error, scratch.path()), &self.folder),
            None => error,
        }
    }

    /// Lets the working copy grow by so many pages and no more, as a disk that is nearly full does.
    #[cfg(test)]
    pub(crate) fn fill_disk(&self, pages: i64) {
        super::grow_by(&self.db, pages);
    }

    /// The database, to put into it what no sync does.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.db
    }

    pub(super) fn view(&self) -> Result<View<'_>> {
        let sync_id = self.sync_id.as_deref().ok_or_else(no_sync)?;
        Ok(View {
            db: &self.db,
            sync_id,
            near: &self.near,
        })
    }

    /// The connection inside a transaction, the sync to write to, and the time.
    pub(super) fn writing(&mut self) -> Result<(&Connection, &str, String)> {
        self.ensure_transaction()?;
        self.grants = None;
        self.near.clear();
        let sync_id = self.sync_id.as_deref().ok_or_else(no_sync)?;
        Ok((&self.db, sync_id, self.clock.now()))
    }

    pub(super) fn ensure_transaction(&self) -> Result<()> {
        if self.db.is_autocommit() {
            self.db.execute_batch("begin immediate")?;
        }
        Ok(())
    }
}

/// What to do about a file that cannot be continued. It stays as it is.
fn unsound(error: Error) -> Error {
    match error.kind() {
        Kind::DataLoss => error.hint("choose another --file, or move this one away to start a new one"),
        Kind::Unimplemented => error.also_hint("choose another --file to sync to: this one stays as it is"),
        _ => error,
    }
}

pub(super) fn no_sync() -> Error {
    Error::new(Kind::FailedPrecondition, "no sync has begun in this store")
}
