//! The program fails as it does for people, and each failure names its stable code.

use std::path::{Path, PathBuf};
use std::process::Output;

use baton_workato::simulator::{Behavior, Endpoint, Env, Fault, Hits, Shape, Simulator, Workspace};
use serde_json::Value;

use crate::support::program::{output, program};

/// A finished sync that another program wrote.
const FILE: &str = "tests/golden/rbac-v2/published-connector.c1z";

struct Place {
    folder: tempfile::TempDir,
    simulator: Simulator,
}

impl Place {
    async fn new(behavior: Behavior) -> Self {
        let shape = Shape {
            people: 8,
            projects: 2,
            ..Shape::default()
        };
        Place {
            folder: tempfile::tempdir().unwrap(),
            simulator: Simulator::start(Workspace::generate(&shape), behavior).await.unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A copy of a finished file.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE), &copy).unwrap();
        copy
    }

    async fn run(&self, key: &str, arguments: &[&str]) -> Output {
        let mut command = program();
        command
            .current_dir(self.folder.path())
            .env("BATON_WORKATO_API_KEY", key)
            .env("BATON_LOG_LEVEL", "error")
            .args(arguments);
        output(command).await
    }

    /// Syncs the simulated workspace.
    async fn sync(&self, arguments: &[&str]) -> Output {
        let base_url = self.simulator.base_url();
        let mut all = vec!["--workato-base-url", &base_url];
        all.extend(arguments);
        self.run(&self.simulator.token(Env::Dev), &all).await
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The one code that the run ended with.
fn code(output: &Output) -> String {
    let stderr = text(&output.stderr);
    let mut codes = stderr.lines().filter_map(|line| line.strip_prefix("error["));
    let first = codes.next().unwrap_or_else(|| panic!("no error: {stderr}"));
    assert_eq!(codes.next(), None, "one error: {stderr}");
    assert!(!stderr.contains("more:"), "programs need no pointer: {stderr}");
    first.split_once("]:").unwrap().0.to_owned()
}

async fn explained(place: &Place, code: &str) {
    let output = place.run("", &["explain", code]).await;
    assert_eq!(output.status.code(), Some(0), "{code}");
    assert!(text(&output.stdout).starts_with(code), "{code}");
}

#[tokio::test(flavor = "multi_thread")]
async fn syncs_that_fail_say_which_page_explains_it() {
    type Case = (&'static str, i32, Behavior, &'static [&'static str]);
    let page = |fault| Behavior::default().script("/**", Hits::Every, fault);
    let cases: [Case; 8] = [
        ("BW-1201", 7, Behavior::default().deny(Endpoint::Members, 403), &[]),
        (
            "BW-1005",
            7,
            Behavior::default()
                .deny(Endpoint::EnvironmentRoles, 403)
                .deny(Endpoint::Roles, 403),
            &["--workato-env", "dev"],
        ),
        (
            "BW-0308",
            2,
            page(Fault::Redirect("https://example.org/login".to_owned())),
            &[],
        ),
        ("BW-0208", 2, Behavior::default(), &["--sync-resource-types", "rolls"]),
        ("BW-0409", 2, Behavior::default(), &["-f", "no/such/folder/sync.c1z"]),
        (
            "BW-0502",
            9,
            Behavior::default().deny(Endpoint::Groups, 403),
            &["--fail-on-warnings"],
        ),
        (
            "BW-1106",
            13,
            page(Fault::Status(200, "{}".to_owned(), Vec::new())),
            &[],
        ),
        ("BW-0210", 2, Behavior::default(), &["--log-path", "no/such/log"]),
    ];
    for (expected, exit, behavior, arguments) in cases {
        let place = Place::new(behavior).await;
        let output = place.sync(arguments).await;
        assert_eq!(code(&output), expected, "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{expected}");
        explained(&place, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_carry_their_codes_into_the_summary() {
    let behavior = Behavior::default()
        .deny(Endpoint::Groups, 403)
        .deny(Endpoint::ApiClients, 401);
    let place = Place::new(behavior).await;
    let output = place.sync(&["--workato-env", "all"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stderr = text(&output.stderr);
    let line = stderr.lines().find(|line| line.contains("\"sync summary\"")).unwrap();
    let summary: Value = serde_json::from_str(line).unwrap();
    let warnings: Vec<(&str, &str)> = summary["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| (w["cause"].as_str().unwrap(), w["code"].as_str().unwrap()))
        .collect();
    for expected in [
        ("environment-token-missing", "BW-1901"),
        ("list-refused", "BW-1206"),
        ("list-refused", "BW-1211"),
    ] {
        assert!(warnings.contains(&expected), "{expected:?} in {warnings:?}");
    }
    for (cause, code) in warnings {
        explained(&place, code).await;
        // A refused list has a page for each permission.
        let by_cause = place.run("", &["explain", cause]).await;
        let exit = if cause == "list-refused" { 5 } else { 0 };
        assert_eq!(by_cause.status.code(), Some(exit), "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_addresses_that_cannot_be_right() {
    let place = Place::new(Behavior::default()).await;
    let base_url = place.simulator.base_url();
    let region = ["--workato-data-center", "us"];
    for (expected, exit, key, arguments) in [
        ("BW-1001", 16, "wrkaus-wrong", &["--workato-base-url", &base_url][..]),
        ("BW-0301", 14, "key", &["--workato-base-url", "http://127.0.0.1:1"]),
        ("BW-1002", 2, "wrkaeu-key", &region),
        ("BW-1004", 2, "key", &["--workato-base-url", "http://example.org"]),
        ("BW-0202", 2, "", &region),
        ("BW-0311", 2, "two\nlines", &["--workato-base-url", &base_url]),
        ("BW-0701", 2, "key", &["--client-id", "x", "--client-secret", "y"]),
        ("BW-0711", 14, "", &["health-check", "--health-check-port", "1"]),
    ] {
        let output = place.run(key, arguments).await;
        assert_eq!(code(&output), expected, "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_read() {
    let place = Place::new(Behavior::default()).await;
    let whole = std::fs::read(place.copy("whole.c1z")).unwrap();
    std::fs::write(place.path("cut.c1z"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(place.path("text.c1z"), "not a file of this sort").unwrap();
    std::fs::write(place.path("pebble.c1z"), crate::report::v3::of_engine("pebble")).unwrap();
    std::fs::create_dir(place.path("folder.c1z")).unwrap();
    for (expected, exit, arguments) in [
        ("BW-0401", 5, &["stats", "-f", "none.c1z"][..]),
        ("BW-0402", 15, &["stats", "-f", "text.c1z"]),
        ("BW-0403", 15, &["stats", "-f", "cut.c1z"]),
        ("BW-0404", 12, &["stats", "-f", "pebble.c1z"]),
        ("BW-0411", 2, &["stats", "-f", "folder.c1z"]),
        ("BW-0413", 5, &["stats", "-f", "whole.c1z", "--sync-id", "none"]),
        ("BW-0601", 5, &["access", "nobody at all", "-f", "whole.c1z"]),
        ("BW-0603", 5, &["resources", "-t", "rolls", "-f", "whole.c1z"]),
        ("BW-0604", 2, &["access", "--fail-if", "emial = x", "-f", "whole.c1z"]),
        ("BW-0607", 5, &["diff", "-f", "whole.c1z"]),
        ("BW-0608", 2, &["diff", "--since", "tomorrow", "-f", "whole.c1z"]),
        ("BW-0610", 2, &["export", "--format", "pdf", "-f", "whole.c1z"]),
        ("BW-0209", 5, &["explain", "BW-9999"]),
    ] {
        let output = place.run("", arguments).await;
        assert_eq!(code(&output), expected, "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{expected}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = place
        .run("", &["explore", "--no-open", "--port", &port, "-f", "whole.c1z"])
        .await;
    assert_eq!(code(&output), "BW-0611", "{}", text(&output.stderr));
}
