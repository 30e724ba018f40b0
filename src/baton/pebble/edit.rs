//! Version edits: the records of a MANIFEST. All of them together say which tables are alive.

use super::error::{Error, Result};
use super::input::{Input, put_string, put_uvarint};
use super::key::Bound;

/// Levels of a store.
pub(super) const LEVELS: u8 = 7;

mod tag {
    pub(super) const COMPARER: u64 = 1;
    pub(super) const LOG_NUMBER: u64 = 2;
    pub(super) const NEXT_FILE: u64 = 3;
    pub(super) const LAST_SEQUENCE: u64 = 4;
    pub(super) const COMPACT_POINTER: u64 = 5;
    pub(super) const DELETED_TABLE: u64 = 6;
    pub(super) const NEW_TABLE_OLDEST: u64 = 7;
    pub(super) const PREVIOUS_LOG: u64 = 9;
    pub(super) const NEW_TABLE: u64 = 100;
    pub(super) const NEW_TABLE_WITH_PATH: u64 = 102;
    pub(super) const NEW_TABLE_WITH_MORE: u64 = 103;
    pub(super) const NEW_TABLE_WITH_RANGE_KEYS: u64 = 104;
    pub(super) const BACKING_ADDED: u64 = 105;
    pub(super) const BACKING_REMOVED: u64 = 106;
    pub(super) const BLOB_ADDED: u64 = 107;
    pub(super) const BLOB_REMOVED: u64 = 108;
}

/// What may follow a table of the form `NEW_TABLE_WITH_MORE`.
mod more {
    pub(super) const END: u64 = 1;
    pub(super) const BACKING: u64 = 66;
    pub(super) const SYNTHETIC_PREFIX: u64 = 67;
    pub(super) const SYNTHETIC_SUFFIX: u64 = 68;
    pub(super) const BLOB_REFERENCES: u64 = 69;
    /// Who does not know a tag with this bit must not read on.
    pub(super) const MUST_BE_KNOWN: u64 = 64;
}

/// A table that comes alive: a whole file, or what a key range cuts out of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMeta {
    /// Its level: 0 to 6.
    pub level: u8,
    /// Its number. That of the file, unless it is virtual.
    pub number: u64,
    /// The number of the file, where the table is virtual: only what lies within the bounds is alive.
    pub backing: Option<u64>,
    /// Bytes of the file. For a virtual table an estimate of its share.
    pub size: u64,
    /// The first internal key.
    pub smallest: Bound,
    /// The last internal key. See [`Bound::is_exclusive`].
    pub largest: Bound,
    /// The least sequence number in it.
    pub smallest_sequence: u64,
    /// The greatest sequence number in it.
    pub largest_sequence: u64,
}

impl TableMeta {
    /// The number of the file that holds it.
    pub fn file(&self) -> u64 {
        self.backing.unwrap_or(self.number)
    }

    /// The sequence number that stands for those in the file. Tables that were made elsewhere and taken in hold 0
    /// throughout; what counts is when they came.
    pub fn fixed_sequence(&self) -> Option<u64> {
        let is_fixed = self.smallest_sequence == self.largest_sequence && self.smallest_sequence != 0;
        is_fixed.then_some(self.smallest_sequence)
    }
}

/// One record: what changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct VersionEdit {
    pub(super) comparer: Option<String>,
    pub(super) log_number: Option<u64>,
    pub(super) next_file: Option<u64>,
    pub(super) last_sequence: Option<u64>,
    /// Level and number of tables that are gone.
    pub(super) deleted: Vec<(u8, u64)>,
    pub(super) added: Vec<TableMeta>,
    /// Number and size of files that virtual tables lie in.
    pub(super) backings_added: Vec<(u64, u64)>,
    pub(super) backings_removed: Vec<u64>,
}

impl VersionEdit {
    pub(super) fn decode(record: &[u8]) -> Result<Self> {
        let mut edit = VersionEdit::default();
        let mut input = Input::new(record);
        while !input.is_empty() {
            match input.uvarint()? {
                tag::COMPARER => edit.comparer = Some(String::from_utf8_lossy(input.string()?).into_owned()),
                tag::LOG_NUMBER => edit.log_number = Some(input.uvarint()?),
                tag::NEXT_FILE => edit.next_file = Some(input.uvarint()?),
                tag::LAST_SEQUENCE => edit.last_sequence = Some(input.uvarint()?),
                tag::COMPACT_POINTER => {
                    input.uvarint()?;
                    input.string()?;
                }
                tag::DELETED_TABLE => edit.deleted.push((level(&mut input)?, input.uvarint()?)),
                tag::PREVIOUS_LOG => {
                    input.uvarint()?;
                }
                tag::BACKING_ADDED => edit.backings_added.push((input.uvarint()?, input.uvarint()?)),
                tag::BACKING_REMOVED => edit.backings_removed.push(input.uvarint()?),
                tag::BLOB_ADDED => return Err(Error::unsupported("values in blob files are not read")),
                tag::BLOB_REMOVED => {
                    input.uvarint()?;
                    input.uvarint()?;
                }
                form @ (tag::NEW_TABLE_OLDEST
                | tag::NEW_TABLE
                | tag::NEW_TABLE_WITH_PATH
                | tag::NEW_TABLE_WITH_MORE
                | tag::NEW_TABLE_WITH_RANGE_KEYS) => edit.added.push(new_table(&mut input, form)?),
                other => return Err(Error::corrupt(format!("there is no tag {other} of version edits"))),
            }
        }
        Ok(edit)
    }

    /// The record. Tables are written in the plain form, which has no room for virtual ones.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(comparer) = &self.comparer {
            put_uvarint(&mut out, tag::COMPARER);
            put_string(&mut out, comparer.as_bytes());
        }
        for (tag, number) in [
            (tag::LOG_NUMBER, self.log_number),
            (tag::NEXT_FILE, self.next_file),
            (tag::LAST_SEQUENCE, self.last_sequence),
        ] {
            if let Some(number) = number {
                put_uvarint(&mut out, tag);
                put_uvarint(&mut out, number);
            }
        }
        for table in &self.added {
            put_uvarint(&mut out, tag::NEW_TABLE);
            put_uvarint(&mut out, u64::from(table.level));
            put_uvarint(&mut out, table.number);
            put_uvarint(&mut out, table.size);
            put_string(&mut out, &table.smallest.to_internal());
            put_string(&mut out, &table.largest.to_internal());
            put_uvarint(&mut out, table.smallest_sequence);
            put_uvarint(&mut out, table.largest_sequence);
        }
        out
    }
}

fn level(input: &mut Input<'_>) -> Result<u8> {
    let level = input.uvarint()?;
    u8::try_from(level)
        .ok()
        .filter(|level| *level < LEVELS)
        .ok_or_else(|| Error::corrupt(format!("there is no level {level}")))
}

fn new_table(input: &mut Input<'_>, form: u64) -> Result<TableMeta> {
    let (level, number) = (level(input)?, input.uvarint()?);
    if form == tag::NEW_TABLE_WITH_PATH {
        input.uvarint()?;
    }
    let size = input.uvarint()?;
    if form == tag::NEW_TABLE_WITH_RANGE_KEYS {
        return Err(Error::unsupported(format!(
            "table {number} has range keys, which are not read"
        )));
    }
    let (smallest, largest) = (
        Bound::of_internal(input.string()?)?,
        Bound::of_internal(input.string()?)?,
    );
    let (smallest_sequence, largest_sequence) = match form {
        tag::NEW_TABLE_OLDEST => (0, 0),
        _ => (input.uvarint()?, input.uvarint()?),
    };
    let mut table = TableMeta {
        level,
        number,
        backing: None,
        size,
        smallest,
        largest,
        smallest_sequence,
        largest_sequence,
    };
    if form == tag::NEW_TABLE_WITH_MORE {
        read_more(input, &mut table)?;
    }
    check(&table)?;
    Ok(table)
}

fn read_more(input: &mut Input<'_>, table: &mut TableMeta) -> Result<()> {
    loop {
        match input.uvarint()? {
            more::END => return Ok(()),
            more::BACKING => table.backing = Some(input.uvarint()?),
            more::SYNTHETIC_PREFIX | more::SYNTHETIC_SUFFIX => {
                return Err(Error::unsupported(format!(
                    "the keys of table {} are changed while they are read, which is not supported",
                    table.number
                )));
            }
            more::BLOB_REFERENCES => {
                input.uvarint()?;
                if input.uvarint()? != 0 {
                    return Err(Error::unsupported("values in blob files are not read"));
                }
            }
            other if other & more::MUST_BE_KNOWN != 0 => {
                return Err(Error::unsupported(format!("property {other} of tables is not known")));
            }
            _ => {
                input.string()?;
            }
        }
    }
}

fn check(table: &TableMeta) -> Result<()> {
    let by_key = table.smallest.key.cmp(&table.largest.key);
    // Of one key, the newest row comes first.
    if by_key.then(table.largest.trailer.cmp(&table.smallest.trailer)).is_gt() {
        return Err(Error::corrupt(format!(
            "the bounds of table {} are upside down",
            table.number
        )));
    }
    let above = |sequence: u64| sequence > super::key::MAX_SEQUENCE;
    if table.smallest_sequence > table.largest_sequence || above(table.largest_sequence) {
        return Err(Error::corrupt(format!(
            "the sequence numbers of table {} are upside down",
            table.number
        )));
    }
    Ok(())
}

/// The bound of a row that was written with sequence number `sequence`.
#[cfg(test)]
pub(super) fn bound(key: &[u8], sequence: u64, kind: u8) -> Bound {
    Bound {
        key: bytes::Bytes::copy_from_slice(key),
        trailer: super::key::Trailer::new(sequence, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Fault;
    use super::super::key::{MAX_SEQUENCE, kind};
    use super::*;

    fn table(number: u64, smallest: &[u8], largest: &[u8]) -> TableMeta {
        TableMeta {
            level: 6,
            number,
            backing: None,
            size: 1000,
            smallest: bound(smallest, 0, kind::SET),
            largest: bound(largest, 0, kind::SET),
            smallest_sequence: 0,
            largest_sequence: 0,
        }
    }

    /// A record of tags and fields; texts are byte strings.
    fn record(fields: &[&dyn Field]) -> Vec<u8> {
        let mut out = Vec::new();
        fields.iter().for_each(|field| field.put(&mut out));
        out
    }

    trait Field {
        fn put(&self, out: &mut Vec<u8>);
    }

    impl Field for u64 {
        fn put(&self, out: &mut Vec<u8>) {
            put_uvarint(out, *self);
        }
    }

    impl Field for Bound {
        fn put(&self, out: &mut Vec<u8>) {
            put_string(out, &self.to_internal());
        }
    }

    impl Field for &str {
        fn put(&self, out: &mut Vec<u8>) {
            put_string(out, self.as_bytes());
        }
    }

    #[test]
    fn what_is_written_comes_back() {
        let edit = VersionEdit {
            comparer: Some("order".to_owned()),
            log_number: Some(6),
            next_file: Some(7),
            last_sequence: Some(10),
            added: vec![table(4, b"a", b"m"), table(5, b"n", b"n")],
            ..VersionEdit::default()
        };
        assert_eq!(VersionEdit::decode(&edit.encode()).unwrap(), edit);
    }

    #[test]
    fn every_form_of_a_new_table_is_read() {
        let (a, m) = (bound(b"a", 3, kind::SET), bound(b"m", 9, kind::SET));
        let plain: [&dyn Field; 5] = [&6u64, &4u64, &1000u64, &a, &m];
        let with = |tag: u64, sequences: &[&dyn Field]| {
            let fields: Vec<&dyn Field> = plain.iter().chain(sequences).copied().collect();
            VersionEdit::decode(&[record(&[&tag]), record(&fields)].concat())
                .map(|edit| edit.added.into_iter().next().unwrap())
        };
        assert_eq!(with(7, &[]).unwrap().largest_sequence, 0);
        assert_eq!(with(100, &[&3u64, &9u64]).unwrap().largest_sequence, 9);
        // Marked for compaction, made at some time, a property that may be skipped.
        let more: [&dyn Field; 9] = [&3u64, &9u64, &2u64, &"\x01", &6u64, &"\x07", &33u64, &"whatever", &1u64];
        assert_eq!(with(103, &more).unwrap().file(), 4);
        let virtual_table = with(103, &[&3u64, &9u64, &66u64, &2u64, &69u64, &0u64, &0u64, &1u64]).unwrap();
        assert_eq!((virtual_table.backing, virtual_table.file()), (Some(2), 2));
        let with_path: [&dyn Field; 8] = [&6u64, &4u64, &0u64, &1000u64, &a, &m, &3u64, &9u64];
        let edit = VersionEdit::decode(&[record(&[&102u64]), record(&with_path)].concat()).unwrap();
        assert_eq!(edit.added[0].size, 1000);
        for refused in [67u64, 68, 70, 127] {
            let error = with(103, &[&3u64, &9u64, &refused, &"x", &1u64]).unwrap_err();
            assert!(matches!(error.fault(), Fault::Unsupported(_)), "{refused}: {error}");
        }
        let blobs = with(103, &[&3u64, &9u64, &69u64, &1u64, &1u64, &1u64, &5u64, &1u64]).unwrap_err();
        assert!(matches!(blobs.fault(), Fault::Unsupported(_)), "{blobs}");
    }

    #[test]
    fn obsolete_tags_are_passed_over_and_unknown_ones_are_not() {
        let old: [&dyn Field; 8] = [&5u64, &1u64, &"key", &9u64, &3u64, &108u64, &1u64, &2u64];
        assert_eq!(VersionEdit::decode(&record(&old)).unwrap(), VersionEdit::default());
        for (tag, unsupported) in [(107u64, true), (200, false), (203, false), (8, false), (1000, false)] {
            let error = VersionEdit::decode(&record(&[&tag, &1u64, &1u64, &1u64, &1u64, &1u64])).unwrap_err();
            assert_eq!(
                matches!(error.fault(), Fault::Unsupported(_)),
                unsupported,
                "{tag}: {error}"
            );
        }
        let range_keys = VersionEdit::decode(&record(&[&104u64, &6u64, &4u64, &1000u64, &0u64])).unwrap_err();
        assert!(matches!(range_keys.fault(), Fault::Unsupported(_)), "{range_keys}");
    }

    #[test]
    fn a_table_outside_the_levels_or_upside_down_is_damage() {
        let added = |table: TableMeta| VersionEdit {
            added: vec![table],
            ..VersionEdit::default()
        };
        let mut below = table(4, b"a", b"m");
        below.level = 7;
        let upside_down = table(4, b"m", b"a");
        let mut sequences = table(4, b"a", b"m");
        sequences.smallest_sequence = 1;
        let mut beyond = table(4, b"a", b"m");
        beyond.largest_sequence = MAX_SEQUENCE + 1;
        for wrong in [below, upside_down, sequences, beyond] {
            assert!(VersionEdit::decode(&added(wrong).encode()).is_err());
        }
        // Two versions of one key: the newer one comes first.
        let mut versions = table(4, b"a", b"a");
        versions.smallest = bound(b"a", 9, kind::SET);
        versions.largest = bound(b"a", 3, kind::DELETE);
        assert!(VersionEdit::decode(&added(versions.clone()).encode()).is_ok());
        std::mem::swap(&mut versions.smallest, &mut versions.largest);
        assert!(VersionEdit::decode(&added(versions).encode()).is_err());
    }

    #[test]
    fn only_one_sequence_number_above_zero_stands_for_those_in_the_file() {
        let fixed = |smallest, largest| {
            let mut table = table(4, b"a", b"m");
            (table.smallest_sequence, table.largest_sequence) = (smallest, largest);
            table.fixed_sequence()
        };
        assert_eq!((fixed(0, 0), fixed(7, 7), fixed(7, 8)), (None, Some(7), None));
    }

    #[test]
    fn cut_off_records_are_damage() {
        let edit = VersionEdit {
            comparer: Some("order".to_owned()),
            added: vec![table(4, b"a", b"m")],
            ..VersionEdit::default()
        };
        let record = edit.encode();
        for end in 1..record.len() {
            let cut = VersionEdit::decode(&record[..end]);
            assert!(cut.is_err() || end == 7, "cut at {end}");
        }
    }
}
