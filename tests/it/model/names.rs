//! Identity never rests on a lossy form of a name (`workato/model.md 3`, `workato/api.md 2.8`): roles whose names
//! are alike stay apart, and a name that several have is nobody's.

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::{
    AccessModel, Assignment, Behavior, Env, EnvironmentRole, Grantee, LegacyRole, ProjectGrant, ProjectRole, RoleType,
    Shape, Workspace,
};
use serde_json::json;

use super::{Synced, sync};
use crate::support::oracle::Options;

/// Pairs of names that some way of folding makes one.
pub const ALIKE: [[&str; 2]; 12] = [
    ["C++", "C#"],
    ["Ops-Admin", "Ops Admin"],
    ["Ops", "OPS"],
    ["Ops_Lead", "Ops Lead"],
    ["Ops  Lead", "Ops Lead"],
    ["🚀", "🔥"],
    ["...", "???"],
    ["Straße", "STRASSE"],
    ["Ärzte", "ÄRZTE"],
    ["A\u{308}rzte", "Ärzte"],
    ["Build/Deploy", "Build & Deploy"],
    ["reader", "Reader (EU)"],
];

pub fn environment_role(id: u64, name: &str) -> EnvironmentRole {
    EnvironmentRole {
        id,
        name: name.to_owned(),
        kind: "custom".to_owned(),
        created_at: None,
        updated_at: None,
        config: json!({}),
    }
}

pub fn legacy_role(id: u64, name: &str) -> LegacyRole {
    LegacyRole {
        id,
        name: name.to_owned(),
        inheritable: false,
        folder_ids: Vec::new(),
        privileges: BTreeMap::new(),
        created_at: "2026-01-01T00:00:00Z".to_owned(),
        updated_at: "2026-01-01T00:00:00Z".to_owned(),
    }
}

pub fn project_role(id: u64, name: &str) -> ProjectRole {
    ProjectRole {
        id,
        grant_id: format!("pr-x{id}"),
        name: name.to_owned(),
        kind: "custom".to_owned(),
        created_at: None,
        updated_at: None,
        config: json!({}),
    }
}

/// Gives a person this role alone in DEV.
pub fn give(workspace: &mut Workspace, at: usize, role: &str, role_type: Option<RoleType>) -> u64 {
    let person = &mut workspace.people[at];
    person.roles.retain(|held| held.env != Env::Dev);
    person.roles.push(Assignment {
        env: Env::Dev,
        role: role.to_owned(),
        role_type,
    });
    person.id
}

async fn synced(workspace: Workspace) -> Synced {
    let options = Options {
        privileges: crate::support::oracle::Privileges::Off,
        ..Options::default()
    };
    sync(workspace, Behavior::default(), &options).await.unwrap()
}

fn holders(synced: &Synced, entitlement: &str) -> BTreeSet<String> {
    let prefix = format!("{entitlement}:collaborator:");
    let direct = synced.rows.grants.keys().filter_map(|id| id.strip_prefix(&prefix));
    direct.map(str::to_owned).collect()
}

fn causes(synced: &Synced) -> Vec<(&'static str, u64)> {
    synced.summary.warnings.iter().map(|w| (w.cause, w.count)).collect()
}

fn set(ids: &[u64]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn environment_and_legacy_roles_of_like_names_have_their_own_holders() {
    for [a, b] in ALIKE {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        workspace
            .environment_roles
            .extend([environment_role(901, a), environment_role(902, b)]);
        let one = give(&mut workspace, 0, a, Some(RoleType::Environment));
        let other = give(&mut workspace, 1, &format!(" {b} "), Some(RoleType::Environment));
        let synced = synced(workspace).await;
        assert_eq!(
            holders(&synced, "environment_role:901:collaborator-has"),
            set(&[one]),
            "{a} {b}"
        );
        assert_eq!(
            holders(&synced, "environment_role:902:collaborator-has"),
            set(&[other]),
            "{a} {b}"
        );
        assert_eq!(causes(&synced), [], "{a} {b}");

        let mut workspace = Workspace::generate(&Shape::small(AccessModel::Legacy));
        workspace
            .legacy_roles
            .extend([legacy_role(901, a), legacy_role(902, b)]);
        let one = give(&mut workspace, 0, a, None);
        let other = give(&mut workspace, 1, b, Some(RoleType::PrivilegeGroup));
        let synced = self::synced(workspace).await;
        assert_eq!(holders(&synced, "role:901:collaborator-has"), set(&[one]), "{a} {b}");
        assert_eq!(holders(&synced, "role:902:collaborator-has"), set(&[other]), "{a} {b}");
        assert_eq!(causes(&synced), [], "{a} {b}");
    }
}

/// Case 22: a role of no list is not another one with a name like it.
#[tokio::test]
async fn a_role_of_no_list_is_counted_and_nobody_elses() {
    for [listed, held] in ALIKE {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        workspace.environment_roles.push(environment_role(901, listed));
        let person = give(&mut workspace, 0, held, Some(RoleType::Environment));
        let synced = synced(workspace).await;
        assert_eq!(
            holders(&synced, "environment_role:901:collaborator-has"),
            set(&[]),
            "{listed} {held}"
        );
        assert_eq!(causes(&synced), [("role-not-listed", 1)], "{listed} {held}");
        let example = format!("{} (dev), held by collaborator {person}", held.trim());
        assert_eq!(synced.summary.warnings[0].examples, [example]);
    }
}

/// The API spells the roles of the system in two ways, and those alone.
#[tokio::test]
async fn system_roles_are_found_in_both_spellings_and_custom_ones_are_not() {
    for (listed, kind, held, found) in [
        ("Environment admin", "system", "EnvironmentAdmin", true),
        ("EnvironmentManager", "system", "Environment manager", true),
        ("Member", "system", "member", true),
        ("Environment admin", "custom", "EnvironmentAdmin", false),
        ("Environment admin", "system", "Environment-admin", false),
        ("Environment admin", "system", "Environment admins", false),
    ] {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        workspace.environment_roles.clear();
        workspace.people.iter_mut().for_each(|p| p.roles.clear());
        workspace.environment_roles.push(EnvironmentRole {
            kind: kind.to_owned(),
            ..environment_role(901, listed)
        });
        let person = give(&mut workspace, 0, held, Some(RoleType::Environment));
        let synced = synced(workspace).await;
        let expected = if found { set(&[person]) } else { set(&[]) };
        assert_eq!(
            holders(&synced, "environment_role:901:collaborator-has"),
            expected,
            "{kind} {listed} {held}"
        );
    }
    for (held, base) in [("admin", "Admin"), (" Analyst ", "Analyst"), ("OPERATOR", "Operator")] {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::Legacy));
        workspace.people.iter_mut().for_each(|p| p.roles.clear());
        let person = give(&mut workspace, 0, held, None);
        let synced = synced(workspace).await;
        assert_eq!(
            holders(&synced, &format!("role:{base}:collaborator-has")),
            set(&[person]),
            "{held}"
        );
    }
}

/// Two roles of one name: rows cannot tell them apart, so nobody has either, and it is said.
#[tokio::test]
async fn a_name_of_two_roles_gives_nobody_anything() {
    for [a, b] in [["Ops", "Ops"], ["Ops", " Ops "], ["🚀", "🚀\n"]] {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        workspace
            .environment_roles
            .extend([environment_role(901, a), environment_role(902, b)]);
        let person = give(&mut workspace, 0, a, Some(RoleType::Environment));
        let synced = synced(workspace).await;
        for id in [901, 902] {
            assert!(
                synced.rows.resources.contains_key(&format!("environment_role:{id}")),
                "both are there"
            );
            assert_eq!(
                holders(&synced, &format!("environment_role:{id}:collaborator-has")),
                set(&[])
            );
        }
        assert_eq!(causes(&synced), [("role-ambiguous", 1)]);
        let example = format!("{} (dev), held by collaborator {person}: roles 901, 902", a.trim());
        assert_eq!(synced.summary.warnings[0].examples, [example]);
    }
    // A custom role that has the name of a base role.
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::Legacy));
    workspace.people.iter_mut().for_each(|p| p.roles.clear());
    workspace.legacy_roles.push(legacy_role(901, "Admin"));
    give(&mut workspace, 0, "Admin", None);
    let synced = synced(workspace).await;
    assert_eq!(causes(&synced), [("role-ambiguous", 1)]);
    assert_eq!(holders(&synced, "role:Admin:collaborator-has"), set(&[]));
}

#[tokio::test]
async fn the_placeholder_is_no_role_in_any_spelling_unless_somebody_made_one() {
    for held in ["No access", "NoAccess", "no access", " NO ACCESS "] {
        for listed in [None, Some("system")] {
            let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
            workspace.environment_roles.extend(listed.map(|kind| EnvironmentRole {
                kind: kind.to_owned(),
                ..environment_role(901, "No access")
            }));
            give(&mut workspace, 0, held, Some(RoleType::Environment));
            assert_eq!(causes(&synced(workspace).await), [], "{held} {listed:?}");
        }
    }
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    workspace.environment_roles.push(environment_role(901, "no access"));
    give(&mut workspace, 0, "no access", Some(RoleType::Environment));
    give(&mut workspace, 1, "No access", Some(RoleType::Environment));
    assert_eq!(
        causes(&synced(workspace).await),
        [("role-ambiguous", 1)],
        "the first may have the role"
    );
}

/// What holders of like roles may do is theirs, not the other role's.
#[tokio::test]
async fn privileges_follow_the_exact_name() {
    let [a, b] = ["Ops-Admin", "Ops Admin"];
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    workspace
        .environment_roles
        .extend([environment_role(901, a), environment_role(902, b)]);
    give(&mut workspace, 0, a, Some(RoleType::Environment));
    give(&mut workspace, 1, b, Some(RoleType::Environment));
    for (role, privilege) in [(a, "run"), (b, "delete")] {
        let row = baton_workato::simulator::PrivilegeRow {
            privileges: BTreeMap::from([("Recipes".to_owned(), vec![privilege.to_owned()])]),
            folder_ids: None,
        };
        workspace
            .privileges
            .insert((Env::Dev, RoleType::Environment, role.to_owned()), row);
    }
    let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
    for (id, privilege) in [(901, "run"), (902, "delete")] {
        let held = synced
            .rows
            .grants
            .keys()
            .filter(|id_| id_.ends_with(&format!(":environment_role:{id}")));
        let held: Vec<_> = held.filter(|id| id.starts_with("privilege:")).collect();
        assert_eq!(
            held,
            [&format!("privilege:Recipes-{privilege}:assigned:environment_role:{id}")]
        );
    }
    assert_eq!(causes(&synced), []);
}

/// A workspace with two more project roles, each held on the first project by somebody of its own.
pub fn with_project_roles(a: &str, b: &str) -> (Workspace, u64, [u64; 2]) {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    workspace
        .project_roles
        .extend([project_role(901, a), project_role(902, b)]);
    let project = workspace.projects[0].id;
    let people = [workspace.people[0].id, workspace.people[1].id];
    workspace.project_grants.retain(|grant| grant.project != project);
    for (id, person) in [(901, people[0]), (902, people[1])] {
        let role = workspace.project_roles.iter().find(|role| role.id == id).unwrap();
        let role = if a == b {
            role.grant_id.clone()
        } else {
            role.name.clone()
        };
        workspace.project_grants.push(ProjectGrant {
            id: format!("pg-{id}"),
            project,
            role,
            holder: Grantee::User(person),
        });
    }
    (workspace, project, people)
}

/// Case 01: two roles, two entitlements, each with its own holder; every role that shares a slug has its number in it.
#[tokio::test]
async fn project_roles_of_like_names_are_two_rights() {
    for [a, b] in ALIKE {
        let (workspace, project, [one, other]) = with_project_roles(a, b);
        let unique = workspace.project_roles[0].clone();
        let synced = synced(workspace).await;
        let slug = |id: u64, name: &str| {
            let resource = synced.rows.resources.iter().find(|(key, row)| {
                key.starts_with("project_role:") && row.profile["id"] == json!(id) && row.display_name == name
            });
            resource
                .map(|(key, _)| key.trim_start_matches("project_role:").to_owned())
                .unwrap()
        };
        let (first, second) = (slug(901, a), slug(902, b));
        assert_ne!(first, second, "{a} {b}");
        assert_eq!(
            holders(&synced, &format!("project:{project}:{first}")),
            set(&[one]),
            "{a} {b}"
        );
        assert_eq!(
            holders(&synced, &format!("project:{project}:{second}")),
            set(&[other]),
            "{a} {b}"
        );
        let name = |slug: &str| {
            synced.rows.entitlements[&format!("project:{project}:{slug}")]
                .display_name
                .clone()
        };
        assert!(name(&first).starts_with(&format!("{a} of ")) && name(&second).starts_with(&format!("{b} of ")));
        let alike = first.ends_with("-901");
        assert_eq!(alike, second.ends_with("-902"), "both or neither: {first} {second}");
        assert_eq!(
            causes(&synced),
            if alike {
                vec![("project-roles-alike", 2)]
            } else {
                vec![]
            },
            "{a} {b}"
        );
        assert_eq!(
            slug(unique.id, &unique.name),
            unique.name.to_lowercase().replace(' ', "-"),
            "it keeps its id"
        );
    }
}

#[tokio::test]
async fn ids_of_project_roles_do_not_depend_on_the_order_of_the_list() {
    let (workspace, ..) = with_project_roles("C++", "C#");
    let mut turned = workspace.clone();
    turned.project_roles.reverse();
    let (one, other) = (synced(workspace).await, synced(turned).await);
    assert!(one.rows.entitlements == other.rows.entitlements);
    assert!(one.rows.grants == other.rows.grants);
    assert!(one.rows.entitlements.keys().any(|id| id.ends_with(":c--901")));
}

/// Two project roles of one name: grants tell them apart where they have the ids of the list, and not otherwise.
#[tokio::test]
async fn grants_of_two_roles_of_one_name_are_told_apart_by_id_or_counted() {
    let (workspace, project, people) = with_project_roles("Same", "Same");
    let mut by_id = workspace.clone();
    for role in &mut by_id.project_roles {
        let old = role.grant_id.clone();
        role.grant_id = role.id.to_string();
        for grant in by_id.project_grants.iter_mut().filter(|grant| grant.role == old) {
            grant.role.clone_from(&role.grant_id);
        }
    }
    let synced = self::synced(by_id).await;
    assert_eq!(
        holders(&synced, &format!("project:{project}:same-901")),
        set(&people[..1])
    );
    assert_eq!(
        holders(&synced, &format!("project:{project}:same-902")),
        set(&people[1..])
    );
    assert_eq!(causes(&synced), [("project-roles-alike", 2)]);

    let synced = self::synced(workspace).await;
    for slug in ["same-901", "same-902"] {
        assert_eq!(
            holders(&synced, &format!("project:{project}:{slug}")),
            set(&[]),
            "it may be either"
        );
    }
    assert_eq!(
        causes(&synced),
        [("project-role-ambiguous", 2), ("project-roles-alike", 2)]
    );
}

/// System project roles in the spelling of the migration, and none else.
#[tokio::test]
async fn grants_name_system_project_roles_in_both_spellings() {
    for (named, found) in [
        ("ProjectAdmin", true),
        ("project ADMIN", true),
        ("Project-admin", false),
        ("Projects admin", false),
    ] {
        let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
        let (project, person) = (workspace.projects[0].id, workspace.people[0].id);
        workspace.project_grants.retain(|grant| grant.project != project);
        workspace.project_grants.push(ProjectGrant {
            id: "pg-1".to_owned(),
            project,
            role: named.to_owned(),
            holder: Grantee::User(person),
        });
        let synced = synced(workspace).await;
        let expected = if found { set(&[person]) } else { set(&[]) };
        assert_eq!(
            holders(&synced, &format!("project:{project}:project-admin")),
            expected,
            "{named}"
        );
        assert_eq!(
            causes(&synced),
            if found {
                vec![]
            } else {
                vec![("project-role-not-listed", 1)]
            },
            "{named}"
        );
    }
}

/// A list of grants that answers for other projects, or names two holders, overstates nothing.
#[tokio::test]
async fn grants_of_elsewhere_and_of_two_are_counted() {
    use baton_workato::simulator::{Fault, Hits};
    let (workspace, project, [one, _]) = with_project_roles("Builder", "Tester");
    let path = format!("/api/projects/{project}/project_grants");
    for (fields, cause) in [
        (vec![("/data/0/project/id", json!(project + 1))], "grant-elsewhere"),
        (
            vec![(
                "/data/0/user_group",
                json!({"id": workspace.groups[1].id, "name": "Both"}),
            )],
            "grant-of-two",
        ),
    ] {
        let fields = fields
            .into_iter()
            .map(|(pointer, value)| (pointer.to_owned(), value))
            .collect();
        let behavior = Behavior::default().script(&path, Hits::Every, Fault::Fields(fields));
        let synced = sync(workspace.clone(), behavior, &Options::default()).await.unwrap();
        assert_eq!(causes(&synced), [(cause, 1)]);
        assert_eq!(
            holders(&synced, &format!("project:{project}:builder")),
            set(&[]),
            "{cause}: {one}"
        );
    }
}
