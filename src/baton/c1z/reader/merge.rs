//! Two syncs side by side: a merge join over rows ordered by their external id, so memory stays flat however many
//! rows there are. The syncs may lie in one file or in two, of different writers.

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Row, Rows};

use super::Reader;
use super::tables::Tables;
use crate::baton::c1z::rows::{View, decode, text};
use crate::baton::c1z::whole::{Stored, message};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

/// One of the two syncs.
#[derive(Clone, Copy)]
pub struct Side<'r> {
    /// The file it is in.
    pub reader: &'r Reader,
    /// Its id.
    pub sync_id: &'r str,
}

impl<'r> Side<'r> {
    fn tables(self) -> Result<&'r Tables> {
        self.reader.tables()
    }
}

/// A row that is not the same in both syncs, its message and what it is made whole from compared byte by byte: whether its meaning differs is for the caller to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Change<M> {
    /// Only in the newer sync.
    Created(M),
    /// Only in the older sync.
    Deleted(M),
    /// In both.
    Differs {
        /// As it was.
        old: M,
        /// As it is.
        new: M,
    },
}

/// A grant as stored: the message, and what it expands over, which lies in a column of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredGrant {
    /// The message, without `GrantExpandable`.
    pub grant: v2::Grant,
    /// What it expands over.
    pub expansion: Option<v2::GrantExpandable>,
}

/// Calls `each` with every resource type that differs, in the order of ids.
///
/// # Errors
/// `DataLoss` for a damaged file, and those of `each`; likewise below.
pub fn resource_types(
    old: Side<'_>,
    new: Side<'_>,
    each: &mut dyn FnMut(Change<v2::ResourceType>) -> Result<()>,
) -> Result<()> {
    messages(old, new, each)
}

/// Calls `each` with every resource that differs, in the order of `type:id`.
///
/// # Errors
/// As [`resource_types`].
pub fn resources(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<v2::Resource>) -> Result<()>) -> Result<()> {
    messages(old, new, each)
}

/// Calls `each` with every entitlement that differs, in the order of ids.
///
/// # Errors
/// As [`resource_types`].
pub fn entitlements(
    old: Side<'_>,
    new: Side<'_>,
    each: &mut dyn FnMut(Change<v2::Entitlement>) -> Result<()>,
) -> Result<()> {
    messages(old, new, each)
}

/// Calls `each` with every grant that differs, in the order of ids.
///
/// # Errors
/// As [`resource_types`].
pub fn grants(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<StoredGrant>) -> Result<()>) -> Result<()> {
    let same = |a: &Row<'_>, b: &Row<'_>| Ok(same_columns::<v2::Grant>(a, b)? && expansion(a)? == expansion(b)?);
    let read = |row: &Row<'_>, view: View<'_>| {
        let expansion = expansion(row)?;
        Ok(StoredGrant {
            expansion: expansion.map(|bytes| decode(bytes, key(row)?)).transpose()?,
            grant: message(row, view)?,
        })
    };
    let columns = format!("{}, expansion", v2::Grant::COLUMNS);
    join(v2::Grant::TABLE, &columns, old, new, &same, &read, each)
}

fn messages<M: Stored>(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<M>) -> Result<()>) -> Result<()> {
    join(M::TABLE, M::COLUMNS, old, new, &same_columns::<M>, &message, each)
}

/// Whether two rows make the same message: what one message says may stand in the columns of another.
fn same_columns<M: Stored>(a: &Row<'_>, b: &Row<'_>) -> Result<bool> {
    for column in 0..M::COLUMNS.split(',').count() {
        if a.get_ref(column)? != b.get_ref(column)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Walks both syncs in step. The first column is the external id.
fn join<M>(
    table: &str,
    columns: &str,
    old: Side<'_>,
    new: Side<'_>,
    same: &dyn Fn(&Row<'_>, &Row<'_>) -> Result<bool>,
    read: &dyn Fn(&Row<'_>, View<'_>) -> Result<M>,
    each: &mut dyn FnMut(Change<M>) -> Result<()>,
) -> Result<()> {
    // The unique index on (external_id, sync_id) gives this order without sorting.
    let sql = format!("select {columns} from {table} where sync_id = ?1 order by external_id");
    let (old_tables, new_tables) = (old.tables()?, new.tables()?);
    let mut old_statement = old_tables.db.prepare(&sql)?;
    let mut new_statement = new_tables.db.prepare(&sql)?;
    let mut olds: Rows<'_> = old_statement.query([old.sync_id])?;
    let mut news: Rows<'_> = new_statement.query([new.sync_id])?;
    olds.advance()?;
    news.advance()?;
    let read_old = |row: &Row<'_>| read(row, old_tables.view(old.sync_id));
    let read_new = |row: &Row<'_>| read(row, new_tables.view(new.sync_id));
    loop {
        let (step_old, step_new) = match (olds.get(), news.get()) {
            (None, None) => return Ok(()),
            (Some(gone), None) => {
                each(Change::Deleted(read_old(gone)?))?;
                (true, false)
            }
            (None, Some(come)) => {
                each(Change::Created(read_new(come)?))?;
                (false, true)
            }
            (Some(before), Some(now)) => match key(before)?.cmp(key(now)?) {
                std::cmp::Ordering::Less => {
                    each(Change::Deleted(read_old(before)?))?;
                    (true, false)
                }
                std::cmp::Ordering::Greater => {
                    each(Change::Created(read_new(now)?))?;
                    (false, true)
                }
                std::cmp::Ordering::Equal => {
                    if !same(before, now)? {
                        each(Change::Differs {
                            old: read_old(before)?,
                            new: read_new(now)?,
                        })?;
                    }
                    (true, true)
                }
            },
        };
        if step_old {
            olds.advance()?;
        }
        if step_new {
            news.advance()?;
        }
    }
}

/// The external id of a row, as SQLite orders it: byte by byte.
fn key<'r>(row: &'r Row<'_>) -> Result<&'r str> {
    text(row, 0)
}

/// The expansion of a grant; an empty one counts as none.
fn expansion<'r>(row: &'r Row<'_>) -> Result<Option<&'r [u8]>> {
    let bytes = row.get_ref("expansion")?.as_blob_or_null().map_err(|e| {
        Error::new(Kind::DataLoss, format!("the expansion of a grant is not a blob: {e}")).code(code::FILE_DAMAGED)
    })?;
    Ok(bytes.filter(|bytes| !bytes.is_empty()))
}
