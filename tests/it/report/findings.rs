//! Findings about software and its credentials: of each kind something that is found, something that is not, and
//! something of which the file does not say.

use std::collections::BTreeSet;

use baton_workato::report::Snapshot;
use baton_workato::report::findings::{Finding, Item, Unknown, keys};
use baton_workato::report::overview::Overview;
use baton_workato::simulator::{AccessModel, AgentsShape, Behavior, Env, Fault, Hits, Shape, Simulator, Workspace};
use baton_workato::workato::conventions::CONVENTIONS;

use super::open;
use crate::model::settings;
use crate::support::oracle::Options;
use crate::support::run;

fn workspace() -> Workspace {
    Workspace::generate(&Shape {
        agents: Some(AgentsShape::demo()),
        environments: Env::ALL.to_vec(),
        api_clients: 4,
        ..Shape::small(AccessModel::RbacV2)
    })
}

async fn synced(workspace: Workspace, behavior: Behavior) -> (Snapshot, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("estate.c1z");
    let simulator = Simulator::start(workspace, behavior).await.unwrap();
    run::workato(settings(&simulator, &Options::everything()), &file)
        .await
        .unwrap();
    (open(&file), folder)
}

async fn findings(workspace: Workspace) -> Vec<Finding> {
    let (snapshot, _folder) = synced(workspace, Behavior::default()).await;
    Overview::of(&snapshot, &CONVENTIONS).unwrap().findings
}

fn of<'f>(all: &'f [Finding], key: &str) -> &'f Finding {
    all.iter().find(|finding| finding.key == key).unwrap()
}

fn found(all: &[Finding], key: &str) -> BTreeSet<String> {
    let name = |item: &Item| format!("{}:{}", item.thing.kind, item.thing.id);
    of(all, key).items.iter().map(name).collect()
}

fn unknown(all: &[Finding], key: &str) -> BTreeSet<String> {
    let name = |unknown: &Unknown| {
        unknown
            .thing
            .as_ref()
            .map(|thing| format!("{}:{}", thing.kind, thing.id))
    };
    of(all, key).unknown.iter().filter_map(name).collect()
}

fn set<const N: usize>(ids: [String; N]) -> BTreeSet<String> {
    ids.into_iter().collect()
}

#[tokio::test]
async fn servers_say_whether_a_token_opens_them_or_are_told_as_unknown() {
    let mut workspace = workspace();
    let estate = workspace.estate.as_mut().unwrap();
    estate.servers.truncate(3);
    for (server, method) in estate.servers.iter_mut().zip(["token", "workato_idp", "by_moonlight"]) {
        server.method = method.to_owned();
    }
    let ids: Vec<String> = estate.servers.iter().map(|s| format!("mcp_server:{}", s.id)).collect();
    let all = findings(workspace).await;
    assert_eq!(found(&all, keys::BEARERS), set([ids[0].clone()]));
    let item = &of(&all, keys::BEARERS).items[0];
    assert_eq!(item.id, format!("{}/{}", keys::BEARERS, ids[0]));
    assert_eq!(item.evidence[0].row, format!("resource {}", ids[0]));
    assert_eq!(item.evidence[0].says, "authentication_method: token");
}

#[tokio::test]
async fn a_list_of_addresses_is_there_or_empty_or_not_known() {
    let mut workspace = workspace();
    workspace.api_clients.truncate(3);
    let lists = [Some(vec![]), Some(vec!["192.0.2.0/24".to_owned()]), None];
    for (client, list) in workspace.api_clients.iter_mut().zip(lists) {
        client.ip_allow_list = list;
    }
    let clients: Vec<String> = workspace
        .api_clients
        .iter()
        .map(|c| format!("api_client:{}", c.id))
        .collect();
    let estate = workspace.estate.as_mut().unwrap();
    estate.servers.truncate(2);
    estate.servers[0].allowed = vec![];
    estate.servers[1].allowed = vec!["192.0.2.1".to_owned()];
    let servers: Vec<String> = estate.servers.iter().map(|s| format!("mcp_server:{}", s.id)).collect();
    estate.clients.truncate(1);
    estate.clients[0].keys.truncate(2);
    let owner = estate.clients[0].id;
    estate.clients[0].keys[0].allowed = vec![];
    estate.clients[0].keys[0].active = true;
    // Switched off: it cannot be used from anywhere.
    estate.clients[0].keys[1].allowed = vec![];
    estate.clients[0].keys[1].active = false;
    let key = format!("api_key:{owner}-{}", estate.clients[0].keys[0].id);
    let all = findings(workspace).await;
    assert_eq!(
        found(&all, keys::ADDRESSES),
        set([clients[0].clone(), servers[0].clone(), key]),
        "the token of a client has the list of the client"
    );
    assert_eq!(unknown(&all, keys::ADDRESSES), set([clients[2].clone()]));
}

#[tokio::test]
async fn an_agent_is_open_to_all_where_every_account_may_use_it() {
    let mut workspace = workspace();
    let estate = workspace.estate.as_mut().unwrap();
    let everybody: Vec<String> = estate.users.iter().map(|user| user.id.clone()).collect();
    estate.groups.truncate(3);
    for group in &mut estate.groups {
        group.env = Env::Dev;
    }
    estate.groups[0].members = everybody.clone();
    estate.groups[1].members = everybody[1..].to_vec();
    estate.groups[2].members = everybody[..1].to_vec();
    let groups: Vec<String> = estate.groups.iter().map(|group| group.id.clone()).collect();
    estate.genies.truncate(4);
    estate.servers.clear();
    // By one group; by all but one; by two groups together; by a group that no list has.
    let open = [
        vec![groups[0].clone()],
        vec![groups[1].clone()],
        vec![groups[1].clone(), groups[2].clone()],
        vec!["group-999".to_owned()],
    ];
    for (genie, groups) in estate.genies.iter_mut().zip(open) {
        genie.env = Env::Dev;
        genie.groups = groups;
    }
    let ids: Vec<String> = estate
        .genies
        .iter()
        .map(|genie| format!("genie:{}", genie.id))
        .collect();
    let all = findings(workspace).await;
    assert_eq!(found(&all, keys::OPEN_AGENTS), set([ids[0].clone(), ids[2].clone()]));
    assert_eq!(unknown(&all, keys::OPEN_AGENTS), set([ids[3].clone()]));
    let item = of(&all, keys::OPEN_AGENTS)
        .items
        .iter()
        .find(|item| item.id.ends_with(&ids[2]));
    assert_eq!(item.unwrap().evidence.len(), 2, "both groups");
}

#[tokio::test]
async fn clients_of_agents_are_found_where_there_are_any() {
    let mut workspace = workspace();
    let ids = |workspace: &Workspace| -> BTreeSet<String> {
        let estate = workspace.estate.as_ref().unwrap();
        estate
            .genie_clients
            .iter()
            .map(|c| format!("genie_client:{}", c.id))
            .collect()
    };
    let all = findings(workspace.clone()).await;
    assert!(!ids(&workspace).is_empty());
    assert_eq!(found(&all, keys::SPEAKERS), ids(&workspace));
    workspace.estate.as_mut().unwrap().genie_clients.clear();
    let all = findings(workspace).await;
    assert!(all.iter().all(|finding| finding.key != keys::SPEAKERS));
}

#[tokio::test]
async fn credentials_are_old_or_young_or_of_unknown_age() {
    let mut workspace = workspace();
    workspace.api_clients.truncate(3);
    let made = [Some("2020-01-01T00:00:00Z"), Some("2100-01-01T00:00:00Z"), None];
    for (client, made) in workspace.api_clients.iter_mut().zip(made) {
        client.token_updated_at = made.map(str::to_owned);
    }
    let clients: Vec<String> = workspace
        .api_clients
        .iter()
        .map(|c| format!("api_client:{}", c.id))
        .collect();
    let estate = workspace.estate.as_mut().unwrap();
    estate.clients.truncate(1);
    let owner = estate.clients[0].id;
    let keys_of = &mut estate.clients[0].keys;
    keys_of.truncate(2);
    for key in keys_of.iter_mut() {
        key.active_since = Some("2020-01-01T00:00:00Z".to_owned());
    }
    (keys_of[0].active, keys_of[1].active) = (true, false);
    let key = format!("api_key:{owner}-{}", keys_of[0].id);
    let all = findings(workspace).await;
    assert_eq!(found(&all, keys::OLD_CREDENTIALS), set([clients[0].clone(), key]));
    assert_eq!(unknown(&all, keys::OLD_CREDENTIALS), set([clients[2].clone()]));
}

#[tokio::test]
async fn what_is_switched_off_is_dead_and_what_has_no_key_is_unused() {
    let mut workspace = workspace();
    let estate = workspace.estate.as_mut().unwrap();
    estate.clients.truncate(4);
    for client in &mut estate.clients {
        client.legacy = false;
        client.keys.truncate(1);
        client.keys[0].active = true;
    }
    estate.clients[0].legacy = true;
    estate.clients[1].keys[0].active = false;
    estate.clients[2].keys.clear();
    let ids: Vec<u64> = estate.clients.iter().map(|client| client.id).collect();
    let off = estate.clients[1].keys[0].id;
    let all = findings(workspace).await;
    let client = |at: usize| format!("api_platform_client:{}", ids[at]);
    assert_eq!(
        found(&all, keys::DEAD),
        set([client(0), client(1), format!("api_key:{}-{off}", ids[1])])
    );
    assert_eq!(found(&all, keys::UNUSED), set([client(2)]));
    // Nobody says when a key was used: that is not the same as never.
    assert!(unknown(&all, keys::UNUSED).contains(&format!("api_key:{}-1", ids[3])));
}

#[tokio::test]
async fn whether_a_skill_writes_is_never_claimed() {
    let mut workspace = workspace();
    let estate = workspace.estate.as_mut().unwrap();
    estate.genies.truncate(3);
    for (genie, (env, skills)) in estate
        .genies
        .iter_mut()
        .zip([(Env::Prod, 3), (Env::Prod, 0), (Env::Dev, 3)])
    {
        (genie.env, genie.skills, genie.groups) = (env, skills, vec![]);
    }
    let id = format!("genie:{}", estate.genies[0].id);
    let all = findings(workspace).await;
    assert_eq!(of(&all, keys::ACTING).total, 0);
    assert_eq!(unknown(&all, keys::ACTING), set([id]));
    assert!(!of(&all, keys::ACTING).is_clean());
}

#[tokio::test]
async fn a_connection_is_of_somebody_who_left_where_its_name_says_so() {
    let mut workspace = workspace();
    let domain = "northwind.example";
    let mut addresses = workspace.people.iter().filter_map(|person| person.email.clone());
    let here = addresses.find(|address| address.ends_with(domain)).unwrap();
    workspace.connections.truncate(4);
    let names = [
        format!("Gmail of long.gone@{domain}"),
        format!("Gmail of {}", here.to_uppercase()),
        "Salesforce".to_owned(),
        "Orders (shop@elsewhere.example)".to_owned(),
    ];
    assert_eq!(workspace.connections.len(), names.len());
    for (connection, name) in workspace.connections.iter_mut().zip(names) {
        connection.name = name;
    }
    let ids: Vec<String> = workspace
        .connections
        .iter()
        .map(|c| format!("connection:{}", c.id))
        .collect();
    let all = findings(workspace).await;
    assert_eq!(found(&all, keys::BORROWED), set([ids[0].clone()]));
    assert_eq!(unknown(&all, keys::BORROWED), set([ids[2].clone(), ids[3].clone()]));
}

#[tokio::test]
async fn a_client_with_all_projects_is_told_from_one_that_does_not_say() {
    let mut workspace = workspace();
    workspace.api_clients.truncate(2);
    let folder = workspace.projects[0].folder_id;
    (
        workspace.api_clients[0].all_folders,
        workspace.api_clients[0].folder_ids,
    ) = (true, None);
    (
        workspace.api_clients[1].all_folders,
        workspace.api_clients[1].folder_ids,
    ) = (false, Some(vec![folder]));
    let id = format!("api_client:{}", workspace.api_clients[0].id);
    let all = findings(workspace).await;
    assert_eq!(found(&all, keys::ALL_SCOPE), set([id]));
    assert_eq!(of(&all, keys::ALL_SCOPE).unknown_total, 0);
}

/// An answer without either is not an answer of "no projects".
#[tokio::test]
async fn a_client_that_does_not_say_how_far_it_reaches_is_not_known() {
    let mut workspace = workspace();
    workspace.api_clients.truncate(2);
    let nothing = ["all_folders", "folder_ids"];
    let fields = nothing.map(|field| (format!("/result/items/1/{field}"), serde_json::json!(null)));
    let fault = Fault::Fields(fields.to_vec());
    let behavior = Behavior::default().script("/api/developer_api_clients", Hits::Every, fault);
    let id = format!("api_client:{}", workspace.api_clients[1].id);
    let (snapshot, _folder) = synced(workspace, behavior).await;
    let all = Overview::of(&snapshot, &CONVENTIONS).unwrap().findings;
    assert_eq!(unknown(&all, keys::ALL_SCOPE), set([id]));
}

/// Accounts of a type of which nothing is known are not said to be gone.
#[tokio::test]
async fn who_says_nothing_about_activity_is_not_inactive() {
    let all = findings(workspace()).await;
    let inactive = of(&all, keys::INACTIVE);
    assert!(inactive.items.iter().all(|item| item.thing.kind == "collaborator"));
    let silent: BTreeSet<String> = unknown(&all, keys::INACTIVE);
    assert!(!silent.is_empty() && silent.iter().all(|id| id.starts_with("identity_user:")));
}

/// A plan without agents has no findings about them: there is nothing to say, good or bad.
#[tokio::test]
async fn what_is_not_in_the_file_is_not_called_fine() {
    let mut workspace = workspace();
    workspace.estate = None;
    workspace.api_clients.clear();
    workspace.connections.clear();
    let all = findings(workspace).await;
    for key in [
        keys::BEARERS,
        keys::SPEAKERS,
        keys::OPEN_AGENTS,
        keys::ACTING,
        keys::BORROWED,
        keys::ADDRESSES,
    ] {
        assert!(all.iter().all(|finding| finding.key != key), "{key}");
    }
}

/// Policies of servers that gave no answer leave their lists unknown, not empty.
#[tokio::test]
async fn a_list_that_could_not_be_read_is_not_an_empty_one() {
    let mut workspace = workspace();
    workspace.api_clients.clear();
    let estate = workspace.estate.as_mut().unwrap();
    estate.clients.clear();
    for server in &mut estate.servers {
        server.allowed = vec![];
    }
    let servers: BTreeSet<String> = estate.servers.iter().map(|s| format!("mcp_server:{}", s.id)).collect();
    let paths = estate
        .servers
        .iter()
        .map(|s| format!("/api/mcp/mcp_servers/{}/server_policies", s.id));
    let behavior = paths.fold(Behavior::default(), |behavior, path| {
        behavior.script(&path, Hits::Every, Fault::status(403))
    });
    let (snapshot, _folder) = synced(workspace, behavior).await;
    let all = Overview::of(&snapshot, &CONVENTIONS).unwrap().findings;
    assert_eq!(of(&all, keys::ADDRESSES).total, 0);
    assert_eq!(unknown(&all, keys::ADDRESSES), servers);
}
