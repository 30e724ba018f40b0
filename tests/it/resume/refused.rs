//! Unfinished syncs that are not taken up again, and that this is said.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use baton_workato::baton::c1z::timestamp;
use baton_workato::baton::error::Kind;
use rusqlite::Connection;
use twox_hash::XxHash64;

use super::workspace::{Stop, Workspace};
use super::{Place, content};

async fn stopped() -> (Place, Arc<Workspace>) {
    let place = Place::new();
    let workspace = Workspace::new(4);
    workspace.stop_at(14, Stop::Fail(Kind::Unavailable));
    place.sync(&workspace).await.unwrap_err();
    assert_eq!(place.names(), ["sync.c1z.partial"]);
    workspace.go_on();
    (place, workspace)
}

fn doctor(place: &Place, sql: &str) {
    let db = Connection::open(place.partial()).unwrap();
    db.execute_batch(sql).unwrap();
    db.close().unwrap();
}

/// As [`doctor`], by a program that knows how the row of a sync is summed up.
fn rewrite(place: &Place, sql: &str) {
    doctor(place, sql);
    let db = Connection::open(place.partial()).unwrap();
    let row = "select sync_id, started_at, sync_type, sync_token from v1_sync_runs";
    let [id, begun, kind, token]: [String; 4] = db
        .query_row(row, [], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
        .unwrap();
    let mut bytes = 6_u64.to_le_bytes().to_vec();
    for text in [begun, kind, token] {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    let sum = XxHash64::oneshot(XxHash64::oneshot(0, id.as_bytes()), &bytes);
    let changed = db.execute("update tally set sum = ?1 where part = 6", [sum.cast_signed()]);
    assert_eq!(changed.unwrap(), 1);
    db.close().unwrap();
}

/// Why the next run does not resume. Its rows are right all the same.
async fn reason(place: &Place, workspace: &Arc<Workspace>) -> Option<String> {
    let before = workspace.answers();
    let summary = place.sync(workspace).await.unwrap();
    assert_eq!(place.names(), ["sync.c1z"]);
    let other = Place::new();
    let same = Workspace::new(4);
    other.sync(&same).await.unwrap();
    assert_eq!(content(place.file()), content(other.file()));
    if summary.started_fresh_because.is_some() {
        assert!(summary.resumed.is_none());
        assert_eq!(workspace.answers() - before, same.answers(), "everything was asked");
    } else {
        assert!(summary.resumed.is_some());
        assert!(workspace.answers() - before < same.answers());
    }
    summary.started_fresh_because
}

#[tokio::test]
async fn other_settings_are_another_sync() {
    let (place, workspace) = stopped().await;
    *workspace.settings.lock().unwrap() = "less".to_owned();
    assert_eq!(reason(&place, &workspace).await.unwrap(), "the settings changed (what)");

    let (mut place, workspace) = stopped().await;
    place.options.resource_types = vec!["team".to_owned(), "user".to_owned()];
    assert_eq!(
        reason(&place, &workspace).await,
        None,
        "the same types in another order"
    );

    let (mut place, workspace) = stopped().await;
    place.options.resource_types = vec!["team".to_owned()];
    let summary = place.sync(&workspace).await.unwrap();
    assert_eq!(
        summary.started_fresh_because.unwrap(),
        "the settings changed (resource types)"
    );

    let (mut place, workspace) = stopped().await;
    place.options.skip_entitlements_and_grants = true;
    let summary = place.sync(&workspace).await.unwrap();
    assert_eq!(
        summary.started_fresh_because.unwrap(),
        "the settings changed (kind of sync)"
    );
    assert_eq!(summary.sync_type, "resources_only");
}

#[tokio::test]
async fn fresh_means_fresh() {
    let (mut place, workspace) = stopped().await;
    place.options.fresh = true;
    assert_eq!(reason(&place, &workspace).await.unwrap(), "--fresh was given");
    let summary = place.sync(&workspace).await.unwrap();
    assert_eq!(summary.started_fresh_because, None, "there was nothing to leave");
}

#[tokio::test]
async fn a_week_is_the_limit() {
    let begun = |days: i64| {
        let then = jiff::Zoned::now()
            .datetime()
            .checked_sub(jiff::ToSpan::days(days))
            .unwrap();
        format!("update v1_sync_runs set started_at = '{}'", timestamp::text(then))
    };
    let (place, workspace) = stopped().await;
    rewrite(&place, &begun(6));
    assert_eq!(reason(&place, &workspace).await, None);
    let (place, workspace) = stopped().await;
    rewrite(&place, &begun(8));
    let why = reason(&place, &workspace).await.unwrap();
    assert!(why.starts_with("it was begun more than 7 days ago (20"), "{why}");
}

#[tokio::test]
async fn a_checkpoint_that_is_not_understood_is_not_guessed_at() {
    for (token, expected) in [
        ("", "its checkpoint cannot be understood"),
        ("{}", "its checkpoint cannot be understood"),
        ("{\"version\":7}", "its checkpoint has version 7, not 1"),
        (
            "{\"actions\":[{\"operation\":\"list-grants\"}],\"version\":1}",
            "its checkpoint cannot be understood",
        ),
    ] {
        let (place, workspace) = stopped().await;
        rewrite(&place, &format!("update v1_sync_runs set sync_token = '{token}'"));
        let why = reason(&place, &workspace).await.unwrap();
        assert!(why.starts_with(expected), "{token}: {why}");
    }
}

#[tokio::test]
async fn what_another_program_wrote_is_not_trusted() {
    for sql in [
        "pragma user_version = 3",
        "pragma application_id = 7",
        "create table more (x)",
        "create trigger t after insert on pages begin select 1; end",
        "drop index idx_sync_runs_sync_id_v1",
    ] {
        let (place, workspace) = stopped().await;
        doctor(&place, sql);
        let why = reason(&place, &workspace).await.unwrap();
        assert_eq!(why, "another version of this program wrote it", "{sql}");
    }
    let (place, workspace) = stopped().await;
    doctor(&place, "delete from v1_sync_runs");
    assert_eq!(
        reason(&place, &workspace).await.unwrap(),
        "it holds 0 syncs instead of one"
    );
}

#[tokio::test]
async fn damage_is_found_before_it_is_built_upon() {
    let break_it = |path: &Path, how: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        match how {
            0 => bytes[..64].fill(0xff),
            1 => bytes.truncate(bytes.len() / 2),
            2 => {
                // Into the second page; the first has room in its middle that nothing is in.
                let middle = 16384 + 8;
                bytes[middle..middle + 2048].fill(0xa5);
            }
            _ => bytes = b"not a database at all, just some text".repeat(300),
        }
        std::fs::write(path, bytes).unwrap();
    };
    for how in 0..4 {
        let (place, workspace) = stopped().await;
        break_it(&place.partial(), how);
        let why = reason(&place, &workspace).await.unwrap();
        assert!(why.starts_with("it is damaged ("), "{how}: {why}");
    }
    // A page that SQLite is happy with.
    let (place, workspace) = stopped().await;
    doctor(&place, "update pages set rows = x'05ffffffffff' where section = 1");
    let why = reason(&place, &workspace).await.unwrap();
    assert!(why.contains("is not as it was written"), "{why}");
}

#[tokio::test]
async fn an_empty_file_is_nothing() {
    let place = Place::new();
    std::fs::write(place.partial(), "").unwrap();
    let summary = place.sync(&Workspace::new(2)).await.unwrap();
    assert_eq!((summary.resumed, summary.started_fresh_because), (None, None));
    assert_eq!(place.names(), ["sync.c1z"]);
}

/// Written through, a link would change or give away whatever it points to.
#[tokio::test]
async fn links_are_not_followed() {
    for name in ["sync.c1z.partial", "sync.c1z.partial.lock"] {
        let place = Place::new();
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(elsewhere.path(), "precious").unwrap();
        symlink(elsewhere.path(), place.folder.path().join(name)).unwrap();
        let error = place.sync(&Workspace::new(2)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unknown, "{error}");
        assert!(error.to_string().contains("is not a file of its own"), "{error}");
        assert_eq!(std::fs::read_to_string(elsewhere.path()).unwrap(), "precious");
    }
}

/// Another user; only an administrator can give files away.
fn given_away(path: &Path) -> bool {
    std::os::unix::fs::chown(path, Some(12_345), None).is_ok()
}

/// What is written into the lock would be written into the other file.
#[tokio::test]
async fn a_lock_that_is_another_file_too_is_refused() {
    let place = Place::new();
    let precious = place.folder.path().join("precious");
    std::fs::write(&precious, "precious").unwrap();
    std::fs::hard_link(&precious, place.folder.path().join("sync.c1z.partial.lock")).unwrap();
    let workspace = Workspace::new(2);
    let error = place.sync(&workspace).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown, "{error}");
    assert!(error.to_string().contains("more than one hard link"), "{error}");
    assert!(error.hint_text().unwrap().contains("remove it"));
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
    assert_eq!(workspace.answers(), 0);
}

/// A lock that nobody holds is left over, whoever left it; nothing is written into it.
#[tokio::test]
async fn a_lock_of_another_user_is_not_written_to() {
    let place = Place::new();
    let lock = place.folder.path().join("sync.c1z.partial.lock");
    std::fs::write(&lock, "theirs").unwrap();
    let held = std::fs::File::open(&lock).unwrap();
    if given_away(&lock) {
        place.sync(&Workspace::new(2)).await.unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut &held, &mut text).unwrap();
        assert_eq!(text, "theirs");
        assert_eq!(place.names(), ["sync.c1z"]);
    }
}

/// The log is a part of the sync: whoever owns it decides what is read.
#[tokio::test]
async fn what_is_not_ours_alone_is_not_gone_on_with() {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let (place, workspace) = stopped().await;
        let beside = place.folder.path().join(format!("sync.c1z.partial{suffix}"));
        if !suffix.is_empty() {
            std::fs::write(&beside, "theirs").unwrap();
        }
        if given_away(&beside) {
            let why = reason(&place, &workspace).await.unwrap();
            assert!(why.contains("belongs to another user"), "{suffix}: {why}");
        }
    }
    for suffix in ["", "-wal"] {
        let (place, workspace) = stopped().await;
        let beside = place.folder.path().join(format!("sync.c1z.partial{suffix}"));
        let elsewhere = tempfile::tempdir().unwrap();
        let precious = elsewhere.path().join("precious");
        if suffix.is_empty() {
            std::fs::copy(&beside, &precious).unwrap();
            std::fs::remove_file(&beside).unwrap();
        } else {
            std::fs::write(&precious, "precious").unwrap();
        }
        let bytes = std::fs::read(&precious).unwrap();
        std::fs::hard_link(&precious, &beside).unwrap();
        let why = reason(&place, &workspace).await.unwrap();
        assert!(why.contains("more than one hard link"), "{suffix}: {why}");
        assert_eq!(std::fs::read(&precious).unwrap(), bytes);
    }
}

/// Everything would be read first, and then could not be sealed.
#[tokio::test]
async fn a_damaged_target_is_refused_before_the_first_request() {
    let place = Place::new();
    place.sync(&Workspace::new(2)).await.unwrap();
    let raw = std::fs::read(place.file()).unwrap();
    let database = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(database.path(), zstd::decode_all(&raw[5..]).unwrap()).unwrap();
    let db = Connection::open(database.path()).unwrap();
    db.execute_batch(
        "pragma writable_schema = on; update sqlite_schema set rootpage = (select rootpage from sqlite_schema \
         where name = 'v1_resources') where name = 'idx_grants_sync_expansion_v1'",
    )
    .unwrap();
    db.close().unwrap();
    let damaged = std::fs::read(database.path()).unwrap();
    let damaged = [b"C1ZF\0", &zstd::encode_all(damaged.as_slice(), 1).unwrap()[..]].concat();
    std::fs::write(place.file(), &damaged).unwrap();

    let workspace = Workspace::new(2);
    let error = place.sync(&workspace).await.unwrap_err();
    assert_eq!(error.kind(), Kind::DataLoss, "{error:?}");
    assert!(error.hint_text().unwrap().contains("another --file"), "{error:?}");
    assert_eq!(workspace.answers(), 0);
    assert_eq!(std::fs::read(place.file()).unwrap(), damaged);
    assert_eq!(place.names(), ["sync.c1z"]);
}
