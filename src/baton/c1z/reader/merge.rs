//! Two syncs side by side: a merge join over rows ordered by their external id, so memory stays flat however many
//! rows there are. The syncs may lie in one file or in two, of different writers.
//!
//! Rows are the same when they are about the same, not when their ids are: an entitlement that is on another resource now is
//! another one, and a grant is the same as long as somebody has the same entitlement, whatever it is called.

mod again;

use std::cmp::Ordering;

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator as _;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Rows};

use self::again::{Again, Given};
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

/// Calls `each` with every grant that differs, in the order of ids. One that somebody has under another id than before
/// differs; it is neither gone nor new.
///
/// # Errors
/// As [`resource_types`].
pub fn grants(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<StoredGrant>) -> Result<()>) -> Result<()> {
    let same = |a: &Row<'_>, b: &Row<'_>| {
        Ok::<bool, Error>(same_columns::<v2::Grant>(a, b)? && expansion(a)? == expansion(b)?)
    };
    let read = |row: &Row<'_>, view: View<'_>| {
        let expansion = expansion(row)?;
        Ok(StoredGrant {
            expansion: expansion.map(|bytes| decode(bytes, key(row)?)).transpose()?,
            grant: message(row, view)?,
        })
    };
    let columns = format!("{}, expansion", v2::Grant::COLUMNS);
    let (olds, news) = (Again::of(old, &columns)?, Again::of(new, &columns)?);
    // What an id leads to on one side only may be there under another id.
    join::<v2::Grant>(&columns, old, new, &mut |step| match step {
        Step::Both(before, now) if same(before, now)? => Ok(()),
        Step::Both(before, now) => each(Change::Differs {
            old: read(before, olds.view())?,
            new: read(now, news.view())?,
        }),
        Step::Old(before) => {
            let given = Given::of(before)?;
            let Some((id, now)) = news.first(&given, &read)? else {
                return each(Change::Deleted(read(before, olds.view())?));
            };
            if olds.has(&given, &id)? {
                return one_of_several(read(before, olds.view())?, now, each);
            }
            if olds.first_id(&given)?.as_deref() == Some(key(before)?) {
                // The newer one is told with this one.
                return Ok(());
            }
            each(Change::Differs {
                old: read(before, olds.view())?,
                new: now,
            })
        }
        Step::New(now) => {
            let given = Given::of(now)?;
            let Some((id, before)) = olds.first(&given, &read)? else {
                return each(Change::Created(read(now, news.view())?));
            };
            let now = read(now, news.view())?;
            match news.has(&given, &id)? {
                true => one_of_several(before, now, each),
                false => each(Change::Differs { old: before, new: now }),
            }
        }
    })
}

/// Two grants of the same, of which one sync has one and the other has both: nothing changes with the other one, unless it says
/// more than what it is about.
fn one_of_several(
    old: StoredGrant,
    new: StoredGrant,
    each: &mut dyn FnMut(Change<StoredGrant>) -> Result<()>,
) -> Result<()> {
    let mut same = old.clone();
    same.grant.id.clone_from(&new.grant.id);
    match same == new {
        true => Ok(()),
        false => each(Change::Differs { old, new }),
    }
}

fn messages<M: Stored>(old: Side<'_>, new: Side<'_>, each: &mut dyn FnMut(Change<M>) -> Result<()>) -> Result<()> {
    let (olds, news) = (old.tables()?, new.tables()?);
    let before = |row: &Row<'_>| message(row, olds.view(old.sync_id));
    let now = |row: &Row<'_>| message(row, news.view(new.sync_id));
    join::<M>(M::COLUMNS, old, new, &mut |step| match step {
        Step::Old(row) => each(Change::Deleted(before(row)?)),
        Step::New(row) => each(Change::Created(now(row)?)),
        Step::Both(a, b) if same_columns::<M>(a, b)? => Ok(()),
        Step::Both(a, b) => each(Change::Differs {
            old: before(a)?,
            new: now(b)?,
        }),
    })
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

/// A step of a walk over both syncs.
enum Step<'s, 'r> {
    /// Only the older one has it.
    Old(&'s Row<'r>),
    /// Only the newer one has it.
    New(&'s Row<'r>),
    /// Both have it.
    Both(&'s Row<'r>, &'s Row<'r>),
}

/// Walks both syncs in step. The columns begin with those of the message.
fn join<M: Stored>(
    columns: &str,
    old: Side<'_>,
    new: Side<'_>,
    each: &mut dyn FnMut(Step<'_, '_>) -> Result<()>,
) -> Result<()> {
    // The unique index on (external_id, sync_id) gives this order without sorting. Where it cannot be unique, in a copy of a
    // v3 file, rows of one id come in the order in which they were copied, which is that of what they are about: a
    // resource, an entitlement, a principal.
    let sql = format!(
        "select {columns} from {} where sync_id = ?1 order by external_id",
        M::TABLE
    );
    let mut old_statement = old.tables()?.db.prepare(&sql)?;
    let mut new_statement = new.tables()?.db.prepare(&sql)?;
    let mut olds: Rows<'_> = old_statement.query([old.sync_id])?;
    let mut news: Rows<'_> = new_statement.query([new.sync_id])?;
    olds.advance()?;
    news.advance()?;
    loop {
        let (step_old, step_new) = match (olds.get(), news.get()) {
            (None, None) => return Ok(()),
            (Some(gone), None) => {
                each(Step::Old(gone))?;
                (true, false)
            }
            (None, Some(come)) => {
                each(Step::New(come))?;
                (false, true)
            }
            (Some(before), Some(now)) => match order::<M>(before, now)? {
                Ordering::Less => {
                    each(Step::Old(before))?;
                    (true, false)
                }
                Ordering::Greater => {
                    each(Step::New(now))?;
                    (false, true)
                }
                Ordering::Equal => {
                    each(Step::Both(before, now))?;
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

/// How rows follow each other: by their ids, and where these are the same, by what they are about.
fn order<M: Stored>(a: &Row<'_>, b: &Row<'_>) -> Result<Ordering> {
    let mut order = key(a)?.cmp(key(b)?);
    for column in M::ABOUT {
        if order != Ordering::Equal {
            break;
        }
        order = bytes(a.get_ref(*column)?).cmp(bytes(b.get_ref(*column)?));
    }
    Ok(order)
}

fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
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
