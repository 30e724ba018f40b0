//! Files that are zstd frames: unpacked in memory when they are asked for.
//!
//! Small files are kept whole, those used last; what is kept grows only when files come back soon after they went. A
//! large file is streamed: its end is kept, because reading a table begins there, and the rest is decoded as far as it
//! is asked for.

mod cache;
mod stream;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use zstd::bulk::Decompressor;

use super::index::Entry;
use crate::baton::c1z::Limits;
use crate::baton::pebble::{self, Error, Files, ReadAt};
use cache::Cache;
use stream::Streams;

/// A file up to this size is unpacked as a whole.
const WHOLE: u64 = 64 << 20;
/// What a frame may be longer than its content, as a part of it and at least.
const OVERHEAD_SHIFT: u32 = 7;
const OVERHEAD: u64 = 64;

/// The files of a payload of frames.
pub(crate) struct Frames {
    shared: Arc<Shared>,
    names: BTreeMap<String, usize>,
}

struct Shared {
    file: Arc<dyn ReadAt>,
    entries: Vec<Entry>,
    cache: Cache,
    max_window: u64,
    whole: u64,
}

impl Frames {
    pub(super) fn new(file: Arc<dyn ReadAt>, entries: Vec<Entry>, limits: &Limits) -> Self {
        Self::with_whole(file, entries, limits, WHOLE)
    }

    /// As [`Frames::new`], for files up to `whole` bytes that are unpacked as a whole.
    fn with_whole(file: Arc<dyn ReadAt>, entries: Vec<Entry>, limits: &Limits, whole: u64) -> Self {
        let names = entries.iter().enumerate().map(|(n, entry)| (entry.name.clone(), n));
        Frames {
            names: names.collect(),
            shared: Arc::new(Shared {
                file,
                entries,
                cache: Cache::default(),
                max_window: limits.max_window,
                whole,
            }),
        }
    }
}

impl Files for Frames {
    fn names(&self) -> pebble::Result<Vec<String>> {
        Ok(self.names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> pebble::Result<Option<Arc<dyn ReadAt>>> {
        let Some((number, entry)) = self
            .names
            .get(name)
            .and_then(|n| Some((*n, self.shared.entries.get(*n)?)))
        else {
            return Ok(None);
        };
        let shared = Arc::clone(&self.shared);
        Ok(Some(if entry.raw <= self.shared.whole {
            Arc::new(Whole { shared, number })
        } else {
            let streams = Streams::new(Arc::clone(&shared.file), entry.clone(), shared.max_window);
            Arc::new(streams)
        }))
    }
}

/// A file that is unpacked as a whole.
struct Whole {
    shared: Arc<Shared>,
    number: usize,
}

impl Whole {
    fn content(&self) -> pebble::Result<Bytes> {
        if let Some(content) = self.shared.cache.get(self.number) {
            return Ok(content);
        }
        let entry = self.shared.entries.get(self.number);
        let content = unpack(
            &*self.shared.file,
            entry.ok_or_else(|| Error::misuse("there is no such frame"))?,
        )?;
        self.shared.cache.put(self.number, content.clone());
        Ok(content)
    }
}

impl ReadAt for Whole {
    fn size(&self) -> u64 {
        self.shared.entries.get(self.number).map_or(0, |entry| entry.raw)
    }

    fn read(&self, offset: u64, length: usize) -> pebble::Result<Bytes> {
        self.content()?.read(offset, length)
    }
}

thread_local! {
    /// What a thread decompresses with: to make one takes as long as some frames do.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn decompress(frame: &[u8], raw: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(kept) => kept,
            None => kept.insert(Decompressor::new()?),
        };
        decompressor.decompress(frame, raw)
    })
}

/// What is in a frame.
fn unpack(file: &dyn ReadAt, entry: &Entry) -> pebble::Result<Bytes> {
    // A frame can hardly be longer than its content: what claims to be is not read.
    if entry.compressed > entry.raw + (entry.raw >> OVERHEAD_SHIFT) + OVERHEAD {
        return Err(Error::corrupt(format!(
            "a frame of {} bytes claims to hold {}",
            entry.compressed, entry.raw
        )));
    }
    let frame = file.read(entry.offset, usize::try_from(entry.compressed).unwrap_or(usize::MAX))?;
    let length = zstd::zstd_safe::find_frame_compressed_size(&frame);
    if length.ok() != Some(frame.len()) {
        return Err(Error::corrupt("it is not one complete frame"));
    }
    let raw = usize::try_from(entry.raw).unwrap_or(usize::MAX);
    let content =
        decompress(&frame, raw).map_err(|error| Error::corrupt(format!("its frame does not decode ({error})")))?;
    check(entry, content.len() as u64, twox_hash::XxHash64::oneshot(0, &content))?;
    Ok(content.into())
}

/// Compares what came out of a frame with what the index says of it.
fn check(entry: &Entry, length: u64, hash: u64) -> pebble::Result<()> {
    if length != entry.raw {
        return Err(Error::corrupt(format!(
            "it has {length} bytes, the index says {}",
            entry.raw
        )));
    }
    if hash != entry.hash {
        return Err(Error::corrupt("its checksum is not that of the index"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(size: usize) -> Vec<u8> {
        let mut state = 7u32;
        let bytes = (0..size).map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if n % 3 == 0 { state.to_le_bytes()[3] } else { b'x' }
        });
        bytes.collect()
    }

    fn packed(contents: &[Vec<u8>]) -> (Vec<u8>, Vec<Entry>) {
        let mut file = vec![9; 5];
        let mut entries = Vec::new();
        for (n, content) in contents.iter().enumerate() {
            let mut compressor = zstd::bulk::Compressor::new(3).unwrap();
            compressor
                .set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true))
                .unwrap();
            let frame = compressor.compress(content).unwrap();
            entries.push(Entry {
                name: format!("file {n}"),
                offset: file.len() as u64,
                compressed: frame.len() as u64,
                raw: content.len() as u64,
                hash: twox_hash::XxHash64::oneshot(0, content),
                sha256: [0; 32],
            });
            file.extend(frame);
        }
        (file, entries)
    }

    /// Both ways of reading.
    fn both(contents: &[Vec<u8>], bend: impl Fn(&mut Vec<u8>, &mut Vec<Entry>)) -> [Frames; 2] {
        let (mut file, mut entries) = packed(contents);
        bend(&mut file, &mut entries);
        let file: Arc<dyn ReadAt> = Arc::new(Bytes::from(file));
        [u64::MAX, 0].map(|whole| Frames::with_whole(Arc::clone(&file), entries.clone(), &Limits::default(), whole))
    }

    #[test]
    fn bytes_are_read_at_any_offset_in_any_order() {
        let contents = [content(3_000_000), content(0), content(100)];
        for frames in both(&contents, |_, _| ()) {
            assert_eq!(frames.names().unwrap(), ["file 0", "file 1", "file 2"]);
            assert!(frames.open("file 3").unwrap().is_none());
            for (n, content) in contents.iter().enumerate() {
                let file = frames.open(&format!("file {n}")).unwrap().unwrap();
                assert_eq!(file.size(), content.len() as u64);
                let size = content.len();
                for at in [
                    size.saturating_sub(61),
                    0,
                    size / 2,
                    size / 2 + 40_000,
                    size / 3,
                    size / 3 + 1,
                    7,
                    size,
                ] {
                    let length = 40_000.min(size - at.min(size));
                    let at = at.min(size);
                    assert_eq!(
                        file.read(at as u64, length).unwrap(),
                        content[at..at + length],
                        "{n} {at}"
                    );
                }
                assert!(file.read(size as u64, 1).is_err());
                assert!(file.read(u64::MAX, 2).is_err());
            }
        }
    }

    #[test]
    fn a_changed_byte_of_a_frame_is_an_error_wherever_one_reads() {
        let contents = [content(20_000)];
        let (file, _) = packed(&contents);
        for at in (5..file.len())
            .step_by(41)
            .chain(5..20)
            .chain(file.len() - 6..file.len())
        {
            for frames in both(&contents, |file, _| file[at] ^= 0x20) {
                let file = frames.open("file 0").unwrap().unwrap();
                let read = file.read(0, 100);
                assert!(read.is_err() || read.unwrap() == contents[0][..100], "byte {at}");
                assert!(file.read(19_990, 10).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn an_index_that_says_something_else_of_a_frame_is_found_out() {
        let contents = [content(20_000)];
        type Bend = fn(&mut Vec<u8>, &mut Vec<Entry>);
        let bends: [Bend; 6] = [
            |_, entries| entries[0].raw += 1,
            |_, entries| entries[0].raw -= 1,
            |_, entries| entries[0].hash ^= 1,
            |_, entries| entries[0].compressed -= 1,
            |file, entries| {
                file.extend([0; 30]);
                entries[0].compressed += 30;
            },
            |_, entries| entries[0].raw = 10,
        ];
        for bend in bends {
            for frames in both(&contents, bend) {
                assert!(frames.open("file 0").unwrap().unwrap().read(0, 1).is_err());
            }
        }
    }
}
