//! `findings` and `policy`: one list in every window, ids that stay, commands that work, forms that others read, and
//! rules that never pass by a spelling mistake.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use baton_workato::ABOUT;
use baton_workato::report::Snapshot;
use baton_workato::report::access::Answers;
use baton_workato::report::explore::QueryService;
use baton_workato::report::findings::{Assessment, Finding, Severity, junit, keys, sarif};
use baton_workato::report::overview::Overview;
use baton_workato::report::policy::{DEFAULT, Policy, SCHEMA};
use baton_workato::report::reach::{Asker, Ground, Part};
use baton_workato::simulator::{AgentsShape, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::conventions::CONVENTIONS;
use jiff::civil::{Date, date};
use serde_json::Value;

use super::made::{Made, company};
use super::{demo, open};
use crate::model::settings;
use crate::support::oracle::Options;
use crate::support::program::{PROGRAM, output, program};
use crate::support::run;

const TODAY: Date = date(2026, 11, 28);

fn policy(text: &str) -> Policy {
    Policy::parse(text, "rules.yaml", TODAY).unwrap()
}

fn judged(snapshot: &Snapshot, text: &str) -> Assessment {
    Assessment::of(snapshot, &CONVENTIONS, &policy(text), "sync.c1z").unwrap()
}

fn of<'f>(all: &'f [Finding], key: &str) -> &'f Finding {
    all.iter().find(|finding| finding.key == key).unwrap()
}

fn ids(finding: &Finding) -> BTreeSet<&str> {
    finding.items.iter().map(|item| item.id.as_str()).collect()
}

fn plain(snapshot: &Snapshot) -> Assessment {
    Assessment::of(snapshot, &CONVENTIONS, &Policy::default(), "demo.c1z").unwrap()
}

async fn company_file(company: Made) -> (Snapshot, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("company.c1z");
    company.sync(&file).await;
    (open(&file), folder)
}

#[test]
fn command_report_and_explorer_show_one_list() {
    let file = demo(&["--env", "all"]);
    let output = program()
        .args(["findings", "-o", "json", "-f"])
        .arg(file)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let command: Value = serde_json::from_slice(&output.stdout).unwrap();
    let desk = QueryService::new(open(file), &CONVENTIONS);
    let explorer: Value = serde_json::from_slice(&desk.answer("overview", "").unwrap()).unwrap();
    let report = serde_json::to_value(Overview::of(&open(file), &CONVENTIONS).unwrap()).unwrap();
    assert_eq!(explorer["findings"], report["findings"]);
    let told = |all: &Value| -> Vec<(String, String, u64, u64, Vec<String>)> {
        let of = |finding: &Value| {
            let items = finding["items"].as_array().unwrap().iter().take(100);
            (
                finding["key"].as_str().unwrap().to_owned(),
                finding["severity"].as_str().unwrap().to_owned(),
                finding["total"].as_u64().unwrap(),
                finding["unknownTotal"].as_u64().unwrap_or(0),
                items.map(|item| item["id"].as_str().unwrap().to_owned()).collect(),
            )
        };
        all["findings"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(told(&command), told(&report));
    for finding in command["findings"].as_array().unwrap() {
        for item in finding["items"].as_array().unwrap() {
            assert!(!item["evidence"].as_array().unwrap().is_empty(), "{item}");
            assert!(
                item["look"].as_str().unwrap().starts_with("baton-workato access "),
                "{item}"
            );
        }
    }
}

#[test]
fn no_two_things_that_are_found_share_an_id() {
    let all = plain(&open(demo(&["--env", "all"])));
    let every = all.findings.iter().flat_map(|finding| &finding.items);
    let ids: Vec<&str> = every.map(|item| item.id.as_str()).collect();
    let different: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
}

fn story() -> Workspace {
    Workspace::generate(&Shape {
        people: 30,
        projects: 4,
        agents: Some(AgentsShape::demo()),
        ..Shape::default()
    })
}

/// Each command is run as it is printed; those that write, with --dry-run against the workspace.
#[tokio::test]
async fn what_is_printed_to_be_done_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my sync.c1z");
    let simulator = Simulator::start(story(), Behavior::default()).await.unwrap();
    run::workato(settings(&simulator, &Options::everything()), &file)
        .await
        .unwrap();
    let all = Assessment::of(
        &open(&file),
        &CONVENTIONS,
        &Policy::default(),
        &file.display().to_string(),
    )
    .unwrap();
    let mut done = BTreeSet::new();
    for finding in &all.findings {
        // One of each sort of thing: the others differ in their ids alone.
        let mut kinds = BTreeSet::new();
        for item in &finding.items {
            for command in std::iter::once(&item.look).chain(&item.fix) {
                let (_, words) = command.split_once(' ').unwrap();
                let verb = words.split(' ').next().unwrap();
                if !kinds.insert((verb.to_owned(), item.thing.kind.clone())) {
                    continue;
                }
                done.insert(verb.to_owned());
                let dry = if verb == "revoke" { " --dry-run" } else { "" };
                let mut shell = std::process::Command::new("sh");
                shell
                    .env_clear()
                    .args(["-c", &format!("'{PROGRAM}' {words}{dry}")])
                    .stdin(Stdio::null());
                if verb == "revoke" {
                    shell
                        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
                        .env("BATON_WORKATO_PROD_API_KEY", simulator.token(Env::Prod))
                        .env("BATON_WORKATO_TEST_API_KEY", simulator.token(Env::Test))
                        .env("BATON_WORKATO_BASE_URL", simulator.base_url());
                }
                let ended = output(shell).await;
                assert_eq!(
                    ended.status.code(),
                    Some(0),
                    "{command}{dry}: {}{}",
                    String::from_utf8_lossy(&ended.stdout),
                    String::from_utf8_lossy(&ended.stderr)
                );
            }
        }
    }
    assert_eq!(done, ["access", "revoke"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_fact_keeps_its_id_and_only_what_is_new_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.c1z");
    let mut workspace = story();
    let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
    run::workato(settings(&simulator, &Options::everything()), &file)
        .await
        .unwrap();
    let old = open(&file);
    let before = plain(&old);
    let estate = workspace.estate.as_mut().unwrap();
    let changed = estate
        .servers
        .iter_mut()
        .find(|server| server.method != "token")
        .unwrap();
    (changed.method, changed.groups) = ("token".to_owned(), vec![]);
    let id = format!("{}/mcp_server:{}", keys::BEARERS, changed.id);
    let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
    run::workato(settings(&simulator, &Options::everything()), &file)
        .await
        .unwrap();
    let now = open(&file);
    let mut after = plain(&now);
    assert!(ids(of(&after.findings, keys::BEARERS)).is_superset(&ids(of(&before.findings, keys::BEARERS))));
    assert_eq!(
        ids(of(&after.findings, keys::ADMINS)),
        ids(of(&before.findings, keys::ADMINS))
    );
    after.new_since(&before);
    let new: Vec<&str> = after.findings.iter().flat_map(ids).collect();
    assert_eq!(new, [id.as_str()]);

    let run = |arguments: &[&str]| {
        let mut command = program();
        command.arg("findings").args(arguments).arg("-f").arg(&file);
        command.output().unwrap()
    };
    let by_id = run(&["--new-since", old.sync_id(), "--fail-on", "high", "-o", "jsonl"]);
    assert_eq!(
        by_id.status.code(),
        Some(9),
        "{}",
        String::from_utf8_lossy(&by_id.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&by_id.stdout).matches(&id).count(), 1);
    let nothing = run(&["--new-since", now.sync_id(), "--fail-on", "info"]);
    assert_eq!(
        nothing.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&nothing.stderr)
    );
    let too_far = run(&["--new-since", "900d"]);
    assert_eq!(
        too_far.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&too_far.stderr)
    );
    let no_time = run(&["--new-since", "yesterday-ish"]);
    assert_eq!(no_time.status.code(), Some(2));
}

#[test]
fn severities_choose_what_is_shown_and_what_fails() {
    let file = demo(&["--env", "all"]);
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.arg("findings").args(arguments).arg("-f").arg(file);
        command.output().unwrap()
    };
    let high = run(&["--severity", "high", "-o", "json"]);
    let high: Value = serde_json::from_slice(&high.stdout).unwrap();
    let high = high["findings"].as_array().unwrap().clone();
    assert!(!high.is_empty() && high.iter().all(|finding| finding["severity"] == "high"));
    assert_eq!(run(&["--fail-on", "high"]).status.code(), Some(9));
    // What fails does not depend on what is shown.
    assert_eq!(
        run(&["--severity", "high", "--fail-on", "low", "-o", "sarif"])
            .status
            .code(),
        Some(9)
    );
    assert_eq!(run(&[]).status.code(), Some(0));
    assert_eq!(run(&["--severity", "dreadful"]).status.code(), Some(2));
    assert_eq!(run(&["-o", "xml"]).status.code(), Some(2));
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let assessment = plain(&open(demo(&["--env", "all"])));
    let log = sarif(&ABOUT, &assessment, "my file.c1z");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(run["tool"]["driver"]["name"].is_string());
    let results = run["results"].as_array().unwrap();
    let expected: u64 = assessment.findings.iter().map(|f| f.total + f.unknown_total).sum();
    assert_eq!(results.len() as u64, expected);
    for result in results {
        assert!(
            result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()),
            "{result}"
        );
        let number = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[number]["id"], result["ruleId"]);
        let kind = result["kind"].as_str().unwrap();
        let level = result["level"].as_str().unwrap();
        match kind {
            "fail" => assert!(["error", "warning", "note"].contains(&level)),
            // Whatever is no failure has no level.
            _ => assert_eq!((kind, level), ("open", "none")),
        }
        assert_eq!(
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "my%20file.c1z"
        );
    }
    assert!(rules.iter().all(|rule| rule["shortDescription"]["text"].is_string()));
}

/// Whether every element is closed by its own end, and nothing stands open.
fn is_well_formed(xml: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml.split_once("?>").unwrap().1;
    while let Some((text, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        if text.contains('>') || tag.matches('"').count() % 2 == 1 {
            return false;
        }
        rest = after;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) if open.pop() != Some(name) => return false,
            (false, false) => open.push(name),
            _ => {}
        }
    }
    open.is_empty()
}

#[tokio::test]
async fn junit_is_well_formed_whatever_things_are_called() {
    let mut workspace = story();
    workspace.api_clients[0].name = "a\"><&'\u{1b}]]>\u{ffff}\nb".to_owned();
    workspace.api_clients[0].all_folders = true;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.c1z");
    let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
    run::workato(settings(&simulator, &Options::everything()), &file)
        .await
        .unwrap();
    let assessment = plain(&open(&file));
    let xml = junit(&assessment);
    assert!(is_well_formed(&xml), "{xml}");
    assert!(xml.contains("a&quot;&gt;&lt;&amp;"), "{xml}");
    assert!(!xml.contains(['\u{1b}', '\u{ffff}']));
    let total: u64 = assessment.findings.iter().map(|finding| finding.total).sum();
    assert!(xml.contains(&format!("failures=\"{total}\"")));
    assert_eq!(xml.matches("<failure ").count() as u64, total);
}

#[test]
fn the_default_is_what_the_program_does_without() {
    let snapshot = open(demo(&["--env", "all"]));
    assert_eq!(judged(&snapshot, DEFAULT).findings, judged(&snapshot, "").findings);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let named = schema["properties"]["built-in"]["properties"].as_object().unwrap();
    let named: BTreeSet<&str> = named.keys().map(String::as_str).collect();
    assert_eq!(named, keys::ALL.into_iter().collect());
    for key in keys::ALL {
        assert!(DEFAULT.contains(&format!("\n  {key}: ")), "{key}");
    }
    // Its examples can be used as they stand.
    let examples = DEFAULT.lines().filter_map(|line| line.strip_prefix("# "));
    let block = |from: &str| -> String {
        let lines = examples.clone().skip_while(|line| *line != from);
        let mut lines = lines.peekable();
        let head = lines.next().unwrap();
        let body = lines.take_while(|line| line.starts_with(' '));
        std::iter::once(head).chain(body).collect::<Vec<_>>().join("\n")
    };
    for head in ["allowed-domains:", "owners:", "rules:", "apart:", "exceptions:"] {
        policy(&block(head));
    }
}

#[test]
fn a_mistake_is_shown_with_its_line() {
    let cases = [
        ("rulez: []\n", "rules.yaml:1:", "rulez"),
        ("rules:\n  - id: a\n    wen: direct\n", "rules.yaml:3:", "wen"),
        (
            "rules:\n  - id: a\n    when: domian = x\n",
            "rules.yaml:3:11:",
            "domian",
        ),
        (
            "rules:\n  - id: a b\n    when: direct\n",
            "rules.yaml:2:9:",
            "not an id",
        ),
        (
            "rules:\n  - {id: a, when: direct}\n  - {id: a, when: direct}\n",
            "rules.yaml:3:",
            "two rules",
        ),
        (
            "rules:\n  - {id: a, when: direct, severity: awful}\n",
            "rules.yaml:2:",
            "awful",
        ),
        ("limits:\n  inactive: soon\n", "rules.yaml:2:13:", "span of days"),
        ("built-in:\n  admin: high\n", "rules.yaml:2:", "no finding"),
        (
            "exceptions:\n  - finding: x\n    reason: ''\n    until: 2027-01-01\n",
            "rules.yaml:3:",
            "reason",
        ),
        (
            "exceptions:\n  - finding: x\n    reason: y\n    until: never\n",
            "rules.yaml:4:",
            "not a day",
        ),
        ("exceptions:\n  - finding: x\n    reason: y\n", "rules.yaml:", "until"),
        (
            "apart:\n  - id: a\n    nobody-holds-both: [{on: x}]\n",
            "rules.yaml:2:",
            "instead of 2",
        ),
        ("apart:\n  - id: a\n", "rules.yaml:2:", "must not meet"),
        (
            "apart:\n  - id: a\n    no-member-of: {entitlement: x}\n    reaches: {on: y}\n",
            "rules.yaml:2:",
            "not named",
        ),
        ("version: 2\n", "rules.yaml:1:10:", "version 2"),
        ("rules: [\n", "rules.yaml:", ""),
    ];
    for (text, place, word) in cases {
        let error = Policy::parse(text, "rules.yaml", TODAY).unwrap_err();
        let told = error.to_string();
        assert_eq!(error.kind().exit_code(), 2, "{text}");
        assert!(told.starts_with(place) && told.contains(word), "{text}\n{told}");
        if place.matches(':').count() > 1 {
            assert!(told.lines().any(|line| line.trim_end().ends_with('^')), "{told}");
        }
    }
}

/// A way into both sides is a way, whatever it goes through.
#[tokio::test]
async fn what_must_not_meet_is_seen_through_groups_and_roles() {
    let rules = "apart:\n  - id: both\n    nobody-holds-both:\n      - on: Billing\n        entitlement: read\n      - on: \
                 Recipes-delete\n  - id: out\n    no-member-of: {on: Ops}\n    reaches: {on: Billing}\n  - id: asked\n    \
                 nobody-holds-both:\n      - when: resource = Ops\n      - when: entitlement = 'Recipes-create'\n";
    // Ada reads Billing by her group; the role that passes the privilege on is given to her as well.
    let (snapshot, _folder) = company_file(company().gives("role:admin:member", "user:ada")).await;
    let all = judged(&snapshot, rules).findings;
    assert_eq!(ids(of(&all, "policy/both")), ["policy/both/user:ada"].into());
    let item = &of(&all, "policy/both").items[0];
    assert!(
        item.detail.contains("through Ops") && item.detail.contains("Admin (prod)"),
        "{}",
        item.detail
    );
    assert_eq!(ids(of(&all, "policy/out")), ["policy/out/user:ada"].into());
    assert_eq!(ids(of(&all, "policy/asked")), ["policy/asked/user:ada"].into());
    // Without the role they do not meet, and that is known.
    let (snapshot, _folder) = company_file(company()).await;
    let all = judged(&snapshot, rules).findings;
    for key in ["policy/both", "policy/asked"] {
        let finding = of(&all, key);
        assert_eq!(
            (finding.total, finding.unknown_total),
            (0, 0),
            "{key}: {:?}",
            finding.unknown
        );
    }
}

/// Two accounts with one address are one person.
#[tokio::test]
async fn a_person_with_two_accounts_is_one_person() {
    let company = company()
        .account("ada2", "Ada again", Some("ADA@acme.com"), None)
        .gives("role:admin:member", "user:ada2");
    let (snapshot, _folder) = company_file(company).await;
    let rules = "apart:\n  - id: both\n    nobody-holds-both: [{on: Billing}, {on: Recipes-delete}]\n";
    let all = judged(&snapshot, rules).findings;
    assert_eq!(of(&all, "policy/both").total, 1);
}

#[tokio::test]
async fn a_rule_about_something_that_is_not_there_never_passes() {
    let (snapshot, _folder) = company_file(company()).await;
    let apart =
        |side: &str| format!("apart:\n  - id: x\n    nobody-holds-both:\n      - {side}\n      - on: Billing\n");
    let rule = |when: &str| format!("rules:\n  - id: x\n    when: \"{when}\"\n");
    for text in [
        apart("on: Biling"),
        apart("{on: Billing, env: prod}"),
        apart("{on: Billing, type: projekt}"),
        apart("{on: Billing, entitlement: raed}"),
        apart("when: resource = Biling"),
        rule("resource = Biling"),
        rule("resource-type = projekt and direct"),
        rule("entitlement ~ amdin"),
        rule("through = 'Opps'"),
        rule("environment = prod"),
        rule("name = Adda and direct"),
        rule("email in (x@acme.com)"),
        rule("not not (type = usr)"),
    ] {
        let all = judged(&snapshot, &text).findings;
        let finding = of(&all, "policy/x");
        assert!(finding.total == 0 && finding.unknown_total > 0, "{text}: {finding:?}");
        assert!(!finding.is_clean());
    }
    // What is there and held by nobody is known to be held by nobody.
    for text in [
        rule("entitlement ~ write"),
        rule("resource !~ zebra and name = eve"),
        rule("domain = elsewhere.example"),
    ] {
        let all = judged(&snapshot, &text).findings;
        assert!(of(&all, "policy/x").is_clean(), "{text}: {:?}", of(&all, "policy/x"));
    }
    let all = judged(&snapshot, &rule("entitlement ~ read")).findings;
    let finding = of(&all, "policy/x");
    assert_eq!(finding.total, 1);
    assert!(
        finding.items[0].detail.contains("through Ops"),
        "{}",
        finding.items[0].detail
    );
}

#[tokio::test]
async fn exceptions_end_are_counted_and_say_when_they_match_nothing() {
    let (snapshot, _folder) = company_file(company().gives("project:billing:write", "user:eve")).await;
    let text = |until: &str, finding: &str| {
        format!(
            "rules:\n  - id: x\n    severity: high\n    when: resource = Billing\nexceptions:\n  - finding: \
             '{finding}'\n    reason: agreed\n    until: {until}\n"
        )
    };
    let shown = |text: &str| {
        let all = judged(&snapshot, text);
        let finding = of(&all.findings, "policy/x").clone();
        (finding.total, finding.excepted_total, all.notes.len(), finding)
    };
    let (total, excepted, notes, _) = shown(&text("2026-11-28", "nothing/*"));
    assert_eq!(
        (total, excepted, notes),
        (2, 0, 1),
        "an exception that matches nothing is said"
    );
    let (total, excepted, notes, finding) = shown(&text("2026-11-28", "policy/x/user:eve/*"));
    assert_eq!((total, excepted, notes), (1, 1, 0), "its last day is a day of it");
    assert_eq!(finding.excepted[0].reason, "agreed");
    let (total, excepted, notes, _) = shown(&text("2026-11-27", "policy/x/user:eve/*"));
    assert_eq!(
        (total, excepted, notes),
        (2, 0, 1),
        "one that has ended hides nothing, and it is said"
    );
    let (total, excepted, ..) = shown(&text("2027-11-27", "*"));
    assert_eq!((total, excepted), (0, 2));
    let all = judged(&snapshot, &text("2027-11-27", "*"));
    assert!(!of(&all.findings, "policy/x").is_clean());
    assert!(junit(&all).contains("excepted until 2027-11-27: agreed"));
    let log = sarif(&ABOUT, &all, "x");
    assert!(
        log["runs"][0]["results"]
            .as_array()
            .unwrap()
            .iter()
            .any(|result| result["suppressions"].is_array())
    );
}

#[tokio::test]
async fn domains_owners_limits_and_severities_are_the_policys() {
    let company = company().account(
        "zed",
        "Zed",
        Some("zed@elsewhere.example"),
        Some("2020-01-01T00:00:00Z"),
    );
    let (snapshot, _folder) = company_file(company.gives("project:billing:write", "user:zed")).await;
    let text = "limits: {inactive: 52w}\nbuilt-in:\n  inactive-people: low\n  admins-in-production: \
                'off'\nallowed-domains: {domains: [acme.com], severity: high}\nowners:\n  - {of: Zed, owner: \
                gone@acme.com}\n  - {of: Nowhere, owner: x}\n";
    let all = judged(&snapshot, text);
    let domains = of(&all.findings, "policy/allowed-domains");
    assert_eq!(domains.severity, Severity::High);
    assert_eq!(ids(domains), ["policy/allowed-domains/user:zed"].into());
    assert_eq!(domains.items[0].owner.as_deref(), Some("gone@acme.com"));
    assert_eq!(of(&all.findings, "policy/owners-who-are-gone").total, 1);
    let inactive = of(&all.findings, keys::INACTIVE);
    assert_eq!((inactive.severity, inactive.total > 0), (Severity::Low, true));
    assert!(inactive.title.contains("364 days"));
    assert!(all.findings.iter().all(|finding| finding.key != keys::ADMINS));
    assert_eq!(
        all.notes.len(),
        2,
        "what is off, and an owner of nothing: {:?}",
        all.notes
    );
}

/// Who is told to meet is who the answers about both things have in common.
#[test]
fn pairs_agree_with_the_answers_about_each_thing() {
    let snapshot = open(demo(&["--env", "all"]));
    let answers = Answers::new(&snapshot).unwrap();
    let ground = Ground::read(answers.names(), answers.edges(), &CONVENTIONS).unwrap();
    let asker = Asker {
        answers: &answers,
        ground: &ground,
    };
    let mut things = Vec::new();
    for kind in ["project", "folder"] {
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut |resource| {
                let thing = answers.names().thing_of(&resource)?;
                if thing.kind == kind && things.len() < 6 {
                    things.push(thing);
                }
                Ok(())
            })
            .unwrap();
    }
    let reach = |thing| -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut add = |access: baton_workato::report::access::Access| {
            if access.reach.opens() && ground.is_user(&access.principal.kind) {
                found.insert(format!("{}:{}", access.principal.kind, access.principal.id));
            }
            Ok(())
        };
        asker
            .on(thing, Part::Whole, None, &mut |_, _, _| Ok(true), &mut add)
            .unwrap();
        found
    };
    let mut met = 0;
    for pair in things.windows(2) {
        let [one, other] = pair else { unreachable!() };
        let text = format!(
            "apart:\n  - id: x\n    nobody-holds-both:\n      - on: '{}:{}'\n      - on: '{}:{}'\n",
            one.kind, one.id, other.kind, other.id
        );
        let all = judged(&snapshot, &text).findings;
        let found: BTreeSet<String> = of(&all, "policy/x")
            .items
            .iter()
            .map(|i| format!("{}:{}", i.thing.kind, i.thing.id))
            .collect();
        let expected: BTreeSet<String> = reach(one).intersection(&reach(other)).cloned().collect();
        met += expected.len();
        assert_eq!(found, expected, "{} and {}", one.told(), other.told());
    }
    assert!(met > 0);
}

#[test]
fn a_policy_is_taken_by_every_window() {
    let file = demo(&["--env", "all"]);
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.yaml");
    std::fs::write(&rules, "rules:\n  - id: everything\n    when: direct\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path()).args(arguments).arg("-f").arg(file);
        command.output().unwrap()
    };
    let found = run(&["findings", "--policy", "rules.yaml", "-o", "json"]);
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let total = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["key"] == "policy/everything")
        .unwrap()["total"]
        .clone();
    assert!(total.as_u64().unwrap() > 0);
    let exported = run(&["export", "--format", "html", "--out", "out", "--policy", "rules.yaml"]);
    assert_eq!(
        exported.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&exported.stderr)
    );
    let report = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(report.contains("\"key\":\"policy/everything\",\"severity\":\"medium\",\"title\":\"everything\""));
    let desk = QueryService::new(open(file), &CONVENTIONS)
        .under(Policy::parse("rules:\n  - id: everything\n    when: direct\n", "x", TODAY).unwrap());
    let explorer: Value = serde_json::from_slice(&desk.answer("overview", "").unwrap()).unwrap();
    let shown = explorer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["key"] == "policy/everything")
        .unwrap();
    assert_eq!(shown["total"], total);
    std::fs::write(&rules, "rules:\n  - id: a\n    when: nonsense = 1\n").unwrap();
    for command in [
        &["findings"][..],
        &["export", "--format", "html"],
        &["explore", "--no-open"],
    ] {
        let ended = run(&[command, &["--policy", "rules.yaml"]].concat());
        assert_eq!(ended.status.code(), Some(2), "{command:?}");
        assert!(
            String::from_utf8_lossy(&ended.stderr).contains("rules.yaml:3:11:"),
            "{command:?}"
        );
    }
    assert!(!Path::new(&folder.path().join("report.html")).exists());
}

/// The summary of a sync counts; it names nobody.
#[tokio::test]
async fn a_sync_ends_with_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("rules.yaml"),
        "rules:\n  - id: everything\n    when: direct\n",
    )
    .unwrap();
    let simulator = Simulator::start(story(), Behavior::default()).await.unwrap();
    let mut command = crate::support::program::syncing(folder.path(), &simulator, 4);
    command.args(["--policy", "rules.yaml"]);
    let ended = output(command).await;
    let log = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{log}");
    let line = log.lines().find(|line| line.contains("sync summary")).unwrap();
    let summary: Value = serde_json::from_str(line).unwrap();
    let all = Assessment::of(
        &open(&folder.path().join("sync.c1z")),
        &CONVENTIONS,
        &policy("rules:\n  - id: everything\n    when: direct\n"),
        "sync.c1z",
    )
    .unwrap();
    let told: Vec<(&str, u64)> = summary["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| (told["key"].as_str().unwrap(), told["found"].as_u64().unwrap()))
        .collect();
    let expected = all.findings.iter().filter(|finding| !finding.is_clean());
    let expected: Vec<(&str, u64)> = expected.map(|finding| (finding.key.as_str(), finding.total)).collect();
    assert_eq!(told, expected);
    assert!(told.iter().any(|(key, _)| *key == "policy/everything"));
    assert!(!summary["findings"].to_string().contains('@'), "{line}");
    // A mistake in the policy is told before anything is asked.
    std::fs::write(folder.path().join("rules.yaml"), "rulez: []\n").unwrap();
    let before = simulator.requests().len();
    let mut command = crate::support::program::syncing(folder.path(), &simulator, 4);
    command.args(["--policy", "rules.yaml"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(simulator.requests().len(), before);
}
