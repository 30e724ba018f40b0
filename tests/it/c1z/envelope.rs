//! `baton/c1z/format.md 1.1 to 1.3`: magic, frame, limits.

use baton_workato::baton::c1z::{Limits, Policy, Reader, Store};
use baton_workato::baton::error::{Error, Kind};

use super::{Place, full_sync, unpack};

fn refused(place: &Place, bytes: &[u8]) -> Error {
    refused_with(place, bytes, Policy::default())
}

/// The error of opening these bytes; they must lie there unchanged afterwards, and alone.
fn refused_with(place: &Place, bytes: &[u8], policy: Policy) -> Error {
    std::fs::write(&place.file, bytes).unwrap();
    let error = Store::open_with(&place.file, None, policy)
        .err()
        .expect("the file must be refused");
    assert_eq!(std::fs::read(&place.file).unwrap(), bytes);
    assert_eq!(place.names(), ["sync.c1z"]);
    let read = Reader::open_with(&place.file, None, &policy)
        .err()
        .expect("readers must refuse it, too");
    assert_eq!(read.kind(), error.kind());
    error
}

#[test]
fn a_missing_and_an_empty_file_are_empty_stores() {
    let place = Place::new();
    assert_eq!(place.open().runs().unwrap(), []);
    std::fs::write(&place.file, b"").unwrap();
    assert_eq!(place.open().runs().unwrap(), []);
    assert_eq!(Reader::open(&place.file, None).unwrap().latest_full().unwrap(), None);
    assert_eq!(std::fs::read(&place.file).unwrap(), b"");
}

#[test]
fn a_reader_names_a_file_that_is_not_there() {
    let place = Place::new();
    let error = Reader::open(&place.file, None).err().unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.to_string().contains("sync.c1z"), "{error}");
}

#[test]
fn a_written_file_is_five_bytes_and_one_modest_frame() {
    let place = Place::new();
    full_sync(&place);
    let raw = std::fs::read(&place.file).unwrap();
    assert_eq!(&raw[..9], b"C1ZF\0\x28\xb5\x2f\xfd");
    let descriptor = raw[9];
    assert_ne!(descriptor & 0b0000_0100, 0, "no checksum");
    assert_eq!(descriptor & 0b0000_0011, 0, "a dictionary");
    let unpacked = unpack(&place.file);
    let declared = zstd::zstd_safe::get_frame_content_size(&raw[5..]).unwrap();
    assert_eq!(declared, Some(unpacked.bytes.len() as u64));
    let frame = zstd::zstd_safe::find_frame_compressed_size(&raw[5..]).unwrap();
    assert_eq!(frame, raw.len() - 5, "bytes after the frame");
}

#[test]
fn only_the_main_database_in_rollback_mode_is_inside() {
    let place = Place::new();
    full_sync(&place);
    let unpacked = unpack(&place.file);
    assert_eq!(&unpacked.bytes[18..20], [1, 1], "journal mode bytes");
    assert_eq!(&unpacked.bytes[16..18], 4096u16.to_be_bytes(), "page size");
    assert_eq!(super::column(&unpacked.db, "pragma integrity_check"), ["ok"]);
}

#[test]
fn a_broken_pebble_file_is_neither_replaced_nor_read() {
    let place = Place::new();
    let bytes = b"C1Z3\0\0\0\0\x10whatever";
    std::fs::write(&place.file, bytes).unwrap();
    let error = Store::open_with(&place.file, None, Policy::default()).err().unwrap();
    assert_eq!(error.kind(), Kind::DataLoss);
    let error = Reader::open(&place.file, None).err().unwrap();
    assert_eq!(error.kind(), Kind::DataLoss);
    assert_eq!(std::fs::read(&place.file).unwrap(), bytes);
    assert_eq!(place.names().len(), 1, "{:?}", place.names());
}

#[test]
fn what_is_not_an_intact_file_is_data_loss() {
    let place = Place::new();
    full_sync(&place);
    let good = std::fs::read(&place.file).unwrap();
    let text = zstd::encode_all(&b"these are not the bytes of a database"[..], 3).unwrap();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("another magic", b"PK\x03\x04 and so on".to_vec()),
        ("too short for a magic", b"C1Z".to_vec()),
        ("nothing after the magic", b"C1ZF\0".to_vec()),
        ("no frame after the magic", b"C1ZF\0plain text".to_vec()),
        ("half of it", good[..good.len() / 2].to_vec()),
        ("one byte short", good[..good.len() - 1].to_vec()),
        ("a frame header only", good[..14].to_vec()),
        ("a changed byte", {
            let mut bytes = good.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x40;
            bytes
        }),
        ("another size than declared", {
            let mut bytes = good.clone();
            bytes[10] ^= 1;
            bytes
        }),
        ("bytes after the frame", [&good[..], b"garbage"].concat()),
        ("no database inside", [b"C1ZF\0", &text[..]].concat()),
        ("a database cut in half", {
            let database = zstd::decode_all(&good[5..]).unwrap();
            let half = zstd::encode_all(&database[..database.len() / 2], 3).unwrap();
            [b"C1ZF\0", &half[..]].concat()
        }),
    ];
    for (name, bytes) in cases {
        let error = refused(&place, &bytes);
        assert_eq!(error.kind(), Kind::DataLoss, "{name}: {error:?}");
        assert!(error.to_string().starts_with("failed to open "), "{name}: {error}");
    }
}

#[test]
fn several_and_skippable_frames_are_read() {
    let place = Place::new();
    let sync_id = full_sync(&place);
    let database = unpack(&place.file).bytes;
    let (head, tail) = database.split_at(5000);
    let mut raw = b"C1ZF\0".to_vec();
    raw.extend(zstd::encode_all(head, 3).unwrap());
    raw.extend(b"\x50\x2a\x4d\x18\x03\0\0\0abc");
    raw.extend(zstd::encode_all(tail, 3).unwrap());
    std::fs::write(&place.file, raw).unwrap();
    let found = Reader::open(&place.file, None).unwrap().latest_full().unwrap().unwrap();
    assert_eq!(found.sync_id, sync_id);
}

#[test]
fn a_declared_size_above_the_cap_is_refused_before_decoding() {
    // Header only: 4 KiB window, 8-byte content size of 11 GiB. Whoever decodes would say that it is cut off.
    let mut raw = b"C1ZF\0\x28\xb5\x2f\xfd\xc0\x10".to_vec();
    raw.extend((11u64 << 30).to_le_bytes());
    let place = Place::new();
    let error = refused(&place, &raw);
    assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
    assert!(error.hint_text().unwrap().contains("BATON_DECODER_MAX_DECODED_SIZE_MB"));

    let mut policy = Policy::default();
    policy.limits.trust_declared_size = false;
    let error = refused_with(&place, &raw, policy);
    assert_eq!(error.kind(), Kind::DataLoss, "{error:?}");
}

#[test]
fn decoding_stops_at_the_cap() {
    let place = Place::new();
    full_sync(&place);
    let good = std::fs::read(&place.file).unwrap();
    let limits = Limits {
        max_decoded: 40_000,
        trust_declared_size: false,
        ..Limits::default()
    };
    let policy = Policy {
        limits,
        ..Policy::default()
    };
    assert_eq!(refused_with(&place, &good, policy).kind(), Kind::ResourceExhausted);
}

#[test]
fn a_window_above_the_limit_is_refused() {
    // Window of 256 MiB, then an empty last block.
    let raw = b"C1ZF\0\x28\xb5\x2f\xfd\0\x90\x01\0\0";
    let error = refused(&Place::new(), raw);
    assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
    assert!(error.hint_text().unwrap().contains("BATON_DECODER_MAX_MEMORY_MB"));
}

#[test]
fn the_environment_overrides_limits_and_retention() {
    let policy = |set: &'static [(&str, &str)]| {
        Policy::from_lookup(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    };
    let standard = policy(&[]);
    assert_eq!(standard, Policy::default());
    assert_eq!(standard.limits.max_decoded, 10 << 30);
    assert_eq!(standard.limits.max_window, 128 << 20);
    assert_eq!((standard.keep, standard.skip_cleanup), (2, false));

    let set = policy(&[
        ("BATON_DECODER_MAX_DECODED_SIZE_MB", "7"),
        ("BATON_DECODER_MAX_MEMORY_MB", "64"),
        ("BATON_DISABLE_FCS_FAIL_FAST", "true"),
        ("BATON_KEEP_SYNC_COUNT", "5"),
        ("BATON_SKIP_CLEANUP", "1"),
    ]);
    assert_eq!(set.limits.max_decoded, 7 << 20);
    assert_eq!(set.limits.max_window, 64 << 20);
    assert!(!set.limits.trust_declared_size);
    assert_eq!((set.keep, set.skip_cleanup), (5, true));

    let senseless = policy(&[
        ("BATON_DECODER_MAX_DECODED_SIZE_MB", "-1"),
        ("BATON_DECODER_MAX_MEMORY_MB", "much"),
        ("BATON_DISABLE_FCS_FAIL_FAST", "no"),
        ("BATON_KEEP_SYNC_COUNT", "0"),
        ("BATON_SKIP_CLEANUP", "yes"),
    ]);
    assert_eq!(senseless, Policy::default());
}
