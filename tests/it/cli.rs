//! The command line as scripts see it: exit codes, streams, sources of settings, published JSON.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use baton_workato::baton::capability;
use baton_workato::baton::config::args::{self, Purpose};
use baton_workato::baton::config::values::Surroundings;
use baton_workato::baton::config::{self, Field, Source, Values, kit};
use baton_workato::baton::error::Error;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::{annotation, resource};
use baton_workato::workato;
use baton_workato::workato::settings::{EnvironmentChoice, FolderDepth, PrivilegesMode, Settings};
use serde_json::Value;

/// Every case under `tests/cmd` runs and prints what it says.
#[test]
fn documented_output_is_what_is_printed() {
    let cases = trycmd::TestCases::new();
    // An empty variable counts as not set: settings of whoever runs the tests do not show.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BATON_")) {
        cases.env(name, "");
    }
    cases
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .case("tests/cmd/*.trycmd");
}

/// The program in an empty directory, with no `BATON_*` variable of whoever runs the tests.
fn program(directory: &Path) -> Command {
    let mut command = Command::cargo_bin("baton-workato").unwrap();
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BATON_")) {
        command.env_remove(name);
    }
    command.current_dir(directory);
    command
}

fn output(args: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    program(directory.path()).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn config_and_capabilities_end_without_a_newline_and_leave_stderr_empty() {
    for args in [&["config"][..], &["capabilities", "--workato-api-key", "a-token"]] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(text(&output.stdout).ends_with('}'), "{args:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap();
        assert_eq!(text(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn an_error_is_one_message_on_stderr_and_nothing_on_stdout() {
    let output = output(&["--workato-api-key", "a-token", "--workato-env", "qa"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    let stderr = text(&output.stderr);
    assert_eq!(stderr.matches("value must be one of").count(), 1, "{stderr}");
    assert!(!stderr.contains("a-token"), "{stderr}");
}

#[test]
fn codes_are_explained_to_programs_too() {
    let json = |args: &[&str]| -> Value {
        let output = output(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let page = json(&["explain", "130", "-o", "json"]);
    assert_eq!(
        (&page["code"], &page["title"]),
        (&"BW-0130".into(), &"Stopped by Ctrl-C".into())
    );
    assert!(page["page"].as_str().unwrap().contains("\n## What to do\n"), "{page}");
    let list = json(&["explain", "-o", "json"]);
    let all = list["codes"].as_array().unwrap();
    assert!(
        all.contains(&serde_json::json!({ "code": "BW-0130", "title": "Stopped by Ctrl-C" })),
        "{list}"
    );
}

#[test]
fn every_shell_gets_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = output(&["completion", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        for word in [
            "baton-workato",
            "workato-data-center",
            "skip-entitlements-and-grants",
            "capabilities",
            "resource-types",
            "principals",
            "no-pager",
        ] {
            assert!(script.contains(word), "{shell} completes no {word}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::process::Stdio;
    let directory = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("baton-workato"))
        .args(["completion", "zsh"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn colours_follow_the_flag_before_anything_is_parsed() {
    let coloured = output(&["--color=always", "--no-such-flag"]);
    assert!(
        text(&coloured.stderr).starts_with("\u{1b}["),
        "{}",
        text(&coloured.stderr)
    );
    let plain = output(&["--no-such-flag"]);
    assert!(
        text(&plain.stderr).starts_with("error[BW-0201]: unknown flag: --no-such-flag\n"),
        "{}",
        text(&plain.stderr)
    );
}

#[test]
fn a_log_file_that_cannot_be_opened_is_an_error() {
    let output = output(&["--workato-api-key", "a-token", "--log-path", "no/such/directory/log"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("failed to open the log file"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn log_lines_are_json_with_the_published_keys() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "--workato-api-key",
        "a-token",
        "--skip-full-sync",
        "--log-path",
        "log.json",
        "--sync-resources",
        "x",
    ];
    let output = program(directory.path()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let log = std::fs::read_to_string(directory.path().join("log.json")).unwrap();
    let line: serde_json::Map<String, Value> = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let keys: Vec<&str> = line.keys().map(String::as_str).collect();
    assert_eq!(keys, ["level", "ts", "caller", "msg", "flag"]);
    assert_eq!(line["level"], "warn");
    assert!(line["ts"].is_f64());
    assert_eq!(line["flag"], "skip-full-sync");
    assert!(
        !text(&output.stderr).contains("service mode"),
        "the line went to stderr as well"
    );
}

// --- sources of settings ---

struct Setup {
    env: BTreeMap<String, String>,
    directory: tempfile::TempDir,
}

impl Setup {
    fn new(env: &[(&str, &str)], file: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        if !file.is_empty() {
            std::fs::write(directory.path().join(".baton.yaml"), file).unwrap();
        }
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Setup { env, directory }
    }

    fn load(&self, arguments: &[&str]) -> Result<Values, Error> {
        let fields: Vec<&'static Field> = kit::FIELDS.iter().chain(workato::config::FIELDS).collect();
        let command = args::add(
            clap::Command::new("x").args_override_self(true),
            &fields,
            Purpose::Parse,
            |_| true,
        );
        let words = std::iter::once("x")
            .chain(arguments.iter().copied())
            .map(OsString::from);
        let matches = command.try_get_matches_from(words).unwrap();
        let around = Surroundings {
            env: &|name| self.env.get(name).map(OsString::from),
            directory: self.directory.path(),
        };
        Values::load(&fields, &[&matches], &around)
    }
}

fn load(env: &[(&str, &str)], file: &str, arguments: &[&str]) -> Result<Values, Error> {
    Setup::new(env, file).load(arguments)
}

#[test]
fn scalars_come_from_the_nearest_source() {
    let file = "file: file.c1z\nworkers: 3\nparallel-sync: true\n";
    let env = [("BATON_FILE", "env.c1z"), ("BATON_WORKERS", "")];
    let values = load(&env, file, &["-f", "first.c1z", "--file", "typed.c1z"]).unwrap();
    assert_eq!(
        (kit::FILE.of(&values), kit::FILE.source(&values)),
        ("typed.c1z", Source::CommandLine)
    );
    let values = load(&env, file, &[]).unwrap();
    assert_eq!(
        (kit::FILE.of(&values), kit::FILE.source(&values)),
        ("env.c1z", Source::Environment)
    );
    assert_eq!(
        (kit::WORKERS.of(&values), kit::WORKERS.source(&values)),
        (3, Source::File),
        "an empty variable is not set"
    );
    assert!(kit::PARALLEL_SYNC.of(&values));
    let values = load(&[], "", &[]).unwrap();
    assert_eq!(
        (kit::FILE.of(&values), kit::FILE.source(&values)),
        ("sync.c1z", Source::Default)
    );
    assert_eq!(kit::HTTP_TIMEOUT_SECONDS.of(&values), 300);
}

#[test]
fn lists_are_joined_not_overridden() {
    let types = |env: &[(&str, &str)], file, arguments: &[&str]| {
        kit::SYNC_RESOURCE_TYPES
            .of(&load(env, file, arguments).unwrap())
            .to_vec()
    };
    let env = [("BATON_SYNC_RESOURCE_TYPES", "a,b")];
    let typed = ["--sync-resource-types", "c", "--sync-resource-types=\"d,e\",f"];
    let file = "sync-resource-types: [from file, 7]\n";
    assert_eq!(types(&env, file, &typed), ["a", "b", "c", "d,e", "f"]);
    assert_eq!(types(&[], file, &typed), ["from file", "7", "c", "d,e", "f"]);
    assert_eq!(types(&[], "sync-resource-types: x,y\n", &[]), ["x", "y"]);
}

#[test]
fn set_means_set_anywhere_to_any_value() {
    let values = load(
        &[("BATON_TICKETING", "false")],
        "skip-grants: false\n",
        &["--provisioning=F"],
    )
    .unwrap();
    for name in ["ticketing", "skip-grants", "provisioning"] {
        assert!(values.is_set(name), "{name}");
        assert!(values.get(name) == Some(&config::Value::Bool(false)), "{name}");
    }
    assert!(!kit::FILE.is_set(&values));
}

#[test]
fn a_flag_takes_the_next_word_whatever_it_looks_like() {
    let values = load(&[], "", &["--workers", "-1", "--file", "-f"]).unwrap();
    assert_eq!(kit::WORKERS.of(&values), -1);
    assert_eq!(kit::FILE.of(&values), "-f");
}

#[test]
fn badly_typed_values_name_their_source_and_never_a_secret() {
    let cases = [
        (
            load(&[("BATON_WORKERS", "x")], "", &[]),
            "environment variable BATON_WORKERS: \"x\" is not a whole number",
        ),
        (
            load(&[], "\nhealth-check: yes please\n", &[]),
            "/.baton.yaml:2: health-check: \"yes please\" is neither true nor false",
        ),
        (
            load(&[], "workato-api-key: [a-token]\n", &[]),
            "/.baton.yaml:1: workato-api-key: one text is wanted",
        ),
        (
            load(&[], "", &["--ticketing=no"]),
            "invalid argument for \"--ticketing\" flag: \"no\" is neither true nor false",
        ),
    ];
    for (loaded, expected) in cases {
        let error = loaded.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(!error.to_string().contains("a-token"), "{error}");
        assert_eq!(error.kind().exit_code(), 2);
    }
}

#[test]
fn secrets_are_not_shown_by_what_holds_them() {
    let values = load(&[("BATON_WORKATO_API_KEY", "a-token")], "", &[]).unwrap();
    assert!(!format!("{values:?}").contains("a-token"));
    assert_eq!(workato::config::API_KEY.of(&values).unwrap().expose(), "a-token");
}

fn settings(arguments: &[&str]) -> Result<Settings, Error> {
    let with_token: Vec<&str> = ["--workato-api-key", "a-token"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    workato::config::settings(&load(&[], "", &with_token)?)
}

#[test]
fn settings_say_what_the_flags_said() {
    let plain = settings(&[]).unwrap();
    assert_eq!(plain.base_url.as_str(), "https://www.workato.com/");
    assert_eq!(plain.environment, EnvironmentChoice::One("dev".parse_environment()));
    assert_eq!(
        (plain.privileges, plain.folder_depth),
        (PrivilegesMode::Sampled, FolderDepth::Auto)
    );
    assert!(plain.test_token.is_none() && !plain.sync_connections && !plain.disable_custom_roles_sync);

    let full = settings(&[
        "--workato-data-center=cn",
        "--workato-env=all",
        "--workato-prod-api-key=p",
        "--privileges=exact",
        "--folder-depth=2",
        "--sync-connections",
    ])
    .unwrap();
    assert_eq!(full.base_url.as_str(), "https://app.workatoapp.cn/");
    assert_eq!(full.environment, EnvironmentChoice::All);
    assert_eq!(full.prod_token.unwrap().expose(), "p");
    assert_eq!(
        (full.privileges, full.folder_depth),
        (PrivilegesMode::Exact, FolderDepth::Levels(2))
    );
    assert!(full.sync_connections);

    let mock = settings(&["--workato-data-center=eu", "--workato-base-url=http://localhost:8765"]).unwrap();
    assert_eq!(mock.base_url.as_str(), "http://localhost:8765/");
    for wrong in ["localhost:8765", "ftp://x", "https://user:pass@x", "https://"] {
        assert_eq!(
            settings(&["--workato-base-url", wrong]).unwrap_err().kind().exit_code(),
            2,
            "{wrong}"
        );
    }
}

trait ParseEnvironment {
    fn parse_environment(&self) -> workato::settings::Environment;
}

impl ParseEnvironment for str {
    fn parse_environment(&self) -> workato::settings::Environment {
        workato::settings::Environment::new(self)
    }
}

#[test]
fn the_quota_is_the_documented_one_unless_somebody_has_another() {
    let pace = |env: &[(&str, &str)], arguments: &[&str]| {
        let values = load(env, "", arguments).unwrap();
        workato::config::limits(&values).pace.map(|pace| pace.requests())
    };
    assert_eq!(pace(&[], &[]), Some(60));
    assert_eq!(pace(&[("BATON_WORKATO_REQUESTS_PER_MINUTE", "600")], &[]), Some(600));
    assert_eq!(pace(&[], &["--workato-requests-per-minute=100000"]), Some(100_000));
    for refused in ["0", "100001", "many"] {
        let output = output(&["--workato-api-key=k", "--workato-requests-per-minute", refused]);
        assert_eq!(output.status.code(), Some(2), "{refused}");
    }
}

// --- published JSON ---

#[test]
fn the_schema_lists_the_published_fields_in_their_order() {
    let schema: Value = serde_json::from_slice(&output(&["config"]).stdout).unwrap();
    let names: Vec<&str> = schema["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    let published = [
        "log-level",
        "log-level-debug-expires-at",
        "session-store-maximum-size",
        "otel-collector-endpoint",
        "otel-collector-endpoint-tls-cert-path",
        "otel-collector-endpoint-tls-cert",
        "otel-collector-endpoint-tls-insecure",
        "otel-tracing-disabled",
        "otel-logging-disabled",
        "health-check",
        "health-check-port",
        "health-check-bind-address",
        "http-timeout-seconds",
        "workato-api-key",
        "workato-data-center",
        "workato-env",
        "disable-custom-roles-sync",
    ];
    assert_eq!(names[..published.len()], published);
    assert!(!names.contains(&"workato-base-url") && !names.contains(&"file"));
    let top: Vec<&String> = schema.as_object().unwrap().keys().collect();
    assert_eq!(top, ["fields", "displayName", "helpUrl", "iconUrl"]);
}

#[test]
fn capabilities_have_the_published_shape() {
    let skip = annotation::pack(&v2::SkipEntitlementsAndGrants {});
    let types = [
        resource::resource_type("project", "Project", &[], vec![skip]),
        resource::resource_type("collaborator", "Collaborator", &[Trait::User], Vec::new()),
    ];
    let json = capability::json(&capability::read_only(&types)).unwrap();
    insta::assert_snapshot!(json, @r#"
    {
      "@type": "type.googleapis.com/c1.connector.v2.ConnectorCapabilities",
      "resourceTypeCapabilities": [
        {
          "resourceType": {
            "id": "collaborator",
            "displayName": "Collaborator",
            "traits": [
              "TRAIT_USER"
            ]
          },
          "capabilities": [
            "CAPABILITY_SYNC"
          ],
          "permissions": {}
        },
        {
          "resourceType": {
            "id": "project",
            "displayName": "Project",
            "annotations": [
              {
                "@type": "type.googleapis.com/c1.connector.v2.SkipEntitlementsAndGrants"
              }
            ]
          },
          "capabilities": [
            "CAPABILITY_SYNC"
          ],
          "permissions": {}
        }
      ],
      "connectorCapabilities": [
        "CAPABILITY_SYNC"
      ],
      "credentialDetails": {}
    }
    "#);
}

#[test]
fn connector_capabilities_are_ordered_by_number() {
    use v2::Capability::{AccountProvisioning, Provision, Sync};
    let of = |id: &str, capabilities: &[v2::Capability]| {
        (resource::resource_type(id, id, &[], Vec::new()), capabilities.to_vec())
    };
    let all = capability::of_types([of("role", &[Sync, Provision]), of("a", &[Sync, AccountProvisioning])]);
    let ids: Vec<_> = all
        .resource_type_capabilities
        .iter()
        .map(|t| t.resource_type.clone().unwrap().id)
        .collect();
    assert_eq!(ids, ["a", "role"]);
    assert_eq!(all.connector_capabilities, [1, 2, 5]);
}

#[test]
fn a_reading_command_takes_the_only_file_of_the_folder_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rbac-v2/published-connector.c1z");
    let read = || {
        let output = program(folder.path()).args(["stats", "-o", "json"]).output().unwrap();
        let (out, err) = (text(&output.stdout).to_owned(), text(&output.stderr).to_owned());
        (output.status.code(), out, err)
    };
    let (code, _, err) = read();
    assert_eq!(code, Some(5), "{err}");
    assert!(err.contains("sync.c1z"), "{err}");

    std::fs::copy(&golden, folder.path().join("night.c1z")).unwrap();
    std::fs::write(folder.path().join(".other.c1z"), b"a working file").unwrap();
    let (code, out, err) = read();
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str::<Value>(&out).unwrap();
    assert_eq!(err, "Reading night.c1z, the only .c1z file here.\n");

    std::fs::copy(&golden, folder.path().join("morning.c1z")).unwrap();
    let (code, out, err) = read();
    assert_eq!((code, out.as_str()), (Some(5), ""));
    assert!(err.contains("-f: morning.c1z, night.c1z"), "{err}");

    std::fs::copy(&golden, folder.path().join("sync.c1z")).unwrap();
    let (code, _, err) = read();
    assert_eq!((code, err.as_str()), (Some(0), ""));
}

#[test]
fn sync_is_a_word_for_what_the_program_does_without_one() {
    let words = |args: &[&str]| text(&output(args).stderr).to_owned();
    let wrong = ["--workato-api-key", "k", "--workato-env", "qa"];
    assert_eq!(words(&[&["sync"][..], &wrong].concat()), words(&wrong));
    let write = output(&["sync", "--workato-api-key", "k", "--revoke-grant", "x"]);
    assert_eq!(write.status.code(), Some(2));
    assert!(
        text(&write.stderr).contains("`sync` only reads"),
        "{}",
        text(&write.stderr)
    );
}
