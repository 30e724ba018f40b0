//! An unfinished sync that somebody or something damaged: what is found in it is what was put there, or it is refused.
//!
//! Input: what to do (1 byte), and with what: changes to the bytes of a good one (offset in two bytes, little end first,
//! and the new byte); changes to its rows (six bytes each: column, row, by what the row is moved, and three of the new
//! value); rows that go or take each other's place; or the rest is the file.
#![no_main]

#[path = "../c1z.rs"]
mod c1z;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use baton_workato::baton::c1z::{Claim, Found, ListProgress, Partial, Policy, Position, Section, Store, SyncType};
use baton_workato::baton::error::{Kind, Result};
use baton_workato::baton::warning::Occurrence;
use libfuzzer_sys::fuzz_target;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

const SECTIONS: [Section; 3] = [Section::Resources, Section::Entitlements, Section::Grants];

/// Every column that decides what is sealed.
const COLUMNS: [(&str, &str); 23] = [
    ("pages", "section"),
    ("pages", "list"),
    ("pages", "page"),
    ("pages", "rows"),
    ("pages", "next"),
    ("pages", "sum"),
    ("warnings", "cause"),
    ("warnings", "message"),
    ("warnings", "example"),
    ("warnings", "count"),
    ("warnings", "code"),
    ("warnings", "sum"),
    ("tally", "part"),
    ("tally", "rows"),
    ("tally", "sum"),
    ("v1_connector_sessions", "sync_id"),
    ("v1_connector_sessions", "key"),
    ("v1_connector_sessions", "value"),
    ("v1_sync_runs", "sync_id"),
    ("v1_sync_runs", "started_at"),
    ("v1_sync_runs", "sync_token"),
    ("v1_sync_runs", "sync_type"),
    ("v1_sync_runs", "ended_at"),
];
const TABLES: [(&str, &str); 4] = [
    ("pages", "section, list, page"),
    ("warnings", "cause, message, example"),
    ("tally", "part"),
    ("v1_connector_sessions", "key"),
];

thread_local! {
    static TEMPLATE: RefCell<c1z::Template> = RefCell::new(c1z::Template::of(&GOOD));
    static TARGET: Store = Store::open_in_memory(&[], Policy::default()).unwrap();
}

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let claim = Claim::take(&file, None).unwrap();
    let mut store = Store::open_with(&file, None, Policy::default()).unwrap();
    let mut partial = Partial::create(&claim, &mut store, SyncType::Full).unwrap();
    for (number, section) in SECTIONS.into_iter().enumerate() {
        for (list, page, next) in [(0, 0, Some("1")), (0, 1, None), (1, 0, None), (2, 0, Some("50"))] {
            let rows = format!("rows {number} {list} {page} ").repeat(if page == 1 { 40 } else { 2 });
            partial.put_page(section, Position { list, page }, rows.as_bytes(), next).unwrap();
        }
    }
    for key in ["detected", "projects/dev/1", "projects/dev/2"] {
        partial.session_set(key, format!("{{\"rows\":[\"{key}\"]}}").as_bytes()).unwrap();
    }
    let seen = |example: &str| Occurrence {
        code: "BW-0901".to_owned(),
        cause: "gone".to_owned(),
        message: "things are gone".to_owned(),
        example: example.to_owned(),
        count: 3,
    };
    partial.put_warnings(&[seen("a"), seen("b")]).unwrap();
    partial.set_token("{\"version\":1}").unwrap();
    partial.commit().unwrap();
    drop(partial);
    c1z::small_pages(&std::fs::read(claim.partial_path()).unwrap())
});

/// Everything that decides what is sealed.
#[derive(Debug, PartialEq)]
struct Content {
    run: (String, String, SyncType, String),
    pages: Vec<Vec<(Position, Vec<u8>)>>,
    progress: Vec<BTreeMap<u64, ListProgress>>,
    done: u64,
    session: Vec<(String, Option<Vec<u8>>)>,
    warnings: Vec<Occurrence>,
}

static CONTENT: LazyLock<Content> = LazyLock::new(|| match TARGET.with(|target| Partial::find_in_memory(&GOOD, target)) {
    Ok(Found::Unfinished(partial)) => content(&partial).unwrap(),
    Ok(Found::Unusable(why)) => panic!("{why}"),
    Ok(Found::Nothing) => panic!("nothing"),
    Err(error) => panic!("{error:?}"),
});

fuzz_target!(|input: &[u8]| {
    let Some((way, rest)) = input.split_first() else {
        return;
    };
    let good = &*CONTENT;
    let file = match way % 4 {
        0 => c1z::changed(&GOOD, rest),
        1 => edited(|db| columns(db, rest)),
        2 => edited(|db| rows(db, rest)),
        _ => rest.to_vec(),
    };
    match TARGET.with(|target| Partial::find_in_memory(&file, target)) {
        Ok(Found::Unfinished(partial)) => match content(&partial) {
            Ok(content) => assert_eq!(content, *good),
            Err(error) => {
                let is_damage = matches!(error.kind(), Kind::DataLoss | Kind::Internal | Kind::Unknown);
                assert!(is_damage, "{error:?}");
            }
        },
        Ok(Found::Unusable(why)) => assert!(!why.is_empty()),
        Ok(Found::Nothing) => {}
        Err(error) => panic!("it would stick: {error:?}"),
    }
});

fn content(partial: &Partial) -> Result<Content> {
    let mut pages = Vec::new();
    for section in SECTIONS {
        let mut all = Vec::new();
        partial.for_each_page(section, &mut |at, rows| {
            all.push((at, rows.to_vec()));
            Ok(())
        })?;
        let mut by_and_by = Vec::new();
        loop {
            let after = by_and_by.last().map(|(at, _)| *at);
            let more = partial.pages_after(section, after, 64)?;
            if more.is_empty() {
                break;
            }
            by_and_by.extend(more);
        }
        assert_eq!(by_and_by, all);
        pages.push(all);
    }
    let keys = partial.session_keys("")?;
    let session = |key: String| {
        let value = partial.session_get(&key)?;
        Ok((key, value))
    };
    Ok(Content {
        run: (
            partial.sync_id().to_owned(),
            partial.started_at().to_owned(),
            partial.kind(),
            partial.token()?,
        ),
        pages,
        progress: SECTIONS.into_iter().map(|section| partial.progress(section)).collect::<Result<_>>()?,
        done: partial.lists_done()?,
        session: keys.into_iter().map(session).collect::<Result<_>>()?,
        warnings: partial.warnings()?,
    })
}

/// The good one after statements that write into it.
fn edited(edit: impl FnOnce(&Connection)) -> Vec<u8> {
    TEMPLATE.with_borrow_mut(|good| good.after(edit))
}

fn columns(db: &Connection, changes: &[u8]) {
    for change in changes.chunks_exact(6).take(4) {
        let (table, column) = COLUMNS[usize::from(change[0]) % COLUMNS.len()];
        let nth = format!("select {column} from {table} limit 1 offset ?1");
        let mut nth = db.prepare_cached(&nth).unwrap();
        let Ok(before) = nth.query_row([change[1] % 12], |row| row.get::<_, Value>(0)) else {
            continue;
        };
        let after = other(&before, change[2], &change[3..]);
        // A constraint that refuses is as good.
        let sql = format!("update {table} set {column} = ?1 where {column} is ?2");
        let _ = db.prepare_cached(&sql).unwrap().execute([after, before]);
    }
}

fn other(before: &Value, way: u8, bytes: &[u8]) -> Value {
    let number = bytes.iter().fold(0, |sum: i64, b| sum * 256 + i64::from(*b));
    let changed = |before: &[u8]| {
        let mut after = before.to_vec();
        let at = usize::from(u16::from_le_bytes([bytes[0], bytes[1]])) % after.len().max(1);
        match after.get_mut(at) {
            Some(byte) if way & 8 == 0 => *byte ^= bytes[2],
            _ => after.truncate(at),
        }
        after
    };
    match (way % 8, before) {
        (0, _) => Value::Null,
        (1, _) => Value::Integer(number),
        (2, Value::Text(text)) => Value::Blob(text.clone().into_bytes()),
        (2, Value::Blob(blob)) => Value::Text(String::from_utf8_lossy(blob).into_owned()),
        (2, Value::Integer(n)) => Value::Real(*n as f64),
        (_, Value::Integer(n)) => Value::Integer(n.wrapping_add(number - (1 << 23))),
        (_, Value::Text(text)) => Value::Text(String::from_utf8_lossy(&changed(text.as_bytes())).into_owned()),
        (_, Value::Blob(blob)) => Value::Blob(changed(blob)),
        (_, other) => other.clone(),
    }
}

/// Rows that go, come twice, or stand for each other.
fn rows(db: &Connection, changes: &[u8]) {
    for change in changes.chunks_exact(4).take(4) {
        let (table, key) = TABLES[usize::from(change[0]) % TABLES.len()];
        let nth = |at: usize| format!("select {key} from {table} order by {key} limit 1 offset ?{at}");
        let [first, second] = [change[2] % 12, change[3] % 12];
        let cached = |sql: &str| db.prepare_cached(sql).unwrap();
        let _ = match change[1] % 3 {
            0 => cached(&format!("delete from {table} where ({key}) = ({})", nth(1))).execute([first]),
            1 => {
                let mut statement = cached(&format!("select * from {table} where ({key}) = ({})", nth(1)));
                let count = statement.column_count();
                let Ok(mut row) = statement.query_row([first], |row| {
                    (0..count).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>()
                }) else {
                    continue;
                };
                let at = usize::from(change[3]) % count;
                row[at] = match &row[at] {
                    Value::Integer(n) => Value::Integer(n.wrapping_add(1)),
                    Value::Text(text) => Value::Text(format!("{text}+")),
                    _ => Value::Null,
                };
                let places = vec!["?"; count].join(", ");
                cached(&format!("insert into {table} values ({places})")).execute(params_from_iter(row))
            }
            _ => {
                let other = if table == "pages" { "rows" } else { key.rsplit(' ').next().unwrap() };
                let value = format!("select {other} from {table} where ({key}) = ({})", nth(2));
                cached(&format!("update {table} set {other} = ({value}) where ({key}) = ({})", nth(1)))
                    .execute([first, second])
            }
        };
    }
}
