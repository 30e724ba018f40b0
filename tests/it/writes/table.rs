//! Every write of `workato/model.md 9` in one table: it changes the workspace, its repetition changes nothing, its
//! reversal takes it back.

use baton_workato::baton::change::Effect;
use baton_workato::baton::proto::v2;
use baton_workato::baton::provision::Write;
use baton_workato::baton::secret::Secret;
use baton_workato::simulator::{AccessModel, AgentsShape, Env, Grantee, RoleType, Shape, Simulator, Workspace};
use baton_workato::workato::settings::EnvironmentChoice;

use super::accounts::account;
use super::place::{Place, delete, grant, principal_of, revoke, said};

/// One write.
pub struct Row {
    pub name: &'static str,
    pub place: Place,
    pub make: Write,
    /// What takes it back, where something does.
    pub unmake: Option<Write>,
    /// The requests that carry `make` and `unmake` out.
    pub requests: [&'static str; 2],
    /// Whether the workspace is as `make` leaves it.
    pub holds: Box<dyn Fn(&Simulator) -> bool>,
    /// What `make` says it does, behind the name.
    pub says: String,
}

/// The place and a person of it who has another role in that environment.
async fn role(name: &'static str, model: AccessModel, kind: &str, env: Env) -> Row {
    let place = Place::everywhere(model).await;
    let people = place.simulator.workspace().people;
    let roles = place.resources(kind).await;
    let place_of = |role: &v2::Resource| role.display_name.ends_with(&format!("({})", env.as_str()));
    let own_name = |role: &v2::Resource| role.display_name.rsplit_once(" (").unwrap().0.to_owned();
    let (person, on, before) = people
        .iter()
        .skip(3)
        .find_map(|person| {
            let held = &person.roles.iter().find(|r| r.env == env)?.role;
            let other = roles.iter().find(|role| place_of(role) && own_name(role) != *held)?;
            Some((person.clone(), other.clone(), held.clone()))
        })
        .unwrap();
    let wanted = own_name(&on);
    let role_type = (kind == "environment_role").then_some(RoleType::Environment);
    let entitlement = place.entitlements(&on).await.remove(0);
    let principal = place.resource("collaborator", &person.id.to_string()).await;
    let says = format!(": {} {before} → {wanted}", env.as_str());
    Row {
        name,
        make: grant(&entitlement, &principal),
        unmake: Some(revoke(&entitlement, &principal)),
        place,
        requests: ["PUT /api/members/*"; 2],
        holds: Box::new(move |simulator| {
            let people = simulator.workspace().people;
            let mut roles = people.into_iter().filter(|p| p.id == person.id).flat_map(|p| p.roles);
            roles.any(|r| r.env == env && r.role == wanted && r.role_type == role_type)
        }),
        says,
    }
}

async fn project_role(name: &'static str, kind: &str) -> Row {
    let place = Place::everywhere(AccessModel::RbacV2).await;
    let project = place.simulator.workspace().projects;
    let project = project.into_iter().find(|p| p.env == Env::Prod).unwrap();
    let on = place.resource("project", &project.id.to_string()).await;
    let held = place.grants(&on).await;
    let all = place.resources(kind).await;
    let free = |r: &&v2::Resource| held.iter().all(|g| principal_of(g) != r.id.as_ref().unwrap());
    let someone = all.iter().find(free).unwrap().clone();
    let id = someone.id.clone().unwrap().resource;
    let holder = match kind {
        "collaborator" => Grantee::User(id.parse().unwrap()),
        _ => Grantee::Group(id),
    };
    let entitlement = place.entitlements(&on).await.remove(0);
    assert_eq!(entitlement.slug, "project-admin");
    Row {
        name,
        make: grant(&entitlement, &someone),
        unmake: Some(revoke(&entitlement, &someone)),
        place,
        requests: ["PUT /api/projects/*/project_grants", "DELETE /api/project_grants/*"],
        says: format!(": {} (prod) no role → Project admin", project.name),
        holds: Box::new(move |simulator| {
            let mut grants = simulator.workspace().project_grants.into_iter();
            grants.any(|g| g.project == project.id && g.holder == holder && g.role == "Project admin")
        }),
    }
}

async fn membership(name: &'static str) -> Row {
    let place = Place::new(AccessModel::RbacV2).await;
    let groups = place.simulator.workspace().groups;
    let group = groups.into_iter().find(|g| !g.system).unwrap();
    let people = place.simulator.workspace().people;
    let outsider = people
        .iter()
        .map(|p| p.id)
        .find(|id| !group.members.contains(id))
        .unwrap();
    let on = place.resource("collaborator_group", &group.id).await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let principal = place.resource("collaborator", &outsider.to_string()).await;
    Row {
        name,
        make: grant(&entitlement, &principal),
        unmake: Some(revoke(&entitlement, &principal)),
        place,
        requests: ["POST /api/user_groups/*/members", "DELETE /api/user_groups/*/members"],
        says: format!(": {} not a member → member", group.name),
        holds: Box::new(move |simulator| {
            let mut groups = simulator.workspace().groups.into_iter();
            groups.any(|g| g.id == group.id && g.members.contains(&outsider))
        }),
    }
}

/// A workspace with agents and what belongs to them, all environments.
pub async fn estate() -> Place {
    let workspace = Workspace::generate(&Shape {
        people: 12,
        projects: 4,
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    });
    Place::of(workspace, |settings, simulator| {
        settings.environment = EnvironmentChoice::All;
        settings.test_token = Some(Secret::new(simulator.token(Env::Test)));
        settings.prod_token = Some(Secret::new(simulator.token(Env::Prod)));
    })
    .await
}

async fn identity_membership(name: &'static str) -> Row {
    let place = estate().await;
    let estate = place.simulator.workspace().estate.unwrap();
    let group = estate.groups.iter().find(|g| g.members.len() > 2).unwrap().clone();
    let user = estate.users.iter().find(|u| !group.members.contains(&u.id)).unwrap();
    let on = place.resource("identity_group", &group.id).await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let principal = place.resource("identity_user", &user.id).await;
    let user = user.id.clone();
    Row {
        name,
        make: grant(&entitlement, &principal),
        unmake: Some(revoke(&entitlement, &principal)),
        place,
        requests: [
            "POST /api/iam/users/*/add_to_group",
            "POST /api/iam/users/*/remove_from_group",
        ],
        says: format!(": {} ({}) not a member → member", group.name, group.env.as_str()),
        holds: Box::new(move |simulator| {
            let estate = simulator.workspace().estate.unwrap();
            let now = estate.groups.into_iter().find(|g| g.id == group.id).unwrap().members;
            let mut others = now.clone();
            others.retain(|member| *member != user);
            assert_eq!(others, group.members, "nobody else");
            now.contains(&user)
        }),
    }
}

/// Something with a group, and another group of its environment that may not use it.
async fn audience(name: &'static str, kind: &str) -> Row {
    let place = estate().await;
    let estate = place.simulator.workspace().estate.unwrap();
    let things: Vec<(String, String, Env, Vec<String>)> = match kind {
        "genie" => (estate.genies.into_iter())
            .map(|g| (g.id, g.name, g.env, g.groups))
            .collect(),
        _ => (estate.servers.into_iter())
            .filter(|server| server.method == "workato_idp")
            .map(|s| (s.id, s.name, s.env, s.groups))
            .collect(),
    };
    let free = |groups: &[String], env| {
        let mut all = estate.groups.iter();
        all.find(|g| g.env == env && !groups.contains(&g.id)).cloned()
    };
    let (id, title, env, held, group) = things
        .into_iter()
        .filter(|(.., held)| !held.is_empty())
        .find_map(|(id, title, env, held)| {
            let group = free(&held, env)?;
            Some((id, title, env, held, group))
        })
        .unwrap();
    let on = place.resource(kind, &id).await;
    let entitlement = place.entitlements(&on).await.remove(0);
    let principal = place.resource("identity_group", &group.id).await;
    let is_genie = kind == "genie";
    Row {
        name,
        make: grant(&entitlement, &principal),
        unmake: Some(revoke(&entitlement, &principal)),
        place,
        requests: match is_genie {
            true => [
                "POST /api/agentic/genies/*/assign_user_groups",
                "POST /api/agentic/genies/*/remove_user_groups",
            ],
            false => [
                "POST /api/mcp/mcp_servers/*/assign_user_groups",
                "POST /api/mcp/mcp_servers/*/remove_user_groups",
            ],
        },
        says: format!(": {title} ({}) may not use → may use", env.as_str()),
        holds: Box::new(move |simulator| {
            let now = audience_of(simulator, &id);
            let others: Vec<String> = now.iter().filter(|other| **other != group.id).cloned().collect();
            assert_eq!(others, held, "no other group");
            now.contains(&group.id)
        }),
    }
}

/// The groups that a genie or an MCP server is open to.
pub fn audience_of(simulator: &Simulator, id: &str) -> Vec<String> {
    let estate = simulator.workspace().estate.unwrap();
    let genies = estate.genies.into_iter().map(|g| (g.id, g.groups));
    let servers = estate.servers.into_iter().map(|s| (s.id, s.groups));
    genies.chain(servers).find(|(known, _)| known == id).unwrap().1
}

async fn creation(name: &'static str) -> Row {
    let place = Place::new(AccessModel::RbacV2).await;
    let request = account(&[
        ("email", &["new@example.com"]),
        ("name", &["New"]),
        ("env_roles", &["dev:Member", "prod:Environment admin"]),
    ]);
    Row {
        name,
        make: Write::CreateAccount(request),
        unmake: None,
        place,
        requests: ["POST /api/member_invitations"; 2],
        says: " <new@example.com>: not a collaborator → invited as dev Member, prod Environment admin".to_owned(),
        holds: Box::new(|simulator| simulator.invited() == ["new@example.com"]),
    }
}

async fn deletion(name: &'static str) -> Row {
    let place = Place::new(AccessModel::RbacV2).await;
    let id = place.simulator.workspace().people[5].id;
    let person = place.resource("collaborator", &id.to_string()).await;
    Row {
        name,
        make: delete(&person),
        unmake: None,
        place,
        requests: ["DELETE /api/members/*"; 2],
        says: " → not a collaborator".to_owned(),
        holds: Box::new(move |simulator| simulator.workspace().people.iter().all(|p| p.id != id)),
    }
}

/// The table, made anew: each write with a workspace of its own.
pub async fn rows() -> Vec<Row> {
    vec![
        role("environment role", AccessModel::RbacV2, "environment_role", Env::Prod).await,
        role("legacy role", AccessModel::Legacy, "role", Env::Test).await,
        role(
            "role of a mixed workspace",
            AccessModel::Mixed,
            "environment_role",
            Env::Dev,
        )
        .await,
        role(
            "legacy role of a mixed workspace",
            AccessModel::Mixed,
            "role",
            Env::Prod,
        )
        .await,
        project_role("project role of a person", "collaborator").await,
        project_role("project role of a group", "collaborator_group").await,
        membership("group membership").await,
        identity_membership("membership of an identity group").await,
        audience("group of a genie", "genie").await,
        audience("group of an MCP server", "mcp_server").await,
        creation("account creation").await,
        deletion("account deletion").await,
    ]
}

#[tokio::test]
async fn every_write_is_made_once_and_taken_back_once() {
    for row in rows().await {
        let (name, place) = (row.name, &row.place);
        assert!(!(row.holds)(&place.simulator), "{name}");
        place.simulator.forget_requests();

        let told = place.write(&row.make).await.unwrap();
        assert!((row.holds)(&place.simulator), "{name}");
        let [text] = said(&told).try_into().unwrap();
        assert!(text.ends_with(&row.says), "{name}: {text}");
        assert_eq!(place.changes(), 1, "{name}");

        if matches!(row.make, Write::CreateAccount(_)) {
            continue;
        }
        let told = place.write(&row.make).await.unwrap();
        let [change] = told.changes.try_into().unwrap();
        assert!(
            matches!(change.effect, Effect::Already(_) | Effect::Gone { .. }),
            "{name}: {change}"
        );
        assert!((row.holds)(&place.simulator), "{name}");
        assert_eq!(place.changes(), 1, "{name}: the repetition sends nothing");

        let Some(unmake) = row.unmake else { continue };
        let told = place.write(&unmake).await.unwrap();
        let [change] = told.changes.try_into().unwrap();
        assert!(matches!(change.effect, Effect::Made { .. }), "{name}: {change}");
        assert!(!(row.holds)(&place.simulator), "{name}");
        let requests = place.simulator.requests().0;
        let accepted = requests.iter().filter(|r| r.method != "GET" && r.status < 300);
        assert_eq!(accepted.count(), 2, "{name}");
        let sent = place.changes();

        let after = place.simulator.workspace();
        let told = place.write(&unmake).await.unwrap();
        let [change] = told.changes.try_into().unwrap();
        assert!(matches!(change.effect, Effect::Gone { .. }), "{name}: {change}");
        assert_eq!(place.changes(), sent, "{name}: the repetition sends nothing");
        assert_eq!(place.simulator.workspace(), after, "{name}");
    }
}
