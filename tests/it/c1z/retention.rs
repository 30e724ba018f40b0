//! `baton/c1z/format.md 4.5`: what a file keeps.

use baton_workato::baton::c1z::{Policy, Reader, Store, SyncType};

use super::{Place, column, full_sync, number, put_small_workspace, unpack};

fn sync(place: &Place, kind: SyncType) -> String {
    sync_with(place, kind, Policy::default())
}

fn sync_with(place: &Place, kind: SyncType, policy: Policy) -> String {
    let mut store = Store::open_with(&place.file, None, policy).unwrap();
    let sync_id = store.begin_sync(kind).unwrap();
    put_small_workspace(&mut store);
    store.finish_sync("").unwrap();
    store.save().unwrap();
    sync_id
}

fn kept(place: &Place) -> Vec<String> {
    let reader = Reader::open(&place.file, None).unwrap();
    reader.runs().unwrap().into_iter().map(|r| r.sync_id).collect()
}

#[test]
fn two_full_syncs_stay_the_new_one_included() {
    let place = Place::new();
    let ids: Vec<String> = (0..4).map(|_| full_sync(&place)).collect();
    assert_eq!(kept(&place), ids[2..]);
    let db = unpack(&place.file).db;
    for table in ["v1_resource_types", "v1_resources", "v1_entitlements", "v1_grants"] {
        let mut in_table = column(&db, &format!("select distinct sync_id from {table}"));
        in_table.sort();
        let mut expected = ids[2..].to_vec();
        expected.sort();
        assert_eq!(in_table, expected, "{table}");
    }
    assert_eq!(number(&db, "pragma freelist_count"), 0, "holes were closed");
    let reader = Reader::open(&place.file, None).unwrap();
    assert!(reader.verify(&ids[3]).unwrap().is_empty());
}

#[test]
fn deleted_rows_leave_no_bytes_behind() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    store.put_resources(&[super::role("a-name-that-must-vanish")]).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    full_sync(&place);
    full_sync(&place);
    let bytes = unpack(&place.file).bytes;
    let needle = b"a-name-that-must-vanish";
    assert!(!bytes.windows(needle.len()).any(|w| w == needle));
}

#[test]
fn the_environment_decides_how_many() {
    let place = Place::new();
    let keep = |keep, skip_cleanup| Policy {
        keep,
        skip_cleanup,
        ..Policy::default()
    };
    let mut ids: Vec<String> = (0..4)
        .map(|_| sync_with(&place, SyncType::Full, keep(2, true)))
        .collect();
    assert_eq!(kept(&place), ids, "skipped");
    ids.push(sync_with(&place, SyncType::Full, keep(3, false)));
    assert_eq!(kept(&place), ids[2..], "three");
    ids.push(sync_with(&place, SyncType::Full, keep(1, false)));
    assert_eq!(kept(&place), ids[5..], "one: the new one");
}

#[test]
fn unfinished_syncs_are_never_deleted() {
    let place = Place::new();
    let mut store = place.open();
    let unfinished = store.begin_sync(SyncType::Full).unwrap();
    store.save().unwrap();
    let ids: Vec<String> = (0..3).map(|_| full_sync(&place)).collect();
    assert_eq!(kept(&place), [unfinished, ids[1].clone(), ids[2].clone()]);
}

#[test]
fn a_partial_sync_ages_out_with_the_full_one_it_precedes() {
    let place = Place::new();
    let early = sync(&place, SyncType::Partial);
    let types_only = sync(&place, SyncType::ResourcesOnly);
    let first = full_sync(&place);
    let late = sync(&place, SyncType::Partial);
    let second = full_sync(&place);
    assert_eq!(
        kept(&place),
        [&early, &types_only, &first, &late, &second].map(String::clone),
        "nothing in excess"
    );
    let third = full_sync(&place);
    // `first` goes, and with it what ended before it began; `late` ended after that.
    assert_eq!(kept(&place), [late, second, third]);
}

#[test]
fn a_partial_sync_displaces_no_full_one() {
    let place = Place::new();
    let ids = [
        full_sync(&place),
        full_sync(&place),
        sync(&place, SyncType::Partial),
        sync(&place, SyncType::ResourcesOnly),
    ];
    assert_eq!(kept(&place), ids);
}

#[test]
fn of_the_diffs_the_newest_pair_stays() {
    let place = Place::new();
    full_sync(&place);
    let mut sql = String::new();
    for (id, kind, linked) in [
        ("d1", "partial_upserts", "d2"),
        ("d2", "partial_deletions", "d1"),
        ("d3", "partial_upserts", "d4"),
        ("d4", "partial_deletions", "d3"),
    ] {
        sql.push_str(&format!(
            "insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token, sync_type, linked_sync_id, \
             grants_backfilled) values ('{id}', '2026-01-01 00:00:00', '2026-01-01 00:00:01', '', '{kind}', \
             '{linked}', 1);"
        ));
    }
    super::doctor(&place.file, &sql);
    full_sync(&place);
    let diffs: Vec<String> = kept(&place)
        .into_iter()
        .filter(|id| id.starts_with('d') && id.len() == 2)
        .collect();
    assert_eq!(diffs, ["d3", "d4"]);
}

#[test]
fn room_can_be_made_before_the_rows_come() {
    let place = Place::new();
    full_sync(&place);
    let second = full_sync(&place);
    let mut store = place.open();
    let third = store.begin_sync(SyncType::Full).unwrap();
    store.make_room().unwrap();
    let kept_now: Vec<String> = store.runs().unwrap().into_iter().map(|r| r.sync_id).collect();
    assert_eq!(kept_now, [second.clone(), third.clone()]);
    put_small_workspace(&mut store);
    store.mark_supports_diff().unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    assert_eq!(kept(&place), [second, third.clone()]);
    assert!(
        Reader::open(&place.file, None)
            .unwrap()
            .verify(&third)
            .unwrap()
            .is_empty()
    );
    assert_eq!(place.names(), ["sync.c1z"], "no working copy is left");
}
