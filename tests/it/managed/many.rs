//! Three hundred customers, of which five are broken, in runs that are killed.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::fleet::{ALL, Partner};
use super::*;

const MANY: u64 = 300;

fn small(id: u64) -> Customer {
    Customer {
        id,
        external_id: None,
        workspace: Workspace::generate(&Shape {
            seed: id,
            people: 4,
            projects: 1,
            groups: 1,
            folders_per_project: 1,
            loose_folders: 0,
            custom_roles: 1,
            api_clients: 1,
            ..Shape::small(AccessModel::RbacV2)
        }),
        members: MembersForm::Array,
    }
}

/// How many a run that was stopped had done.
fn done(partner: &Partner) -> usize {
    let text = std::fs::read(partner.folder.path().join("files/.fleet-run.json")).unwrap_or_default();
    let run: Value = serde_json::from_slice(&text).unwrap_or_default();
    run["done"].as_object().map_or(0, serde_json::Map::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_customers_are_whole_after_two_kills_but_for_those_that_are_broken() {
    let customers: Vec<Customer> = (1..=MANY).map(small).collect();
    let partner = Partner::of(customers.clone(), ALL).await;
    let (code, rows, talk) = partner.run(&["sync"]).await;
    assert_eq!((code, rows.len()), (0, 300), "{talk}");
    // Somebody joins everywhere, and five are broken since, each in its own way.
    partner.simulator.set_customers(
        customers
            .into_iter()
            .map(|mut one| {
                one.workspace = small(one.id + 10_000).workspace;
                if one.id == 250 {
                    one.members = MembersForm::Unknown;
                }
                one
            })
            .collect(),
    );
    let below = |id: u64, list: &str| format!("/api/managed_users/{id}/{list}");
    partner.simulator.behave(
        Behavior::default()
            .script(&below(7, "members"), Hits::Every, Fault::status(403))
            .script(&below(90, "members"), Hits::Every, Fault::TruncatedJson)
            .script(
                &below(140, "environment_roles"),
                Hits::Every,
                Fault::Redirect("https://login.example.org/".to_owned()),
            )
            .script(&below(201, "projects"), Hits::Every, Fault::Html(200)),
    );
    let broken = [7, 90, 140, 201, 250];
    let name = |id: u64| format!("customer-{id}");
    let yesterday: BTreeMap<u64, Vec<u8>> = broken
        .iter()
        .map(|id| (*id, std::fs::read(partner.file(&name(*id))).unwrap()))
        .collect();
    let mut goes_on: &[&str] = &["sync"];
    let mut left_out = 0;
    for at_least in [60, 170] {
        let mut child = partner
            .command(goes_on)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while done(&partner) < at_least {
            assert!(child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(300));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(done(&partner) > left_out);
        left_out = done(&partner);
        goes_on = &["sync", "--continue"];
    }
    let (code, rows, talk) = partner.run(goes_on).await;
    assert_ne!(code, 0, "{talk}");
    let told = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    assert_eq!(told("done_before"), left_out);
    assert_eq!(told("complete") + left_out, 295, "{talk}");
    assert_eq!(told("failed"), 5, "{talk}");
    for id in broken {
        let row = rows.iter().find(|row| row["workspace"] == name(id).as_str()).unwrap();
        assert_eq!(row["status"], "failed", "{row}");
        assert!(
            row["synced_at"].is_string() && row["error"]["exit_code"].as_i64() > Some(0),
            "{row}"
        );
        assert_eq!(std::fs::read(partner.file(&name(id))).unwrap(), yesterday[&id], "{id}");
    }
    // What a run of many makes is what a run of one makes.
    for id in (1..=MANY).step_by(23).filter(|id| !broken.contains(id)) {
        let alone = partner.folder.path().join("alone.c1z");
        let mut command = program();
        command
            .env("BATON_WORKATO_API_KEY", partner.simulator.token(Env::Dev))
            .env("BATON_WORKATO_BASE_URL", partner.simulator.base_url())
            .args(["--workato-managed-user", &id.to_string(), "--log-level", "error", "-f"])
            .arg(&alone);
        assert!(output(command).await.status.success());
        assert_eq!(Rows::of_file(&partner.file(&name(id))), Rows::of_file(&alone), "{id}");
        std::fs::remove_file(&alone).unwrap();
    }
}
