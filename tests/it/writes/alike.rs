//! No write goes through an ambiguous name: of every pair of names that some way of folding makes one, exactly the named
//! one is given and taken; where Workato itself could not tell two apart, nothing is sent and both are named. Seen in the
//! state of the workspace.

use baton_workato::ABOUT;
use baton_workato::baton::error::{Error, Kind};
use baton_workato::baton::proto::v2;
use baton_workato::simulator::{AccessModel, Behavior, Env, Fault, Grantee, Hits, RoleType, Shape, Workspace};
use baton_workato::workato::settings::Settings;
use serde_json::json;

use super::place::{Place, grant, revoke};
use super::program::Program;
use crate::model::names::{ALIKE, environment_role, give, legacy_role, project_role, with_project_roles};

async fn of(workspace: Workspace) -> Place {
    Place::of(workspace, |_: &mut Settings, _| {}).await
}

/// The only entitlement of a resource, and a person.
async fn right(place: &Place, kind: &str, id: &str) -> v2::Entitlement {
    let on = place.resource(kind, id).await;
    place.entitlements(&on).await.remove(0)
}

async fn person(place: &Place, id: u64) -> v2::Resource {
    place.resource("collaborator", &id.to_string()).await
}

/// Roles of people, project roles of people and groups, members of groups.
type State = (Vec<(u64, String)>, Vec<(u64, String, Grantee)>, Vec<(String, Vec<u64>)>);

/// What everybody holds in DEV, and in projects, and in groups: all that a write of these could touch.
fn state(place: &Place) -> State {
    let workspace = place.simulator.workspace();
    let roles = workspace.people.iter().flat_map(|p| {
        let dev = p.roles.iter().filter(|r| r.env == Env::Dev);
        dev.map(|r| (p.id, r.role.clone()))
    });
    let mut grants: Vec<_> = workspace
        .project_grants
        .iter()
        .map(|g| (g.project, g.role.clone(), g.holder.clone()))
        .collect();
    grants.sort();
    let groups = workspace.groups.iter().map(|g| (g.id.clone(), g.members.clone()));
    (roles.collect(), grants, groups.collect())
}

#[tokio::test]
async fn environment_and_legacy_roles() {
    for (at, [a, b]) in ALIKE.into_iter().enumerate() {
        for model in [AccessModel::RbacV2, AccessModel::Legacy] {
            let mut workspace = Workspace::generate(&Shape::small(model));
            let (kind, role_type) = match model {
                AccessModel::Legacy => ("role", None),
                _ => ("environment_role", Some(RoleType::Environment)),
            };
            if model == AccessModel::Legacy {
                workspace
                    .legacy_roles
                    .extend([legacy_role(901, a), legacy_role(902, b)]);
            } else {
                workspace
                    .environment_roles
                    .extend([environment_role(901, a), environment_role(902, b)]);
            }
            // The pair is tried from either side.
            let (own, other, own_name, other_name) = if at % 2 == 0 {
                ("901", "902", a, b)
            } else {
                ("902", "901", b, a)
            };
            let holder = give(&mut workspace, 0, own_name, role_type);
            let bystander = give(&mut workspace, 1, other_name, role_type);
            let nobody = give(&mut workspace, 2, "No access", role_type);
            let place = of(workspace).await;
            let (mine, others) = (right(&place, kind, own).await, right(&place, kind, other).await);
            let case = format!("{kind} {own_name} {other_name}");
            let change = async |write, id: u64, role: &str| {
                let mut expected = state(&place);
                expected.0.iter_mut().find(|(person, _)| *person == id).unwrap().1 = role.to_owned();
                place.write(&write).await.unwrap();
                let mut found = state(&place);
                expected.0.sort();
                found.0.sort();
                assert_eq!(found, expected, "{case}");
            };
            change(revoke(&mine, &person(&place, bystander).await), bystander, other_name).await;
            change(grant(&mine, &person(&place, nobody).await), nobody, own_name).await;
            change(grant(&mine, &person(&place, holder).await), holder, own_name).await;
            change(grant(&mine, &person(&place, bystander).await), bystander, own_name).await;
            change(grant(&others, &person(&place, bystander).await), bystander, other_name).await;
            change(revoke(&others, &person(&place, holder).await), holder, own_name).await;
            change(revoke(&mine, &person(&place, holder).await), holder, "No access").await;
        }
    }
}

#[tokio::test]
async fn project_roles() {
    for [a, b] in ALIKE {
        let (workspace, project, [one, other]) = with_project_roles(a, b);
        let nobody = workspace.people[2].id;
        let place = of(workspace).await;
        let on = place.resource("project", &project.to_string()).await;
        let rights = place.entitlements(&on).await;
        let of_role = |name: &str| {
            rights
                .iter()
                .find(|e| e.display_name == format!("{name} of {}", on.display_name))
                .unwrap()
        };
        let (first, second) = (of_role(a), of_role(b));
        let held = |id: u64| {
            let grants = place.simulator.workspace().project_grants.into_iter();
            let of = grants.filter(|g| g.project == project && g.holder == Grantee::User(id));
            of.map(|g| g.role).collect::<Vec<_>>()
        };
        let case = format!("{a} {b}");
        // Case 01: the other's holder keeps what they have.
        place.write(&revoke(first, &person(&place, other).await)).await.unwrap();
        assert_eq!(held(other), [b], "{case}");
        assert_eq!(place.changes(), 0, "{case}");
        place.write(&grant(first, &person(&place, nobody).await)).await.unwrap();
        assert_eq!(
            (held(nobody), held(one), held(other)),
            (vec![a.to_owned()], vec![a.to_owned()], vec![b.to_owned()])
        );
        place.write(&grant(first, &person(&place, one).await)).await.unwrap();
        assert_eq!(place.changes(), 1, "{case}: held already");
        let replaced = place.grant(second, &person(&place, nobody).await).await.unwrap();
        assert_eq!(held(nobody), [b], "{case}");
        let replaced: v2::GrantReplaced = baton_workato::baton::annotation::find(&replaced).unwrap();
        assert_eq!(
            replaced.replaced_grant_id,
            format!("{}:collaborator:{nobody}", first.id),
            "{case}"
        );
        place
            .write(&revoke(second, &person(&place, nobody).await))
            .await
            .unwrap();
        assert_eq!(
            (held(nobody), held(one), held(other)),
            (vec![], vec![a.to_owned()], vec![b.to_owned()])
        );
        place.write(&revoke(first, &person(&place, one).await)).await.unwrap();
        assert_eq!((held(one), held(other)), (vec![], vec![b.to_owned()]), "{case}");
    }
}

#[tokio::test]
async fn groups_of_like_names() {
    for [a, b] in ALIKE {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        let [first, second] = [1, 2].map(|at| workspace.groups[at].id.clone());
        workspace.groups[1].name = a.to_owned();
        workspace.groups[2].name = b.to_owned();
        let [one, other] = [0, 1].map(|at| workspace.people[at].id);
        workspace.groups[1].members = vec![one];
        workspace.groups[2].members = vec![other];
        let place = of(workspace).await;
        let members = |id: &str| {
            let groups = place.simulator.workspace().groups;
            groups.into_iter().find(|g| g.id == id).unwrap().members
        };
        let (mine, theirs) = (
            right(&place, "collaborator_group", &first).await,
            right(&place, "collaborator_group", &second).await,
        );
        place.write(&revoke(&mine, &person(&place, other).await)).await.unwrap();
        place.write(&grant(&mine, &person(&place, other).await)).await.unwrap();
        assert_eq!(
            (members(&first), members(&second)),
            (vec![one, other], vec![other]),
            "{a} {b}"
        );
        place
            .write(&revoke(&theirs, &person(&place, other).await))
            .await
            .unwrap();
        assert_eq!(
            (members(&first), members(&second)),
            (vec![one, other], vec![]),
            "{a} {b}"
        );
    }
}

fn assert_refused(error: &Error, candidates: &[&str]) {
    assert_eq!(
        (error.kind(), ABOUT.code(error.code_id()).as_str()),
        (Kind::InvalidArgument, "BW-1321"),
        "{error}"
    );
    for candidate in candidates {
        assert!(error.to_string().contains(candidate), "{error} names {candidate}");
    }
    assert!(error.hint_text().is_some());
}

fn assert_refused_as_unclear(error: &Error) {
    assert_eq!(
        (error.kind(), ABOUT.code(error.code_id()).as_str()),
        (Kind::FailedPrecondition, "BW-1321"),
        "{error}"
    );
}

#[tokio::test]
async fn a_name_that_workato_could_not_tell_apart_is_refused_and_both_are_named() {
    for (model, kind) in [(AccessModel::RbacV2, "environment_role"), (AccessModel::Legacy, "role")] {
        for [a, b] in [["Ops", "Ops"], ["Ops", " Ops "]] {
            let mut workspace = Workspace::generate(&Shape::small(model));
            workspace
                .environment_roles
                .extend([environment_role(901, a), environment_role(902, b)]);
            workspace
                .legacy_roles
                .extend([legacy_role(901, a), legacy_role(902, b)]);
            let role_type = (model == AccessModel::RbacV2).then_some(RoleType::Environment);
            let holder = give(&mut workspace, 0, a, role_type);
            let place = of(workspace).await;
            let before = place.simulator.workspace();
            for id in ["901", "902"] {
                let right = right(&place, kind, id).await;
                let who = person(&place, holder).await;
                for write in [grant(&right, &who), revoke(&right, &who)] {
                    assert_refused(&place.write(&write).await.unwrap_err(), &["Ops", "901", "902"]);
                }
            }
            assert_eq!((place.simulator.workspace(), place.changes()), (before, 0));
        }
    }
    // A base role and a custom one of its name; a role that is called like having none.
    for (model, kind, id, name, candidates) in [
        (AccessModel::Legacy, "role", "901", "Admin", &["901", "Admin"][..]),
        (AccessModel::Legacy, "role", "Admin", "Admin", &["901", "Admin"]),
        (
            AccessModel::RbacV2,
            "environment_role",
            "901",
            "NoAccess",
            &["having no role"],
        ),
        (AccessModel::Legacy, "role", "901", "no access", &["having no role"]),
    ] {
        let mut workspace = Workspace::generate(&Shape::small(model));
        workspace.environment_roles.push(environment_role(901, name));
        workspace.legacy_roles.push(legacy_role(901, name));
        let holder = give(&mut workspace, 0, name, None);
        let place = of(workspace).await;
        let right = right(&place, kind, id).await;
        let who = person(&place, holder).await;
        for write in [grant(&right, &who), revoke(&right, &who)] {
            assert_refused(&place.write(&write).await.unwrap_err(), candidates);
        }
        assert_eq!(place.changes(), 0, "{name}");
    }
}

/// Taking a role away must not give one whose name is a spelling of "No access".
#[tokio::test]
async fn no_access_is_never_a_role_that_somebody_made() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    workspace.environment_roles.push(environment_role(901, "NoAccess"));
    let holder = give(&mut workspace, 0, "Member", Some(RoleType::Environment));
    let place = of(workspace).await;
    place.simulator.behave(Behavior::default().script(
        "PUT /api/members/*",
        Hits::First(1),
        Fault::Status(400, r#"{"message":"Role No access not found"}"#.to_owned(), Vec::new()),
    ));
    let member = right(&place, "environment_role", "3").await;
    let error = place
        .write(&revoke(&member, &person(&place, holder).await))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("No access"), "{error}");
    assert_eq!(place.changes(), 1, "the other spelling is not tried");
    assert_eq!(
        state(&place).0.iter().find(|(id, _)| *id == holder).unwrap().1,
        "Member"
    );
}

#[tokio::test]
async fn project_roles_of_one_name_are_told_apart_by_id_or_refused() {
    let (workspace, project, [one, other]) = with_project_roles("Same", "Same");
    let mut by_id = workspace.clone();
    for role in &mut by_id.project_roles {
        let old = role.grant_id.clone();
        role.grant_id = role.id.to_string();
        for grant in by_id.project_grants.iter_mut().filter(|grant| grant.role == old) {
            grant.role.clone_from(&role.grant_id);
        }
    }
    let rights = async |place: &Place| {
        let on = place.resource("project", &project.to_string()).await;
        let all = place.entitlements(&on).await;
        ["same-901", "same-902"].map(|slug| all.iter().find(|e| e.slug == slug).unwrap().clone())
    };
    let held = |place: &Place, id: u64| {
        let grants = place.simulator.workspace().project_grants.into_iter();
        let of = grants.filter(|g| g.project == project && g.holder == Grantee::User(id));
        of.map(|g| g.role).collect::<Vec<_>>()
    };
    let place = of(by_id).await;
    let [first, second] = rights(&place).await;
    place
        .write(&revoke(&first, &person(&place, other).await))
        .await
        .unwrap();
    assert_eq!(
        (held(&place, one), held(&place, other)),
        (vec!["901".to_owned()], vec!["902".to_owned()])
    );
    place.write(&grant(&second, &person(&place, one).await)).await.unwrap();
    assert_eq!(
        (held(&place, one), held(&place, other)),
        (vec!["902".to_owned()], vec!["902".to_owned()])
    );
    place
        .write(&revoke(&second, &person(&place, other).await))
        .await
        .unwrap();
    assert_eq!(
        (held(&place, one), held(&place, other)),
        (vec!["902".to_owned()], vec![])
    );

    let nobody = workspace.people[2].id;
    let place = of(workspace).await;
    let before = place.simulator.workspace();
    for right in rights(&place).await {
        for id in [one, other] {
            let who = person(&place, id).await;
            for write in [grant(&right, &who), revoke(&right, &who)] {
                assert_refused(&place.write(&write).await.unwrap_err(), &["Same"]);
            }
        }
        assert_refused(
            &place
                .write(&grant(&right, &person(&place, nobody).await))
                .await
                .unwrap_err(),
            &["Same"],
        );
        place
            .write(&revoke(&right, &person(&place, nobody).await))
            .await
            .unwrap();
    }
    assert_eq!((place.simulator.workspace(), place.changes()), (before, 0));
}

/// A file is older than the workspace: what its slug meant then is what it means, or nothing is sent.
#[tokio::test]
async fn a_slug_of_the_last_sync_never_means_another_role() {
    let (workspace, project, [one, _]) = with_project_roles("C++", "C#");
    let mut then = workspace.clone();
    then.project_roles.retain(|role| role.id != 902);
    then.project_grants.retain(|grant| grant.id != "pg-902");
    let before = of(then.clone()).await;
    let on = before.resource("project", &project.to_string()).await;
    let old = before
        .entitlements(&on)
        .await
        .into_iter()
        .find(|e| e.slug == "c-")
        .unwrap();

    // C# came: the slug is one of two.
    let place = of(workspace.clone()).await;
    let who = person(&place, one).await;
    for write in [grant(&old, &who), revoke(&old, &who)] {
        assert_refused(&place.write(&write).await.unwrap_err(), &["C++", "C#"]);
    }
    // C++ went and C# came, or C++ was renamed: the slug is another's.
    let mut renamed = then.clone();
    renamed
        .project_roles
        .iter_mut()
        .find(|role| role.id == 901)
        .unwrap()
        .name = "C#".to_owned();
    renamed
        .project_grants
        .iter_mut()
        .find(|grant| grant.id == "pg-901")
        .unwrap()
        .role = "C#".to_owned();
    let place = of(renamed).await;
    for write in [grant(&old, &who), revoke(&old, &who)] {
        assert_refused(&place.write(&write).await.unwrap_err(), &["C++", "C#"]);
    }
    assert_eq!(place.changes(), 0);
    // The number stays with its role when the other one is gone.
    let both = of(workspace.clone()).await;
    let told = both
        .entitlements(&on)
        .await
        .into_iter()
        .find(|e| e.slug == "c--901")
        .unwrap();
    let place = of(then).await;
    place.write(&revoke(&told, &who)).await.unwrap();
    assert_eq!(place.changes(), 1);
    // Both are gone.
    let mut gone = workspace;
    gone.project_roles.retain(|role| role.id < 901);
    let place = of(gone).await;
    assert_eq!(
        place.write(&grant(&told, &who)).await.unwrap_err().kind(),
        Kind::NotFound
    );
}

/// An invitation in a group with the number of a collaborator is not the collaborator.
#[tokio::test]
async fn a_member_by_number_alone_is_no_member() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let group = workspace.groups[1].id.clone();
    let outsider = workspace.people[0].id;
    workspace.groups[1].members.clear();
    let place = of(workspace).await;
    let path = format!("GET /api/user_groups/{group}/members");
    let invitation = json!({"data": [{"id": outsider, "email": "invited@example.org"}], "total": 1});
    let fault = Fault::Status(200, invitation.to_string(), Vec::new());
    place
        .simulator
        .behave(Behavior::default().script(&path, Hits::First(1), fault.clone()));
    let member = right(&place, "collaborator_group", &group).await;
    let who = person(&place, outsider).await;
    place.write(&grant(&member, &who)).await.unwrap();
    assert_eq!(place.changes(), 1, "who was invited is not in it");
    assert_eq!(place.simulator.workspace().groups[1].members, [outsider]);
    place
        .simulator
        .behave(Behavior::default().script(&path, Hits::Every, fault));
    assert_refused_as_unclear(&place.write(&revoke(&member, &who)).await.unwrap_err());
    assert_eq!(place.changes(), 1, "whether it is theirs is not clear: nothing is sent");
}

/// Sentences and flags of the program, in DEV of a workspace with every kind of pair.
#[tokio::test(flavor = "multi_thread")]
async fn sentences_and_flags_touch_what_they_name() {
    let program = Program::new().await;
    let mut people = Vec::new();
    program.simulator.change(|workspace| {
        workspace
            .environment_roles
            .extend([environment_role(901, "Ops-Admin"), environment_role(902, "Ops Admin")]);
        workspace.environment_roles.extend([environment_role(903, "ops admin")]);
        workspace
            .project_roles
            .extend([project_role(905, "C++"), project_role(906, "C#")]);
        workspace.groups[1].name = "Team".to_owned();
        workspace.groups[2].name = "TEAM".to_owned();
        for (at, name) in [(0, "Ada King"), (1, "ADA KING")] {
            workspace.people[at].name = Some(name.to_owned());
            people.push(give(workspace, at, "Member", Some(RoleType::Environment)));
            for group in &mut workspace.groups {
                group.members.retain(|member| *member != workspace.people[at].id);
            }
            let id = workspace.people[at].id;
            workspace
                .project_grants
                .retain(|grant| grant.holder != Grantee::User(id));
        }
        // Somebody is called as another one's number.
        workspace.people[2].name = Some(workspace.people[3].id.to_string());
        people.extend([2, 3].map(|at| give(workspace, at, "Member", Some(RoleType::Environment))));
    });
    let synced = program.sync().await;
    assert_eq!(synced.code, 0, "{synced:?}");
    let project = program
        .simulator
        .workspace()
        .projects
        .into_iter()
        .find(|p| p.env == Env::Dev)
        .unwrap();
    let role_of = |id: u64| {
        let people = program.simulator.workspace().people;
        let person = people.into_iter().find(|p| p.id == id).unwrap();
        person.roles.into_iter().find(|r| r.env == Env::Dev).unwrap().role
    };
    let on_project = |id: u64| {
        let grants = program.simulator.workspace().project_grants.into_iter();
        let of = grants.filter(|g| g.project == project.id && g.holder == Grantee::User(id));
        of.map(|g| g.role).collect::<Vec<_>>()
    };
    let [ada, other] = [people[0], people[1]];
    let done = async |words: &[&str]| {
        let ended = program.run(&[words, &["--yes"]].concat()).await;
        assert_eq!(ended.code, 0, "{words:?}: {ended:?}");
    };
    for (role, name) in [
        ("Ops-Admin", "Ada King"),
        ("Ops Admin", "Ada King"),
        ("ops admin", "ADA KING"),
    ] {
        done(&["grant", role, "in", "dev", "to", name]).await;
        assert_eq!(role_of(if name == "Ada King" { ada } else { other }), role);
    }
    assert_eq!(
        (role_of(ada), role_of(other)),
        ("Ops Admin".to_owned(), "ops admin".to_owned())
    );
    done(&["revoke", "Ops-Admin", "in", "dev", "from", "Ada King"]).await;
    assert_eq!(role_of(ada), "Ops Admin", "another role is not taken");

    // Case 01.
    done(&["grant", "C#", "on", &project.name, "in", "dev", "to", "Ada King"]).await;
    assert_eq!(on_project(ada), ["C#"]);
    done(&["revoke", "C++", "on", &project.name, "in", "dev", "from", "Ada King"]).await;
    assert_eq!(on_project(ada), ["C#"], "another role is not taken");
    done(&["grant", "c++", "on", &project.name, "in", "dev", "to", "ADA KING"]).await;
    assert_eq!(
        (on_project(ada), on_project(other)),
        (vec!["C#".to_owned()], vec!["C++".to_owned()])
    );
    done(&["revoke", "C#", "on", &project.name, "in", "dev", "from", "Ada King"]).await;
    assert_eq!((on_project(ada), on_project(other)), (vec![], vec!["C++".to_owned()]));
    let flag = format!("project:{}:c--906", project.id);
    let id = other.to_string();
    let flags = [
        "--grant-entitlement",
        &flag,
        "--grant-principal",
        &id,
        "--grant-principal-type",
        "collaborator",
    ];
    assert_eq!(program.run(&flags).await.code, 0);
    assert_eq!(on_project(other), ["C#"]);

    done(&["grant", "TEAM", "to", "Ada King"]).await;
    done(&["revoke", "Team", "from", "Ada King"]).await;
    let groups = program.simulator.workspace().groups;
    let [team, big] = [1, 2].map(|at| groups[at].members.contains(&ada));
    assert_eq!((team, big), (false, true));

    let [named, numbered] = [people[2], people[3]];
    let number = numbered.to_string();
    let key = format!("collaborator:{numbered}");
    done(&["grant", "Ops-Admin", "in", "dev", "to", &key]).await;
    assert_eq!(
        (role_of(named), role_of(numbered)),
        ("Member".to_owned(), "Ops-Admin".to_owned())
    );

    // What was typed fits several, and is none of them exactly, or is one's name and another's id.
    let sent = program.changes();
    let other_key = format!("collaborator:{named}");
    for (words, candidates) in [
        (
            &["grant", "OPS ADMIN", "in", "dev", "to", "Ada King"][..],
            &["902", "903"][..],
        ),
        (&["grant", "team", "to", "Ada King"], &["Team", "TEAM"]),
        (
            &["grant", "Member", "in", "dev", "to", "ada king"],
            &["Ada King", "ADA KING"],
        ),
        (&["grant", "Ops Admin", "in", "dev", "to", &number], &[&key, &other_key]),
        (
            &["revoke", "Ops-Admin", "in", "dev", "from", &number],
            &[&key, &other_key],
        ),
    ] {
        let ended = program.run(&[words, &["--yes"]].concat()).await;
        assert_eq!(ended.code, 3, "{words:?}: {ended:?}");
        assert!(
            candidates.iter().all(|candidate| ended.err.contains(candidate)),
            "{ended:?}"
        );
    }
    assert_eq!(program.changes(), sent);
}

/// Accounts are invited by names, too.
#[tokio::test]
async fn nobody_is_invited_by_a_name_of_two_roles() {
    use baton_workato::baton::provision::Write;
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    workspace
        .environment_roles
        .extend([environment_role(901, "Ops"), environment_role(902, "Ops ")]);
    workspace
        .environment_roles
        .extend([environment_role(903, "Ops-Admin"), environment_role(904, "Ops Admin")]);
    let place = of(workspace).await;
    let invite = |email: &str, role: &str| {
        let role = format!("dev:{role}");
        Write::CreateAccount(super::accounts::account(&[
            ("email", &[email]),
            ("name", &["New"]),
            ("env_roles", &[&role]),
        ]))
    };
    assert_refused(
        &place.write(&invite("a@example.org", "Ops")).await.unwrap_err(),
        &["901", "902"],
    );
    assert_eq!(place.changes(), 0);
    let told = place.write(&invite("b@example.org", "Ops Admin")).await.unwrap();
    assert!(
        told.changes[0].to_string().ends_with("invited as dev Ops Admin"),
        "{}",
        told.changes[0]
    );
    assert!(place.write(&invite("c@example.org", "OpsAdmin")).await.is_err());
}
