//! Trees, from their leaves up.
//!
//! A page that is full waits until the next one of its level has something in it: should nothing follow, it gives its last
//! cell away, since a page without one is no page. The last page of the highest level takes the place of the root.

use super::page::{Kind, Page};
use super::pages::Pages;
use super::record::put_varint;
use crate::baton::c1z::fault;
use crate::baton::error::Result;

/// A table, row by row.
pub(in crate::baton::c1z) struct Table<'p> {
    leaves: Leaves<'p>,
    last: Option<i64>,
}

impl<'p> Table<'p> {
    /// A tree that begins with the page `root`.
    pub(in crate::baton::c1z) fn new(pages: &'p mut Pages, root: u32) -> Self {
        Table {
            leaves: Leaves::new(pages, root, Kind::TableLeaf, Kind::TableInner),
            last: None,
        }
    }

    /// Adds a row behind the others.
    ///
    /// # Errors
    /// `Internal` for a row that belongs elsewhere; those of the disk.
    pub(in crate::baton::c1z) fn push(&mut self, number: i64, record: &[u8]) -> Result<()> {
        if self.last.is_some_and(|last| last >= number) {
            return Err(fault::broken("rows are out of order"));
        }
        let leaves = &mut self.leaves;
        leaves.cell.clear();
        put_varint(record.len() as u64, &mut leaves.cell);
        put_varint(number.cast_unsigned(), &mut leaves.cell);
        let most = leaves.pages.size() - 35;
        leaves.payload(record, most)?;
        if !leaves.page.push(&leaves.cell) {
            let mut highest = Vec::new();
            put_varint(self.last.unwrap_or_default().cast_unsigned(), &mut highest);
            leaves.turn(highest)?;
            leaves.start()?;
        }
        self.last = Some(number);
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// Those of the disk.
    pub(in crate::baton::c1z) fn finish(self) -> Result<()> {
        self.leaves.finish()
    }
}

/// An index, entry by entry.
pub(in crate::baton::c1z) struct Index<'p> {
    leaves: Leaves<'p>,
}

impl<'p> Index<'p> {
    /// A tree that begins with the page `root`.
    pub(in crate::baton::c1z) fn new(pages: &'p mut Pages, root: u32) -> Self {
        Index {
            leaves: Leaves::new(pages, root, Kind::IndexLeaf, Kind::IndexInner),
        }
    }

    /// Adds an entry behind the others. That it belongs there is the caller's word.
    ///
    /// # Errors
    /// Those of the disk.
    pub(in crate::baton::c1z) fn push(&mut self, record: &[u8]) -> Result<()> {
        let leaves = &mut self.leaves;
        leaves.cell.clear();
        put_varint(record.len() as u64, &mut leaves.cell);
        let most = (leaves.pages.size() - 12) * 64 / 255 - 23;
        leaves.payload(record, most)?;
        if !leaves.page.push(&leaves.cell) {
            let between = std::mem::take(&mut leaves.cell);
            leaves.turn(between)?;
        }
        Ok(())
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// Those of the disk.
    pub(in crate::baton::c1z) fn finish(mut self) -> Result<()> {
        let leaves = &mut self.leaves;
        if leaves.page.is_empty()
            && let Some((full, between)) = &mut leaves.full
            && let Some(last) = full.pop()
        {
            let moved = std::mem::replace(between, last);
            leaves.page.push(&moved);
        }
        self.leaves.finish()
    }
}

/// The lowest level, and those above.
struct Leaves<'p> {
    pages: &'p mut Pages,
    root: u32,
    inner: Kind,
    /// The cell that comes next.
    cell: Vec<u8>,
    page: Page,
    /// A page that waits, and what stands between it and the next.
    full: Option<(Page, Vec<u8>)>,
    levels: Vec<Level>,
}

/// A level of inner pages.
struct Level {
    page: Page,
    full: Option<(Page, Vec<u8>)>,
}

impl<'p> Leaves<'p> {
    fn new(pages: &'p mut Pages, root: u32, leaf: Kind, inner: Kind) -> Self {
        Leaves {
            page: Page::new(leaf, pages.size()),
            pages,
            root,
            inner,
            cell: Vec::new(),
            full: None,
            levels: Vec::new(),
        }
    }

    /// Appends to the cell what of a record stands in it: all, or its beginning and where the rest is.
    fn payload(&mut self, record: &[u8], most: usize) -> Result<()> {
        if record.len() <= most {
            self.cell.extend_from_slice(record);
            return Ok(());
        }
        let size = self.pages.size();
        let least = (size - 12) * 32 / 255 - 23;
        let even = least + (record.len() - least) % (size - 4);
        let (here, rest) = record.split_at(if even <= most { even } else { least });
        self.cell.extend_from_slice(here);
        self.cell.extend_from_slice(&self.pages.upcoming().to_be_bytes());
        let mut page = vec![0; size];
        let mut parts = rest.chunks(size - 4).peekable();
        while let Some(part) = parts.next() {
            let next = match parts.peek() {
                Some(_) => self.pages.after(self.pages.upcoming()),
                None => 0,
            };
            page.clear();
            page.extend_from_slice(&next.to_be_bytes());
            page.extend_from_slice(part);
            page.resize(size, 0);
            self.pages.append(&page)?;
        }
        Ok(())
    }

    /// Adds the cell to a page that is empty.
    fn start(&mut self) -> Result<()> {
        match self.page.push(&self.cell) {
            true => Ok(()),
            false => Err(fault::broken("a row does not fit in a page")),
        }
    }

    /// The page is full: it waits, and another begins.
    fn turn(&mut self, between: Vec<u8>) -> Result<()> {
        let empty = match self.full.take() {
            Some((mut full, before)) => {
                let number = self.pages.append(full.finish())?;
                self.up(0, number, before)?;
                full.clear();
                full
            }
            None => Page::new(self.page.kind(), self.pages.size()),
        };
        self.full = Some((std::mem::replace(&mut self.page, empty), between));
        Ok(())
    }

    /// Names a child in the level above it, and what stands between it and the next.
    fn up(&mut self, at: usize, child: u32, between: Vec<u8>) -> Result<()> {
        if self.levels.len() == at {
            let page = Page::new(self.inner, self.pages.size());
            self.levels.push(Level { page, full: None });
        }
        let Some(level) = self.levels.get_mut(at) else {
            return Err(fault::broken("a tree lacks a level"));
        };
        let mut cell = child.to_be_bytes().to_vec();
        cell.extend_from_slice(&between);
        if level.page.push(&cell) {
            return Ok(());
        }
        let empty = Page::new(self.inner, self.pages.size());
        let mut done = std::mem::replace(&mut level.page, empty);
        done.set_last_child(child);
        match level.full.replace((done, between)) {
            Some((full, before)) => self.put(at, full, before),
            None => Ok(()),
        }
    }

    /// Writes a full page of a level and names it above.
    fn put(&mut self, at: usize, mut full: Page, between: Vec<u8>) -> Result<()> {
        let number = self.pages.append(full.finish())?;
        self.up(at + 1, number, between)
    }

    fn finish(mut self) -> Result<()> {
        let Some((mut full, between)) = self.full.take() else {
            return self.pages.replace(self.root, self.page.finish());
        };
        let number = self.pages.append(full.finish())?;
        self.up(0, number, between)?;
        let mut child = self.pages.append(self.page.finish())?;
        let mut at = 0;
        loop {
            let Some(level) = self.levels.get_mut(at) else {
                return Err(fault::broken("a tree lacks a level"));
            };
            let full = level.full.take();
            if let Some((mut full, mut between)) = full {
                if level.page.is_empty()
                    && let Some(last) = full.pop()
                    && let Some((left, before)) = last.split_first_chunk()
                {
                    let mut cell = full.last_child().to_be_bytes().to_vec();
                    cell.append(&mut between);
                    level.page.push(&cell);
                    full.set_last_child(u32::from_be_bytes(*left));
                    between = before.to_vec();
                }
                self.put(at, full, between)?;
            }
            let is_highest = self.levels.len() == at + 1;
            let Some(level) = self.levels.get_mut(at) else {
                return Err(fault::broken("a tree lacks a level"));
            };
            level.page.set_last_child(child);
            if is_highest {
                return self.pages.replace(self.root, level.page.finish());
            }
            child = self.pages.append(level.page.finish())?;
            at += 1;
        }
    }
}
