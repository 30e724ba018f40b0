//! Names that strangers typed harm nothing: no terminal, no spreadsheet, no script that reads JSON.

use std::collections::BTreeSet;

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder, User, id};
use serde_json::Value;

use super::lists::LISTS;
use super::{printed, refused};
use crate::c1z::{Place, entitlement, types};

pub fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{9b}31m red",
        "=cmd()|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "<script>alert(1)</script>",
        "\u{202e}nimda\u{202c}",
        "ad\u{200b}min",
        "two\nlines",
        "nul\0byte",
        "a, \"quoted\"; 'name'",
        "\u{feff}bom",
        "tag\u{e0041}",
        "山田 太郎 🙂",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("x".repeat(10_000));
    names.push("é=".repeat(5_000));
    names
}

/// Whatever could move a cursor, hide or turn text round.
pub fn harms_a_terminal(c: char) -> bool {
    let hidden = [
        '\u{200b}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{feff}',
    ];
    c.is_control() || hidden.contains(&c) || ('\u{e0000}'..='\u{e0fff}').contains(&c)
}

/// People and roles with such names, which are their ids too; everybody holds every role.
pub fn hostile_file() -> Place {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    store.put_resource_types(&types()).unwrap();
    let mut resources = Vec::new();
    let mut entitlements = Vec::new();
    let mut grants = Vec::new();
    for name in names() {
        let user = User {
            email: Some(name.clone()),
            login: Some(name.clone()),
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        };
        let profile = Profile::new().with(&name, name.as_str());
        resources.push(
            ResourceBuilder::new("user", name.as_str(), name.as_str())
                .profile(profile)
                .user(user)
                .build(),
        );
        let role = ResourceBuilder::new("role", name.as_str(), name.as_str())
            .role()
            .build();
        let mut held = entitlement(&role);
        (held.display_name, held.description) = (name.clone(), name.clone());
        entitlements.push(held);
        for holder in names().iter().filter(|holder| holder.len() < 100 || name.len() < 100) {
            grants.push(GrantBuilder::new(&role, "has", id("user", holder.as_str())).build());
        }
        resources.push(role);
    }
    store.put_resources(&resources).unwrap();
    store.put_entitlements(&entitlements).unwrap();
    store.put_grants(grants).unwrap();
    store.finish_sync("\u{1b}[2J").unwrap();
    store.save().unwrap();
    place
}

fn display_names(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::Object(fields) => {
            found.extend(fields.get("displayName").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| display_names(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| display_names(value, found)),
        _ => {}
    }
}

#[test]
fn no_list_in_any_form_passes_on_what_could_harm() {
    let place = hostile_file();
    for command in LISTS.map(|(command, _)| command).into_iter().chain(["stats", "verify"]) {
        for format in ["table", "json", "jsonl", "csv"] {
            let text = printed(&[command, "-o", format], &place.file);
            let harm = text.chars().find(|c| *c != '\n' && harms_a_terminal(*c));
            assert_eq!(harm, None, "{command} {format}");
        }
    }
}

#[test]
fn no_field_of_a_spreadsheet_is_a_formula() {
    let place = hostile_file();
    for (command, _) in LISTS {
        let csv = printed(&[command, "-o", "csv"], &place.file);
        let mut csv = csv::Reader::from_reader(csv.as_bytes());
        for record in csv.records().map(Result::unwrap) {
            for field in &record {
                assert!(
                    !field.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{command}: {field}"
                );
            }
        }
    }
    let csv = printed(&["resources", "-o", "csv"], &place.file);
    assert!(csv.contains(",'=cmd()|' /C calc'!A0,"), "{csv}");
}

#[test]
fn json_says_exactly_what_was_typed() {
    let place = hostile_file();
    let mut found = BTreeSet::new();
    for command in ["resources", "entitlements", "grants", "principals"] {
        let text = printed(&[command, "-o", "json"], &place.file);
        display_names(&serde_json::from_str(&text).unwrap(), &mut found);
        for name in names() {
            assert!(found.contains(&name), "{command}: {name:?}");
        }
        found.clear();
    }
}

#[test]
fn a_table_has_a_line_for_every_row() {
    let place = hostile_file();
    let count = names().len() * 2;
    assert_eq!(printed(&["resources"], &place.file).lines().count(), count + 1);
}

#[test]
fn filters_and_their_errors_take_such_names() {
    let place = hostile_file();
    for name in names().iter().filter(|name| !name.contains('\0')) {
        let principal = format!("--principal=user:{name}");
        let text = printed(&["grants", &principal, "-o", "jsonl"], &place.file);
        assert!(text.lines().count() >= names().len() - 2, "{name:?}");
        let (code, stderr) = refused(&["grants", &format!("--entitlement={name}")], &place.file);
        assert_eq!(code, 5, "{name:?}");
        let harm = stderr.chars().find(|c| *c != '\n' && harms_a_terminal(*c));
        assert_eq!(harm, None, "{stderr:?}");
    }
}
