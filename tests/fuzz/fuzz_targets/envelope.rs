//! A `.c1z` from anywhere: the five bytes, the zstd frames, the limits, and a damaged database inside.
//!
//! Input: how to make a file of the rest, and what to do with it (1 byte), and the rest: the file itself, what follows the
//! magic, the database that is packed, or changes to a good database (offset in two bytes, little end first, and the new
//! byte).
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
        _ => c1z::pack(&c1z::changed(c1z::good(), rest)),
    };
    let policy = Policy {
        limits: Limits {
            trust_declared_size: way & 4 == 0,
            ..LIMITS
        },
        ..Policy::default()
    };
    if way & 8 == 0 {
        read(&raw, &policy);
    } else {
        continued(&raw, policy);
    }
});

fn read(raw: &[u8], policy: &Policy) {
    match Reader::open_in_memory(raw, policy) {
        Ok(reader) => {
            // The indexes a reader adds are not part of the limit.
            let bytes = reader.unpacked_bytes().unwrap();
            assert!(bytes <= LIMITS.max_decoded * 2, "{bytes} bytes");
            c1z::read_all(&reader);
        }
        Err(error) => c1z::refused(&error),
    }
}

/// What a store accepts can take another sync and be read afterwards.
fn continued(raw: &[u8], policy: Policy) {
    let another = || {
        let mut store = Store::open_in_memory(raw, policy)?;
        let sync_id = store.begin_sync(SyncType::Full)?;
        store.finish_sync("{}")?;
        Ok((sync_id, store.pack()?))
    };
    match another() {
        Ok((sync_id, packed)) => {
            let reader = Reader::open_in_memory(&packed, &policy).expect("what was packed is whole");
            let run = reader.run(&sync_id).expect("its run can be read").expect("and is there");
            assert!(run.is_finished_full());
        }
        Err(error) => c1z::refused(&error),
    }
}
