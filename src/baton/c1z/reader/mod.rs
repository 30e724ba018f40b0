//! The read side: any file of the forms v1 and v3, whatever its age, without ever writing to it.

mod called;
mod holdings;
mod kept;
pub mod merge;
mod original;
mod query;
mod unpacked;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::migrate;
use super::policy::Policy;
use super::rows::{Expandable, Passing, View};
use super::run::{self, SyncRun, SyncType};
use super::sound;
use super::stats::{self, TypeCounts};
use super::verify::{self, Problem};
use super::whole::Near;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::v2;

pub use holdings::{Given, Holding};
pub(super) use kept::{is_kept, tidy};
use original::Original;
pub use query::{EntitlementFilter, GrantFilter, ResourceFilter};
pub use unpacked::Keep;
use unpacked::{Packed, Unpacked};

/// A grant with its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantRow {
    /// The number of the row in the file: the order of rows, and where a page ends.
    pub row: i64,
    /// The message, without `GrantExpandable`.
    pub grant: v2::Grant,
    /// What it expands over.
    pub expansion: Option<v2::GrantExpandable>,
    /// Whether expansion is to look at it; stays set once expanded.
    pub needs_expansion: bool,
    /// When the row was first written in its sync.
    pub discovered_at: String,
}

/// A file that is being read: an unpacked copy of it, in the current schema of v1, which nothing changes any more.
pub struct Reader {
    // Declared before its file, so it closes first.
    db: Connection,
    unpacked: Arc<Unpacked>,
    original: Option<Arc<Original>>,
    near: Near,
    until: RefCell<Option<CancellationToken>>,
}

impl Reader {
    /// Unpacks the file at `path` into `temp_dir`, or into the system's temporary folder. The copy goes when the reader
    /// goes. A file without a byte is an empty store.
    ///
    /// # Errors
    /// `NotFound` when there is no file, `Unimplemented` for a v3 file of an engine or form that is not read; otherwise as
    /// `Store::open` for a v1 file.
    pub fn open(path: &Path, temp_dir: Option<&Path>) -> Result<Reader> {
        Self::open_with(path, temp_dir, &Policy::from_env())
    }

    /// As [`Reader::open`], with limits given instead of read from the environment.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_with(path: &Path, temp_dir: Option<&Path>, policy: &Policy) -> Result<Reader> {
        Self::open_keeping(path, temp_dir, policy, Keep::Nothing)
    }

    /// As [`Reader::open_with`]. The unpacked copy of a big file may stay beside it, so that the next reader need not
    /// unpack it again.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_keeping(path: &Path, temp_dir: Option<&Path>, policy: &Policy, keep: Keep) -> Result<Reader> {
        let open = || {
            if keep != Keep::Nothing {
                kept::tidy(path);
            }
            if !path.exists() {
                return Err(Error::new(Kind::NotFound, "there is no such file")
                    .code(code::FILE_MISSING)
                    .hint("check --file, or sync first"));
            }
            let original = Original::at(path, temp_dir, policy)?;
            let packed = Packed {
                path,
                original: original.as_ref(),
                temp_dir,
                policy,
            };
            let unpacked = packed.unpack(keep)?;
            let db = unpacked.connect()?;
            if original.is_some() {
                warn_of_shared_ids(&db)?;
            }
            Ok(Reader {
                db,
                unpacked: Arc::new(unpacked),
                original: original.map(Arc::new),
                near: Near::default(),
                until: RefCell::default(),
            })
        };
        open().with_context(|| format!("open {}", path.display()))
    }

    /// A reader of the bytes of a v1 file, which never lie on a disk; otherwise as [`Reader::open`].
    ///
    /// # Errors
    /// As [`Reader::open`]; `Unimplemented` for every v3 file.
    pub fn open_in_memory(packed: &[u8], policy: &Policy) -> Result<Reader> {
        let unpacked = Unpacked::in_memory(packed, policy)?;
        Ok(Reader {
            db: unpacked.connect()?,
            unpacked: Arc::new(unpacked),
            original: None,
            near: Near::default(),
            until: RefCell::default(),
        })
    }

    /// Another reader of the same copy, for another thread.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn again(&self) -> Result<Reader> {
        Ok(Reader {
            db: self.unpacked.connect()?,
            unpacked: Arc::clone(&self.unpacked),
            original: self.original.clone(),
            near: Near::default(),
            until: RefCell::default(),
        })
    }

    /// Lets questions end with `Cancelled`, at the row they are at, once a token is cancelled; `None` lets them run to
    /// their end again.
    pub fn read_until(&self, token: Option<CancellationToken>) {
        *self.until.borrow_mut() = token;
    }

    /// Whether to go on to the next row.
    fn go_on(&self) -> Result<()> {
        match &*self.until.borrow() {
            Some(token) if token.is_cancelled() => Err(Error::new(Kind::Cancelled, "nobody waits for the answer")),
            _ => Ok(()),
        }
    }

    /// Every sync of the file, oldest first.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn runs(&self) -> Result<Vec<SyncRun>> {
        run::list(&self.db)
    }

    /// One sync by its id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn run(&self, sync_id: &str) -> Result<Option<SyncRun>> {
        run::find(&self.db, sync_id)
    }

    /// The full sync that finished last: what lists show.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn latest_full(&self) -> Result<Option<SyncRun>> {
        run::latest_finished(&self.db, Some(SyncType::Full))
    }

    /// The sync of any type that finished last.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn latest_finished(&self) -> Result<Option<SyncRun>> {
        run::latest_finished(&self.db, None)
    }

    /// Calls `each` with every resource type of a sync, in the order of rows. Stops at the first error of `each`.
    ///
    /// # Errors
    /// As [`Reader::runs`], and those of `each`.
    pub fn for_each_resource_type(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(v2::ResourceType) -> Result<()>,
    ) -> Result<()> {
        self.view(sync_id).messages(each)
    }

    /// As [`Reader::for_each_resource_type`], for resources.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_resource(&self, sync_id: &str, each: &mut dyn FnMut(v2::Resource) -> Result<()>) -> Result<()> {
        self.view(sync_id).messages(each)
    }

    /// As [`Reader::for_each_resource_type`], for entitlements.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_entitlement(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(v2::Entitlement) -> Result<()>,
    ) -> Result<()> {
        self.view(sync_id).messages(each)
    }

    /// As [`Reader::for_each_resource_type`], for grants.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_grant(&self, sync_id: &str, each: &mut dyn FnMut(GrantRow) -> Result<()>) -> Result<()> {
        self.for_each_grant_where(sync_id, &GrantFilter::default(), &mut |row| each(row))
    }

    /// Calls `each` with every grant of an entitlement, to principals of the given types or of any.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_grant_of(
        &self,
        sync_id: &str,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        each: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        self.view(sync_id)
            .for_each_grant_of(entitlement_id, principal_types, each)
    }

    /// Calls `each` with every grant that passes something on, ordered by entitlement id and grant id, whether or not it
    /// still waits for expansion.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_expandable(&self, sync_id: &str, each: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        self.view(sync_id).for_each_expandable(Passing::Any, each)
    }

    /// A resource by type and bare id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn resource(&self, sync_id: &str, resource_type: &str, id: &str) -> Result<Option<v2::Resource>> {
        self.view(sync_id).resource(resource_type, id)
    }

    /// A resource type by id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn resource_type(&self, sync_id: &str, id: &str) -> Result<Option<v2::ResourceType>> {
        self.view(sync_id).resource_type(id)
    }

    /// An entitlement by id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn entitlement(&self, sync_id: &str, id: &str) -> Result<Option<v2::Entitlement>> {
        self.view(sync_id).entitlement(id)
    }

    /// A grant by id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn grant(&self, sync_id: &str, id: &str) -> Result<Option<v2::Grant>> {
        self.view(sync_id).grant(id)
    }

    /// Rows by resource type, every stored type included.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn counts(&self, sync_id: &str) -> Result<BTreeMap<String, TypeCounts>> {
        stats::counts(self.view(sync_id))
    }

    /// The counts as the `stats` column should hold them, computed from the rows.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn stats_json(&self, run: &SyncRun) -> Result<String> {
        let kind = run.sync_type.parse().unwrap_or(SyncType::Full);
        stats::json(self.view(&run.sync_id), kind)
    }

    /// Checks a sync against the format; an empty list is a clean sync.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn verify(&self, sync_id: &str) -> Result<Vec<Problem>> {
        verify::check(self.view(sync_id))
    }

    /// Checks what a file has beside its rows; an empty list is a clean file. In the v3 form that is every checksum, and
    /// everything that was derived from rows; in the v1 form every page, and every entry of every index.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn verify_file(&self) -> Result<Vec<Problem>> {
        match &self.original {
            Some(original) => original.problems(),
            None => sound::problems(&self.db),
        }
    }

    /// Size of the unpacked database in bytes.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn unpacked_bytes(&self) -> Result<u64> {
        self.unpacked.bytes()
    }

    pub(super) fn view<'a>(&'a self, sync_id: &'a str) -> View<'a> {
        View {
            db: &self.db,
            sync_id,
            near: &self.near,
        }
    }
}

/// Where ids stand for several rows, answers that go by ids can be wrong.
fn warn_of_shared_ids(db: &Connection) -> Result<()> {
    let tables = migrate::tables_with_shared_ids(db)?;
    if !tables.is_empty() {
        let of = tables.join(", ");
        tracing::warn!(
            of,
            "Several rows of the file have the same id. Lists show all of them; answers about access may mix them up."
        );
    }
    Ok(())
}
