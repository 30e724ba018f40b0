//! `workato/model.md 1`: the access model is detected; nobody says it.

use baton_workato::baton::error::Kind;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Shape, Workspace};

use super::{assert_no_warnings, sync, sync_with};
use crate::support::oracle::Options;

fn workspace(model: AccessModel) -> Workspace {
    Workspace::generate(&Shape::small(model))
}

#[tokio::test]
async fn either_model_needs_no_switch() {
    for (model, roles, environment_roles) in [
        (AccessModel::RbacV2, false, true),
        (AccessModel::Legacy, true, false),
        (AccessModel::Mixed, true, true),
    ] {
        let synced = sync(workspace(model), Behavior::default(), &Options::default())
            .await
            .unwrap();
        let rows = &synced.summary.rows;
        assert_eq!(rows["role"].resources > 0, roles, "{model:?}");
        assert_eq!(rows["environment_role"].resources > 0, environment_roles, "{model:?}");
        assert_eq!(rows["collaborator_group"].resources > 0, environment_roles, "{model:?}");
        assert_no_warnings(&synced);
    }
}

/// A mixed workspace where no row names a base role has none (`workato/model.md 1`).
#[tokio::test]
async fn base_roles_of_a_mixed_workspace_are_those_that_rows_name() {
    let mut workspace = workspace(AccessModel::Mixed);
    for person in &mut workspace.people {
        person
            .roles
            .retain(|role| !["Admin", "Operator"].contains(&role.role.as_str()));
    }
    let named_analyst = workspace
        .people
        .iter()
        .any(|p| p.roles.iter().any(|r| r.role == "Analyst"));
    let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
    let has = |id: &str| synced.rows.resources.contains_key(id);
    assert_eq!(
        (has("role:Admin"), has("role:Analyst"), has("role:Operator")),
        (false, named_analyst, false)
    );
    assert!(named_analyst);
}

#[tokio::test]
async fn both_lists_refused_names_both_checkboxes() {
    for status in [401, 403] {
        let behavior = Behavior::default()
            .deny(Endpoint::EnvironmentRoles, status)
            .deny(Endpoint::Roles, status);
        let error = sync(workspace(AccessModel::RbacV2), behavior, &Options::default())
            .await
            .err()
            .unwrap();
        assert_eq!((error.kind(), error.kind().exit_code()), (Kind::PermissionDenied, 7));
        let hint = error.hint_text().unwrap();
        assert!(
            hint.contains("Environment roles > List") && hint.contains("Collaborator roles > List"),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_from_a_missing_checkbox() {
    let wrong_key = |settings: &mut baton_workato::workato::settings::Settings| {
        settings.dev_token = baton_workato::baton::secret::Secret::new("wrkaus-wrong");
    };
    let error = sync_with(
        workspace(AccessModel::RbacV2),
        Behavior::default(),
        &Options::default(),
        wrong_key,
    )
    .await
    .err()
    .unwrap();
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::Unauthenticated, 16));
    assert!(!format!("{error} {:?}", error.hint_text()).contains("wrkaus-wrong"));

    let behavior = Behavior::default().deny(Endpoint::Members, 401);
    let error = sync(workspace(AccessModel::RbacV2), behavior, &Options::default())
        .await
        .err()
        .unwrap();
    assert_eq!((error.kind(), error.kind().exit_code()), (Kind::PermissionDenied, 7));
    assert!(error.hint_text().unwrap().contains("Get collaborators"));
}

/// A TEST token as the main one sees no people: the same message as for a missing checkbox.
#[tokio::test]
async fn a_token_of_another_environment_is_refused() {
    let mut shape = Shape::small(AccessModel::RbacV2);
    shape.environments = Env::ALL.to_vec();
    let simulator_token = |settings: &mut baton_workato::workato::settings::Settings| {
        settings.dev_token = settings.test_token.clone().unwrap();
    };
    let options = Options::everything();
    let error = sync_with(
        Workspace::generate(&shape),
        Behavior::default(),
        &options,
        simulator_token,
    )
    .await
    .err()
    .unwrap();
    assert!(matches!(error.kind(), Kind::Unauthenticated | Kind::PermissionDenied));
    assert!(error.hint_text().unwrap().contains("DEV"), "{:?}", error.hint_text());
}

/// `--disable-custom-roles-sync` still means what it says: the list of custom roles is not read.
#[tokio::test]
async fn custom_roles_can_be_left_out() {
    let off = |settings: &mut baton_workato::workato::settings::Settings| settings.disable_custom_roles_sync = true;
    let synced = sync_with(
        workspace(AccessModel::Legacy),
        Behavior::default(),
        &Options::default(),
        off,
    )
    .await
    .unwrap();
    assert_eq!(synced.simulator.requests().to(Endpoint::Roles), 0);
    let roles: Vec<_> = synced
        .rows
        .resources
        .keys()
        .filter(|id| id.starts_with("role:"))
        .collect();
    assert_eq!(roles, ["role:Admin", "role:Analyst", "role:Operator"]);
    let causes: Vec<_> = synced.summary.warnings.iter().map(|w| w.cause).collect();
    assert_eq!(causes, ["custom-roles-off"], "people who hold custom roles are named");
}

/// Where the legacy list answers too, but empty, and rows do not say their type, the names still find their roles.
#[tokio::test]
async fn rows_without_a_role_type_find_environment_roles_by_name() {
    let mut workspace = workspace(AccessModel::RbacV2);
    let typed = sync(workspace.clone(), Behavior::default(), &Options::default())
        .await
        .unwrap();
    workspace.model = AccessModel::Mixed;
    workspace.legacy_roles.clear();
    for person in &mut workspace.people {
        person.roles.iter_mut().for_each(|role| role.role_type = None);
    }
    let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
    let holders = |rows: &crate::support::rows::Rows| -> Vec<String> {
        rows.grants
            .keys()
            .filter(|id| id.starts_with("environment_role:"))
            .cloned()
            .collect()
    };
    assert_eq!(holders(&typed.rows), holders(&synced.rows));
    assert!(!holders(&synced.rows).is_empty());
}
