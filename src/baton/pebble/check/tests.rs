//! Every sort of damage that a reader does not notice, by the name under which the check tells it.

use super::super::edit::TableMeta;
use super::super::files::Memory;
use super::super::key::{MAX_SEQUENCE, Trailer, kind};
use super::super::made::{Bend, Made, files, row};
use super::super::table::name as property;
use super::*;

fn letters() -> Made {
    let rows = ["a", "b", "c", "d", "e", "f", "g"].map(|key| row(key, 7, kind::SET, key));
    Made::of(rows.to_vec())
}

fn bent(bend: Bend) -> Made {
    Made { bend, ..letters() }
}

/// What is told of a store, which can be read all the same.
fn told(files: Memory) -> Vec<String> {
    let store = Store::open(files).unwrap();
    let mut rows = store.scan(b"", None).unwrap();
    while rows.advance().unwrap() {}
    store.check().unwrap().iter().map(ToString::to_string).collect()
}

fn told_of(made: &Made) -> Vec<String> {
    told(files(&[(4, made)], &[made.meta(6, 4)]))
}

fn told_with(change: impl FnOnce(&mut TableMeta)) -> Vec<String> {
    let made = letters();
    let mut meta = made.meta(6, 4);
    change(&mut meta);
    told(files(&[(4, &made)], &[meta]))
}

#[test]
fn a_sound_store_of_any_form_has_no_flaw() {
    let spans = vec![(b"b".to_vec(), b"d".to_vec(), 9), (b"b".to_vec(), b"d".to_vec(), 8)];
    for format in [5, 6, 7] {
        for (two_levels, compression) in [(None, 0), (Some(1), 1), (Some(2), 7)] {
            let made = Made {
                spans: spans.clone(),
                format,
                two_levels,
                compression,
                ..letters()
            };
            assert_eq!(told_of(&made), [""; 0], "{format} {two_levels:?} {compression}");
        }
    }
}

#[test]
fn properties_are_counted_again() {
    for (name, says) in [
        (property::ENTRIES, "says 9, there are 7"),
        (property::DELETED_KEYS, "says 9, there are 0"),
        (property::DATA_BLOCKS, "says 9, there are 3"),
        (property::DATA_SIZE, "says 9, there are "),
        (property::RAW_KEY_SIZE, "says 9, there are 63"),
        (property::RAW_VALUE_SIZE, "says 9, there are 7"),
        (property::MERGE_OPERANDS, "says 9, there are 0"),
        (property::FILTER_SIZE, "says 9, there are 0"),
    ] {
        let properties = vec![(name, 9)];
        let told = told_of(&bent(Bend {
            properties,
            ..Bend::default()
        }));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(&format!("000004.sst: its property {name} {says}")),
            "{told:?}"
        );
    }
    let properties = vec![("rocksdb.of.tomorrow", 9)];
    let told = told_of(&bent(Bend {
        properties,
        ..Bend::default()
    }));
    assert_eq!(told, ["000004.sst: it has a property \"rocksdb.of.tomorrow\""]);
}

#[test]
fn separators_and_the_places_of_blocks_are_compared() {
    let separators = "zz";
    let told = told_of(&bent(Bend {
        separators,
        ..Bend::default()
    }));
    // It still lies before the next block.
    assert_eq!(told, [""; 0]);
    let made = Made {
        rows: ["a", "ab", "abc", "abd"].map(|key| row(key, 7, kind::SET, "")).to_vec(),
        rows_per_block: 1,
        bend: Bend {
            separators: "b",
            ..Bend::default()
        },
        ..Made::default()
    };
    assert_eq!(
        told_of(&made),
        ["000004.sst: a separator is not below the first key of the next block"]
    );
    let told = told_of(&bent(Bend {
        gap: 3,
        ..Bend::default()
    }));
    assert!(told[0].contains("belong to no block, or to two"), "{told:?}");
}

#[test]
fn bounds_sequence_numbers_and_sizes_are_those_of_the_rows() {
    let key = bytes::Bytes::from_static;
    for (told, what) in [
        (
            told_with(|meta| meta.smallest.key = key(b"A")),
            "does not begin with the row",
        ),
        (
            told_with(|meta| meta.largest.key = key(b"h")),
            "does not end with the row",
        ),
        (
            told_with(|meta| meta.largest_sequence = 8),
            "has the sequence numbers 7 to 7",
        ),
        (
            told_with(|meta| meta.smallest_sequence = 6),
            "has the sequence numbers 7 to 7",
        ),
        (
            told_with(|meta| (meta.smallest_sequence, meta.largest_sequence) = (9, 9)),
            "has one sequence number for all rows, and rows have others",
        ),
        (
            told_with(|meta| meta.largest_sequence = 2_000_000),
            "has sequence numbers above 1000000",
        ),
    ] {
        assert!(told.iter().any(|line| line.contains(what)), "{what}: {told:?}");
    }
}

#[test]
fn parts_of_a_file_lie_beside_each_other_and_have_rows() {
    let made = letters();
    let part = |number, smallest: &'static [u8], largest: &'static [u8]| {
        let mut part = made.meta(6, number);
        (part.backing, part.size) = (Some(4), 1);
        part.smallest.key = bytes::Bytes::from_static(smallest);
        part.largest.key = bytes::Bytes::from_static(largest);
        part
    };
    let of = |live: &[TableMeta]| told(files(&[(4, &made)], live));
    assert_eq!(of(&[part(7, b"a", b"c"), part(8, b"d", b"g")]), [""; 0]);
    assert_eq!(
        of(&[part(7, b"a", b"c"), part(8, b"h", b"i")]),
        ["000004.sst: live table 8 has nothing in it"]
    );
    let mut above = part(8, b"c", b"g");
    above.level = 5;
    assert_eq!(
        of(&[part(7, b"a", b"c"), above]),
        ["000004.sst: its parts 7 and 8 overlap"]
    );
    let mut huge = part(7, b"a", b"c");
    huge.size = 1 << 40;
    assert!(of(&[huge])[0].contains("is said to take 1099511627776 bytes"));
    let mut newer = part(7, b"a", b"c");
    (newer.smallest_sequence, newer.largest_sequence) = (8, 9);
    assert!(of(&[newer])[0].contains("has the sequence numbers 7 to 7"));
    // Its first row is older than the bound.
    let mut later = part(7, b"a", b"c");
    (later.smallest.trailer, later.largest.trailer) = (Trailer::new(6, kind::SET), Trailer::new(MAX_SEQUENCE, 15));
    assert!(of(&[later])[0].contains("has rows outside of its bounds"));
}

#[test]
fn files_that_no_store_has_are_told_and_what_is_left_over_is_not() {
    let made = letters();
    let with = |name: &str, content: &'static [u8]| {
        let mut files = files(&[(4, &made)], &[made.meta(6, 4)]);
        files.insert(name, content);
        told(files)
    };
    for (name, content) in [("LOCK", &b""[..]), ("000007.log", b""), ("MANIFEST-000000", b"old")] {
        assert_eq!(with(name, content), [""; 0], "{name}");
    }
    let options = b"[Options]\n  comparer=leveldb.BytewiseComparator\n  merger=pebble.concatenate\n  wal_dir=\n";
    assert_eq!(with("OPTIONS-000003", options), [""; 0]);
    for (name, content, what) in [
        ("000005.sst", &b"dead"[..], "no live table uses it"),
        ("LOCK", b"x", "it is not empty"),
        (
            "marker.manifest.000001.MANIFEST-000001",
            b"x",
            "it is a marker, and not empty",
        ),
        (
            "marker.manifest.000000.MANIFEST-000000",
            b"",
            "it is not the only marker of its sort",
        ),
        ("note.txt", b"", "no store has such a file"),
        ("OPTIONS-000003", b"", "it has no line"),
    ] {
        let told = with(name, content);
        assert!(
            !told.is_empty() && told.iter().all(|line| line.contains(what)),
            "{name}: {told:?}"
        );
    }
    let far = files(&[(1001, &made)], &[made.meta(6, 1001)]);
    assert_eq!(
        told(far),
        ["MANIFEST-000001: the next file is to be 1001, and there is a table 1001"]
    );
}

#[test]
fn rows_that_nobody_sees_are_looked_at() {
    // Behind the bound of the only part that is alive.
    let mut made = letters();
    made.rows[6].trailer = Trailer::new(7, 2);
    made.rows.swap(4, 5);
    let mut part = made.meta(6, 7);
    (part.backing, part.size) = (Some(4), 1);
    part.largest.key = bytes::Bytes::from_static(b"b");
    part.largest.trailer = Trailer::new(7, kind::SET);
    let told = told(files(&[(4, &made)], &[part]));
    assert!(
        told.contains(&"000004.sst: there is a row of kind 2".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"000004.sst: rows are not in order".to_owned()),
        "{told:?}"
    );
}
