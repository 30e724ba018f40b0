//! A file that is too large to be unpacked as a whole: decoded from its start as far as it is asked for.

use std::hash::Hasher as _;
use std::io::{self, BufReader, Read as _};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use twox_hash::XxHash64;
use zstd::stream::read::Decoder;

use super::super::section::Section;
use super::Entry;
use super::check;
use crate::baton::lock::locked;
use crate::baton::pebble::{self, Error, ReadAt};

/// Bytes that are decoded at a time, and kept behind the place that was asked for last.
const CHUNK: usize = 256 << 10;
/// Bytes at the end of the file that are kept: where its index lies.
const TAIL: u64 = 1 << 20;
/// Places that may be read from at once.
const PLACES: usize = 4;

/// A file, and the places in it where somebody reads.
pub(super) struct Streams {
    file: Arc<dyn ReadAt>,
    entry: Entry,
    window_log: u32,
    /// The end of the file. It is there once all of it was found sound.
    tail: OnceLock<Bytes>,
    places: Mutex<Vec<Stream>>,
}

impl Streams {
    pub(super) fn new(file: Arc<dyn ReadAt>, entry: Entry, max_window: u64) -> Self {
        Streams {
            file,
            entry,
            window_log: max_window.max(1 << 10).ilog2().clamp(10, 31),
            tail: OnceLock::new(),
            places: Mutex::new(Vec::new()),
        }
    }

    fn start(&self) -> pebble::Result<Stream> {
        let frame = Section::new(Arc::clone(&self.file), self.entry.offset, self.entry.compressed);
        let frame = BufReader::with_capacity(128 << 10, frame);
        let mut decoder = Decoder::with_buffer(frame).map_err(undecodable)?.single_frame();
        decoder.window_log_max(self.window_log).map_err(undecodable)?;
        Ok(Stream {
            decoder,
            held: Vec::new(),
            start: 0,
        })
    }

    /// Decodes all of the file, checks it, and keeps its end.
    fn tail(&self) -> pebble::Result<&Bytes> {
        if let Some(tail) = self.tail.get() {
            return Ok(tail);
        }
        let mut stream = self.start()?;
        let mut hasher = XxHash64::with_seed(0);
        let wanted = usize::try_from(TAIL.min(self.entry.raw)).unwrap_or(usize::MAX);
        loop {
            let before = stream.held.len();
            let more = stream.more()?;
            hasher.write(stream.held.get(before..).unwrap_or_default());
            if stream.end() > self.entry.raw || !more {
                break;
            }
            if stream.held.len() > wanted * 2 {
                stream.drop_before(stream.end() - wanted as u64);
            }
        }
        check(&self.entry, stream.end(), hasher.finish())?;
        // One frame, and nothing behind it.
        let mut rest = stream.decoder.finish();
        if rest.read(&mut [0])? != 0 {
            return Err(Error::corrupt("it is not one complete frame"));
        }
        let tail = stream.held.split_off(stream.held.len().saturating_sub(wanted));
        Ok(self.tail.get_or_init(|| tail.into()))
    }
}

impl ReadAt for Streams {
    fn size(&self) -> u64 {
        self.entry.raw
    }

    fn read(&self, offset: u64, length: usize) -> pebble::Result<Bytes> {
        let end = offset.checked_add(length as u64).filter(|end| *end <= self.entry.raw);
        let end = end.ok_or_else(|| {
            let size = self.entry.raw;
            Error::corrupt(format!(
                "{length} bytes should lie at {offset}, but there are {size} in all"
            ))
        })?;
        let tail = self.tail()?;
        if let Some(in_tail) = offset.checked_sub(self.entry.raw - tail.len() as u64) {
            return tail.read(in_tail, length);
        }
        let mut places = locked(&self.places);
        // The place nearest before what is wanted; the one used last is the last of the list.
        let nearest = places
            .iter()
            .enumerate()
            .filter(|(_, s)| s.start <= offset)
            .max_by_key(|(_, s)| s.end());
        let mut stream = match nearest.map(|(n, _)| n) {
            Some(n) => places.remove(n),
            None => {
                if places.len() >= PLACES {
                    places.remove(0);
                }
                self.start()?
            }
        };
        while stream.end() < end {
            if !stream.more()? {
                return Err(Error::corrupt("its frame ends too early"));
            }
            stream.drop_before(offset);
        }
        let from = usize::try_from(offset - stream.start).unwrap_or(usize::MAX);
        let bytes = stream.held.get(from..).and_then(|held| held.get(..length));
        let bytes = Bytes::copy_from_slice(bytes.ok_or_else(|| Error::corrupt("its frame ends too early"))?);
        stream.drop_before(offset.min(stream.end().saturating_sub(CHUNK as u64)));
        places.push(stream);
        Ok(bytes)
    }
}

/// A place in a file: what lies there is held, and what follows can be decoded.
struct Stream {
    decoder: Decoder<'static, BufReader<Section>>,
    held: Vec<u8>,
    /// The offset of what is held.
    start: u64,
}

impl Stream {
    fn end(&self) -> u64 {
        self.start + self.held.len() as u64
    }

    /// Decodes the next chunk. `false` at the end.
    fn more(&mut self) -> pebble::Result<bool> {
        let before = self.held.len();
        let mut chunk = self.decoder.by_ref().take(CHUNK as u64);
        chunk.read_to_end(&mut self.held).map_err(undecodable)?;
        Ok(self.held.len() > before)
    }

    fn drop_before(&mut self, offset: u64) {
        let count = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let count = count.min(self.held.len());
        // Moving what is left costs time: not for little.
        if count >= CHUNK || count == self.held.len() {
            self.held.drain(..count);
            self.start += count as u64;
        }
    }
}

/// The disk keeps its error; the rest is damage.
fn undecodable(error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return error.into();
    }
    if error.to_string().contains("too much memory") {
        return Error::too_big("its zstd window is above the limit of the decoder");
    }
    Error::corrupt(format!("its frame does not decode ({error})"))
}
