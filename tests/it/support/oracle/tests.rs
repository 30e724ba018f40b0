//! The oracle is itself checked: against the rows the published connector made of the recorded workspaces, apart from
//! the deliberate differences of `workato/model.md 6`, and against a few rows worked out by hand.

use std::collections::BTreeSet;

use baton_workato::simulator::{AccessModel, Assignment, Env, RoleType, Shape, Workspace};

use super::golden::{folder, golden};
use super::{Choice, Depth, Expected, Options, Privileges, assert_same, expect};

/// The lines of a published table, split at tabs.
fn published(name: &str, table: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder(name).join(format!("{table}.tsv"))).unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

fn published_grants(name: &str, of: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let ids = published(name, "grants").into_iter().map(|mut row| row.swap_remove(0));
    ids.filter(|id| of(id)).collect()
}

fn grants(expected: &Expected, of: impl Fn(&str) -> bool) -> BTreeSet<String> {
    expected.grants.keys().filter(|id| of(id)).cloned().collect()
}

fn recorded(name: &str) -> Expected {
    expect(
        &golden(name),
        &Options {
            depth: Depth::All,
            ..Options::default()
        },
    )
}

#[test]
fn published_resources_are_expected_with_their_names() {
    for (name, gone) in [("legacy", None), ("rbac-v2", Some("role"))] {
        let expected = recorded(name);
        for row in published(name, "resources") {
            let key = format!("{}:{}", row[0], row[1]);
            // In v2 base roles do not exist and the catalogue is what the API names (`workato/model.md 6`, difference
            // 7, and `workato/model.md 2`).
            if Some(row[0].as_str()) == gone || (gone.is_some() && row[0] == "privilege") {
                continue;
            }
            let resource = expected
                .resources
                .get(&key)
                .unwrap_or_else(|| panic!("{name}: {key} is missing"));
            assert_eq!(resource.display_name.trim_end_matches(" (moderator)"), row[2], "{key}");
            let parent = (!row[3].is_empty()).then(|| format!("{}:{}", row[3], row[4]));
            assert_eq!(resource.parent, parent, "{key}");
        }
    }
}

#[test]
fn published_entitlements_are_expected_with_their_names() {
    let expected = recorded("legacy");
    for row in published("legacy", "entitlements") {
        let entitlement = expected
            .entitlements
            .get(&row[0])
            .unwrap_or_else(|| panic!("{} is missing", row[0]));
        assert_eq!((&entitlement.slug, &entitlement.display_name), (&row[1], &row[3]));
        assert_eq!(entitlement.assignment, row[2] == "PURPOSE_VALUE_ASSIGNMENT");
        assert_eq!(entitlement.grantable_to.join(","), row[5]);
    }
    let expected = recorded("rbac-v2");
    for row in published("rbac-v2", "entitlements") {
        if row[0].starts_with("environment_role:") || row[0].starts_with("folder:") {
            assert_eq!(expected.entitlements[&row[0]].display_name, row[3]);
        }
    }
}

#[test]
fn published_role_and_folder_grants_are_expected() {
    let roles = |id: &str| id.starts_with("role:") || id.starts_with("environment_role:");
    for name in ["legacy", "rbac-v2"] {
        assert_same(&published_grants(name, roles), &grants(&recorded(name), roles));
    }
    let folders = |id: &str| id.starts_with("folder:");
    assert_eq!(
        grants(&recorded("legacy"), folders),
        published_grants("legacy", folders)
    );
}

#[test]
fn published_privileges_of_people_are_expected() {
    let people = |id: &str| id.starts_with("privilege:") && id.contains(":assigned:collaborator:");
    assert_eq!(
        grants(&recorded("rbac-v2"), people),
        published_grants("rbac-v2", people)
    );
    // In legacy the published connector adds the constant catalogue to base roles (`workato/model.md 6`, difference 9),
    // so only people with custom roles have the same rows; the others have some of them.
    let workspace = golden("legacy");
    let base = |r: &Assignment| ["Admin", "Analyst", "Operator"].contains(&r.role.as_str());
    let with_base = workspace.people.iter().filter(|p| p.roles.iter().any(base));
    let with_base: BTreeSet<String> = with_base.map(|p| p.id.to_string()).collect();
    let custom = |id: &str| people(id) && !with_base.contains(id.rsplit(':').next().unwrap());
    let (ours, theirs) = (grants(&recorded("legacy"), custom), published_grants("legacy", custom));
    assert!(!ours.is_empty());
    assert_same(&theirs, &ours);
    assert!(grants(&recorded("legacy"), people).is_subset(&published_grants("legacy", people)));
}

#[test]
fn published_privileges_of_custom_roles_are_expected() {
    let roles = |id: &str| {
        let role = id.rsplit(':').next().unwrap();
        id.contains(":assigned:role:") && role.bytes().all(|b| b.is_ascii_digit())
    };
    let ours = grants(&recorded("legacy"), roles);
    assert!(!ours.is_empty());
    assert_same(&published_grants("legacy", roles), &ours);
}

#[test]
fn one_environment_has_bare_ids_and_all_have_suffixed_ones() {
    let workspace = Workspace::generate(&Shape::default());
    let one = expect(&workspace, &Options::default());
    assert!(one.resources.contains_key("environment_role:1"));
    assert_eq!(
        one.resources["environment_role:1"].display_name,
        "Environment admin (dev)"
    );
    let all = expect(&workspace, &Options::everything());
    for env in ["dev", "test", "prod"] {
        let role = format!("environment_role:1-{env}");
        let privilege = format!("privilege:Genies-all-{env}:assigned:{role}");
        assert_eq!(all.grants[&privilege].expands, Some(format!("{role}:collaborator-has")));
    }
    assert_eq!(all.counts()["project"], workspace.projects.len());
    assert_eq!(all.counts()["connection"], workspace.connections.len());
    assert_eq!(all.counts()["collaborator"], one.counts()["collaborator"]);
    // Without tokens of their own, TEST and PROD have people and roles, and no projects.
    let dev = expect(
        &workspace,
        &Options {
            choice: Choice::All,
            ..Options::default()
        },
    );
    assert!(dev.resources.contains_key("environment_role:1-prod"));
    assert_eq!(dev.counts()["project"], one.counts()["project"]);
    let prod = expect(
        &workspace,
        &Options {
            choice: Choice::One(Env::Prod),
            ..Options::default()
        },
    );
    assert_eq!(
        (prod.counts().get("project"), prod.counts()["environment_role"]),
        (None, 7)
    );
}

#[test]
fn single_environment_workspaces_have_one_environment() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let all = expect(
        &workspace,
        &Options {
            choice: Choice::All,
            ..Options::default()
        },
    );
    assert!(all.resources.contains_key("environment_role:1-dev"));
    assert!(!all.resources.keys().any(|key| key.ends_with("-prod")));
}

#[test]
fn groups_pass_their_projects_to_members() {
    let workspace = Workspace::generate(&Shape::default());
    let expected = expect(&workspace, &Options::default());
    let everybody = expected
        .grants
        .values()
        .find(|g| g.principal == "collaborator_group:am-AllColl0")
        .unwrap();
    assert_eq!(
        everybody.expands.as_deref(),
        Some("collaborator_group:am-AllColl0:member")
    );
    assert!(!everybody.immutable && everybody.metadata["project_grant_id"].starts_with("pg-dev"));
    let members = expected
        .grants
        .values()
        .filter(|g| g.entitlement == everybody.entitlement && g.principal.starts_with("collaborator:"));
    assert_eq!(members.clone().count(), workspace.people.len());
    // Who has the role directly as well keeps a grant of its own, with both sources.
    for grant in members {
        assert_eq!(grant.derived, !grant.sources.contains_key(&grant.entitlement));
        assert_eq!(grant.immutable, grant.derived);
    }
}

#[test]
fn roles_whose_holders_differ_fall_back_to_people() {
    let shape = Shape {
        drift: true,
        ..Shape::default()
    };
    let (calm, drift) = (Workspace::generate(&Shape::default()), Workspace::generate(&shape));
    let of_manager = |workspace: &Workspace| {
        let expected = expect(workspace, &Options::default());
        let id = workspace
            .environment_roles
            .iter()
            .find(|r| r.name == "Environment manager")
            .unwrap()
            .id;
        let role = format!("environment_role:{id}");
        let holders = expected
            .grants
            .values()
            .filter(|g| g.entitlement == format!("{role}:collaborator-has"));
        let holders: BTreeSet<String> = holders.map(|g| g.principal.clone()).collect();
        let privileges = expected
            .grants
            .values()
            .filter(|g| g.entitlement.starts_with("privilege:"));
        let direct = privileges
            .clone()
            .filter(|g| !g.derived && holders.contains(&g.principal))
            .count();
        (privileges.filter(|g| g.principal == role).count() > 0, direct > 0)
    };
    assert_eq!(of_manager(&calm), (true, false));
    assert_eq!(of_manager(&drift), (false, true));
    // Folders alone: the role keeps its privileges.
    let steward = expect(&drift, &Options::default());
    assert!(
        steward
            .grants
            .values()
            .any(|g| g.principal == "environment_role:5" && g.expands.is_some())
    );
}

#[test]
fn privileges_can_be_left_out() {
    let off = Options {
        privileges: Privileges::Off,
        ..Options::default()
    };
    let v2 = expect(&Workspace::generate(&Shape::default()), &off);
    assert_eq!(v2.counts().get("privilege"), None);
    let legacy = Workspace::generate(&Shape {
        model: AccessModel::Legacy,
        ..Shape::default()
    });
    assert!(expect(&legacy, &off).counts()["privilege"] >= 111);
    let exact = Options {
        privileges: Privileges::Exact,
        ..Options::default()
    };
    assert!(expect(&legacy, &exact) == expect(&legacy, &Options::default()));
}

#[test]
fn folders_are_as_deep_as_asked() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let count = |depth| {
        expect(
            &workspace,
            &Options {
                depth,
                ..Options::default()
            },
        )
        .counts()["folder"]
    };
    let tops = workspace.folders.iter().filter(|f| f.parent.is_none()).count();
    assert_eq!(count(Depth::Auto), tops);
    assert_eq!(count(Depth::Levels(0)), tops);
    assert!(count(Depth::Levels(1)) > tops);
    assert_eq!(count(Depth::All), workspace.folders.len());
    let legacy = Workspace::generate(&Shape::small(AccessModel::Legacy));
    assert_eq!(
        expect(&legacy, &Options::default()).counts()["folder"],
        legacy.folders.len()
    );
    // A row that names a deeper folder makes the walk go on to its level, and no further.
    let mut deeper = workspace.clone();
    let child = deeper.folders.iter().find(|f| {
        f.parent
            .is_some_and(|p| workspace.folders.iter().any(|f| f.id == p && f.is_project))
    });
    let child = child.unwrap().id;
    let row = deeper
        .privileges
        .get_mut(&(Env::Dev, RoleType::Environment, "Member".to_owned()))
        .unwrap();
    row.folder_ids = Some(vec![child]);
    let expected = expect(&deeper, &Options::default());
    assert_eq!(expected.counts()["folder"], count(Depth::Levels(1)));
    assert!(
        expected
            .grants
            .keys()
            .any(|id| id.starts_with(&format!("folder:{child}:collaborator-access:")))
    );
}

#[test]
fn legacy_roles_bring_their_folders_and_catalogue() {
    let workspace = Workspace::generate(&Shape {
        model: AccessModel::Legacy,
        ..Shape::default()
    });
    let all = expect(&workspace, &Options::everything());
    let role = &workspace.legacy_roles[0];
    for folder in &role.folder_ids {
        let id = format!("folder:{folder}:collaborator-access:role:{}-dev", role.id);
        assert_eq!(
            all.grants[&id].expands,
            Some(format!("role:{}-dev:collaborator-has", role.id))
        );
        assert!(
            !all.grants.contains_key(&id.replace("-dev", "-prod")),
            "folders carry their environment"
        );
    }
    // Nobody is an Analyst in PROD, so the constant stands in; in DEV a holder is asked, and Workbot is not there.
    let workbot = |env: &str| format!("privilege:Workbot-read-{env}:assigned:role:Analyst-{env}");
    assert!(all.grants.contains_key(&workbot("prod")) && !all.grants.contains_key(&workbot("dev")));
    assert_eq!(all.counts().get("collaborator_group"), None);
}

#[test]
fn mixed_workspaces_have_both() {
    let workspace = Workspace::generate(&Shape {
        model: AccessModel::Mixed,
        ..Shape::default()
    });
    let expected = expect(&workspace, &Options::everything());
    for kind in [
        "role",
        "environment_role",
        "collaborator_group",
        "project_role",
        "privilege",
        "folder",
    ] {
        assert!(expected.counts().contains_key(kind), "{kind}");
    }
    assert!(expected.resources.contains_key("role:Admin-prod"));
    // The same name in both models stays two roles.
    let twins = expected
        .resources
        .iter()
        .filter(|(_, r)| r.display_name == "Read-only auditor (dev)");
    assert_eq!(twins.count(), 2);
}

#[test]
fn spelling_of_system_roles_does_not_matter() {
    let plain = Workspace::generate(&Shape::default());
    let compact = Workspace::generate(&Shape {
        compact_role_names: true,
        ..Shape::default()
    });
    assert_ne!(plain.people, compact.people);
    let (plain, compact) = (
        expect(&plain, &Options::everything()),
        expect(&compact, &Options::everything()),
    );
    assert_same(&plain.ids(), &compact.ids());
    assert!(plain == compact);
}

#[test]
fn a_deleted_role_gives_no_grant() {
    let shape = Shape {
        deleted_role: true,
        ..Shape::default()
    };
    let expected = expect(&Workspace::generate(&shape), &Options::default());
    let plain = expect(&Workspace::generate(&Shape::default()), &Options::default());
    assert_eq!(expected.resources.len(), plain.resources.len());
    assert!(expected.direct().is_subset(&plain.direct()) && expected.direct() != plain.direct());
}
