//! Tables for query engines, read by engines that are not ours: DuckDB and PyArrow say what `access` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::GrantFilter;
use baton_workato::report::Which;
use serde_json::Value;

use crate::support::program::program;
use crate::support::python::python;

/// A run of the program that goes well, and what it says.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = program().current_dir(folder).args(arguments).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {talk}");
    String::from_utf8(output.stdout).unwrap()
}

fn demo(folder: &Path, file: &str, seed: &str) {
    let shape = ["--people", "60", "--projects", "6", "--seed", seed, "--env", "all"];
    let words = [&["demo", "--log-level", "error", "-f", file][..], &shape].concat();
    run(folder, &words);
}

/// What two engines see.
fn ask(lake: &Path) -> Value {
    let output = python().arg("tests/it/lake/ask.py").arg(lake).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn rows(answer: &Value, key: &str) -> BTreeSet<Vec<String>> {
    let all: Vec<Vec<String>> = serde_json::from_value(answer[key].clone()).unwrap();
    let count = all.len();
    let rows = BTreeSet::from_iter(all);
    assert_eq!(rows.len(), count, "{key}: rows that are equal");
    rows
}

/// What `access` says of one file, as the rows of the engines.
fn access(folder: &Path, workspace: &str, condition: &str) -> BTreeSet<Vec<String>> {
    let file = format!("{workspace}.c1z");
    let output = program()
        .current_dir(folder)
        .args(["access", "-f", &file, "-o", "csv", "--fail-if", condition])
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(9),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let titles = reader.headers().unwrap().clone();
    let at = |title: &str| titles.iter().position(|known| known == title).unwrap();
    let wanted = [
        "principal_type",
        "principal_id",
        "entitlement_id",
        "reach",
        "reached_type",
        "reached_id",
    ];
    let record = |record: csv::StringRecord| {
        let said = wanted.map(|title| record[at(title)].to_owned());
        [&[workspace.to_owned()][..], &said].concat()
    };
    reader.records().map(|found| record(found.unwrap())).collect()
}

fn parts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(parts(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn two_engines_say_who_from_outside_is_an_admin_in_production_as_access_does() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let workspaces = ["north", "south"];
    for (workspace, seed) in workspaces.iter().zip(["3", "4"]) {
        let file = format!("{workspace}.c1z");
        demo(folder, &file, seed);
        // The second time it takes the place of the first.
        for _ in 0..2 {
            let told = run(folder, &["export", "-f", &file, "--format", "parquet", "--out", "lake"]);
            assert_eq!(told.lines().count(), 4, "{told}");
        }
    }
    let lake = folder.join("lake");
    let files = parts(&lake);
    assert_eq!(files.len(), 8, "{files:?}");
    #[cfg(unix)]
    for file in &files {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let answer = ask(&lake);
    let expected = |condition: &str| -> BTreeSet<Vec<String>> {
        let said = workspaces.iter().map(|workspace| access(folder, workspace, condition));
        said.flatten().collect()
    };
    let outside = expected("domain != northwind.example and environment = prod");
    assert!(outside.len() > 100, "{}", outside.len());
    assert_eq!(rows(&answer, "outside_duckdb"), outside);
    assert_eq!(rows(&answer, "outside_pyarrow"), outside);
    let expected = expected("domain != northwind.example and entitlement ~ admin and environment = prod");
    assert!(expected.len() > 1, "{expected:?}");
    assert_eq!(rows(&answer, "duckdb"), expected);
    assert_eq!(rows(&answer, "pyarrow"), expected);
    // What the program calls an admin is among what is called so.
    let admins = rows(&answer, "admins_duckdb");
    assert!(!admins.is_empty() && admins.is_subset(&expected));
    assert_eq!(rows(&answer, "admins_pyarrow"), admins);
    assert_eq!(answer["workspaces"], serde_json::json!(workspaces));

    // No row is missing: every grant of the files is one, and every resource and right.
    let mut counts = [0_u64; 3];
    for workspace in workspaces {
        let snapshot = Which::latest(&folder.join(format!("{workspace}.c1z"))).open().unwrap();
        let (reader, sync) = (snapshot.reader(), snapshot.sync_id());
        for count in reader.counts(sync).unwrap().values() {
            counts[0] += count.resources;
            counts[1] += count.entitlements;
        }
        counts[2] += reader.count_grants(sync, &GrantFilter::default()).unwrap();
    }
    assert_eq!(answer["counts"]["resources"][0], counts[0]);
    assert_eq!(answer["counts"]["entitlements"][0], counts[1]);
    assert_eq!(answer["reach_on"], counts[2]);
    assert_eq!(answer["without_way"], 0);
    assert!(answer["derived"].as_u64().unwrap() > 100);
    for table in ["resources", "entitlements", "grants", "findings"] {
        assert_eq!(answer["counts"][table][1], 2, "{table}: workspaces");
        assert_eq!(answer["metadata"][table]["baton-workato.schema-version"], "1");
        assert_eq!(answer["metadata"][table]["baton-workato.table"], table);
    }
    // The page says what the columns are.
    let page = std::fs::read_to_string(".github/docs/lakes.md").unwrap();
    for (table, columns) in answer["columns"].as_object().unwrap() {
        let (_, of_table) = page.split_once(&format!("\n## `{table}`\n")).unwrap();
        let of_table = of_table.split("\n## ").next().unwrap();
        for column in columns.as_array().unwrap() {
            let name = column.as_str().unwrap().split(' ').next().unwrap();
            let is_of_all = ["schema_version", "sync_id", "synced_at", "workspace", "date"].contains(&name);
            let page = if is_of_all { page.as_str() } else { of_table };
            assert!(page.contains(&format!("`{name}`")), "{table}.{name} stands on no page");
        }
    }
}

#[test]
fn a_name_that_means_harm_stays_in_the_folder_and_engines_read_it_back() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    demo(folder, "a.c1z", "1");
    let hostile = "../../out of/here=%2F'é";
    let words = [
        "export",
        "-f",
        "a.c1z",
        "--format",
        "parquet",
        "--out",
        "in/lake",
        "--workspace",
        hostile,
    ];
    run(folder, &words);
    let all = parts(folder);
    let lake = folder.join("in/lake");
    assert_eq!(all.len(), 5, "{all:?}");
    assert!(
        all.iter()
            .filter(|path| !path.ends_with("a.c1z"))
            .all(|path| path.starts_with(&lake))
    );
    let answer = ask(&lake);
    assert_eq!(answer["workspaces"], serde_json::json!([hostile]));
    assert_eq!(answer["metadata"]["grants"]["baton-workato.workspace"], hostile);
}

#[test]
fn what_a_sync_left_out_is_said_beside_its_rows() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    demo(folder, "a.c1z", "1");
    run(
        folder,
        &["export", "-f", "a.c1z", "--format", "parquet", "--out", "lake"],
    );
    let answer = ask(&folder.join("lake"));
    let expected: Value = serde_json::from_str(&run(folder, &["findings", "-f", "a.c1z", "-o", "json"])).unwrap();
    let unknown = expected["unknown"].as_array().map_or(0, Vec::len);
    assert_eq!(answer["gaps_of_sync"].as_array().unwrap().len(), unknown);
    let found: u64 = expected["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["total"].as_u64().unwrap())
        .sum();
    assert_eq!(answer["found"], found);
}

#[test]
fn a_fleet_becomes_a_lake_and_a_broken_workspace_is_named_and_counted() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    std::fs::create_dir(folder.join("files")).unwrap();
    for (name, seed) in [("north", "1"), ("south", "2"), ("west", "3")] {
        demo(folder, &format!("files/{name}.c1z"), seed);
    }
    let fleet = "folder: files\nworkspaces:\n- {name: north, token: {env: A}}\n- {name: south, token: {env: B}}\n\
                 - {name: east, token: {env: C}}\n- {name: west, token: {env: D}}\n";
    std::fs::write(folder.join("fleet.yaml"), fleet).unwrap();
    let export = || {
        let output = program()
            .current_dir(folder)
            .args(["fleet", "export", "--out", "lake", "-o", "json"])
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let told = told["workspaces"].as_array().unwrap().clone();
        let said: Vec<String> = told
            .iter()
            .map(|row| format!("{} {}", row["workspace"], row["status"]).replace('"', ""))
            .collect();
        (output.status.code().unwrap(), said, told)
    };
    // No token is needed, and none is there.
    let (code, said, told) = export();
    assert_eq!(
        said,
        ["north exported", "south exported", "east failed", "west exported"]
    );
    assert_eq!((code, told[2]["error"]["code"].as_str()), (5, Some("BW-0401")));
    let before = ask(&folder.join("lake"));
    assert_eq!(before["workspaces"], serde_json::json!(["north", "south", "west"]));
    let counted: u64 = told.iter().filter_map(|row| row["grants"].as_u64()).sum();
    assert_eq!(before["counts"]["grants"][0], counted);

    // What the lake has of one that breaks stays, and the others are written anew.
    std::fs::write(folder.join("files/south.c1z"), b"C1ZF\0damaged").unwrap();
    demo(folder, "files/north.c1z", "7");
    let (code, said, told) = export();
    assert_eq!(said, ["north exported", "south failed", "east failed", "west exported"]);
    assert_eq!(code, 15, "{told:?}");
    let after = ask(&folder.join("lake"));
    assert_eq!(after["workspaces"], before["workspaces"]);
    assert_ne!(after["counts"]["grants"], before["counts"]["grants"]);
    assert_eq!(parts(&folder.join("lake")).len(), 12);
}
