//! No row means two things: what has one name is told apart by its environment, by what it lies in, by an e-mail
//! address, or by its id; and every row says the environment it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{Profile, ResourceBuilder, User, id, resource_type};
use baton_workato::report::export::{Format, Options, export};
use baton_workato::workato::conventions::CONVENTIONS;
use calamine::{Reader as _, Xlsx, open_workbook};
use serde_json::Value;

use super::hostile::hostile_file;
use super::{demo, golden, open, printed, program};
use crate::c1z::Place;

/// Files whose rows are looked at, and whether environments are in them.
fn files() -> Vec<PathBuf> {
    let shapes: [&[&str]; 4] = [
        &["--env", "all"],
        &["--env", "dev"],
        &["--legacy", "--env", "all"],
        &["--legacy", "--env", "prod"],
    ];
    shapes.map(|shape| demo(shape).to_owned()).to_vec()
}

fn account(kind: &str, key: &str, name: &str, email: &str) -> v2::Resource {
    let email = (!email.is_empty()).then(|| email.to_owned());
    let user = User {
        login: email.clone(),
        email,
        account_type: v2::user_trait::AccountType::Human,
        last_login: None,
    };
    ResourceBuilder::new(kind, key, name).user(user).build()
}

fn thing(kind: &str, key: &str, name: &str, environment: &str, parent: Option<(&str, &str)>) -> v2::Resource {
    let place = (!environment.is_empty()).then_some(environment);
    let profile = Profile::new().with("name", name).with("environment", place);
    let thing = ResourceBuilder::new(kind, key, name).profile(profile);
    match parent {
        Some((kind, key)) => thing.parent(id(kind, key)).build(),
        None => thing.build(),
    }
}

/// A workspace in which everything has the name of something else.
fn namesakes() -> Place {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let user = &[Trait::User];
    store
        .put_resource_types(&[
            resource_type("user", "User", user, vec![]),
            resource_type("bot", "User", user, vec![]),
            resource_type("role", "Role", &[Trait::Role], vec![]),
            resource_type("group", "Group", &[Trait::Group], vec![]),
            resource_type("project", "Project", &[], vec![]),
            resource_type("folder", "Folder", &[], vec![]),
        ])
        .unwrap();
    let long = "x".repeat(200);
    let people = [
        account("user", "1", "Ada", "ada@acme.com"),
        account("user", "2", "Ada", "ada@acme.io"),
        account("user", "3", "Ada", ""),
        account("user", "4", "Ada ", ""),
        account("user", "5", "Ada", "ada@acme.io"),
        account("bot", "1", "Ada", ""),
        account("user", "6", "Ada (id 3)", ""),
        account("user", "7", "", ""),
        account("bot", "7", "", ""),
    ];
    let things = [
        thing("project", "p1", "Billing", "dev", None),
        thing("project", "p2", "Billing", "dev", None),
        thing("project", "p3", "Billing", "prod", None),
        thing("project", "p4", "Billing", "", None),
        thing("project", "p5", "Billing (dev)", "dev", None),
        thing("project", "p6", "Billing (dev, id p1)", "dev", None),
        thing("project", "p7", "  Billing", "prod", None),
        thing("project", "p8", "dev tools", "dev", None),
        thing("project", "p9", "dev tools", "prod", None),
        thing("project", "p10", &format!("{long} one"), "dev", None),
        thing("project", "p11", &format!("{long} two"), "dev", None),
        thing("role", "r1", "Member (dev)", "dev", None),
        thing("role", "r2", "Member (dev)", "dev", None),
        thing("role", "r3", "Member (prod)", "prod", None),
        thing("group", "g1", "Ops", "", None),
        thing("group", "g2", "Ops", "", None),
        thing("group", "g3", "Ops\u{a0}", "", None),
        thing("folder", "f1", "Recipes", "", Some(("project", "p1"))),
        thing("folder", "f2", "Recipes", "", Some(("project", "p8"))),
        thing("folder", "f3", "Recipes", "", Some(("project", "p3"))),
        thing("folder", "f4", "Old", "", Some(("folder", "f1"))),
        thing("folder", "f5", "Old", "", Some(("folder", "f1"))),
    ];
    let mut entitlements = Vec::new();
    let mut grants = Vec::new();
    for on in &things {
        for (slug, name) in [("admin-1", "Admin"), ("admin-2", "Admin"), ("use", "Use")] {
            let text = format!("{name} of {}", on.display_name);
            let offer = EntitlementBuilder::new(on, slug, Purpose::Permission, &[]);
            entitlements.push(offer.named(text.clone(), text).build());
            let to = |who: &v2::Resource| GrantBuilder::new(on, slug, who.id.clone().unwrap()).build();
            grants.extend(people.iter().map(to));
        }
    }
    store.put_resources(&people).unwrap();
    store.put_resources(&things).unwrap();
    store.put_entitlements(&entitlements).unwrap();
    store.put_grants(grants).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    place
}

/// The rows of a table as keys and texts.
type Table = Vec<Vec<(String, String)>>;

/// Every table of an export in every format that has tables, by its file and sheet.
fn tables(file: &Path) -> BTreeMap<String, Table> {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = open(file);
    let options = Options {
        policy: &baton_workato::report::policy::Policy::default(),
        folder: folder.path(),
        formats: &[Format::Csv, Format::Xlsx, Format::Json, Format::Jsonl, Format::Sqlite],
        conventions: &CONVENTIONS,
        workspace: None,
        csv_bom: false,
        progress: &|_| {},
    };
    export(&snapshot, &options).unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut tables = BTreeMap::new();
    for name in ["access-review", "people", "resources", "entitlements"] {
        let mut csv = csv::Reader::from_path(path(&format!("{name}.csv"))).unwrap();
        let head = csv.headers().unwrap().clone();
        let of_record = |record: csv::StringRecord| {
            head.iter()
                .map(str::to_owned)
                .zip(record.iter().map(str::to_owned))
                .collect()
        };
        tables.insert(
            format!("{name}.csv"),
            csv.records().map(|r| of_record(r.unwrap())).collect(),
        );
        let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(path(&format!("{name}.json"))).unwrap()).unwrap();
        let of_object = |row: &Value| {
            let fields = row.as_object().unwrap().iter();
            fields
                .map(|(key, value)| (key.clone(), without_ids(value).to_string()))
                .collect()
        };
        tables.insert(format!("{name}.json"), rows.iter().map(of_object).collect());
        let lines = std::fs::read_to_string(path(&format!("{name}.jsonl"))).unwrap();
        let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        tables.insert(format!("{name}.jsonl"), rows.map(|row| of_object(&row)).collect());
        let db = rusqlite::Connection::open(path("access.sqlite")).unwrap();
        let mut statement = db
            .prepare(&format!("select * from {}", name.replace('-', "_")))
            .unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let of_row = |row: &rusqlite::Row<'_>| {
            let value = |at: usize| format!("{:?}", row.get_ref(at).unwrap());
            Ok(columns
                .iter()
                .cloned()
                .enumerate()
                .map(|(at, key)| (key, value(at)))
                .collect())
        };
        let rows = statement.query_map([], of_row).unwrap().map(Result::unwrap).collect();
        tables.insert(format!("{name}.sqlite"), rows);
    }
    let mut book: Xlsx<_> = open_workbook(path("access-review.xlsx")).unwrap();
    for sheet in book.sheet_names() {
        let range = book.worksheet_range(&sheet).unwrap();
        let mut rows = range.rows();
        let head: Vec<String> = rows.next().unwrap().iter().map(ToString::to_string).collect();
        let of_row = |row: &[calamine::Data]| head.iter().cloned().zip(row.iter().map(ToString::to_string)).collect();
        tables.insert(format!("{sheet}.xlsx"), rows.map(of_row).collect());
    }
    tables
}

/// A value without what is an id in it.
fn without_ids(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(without_ids).collect(),
        Value::Object(fields) => {
            let names = fields.iter().filter(|(key, _)| !is_id(key));
            Value::Object(names.map(|(key, value)| (key.clone(), without_ids(value))).collect())
        }
        other => other.clone(),
    }
}

/// Whether a column holds ids, or what is made of them.
fn is_id(column: &str) -> bool {
    let column = column.to_lowercase();
    column.ends_with("id") || column == "slug"
}

#[test]
fn no_two_rows_of_a_review_differ_by_ids_alone() {
    let (namesakes, hostile) = (namesakes(), hostile_file());
    let mut looked = files();
    looked.extend([
        namesakes.file.clone(),
        hostile.file.clone(),
        golden("legacy"),
        golden("rbac-v2"),
    ]);
    for file in looked {
        for (name, rows) in tables(&file) {
            let mut seen: BTreeSet<Vec<(String, String)>> = BTreeSet::new();
            for row in rows {
                let visible: Vec<(String, String)> = row.into_iter().filter(|(key, _)| !is_id(key)).collect();
                let shown = format!("{visible:?}");
                assert!(seen.insert(visible), "{} {name}: {shown:.600}", file.display());
            }
            // Nothing has changed in a file of one sync.
            assert!(!seen.is_empty() || name.starts_with("What changed"), "{name}");
        }
    }
}

#[test]
fn names_say_no_more_than_is_needed() {
    let place = namesakes();
    let tables = tables(&place.file);
    let column = |table: &str, key: &str| -> BTreeSet<String> {
        let rows = tables[table].iter().flatten();
        rows.filter(|(own, _)| own == key)
            .map(|(_, value)| value.clone())
            .collect()
    };
    let people = column("people.csv", "Person");
    for expected in [
        "Ada",
        "Ada (id 3)",
        "Ada (id 5)",
        "Ada  (id 4)",
        "Ada (id 3) (id 6)",
        "7 (id user:7)",
        "7 (id bot:7)",
    ] {
        assert!(people.contains(expected), "{expected}: {people:?}");
    }
    let resources = column("resources.csv", "Resource");
    for expected in [
        "Billing (id p1)",
        "Billing",
        "Member (dev) (id r1)",
        "Member (prod)",
        "dev tools",
        "Ops (id g1)",
        "Recipes (in Billing)",
        "Recipes (in dev tools)",
        "Old (id f4)",
    ] {
        assert!(resources.contains(expected), "{expected}: {resources:?}");
    }
    let rights = column("access-review.csv", "Entitlement");
    assert!(
        rights.contains("Admin of Billing (admin-1)") && rights.contains("Use of Billing"),
        "{rights:?}"
    );
    // Where every name is one thing's own, names are as they were typed.
    let demo = demo(&["--env", "all"]);
    let snapshot = open(demo);
    let typed = |kind: &str| -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut take = |resource: v2::Resource| {
            let (own, _) = baton_workato::baton::resource::key(&resource);
            if own == kind {
                names.insert(resource.display_name.clone());
            }
            Ok(())
        };
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut take)
            .unwrap();
        names
    };
    let told: BTreeSet<String> = self::tables(demo)["resources.json"]
        .iter()
        .filter(|row| row.contains(&("resourceType".to_owned(), "\"Project\"".to_owned())))
        .flat_map(|row| row.iter().filter(|(key, _)| key == "resource"))
        .map(|(_, value)| serde_json::from_str(value).unwrap())
        .collect();
    assert_eq!(told, typed("project"));
}

/// The records of a list as CSV.
fn records(args: &[&str], file: &Path) -> Vec<BTreeMap<String, String>> {
    let output = program()
        .args(args)
        .args(["-o", "csv", "-f"])
        .arg(file)
        .output()
        .unwrap();
    let mut csv = csv::Reader::from_reader(output.stdout.as_slice());
    csv.deserialize().map(Result::unwrap).collect()
}

/// The environment of each resource, by type and id, found without the program: from its profile, from its id, from
/// what it lies in, or from what all roles of the file say.
fn environments(file: &Path) -> BTreeMap<(String, String), String> {
    let document: Value = serde_json::from_str(&printed(&["resources", "-o", "json"], file)).unwrap();
    let rows = document["resources"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let key = |id: &Value| (text(&id["resourceType"]), text(&id["resource"]));
    let all: BTreeMap<(String, String), &Value> = rows
        .iter()
        .map(|row| (key(&row["resource"]["id"]), &row["resource"]))
        .collect();
    let roles: BTreeSet<String> = all
        .iter()
        .filter(|((kind, _), _)| kind == "role" || kind == "environment_role")
        .map(|(_, row)| text(&row["profile"]["environment"]))
        .collect();
    let only = (roles.len() == 1).then(|| roles.first().unwrap().clone());
    let mut found = BTreeMap::new();
    for (own, row) in &all {
        let mut at = *row;
        while at["profile"]["environment"].is_null() && !at["parentResourceId"].is_null() {
            at = all[&key(&at["parentResourceId"])];
        }
        let mut environment = text(&at["profile"]["environment"]);
        if environment.is_empty() && own.0 == "privilege" {
            environment = only.clone().expect("privileges of one environment");
        }
        found.insert(own.clone(), environment);
    }
    found
}

#[test]
fn every_row_of_a_list_names_its_environment() {
    for file in files() {
        let expected = environments(&file);
        let of = |kind: &str, id: &str| expected[&(kind.to_owned(), id.to_owned())].clone();
        let everywhere = [
            "collaborator",
            "collaborator_group",
            "project_role",
            "api_client_role",
            "identity_user",
            "identity_group",
        ];
        for ((kind, id), environment) in &expected {
            assert_eq!(
                environment.is_empty(),
                everywhere.contains(&kind.as_str()),
                "{kind}:{id} of {}",
                file.display()
            );
        }
        for command in ["resources", "principals"] {
            for row in records(&[command], &file) {
                assert_eq!(row["environment"], of(&row["resource_type_id"], &row["id"]), "{row:?}");
            }
        }
        for row in records(&["entitlements"], &file) {
            assert_eq!(
                row["environment"],
                of(&row["resource_type_id"], &row["resource_id"]),
                "{row:?}"
            );
        }
        let of_grant = |on: (&str, &str), to: (&str, &str)| {
            let resource = of(on.0, on.1);
            if resource.is_empty() { of(to.0, to.1) } else { resource }
        };
        for row in records(&["grants"], &file) {
            let on = (row["resource_type_id"].as_str(), row["resource_id"].as_str());
            let to = (row["principal_type_id"].as_str(), row["principal_id"].as_str());
            assert_eq!(row["environment"], of_grant(on, to), "{row:?}");
        }
        for row in records(&["access", "--fail-if", "status = disabled or status = enabled"], &file) {
            let on = (row["resource_type"].as_str(), row["resource_id"].as_str());
            let to = (row["principal_type"].as_str(), row["principal_id"].as_str());
            assert_eq!(row["environment"], of_grant(on, to), "{row:?}");
        }
        // The table and the JSON say the same.
        for command in ["resources", "entitlements", "grants"] {
            let lines = printed(&[command, "-o", "jsonl"], &file);
            let flat = records(&[command], &file);
            assert_eq!(lines.lines().count(), flat.len());
            for (line, row) in lines.lines().zip(&flat) {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(
                    line["environment"].as_str().unwrap_or_default(),
                    row["environment"],
                    "{command}"
                );
            }
            let table = printed(&[command], &file);
            let head = table.lines().next().unwrap();
            let at = head.find(" ENV ").unwrap_or_else(|| panic!("{command}: {head}")) + 1;
            let said = table.lines().skip(1).filter(|line| {
                let from = line.char_indices().nth(at).map_or(line.len(), |(at, _)| at);
                line[from..].starts_with("dev") || line[from..].starts_with("prod") || line[from..].starts_with("test")
            });
            assert!(said.count() > flat.len() / 4, "{command}");
        }
    }
}

#[test]
fn what_somebody_reaches_names_its_environment_in_json() {
    let file = demo(&["--env", "all"]);
    let answer: Value = serde_json::from_str(&printed(&["access", "Ada Lindqvist", "-o", "json"], file)).unwrap();
    let expected = environments(file);
    let mut named = BTreeSet::new();
    for one in answer["access"].as_array().unwrap() {
        let id = &one["resource"]["id"];
        let key = ["resourceType", "resource"].map(|part| id[part].as_str().unwrap().to_owned());
        let environment = one["environment"].as_str().unwrap_or_default();
        assert_eq!(environment, expected[&key.into()], "{one}");
        named.insert(environment.to_owned());
    }
    assert!(
        ["dev", "test", "prod"].iter().all(|own| named.contains(*own)),
        "{named:?}"
    );
}

#[test]
fn a_condition_can_ask_for_the_environment() {
    let file = demo(&["--env", "all"]);
    let held = |condition: &str| -> BTreeMap<String, String> {
        let args = ["access", "--fail-if", condition, "-o", "csv"];
        let output = program().args(args).arg("-f").arg(file).output().unwrap();
        assert_eq!(output.status.code(), Some(9), "{condition}");
        let mut csv = csv::Reader::from_reader(output.stdout.as_slice());
        let rows = csv.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
        let key = |row: &BTreeMap<String, String>| format!("{}:{}", row["entitlement_id"], row["principal_id"]);
        rows.map(|row| (key(&row), row["environment"].clone())).collect()
    };
    let all = held("direct or derived");
    for environment in ["dev", "test", "prod", "PROD"] {
        let expected: BTreeMap<_, _> = all
            .iter()
            .filter(|(_, own)| **own == environment.to_lowercase())
            .map(|(key, own)| (key.clone(), own.clone()))
            .collect();
        assert!(expected.len() > 50);
        assert_eq!(held(&format!("environment = {environment}")), expected, "{environment}");
    }
    let outside = held("environment != prod");
    assert!(outside.values().all(|own| own != "prod") && outside.values().any(String::is_empty));
    let clients = held("account = service and reach = on and environment in (test, prod)");
    let mut by_type: BTreeMap<&str, usize> = BTreeMap::new();
    for key in clients.keys() {
        *by_type.entry(key.split(':').next().unwrap()).or_default() += 1;
    }
    assert_eq!(
        by_type,
        [("api_client_role", 5), ("api_collection", 7)].into(),
        "{clients:?}"
    );
    // What a scope leads to is in an environment too.
    let scopes = held("reach = scope and environment in (test, prod)");
    assert_eq!(scopes.len(), 5, "{scopes:?}");
}
