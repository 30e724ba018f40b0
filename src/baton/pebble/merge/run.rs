//! A run: tables in key order that do not overlap, walked as if they were one.

use std::sync::Arc;

use bytes::Bytes;

use super::super::edit::TableMeta;
use super::super::error::{Error, Result};
use super::super::key::Trailer;
use super::super::store::Inner;
use super::super::table::TableCursor;
use super::shadow::Shadow;

/// A place in a run. At most one of its tables has a block in memory.
pub(super) struct RunCursor {
    store: Arc<Inner>,
    tables: Arc<[Arc<TableMeta>]>,
    /// The table that is open, and its number in the run.
    current: Option<(usize, TableCursor)>,
}

impl RunCursor {
    pub(super) fn new(store: Arc<Inner>, tables: Arc<[Arc<TableMeta>]>) -> Self {
        RunCursor {
            store,
            tables,
            current: None,
        }
    }

    fn cursor(&self) -> Option<&TableCursor> {
        self.current
            .as_ref()
            .map(|(_, cursor)| cursor)
            .filter(|cursor| cursor.is_valid())
    }

    pub(super) fn is_valid(&self) -> bool {
        self.cursor().is_some()
    }

    /// The key of the row; empty without one.
    pub(super) fn key(&self) -> &[u8] {
        self.cursor().map(TableCursor::key).unwrap_or_default()
    }

    pub(super) fn trailer(&self) -> Trailer {
        self.cursor().map_or(Trailer(0), TableCursor::trailer)
    }

    pub(super) fn value(&self) -> Result<&[u8]> {
        self.cursor().ok_or_else(no_row)?.value()
    }

    pub(super) fn is_obsolete(&self) -> Result<bool> {
        self.cursor().ok_or_else(no_row)?.is_obsolete()
    }

    pub(super) fn value_bytes(&self) -> Result<Bytes> {
        self.cursor().ok_or_else(no_row)?.value_bytes()
    }

    /// Goes to the first row whose key is not below `key`. Range deletions of every table that is opened on the way go
    /// to `shadow`. Tables that begin at `end` or behind it stay closed.
    pub(super) fn seek(&mut self, key: &[u8], end: Option<&Bytes>, shadow: &mut Shadow) -> Result<()> {
        let wanted = self.tables.partition_point(|table| table.largest.is_before(key));
        self.enter(wanted, key, end, shadow)
    }

    pub(super) fn advance(&mut self, end: Option<&Bytes>, shadow: &mut Shadow) -> Result<()> {
        let Some((number, cursor)) = &mut self.current else {
            return Ok(());
        };
        cursor.advance()?;
        if cursor.is_valid() {
            return Ok(());
        }
        let next = *number + 1;
        self.enter(next, &[], end, shadow)
    }

    /// Goes to the first row from `key` on, beginning with a table of the run.
    fn enter(&mut self, first: usize, key: &[u8], end: Option<&Bytes>, shadow: &mut Shadow) -> Result<()> {
        for number in first..self.tables.len() {
            let Some(meta) = self.tables.get(number) else {
                break;
            };
            if end.is_some_and(|end| meta.smallest.key >= end) {
                break;
            }
            let reusable = self.current.take().filter(|(open, _)| *open == number);
            let mut cursor = match reusable {
                Some((_, cursor)) => cursor,
                None => TableCursor::new(self.store.table(meta.file())?, Arc::clone(meta))?,
            };
            shadow.add(cursor.spans()?);
            cursor.seek(key)?;
            let is_valid = cursor.is_valid();
            self.current = Some((number, cursor));
            if is_valid {
                return Ok(());
            }
        }
        // Kept open: the next question may be about it.
        if let Some((_, cursor)) = &mut self.current {
            cursor.leave();
        }
        Ok(())
    }
}

fn no_row() -> Error {
    Error::misuse("a cursor stands on no row")
}
