//! The binary as a person or a cron job runs it, against a simulated workspace.

use std::path::Path;
use std::process::Output;

use baton_workato::simulator::{Behavior, Endpoint, Env, Shape, Simulator, Workspace};
use serde_json::{Value, json};

use crate::support::place::names;
use crate::support::program::{output, program};
use crate::support::rows::Rows;

struct Place {
    folder: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    async fn new(behavior: Behavior) -> Self {
        let shape = Shape {
            people: 20,
            projects: 4,
            ..Shape::default()
        };
        Place {
            folder: tempfile::tempdir().unwrap(),
            simulator: Simulator::start(Workspace::generate(&shape), behavior).await.unwrap(),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    /// Runs in the folder with the key in the environment.
    async fn run(&self, arguments: &[&str]) -> Output {
        let key = self.simulator.token(Env::Dev);
        run(self.folder.path(), &self.simulator.base_url(), &key, arguments).await
    }
}

async fn run(folder: &Path, base_url: &str, key: &str, arguments: &[&str]) -> Output {
    let mut command = program();
    command
        .current_dir(folder)
        .env("BATON_WORKATO_API_KEY", key)
        .env("BATON_WORKATO_BASE_URL", base_url)
        .args(arguments);
    output(command).await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn summary(output: &Output) -> Value {
    let stderr = text(&output.stderr);
    let line = stderr
        .lines()
        .find(|l| l.contains("\"sync summary\""))
        .unwrap_or_else(|| panic!("{stderr}"));
    serde_json::from_str(line).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_writes_one_file_and_one_summary_line() {
    let place = Place::new(Behavior::default()).await;
    let output = place.run(&["-f", "out.c1z"]).await;
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""));
    assert_eq!(place.names(), ["out.c1z"]);
    let said = summary(&output);
    assert_eq!(
        (&said["status"], &said["file"]),
        (&json!("complete"), &json!("out.c1z"))
    );
    let rows = Rows::of_file(&place.path("out.c1z"));
    assert_eq!(said["rows"]["collaborator"]["resources"], json!(20));
    let grants: u64 = said["rows"]
        .as_object()
        .unwrap()
        .values()
        .map(|r| r["grants"].as_u64().unwrap())
        .sum();
    assert_eq!(grants, rows.grants.len() as u64);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path("out.c1z")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_ends_with_16_one_message_and_no_file() {
    let place = Place::new(Behavior::default()).await;
    let key = "wrkaus-eyJ0.wrong.key";
    let output = run(
        place.folder.path(),
        &place.simulator.base_url(),
        key,
        &["--log-level", "error"],
    )
    .await;
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(16), "{stderr}");
    assert_eq!(stderr.matches("error[BW-1001]:").count(), 1, "{stderr}");
    assert!(
        stderr.contains("Workato rejected the API key") && stderr.contains("hint:"),
        "{stderr}"
    );
    assert_eq!(place.names(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_network_ends_with_14() {
    let place = Place::new(Behavior::default()).await;
    let started = std::time::Instant::now();
    let output = run(
        place.folder.path(),
        "http://127.0.0.1:1",
        "key",
        &["--log-level", "error"],
    )
    .await;
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(14), "{stderr}");
    assert!(stderr.contains("cannot reach 127.0.0.1:1"), "{stderr}");
    assert_eq!(
        stderr
            .lines()
            .filter(|line| line.starts_with("error[BW-0301]:"))
            .count(),
        1,
        "{stderr}"
    );
    assert!(started.elapsed().as_secs() < 60);
    assert_eq!(place.names(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_data_center_ends_with_2_and_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), "", "key", &["--workato-data-center", "mars"]).await;
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(&output.stderr);
    for key in ["us", "eu", "jp", "sg", "au", "il", "kr", "cn", "uk", "sandbox"] {
        assert!(stderr.contains(key), "{key}: {stderr}");
    }
}

/// Neither key nor any part of it is in what is printed at the most talkative level, nor in the file.
#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_nowhere() {
    let place = Place::new(Behavior::default().deny(Endpoint::ApiClients, 403)).await;
    let [dev, test, prod] = Env::ALL.map(|env| place.simulator.token(env));
    let arguments = [
        "--workato-env",
        "all",
        "--workato-test-api-key",
        test.as_str(),
        "--workato-prod-api-key",
        prod.as_str(),
        "--log-level",
        "debug",
        "-f",
        "out.c1z",
    ];
    for extra in [None, Some("--workato-data-center=nowhere"), Some("--sync-resources=x")] {
        let arguments: Vec<&str> = arguments.into_iter().chain(extra).collect();
        let output = place.run(&arguments).await;
        let said = text(&output.stdout) + &text(&output.stderr);
        for key in [&dev, &test, &prod] {
            let secret = key.rsplit('.').next().unwrap();
            assert!(!said.contains(key.as_str()) && !said.contains(secret), "{said}");
        }
        if extra.is_none() {
            assert_eq!(output.status.code(), Some(0), "{said}");
            assert!(said.contains("\"debug\""), "the talkative level is on");
        }
    }
    let rows = format!("{:?}", Rows::of_file(&place.path("out.c1z")));
    for key in [&dev, &test, &prod] {
        assert!(!rows.contains(key.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_fail_the_run_only_when_asked() {
    let place = Place::new(Behavior::default().deny(Endpoint::ApiClients, 403)).await;
    let output = place.run(&[]).await;
    assert_eq!(output.status.code(), Some(0));
    let said = summary(&output);
    assert_eq!(said["status"], json!("complete_with_warnings"));
    assert!(said["warnings"][0]["message"].as_str().unwrap().contains("API clients"));
    let output = place.run(&["--fail-on-warnings"]).await;
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(place.names(), ["sync.c1z"], "the file is written all the same");
}

/// Two syncs of an unchanged workspace: everything but ids and times is the same.
#[tokio::test(flavor = "multi_thread")]
async fn two_syncs_of_an_unchanged_workspace_are_equal() {
    let place = Place::new(Behavior::default()).await;
    for workers in ["1", "4"] {
        let output = place.run(&["--workers", workers]).await;
        assert_eq!(output.status.code(), Some(0));
    }
    let reader = baton_workato::baton::c1z::Reader::open(&place.path("sync.c1z"), None).unwrap();
    let runs = reader.runs().unwrap();
    let [first, second] = [0, 1].map(|at| Rows::of_sync(&reader, &runs[at].sync_id));
    assert_eq!(first, second);
}

/// A v3 file that is not read is not replaced either: nobody can say what it holds. It is refused before the first request.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_a_v3_file_that_is_not_understood_is_refused() {
    let place = Place::new(Behavior::default()).await;
    let sound = std::fs::read(crate::pebble::tables::own().join("features.c1z")).unwrap();
    for (bytes, code, named) in [
        (crate::report::v3::of_engine("pebble"), 12, "error[BW-0404]"),
        (crate::report::v3::of_engine("rocks"), 12, "error[BW-0404]"),
        ([b"C1Z3\0".as_slice(), &[7; 64]].concat(), 15, "error[BW-0403]"),
        (sound[..sound.len() - 1].to_vec(), 15, "error[BW-0403]"),
    ] {
        std::fs::write(place.path("sync.c1z"), &bytes).unwrap();
        let output = place.run(&["--log-level", "error"]).await;
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(named) && stderr.contains("another --file"), "{stderr}");
        assert!(std::fs::read(place.path("sync.c1z")).unwrap() == bytes);
        assert_eq!(place.names(), ["sync.c1z"]);
        assert!(place.simulator.requests().is_empty());
    }
    // One that the published SDK wrote is.
    std::fs::write(place.path("sync.c1z"), &sound).unwrap();
    let output = place.run(&[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(summary(&output)["rows"]["collaborator"]["resources"], json!(20));
    assert_eq!(&std::fs::read(place.path("sync.c1z")).unwrap()[..4], b"C1Z3");
}

#[tokio::test(flavor = "multi_thread")]
async fn capabilities_name_every_type_without_a_call() {
    let place = Place::new(Behavior::default()).await;
    let output = place.run(&["capabilities"]).await;
    assert_eq!(output.status.code(), Some(0));
    let stdout = text(&output.stdout);
    assert!(!stdout.ends_with('\n'), "no trailing newline, as published");
    let said: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        said["@type"],
        json!("type.googleapis.com/c1.connector.v2.ConnectorCapabilities")
    );
    let types: Vec<&str> = said["resourceTypeCapabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["resourceType"]["id"].as_str().unwrap())
        .collect();
    let mut sorted = types.clone();
    sorted.sort_unstable();
    assert_eq!(types, sorted, "sorted by type id");
    assert_eq!(types.len(), 18);
    let privilege = &said["resourceTypeCapabilities"][types.iter().position(|t| *t == "privilege").unwrap()];
    let skip = json!([{"@type": "type.googleapis.com/c1.connector.v2.SkipGrants"}]);
    assert_eq!(privilege["resourceType"]["annotations"], skip);
    assert_eq!(
        (&privilege["permissions"], &privilege["capabilities"]),
        (&json!({}), &json!(["CAPABILITY_SYNC", "CAPABILITY_TARGETED_SYNC"]))
    );
    let all = [
        "CAPABILITY_PROVISION",
        "CAPABILITY_SYNC",
        "CAPABILITY_ACCOUNT_PROVISIONING",
        "CAPABILITY_CREDENTIAL_ROTATION",
        "CAPABILITY_RESOURCE_DELETE",
        "CAPABILITY_SYNC_SECRETS",
        "CAPABILITY_ACTIONS",
        "CAPABILITY_TARGETED_SYNC",
        "CAPABILITY_EVENT_FEED_V2",
        "CAPABILITY_SERVICE_MODE_TARGETED_SYNC",
    ];
    assert_eq!(said["connectorCapabilities"], json!(all), "by number");
    let no_password = "CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD";
    assert_eq!(
        said["credentialDetails"],
        json!({
            "capabilityAccountProvisioning": {
                "supportedCredentialOptions": [no_password], "preferredCredentialOption": no_password
            },
            "capabilityCredentialRotation": {
                "supportedCredentialOptions": [no_password], "preferredCredentialOption": no_password
            }
        })
    );
    assert!(place.simulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_needs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [vec!["demo"], vec!["demo", "--legacy", "--env", "prod", "-f", "old.c1z"]] {
        let mut command = program();
        command
            .current_dir(folder.path())
            .args(&arguments)
            .arg("--fail-on-warnings");
        let output = output(command).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
    assert!(Rows::of_file(&folder.path().join("demo.c1z")).grants.len() > 1000);
    assert!(Rows::of_file(&folder.path().join("old.c1z")).grants.len() > 100);
}
