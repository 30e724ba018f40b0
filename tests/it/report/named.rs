//! A grant says itself what it is of, what that is on and who has it. Files of other writers have grants whose entitlement,
//! resource or principal has no row, and entitlements of one id on several resources: the answers about both ends are the
//! same all the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::c1z::v3::{Grant, Writer};
use baton_workato::baton::proto::c1::storage::v3 as stored;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{self, resource_type};
use prost_types::Timestamp;
use serde_json::Value;

use super::{printed, program};
use crate::c1z::Place;
use crate::support::slim::slim_grants;

/// Principal, entitlement, and what that is on.
type Held = (String, String, String);

fn thing(kind: &str, id: &str) -> v2::Resource {
    v2::Resource {
        id: Some(resource::id(kind, id.to_owned())),
        display_name: format!("the {kind} {id}"),
        ..v2::Resource::default()
    }
}

fn right(on: &str, id: &str) -> v2::Entitlement {
    let (kind, bare) = on.rsplit_once('/').unwrap();
    v2::Entitlement {
        id: id.to_owned(),
        display_name: format!("{id} of {on}"),
        slug: id.to_owned(),
        resource: Some(thing(kind, bare)),
        ..v2::Entitlement::default()
    }
}

fn grant(n: usize, right: &v2::Entitlement, to: &str) -> v2::Grant {
    v2::Grant {
        id: format!("{n} to {to}"),
        entitlement: Some(right.clone()),
        principal: Some(thing("user", to)),
        ..v2::Grant::default()
    }
}

/// `fold:er` is a type, `a:b` and `user:1` are ids; the principal `3` and what `gone` stands for have no row.
struct World {
    types: Vec<v2::ResourceType>,
    resources: Vec<v2::Resource>,
    rights: Vec<v2::Entitlement>,
    grants: Vec<v2::Grant>,
}

fn world() -> World {
    let things = [
        ("user", "1"),
        ("user", "2"),
        ("group", "a"),
        ("group", "b"),
        ("group", "a:b"),
        ("fold:er", "x"),
        ("fold:er", "user:1"),
    ];
    let rights = [
        ("group/a", "member"),
        ("group/b", "member"),
        ("group/a:b", "group:a:b:member"),
        ("fold:er/x", "fold:er:x:use"),
    ];
    let without_row = [
        ("group/a", "opaque"),
        ("group/b", "opaque"),
        ("group/a:b", "group:a:b:x:y"),
        ("fold:er/user:1", "fold:er:user:1:use"),
        ("group/gone", "group:gone:use"),
        ("group/gone", "a:b"),
    ];
    let rights = rights.map(|(on, id)| right(on, id));
    let all = rights.iter().cloned().chain(without_row.map(|(on, id)| right(on, id)));
    let mut grants = Vec::new();
    for (n, right) in all.enumerate() {
        // Not everybody has everything, or nobody could be taken for another.
        grants.extend(["1", "2", "3"].iter().skip(n % 3).map(|to| grant(n, &right, to)));
    }
    World {
        types: vec![
            resource_type("user", "User", &[Trait::User], vec![]),
            resource_type("group", "Group", &[Trait::Group], vec![]),
            resource_type("fold:er", "Folder", &[], vec![]),
        ],
        resources: things.map(|(kind, id)| thing(kind, id)).to_vec(),
        rights: rights.to_vec(),
        grants,
    }
}

fn held(grant: &v2::Grant) -> Held {
    let on = grant.entitlement.as_ref().unwrap();
    let key = |resource: &v2::Resource| {
        let (kind, id) = resource::key(resource);
        format!("{kind}:{id}")
    };
    (
        key(grant.principal.as_ref().unwrap()),
        on.id.clone(),
        key(on.resource.as_ref().unwrap()),
    )
}

fn v1(world: &World, place: &Place) {
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    store.put_resource_types(&world.types).unwrap();
    store.put_resources(&world.resources).unwrap();
    store.put_entitlements(&world.rights).unwrap();
    store.put_grants(world.grants.clone()).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
}

fn v3(world: &World, file: &Path) {
    let at = Timestamp {
        seconds: 1_793_520_000,
        nanos: 0,
    };
    let mut writer = Writer::new(None);
    for kind in &world.types {
        writer.put_resource_type(kind.clone(), at).unwrap();
    }
    for resource in &world.resources {
        writer.put_resource(resource.clone(), at).unwrap();
    }
    for right in &world.rights {
        writer.put_entitlement(right.clone(), at).unwrap();
    }
    for grant in &world.grants {
        let row = Grant {
            grant: grant.clone(),
            expansion: None,
            needs_expansion: false,
            discovered_at: Some(at),
        };
        writer.put_grant(row).unwrap();
    }
    let run = stored::SyncRunRecord {
        sync_id: "3MQXqSDyoCAS1j7HlC4xTdpanMt".to_owned(),
        r#type: stored::SyncType::Full.into(),
        started_at: Some(at),
        ended_at: Some(at),
        ..stored::SyncRunRecord::default()
    };
    let mut out = Vec::new();
    writer.finish(&run, &mut out).unwrap();
    std::fs::write(file, out).unwrap();
}

/// The same grants in every form that another writer may give them.
fn files(world: &World) -> (Vec<Place>, Vec<PathBuf>) {
    let places = [Place::new(), Place::new(), Place::new()];
    v1(world, &places[0]);
    v1(world, &places[1]);
    slim_grants(&places[1].file);
    v3(world, &places[2].file);
    let files = places.iter().map(|place| place.file.clone()).collect();
    (places.into(), files)
}

/// Rows of the command; whatever it says on stderr.
fn lines(args: &[&str], file: &Path) -> Vec<Value> {
    let output = program()
        .args(args)
        .args(["-o", "jsonl", "-f"])
        .arg(file)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?} {}: {stderr}", file.display());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of(rows: &[Value]) -> BTreeSet<Held> {
    let key = |thing: &Value| format!("{}:{}", thing["type"].as_str().unwrap(), thing["id"].as_str().unwrap());
    let held = |row: &Value| {
        let right = &row["right"];
        // A way ends where the answer is.
        assert_eq!(row["paths"][0].as_array().unwrap().last().unwrap(), right);
        (
            key(&row["principal"]),
            right["id"].as_str().unwrap().to_owned(),
            key(&right["resource"]),
        )
    };
    rows.iter().map(held).collect()
}

#[test]
fn both_ends_of_a_grant_are_answered_for_as_it_says() {
    let world = world();
    let all: BTreeSet<Held> = world.grants.iter().map(held).collect();
    assert_eq!(all.len(), world.grants.len());
    let (_places, files) = files(&world);
    for file in &files {
        for who in ["user:1", "user:2", "user:3"] {
            let wanted: BTreeSet<Held> = all.iter().filter(|held| held.0 == who).cloned().collect();
            assert_eq!(of(&lines(&["access", who], file)), wanted, "{who} {}", file.display());
        }
        for on in [
            "group:a",
            "group:b",
            "group:a:b",
            "fold:er:x",
            "fold:er:user:1",
            "group:gone",
        ] {
            let wanted: BTreeSet<Held> = all.iter().filter(|held| held.2 == on).cloned().collect();
            assert!(!wanted.is_empty());
            let found = of(&lines(&["access", "--on", on], file));
            assert_eq!(found, wanted, "{on} {}", file.display());
            for who in ["user:1", "user:2", "user:3"] {
                let wanted: BTreeSet<Held> = wanted.iter().filter(|held| held.0 == who).cloned().collect();
                let found = of(&lines(&["access", who, "-r", on], file));
                assert_eq!(found, wanted, "{who} on {on} {}", file.display());
            }
        }
        let everybody = program()
            .args(["access", "--fail-if", "direct", "-o", "jsonl", "-f"])
            .arg(file)
            .output()
            .unwrap();
        let text = String::from_utf8(everybody.stdout).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(of(&rows), all, "{}", file.display());
    }
}

/// What has no row is answered for, and that it has none is said beside the answer.
#[test]
fn what_grants_name_and_no_row_has_is_not_nobody_and_not_nothing() {
    let world = world();
    let (_places, files) = files(&world);
    for file in &files {
        for (args, about) in [
            (&["access", "user:3"][..], "user:3"),
            (&["access", "--on", "group:gone"][..], "group:gone"),
            (&["access", "-t", "user", "-r", "3"][..], "user:3"),
        ] {
            let output = program().args(args).arg("-f").arg(file).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(0), "{args:?} {}", file.display());
            assert!(
                text.contains(&format!(
                    "what {about} is: grants name it, and the file has no row for it"
                )),
                "{text}"
            );
        }
        let nobody = program().args(["access", "user:4", "-f"]).arg(file).output().unwrap();
        assert_eq!(nobody.status.code(), Some(5));
        // Type and id name one thing, also where another has all of it as its id.
        let stderr = String::from_utf8(nobody.stderr).unwrap();
        assert!(stderr.contains("BW-0601"), "{stderr}");
    }
    let on = lines(&["access", "--on", "user:1"], &files[0]);
    assert_eq!(on, Vec::<Value>::new(), "the person, not the folder with that id");
}

/// Whoever holds something is a row of a review, of every export, and counted.
#[test]
fn nobody_is_missing_from_a_review_for_want_of_a_row() {
    let world = world();
    let (_places, files) = files(&world);
    for file in &files {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let export = program()
            .args(["export", "--format", "jsonl,csv,sqlite,dot", "--out"])
            .arg(&out)
            .arg("-f")
            .arg(file)
            .output()
            .unwrap();
        assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
        let text = std::fs::read_to_string(out.join("access-review.jsonl")).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let cell = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let found: BTreeSet<Held> = rows
            .iter()
            .map(|row| {
                (
                    cell(row, "personId"),
                    cell(row, "entitlementId"),
                    cell(row, "resourceId"),
                )
            })
            .collect();
        let all: BTreeSet<Held> = world.grants.iter().map(held).collect();
        assert_eq!(found, all, "{}", file.display());
        let review = folder.path().join("review");
        let start = program()
            .args(["review", "start", "--out"])
            .arg(&review)
            .arg("-f")
            .arg(file)
            .output()
            .unwrap();
        assert!(start.status.success(), "{}", String::from_utf8_lossy(&start.stderr));
        let mut asked = 0;
        for entry in std::fs::read_dir(&review).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "csv") {
                let mut rows = csv::Reader::from_path(&path).unwrap();
                asked += rows.records().count();
            }
        }
        assert_eq!(asked, world.grants.len(), "{}", file.display());
    }
}

/// The two syncs differ in one grant, of an id that another resource has as well: it is told where it is.
#[test]
fn a_change_is_told_of_the_resource_it_is_on() {
    let new = world();
    let mut old = world();
    let on = |grant: &v2::Grant| held(grant) == ("user:1".to_owned(), "member".to_owned(), "group:a".to_owned());
    old.grants.retain(|grant| !on(grant));
    assert_eq!(old.grants.len() + 1, new.grants.len());
    let (_old, before) = files(&old);
    let (_new, after) = files(&new);
    for (before, after) in before.iter().zip(&after) {
        let output = program()
            .arg("diff")
            .args([before, after])
            .args(["-o", "jsonl"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("the group a") && !text.contains("the group b"), "{text}");
    }
    let lists = printed(&["grants", "-o", "csv"], &after[0]);
    let mut rows = csv::Reader::from_reader(lists.as_bytes());
    assert_eq!(rows.records().count(), new.grants.len());
}
