//! SQLite reads what was written, finds every row by every index, and has nothing to say against it.

use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::Connection;

use super::{Index, Pages, Table, Value, encode};

/// A database with an empty table of numbered texts and an index on them.
fn empty(path: &Path, page_size: usize) -> (u32, u32) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(&format!(
        "pragma page_size = {page_size}; create table t (id integer primary key, name text, data blob);
         create index i on t (name)"
    ))
    .unwrap();
    let root = |name: &str| {
        db.query_row("select rootpage from sqlite_schema where name = ?1", [name], |row| {
            row.get(0)
        })
        .unwrap()
    };
    (root("t"), root("i"))
}

/// Writes rows of a length each; names are in order.
fn write(path: &Path, page_size: usize, lengths: &[usize], name_length: usize) {
    let (table, index) = empty(path, page_size);
    let mut pages = Pages::open(path).unwrap();
    let name = |n: usize| format!("{n:0>name_length$}");
    let data = |n: usize, length: usize| vec![(n % 251) as u8; length];
    let mut record = Vec::new();
    let mut rows = Table::new(&mut pages, table);
    for (n, length) in lengths.iter().enumerate() {
        let (name, data) = (name(n), data(n, *length));
        encode(
            &[Value::Null, Value::Text(name.as_bytes()), Value::Blob(&data)],
            &mut record,
        );
        rows.push(n as i64 * 3 - 5, &record).unwrap();
    }
    rows.finish().unwrap();
    let mut entries = Index::new(&mut pages, index);
    for n in 0..lengths.len() {
        let name = name(n);
        encode(
            &[Value::Text(name.as_bytes()), Value::Integer(n as i64 * 3 - 5)],
            &mut record,
        );
        entries.push(&record).unwrap();
    }
    entries.finish().unwrap();
    pages.finish().unwrap();

    let db = Connection::open(path).unwrap();
    let said: String = db.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok", "{page_size} {name_length} {} rows", lengths.len());
    let mut statement = db
        .prepare("select id, data from t indexed by i where name = ?1")
        .unwrap();
    for (n, length) in lengths.iter().enumerate() {
        let row: (i64, Vec<u8>) = statement
            .query_row([name(n)], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(row, (n as i64 * 3 - 5, data(n, *length)));
    }
    let count: i64 = db.query_row("select count(*) from t", [], |row| row.get(0)).unwrap();
    assert_eq!(count, lengths.len() as i64);
    // It stays a database that can be written to.
    db.execute("insert into t (name, data) values ('more', x'00')", [])
        .unwrap();
    db.execute("delete from t where id % 2 = 0", []).unwrap();
    let said: String = db.query_row("pragma integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
}

#[test]
fn any_number_of_rows_is_a_sound_tree() {
    let folder = tempfile::tempdir().unwrap();
    // Small pages have many levels; names of this length leave few entries in a page, so every edge of a level is met.
    for (page_size, name_length) in [(512, 60), (1024, 200), (4096, 30)] {
        for count in (0..90).chain([150, 151, 152, 700]) {
            let path = folder.path().join(format!("{page_size}-{count}"));
            write(&path, page_size, &vec![40; count], name_length);
        }
    }
}

#[test]
fn rows_and_entries_longer_than_a_page_go_on_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    // Around the most that a page of this size takes, and many times that.
    let lengths: Vec<usize> = (380..520).chain([4000, 4061, 4096, 100_000]).collect();
    for (page_size, name_length) in [(512, 100), (512, 103), (512, 500), (4096, 1010), (4096, 9000)] {
        let path = folder.path().join(format!("{page_size}-{name_length}"));
        write(&path, page_size, &lengths, name_length);
    }
}

#[test]
fn the_page_of_the_lock_is_left_out() {
    const SIZE: usize = 4096;
    const LOCKED: u32 = (1 << 30) / SIZE as u32 + 1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let (table, index) = empty(&path, SIZE);
    // Pages up to there, which take no room on the disk.
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(u64::from(LOCKED - 3) * SIZE as u64).unwrap();
    file.write_all_at(&(LOCKED - 3).to_be_bytes(), 28).unwrap();
    let data = vec![7; 3 * SIZE];
    let mut pages = Pages::open(&path).unwrap();
    let mut record = Vec::new();
    let mut rows = Table::new(&mut pages, table);
    for n in 0..40 {
        let name = format!("{n:04}");
        encode(
            &[Value::Null, Value::Text(name.as_bytes()), Value::Blob(&data)],
            &mut record,
        );
        rows.push(n, &record).unwrap();
    }
    rows.finish().unwrap();
    let mut entries = Index::new(&mut pages, index);
    for n in 0..40 {
        let name = format!("{n:04}");
        encode(&[Value::Text(name.as_bytes()), Value::Integer(n)], &mut record);
        entries.push(&record).unwrap();
    }
    entries.finish().unwrap();
    pages.finish().unwrap();
    let db = Connection::open(&path).unwrap();
    let sql = "select count(*) from t where data = ?1 and name = printf('%04d', id)";
    let count: i64 = db.query_row(sql, [&data], |row| row.get(0)).unwrap();
    assert_eq!(count, 40);
    let mut locked = vec![1; SIZE];
    let file = std::fs::File::open(&path).unwrap();
    file.read_exact_at(&mut locked, u64::from(LOCKED - 1) * SIZE as u64)
        .unwrap();
    assert!(locked.iter().all(|byte| *byte == 0));
    assert!(file.metadata().unwrap().len() > u64::from(LOCKED + 100) * SIZE as u64);
}

#[test]
fn rows_out_of_order_and_another_header_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (table, _) = empty(&path, 4096);
    let mut pages = Pages::open(&path).unwrap();
    let mut rows = Table::new(&mut pages, table);
    rows.push(2, b"x").unwrap();
    assert!(rows.push(2, b"x").is_err());
    let bytes = std::fs::read(&path).unwrap();
    for (at, byte) in [(20, 8), (24, 1), (31, 9), (55, 3)] {
        let mut other = bytes.clone();
        other[at] = byte;
        std::fs::write(&path, &other).unwrap();
        assert!(Pages::open(&path).is_err(), "{at}");
    }
}
