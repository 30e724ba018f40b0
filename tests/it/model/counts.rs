//! Counts that the API gives elsewhere, and rows of groups that may be invitations
//! (`workato/api.md 2.10`).

use baton_workato::ABOUT;
use baton_workato::simulator::{AccessModel, Behavior, Fault, Hits, Shape, Workspace};
use serde_json::{Value, json};

use super::sync;
use crate::support::oracle::Options;

fn small() -> Workspace {
    Workspace::generate(&Shape::small(AccessModel::RbacV2))
}

/// The members list of people has no count of its own when it is bare; the group of everybody has one.
#[tokio::test]
async fn fewer_people_than_the_group_of_all_collaborators_counts_are_a_warning() {
    let workspace = small();
    let everybody = workspace.people.len();
    for (said, warned) in [
        (everybody + 1, true),
        (everybody + 500, true),
        (everybody, false),
        (1, false),
    ] {
        let fault = Fault::Fields(vec![("/data/0/members_count".to_owned(), json!(said))]);
        let behavior = Behavior::default().script("/api/user_groups", Hits::Every, fault);
        let synced = sync(workspace.clone(), behavior, &Options::default()).await.unwrap();
        let told: Vec<_> = synced.summary.warnings.iter().map(|w| (w.cause, w.count)).collect();
        assert_eq!(
            told,
            if warned {
                vec![("collaborators-missing", 1)]
            } else {
                vec![]
            },
            "{said}"
        );
        if let [warning] = synced.summary.warnings.as_slice() {
            assert_eq!(warning.examples, [format!("All collaborators: {everybody} of {said}")]);
            assert!(
                warning.message.contains("invited and have not accepted"),
                "{}",
                warning.message
            );
        }
        assert_eq!(
            synced.rows.grants.keys().filter(|id| id.contains(":member:")).count(),
            {
                let groups = workspace.groups.iter();
                groups.map(|g| workspace.members_of(g).len()).sum::<usize>()
            }
        );
    }
}

/// A list that says its total and shows fewer is no list, whatever wraps it and however the total is written.
#[tokio::test]
async fn a_list_that_is_shorter_than_its_total_is_told_or_ends_the_sync() {
    let workspace = small();
    for (path, body) in [
        ("/api/members", json!({"data": [{"id": 1}], "total": 2})),
        ("/api/members", json!({"data": [{"id": 1}], "total": "2"})),
        ("/api/projects", json!({"result": [{"id": 1}], "total": 2})),
        ("/api/connections", json!({"result": [{"id": 1}], "total": 2})),
        (
            "/api/developer_api_clients",
            json!({"result": {"count": 2, "items": [{"id": 1}]}}),
        ),
        (
            "/api/developer_api_clients",
            json!({"result": {"count": "2", "items": [{"id": 1}]}}),
        ),
    ] {
        let fault = Fault::Status(200, body.to_string(), Vec::new());
        let behavior = Behavior::default().script(path, Hits::Every, fault);
        let options = Options {
            connections: true,
            ..Options::default()
        };
        match sync(workspace.clone(), behavior, &options).await {
            Err(error) => assert!(
                ["BW-1108", "BW-1109"].contains(&ABOUT.code(error.code_id()).as_str()),
                "{body}: {error}"
            ),
            Ok(synced) => {
                let told = synced.summary.warnings.iter().any(|w| w.cause == "list-changed");
                assert!(told, "{body}: {:?}", synced.summary.warnings);
            }
        }
    }
}

#[tokio::test]
async fn a_total_that_is_no_number_spoils_nothing() {
    let workspace = small();
    let whole = sync(workspace.clone(), Behavior::default(), &Options::default())
        .await
        .unwrap();
    for value in [
        json!("many"),
        json!(null),
        json!({}),
        json!([7]),
        json!(1.5),
        json!(true),
    ] {
        for (path, pointers) in [
            ("/api/members", &["/total"][..]),
            ("/api/user_groups", &["/total", "/page"]),
            ("/api/projects/*/project_grants", &["/total", "/page/size"]),
            ("/api/developer_api_clients", &["/result/count"]),
        ] {
            let fields = pointers
                .iter()
                .map(|pointer| ((*pointer).to_owned(), value.clone()))
                .collect();
            let behavior = Behavior::default().script(path, Hits::Every, Fault::Fields(fields));
            let synced = sync(workspace.clone(), behavior, &Options::default()).await.unwrap();
            assert!(synced.rows == whole.rows, "{path} {value}");
            assert_eq!(synced.summary.warnings, [], "{path} {value}");
        }
    }
}

/// A row of a group counts if its address, where it has one, is that of the collaborator with its id.
#[tokio::test]
async fn a_member_of_a_group_is_who_the_address_says() {
    let workspace = small();
    let at = workspace
        .groups
        .iter()
        .position(|g| !g.system && g.members.len() > 1)
        .unwrap();
    let group = &workspace.groups[at];
    let first = workspace.people.iter().find(|p| p.id == group.members[0]).unwrap();
    let address = first.email.clone().unwrap();
    let grant = format!("collaborator_group:{}:member:collaborator:{}", group.id, first.id);
    for (row, counts, cause) in [
        (json!({"id": first.id, "email": address}), true, None),
        (
            json!({"id": first.id, "email": format!("  {} ", address.to_uppercase())}),
            true,
            None,
        ),
        (json!({"id": first.id, "email": null}), true, None),
        (json!({"id": first.id, "email": ""}), true, None),
        (json!({"id": first.id}), true, None),
        (json!({"id": first.id.to_string(), "email": address}), true, None),
        (
            json!({"id": first.id, "email": "invited@example.org", "name": "Invited"}),
            false,
            Some("group-member-of-other-address"),
        ),
        (
            json!({"id": first.id, "email": 7}),
            false,
            Some("group-member-of-other-address"),
        ),
        (
            json!({"id": 99_999_999, "email": "invited@example.org"}),
            false,
            Some("collaborator-not-listed"),
        ),
        (
            json!({"id": 99_999_999, "email": address}),
            false,
            Some("collaborator-not-listed"),
        ),
    ] {
        let fault = Fault::Fields(vec![("/data/0".to_owned(), row.clone())]);
        let path = format!("/api/user_groups/{}/members", group.id);
        let behavior = Behavior::default().script(&path, Hits::Every, fault);
        let synced = sync(workspace.clone(), behavior, &Options::default()).await.unwrap();
        assert_eq!(synced.rows.grants.contains_key(&grant), counts, "{row}");
        let causes: Vec<_> = synced.summary.warnings.iter().map(|w| w.cause).collect();
        assert_eq!(causes, Vec::from_iter(cause), "{row}");
        for warning in &synced.summary.warnings {
            assert!(
                warning.message.contains("invited and have not accepted"),
                "{}",
                warning.message
            );
        }
        let others = synced
            .rows
            .grants
            .keys()
            .filter(|id| id.starts_with(&format!("collaborator_group:{}:", group.id)));
        assert_eq!(others.count(), group.members.len() - usize::from(!counts), "{row}");
    }
}

/// Somebody without an address on record is nobody's address.
#[tokio::test]
async fn an_address_is_not_that_of_somebody_without_one() {
    let mut workspace = small();
    let group = workspace.groups.iter().find(|g| !g.system).unwrap().clone();
    let first = group.members[0];
    workspace.people.iter_mut().find(|p| p.id == first).unwrap().email = None;
    let fault = Fault::Fields(vec![("/data/0/email".to_owned(), Value::from("invited@example.org"))]);
    let path = format!("/api/user_groups/{}/members", group.id);
    let behavior = Behavior::default().script(&path, Hits::Every, fault);
    let synced = sync(workspace, behavior, &Options::default()).await.unwrap();
    assert_eq!(synced.summary.warnings[0].cause, "group-member-of-other-address");
}

/// A group that counts its invitations is no alarm that cannot be understood.
#[tokio::test]
async fn a_group_with_invitations_says_why_it_may_count_more() {
    let workspace = small();
    let at = workspace.groups.iter().position(|g| !g.system).unwrap();
    let said = workspace.groups[at].members.len() + 2;
    let fault = Fault::Fields(vec![(format!("/data/{at}/members_count"), json!(said))]);
    let behavior = Behavior::default().script("/api/user_groups", Hits::Every, fault);
    let synced = sync(workspace, behavior, &Options::default()).await.unwrap();
    let [warning] = synced.summary.warnings.as_slice() else {
        panic!("{:?}", synced.summary.warnings)
    };
    assert_eq!(warning.cause, "group-members-missing");
    assert!(
        warning.message.contains("invited and have not accepted"),
        "{}",
        warning.message
    );
}

/// Whoever was invited is counted, too. The group of everybody holds everybody, whatever it answers to who is in it.
#[tokio::test]
async fn an_invitation_costs_nobody_their_membership_of_all_collaborators() {
    let workspace = small();
    let everybody = workspace.people.len();
    let system = workspace.groups.iter().find(|group| group.system).unwrap();
    let path = format!("/api/user_groups/{}/members", system.id);
    let none = Fault::Status(200, r#"{"data":[],"total":0}"#.to_owned(), Vec::new());
    for (said, fault) in [
        (everybody + 1, Fault::status(403)),
        (everybody + 1, Fault::status(404)),
        (everybody + 1, Fault::status(400)),
        (everybody + 1, none.clone()),
        (everybody - 1, Fault::status(403)),
        (everybody - 1, none),
    ] {
        let count = Fault::Fields(vec![("/data/0/members_count".to_owned(), json!(said))]);
        let behavior = Behavior::default()
            .script("/api/user_groups", Hits::Every, count)
            .script(&path, Hits::Every, fault.clone());
        let synced = sync(workspace.clone(), behavior, &Options::default()).await.unwrap();
        let told: Vec<_> = synced.summary.warnings.iter().map(|w| (w.cause, w.count)).collect();
        assert_eq!(told, [("collaborators-missing", 1)], "{said} {fault:?}");
        let begin = format!("collaborator_group:{}:member:", system.id);
        let members = synced.rows.grants.keys().filter(|id| id.starts_with(&begin)).count();
        assert_eq!(members, everybody, "{said} {fault:?}");
    }
}
