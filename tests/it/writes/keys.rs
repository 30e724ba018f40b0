//! Keys, tokens and the clients they belong to (`workato/agents.md 5`): off, on, made anew, narrowed, deleted; and the
//! actions. Seen in the state of the workspace.

use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::baton::provision::Write;
use baton_workato::baton::resource;
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{
    AccessModel, AgentsShape, Behavior, Endpoint, Env, Fault, Grantee, Hits, ProjectGrant, Shape, Simulator, Workspace,
    is_no_access,
};
use baton_workato::workato::settings::{EnvironmentChoice, OwnToken, Settings};
use prost_types::value::Kind as Value;

use super::place::{Place, said};
use super::program::Program;
use super::table::estate;

fn act(name: &str, args: &[(&str, Value)]) -> Write {
    let value = |kind: &Value| prost_types::Value {
        kind: Some(kind.clone()),
    };
    Write::Act(v2::InvokeActionRequest {
        name: name.to_owned(),
        args: Some(prost_types::Struct {
            fields: args
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), value(kind)))
                .collect(),
        }),
        ..Default::default()
    })
}

fn text(text: impl ToString) -> Value {
    Value::StringValue(text.to_string())
}

fn texts(all: &[&str]) -> Value {
    let values = all.iter().map(|one| prost_types::Value { kind: Some(text(one)) });
    Value::ListValue(prost_types::ListValue {
        values: values.collect(),
    })
}

fn on(name: &str, id: impl ToString) -> Write {
    act(name, &[("resource_id", text(id))])
}

fn delete(kind: &str, id: impl ToString) -> Write {
    Write::DeleteResource(v2::DeleteResourceRequest {
        resource_id: Some(resource::id(kind, id.to_string())),
        parent_resource_id: None,
    })
}

fn rotate(kind: &str, id: impl ToString) -> Write {
    Write::Rotate(resource::id(kind, id.to_string()))
}

/// With agents, and with the clients that the program runs on named.
async fn with_own(own: OwnToken) -> Place {
    let workspace = Workspace::generate(&Shape {
        people: 12,
        projects: 4,
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    });
    let all = move |settings: &mut Settings, simulator: &Simulator| {
        settings.environment = EnvironmentChoice::All;
        settings.test_token = Some(Secret::new(simulator.token(Env::Test)));
        settings.prod_token = Some(Secret::new(simulator.token(Env::Prod)));
        settings.own = own;
    };
    Place::of(workspace, all).await
}

fn keys(simulator: &Simulator) -> Vec<(String, bool)> {
    let clients = simulator.workspace().estate.unwrap().clients;
    let all = clients.into_iter().flat_map(|client| {
        let id = client.id;
        client
            .keys
            .into_iter()
            .map(move |key| (format!("{id}-{}", key.id), key.active))
    });
    all.collect()
}

#[tokio::test]
async fn a_key_is_switched_off_and_on_and_no_other_one() {
    let place = estate().await;
    let before = keys(&place.simulator);
    let (id, _) = before.iter().find(|(_, active)| *active).unwrap().clone();
    let with = |active: bool| -> Vec<(String, bool)> {
        let own = |(known, was): &(String, bool)| (known.clone(), if *known == id { active } else { *was });
        before.iter().map(own).collect()
    };
    for (action, active, changes, words) in [
        ("disable_api_key", false, 1, "active → switched off"),
        ("disable_api_key", false, 1, "switched off already"),
        ("enable_api_key", true, 2, "switched off → active"),
        ("enable_api_key", true, 2, "active already"),
    ] {
        let told = place.write(&on(action, &id)).await.unwrap();
        assert!(said(&told)[0].ends_with(words), "{action}: {told:?}");
        assert_eq!(keys(&place.simulator), with(active), "{action}");
        assert_eq!(place.changes(), changes, "{action}");
    }
    let error = place.write(&on("disable_api_key", "developer-1")).await.unwrap_err();
    assert_eq!((error.kind(), error.code_id().number()), (Kind::InvalidArgument, 1327));
    for none in ["60", "60-99", "999-1"] {
        let error = place.write(&on("disable_api_key", none)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound, "{none}: {error}");
    }
    assert_eq!(place.changes(), 2);
}

#[tokio::test]
async fn keys_and_clients_are_deleted_once() {
    let place = with_own(OwnToken {
        clients: vec!["none of these".to_owned()],
        may_go: false,
    })
    .await;
    let all = keys(&place.simulator);
    let (key, _) = all[0].clone();
    let platform = place.simulator.workspace().estate.unwrap().clients[2].id;
    let developer = place.simulator.workspace().api_clients[0].id;
    for (kind, id, words) in [
        ("api_key", key.clone(), "API key → deleted"),
        (
            "api_platform_client",
            platform.to_string(),
            "API-platform client → deleted, with its keys",
        ),
        ("api_client", developer.to_string(), "API client → deleted"),
    ] {
        let before = place.changes();
        let told = place.write(&delete(kind, &id)).await.unwrap();
        assert!(said(&told)[0].ends_with(words), "{kind}: {told:?}");
        let again = place.write(&delete(kind, &id)).await.unwrap();
        assert!(said(&again)[0].ends_with("gone already"), "{kind}: {again:?}");
        assert_eq!(place.changes(), before + 1, "{kind}");
    }
    let left = keys(&place.simulator);
    let gone: Vec<_> = all.iter().filter(|known| !left.contains(known)).collect();
    let expected = all
        .iter()
        .filter(|(id, _)| *id == key || id.starts_with(&format!("{platform}-")));
    assert_eq!(gone, expected.collect::<Vec<_>>(), "nothing else");
    assert!(
        place
            .simulator
            .workspace()
            .api_clients
            .iter()
            .all(|client| client.id != developer)
    );
}

/// The secret is answered once, and the state says that it was made.
#[tokio::test]
async fn tokens_and_keys_are_made_anew() {
    let place = with_own(OwnToken {
        clients: vec!["none of these".to_owned()],
        may_go: false,
    })
    .await;
    let estate = place.simulator.workspace().estate.unwrap();
    let client = place.simulator.workspace().api_clients[1].id;
    let (key, _) = keys(&place.simulator)[0].clone();
    let server = estate.servers.iter().find(|s| s.method == "token").unwrap().id.clone();
    let all = [
        rotate("api_client", client),
        rotate("api_key", format!("developer-{client}")),
        rotate("api_key", &key),
        rotate("mcp_server", &server),
    ];
    for (at, write) in all.iter().enumerate() {
        let shown = place.writes.rehearse(write).await.unwrap();
        assert_eq!(
            (shown.requests.len(), place.simulator.secrets().len()),
            (1, at),
            "{write:?}"
        );
        let told = place.write(write).await.unwrap();
        assert!(said(&told)[0].contains("in use → made anew"), "{told:?}");
        let made = place.simulator.secrets();
        assert_eq!(made.len(), at + 1, "{write:?}");
        let [secret] = told.secrets.as_slice() else {
            panic!("{told:?}")
        };
        assert!(secret.value.expose().ends_with(&made[at]), "{write:?}");
        assert!(!format!("{told:?}").contains(&made[at]), "it cannot be printed");
    }
}

/// An answer without the secret, or none, is said to be that; and nothing is asked for twice.
#[tokio::test]
async fn a_secret_that_does_not_arrive_is_said_to_be_lost() {
    let text = |status, body: &str| {
        let header = ("content-type".to_owned(), "text/plain".to_owned());
        Fault::Status(status, body.to_owned(), vec![header])
    };
    let lost = [
        Fault::Answer(Box::new(text(202, "Accepted"))),
        Fault::Answer(Box::new(Fault::Status(
            200,
            r#"{"data":{"auth_token":""}}"#.to_owned(),
            Vec::new(),
        ))),
        Fault::Answer(Box::new(Fault::status(502))),
        text(202, "Accepted"),
        Fault::Html(200),
    ];
    for fault in lost {
        let place = estate().await;
        let (key, _) = keys(&place.simulator)[0].clone();
        let path = "PUT /api/v2/api_clients/*/api_keys/*/refresh_secret";
        place
            .simulator
            .behave(Behavior::default().script(path, Hits::Every, fault.clone()));
        let error = place.write(&rotate("api_key", &key)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code_id().number()),
            (Kind::Internal, 1324),
            "{fault:?}: {error}"
        );
        assert_eq!(place.changes(), 1, "{fault:?}: sent once");
        for secret in place.simulator.secrets() {
            assert!(!format!("{error} {error:?}").contains(&secret), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn refusals_keep_their_kind_and_change_nothing() {
    for (status, kind) in [
        (401, Kind::Unauthenticated),
        (403, Kind::PermissionDenied),
        (404, Kind::NotFound),
        (409, Kind::AlreadyExists),
        (422, Kind::InvalidArgument),
        (429, Kind::Unavailable),
    ] {
        let place = with_own(OwnToken {
            clients: vec!["none of these".to_owned()],
            may_go: false,
        })
        .await;
        let estate = place.simulator.workspace().estate.unwrap();
        let (key, _) = keys(&place.simulator).into_iter().find(|(_, active)| *active).unwrap();
        let client = place.simulator.workspace().api_clients[0].id;
        let genie = estate.genies.iter().find(|g| g.state == "running").unwrap().id.clone();
        let connections = place.simulator.workspace().connections;
        let connection = connections
            .iter()
            .find(|c| c.authorization_status.as_deref() == Some("success"))
            .unwrap()
            .id;
        let server = estate.servers.iter().find(|s| s.method == "token").unwrap().id.clone();
        for (path, write) in [
            (
                "PUT /api/v2/api_clients/*/api_keys/*/disable",
                on("disable_api_key", &key),
            ),
            (
                "PUT /api/v2/api_clients/*/api_keys/*/refresh_secret",
                rotate("api_key", &key),
            ),
            ("DELETE /api/v2/api_clients/*/api_keys/*", delete("api_key", &key)),
            ("DELETE /api/v2/api_clients/*", delete("api_platform_client", 60)),
            (
                "POST /api/developer_api_clients/*/regenerate",
                rotate("api_client", client),
            ),
            ("DELETE /api/developer_api_clients/*", delete("api_client", client)),
            ("POST /api/mcp/mcp_servers/*/token_renew", rotate("mcp_server", &server)),
            ("POST /api/agentic/genies/*/stop", on("stop_genie", &genie)),
            (
                "POST /api/connections/*/disconnect",
                on("disconnect_connection", connection),
            ),
        ] {
            let before = place.simulator.workspace();
            place
                .simulator
                .behave(Behavior::default().script(path, Hits::Every, Fault::status(status)));
            let error = place.write(&write).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{path} {status}: {error}");
            assert_eq!(place.simulator.workspace(), before, "{path} {status}");
        }
        assert_eq!(place.simulator.secrets(), Vec::<String>::new());
    }
}

/// Which client a token is of, no answer says: where it may be ours, it takes a second word.
#[tokio::test]
async fn the_client_that_the_program_runs_on_is_asked_for_twice() {
    let silent = with_own(OwnToken::default()).await;
    let client = silent.simulator.workspace().api_clients[0].id;
    let folders = act(
        "narrow_api_client",
        &[("resource_id", text(client)), ("role_id", text(1))],
    );
    for write in [
        rotate("api_client", client),
        delete("api_client", client),
        folders.clone(),
    ] {
        let error = silent.write(&write).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code_id().number()),
            (Kind::FailedPrecondition, 1325),
            "{error}"
        );
        assert!(error.to_string().contains("may be the one"), "{error}");
        assert!(silent.writes.rehearse(&write).await.is_err());
    }
    assert_eq!(silent.changes(), 0);

    let named = with_own(OwnToken {
        clients: vec![client.to_string()],
        may_go: false,
    })
    .await;
    let error = named.write(&rotate("api_client", client)).await.unwrap_err();
    assert!(
        error.to_string().contains("is the one that this program runs on"),
        "{error}"
    );
    let other = named.simulator.workspace().api_clients[1].id;
    named.write(&rotate("api_client", other)).await.unwrap();

    let meant = with_own(OwnToken {
        clients: vec![client.to_string()],
        may_go: true,
    })
    .await;
    meant.write(&rotate("api_client", client)).await.unwrap();

    // A client of an environment without a token here is another one.
    let workspace = named.simulator.workspace();
    let foreign = workspace
        .api_clients
        .iter()
        .find(|client| client.env != Env::Dev)
        .unwrap()
        .id;
    let dev_only = Place::of(workspace, |_, _| {}).await;
    dev_only.write(&rotate("api_client", foreign)).await.unwrap();
}

/// What a client has and keeps is sent along; what cannot be read is not sent back shortened.
#[tokio::test]
async fn a_client_is_only_narrowed() {
    let none = || OwnToken {
        clients: vec!["none of these".to_owned()],
        may_go: false,
    };
    let place = with_own(none()).await;
    let id = place.simulator.workspace().api_clients[0].id;
    let set = |place: &Place| {
        place.simulator.change(|workspace| {
            let client = workspace.api_clients.iter_mut().find(|client| client.id == id).unwrap();
            (client.all_folders, client.folder_ids) = (false, Some(vec![11, 12, 13]));
            client.ip_allow_list = Some(vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()]);
        });
    };
    set(&place);
    let now = |place: &Place| {
        let clients = place.simulator.workspace().api_clients;
        clients.into_iter().find(|client| client.id == id).unwrap()
    };
    let before = now(&place);
    let narrow = |more: &[(&str, Value)]| act("narrow_api_client", &[&[("resource_id", text(id))][..], more].concat());
    place
        .write(&narrow(&[("folder_ids", texts(&["11", "13"]))]))
        .await
        .unwrap();
    let mut expected = before.clone();
    expected.folder_ids = Some(vec![11, 13]);
    assert_eq!(now(&place), expected, "role and addresses stay");
    place
        .write(&narrow(&[("ip_allow_list", texts(&["192.0.2.2"]))]))
        .await
        .unwrap();
    expected.ip_allow_list = Some(vec!["192.0.2.2".to_owned()]);
    assert_eq!(now(&place), expected);
    let told = place
        .write(&narrow(&[("folder_ids", texts(&["13", "11"]))]))
        .await
        .unwrap();
    assert!(said(&told)[0].ends_with("already"), "{told:?}");
    let sent = place.changes();
    for wider in [
        narrow(&[("folder_ids", texts(&["11", "12"]))]),
        narrow(&[("ip_allow_list", texts(&["192.0.2.1"]))]),
        narrow(&[("ip_allow_list", texts(&[]))]),
        narrow(&[]),
    ] {
        let error = place.write(&wider).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code_id().number()),
            (Kind::InvalidArgument, 1326),
            "{error}"
        );
    }
    assert_eq!((place.changes(), now(&place)), (sent, expected));

    let odd = with_own(none()).await;
    set(&odd);
    let fields = (0..20).map(|row| {
        (
            format!("/result/items/{row}/ip_allow_list"),
            serde_json::json!(["192.0.2.1", {}]),
        )
    });
    let fault = Fault::Fields(fields.collect());
    odd.simulator
        .behave(Behavior::default().script("GET /api/developer_api_clients", Hits::Every, fault));
    let error = odd.write(&narrow(&[("folder_ids", texts(&["11"]))])).await.unwrap_err();
    assert_eq!(error.kind(), Kind::FailedPrecondition, "{error}");
    assert_eq!(odd.changes(), 0);
}

#[tokio::test]
async fn a_genie_is_stopped_and_a_connection_disconnected() {
    let place = estate().await;
    let genies = place.simulator.workspace().estate.unwrap().genies;
    let genie = genies.iter().find(|g| g.state == "running").unwrap();
    let told = place.write(&on("stop_genie", &genie.id)).await.unwrap();
    let title = format!("{} ({})", genie.name, genie.env.as_str());
    assert_eq!(said(&told), [format!("{title}: running → stopped")]);
    let told = place.write(&on("stop_genie", &genie.id)).await.unwrap();
    assert_eq!(said(&told), [format!("{title}: stopped already")]);
    let mut expected = genies.clone();
    expected
        .iter_mut()
        .filter(|g| g.id == genie.id)
        .for_each(|g| g.state = "stopped".to_owned());
    assert_eq!(place.simulator.workspace().estate.unwrap().genies, expected);

    let connections = place.simulator.workspace().connections;
    let connection = connections
        .iter()
        .find(|c| c.authorization_status.as_deref() == Some("success"))
        .unwrap();
    let told = place.write(&on("disconnect_connection", connection.id)).await.unwrap();
    assert!(said(&told)[0].ends_with("connected → disconnected"), "{told:?}");
    let told = place.write(&on("disconnect_connection", connection.id)).await.unwrap();
    // Its row has no status, which can mean anything: it is not called disconnected, but disconnected once more.
    assert!(said(&told)[0].ends_with("no status → disconnected"), "{told:?}");
    assert_eq!(place.changes(), 3);
    for none in [on("stop_genie", "gin-none"), on("disconnect_connection", 1)] {
        assert_eq!(place.write(&none).await.unwrap_err().kind(), Kind::NotFound);
    }
}

/// All that somebody holds directly goes, nobody else loses anything, and the commands give all of it back.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_suspended_and_can_be_given_everything_back() {
    let program = Program::new().await;
    let id = program.simulator.workspace().people[4].id;
    program.simulator.change(|workspace| {
        let group = workspace
            .groups
            .iter_mut()
            .find(|g| !g.system && !g.members.contains(&id))
            .unwrap();
        group.members.push(id);
        let role = workspace.project_roles[0].name.clone();
        let project = workspace.projects.iter().find(|p| p.env == Env::Test).unwrap().id;
        workspace
            .project_grants
            .retain(|g| g.project != project || g.holder != Grantee::User(id));
        workspace.project_grants.push(ProjectGrant {
            id: "pg-direct".to_owned(),
            project,
            role,
            holder: Grantee::User(id),
        });
    });
    assert_eq!(program.sync().await.code, 0);
    let held = || {
        let now = program.simulator.workspace();
        let person = now.people.iter().find(|p| p.id == id).unwrap();
        let roles: Vec<_> = person
            .roles
            .iter()
            .filter(|r| !is_no_access(&r.role))
            .map(|r| (r.env, r.role.clone()))
            .collect();
        let groups: Vec<_> = now
            .groups
            .iter()
            .filter(|g| g.members.contains(&id))
            .map(|g| g.id.clone())
            .collect();
        let grants: Vec<_> = now
            .project_grants
            .iter()
            .filter(|g| g.holder == Grantee::User(id))
            .map(|g| (g.project, g.role.clone()))
            .collect();
        let sorted = |mut all: Vec<(u64, String)>| {
            all.sort();
            all
        };
        let mut roles = roles;
        roles.sort();
        (roles, groups, sorted(grants))
    };
    let others = || {
        let mut now = program.simulator.workspace();
        now.people.retain(|p| p.id != id);
        for group in &mut now.groups {
            group.members.retain(|member| *member != id);
            group.members.sort_unstable();
        }
        now.project_grants.retain(|g| g.holder != Grantee::User(id));
        now
    };
    let (before, beside) = (held(), others());
    let arguments = format!(r#"{{"resource_id": {id}}}"#);
    let suspend = [
        "--invoke-action",
        "suspend_collaborator",
        "--invoke-action-args",
        &arguments,
        "--workato-env",
        "all",
    ];
    let shown = program.run(&[&suspend[..], &["--dry-run"]].concat()).await;
    assert_eq!((shown.code, program.changes()), (0, 0), "{shown:?}");
    assert_eq!(
        shown.out.matches("Authorization: Bearer ***").count(),
        before.0.len() + before.1.len() + before.2.len()
    );
    let ended = program.run(&suspend).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(held(), (Vec::new(), Vec::new(), Vec::new()));
    assert_eq!(others(), beside, "nobody else");
    let answer: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(answer["success"], true);

    let file = program.folder.path().join(format!("undo-suspend_collaborator-{id}.sh"));
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let commands = std::fs::read_to_string(&file).unwrap();
    let again = program.run(&suspend).await;
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        commands,
        "what undoes the first is kept"
    );
    for line in commands.lines().filter(|line| !line.starts_with('#')) {
        let words = line.strip_prefix("baton-workato ").unwrap();
        let mut parsed: Vec<String> = Vec::new();
        for (at, part) in words.split('\'').enumerate() {
            match at % 2 {
                1 => parsed.push(part.to_owned()),
                _ => parsed.extend(part.split_whitespace().map(str::to_owned)),
            }
        }
        let mut arguments: Vec<&str> = parsed.iter().map(String::as_str).collect();
        arguments.push("--yes");
        let ended = program.run(&arguments).await;
        assert_eq!(ended.code, 0, "{line}: {ended:?}");
    }
    assert_eq!(held(), before);
    assert_eq!(others(), beside);
}

/// By the flags: to a file of one's own, never to a log.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_by_flags_leaves_the_secret_in_one_file_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::with_agents().await;
    let (key, _) = keys(&program.simulator)[0].clone();
    let server = program.simulator.workspace().estate.unwrap();
    let server = server.servers.into_iter().find(|s| s.method == "token").unwrap().id;
    let client = program.simulator.workspace().api_clients[1].id;
    let logs = ["--log-level", "debug", "--log-format", "json", "--workato-env", "all"];
    let resources = [
        format!("api_key:{key}"),
        format!("mcp_server:{server}"),
        format!("api_client:{client}"),
    ];
    for (at, named) in resources.iter().enumerate() {
        let file = format!("new-{at}.secret");
        let own = ["--workato-own-api-clients", "none"];
        let arguments = [
            &["--rotate-credentials", named, "--secret-file", &file][..],
            &logs,
            &own,
        ]
        .concat();
        let shown = program.run(&[&arguments[..], &["--dry-run"]].concat()).await;
        assert_eq!((shown.code, program.simulator.secrets().len()), (0, at), "{shown:?}");
        let ended = program.run_raw(&arguments).await;
        assert_eq!(ended.code, 0, "{ended:?}");
        let secret = program.simulator.secrets().remove(at);
        let path = program.folder.path().join(&file);
        assert!(std::fs::read_to_string(&path).unwrap().trim().ends_with(&secret));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!ended.out.contains(&secret) && !ended.err.contains(&secret), "{named}");
        assert!(ended.err.contains("for you alone"), "{ended:?}");
        // It is not overwritten, and nothing is sent.
        let again = program.run(&arguments).await;
        assert_eq!(
            (again.code, program.simulator.secrets().len()),
            (2, at + 1),
            "{again:?}"
        );
    }
    for found in std::fs::read_dir(program.folder.path()).unwrap() {
        let path = found.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        if path.extension().is_some_and(|e| e == "secret") {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        for secret in program.simulator.secrets() {
            assert!(!text.contains(&secret), "{}", path.display());
        }
    }
    let refused = program
        .run(&["--rotate-credentials", &format!("api_client:{client}")])
        .await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        !program
            .folder
            .path()
            .join(format!("api_client-{client}.secret"))
            .exists()
    );
    for wrong in [
        &["--rotate-credentials", "61"][..],
        &["--rotate-credentials", "collaborator:1"],
    ] {
        let ended = program.run(wrong).await;
        assert!([2, 12].contains(&ended.code), "{ended:?}");
    }
}

#[tokio::test]
async fn actions_say_what_they_take_and_refuse_the_rest() {
    let place = estate().await;
    let actions = place
        .writes
        .action_schemas(&v2::ListActionSchemasRequest::default())
        .schemas;
    assert_eq!(actions.len(), 6);
    for action in &actions {
        let request = v2::GetActionSchemaRequest {
            name: action.name.clone(),
            annotations: Vec::new(),
        };
        assert_eq!(
            place.writes.action_schema(&request).unwrap().schema.as_ref(),
            Some(action)
        );
        for args in [
            &[][..],
            &[("resource_id", Value::BoolValue(true))],
            &[("resource_id", text(""))],
            &[("resource_id", text("x")), ("more", text("y"))],
        ] {
            let error = place.write(&act(&action.name, args)).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.code_id().number()),
                (Kind::InvalidArgument, 513),
                "{}: {error}",
                action.name
            );
        }
    }
    let error = place.write(&act("explode", &[])).await.unwrap_err();
    assert_eq!((error.kind(), error.code_id().number()), (Kind::NotFound, 512));
    assert_eq!(place.changes(), 0);

    // As the service answers: with an id by which the run is found.
    let genie = place
        .simulator
        .workspace()
        .estate
        .unwrap()
        .genies
        .into_iter()
        .find(|g| g.state == "running")
        .unwrap();
    let Write::Act(request) = on("stop_genie", &genie.id) else {
        panic!()
    };
    let invoked = place.writes.invoke_action(&request).await.unwrap();
    assert!(invoked.failure.is_none());
    assert_eq!(invoked.response.status(), v2::BatonActionStatus::Complete);
    let status = |id: &str, name: &str| {
        place.writes.action_status(&v2::GetActionStatusRequest {
            name: name.to_owned(),
            id: id.to_owned(),
            annotations: Vec::new(),
        })
    };
    let found = status(&invoked.response.id, "stop_genie").unwrap();
    assert_eq!(
        (found.status(), &found.response),
        (v2::BatonActionStatus::Complete, &invoked.response.response)
    );
    assert_eq!(
        status(&invoked.response.id, "disable_api_key").unwrap_err().kind(),
        Kind::NotFound
    );
    assert_eq!(status("none", "").unwrap_err().kind(), Kind::NotFound);
    let Write::Act(request) = on("stop_genie", "gin-none") else {
        panic!()
    };
    let failed = place.writes.invoke_action(&request).await.unwrap();
    assert_eq!(failed.response.status(), v2::BatonActionStatus::Failed);
    assert_eq!(failed.failure.unwrap().kind(), Kind::NotFound);
}

/// Groups and grants are there where environment roles are, though no list has these.
#[tokio::test]
async fn somebody_is_suspended_where_environment_roles_are_in_no_list() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::Mixed));
    for person in &mut workspace.people {
        person.roles.clear();
    }
    let id = workspace.people[0].id;
    let at = workspace.groups.iter().position(|group| !group.system).unwrap();
    workspace.groups[at].members.retain(|member| *member != id);
    workspace.groups[at].members.push(id);
    let project = workspace.projects.iter().find(|p| p.env == Env::Dev).unwrap().id;
    workspace.project_grants.push(ProjectGrant {
        id: "pg-direct".to_owned(),
        project,
        role: workspace.project_roles[0].name.clone(),
        holder: Grantee::User(id),
    });
    let place = Place::of(workspace.clone(), |_, _| {}).await;
    let unlisted = || Behavior::default().deny(Endpoint::EnvironmentRoles, 403);
    // A group that says it has more members than its list shows is named.
    let other = workspace
        .groups
        .iter()
        .position(|group| !group.system && !group.members.contains(&id));
    let fields = other.map(|other| (format!("/data/{other}/members_count"), serde_json::json!(999)));
    let script = unlisted().script(
        "GET /api/user_groups",
        Hits::Every,
        Fault::Fields(Vec::from_iter(fields)),
    );
    place.simulator.behave(script);
    let told = place.write(&on("suspend_collaborator", id)).await.unwrap();
    let now = place.simulator.workspace();
    assert!(
        now.groups
            .iter()
            .filter(|group| !group.system)
            .all(|group| !group.members.contains(&id))
    );
    let here = |grant: &&ProjectGrant| now.projects.iter().any(|p| p.id == grant.project && p.env == Env::Dev);
    assert!(
        now.project_grants
            .iter()
            .filter(here)
            .all(|grant| grant.holder != Grantee::User(id))
    );
    let answer = format!("{:?}", told.response.unwrap().fields["not_seen"]);
    assert_eq!(
        answer.contains("more members than its list shows"),
        other.is_some(),
        "{answer}"
    );
}
