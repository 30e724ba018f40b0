//! A v3 file from anywhere: envelope, frames, archives, the log of the store, its tables, and the rows in them.
//!
//! Input: what to make of the rest (1 byte). Either the rest is a file; or it is the payload behind a good manifest; or
//! an edit in the MANIFEST of the store; or changes to a good file or to the files in it, with or without checksums that
//! agree with them (file, offset in two bytes, little end first, and the new byte).
#![no_main]

#[path = "../../it/pebble/parts.rs"]
mod parts;

use std::sync::LazyLock;

use baton_workato::baton::c1z::Limits;
use libfuzzer_sys::fuzz_target;
use parts::{Parts, Seals};

const LIMITS: Limits = Limits {
    max_decoded: 1 << 20,
    max_window: 1 << 20,
    trust_declared_size: true,
};

static GOOD: LazyLock<(Parts, Vec<Seals>)> = LazyLock::new(|| {
    let good = Parts::cut_small(include_bytes!("../../golden/v3/features.c1z"));
    let seals = good.seals();
    (good, seals)
});
static ROWS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let file = parts::open(GOOD.0.indexed(), &LIMITS).unwrap();
    parts::everything(&file).unwrap()
});

fuzz_target!(|input: &[u8]| {
    let Some((way, rest)) = input.split_first() else {
        return;
    };
    let (good, seals) = &*GOOD;
    let (file, must_be_same) = match way % 8 {
        0 => (rest.to_vec(), false),
        1 => ([&start(1 + way / 8 % 2), rest].concat(), false),
        2 => (logged(rest).indexed(), false),
        3 => (changed_file(&good.indexed(), rest), true),
        4 => (changed_file(&good.archive(true), rest), true),
        5 => (changed(good, rest).indexed(), true),
        6 => (sealed(good, seals, rest).indexed(), false),
        _ => (sealed(good, seals, rest).archive(false), false),
    };
    match parts::open(file, &LIMITS) {
        Ok(file) => {
            match parts::everything(&file) {
                // The run of a file whose manifest was changed is that of the store.
                Ok(rows) if must_be_same => assert_eq!(rows, *ROWS),
                Ok(_) => {}
                Err(error) => parts::refused(&error),
            }
            parts::some(&file);
        }
        Err(error) => parts::refused(&error),
    }
});

/// The start of a good file that is an archive: 1 for a compressed one, 2 for a plain one.
fn start(encoding: u8) -> Vec<u8> {
    let file = GOOD.0.archive(encoding == 1);
    let length = usize::from(u16::from_be_bytes([file[7], file[8]]));
    file[..9 + length].to_vec()
}

/// The good store, whose MANIFEST is one edit and nothing else.
fn logged(edit: &[u8]) -> Parts {
    let mut parts = GOOD.0.clone();
    for (name, content) in &mut parts.files {
        if name.starts_with("MANIFEST") {
            *content = parts::manifest_log(edit);
        }
    }
    parts
}

fn changed_file(good: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut file = good.to_vec();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % file.len();
        file[at] = change[2];
    }
    file
}

/// Changes within the files of the store. Frames and their index agree with them.
fn changed(good: &Parts, changes: &[u8]) -> Parts {
    let mut parts = good.clone();
    for change in changes.chunks_exact(4) {
        let number = usize::from(change[0]) % parts.files.len();
        let content = &mut parts.files[number].1;
        if !content.is_empty() {
            let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % content.len();
            content[at] = change[3];
        }
    }
    parts
}

/// As [`changed`]; the checksums in the files agree, too.
fn sealed(good: &Parts, seals: &[Seals], changes: &[u8]) -> Parts {
    let mut parts = changed(good, changes);
    parts.seal(seals);
    parts
}
