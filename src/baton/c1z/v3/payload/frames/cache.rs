//! What is kept of unpacked files: those used last.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;

use crate::baton::lock::locked;

/// Bytes that are kept at first and at most.
const FIRST: usize = 16 << 20;
const MOST: usize = 128 << 20;
/// How many times one file may come before more is kept.
const COMES: u32 = 3;

/// Files by number.
#[derive(Default)]
pub(super) struct Cache(Mutex<Kept>);

struct Kept {
    files: BTreeMap<usize, (Bytes, u64)>,
    bytes: usize,
    budget: usize,
    clock: u64,
    /// How many times each file has come.
    comes: BTreeMap<usize, u32>,
}

impl Default for Kept {
    fn default() -> Self {
        Kept {
            files: BTreeMap::new(),
            bytes: 0,
            budget: FIRST,
            clock: 0,
            comes: BTreeMap::new(),
        }
    }
}

impl Cache {
    pub(super) fn get(&self, number: usize) -> Option<Bytes> {
        let mut kept = locked(&self.0);
        kept.clock += 1;
        let now = kept.clock;
        let (content, used) = kept.files.get_mut(&number)?;
        *used = now;
        Some(content.clone())
    }

    pub(super) fn put(&self, number: usize, content: Bytes) {
        let mut kept = locked(&self.0);
        kept.put(number, content);
    }
}

impl Kept {
    fn put(&mut self, number: usize, content: Bytes) {
        let comes = self.comes.entry(number).or_default();
        *comes += 1;
        if *comes >= COMES {
            // Files chase each other out: a walk goes over more of them at once than fit.
            self.comes.clear();
            self.budget = (self.budget * 2).min(MOST);
        }
        self.clock += 1;
        self.bytes += content.len();
        if let Some((old, _)) = self.files.insert(number, (content, self.clock)) {
            self.bytes -= old.len();
        }
        while self.bytes > self.budget && self.files.len() > 1 {
            let oldest = self.files.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(number, _)| *number) else {
                return;
            };
            if let Some((gone, _)) = self.files.remove(&oldest) {
                self.bytes -= gone.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn megabytes(count: usize) -> Bytes {
        vec![0; count << 20].into()
    }

    #[test]
    fn what_was_used_last_is_kept_and_one_file_always() {
        let cache = Cache::default();
        (0..4).for_each(|n| cache.put(n, megabytes(4)));
        assert!(cache.get(0).is_some());
        cache.put(4, megabytes(4));
        assert!(cache.get(1).is_none() && cache.get(0).is_some() && cache.get(4).is_some());
        cache.put(5, megabytes(40));
        assert_eq!((cache.get(4), cache.get(5).map(|c| c.len())), (None, Some(40 << 20)));
    }

    #[test]
    fn more_is_kept_when_files_chase_each_other_out_but_not_without_end() {
        let cache = Cache::default();
        let mut unpacked = 0;
        for _ in 0..50 {
            for n in 0..10 {
                if cache.get(n).is_none() {
                    unpacked += 1;
                    cache.put(n, megabytes(4));
                }
            }
        }
        assert!(unpacked <= 60, "{unpacked} of 500");
        for round in 0..20 {
            (0..60).for_each(|n| cache.put(n, megabytes(4)));
            assert!(cache.0.lock().unwrap().bytes <= MOST, "round {round}");
        }
    }
}
