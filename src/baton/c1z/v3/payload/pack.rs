//! Packing the files of a store: each is a zstd frame.

use std::io::Write;

use aws_lc_rs::digest;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::index::Entry;
use crate::baton::pebble::{self, NewFiles};

/// How hard frames are compressed.
const LEVEL: i32 = 3;

/// Writes frames to `out`, and keeps what an index says of them. Offsets are those in `out`.
pub(crate) struct Packer<W> {
    pub(crate) out: W,
    pub(crate) entries: Vec<Entry>,
    /// Bytes that were written.
    pub(crate) size: u64,
    compressor: Compressor<'static>,
}

impl<W: Write> Packer<W> {
    pub(crate) fn new(out: W) -> std::io::Result<Self> {
        let mut compressor = Compressor::new(LEVEL)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Packer {
            out,
            entries: Vec::new(),
            size: 0,
            compressor,
        })
    }
}

impl<W: Write> NewFiles for Packer<W> {
    fn put(&mut self, name: &str, content: Vec<u8>) -> pebble::Result<()> {
        let frame = self.compressor.compress(&content)?;
        self.out.write_all(&frame)?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest::digest(&digest::SHA256, &content).as_ref());
        let compressed = frame.len() as u64;
        self.entries.push(Entry {
            name: name.to_owned(),
            offset: self.size,
            compressed,
            raw: content.len() as u64,
            hash: twox_hash::XxHash64::oneshot(0, &content),
            sha256,
        });
        self.size += compressed;
        Ok(())
    }
}
