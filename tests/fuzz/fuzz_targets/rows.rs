//! A whole `.c1z` whose rows hold anything: messages, expansion, checkpoint, times and counts of other writers.
//!
//! Input: pieces separated by the byte 255, in the order of `COLUMNS`; a missing piece leaves its column as it is.
#![no_main]

#[path = "../c1z.rs"]
mod c1z;

use std::cell::RefCell;

use baton_workato::baton::c1z::{Policy, Reader, Store};
use libfuzzer_sys::fuzz_target;
use rusqlite::types::Value;
use rusqlite::Connection;

const COLUMNS: [(&str, &str, Kind); 12] = [
    ("v1_grants", "data", Kind::Blob),
    ("v1_grants", "expansion", Kind::Blob),
    ("v1_grants", "needs_expansion", Kind::Any),
    ("v1_resources", "data", Kind::Blob),
    ("v1_entitlements", "data", Kind::Blob),
    ("v1_resource_types", "data", Kind::Blob),
    ("v1_sync_runs", "sync_token", Kind::Text),
    ("v1_sync_runs", "sync_type", Kind::Text),
    ("v1_sync_runs", "ended_at", Kind::Text),
    ("v1_sync_runs", "grants_backfilled", Kind::Any),
    ("v1_sync_runs", "stats", Kind::Any),
    ("v1_grants", "external_id", Kind::Text),
];

enum Kind {
    Blob,
    Text,
    Any,
}

thread_local! {
    static GOOD: RefCell<c1z::Template> = RefCell::new(c1z::Template::of(c1z::good()));
}

fuzz_target!(|input: &[u8]| {
    let file = c1z::pack(&GOOD.with_borrow_mut(|good| good.after(|db| edit(db, input))));

    match Reader::open_in_memory(&file, &Policy::default()) {
        Ok(reader) => c1z::read_some(&reader, input),
        Err(error) => c1z::refused(&error),
    }
    // A store looks at what a reader does, and at the syncs.
    if input.first().is_some_and(|first| first % 8 == 7) {
        match Store::open_in_memory(&file, Policy::default()) {
            Ok(store) => {
                if let Err(error) = store.runs() {
                    c1z::refused(&error);
                }
            }
            Err(error) => c1z::refused(&error),
        }
    }
});

fn edit(db: &Connection, input: &[u8]) {
    for ((table, column, kind), piece) in COLUMNS.iter().zip(input.split(|b| *b == 255)) {
        if piece.is_empty() {
            continue;
        }
        // One row only, so that the rest is still of the connector's making. A constraint that refuses is as good.
        let sql = format!("update {table} set {column} = ?1 where id = (select max(id) from {table})");
        let _ = db.prepare_cached(&sql).unwrap().execute([value(kind, piece)]);
    }
}

fn value(kind: &Kind, piece: &[u8]) -> Value {
    let text = || Value::Text(String::from_utf8_lossy(piece).into_owned());
    match (kind, piece) {
        (Kind::Blob, _) => Value::Blob(piece.to_vec()),
        (Kind::Text, _) => text(),
        (Kind::Any, [0, number @ ..]) => {
            Value::Integer(number.iter().fold(0, |sum: i64, b| sum.wrapping_mul(256).wrapping_add(i64::from(*b))))
        }
        (Kind::Any, [1, blob @ ..]) => Value::Blob(blob.to_vec()),
        (Kind::Any, [2, ..]) => Value::Null,
        (Kind::Any, [3, ..]) => Value::Real(f64::from(piece.len() as u32) / 3.0),
        (Kind::Any, _) => text(),
    }
}
