//! Random stores against what their writes say.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::edit::TableMeta;
use super::super::files::{Files, Memory};
use super::super::key::{Bound, MAX_SEQUENCE, Trailer, kind};
use super::super::store::Store;
use super::{Made, Row, files, rows_of};

/// One write of a random store.
#[derive(Debug, Clone)]
enum Write {
    Set(Vec<u8>, bool),
    Delete(Vec<u8>, u8),
    DeleteRange(Vec<u8>, Vec<u8>),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(b'a'..b'e', 0..4)
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        6 => (key(), any::<bool>()).prop_map(|(key, also_deletes)| Write::Set(key, also_deletes)),
        2 => (key(), prop_oneof![Just(kind::DELETE), Just(kind::SINGLE_DELETE), Just(kind::SIZED_DELETE)])
            .prop_map(|(key, kind)| Write::Delete(key, kind)),
        1 => (key(), key()).prop_map(|(a, b)| Write::DeleteRange(a.clone().min(b.clone()), a.max(b))),
    ]
}

/// How a batch of writes becomes tables.
#[derive(Debug, Clone)]
struct Layout {
    format: u32,
    rows_per_block: usize,
    two_levels: Option<usize>,
    compression: u8,
    checksum: u8,
    /// A key at which its tables are cut.
    cut: Vec<u8>,
    /// A range that is cut out of everything older before the batch comes.
    excise: Option<(Vec<u8>, Vec<u8>)>,
    /// Whether the rows have the number 0 in the file and one number in the MANIFEST.
    ingested: bool,
    /// Whether bounds of parts are where the cut was, and not where the rows are.
    loose: bool,
}

fn layout() -> impl Strategy<Value = Layout> {
    let table = (
        5u32..=7,
        1usize..6,
        proptest::option::weighted(0.4, 1usize..4),
        prop_oneof![Just(0u8), Just(1), Just(7)],
        prop_oneof![4 => Just(1u8), 1 => Just(3)],
    );
    let excise = proptest::option::weighted(
        0.3,
        (key(), key()).prop_map(|(a, b)| (a.clone().min(b.clone()), a.max(b))),
    );
    (table, key(), excise, any::<bool>(), any::<bool>()).prop_map(|(table, cut, excise, ingested, loose)| {
        let (format, rows_per_block, two_levels, compression, checksum) = table;
        Layout {
            format,
            rows_per_block,
            two_levels,
            compression,
            checksum,
            cut,
            excise,
            ingested,
            loose,
        }
    })
}

/// What a store is after writes, and the files of one that went through them.
struct Random {
    state: BTreeMap<Vec<u8>, Vec<u8>>,
    tables: Vec<(u64, Made)>,
    live: Vec<TableMeta>,
    sequence: u64,
    number: u64,
}

impl Random {
    fn new() -> Self {
        Random {
            state: BTreeMap::new(),
            tables: Vec::new(),
            live: Vec::new(),
            sequence: 10,
            number: 4,
        }
    }

    fn batch(&mut self, writes: &[Write], layout: &Layout, level: u8) {
        if let Some((start, end)) = &layout.excise {
            self.excise(start, end, layout.loose);
        }
        let only_sets = writes.iter().all(|w| matches!(w, Write::Set(..)));
        let ingested = layout.ingested && only_sets;
        self.sequence += 1;
        let ingest_sequence = self.sequence;
        let (mut rows, mut ranges) = (Vec::new(), Vec::new());
        for write in writes {
            self.sequence += u64::from(!ingested);
            let (value, sequence) = (
                format!("value {}", self.sequence * 31 + rows.len() as u64),
                self.sequence,
            );
            let (key, kind) = match write {
                Write::DeleteRange(start, end) => {
                    self.state.retain(|key, _| key < start || key >= end);
                    ranges.push((start.clone(), end.clone(), sequence));
                    continue;
                }
                Write::Set(key, also_deletes) => {
                    self.state.insert(key.clone(), value.clone().into_bytes());
                    (
                        key,
                        if *also_deletes {
                            kind::SET_WITH_DELETE
                        } else {
                            kind::SET
                        },
                    )
                }
                Write::Delete(key, kind) => {
                    self.state.remove(key);
                    (key, *kind)
                }
            };
            let value = if matches!(write, Write::Set(..)) {
                value
            } else {
                String::new()
            };
            let row = Row {
                key: key.clone(),
                trailer: Trailer::new(if ingested { 0 } else { sequence }, kind),
                value: value.into_bytes(),
                elsewhere: false,
            };
            if ingested {
                // What is taken in has every key once; the last one stays.
                rows.retain(|other: &Row| other.key != row.key);
            }
            rows.push(row);
        }
        rows.sort_by(|a, b| a.key.cmp(&b.key).then(b.trailer.cmp(&a.trailer)));
        // Older versions of a key may have their value elsewhere.
        for n in 1..rows.len() {
            rows[n].elsewhere = rows[n].key == rows[n - 1].key && n % 2 == 0;
        }
        let cuts = [&[][..], &layout.cut, &[b'z'; 5]];
        for bounds in cuts.windows(2) {
            let within = |key: &[u8]| key >= bounds[0] && key < bounds[1];
            let made = Made {
                rows: rows.iter().filter(|r| within(&r.key)).cloned().collect(),
                spans: fragments(&ranges, bounds[0], bounds[1]),
                format: layout.format,
                rows_per_block: layout.rows_per_block,
                two_levels: layout.two_levels,
                compression: layout.compression,
                checksum: layout.checksum,
                ..Made::default()
            };
            if made.rows.is_empty() && made.spans.is_empty() {
                continue;
            }
            // An upper index needs something below it.
            let made = Made {
                two_levels: made.two_levels.filter(|_| !made.rows.is_empty()),
                ..made
            };
            let mut meta = made.meta(level, self.number);
            if ingested {
                (meta.smallest_sequence, meta.largest_sequence) = (ingest_sequence, ingest_sequence);
                meta.smallest.trailer = Trailer::new(ingest_sequence, meta.smallest.trailer.kind());
                meta.largest.trailer = Trailer::new(ingest_sequence, meta.largest.trailer.kind());
            }
            self.live.push(meta);
            self.tables.push((self.number, made));
            self.number += 1;
        }
    }

    /// Takes a range out of everything that is there.
    fn excise(&mut self, start: &[u8], end: &[u8], loose: bool) {
        if start >= end {
            return;
        }
        self.state
            .retain(|key, _| key.as_slice() < start || key.as_slice() >= end);
        for table in std::mem::take(&mut self.live) {
            let bound = |key: &[u8]| Bound {
                key: Bytes::copy_from_slice(key),
                trailer: Trailer::new(MAX_SEQUENCE, kind::RANGE_DELETE),
            };
            let is_outside = table.smallest.key.as_ref() >= end || table.largest.is_before(start);
            if is_outside {
                self.live.push(table);
                continue;
            }
            if table.smallest.key.as_ref() < start {
                let part = TableMeta {
                    largest: bound(start),
                    ..table.clone()
                };
                self.part(part, loose);
            }
            if !table.largest.is_before(end) {
                let mut part = table.clone();
                part.smallest = bound(end);
                self.part(part, loose);
            }
        }
    }

    fn part(&mut self, mut part: TableMeta, loose: bool) {
        let file = part.file();
        let (_, made) = self.tables.iter().find(|(number, _)| *number == file).unwrap();
        let inside = |key: &[u8]| key >= part.smallest.key.as_ref() && !part.largest.is_before(key);
        let (first, last) = {
            let mut rows = made.rows.iter().filter(|r| inside(&r.key));
            let first = rows.next();
            (first, rows.next_back().or(first))
        };
        if let (Some(first), Some(last), false, true) = (first, last, loose, made.spans.is_empty()) {
            let fixed = part.fixed_sequence();
            let trailer = |t: Trailer| match fixed {
                Some(sequence) => Trailer::new(sequence, t.kind()),
                None => t,
            };
            part.smallest = Bound {
                key: Bytes::copy_from_slice(&first.key),
                trailer: trailer(first.trailer),
            };
            part.largest = Bound {
                key: Bytes::copy_from_slice(&last.key),
                trailer: trailer(last.trailer),
            };
        }
        // What is cut out may leave nothing: then there is no part.
        let reaches = |(start, end, _): &(Vec<u8>, Vec<u8>, u64)| {
            end.as_slice() > part.smallest.key.as_ref() && !part.largest.is_before(start)
        };
        if first.is_none() && !made.spans.iter().any(reaches) {
            return;
        }
        part.backing = Some(file);
        part.number = self.number;
        self.number += 1;
        self.live.push(part);
    }

    fn files(&self) -> Memory {
        let used = |number: &u64| self.live.iter().any(|table| table.file() == *number);
        let tables: Vec<_> = self
            .tables
            .iter()
            .filter(|(n, _)| used(n))
            .map(|(n, made)| (*n, made))
            .collect();
        files(&tables, &self.live)
    }
}

/// Ranges within bounds, cut at every boundary, the newest of each piece first.
fn fragments(ranges: &[(Vec<u8>, Vec<u8>, u64)], low: &[u8], high: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, u64)> {
    let clipped = ranges.iter().map(|(start, end, sequence)| {
        (
            start.clone().max(low.to_vec()),
            end.clone().min(high.to_vec()),
            *sequence,
        )
    });
    let clipped: Vec<_> = clipped.filter(|(start, end, _)| start < end).collect();
    let mut boundaries: Vec<_> = clipped
        .iter()
        .flat_map(|(start, end, _)| [start.clone(), end.clone()])
        .collect();
    boundaries.sort();
    boundaries.dedup();
    let mut pieces = Vec::new();
    for piece in boundaries.windows(2) {
        let mut over: Vec<_> = clipped
            .iter()
            .filter(|(start, end, _)| *start <= piece[0] && *end >= piece[1])
            .collect();
        over.sort_by_key(|(_, _, sequence)| std::cmp::Reverse(*sequence));
        pieces.extend(
            over.iter()
                .map(|(_, _, sequence)| (piece[0].clone(), piece[1].clone(), *sequence)),
        );
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Batches come oldest first: the first ones lie on levels 6 and 5, the rest on level 0.
    #[test]
    fn a_store_is_what_its_writes_made_it(
        batches in proptest::collection::vec((proptest::collection::vec(write(), 1..25), layout()), 1..6),
        questions in proptest::collection::vec((key(), key()), 1..8),
    ) {
        let mut random = Random::new();
        for ((writes, layout), level) in batches.iter().zip([6, 5, 0, 0, 0]) {
            random.batch(writes, layout, level);
        }
        let store = Store::open(random.files()).unwrap();
        let all: Vec<_> = random.state.clone().into_iter().collect();
        prop_assert_eq!(rows_of(&store, b"", None), all);
        prop_assert_eq!(store.check().unwrap(), []);
        let mut cursor = store.cursor();
        for (a, b) in &questions {
            prop_assert_eq!(cursor.get(a).unwrap().map(|v| v.to_vec()), random.state.get(a).cloned());
            let (start, end) = (a.min(b), a.max(b));
            let within: Vec<_> = random.state.range(start.clone()..end.clone()).map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(rows_of(&store, start, Some(end)), within.clone());
            cursor.seek(start, Some(end)).unwrap();
            let mut rows = Vec::new();
            while cursor.advance().unwrap() {
                rows.push((cursor.key().to_vec(), cursor.value().unwrap().to_vec()));
            }
            prop_assert_eq!(rows, within);
        }
    }

    /// Whatever byte is another one: an error, or the same rows.
    #[test]
    fn a_damaged_store_is_an_error_or_says_the_same(
        batches in proptest::collection::vec((proptest::collection::vec(write(), 1..12), layout()), 1..4),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), 1u8..), 1..12),
    ) {
        let mut random = Random::new();
        for ((writes, layout), level) in batches.iter().zip([6, 0, 0]) {
            random.batch(writes, layout, level);
        }
        let good = random.files();
        let all: Vec<_> = random.state.clone().into_iter().collect();
        let names: Vec<String> = Files::names(&good).unwrap();
        let names: Vec<_> = names.into_iter().filter(|n| !good.get(n).unwrap().is_empty()).collect();
        for (file, at, change) in places {
            let name = file.get(&names);
            let mut content = good.get(name).unwrap().to_vec();
            let at = at.index(content.len());
            content[at] ^= change;
            let mut damaged = good.clone();
            damaged.insert(name.clone(), content);
            let read = Store::open(damaged).and_then(|store| {
                let mut cursor = store.scan(b"", None)?;
                let mut rows = Vec::new();
                while cursor.advance()? {
                    rows.push((cursor.key().to_vec(), cursor.value()?.to_vec()));
                }
                Ok(rows)
            });
            if let Ok(rows) = read {
                prop_assert_eq!(&rows, &all, "byte {} of {} changed by {}", at, name, change);
            }
        }
    }
}
