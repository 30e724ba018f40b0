//! `access` as people and scripts see it.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

use super::made::{Made, company};
use super::{demo, open};

/// Runs the program; stdout is no terminal.
pub fn run(args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("baton-workato").unwrap();
    command.env_clear().current_dir(env!("CARGO_TARGET_TMPDIR")).args(args);
    command.output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the program prints about a file, having ended well.
fn said(file: &Path, args: &[&str]) -> String {
    let mut all = args.to_vec();
    all.extend(["-f", file.to_str().unwrap()]);
    let output = run(&all);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    stdout(&output)
}

async fn made(made: Made) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    made.sync(&file).await;
    (folder, file)
}

#[tokio::test]
async fn a_person_is_shown_with_what_was_given_and_what_follows() {
    let (_folder, file) = made(company()).await;
    assert_eq!(
        said(&file, &["access", "ada@acme.com"]),
        "Ada <ada@acme.com>\n\
         User · user:ada · human · enabled · no activity known\n\
         Holds 2 entitlements on 2 resources: 1 given, 1 through it.\n\
         \n\
         Group · 1 given\n\
         └─ Ops\n   \
            └─ Project read of Billing\n"
    );
    assert_eq!(
        said(&file, &["access", "bob", "-t", "privilege", "-e", "recipes-create"]),
        "Bob <bob@acme.com>\n\
         User · user:bob · human · enabled · no activity known\n\
         Of what is held, this is shown: 1 entitlement on 1 resource, 0 given.\n\
         \n\
         Role · 1 given\n\
         └─ Admin (prod)\n   \
            └─ Privilege Recipes-create\n"
    );
    assert!(said(&file, &["access", "eve"]).ends_with("Holds nothing.\n"));
}

#[tokio::test]
async fn many_of_one_type_are_counted_unless_all_are_wanted() {
    let mut big = Made::default().user("ada").thing("role:admin", "Admin", "member");
    for i in 10..50 {
        let key = format!("privilege:p{i}");
        big = big.thing(&key, &format!("P{i}"), "assigned");
        big = big.passes(&format!("{key}:assigned"), "role:admin");
    }
    let (_folder, file) = made(big.gives("role:admin:member", "user:ada")).await;
    let folded = said(&file, &["access", "ada"]);
    assert!(
        folded.contains("└─ Privilege × 40  P10, P11, P12 and 37 more\n"),
        "{folded}"
    );
    let all = said(&file, &["access", "ada", "--all"]);
    assert_eq!(all.matches("Privilege P").count(), 40, "{all}");
    assert!(!all.contains("--all"), "{all}");
}

#[tokio::test]
async fn a_resource_shows_its_holders_by_entitlement() {
    let (_folder, file) = made(
        company()
            .gives("project:billing:write", "user:eve")
            .gives("project:billing:read", "user:ada"),
    )
    .await;
    assert_eq!(
        said(&file, &["access", "--on", "billing"]),
        "Billing  Project · project:billing\n\
         ├─ 2 people can reach it; 1 grant to roles and groups.\n\
         ├─ read of Billing · 1 person\n\
         │  ├─ Ada <ada@acme.com>  given, and 1 more way\n\
         │  └─ Group Ops  given\n\
         └─ write of Billing · 1 person\n   \
            └─ Eve <eve@acme.com>  given\n"
    );
}

#[tokio::test]
async fn json_has_the_published_fields_and_the_paths() {
    let (_folder, file) = made(company()).await;
    let of_person: Value = serde_json::from_str(&said(&file, &["access", "bob", "-o", "json"])).unwrap();
    assert_eq!(of_person["principal"]["displayName"], "Bob");
    let access = of_person["access"].as_array().unwrap();
    assert_eq!(access.len(), 3);
    assert_eq!(access[0]["resource"]["id"]["resource"], "p1");
    assert_eq!(access[0]["resourceType"]["displayName"], "Privilege");
    assert_eq!(access[0]["entitlements"][0]["slug"], "assigned");
    let path = &of_person["paths"][0]["paths"][0];
    assert_eq!(path[0]["id"], "role:admin:member");
    assert_eq!(path[1]["id"], "privilege:p1:assigned");
    let on: Value = serde_json::from_str(&said(&file, &["access", "--on", "billing", "-o", "json"])).unwrap();
    assert_eq!(on["resource"]["displayName"], "Billing");
    assert_eq!(on["resourceType"]["id"], "project");
    assert_eq!(on["paths"].as_array().unwrap().len(), 2);
    let lines = said(&file, &["access", "bob", "-o", "jsonl"]);
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let _: Value = serde_json::from_str(line).unwrap();
    }
    let csv = said(&file, &["access", "bob", "-o", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(&rows[0][11], "Admin (prod) → Recipes-create");
}

#[tokio::test]
async fn a_condition_that_holds_ends_with_code_9() {
    let (_folder, file) = made(company().gives("project:billing:write", "user:eve")).await;
    let file = file.to_str().unwrap();
    let output = run(&["access", "--fail-if", "direct and resource-type = project", "-f", file]);
    assert_eq!(output.status.code(), Some(9));
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[1].starts_with("Eve") && lines[1].contains("write of Billing"),
        "{lines:?}"
    );
    assert!(
        stderr(&output).contains("--fail-if holds for 1 grant\n"),
        "{}",
        stderr(&output)
    );

    for (args, code) in [
        (&["access", "--fail-if", "resource = nothing"][..], 0),
        (&["access", "eve", "--fail-if", "direct"], 9),
        (&["access", "ada", "--fail-if", "resource-type = role"], 0),
        (&["access", "--on", "billing", "--fail-if", "derived", "-o", "json"], 9),
        (
            &["access", "--on", "billing", "--fail-if", "through = ops", "-o", "csv"],
            9,
        ),
        (&["access", "--on", "billing", "--fail-if", "through = admin*"], 0),
        (&["access", "--fail-if", "nonsense"], 2),
        (&["access"], 2),
        (&["access", "ada", "--on", "billing"], 2),
        (&["access", "nobody at all"], 5),
        (&["access", "ada", "-t", "nothing"], 5),
        (&["access", "ada", "-r", "nothing"], 5),
        (&["access", "ada", "-r", "billing"], 0),
        (&["access", "ada", "-e", "nothing"], 5),
        (&["access", "ada", "-e", "write"], 0),
        (&["access", "ada", "-o", "yaml"], 2),
    ] {
        let mut all = args.to_vec();
        all.extend(["-f", file]);
        assert_eq!(run(&all).status.code(), Some(code), "{args:?}");
    }
}

#[tokio::test]
async fn hostile_names_harm_nothing() {
    let long = "x".repeat(10_000);
    let names = [
        "\u{1b}[2J\u{202e}evil",
        "=cmd|'/c calc'!A1",
        "<script>alert(1)</script>",
        "a\nb\r\tc",
        long.as_str(),
    ];
    let mut hostile = Made::default();
    for (i, name) in names.iter().enumerate() {
        hostile = hostile
            .account(&format!("u{i}"), name, Some("=1+1@\u{1b}[31m"), None)
            .thing(&format!("group:g{i}"), name, "member")
            .thing(&format!("project:p{i}"), name, "read")
            .passes(&format!("project:p{i}:read"), &format!("group:g{i}"))
            .gives(&format!("group:g{i}:member"), &format!("user:u{i}"));
    }
    let (_folder, file) = made(hostile).await;
    for form in ["table", "json", "jsonl", "csv"] {
        for i in 0..names.len() {
            let (who, on) = (format!("user:u{i}"), format!("project:p{i}"));
            let texts = [
                said(&file, &["access", &who, "-o", form]),
                said(&file, &["access", "--on", &on, "-o", form]),
            ];
            for text in texts {
                let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
                assert!(!text.contains(bad), "{form} {i}");
                if form == "csv" {
                    let mut reader = csv::Reader::from_reader(text.as_bytes());
                    for record in reader.records() {
                        assert!(
                            record
                                .unwrap()
                                .iter()
                                .all(|field| !field.starts_with(['=', '+', '-', '@']))
                        );
                    }
                }
            }
        }
    }
}

/// The answers of the program are those of the library, for the whole simulated workspace.
#[test]
fn every_person_of_the_demo_is_answered_for() {
    let file = demo(&["--env", "all"]);
    let snapshot = open(file);
    let mut people = Vec::new();
    snapshot
        .reader()
        .for_each_resource(snapshot.sync_id(), &mut |resource| {
            let id = resource.id.unwrap_or_default();
            if id.resource_type == "collaborator" {
                people.push(id.resource);
            }
            Ok(())
        })
        .unwrap();
    let mut rows = 0;
    for id in people.iter().step_by(12) {
        let who = format!("collaborator:{id}");
        rows += said(file, &["access", &who, "-o", "jsonl"]).lines().count();
        assert!(said(file, &["access", &who]).contains(&who));
    }
    assert!(rows > 100);
}
