//! `baton/c1z/format.md 1.4`: the target changes in one step or not at all.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use baton_workato::baton::c1z::steps::Disk;
use baton_workato::baton::c1z::{Policy, Reader, Store, SyncType, save};
use baton_workato::baton::error::{Error, Kind};

use super::{Place, full_sync, names, put_small_workspace};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// One working copy lies here, with or without a journal, and only its owner can read it.
fn assert_private(folder: &Path) {
    let all = names(folder);
    assert_eq!(all.iter().filter(|n| n.ends_with(".db")).count(), 1, "{all:?}");
    assert!(all.iter().all(|n| n.contains(".db")), "{all:?}");
    for name in all {
        assert_eq!(mode(&folder.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn nothing_but_the_file_remains_and_only_its_owner_reads_it() {
    let place = Place::new();
    full_sync(&place);
    full_sync(&place);
    assert_eq!(place.names(), ["sync.c1z"]);
    assert_eq!(mode(&place.file), 0o600);
}

#[test]
fn save_tells_where_and_how_much() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let saved = store.save().unwrap();
    assert_eq!(saved.path, place.file);
    assert_eq!(saved.bytes, std::fs::metadata(&place.file).unwrap().len());
}

#[test]
fn the_target_is_not_touched_before_save() {
    let place = Place::new();
    full_sync(&place);
    let before = std::fs::read(&place.file).unwrap();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    put_small_workspace(&mut store);
    store.finish_sync("").unwrap();
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
    drop(store);
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
    assert_eq!(place.names(), ["sync.c1z"], "the working copy is gone");
}

#[test]
fn the_working_copy_is_private_and_lies_where_it_was_told() {
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut store = Store::open_with(&place.file, Some(elsewhere.path()), Policy::default()).unwrap();
    assert_eq!(place.names(), [""; 0]);
    assert_private(elsewhere.path());

    store.begin_sync(SyncType::Full).unwrap();
    put_small_workspace(&mut store);
    store.commit().unwrap();
    store.put_resources(&[super::user(9)]).unwrap();
    drop(store);
    assert_eq!(names(elsewhere.path()), [""; 0], "with an open transaction, too");
}

#[test]
fn closing_holes_moves_to_a_second_working_copy_in_the_same_folder() {
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    full_sync(&place);
    full_sync(&place);
    let mut store = Store::open_with(&place.file, Some(elsewhere.path()), Policy::default()).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    store.finish_sync("").unwrap();
    assert_private(elsewhere.path());
    store.save().unwrap();
    assert_eq!(names(elsewhere.path()), [""; 0]);
}

#[test]
fn a_failed_save_keeps_the_old_file() {
    let place = Place::new();
    full_sync(&place);
    let before = std::fs::read(&place.file).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut store = Store::open_with(&place.file, Some(elsewhere.path()), Policy::default()).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    for name in names(elsewhere.path()) {
        std::fs::remove_file(elsewhere.path().join(name)).unwrap();
    }
    let error = store.save().unwrap_err();
    assert!(error.to_string().starts_with("failed to save "), "{error}");
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
    assert_eq!(place.names(), ["sync.c1z"]);
}

#[test]
fn a_save_that_breaks_off_half_way_leaves_no_trace() {
    let place = Place::new();
    std::fs::write(&place.file, b"old").unwrap();
    let full = || Error::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
    let failed = save::replace_file(&place.file, &Disk, |file| {
        file.write_all(b"half of the new")?;
        assert_eq!(place.names().len(), 2, "it is written beside the target");
        Err(full())
    });
    assert_eq!(failed.unwrap_err().kind(), Kind::ResourceExhausted);
    assert_eq!(std::fs::read(&place.file).unwrap(), b"old");
    assert_eq!(place.names(), ["sync.c1z"]);
}

#[test]
fn stores_and_readers_can_move_to_a_thread_of_their_own() {
    fn movable<T: Send>() {}
    movable::<Store>();
    movable::<Reader>();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_resource_exhausted_with_a_hint() {
    // /dev/full accepts no byte: the file system's own way of saying so.
    let place = Place::new();
    std::fs::write(&place.file, b"old").unwrap();
    let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let failed = save::replace_file(&place.file, &Disk, |_| {
        full.write_all(b"x")?;
        Ok(1)
    });
    let error = failed.unwrap_err();
    assert_eq!(error.kind(), Kind::ResourceExhausted);
    assert!(error.hint_text().unwrap().contains("free some space"));
    assert_eq!(std::fs::read(&place.file).unwrap(), b"old");
}

#[test]
fn a_database_above_the_limit_of_readers_is_not_written() {
    let place = Place::new();
    full_sync(&place);
    let before = std::fs::read(&place.file).unwrap();
    let mut policy = Policy::default();
    // Room for what is there, not for more.
    policy.limits.max_decoded = super::unpack(&place.file).bytes.len() as u64;
    let mut store = Store::open_with(&place.file, None, policy).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    let people: Vec<_> = (0..2000).map(super::user).collect();
    store.put_resources(&people).unwrap();
    let error = store.save().unwrap_err();
    assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
    assert_eq!(place.names(), ["sync.c1z"]);
}

#[test]
fn a_link_is_followed() {
    let place = Place::new();
    full_sync(&place);
    let link = place.folder.path().join("link.c1z");
    std::os::unix::fs::symlink(&place.file, &link).unwrap();
    let mut store = Store::open_with(&link, None, Policy::default()).unwrap();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    let reader = Reader::open(&place.file, None).unwrap();
    assert_eq!(reader.latest_full().unwrap().unwrap().sync_id, sync_id);
}

#[test]
fn folders_that_are_not_there_are_named_at_the_start() {
    let place = Place::new();
    let nowhere = place.folder.path().join("nowhere");
    let error = Store::open(&nowhere.join("sync.c1z"), None).err().unwrap();
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(error.hint_text().unwrap().contains("--file"));
    let error = Store::open(&place.file, Some(&nowhere)).err().unwrap();
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(error.hint_text().unwrap().contains("--c1z-temp-dir"));
    let error = Store::open(place.folder.path(), None).err().unwrap();
    assert_eq!(error.kind(), Kind::Unknown, "a folder is no file: {error}");
}

#[test]
fn equal_rows_are_equal_blobs() {
    let rows = |place: &Place| {
        full_sync(place);
        let db = super::unpack(&place.file).db;
        let mut rows = Vec::new();
        for table in ["v1_resource_types", "v1_resources", "v1_entitlements", "v1_grants"] {
            let sql = format!("select external_id || ' ' || hex(data) from {table} order by id");
            rows.extend(super::column(&db, &sql));
        }
        rows
    };
    assert_eq!(rows(&Place::new()), rows(&Place::new()));
}

#[test]
fn a_reader_never_writes() {
    let place = Place::new();
    full_sync(&place);
    let before = std::fs::read(&place.file).unwrap();
    std::fs::set_permissions(place.folder.path(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let work = tempfile::tempdir().unwrap();
    let reader = Reader::open(&place.file, Some(work.path())).unwrap();
    assert_private(work.path());
    drop(reader);
    assert_eq!(names(work.path()), [""; 0]);
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
    std::fs::set_permissions(place.folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
}
