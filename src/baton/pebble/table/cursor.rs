//! Walking over the live rows of one table, forward from any key.

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;

use super::super::block::{DataBlock, IndexBlock, Span};
use super::super::column::broken_row;
use super::super::edit::TableMeta;
use super::super::error::{Error, Place as _, Result};
use super::super::key::Trailer;
use super::Table;

/// A place in a table. Rows outside of the table's bounds are not shown: they belong to somebody else, or to nobody.
pub(crate) struct TableCursor {
    table: Arc<Table>,
    meta: Arc<TableMeta>,
    /// The row of the upper index whose block `index` is, where there are two levels.
    upper_row: Option<usize>,
    /// The index above the data blocks.
    index: IndexBlock,
    /// The row of `index` whose block is loaded.
    block_row: usize,
    block: Option<DataBlock>,
    /// Whether rows of the loaded block lie behind the upper bound.
    block_ends_behind: bool,
    row: usize,
    key: Vec<u8>,
    /// How much of the key its bundle shares.
    shared: usize,
    trailer: Trailer,
    is_valid: bool,
    /// Working memory for the next key.
    next_key: Vec<u8>,
}

impl TableCursor {
    /// A cursor that stands nowhere yet.
    pub(crate) fn new(table: Arc<Table>, meta: Arc<TableMeta>) -> Result<Self> {
        let (upper_row, index) = if table.properties.has_two_levels {
            if table.index.rows() == 0 {
                return Err(Error::corrupt("its upper index is empty").in_file(table.name()));
            }
            (Some(0), table.lower_index(0)?)
        } else {
            (None, table.index.clone())
        };
        Ok(TableCursor {
            table,
            meta,
            upper_row,
            index,
            block_row: 0,
            block: None,
            block_ends_behind: false,
            row: 0,
            key: Vec::new(),
            shared: 0,
            trailer: Trailer(0),
            is_valid: false,
            next_key: Vec::new(),
        })
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.is_valid
    }

    /// Stands nowhere from now on, with its block still loaded.
    pub(crate) fn leave(&mut self) {
        self.is_valid = false;
    }

    /// The key of the row, while the cursor is valid; the same holds below.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// When the row was written and what it does.
    pub(crate) fn trailer(&self) -> Trailer {
        match self.meta.fixed_sequence() {
            Some(sequence) => Trailer::new(sequence, self.trailer.kind()),
            None => self.trailer,
        }
    }

    pub(crate) fn value(&self) -> Result<&[u8]> {
        let block = self.block.as_ref().filter(|_| self.is_valid);
        block.ok_or_else(broken_row)?.value(self.row).in_file(self.table.name())
    }

    pub(crate) fn value_bytes(&self) -> Result<Bytes> {
        let block = self.block.as_ref().filter(|_| self.is_valid);
        block
            .ok_or_else(broken_row)?
            .value_bytes(self.row)
            .in_file(self.table.name())
    }

    /// Whether the table says of the row that it is not alive.
    pub(crate) fn is_obsolete(&self) -> Result<bool> {
        let block = self.block.as_ref().filter(|_| self.is_valid);
        block
            .ok_or_else(broken_row)?
            .is_obsolete(self.row)
            .in_file(self.table.name())
    }

    /// The range deletions of the table, within its bounds and with its sequence number.
    pub(crate) fn spans(&self) -> Result<Vec<Span>> {
        let mut spans = self.table.spans()?;
        for span in &mut spans {
            if let Some(sequence) = self.meta.fixed_sequence() {
                span.trailer = Trailer::new(sequence, span.trailer.kind());
            }
            if self.meta.backing.is_some() {
                span.start = span.start.clone().max(self.meta.smallest.key.clone());
                span.end = span.end.clone().min(self.meta.largest.end());
            }
        }
        spans.retain(|span| span.start < span.end);
        Ok(spans)
    }

    /// Goes to the first row whose key is not below `key`.
    pub(crate) fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.seek_within(key).in_file(self.table.name())
    }

    fn seek_within(&mut self, key: &[u8]) -> Result<()> {
        self.is_valid = false;
        let smallest = self.meta.smallest.key.clone();
        let key = match self.meta.backing {
            Some(_) => key.max(smallest.as_ref()),
            None => key,
        };
        if let Some(current) = self.upper_row {
            let wanted = self.table.index.lower_bound(key)?;
            if wanted >= self.table.index.rows() {
                return Ok(());
            }
            if wanted != current {
                self.load_index(wanted)?;
            }
        }
        let wanted = self.index.lower_bound(key)?;
        if wanted >= self.index.rows() {
            // Separators of the upper index may lie above those below them.
            return self.enter(wanted);
        }
        self.load_block(wanted)?;
        let block = self.block.as_ref().ok_or_else(broken_row)?;
        let row = block.keys.lower_bound(block.bytes(), key).ok_or_else(broken_row)?;
        if row >= block.rows() {
            return self.enter(wanted + 1);
        }
        self.stand_on(row)
    }

    /// Goes to the next row.
    pub(crate) fn advance(&mut self) -> Result<()> {
        self.advance_within().in_file(self.table.name())
    }

    fn advance_within(&mut self) -> Result<()> {
        if !self.is_valid {
            return Ok(());
        }
        let block = self.block.as_ref().ok_or_else(broken_row)?;
        let row = self.row + 1;
        if row >= block.rows() {
            let (before, trailer) = (std::mem::take(&mut self.key), self.trailer);
            self.is_valid = false;
            self.enter(self.block_row + 1)?;
            // What lies behind the upper bound is in order with the rest, too.
            if self.block.is_some() {
                check_order(&before, trailer, &self.key, self.trailer)?;
            }
            return Ok(());
        }
        let (before, trailer) = (self.trailer, block.trailer(row)?);
        if block.keys.begins_bundle(row) {
            self.shared = block
                .keys
                .read(block.bytes(), row, &mut self.next_key)
                .ok_or_else(broken_row)?;
            check_order(&self.key, before, &self.next_key, trailer)?;
            if (self.key != self.next_key) != block.differs(row)? {
                return Err(wrong_difference());
            }
            std::mem::swap(&mut self.key, &mut self.next_key);
        } else {
            let rest = block.keys.rest(block.bytes(), row).ok_or_else(broken_row)?;
            // An empty rest repeats the key.
            let is_new = !rest.is_empty();
            if is_new {
                if self.key.get(self.shared..) >= Some(rest) {
                    return Err(out_of_order());
                }
                self.key.truncate(self.shared);
                self.key.extend_from_slice(rest);
            } else if trailer >= before {
                return Err(out_of_order());
            }
            if is_new != block.differs(row)? {
                return Err(wrong_difference());
            }
        }
        (self.row, self.trailer) = (row, trailer);
        self.is_valid = !self.is_behind();
        Ok(())
    }

    /// Whether the row lies behind what is alive.
    fn is_behind(&self) -> bool {
        self.block_ends_behind && self.meta.largest.is_before(&self.key)
    }

    /// Goes to the first row from a block of the index on; stands nowhere if there is none.
    fn enter(&mut self, mut block_row: usize) -> Result<()> {
        loop {
            if block_row < self.index.rows() {
                self.load_block(block_row)?;
                if self.block.as_ref().is_some_and(|block| block.rows() > 0) {
                    return self.stand_on(0);
                }
                block_row += 1;
                continue;
            }
            let next = self
                .upper_row
                .map(|row| row + 1)
                .filter(|row| *row < self.table.index.rows());
            let Some(next) = next else {
                self.block = None;
                return Ok(());
            };
            self.load_index(next)?;
            block_row = 0;
        }
    }

    fn load_index(&mut self, row: usize) -> Result<()> {
        self.block = None;
        let index = self.table.lower_index(row)?;
        if let Some(last) = index.rows().checked_sub(1)
            && index.separator(last)? > self.table.index.separator(row)?
        {
            return Err(Error::corrupt("an index block goes beyond its separator"));
        }
        self.index = index;
        self.upper_row = Some(row);
        Ok(())
    }

    fn load_block(&mut self, row: usize) -> Result<()> {
        if self.block.is_some() && self.block_row == row {
            return Ok(());
        }
        self.block = None;
        let handle = self.index.handle(row)?;
        let block = self.table.data_block(handle)?;
        if let Some(last) = block.rows().checked_sub(1) {
            self.check_place(&block, row, last).at(handle.offset)?;
        }
        self.block = Some(block);
        self.block_row = row;
        Ok(())
    }

    /// Checks that a block lies between its separators, and the rows of a whole table within its bounds.
    fn check_place(&mut self, block: &DataBlock, index_row: usize, last: usize) -> Result<()> {
        let compare = |row: usize, other: &[u8]| block.keys.compare(block.bytes(), row, other).ok_or_else(broken_row);
        let is_above_separator = compare(last, self.index.separator(index_row)?)? == Ordering::Greater;
        let is_below_one_before = match index_row.checked_sub(1) {
            Some(before) => compare(0, self.index.separator(before)?)? == Ordering::Less,
            None => false,
        };
        if is_above_separator || is_below_one_before {
            return Err(Error::corrupt("a block does not lie between its separators"));
        }
        let (smallest, largest) = (&self.meta.smallest, &self.meta.largest);
        self.block_ends_behind = match compare(last, &largest.key)? {
            Ordering::Less => false,
            Ordering::Equal => largest.is_exclusive(),
            Ordering::Greater => true,
        };
        let is_whole = self.meta.backing.is_none();
        if is_whole && (self.block_ends_behind || compare(0, &smallest.key)? == Ordering::Less) {
            return Err(Error::corrupt("a row lies outside of the bounds of its table"));
        }
        Ok(())
    }

    fn stand_on(&mut self, row: usize) -> Result<()> {
        let block = self.block.as_ref().ok_or_else(broken_row)?;
        self.shared = block
            .keys
            .read(block.bytes(), row, &mut self.key)
            .ok_or_else(broken_row)?;
        self.trailer = block.trailer(row)?;
        self.row = row;
        self.is_valid = !self.is_behind();
        Ok(())
    }
}

/// Keys ascend; of one key, the newest row comes first.
fn check_order(before: &[u8], before_trailer: Trailer, key: &[u8], trailer: Trailer) -> Result<()> {
    if before.cmp(key).then(trailer.cmp(&before_trailer)) == Ordering::Less {
        return Ok(());
    }
    Err(out_of_order())
}

fn out_of_order() -> Error {
    Error::corrupt("rows are not in order")
}

fn wrong_difference() -> Error {
    Error::corrupt("a row is said to have the key of another, or not to have it")
}
