//! Digests: what the grants of each entitlement, and of the whole file, add up to (`baton/c1z/v3/format.md 5`).
//!
//! ```text
//! content of a grant   XXH64 of its key and its sources
//! leaf                 grants whose principals have hashes that begin alike: count, XOR of contents
//! root                 grants of an entitlement: how many bits leaves go by, count, XOR
//! file                 all grants: count, XOR
//! ```

use std::path::{Path, PathBuf};

use super::super::key::{self, index};
use super::sorter::{Sorted, Sorter};
use crate::baton::error::Result;
use crate::baton::pebble::{Lane, NewFiles, StoreWriter};

/// Grants of an entitlement that need no leaves; leaves are made for so many each.
const GRANTS_OF_A_LEAF: u64 = 512;
/// Bits of a hash that leaves go by at most.
const MAX_WIDTH: u8 = 16;

/// The hash of what a grant says: its key without what all keys of grants begin with, and the ids of its sources in
/// order.
pub(super) fn content<'a>(key: &[u8], sources: impl Iterator<Item = &'a str>) -> u64 {
    let mut bytes = key.get(3..).unwrap_or_default().to_vec();
    sources.for_each(|source| put_source(&mut bytes, source));
    hash(&bytes)
}

/// Appends a source to what is hashed of a grant.
pub(super) fn put_source(bytes: &mut Vec<u8>, source: &str) {
    bytes.push(0);
    key::put_part(bytes, source.as_bytes());
}

/// The first bytes of the hash of a principal, which is given encoded.
pub(super) fn principal(principal: &[u8]) -> [u8; 2] {
    short(hash(principal))
}

/// The first bytes of a hash.
pub(super) fn short(hash: u64) -> [u8; 2] {
    let [a, b, ..] = hash.to_be_bytes();
    [a, b]
}

pub(super) fn hash(bytes: &[u8]) -> u64 {
    twox_hash::XxHash64::oneshot(0, bytes)
}

/// Grants that were added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) xor: u64,
}

impl Sum {
    fn add(&mut self, content: u64) {
        self.count += 1;
        self.xor ^= content;
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (count, xor) = bytes.split_at_mut(8);
        count.copy_from_slice(&self.count.to_be_bytes());
        xor.copy_from_slice(&self.xor.to_be_bytes());
        bytes
    }
}

/// Bytes of the hashes of one entitlement's grants that are held in memory before they are sorted on disk.
const HASHES: usize = 8 << 20;

/// Adds up grants that come in the order of keys, and writes a root for every entitlement, also for one without grants. Writes
/// the index of hashes too: of an entitlement it has the grants in an order of its own.
pub(super) struct Digests {
    folder: PathBuf,
    lane: Lane,
    by_hash: Lane,
    entitlements: Sorted,
    /// The next entitlement that has no root yet.
    ahead: Option<Vec<u8>>,
    /// The entitlement whose grants are being added.
    open: Option<Partition>,
    file: Sum,
}

struct Partition {
    entitlement: Vec<u8>,
    sum: Sum,
    /// The hash of the content by the first bytes of the hash of the principal, and the principal.
    grants: Sorter,
}

impl Digests {
    /// Begins. The keys of `entitlements` are those of the entitlements, encoded, without what all begin with.
    pub(super) fn new([lane, by_hash]: [Lane; 2], folder: &Path, entitlements: Sorter) -> Result<Self> {
        let mut entitlements = entitlements.finish()?;
        Ok(Digests {
            folder: folder.to_owned(),
            lane,
            by_hash,
            ahead: entitlements.next()?.map(|(key, _)| key.to_vec()),
            entitlements,
            open: None,
            file: Sum::default(),
        })
    }

    /// Adds a grant of an entitlement. Principal and entitlement are given encoded, and the first bytes of the principal's
    /// hash.
    pub(super) fn add<F: NewFiles>(
        &mut self,
        store: &mut StoreWriter<F>,
        [entitlement, principal]: [&[u8]; 2],
        hash: [u8; 2],
        content: u64,
    ) -> Result<()> {
        let is_open = self.open.as_ref().is_some_and(|open| open.entitlement == entitlement);
        if !is_open {
            self.close(store)?;
            self.pass(store, Some(entitlement))?;
        }
        let open = self.open.get_or_insert_with(|| Partition {
            entitlement: entitlement.to_vec(),
            sum: Sum::default(),
            grants: Sorter::new(&self.folder, HASHES),
        });
        open.sum.add(content);
        open.grants.add_parts(&[&hash, principal], &content.to_be_bytes())?;
        self.file.add(content);
        Ok(())
    }

    /// Writes what is left. Returns the sum of all grants.
    pub(super) fn finish<F: NewFiles>(mut self, store: &mut StoreWriter<F>) -> Result<Sum> {
        self.close(store)?;
        self.pass(store, None)?;
        store.add(&mut self.by_hash, key::DIGEST_FILE, &self.file.to_bytes())?;
        store.end(self.by_hash)?;
        store.end(self.lane)?;
        Ok(self.file)
    }

    /// Writes roots of entitlements without grants, up to one that has some.
    fn pass<F: NewFiles>(&mut self, store: &mut StoreWriter<F>, end: Option<&[u8]>) -> Result<()> {
        while let Some(ahead) = self.ahead.take() {
            if end.is_some_and(|end| ahead.as_slice() > end) {
                self.ahead = Some(ahead);
                return Ok(());
            }
            let has_grants = end == Some(ahead.as_slice());
            self.ahead = self.entitlements.next()?.map(|(key, _)| key.to_vec());
            if has_grants {
                return Ok(());
            }
            put_root(store, &mut self.lane, &ahead, 0, Sum::default())?;
        }
        Ok(())
    }

    fn close<F: NewFiles>(&mut self, store: &mut StoreWriter<F>) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let width = width(open.sum.count);
        put_root(store, &mut self.lane, &open.entitlement, width, open.sum)?;
        let mut row = key::indexed_raw(index::HASH, &[&open.entitlement, &[0]]);
        let mut node = key::digest(&open.entitlement, key::DIGEST_LEAF);
        let (start, node_start) = (row.len(), node.len());
        let mut leaf: Option<(u16, Sum)> = None;
        let mut grants = open.grants.finish()?;
        while let Some((key, value)) = grants.next()? {
            let (Some(hash), Some(content)) = (key.first_chunk(), value.first_chunk()) else {
                continue;
            };
            row.truncate(start);
            row.extend_from_slice(key);
            store.add(&mut self.by_hash, &row, value)?;
            if width == 0 {
                continue;
            }
            // The bits that count, on the left.
            let number = u16::from_be_bytes(*hash) & (u16::MAX << (MAX_WIDTH - width));
            if let Some((_, sum)) = leaf.take_if(|(last, _)| *last != number) {
                store.add(&mut self.lane, &node, &sum.to_bytes())?;
            }
            let (_, sum) = leaf.get_or_insert_with(|| (number, Sum::default()));
            sum.add(u64::from_be_bytes(*content));
            node.truncate(node_start);
            node.extend_from_slice(&number.to_be_bytes());
        }
        if let Some((_, sum)) = leaf {
            store.add(&mut self.lane, &node, &sum.to_bytes())?;
        }
        Ok(())
    }
}

fn put_root<F: NewFiles>(
    store: &mut StoreWriter<F>,
    lane: &mut Lane,
    entitlement: &[u8],
    width: u8,
    sum: Sum,
) -> Result<()> {
    let mut value = vec![width];
    value.extend_from_slice(&sum.to_bytes());
    store.add(lane, &key::digest(entitlement, key::DIGEST_ROOT), &value)?;
    Ok(())
}

/// How many bits leaves go by: as few as will do.
fn width(count: u64) -> u8 {
    (0..MAX_WIDTH)
        .find(|width| GRANTS_OF_A_LEAF << width >= count)
        .unwrap_or(MAX_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_go_by_as_few_bits_as_will_do() {
        for (count, bits) in [
            (0, 0),
            (512, 0),
            (513, 1),
            (1024, 1),
            (1025, 2),
            (512 << 15, 15),
            (512 << 16, 16),
            (u64::MAX, 16),
        ] {
            assert_eq!(width(count), bits, "{count}");
        }
    }
}
