//! An object as bytes at an offset: what is asked for is fetched in blocks, and the last ones used are kept.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use bytes::{Bytes, BytesMut};

use super::{Object, Version};
use crate::baton::lock::locked;
use crate::baton::pebble::{self, ReadAt};

/// Bytes of a block: a request costs as much time as some hundred thousand bytes.
const BLOCK: u64 = 256 << 10;
/// Blocks that are kept: 32 MiB.
const KEPT: usize = 128;

/// See the module. All blocks are of one version: another one in its place is an error.
pub struct Ranges {
    object: Object,
    version: Version,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// By number, with when it was used last.
    blocks: BTreeMap<u64, (u64, Bytes)>,
    clock: u64,
}

impl Ranges {
    /// Of a version that lies there.
    pub fn new(object: Object, version: Version) -> Self {
        Ranges {
            object,
            version,
            kept: Mutex::default(),
        }
    }

    fn block(&self, number: u64) -> pebble::Result<Bytes> {
        {
            let mut kept = locked(&self.kept);
            kept.clock += 1;
            let now = kept.clock;
            if let Some((used, bytes)) = kept.blocks.get_mut(&number) {
                *used = now;
                return Ok(bytes.clone());
            }
        }
        let from = number.saturating_mul(BLOCK);
        let to = from.saturating_add(BLOCK).min(self.version.size);
        let bytes = self
            .object
            .range(&self.version, from, to)
            // The kit's error goes through: whoever makes an error of this one finds it again.
            .map_err(io::Error::other)?;
        if bytes.len() as u64 != to - from {
            return Err(pebble::Error::corrupt("storage sent another range than was asked for"));
        }
        let mut kept = locked(&self.kept);
        let now = kept.clock;
        kept.blocks.insert(number, (now, bytes.clone()));
        if kept.blocks.len() > KEPT {
            let oldest = kept.blocks.iter().min_by_key(|(_, (used, _))| *used).map(|(at, _)| *at);
            if let Some(oldest) = oldest {
                kept.blocks.remove(&oldest);
            }
        }
        Ok(bytes)
    }
}

impl ReadAt for Ranges {
    fn size(&self) -> u64 {
        self.version.size
    }

    fn read(&self, offset: u64, length: usize) -> pebble::Result<Bytes> {
        let end = offset
            .checked_add(length as u64)
            .filter(|end| *end <= self.version.size);
        let Some(end) = end else {
            return Err(pebble::Error::corrupt(format!(
                "{length} bytes should lie at {offset}, but there are {} in all",
                self.version.size
            )));
        };
        let (first, last) = (offset / BLOCK, end.saturating_sub(1) / BLOCK);
        let mut read = BytesMut::with_capacity(length);
        for number in first..=last {
            if length == 0 {
                break;
            }
            let block = self.block(number)?;
            let start = number * BLOCK;
            let inside = |at: u64| {
                usize::try_from(at.saturating_sub(start))
                    .unwrap_or(usize::MAX)
                    .min(block.len())
            };
            let piece = block.get(inside(offset)..inside(end));
            read.extend_from_slice(piece.unwrap_or_default());
        }
        Ok(read.freeze())
    }
}
