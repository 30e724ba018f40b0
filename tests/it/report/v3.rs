//! Files of the v3 form through the commands: what a v1 file of the same sync answers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::v3::{File, Grant, Writer};
use baton_workato::baton::c1z::{Keep, Limits, Policy, Reader};
use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::c1::storage::v3::{SyncRunRecord, SyncType};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use prost_types::Timestamp;
use serde_json::Value;

use super::{demo, golden, printed, program, refused};
use crate::pebble::parts::Parts;
use crate::pebble::tables::{self, NAMES, Rows};

/// A sound file whose manifest names another engine.
pub fn of_engine(engine: &str) -> Vec<u8> {
    let mut parts = Parts::of(&std::fs::read(committed("features")).unwrap());
    engine.clone_into(&mut parts.manifest.engine);
    parts.indexed_with_hashes()
}

fn committed(name: &str) -> PathBuf {
    tables::own().join(format!("{name}.c1z"))
}

fn timestamp(text: &str) -> Timestamp {
    let at: DateTime = text.parse().unwrap();
    let at = at.to_zoned(TimeZone::system()).unwrap().timestamp();
    Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

/// Writes the newest sync of a v1 file as a v3 file.
fn as_v3(v1: &Path, to: &Path) {
    let reader = Reader::open(v1, None).unwrap();
    let run = reader.latest_full().unwrap().unwrap();
    let at = timestamp(&run.started_at);
    let mut writer = Writer::new(None);
    let sync = &run.sync_id;
    reader
        .for_each_resource_type(sync, &mut |m| writer.put_resource_type(m, at))
        .unwrap();
    reader
        .for_each_resource(sync, &mut |m| writer.put_resource(m, at))
        .unwrap();
    reader
        .for_each_entitlement(sync, &mut |m| writer.put_entitlement(m, at))
        .unwrap();
    reader
        .for_each_grant(sync, &mut |row| {
            writer.put_grant(Grant {
                discovered_at: Some(timestamp(&row.discovered_at)),
                grant: row.grant,
                expansion: row.expansion,
                needs_expansion: row.needs_expansion,
            })
        })
        .unwrap();
    let record = SyncRunRecord {
        sync_id: run.sync_id.clone(),
        r#type: SyncType::Full.into(),
        started_at: Some(at),
        ended_at: run.ended_at.as_deref().map(timestamp),
        sync_token: run.token.clone(),
        supports_diff: run.supports_diff,
        ..SyncRunRecord::default()
    };
    let mut out = Vec::new();
    writer.finish(&record, &mut out).unwrap();
    std::fs::write(to, out).unwrap();
}

/// A v1 file of the simulated workspace, and the same sync as a v3 file.
fn both() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let [v1, v3] = ["v1.c1z", "v3.c1z"].map(|name| folder.path().join(name));
    std::fs::copy(demo(&["--people", "12", "--projects", "3"]), &v1).unwrap();
    as_v3(&v1, &v3);
    (folder, v1, v3)
}

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// Rows have another order in v3: lists are compared without it.
fn ordered(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(ordered).collect();
            items.sort_by_cached_key(Value::to_string);
            items.into()
        }
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, ordered(v))).collect(),
        other => other,
    }
}

/// The only sync of a file.
fn only(reader: &Reader) -> String {
    let runs = reader.runs().unwrap();
    assert_eq!(runs.len(), 1);
    runs[0].sync_id.clone()
}

/// The rows that a reader answers are, in their order, those of the file.
fn rows_are_those_of_the_file(path: &Path) -> usize {
    let reader = Reader::open(path, None).unwrap();
    let found = Rows::of_reader(&reader, &only(&reader));
    let mut wanted = Rows::of(&File::open(path, &Limits::default(), None).unwrap()).unwrap();
    for grant in &mut wanted.grants {
        grant.discovered_at = None;
    }
    let name = path.display();
    assert_eq!(found.resource_types, wanted.resource_types, "{name}");
    assert_eq!(found.resources, wanted.resources, "{name}");
    assert_eq!(found.entitlements, wanted.entitlements, "{name}");
    assert!(found.grants.iter().eq(&wanted.grants), "{name}");
    found.grants.len()
}

#[test]
fn rows_are_read_as_they_are_in_the_file_with_what_they_refer_to() {
    assert_eq!(rows_are_those_of_the_file(&committed("features")), 6);
    assert!(rows_are_those_of_the_file(&committed("replaced")) > 500);
}

#[test]
fn rows_are_those_that_the_sdk_answers() {
    let mut folders = vec![(committed("features"), tables::own().join("features"))];
    let shared = tables::shared().into_iter().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|e| e == "c1z"))
    });
    // The biggest one only takes longer here; `pebble::golden` compares it.
    let shared = shared.filter(|path| !path.ends_with("big-100k.c1z"));
    folders.extend(shared.map(|path| (path.clone(), path.with_extension(""))));
    for (path, folder) in folders {
        let reader = Reader::open(&path, None).unwrap();
        let found = Rows::of_reader(&reader, &only(&reader)).tables();
        for name in NAMES {
            let wanted = tables::golden(&folder, name);
            assert!(found[name] == wanted, "{} {name}", path.display());
        }
    }
}

#[test]
fn all_three_packings_answer_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts::of(&std::fs::read(committed("features")).unwrap());
    let wanted = printed(&["grants", "-o", "json"], &committed("features"));
    assert!(wanted.contains("custom-id"), "{wanted}");
    for (name, bytes) in [
        ("indexed", parts.indexed_with_hashes()),
        ("packed", parts.archive(true)),
        ("plain", parts.archive(false)),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(printed(&["grants", "-o", "json"], &file), wanted, "{name}");
    }
}

/// The published connector's v1 file and the v3 file that the SDK made of the same rows.
#[test]
fn commands_answer_as_for_a_v1_file_with_these_rows() {
    let (v1, v3) = (golden("rbac-v2"), committed("replaced"));
    for command in [
        &["resource-types"][..],
        &["resources"],
        &["entitlements"],
        &["grants"],
        &["principals"],
        &["stats"],
    ] {
        let (of_v1, of_v3) = (printed(command, &v1), printed(command, &v3));
        assert_eq!(sorted(&of_v1), sorted(&of_v3), "{command:?}");
        assert!(of_v1.lines().count() > 3, "{of_v1}");
    }
    // Its problems are those of the rows: the file itself has none.
    let problems = |file: &Path| {
        let output = program()
            .args(["verify", "-o", "json", "-f"])
            .arg(file)
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems = said["problems"].as_array().unwrap().clone();
        let problems = problems.into_iter().map(|p| format!("{} {}", p["row"], p["problem"]));
        (output.status.code(), problems.collect::<BTreeSet<_>>())
    };
    assert_eq!(problems(&v1), problems(&v3));
}

#[test]
fn the_same_sync_in_both_forms_answers_the_same() {
    let (folder, v1, v3) = both();
    for command in [
        &["access", "--on", "Environment admin (dev)"][..],
        &["access", "--on", "Environment admin (dev)", "-o", "json"],
        &["stats"],
        &["stats", "-o", "json"],
        &["verify"],
        &["syncs", "-o", "json"],
    ] {
        let of = |file: &Path| {
            let output = program().args(command).arg("-f").arg(file).output().unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let stdout = match serde_json::from_slice(&output.stdout) {
                Ok(document) => ordered(document).to_string(),
                Err(_) => sorted(&text(&output.stdout)).join("\n"),
            };
            (output.status.code(), stdout, text(&output.stderr))
        };
        let (of_v1, of_v3) = (of(&v1), of(&v3));
        assert_eq!(of_v1, of_v3, "{command:?}");
        assert_eq!(of_v1.0, Some(0), "{command:?}: {of_v1:?}");
    }
    let reader = Reader::open(&v1, None).unwrap();
    let rows = Rows::of_reader(&reader, &only(&reader));
    let holder = rows
        .grants
        .iter()
        .filter_map(|g| g.grant.principal.as_ref()?.id.as_ref());
    let person = holder
        .map(resource::external_id)
        .find(|id| id.starts_with("collaborator:"))
        .unwrap();
    let access = printed(&["access", &person], &v1);
    assert!(access.lines().count() > 5, "{access}");
    assert_eq!(sorted(&printed(&["access", &person], &v3)), sorted(&access));
    for form in ["csv", "jsonl"] {
        let exported = |file: &Path, name: &str| {
            let to = folder.path().join(format!("{name}-{form}"));
            let output = program()
                .args(["export", "--format", form, "-f"])
                .arg(file)
                .arg("--out")
                .arg(&to)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let files = names(&to).into_iter().map(|name| {
                let text = std::fs::read_to_string(to.join(&name)).unwrap();
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.sort();
                (name, lines)
            });
            files.collect::<Vec<_>>()
        };
        let of_v1 = exported(&v1, "v1");
        assert!(of_v1.iter().any(|(_, lines)| lines.len() > 10));
        assert_eq!(of_v1, exported(&v3, "v3"), "{form}");
    }
}

#[test]
fn between_the_two_forms_of_one_sync_nothing_changed() {
    let (folder, v1, v3) = both();
    let theirs = folder.path().join("theirs.c1z");
    as_v3(&golden("rbac-v2"), &theirs);
    for (old, new) in [
        (&v1, &v3),
        (&v3, &v1),
        (&golden("rbac-v2"), &theirs),
        (&golden("rbac-v2"), &committed("replaced")),
        (&theirs, &committed("replaced")),
    ] {
        let output = program()
            .args(["diff", "-o", "json"])
            .args([old, new])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        for rows in ["resources", "entitlements", "grants"] {
            for change in ["created", "deleted", "modified"] {
                let changes = said[rows][change].as_array().map_or(0, Vec::len);
                assert_eq!(
                    changes,
                    0,
                    "{} {} {rows} {change}: {said}",
                    old.display(),
                    new.display()
                );
            }
        }
    }
}

#[test]
fn what_the_file_says_of_its_sync_is_listed() {
    let said: Value = serde_json::from_str(&printed(&["syncs", "-o", "json"], &committed("features"))).unwrap();
    let sync = &said["syncs"][0];
    assert_eq!(
        [&sync["id"], &sync["syncType"], &sync["parentSyncId"]],
        ["3MQXqSDyoCAS1j7HlC4xTdpanMt", "partial", "3MQXpkTLXRIG79IBODePscOeIeE"],
        "{said}"
    );
    let said: Value = serde_json::from_str(&printed(&["stats", "-o", "json"], &committed("features"))).unwrap();
    assert_eq!(said["stats"]["grants"], "6", "{said}");
}

#[test]
fn an_unfinished_sync_is_listed_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    let run = SyncRunRecord {
        sync_id: "3MQXqSDyoCAS1j7HlC4xTdpanMt".to_owned(),
        r#type: SyncType::Full.into(),
        started_at: Some(timestamp("2026-11-01 08:00:00")),
        ..SyncRunRecord::default()
    };
    let mut out = Vec::new();
    Writer::new(None).finish(&run, &mut out).unwrap();
    std::fs::write(&file, out).unwrap();
    let reader = Reader::open(&file, None).unwrap();
    let runs = reader.runs().unwrap();
    assert_eq!(
        (runs[0].started_at.as_str(), runs[0].ended_at.as_deref()),
        ("2026-11-01 08:00:00", None)
    );
    assert!(printed(&["syncs"], &file).contains("unfinished"));
    let (code, stderr) = refused(&["grants"], &file);
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("no sync in it is finished"), "{stderr}");
}

#[test]
fn a_check_looks_at_the_whole_file() {
    let (_folder, v1, v3) = both();
    assert_eq!(printed(&["verify"], &v3), "no problems in 1 sync\n");
    assert_eq!(printed(&["verify"], &v1), "no problems in 1 sync\n");
    let mut parts = Parts::of(&std::fs::read(&v3).unwrap());
    parts.manifest.sync_runs[0].stats.as_mut().unwrap().grants += 1;
    std::fs::write(&v3, parts.indexed_with_hashes()).unwrap();
    let output = program().args(["verify", "-f"]).arg(&v3).output().unwrap();
    assert_eq!(output.status.code(), Some(15));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("its counts are not those of the store"), "{text}");
}

#[test]
fn engines_and_packings_that_are_not_read_are_refused_by_name_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    for (bytes, named, todo) in [
        (of_engine("pebble"), "\"pebble\"", "sync again"),
        (of_engine("pebble9"), "\"pebble9\"", "newer version"),
        (of_engine("rocks"), "\"rocks\"", "newer version"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        for command in [&["stats"][..], &["access", "ada"], &["verify"], &["syncs"]] {
            let (code, stderr) = refused(command, &file);
            assert_eq!(code, 12, "{stderr}");
            assert!(stderr.contains("error[BW-0404]"), "{stderr}");
            assert!(stderr.contains(named) && stderr.contains(todo), "{stderr}");
        }
    }
    if let Some(shared) = tables::shared() {
        let (code, stderr) = refused(&["grants"], &shared.join("unsupported/old-pebble.c1z"));
        assert_eq!(code, 12, "{stderr}");
        assert!(stderr.contains("\"pebble\""), "{stderr}");
    }
}

#[test]
fn syncs_are_not_chosen_in_such_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    let bytes = std::fs::read(committed("replaced")).unwrap();
    let id = only(&Reader::open(&committed("replaced"), None).unwrap());
    for command in [
        &["syncs", "keep", &id][..],
        &["syncs", "keep", "--undo", &id],
        &["syncs", "prune", "--keep", "1", "--yes"],
        &["syncs", "prune", "--older-than", "1h", "--dry-run"],
    ] {
        std::fs::write(&file, &bytes).unwrap();
        let (code, stderr) = refused(command, &file);
        assert_eq!(code, 12, "{command:?}: {stderr}");
        assert!(stderr.contains("error[BW-0404]"), "{command:?}: {stderr}");
        assert!(stderr.contains("exactly one sync"), "{command:?}: {stderr}");
        assert!(std::fs::read(&file).unwrap() == bytes, "{command:?}");
        assert_eq!(names(folder.path()), ["x.c1z"], "{command:?}");
    }
}

#[test]
fn damage_is_an_error_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let file = folder.path().join("x.c1z");
    let bytes = std::fs::read(committed("replaced")).unwrap();
    let sound = printed(&["grants"], &committed("replaced"));
    let mut refused = 0;
    for step in 0..24 {
        let mut damaged = bytes.clone();
        match step {
            0 => damaged.truncate(bytes.len() / 2),
            1 => damaged.truncate(4),
            2 => damaged.truncate(bytes.len() - 1),
            _ => damaged[step * (bytes.len() / 24)] ^= 0x55,
        }
        std::fs::write(&file, damaged).unwrap();
        let output = program()
            .args(["grants", "-f"])
            .arg(&file)
            .env("TMPDIR", &temporary)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            // Damage in what no list needs, such as digests.
            Some(0) => assert!(String::from_utf8(output.stdout).unwrap() == sound, "{step}"),
            Some(8 | 12 | 15) => {
                assert!(
                    stderr.contains("error[BW-04") && stderr.contains("hint:"),
                    "{step}: {stderr}"
                );
                refused += 1;
            }
            other => panic!("{step}: {other:?} {stderr}"),
        }
        assert!(names(&temporary).is_empty(), "{step}: {:?}", names(&temporary));
        assert_eq!(names(folder.path()), ["tmp", "x.c1z"], "{step}");
    }
    assert!(refused >= 10, "{refused}");
}

#[test]
fn a_copy_that_takes_more_than_the_limit_is_refused_whatever_the_file_expands_to() {
    let folder = tempfile::tempdir().unwrap();
    let policy = Policy {
        limits: Limits {
            max_decoded: 256 << 10,
            ..Limits::default()
        },
        ..Policy::default()
    };
    let reader = Reader::open_with(&committed("replaced"), Some(folder.path()), &policy).unwrap();
    let error = reader.number_rows().unwrap_err();
    assert_eq!(error.kind(), Kind::ResourceExhausted, "{error:?}");
    assert!(error.to_string().contains("limit"), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
    // Nothing else takes one.
    assert!(Rows::of_reader(&reader, &only(&reader)).grants.len() > 500);
}

#[test]
fn nothing_stays_beside_a_file_whatever_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    std::fs::copy(committed("replaced"), &file).unwrap();
    let open = || Reader::open_keeping(&file, None, &Policy::default(), Keep::FromBytes(1)).unwrap();
    let reader = open();
    let rows = Rows::of_reader(&reader, &only(&reader));
    assert_eq!(names(folder.path()), ["x.c1z"]);
    reader.number_rows().unwrap();
    assert!(Rows::of_reader(&reader, &only(&reader)) == rows);
    assert_eq!(reader.verify_file().unwrap(), []);
    // The file is read that was opened, also when another has taken its place.
    let other = folder.path().join("other");
    std::fs::copy(committed("features"), &other).unwrap();
    std::fs::rename(&other, &file).unwrap();
    assert!(Rows::of_reader(&reader, &only(&reader)) == rows);
    drop(reader);
    assert_eq!(names(folder.path()), ["x.c1z"]);
    let reader = open();
    assert_eq!(Rows::of_reader(&reader, &only(&reader)).grants.len(), 6);
}

/// In v3 an entitlement is known by its resource, too: two may have one id. What v1 could not hold is still read.
#[test]
fn rows_that_share_an_id_are_all_there_and_a_check_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.c1z");
    let at = timestamp("2026-11-01 08:00:00");
    let thing = |kind: &str, id: &str| v2::Resource {
        id: Some(resource::id(kind, id.to_owned())),
        display_name: format!("the {kind} {id}"),
        ..v2::Resource::default()
    };
    let mut writer = Writer::new(None);
    for (kind, id) in [("role", "a"), ("role", "b"), ("user", "1")] {
        writer.put_resource(thing(kind, id), at).unwrap();
    }
    for on in ["a", "b"] {
        let entitlement = v2::Entitlement {
            id: "member".to_owned(),
            display_name: format!("member of {on}"),
            resource: Some(thing("role", on)),
            ..v2::Entitlement::default()
        };
        writer.put_entitlement(entitlement.clone(), at).unwrap();
        writer
            .put_grant(Grant {
                grant: v2::Grant {
                    id: format!("{on} to 1"),
                    entitlement: Some(entitlement),
                    principal: Some(thing("user", "1")),
                    sources: Some(v2::GrantSources {
                        sources: [("role:c:has".to_owned(), Default::default())].into(),
                    }),
                    ..v2::Grant::default()
                },
                expansion: None,
                needs_expansion: false,
                discovered_at: Some(at),
            })
            .unwrap();
    }
    let run = SyncRunRecord {
        sync_id: "3MQXqSDyoCAS1j7HlC4xTdpanMt".to_owned(),
        r#type: SyncType::Full.into(),
        started_at: Some(at),
        ended_at: Some(at),
        ..SyncRunRecord::default()
    };
    let mut out = Vec::new();
    writer.finish(&run, &mut out).unwrap();
    std::fs::write(&file, out).unwrap();

    assert_eq!(rows_are_those_of_the_file(&file), 2);
    let reader = Reader::open(&file, None).unwrap();
    let rows = Rows::of_reader(&reader, &only(&reader));
    let named = rows
        .grants
        .iter()
        .map(|g| g.grant.entitlement.clone().unwrap().display_name);
    assert_eq!(named.collect::<Vec<_>>(), ["member of a", "member of b"]);
    let problems = reader.verify(&run.sync_id).unwrap();
    assert!(
        problems.iter().any(|p| p.what == "has the id of another row"),
        "{problems:?}"
    );
    for (asked, is_warned_of) in [(&["grants"][..], false), (&["access", "user:1"], true)] {
        let output = program().args(asked).arg("-f").arg(&file).output().unwrap();
        let [told, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "{stderr}");
        // Each is told on its own resource.
        assert!(told.contains("the role a") && told.contains("the role b"), "{told}");
        assert_eq!(stderr.contains("same id"), is_warned_of, "{asked:?} {stderr}");
    }
}
