//! Every command says the same of a file with slim grants as of the file that has them whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::made::{Made, company};
use super::{demo, golden, open, program};
use crate::c1z::edit;
use crate::support::slim::{slim, slim_grants};

/// The two files, under one name in two folders.
struct Both {
    full: tempfile::TempDir,
    slim: tempfile::TempDir,
}

impl Both {
    fn of(file: &Path) -> Both {
        let both = Both {
            full: tempfile::tempdir().unwrap(),
            slim: tempfile::tempdir().unwrap(),
        };
        std::fs::write(both.full.path().join("sync.c1z"), std::fs::read(file).unwrap()).unwrap();
        slim(file, &both.slim.path().join("sync.c1z"));
        both
    }

    /// What a command prints of either, with its exit code; both must be the same.
    fn agree(&self, args: &[&str]) -> (Option<i32>, String) {
        let [full, slim] = [&self.full, &self.slim].map(|folder| said(folder.path(), args));
        assert_eq!(slim, full, "{args:?}");
        full
    }
}

fn said(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = program()
        .current_dir(folder)
        .args(args)
        .args(["-f", "sync.c1z"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap() + &stderr,
    )
}

/// One resource of each type that something is on, and one principal of each type.
fn examples(file: &Path) -> (Vec<String>, Vec<String>, Vec<String>) {
    let snapshot = open(file);
    let (mut on, mut who, mut held) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    snapshot
        .reader()
        .for_each_grant(snapshot.sync_id(), &mut |row| {
            let entitlement = row.grant.entitlement.unwrap();
            let resource = entitlement.resource.unwrap().id.unwrap();
            let principal = row.grant.principal.unwrap().id.unwrap();
            if seen.insert(format!("on {}", resource.resource_type)) {
                on.push(format!("{}:{}", resource.resource_type, resource.resource));
                held.push(entitlement.id);
            }
            if seen.insert(format!("to {}", principal.resource_type)) {
                who.push(format!("{}:{}", principal.resource_type, principal.resource));
            }
            Ok(())
        })
        .unwrap();
    (on, who, held)
}

/// Every command that reads, about `examples`.
fn questions(file: &Path) -> Vec<Vec<String>> {
    let (on, who, held) = examples(file);
    assert!(on.len() > 1 && who.len() > 1);
    let mut questions: Vec<Vec<&str>> = Vec::new();
    for who in &who {
        questions.push(vec!["access", who, "-o", "json"]);
        questions.push(vec!["grants", "--principal", who]);
    }
    for on in &on {
        questions.push(vec!["access", "--on", on, "--with-children"]);
        questions.push(vec!["principals", "-r", on]);
    }
    for held in &held {
        questions.push(vec!["grants", "-e", held, "-o", "csv"]);
    }
    for list in [
        "resource-types",
        "resources",
        "entitlements",
        "principals",
        "syncs",
        "stats",
    ] {
        questions.push(vec![list, "-o", "json"]);
    }
    questions.push(vec!["grants", "-o", "csv"]);
    questions.push(vec!["grants"]);
    questions.push(vec!["verify", "--all"]);
    questions.push(vec!["access", "--fail-if", "entitlement ~ admin"]);
    questions.push(vec!["access", "--fail-if", "domain = example.org", "-o", "json"]);
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    questions.into_iter().map(owned).collect()
}

/// The shapes that are tried: both access models, and the files of the published connector.
fn files() -> [PathBuf; 4] {
    [
        demo(&[]).to_owned(),
        demo(&["--legacy"]).to_owned(),
        golden("legacy"),
        golden("rbac-v2"),
    ]
}

#[test]
fn every_command_says_the_same() {
    for file in files() {
        let both = Both::of(&file);
        let mut codes = BTreeSet::new();
        for question in questions(&file) {
            let words: Vec<&str> = question.iter().map(String::as_str).collect();
            let (code, said) = both.agree(&words);
            assert!(!said.trim().is_empty(), "{words:?} of {}", file.display());
            codes.insert(code.unwrap());
        }
        // The published connector's files have problems of their own.
        codes.remove(&15);
        assert_eq!(codes, BTreeSet::from([0, 9]));
    }
}

/// The copy of a message inside of a grant may say more; what everybody reads is the same.
#[test]
fn json_of_grants_names_the_same() {
    let both = Both::of(demo(&[]));
    let [full, slim] = [&both.full, &both.slim].map(|folder| {
        let (code, text) = said(folder.path(), &["grants", "-o", "json"]);
        assert_eq!(code, Some(0));
        let mut document: Value = serde_json::from_str(&text).unwrap();
        let mut shown = Vec::new();
        for row in document["grants"].as_array_mut().unwrap() {
            let own = row["grant"].take();
            shown.push([
                row.take(),
                own["id"].clone(),
                own["entitlement"]["id"].clone(),
                own["entitlement"]["resource"]["id"].clone(),
                own["principal"]["id"].clone(),
                own["sources"].clone(),
                own["annotations"].clone(),
            ]);
        }
        shown
    });
    assert!(full.len() > 100 && full == slim);
    assert!(full.iter().all(|row| row[2..5].iter().all(|id| !id.is_null())));
}

#[test]
fn exports_are_the_same() {
    for file in [demo(&[]).to_owned(), golden("legacy")] {
        let both = Both::of(&file);
        let written = [&both.full, &both.slim].map(|folder| {
            let (code, text) = said(
                folder.path(),
                &[
                    "export",
                    "--format",
                    "csv,json,jsonl,dot,html,xlsx,sqlite",
                    "--out",
                    "out",
                ],
            );
            assert_eq!(code, Some(0), "{text}");
            let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.path().join("out"))
                .unwrap()
                .map(|entry| entry.unwrap())
                .map(|entry| {
                    (
                        entry.file_name().into_string().unwrap(),
                        std::fs::read(entry.path()).unwrap(),
                    )
                })
                .collect();
            files.sort();
            files
        });
        let [full, slim] = written;
        assert_eq!(full.len(), slim.len());
        assert!(full.len() >= 7);
        for ((name, full), (other, slim)) in full.iter().zip(&slim) {
            assert_eq!(name, other);
            // A workbook says when it was made.
            assert!(full == slim || name.ends_with(".xlsx"), "{name} of {}", file.display());
        }
    }
}

#[test]
fn nothing_changed_between_a_file_and_its_slim_form() {
    for file in files() {
        let both = Both::of(&file);
        let [full, slim] = [&both.full, &both.slim].map(|folder| folder.path().join("sync.c1z"));
        for (old, new) in [(&full, &slim), (&slim, &full), (&slim, &slim)] {
            let output = program()
                .args(["diff", "-o", "json"])
                .args([old, new])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(0));
            let document: Value = serde_json::from_str(&text).unwrap();
            let is_empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
            for kind in ["resources", "entitlements", "grants"] {
                for fate in ["created", "deleted", "modified"] {
                    assert!(is_empty(&document[kind][fate]), "{kind} {fate}: {text}");
                }
            }
        }
    }
}

/// `diff` of two syncs of one file, without the line that names them.
fn diff(file: &Path) -> String {
    let output = program().args(["diff", "-f"]).arg(file).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

/// Makes the grants of one sync slim: the older or the newer one.
fn slim_one(file: &Path, order: &str) {
    let whole = tempfile::NamedTempFile::new().unwrap();
    std::fs::copy(file, whole.path()).unwrap();
    slim_grants(file);
    let raw = std::fs::read(whole.path()).unwrap();
    let database = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(database.path(), zstd::decode_all(&raw[5..]).unwrap()).unwrap();
    edit(file, |db| {
        db.execute("attach ?1 as whole", [database.path().to_str().unwrap()])
            .unwrap();
        let restored = db
            .execute(
                &format!(
                    "update v1_grants set data = (select data from whole.v1_grants w where w.id = v1_grants.id) \
                     where sync_id <> (select sync_id from v1_sync_runs order by id {order} limit 1)"
                ),
                [],
            )
            .unwrap();
        assert!(restored > 0);
        db.execute_batch("detach whole").unwrap();
    });
}

async fn two_syncs(file: &Path, new: &Made) {
    company().sync(file).await;
    new.sync(file).await;
}

#[tokio::test]
async fn two_syncs_of_one_file_compare_whichever_is_slim() {
    let folder = tempfile::tempdir().unwrap();
    let changed = company()
        .gives("project:billing:write", "user:eve")
        .takes("group:ops:member", "user:ada");
    for (name, new) in [("same", company()), ("changed", changed)] {
        let file = folder.path().join(format!("{name}.c1z"));
        two_syncs(&file, &new).await;
        let whole = std::fs::read(&file).unwrap();
        let expected = diff(&file);
        if name == "changed" {
            assert!(expected.contains("gained write of Billing"), "{expected}");
        }
        for order in ["asc", "desc"] {
            std::fs::write(&file, &whole).unwrap();
            slim_one(&file, order);
            assert_eq!(diff(&file), expected, "{name} {order}");
        }
        std::fs::write(&file, &whole).unwrap();
        slim_grants(&file);
        assert_eq!(diff(&file), expected, "{name}, both slim");
    }
}
