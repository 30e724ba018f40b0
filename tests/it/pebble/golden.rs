//! Files by the published SDK: their rows are those that the SDK itself answers.

use std::path::Path;

use baton_workato::baton::c1z::v3::{File, Ids};
use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::c1::storage::v3::{SyncRunRecord, SyncType};
use prost_types::Timestamp;
use serde_json::Value;

use super::tables::{self, NAMES, Table};

fn compare(name: &str, file: &File, golden: impl Fn(&str) -> Option<Table>) -> usize {
    let found = tables::of(file).unwrap();
    let mut rows = 0;
    for table in NAMES {
        let Some(wanted) = golden(table) else { continue };
        let found = &found[table];
        assert_eq!(found.columns, wanted.columns, "{name} {table}");
        for (found, wanted) in found.rows.iter().zip(&wanted.rows) {
            assert_eq!(found, wanted, "{name} {table}");
        }
        assert_eq!(found.rows.len(), wanted.rows.len(), "{name} {table}");
        rows += wanted.rows.len();
    }
    rows
}

/// What the SDK says of the sync against what the file says, in its row and in its manifest.
fn compare_run(name: &str, file: &File, folder: &Path) {
    let run = file.run().unwrap().unwrap();
    let text = std::fs::read_to_string(folder.join("sync_runs.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let text = |key: &str| golden[key].as_str().unwrap_or_default().to_owned();
    let time = |key: &str| golden[key].as_str().map(|at| at.parse::<Timestamp>().unwrap());
    let kind = run
        .r#type()
        .as_str_name()
        .trim_start_matches("SYNC_TYPE_")
        .to_lowercase();
    assert_eq!(
        (run.sync_id.clone(), kind, run.started_at, run.ended_at),
        (text("ID"), text("Type"), time("StartedAt"), time("EndedAt")),
        "{name}"
    );
    assert_eq!(
        (run.parent_sync_id.clone(), run.sync_token.clone()),
        (text("ParentSyncID"), text("SyncToken"))
    );
    assert_eq!(
        run.supports_diff,
        golden["SupportsDiff"].as_bool().unwrap_or_default(),
        "{name}"
    );
    let [summary] = &file.manifest().sync_runs[..] else {
        panic!("{name}: {:?}", file.manifest().sync_runs);
    };
    let of_run = |run: &SyncRunRecord| (run.sync_id.clone(), run.r#type, run.started_at, run.ended_at);
    let of_summary = (
        summary.sync_id.clone(),
        summary.r#type,
        summary.started_at,
        summary.ended_at,
    );
    assert_eq!(of_summary, of_run(&run), "{name}");
    assert_eq!(
        summary.stats,
        file.stats().unwrap(),
        "{name}: counts in the manifest and in the store"
    );
}

#[test]
fn a_file_with_one_of_everything_has_the_rows_that_the_sdk_answers() {
    let folder = tables::own().join("features");
    let file = tables::open(&tables::own().join("features.c1z")).unwrap();
    assert_eq!(
        compare("features", &file, |table| Some(tables::golden(&folder, table))),
        18
    );
    compare_run("features", &file, &folder);
    let run = file.run().unwrap().unwrap();
    assert_eq!(run.r#type(), SyncType::Partial);
    let mut assets = Vec::new();
    file.for_each_asset(&mut |asset| {
        assets.push((asset.external_id, asset.content_type, asset.data.len()));
        Ok(())
    })
    .unwrap();
    assert!(!assets.is_empty(), "{assets:?}");
}

#[test]
fn rows_of_a_sync_that_was_replaced_are_not_seen_though_they_lie_in_the_file() {
    let own = tables::own();
    let published = own.parent().unwrap().join("rbac-v2");
    let file = tables::open(&own.join("replaced.c1z")).unwrap();
    let rows = compare("replaced", &file, |table| {
        let folder = if matches!(table, "resource_types" | "expansions") {
            own.join("replaced")
        } else {
            published.clone()
        };
        Some(tables::golden(&folder, table))
    });
    assert!(rows > 900, "{rows}");
    compare_run("replaced", &file, &own.join("replaced"));
    let virtual_tables = file.store().version().tables().filter(|t| t.backing.is_some()).count();
    assert_eq!(virtual_tables, 1);
}

#[test]
fn every_golden_file_has_the_rows_that_the_sdk_answers() {
    let Some(folder) = tables::shared() else { return };
    let mut compared = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "c1z") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let golden_folder = folder.join(name);
        let file = tables::open(&path).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let rows = compare(name, &file, |table| Some(tables::golden(&golden_folder, table)));
        assert!(rows > 15, "{name}: {rows}");
        let is_old = name == "old-pebble2";
        assert_eq!(
            file.ids(),
            if is_old { Ids::External } else { Ids::Structured },
            "{name}"
        );
        if golden_folder.join("sync_runs.json").is_file() {
            compare_run(name, &file, &golden_folder);
        }
        compared += 1;
    }
    assert_eq!(compared, 17, "golden files");
}

#[test]
fn the_first_form_of_v3_is_refused_by_name() {
    let Some(folder) = tables::shared() else { return };
    let error = tables::open(&folder.join("unsupported/old-pebble.c1z")).err().unwrap();
    assert_eq!(error.kind(), Kind::Unimplemented, "{error:?}");
    assert!(error.to_string().contains("\"pebble\""), "{error}");
    assert!(
        error.hint_text().is_some_and(|hint| hint.contains("sync again")),
        "{error:?}"
    );
}

#[test]
fn a_v1_file_is_no_v3_file() {
    let v1 = tables::own().parent().unwrap().join("rbac-v2/published-connector.c1z");
    assert_eq!(tables::open(&v1).err().unwrap().kind(), Kind::DataLoss);
    assert_eq!(
        tables::open(Path::new("/no/such.c1z")).err().unwrap().kind(),
        Kind::NotFound
    );
}
