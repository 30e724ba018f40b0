//! Generated workspaces.

use std::collections::BTreeSet;

use baton_workato::simulator::{AccessModel, Env, Shape, Workspace};

#[test]
fn equal_shapes_give_equal_workspaces() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy, AccessModel::Mixed] {
        let shape = Shape {
            model,
            ..Shape::default()
        };
        assert_eq!(Workspace::generate(&shape), Workspace::generate(&shape));
        let other = Workspace::generate(&Shape {
            seed: 1,
            ..shape.clone()
        });
        assert_ne!(Workspace::generate(&shape), other);
    }
}

#[test]
fn ids_are_unique_within_their_kind() {
    let shape = Shape {
        people: 2_500,
        projects: 150,
        groups: 40,
        custom_roles: 20,
        ..Shape::default()
    };
    let workspace = Workspace::generate(&Shape {
        model: AccessModel::Mixed,
        ..shape
    });
    fn unique<T: Ord>(ids: impl Iterator<Item = T>, count: usize) {
        assert_eq!(ids.collect::<BTreeSet<_>>().len(), count);
    }
    unique(workspace.people.iter().map(|p| p.id), workspace.people.len());
    unique(workspace.people.iter().filter_map(|p| p.email.as_deref()), {
        workspace.people.iter().filter(|p| p.email.is_some()).count()
    });
    unique(workspace.projects.iter().map(|p| p.id), workspace.projects.len());
    unique(workspace.folders.iter().map(|f| f.id), workspace.folders.len());
    unique(workspace.groups.iter().map(|g| &g.id), workspace.groups.len());
    unique(workspace.groups.iter().map(|g| &g.name), workspace.groups.len());
    unique(
        workspace.project_grants.iter().map(|g| &g.id),
        workspace.project_grants.len(),
    );
    unique(
        workspace.environment_roles.iter().map(|r| &r.name),
        workspace.environment_roles.len(),
    );
    unique(
        workspace.legacy_roles.iter().map(|r| &r.name),
        workspace.legacy_roles.len(),
    );
    let names: BTreeSet<_> = workspace.projects.iter().map(|p| (p.env, &p.name)).collect();
    assert_eq!(names.len(), workspace.projects.len());
}

#[test]
fn the_demo_company_has_its_story() {
    let shape = Shape::default();
    let workspace = Workspace::generate(&shape);
    let admins = workspace.people.iter().filter(|p| {
        p.roles
            .iter()
            .any(|r| r.env == Env::Prod && r.role == "Environment admin")
    });
    let outside: Vec<_> = admins
        .filter(|p| p.email.as_deref().is_some_and(|m| m.contains("consulting")))
        .collect();
    assert_eq!(outside.len(), 1, "one production admin too many");
    let moderators = workspace
        .people
        .iter()
        .filter(|p| p.grant_type.as_deref() == Some("federation_manager"));
    assert_eq!(moderators.count(), 2);
    assert!(workspace.people.iter().any(|p| p.name.is_none() && p.email.is_none()));
    assert!(
        workspace
            .people
            .iter()
            .any(|p| p.name.as_deref().is_some_and(|n| n.starts_with('=')))
    );
    assert!(workspace.people.iter().any(|p| p.roles.is_empty()));
    let old = &workspace.api_clients[0];
    assert!(
        old.all_folders && old.token_updated_at.as_deref() < Some("2024-12-31"),
        "{old:?}"
    );
    assert_eq!(old.env, Env::Prod);
    for env in Env::ALL {
        assert!(workspace.projects.iter().any(|p| p.env == env && p.name == "Billing"));
    }
}

#[test]
fn drifting_roles_have_no_two_holders_alike() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy, AccessModel::Mixed] {
        let workspace = Workspace::generate(&Shape {
            model,
            drift: true,
            people: 200,
            ..Shape::default()
        });
        let mut seen = BTreeSet::new();
        for ((person, env), row) in &workspace.drift {
            let person = workspace.people.iter().find(|p| p.id == *person).unwrap();
            let role = person.roles.iter().find(|r| r.env == *env).unwrap();
            let folders: BTreeSet<_> = row.folder_ids.iter().flatten().collect();
            assert!(
                seen.insert(format!("{} {:?} {folders:?}", role.role, row.privileges)),
                "{model:?}"
            );
        }
        assert!(workspace.drift.len() > 10, "{model:?}");
    }
}
