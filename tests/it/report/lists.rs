//! Lists, through the real program: the rows of the file, all of them, in every form.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use baton_workato::baton::json::Form;
use serde_json::{Map, Value, json};

use super::{demo, golden, open, printed, refused};
use crate::c1z::older::old_file;
use crate::c1z::{Place, doctor, full_sync};
use crate::support::rows::{EntitlementRow, GrantRow, ResourceRow, Rows};

/// Every command that lists rows, with the key of its JSON document.
pub const LISTS: [(&str, &str); 6] = [
    ("resource-types", "resourceTypes"),
    ("resources", "resources"),
    ("entitlements", "entitlements"),
    ("grants", "grants"),
    ("principals", "resources"),
    ("syncs", "syncs"),
];

fn document(args: &[&str], file: &std::path::Path) -> Value {
    let args = [args, &["--output", "json"]].concat();
    serde_json::from_str(&printed(&args, file)).unwrap()
}

fn rows(args: &[&str], key: &str, file: &std::path::Path) -> Vec<Value> {
    let mut document = document(args, file);
    let Value::Array(rows) = document[key].take() else {
        panic!("{args:?}: no {key}")
    };
    rows
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `type:id`.
fn id(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        id => format!("{}:{}", text(&id["resourceType"]), text(&id["resource"])),
    }
}

/// Annotations in the layout of the golden rows.
fn annotations(value: &Value) -> Vec<Value> {
    let list = value.as_array().cloned().unwrap_or_default();
    let short = |annotation: Value| {
        let Value::Object(mut fields) = annotation else {
            panic!("{annotation}")
        };
        let name = fields.remove("@type").unwrap();
        let name = text(&name).rsplit('.').next().unwrap().to_owned();
        fields.insert("@".to_owned(), name.into());
        Value::Object(fields)
    };
    list.into_iter().map(short).collect()
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!({}) } else { value.clone() }
}

#[test]
fn json_of_published_files_is_the_golden_rows() {
    for name in ["legacy", "rbac-v2"] {
        let (file, expected) = (golden(name), Rows::golden(name));
        let mut listed = Rows::default();
        for row in rows(&["resources"], "resources", &file) {
            let own = &row["resource"];
            assert_eq!(row["resourceType"]["id"], own["id"]["resourceType"]);
            assert_eq!(row["parent"]["id"], own["parentResourceId"], "{row}");
            let resource = ResourceRow {
                display_name: text(&own["displayName"]),
                parent: id(&own["parentResourceId"]),
                annotations: annotations(&own["annotations"]),
                profile: or_empty(&own["profile"]),
            };
            listed.resources.insert(id(&own["id"]), resource);
        }
        for row in rows(&["entitlements"], "entitlements", &file) {
            let own = &row["entitlement"];
            assert_eq!(row["resource"]["id"], own["resource"]["id"]);
            assert_eq!(row["resourceType"]["id"], own["resource"]["id"]["resourceType"]);
            let grantable = own["grantableTo"].as_array().cloned().unwrap_or_default();
            let entitlement = EntitlementRow {
                slug: text(&own["slug"]),
                purpose: text(&own["purpose"]),
                display_name: text(&own["displayName"]),
                description: text(&own["description"]),
                grantable_to: grantable.iter().map(|t| text(&t["id"])).collect::<Vec<_>>().join(","),
                annotations: annotations(&own["annotations"]),
            };
            listed.entitlements.insert(text(&own["id"]), entitlement);
        }
        for row in rows(&["grants"], "grants", &file) {
            let own = &row["grant"];
            assert_eq!(row["entitlement"]["id"], own["entitlement"]["id"]);
            assert_eq!(row["principal"]["id"], own["principal"]["id"]);
            assert_eq!(row["resource"]["id"], row["entitlement"]["resource"]["id"]);
            let grant = GrantRow {
                principal: id(&own["principal"]["id"]),
                annotations: annotations(&own["annotations"]),
                sources: or_empty(&own["sources"]["sources"]),
                expands_over: Vec::new(),
                shallow: false,
            };
            listed.grants.insert(text(&own["id"]), grant);
        }
        assert_eq!(listed.resources, expected.resources, "{name}");
        assert_eq!(listed.entitlements, expected.entitlements, "{name}");
        assert_eq!(listed.grants, expected.grants, "{name}");
    }
}

/// Lines are put together from texts that are made once, whatever the grants of a file carry: of its rows, or of their own.
#[test]
fn the_line_of_a_grant_is_what_its_whole_message_is_as_json() {
    #[derive(serde::Deserialize)]
    struct Row<'l> {
        #[serde(borrow)]
        grant: &'l serde_json::value::RawValue,
    }
    let form = Form::of("c1.connector.v2.Grant").unwrap();
    let files = [golden("legacy"), golden("rbac-v2"), demo(&[]).to_owned()];
    for file in files {
        let snapshot = open(&file);
        let mut wanted = Vec::new();
        let sync_id = snapshot.sync_id().to_owned();
        snapshot
            .reader()
            .for_each_grant(&sync_id, &mut |row| {
                wanted.push(form.line(&row.grant)?);
                Ok(())
            })
            .unwrap();
        let text = printed(&["grants", "-o", "jsonl"], &file);
        let lines: Vec<&str> = text
            .lines()
            .map(|line| serde_json::from_str::<Row<'_>>(line).unwrap().grant.get())
            .collect();
        assert!(wanted.len() > 10);
        assert_eq!(lines, wanted, "{}", file.display());
    }
}

#[test]
fn every_form_has_every_row() {
    for file in [golden("legacy").as_path(), demo(&["--env", "all"])] {
        for (command, key) in LISTS {
            let all = rows(&[command], key, file);
            assert!(!all.is_empty(), "{command}");
            let lines = printed(&[command, "-o", "jsonl"], file);
            let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines, all, "{command}");
            let table = printed(&[command], file);
            assert_eq!(
                table.lines().count(),
                all.len() + 1,
                "{command}: a line each, and the head"
            );
            let csv = printed(&[command, "-o", "csv"], file);
            let mut csv = csv::Reader::from_reader(csv.as_bytes());
            assert_eq!(csv.records().map(Result::unwrap).count(), all.len(), "{command}");
            let again = printed(&[command, "-o", "json"], file);
            assert_eq!(
                again,
                printed(&[command, "-o", "json"], file),
                "{command}: twice the same"
            );
        }
    }
}

#[test]
fn filters_leave_what_they_say() {
    let file = demo(&["--env", "all"]);
    let grants = rows(&["grants"], "grants", file);
    let some = grants.iter().find(|g| g["resourceType"]["id"] == "project").unwrap();
    let resource = id(&some["resource"]["id"]);
    let (kind, bare) = resource.split_once(':').unwrap();
    let entitlement = text(&some["entitlement"]["id"]);
    let principal = id(&some["principal"]["id"]);
    let that = |keep: &dyn Fn(&Value) -> bool| -> Vec<Value> { grants.iter().filter(|g| keep(g)).cloned().collect() };

    let of_type = that(&|g| g["resourceType"]["id"] == kind);
    assert_eq!(rows(&["grants", "-t", kind], "grants", file), of_type);
    let on_it = that(&|g| id(&g["resource"]["id"]) == resource);
    for args in [
        &["grants", "-r", &resource] as &[&str],
        &["grants", "--resource-type", kind, "--resource", bare],
        &["grants", "-t", kind, "-r", &resource],
    ] {
        assert_eq!(rows(args, "grants", file), on_it, "{args:?}");
    }
    let of_entitlement = that(&|g| text(&g["entitlement"]["id"]) == entitlement);
    assert_eq!(rows(&["grants", "-e", &entitlement], "grants", file), of_entitlement);
    let to = that(&|g| id(&g["principal"]["id"]) == principal);
    let by_name = some["principal"]["displayName"].as_str().unwrap();
    let found = rows(&["grants", "--principal", &principal], "grants", file);
    assert_eq!(found, to);
    assert_eq!(rows(&["grants", "--principal", by_name], "grants", file), to);
    let both = that(&|g| id(&g["principal"]["id"]) == principal && id(&g["resource"]["id"]) == resource);
    assert_eq!(
        rows(&["grants", "-r", &resource, "--principal", &principal], "grants", file),
        both
    );

    let principals = |grants: &[Value]| {
        let mut seen: Vec<String> = Vec::new();
        for grant in grants {
            let id = id(&grant["principal"]["id"]);
            if !seen.contains(&id) {
                seen.push(id);
            }
        }
        seen
    };
    let listed = |args: &[&str]| -> Vec<String> {
        let rows = rows(args, "resources", file);
        rows.iter().map(|r| id(&r["resource"]["id"])).collect()
    };
    assert_eq!(
        listed(&["principals"]),
        principals(&grants),
        "in the order of first grants"
    );
    assert_eq!(listed(&["principals", "-r", &resource]), principals(&on_it));
    assert_eq!(listed(&["principals", "-e", &entitlement]), principals(&of_entitlement));

    let entitlements = rows(&["entitlements", "-r", &resource], "entitlements", file);
    assert!(!entitlements.is_empty());
    assert!(entitlements.iter().all(|e| id(&e["resource"]["id"]) == resource));
    let people = rows(&["resources", "-t", "collaborator"], "resources", file);
    assert_eq!(people.len(), 60);
}

#[test]
fn what_fits_nothing_is_an_error_and_not_an_empty_list() {
    let file = golden("rbac-v2");
    for (args, said) in [
        (&["grants", "-t", "nope"] as &[&str], "no resource type"),
        (&["resources", "-t", "nope"], "no resource type"),
        (
            &["grants", "-t", "role", "-r", "nope"],
            "nothing in this sync is called \"nope\"",
        ),
        (
            &["grants", "-r", "role:nope"],
            "nothing in this sync is called \"role:nope\"",
        ),
        (&["grants", "-e", "nope"], "no entitlement"),
        (&["grants", "--principal", "nobody at all"], "nobody"),
        (&["grants", "--sync-id", "nope"], "no sync nope"),
        (&["syncs", "--sync-id", "nope"], "no sync nope"),
    ] {
        let (code, stderr) = refused(args, &file);
        assert_eq!(code, 5, "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
    let (code, stderr) = refused(&["grants", "--principal", "Persön"], &file);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("collaborator:1000"), "{stderr}");
    for (command, _) in LISTS.iter().chain(&[("stats", ""), ("verify", "")]) {
        let (code, stderr) = refused(&[command, "-o", "xml"], &file);
        assert_eq!(code, 2, "{command}");
        assert!(stderr.contains("[table json jsonl csv] but got 'xml'"), "{stderr}");
    }
}

/// In the published shape, of one file and of two.
#[tokio::test]
async fn people_of_one_name_in_one_sync_are_different_people() {
    let place = crate::support::place::Place::new();
    let file = place.at("x.c1z");
    super::made::Made::default()
        .account("ada", "Ada", Some("ada@acme.com"), None)
        .account("other", "Ada", Some("ada@acme.com"), None)
        .thing("project:p", "P", "read")
        .thing("project:q", "Q", "read")
        .gives("project:p:read", "user:ada")
        .gives("project:q:read", "user:other")
        .sync(&file)
        .await;
    let told = printed(
        &[
            "principals",
            "compare",
            "project:p:read",
            "project:q:read",
            "-q",
            "-o",
            "csv",
        ],
        &file,
    );
    assert!(told.contains("base,user,") && told.contains("compared,user,"), "{told}");
}

#[tokio::test]
async fn principals_of_two_entitlements_are_compared() {
    let place = crate::support::place::Place::new();
    let (old, new) = (place.at("old.c1z"), place.at("new.c1z"));
    let made = super::made::Made::default()
        .user("ada")
        .user("bob")
        .user("eve")
        .thing("project:p", "P", "read")
        .thing("project:q", "Q", "read")
        .gives("project:p:read", "user:ada")
        .gives("project:p:read", "user:bob")
        .gives("project:q:read", "user:bob")
        .gives("project:q:read", "user:eve");
    made.sync(&old).await;
    made.takes("project:p:read", "user:ada").sync(&new).await;
    let names = |args: &[&str]| -> Value {
        let output = super::program()
            .args(args)
            .args(["-q", "-f"])
            .arg(&old)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        let document: Map<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
        let keys: Vec<&String> = document.keys().collect();
        assert_eq!(keys, ["missing", "extra", "base", "compared"]);
        let names = |rows: &Value| {
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| row["resource"]["displayName"].clone())
                .collect::<Value>()
        };
        document.iter().map(|(key, rows)| (key.clone(), names(rows))).collect()
    };
    let of_one = json!({"missing": ["Ada"], "extra": ["Eve"], "base": ["Ada", "Bob"], "compared": ["Bob", "Eve"]});
    let published = [
        "-e",
        "project:p:read",
        "--compare-entitlement",
        "project:q:read",
        "-o",
        "json",
    ];
    assert_eq!(names(&[&["principals", "compare"][..], &published].concat()), of_one);
    assert_eq!(
        names(&["principals", "compare", "project:p:read", "project:q:read", "--json"]),
        of_one
    );
    let new = new.to_str().unwrap();
    let of_two = json!({"missing": ["Ada"], "extra": [], "base": ["Ada", "Bob"], "compared": ["Bob"]});
    assert_eq!(
        names(&[
            "principals",
            "compare",
            "-e",
            "project:p:read",
            "--compare-file",
            new,
            "--json"
        ]),
        of_two
    );
    let (code, stderr) = refused(&["principals", "compare", "-e", "project:p:read"], &old);
    assert_eq!(code, 2, "{stderr}");
    let csv = super::program()
        .args([
            "principals",
            "compare",
            "project:p:read",
            "project:q:read",
            "-o",
            "csv",
            "-f",
        ])
        .arg(&old)
        .output()
        .unwrap();
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(
        csv.contains("\nbase,user,") && csv.contains("\ncompared,user,") && !csv.contains("Bob"),
        "{csv}"
    );
}

#[test]
fn what_is_named_but_not_there_is_shown_as_missing() {
    let place = Place::new();
    full_sync(&place);
    doctor(
        &place.file,
        "delete from v1_resource_types where external_id = 'role'; \
         delete from v1_resources where external_id in ('role:a', 'user:1'); \
         delete from v1_entitlements where external_id = 'role:a:has'",
    );
    let grants = rows(&["grants", "-e", "role:a:has"], "grants", &place.file);
    assert_eq!(grants.len(), 2);
    let missing = &grants[0];
    assert_eq!(
        missing["entitlement"],
        json!({"id": "role:a:has", "displayName": "MISSING ENTITLEMENT (role:a:has)"})
    );
    let role = json!({"id": {"resourceType": "role", "resource": "a"}, "displayName": "MISSING RESOURCE (role:a)"});
    assert_eq!(missing["resource"], role);
    assert_eq!(
        missing["resourceType"],
        json!({"id": "role", "displayName": "MISSING RESOURCE TYPE (role)"})
    );
    assert_eq!(missing["principal"]["displayName"], "MISSING RESOURCE (user:1)");
    assert_eq!(grants[1]["principal"]["displayName"], "Person 2");
    let principals = rows(&["principals", "-r", "role:a"], "resources", &place.file);
    assert_eq!(principals[0]["resource"]["id"]["resource"], "1");
    for (command, _) in LISTS {
        for format in ["table", "csv"] {
            printed(&[command, "-o", format], &place.file);
        }
    }
    for said in [
        "MISSING RESOURCE (user:1)",
        "MISSING RESOURCE TYPE (role)",
        "MISSING ENTITLEMENT (role:a:has)",
    ] {
        assert!(printed(&["grants"], &place.file).contains(said), "{said}");
    }
}

#[test]
fn files_of_the_oldest_writers_are_listed() {
    let place = Place::new();
    old_file(&place, "");
    for ((command, key), count) in LISTS.iter().zip([2, 3, 2, 2, 2, 1]) {
        assert_eq!(rows(&[command], key, &place.file).len(), count, "{command}");
    }
    let stats = document(&["stats"], &place.file);
    assert_eq!(stats["stats"]["grants"], "2");
    let (code, stderr) = refused(&["verify"], &place.file);
    assert_eq!(code, 15, "{stderr}");
}

#[test]
fn stored_counts_are_shown_and_checked() {
    let place = Place::new();
    let sync = full_sync(&place);
    let stored = document(&["stats"], &place.file);
    assert_eq!((&stored["id"], &stored["syncType"]), (&json!(sync), &json!("full")));
    // The published message, in its JSON: counts are texts.
    assert_eq!(
        stored["stats"],
        json!({
            "resourceTypes": "2", "resources": "4", "entitlements": "2", "grants": "3",
            "resourcesByResourceType": {"role": "2", "user": "2"},
            "entitlementsByResourceType": {"role": "2"},
            "grantsByResourceType": {"role": "3"},
        })
    );
    assert_eq!(printed(&["verify"], &place.file), "no problems in 1 sync\n");
    assert_eq!(document(&["verify"], &place.file), json!({"problems": []}));

    doctor(&place.file, "update v1_sync_runs set stats = null");
    assert_eq!(document(&["stats"], &place.file), stored, "counted");
    let table = printed(&["stats"], &place.file);
    let last: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(last, ["total", "4", "2", "3"]);

    doctor(
        &place.file,
        "update v1_sync_runs set stats = '{\"resource_types\":2,\"resources\":4,\"entitlements\":2,\"grants\":999}'",
    );
    assert_eq!(
        document(&["stats"], &place.file)["stats"]["grants"],
        "999",
        "trusted, as everywhere"
    );
    let (code, stderr) = refused(&["verify"], &place.file);
    assert_eq!(code, 15);
    assert!(stderr.contains("1 problem"), "{stderr}");
}

#[test]
fn verify_looks_at_one_sync_or_at_all() {
    let place = Place::new();
    std::fs::copy(golden("rbac-v2"), &place.file).unwrap();
    let new = full_sync(&place);
    assert_eq!(printed(&["verify"], &place.file), "no problems in 1 sync\n");
    let (code, stderr) = refused(&["verify", "--all"], &place.file);
    assert_eq!(code, 15, "{stderr}");
    assert!(stderr.contains("40 problems"), "{stderr}");
    let syncs = rows(&["syncs"], "syncs", &place.file);
    assert_eq!(syncs.len(), 2);
    assert_eq!(syncs[1]["id"], new.as_str());
    let old = text(&syncs[0]["id"]);
    assert_eq!(refused(&["verify", "--sync-id", &old], &place.file).0, 15);
    assert_eq!(refused(&["verify", "--all", "--sync-id", &old], &place.file).0, 2);
    assert_eq!(rows(&["grants", "--sync-id", &old], "grants", &place.file).len(), 752);
    assert_eq!(rows(&["grants"], "grants", &place.file).len(), 3, "the newest one");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let file = golden("legacy");
    for format in ["table", "json", "jsonl", "csv"] {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin("baton-workato"))
            .env_clear()
            .args(["grants", "-o", format, "-f"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert!(!first.is_empty());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
    }
}

#[test]
fn a_file_that_is_none_says_so() {
    let place = Place::new();
    let (code, stderr) = refused(&["resources"], &place.file);
    assert_eq!(code, 5, "{stderr}");
    std::fs::write(&place.file, "not a c1z").unwrap();
    assert_eq!(refused(&["grants", "-o", "json"], &place.file).0, 15);
    std::fs::write(&place.file, "").unwrap();
    let (code, stderr) = refused(&["stats"], &place.file);
    assert_eq!(code, 5, "{stderr}");
    let none: Map<String, Value> = Map::from_iter([("syncs".to_owned(), json!([]))]);
    assert_eq!(document(&["syncs"], &place.file), Value::Object(none));
}

/// A copy that was made anew is worth a line, not more, and the answer is the same.
#[cfg(unix)]
#[test]
fn a_damaged_unpacked_copy_costs_one_line() {
    let place = Place::new();
    full_sync(&place);
    // Noise cannot be packed: the file is big enough for its copy to stay.
    doctor(
        &place.file,
        "insert into v1_assets (external_id, content_type, data, sync_id, discovered_at) \
         select 'noise', 'unknown', randomblob(1200000), sync_id, started_at from v1_sync_runs",
    );
    let grants = printed(&["grants"], &place.file);
    let copies = || {
        let names = std::fs::read_dir(place.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().path());
        names
            .filter(|path| path.to_str().unwrap().contains(".unpacked-"))
            .collect::<Vec<_>>()
    };
    let copy = copies().remove(0);
    std::fs::write(&copy, "noise").unwrap();
    let output = super::program()
        .args(["grants", "--log-level", "info", "-f"])
        .arg(&place.file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), grants);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.lines().count() == 1 && stderr.contains("made anew"), "{stderr}");
    assert_eq!(
        printed(&["grants"], &place.file),
        grants,
        "and nothing is said the next time"
    );
    std::fs::remove_file(&place.file).unwrap();
    assert_eq!(refused(&["grants"], &place.file).0, 5);
    assert!(copies().is_empty(), "it goes with its file");
}
