//! What is printed parses, and names nothing that does not exist.

use serde_json::Value;

use super::{PLACES, manifest};
use crate::cli::fields;

/// Variables that are no flags (`baton/config/published.md 1.6`).
const OTHER_VARIABLES: &[&str] = &["BATON_HOST_ID", "BATON_TMPDIR"];
/// Of systemctl, of docker, and of commands of this program.
const OTHER_FLAGS: &[&str] = &[
    "now",
    "rm",
    "read-only",
    "cap-drop",
    "user",
    "endpoint",
    "since",
    "fail-if-gained",
];

#[test]
fn every_variable_is_one_that_is_read() {
    let known: Vec<String> = fields::all().iter().map(|field| field.env()).collect();
    for (_, text) in PLACES {
        let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
        for word in words.filter(|word| word.starts_with("BATON_")) {
            assert!(
                OTHER_VARIABLES.contains(&word) || known.iter().any(|name| name == word),
                "{word}"
            );
        }
    }
}

#[test]
fn every_flag_is_one_that_exists() {
    for (_, text) in PLACES {
        let words = text
            .split_whitespace()
            .map(|word| word.trim_matches(['"', ',', '[', ']', '`']));
        for flag in words
            .filter(|word| *word != "---")
            .filter_map(|word| word.strip_prefix("--"))
        {
            let known = fields::all().iter().any(|field| field.name == flag);
            assert!(known || OTHER_FLAGS.contains(&flag), "--{flag}");
        }
    }
}

#[test]
fn what_is_printed_is_yaml_and_holds_what_was_given() {
    let image = "registry.example:5000/tools/baton-workato@sha256:0123abc";
    let yaml = |place: &str, keep: Option<u32>| -> Vec<Value> {
        let text = manifest(place, Some(image), keep).unwrap();
        text.split("\n---\n")
            .map(|one| serde_saphyr::from_str(one).unwrap())
            .collect()
    };
    let kubernetes = yaml("kubernetes", None);
    assert_eq!(kubernetes[0]["kind"], "Secret");
    let container = &kubernetes[1]["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        (&kubernetes[1]["kind"], &container["image"]),
        (&"Deployment".into(), &image.into())
    );

    let compose = &yaml("compose", Some(35))[0];
    for service in ["connector", "sync"] {
        assert_eq!(compose["services"][service]["image"], image);
    }
    let command = compose["services"]["sync"]["command"].as_array().unwrap();
    assert_eq!(command[2..4], ["--keep", "35"]);
    assert!(compose["volumes"].as_object().unwrap().contains_key("syncs"));

    let action = &yaml("github-action", Some(35))[0];
    let job = &action["jobs"]["sync"];
    assert_eq!(job["env"]["IMAGE"], image);
    let steps = job["steps"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .all(|step| step["uses"].is_string() != step["run"].is_string())
    );
    assert!(steps[1]["run"].as_str().unwrap().contains(" --keep 35 "));
    assert_eq!(action["on"]["schedule"][0]["cron"], "23 1 * * *");
}

#[test]
fn a_unit_is_sections_of_known_keys() {
    let known = |section: &str| -> &[&str] {
        match section {
            "Unit" => &["Description", "Documentation", "Wants", "After"],
            "Service" => &[
                "ExecStart",
                "EnvironmentFile",
                "Environment",
                "Restart",
                "RestartSec",
                "TimeoutStopSec",
                "DynamicUser",
                "StateDirectory",
                "StateDirectoryMode",
                "WorkingDirectory",
                "UMask",
                "NoNewPrivileges",
                "CapabilityBoundingSet",
                "ProtectSystem",
                "ProtectHome",
                "PrivateTmp",
                "PrivateDevices",
                "ProtectKernelTunables",
                "ProtectKernelModules",
                "ProtectControlGroups",
                "RestrictAddressFamilies",
                "RestrictNamespaces",
                "LockPersonality",
                "MemoryDenyWriteExecute",
                "SystemCallFilter",
            ],
            "Install" => &["WantedBy"],
            _ => &[],
        }
    };
    let unit = manifest("systemd", None, None).unwrap();
    let (mut section, mut sections) = ("", Vec::new());
    for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
            sections.push(name);
            continue;
        }
        let (key, _) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
        assert!(known(section).contains(&key), "{key} in {section:?}");
    }
    assert_eq!(sections, ["Unit", "Service", "Install"]);
}

#[test]
fn a_crontab_has_one_line_of_work() {
    let text = manifest("cron", None, Some(35)).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let jobs: Vec<&&str> = lines.iter().filter(|line| line.contains(" --keep 35 ")).collect();
    let [job] = jobs.as_slice() else { panic!("{text}") };
    assert_eq!(job.split_whitespace().nth(5), Some("baton-workato"), "the user");
    assert!(!job.contains('%'), "cron makes a new line of it");
    assert!(lines.iter().all(|line| *line == **job || line.contains('=')));
}

#[test]
fn nothing_is_left_open_and_nothing_that_was_given_is_left_out() {
    for (place, text) in PLACES {
        let image = text.contains("{image}").then_some("there/baton-workato:7");
        let keep = text.contains("{keep}").then_some(41);
        let printed = manifest(place, image, keep).unwrap();
        for open in ["{version}", "{image}", "{keep}"] {
            assert!(!printed.contains(open), "{place}: {open}");
        }
        assert!(
            printed.contains(env!("CARGO_PKG_VERSION")) && printed.contains("Edit: "),
            "{place}"
        );
        for (given, is_taken) in [((Some("x"), None), image.is_some()), ((None, Some(3)), keep.is_some())] {
            assert_eq!(manifest(place, given.0, given.1).is_ok(), is_taken, "{place} {given:?}");
        }
    }
    for wrong in ["", "a b", "-x", "x\"", "x\n", "x$(id)", "x#y", "ä"] {
        let error = manifest("kubernetes", Some(wrong), None).unwrap_err();
        assert_eq!(error.kind().exit_code(), 2, "{wrong:?}");
    }
}
