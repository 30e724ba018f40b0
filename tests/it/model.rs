//! `workato/model.md`, line by line: simulated workspaces synced over real HTTP, compared with what the oracle
//! says the rows must be. The oracle knows the workspace, not the connector.

mod agents;
mod alike;
mod counts;
mod degrade;
mod detection;
mod echoed;
pub mod names;
mod odd;
mod privileges;
mod profiles;
mod requests;
mod stopped;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::baton::error::Result;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::simulator::{AccessModel, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::settings::{Environment, EnvironmentChoice, FolderDepth, PrivilegesMode, Settings};
use serde_json::{Value, json};

use crate::support::oracle::{Choice, Depth, Expected, Options, Privileges, assert_same, expect};
use crate::support::rows::{EntitlementRow, GrantRow, Rows};
use crate::support::run;

/// A synced workspace.
pub struct Synced {
    pub rows: Rows,
    pub summary: Summary,
    pub simulator: Simulator,
}

/// Settings of a run against a simulator.
pub fn settings(simulator: &Simulator, options: &Options) -> Settings {
    let token = |env: Env| options.tokens.contains(&env).then(|| Secret::new(simulator.token(env)));
    Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        test_token: token(Env::Test),
        prod_token: token(Env::Prod),
        environment: match options.choice {
            Choice::One(env) => EnvironmentChoice::One(Environment::new(env.as_str())),
            Choice::All => EnvironmentChoice::All,
        },
        privileges: match options.privileges {
            Privileges::Exact => PrivilegesMode::Exact,
            Privileges::Sampled => PrivilegesMode::Sampled,
            Privileges::Off => PrivilegesMode::Off,
        },
        folder_depth: match options.depth {
            Depth::Auto => FolderDepth::Auto,
            Depth::All => FolderDepth::All,
            Depth::Levels(levels) => FolderDepth::Levels(levels),
        },
        sync_connections: options.connections,
        sync_leaked_tokens: false,
        ..run::settings(&simulator.base_url())
    }
}

/// Syncs a workspace as it is.
pub async fn sync(workspace: Workspace, behavior: Behavior, options: &Options) -> Result<Synced> {
    sync_with(workspace, behavior, options, |_| {}).await
}

/// Syncs a workspace with bent settings.
pub async fn sync_with(
    workspace: Workspace,
    behavior: Behavior,
    options: &Options,
    bend: impl FnOnce(&mut Settings),
) -> Result<Synced> {
    let simulator = Simulator::start(workspace, behavior).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let mut settings = settings(&simulator, options);
    bend(&mut settings);
    let summary = run::workato(settings, &file).await?;
    let rows = Rows::of_file(&file);
    Ok(Synced {
        rows,
        summary,
        simulator,
    })
}

/// Fails unless the rows are exactly the expected ones, in every part the oracle knows.
#[track_caller]
pub fn assert_rows(expected: &Expected, rows: &Rows) {
    let ids = |kind: &str, keys: Vec<&String>| keys.iter().map(|id| format!("{kind} {id}")).collect::<BTreeSet<_>>();
    let mut found = ids("resource", rows.resources.keys().collect());
    found.extend(ids("entitlement", rows.entitlements.keys().collect()));
    found.extend(ids("grant", rows.grants.keys().collect()));
    assert_same(&expected.ids(), &found);
    for (id, want) in &expected.resources {
        let row = &rows.resources[id];
        assert_eq!(
            (&want.display_name, want.parent.clone().unwrap_or_default()),
            (&row.display_name, row.parent.clone()),
            "{id}"
        );
    }
    for (id, want) in &expected.entitlements {
        let row = &rows.entitlements[id];
        let purpose = if want.assignment { "ASSIGNMENT" } else { "PERMISSION" };
        let expected = EntitlementRow {
            slug: want.slug.clone(),
            purpose: format!("PURPOSE_VALUE_{purpose}"),
            display_name: want.display_name.clone(),
            description: row.description.clone(),
            grantable_to: want.grantable_to.join(","),
            annotations: entitlement_annotations(want.immutable, want.exclusion_group.as_deref()),
        };
        assert_eq!(&expected, row, "{id}");
    }
    for (id, want) in &expected.grants {
        let row = &rows.grants[id];
        let sources = want.sources.iter().map(|(source, direct)| {
            (
                source.clone(),
                if *direct { json!({"isDirect": true}) } else { json!({}) },
            )
        });
        let expected = GrantRow {
            principal: want.principal.clone(),
            annotations: grant_annotations(want.immutable, &want.metadata),
            sources: sources.collect::<serde_json::Map<_, _>>().into(),
            expands_over: want.expands.iter().cloned().collect(),
            shallow: want.expands.is_some(),
        };
        assert_eq!(&expected, row, "{id}");
    }
}

fn entitlement_annotations(immutable: bool, group: Option<&str>) -> Vec<Value> {
    let immutable = immutable.then(|| json!({"@": "EntitlementImmutable"}));
    let group = group.map(|g| json!({"@": "EntitlementExclusionGroup", "exclusionGroupId": g}));
    immutable.into_iter().chain(group).collect()
}

fn grant_annotations(immutable: bool, metadata: &BTreeMap<&'static str, String>) -> Vec<Value> {
    let immutable = immutable.then(|| json!({"@": "GrantImmutable"}));
    let metadata = (!metadata.is_empty()).then(|| json!({"@": "GrantMetadata", "metadata": metadata}));
    immutable.into_iter().chain(metadata).collect()
}

#[track_caller]
fn assert_no_warnings(synced: &Synced) {
    assert_eq!(synced.summary.warnings, [], "a whole workspace loses nothing");
}

/// Every access model x environment choice x token set x privileges mode x folder depth, on small workspaces of
/// three environments: rows exactly as expected (`workato/model.md 1 to 8`).
#[tokio::test]
async fn rows_are_exactly_those_of_the_model() {
    let choices = [
        (Choice::One(Env::Dev), vec![Env::Dev]),
        (Choice::One(Env::Prod), vec![Env::Dev, Env::Prod]),
        (Choice::One(Env::Test), vec![Env::Dev]),
        (Choice::All, Env::ALL.to_vec()),
        (Choice::All, vec![Env::Dev, Env::Prod]),
    ];
    let variants = [
        (Privileges::Sampled, Depth::Auto, false),
        (Privileges::Exact, Depth::All, true),
        (Privileges::Off, Depth::Levels(1), false),
    ];
    for model in [AccessModel::RbacV2, AccessModel::Legacy, AccessModel::Mixed] {
        let shape = Shape {
            environments: Env::ALL.to_vec(),
            people: 24,
            ..Shape::small(model)
        };
        let workspace = Workspace::generate(&shape);
        for (choice, tokens) in &choices {
            for (privileges, depth, connections) in variants {
                let options = Options {
                    choice: *choice,
                    tokens: tokens.clone(),
                    depth,
                    connections,
                    privileges,
                };
                let synced = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
                let name = format!("{model:?} {options:?}");
                let outcome = std::panic::catch_unwind(|| assert_rows(&expect(&workspace, &options), &synced.rows));
                assert!(outcome.is_ok(), "{name}: the first difference is above");
                // A run without a token, or one that stops above a folder a role names, says so; nothing else is lost.
                let causes: BTreeSet<_> = synced.summary.warnings.iter().map(|w| w.cause).collect();
                let mut allowed = BTreeSet::new();
                if tokens.len() < 3 {
                    allowed.insert("environment-token-missing");
                }
                if depth == Depth::Levels(1) && model != AccessModel::RbacV2 {
                    allowed.insert("folder-not-listed");
                }
                assert!(causes.is_subset(&allowed), "{name}: {:?}", synced.summary.warnings);
            }
        }
    }
}

/// The shape of the acceptance run: 500 people, 20 projects, both models.
#[tokio::test]
async fn a_workspace_of_500_people_and_20_projects_is_exact() {
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let shape = Shape {
            people: 500,
            projects: 20,
            model,
            ..Shape::default()
        };
        let workspace = Workspace::generate(&shape);
        let options = Options::everything();
        let synced = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
        assert_rows(&expect(&workspace, &options), &synced.rows);
        assert_no_warnings(&synced);
    }
}

/// System roles are spelled `EnvironmentAdmin` or `Environment admin`; one that no list returns is dropped and
/// counted (`workato/api.md 4.3`, `workato/model.md 5`).
#[tokio::test]
async fn role_names_are_matched_as_the_api_spells_them() {
    let shape = Shape {
        compact_role_names: true,
        deleted_role: true,
        ..Shape::small(AccessModel::RbacV2)
    };
    let workspace = Workspace::generate(&shape);
    let options = Options::default();
    let synced = sync(workspace.clone(), Behavior::default(), &options).await.unwrap();
    assert_rows(&expect(&workspace, &options), &synced.rows);
    let causes: Vec<_> = synced.summary.warnings.iter().map(|w| (w.cause, w.count)).collect();
    assert_eq!(causes, [("role-not-listed", 1)]);
}

/// An exclusion group has at most 50 members; larger ones are left out (`workato/model.md 4`).
#[tokio::test]
async fn exclusion_groups_stop_at_50_roles() {
    for (custom_roles, grouped) in [(47, true), (48, false)] {
        let shape = Shape {
            custom_roles,
            ..Shape::small(AccessModel::RbacV2)
        };
        let workspace = Workspace::generate(&shape);
        assert_eq!(workspace.environment_roles.len(), custom_roles + 3);
        let synced = sync(workspace, Behavior::default(), &Options::default()).await.unwrap();
        let groups = synced.rows.entitlements.values().flat_map(|e| &e.annotations);
        let groups = groups.filter(|a| a["@"] == json!("EntitlementExclusionGroup")).count();
        assert_eq!(groups, if grouped { custom_roles + 3 } else { 0 });
    }
}
