//! A fleet of a partner's customers.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::*;

/// A partner and the fleet of its customers.
pub struct Partner {
    pub folder: tempfile::TempDir,
    pub simulator: Simulator,
}

impl Partner {
    pub async fn of(customers: Vec<Customer>, text: &str) -> Partner {
        let simulator = Simulator::start_partner(customers, Behavior::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "folder: files\nsettings: {{workato-base-url: '{}', workato-requests-per-minute: 100000}}\n{text}",
            simulator.base_url()
        );
        std::fs::write(folder.path().join("fleet.yaml"), text).unwrap();
        Partner { folder, simulator }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(format!("{name}.c1z"))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .env("PARTNER", self.simulator.token(Env::Dev))
            .arg("fleet")
            .args(arguments)
            .args(["-o", "json"]);
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> (i32, Vec<Value>, String) {
        let output = output(self.command(arguments)).await;
        let told = String::from_utf8(output.stdout).unwrap();
        let rows = serde_json::from_str::<Value>(&told)
            .map_or(Vec::new(), |all| all["workspaces"].as_array().unwrap().clone());
        let talk = String::from_utf8(output.stderr).unwrap();
        let token = self.simulator.token(Env::Dev);
        assert!(!talk.contains(&token) && !told.contains(&token));
        (output.status.code().unwrap(), rows, talk)
    }
}

pub const ALL: &str = "managed-users: {token: {env: PARTNER}, customers: all}\n";

pub fn statuses(rows: &[Value]) -> Vec<String> {
    let told = rows.iter().map(|row| {
        let name = row["workspace"].as_str().unwrap();
        format!("{name} {}", row["status"].as_str().unwrap())
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_customer_fails_alone_and_keeps_its_last_file() {
    let partner = Partner::of((1..=4).map(customer).collect(), ALL).await;
    let (code, rows, talk) = partner.run(&["sync"]).await;
    assert_eq!(code, 0, "{talk}");
    assert_eq!(rows.len(), 4);
    assert!(
        rows.iter()
            .all(|row| row["status"] == "complete" && row["customer"].is_string()),
        "{rows:?}"
    );
    assert!(
        talk.contains("4 customers share one token: at least 0 min 0 s"),
        "{talk}"
    );
    let before = std::fs::read(partner.file("customer-2")).unwrap();
    partner.simulator.behave(
        Behavior::default()
            .script("/api/managed_users/2/members", Hits::Every, Fault::status(422))
            .script("/api/managed_users/3/folders", Hits::Every, Fault::status(403)),
    );
    let (code, rows, talk) = partner.run(&["sync"]).await;
    assert_eq!(code, 7, "{talk}");
    assert_eq!(
        statuses(&rows),
        [
            "customer-1 complete",
            "customer-2 failed",
            "customer-3 failed",
            "customer-4 complete"
        ],
        "what answered yesterday may not refuse today"
    );
    assert!(rows[1]["synced_at"].is_string() && rows[1]["error"]["exit_code"].as_i64() > Some(0));
    assert_eq!(std::fs::read(partner.file("customer-2")).unwrap(), before);
    // What was whole is left out, and asked nothing.
    partner.simulator.behave(Behavior::default());
    partner.simulator.forget_requests();
    let (code, rows, _) = partner.run(&["sync", "--continue"]).await;
    assert_eq!(code, 0);
    assert_eq!(rows[0]["status"], "done_before");
    assert_eq!(partner.simulator.requests().count("/api/managed_users/1/"), 0);
    assert!(partner.simulator.requests().count("/api/managed_users/2/") > 0);
    let (code, rows, _) = partner.run(&["status"]).await;
    assert_eq!((code, rows.len()), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lacks_customers_takes_no_file_away() {
    let partner = Partner::of((1..=3).map(customer).collect(), ALL).await;
    assert_eq!(partner.run(&["sync"]).await.0, 0);
    // One is gone from the list.
    let files = || (1..=3).map(|n| std::fs::read(partner.file(&format!("customer-{n}"))).unwrap());
    let before: Vec<Vec<u8>> = files().collect();
    partner.simulator.set_customers(vec![customer(1), customer(3)]);
    let (code, rows, talk) = partner.run(&["sync"]).await;
    assert_eq!(code, 5, "{talk}");
    assert_eq!(
        statuses(&rows),
        ["customer-1 complete", "customer-3 complete", "customer-2 not_in_list"]
    );
    assert!(rows[2]["synced_at"].is_string());
    assert_eq!(files().nth(1).unwrap(), before[1]);
    let (code, rows, _) = partner.run(&["status"]).await;
    assert_eq!(code, 5);
    assert_eq!(statuses(&rows)[2], "customer-2 not_in_list");
    // The list refuses, is empty, is no list, or says that it has more than it shows.
    let before: Vec<Vec<u8>> = files().collect();
    let list = "/api/managed_users";
    let answer = |body: &str| Fault::Status(200, body.to_owned(), Vec::new());
    for (fault, code) in [
        (Fault::status(403), 7),
        (answer(r#"{"result": []}"#), 14),
        (answer(r#"{"customers": []}"#), 13),
        // Two more are on no page: each shows the same row.
        (answer(r#"{"result": {"count": 3, "items": [{"id": 1}]}}"#), 13),
    ] {
        partner
            .simulator
            .behave(Behavior::default().script(list, Hits::Every, fault.clone()));
        let (found, rows, talk) = partner.run(&["sync"]).await;
        assert_eq!(
            statuses(&rows),
            [
                "customer-1 failed",
                "customer-2 failed",
                "customer-3 failed",
                "managed-users failed"
            ],
            "{fault:?}: {talk}"
        );
        assert!(files().eq(before.iter().cloned()), "{fault:?}");
        assert_eq!(found, code, "{fault:?}: {talk} {rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_customers_than_a_page_are_read_until_two_readings_agree() {
    let few = Shape {
        people: 3,
        projects: 0,
        groups: 0,
        ..Shape::small(AccessModel::Legacy)
    };
    let tiny = Workspace::generate(&few);
    let all = (1..=230).map(|id| Customer {
        id,
        external_id: None,
        workspace: tiny.clone(),
        members: MembersForm::Array,
    });
    let partner = Partner::of(all.collect(), ALL).await;
    // A row moves to a page that was read while the list is read for the first time.
    partner.simulator.behave(Behavior::default().script(
        "/api/managed_users?page=2",
        Hits::Nth(1),
        Fault::FirstRowGone,
    ));
    let (code, rows, talk) = partner.run(&["sync", "--shards", "40", "--shard", "7"]).await;
    assert_eq!(code, 0, "{talk}");
    assert!((1..20).contains(&rows.len()), "{}", rows.len());
    let asked = partner.simulator.requests().count("/api/managed_users?");
    assert!(asked >= 9, "{asked}: three pages, three times");
    // Every customer is in one shard; who they are is known without asking.
    partner.simulator.forget_requests();
    let mut names = Vec::new();
    for shard in ["0", "1", "2"] {
        let (_, rows, _) = partner.run(&["status", "--shards", "3", "--shard", shard]).await;
        names.extend(rows.iter().map(|row| row["workspace"].as_str().unwrap().to_owned()));
    }
    assert_eq!(names.len(), 230);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 230);
    assert!(partner.simulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn named_customers_are_not_listed_and_stand_beside_workspaces_of_their_own() {
    let text = "managed_users:\n  token: {env: PARTNER}\n  customers: [1, 'E../b c', 9]\nworkspaces:\n\
                - name: acme\n  token: {env: ACME}\n";
    let external = Customer {
        external_id: Some("../b c".to_owned()),
        ..customer(2)
    };
    let partner = Partner::of(vec![customer(1), external], text).await;
    let (code, rows, talk) = partner.run(&["sync"]).await;
    let told: Vec<&str> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(told, ["failed", "complete", "complete", "failed"], "{talk}");
    assert_ne!(code, 0);
    let name = rows[2]["workspace"].as_str().unwrap();
    assert!(
        name.starts_with("customer-E.._b_c~") && partner.file(name).exists(),
        "{name}"
    );
    assert_eq!(partner.simulator.requests().count("/api/managed_users?"), 0);
    let (_, rows, talk) = partner.run(&["doctor"]).await;
    assert_eq!(rows.len(), 4, "{talk}");
    assert_eq!(rows[3]["status"], "failed", "{rows:?}");
}
