//! Environment variables under a name that no setting has, and those that are no text.

use std::ffi::OsString;

use baton_workato::baton::config::kit;
use baton_workato::workato;

use super::{run, stderr, stdout};

/// One of every sort of command: none of them needs a workspace.
fn commands() -> Vec<Vec<&'static str>> {
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/rbac-v2/published-connector.c1z"
    );
    let reading = [
        "resource-types",
        "resources",
        "entitlements",
        "grants",
        "principals",
        "syncs",
        "stats",
        "verify",
        "diff",
    ];
    let mut commands: Vec<Vec<&str>> = reading.iter().map(|command| vec![*command, "-f", golden]).collect();
    commands.extend([
        vec![],
        vec!["--help"],
        vec!["--version"],
        vec!["version"],
        vec!["config"],
        vec!["capabilities", "--workato-api-key", "none"],
        vec!["explain", "BW-0005"],
        vec!["completion", "fish"],
        vec!["manifests", "cron"],
        vec!["man", "pages"],
        vec!["access", "nobody", "-f", golden],
        vec!["export", "--format", "dot", "--out", "out", "-f", golden],
        vec!["explore", "-f", "none.c1z"],
        vec!["demo", "--people", "3", "--projects", "1"],
        vec!["syncs", "prune", "--keep", "1", "-f", golden],
        vec!["syncs", "keep", "nobody", "-f", golden],
        vec!["grant", "x", "to", "y"],
        vec!["revoke", "x", "from", "y"],
        vec!["health-check", "--health-check-port", "1"],
        vec!["serve"],
        vec!["doctor", "--workato-env", "qa"],
        vec!["no-such-command"],
    ]);
    commands
}

#[test]
fn a_misspelt_name_is_said_once_by_every_command_and_changes_nothing_else() {
    for arguments in commands() {
        let plain = run(&[("NO_COLOR", "1")], &arguments);
        let misspelt = run(&[("NO_COLOR", "1"), ("BATON_WORKATO_DATACENTER", "eu")], &arguments);
        let said = stderr(&misspelt);
        let line = "warning[BW-0211]: BATON_WORKATO_DATACENTER is set, and no setting has this name: it does nothing\n\
                    hint: did you mean BATON_WORKATO_DATA_CENTER?\n";
        assert_eq!(said.matches(line).count(), 1, "{arguments:?}: {said}");
        assert!(said.starts_with(line), "first: {arguments:?}: {said}");
        if arguments.first() != Some(&"doctor") {
            assert_eq!(misspelt.status.code(), plain.status.code(), "{arguments:?}");
        }
        assert!(!stderr(&plain).contains("BW-0211"), "{arguments:?}");
    }
}

#[test]
fn names_that_are_known_and_those_of_others_are_not_warned_about() {
    let fields = kit::FIELDS.iter().chain(workato::config::FIELDS);
    let mut env: Vec<(String, String)> = fields
        .filter(|field| !["file", "log-path", "c1z-temp-dir"].contains(&field.name))
        .map(|field| (field.env(), String::new()))
        .collect();
    env.push(("BATON_FILE".to_owned(), "x.c1z".to_owned()));
    for name in [
        "BATON_KEEP_SYNC_COUNT",
        "BATON_DECODER_MAX_MEMORY_MB",
        "BATON_HTTP_CACHE_TTL",
    ] {
        env.push((name.to_owned(), "128".to_owned()));
    }
    for name in [
        "BATON_OKTA_API_KEY",
        "BATON_HOST_ID",
        "BATON_OKTA_DOMAIN",
        "WORKATO_API_KEY",
        "BATON_TOKEN",
    ] {
        env.push((name.to_owned(), "x".to_owned()));
    }
    let output = run(&env, &["version"]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    // An empty variable is not set.
    let output = run(&[("BATON_WORKATO_APIKEY", "")], &["version"]);
    assert_eq!(stderr(&output), "");
    let several = run(
        &[
            ("BATON_WORKATO_APIKEY", "x"),
            ("BATON_LOGLEVEL", "debug"),
            ("BATON_WORKATO_XYZ", "1"),
        ],
        &["version"],
    );
    assert_eq!(
        stderr(&several).matches("warning[BW-0211]").count(),
        3,
        "{}",
        stderr(&several)
    );
    assert!(stdout(&several).starts_with("baton-workato version"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_an_error_that_names_it() {
    use std::os::unix::ffi::OsStringExt as _;
    let torn = || OsString::from_vec(b"hidden\xff\xfe".to_vec());
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/rbac-v2/published-connector.c1z"
    );
    let fields = kit::FIELDS.iter().chain(workato::config::FIELDS);
    let others = [
        "BATON_CONFIG_PATH",
        "BATON_HOST_ID",
        "BATON_C1_API_HOST",
        "BATON_GET_TASKS",
        "BATON_SKIP_CLEANUP",
    ];
    let names = fields.map(|field| field.env()).chain(others.map(str::to_owned));
    for name in names {
        for arguments in [&["stats", "-f", golden][..], &[]] {
            let output = run(&[(OsString::from(&name), torn())], arguments);
            let said = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{name}: {said}");
            assert!(
                said.contains(&format!("environment variable {name} is not UTF-8")),
                "{name}: {said}"
            );
            assert!(said.contains("error[BW-0203]") && !said.contains("hidden"), "{said}");
        }
    }
    // A name that is no text looks like a setting, and is none.
    let name = OsString::from_vec(b"BATON_WORKATO_API_KEY\xff".to_vec());
    let output = run(&[(name, OsString::from("x"))], &["version"]);
    assert!(
        stderr(&output).contains("did you mean BATON_WORKATO_API_KEY?"),
        "{}",
        stderr(&output)
    );
    // A path may be anything.
    let folder = tempfile::tempdir().unwrap();
    let temp = folder.path().join(torn());
    std::fs::create_dir(&temp).unwrap();
    let output = run(&[("BATON_TMPDIR", temp.as_os_str())], &["stats", "-f", golden]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    std::fs::remove_dir(&temp).unwrap();
    let output = run(&[("BATON_TMPDIR", temp.as_os_str())], &["stats", "-f", golden]);
    assert_eq!(output.status.code(), Some(2), "it is read: {}", stderr(&output));
}
