//! A `.c1z` from anywhere: the five bytes, the zstd frames, the limits, and a damaged database inside.
//!
//! Input: how to make a file of the rest (1 byte), and the rest: the file itself, what follows the magic, the database
//! that is packed, or changes to a good database (offset in two bytes, little end first, and the new byte).
#![no_main]

#[path = "../c1z.rs"]
mod c1z;

use baton_workato::baton::c1z::{Limits, Policy, Reader, Store, SyncType};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_decoded: 1 << 20,
    max_window: 1 << 20,
    trust_declared_size: true,
};

fuzz_target!(|input: &[u8]| {
    let Some((way, rest)) = input.split_first() else {
        return;
    };
    let raw = match way % 4 {
        0 => rest.to_vec(),
        1 => [c1z::MAGIC, rest].concat(),
        2 => c1z::pack(rest),
        _ => c1z::pack(&changed(rest)),
    };
    let place = c1z::Place::new();
    std::fs::write(place.file(), &raw).unwrap();
    for trust_declared_size in [true, false] {
        let policy = Policy {
            limits: Limits {
                trust_declared_size,
                ..LIMITS
            },
            ..Policy::default()
        };
        match Reader::open_with(&place.file(), Some(place.folder()), &policy) {
            Ok(reader) => {
                // The indexes a reader adds are not part of the limit.
                assert!(place.size() <= LIMITS.max_decoded * 2 + raw.len() as u64, "{} bytes", place.size());
                c1z::read_all(&reader);
            }
            Err(error) => c1z::refused(&error),
        }
    }
    assert_eq!(std::fs::read(place.file()).unwrap(), raw, "reading changed the file");
    assert_eq!(place.names(), ["sync.c1z"], "reading left something behind");
    continued(&place, &raw);
});

fn changed(changes: &[u8]) -> Vec<u8> {
    let mut database = c1z::good().to_vec();
    let size = database.len();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % size;
        database[at] = change[2];
    }
    database
}

/// What a store accepts can take another sync and be read afterwards; what it does not accept stays as it is.
fn continued(place: &c1z::Place, raw: &[u8]) {
    let policy = Policy {
        limits: LIMITS,
        ..Policy::default()
    };
    let another = || {
        let mut store = Store::open_with(&place.file(), Some(place.folder()), policy)?;
        let sync_id = store.begin_sync(SyncType::Full)?;
        store.finish_sync("{}")?;
        store.save()?;
        Ok(sync_id)
    };
    match another() {
        Ok(sync_id) => {
            let reader = Reader::open_with(&place.file(), Some(place.folder()), &policy).expect("what was saved is whole");
            let run = reader.run(&sync_id).expect("its run can be read").expect("and is there");
            assert!(run.is_finished_full());
        }
        Err(error) => {
            c1z::refused(&error);
            assert_eq!(std::fs::read(place.file()).unwrap(), raw, "a failed save changed the file");
        }
    }
    assert_eq!(place.names(), ["sync.c1z"], "a store left something behind");
}
