//! Customers of an Embedded partner: what is not understood, or not there, is never taken for nothing.

mod fleet;
mod many;

use std::path::{Path, PathBuf};
use std::process::Output;

use baton_workato::simulator::{
    AccessModel, AgentsShape, Behavior, Customer, Endpoint, Env, Fault, Hits, MembersForm, Shape, Simulator, Workspace,
};

use crate::support::program::{output, program};
use crate::support::rows::Rows;

/// A small workspace.
pub fn workspace(seed: u64) -> Workspace {
    Workspace::generate(&Shape {
        seed,
        ..Shape::small(AccessModel::RbacV2)
    })
}

/// A customer with one.
pub fn customer(id: u64) -> Customer {
    Customer {
        id,
        external_id: None,
        workspace: workspace(id),
        members: MembersForm::Array,
    }
}

/// Syncs one workspace, of the token or of a customer.
async fn single(simulator: &Simulator, customer: Option<&str>, file: &Path) -> Output {
    let mut command = program();
    command
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
        .env("BATON_WORKATO_BASE_URL", simulator.base_url())
        .args(["--sync-connections", "--log-level", "warn"])
        .args(["--workato-requests-per-minute", "100000", "-f"])
        .arg(file);
    if let Some(customer) = customer {
        command.args(["--workato-managed-user", customer]);
    }
    output(command).await
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(format!("{name}.c1z"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_has_the_rows_of_the_same_workspace_under_a_token_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for (n, model) in [AccessModel::RbacV2, AccessModel::Legacy].into_iter().enumerate() {
        // More people than a page of any list has rows.
        let workspace = Workspace::generate(&Shape {
            people: 130,
            projects: 14,
            loose_folders: 30,
            ..Shape::small(model)
        });
        let own = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
        let direct = file(&folder, &format!("own-{n}"));
        assert!(single(&own, None, &direct).await.status.success());
        for form in [MembersForm::Array, MembersForm::Result, MembersForm::Data] {
            let customer = Customer {
                id: 91001,
                external_id: Some("A/2 3&x=%".to_owned()),
                workspace: workspace.clone(),
                members: form,
            };
            let partner = Simulator::start_partner(vec![customer], Behavior::default())
                .await
                .unwrap();
            for id in ["91001", "EA/2 3&x=%"] {
                let mirrored = file(&folder, &format!("{form:?}-{n}-{}", id.len()));
                let output = single(&partner, Some(id), &mirrored).await;
                assert!(output.status.success(), "{form:?} {id}: {}", talk(&output));
                assert_eq!(
                    Rows::of_file(&mirrored),
                    Rows::of_file(&direct),
                    "{model:?} {form:?} {id}"
                );
            }
            let asked = partner.requests();
            assert_eq!(
                asked.count("/api/managed_users/"),
                asked.len(),
                "nothing of the partner's own is read"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_documented_is_not_asked_for_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::generate(&Shape {
        agents: Some(AgentsShape::demo()),
        ..Shape::small(AccessModel::RbacV2)
    });
    let customer = Customer {
        workspace: workspace.clone(),
        ..customer(7)
    };
    let partner = Simulator::start_partner(vec![customer], Behavior::default())
        .await
        .unwrap();
    let own = Simulator::start(workspace, Behavior::default()).await.unwrap();
    let [direct, mirrored] = ["own", "mirror"].map(|name| file(&folder, name));
    assert!(single(&own, None, &direct).await.status.success());
    let output = single(&partner, Some("7"), &mirrored).await;
    assert!(output.status.success(), "{}", talk(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("genies") || talk(&output).contains("genies"));
    let [direct, mirrored] = [&direct, &mirrored].map(|file| Rows::of_file(file));
    let of = |rows: &Rows, kind: &str| -> Vec<String> {
        let ids = rows.resources.keys().filter(|id| id.starts_with(&format!("{kind}:")));
        ids.cloned().collect()
    };
    for kind in [
        "identity_user",
        "identity_group",
        "mcp_server",
        "api_collection",
        "collaborator",
    ] {
        assert!(!of(&direct, kind).is_empty(), "{kind}");
        assert_eq!(of(&mirrored, kind), of(&direct, kind), "{kind}");
    }
    assert!(!of(&direct, "genie").is_empty() && of(&mirrored, "genie").is_empty());
    assert_eq!(partner.requests().count("/api/managed_users/7/agentic"), 0);
    assert_eq!(partner.requests().count("/api/managed_users/7/api_clients"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_people_that_is_not_understood_fails_and_never_gives_fewer_rows() {
    let folder = tempfile::tempdir().unwrap();
    let members = "/api/managed_users/7/members";
    let people = 50;
    let workspace = Workspace::generate(&Shape {
        people,
        ..Shape::small(AccessModel::RbacV2)
    });
    let of = |members: MembersForm| Customer {
        workspace: workspace.clone(),
        members,
        ..customer(7)
    };
    let partner = Simulator::start_partner(vec![of(MembersForm::Unknown)], Behavior::default())
        .await
        .unwrap();
    let made = file(&folder, "made");
    let output = single(&partner, Some("7"), &made).await;
    assert_eq!(output.status.code(), Some(13), "{}", talk(&output));
    // Rows that say nothing of roles; both envelopes at once; a page of a list that should come whole.
    let silent = r#"[{"id": 1, "name": "Ada", "email": "ada@example.com"}]"#;
    let both = r#"{"data": [], "result": []}"#;
    let row = |n: usize| format!(r#"{{"id": {n}, "email": "p{n}@example.com", "roles": []}}"#);
    let page = |from: usize| format!("[{}]", (from..from + 100).map(row).collect::<Vec<_>>().join(","));
    for (body, code) in [(silent, 13), (both, 13), (page(1).as_str(), 14)] {
        let answer = |body: &str| Fault::Status(200, body.to_owned(), Vec::new());
        partner.behave(
            Behavior::default()
                .script(&format!("{members}?page=2"), Hits::Every, answer(&page(101)))
                .script(members, Hits::Every, answer(body)),
        );
        let output = single(&partner, Some("7"), &made).await;
        assert_eq!(output.status.code(), Some(code), "{body:.60}: {}", talk(&output));
        assert!(!made.exists());
    }
    // As many people as a page would have, in a list that is whole.
    partner.behave(Behavior::default());
    partner.set_customers(vec![of(MembersForm::Array)]);
    partner.forget_requests();
    assert!(single(&partner, Some("7"), &made).await.status.success());
    assert_eq!(partner.requests().to(Endpoint::Members), 2);
    let everybody = Rows::of_file(&made);
    assert_eq!(
        everybody
            .resources
            .keys()
            .filter(|id| id.starts_with("collaborator:"))
            .count(),
        people
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_with_one_role_name_hold_it_and_a_warning_says_what_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let customer = Customer {
        workspace,
        members: MembersForm::OneRole,
        ..customer(7)
    };
    let partner = Simulator::start_partner(vec![customer], Behavior::default())
        .await
        .unwrap();
    let made = file(&folder, "made");
    let output = single(&partner, Some("7"), &made).await;
    assert!(output.status.success(), "{}", talk(&output));
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), talk(&output));
    assert!(told.contains("name one role and no environment"), "{told}");
    let rows = Rows::of_file(&made);
    let held = rows
        .grants
        .values()
        .filter(|grant| grant.principal.starts_with("collaborator:"))
        .count();
    assert!(held > 5, "{held}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_only_read_and_has_one_token() {
    let folder = tempfile::tempdir().unwrap();
    let partner = Simulator::start_partner(vec![customer(7)], Behavior::default())
        .await
        .unwrap();
    let made = file(&folder, "made");
    for (customer, token) in [("A23", None), ("", Some(Env::Test)), ("7", Some(Env::Test))] {
        let mut command = program();
        command
            .env("BATON_WORKATO_API_KEY", partner.token(Env::Dev))
            .env("BATON_WORKATO_BASE_URL", partner.base_url())
            .args(["--workato-managed-user", customer, "-f"])
            .arg(&made);
        if let Some(env) = token {
            command.env("BATON_WORKATO_TEST_API_KEY", partner.token(env));
        }
        let output = output(command).await;
        let code = if customer.is_empty() { 0 } else { 2 };
        assert_eq!(output.status.code(), Some(code), "{customer:?}: {}", talk(&output));
    }
}
