//! The index of a payload of frames: one frame for every file, found from the end.
//!
//! ```text
//! frame … frame | index | offset of the index u64 | its length u32 | its XXH64 u64 | "C1ZIDX1\0"
//! ```

use std::collections::BTreeSet;

use prost::Message as _;

use super::super::envelope::Envelope;
use super::super::fault;
use super::is_local;
use crate::baton::c1z::Limits;
use crate::baton::error::Result;
use crate::baton::pebble::ReadAt;
use crate::baton::proto::c1::c1z::v3::{IndexedFrameEntry, IndexedFrameIndex};

const MAGIC: &[u8; 8] = b"C1ZIDX1\0";
const FOOTER: usize = 28;
/// A longer index is refused.
const MAX_INDEX: u32 = 64 << 20;
const SHA256: usize = 32;
/// Bytes of the longest header of a frame.
const FRAME_HEADER: usize = 18;
/// The header of a smaller frame may leave out how much is in it.
const MAY_BE_UNSIZED: u64 = 256;

/// A file of the payload, in one zstd frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where the frame begins in the whole file.
    pub(crate) offset: u64,
    /// Bytes of the frame, and of what is in it.
    pub(crate) compressed: u64,
    pub(crate) raw: u64,
    /// XXH64 of what is in it.
    pub(crate) hash: u64,
    pub(crate) sha256: [u8; SHA256],
}

/// An index that can be read.
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// Where the frames begin, and where they end.
    pub(super) frames: std::ops::Range<u64>,
    /// What readers do not mind and writers do not write, each with its place.
    odd: Vec<(String, &'static str)>,
}

impl Index {
    /// What readers do not mind and writers do not write, each with its place. For that every frame is looked at, which no
    /// question needs: a file that is far away would be fetched as a whole.
    ///
    /// # Errors
    /// Those of what lies behind.
    pub(super) fn odd(&self, file: &dyn ReadAt) -> Result<Vec<(String, &'static str)>> {
        let mut odd = frames_as_written(file, &self.entries, self.frames.start, self.frames.end)?;
        odd.extend(self.odd.iter().cloned());
        Ok(odd)
    }
}

/// Reads the index, and checks that its frames lie between manifest and index.
pub(super) fn read(file: &dyn ReadAt, envelope: &Envelope, limits: &Limits) -> Result<Index> {
    let room = file.size().saturating_sub(envelope.payload);
    let no_footer = || fault::damaged("it does not end with the footer of an index");
    if room < FOOTER as u64 {
        return Err(no_footer());
    }
    let footer = file.read(file.size() - FOOTER as u64, FOOTER)?;
    let fields = footer.split_last_chunk::<8>().filter(|(_, magic)| *magic == MAGIC);
    let (fields, _) = fields.ok_or_else(no_footer)?;
    let (Some((offset, rest)), Some(hash)) = (fields.split_first_chunk::<8>(), fields.last_chunk::<8>()) else {
        return Err(no_footer());
    };
    let length = rest.first_chunk::<4>().ok_or_else(no_footer)?;
    let (offset, length) = (u64::from_be_bytes(*offset), u32::from_be_bytes(*length));
    let end = offset
        .checked_add(u64::from(length))
        .and_then(|end| end.checked_add(FOOTER as u64));
    if length > MAX_INDEX || offset < envelope.payload || end != Some(file.size()) {
        return Err(fault::damaged("its index does not lie where the footer says"));
    }
    let raw = file.read(offset, usize::try_from(length).unwrap_or(usize::MAX))?;
    if twox_hash::XxHash64::oneshot(0, &raw) != u64::from_be_bytes(*hash) {
        return Err(fault::damaged("the checksum of its index is wrong"));
    }
    let index = IndexedFrameIndex::decode(raw)
        .map_err(|error| fault::damaged(format!("its index cannot be parsed: {error}")))?;
    if index.manifest_xxh64 != 0 && index.manifest_xxh64 != envelope.manifest_hash {
        return Err(fault::damaged("the checksum of its manifest is wrong"));
    }
    let totals = (index.total_raw_size, index.total_compressed_size);
    let has_hash = index.manifest_xxh64 != 0;
    let entries = entries(index.entries, envelope.payload, offset, limits)?;
    let mut odd = Vec::new();
    let sum = |size: fn(&Entry) -> u64| i64::try_from(entries.iter().map(size).sum::<u64>()).ok();
    let is_sum = (sum(|entry| entry.raw), sum(|entry| entry.compressed)) == (Some(totals.0), Some(totals.1));
    for (is_odd, what) in [
        (!is_sum, "its sums are not those of its frames"),
        (!has_hash, "it has no checksum of the manifest"),
    ] {
        if is_odd {
            odd.push(("index".to_owned(), what));
        }
    }
    Ok(Index {
        entries,
        frames: envelope.payload..offset,
        odd,
    })
}

/// Looks at where frames lie and at how they begin.
fn frames_as_written(
    file: &dyn ReadAt,
    entries: &[Entry],
    start: u64,
    end: u64,
) -> Result<Vec<(String, &'static str)>> {
    let mut odd = Vec::new();
    let mut at = start;
    for entry in entries {
        let length = usize::try_from(entry.compressed)
            .unwrap_or(FRAME_HEADER)
            .min(FRAME_HEADER);
        let head = file.read(entry.offset, length)?;
        let has_checksum = head.get(4).is_some_and(|flags| flags & 4 != 0);
        let size = zstd::zstd_safe::get_frame_content_size(&head).ok().flatten();
        let is_sized = size == Some(entry.raw) || (size.is_none() && entry.raw < MAY_BE_UNSIZED);
        for (is_odd, what) in [
            (entry.offset != at, "its frame does not begin where the one before ends"),
            (!has_checksum, "its frame has no checksum"),
            (!is_sized, "its frame says another size than the index"),
            (
                zstd::zstd_safe::get_dict_id_from_frame(&head).is_some(),
                "its frame needs a dictionary",
            ),
        ] {
            if is_odd {
                odd.push((entry.name.clone(), what));
            }
        }
        at = entry.offset.saturating_add(entry.compressed);
    }
    if at != end {
        odd.push(("index".to_owned(), "it does not begin where the last frame ends"));
    }
    Ok(odd)
}

fn entries(found: Vec<IndexedFrameEntry>, start: u64, end: u64, limits: &Limits) -> Result<Vec<Entry>> {
    let mut names = BTreeSet::new();
    let mut total = 0u64;
    let mut entries = Vec::with_capacity(found.len());
    for entry in found {
        let broken = |what: &str| fault::damaged(format!("the payload file {:?} {what}", entry.name));
        if !is_local(&entry.name) {
            return Err(broken("has a name that no file can have"));
        }
        if !names.insert(entry.name.clone()) {
            return Err(broken("is there twice"));
        }
        let number = |number: i64| u64::try_from(number).map_err(|_| broken("has a size below zero"));
        let (offset, compressed) = (number(entry.frame_offset)?, number(entry.compressed_size)?);
        let frame_end = offset.checked_add(compressed);
        if compressed == 0 || offset < start || frame_end.is_none_or(|frame_end| frame_end > end) {
            return Err(broken("does not lie in the payload"));
        }
        let raw = number(entry.raw_size)?;
        total = total.saturating_add(raw);
        if total > limits.max_decoded {
            return Err(fault::too_big(format!(
                "its files are larger than the limit of {} MiB",
                limits.max_decoded >> 20
            )));
        }
        let sha256 = <[u8; SHA256]>::try_from(entry.raw_sha256.as_slice());
        entries.push(Entry {
            sha256: sha256.map_err(|_| broken("has no SHA-256"))?,
            name: entry.name,
            offset,
            compressed,
            raw,
            hash: entry.raw_xxh64,
        });
    }
    Ok(entries)
}

/// Appends index and footer to a file that has `offset` bytes so far. Returns nothing else: the file ends there.
pub(crate) fn put_index(out: &mut Vec<u8>, offset: u64, entries: &[Entry], manifest_hash: u64) {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let index = IndexedFrameIndex {
        entries: entries
            .iter()
            .map(|entry| IndexedFrameEntry {
                name: entry.name.clone(),
                frame_offset: signed(entry.offset),
                compressed_size: signed(entry.compressed),
                raw_size: signed(entry.raw),
                raw_xxh64: entry.hash,
                raw_sha256: entry.sha256.to_vec(),
            })
            .collect(),
        total_raw_size: signed(entries.iter().map(|entry| entry.raw).sum()),
        total_compressed_size: signed(entries.iter().map(|entry| entry.compressed).sum()),
        manifest_xxh64: manifest_hash,
    };
    let start = out.len();
    index.encode(out).unwrap_or_default();
    let index = out.get(start..).unwrap_or_default();
    let hash = twox_hash::XxHash64::oneshot(0, index);
    let length = u32::try_from(index.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&offset.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&hash.to_be_bytes());
    out.extend_from_slice(MAGIC);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::super::envelope::put_header;
    use super::*;
    use crate::baton::error::{Error, Kind};
    use crate::baton::proto::c1::c1z::v3::C1zManifestV3;

    fn entry(name: &str, offset: u64, raw: u64) -> Entry {
        Entry {
            name: name.to_owned(),
            offset,
            compressed: 10,
            raw,
            hash: 7,
            sha256: [1; SHA256],
        }
    }

    /// A file with forty bytes where frames would be; how far from its start the payload begins.
    fn file(bend: impl FnOnce(u64, &mut Vec<Entry>), manifest_hash: impl FnOnce(u64) -> u64) -> Vec<u8> {
        let manifest = C1zManifestV3 {
            engine: "pebble3".to_owned(),
            payload_encoding: 5,
            ..C1zManifestV3::default()
        };
        let manifest = manifest.encode_to_vec();
        let mut out = Vec::new();
        put_header(&mut out, &manifest);
        let payload = out.len() as u64;
        out.extend([0; 40]);
        let mut entries = vec![entry("a", payload, 100), entry("b/c", payload + 30, 200)];
        bend(payload, &mut entries);
        let offset = out.len() as u64;
        let hash = manifest_hash(twox_hash::XxHash64::oneshot(0, &manifest));
        put_index(&mut out, offset, &entries, hash);
        out
    }

    fn entries_of(file: Vec<u8>) -> Result<Vec<Entry>, Error> {
        let file = Bytes::from(file);
        Ok(read(&file, &Envelope::read(&file)?, &Limits::default())?.entries)
    }

    #[test]
    fn what_is_written_comes_back() {
        let mut wanted = Vec::new();
        let found = entries_of(file(|_, entries| wanted.clone_from(entries), |hash| hash)).unwrap();
        assert_eq!(found, wanted);
        assert!(
            entries_of(file(|_, _| (), |_| 0)).is_ok(),
            "a hash that was not recorded"
        );
    }

    #[test]
    fn frames_that_no_writer_leaves_so_are_told() {
        let file = Bytes::from(file(|_, _| (), |_| 0));
        let found = read(&file, &Envelope::read(&file).unwrap(), &Limits::default()).unwrap();
        let odd = found.odd(&file).unwrap();
        let told: Vec<String> = odd.iter().map(|(name, what)| format!("{name}: {what}")).collect();
        assert_eq!(
            told,
            [
                "a: its frame has no checksum",
                "b/c: its frame does not begin where the one before ends",
                "b/c: its frame has no checksum",
                "index: it has no checksum of the manifest",
            ]
        );
    }

    #[test]
    fn every_changed_byte_of_index_footer_and_manifest_is_an_error() {
        let good = file(|_, _| (), |hash| hash);
        let payload = usize::try_from(Envelope::read(&Bytes::from(good.clone())).unwrap().payload).unwrap();
        for at in (0..payload).chain(payload + 40..good.len()) {
            let mut changed = good.clone();
            changed[at] ^= 0x11;
            assert!(entries_of(changed).is_err(), "byte {at}");
        }
        for end in payload..good.len() {
            assert!(entries_of(good[..end].to_vec()).is_err(), "cut at {end}");
        }
        let longer = [good, vec![0]].concat();
        assert!(entries_of(longer).is_err(), "nothing may follow the footer");
    }

    #[test]
    fn frames_outside_of_the_payload_and_names_that_lead_elsewhere_are_damage() {
        type Bend = fn(u64, &mut Vec<Entry>);
        let bends: [Bend; 6] = [
            |payload, entries| entries[0].offset = payload - 1,
            |_, entries| entries[1].offset += 1,
            |_, entries| entries[0].compressed = 0,
            |_, entries| entries[0].compressed = u64::MAX >> 1,
            |_, entries| entries[0].name = "../a".to_owned(),
            |_, entries| entries[0].name = "b/c".to_owned(),
        ];
        for bend in bends {
            assert_eq!(
                entries_of(file(bend, |hash| hash)).err().unwrap().kind(),
                Kind::DataLoss
            );
        }
        let huge = file(|_, entries| entries[0].raw = 11 << 30, |hash| hash);
        assert_eq!(entries_of(huge).err().unwrap().kind(), Kind::ResourceExhausted);
    }
}
