//! The unpacked copy that stays beside a file is a shortcut: whatever becomes of it, the file is read.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use baton_workato::baton::c1z::{Keep, Policy, Reader};
use baton_workato::baton::error::Kind;

use super::{Place, edit, full_sync, names};

const ALWAYS: Keep = Keep::FromBytes(0);

fn open(file: &Path) -> Reader {
    Reader::open_keeping(file, None, &Policy::default(), ALWAYS).unwrap()
}

/// Reads everything in a file, which must be the small workspace.
fn read(file: &Path) {
    let reader = open(file);
    let runs = reader.runs().unwrap();
    let sync = &runs.last().unwrap().sync_id;
    let mut grants = 0;
    reader
        .for_each_grant(sync, &mut |_| {
            grants += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(grants, 3);
    assert_eq!(reader.verify(sync).unwrap(), []);
}

/// The copies in a folder.
fn copies(folder: &Path) -> Vec<PathBuf> {
    let names = names(folder).into_iter().filter(|name| name.contains(".unpacked-"));
    names.map(|name| folder.join(name)).collect()
}

/// The one copy of a file that was read.
fn copy_of(place: &Place) -> PathBuf {
    read(&place.file);
    let [copy] = copies(place.folder.path()).try_into().unwrap();
    copy
}

/// What tells one copy from another made later.
#[cfg(unix)]
fn identity(copy: &Path) -> (u64, SystemTime) {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(copy).unwrap();
    (metadata.ino(), metadata.created().unwrap_or(SystemTime::UNIX_EPOCH))
}

fn overwrite(copy: &Path, at: u64, bytes: &[u8]) {
    let mut file = File::options().write(true).open(copy).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn keeping_its_time(copy: &Path, change: impl FnOnce(&Path)) {
    let time = std::fs::metadata(copy).unwrap().modified().unwrap();
    change(copy);
    File::options()
        .write(true)
        .open(copy)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

#[cfg(unix)]
#[test]
fn a_copy_as_it_was_left_is_used_again() {
    let place = Place::new();
    full_sync(&place);
    let copy = copy_of(&place);
    let made = identity(&copy);
    read(&place.file);
    assert_eq!(identity(&copy), made);
    assert_eq!(copies(place.folder.path()), [copy]);
}

type Damage = (&'static str, fn(&Path));

const DAMAGES: [Damage; 9] = [
    ("truncated", |copy| {
        File::options().write(true).open(copy).unwrap().set_len(10_000).unwrap();
    }),
    ("truncated by a page, with its time", |copy| {
        let length = std::fs::metadata(copy).unwrap().len();
        keeping_its_time(copy, |copy| {
            let file = File::options().write(true).open(copy).unwrap();
            file.set_len(length - 4096).unwrap();
        });
    }),
    ("longer, with its time", |copy| {
        let length = std::fs::metadata(copy).unwrap().len();
        keeping_its_time(copy, |copy| overwrite(copy, length, &[0; 4096]));
    }),
    ("emptied", |copy| {
        File::create(copy).unwrap();
    }),
    ("emptied, with its time", |copy| {
        keeping_its_time(copy, |copy| drop(File::create(copy).unwrap()));
    }),
    ("noise at the beginning", |copy| overwrite(copy, 0, &[0xa5; 4096])),
    ("noise in the schema, with its time", |copy| {
        keeping_its_time(copy, |copy| overwrite(copy, 100, &[0xa5; 3000]));
    }),
    ("noise in the middle", |copy| {
        let length = std::fs::metadata(copy).unwrap().len();
        overwrite(copy, length / 2, &[0xa5; 4096]);
    }),
    ("one byte of a row", |copy| {
        let bytes = std::fs::read(copy).unwrap();
        let at = bytes.windows(8).rposition(|w| w == b"Person 1").unwrap();
        overwrite(copy, at as u64 + 7, b"9");
    }),
];

#[cfg(unix)]
#[test]
fn a_damaged_copy_is_made_anew() {
    for (what, damage) in DAMAGES {
        let place = Place::new();
        full_sync(&place);
        let copy = copy_of(&place);
        let bytes = std::fs::read(&copy).unwrap();
        damage(&copy);
        assert_ne!(std::fs::read(&copy).unwrap(), bytes, "{what}");
        read(&place.file);
        assert_eq!(std::fs::read(&copy).unwrap(), bytes, "{what}: made anew in its place");
        let made = identity(&copy);
        read(&place.file);
        assert_eq!(identity(&copy), made, "{what}: and used from then on");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_copy_of_this_file_is_replaced() {
    use std::os::unix::fs::PermissionsExt as _;
    let other = Place::new();
    full_sync(&other);
    edit(&other.file, |db| {
        db.execute_batch("delete from v1_grants").unwrap();
    });
    let reader = open(&other.file);
    let [of_another] = copies(other.folder.path()).try_into().unwrap();
    drop(reader);
    for what in ["of another file", "a link", "of an earlier form"] {
        let place = Place::new();
        full_sync(&place);
        let copy = copy_of(&place);
        std::fs::remove_file(&copy).unwrap();
        match what {
            "a link" => std::os::unix::fs::symlink(&of_another, &copy).unwrap(),
            "of an earlier form" => {
                std::fs::write(place.folder.path().join(".sync.c1z.unpacked-0123456789abcdef.db"), "").unwrap()
            }
            _ => {
                std::fs::write(&copy, std::fs::read(&of_another).unwrap()).unwrap();
                std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o600)).unwrap();
                // With the time that a copy of this file has.
                let changed = std::fs::metadata(&place.file).unwrap().modified().unwrap();
                let since = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
                let even = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(since & !1);
                File::options()
                    .write(true)
                    .open(&copy)
                    .unwrap()
                    .set_modified(even)
                    .unwrap();
            }
        }
        read(&place.file);
        assert!(std::fs::symlink_metadata(&copy).unwrap().is_file(), "{what}");
        assert_eq!(copies(place.folder.path()), [copy], "{what}");
    }
    assert!(of_another.exists(), "what a link leads to is not touched");
}

/// What another user may have made, or can change, is neither read nor removed.
#[cfg(unix)]
#[test]
fn a_copy_that_is_not_ours_alone_is_left_alone() {
    const SOMEBODY: u32 = 12_345;
    for what in ["hard link", "another owner"] {
        let place = Place::new();
        full_sync(&place);
        let copy = copy_of(&place);
        let made = identity(&copy);
        // As it was sealed, but for one name.
        let bytes = std::fs::read(&copy).unwrap();
        let at = bytes.windows(8).rposition(|w| w == b"Person 1").unwrap();
        keeping_its_time(&copy, |copy| overwrite(copy, at as u64 + 7, b"9"));
        let other_name = place.folder.path().join("other-name");
        match what {
            "hard link" => std::fs::hard_link(&copy, &other_name).unwrap(),
            // Only an administrator can give files away.
            _ if std::os::unix::fs::chown(&copy, Some(SOMEBODY), None).is_err() => continue,
            _ => {}
        }
        let reader = open(&place.file);
        let run = reader.latest_full().unwrap().unwrap();
        let mut names = Vec::new();
        reader
            .for_each_resource(&run.sync_id, &mut |row| {
                names.push(row.display_name);
                Ok(())
            })
            .unwrap();
        assert!(names.contains(&"Person 1".to_owned()), "{what}: {names:?}");
        assert!(!names.contains(&"Person 9".to_owned()), "{what}: {names:?}");
        drop(reader);
        assert_eq!(identity(&copy), made, "{what}: it stays");
    }
}

/// SQLite takes a log or a journal for a part of the database that it lies beside.
#[cfg(unix)]
#[test]
fn nothing_beside_a_copy_is_taken_for_a_part_of_it() {
    let place = Place::new();
    full_sync(&place);
    let copy = copy_of(&place);
    // A whole log of the same database in which nobody has anything.
    let elsewhere = tempfile::tempdir().unwrap();
    let database = elsewhere.path().join("db");
    std::fs::copy(&copy, &database).unwrap();
    let db = rusqlite::Connection::open(&database).unwrap();
    db.execute_batch("pragma journal_mode = wal; delete from v1_grants")
        .unwrap();
    let log = std::fs::read(elsewhere.path().join("db-wal")).unwrap();
    // As the header of a database says that has a log.
    keeping_its_time(&copy, |copy| overwrite(copy, 18, &[2, 2]));
    for (suffix, bytes) in [
        ("-wal", log.as_slice()),
        ("-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"),
    ] {
        let beside = place
            .folder
            .path()
            .join(format!("{}{suffix}", copy.file_name().unwrap().display()));
        std::fs::write(&beside, bytes).unwrap();
        read(&place.file);
        assert_eq!(std::fs::read(&beside).unwrap(), bytes, "{suffix}");
        std::fs::remove_file(&beside).unwrap();
    }
}

/// A process that reads a mapped file beyond its end is killed.
#[cfg(unix)]
#[test]
fn a_copy_that_is_cut_off_while_it_is_read_is_an_error_at_most() {
    for length in [0, 4096, 10_000] {
        let place = Place::new();
        full_sync(&place);
        let copy = copy_of(&place);
        let reader = open(&place.file);
        let run = reader.latest_full().unwrap().unwrap();
        let file = File::options().write(true).open(&copy).unwrap();
        file.set_len(length).unwrap();
        if let Err(error) = reader.for_each_grant(&run.sync_id, &mut |_| Ok(())) {
            assert_eq!(error.kind(), Kind::DataLoss, "{length}: {error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn where_no_copy_can_stay_the_file_is_read_all_the_same() {
    let place = Place::new();
    full_sync(&place);
    let copy = copy_of(&place);
    std::fs::remove_file(&copy).unwrap();
    // Not to be removed, nor to be replaced by a link.
    std::fs::create_dir(&copy).unwrap();
    read(&place.file);
    assert!(copy.is_dir());
    let leftovers = place.names();
    assert_eq!(leftovers.len(), 2, "the file and the folder: {leftovers:?}");
}

#[test]
fn a_copy_goes_with_its_file() {
    let place = Place::new();
    full_sync(&place);
    read(&place.file);
    let beside = place.folder.path().join("other.c1z");
    std::fs::copy(&place.file, &beside).unwrap();
    read(&beside);
    assert_eq!(copies(place.folder.path()).len(), 2);

    // Not copies of anything, though named nearly so.
    let mine = [
        "notes.unpacked-0123456789abcdef.db",
        ".gone.c1z.unpacked-0123.db",
        ".gone.c1z.unpacked-0123456789abcdef.db.old",
    ];
    for name in mine {
        std::fs::write(place.folder.path().join(name), "mine").unwrap();
    }
    let folder = place.folder.path().join(".gone.c1z.unpacked-0123456789abcdef.db");
    std::fs::create_dir(&folder).unwrap();
    let gone = place.folder.path().join(".gone.c1z.unpacked-fedcba9876543210.db");
    std::fs::write(&gone, "").unwrap();

    std::fs::remove_file(&beside).unwrap();
    read(&place.file);
    assert!(!gone.exists() && folder.is_dir());
    assert!(mine.iter().all(|name| place.folder.path().join(name).exists()));
    let left = |name: &str| place.names().iter().filter(|n| n.starts_with(name)).count();
    assert_eq!((left(".other.c1z.unpacked-"), left(".sync.c1z.unpacked-")), (0, 1));

    // The command that does not find the file is the next one, too.
    std::fs::remove_file(&place.file).unwrap();
    let error = Reader::open_keeping(&place.file, None, &Policy::default(), ALWAYS)
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(left(".sync.c1z.unpacked-"), 0);
}

#[test]
fn a_new_file_in_its_place_takes_the_copy_of_the_old_one_away() {
    let place = Place::new();
    full_sync(&place);
    read(&place.file);
    full_sync(&place);
    assert!(copies(place.folder.path()).is_empty(), "gone when the sync was saved");
    read(&place.file);
    assert_eq!(copies(place.folder.path()).len(), 1);
}

#[test]
fn who_keeps_nothing_leaves_nothing() {
    let place = Place::new();
    full_sync(&place);
    drop(Reader::open_keeping(&place.file, None, &Policy::default(), Keep::Nothing).unwrap());
    assert_eq!(place.names(), ["sync.c1z"]);
}
