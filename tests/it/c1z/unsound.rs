//! A file whose database is damaged inside a sound frame: it is refused before anything is built upon it.

use baton_workato::baton::c1z::{Policy, Reader, Store, SyncType};
use baton_workato::baton::error::{Kind, Result};

use super::{Place, doctor, full_sync, names, number, pack, unpack};

/// Sets where an index begins, as a stray write would.
fn root(index: &str, page: &str) -> String {
    format!(
        "pragma writable_schema = on; update sqlite_schema set rootpage = {page} where name = '{index}'; \
         pragma writable_schema = off;"
    )
}

fn page_of(name: &str) -> String {
    format!("(select rootpage from sqlite_schema where name = '{name}')")
}

/// The file is refused with its name and a way out, and neither changed nor littered around.
fn assert_refused(place: &Place, what: &str) {
    let before = std::fs::read(&place.file).unwrap();
    let Err(error) = Store::open_with(&place.file, None, Policy::default()) else {
        panic!("{what} is accepted");
    };
    assert_eq!(error.kind(), Kind::DataLoss, "{what}: {error:?}");
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("failed to open {}: ", place.file.display())),
        "{text}"
    );
    let hint = error.hint_text().unwrap_or_default();
    assert!(
        hint.contains("another --file") && hint.contains("move"),
        "{what}: {hint}"
    );
    assert_eq!(std::fs::read(&place.file).unwrap(), before, "{what}");
    assert_eq!(place.names(), ["sync.c1z"], "{what}");
}

#[test]
fn an_index_that_begins_on_a_wrong_page_is_refused() {
    for index in [
        "idx_grants_sync_expansion_v1",
        "idx_grants_external_sync_v1",
        "idx_grants_principal_id_v1",
    ] {
        for page in [
            "0".to_owned(),
            "1".to_owned(),
            "-1".to_owned(),
            "99999".to_owned(),
            "(1 << 32) + 2".to_owned(),
            "null".to_owned(),
            "'two'".to_owned(),
            page_of("idx_resources_external_sync_v1"),
            page_of("v1_resources"),
            page_of("idx_grants_sync_needs_expansion_v1"),
        ] {
            let place = Place::new();
            full_sync(&place);
            doctor(&place.file, &root(index, &page));
            assert_refused(&place, &format!("{index} on {page}"));
        }
    }
}

#[test]
fn an_index_that_begins_on_a_page_nobody_uses_is_refused() {
    let place = Place::new();
    full_sync(&place);
    // Dropping another index leaves its page free.
    let page = number(
        &unpack(&place.file).db,
        "select rootpage from sqlite_schema where name = 'idx_assets_external_sync_v1'",
    );
    doctor(&place.file, "drop index idx_assets_external_sync_v1");
    doctor(&place.file, &root("idx_grants_sync_expansion_v1", &page.to_string()));
    assert_refused(&place, "a free page");
}

#[test]
fn a_page_that_is_overwritten_is_refused_wherever_it_lies() {
    let place = Place::new();
    full_sync(&place);
    let whole = unpack(&place.file).bytes;
    let pages = whole.len() / 4096;
    assert!(pages > 20);
    for page in 0..pages {
        let mut bytes = whole.clone();
        // Not the header of the file, whose damage has tests of its own.
        bytes[page * 4096 + if page == 0 { 100 } else { 0 }..][..64].fill(0xa5);
        let database = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(database.path(), &bytes).unwrap();
        pack(database.path(), &place.file);
        assert_refused(&place, &format!("page {page}"));
    }
}

#[test]
fn a_working_copy_that_cannot_be_read_back_does_not_replace_the_file() {
    let place = Place::new();
    full_sync(&place);
    let before = std::fs::read(&place.file).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut store = Store::open_with(&place.file, Some(elsewhere.path()), Policy::default()).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    store.finish_sync("{}").unwrap();
    // Behind its back: SQLite has the copy open and does not see it.
    let [copy] = &names(elsewhere.path())[..] else {
        panic!("one working copy");
    };
    let path = elsewhere.path().join(copy);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..164].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = store.save().unwrap_err();
    assert_eq!(error.kind(), Kind::DataLoss, "{error:?}");
    assert!(error.to_string().starts_with("failed to save "), "{error}");
    assert_eq!(std::fs::read(&place.file).unwrap(), before);
    assert_eq!(place.names(), ["sync.c1z"]);
}

/// The fuzz target `envelope` in small: whatever a few changed bytes do, the file is refused and left alone, or what is
/// saved over it can be opened.
#[test]
fn what_is_accepted_can_be_continued_and_opened_again() {
    let place = Place::new();
    full_sync(&place);
    let database = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(database.path(), unpack(&place.file).bytes).unwrap();
    let db = rusqlite::Connection::open(database.path()).unwrap();
    // Small pages, so that a changed byte is likely to mean something.
    db.execute_batch("pragma page_size = 512; vacuum").unwrap();
    db.close().unwrap();
    let whole = std::fs::read(database.path()).unwrap();

    let another = || -> Result<()> {
        let mut store = Store::open_with(&place.file, None, Policy::default())?;
        store.begin_sync(SyncType::Full)?;
        store.finish_sync("{}")?;
        store.save().map(drop)
    };
    let rounds = if std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some() {
        20_000
    } else {
        150
    };
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..rounds {
        let mut bytes = whole.clone();
        let mut changes = Vec::new();
        for _ in 0..=draw(3) {
            // The schema lies on the first pages, and there the damage is worst.
            let within = if draw(2) == 0 { bytes.len() } else { 16 * 512 };
            let (at, byte) = (draw(within), u8::try_from(draw(256)).unwrap());
            bytes[at] = byte;
            changes.push((at, byte));
        }
        std::fs::write(database.path(), &bytes).unwrap();
        pack(database.path(), &place.file);
        let before = std::fs::read(&place.file).unwrap();
        match another() {
            Ok(()) => {
                accepted += 1;
                let opened = Reader::open_with(&place.file, None, &Policy::default());
                assert!(opened.is_ok(), "{round}: {changes:?}: {:?}", opened.err());
            }
            Err(_) => {
                refused += 1;
                assert!(std::fs::read(&place.file).unwrap() == before, "{round}: {changes:?}");
            }
        }
        assert_eq!(place.names(), ["sync.c1z"], "{round}: {changes:?}");
    }
    eprintln!("{accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}
