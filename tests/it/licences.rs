//! Every package that is built in, or builds, may be used: its licence is among those that `deny.toml` allows. The
//! workflow asks cargo-deny the same for all platforms; this asks on every machine.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The licences of the list `allow` in `deny.toml`.
fn allowed() -> BTreeSet<String> {
    let text = include_str!("../../deny.toml");
    let (_, list) = text.split_once("\nallow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split(',')
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect()
}

/// Whether an SPDX expression can be satisfied: `AND` binds tighter than `OR`, brackets tightest.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let result = either(&mut words, allowed);
    assert_eq!(words.next(), None, "{expression:?} is not understood");
    result
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        result |= both(words, allowed);
    }
    result
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        result &= one(words, allowed);
    }
    result
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let word = words.next().unwrap();
    if word == "(" {
        let result = either(words, allowed);
        assert_eq!(words.next(), Some(")"));
        return result;
    }
    let mut name = word.to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        name = format!("{name} WITH {}", words.next().unwrap());
    }
    allowed.contains(&name)
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform"])
        .arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a package needs to be built or to run, by package ids. What only tests need goes to nobody.
fn needed(metadata: &Value) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let mut open = vec![text(&metadata["resolve"]["root"])];
    let mut all = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !all.insert(id.clone()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id.as_str()).unwrap();
        for needs in node["deps"].as_array().unwrap() {
            let kinds = needs["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                open.push(text(&needs["pkg"]));
            }
        }
    }
    all
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_licence_is_allowed() {
    let metadata = metadata();
    let needed = needed(&metadata);
    let packages = metadata["packages"].as_array().unwrap().iter();
    let packages: Vec<&Value> = packages
        .filter(|package| needed.contains(&text(&package["id"])))
        .collect();
    assert!(packages.len() > 200, "{} packages", packages.len());
    let refused = packages
        .iter()
        .filter(|package| !satisfied(&text(&package["license"]), &allowed()))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]));
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT", "ISC"].map(str::to_owned).into();
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "MIT AND ISC",
        "MIT/X",
        "ISC AND (X OR ISC)",
        "X AND Y OR ISC",
    ] {
        assert!(satisfied(good, &allowed), "{good}");
    }
    for bad in ["X", "MIT AND X", "(MIT OR ISC) AND X", "MIT WITH Y"] {
        assert!(!satisfied(bad, &allowed), "{bad}");
    }
}
