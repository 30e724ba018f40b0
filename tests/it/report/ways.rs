//! Every way to a thing, as the command tells it: what lies in it, scopes, who can give themselves access, and what is not
//! known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::{Store, SyncType};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder, User, resource_type};
use baton_workato::simulator::{AccessModel, Behavior, Endpoint, Env, Shape, Simulator, Workspace};
use serde_json::{Value, json};

use super::{demo, golden, printed, program, refused};
use crate::model::settings;
use crate::support::oracle::{Options, Privileges};
use crate::support::run;

const V2: &[&str] = &["--env", "all"];
const LEGACY: &[&str] = &["--legacy", "--env", "all"];

fn document(args: &[&str], file: &Path) -> Value {
    serde_json::from_str(&printed(&[args, &["-o", "json"]].concat(), file)).unwrap()
}

fn rows<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document[key].as_array().unwrap()
}

/// `collaborator:7 inside`, each once.
fn reached(rows: &[Value]) -> BTreeSet<String> {
    let row = |row: &Value| {
        let who = &row["principal"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        format!("{}:{} {}", text(&who["type"]), text(&who["id"]), text(&row["reach"]))
    };
    rows.iter().map(row).collect()
}

/// What rows lead to: `project:1001`, each once.
fn leads_to(rows: &[Value]) -> BTreeSet<String> {
    let key = |thing: &Value| format!("{}:{}", thing["type"].as_str().unwrap(), thing["id"].as_str().unwrap());
    let to = rows
        .iter()
        .map(|row| key(row.get("reached").unwrap_or(&row["right"]["resource"])));
    to.collect()
}

fn count_of(rows: &BTreeSet<String>, reach: &str) -> usize {
    rows.iter().filter(|row| row.ends_with(&format!(" {reach}"))).count()
}

struct Made {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

async fn synced(workspace: Workspace, behavior: Behavior, options: Options) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ways.c1z");
    let simulator = Simulator::start(workspace, behavior).await.unwrap();
    run::workato(settings(&simulator, &options), &file).await.unwrap();
    Made { file, _folder: folder }
}

/// Runs a command on a blocking thread: the test's own runtime serves nobody meanwhile, and need not.
fn said(args: &[&str], file: &Path) -> String {
    printed(args, file)
}

#[test]
fn a_project_of_the_older_model_is_reached_by_its_folders() {
    let file = demo(LEGACY);
    let told = printed(&["access", "--on", "Billing (dev)"], file);
    assert!(told.starts_with("Billing (dev)  Project · project:"), "{told}");
    assert!(!told.contains("Nobody"), "{told}");
    let sections: Vec<&str> = told
        .lines()
        .filter(|line| line.contains(", which lies in it · "))
        .collect();
    assert!(
        sections[0].contains("Collaborator access ROOT PROJECT: Billing"),
        "the nearest is first: {sections:?}"
    );
    assert!(sections.len() > 2, "{told}");
    let answer = document(&["access", "--on", "Billing (dev)"], file);
    let found = reached(rows(&answer, "paths"));
    assert!(
        count_of(&found, "inside") > 20 && count_of(&found, "on") == 0,
        "{found:?}"
    );
    // What is in the file of the folder itself is what lets people into the project.
    let root = document(&["access", "--on", "ROOT PROJECT: Billing", "--env", "dev"], file);
    for row in reached(rows(&root, "paths")).iter().filter(|row| row.ends_with(" on")) {
        assert!(found.contains(&row.replace(" on", " inside")), "{row}");
    }
    let unknown = answer["unknown"].to_string();
    assert!(unknown.contains("roles that name nothing in any project"), "{unknown}");
    assert!(unknown.contains("Admin (dev)"), "{unknown}");
}

#[test]
fn a_client_tells_its_reach_and_the_project_tells_the_client() {
    for shape in [V2, LEGACY] {
        let file = demo(shape);
        let clients = document(&["resources", "-t", "api_client"], file);
        let mut all = 0;
        for client in rows(&clients, "resources") {
            let client = &client["resource"];
            let who = format!("api_client:{}", client["id"]["resource"].as_str().unwrap());
            let told = printed(&["access", &who], file);
            let answer = document(&["access", &who], file);
            let reach = rows(&answer, "reach");
            assert!(!reach.is_empty(), "{who} has a scope: {told}");
            assert!(told.contains(". Its scope reaches "), "{told}");
            assert!(told.contains("\nScope\n"), "{told}");
            let mut projects = leads_to(reach);
            projects.retain(|thing| thing.starts_with("project:"));
            all += usize::from(projects.len() > 7);
            for project in projects {
                let on = document(&["access", "--on", &project], file);
                let found = reached(rows(&on, "paths"));
                assert!(found.contains(&format!("{who} scope")), "{who} on {project}: {found:?}");
            }
        }
        assert_eq!(all, 2, "two of the clients reach everything in their environment");
    }
}

#[test]
fn those_who_can_give_themselves_access_stand_apart() {
    let file = demo(V2);
    let told = printed(&["access", "--on", "Billing (prod)"], file);
    let (_, granting) = told
        .split_once("├─ Can give themselves access · ")
        .or(told.split_once("└─ Can give themselves access · "))
        .unwrap();
    let mut lines = granting.lines();
    assert_eq!(lines.next(), Some("3 people"));
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("They manage access to it, and cannot open it without a project role.")
    );
    assert!(
        lines.next().unwrap().contains("Environment admin (prod): given"),
        "{granting}"
    );
    // Somebody who has nothing else there does not count as one who gets in.
    let answer = document(&["access", "--on", "Billing (prod)"], file);
    let found = reached(rows(&answer, "paths"));
    let only: Vec<&String> = (found.iter().filter(|row| row.ends_with(" self-granting")))
        .filter(|row| !found.contains(&row.replace(" self-granting", " on")))
        .collect();
    assert!(!only.is_empty());
    let people = count_of(&found, "on") + count_of(&found, "inside");
    let opens: BTreeSet<&str> = (found
        .iter()
        .filter(|row| row.starts_with("collaborator:") && !row.ends_with(" self-granting")))
    .map(|row| row.split_once(' ').unwrap().0)
    .collect();
    assert!(opens.len() <= people);
    assert!(
        told.contains(&format!("─ {} people can reach it; ", opens.len())),
        "{told}"
    );
    let who = only[0].split_once(' ').unwrap().0;
    let told = printed(&["access", who, "-r", "Billing", "--env", "prod"], file);
    assert!(
        told.contains("Holds nothing of that. Can give themselves access to 1 × Project."),
        "{told}"
    );
    // The page says so too.
    let overview = super::open(file);
    let overview =
        baton_workato::report::overview::Overview::of(&overview, &baton_workato::workato::conventions::CONVENTIONS)
            .unwrap();
    let admins = overview
        .findings
        .iter()
        .find(|finding| finding.key == "admins-in-production")
        .unwrap();
    assert!(
        admins
            .why
            .contains("does not open a project: that takes a project role"),
        "{}",
        admins.why
    );
}

#[test]
fn each_environment_that_has_one_is_answered_for() {
    let file = demo(V2);
    let told = printed(&["access", "--on", "Billing"], file);
    let heads: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("  Project · project:"))
        .collect();
    let names: Vec<&str> = heads.iter().map(|line| line.split_once("  ").unwrap().0).collect();
    assert_eq!(names, ["Billing (dev)", "Billing (test)", "Billing (prod)"]);
    let answer = document(&["access", "--on", "Billing", "-t", "project"], file);
    let targets: Vec<&Value> = rows(&answer, "targets")
        .iter()
        .map(|target| &target["environment"])
        .collect();
    assert_eq!(targets, [&json!("dev"), &json!("test"), &json!("prod")]);
    assert!(answer.get("resource").is_none(), "several things are not one");
    assert_eq!(leads_to(rows(&answer, "paths")).len(), 3);
    let one = document(&["access", "--on", "Billing", "--env", "test"], file);
    assert_eq!(one["resource"]["displayName"], "Billing");
    assert_eq!(rows(&one, "targets").len(), 1);
    // Roles are told by the name that people know, without what is shown behind it.
    let roles = printed(&["access", "--on", "Environment admin"], file);
    assert_eq!(
        roles.matches("  Environment Role · environment_role:").count(),
        3,
        "{roles}"
    );
}

#[test]
fn a_name_with_its_environment_is_understood_everywhere() {
    let file = demo(V2);
    let billing = document(&["access", "--on", "Billing", "--env", "prod"], file)["resource"]["id"]["resource"].clone();
    let project = format!("project:{}", billing.as_str().unwrap());
    let grants = printed(&["grants", "-r", &project], file);
    for name in ["Billing (prod)", "billing (PROD)", "Billing in prod", "Billing in PROD"] {
        let on = document(&["access", "--on", name, "-t", "project"], file);
        assert_eq!(on["resource"]["id"]["resource"], billing, "{name}");
        let of = document(&["access", "ada.lindqvist@northwind.example", "-r", name], file);
        let to = leads_to(&[rows(&of, "paths"), rows(&of, "reach")].concat());
        assert_eq!(Vec::from_iter(to), std::slice::from_ref(&project), "{name}");
        assert_eq!(
            printed(&["grants", "-r", name, "-t", "project"], file),
            grants,
            "{name}"
        );
    }
    assert_eq!(
        printed(&["grants", "-r", "Billing", "-t", "project", "--env", "prod"], file),
        grants
    );
    let role = printed(&["principals", "-r", "Environment admin in prod"], file);
    assert_eq!(role, printed(&["principals", "-r", "environment_role:1-prod"], file));
    let held = printed(&["grants", "--principal", "Environment admin", "--env", "prod"], file);
    assert_eq!(
        held,
        printed(&["grants", "--principal", "environment_role:1-prod"], file)
    );
    for (args, code, told) in [
        (
            &["access", "--on", "Billing", "--env", "staging"][..],
            5,
            "the environments are dev, prod, test",
        ),
        (
            &["access", "--on", "Billing in staging"],
            5,
            "called \"Billing in staging\"",
        ),
        (&["grants", "-r", "Billing", "-t", "project"], 3, "--env dev"),
        (&["grants", "-r", "Bill"], 5, "by its name"),
        (&["grants", "--env", "prod"], 2, "-r Billing --env prod"),
    ] {
        let (found, stderr) = refused(args, file);
        assert!(found == code && stderr.contains(told), "{args:?}: {found} {stderr}");
    }
}

#[test]
fn the_public_spelling_names_who() {
    let file = demo(V2);
    let typed = printed(&["access", "-t", "collaborator", "-r", "1003"], file);
    assert!(
        typed.starts_with("Ada Lindqvist <ada.lindqvist@northwind.example>\n"),
        "{typed}"
    );
    assert_eq!(typed, printed(&["access", "collaborator:1003"], file));
    assert_eq!(
        document(&["access", "-t", "collaborator", "-r", "1003"], file),
        document(&["access", "collaborator:1003"], file)
    );
    // A condition is about her, not about what anybody holds on her: that would never hold.
    let output = program()
        .args([
            "access",
            "-t",
            "collaborator",
            "-r",
            "1003",
            "--fail-if",
            "entitlement ~ admin",
            "-f",
        ])
        .arg(file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(9));
    let (code, _) = refused(
        &["access", "-t", "project", "-r", "Billing", "--fail-if", "reach = scope"],
        file,
    );
    assert_eq!(code, 9, "beside a condition it says among what to look");
}

#[test]
fn conditions_see_every_way() {
    for (shape, args, code) in [
        // In the older model nobody holds anything on a project itself.
        (
            LEGACY,
            &["access", "--fail-if", "resource = billing and account = human"][..],
            9,
        ),
        (LEGACY, &["access", "--fail-if", "resource = billing and reach = on"], 0),
        (
            LEGACY,
            &[
                "access",
                "--on",
                "billing",
                "--fail-if",
                "reach = inside and domain = bluefin-consulting.example",
            ],
            9,
        ),
        (
            V2,
            &["access", "--fail-if", "resource-type = project and account = service"],
            9,
        ),
        (V2, &["access", "--on", "billing", "--fail-if", "account = service"], 9),
        (
            V2,
            &["access", "--on", "Billing (test)", "--fail-if", "account = service"],
            0,
        ),
        (
            V2,
            &["access", "Deploy pipeline (old)", "--fail-if", "resource = billing"],
            9,
        ),
        (
            V2,
            &["access", "--on", "Billing (prod)", "--fail-if", "name = 'tomás haddad'"],
            9,
        ),
        (
            V2,
            &[
                "access",
                "--on",
                "Billing (prod)",
                "--fail-if",
                "name = 'tomás haddad' and reach != self-granting",
            ],
            0,
        ),
        (
            V2,
            &[
                "access",
                "--fail-if",
                "resource = billing and name = 'tomás haddad' and reach = self-granting",
            ],
            9,
        ),
        (
            V2,
            &["access", "--on", "ROOT PROJECT: Billing", "--fail-if", "reach = above"],
            9,
        ),
        (V2, &["access", "--fail-if", "reach = sideways"], 2),
    ] {
        let (found, stderr) = refused(args, demo(shape));
        assert_eq!(found, code, "{shape:?} {args:?}: {stderr}");
    }
    let (_, stderr) = refused(
        &["access", "--on", "Billing", "--fail-if", "account = service"],
        demo(V2),
    );
    assert!(
        stderr.contains("--fail-if holds for 2 ways without a grant\n"),
        "{stderr}"
    );
}

#[test]
fn flat_answers_say_how_and_to_what() {
    let file = demo(V2);
    let sheet = printed(&["access", "--on", "Billing (prod)", "-o", "csv"], file);
    let mut sheet = csv::Reader::from_reader(sheet.as_bytes());
    let titles = sheet.headers().unwrap().clone();
    let at = |title: &str| titles.iter().position(|known| known == title).unwrap();
    let mut ways: BTreeMap<String, usize> = BTreeMap::new();
    for row in sheet.records() {
        let row = row.unwrap();
        assert_eq!(
            (&row[at("reached_type")], &row[at("reached")], &row[at("environment")]),
            ("project", "Billing", "prod")
        );
        if &row[at("reach")] == "scope" {
            assert_eq!(
                (&row[at("entitlement_id")], &row[at("entitlement")]),
                ("", "scope: everything in prod")
            );
        }
        *ways.entry(row[at("reach")].to_owned()).or_default() += 1;
    }
    let ways: Vec<&str> = ways.keys().map(String::as_str).collect();
    assert_eq!(ways, ["on", "scope", "self-granting"]);
}

#[test]
fn what_may_do_most_comes_first_and_a_pipe_names_everybody() {
    let file = demo(V2);
    let told = printed(&["access", "--on", "Billing (dev)"], file);
    let rights: Vec<&str> = told
        .lines()
        .filter_map(|line| line.strip_prefix("├─ "))
        .filter(|line| line.contains(" of Billing (dev)"))
        .collect();
    let names: Vec<&str> = rights.iter().map(|right| right.split_once(" of ").unwrap().0).collect();
    assert_eq!(
        names,
        [
            "Project admin",
            "Advanced builder",
            "Read-only auditor",
            "Recipe reviewer"
        ]
    );
    // A pipe gets everybody; what a terminal folds is told in the unit test of the tree.
    assert!(!told.contains("--all"), "{told}");
    let all = printed(&["access", "--on", "Billing (dev)", "--all"], file);
    assert!(
        !all.contains("--all") && all.matches("  through All collaborators\n").count() > 50,
        "{all}"
    );
    let answer = document(&["access", "--on", "Billing (dev)"], file);
    assert!(rows(&answer, "paths").len() > 60, "JSON is whole");
    let ada = printed(&["access", "ada.lindqvist@northwind.example"], file);
    let roles: Vec<&str> = ada.lines().filter(|line| line.contains("─ Environment ")).collect();
    assert!(roles[0].contains("Environment admin (dev)"), "{roles:?}");
    let held = document(&["access", "-t", "collaborator", "-r", "1105"], file);
    let roles: Vec<&str> = (rows(&held, "paths").iter())
        .filter(|row| row["right"]["resource"]["type"] == "environment_role")
        .map(|row| row["right"]["resource"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(roles.first(), Some(&"Environment manager (dev)"), "{roles:?}");
}

#[test]
fn a_project_role_is_held_on_projects() {
    let file = demo(V2);
    let told = printed(&["access", "--on", "Project admin", "-t", "project_role"], file);
    assert!(told.contains("people can reach it."), "{told}");
    assert!(told.contains("Project admin of Billing (dev) · 1 person"), "{told}");
    let one = printed(
        &["access", "collaborator:1003", "-r", "project_role:advanced-builder"],
        file,
    );
    assert!(one.contains("Advanced builder of Billing (dev)"), "{one}");
}

#[test]
fn below_a_thing_each_is_told_once() {
    let file = demo(LEGACY);
    let told = printed(&["access", "--on", "Billing (dev)", "--with-children"], file);
    let whole = printed(&["access", "--on", "Billing (dev)"], file);
    let sentence = |text: &str| text.lines().nth(1).unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(
        sentence(&told),
        sentence(&whole),
        "the project itself is reached by as many people"
    );
    assert!(!told.contains(", which lies in it"), "{told}");
    assert!(told.contains("people hold something on it"), "{told}");
    let flat = printed(
        &["access", "--on", "Billing (dev)", "--with-children", "-o", "jsonl"],
        file,
    );
    let mut seen = BTreeSet::new();
    for line in flat.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_ne!(row["reach"], "inside");
        let key = format!(
            "{} {} {} {}",
            row["grantId"], row["principal"]["id"], row["reach"], row["right"]["name"]
        );
        assert!(seen.insert(key), "told twice: {line}");
    }
}

#[test]
fn an_account_is_not_reached_but_reaches() {
    let told = printed(&["access", "--on", "collaborator:1003"], demo(V2));
    assert!(
        told.contains("Nothing is held on an account; `access collaborator:1003` shows what it reaches."),
        "{told}"
    );
}

/// "Nobody" is only said where the file tells everything.
#[test]
fn a_file_of_another_program_is_not_taken_for_whole() {
    let file = golden("rbac-v2");
    let told = printed(&["access", "--on", "Project 0004"], &file);
    assert!(!told.contains("Nobody"), "{told}");
    assert!(told.contains("collaborator_group, api_client"), "{told}");
    let told = printed(&["access", "--on", "Environment manager"], &file);
    assert!(!told.contains("Nobody"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_or_left_out_is_said_beside_the_answer() {
    let workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    let project = workspace.projects[0].name.clone();
    let on = ["access", "--on", &project, "-t", "project"];
    for (endpoint, told) in [
        (
            Endpoint::ProjectProjectGrants,
            "project grants of dev are missing from this sync",
        ),
        (Endpoint::ApiClients, "API clients are missing from this sync"),
        (Endpoint::Groups, "are missing from this sync"),
    ] {
        let made = synced(
            workspace.clone(),
            Behavior::default().deny(endpoint, 403),
            Options::default(),
        )
        .await;
        let text = said(&on, &made.file);
        assert!(
            text.contains("Not known\n") && text.contains(told),
            "{endpoint:?}: {text}"
        );
        assert!(!text.contains("Nobody"), "{endpoint:?}: {text}");
        let answer = document(&on, &made.file);
        let gap = (rows(&answer, "unknown").iter()).find(|gap| gap["message"].as_str().unwrap().contains(told));
        assert!(gap.unwrap()["code"].as_str().unwrap().starts_with("BW-12"), "{answer}");
        let person = format!("collaborator:{}", workspace.people[0].id);
        assert!(said(&["access", &person], &made.file).contains(told));
    }
    let options = Options {
        privileges: Privileges::Off,
        ..Options::default()
    };
    let made = synced(workspace.clone(), Behavior::default(), options).await;
    let text = said(&on, &made.file);
    assert!(text.contains("were not asked for (--privileges off)"), "{text}");
    // Folders of some holders that are taken for those of all.
    let many = Workspace::generate(&Shape {
        people: 300,
        ..Shape::small(AccessModel::RbacV2)
    });
    let made = synced(many.clone(), Behavior::default(), Options::default()).await;
    let text = said(&["access", "--on", &many.projects[0].name, "-t", "project"], &made.file);
    assert!(
        text.contains("whether all holders of these roles have the same folders"),
        "{text}"
    );
    let exact = Options {
        privileges: Privileges::Exact,
        ..Options::default()
    };
    let made = synced(many.clone(), Behavior::default(), exact).await;
    let text = said(&["access", "--on", &many.projects[0].name, "-t", "project"], &made.file);
    assert!(!text.contains("whether all holders"), "{text}");
    // Whole: nothing is said.
    let made = synced(workspace.clone(), Behavior::default(), Options::default()).await;
    assert!(!said(&on, &made.file).contains("Not known"));
    // Other environments have no token: their projects are not in the answer about a person.
    let all = Workspace::generate(&Shape {
        people: 12,
        ..Shape::default()
    });
    let options = Options {
        tokens: vec![Env::Dev],
        choice: crate::support::oracle::Choice::All,
        ..Options::default()
    };
    let person = format!("collaborator:{}", all.people[0].id);
    let made = synced(all, Behavior::default(), options).await;
    let text = said(&["access", &person], &made.file);
    assert!(text.contains("Not known\n") && text.contains("prod"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_of_a_client_may_not_be_known() {
    let mut workspace = Workspace::generate(&Shape::small(AccessModel::RbacV2));
    // A folder that no list shows, and deeper than the sync looks.
    let deep = workspace
        .folders
        .iter()
        .find(|f| f.parent.is_some() && f.project_id.is_some())
        .unwrap()
        .id;
    (
        workspace.api_clients[0].all_folders,
        workspace.api_clients[0].folder_ids,
    ) = (false, Some(vec![deep, 987_654]));
    (
        workspace.api_clients[1].all_folders,
        workspace.api_clients[1].folder_ids,
    ) = (false, Some(Vec::new()));
    let made = synced(workspace.clone(), Behavior::default(), Options::default()).await;
    let first = format!("api_client:{}", workspace.api_clients[0].id);
    let text = said(&["access", &first], &made.file);
    assert!(
        text.contains(&format!("({deep}, 987654)")) && text.contains("Not known"),
        "{text}"
    );
    let on = said(
        &["access", "--on", &format!("project:{}", workspace.projects[0].id)],
        &made.file,
    );
    assert!(
        on.contains("its scope names 2 things that this sync does not have"),
        "{on}"
    );
    let second = format!("api_client:{}", workspace.api_clients[1].id);
    let text = said(&["access", &second], &made.file);
    assert!(
        !text.contains("Not known") && !text.contains("Its scope reaches"),
        "{text}"
    );
}

/// A file as other writers leave it: a project, a client that says nothing about its scope, a group that was never
/// expanded.
fn bare(kind: SyncType, folder: &Path) -> PathBuf {
    use v2::resource_type::Trait;
    let file = folder.join("bare.c1z");
    let id = baton_workato::baton::resource::id;
    let project = ResourceBuilder::new("project", "1", "Billing")
        .profile(Profile::new().with("environment", "prod"))
        .app()
        .build();
    let person = |kind: &str, key: &str, name: &str| {
        let user = User {
            email: None,
            login: None,
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        };
        let profile = Profile::new().with("environment", "prod");
        ResourceBuilder::new(kind, key, name)
            .profile(profile)
            .user(user)
            .build()
    };
    let group = ResourceBuilder::new("collaborator_group", "g", "Ops").group().build();
    let mut store = Store::open(&file, None).unwrap();
    store.begin_sync(kind).unwrap();
    let types = [
        resource_type("project", "Project", &[], vec![]),
        resource_type("folder", "Folder", &[], vec![]),
        resource_type("collaborator", "Collaborator", &[Trait::User], vec![]),
        resource_type("api_client", "API Client", &[Trait::User], vec![]),
        resource_type("collaborator_group", "Collaborator Group", &[Trait::Group], vec![]),
    ];
    store.put_resource_types(&types).unwrap();
    let people = [
        person("collaborator", "7", "Ada"),
        person("api_client", "9", "Nightly export"),
    ];
    store.put_resources(&people).unwrap();
    store.put_resources(&[project.clone(), group.clone()]).unwrap();
    if kind == SyncType::Full {
        use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
        use baton_workato::baton::grant::GrantBuilder;
        let member = EntitlementBuilder::new(&group, "member", Purpose::Assignment, &[]).build();
        let admin = EntitlementBuilder::new(&project, "project-admin", Purpose::Permission, &[]).build();
        store.put_entitlements(&[member, admin]).unwrap();
        store
            .put_grants(vec![
                GrantBuilder::new(&group, "member", id("collaborator", "7")).build(),
                GrantBuilder::new(&project, "project-admin", id("collaborator_group", "g"))
                    .expands_over("collaborator_group:g:member".to_owned())
                    .build(),
            ])
            .unwrap();
    }
    store.finish_sync("").unwrap();
    store.save().unwrap();
    file
}

#[test]
fn what_a_file_cannot_tell_is_never_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = bare(SyncType::Full, folder.path());
    let told = printed(&["access", "--on", "Billing"], &file);
    assert!(!told.contains("Nobody"), "{told}");
    assert!(
        told.contains("does not have the grants that follow from others"),
        "{told}"
    );
    assert!(
        told.contains("what API Client Nightly export (prod) reaches: the file does not say its scope"),
        "{told}"
    );
    let told = printed(&["access", "Nightly export"], &file);
    assert!(
        told.contains("what it reaches: the file does not say its scope"),
        "{told}"
    );

    let folder = tempfile::tempdir().unwrap();
    let file = bare(SyncType::ResourcesOnly, folder.path());
    let told = printed(&["access", "--on", "Billing"], &file);
    assert!(
        told.contains("The file names nobody who can reach it, but does not tell everything."),
        "{told}"
    );
    assert!(told.contains("this sync has resources only"), "{told}");
}

/// However deep a folder lies, it lies in its project: who holds that gets to it, and its environment is that of the
/// project.
#[test]
fn what_lies_three_hundred_deep_lies_in_its_project() {
    use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
    use baton_workato::baton::grant::GrantBuilder;
    use baton_workato::baton::resource::id;
    use v2::resource_type::Trait;
    const DEEP: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep.c1z");
    let mut store = Store::open(&file, None).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    let types = [
        resource_type("project", "Project", &[], vec![]),
        resource_type("folder", "Folder", &[], vec![]),
        resource_type("collaborator", "Collaborator", &[Trait::User], vec![]),
    ];
    store.put_resource_types(&types).unwrap();
    let user = User {
        email: None,
        login: None,
        account_type: v2::user_trait::AccountType::Human,
        last_login: None,
    };
    let ada = ResourceBuilder::new("collaborator", "7", "Ada").user(user).build();
    let profile = Profile::new().with("environment", "prod");
    let project = ResourceBuilder::new("project", "p", "Billing").profile(profile).build();
    let mut rows = vec![ada, project.clone()];
    for number in 0..DEEP {
        let mut row = ResourceBuilder::new("folder", format!("f{number}"), format!("Folder {number}")).build();
        row.parent_resource_id = Some(match number {
            0 => id("project", "p"),
            _ => id("folder", format!("f{}", number - 1)),
        });
        rows.push(row);
    }
    store.put_resources(&rows).unwrap();
    let admin = EntitlementBuilder::new(&project, "project-admin", Purpose::Permission, &[]).build();
    store.put_entitlements(&[admin]).unwrap();
    let held = GrantBuilder::new(&project, "project-admin", id("collaborator", "7")).build();
    store.put_grants(vec![held]).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let answer = document(&["access", "--on", "folder:f299"], &file);
    let found = reached(self::rows(&answer, "paths"));
    assert!(found.contains("collaborator:7 above"), "{answer}");
    let told = printed(&["access", "--on", "folder:f299"], &file);
    assert!(told.contains("Folder 299 (prod)"), "{told}");
}

/// Of every agent of the demo workspace.
#[test]
fn who_gets_to_an_agent_is_whoever_may_use_it_and_whoever_holds_its_project() {
    let file = demo(V2);
    let all = document(&["resources", "-t", "genie"], file);
    let mut in_projects = 0;
    for genie in rows(&all, "resources") {
        let genie = &genie["resource"];
        let Some(project) = genie["parentResourceId"]["resource"].as_str() else {
            continue;
        };
        in_projects += 1;
        let on = |what: &str| {
            let answer = document(&["access", "--on", what], file);
            (reached(rows(&answer, "paths")), answer["unknown"].to_string())
        };
        let (found, unknown) = on(&format!("genie:{}", genie["id"]["resource"].as_str().unwrap()));
        let (holders, _) = on(&format!("project:{project}"));
        for holder in holders.iter().filter(|row| row.ends_with(" on")) {
            assert!(found.contains(&holder.replace(" on", " above")), "{holder}: {found:?}");
        }
        for scope in holders.iter().filter(|row| row.ends_with(" self-granting")) {
            assert!(found.contains(scope), "{scope}: {found:?}");
        }
        // Whoever may use it does not get into the project by that.
        assert!(holders.iter().all(|row| !row.starts_with("identity_")), "{holders:?}");
        assert!(unknown.contains("no list says what each of them uses"), "{unknown}");
    }
    assert!(in_projects > 1, "{all}");
}

#[test]
fn a_server_that_a_token_opens_says_that_its_users_stand_in_no_list() {
    let file = demo(V2);
    let all = document(&["resources", "-t", "mcp_server"], file);
    let mut open = 0;
    for server in rows(&all, "resources") {
        let server = &server["resource"];
        let id = format!("mcp_server:{}", server["id"]["resource"].as_str().unwrap());
        let answer = document(&["access", "--on", &id], file);
        let says = answer["unknown"].to_string().contains("whoever has its address is in");
        let by_token = server.to_string().contains("\"token\"");
        assert_eq!(says, by_token, "{id}: {answer}");
        open += usize::from(by_token);
    }
    assert!(open > 0, "{all}");
}

#[test]
fn the_whole_name_of_an_agent_or_a_group_is_not_a_part_of_an_accounts_name() {
    let file = demo(V2);
    let told = printed(&["access", "Support agent"], file);
    assert!(told.starts_with("Support agent "), "{told}");
    assert!(!told.contains("widget"), "{told}");
    assert!(told.contains("what it reaches when it acts"), "{told}");
    let told = printed(&["access", "Support agent widget"], file);
    assert!(told.starts_with("Support agent widget"), "{told}");
    // Its key speaks for any user that it names.
    assert!(told.contains("what it reaches when it acts"), "{told}");
}
