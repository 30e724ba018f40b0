//! The check of a whole file: nothing in what the SDK wrote, and everything that was tampered with under right checksums.

use baton_workato::baton::c1z::Limits;
use baton_workato::baton::c1z::v3::{File, Finding};
use baton_workato::baton::error::Error;
use baton_workato::baton::pebble::{Files as _, Memory, Store, StoreWriter};
use baton_workato::baton::proto::c1::storage::v3::{GrantRecord, SyncStatsRecord};
use prost::Message as _;

use super::parts::{self, Parts};
use super::tables;

pub type Row = (Vec<u8>, Vec<u8>);

fn findings(file: &File) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    file.check(None, &mut |finding| {
        findings.push(finding);
        Ok(())
    })?;
    Ok(findings)
}

/// A published file with other rows: a sound store under right checksums.
fn with_rows(change: impl FnOnce(&mut Vec<Row>)) -> File {
    parts::open(file_with_rows(change), &Limits::default()).unwrap()
}

/// As [`with_rows`], before it is opened.
pub fn file_with_rows(change: impl FnOnce(&mut Vec<Row>)) -> Vec<u8> {
    of_rows(&std::fs::read(tables::own().join("replaced.c1z")).unwrap(), change)
}

/// A file of frames with other rows.
fn of_rows(published: &[u8], change: impl FnOnce(&mut Vec<Row>)) -> Vec<u8> {
    let mut parts = Parts::of(published);
    let files = parts
        .files
        .iter()
        .map(|(name, content)| (name.clone(), content.clone().into()));
    let store = Store::open(files.collect::<Memory>()).unwrap();
    let mut cursor = store.scan(b"", None).unwrap();
    let mut rows = Vec::new();
    while cursor.advance().unwrap() {
        rows.push((cursor.key().to_vec(), cursor.value().unwrap().to_vec()));
    }
    change(&mut rows);
    rows.sort();
    let mut writer = StoreWriter::new(Memory::default());
    let mut lane = writer.lane();
    for (key, value) in &rows {
        writer.add(&mut lane, key, value).unwrap();
    }
    writer.end(lane).unwrap();
    let written = writer.finish().unwrap();
    let names = written.names().unwrap().into_iter();
    parts.files = names
        .map(|name| (name.clone(), written.get(&name).unwrap().to_vec()))
        .collect();
    parts.indexed_with_hashes()
}

fn first(rows: &mut [Row], start: &[u8]) -> usize {
    rows.iter().position(|(key, _)| key.starts_with(start)).unwrap()
}

#[test]
fn nothing_is_found_in_what_the_sdk_wrote() {
    for name in ["features", "replaced"] {
        let file = tables::open(&tables::own().join(format!("{name}.c1z"))).unwrap();
        assert_eq!(findings(&file).unwrap(), [], "{name}");
    }
    assert_eq!(findings(&with_rows(|_| ())).unwrap(), []);
    let Some(folder) = tables::shared() else { return };
    for name in [
        "legacy",
        "bulk",
        "small-batches",
        "deleted",
        "unfinished",
        "expanded",
        "layers",
        "folded",
        "exported",
        "old-pebble2",
        "rbac-v2-tar",
        "rbac-v2-tarzstd",
    ] {
        let file = tables::open(&folder.join(format!("{name}.c1z"))).unwrap();
        assert_eq!(findings(&file).unwrap(), [], "{name}");
    }
}

#[test]
fn rows_that_do_not_agree_with_each_other_are_found() {
    type Change = fn(&mut Vec<Row>);
    let changes: [(&str, Change); 8] = [
        ("the row is missing", |rows| {
            let at = first(rows, b"\x03\x07\x04\0");
            rows.remove(at);
        }),
        ("the row is missing", |rows| {
            let at = first(rows, b"\x03\x07\x05\0");
            rows.remove(at);
        }),
        ("no record makes this row", |rows| {
            rows.push((b"\x03\x07\x04\0user\x001\0role\x007\x001\0has".to_vec(), Vec::new()));
        }),
        // A grant that is gone, with its indexes left behind.
        ("no record makes this row", |rows| {
            let at = first(rows, b"\x03\x04\0");
            rows.remove(at);
        }),
        ("its value is not what the records make", |rows| {
            let at = first(rows, b"\x03\x07\x08\0");
            rows[at].1[3] ^= 1;
        }),
        ("its value is not what the records make", |rows| {
            let at = first(rows, b"\x03\x0a\x08\0");
            rows[at].1[3] ^= 1;
        }),
        ("its key is not that of what it holds", |rows| {
            let at = first(rows, b"\x03\x04\0");
            let mut grant = GrantRecord::decode(rows[at].1.as_slice()).unwrap();
            grant.principal.as_mut().unwrap().resource_id = "someone else".to_owned();
            rows[at].1 = grant.encode_to_vec();
        }),
        ("they are not those of the rows", |rows| {
            let at = first(rows, b"\x03\xffstats\0");
            let mut stats = SyncStatsRecord::decode(rows[at].1.as_slice()).unwrap();
            stats.grants += 1;
            rows[at].1 = stats.encode_to_vec();
        }),
    ];
    for (number, (what, change)) in changes.into_iter().enumerate() {
        let found = findings(&with_rows(change)).unwrap();
        assert!(found.iter().any(|f| f.what == what), "{number} {what}: {found:?}");
    }
}

#[test]
fn an_index_that_is_said_to_have_gaps_is_not_blamed_for_them_and_not_used() {
    let file = with_rows(|rows| {
        rows.retain(|(key, _)| !key.starts_with(b"\x03\x07\x04\0"));
        rows.push((b"\x03\xffdeferred_grant_idx_pending".to_vec(), Vec::new()));
    });
    let found: Vec<String> = findings(&file).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].ends_with("it announces gaps, and the sync is finished"),
        "{found:?}"
    );
    let mut grants = 0;
    let mut first_principal = None;
    file.for_each_bare_grant(baton_workato::baton::c1z::v3::Grants::All, &mut |grant| {
        let id = grant.grant.principal.unwrap().id.unwrap();
        first_principal.get_or_insert((id.resource_type, id.resource));
        Ok(())
    })
    .unwrap();
    let (kind, id) = first_principal.unwrap();
    file.for_each_bare_grant(baton_workato::baton::c1z::v3::Grants::To(&kind, &id), &mut |_| {
        grants += 1;
        Ok(())
    })
    .unwrap();
    assert!(grants > 0);
}

#[test]
fn a_file_that_nobody_reads_is_looked_at_too() {
    let published = std::fs::read(tables::own().join("replaced.c1z")).unwrap();
    let parts = Parts::of(&published);
    // Its hash in the index is of something else.
    let file = parts::open(parts.indexed(), &Limits::default()).unwrap();
    let found = findings(&file).unwrap();
    assert_eq!(found.len(), parts.files.len(), "{found:?}");
    assert!(found.iter().all(|f| f.what.contains("SHA-256")), "{found:?}");
}

/// Rules that a row can break under its right key and right checksums.
#[test]
fn a_row_that_says_what_none_may_say_is_found() {
    use baton_workato::baton::annotation;
    use baton_workato::baton::proto::c1::storage::v3::{GrantExpandableRecord, GrantSourceRecord, SyncRunRecord};
    use baton_workato::baton::proto::v2;

    type Change<M> = fn(&mut M);
    fn found<M: prost::Message + Default>(start: &[u8], change: Change<M>) -> Vec<String> {
        let file = with_rows(|rows| {
            let at = first(rows, start);
            let mut row = M::decode(rows[at].1.as_slice()).unwrap();
            change(&mut row);
            rows[at].1 = row.encode_to_vec();
        });
        findings(&file).unwrap().iter().map(ToString::to_string).collect()
    }
    let runs: [(Change<SyncRunRecord>, &str); 5] = [
        (|run| run.sync_id = "x".to_owned(), "is not a KSUID"),
        (|run| run.started_at = None, "when it started"),
        (
            |run| run.ended_at.as_mut().unwrap().seconds = 1,
            "ended before it started",
        ),
        (|run| run.r#type = 77, "type is unknown"),
        (|run| run.parent_sync_id = run.sync_id.clone(), "is not partial"),
    ];
    for (change, what) in runs {
        let found = found(b"\x03\x06", change);
        assert!(
            found
                .iter()
                .any(|line| line.starts_with("sync: ") && line.contains(what)),
            "{what}: {found:?}"
        );
    }
    let grants: [(Change<GrantRecord>, &str); 4] = [
        (
            |grant| (grant.expansion, grant.needs_expansion) = (None, true),
            "passes nothing on",
        ),
        (
            |grant| grant.expansion = Some(GrantExpandableRecord::default()),
            "expands over nothing",
        ),
        (
            |grant| {
                grant
                    .annotations
                    .push(annotation::pack(&v2::GrantExpandable::default()))
            },
            "still among its annotations",
        ),
        (
            |grant| {
                let source = GrantSourceRecord {
                    resource_id: "1".to_owned(),
                    is_direct: true,
                    ..GrantSourceRecord::default()
                };
                grant.sources.insert("x".to_owned(), source);
            },
            "retired",
        ),
    ];
    for (change, what) in grants {
        let found = found(b"\x03\x04\0", change);
        assert!(
            found
                .iter()
                .any(|line| line.starts_with("grant ") && line.contains(what)),
            "{what}: {found:?}"
        );
    }
}

#[test]
fn a_manifest_that_names_no_sync_or_another_version_and_missing_counts_are_found() {
    let published = std::fs::read(tables::own().join("replaced.c1z")).unwrap();
    let mut parts = Parts::of(&published);
    parts.manifest.sync_runs.clear();
    parts.manifest.engine_schema_version += 1;
    let file = parts::open(parts.indexed_with_hashes(), &Limits::default()).unwrap();
    let found: Vec<String> = findings(&file).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "manifest: it does not name the sync of the store",
            "manifest: it names another version of the format than the store"
        ]
    );
    let without = with_rows(|rows| rows.retain(|(key, _)| !key.starts_with(b"\x03\xffstats")));
    let found: Vec<String> = findings(&without).unwrap().iter().map(ToString::to_string).collect();
    assert!(
        found.contains(&"counts: a finished sync has none".to_owned()),
        "{found:?}"
    );
}

/// Rows that nobody asks for, or that say what they say in another way.
#[test]
fn keys_encodings_and_owners_that_no_writer_writes_are_found() {
    use baton_workato::baton::proto::c1::storage::v3::{AssetRecord, EntitlementRecord, SessionRecord};

    fn append(rows: &mut [Row], start: &[u8], bytes: &[u8]) {
        let at = first(rows, start);
        rows[at].1.extend_from_slice(bytes);
    }
    type Change = fn(&mut Vec<Row>);
    let changes: [(&str, Change); 10] = [
        ("no row has such a key", |rows| {
            rows.push((b"\x03\xffnews".to_vec(), Vec::new()))
        }),
        ("no row has such a key", |rows| {
            rows.push((b"\x03\x08\0x".to_vec(), Vec::new()))
        }),
        ("it is of an index that its engine does not have", |rows| {
            rows.push((b"\x03\x07\x02\0x".to_vec(), Vec::new()));
        }),
        ("it has fields that are not known: ResourceRecord.100", |rows| {
            append(rows, b"\x03\x02\0", b"\xa0\x06\x01");
        }),
        ("it is not encoded as its writers encode it", |rows| {
            append(rows, b"\x03\x02\0", b"\x2a\0")
        }),
        ("it is not encoded as its writers encode it", |rows| {
            append(rows, b"\x03\x04\0", b"\x38\0")
        }),
        ("it does not say when it was discovered", |rows| {
            let at = first(rows, b"\x03\x03\0");
            let mut row = EntitlementRecord::decode(rows[at].1.as_slice()).unwrap();
            row.discovered_at = None;
            rows[at].1 = row.encode_to_vec();
        }),
        ("it has a time outside of 1970 to 9999", |rows| {
            let at = first(rows, b"\x03\x03\0");
            let mut row = EntitlementRecord::decode(rows[at].1.as_slice()).unwrap();
            row.discovered_at.as_mut().unwrap().nanos = -1;
            rows[at].1 = row.encode_to_vec();
        }),
        ("it belongs to another sync", |rows| {
            let row = SessionRecord {
                sync_id: "x".to_owned(),
                key: "y".to_owned(),
                value: Vec::new(),
            };
            rows.push((b"\x03\x09\0x\0y".to_vec(), row.encode_to_vec()));
        }),
        ("it belongs to another sync", |rows| {
            let row = AssetRecord {
                external_id: "icon".to_owned(),
                ..AssetRecord::default()
            };
            rows.push((b"\x03\x05\0icon".to_vec(), row.encode_to_vec()));
        }),
    ];
    for (number, (what, change)) in changes.into_iter().enumerate() {
        let found = findings(&with_rows(change)).unwrap();
        assert!(found.iter().any(|f| f.what == what), "{number} {what}: {found:?}");
    }
}

#[test]
fn what_a_manifest_says_besides_is_compared_too() {
    use baton_workato::baton::proto::c1::c1z::v3::C1zManifestV3;

    let published = std::fs::read(tables::own().join("replaced.c1z")).unwrap();
    type Change = fn(&mut C1zManifestV3);
    let changes: [(&str, Change); 6] = [
        ("it says something else of the sync than the store", |manifest| {
            manifest.sync_runs[0].parent_sync_id = "x".to_owned();
        }),
        ("its counts are not those of the store", |manifest| {
            manifest.sync_runs[0].stats = None
        }),
        (
            "it has settings of the engine, or a list of records, which no writer gives it",
            |manifest| manifest.engine_config = Some(prost_types::Any::default()),
        ),
        (
            "it says that ids are kept in another way than its engine keeps them",
            |manifest| {
                manifest.pebble_id_index_format = 1;
            },
        ),
        ("it counts dead bytes below zero", |manifest| {
            manifest.fold_dead_bytes = -1
        }),
        ("its descriptors are not a sorted set of files", |manifest| {
            manifest.descriptors.as_mut().unwrap().file.reverse();
        }),
    ];
    for (what, change) in changes {
        let mut parts = Parts::of(&published);
        change(&mut parts.manifest);
        let file = parts::open(parts.indexed_with_hashes(), &Limits::default()).unwrap();
        let found: Vec<String> = findings(&file).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, [format!("manifest: {what}")]);
    }
}

/// A row that is missing in an index of an older file would be access that nobody sees.
#[test]
fn indexes_of_older_files_are_compared_both_ways() {
    let Some(folder) = tables::shared() else { return };
    let published = std::fs::read(folder.join("old-pebble2.c1z")).unwrap();
    for (index, what) in [
        (3, "the row is missing"),
        (4, "the row is missing"),
        (7, "no record makes this row"),
    ] {
        let file = of_rows(&published, |rows| {
            let at = first(rows, &[3, 7, index, 0]);
            match what {
                "the row is missing" => drop(rows.remove(at)),
                _ => {
                    let longer = [&rows[at].0[..], b"x"].concat();
                    rows.push((longer, Vec::new()));
                }
            }
        });
        let found = findings(&parts::open(file, &Limits::default()).unwrap()).unwrap();
        assert!(found.iter().any(|f| f.what == what), "{index} {what}: {found:?}");
    }
}

/// What an older file counts is compared with its rows, and what its records say is looked at, their encoding apart.
#[test]
fn counts_and_records_of_older_files_are_looked_at() {
    use baton_workato::baton::proto::c1::storage::v3::{ResourceRecord, SyncStatsRecord};

    let Some(folder) = tables::shared() else { return };
    let published = std::fs::read(folder.join("old-pebble2.c1z")).unwrap();
    const STATS: &[u8] = b"\x03\xffstats\0";
    type Change = fn(&mut Vec<Row>);
    let changes: [(Option<&str>, Change); 5] = [
        (None, |_| {}),
        (Some("they are not those of the rows"), |rows| {
            let at = first(rows, STATS);
            let mut stats = SyncStatsRecord::decode(&rows[at].1[..]).unwrap();
            *stats.resources_by_resource_type.values_mut().next().unwrap() += 1;
            rows[at].1 = stats.encode_to_vec();
        }),
        (Some("it has a time outside of 1970 to 9999"), |rows| {
            let at = first(rows, &[3, 2, 0]);
            let mut row = ResourceRecord::decode(&rows[at].1[..]).unwrap();
            row.discovered_at.as_mut().unwrap().seconds = -1;
            rows[at].1 = row.encode_to_vec();
        }),
        (Some("it has fields that are not known: ResourceRecord.99"), |rows| {
            let at = first(rows, &[3, 2, 0]);
            rows[at].1.extend_from_slice(&[0x98, 6, 1]);
        }),
        // The same message, otherwise encoded.
        (None, |rows| {
            let at = first(rows, &[3, 2, 0]);
            let row = ResourceRecord::decode(&rows[at].1[..]).unwrap();
            let (name, mut rest) = (row.display_name.clone(), row);
            rest.display_name.clear();
            rows[at].1 = rest.encode_to_vec();
            let only = ResourceRecord {
                display_name: name,
                ..ResourceRecord::default()
            };
            rows[at].1.extend(only.encode_to_vec());
        }),
    ];
    for (number, (what, change)) in changes.into_iter().enumerate() {
        let file = of_rows(&published, change);
        let found = findings(&parts::open(file, &Limits::default()).unwrap()).unwrap();
        let told: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        // Counts stand in the manifest once more.
        let told: Vec<&str> = told
            .into_iter()
            .filter(|what| !what.ends_with("of the store"))
            .collect();
        assert_eq!(told, what.into_iter().collect::<Vec<_>>(), "{number}");
    }
}
