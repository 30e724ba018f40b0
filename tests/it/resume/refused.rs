//! Unfinished syncs that are not taken up again, and that this is said.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use baton_workato::baton::c1z::timestamp;
use baton_workato::baton::error::Kind;
use rusqlite::Connection;

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
    doctor(&place, &begun(6));
    assert_eq!(reason(&place, &workspace).await, None);
    let (place, workspace) = stopped().await;
    doctor(&place, &begun(8));
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
        doctor(&place, &format!("update v1_sync_runs set sync_token = '{token}'"));
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
    assert!(why.contains("cannot be parsed"), "{why}");
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
