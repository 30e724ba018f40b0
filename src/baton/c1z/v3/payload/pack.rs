//! Packing the files of a store: each is a zstd frame. A thread of its own compresses them while others are made.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use aws_lc_rs::digest;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::index::Entry;
use crate::baton::pebble::{self, NewFiles};

/// How hard frames are compressed.
const LEVEL: i32 = 3;
/// Files that may wait.
const WAITING: usize = 2;

/// Takes files and writes them as frames.
pub(crate) struct Packer<W> {
    /// `None` once the thread has ended.
    work: Option<(SyncSender<Named>, Work<W>)>,
}

/// A file: its name and its content.
type Named = (String, Vec<u8>);
type Work<W> = JoinHandle<io::Result<Packed<W>>>;

/// Frames that were written.
pub(crate) struct Packed<W> {
    pub(crate) out: W,
    /// What an index says of them; offsets are those in `out`.
    pub(crate) entries: Vec<Entry>,
    /// Bytes that were written.
    pub(crate) size: u64,
}

impl<W: Write + Send + 'static> Packer<W> {
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        let (sender, receiver) = sync_channel(WAITING);
        let packed = Packed {
            out,
            entries: Vec::new(),
            size: 0,
        };
        let thread = std::thread::Builder::new().name("pack".to_owned());
        let thread = thread.spawn(move || packed.take(&receiver, &mut compressor))?;
        Ok(Packer {
            work: Some((sender, thread)),
        })
    }

    /// Waits until all files are written.
    pub(crate) fn finish(mut self) -> io::Result<Packed<W>> {
        self.end()
    }

    fn end(&mut self) -> io::Result<Packed<W>> {
        let ended = || io::Error::other("the thread that compresses has ended");
        let (sender, thread) = self.work.take().ok_or_else(ended)?;
        drop(sender);
        thread.join().map_err(|_| ended())?
    }
}

impl<W: Write + Send + 'static> NewFiles for Packer<W> {
    fn put(&mut self, name: &str, content: Vec<u8>) -> pebble::Result<()> {
        let sent = match &self.work {
            Some((sender, _)) => sender.send((name.to_owned(), content)).is_ok(),
            None => false,
        };
        if !sent {
            // It ends before its time with an error only.
            self.end()?;
        }
        Ok(())
    }
}

impl<W: Write> Packed<W> {
    fn take(mut self, files: &Receiver<Named>, compressor: &mut Compressor<'static>) -> io::Result<Self> {
        for (name, content) in files {
            let frame = compressor.compress(&content)?;
            self.out.write_all(&frame)?;
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(digest::digest(&digest::SHA256, &content).as_ref());
            let compressed = frame.len() as u64;
            self.entries.push(Entry {
                name,
                offset: self.size,
                compressed,
                raw: content.len() as u64,
                hash: twox_hash::XxHash64::oneshot(0, &content),
                sha256,
            });
            self.size += compressed;
        }
        self.out.flush()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::error::{Error, Kind};

    /// A disk that is full after some bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or_else(|| io::Error::from(io::ErrorKind::StorageFull))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_an_error_of_the_file_that_comes_next_or_of_the_end() {
        for size in [0, 100] {
            let mut packer = Packer::new(Disk(size)).unwrap();
            let failed = (0..100).find_map(|n| packer.put(&n.to_string(), vec![7; 1000]).err());
            let error = Error::from(failed.expect("a hundred files do not fit"));
            assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
            assert!(packer.put("more", Vec::new()).is_err());
            assert!(packer.finish().is_err());
        }
        let mut packer = Packer::new(Disk(0)).unwrap();
        let put = packer.put("one", vec![7; 1000]);
        assert!(put.is_err() || packer.finish().is_err());
    }

    #[test]
    fn frames_follow_each_other() {
        let mut packer = Packer::new(Vec::new()).unwrap();
        for n in 0..10u8 {
            packer.put(&n.to_string(), vec![n; usize::from(n) * 100]).unwrap();
        }
        let packed = packer.finish().unwrap();
        let mut at = 0;
        for (n, entry) in packed.entries.iter().enumerate() {
            assert_eq!((entry.offset, entry.raw), (at, n as u64 * 100));
            at += entry.compressed;
        }
        assert_eq!((packed.size, packed.out.len() as u64), (at, at));
    }
}
