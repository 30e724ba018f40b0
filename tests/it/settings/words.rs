//! Words of settings in any case, wherever they are set.

use std::ffi::OsString;

use baton_workato::baton::config::args::{self, Purpose};
use baton_workato::baton::config::values::Surroundings;
use baton_workato::baton::config::{Field, Value, Values, check, kit};
use baton_workato::workato;

use super::{run, stderr, stdout};

const NOTHING: [(&str, &str); 0] = [];

fn fields() -> Vec<&'static Field> {
    kit::FIELDS.iter().chain(workato::config::FIELDS).collect()
}

/// The settings with one set on the command line, in the environment and in the file, in this order.
fn everywhere(field: &Field, text: &str) -> [Values; 3] {
    let fields = fields();
    let command = args::add(clap::Command::new("x"), &fields, Purpose::Parse, |_| true);
    let load = |arguments: &[String], variable: Option<OsString>, file: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".baton.yaml"), file).unwrap();
        let words = std::iter::once("x".to_owned()).chain(arguments.iter().cloned());
        let matches = command.clone().try_get_matches_from(words).unwrap();
        let around = Surroundings {
            env: &|name| variable.clone().filter(|_| name == field.env()),
            directory: folder.path(),
        };
        Values::load(&fields, &[&matches], &around).unwrap()
    };
    [
        load(&[format!("--{}={text}", field.name)], None, ""),
        load(&[], Some(text.into()), ""),
        load(&[], None, &format!("{}: '{text}'\n", field.name)),
    ]
}

/// `mixed` as `MiXeD`.
fn mixed(word: &str) -> String {
    let case = |(at, c): (usize, char)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c };
    word.chars().enumerate().map(case).collect()
}

#[test]
fn every_word_of_every_setting_that_takes_words() {
    let mut tried = 0;
    for field in fields().into_iter().filter(|field| !field.choices.is_empty()) {
        for choice in field.choices {
            for text in [choice.to_uppercase(), mixed(choice), format!(" {choice} ")] {
                for values in everywhere(field, &text) {
                    let read = values.get(field.name);
                    assert_eq!(
                        read,
                        Some(&Value::Text((*choice).to_owned())),
                        "{} {text:?}",
                        field.name
                    );
                    check::kit_rules(&[field], &values).unwrap();
                    check::connector_rules(&[field], &values).unwrap();
                    tried += 1;
                }
            }
        }
        for values in everywhere(field, "NO-SUCH-WORD") {
            let error = check::kit_rules(&[field], &values).unwrap_err();
            assert!(error.to_string().contains("'NO-SUCH-WORD'"), "as it was typed: {error}");
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn words_of_settings_that_take_numbers_or_more_words_too() {
    let field = |name: &str| fields().into_iter().find(|field| field.name == name).unwrap();
    let depth = field("folder-depth");
    for text in ["AUTO", "All", " all ", "2"] {
        for values in everywhere(depth, text) {
            workato::config::FOLDER_DEPTH
                .of(&values)
                .parse::<workato::settings::FolderDepth>()
                .unwrap();
        }
    }
    for (flag, words) in [
        (
            "--log-level",
            &["INFO", "Debug", "WARN", "Warning", "ERROR", "Fatal"][..],
        ),
        ("--log-format", &["JSON", "Console"]),
        ("--color", &["NEVER", "Always", "AUTO"]),
        ("--storage-engine", &["SQLite", "SQLITE"]),
        ("--storage-engine", &["Pebble"]),
        ("--sync-resource-types", &["ROLE,Collaborator", " role "]),
    ] {
        for word in words {
            let output = run(
                &[("BATON_FILE", "x.c1z")],
                &["demo", "--legacy", "--people", "3", flag, word],
            );
            assert_eq!(output.status.code(), Some(0), "{flag} {word}: {}", stderr(&output));
        }
    }
}

/// What is chosen decides what happens, not only what is accepted.
#[test]
fn the_chosen_word_is_followed() {
    let json = run(
        &[("BATON_LOG_FORMAT", "JSON"), ("BATON_LOG_LEVEL", "DEBUG")],
        &["demo", "--people", "3"],
    );
    let lines = stderr(&json);
    assert!(lines.lines().all(|line| line.starts_with('{')), "{lines}");
    assert!(lines.contains("\"level\":\"debug\""), "{lines}");
    let console = run(
        &[("BATON_LOG_FORMAT", "CONSOLE"), ("BATON_COLOR", "Always")],
        &["demo", "--people", "3"],
    );
    assert!(stderr(&console).contains("\u{1b}["), "{}", stderr(&console));

    let address = |data_center: &str| {
        let output = run(
            &[("BATON_WORKATO_API_KEY", "key"), ("HTTPS_PROXY", "http://127.0.0.1:1")],
            &[
                "doctor",
                "-o",
                "JSON",
                "--workato-data-center",
                data_center,
                "--workato-env",
                "ALL",
            ],
        );
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["workspace"]["base_url"].as_str().unwrap().to_owned()
    };
    assert!(address("EU").starts_with("https://app.eu.workato.com"));
    assert!(address("Sandbox").starts_with("https://app.trial.workato.com"));
}

#[test]
fn words_of_commands() {
    for arguments in [
        &["manifests", "CRON"][..],
        &["completion", "BASH"],
        &["demo", "--people", "3", "--env", "PROD"],
        &["explain", "-o", "JSON"],
        &["explain", "bw-0005"],
    ] {
        let output = run(&NOTHING, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    }
    let output = run(
        &NOTHING,
        &["health-check", "--endpoint", "READY", "--health-check-port", "1"],
    );
    assert_eq!(output.status.code(), Some(14), "nobody is there: {}", stderr(&output));

    let folder = tempfile::tempdir().unwrap();
    let golden = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/golden/rbac-v2/published-connector.c1z"
    );
    let out = folder.path().join("out");
    let output = run(
        &NOTHING,
        &[
            "export",
            "--format",
            "CSV,Jsonl",
            "--out",
            out.to_str().unwrap(),
            "-f",
            golden,
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 8);
    for word in ["JSON", "Jsonl", "CSV", "Table"] {
        let output = run(&NOTHING, &["resource-types", "-o", word, "-f", golden]);
        assert_eq!(output.status.code(), Some(0), "{word}: {}", stderr(&output));
        assert_eq!(
            stdout(&output).starts_with('{'),
            word.starts_with('J'),
            "{}",
            stdout(&output)
        );
    }
}
