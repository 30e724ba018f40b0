//! The pages of a database, seen without SQLite: that each lies in one place only, and that each index has an entry for
//! each row. SQLite itself finds that out only when it checks everything; until then it shows the rows of one table as
//! those of another, or none. Here one header per page is read, and no row.
//!
//! Facts: the database file format of SQLite, <https://www.sqlite.org/fileformat2.html>, on the header, the freelist, the
//! pages of trees and pointer maps. Pages that long rows flow over to are left to SQLite's own check.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use super::{Root, damaged};
use crate::baton::error::Result;

/// Bytes before the first page's own header.
const HEADER: usize = 100;
/// Where SQLite locks a file: no page of a database.
const LOCKED_AT: u64 = 1 << 30;

/// Kinds of pages, by their first byte.
const INSIDE_INDEX: u8 = 2;
const INSIDE_TABLE: u8 = 5;
const LEAF_OF_INDEX: u8 = 10;
const LEAF_OF_TABLE: u8 = 13;

/// Looks at every page of the trees of a database that begin at `roots`, and at the free ones.
///
/// # Errors
/// `DataLoss` for a page that is used twice, is not there or is of another kind than its tree, and for an index with
/// more or fewer entries than its table has rows; those of the disk.
pub(super) fn check(database: impl Read + Seek, roots: &[Root]) -> Result<()> {
    let mut pages = Pages::open(database)?;
    pages.free()?;
    pages.tree(&Root {
        name: "the list of tables".to_owned(),
        page: 1,
        is_table: Some(true),
        all_of: None,
    })?;
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    let (tables, indexes): (Vec<&Root>, Vec<&Root>) = roots.iter().partition(|root| root.is_table != Some(false));
    for table in tables {
        rows.insert(&table.name, pages.tree(table)?);
    }
    for index in indexes {
        let entries = pages.tree(index)?;
        let rows = index.all_of.as_ref().and_then(|table| rows.get(table.as_str()));
        if let Some(rows) = rows.filter(|rows| **rows != entries) {
            return Err(damaged(&format!("{} finds {entries} rows of {rows}", index.name)));
        }
    }
    Ok(())
}

struct Pages<F> {
    file: F,
    size: usize,
    /// By number of the page, which begins at 1, whether it was met.
    met: Vec<bool>,
    head: [u8; HEADER],
}

impl<F: Read + Seek> Pages<F> {
    fn open(mut file: F) -> Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut head = [0; HEADER];
        file.read_exact(&mut head)
            .map_err(|_| damaged("its header is cut off"))?;
        let size = match number_at(&head, 16, 2) {
            1 => 65_536,
            size if size.is_power_of_two() && size >= 512 => size,
            size => return Err(damaged(&format!("a page cannot have {size} bytes"))),
        };
        let count = length / u64::from(size);
        let place = |number: u64| usize::try_from(number).map_err(|_| damaged("it has too many pages"));
        let mut pages = Pages {
            file,
            size: place(u64::from(size))?,
            met: vec![false; place(count)? + 1],
            head,
        };
        pages.reserve(place(LOCKED_AT / u64::from(size))? + 1);
        pages.pointer_maps();
        Ok(pages)
    }

    fn reserve(&mut self, page: usize) {
        if let Some(met) = self.met.get_mut(page) {
            *met = true;
        }
    }

    /// A database that shrinks by itself says on pages of its own where each one belongs.
    fn pointer_maps(&mut self) {
        if number_at(&self.head, 52, 4) == 0 {
            return;
        }
        let usable = self
            .size
            .saturating_sub(usize::from(self.head.get(20).copied().unwrap_or_default()));
        let locked = usize::try_from(LOCKED_AT).unwrap_or(usize::MAX) / self.size + 1;
        let step = usable / 5 + 1;
        for page in (2..self.met.len()).step_by(step) {
            self.reserve(if page == locked { page + 1 } else { page });
        }
    }

    /// The free pages, which hang together in a list.
    fn free(&mut self) -> Result<()> {
        let mut trunk = number_at(&self.head, 32, 4);
        while trunk != 0 {
            self.meet(trunk, "the free pages")?;
            let page = self.read(trunk, self.size)?;
            let leaves = usize::try_from(number_at(&page, 4, 4)).unwrap_or(usize::MAX);
            if leaves > self.size / 4 - 2 {
                return Err(damaged(&format!("page {trunk} cannot list {leaves} free pages")));
            }
            for leaf in 0..leaves {
                self.meet(number_at(&page, 8 + leaf * 4, 4), "the free pages")?;
            }
            trunk = number_at(&page, 0, 4);
        }
        Ok(())
    }

    /// Looks at a tree; says how many rows or entries are in it.
    fn tree(&mut self, root: &Root) -> Result<u64> {
        self.meet(root.page, &root.name)?;
        let mut is_table = root.is_table;
        let mut found = 0;
        let mut open = vec![root.page];
        while let Some(number) = open.pop() {
            let at = if number == 1 { HEADER } else { 0 };
            let head = self.read(number, at + 12)?;
            let kind = head.get(at).copied().unwrap_or_default();
            let of_table = match kind {
                INSIDE_TABLE | LEAF_OF_TABLE => true,
                INSIDE_INDEX | LEAF_OF_INDEX => false,
                _ => return Err(damaged(&format!("page {number} of {} is of no known kind", root.name))),
            };
            if *is_table.get_or_insert(of_table) != of_table {
                return Err(damaged(&format!("page {number} of {} is of another kind", root.name)));
            }
            let cells = number_at(&head, at + 3, 2);
            // What is inside of a tree of rows only says where they are.
            if kind != INSIDE_TABLE {
                found += u64::from(cells);
            }
            if kind == LEAF_OF_TABLE || kind == LEAF_OF_INDEX {
                continue;
            }
            let page = self.read(number, self.size)?;
            let cells = usize::try_from(cells).unwrap_or_default();
            let mut children = vec![number_at(&page, at + 8, 4)];
            for cell in 0..cells {
                let place = usize::try_from(number_at(&page, at + 12 + cell * 2, 2)).unwrap_or_default();
                children.push(number_at(&page, place, 4));
            }
            for child in children {
                self.meet(child, &root.name)?;
                open.push(child);
            }
        }
        Ok(found)
    }

    fn meet(&mut self, page: u32, by: &str) -> Result<()> {
        let met = usize::try_from(page).ok().filter(|page| *page > 0);
        match met.and_then(|page| self.met.get_mut(page)) {
            Some(met) if !*met => {
                *met = true;
                Ok(())
            }
            Some(_) => Err(damaged(&format!("page {page} of {by} is used twice"))),
            None => Err(damaged(&format!("{by} names page {page}, which is not there"))),
        }
    }

    fn read(&mut self, page: u32, bytes: usize) -> Result<Vec<u8>> {
        let at = u64::from(page.saturating_sub(1)) * self.size as u64;
        let mut read = vec![0; bytes];
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut read)?;
        Ok(read)
    }
}

/// A number of so many bytes, the greatest first; 0 behind the end.
fn number_at(bytes: &[u8], at: usize, length: usize) -> u32 {
    let digits = bytes.get(at..at + length).unwrap_or_default();
    digits.iter().fold(0, |number, digit| number << 8 | u32::from(*digit))
}
