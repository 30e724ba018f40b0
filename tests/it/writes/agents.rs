//! Who may use agents and tool servers, and who is in groups of Workato Identity (`workato/agents.md 5`): what the
//! document leaves open must take nothing from anybody.

use baton_workato::baton::error::Kind;
use baton_workato::baton::provision::Write;
use baton_workato::simulator::{Assigned, Behavior, Fault, Hits};
use serde_json::json;

use super::place::{Place, bare, grant, revoke, said};
use super::table::{audience_of, estate};
use crate::writes::program::Program;

/// Something that is open to groups, its environment's other group, and the write that opens it to that.
async fn opening(place: &Place, kind: &str) -> (String, Vec<String>, String, Write) {
    let estate = place.simulator.workspace().estate.unwrap();
    let things: Vec<_> = match kind {
        "genie" => estate
            .genies
            .iter()
            .map(|g| (g.id.clone(), g.env, g.groups.clone()))
            .collect(),
        _ => (estate.servers.iter())
            .filter(|s| s.method == "workato_idp")
            .map(|s| (s.id.clone(), s.env, s.groups.clone()))
            .collect(),
    };
    let (id, held, group) = things
        .into_iter()
        .filter(|(_, _, held)| !held.is_empty())
        .find_map(|(id, env, held)| {
            let mut groups = estate.groups.iter();
            let group = groups.find(|g| g.env == env && !held.contains(&g.id))?.id.clone();
            Some((id, held, group))
        })
        .unwrap();
    let on = place.resource(kind, &id).await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let principal = place.resource("identity_group", &group).await;
    (id, held, group, grant(&entitlement, &principal))
}

/// A server that takes the groups of a request in the place of those that are there loses nobody.
#[tokio::test]
async fn groups_that_an_assignment_takes_away_are_given_back() {
    for kind in ["genie", "mcp_server"] {
        let place = estate().await;
        let (id, mut expected, group, write) = opening(&place, kind).await;
        place.simulator.behave(Behavior {
            assigned: Assigned::InPlaceOfOthers,
            ..Behavior::default()
        });
        let told = place.write(&write).await.unwrap();
        assert!(said(&told)[0].ends_with("may not use → may use"), "{told:?}");
        expected.push(group);
        let mut now = audience_of(&place.simulator, &id);
        now.sort();
        expected.sort();
        assert_eq!(now, expected, "{kind}");
        assert_eq!(place.changes(), 2, "{kind}");
    }
}

/// And where they cannot be given back, the error names them.
#[tokio::test]
async fn groups_that_cannot_be_given_back_are_named() {
    for (kind, path) in [
        ("genie", "POST /api/agentic/genies/*/assign_user_groups"),
        ("mcp_server", "POST /api/mcp/mcp_servers/*/assign_user_groups"),
    ] {
        let place = estate().await;
        let (_, held, _, write) = opening(&place, kind).await;
        let behavior = Behavior {
            assigned: Assigned::InPlaceOfOthers,
            ..Behavior::default()
        };
        place
            .simulator
            .behave(behavior.script(path, Hits::From(2), Fault::status(403)));
        let error = place.write(&write).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code_id().number()),
            (Kind::Internal, 1323),
            "{kind}: {error}"
        );
        for lost in held {
            assert!(error.to_string().contains(&lost), "{kind}: {error}");
        }
    }
}

/// A list of groups that cannot be read, in part or at all, is no list of none: nothing is sent.
#[tokio::test]
async fn who_is_not_known_to_have_it_is_neither_given_nor_refused_it() {
    for (kind, detail, field) in [
        ("genie", "GET /api/agentic/genies/*", "/data/user_groups"),
        ("mcp_server", "GET /api/mcp/mcp_servers/*", "/data/idp_user_group_ids"),
    ] {
        for odd in [
            json!(null),
            json!("all"),
            json!([{"id": {}}, null]),
            json!({"count": 2}),
        ] {
            let place = estate().await;
            let (id, held, _, write) = opening(&place, kind).await;
            let Write::Grant(request) = &write else { panic!() };
            let (entitlement, principal) = (
                request.entitlement.as_ref().unwrap(),
                request.principal.as_ref().unwrap(),
            );
            let fault = Fault::Fields(vec![(field.to_owned(), odd.clone())]);
            place
                .simulator
                .behave(Behavior::default().script(detail, Hits::Every, fault));
            for write in [&write, &revoke(entitlement, principal)] {
                let error = place.write(write).await.unwrap_err();
                assert_eq!(error.kind(), Kind::FailedPrecondition, "{kind} {odd}: {error}");
                assert!(
                    error.to_string().contains("does not say which identity groups"),
                    "{error}"
                );
            }
            assert_eq!(place.changes(), 0, "{kind} {odd}");
            assert_eq!(audience_of(&place.simulator, &id), held);
        }
    }
}

/// Whoever has the address of such a server is in: giving it to a group would say otherwise.
#[tokio::test]
async fn nobody_is_given_a_server_that_a_token_opens() {
    let place = estate().await;
    let estate = place.simulator.workspace().estate.unwrap();
    let server = estate.servers.iter().find(|s| s.method == "token").unwrap();
    let group = estate.groups.iter().find(|g| g.env == server.env).unwrap();
    let on = place.resource("mcp_server", &server.id).await;
    assert!(place.entitlements(&on).await.is_empty());
    let entitlement = baton_workato::baton::entitlement::stub(&on, "use");
    let principal = place.resource("identity_group", &group.id).await;
    let error = place.write(&grant(&entitlement, &principal)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code_id().number()),
        (Kind::FailedPrecondition, 1322)
    );
    assert!(error.to_string().contains("whoever has its address"), "{error}");
    assert_eq!(place.changes(), 0);
}

/// The environment is looked for where a row does not say it; a group of another one opens nothing.
#[tokio::test]
async fn each_environment_is_its_own() {
    let place = estate().await;
    let (id, _, group, write) = opening(&place, "genie").await;
    let Write::Grant(request) = &write else { panic!() };
    let mut entitlement = request.entitlement.clone().unwrap();
    let on = entitlement.resource.as_ref().unwrap().id.clone().unwrap();
    entitlement.resource = Some(bare(&on));
    let principal = request.principal.clone().unwrap();
    place.write(&grant(&entitlement, &principal)).await.unwrap();
    assert!(audience_of(&place.simulator, &id).contains(&group));

    let estate = place.simulator.workspace().estate.unwrap();
    let env = estate.genies.iter().find(|g| g.id == id).unwrap().env;
    let foreign = estate.groups.iter().find(|g| g.env != env).unwrap();
    let foreign = place.resource("identity_group", &foreign.id).await;
    let sent = place.changes();
    let error = place.write(&grant(&entitlement, &foreign)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
    assert_eq!(place.changes(), sent);
}

/// What is gone, or only not seen, are two answers.
#[tokio::test]
async fn what_lies_out_of_sight_is_not_gone() {
    let place = estate().await;
    let (_, _, _, write) = opening(&place, "genie").await;
    let Write::Grant(request) = &write else { panic!() };
    let mut entitlement = request.entitlement.clone().unwrap();
    entitlement.resource.as_mut().unwrap().id.as_mut().unwrap().resource = "gin-none".to_owned();
    let principal = request.principal.clone().unwrap();
    let told = place.write(&revoke(&entitlement, &principal)).await.unwrap();
    assert!(said(&told)[0].contains("gone already"), "{told:?}");
    assert_eq!(
        place.write(&grant(&entitlement, &principal)).await.unwrap_err().kind(),
        Kind::NotFound
    );

    let workspace = place.simulator.workspace();
    let blind = Place::of(workspace, |settings, _| {
        settings.environment = baton_workato::workato::settings::EnvironmentChoice::All;
    })
    .await;
    entitlement.resource.as_mut().unwrap().profile = None;
    for write in [grant(&entitlement, &principal), revoke(&entitlement, &principal)] {
        let error = blind.write(&write).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code_id().number()),
            (Kind::FailedPrecondition, 1307),
            "{error}"
        );
    }
    assert_eq!((place.changes(), blind.changes()), (0, 0));
}

/// In a sentence: by the names that people use.
#[tokio::test(flavor = "multi_thread")]
async fn agents_and_their_groups_are_written_in_sentences() {
    let program = Program::with_agents().await;
    let estate = program.simulator.workspace().estate.unwrap();
    let server = estate.servers.iter().find(|s| s.name == "CRM tools").unwrap();
    let env = server.env;
    let group = (estate.groups.iter())
        .find(|g| g.env == env && !server.groups.contains(&g.id))
        .or_else(|| estate.groups.iter().find(|g| g.env == env))
        .unwrap();
    let user = estate
        .users
        .iter()
        .find(|u| !group.members.contains(&u.id) && u.full_name.is_some() && u.email.is_some());
    let email = user.unwrap().email.clone().unwrap();
    let name = user.unwrap().full_name.clone().unwrap();
    let place = format!("({})", env.as_str());
    let given = server.groups.contains(&group.id);
    let steps = [
        (
            vec!["revoke", "CRM tools", "from", &group.name],
            given.then(|| format!("{}: CRM tools {place} may use → may not use", group.name)),
        ),
        (
            vec!["grant", "CRM tools", "to", &group.name],
            Some(format!("{}: CRM tools {place} may not use → may use", group.name)),
        ),
        (
            vec!["grant", &group.name, "to", &email],
            Some(format!("{name}: {} {place} not a member → member", group.name)),
        ),
        (
            vec!["revoke", &group.name, "from", &email],
            Some(format!("{name}: {} {place} member → not a member", group.name)),
        ),
    ];
    for (words, says) in steps {
        let ended = program.run(&[&words[..], &["--yes"]].concat()).await;
        assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{words:?}: {ended:?}");
        if let Some(says) = says {
            assert_eq!(ended.err, says, "{words:?}");
        }
    }
    let shown = program
        .run(&["grant", "CRM tools", "to", &group.name, "--dry-run"])
        .await;
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.err.contains("already"), "{shown:?}");
}
