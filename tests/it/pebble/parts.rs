//! A v3 file taken apart and put together again: for damage that every checksum agrees with, and for all encodings.
//!
//! The fuzz target `pebble3` uses it, too.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use baton_workato::baton::c1z::Limits;
use baton_workato::baton::c1z::v3::{Entitlements, File, Grants, Resources};
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::pebble::{Cut, Memory, Store, StoreWriter};
use baton_workato::baton::proto::c1::c1z::v3::{C1zManifestV3, IndexedFrameEntry, IndexedFrameIndex};
use bytes::Bytes;
use prost::Message as _;

/// Before the manifest, and behind the index.
const HEADER: usize = 9;
const FOOTER: usize = 28;
/// The end of a table: its length, and where its checksum lies.
const TABLE_END: usize = 61;
const TABLE_CHECKSUM: usize = 45;

/// What a file is made of.
#[derive(Clone)]
pub struct Parts {
    pub manifest: C1zManifestV3,
    /// The files of the store, by name.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Parts {
    /// Takes an intact file of frames apart.
    pub fn of(file: &[u8]) -> Self {
        let length = u32::from_be_bytes(file[5..HEADER].try_into().unwrap()) as usize;
        let manifest = C1zManifestV3::decode(&file[HEADER..HEADER + length]).unwrap();
        let end = &file[file.len() - FOOTER..];
        let index = u64::from_be_bytes(end[..8].try_into().unwrap()) as usize;
        let index = IndexedFrameIndex::decode(&file[index..file.len() - FOOTER]).unwrap();
        let files = index.entries.into_iter().map(|entry| {
            let start = usize::try_from(entry.frame_offset).unwrap();
            let frame = &file[start..start + usize::try_from(entry.compressed_size).unwrap()];
            (entry.name, zstd::decode_all(frame).unwrap())
        });
        Parts {
            manifest,
            files: files.collect(),
        }
    }

    /// The rows of a file in many small tables and blocks.
    pub fn cut_small(file: &[u8]) -> Self {
        let (table, block) = (1 << 10, 300);
        Parts::cut(file, Cut { table, block })
    }

    /// The rows of a file in other tables and blocks.
    pub fn cut(file: &[u8], cut: Cut) -> Self {
        let parts = Parts::of(file);
        let files = parts.files.into_iter().map(|(name, content)| (name, content.into()));
        let store = Store::open(files.collect::<Memory>()).unwrap();
        let mut writer = StoreWriter::with_cut(Memory::default(), cut);
        let mut lane = writer.lane();
        let mut rows = store.scan(b"", None).unwrap();
        while rows.advance().unwrap() {
            writer.add(&mut lane, rows.key(), rows.value().unwrap()).unwrap();
        }
        writer.end(lane).unwrap();
        let written = writer.finish().unwrap();
        let names = baton_workato::baton::pebble::Files::names(&written).unwrap();
        let files = names.into_iter().map(|name| {
            let content = written.get(&name).unwrap().to_vec();
            (name, content)
        });
        Parts {
            // Nothing reads the descriptors, and they are longer than all the rest.
            manifest: C1zManifestV3 {
                descriptors: None,
                ..parts.manifest
            },
            files: files.collect(),
        }
    }

    /// One frame for every file. Of the two hashes in the index, the one that is only looked at by checks is left zero.
    pub fn indexed(&self) -> Vec<u8> {
        self.indexed_by(|_| vec![0; 32])
    }

    /// As [`Parts::indexed`], with both hashes.
    #[allow(dead_code)]
    pub fn indexed_with_hashes(&self) -> Vec<u8> {
        self.indexed_by(|content| {
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content)
                .as_ref()
                .to_vec()
        })
    }

    fn indexed_by(&self, sha256: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let mut out = self.start(5);
        let manifest = out[HEADER..].to_vec();
        let mut entries = Vec::new();
        for (name, content) in &self.files {
            let mut compressor = zstd::bulk::Compressor::new(1).unwrap();
            compressor.include_checksum(true).unwrap();
            let frame = compressor.compress(content).unwrap();
            entries.push(IndexedFrameEntry {
                name: name.clone(),
                frame_offset: i64::try_from(out.len()).unwrap(),
                compressed_size: i64::try_from(frame.len()).unwrap(),
                raw_size: i64::try_from(content.len()).unwrap(),
                raw_xxh64: hash(content),
                raw_sha256: sha256(content),
            });
            out.extend(frame);
        }
        let index = IndexedFrameIndex {
            total_raw_size: entries.iter().map(|e| e.raw_size).sum(),
            total_compressed_size: entries.iter().map(|e| e.compressed_size).sum(),
            manifest_xxh64: hash(&manifest),
            entries,
        };
        let (offset, index) = (out.len() as u64, index.encode_to_vec());
        out.extend(&index);
        out.extend(offset.to_be_bytes());
        out.extend(u32::try_from(index.len()).unwrap().to_be_bytes());
        out.extend(hash(&index).to_be_bytes());
        out.extend(b"C1ZIDX1\0");
        out
    }

    /// An archive of all files, compressed or as it is.
    pub fn archive(&self, is_compressed: bool) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in &self.files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o600);
            builder.append_data(&mut header, name, content.as_slice()).unwrap();
        }
        let archive = builder.into_inner().unwrap();
        let (encoding, payload) = if is_compressed {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            std::io::Write::write_all(&mut encoder, &archive).unwrap();
            (1, encoder.finish().unwrap())
        } else {
            (2, archive)
        };
        [self.start(encoding), payload].concat()
    }

    fn start(&self, encoding: i32) -> Vec<u8> {
        let manifest = C1zManifestV3 {
            payload_encoding: encoding,
            ..self.manifest.clone()
        };
        let manifest = manifest.encode_to_vec();
        let length = u32::try_from(manifest.len()).unwrap().to_be_bytes();
        [b"C1Z3\0", &length[..], &manifest].concat()
    }

    /// Where the checksums of every file are: to be taken before anything is changed.
    pub fn seals(&self) -> Vec<Seals> {
        self.files
            .iter()
            .map(|(name, content)| Seals::of(name, content))
            .collect()
    }

    /// Makes every checksum that of what it covers.
    pub fn seal(&mut self, seals: &[Seals]) {
        for ((_, content), seals) in self.files.iter_mut().zip(seals) {
            seals.seal(content);
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash64::oneshot(0, bytes)
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The checksums of one file.
pub enum Seals {
    /// Blocks of a table, each with the byte behind it that is covered, too.
    Table(Vec<Range<usize>>),
    /// A MANIFEST that is one chunk.
    Log,
    None,
}

impl Seals {
    fn of(name: &str, content: &[u8]) -> Self {
        if name.starts_with("MANIFEST") {
            return Seals::Log;
        }
        if !name.ends_with(".sst") {
            return Seals::None;
        }
        // Blocks follow each other without a gap: one ends where its checksum is that of all since the last one.
        let end = content.len() - TABLE_END;
        let (mut blocks, mut start) = (Vec::new(), 0);
        while start < end {
            let mut sum = 0;
            let found = (start..end - 4).find(|at| {
                sum = crc32c::crc32c_append(sum, &content[*at..=*at]);
                content[at + 1..at + 5] == sum.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
            });
            let last = found.expect("a block ends");
            blocks.push(start..last + 1);
            start = last + 5;
        }
        Seals::Table(blocks)
    }

    fn seal(&self, content: &mut [u8]) {
        match self {
            Seals::Table(blocks) => {
                for block in blocks {
                    let sum = masked(&content[block.clone()]);
                    content[block.end..block.end + 4].copy_from_slice(&sum.to_le_bytes());
                }
                let at = content.len() - TABLE_END;
                let end = &mut content[at..];
                let sum = masked(&[&end[..TABLE_CHECKSUM], &end[TABLE_CHECKSUM + 4..]].concat());
                end[TABLE_CHECKSUM..TABLE_CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
            }
            Seals::Log if content.len() > 7 => {
                let length = usize::from(u16::from_le_bytes([content[4], content[5]])).min(content.len() - 7);
                let sum = masked(&content[6..7 + length]);
                content[..4].copy_from_slice(&sum.to_le_bytes());
            }
            Seals::Log | Seals::None => {}
        }
    }
}

/// A version edit as the whole MANIFEST of a file.
#[allow(dead_code)]
pub fn manifest_log(edit: &[u8]) -> Vec<u8> {
    let length = u16::try_from(edit.len().min(30_000)).unwrap();
    let mut log = [&[0; 4][..], &length.to_le_bytes(), &[1], &edit[..usize::from(length)]].concat();
    Seals::Log.seal(&mut log);
    log
}

pub fn open(file: Vec<u8>, limits: &Limits) -> Result<File, Error> {
    File::of(Arc::new(Bytes::from(file)), limits, None)
}

/// Everything that a file says, by every way there is to ask for many rows.
pub fn everything(file: &File) -> Result<Vec<String>, Error> {
    let mut rows = vec![format!("{:?} {:?}", file.run()?, file.stats()?)];
    fn note<T: Debug>(rows: &mut Vec<String>) -> impl FnMut(T) -> Result<(), Error> {
        |row| {
            rows.push(format!("{row:?}"));
            Ok(())
        }
    }
    file.for_each_resource_type(&mut note(&mut rows))?;
    file.for_each_resource(Resources::All, &mut note(&mut rows))?;
    file.for_each_entitlement(Entitlements::All, &mut note(&mut rows))?;
    file.for_each_grant(Grants::All, &mut note(&mut rows))?;
    file.for_each_expandable(&mut note(&mut rows))?;
    file.for_each_asset(&mut note(&mut rows))?;
    file.for_each_session(&mut note(&mut rows))?;
    Ok(rows)
}

/// Asks for some rows of a file, by every way there is.
#[allow(dead_code)]
pub fn some(file: &File) {
    let pass = &mut |_| Ok(());
    let results = [
        file.for_each_resource(Resources::OfType("user"), &mut |_| Ok(())),
        file.for_each_resource(Resources::ChildrenOf("folder", "1"), &mut |_| Ok(())),
        file.for_each_entitlement(Entitlements::OnType("role"), &mut |_| Ok(())),
        file.for_each_entitlement(Entitlements::On("role", "a"), &mut |_| Ok(())),
        file.for_each_grant(Grants::OnType("role"), pass),
        file.for_each_grant(Grants::On("role", "a"), pass),
        file.for_each_grant(Grants::Of("role", "a", "role:a:has"), pass),
        file.for_each_grant(Grants::To("user", "1"), pass),
        file.grant("role:a:has:user:1").map(drop),
        file.entitlement("role:a:has").map(drop),
        file.resource("role", "a").map(drop),
        file.resource_type("role").map(drop),
    ];
    results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .for_each(refused);
}

/// A file from elsewhere is damaged, too big or of another sort. It is never a mistake of this program.
pub fn refused(error: &Error) {
    assert!(
        matches!(
            error.kind(),
            Kind::DataLoss | Kind::ResourceExhausted | Kind::Unimplemented
        ),
        "{error:?}"
    );
    assert!(error.hint_text().is_some(), "{error:?}");
}
