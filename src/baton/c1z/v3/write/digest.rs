//! Digests: what the grants of each entitlement, and of the whole file, add up to (`baton/c1z/v3/format.md 5`).
//!
//! ```text
//! content of a grant   XXH64 of its key and its sources
//! leaf                 grants whose principals have hashes that begin alike: count, XOR of contents
//! root                 grants of an entitlement: how many bits leaves go by, count, XOR
//! file                 all grants: count, XOR
//! ```

use std::collections::BTreeMap;

use super::super::key;
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
    for source in sources {
        bytes.push(0);
        key::put_part(&mut bytes, source.as_bytes());
    }
    hash(&bytes)
}

/// The first bytes of the hash of a principal, which is given encoded.
pub(super) fn principal(principal: &[u8]) -> [u8; 2] {
    let [a, b, ..] = hash(principal).to_be_bytes();
    [a, b]
}

fn hash(bytes: &[u8]) -> u64 {
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

/// Adds up grants that come in the order of keys, and writes a root for every entitlement, also for one without grants.
pub(super) struct Digests {
    lane: Lane,
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
    /// By the first bytes of the hash of the principal.
    leaves: BTreeMap<u16, Sum>,
}

impl Digests {
    /// Begins. The keys of `entitlements` are those of the entitlements, encoded, without what all begin with.
    pub(super) fn new(lane: Lane, entitlements: Sorter) -> Result<Self> {
        let mut entitlements = entitlements.finish()?;
        Ok(Digests {
            lane,
            ahead: entitlements.next()?.map(|(key, _)| key.to_vec()),
            entitlements,
            open: None,
            file: Sum::default(),
        })
    }

    /// Adds a grant of an entitlement.
    pub(super) fn add<F: NewFiles>(
        &mut self,
        store: &mut StoreWriter<F>,
        entitlement: &[u8],
        principal: [u8; 2],
        content: u64,
    ) -> Result<()> {
        let is_open = self.open.as_ref().is_some_and(|open| open.entitlement == entitlement);
        if !is_open {
            self.close(store)?;
            self.pass(store, Some(entitlement))?;
            self.open = Some(Partition {
                entitlement: entitlement.to_vec(),
                sum: Sum::default(),
                leaves: BTreeMap::new(),
            });
        }
        if let Some(open) = &mut self.open {
            open.sum.add(content);
            open.leaves
                .entry(u16::from_be_bytes(principal))
                .or_default()
                .add(content);
        }
        self.file.add(content);
        Ok(())
    }

    /// Writes what is left. Returns the sum of all grants, and the lane, which is to be ended.
    pub(super) fn finish<F: NewFiles>(mut self, store: &mut StoreWriter<F>) -> Result<(Sum, Lane)> {
        self.close(store)?;
        self.pass(store, None)?;
        Ok((self.file, self.lane))
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
        if width == 0 {
            return Ok(());
        }
        let mut leaves: BTreeMap<u16, Sum> = BTreeMap::new();
        for (hash, sum) in open.leaves {
            // The bits that count, on the left.
            let leaf = leaves.entry(hash & (u16::MAX << (MAX_WIDTH - width))).or_default();
            leaf.count += sum.count;
            leaf.xor ^= sum.xor;
        }
        let start = key::digest(&open.entitlement, key::DIGEST_LEAF);
        for (leaf, sum) in leaves {
            let key = [start.as_slice(), &leaf.to_be_bytes()].concat();
            store.add(&mut self.lane, &key, &sum.to_bytes())?;
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
