//! Words that decide about access: in another spelling they mean the same; one that is not known is counted, and gives
//! nobody anything on a guess.

use std::collections::BTreeSet;

use baton_workato::report::Which;
use baton_workato::report::access::Answers;
use baton_workato::report::reach::{Ground, Part};
use baton_workato::simulator::{
    AccessModel, AgentsShape, Behavior, Endpoint, Fault, Hits, Shape, Simulator, Workspace,
};
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::{Value, json};

use super::{Synced, settings, sync};
use crate::support::oracle::Options;
use crate::support::run;

fn small(model: AccessModel) -> Workspace {
    Workspace::generate(&Shape::small(model))
}

/// A list or an object in which a text is another one.
fn replaced(path: &str, text: &str, by: &str) -> Behavior {
    let fault = Fault::Replaced(text.to_owned(), by.to_owned());
    Behavior::default().script(path, Hits::Every, fault)
}

fn fields(path: &str, fields: &[(&str, Value)]) -> Behavior {
    let fields = fields.iter().map(|(at, value)| ((*at).to_owned(), value.clone()));
    Behavior::default().script(path, Hits::Every, Fault::Fields(fields.collect()))
}

fn causes(synced: &Synced) -> BTreeSet<&'static str> {
    synced.summary.warnings.iter().map(|w| w.cause).collect()
}

/// Ids of grants that begin so.
fn granted<'a>(synced: &'a Synced, kind: &'a str) -> Vec<&'a String> {
    let all = synced.rows.grants.keys();
    all.filter(|id| id.starts_with(kind)).collect()
}

#[tokio::test]
async fn an_environment_in_another_spelling_is_the_same_and_one_of_another_name_is_counted() {
    let workspace = small(AccessModel::RbacV2);
    let options = Options::default();
    let whole = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    let said = |word: &str| {
        let by = format!("\"environment_type\":{}", json!(word));
        replaced("/api/members", "\"environment_type\":\"dev\"", &by)
    };
    for word in ["Development", " DEV ", "development"] {
        let synced = sync(workspace.clone(), said(word), &options).await.unwrap();
        assert!(synced.rows == whole.rows, "{word:?}");
        assert_eq!(synced.summary.warnings, [], "{word:?}");
    }
    let synced = sync(workspace, said("Dev environment"), &options).await.unwrap();
    assert!(granted(&synced, "environment_role:").is_empty());
    assert_eq!(
        causes(&synced),
        BTreeSet::from(["environment-of-nobody", "environment-unknown"])
    );
}

#[tokio::test]
async fn a_role_of_an_unknown_kind_is_nobodys() {
    for model in [AccessModel::RbacV2, AccessModel::Mixed] {
        let workspace = small(model);
        let options = Options::default();
        let whole = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
        let said = |word: &str| {
            let by = format!("\"role_type\":{}", json!(word));
            replaced("/api/members", "\"role_type\":\"environment\"", &by)
        };
        for word in ["Environment", " ENVIRONMENT "] {
            let synced = sync(workspace.clone(), said(word), &options).await.unwrap();
            assert!(synced.rows == whole.rows, "{model:?} {word:?}");
        }
        for word in ["env_role", "project", "workspace"] {
            let synced = sync(workspace.clone(), said(word), &options).await.unwrap();
            assert!(granted(&synced, "environment_role:").is_empty(), "{model:?} {word:?}");
            assert!(
                granted(&synced, "role:").len() <= granted(&whole, "role:").len(),
                "{model:?} {word:?}"
            );
            assert!(causes(&synced).contains("role-type-unknown"), "{model:?} {word:?}");
        }
    }
}

/// A workspace whose environment roles may not be listed looks like an older one; its groups tell.
#[tokio::test]
async fn a_workspace_with_groups_is_no_older_one() {
    let mut workspace = small(AccessModel::Legacy);
    for person in &mut workspace.people {
        for role in &mut person.roles {
            role.role_type = None;
        }
    }
    let whole = sync(workspace.clone(), Behavior::default(), &Options::default())
        .await
        .unwrap();
    assert!(!granted(&whole, "role:Operator:").is_empty());
    let groups = json!({
        "data": [{"id": "am-1", "name": "Builders", "system": false, "members_count": 0}],
        "total": 1,
        "page": {"number": 1, "size": 100},
    });
    let answer = |body: &Value| Fault::Status(200, body.to_string(), Vec::new());
    let empty = json!({"data": [], "total": 0, "page": {"number": 1, "size": 100}});
    let behavior = Behavior::default()
        .script("/api/user_groups", Hits::Every, answer(&groups))
        .script("/api/user_groups/*/members", Hits::Every, answer(&empty))
        .script("/api/project_roles", Hits::Every, answer(&empty))
        .script("/api/projects/*/project_grants", Hits::Every, answer(&empty));
    let synced = sync(workspace, behavior, &Options::default()).await.unwrap();
    assert!(
        granted(&synced, "role:Operator:").is_empty(),
        "it may be a role of that name"
    );
    assert!(
        causes(&synced).contains("role-list-missing"),
        "{:?}",
        synced.summary.warnings
    );
    assert!(synced.rows.resources.contains_key("collaborator_group:am-1"));
    let asked = synced.simulator.requests();
    assert!(asked.iter().any(|r| r.path.contains("/project_grants")));
}

#[tokio::test]
async fn how_an_mcp_server_is_opened_is_told_in_words_that_are_known() {
    let workspace = Workspace::generate(&Shape {
        agents: Some(AgentsShape::demo()),
        ..Shape::small(AccessModel::RbacV2)
    });
    let options = Options::default();
    let whole = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    assert!(!granted(&whole, "mcp_server:").is_empty());
    let one = "/api/mcp/mcp_servers/*";
    let at = "/data/authentication_method";
    for word in [json!("Token"), json!(" token")] {
        let synced = sync(workspace.clone(), fields(one, &[(at, word.clone())]), &options)
            .await
            .unwrap();
        assert!(granted(&synced, "mcp_server:").is_empty(), "{word}");
        assert!(!causes(&synced).contains("authentication-unknown"), "{word}");
    }
    // Where a server does not say it itself, the list does.
    let synced = sync(workspace.clone(), fields(one, &[(at, Value::Null)]), &options)
        .await
        .unwrap();
    assert!(synced.rows == whole.rows);
    for word in [json!("none"), json!("api_key"), json!({})] {
        let behavior = fields(one, &[(at, word.clone())]);
        let (_folder, file, causes) = file_of(workspace.clone(), behavior, &options).await;
        if word.is_string() {
            assert!(causes.contains("authentication-unknown"), "{word}");
            let told = gaps(&file, "mcp_server", |_| true);
            assert!(
                told.iter()
                    .any(|gap| gap.contains("or lets in whoever has its address")),
                "{word}: {told:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_api_client_of_an_unknown_environment_may_reach_everything() {
    let workspace = small(AccessModel::RbacV2);
    let options = Options::default();
    let said = |word: Value| {
        fields(
            "/api/developer_api_clients",
            &[
                ("/result/items/0/environment_name", word),
                ("/result/items/0/all_folders", json!(true)),
            ],
        )
    };
    let about = |told: &[String]| told.iter().any(|gap| gap.contains("everything in \"sandbox\""));
    let (_folder, file, _) = file_of(workspace.clone(), said(json!("Sandbox")), &options).await;
    let told = gaps(&file, "project", |_| true);
    assert!(about(&told), "{told:?}");
    let (_folder, file, _) = file_of(workspace, said(json!(" development ")), &options).await;
    assert!(!about(&gaps(&file, "project", |_| true)));
}

/// What a holder's row says of folders is said of nobody else (`workato/api.md 5`).
#[tokio::test]
async fn folders_of_holders_who_were_asked_are_not_those_of_the_others() {
    let workspace = Workspace::generate(&Shape {
        people: 30,
        ..Shape::small(AccessModel::RbacV2)
    });
    let options = Options::default();
    let whole = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    let folder = whole
        .rows
        .resources
        .keys()
        .find_map(|id| id.strip_prefix("folder:"))
        .unwrap();
    let asked = |synced: &Synced| -> BTreeSet<String> {
        let all = synced.simulator.requests().0.into_iter();
        let privileges = all.filter(|r| r.endpoint == Some(Endpoint::MemberPrivileges));
        privileges
            .map(|r| r.path.split('?').next().unwrap().to_owned())
            .collect()
    };
    let first = asked(&whole);
    let mut behavior = Behavior::default();
    for path in &first {
        let fault = Fault::Fields(vec![("/data/0/folder_ids".to_owned(), json!([folder]))]);
        behavior = behavior.script(path, Hits::Every, fault);
    }
    let synced = sync(workspace, behavior, &options).await.unwrap();
    assert!(asked(&synced).len() > first.len(), "the others are asked as well");
    let on = format!("folder:{folder}:collaborator-access:collaborator:");
    let people: BTreeSet<&str> = synced
        .rows
        .grants
        .keys()
        .filter_map(|id| id.strip_prefix(&on))
        .collect();
    let said: BTreeSet<&str> = first.iter().filter_map(|path| path.split('/').nth(3)).collect();
    assert_eq!(people, said);
}

/// The group of everybody holds everybody, unless it counts another number of people.
#[tokio::test]
async fn the_group_of_everybody_is_read_where_it_counts_others() {
    let workspace = small(AccessModel::RbacV2);
    let system = workspace.groups.iter().position(|g| g.system).unwrap();
    let id = workspace.groups[system].id.clone();
    let everybody = workspace.people.len();
    let count = Fault::Fields(vec![(format!("/data/{system}/members_count"), json!(everybody - 1))]);
    let behavior = Behavior::default()
        .script("/api/user_groups", Hits::Every, count)
        .script(
            &format!("/api/user_groups/{id}/members"),
            Hits::Every,
            Fault::FirstRowGone,
        );
    let synced = sync(workspace, behavior, &Options::default()).await.unwrap();
    let members = granted(&synced, &format!("collaborator_group:{id}:member:")).len();
    assert_eq!(members, everybody - 1);
}

/// A grant is of the person whose id and address it has.
#[tokio::test]
async fn a_project_grant_of_another_address_or_of_two_people_is_nobodys() {
    let workspace = small(AccessModel::RbacV2);
    let options = Options::default();
    let direct = |synced: &Synced| {
        let grants = synced.rows.grants.iter().filter(|(id, _)| id.starts_with("project:"));
        let own = grants.filter(|(id, row)| {
            let of_api = row.annotations.iter().any(|a| a["@"] == json!("GrantMetadata"));
            id.contains(":collaborator:") && of_api
        });
        own.count()
    };
    let whole = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    assert!(direct(&whole) > 0);
    for (field, value, cause) in [
        ("email", json!("somebody.else@example.org"), "grant-of-other-address"),
        ("user_id", json!(99_999_999), "two-ids"),
    ] {
        let all: Vec<(String, Value)> = (0..100)
            .map(|n| (format!("/data/{n}/user/{field}"), value.clone()))
            .collect();
        let behavior = Behavior::default().script("/api/projects/*/project_grants", Hits::Every, Fault::Fields(all));
        let synced = sync(workspace.clone(), behavior, &options).await.unwrap();
        assert_eq!(direct(&synced), 0, "{field}");
        let told = synced.summary.warnings.iter().find(|w| w.cause == cause).unwrap();
        assert_eq!(usize::try_from(told.count).unwrap(), direct(&whole), "{field}");
    }
}

#[tokio::test]
async fn folders_that_lie_in_several_places_are_counted() {
    let workspace = small(AccessModel::RbacV2);
    let options = Options::everything();
    for (at, value) in [("/0/project_id", json!(99_999_999)), ("/1/project_id", json!("999"))] {
        let synced = sync(workspace.clone(), fields("/api/folders", &[(at, value)]), &options)
            .await
            .unwrap();
        assert!(
            causes(&synced).contains("folder-place-uncertain"),
            "{at}: {:?}",
            synced.summary.warnings
        );
    }
}

/// A project that does not name its root folder has the one that names it.
#[tokio::test]
async fn a_root_may_name_its_project() {
    let workspace = small(AccessModel::RbacV2);
    let options = Options::default();
    let whole = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    let nothing = fields("/api/projects", &[("/0/folder_id", Value::Null)]);
    let synced = sync(workspace, nothing, &options).await.unwrap();
    assert_eq!(synced.summary.warnings, []);
    let folders = |synced: &Synced| {
        let all = synced.rows.resources.iter().filter(|(id, _)| id.starts_with("folder:"));
        all.map(|(id, row)| (id.clone(), row.parent.clone()))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(folders(&synced), folders(&whole));
}

/// A sync in a file, and why it warned.
async fn file_of(
    workspace: Workspace,
    behavior: Behavior,
    options: &Options,
) -> (tempfile::TempDir, std::path::PathBuf, BTreeSet<&'static str>) {
    let simulator = Simulator::start(workspace, behavior).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let summary = run::workato(settings(&simulator, options), &file).await.unwrap();
    let causes = summary.warnings.iter().map(|w| w.cause).collect();
    (folder, file, causes)
}

/// What is not known of the things of a type.
fn gaps(file: &std::path::Path, kind: &str, which: impl Fn(&str) -> bool) -> Vec<String> {
    let snapshot = Which::latest(file).open().unwrap();
    let answers = Answers::new(&snapshot).unwrap();
    let ground = Ground::read(answers.names(), answers.edges(), &CONVENTIONS).unwrap();
    let mut things = Vec::new();
    snapshot
        .reader()
        .for_each_resource(snapshot.sync_id(), &mut |resource| {
            let thing = answers.names().thing_of(&resource)?;
            if thing.kind == kind && which(&thing.id) {
                things.push(thing);
            }
            Ok(())
        })
        .unwrap();
    assert!(!things.is_empty());
    let doors = things
        .iter()
        .map(|thing| ground.doors(answers.names(), thing, Part::Whole).unwrap());
    let gaps = doors.flat_map(|doors| doors.unknown.into_iter().chain(doors.unknown_people));
    gaps.map(|gap| gap.message).collect()
}
