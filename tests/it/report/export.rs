//! Exports, opened by readers that are not ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use baton_workato::baton::c1z::GrantFilter;
use baton_workato::report::access::Answers;
use baton_workato::report::export::{Format, Options, Written, export};
use baton_workato::report::{Snapshot, find};
use baton_workato::workato::conventions::CONVENTIONS;
use calamine::{Data, Reader as _, Xlsx, open_workbook};
use serde_json::Value;

use super::hostile::{harms_a_terminal, hostile_file, names};
use super::{demo, open};

fn write(snapshot: &Snapshot, folder: &Path, formats: &[Format]) -> Vec<Written> {
    let options = Options {
        policy: &baton_workato::report::policy::Policy::default(),
        folder,
        formats,
        conventions: &CONVENTIONS,
        workspace: None,
        csv_bom: false,
        progress: &|_| {},
    };
    export(snapshot, &options).unwrap()
}

/// What every table must hold: one row per account and grant.
fn expected(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let answers = Answers::new(snapshot).unwrap();
    let mut rows = BTreeMap::new();
    let users = find::user_types(snapshot).unwrap();
    snapshot
        .reader()
        .for_each_grant(snapshot.sync_id(), &mut |row| {
            let principal = row.grant.principal.clone().unwrap().id.unwrap();
            if users.contains(&principal.resource_type) {
                let name = answers
                    .names()
                    .thing(&principal.resource_type, &principal.resource)?
                    .name;
                rows.insert(row.grant.id.clone(), name);
            }
            Ok(())
        })
        .unwrap();
    rows
}

/// As `assert_eq`, but names only what differs.
fn assert_same(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) {
    let differ = |(id, name): &(&String, &String), other: &BTreeMap<String, String>| other.get(*id) != Some(name);
    let surplus: Vec<_> = found.iter().filter(|row| differ(row, expected)).take(5).collect();
    let missing: Vec<_> = expected.iter().filter(|row| differ(row, found)).take(5).collect();
    assert!(
        surplus.is_empty() && missing.is_empty(),
        "surplus: {surplus:?}\nmissing: {missing:?}"
    );
}

#[test]
fn every_format_tells_the_same_rows() {
    let snapshot = open(demo(&["--env", "all"]));
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("deep/inside");
    let formats = [
        Format::Csv,
        Format::Xlsx,
        Format::Json,
        Format::Jsonl,
        Format::Sqlite,
        Format::Dot,
    ];
    let written = write(&snapshot, &folder, &formats);
    let expected = expected(&snapshot);
    assert!(expected.len() > 1000);

    // CSV
    let mut reader = csv::Reader::from_path(folder.join("access-review.csv")).unwrap();
    let titles = reader.headers().unwrap().clone();
    let at = |title: &str| titles.iter().position(|t| t == title).unwrap();
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        assert!(!record[at("Path")].is_empty());
        let person = &record[at("Person")];
        assert!(!person.starts_with(['=', '+', '-', '@']), "{person} would be a formula");
        let name = person.strip_prefix('\'').unwrap_or(person);
        // A scope is no grant.
        if &record[at("Reach")] == "scope" {
            assert_eq!(&record[at("Grant id")], "");
            continue;
        }
        rows.insert(record[at("Grant id")].to_owned(), name.to_owned());
    }
    assert_same(&rows, &expected);

    // JSON and JSON lines
    let whole: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("access-review.json")).unwrap()).unwrap();
    let lines = std::fs::read_to_string(folder.join("access-review.jsonl")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(whole, lines);
    let (scopes, whole): (Vec<Value>, Vec<Value>) = whole.into_iter().partition(|row| row["reach"] == "scope");
    assert!(
        !scopes.is_empty()
            && scopes
                .iter()
                .all(|row| row["grantId"].is_null() && row["direct"] == true)
    );
    let from_json: BTreeMap<String, String> = whole
        .iter()
        .map(|row| {
            (
                row["grantId"].as_str().unwrap().to_owned(),
                row["person"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_same(&from_json, &expected);
    for row in &whole {
        let path = row["path"][0].as_array().unwrap();
        assert_eq!(path.last().unwrap()["id"], row["entitlementId"]);
        assert_eq!(path.len() == 1, row["direct"].as_bool().unwrap());
    }

    // XLSX
    let mut book: Xlsx<_> = open_workbook(folder.join("access-review.xlsx")).unwrap();
    assert_eq!(
        book.sheet_names(),
        ["Access review", "People", "Resources", "Entitlements", "What changed"]
    );
    let sheet = book.worksheet_range("Access review").unwrap();
    let header: Vec<String> = sheet.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let at = |title: &str| header.iter().position(|t| t == title).unwrap();
    let from_sheet: BTreeMap<String, String> = sheet
        .rows()
        .skip(1)
        .filter(|row| row[at("Reach")] != Data::String("scope".to_owned()))
        .map(|row| (row[at("Grant id")].to_string(), row[at("Person")].to_string()))
        .collect();
    assert_same(&from_sheet, &expected);
    assert!(
        sheet
            .rows()
            .skip(1)
            .any(|row| matches!(row[at("Last activity")], Data::DateTime(_)))
    );
    assert!(book.worksheet_formula("Access review").unwrap().is_empty());

    // SQLite
    let db = rusqlite::Connection::open(folder.join("access.sqlite")).unwrap();
    let mut statement = db
        .prepare("select grantId, person from access_review where reach <> 'scope'")
        .unwrap();
    let from_db: BTreeMap<String, String> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_same(&from_db, &expected);

    let moderators = whole.iter().filter(|row| row["moderator"] == true).count();
    assert!(moderators > 0 && moderators < whole.len());

    // People, whatever they hold.
    let people: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("people.json")).unwrap()).unwrap();
    let total: u64 = people.iter().map(|p| p["access"].as_u64().unwrap()).sum();
    assert_eq!(total, expected.len() as u64);

    for file in &written {
        assert_eq!(
            std::fs::metadata(&file.path).unwrap().len(),
            file.bytes,
            "{}",
            file.path.display()
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file.path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.path.display());
        }
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, written.len(), "nothing else is left in the folder");
}

#[test]
fn two_exports_of_one_sync_are_equal() {
    let snapshot = open(demo(&["--env", "all"]));
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let formats = [Format::Csv, Format::Json, Format::Jsonl, Format::Dot];
    let first = write(&snapshot, one.path(), &formats);
    let second = write(&snapshot, two.path(), &formats);
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(
            std::fs::read(&a.path).unwrap(),
            std::fs::read(&b.path).unwrap(),
            "{}",
            a.path.display()
        );
    }
}

#[test]
fn the_graph_names_every_direct_holder() {
    let snapshot = open(demo(&["--env", "all"]));
    let place = tempfile::tempdir().unwrap();
    write(&snapshot, place.path(), &[Format::Dot]);
    let graph = std::fs::read_to_string(place.path().join("access.dot")).unwrap();
    assert!(graph.starts_with("digraph access {\n") && graph.ends_with("}\n"));
    let answers = Answers::new(&snapshot).unwrap();
    let mut principals = BTreeMap::new();
    answers
        .for_each_if(&GrantFilter::default(), &mut |_| Ok(true), &mut |access| {
            let node = format!("\"{}:{}\"", access.principal.kind, access.principal.id);
            *principals.entry(node).or_insert(false) |= access.direct;
            Ok(())
        })
        .unwrap();
    for (node, holds_directly) in principals {
        assert_eq!(graph.contains(&format!("  {node} -> ")), holds_directly, "{node}");
    }
}

#[test]
fn an_unknown_format_is_an_error_that_lists_the_known() {
    let error = "pdf".parse::<Format>().unwrap_err();
    assert_eq!(error.kind().exit_code(), 2);
    assert!(error.hint_text().unwrap().contains("xlsx"));
}

#[test]
fn names_of_strangers_harm_no_format() {
    let place = hostile_file();
    let snapshot = open(&place.file);
    let folder = tempfile::tempdir().unwrap();
    // Those that every build writes; the tables of the other have tests of their own.
    let formats: Vec<Format> = Format::ALL
        .into_iter()
        .filter(|format| *format != Format::Parquet)
        .collect();
    write(&snapshot, folder.path(), &formats);
    let names: BTreeSet<String> = names().into_iter().collect();

    let text = std::fs::read_to_string(folder.path().join("access-review.csv")).unwrap();
    assert!(!text.chars().any(|c| c != '\n' && harms_a_terminal(c)));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for record in reader.records() {
        for field in &record.unwrap() {
            assert!(!field.starts_with(['=', '+', '-', '@']), "{field:.40}");
        }
    }

    let graph = std::fs::read_to_string(folder.path().join("access.dot")).unwrap();
    assert!(!graph.chars().any(|c| c != '\n' && harms_a_terminal(c)));
    for line in graph.lines().filter(|line| line.starts_with("  \"")) {
        let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert!(quotes % 2 == 0 && quotes > 0, "{line:.120}");
    }

    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(!page.contains("<script>alert"));

    let mut book: Xlsx<_> = open_workbook(folder.path().join("access-review.xlsx")).unwrap();
    assert!(book.worksheet_formula("Access review").unwrap().is_empty());
    assert!(book.worksheet_range("People").unwrap().rows().count() > names.len());

    // Data for programs is what was typed.
    let people: Vec<Value> =
        serde_json::from_slice(&std::fs::read(folder.path().join("people.json")).unwrap()).unwrap();
    let told: BTreeSet<String> = people
        .iter()
        .map(|p| p["person"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, names);
    let db = rusqlite::Connection::open(folder.path().join("access.sqlite")).unwrap();
    let mut statement = db.prepare("select person from people").unwrap();
    let kept: BTreeSet<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(kept, names);
}

#[test]
fn a_file_that_names_no_accounts_is_reviewed_all_the_same() {
    use baton_workato::baton::c1z::SyncType;
    use baton_workato::baton::grant::GrantBuilder;
    use baton_workato::baton::resource::{ResourceBuilder, id, resource_type};
    let place = crate::c1z::Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    store
        .put_resource_types(&["user", "role"].map(|id| resource_type(id, id, &[], Vec::new())))
        .unwrap();
    let role = ResourceBuilder::new("role", "admin", "Admin").build();
    let people = ["ada", "bob"].map(|name| ResourceBuilder::new("user", name, name).build());
    store
        .put_resources(&[&people[..], std::slice::from_ref(&role)].concat())
        .unwrap();
    store.put_entitlements(&[crate::c1z::entitlement(&role)]).unwrap();
    store
        .put_grants(vec![GrantBuilder::new(&role, "has", id("user", "ada")).build()])
        .unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();

    let folder = tempfile::tempdir().unwrap();
    write(&open(&place.file), folder.path(), &[Format::Json]);
    let review: Vec<Value> =
        serde_json::from_slice(&std::fs::read(folder.path().join("access-review.json")).unwrap()).unwrap();
    assert_eq!(review.len(), 1);
    assert_eq!(
        (&review[0]["person"], &review[0]["resource"]),
        (&"ada".into(), &"Admin".into())
    );
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_how_one_with_it_is_made() {
    let place = tempfile::tempdir().unwrap();
    let snapshot = open(demo(&["--env", "all"]));
    let options = Options {
        policy: &baton_workato::report::policy::Policy::default(),
        folder: &place.path().join("lake"),
        formats: &[Format::Csv, Format::Parquet],
        conventions: &CONVENTIONS,
        csv_bom: false,
        workspace: None,
        progress: &|_| {},
    };
    let error = export(&snapshot, &options).unwrap_err();
    assert_eq!(error.kind().exit_code(), 12);
    assert!(error.hint_text().unwrap().contains("feature parquet"), "{error}");
    // Neither of the formats was begun.
    assert!(!place.path().join("lake").exists());
}
