//! `access --fail-if` in a pipeline: what may let something pass that it should not is said, or refused.

use baton_workato::baton::annotation;
use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{Profile, ResourceBuilder, resource_type};

use super::program;
use crate::c1z::{Place, doctor};

const KINDS: [(&str, &[Trait]); 6] = [
    ("collaborator", &[Trait::User]),
    ("user", &[Trait::User]),
    ("group", &[Trait::Group]),
    ("environment_role", &[Trait::Role]),
    ("project", &[]),
    ("a:b", &[]),
];

/// A file of these resources; each of `grants` is what it is on, with a slug, and who has it.
fn file(sync: SyncType, resources: &[v2::Resource], grants: &[(usize, &str, usize)], is_passed_on: bool) -> Place {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(sync).unwrap();
    let kinds = KINDS.map(|(kind, traits)| resource_type(kind, kind, traits, vec![]));
    store.put_resource_types(&kinds).unwrap();
    store.put_resources(resources).unwrap();
    let mut rights: Vec<v2::Entitlement> = Vec::new();
    let mut given = Vec::new();
    for (on, slug, who) in grants {
        let (on, who) = (&resources[*on], &resources[*who]);
        let right = EntitlementBuilder::new(on, slug, Purpose::Permission, &[&kinds[0]]).build();
        if rights.iter().all(|known| known.id != right.id) {
            rights.push(right);
        }
        let id = who.id.clone().unwrap();
        let grant = GrantBuilder::new(on, slug, id.clone());
        given.push(match id.resource_type.as_str() {
            "group" if is_passed_on => grant.expands_over(format!("group:{}:member", id.resource)).build(),
            _ => grant.build(),
        });
    }
    store.put_entitlements(&rights).unwrap();
    store.put_grants(given).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    place
}

fn person(kind: &str, id: &str, name: &str, user: v2::UserTrait) -> v2::Resource {
    let mut person = ResourceBuilder::new(kind, id, name).build();
    person.annotations.push(annotation::pack(&user));
    person
}

fn mailed(addresses: &[&str]) -> v2::UserTrait {
    let email = |address: &&str| v2::user_trait::Email {
        address: (*address).to_owned(),
        ..Default::default()
    };
    v2::UserTrait {
        emails: addresses.iter().map(email).collect(),
        ..Default::default()
    }
}

fn eve() -> v2::Resource {
    person("user", "e", "Eve", mailed(&["eve@evil.example"]))
}

/// Exit code, stdout and stderr.
fn asked(args: &[&str], place: &Place) -> (i32, String, String) {
    let output = program().args(args).arg("-f").arg(&place.file).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), stdout, stderr)
}

fn prod() -> v2::Resource {
    ResourceBuilder::new("project", "p", "Prod").build()
}

#[test]
fn a_flag_with_nothing_in_it_is_a_mistake() {
    let place = file(SyncType::Full, &[prod(), eve()], &[(0, "admin", 1)], false);
    let cases: [(&[&str], &str); 15] = [
        (&["access", "--on", "Prod", "--fail-if", ""], "--fail-if"),
        (&["access", "--on", "Prod", "--fail-if", " "], "--fail-if"),
        (&["access", "--on", "", "--fail-if", "domain = x"], "--on"),
        (&["access", "", "--fail-if", "domain = x"], "WHO"),
        (&["access", "--on", "Prod", "-e", ""], "--entitlement"),
        (&["access", "--on", "Prod", "--env", ""], "--env"),
        (&["access", "--on", "Prod", "--sync-id", ""], "--sync-id"),
        (&["access", "Eve", "-r", ""], "--resource"),
        (&["access", "Eve", "-t", ""], "--resource-type"),
        (&["grants", "--principal", ""], "--principal"),
        (&["grants", "-e", ""], "--entitlement"),
        (&["resources", "-t", ""], "--resource-type"),
        (&["principals", "-r", ""], "--resource"),
        (&["findings", "--new-since", ""], "--new-since"),
        (&["findings", "--policy", ""], "--policy"),
    ];
    for (args, flag) in cases {
        let (code, stdout, stderr) = asked(args, &place);
        assert_eq!((code, stdout.as_str()), (2, ""), "{args:?}: {stderr}");
        assert!(stderr.contains(&format!("{flag} is empty")), "{args:?}: {stderr}");
        assert!(stderr.contains("leave it out"), "{args:?}: {stderr}");
    }
}

#[test]
fn a_condition_knows_the_environment_that_everything_shows() {
    let role = ResourceBuilder::new("environment_role", "9", "Builder (prod)")
        .profile(Profile::new().with("name", "Builder").with("environment", "prod"))
        .role()
        .build();
    let billing = ResourceBuilder::new("project", "b", "Billing").build();
    let ada = person("collaborator", "1", "Ada", mailed(&["ada@evil.example"]));
    let place = file(SyncType::Full, &[billing, ada, role], &[(0, "admin", 1)], false);
    let (_, csv, _) = asked(&["access", "--on", "Billing", "-o", "csv"], &place);
    assert!(csv.trim_end().ends_with(",prod"), "{csv}");
    for on in [&[][..], &["--on", "Billing"], &["Ada"]] {
        let code = |condition: &str| asked(&[&["access"], on, &["--fail-if", condition]].concat(), &place).0;
        assert_eq!(
            (code("environment = prod"), code("environment != prod")),
            (9, 0),
            "{on:?}"
        );
    }
    let (_, grants, _) = asked(&["grants", "-o", "csv"], &place);
    assert!(grants.trim_end().ends_with(",prod"), "{grants}");
    let (_, grants, _) = asked(&["grants", "-o", "json"], &place);
    assert!(grants.contains(r#""environment":"prod""#), "{grants}");

    let policy = place.file.with_extension("yaml");
    let rule = "version: 1\nrules:\n  - id: out\n    title: Outsiders in prod\n    severity: high\n    \
                when: domain = evil.example and environment = prod\n    why: x\n    what-to-do: y\n";
    std::fs::write(&policy, rule).unwrap();
    let args = [
        "findings",
        "--policy",
        policy.to_str().unwrap(),
        "--fail-on",
        "low",
        "-o",
        "json",
    ];
    let (code, stdout, stderr) = asked(&args, &place);
    assert_eq!(code, 9, "{stderr}");
    assert!(stdout.contains("policy/out/collaborator:1"), "{stdout}");
}

const UNEXPANDED: &str = "this sync does not have the grants that follow from others";

#[test]
fn what_is_not_known_is_said_where_the_gate_is() {
    let ops = ResourceBuilder::new("group", "g", "Ops").group().build();
    let resources = [ops, prod(), eve()];
    let place = file(SyncType::Full, &resources, &[(0, "member", 2), (1, "admin", 0)], true);
    let condition = "domain = evil.example and entitlement ~ admin";
    for form in ["table", "csv", "jsonl", "json"] {
        let args = ["access", "--fail-if", condition, "-o", form];
        let (code, _, stderr) = asked(&args, &place);
        assert_eq!(code, 0, "{form}: {stderr}");
        let said = "--fail-if holds for nothing that the file tells; not known: who holds something through a group";
        assert!(stderr.contains(said), "{form}: {stderr}");
        let (code, _, stderr) = asked(&[&args[..], &["--fail-if-unknown"]].concat(), &place);
        assert_eq!(code, 9, "{form}: {stderr}");
        assert!(stderr.contains(UNEXPANDED), "{form}: {stderr}");
    }
    for args in [
        &["access", "--on", "Prod", "-o", "csv"][..],
        &["access", "--on", "Prod", "-o", "jsonl"],
        &["access", "Eve", "-o", "csv"],
    ] {
        let (code, _, stderr) = asked(args, &place);
        assert_eq!(code, 0);
        assert!(
            stderr.contains("Not known: ") && stderr.contains(UNEXPANDED),
            "{args:?}: {stderr}"
        );
    }
    let out = place.file.with_extension("out");
    let (_, _, stderr) = asked(&["export", "--format", "csv", "--out", out.to_str().unwrap()], &place);
    assert!(stderr.contains(UNEXPANDED), "{stderr}");

    let only = file(SyncType::ResourcesOnly, &[eve()], &[], false);
    let (code, _, stderr) = asked(&["access", "--fail-if", "domain = evil.example"], &only);
    assert_eq!(code, 0);
    assert!(stderr.contains("not known: who holds anything"), "{stderr}");

    let whole = file(SyncType::Full, &[prod(), eve()], &[(0, "admin", 1)], false);
    let (code, _, stderr) = asked(
        &["access", "--fail-if", "name = eve and derived", "--fail-if-unknown"],
        &whole,
    );
    assert_eq!((code, stderr.as_str()), (0, "--fail-if holds for nothing.\n"));
}

#[test]
fn an_address_of_another_domain_is_not_undone_by_a_login_or_another_address() {
    let with = |login: &str, aliases: &[&str], addresses: &[&str]| v2::UserTrait {
        login: login.to_owned(),
        login_aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        ..mailed(addresses)
    };
    let resources = [
        prod(),
        person("user", "ada", "Ada", with("ada@evil.example", &[], &[" Ada@ACME.com "])),
        person("user", "eve", "Eve", with("eve@acme.com", &[], &["eve@evil.example"])),
        person("user", "mal", "Mal", with("", &["mal@acme.com"], &["mal@evil.example"])),
        person(
            "user",
            "two",
            "Two",
            with("", &[], &["two@evil.example", "two@acme.com"]),
        ),
        person("user", "non", "Non", with("non@acme.com", &[], &[])),
    ];
    let grants: Vec<(usize, &str, usize)> = (1..resources.len()).map(|who| (0, "admin", who)).collect();
    let place = file(SyncType::Full, &resources, &grants, false);
    let cases = [
        ("domain != acme.com", "eve mal non two"),
        ("domain not in (acme.com, acme.io)", "eve mal non two"),
        ("domain !~ acme", "eve mal non two"),
        ("not domain = acme.com", "eve mal non"),
        ("not domain != acme.com", "ada"),
        ("domain = evil.example", "eve mal two"),
        ("email ~ acme", "ada eve mal non two"),
    ];
    for (condition, expected) in cases {
        let (_, csv, _) = asked(&["access", "--fail-if", condition, "-o", "csv"], &place);
        let mut found: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), expected, "{condition}");
    }
}

#[test]
fn what_nothing_is_called_is_said() {
    let role = ResourceBuilder::new("environment_role", "9", "Environment admin (prod)")
        .role()
        .build();
    let cyd = person("user", "3", "Cyd", mailed(&["cyd@evil.example"]));
    let resources = [prod(), cyd, role];
    let place = file(SyncType::Full, &resources, &[(0, "member", 1), (2, "has", 1)], false);
    for (condition, missing) in [
        ("entitlement = Prod", "the entitlement \"prod\""),
        ("entitlement = admim", "the entitlement \"admim\""),
        ("id = Cyd", "the id \"cyd\""),
        ("resource = Prodd", "the resource \"prodd\""),
        ("resource-type = projects", "the resource-type \"projects\""),
        ("environment = pord", "the environment \"pord\""),
        ("through = Opss", "the through \"opss\""),
        ("name = 'Prod'", "the name \"prod\""),
    ] {
        let args = ["access", "--fail-if", condition];
        let (code, _, stderr) = asked(&args, &place);
        assert_eq!(code, 0, "{condition}: {stderr}");
        assert!(
            stderr.contains(&format!("nothing in this sync has {missing}")),
            "{condition}: {stderr}"
        );
        let (code, ..) = asked(&[&args[..], &["--fail-if-unknown"]].concat(), &place);
        assert_eq!(code, 9, "{condition}");

        let policy = place.file.with_extension("yaml");
        let rule = format!(
            "version: 1\nrules:\n  - id: r\n    title: The rule\n    severity: high\n    when: \"{condition}\"\n    \
             why: x\n    what-to-do: y\n"
        );
        std::fs::write(&policy, rule).unwrap();
        let args = ["findings", "--policy", policy.to_str().unwrap(), "-o", "json"];
        let (_, stdout, _) = asked(&args, &place);
        let missing = missing.replace('"', "\\\"");
        assert!(
            stdout.contains(&format!("nothing in this sync has {missing}")),
            "{condition}: {stdout}"
        );
    }
    // Of a domain that nobody has nothing is to be said: that is what is hoped for.
    let (_, _, stderr) = asked(&["access", "--fail-if", "domain = evli.com"], &place);
    assert!(!stderr.contains("nothing in this sync has"), "{stderr}");
    // A role is held by what makes somebody a member of it, whether or not the entitlement is marked as that.
    for (purpose, code) in [(0, 9), (1, 9), (2, 0)] {
        crate::support::slim::rewrite(&place.file, "v1_entitlements", |row: &mut v2::Entitlement| {
            row.purpose = purpose;
            row.display_name = format!("has {purpose}");
        });
        let args = ["access", "--fail-if", "entitlement = 'Environment admin (prod)'"];
        assert_eq!(asked(&args, &place).0, code, "{purpose}");
    }
}

#[test]
fn a_file_says_the_same_on_every_clock() {
    let seen = |id: &str, at: &str| {
        let user = v2::UserTrait {
            last_login: Some(at.parse().unwrap()),
            ..mailed(&["a@acme.com"])
        };
        person("user", id, id, user)
    };
    let resources = [
        prod(),
        seen("gone", "2026-08-10T07:00:00Z"),
        seen("here", "2026-08-10T12:00:00Z"),
    ];
    let place = file(SyncType::Full, &resources, &[(0, "admin", 1), (0, "admin", 2)], false);
    let ended = |text: &str| doctor(&place.file, &format!("update v1_sync_runs set ended_at = '{text}'"));
    let idle = |zone: &str, file: &std::path::Path| {
        let args = ["access", "--fail-if", "idle > 90d", "-o", "csv", "-f"];
        let output = program().env("TZ", zone).args(args).arg(file).output().unwrap();
        let csv = String::from_utf8(output.stdout).unwrap();
        let ids: Vec<String> = csv
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().to_owned())
            .collect();
        ids.join(" ")
    };
    for text in [
        "2026-11-08 09:59:37",
        "2026-11-08 09:59:37.123+00:00",
        "2026-11-08 04:59:37-05:00",
        "2026-11-08T09:59:37Z",
        "2026-11-08 09:59:37.123456789 +0000 UTC m=+0.1",
    ] {
        ended(text);
        for zone in ["UTC", "Asia/Tokyo", "America/New_York"] {
            assert_eq!(idle(zone, &place.file), "gone", "{text} {zone}");
        }
    }
    ended("2026-11-08 09:59:37");
    let v3 = place.file.with_extension("v3.c1z");
    program()
        .env("TZ", "UTC")
        .args(["convert", "--to", "v3"])
        .args([&place.file, &v3])
        .assert()
        .success();
    for zone in ["UTC", "Asia/Tokyo", "America/New_York"] {
        assert_eq!(idle(zone, &v3), "gone", "{zone}");
    }
    // Nobody knows how long ago that was: nobody is taken for somebody who was there a day before.
    ended("yesterday");
    assert_eq!(idle("UTC", &place.file), "gone here");
    let (_, stdout, _) = asked(&["findings", "-o", "json"], &place);
    assert!(stdout.contains("when the sync ended is not in the file"), "{stdout}");
    let (_, _, stderr) = asked(&["access", "--fail-if", "idle < 2d"], &place);
    assert!(stderr.contains("not known: how long ago anything was"), "{stderr}");
}

#[test]
fn a_machine_is_not_counted_as_a_person() {
    let machine = |id: &str| {
        let user = v2::UserTrait {
            account_type: v2::user_trait::AccountType::Service.into(),
            ..Default::default()
        };
        person("user", id, id, user)
    };
    let resources = [prod(), eve(), machine("bot"), machine("ci")];
    let grants = [(0, "admin", 1), (0, "admin", 2), (0, "admin", 3)];
    let place = file(SyncType::Full, &resources, &grants, false);
    let (_, stdout, _) = asked(&["access", "--on", "Prod"], &place);
    assert!(
        stdout.contains("1 person can reach it; 2 service accounts can reach it"),
        "{stdout}"
    );
    assert!(stdout.contains(" · 1 person and 2 service accounts\n"), "{stdout}");
}

#[test]
fn names_and_keys_are_found_however_they_are_written() {
    let odd = ResourceBuilder::new("a:b", "c", "Odd").build();
    let composed = person("user", "1", "Zo\u{eb}", mailed(&["a@acme.com"]));
    let marked = person("user", "2", "Zoe\u{308}", mailed(&["b@acme.com"]));
    let place = file(
        SyncType::Full,
        &[odd, composed, marked],
        &[(0, "x", 1), (0, "x", 2)],
        false,
    );
    for name in ["Zo\u{eb}", "zoe\u{308}"] {
        let (_, csv, _) = asked(
            &["access", "--fail-if", &format!("name = '{name}'"), "-o", "csv"],
            &place,
        );
        assert_eq!(csv.lines().count(), 3, "{csv}");
    }
    for args in [
        ["grants", "-r", "a:b:c", "-o", "csv"],
        ["access", "--on", "a:b:c", "-o", "csv"],
    ] {
        let (code, csv, stderr) = asked(&args, &place);
        assert_eq!((code, csv.lines().count()), (0, 3), "{args:?}: {stderr}");
    }
}
