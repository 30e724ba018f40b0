//! The command as a person or a pipeline runs it: exit codes, table, JSON, where settings come from, and no secret in
//! any of its output.

use std::path::Path;
use std::process::{Command, Output};

use baton_workato::baton::c1z::Claim;
use baton_workato::baton::config::kit;
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Simulator};
use baton_workato::workato;
use serde_json::{Value, json};

use super::simulator;
use crate::support::program::{PROGRAM, output, program};

/// A place to run in, and what its environment says.
struct Desk {
    folder: tempfile::TempDir,
    simulator: Simulator,
}

impl Desk {
    async fn new(behavior: Behavior) -> Self {
        Desk {
            folder: tempfile::tempdir().unwrap(),
            simulator: simulator(AccessModel::RbacV2, behavior).await,
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Looks, with the key and the base URL in the environment, and what else is given.
    async fn doctor(&self, env: &[(&str, &str)], arguments: &[&str]) -> Output {
        let arguments: Vec<&str> = ["doctor"].iter().chain(arguments).copied().collect();
        self.run(env, &arguments).await
    }

    /// Syncs with the same settings.
    async fn sync(&self, env: &[(&str, &str)]) -> Output {
        self.run(env, &[]).await
    }

    async fn run(&self, env: &[(&str, &str)], arguments: &[&str]) -> Output {
        let (key, url) = (self.simulator.token(Env::Dev), self.simulator.base_url());
        let mut all = vec![
            ("BATON_WORKATO_API_KEY", key.as_str()),
            ("BATON_WORKATO_BASE_URL", url.as_str()),
        ];
        all.extend(env);
        start(self.folder.path(), &all, arguments).await
    }
}

/// `doctor` in a folder with this environment and no other.
pub async fn run(folder: &Path, env: &[(&str, &str)], arguments: &[&str]) -> Output {
    let arguments: Vec<&str> = ["doctor"].iter().chain(arguments).copied().collect();
    start(folder, env, &arguments).await
}

async fn start(folder: &Path, env: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = program();
    command.current_dir(folder).env("NO_COLOR", "1");
    command.args(arguments).envs(env.iter().copied());
    output(command).await
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

fn setting<'a>(document: &'a Value, name: &str) -> &'a Value {
    let all = document["settings"].as_array().unwrap();
    all.iter().find(|setting| setting["name"] == name).unwrap()
}

/// The checks that are not well, as `status name: exit-relevant words`.
fn troubles(document: &Value) -> Vec<String> {
    let checks = document["checks"].as_array().unwrap();
    let bad = checks
        .iter()
        .filter(|c| c["status"] == "failed" || c["status"] == "warning");
    bad.map(|c| format!("{} {}", c["status"].as_str().unwrap(), c["name"].as_str().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_setup_ends_with_0_and_leaves_nothing_behind() {
    let desk = Desk::new(Behavior::default()).await;
    let output = desk.doctor(&[], &["--log-level", "error"]).await;
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), ""),
        "{}",
        text(&output.stdout)
    );
    assert!(text(&output.stdout).ends_with("A sync with these settings would be complete.\n"));
    assert_eq!(std::fs::read_dir(desk.folder.path()).unwrap().count(), 0);
}

/// A workspace that refuses some of what a sync asks.
fn refusing() -> Behavior {
    Behavior::default()
        .deny(Endpoint::Groups, 403)
        .deny(Endpoint::MemberPrivileges, 401)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_a_line_for_every_row_and_says_what_to_do() {
    let desk = Desk::new(refusing()).await;
    let output = desk
        .doctor(
            &[("BATON_LOG_LEVEL", "error")],
            &["-f", "out.c1z", "--workato-env", "all"],
        )
        .await;
    assert_eq!(output.status.code(), Some(7));
    let port = desk.simulator.base_url().rsplit(':').next().unwrap().to_owned();
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let table = text(&output.stdout)
        .replace(&port, "12345")
        .replace(&system, "linux x86_64");
    // Nobody's screen is behind a pipe, whatever the shell says of its own.
    let narrow = [("BATON_LOG_LEVEL", "error"), ("COLUMNS", "40")];
    let again = desk.doctor(&narrow, &["-f", "out.c1z", "--workato-env", "all"]).await;
    let lines = |output: &Output| text(&output.stdout).lines().count();
    assert_eq!(lines(&again), lines(&output));
    insta::assert_snapshot!("table", anywhere(&table));
    insta::assert_snapshot!("error", text(&output.stderr));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_the_table_fits_80_columns() {
    let desk = Desk::new(refusing()).await;
    let command = format!("{PROGRAM} doctor -f out.c1z --workato-env all --color never");
    let mut script = Command::new("script");
    script
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .env("BATON_LOG_LEVEL", "error")
        .env("BATON_WORKATO_API_KEY", desk.simulator.token(Env::Dev))
        .env("BATON_WORKATO_BASE_URL", desk.simulator.base_url())
        .current_dir(desk.folder.path())
        .stdin(std::process::Stdio::null());
    let output = tokio::task::spawn_blocking(move || script.output().unwrap())
        .await
        .unwrap();
    let screen = text(&output.stdout);
    let (table, _) = screen.split_once("error[").unwrap();
    assert!(table.lines().count() > 30, "{table}");
    let wide: Vec<&str> = table.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
}

/// Without what is different elsewhere: the free space of the disk, and how many settings there are today.
fn anywhere(table: &str) -> String {
    let (before, after) = table.split_once(" free, about").unwrap();
    let (before, _) = before.rsplit_once(": ").unwrap();
    let (top, rest) = before.split_once(" more have their defaults").unwrap();
    let (top, _) = top.rsplit_once("  ").unwrap();
    format!("{top}  [many] more have their defaults{rest}: [much] free, about{after}")
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_a_published_shape() {
    let desk = Desk::new(Behavior::default().deny(Endpoint::ApiClients, 403)).await;
    let output = desk.doctor(&[], &["-o", "json", "--log-level", "error"]).await;
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let document = document(&output);
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["verdict", "exit_code", "versions", "workspace", "settings", "checks"]
    );
    assert_eq!(
        (&document["verdict"], &document["exit_code"]),
        (&json!("incomplete"), &json!(7))
    );
    assert_eq!(document["workspace"]["access_model"], "rbac_v2");
    assert_eq!(document["versions"]["program"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        document["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["name"] == "API clients")
            .unwrap(),
        &json!({
            "group": "permissions",
            "name": "API clients",
            "environment": "dev",
            "status": "warning",
            "code": "BW-1211",
            "seen": "refused (HTTP 403)",
            "needs": "Admin > Developer API clients > API clients > List API clients",
            "lost": "API clients, which act without a person",
            "todo": "tick Admin > Developer API clients > API clients > List API clients in the client role of the DEV API client",
        })
    );
    assert_eq!(text(&output.stdout).lines().count(), 1);
    // One message for people, as every command that fails.
    assert_eq!(
        text(&output.stderr),
        "error[BW-1211]: a sync with these settings would not be complete: 1 warning\nhint: every check above says what to do\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_says_where_it_comes_from() {
    let desk = Desk::new(Behavior::default()).await;
    desk.write(
        ".baton.yaml",
        "# of this folder\nworkato-env: prod\nworkato-prod-api-key: a-secret-in-a-file\nsync-resource-types: [role]\n",
    );
    let env = [
        ("BATON_SYNC_RESOURCE_TYPES", "collaborator,project"),
        ("BATON_LOG_LEVEL", "error"),
    ];
    let output = desk
        .doctor(&env, &["-o", "json", "--sync-resource-types", "folder", "-f", "x.c1z"])
        .await;
    let document = document(&output);
    let line = |name: &str| {
        let s = setting(&document, name);
        (s["value"].clone(), s["source"].clone(), s["places"].clone())
    };
    assert_eq!(
        line("workato-env"),
        (json!("prod"), json!("file"), json!([".baton.yaml:2"]))
    );
    assert_eq!(
        line("workato-prod-api-key"),
        (json!("***"), json!("file"), json!([".baton.yaml:3"]))
    );
    assert_eq!(
        line("workato-api-key"),
        (
            json!("wrkaus-***"),
            json!("environment"),
            json!(["$BATON_WORKATO_API_KEY"])
        )
    );
    assert_eq!(line("file"), (json!("x.c1z"), json!("flag"), json!(["--file"])));
    assert_eq!(line("workato-data-center"), (json!("us"), json!("default"), json!([])));
    // A list is joined, and both places are named.
    assert_eq!(
        line("sync-resource-types"),
        (
            json!("collaborator,project,folder"),
            json!("flag"),
            json!(["$BATON_SYNC_RESOURCE_TYPES", "--sync-resource-types"])
        )
    );
    let fields = kit::FIELDS.len() + workato::config::FIELDS.len();
    assert_eq!(document["settings"].as_array().unwrap().len(), fields);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_are_those_of_the_gravest_failure() {
    let desk = Desk::new(Behavior::default()).await;
    let quiet = ("BATON_LOG_LEVEL", "error");
    for (env, arguments, code, trouble) in [
        (
            ("BATON_WORKATO_API_KEY", "wrkaus-eyJ0.wrong.key"),
            &[][..],
            16,
            &["failed DEV token"][..],
        ),
        (
            quiet,
            &["--workato-base-url", "http://127.0.0.1:9"],
            14,
            &["failed data center"],
        ),
        // Without the override the prefix is held against the data center, and nothing is sent.
        (
            ("BATON_WORKATO_BASE_URL", ""),
            &["--workato-data-center", "eu"],
            2,
            &["failed --workato-api-key"],
        ),
        (
            quiet,
            &["--workato-base-url", "https://app.eu.workato.com"],
            16,
            &["failed region of tokens"],
        ),
        (quiet, &["--workato-env", "qa"], 2, &["failed rules"]),
        (("BATON_WORKATO_API_KEY", ""), &[], 2, &["failed rules"]),
        (quiet, &["--skip-grants"], 2, &["failed rules"]),
        (quiet, &["-f", "no/such/folder/x.c1z"], 2, &["failed folder"]),
        (("BATON_WORKATO_APIKEY", "x"), &[], 2, &["warning environment"]),
        (
            quiet,
            &["--client-id", "nobody", "--client-secret", "a:b:v1:c"],
            2,
            &["failed credentials"],
        ),
    ] {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-o", "json"]).collect();
        let output = desk.doctor(&[env], &arguments).await;
        let document = document(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?} {:?}",
            troubles(&document)
        );
        assert_eq!(document["exit_code"], code);
        let troubles = troubles(&document);
        assert_eq!(troubles, trouble, "{arguments:?}");
    }
    assert!(desk.simulator.requests().answered(401) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_file_that_cannot_be_read_ends_before_anything_is_asked() {
    let desk = Desk::new(Behavior::default()).await;
    desk.write(".baton.yaml", "workato-api-key: [hush\n");
    let output = desk.doctor(&[], &[]).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(
        text(&output.stderr).contains(".baton.yaml:"),
        "{}",
        text(&output.stderr)
    );
    assert!(!text(&output.stderr).contains("hush"));
    assert!(desk.simulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_output() {
    let secrets = [
        "wrkaus-eyJwcm9k.cHJvZA.c2ln",
        "pass-word-of-proxy",
        "YW4tZWQyNTUxOS1rZXk",
        "misplaced",
    ];
    let client_secret = format!("secret-token:conductorone.com:v1:{}", secrets[2]);
    for (behavior, more) in [
        (Behavior::default(), &[][..]),
        (
            Endpoint::ALL
                .into_iter()
                .fold(Behavior::default(), |b, e| b.deny(e, 401)),
            &[],
        ),
        // Secrets in places they do not belong to.
        (
            Behavior::default(),
            &["--workato-env", "wrkaus-eyJtaXNwbGFjZWQ.misplaced.key"],
        ),
        (
            Behavior::default(),
            &["--workato-base-url", "https://me:pass-word-of-proxy@example.com"],
        ),
        (
            Behavior::default(),
            &["--client-id", "a@b/c", "--client-secret", &client_secret],
        ),
    ] {
        let desk = Desk::new(behavior).await;
        for form in ["table", "json"] {
            let mut arguments = vec!["-o", form, "--log-level", "debug", "--workato-prod-api-key", secrets[0]];
            arguments.extend(more);
            let output = desk
                .doctor(
                    &[("HTTPS_PROXY", "http://u:pass-word-of-proxy@127.0.0.1:9")],
                    &arguments,
                )
                .await;
            let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
            assert!(all.contains("workato-prod-api-key"), "{all}");
            let own = desk.simulator.token(Env::Dev);
            for secret in own.split('.').chain(secrets.iter().flat_map(|s| s.split('.'))) {
                assert!(!all.contains(secret), "{secret} in {all}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_form_is_refused() {
    let desk = Desk::new(Behavior::default()).await;
    let output = desk.doctor(&[], &["-o", "csv"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("[table json]"));
}

/// What strangers typed into the vendor's forms cannot clear a screen.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_made_visible() {
    let desk = Desk::new(Behavior::default()).await;
    desk.simulator
        .change(|workspace| workspace.name = "a\u{1b}[2Jb\u{202e}c".to_owned());
    for form in ["table", "json"] {
        let output = desk.doctor(&[], &["-o", form]).await;
        let shown = text(&output.stdout);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
        let visible = if form == "json" {
            r"a\u001b[2Jb\u202ec"
        } else {
            r"a\u{1b}[2Jb\u{202e}c"
        };
        assert!(shown.contains(visible), "{shown}");
    }
}

/// Two processes: the program that serves a simulated workspace, and the one that looks at it.
#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_workspace_of_the_program_itself_is_well() {
    use std::io::BufRead as _;
    let mut serving = program()
        .args(["simulate", "--people", "12", "--projects", "3"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(serving.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let place: Value = serde_json::from_str(&line).unwrap();
    let said = |path: &str| place.pointer(path).unwrap().as_str().unwrap().to_owned();
    let env = [
        ("BATON_WORKATO_BASE_URL", said("/base_url")),
        ("BATON_WORKATO_API_KEY", said("/tokens/dev")),
        ("BATON_WORKATO_TEST_API_KEY", said("/tokens/test")),
        ("BATON_WORKATO_PROD_API_KEY", said("/tokens/prod")),
        ("BATON_WORKATO_ENV", "all".to_owned()),
    ];
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &env, &["-o", "json"]).await;
    // Its end is the end of its input.
    drop(serving.stdin.take());
    serving.wait().unwrap();
    let document = document(&output);
    assert_eq!((output.status.code(), troubles(&document)), (Some(0), Vec::new()));
    let checks = document["checks"].as_array().unwrap();
    let of_prod = checks.iter().filter(|check| check["environment"] == "prod").count();
    assert_eq!(
        of_prod, 18,
        "its token, four lists, what a plan may lack, and its audit log"
    );
}

/// A run that works on the file now is named, and goes on undisturbed.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_holds_the_file_is_named() {
    let desk = Desk::new(Behavior::default()).await;
    let claim = Claim::take(&desk.folder.path().join("x.c1z"), None).unwrap();
    let output = desk.doctor(&[], &["-f", "x.c1z", "-o", "json"]).await;
    let document = document(&output);
    assert_eq!(
        (output.status.code(), troubles(&document)),
        (Some(14), vec!["failed other runs".to_owned()])
    );
    assert!(text(&output.stdout).contains(&format!("process {}", std::process::id())));
    drop(claim);
}

/// Where a run would end at once, the look at it ends with the same code.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_ends_with_the_code_of_the_look() {
    for (behavior, env, code) in [
        (
            Behavior::default(),
            ("BATON_WORKATO_API_KEY", "wrkaus-eyJ0.wrong.key"),
            16,
        ),
        (Behavior::default(), ("BATON_WORKATO_DATA_CENTER", "mars"), 2),
        (Behavior::default(), ("BATON_FILE", "no/such/folder/x.c1z"), 2),
        (
            Behavior::default().deny(Endpoint::Members, 403),
            ("BATON_LOG_LEVEL", "error"),
            7,
        ),
        (
            Behavior::default().deny(Endpoint::EnvironmentRoles, 401),
            ("BATON_LOG_LEVEL", "error"),
            7,
        ),
    ] {
        let desk = Desk::new(behavior).await;
        let looked = desk.doctor(&[env], &[]).await;
        let synced = desk.sync(&[env]).await;
        assert_eq!(
            (looked.status.code(), synced.status.code()),
            (Some(code), Some(code)),
            "{env:?} {synced:?}"
        );
    }
}
