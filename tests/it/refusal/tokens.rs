//! Tokens in the settings of other environments: neither a sync nor a write takes what they show for what it is not.

use baton_workato::ABOUT;
use baton_workato::baton::error::Kind;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::SyncOptions;
use baton_workato::simulator::{AccessModel, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::settings::{EnvironmentChoice, Settings};

use crate::support::program::{output, program};
use crate::support::replay::Replay;
use crate::support::run;
use crate::writes::place::{Place, grant, revoke};

async fn simulator(model: AccessModel) -> Simulator {
    let shape = Shape {
        environments: Env::ALL.to_vec(),
        ..Shape::small(model)
    };
    Simulator::start(Workspace::generate(&shape), Behavior::default())
        .await
        .unwrap()
}

fn settings(simulator: &Simulator, dev: Env, test: Env, prod: Env) -> Settings {
    let token = |env: Env| Secret::new(simulator.token(env));
    Settings {
        dev_token: token(dev),
        test_token: Some(token(test)),
        prod_token: Some(token(prod)),
        environment: EnvironmentChoice::All,
        ..run::settings(&simulator.base_url())
    }
}

#[tokio::test]
async fn swapped_tokens_end_a_sync_as_doctor_says() {
    let simulator = simulator(AccessModel::RbacV2).await;
    for (test, prod, workers) in [
        (Env::Prod, Env::Test, 1),
        (Env::Prod, Env::Test, 16),
        // Another client of DEV in the setting of TEST.
        (Env::Dev, Env::Prod, 1),
        (Env::Test, Env::Test, 4),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        let options = SyncOptions {
            workers,
            ..run::options(&file)
        };
        let settings = settings(&simulator, Env::Dev, test, prod);
        let error = run::workato_over(settings, &options, run::impatient())
            .await
            .unwrap_err();
        let name = format!("{test:?} {prod:?}: {error}");
        assert_eq!(error.kind(), Kind::Unauthenticated, "{name}");
        assert_eq!(ABOUT.code(error.code_id()), "BW-1001", "{name}");
        let hint = error.hint_text().unwrap();
        assert!(
            hint.starts_with("give --workato-") && hint.contains("an API client that is bound to"),
            "{hint}"
        );
        assert!(!file.exists(), "{name}");
    }
    // Each in its place.
    let folder = tempfile::tempdir().unwrap();
    let right = settings(&simulator, Env::Dev, Env::Test, Env::Prod);
    let summary = run::workato(right, &folder.path().join("sync.c1z")).await.unwrap();
    assert_eq!(summary.warnings, []);
}

/// Advice names only what there is: no setting takes a token of an environment of another name.
#[tokio::test]
async fn an_environment_without_a_setting_can_be_left_out() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rbac-v2/workspace.json");
    let mut recording: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(root).unwrap()).unwrap();
    let roles = &mut recording["/api/members"]["body"]["data"][0]["roles"];
    let mut row = roles[0].clone();
    row["environment_type"] = "staging".into();
    roles.as_array_mut().unwrap().push(row);
    let replay = Replay::start(&recording).await;
    let settings = Settings {
        environment: EnvironmentChoice::All,
        ..run::settings(&replay.base_url())
    };
    let folder = tempfile::tempdir().unwrap();
    let summary = run::workato(settings, &folder.path().join("sync.c1z")).await.unwrap();
    let told = summary.warnings.iter().find(|w| w.message.contains("staging")).unwrap();
    assert_eq!(told.cause, "environment-token-missing");
    assert!(!told.message.contains("--workato-staging"), "{}", told.message);
    assert!(
        told.message.contains("--workato-env dev, test or prod"),
        "{}",
        told.message
    );
}

/// Legacy answers do not name their environment, but a project lies in one of them only.
#[tokio::test]
async fn two_tokens_of_one_environment_are_found_in_a_legacy_workspace() {
    let simulator = simulator(AccessModel::Legacy).await;
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&simulator, Env::Dev, Env::Prod, Env::Prod);
    let error = run::workato(settings, &folder.path().join("sync.c1z"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated, "{error}");
    assert!(
        error.to_string().contains("sees the same projects as the TEST token"),
        "{error}"
    );
    assert!(error.hint_text().unwrap().contains("--workato-prod-api-key"), "{error}");
}

/// What a swapped token does not see is not gone, and what it sees is not what was meant.
#[tokio::test]
async fn a_write_through_a_swapped_token_says_so() {
    let right = Place::everywhere(AccessModel::RbacV2).await;
    let held = right.simulator.workspace().project_grants;
    let in_prod = right.simulator.workspace().projects;
    let in_prod = in_prod
        .iter()
        .find(|p| p.env == Env::Prod && held.iter().any(|g| g.project == p.id))
        .unwrap();
    let project = right.resource("project", &in_prod.id.to_string()).await;
    let direct = right.grants(&project).await.remove(0);
    let entitlement = direct.entitlement.clone().unwrap();
    let principal = direct.principal.clone().unwrap();
    let swapped = Place::with(AccessModel::RbacV2, |settings, simulator| {
        settings.environment = EnvironmentChoice::All;
        settings.test_token = Some(Secret::new(simulator.token(Env::Prod)));
        settings.prod_token = Some(Secret::new(simulator.token(Env::Test)));
    })
    .await;
    let entitlement = baton_workato::baton::proto::v2::Entitlement {
        resource: Some(project),
        ..entitlement
    };
    for write in [revoke(&entitlement, &principal), grant(&entitlement, &principal)] {
        let error = swapped.write(&write).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unauthenticated, "{write:?}: {error}");
        assert!(error.hint_text().unwrap().contains("--workato-prod-api-key"), "{error}");
    }
    assert_eq!(swapped.changes(), 0);
}

/// One token twice is refused by every command before anything is sent.
#[tokio::test(flavor = "multi_thread")]
async fn one_token_in_two_settings_is_refused_before_the_first_request() {
    let simulator = simulator(AccessModel::RbacV2).await;
    let folder = tempfile::tempdir().unwrap();
    let dev = simulator.token(Env::Dev);
    let test = simulator.token(Env::Test);
    let spaced = format!("  {dev}\n");
    let service = [("BATON_CLIENT_ID", "a@b.example/c"), ("BATON_CLIENT_SECRET", "s")];
    let cases: [(&str, &str, &str); 4] = [
        (
            &dev,
            "",
            "--workato-test-api-key has the same token as --workato-api-key",
        ),
        (
            "",
            &dev,
            "--workato-prod-api-key has the same token as --workato-api-key",
        ),
        (
            &test,
            &test,
            "--workato-prod-api-key has the same token as --workato-test-api-key",
        ),
        (
            &spaced,
            "",
            "--workato-test-api-key has the same token as --workato-api-key",
        ),
    ];
    for (of_test, of_prod, message) in cases {
        for arguments in [
            &["-f", "x.c1z"][..],
            &["doctor"],
            &["serve"],
            &["service"],
            &[
                "--grant-entitlement",
                "x",
                "--grant-principal",
                "y",
                "--grant-principal-type",
                "collaborator",
            ],
        ] {
            let mut command = program();
            command
                .current_dir(folder.path())
                .env("BATON_WORKATO_BASE_URL", simulator.base_url())
                .env("BATON_WORKATO_API_KEY", &dev)
                .env("BATON_WORKATO_TEST_API_KEY", of_test)
                .env("BATON_WORKATO_PROD_API_KEY", of_prod);
            match arguments {
                ["service"] => command.envs(service),
                arguments => command.args(arguments),
            };
            let output = output(command).await;
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            // Tables wrap.
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {message}: {said}");
            assert!(
                said.contains(message) && said.contains("BW-1020"),
                "{arguments:?} {message}: {said}"
            );
            assert!(!said.contains(dev.as_str()), "{arguments:?}");
        }
    }
    assert_eq!(simulator.requests().len(), 0);
}
