//! Two syncs side by side: a merge join over rows ordered by their external id, so memory stays flat however many
//! rows there are. The syncs may lie in one file or in two, of different writers.

use prost::Message;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::{Row, Rows};

use super::Reader;
use crate::baton::c1z::rows::{blob, decode};
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

/// A row that is not the same in both syncs, bytes compared: whether its meaning differs is for the caller to say.
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
    messages("v1_resource_types", old, new, each)
}

/// Calls `each` with every resource that differs, in the order of `type:id`.
///
/// # Errors
/// As [`resource_types`].
pub fn resources(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<v2::Resource>) -> Result<()>) -> Result<()> {
    messages("v1_resources", old, new, each)
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
    messages("v1_entitlements", old, new, each)
}

/// Calls `each` with every grant that differs, in the order of ids.
///
/// # Errors
/// As [`resource_types`].
pub fn grants(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<StoredGrant>) -> Result<()>) -> Result<()> {
    let same = |a: &Row<'_>, b: &Row<'_>| Ok(blob(a, 1)? == blob(b, 1)? && expansion(a)? == expansion(b)?);
    let read = |row: &Row<'_>| {
        let external_id = key(row)?;
        let expansion = expansion(row)?;
        Ok(StoredGrant {
            grant: decode(blob(row, 1)?, external_id)?,
            expansion: expansion.map(|bytes| decode(bytes, external_id)).transpose()?,
        })
    };
    join(
        "v1_grants",
        "external_id, data, expansion",
        old,
        new,
        &same,
        &read,
        each,
    )
}

fn messages<M: Message + Default>(
    table: &str,
    old: Side<'_>,
    new: Side<'_>,
    each: &mut dyn FnMut(Change<M>) -> Result<()>,
) -> Result<()> {
    let same = |a: &Row<'_>, b: &Row<'_>| Ok(blob(a, 1)? == blob(b, 1)?);
    let read = |row: &Row<'_>| decode(blob(row, 1)?, key(row)?);
    join(table, "external_id, data", old, new, &same, &read, each)
}

/// Walks both syncs in step. The first column is the external id.
fn join<M>(
    table: &str,
    columns: &str,
    old: Side<'_>,
    new: Side<'_>,
    same: &dyn Fn(&Row<'_>, &Row<'_>) -> Result<bool>,
    read: &dyn Fn(&Row<'_>) -> Result<M>,
    each: &mut dyn FnMut(Change<M>) -> Result<()>,
) -> Result<()> {
    // The unique index on (external_id, sync_id) gives this order without sorting.
    let sql = format!("select {columns} from {table} where sync_id = ?1 order by external_id");
    let mut old_statement = old.reader.db.prepare(&sql)?;
    let mut new_statement = new.reader.db.prepare(&sql)?;
    let mut olds: Rows<'_> = old_statement.query([old.sync_id])?;
    let mut news: Rows<'_> = new_statement.query([new.sync_id])?;
    olds.advance()?;
    news.advance()?;
    loop {
        let (step_old, step_new) = match (olds.get(), news.get()) {
            (None, None) => return Ok(()),
            (Some(gone), None) => {
                each(Change::Deleted(read(gone)?))?;
                (true, false)
            }
            (None, Some(come)) => {
                each(Change::Created(read(come)?))?;
                (false, true)
            }
            (Some(before), Some(now)) => match key(before)?.cmp(key(now)?) {
                std::cmp::Ordering::Less => {
                    each(Change::Deleted(read(before)?))?;
                    (true, false)
                }
                std::cmp::Ordering::Greater => {
                    each(Change::Created(read(now)?))?;
                    (false, true)
                }
                std::cmp::Ordering::Equal => {
                    if !same(before, now)? {
                        each(Change::Differs {
                            old: read(before)?,
                            new: read(now)?,
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
    row.get_ref(0)?
        .as_str()
        .map_err(|e| Error::new(Kind::DataLoss, format!("an external id is not a text: {e}")).code(code::FILE_DAMAGED))
}

/// The expansion of a grant; an empty one counts as none.
fn expansion<'r>(row: &'r Row<'_>) -> Result<Option<&'r [u8]>> {
    let bytes = row.get_ref(2)?.as_blob_or_null().map_err(|e| {
        Error::new(Kind::DataLoss, format!("the expansion of a grant is not a blob: {e}")).code(code::FILE_DAMAGED)
    })?;
    Ok(bytes.filter(|bytes| !bytes.is_empty()))
}
