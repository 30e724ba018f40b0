//! A range of bytes as a stream.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;

use crate::baton::pebble::{self, Fault, ReadAt};

/// Part of something that can be read at an offset.
#[derive(Clone)]
pub(super) struct Section {
    file: Arc<dyn ReadAt>,
    start: u64,
    length: u64,
    at: u64,
}

impl Section {
    pub(super) fn new(file: Arc<dyn ReadAt>, start: u64, length: u64) -> Self {
        Section {
            file,
            start,
            length,
            at: 0,
        }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let count = rest.min(buffer.len());
        if count == 0 {
            return Ok(0);
        }
        let bytes = self.file.read(self.start + self.at, count).map_err(to_io)?;
        buffer.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

impl ReadAt for Section {
    fn size(&self) -> u64 {
        self.length
    }

    fn read(&self, offset: u64, length: usize) -> pebble::Result<Bytes> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(pebble::Error::corrupt(format!(
                "{length} bytes should lie at {offset}, but there are {} in all",
                self.length
            )));
        }
        self.file.read(self.start + offset, length)
    }
}

fn to_io(error: pebble::Error) -> io::Error {
    let text = error.to_string();
    match error.into_fault() {
        Fault::Io(error) => error,
        _ => io::Error::new(io::ErrorKind::InvalidData, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_it_ends() {
        let file: Arc<dyn ReadAt> = Arc::new(Bytes::from_static(b"0123456789"));
        let mut section = Section::new(file, 2, 5);
        let mut text = String::new();
        section.read_to_string(&mut text).unwrap();
        assert_eq!(text, "23456");
        section.seek(SeekFrom::Start(3)).unwrap();
        section.seek(SeekFrom::Current(-1)).unwrap();
        text.clear();
        section.read_to_string(&mut text).unwrap();
        assert_eq!(text, "456");
        section.seek(SeekFrom::End(4)).unwrap();
        assert_eq!(section.read_to_string(&mut text).unwrap(), 0, "behind the end");
        assert!(section.seek(SeekFrom::Current(-100)).is_err());
        assert_eq!(ReadAt::read(&section, 3, 2).unwrap(), &b"56"[..]);
        assert!(ReadAt::read(&section, 4, 2).is_err());
    }
}
