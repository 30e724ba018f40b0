//! The file: pages are added at its end.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::baton::c1z::fault;
use crate::baton::error::Result;

/// The byte that SQLite locks.
const LOCKS: u64 = 1 << 30;
/// Bytes that are written at a time.
const TOGETHER: usize = 256 << 10;
/// Where the header has what is needed here (see the room).
const HEADER: usize = 100;
const PAGE_SIZE: usize = 16;
const RESERVED: usize = 20;
const CHANGES: usize = 24;
const COUNT: usize = 28;
const LARGEST_ROOT: usize = 52;
const VALID_FOR: usize = 92;

/// The pages of a closed database.
pub(in crate::baton::c1z) struct Pages {
    file: File,
    size: usize,
    /// The page that comes next.
    next: u32,
    buffer: Vec<u8>,
}

impl Pages {
    /// Those of a database that nobody has open and that SQLite made: only what it chose is looked at.
    ///
    /// # Errors
    /// `Internal` for a database of another make; those of the disk.
    pub(in crate::baton::c1z) fn open(path: &Path) -> Result<Pages> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        let short = |at: usize| {
            header
                .get(at..)
                .and_then(|rest| rest.first_chunk())
                .map_or(0, |two| u16::from_be_bytes(*two))
        };
        let long = |at: usize| {
            header
                .get(at..)
                .and_then(|rest| rest.first_chunk())
                .map_or(0, |four| u32::from_be_bytes(*four))
        };
        let size = usize::from(short(PAGE_SIZE));
        let count = long(COUNT);
        let is_plain = (512..=32768).contains(&size)
            && header.get(RESERVED) == Some(&0)
            && long(LARGEST_ROOT) == 0
            && long(CHANGES) == long(VALID_FOR)
            && file.metadata()?.len() == u64::from(count) * size as u64;
        if !is_plain {
            return Err(fault::broken("a new database has an unexpected header"));
        }
        file.seek(SeekFrom::End(0))?;
        Ok(Pages {
            file,
            size,
            next: count + 1,
            buffer: Vec::with_capacity(TOGETHER + size),
        })
    }

    /// Bytes of a page.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The number that the next page gets.
    pub(super) fn upcoming(&self) -> u32 {
        self.after(self.next - 1)
    }

    /// The number that the page after this one gets.
    pub(super) fn after(&self, number: u32) -> u32 {
        let locks = (LOCKS / self.size as u64) as u32 + 1;
        if number + 1 == locks { locks + 1 } else { number + 1 }
    }

    /// Adds a page, and returns its number.
    pub(super) fn append(&mut self, page: &[u8]) -> Result<u32> {
        let number = self.upcoming();
        if number != self.next {
            self.buffer.resize(self.buffer.len() + self.size, 0);
        }
        self.buffer.extend_from_slice(page);
        // SQLite's own limit is lower by two.
        if number >= u32::MAX - 2 {
            return Err(fault::broken("a database has too many pages"));
        }
        self.next = number + 1;
        if self.buffer.len() >= TOGETHER {
            self.write_out()?;
        }
        Ok(number)
    }

    /// Puts a page in the place of another.
    pub(super) fn replace(&mut self, number: u32, page: &[u8]) -> Result<()> {
        self.write_out()?;
        self.file
            .seek(SeekFrom::Start((u64::from(number) - 1) * self.size as u64))?;
        self.file.write_all(page).map_err(fault::disk)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    fn write_out(&mut self) -> Result<()> {
        self.file.write_all(&self.buffer).map_err(fault::disk)?;
        self.buffer.clear();
        Ok(())
    }

    /// Says in the header how many pages there are.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full, here and wherever pages are added.
    pub(in crate::baton::c1z) fn finish(mut self) -> Result<()> {
        self.write_out()?;
        self.file.seek(SeekFrom::Start(COUNT as u64))?;
        self.file.write_all(&(self.next - 1).to_be_bytes()).map_err(fault::disk)
    }
}
