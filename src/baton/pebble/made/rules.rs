//! Rules that are easily got wrong, one by one.

use super::super::error::Fault;
use super::*;

fn keys(store: &Store) -> Vec<String> {
    let rows = rows_of(store, b"", None);
    rows.into_iter()
        .map(|(key, _)| String::from_utf8(key).unwrap())
        .collect()
}

fn letters() -> Made {
    let rows = ["a", "b", "c", "d", "e", "f", "g"].map(|k| row(k, 0, kind::SET, k));
    Made::of(rows.to_vec())
}

fn part(made: &Made, number: u64, smallest: &str, largest: &str, is_open: bool) -> TableMeta {
    let mut part = made.meta(6, number);
    part.backing = Some(4);
    part.smallest.key = Bytes::copy_from_slice(smallest.as_bytes());
    part.largest.key = Bytes::copy_from_slice(largest.as_bytes());
    if is_open {
        part.largest.trailer = Trailer::new(MAX_SEQUENCE, kind::RANGE_DELETE);
    }
    part
}

#[test]
fn of_a_virtual_table_only_what_lies_within_its_bounds_is_alive() {
    let made = letters();
    let live = [part(&made, 7, "b", "c", false), part(&made, 8, "e", "g", true)];
    let store = Store::open(files(&[(4, &made)], &live)).unwrap();
    assert_eq!(keys(&store), ["b", "c", "e", "f"]);
    for (key, is_alive) in [("a", false), ("b", true), ("d", false), ("f", true), ("g", false)] {
        assert_eq!(store.get(key.as_bytes()).unwrap().is_some(), is_alive, "{key}");
    }
    assert_eq!(rows_of(&store, b"a", Some(b"c")).len(), 1);
}

#[test]
fn range_deletions_of_a_virtual_table_end_with_its_bounds() {
    let older = letters();
    let newer = Made {
        spans: vec![(b"a".to_vec(), b"z".to_vec(), 9)],
        ..Made::default()
    };
    let mut first = part(&newer, 7, "b", "c", true);
    let mut second = part(&newer, 8, "e", "f", false);
    (first.level, second.level) = (0, 0);
    (first.backing, second.backing) = (Some(5), Some(5));
    first.smallest.trailer = Trailer::new(9, kind::RANGE_DELETE);
    second.smallest.trailer = Trailer::new(9, kind::RANGE_DELETE);
    second.largest.trailer = Trailer::new(9, kind::RANGE_DELETE);
    let live = [older.meta(6, 4), first, second];
    let store = Store::open(files(&[(4, &older), (5, &newer)], &live)).unwrap();
    assert_eq!(keys(&store), ["a", "c", "d", "g"]);
}

#[test]
fn one_sequence_number_of_the_manifest_stands_for_all_in_the_file() {
    // Taken in after the deletion, although its rows say 0.
    let deletions = Made::of(vec![row("b", 20, kind::DELETE, "")]);
    let taken_in = letters();
    let live = |sequence| {
        let mut meta = taken_in.meta(6, 4);
        (meta.smallest_sequence, meta.largest_sequence) = (sequence, sequence);
        [meta, deletions.meta(0, 5)]
    };
    let store = |sequence| Store::open(files(&[(4, &taken_in), (5, &deletions)], &live(sequence))).unwrap();
    assert_eq!(keys(&store(30)).len(), 7);
    assert_eq!(keys(&store(10)).len(), 6);
    // Its range deletions have that number, too.
    let spans = Made {
        spans: vec![(b"a".to_vec(), b"c".to_vec(), 0)],
        ..Made::default()
    };
    let mut meta = spans.meta(0, 6);
    (meta.smallest_sequence, meta.largest_sequence) = (15, 15);
    let mut all = live(10).to_vec();
    all.push(meta);
    let store = Store::open(files(&[(4, &taken_in), (5, &deletions), (6, &spans)], &all)).unwrap();
    assert_eq!(keys(&store), ["c", "d", "e", "f", "g"]);
}

#[test]
fn the_highest_sequence_number_counts_wherever_it_lies() {
    // A newer row on a deeper level: levels do not decide.
    let deep = Made::of(vec![row("k", 9, kind::SET, "new")]);
    let high = Made::of(vec![row("k", 5, kind::DELETE, "")]);
    let store = Store::open(files(&[(4, &deep), (5, &high)], &[deep.meta(6, 4), high.meta(0, 5)])).unwrap();
    assert_eq!(store.get(b"k").unwrap().as_deref(), Some(&b"new"[..]));
}

#[test]
fn a_range_deletion_of_the_same_number_deletes_nothing_and_may_lie_in_a_table_without_rows() {
    let rows = Made::of(vec![
        row("a", 9, kind::SET, ""),
        row("b", 8, kind::SET, ""),
        row("c", 10, kind::SET, ""),
    ]);
    let spans = Made {
        spans: vec![(b"a".to_vec(), b"c".to_vec(), 9)],
        ..Made::default()
    };
    let live = [rows.meta(0, 4), spans.meta(0, 5)];
    let store = Store::open(files(&[(4, &rows), (5, &spans)], &live)).unwrap();
    assert_eq!(keys(&store), ["a", "c"]);
    assert_eq!(store.get(b"b").unwrap(), None);
}

#[test]
fn older_values_may_lie_elsewhere_and_live_ones_may_not() {
    let mut rows = vec![row("a", 9, kind::SET, "here"), row("a", 8, kind::SET, "\x00handle")];
    rows[1].elsewhere = true;
    let made = Made::of(rows.clone());
    let store = Store::open(files(&[(4, &made)], &[made.meta(6, 4)])).unwrap();
    assert_eq!(store.get(b"a").unwrap().as_deref(), Some(&b"here"[..]));
    rows.remove(0);
    let made = Made::of(rows);
    let store = Store::open(files(&[(4, &made)], &[made.meta(6, 4)])).unwrap();
    assert!(matches!(store.get(b"a").unwrap_err().fault(), Fault::Unsupported(_)));
}

#[test]
fn versions_of_one_key_may_fill_several_blocks() {
    let mut rows: Vec<Row> = (0..20).map(|n| row("m", 40 - n, kind::SET, &format!("{n}"))).collect();
    rows.insert(0, row("a", 3, kind::SET, ""));
    rows.push(row("z", 3, kind::SET, ""));
    for two_levels in [None, Some(2)] {
        let made = Made {
            two_levels,
            ..Made::of(rows.clone())
        };
        let store = Store::open(files(&[(4, &made)], &[made.meta(6, 4)])).unwrap();
        assert_eq!(keys(&store), ["a", "m", "z"]);
        assert_eq!(store.get(b"m").unwrap().as_deref(), Some(&b"0"[..]));
    }
}

#[test]
fn kinds_that_are_not_read_are_an_error_where_they_lie() {
    // A merge operand.
    let made = Made::of(vec![row("a", 5, kind::SET, ""), row("b", 5, 2, "operand")]);
    let store = Store::open(files(&[(4, &made)], &[made.meta(6, 4)])).unwrap();
    assert!(store.get(b"a").unwrap().is_some());
    let error = store.get(b"b").unwrap_err();
    assert!(matches!(error.fault(), Fault::Unsupported(_)), "{error}");
    let mut cursor = store.scan(b"", None).unwrap();
    assert!(cursor.advance().unwrap());
    assert!(cursor.advance().is_err());
    let again = cursor.advance().unwrap_err();
    assert!(matches!(again.fault(), Fault::Misuse(_)), "an error is no end: {again}");
}

#[test]
fn rows_out_of_order_or_out_of_bounds_are_damage_though_every_checksum_is_right() {
    let error_of = |made: &Made, bend: &dyn Fn(&mut TableMeta)| {
        let mut meta = made.meta(6, 4);
        bend(&mut meta);
        let store = Store::open(files(&[(4, made)], &[meta])).unwrap();
        let mut cursor = store.scan(b"", None)?;
        while cursor.advance()? {}
        Ok::<_, super::super::error::Error>(())
    };
    let rows = |keys: &[(&str, u64)]| keys.iter().map(|(k, s)| row(k, *s, kind::SET, "")).collect::<Vec<_>>();
    let fine = |_: &mut TableMeta| {};
    assert!(error_of(&Made::of(rows(&[("a", 5), ("b", 5)])), &fine).is_ok());
    // Between two blocks, in one, and of one key; the latter with versions the wrong way round.
    for wrong in [
        &[("a", 5), ("b", 5), ("d", 5), ("c", 5), ("e", 5)][..],
        &[("a", 5), ("c", 5), ("b", 5), ("e", 5)],
        &[("a", 5), ("b", 5), ("b", 6), ("c", 5)],
        &[("a", 5), ("b", 5), ("b", 5), ("c", 5)],
    ] {
        let error = error_of(&Made::of(rows(wrong)), &fine).unwrap_err();
        assert!(matches!(error.fault(), Fault::Corrupt(_)), "{wrong:?}: {error}");
    }
    let good = Made::of(rows(&[("a", 5), ("b", 5), ("c", 5), ("d", 5)]));
    let above = |meta: &mut TableMeta| meta.smallest.key = Bytes::from_static(b"b");
    let below = |meta: &mut TableMeta| meta.largest.key = Bytes::from_static(b"c");
    let size = |meta: &mut TableMeta| meta.size += 1;
    for bend in [&above as &dyn Fn(&mut TableMeta), &below, &size] {
        assert!(matches!(error_of(&good, bend).unwrap_err().fault(), Fault::Corrupt(_)));
    }
}

#[test]
fn a_store_that_was_not_closed_lacks_a_file_or_is_of_another_sort_is_refused() {
    let made = letters();
    let good = files(&[(4, &made)], &[made.meta(6, 4)]);
    let with = |name: &str, content: &'static [u8]| {
        let mut files = good.clone();
        files.insert(name, content);
        Store::open(files).err().map(|error| error.to_string())
    };
    assert_eq!(with("000008.log", b""), None);
    assert_eq!(with("000008.log", b"\0\0\0\0\0\0\x05\x09\0\0\0"), None);
    assert_eq!(with("LOCK", b""), None);
    assert_eq!(with("MANIFEST-000000", b"an older one"), None);
    assert!(with("000008.log", b"a batch").unwrap().contains("not closed"));
    assert!(with("000009.blob", b"").unwrap().contains("blob"));
    assert!(
        with("marker.manifest.000002.MANIFEST-000009", b"")
            .unwrap()
            .contains("not there")
    );

    let mut none = files(&[], &[made.meta(6, 4)]);
    none.insert("000005.sst", made.bytes());
    let error = Store::open(none).unwrap().get(b"a").unwrap_err();
    assert_eq!(error.to_string(), "000004.sst: it is not there");
}
