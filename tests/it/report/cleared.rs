//! Nobody is told as not found because of a row that a file does not have, or because of how its writer says things.

use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{self, Profile, ResourceBuilder, User, id};
use serde_json::Value;

use super::program;
use crate::c1z::Place;

/// One sync, row by row.
#[derive(Default, Clone)]
struct Rows {
    types: Vec<v2::ResourceType>,
    resources: Vec<v2::Resource>,
    entitlements: Vec<v2::Entitlement>,
    grants: Vec<v2::Grant>,
}

impl Rows {
    fn kind(mut self, id: &str, traits: &[Trait]) -> Self {
        self.types.push(resource::resource_type(id, id, traits, vec![]));
        self
    }

    fn person(mut self, kind: &str, name: &str, email: &str) -> Self {
        let user = User::human(email);
        self.resources
            .push(ResourceBuilder::new(kind, name, name).user(user).build());
        self
    }

    fn thing(mut self, kind: &str, name: &str, profile: Profile) -> Self {
        self.resources
            .push(ResourceBuilder::new(kind, name, name).profile(profile).build());
        self
    }

    fn offer(mut self, kind: &str, name: &str, slug: &str) -> Self {
        let on = ResourceBuilder::new(kind, name, name).build();
        let takes = resource::resource_type("user", "user", &[], vec![]);
        self.entitlements
            .push(EntitlementBuilder::new(&on, slug, Purpose::Assignment, &[&takes]).build());
        self
    }

    fn give(mut self, (kind, name, slug): (&str, &str, &str), who: (&str, &str)) -> Self {
        let on = ResourceBuilder::new(kind, name, name).build();
        self.grants.push(GrantBuilder::new(&on, slug, id(who.0, who.1)).build());
        self
    }

    /// A v1 file and a v3 file of it.
    fn files(&self) -> (Place, [PathBuf; 2]) {
        let place = Place::new();
        let v1 = Rows::put(&place, [self]);
        let v3 = v1.with_extension("v3.c1z");
        let converted = program()
            .args(["convert", "--to", "v3"])
            .args([&v1, &v3])
            .output()
            .unwrap();
        assert!(
            converted.status.success(),
            "{}",
            String::from_utf8_lossy(&converted.stderr)
        );
        (place, [v1, v3])
    }

    fn put<'r>(place: &Place, syncs: impl IntoIterator<Item = &'r Rows>) -> PathBuf {
        Rows::put_all(place, syncs);
        place.file.clone()
    }

    /// The ids of the syncs.
    fn put_all<'r>(place: &Place, syncs: impl IntoIterator<Item = &'r Rows>) -> Vec<String> {
        let mut store = place.open();
        let mut ids = Vec::new();
        for rows in syncs {
            ids.push(store.begin_sync(SyncType::Full).unwrap().to_string());
            store.put_resource_types(&rows.types).unwrap();
            store.put_resources(&rows.resources).unwrap();
            store.put_entitlements(&rows.entitlements).unwrap();
            store.put_grants(rows.grants.clone()).unwrap();
            store.finish_sync("").unwrap();
        }
        store.save().unwrap();
        ids
    }
}

/// Exit code and stdout of a reading command.
fn asked(args: &[&str], file: &Path) -> (i32, String) {
    let output = program().args(args).arg("-f").arg(file).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn findings(file: &Path, more: &[&str]) -> Vec<Value> {
    let (_, text) = asked(&[&["findings", "-o", "json"][..], more].concat(), file);
    let document: Value = serde_json::from_str(&text).unwrap();
    document["findings"].as_array().unwrap().clone()
}

fn finding<'f>(all: &'f [Value], key: &str) -> Option<&'f Value> {
    all.iter().find(|finding| finding["key"] == key)
}

/// How many were found, and of how many it is not known.
fn numbers(finding: Option<&Value>) -> (u64, u64) {
    let number = |key: &str| finding.and_then(|finding| finding[key].as_u64()).unwrap_or_default();
    (number("total"), number("unknownTotal"))
}

fn policy(place: &Place) -> String {
    let file = place.file.with_extension("yaml");
    std::fs::write(
        &file,
        "version: 1\nallowed-domains:\n  domains: [acme.com]\n  severity: high\n",
    )
    .unwrap();
    file.to_str().unwrap().to_owned()
}

fn shop() -> Rows {
    Rows::default()
        .kind("app", &[Trait::App])
        .kind("user", &[Trait::User])
        .person("user", "ada", "ada@acme.com")
        .thing("app", "shop", Profile::new())
        .offer("app", "shop", "admin")
        .give(("app", "shop", "admin"), ("user", "ada"))
}

#[test]
fn whoever_bears_a_user_trait_is_an_account_whatever_their_type_says() {
    let eve = shop()
        .person("robot", "eve", "eve@evil.com")
        .give(("app", "shop", "admin"), ("robot", "eve"));
    let kinds = [Some(&[][..]), None, Some(&[Trait::Agent][..]), Some(&[Trait::App][..])];
    for traits in kinds {
        let rows = match traits {
            Some(traits) => eve.clone().kind("robot", traits),
            None => eve.clone(),
        };
        let (place, files) = rows.files();
        for file in &files {
            let (code, text) = asked(&["access", "--fail-if", "domain = evil.com"], file);
            assert_eq!(code, 9, "{traits:?} {}: {text}", file.display());
            let (_, text) = asked(&["access", "--on", "shop"], file);
            assert!(
                text.contains("2 people can reach it") && !text.contains("roles and groups"),
                "{text}"
            );
            let policy = policy(&place);
            let all = findings(file, &["--policy", &policy]);
            assert_eq!(numbers(finding(&all, "policy/allowed-domains")), (1, 0), "{traits:?}");
            let (code, _) = asked(&["findings", "--policy", &policy, "--fail-on", "low"], file);
            assert_eq!(code, 9, "{traits:?}");
        }
    }
}

#[test]
fn what_nobody_says_anything_of_counts_as_an_account_and_that_is_told() {
    let rows = shop().give(("app", "shop", "admin"), ("ghost", "g1"));
    let (place, files) = rows.files();
    for file in &files {
        let (_, text) = asked(&["access", "--on", "shop"], file);
        assert!(
            text.contains("2 people can reach it") && !text.contains("roles and groups"),
            "{text}"
        );
        assert!(text.contains("what those of type ghost are"), "{text}");
        let (code, text) = asked(&["access", "--fail-if", "entitlement = admin and type = ghost"], file);
        assert_eq!(code, 9, "{text}");
        let out = place.file.with_extension("out");
        let (code, text) = asked(&["export", "--format", "csv", "--out", out.to_str().unwrap()], file);
        assert_eq!(code, 0, "{text}");
        let people = std::fs::read_to_string(out.join("people.csv")).unwrap();
        assert!(people.contains("g1"), "{people}");
        let all = findings(file, &["--policy", &policy(&place)]);
        assert_eq!(numbers(finding(&all, "policy/allowed-domains")), (0, 1));
    }
}

#[test]
fn what_passes_on_what_it_holds_is_no_account() {
    let mut rows = shop()
        .kind("team", &[])
        .thing("team", "ops", Profile::new())
        .offer("team", "ops", "member")
        .give(("team", "ops", "member"), ("user", "ada"));
    for kind in ["team", "undeclared"] {
        let shop = ResourceBuilder::new("app", "shop", "shop").build();
        let grant = GrantBuilder::new(&shop, "admin", id(kind, "ops")).expands_over("team:ops:member".to_owned());
        rows.grants.push(grant.build());
    }
    let (_place, files) = rows.files();
    for file in &files {
        let (_, text) = asked(&["access", "--on", "shop"], file);
        assert!(
            text.contains("1 person can reach it; 2 grants to roles and groups"),
            "{text}"
        );
    }
}

fn named(name: &str, environment: &str) -> Profile {
    Profile::new()
        .with("name", name)
        .with("environment", environment)
        .with("type", "system")
}

/// Cyd, of another organization, is the admin of production.
fn workspace(environment: &str) -> Rows {
    Rows::default()
        .kind("collaborator", &[Trait::User])
        .kind("environment_role", &[Trait::Role])
        .kind("project", &[])
        .person("collaborator", "1", "ada@acme.com")
        .person("collaborator", "2", "bob@acme.com")
        .person("collaborator", "3", "cyd@evil.com")
        .thing("environment_role", "9", named("Environment admin", environment))
        .offer("environment_role", "9", "collaborator-has")
        .thing("project", "p", named("Billing", environment))
        .offer("project", "p", "project-admin")
        .give(("environment_role", "9", "collaborator-has"), ("collaborator", "3"))
}

const ADMINS: &str = "admins-in-production";
const OUTSIDE: &str = "outsiders-in-admin-roles";

#[test]
fn admins_are_found_whatever_row_is_missing_or_told_as_not_known() {
    // What is missing; admins, then outsiders: found, not known.
    type Missing = (&'static str, fn(&mut Rows), (u64, u64), (u64, u64));
    let cases: [Missing; 6] = [
        ("nothing", |_| {}, (1, 0), (1, 0)),
        ("the entitlement", |rows| rows.entitlements.clear(), (1, 0), (1, 0)),
        (
            "the type of roles",
            |rows| rows.types.retain(|kind| kind.id != "environment_role"),
            (1, 0),
            (1, 0),
        ),
        (
            "the type of people",
            |rows| rows.types.retain(|kind| kind.id != "collaborator"),
            (1, 0),
            (1, 0),
        ),
        (
            "the person",
            |rows| rows.resources.retain(|row| resource::key(row).1 != "3"),
            (1, 0),
            (0, 1),
        ),
        (
            "the role",
            |rows| rows.resources.retain(|row| resource::key(row).1 != "9"),
            (0, 1),
            (0, 1),
        ),
    ];
    for (missing, take, admins, outside) in cases {
        let mut rows = workspace("prod");
        take(&mut rows);
        let (_place, files) = rows.files();
        for file in &files {
            let all = findings(file, &[]);
            let found = (numbers(finding(&all, ADMINS)), numbers(finding(&all, OUTSIDE)));
            assert_eq!(found, (admins, outside), "without {missing}, {}", file.display());
            let (_, text) = asked(&["findings"], file);
            assert!(!text.contains("not found: Admins"), "without {missing}: {text}");
        }
    }
}

#[test]
fn who_decides_about_access_is_told_without_the_row_of_their_right() {
    let mut rows = workspace("prod");
    rows.entitlements.clear();
    let (_place, files) = rows.files();
    for file in &files {
        let (_, text) = asked(&["access", "--on", "project:p"], file);
        assert!(text.contains("1 person can give themselves access"), "{text}");
    }
    let mut rows = workspace("prod");
    rows.resources.retain(|row| resource::key(row).1 != "9");
    let (_place, files) = rows.files();
    for file in &files {
        let (_, text) = asked(&["access", "--on", "project:p"], file);
        assert!(text.contains("what is opened by these roles"), "{text}");
    }
}

#[test]
fn grants_to_everybody_are_found_without_the_row_of_the_right() {
    let everybody = Profile::new().with("system", true);
    let mut rows = workspace("dev")
        .kind("collaborator_group", &[Trait::Group])
        .thing("collaborator_group", "All collaborators", everybody)
        .give(
            ("project", "p", "project-admin"),
            ("collaborator_group", "All collaborators"),
        );
    rows.entitlements.clear();
    let mut without = rows.clone();
    without
        .resources
        .retain(|row| resource::key(row).0 != "collaborator_group");
    for (rows, expected) in [(&rows, (1, 0)), (&without, (0, 1))] {
        let (_place, files) = rows.files();
        for file in &files {
            let all = findings(file, &[]);
            assert_eq!(
                numbers(finding(&all, "grants-to-everyone")),
                expected,
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn production_is_production_however_it_is_capitalized() {
    for environment in ["prod", "PROD", "Prod"] {
        let place = Place::new();
        let file = Rows::put(&place, [&workspace(environment)]);
        assert_eq!(numbers(finding(&findings(&file, &[]), ADMINS)), (1, 0), "{environment}");
    }
}

#[test]
fn a_file_of_another_vendor_is_judged_by_its_traits() {
    let mut rows = Rows::default()
        .kind("user", &[Trait::User])
        .kind("org_role", &[Trait::Role]);
    for name in ["ada", "bob", "cem"] {
        rows = rows.person("user", name, &format!("{name}@acme.com"));
    }
    let rows = rows.person("user", "eve", "eve@evil.com");
    for (role, expected) in [("Super Admin", Some((1, 0))), ("Reader", None)] {
        let rows = rows
            .clone()
            .thing("org_role", role, Profile::new())
            .offer("org_role", role, "has")
            .give(("org_role", role, "has"), ("user", "eve"));
        let place = Place::new();
        let all = findings(&Rows::put(&place, [&rows]), &[]);
        let found = finding(&all, OUTSIDE);
        assert_eq!(found.map(|found| numbers(Some(found))), expected, "{role}");
    }
}

/// What is not known of one thing is not known of everything.
#[test]
fn what_nobody_knows_is_said_of_everybody_too() {
    let mut without_role = workspace("prod");
    without_role.resources.retain(|row| resource::key(row).1 != "9");
    let without_environment = {
        let mut rows = workspace("prod");
        rows.resources.retain(|row| resource::key(row).1 != "9");
        let profile = Profile::new().with("name", "Environment admin").with("type", "system");
        rows.thing("environment_role", "9", profile)
            .thing("project", "q", named("Other", "dev"))
    };
    let unfollowed = {
        let mut rows = workspace("prod");
        let shop = ResourceBuilder::new("project", "p", "Billing").build();
        let grant = GrantBuilder::new(&shop, "project-admin", id("environment_role", "8"));
        rows.grants
            .push(grant.expands_over("environment_role:8:has".to_owned()).build());
        rows
    };
    for (what, rows, told) in [
        ("a role without a row", &without_role, "what is opened by these roles"),
        (
            "a role without an environment",
            &without_environment,
            "in environments of names that are not known",
        ),
        (
            "an entitlement that nobody is known to hold",
            &unfollowed,
            "the sync does not have, and of which it names no holder",
        ),
    ] {
        let (_place, files) = rows.files();
        for file in &files {
            let args = ["access", "--fail-if", "name = zoe", "--fail-if-unknown"];
            let output = program().args(args).arg("-f").arg(file).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(9), "{what}: {said}");
            assert!(said.contains(told), "{what}: {said}");
        }
    }
}

/// A right on the role of an admin that somebody does not hold shows nothing of them.
#[test]
fn a_new_right_that_nobody_holds_is_no_worse_than_before() {
    let before = workspace("prod");
    let after = workspace("prod").offer("environment_role", "9", "owner");
    let place = Place::new();
    let ids = Rows::put_all(&place, [&before, &after]);
    let (code, text) = asked(&["findings", "--new-since", &ids[0], "--fail-on", "high"], &place.file);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("worse than before"), "{text}");
}

#[test]
fn more_of_what_was_there_before_is_new() {
    let people = workspace("prod");
    let mut before = people
        .clone()
        .give(("project", "p", "project-admin"), ("collaborator", "3"));
    before.grants.remove(0);
    let after = people.give(("project", "p", "project-admin"), ("collaborator", "3"));
    let place = Place::new();
    let ids = Rows::put_all(&place, [&before, &after]);
    let (file, before) = (place.file.clone(), ids[0].as_str());
    let since = findings(&file, &["--new-since", before]);
    let found = finding(&since, OUTSIDE).unwrap();
    assert_eq!(numbers(Some(found)), (1, 0));
    let detail = found["items"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("worse than before (3 holds "), "{detail}");
    let (code, _) = asked(&["findings", "--new-since", before, "--fail-on", "high"], &file);
    assert_eq!(code, 9);

    let place = Place::new();
    let ids = Rows::put_all(&place, [&after, &after]);
    let (code, text) = asked(&["findings", "--new-since", &ids[0], "--fail-on", "high"], &place.file);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("Nothing new was found.") && !text.contains("not found"),
        "{text}"
    );
}

#[test]
fn any_address_outside_counts_and_the_policy_says_what_is_outside() {
    let mut rows = workspace("dev");
    let emails = |rows: &mut Rows, which: usize, emails: &[&str]| {
        let user = v2::UserTrait {
            emails: emails
                .iter()
                .enumerate()
                .map(|(number, address)| v2::user_trait::Email {
                    address: (*address).to_owned(),
                    is_primary: number == 0,
                })
                .collect(),
            ..Default::default()
        };
        let name = resource::key(&rows.resources[which]).1.to_owned();
        rows.resources[which] = ResourceBuilder::new("collaborator", &name, &name)
            .annotate(&user)
            .build();
    };
    emails(&mut rows, 0, &["ada@ACME.com "]);
    emails(&mut rows, 1, &["bob@acme.com", "bob@evil.com"]);
    for who in ["1", "2"] {
        rows = rows.give(("environment_role", "9", "collaborator-has"), ("collaborator", who));
    }
    let place = Place::new();
    let file = Rows::put(&place, [&rows]);
    let policy = policy(&place);
    let all = findings(&file, &["--policy", &policy]);
    let found = finding(&all, "policy/allowed-domains").unwrap();
    let who = |found: &Value| -> Vec<String> {
        let items = found["items"].as_array().unwrap();
        let mut ids: Vec<String> = items
            .iter()
            .map(|item| item["thing"]["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(who(found), ["2", "3"]);
    assert_eq!(who(finding(&all, OUTSIDE).unwrap()), ["2", "3"]);
    // Most are of evil.com: by the policy it is outside all the same.
    let rows = rows
        .person("collaborator", "4", "dan@evil.com")
        .person("collaborator", "5", "eli@evil.com");
    let place = Place::new();
    let file = Rows::put(&place, [&rows]);
    let all = findings(&file, &["--policy", &policy]);
    assert_eq!(who(finding(&all, OUTSIDE).unwrap()), ["2", "3"]);
}
