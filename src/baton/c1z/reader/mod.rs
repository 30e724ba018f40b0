//! The read side: any file of the forms v1 and v3, whatever its age, without ever writing to it.

mod called;
mod holdings;
mod kept;
pub mod merge;
mod named;
#[cfg(feature = "object-store")]
mod object;
mod original;
mod query;
mod rowless;
mod tables;
mod unpacked;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::policy::Policy;
use super::reads::Reads;
use super::rows::{Expandable, Passing, View};
use super::run::{self, SyncRun, SyncType};
use super::sound;
use super::stats::{self, TypeCounts};
use super::until::Until;
use super::v3;
use super::verify::{self, Problem};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::object::Address;
use crate::baton::proto::v2;
use crate::baton::resource;

pub(super) use called::EachEntitlementName;
pub use holdings::{Given, Holding};
pub(super) use kept::{is_kept, tidy};
pub(super) use named::{EachNamedEntitlement, bears_user_trait, may_bear_user_trait};
use original::Original;
pub use query::{EntitlementFilter, GrantFilter, ListedGrant, ResourceFilter};
pub(super) use rowless::EachPrincipal;
use tables::Tables;
pub use unpacked::Keep;
use unpacked::{Packed, Unpacked};

/// A grant with its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantRow {
    /// The number of the row in the file: the order of rows, and where a page ends. 0 where rows have none, see
    /// [`Reader::number_rows`].
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

/// A file that is being read. Behind it is what answers: for a v1 file an unpacked copy of it, in the current schema, which
/// nothing changes any more; for a v3 file the file itself, and a private copy of its rows in the same schema only for questions
/// that need it (see [`Reader::number_rows`]).
pub struct Reader {
    /// There from the start for a v1 file.
    tables: OnceCell<Tables>,
    direct: Option<Direct>,
    until: Until,
    /// What this one reads, and others of the same rows.
    reads: Arc<Reads>,
}

/// A v3 file.
struct Direct {
    rows: v3::Rows,
    original: Arc<Original>,
}

/// Who answers.
enum Asked<'r> {
    Tables(&'r Tables),
    File(&'r v3::Rows),
}

impl Reader {
    /// Unpacks the file at `path`, if it is of the v1 form, into `temp_dir`, or into the system's temporary folder. The copy goes
    /// when the reader goes. A file without a byte is an empty store. In a build with object storage `path` may be an address
    /// there.
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

    /// As [`Reader::open_with`]. The unpacked copy of a big v1 file may stay beside it, so that the next reader need not
    /// unpack it again. Of a v3 file nothing stays.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_keeping(path: &Path, temp_dir: Option<&Path>, policy: &Policy, keep: Keep) -> Result<Reader> {
        let open = || {
            if let Some(address) = Address::of(path) {
                address.check()?;
                #[cfg(feature = "object-store")]
                return object::open(&address, path, temp_dir, policy);
            }
            if keep != Keep::Nothing {
                kept::tidy(path);
            }
            if !path.exists() {
                return Err(Error::new(Kind::NotFound, "there is no such file")
                    .code(code::FILE_MISSING)
                    .hint("check --file, or sync first"));
            }
            if let Some(original) = Original::at(path, temp_dir, policy)? {
                return Self::of_original(Arc::new(original));
            }
            let packed = Packed { path, temp_dir, policy };
            Self::of_tables(Arc::new(packed.unpack(keep)?))
        };
        open().with_context(|| format!("open {}", path.display()))
    }

    /// A reader of the bytes of a v1 file, which never lie on a disk; otherwise as [`Reader::open`].
    ///
    /// # Errors
    /// As [`Reader::open`]; `Unimplemented` for every v3 file.
    pub fn open_in_memory(packed: &[u8], policy: &Policy) -> Result<Reader> {
        Self::of_tables(Arc::new(Unpacked::in_memory(packed, policy)?))
    }

    fn of_tables(unpacked: Arc<Unpacked>) -> Result<Reader> {
        let (until, reads) = (Until::default(), Arc::new(Reads::told()));
        let tables = Tables::open(unpacked, until.clone(), Arc::clone(&reads))?;
        Ok(Reader {
            tables: OnceCell::from(tables),
            direct: None,
            until,
            reads,
        })
    }

    fn of_original(original: Arc<Original>) -> Result<Reader> {
        let (until, reads) = (Until::default(), Arc::new(Reads::told()));
        let file = original.open()?.counted(Arc::clone(&reads));
        Ok(Reader {
            tables: OnceCell::new(),
            direct: Some(Direct {
                rows: v3::Rows::of(file, until.clone())?,
                original,
            }),
            until,
            reads,
        })
    }

    /// Another reader of the same rows, for another thread.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn again(&self) -> Result<Reader> {
        let until = Until::default();
        let tables = OnceCell::new();
        if let Some(known) = self.tables.get() {
            let _ = tables.set(known.again(until.clone())?);
        }
        Ok(Reader {
            tables,
            direct: self.direct.as_ref().map(|direct| Direct {
                rows: direct.rows.again(until.clone()),
                original: Arc::clone(&direct.original),
            }),
            until,
            reads: Arc::clone(&self.reads),
        })
    }

    /// From now on every row has a number, which says where it stands in the order of rows, and by which it is found again. For a
    /// v3 file that takes a copy of its rows, in a private file that goes with the last reader of it. What was read before has
    /// no numbers.
    ///
    /// # Errors
    /// As [`Reader::runs`]; `ResourceExhausted` when the rows take more than the limit, or the disk is full.
    pub fn number_rows(&self) -> Result<()> {
        self.tables().map(drop)
    }

    /// The rows in the tables of v1.
    fn tables(&self) -> Result<&Tables> {
        if let Some(tables) = self.tables.get() {
            return Ok(tables);
        }
        let Some(direct) = &self.direct else {
            return Err(Error::new(Kind::Internal, "a reader has no rows"));
        };
        let tables = Tables::open(
            Arc::new(direct.original.unpack(direct.rows.file())?),
            self.until.clone(),
            Arc::clone(&self.reads),
        )?;
        tables.warn_of_shared_ids()?;
        Ok(self.tables.get_or_init(|| tables))
    }

    /// The rows of a sync in the tables of v1.
    pub(super) fn view<'a>(&'a self, sync_id: &'a str) -> Result<View<'a>> {
        Ok(self.tables()?.view(sync_id))
    }

    /// Whoever answers: the tables, once they are there.
    fn asked(&self) -> Result<Asked<'_>> {
        match (&self.direct, self.tables.get()) {
            (Some(direct), None) => Ok(Asked::File(&direct.rows)),
            _ => self.tables().map(Asked::Tables),
        }
    }

    /// Lets questions end with `Cancelled`, at the row they are at, once a token is cancelled; `None` lets them run to
    /// their end again.
    pub fn read_until(&self, token: Option<CancellationToken>) {
        self.until.set(token);
    }

    /// Every sync of the file, oldest first.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn runs(&self) -> Result<Vec<SyncRun>> {
        match self.asked()? {
            Asked::Tables(tables) => run::list(&tables.db),
            Asked::File(rows) => Ok(rows.run().cloned().into_iter().collect()),
        }
    }

    /// One sync by its id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn run(&self, sync_id: &str) -> Result<Option<SyncRun>> {
        match self.asked()? {
            Asked::Tables(tables) => run::find(&tables.db, sync_id),
            Asked::File(rows) => Ok(rows.run().filter(|run| run.sync_id == sync_id).cloned()),
        }
    }

    /// The full sync that finished last: what lists show.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn latest_full(&self) -> Result<Option<SyncRun>> {
        match self.asked()? {
            Asked::Tables(tables) => run::latest_finished(&tables.db, Some(SyncType::Full)),
            Asked::File(rows) => Ok(rows.run().filter(|run| run.is_finished_full()).cloned()),
        }
    }

    /// The sync that finished last, of any type but that of deletions: its rows are what is gone.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn latest_finished(&self) -> Result<Option<SyncRun>> {
        match self.asked()? {
            Asked::Tables(tables) => run::latest_finished(&tables.db, None),
            Asked::File(rows) => Ok(rows
                .run()
                .filter(|run| run.ended_at.is_some() && !run.is_of_deletions())
                .cloned()),
        }
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
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).messages(each),
            Asked::File(rows) => rows.for_each_resource_type(sync_id, each),
        }
    }

    /// As [`Reader::for_each_resource_type`], for resources.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_resource(&self, sync_id: &str, each: &mut dyn FnMut(v2::Resource) -> Result<()>) -> Result<()> {
        self.for_each_resource_where(sync_id, &ResourceFilter::default(), each)
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
        self.for_each_entitlement_where(sync_id, &EntitlementFilter::default(), each)
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
        match self.asked()? {
            Asked::Tables(tables) => tables
                .view(sync_id)
                .for_each_grant_of(entitlement_id, principal_types, each),
            Asked::File(rows) => {
                let filter = GrantFilter {
                    entitlement: Some(entitlement_id),
                    ..GrantFilter::default()
                };
                rows.for_each_grant_where(sync_id, &filter, &mut |row| {
                    let (kind, _) = row.grant.principal.as_ref().map(resource::key).unwrap_or_default();
                    match principal_types {
                        Some(wanted) if !wanted.iter().any(|wanted| wanted == kind) => Ok(()),
                        _ => each(row.grant),
                    }
                })
            }
        }
    }

    /// Calls `each` with every grant that passes something on, ordered by entitlement id and grant id, whether or not it
    /// still waits for expansion.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`].
    pub fn for_each_expandable(&self, sync_id: &str, each: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).for_each_expandable(Passing::Any, each),
            Asked::File(rows) => rows.for_each_expandable(sync_id, each),
        }
    }

    /// A resource by type and bare id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn resource(&self, sync_id: &str, resource_type: &str, id: &str) -> Result<Option<v2::Resource>> {
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).resource(resource_type, id),
            Asked::File(rows) => rows.resource(sync_id, resource_type, id),
        }
    }

    /// A resource type by id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn resource_type(&self, sync_id: &str, id: &str) -> Result<Option<v2::ResourceType>> {
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).resource_type(id),
            Asked::File(rows) => rows.resource_type(sync_id, id),
        }
    }

    /// An entitlement by id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn entitlement(&self, sync_id: &str, id: &str) -> Result<Option<v2::Entitlement>> {
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).entitlement(id),
            Asked::File(rows) => rows.entitlement(sync_id, id),
        }
    }

    /// The entitlement with this id on a resource: type and bare id. In a v3 file several resources may have one of that id
    /// (`baton/c1z/v3/format.md`), and what a v1 file has by the id may be on another resource.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn entitlement_on(&self, sync_id: &str, on: (&str, &str), id: &str) -> Result<Option<v2::Entitlement>> {
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).entitlement_on(on, id),
            Asked::File(rows) => rows.entitlement_on(sync_id, on, id),
        }
    }

    /// A grant by id.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn grant(&self, sync_id: &str, id: &str) -> Result<Option<v2::Grant>> {
        match self.asked()? {
            Asked::Tables(tables) => tables.view(sync_id).grant(id),
            Asked::File(rows) => rows.grant(sync_id, id),
        }
    }

    /// Rows by resource type, every stored type included.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn counts(&self, sync_id: &str) -> Result<BTreeMap<String, TypeCounts>> {
        match self.asked()? {
            Asked::Tables(tables) => stats::counts(tables.view(sync_id)),
            Asked::File(rows) => rows.counts(sync_id),
        }
    }

    /// The counts as the `stats` column should hold them, computed from the rows.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn stats_json(&self, run: &SyncRun) -> Result<String> {
        match self.asked()? {
            Asked::Tables(tables) => {
                let kind = run.sync_type.parse().unwrap_or(SyncType::Full);
                stats::json(tables.view(&run.sync_id), kind)
            }
            Asked::File(rows) => rows.stats_json(run),
        }
    }

    /// Checks a sync against the format; an empty list is a clean sync.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn verify(&self, sync_id: &str) -> Result<Vec<Problem>> {
        match self.asked()? {
            Asked::Tables(tables) => verify::check(tables.view(sync_id)),
            Asked::File(rows) => rows.verify(sync_id),
        }
    }

    /// Whether the file has moments, as the v3 form does: its times are told by the wall clock of this machine then. Otherwise
    /// they are told as they stand there.
    pub fn has_moments(&self) -> bool {
        self.direct.is_some()
    }

    /// Checks what a file has beside its rows; an empty list is a clean file. In the v3 form that is every checksum, and
    /// everything that was derived from rows; in the v1 form every page, and every entry of every index.
    ///
    /// # Errors
    /// As [`Reader::runs`].
    pub fn verify_file(&self) -> Result<Vec<Problem>> {
        match &self.direct {
            Some(direct) => direct.original.problems(direct.rows.file()),
            None => sound::problems(&self.tables()?.db),
        }
    }

    /// Size of the rows in the tables of v1, in bytes.
    ///
    /// # Errors
    /// As [`Reader::number_rows`].
    pub fn unpacked_bytes(&self) -> Result<u64> {
        self.tables()?.bytes()
    }
}

/// Where ids stand for several rows, answers that go by ids can be wrong.
pub(super) fn warn_of_shared_ids(of: &str) {
    tracing::warn!(
        of,
        "Several rows of the file have the same id. Lists show all of them; answers about access may mix them up."
    );
}
