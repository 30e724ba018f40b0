//! `baton/c1z/format.md 2.6 to 2.10, 4.1, 4.4, 6.1`: rows of sync runs, times, ids, stats, sessions.

use baton_workato::baton::c1z::{Reader, SyncRun, SyncType, is_sync_id, new_sync_id, timestamp};
use baton_workato::baton::error::Kind;
use jiff::civil::{DateTime, date};
use svix_ksuid::{Ksuid, KsuidLike as _};

use super::{Place, column, full_sync, number, put_small_workspace, unpack};

fn runs(place: &Place) -> Vec<SyncRun> {
    Reader::open(&place.file, None).unwrap().runs().unwrap()
}

#[test]
fn times_have_the_layout_of_the_contract() {
    let base = date(2026, 1, 2).at(3, 4, 5, 0);
    for (nanos, expected) in [
        (0, "2026-01-02 03:04:05"),
        (100_000_000, "2026-01-02 03:04:05.1"),
        (123_456_000, "2026-01-02 03:04:05.123456"),
        (6_000, "2026-01-02 03:04:05.000006"),
        (7, "2026-01-02 03:04:05.000000007"),
        (999_999_999, "2026-01-02 03:04:05.999999999"),
    ] {
        let at = base.with().subsec_nanosecond(nanos).build().unwrap();
        assert_eq!(timestamp::text(at), expected);
        assert!(timestamp::is_valid(expected), "{expected}");
    }
    for wrong in [
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-01-02 03:04:05.100",
        "2026-01-02 03:04:05.",
        "2026-01-02 03:04:05+00:00",
        "2026-13-02 03:04:05",
        "1767322800",
        "",
    ] {
        assert!(!timestamp::is_valid(wrong), "{wrong}");
    }
}

#[test]
fn later_times_are_greater_texts() {
    let base = date(2026, 1, 2).at(3, 4, 5, 0);
    let texts: Vec<String> = [0, 1, 10, 99, 100, 1_000_000, 100_000_000, 120_000_000, 999_999_999]
        .map(|nanos| timestamp::text(base.with().subsec_nanosecond(nanos).build().unwrap()))
        .to_vec();
    let mut sorted = texts.clone();
    sorted.sort();
    assert_eq!(texts, sorted);
}

#[test]
fn sync_ids_are_ksuids_of_second_resolution() {
    // Published vectors of the format.
    let mut bytes = [0u8; 20];
    assert_eq!(Ksuid::from_bytes(bytes).to_base62(), "000000000000000000000000000");
    bytes = [0xff; 20];
    assert_eq!(Ksuid::from_bytes(bytes).to_base62(), "aWgEPTl1tmebfsQzFP4bxwgy80V");
    let hex = "0669f7efb5a1cd34b5f99d1154fb6853345c9735";
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
    }
    let known = Ksuid::from_bytes(bytes);
    assert_eq!(known.to_base62(), "0ujtsYcgvSTl8PAuAdqWYSMnLOv");
    assert_eq!(known.timestamp_seconds(), 1_400_000_000 + 0x0669_f7ef);

    let before = jiff::Timestamp::now().as_second();
    let (one, two) = (new_sync_id(), new_sync_id());
    assert_ne!(one, two);
    for id in [&one, &two] {
        assert!(is_sync_id(id), "{id}");
        let at = Ksuid::from_base62(id).unwrap().timestamp_seconds();
        assert!((before..=before + 5).contains(&at), "{id} is of {at}");
    }
    for wrong in [
        "",
        "short",
        "aWgEPTl1tmebfsQzFP4bxwgy80W",
        "0ujtsYcgvSTl8PAuAdqWYSMnLO-",
    ] {
        assert!(!is_sync_id(wrong), "{wrong}");
    }
}

#[test]
fn a_sync_begins_open_and_empty() {
    let place = Place::new();
    let mut store = place.open();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    assert_eq!(store.sync_id(), Some(sync_id.as_str()));
    store.save().unwrap();
    let [run] = runs(&place).try_into().unwrap();
    assert!(timestamp::is_valid(&run.started_at));
    let expected = SyncRun {
        sync_id,
        started_at: run.started_at.clone(),
        ended_at: None,
        token: String::new(),
        sync_type: "full".to_owned(),
        parent_sync_id: String::new(),
        linked_sync_id: String::new(),
        supports_diff: false,
        grants_backfilled: true,
        stats: None,
    };
    assert_eq!(run, expected);
}

#[test]
fn a_finished_sync_has_end_token_flags_and_stats() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    put_small_workspace(&mut store);
    store.set_token("earlier").unwrap();
    store.mark_supports_diff().unwrap();
    store.finish_sync("{\"version\":1}").unwrap();
    store.save().unwrap();
    let [run] = runs(&place).try_into().unwrap();
    let ended = run.ended_at.unwrap();
    assert!(timestamp::is_valid(&ended) && ended > run.started_at);
    assert_eq!(run.token, "{\"version\":1}");
    assert!(run.supports_diff && run.grants_backfilled);
    assert_eq!(
        run.stats.unwrap(),
        "{\"resource_types\":2,\"resources\":4,\"entitlements\":2,\"grants\":3,\
         \"resources_by_resource_type\":{\"role\":2,\"user\":2},\
         \"grants_by_resource_type\":{\"role\":3},\"entitlements_by_resource_type\":{\"role\":2}}"
    );
    let db = unpack(&place.file).db;
    let verification = "select ingest_invariant_generation || ingest_invariant_coverage || ingest_invariant_mode \
                        from v1_sync_runs";
    assert_eq!(
        column(&db, verification),
        [""],
        "nothing was verified, nothing is claimed"
    );
}

#[test]
fn stats_leave_out_zeros_but_name_every_type() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::ResourcesOnly).unwrap();
    store.put_resource_types(&super::types()).unwrap();
    store.put_resources(&[super::role("a")]).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let stats = runs(&place).remove(0).stats.unwrap();
    assert_eq!(
        stats,
        "{\"resource_types\":2,\"resources\":1,\"resources_by_resource_type\":{\"role\":1,\"user\":0}}"
    );
}

#[test]
fn times_are_the_local_wall_clock() {
    let place = Place::new();
    full_sync(&place);
    let run = runs(&place).remove(0);
    let started: DateTime = run.started_at.parse().unwrap();
    let apart = jiff::Zoned::now().datetime().since(started).unwrap();
    assert!(apart.total(jiff::Unit::Minute).unwrap().abs() < 5.0, "{apart}");
}

/// The clock of the host went back, or another zone wrote before: the newest sync must still end last.
#[test]
fn the_newest_sync_ends_last_whatever_the_clock_says() {
    let place = Place::new();
    let old = full_sync(&place);
    super::doctor(
        &place.file,
        "update v1_sync_runs set ended_at = '2999-12-31 23:59:59.5'",
    );
    let new = full_sync(&place);
    let reader = Reader::open(&place.file, None).unwrap();
    assert_ne!(old, new);
    assert_eq!(reader.latest_full().unwrap().unwrap().sync_id, new);
}

#[test]
fn a_partial_sync_stands_on_the_latest_full_one() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Partial).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let full = full_sync(&place);
    let mut store = place.open();
    let partial = store.begin_sync(SyncType::Partial).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let reader = Reader::open(&place.file, None).unwrap();
    let parents: Vec<String> = reader.runs().unwrap().into_iter().map(|r| r.parent_sync_id).collect();
    assert_eq!(parents, [String::new(), String::new(), full.clone()]);
    assert_eq!(reader.latest_full().unwrap().unwrap().sync_id, full);
    assert_eq!(reader.latest_finished().unwrap().unwrap().sync_id, partial);
}

#[test]
fn halves_of_a_diff_are_not_begun_here() {
    let place = Place::new();
    for kind in [SyncType::PartialUpserts, SyncType::PartialDeletions] {
        assert_eq!(place.open().begin_sync(kind).unwrap_err().kind(), Kind::InvalidArgument);
    }
}

#[test]
fn an_unfinished_sync_is_taken_up_again() {
    let place = Place::new();
    let mut store = place.open();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    put_small_workspace(&mut store);
    store.session_set("directory", b"\0bytes").unwrap();
    store.set_token("half way").unwrap();
    store.save().unwrap();

    let mut store = place.open();
    let [run] = store.runs().unwrap().try_into().unwrap();
    assert_eq!(
        (run.sync_id.as_str(), run.token.as_str(), run.ended_at),
        (sync_id.as_str(), "half way", None)
    );
    store.bind_sync(&sync_id).unwrap();
    assert_eq!(store.session_get("directory").unwrap().unwrap(), b"\0bytes");
    assert_eq!(store.counts().unwrap()["role"].grants, 3);
    store.finish_sync("done").unwrap();
    store.save().unwrap();
    let [run] = runs(&place).try_into().unwrap();
    assert_eq!((run.token.as_str(), run.ended_at.is_some()), ("done", true));
}

#[test]
fn binding_needs_a_row_and_leaves_a_finished_one_ended() {
    let place = Place::new();
    let sync_id = full_sync(&place);
    let before = runs(&place).remove(0);
    let mut store = place.open();
    assert_eq!(
        store.bind_sync("0ujtsYcgvSTl8PAuAdqWYSMnLOv").unwrap_err().kind(),
        Kind::NotFound
    );
    store.bind_sync(&sync_id).unwrap();
    store.finish_sync("again").unwrap();
    store.save().unwrap();
    let after = runs(&place).remove(0);
    assert_eq!(after.ended_at, before.ended_at);
    assert_eq!(after.token, "again");
}

#[test]
fn session_bytes_live_as_long_as_the_sync() {
    let place = Place::new();
    let mut store = place.open();
    assert_eq!(store.session_get("k").unwrap_err().kind(), Kind::FailedPrecondition);
    store.begin_sync(SyncType::Full).unwrap();
    assert_eq!(store.session_get("k").unwrap(), None);
    store.session_set("k", b"one").unwrap();
    store.session_set("k", b"two").unwrap();
    store.session_set("other", b"").unwrap();
    assert_eq!(store.session_get("k").unwrap().unwrap(), b"two");
    assert_eq!(store.session_get("other").unwrap().unwrap(), b"");
    store.session_clear().unwrap();
    assert_eq!(store.session_get("k").unwrap(), None);
    store.session_set("k", b"three").unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    assert_eq!(
        number(&unpack(&place.file).db, "select count(*) from v1_connector_sessions"),
        0
    );
}
