//! A table by itself: its rows, what leads to them, and what it counts.

use super::super::block::{DataBlock, Handle, IndexBlock, Span};
use super::super::column::broken_row;
use super::super::error::{Error, Place as _, Result};
use super::super::key::Trailer;
use super::super::table::{BLOCK_TRAILER, PROPERTIES, RANGE_DELETIONS, Table, attribute, name};
use super::Flaws;
use super::part::Part;

/// Properties that a table of the newest format may have besides those that are read. Another one means something that
/// its readers do not know.
const KNOWN: [&str; 18] = [
    "rocksdb.compression_options",
    "rocksdb.merge.operator",
    "rocksdb.property.collectors",
    "rocksdb.top-level.index.size",
    "rocksdb.index.partitions",
    "obsolete-key",
    "pebble.compression_stats",
    "pebble.num.tombstone-dense-blocks",
    "pebble.num.values.in.value-blocks",
    "pebble.value-blocks.size",
    "pebble.raw.point-tombstone.key.size",
    "pebble.raw.point-tombstone.value.size",
    "pebble.num.deletions.sized",
    "pebble.num.snapshot-pinned-keys",
    "pebble.raw.snapshot-pinned-keys.size",
    "pebble.raw.snapshot-pinned-values.size",
    name::COMPARATOR,
    name::SCHEMA,
];
const READ: [&str; 12] = [
    name::COMPRESSION,
    name::INDEX_TYPE,
    name::INDEX_SIZE,
    name::FILTER_SIZE,
    name::ENTRIES,
    name::DELETED_KEYS,
    name::RANGE_DELETIONS,
    name::MERGE_OPERANDS,
    name::DATA_BLOCKS,
    name::DATA_SIZE,
    name::RAW_KEY_SIZE,
    name::RAW_VALUE_SIZE,
];

/// Reads every block of a table. Returns the size of its file.
pub(super) fn check(table: &Table, parts: &mut [Part<'_>], flaws: &mut Flaws<'_>) -> Result<u64> {
    let spans = table.spans()?;
    let mut walk = Walk {
        table,
        parts,
        flaws,
        handles: Vec::new(),
        key: Vec::new(),
        last: None,
        separator: None,
        counts: Counts::default(),
        has_empty_block: false,
    };
    walk.all().in_file(table.name())?;
    for part in walk.parts.iter_mut() {
        spans.iter().for_each(|span| part.span(span));
    }
    walk.layout()?;
    walk.counts(&spans)?;
    Ok(table.size())
}

struct Walk<'t, 'p, 'm, 'f> {
    table: &'t Table,
    parts: &'p mut [Part<'m>],
    flaws: &'p mut Flaws<'f>,
    /// Of every block.
    handles: Vec<Handle>,
    key: Vec<u8>,
    last: Option<(Vec<u8>, Trailer)>,
    /// That of the last block.
    separator: Option<Vec<u8>>,
    counts: Counts,
    has_empty_block: bool,
}

/// What properties say.
#[derive(Default)]
struct Counts {
    rows: u64,
    deletions: u64,
    blocks: u64,
    data_size: u64,
    key_size: u64,
    value_size: u64,
    has_values_elsewhere: bool,
}

impl Walk<'_, '_, '_, '_> {
    fn all(&mut self) -> Result<()> {
        let table = self.table;
        if !table.properties.has_two_levels {
            return self.blocks(&table.index);
        }
        let mut before: Option<&[u8]> = None;
        for row in 0..table.index.rows() {
            self.handles.push(table.index.handle(row)?);
            let lower = table.lower_index(row)?;
            let separator = table.index.separator(row)?;
            let is_between = match lower.rows().checked_sub(1) {
                Some(last) => {
                    let first = lower.separator(0)?;
                    lower.separator(last)? <= separator && before.is_none_or(|before| before <= first)
                }
                None => false,
            };
            self.flaws.require(is_between, || {
                "an index block is empty, or does not lie between the separators of the index above".to_owned()
            });
            before = Some(separator);
            self.blocks(&lower)?;
        }
        Ok(())
    }

    fn blocks(&mut self, index: &IndexBlock) -> Result<()> {
        for row in 0..index.rows() {
            let handle = index.handle(row)?;
            let block = self.table.data_block(handle)?;
            self.handles.push(handle);
            self.counts.blocks += 1;
            self.counts.data_size += handle.length + BLOCK_TRAILER as u64;
            let separator = index.separator(row)?;
            self.block(&block, separator).at(handle.offset)?;
            self.separator = Some(separator.to_vec());
        }
        Ok(())
    }

    fn block(&mut self, block: &DataBlock, separator: &[u8]) -> Result<()> {
        self.has_empty_block |= block.rows() == 0;
        for row in 0..block.rows() {
            block
                .keys
                .read(block.bytes(), row, &mut self.key)
                .ok_or_else(broken_row)?;
            let trailer = block.trailer(row)?;
            if row == 0 {
                self.begin();
            }
            self.row(block, row, trailer)?;
        }
        if block.rows() > 0 {
            let is_not_below = separator >= self.key.as_slice();
            self.flaws.require(is_not_below, || {
                "a separator is below the last key of its block".to_owned()
            });
        }
        Ok(())
    }

    /// The first row of a block against the separator of the one before.
    fn begin(&mut self) {
        let Some(separator) = &self.separator else {
            return;
        };
        // The rows of one key may go on in the next block.
        let goes_on = self.last.as_ref().is_some_and(|(last, _)| *last == self.key) && *separator == self.key;
        let is_below = *separator < self.key || goes_on;
        self.flaws.require(is_below, || {
            "a separator is not below the first key of the next block".to_owned()
        });
    }

    fn row(&mut self, block: &DataBlock, row: usize, trailer: Trailer) -> Result<()> {
        let key = self.key.as_slice();
        if let Some((last, newer)) = &self.last {
            let order = last.as_slice().cmp(key).then(trailer.cmp(newer));
            self.flaws.require(order.is_lt(), || "rows are not in order".to_owned());
            if row > 0 && block.differs(row)? != (last != key) {
                self.flaws
                    .say("a row is said to have the key of another, or not to have it");
            }
        }
        self.flaws.require(key.len() <= block.longest, || {
            "a key is longer than its block says".to_owned()
        });
        match trailer.effect() {
            Ok(effect) => self.counts.deletions += u64::from(effect.is_delete()),
            Err(_) => self.flaws.say(format!("there is a row of kind {}", trailer.kind())),
        }
        self.counts.rows += 1;
        self.counts.key_size += key.len() as u64 + 8;
        match block.stored_value(row)? {
            Some(value) => self.counts.value_size += value.len() as u64,
            None => self.counts.has_values_elsewhere = true,
        }
        self.parts.iter_mut().for_each(|part| part.row(key, trailer));
        let (last, newest) = self.last.get_or_insert_with(|| (Vec::new(), trailer));
        last.clear();
        last.extend_from_slice(key);
        *newest = trailer;
        Ok(())
    }

    /// Every byte belongs to one block.
    fn layout(&mut self) -> Result<()> {
        let table = self.table;
        self.handles.extend([table.footer.metaindex, table.footer.index]);
        for name in [PROPERTIES, RANGE_DELETIONS] {
            self.handles.extend(table.metaindex.handle(name).in_file(table.name())?);
        }
        self.handles
            .sort_unstable_by_key(|handle| (handle.offset, handle.length));
        self.handles.dedup();
        let mut end = 0;
        for handle in &self.handles {
            self.flaws.require(handle.offset == end, || {
                format!("at {end} bytes belong to no block, or to two")
            });
            end = handle.offset + handle.length + BLOCK_TRAILER as u64;
        }
        let start = table.footer.start;
        self.flaws.require(end == start, || {
            "there are bytes between the last block and the footer".to_owned()
        });
        for name in table.metaindex.names() {
            let is_known = [PROPERTIES.as_bytes(), RANGE_DELETIONS.as_bytes()].contains(&name);
            self.flaws.require(is_known, || {
                format!("it has a block {:?}", String::from_utf8_lossy(name))
            });
        }
        Ok(())
    }

    fn counts(&mut self, spans: &[Span]) -> Result<()> {
        let (table, counts, flaws) = (self.table, &self.counts, &mut *self.flaws);
        let has_needless_block = self.has_empty_block && (counts.blocks > 1 || spans.is_empty());
        flaws.require(!has_needless_block, || "a data block is empty".to_owned());
        if let Some(bits) = table.footer.attributes {
            let bit = |is_set, bit| if is_set { bit } else { 0 };
            let wanted = bit(!spans.is_empty(), attribute::RANGE_DELETIONS)
                | bit(table.properties.has_two_levels, attribute::TWO_LEVEL_INDEX)
                | bit(counts.blocks > 0, attribute::DATA_BLOCKS);
            flaws.require(bits & !attribute::VALUE_BLOCKS == wanted, || {
                format!("its footer says {bits:#x} of what is in it, which is {wanted:#x}")
            });
        }
        // Those of the same keys count once.
        let mut ranges: Vec<_> = spans.iter().map(|span| (&span.start, &span.end)).collect();
        ranges.dedup();
        let range_size: usize = ranges.iter().map(|(start, end)| start.len() + end.len()).sum();
        let said = &table.properties;
        let spans = spans.len() as u64;
        let mut compared = vec![
            (name::ENTRIES, said.entries, counts.rows + spans),
            (name::DELETED_KEYS, said.deleted_keys, counts.deletions + spans),
            (name::DATA_BLOCKS, said.data_blocks, counts.blocks),
            (name::DATA_SIZE, said.data_size, counts.data_size),
            (
                name::RAW_KEY_SIZE,
                said.raw_key_size,
                counts.key_size + range_size as u64,
            ),
        ];
        if !counts.has_values_elsewhere {
            compared.push((name::RAW_VALUE_SIZE, said.raw_value_size, counts.value_size));
        }
        let pairs = table.pairs()?;
        for name in [name::MERGE_OPERANDS, name::FILTER_SIZE] {
            let said = pairs.number(name).in_file(table.name())?;
            compared.push((name, said.unwrap_or_default(), 0));
        }
        for (name, said, is) in compared {
            flaws.require(said == is, || {
                format!("its property {name} says {said}, there are {is}")
            });
        }
        if table.footer.format >= 7 {
            for name in pairs.names() {
                let is = |known: &&str| known.as_bytes() == name;
                let is_known = KNOWN.iter().any(is) || READ.iter().any(is) || is(&name::VALUE_BLOCKS);
                flaws.require(is_known, || {
                    format!("it has a property {:?}", String::from_utf8_lossy(name))
                });
            }
        }
        Ok::<_, Error>(())
    }
}
