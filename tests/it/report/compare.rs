//! `diff`: what it says to people, and that its rows are those that a naive comparison finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::{GrantFilter, Reader};
use baton_workato::baton::resource;
use baton_workato::baton::secret::Secret;
use baton_workato::report::Which;
use baton_workato::report::compare::review::{Presence, Review};
use baton_workato::report::compare::{Sides, SidesQuery};
use baton_workato::simulator::{
    AccessModel, Assignment, Behavior, Env, Grantee, Person, ProjectGrant, RoleType, Shape, Simulator, Workspace,
};
use baton_workato::workato::conventions::CONVENTIONS;
use baton_workato::workato::settings::{EnvironmentChoice, Settings};
use proptest::prelude::*;
use serde_json::Value;

use super::access::{run, stderr, stdout};
use super::made::{Made, company};
use crate::support::place::Place;
use crate::support::run::{settings, workato};

/// A file with both states, one sync each.
async fn both(old: &Made, new: &Made) -> (Place, PathBuf) {
    let place = Place::new();
    let file = place.at("sync.c1z");
    old.sync(&file).await;
    new.sync(&file).await;
    (place, file)
}

/// What `diff` says about a file, without the line that names the syncs.
fn diff(file: &Path, args: &[&str]) -> String {
    let mut all = vec!["diff", "-f", file.to_str().unwrap()];
    all.extend(args);
    let output = run(&all);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap()
}

#[tokio::test]
async fn a_reviewer_reads_who_gained_and_lost_what_and_why() {
    let old = company();
    let new = company()
        .without("user:eve")
        .user("grace")
        .gives("group:ops:member", "user:grace")
        .takes("group:ops:member", "user:ada")
        .gives("role:admin:member", "user:ada")
        .gives("project:billing:write", "group:ops")
        .thing("project:new", "New", "read")
        .thing("privilege:p3", "Recipes-run", "assigned")
        .passes("privilege:p3:assigned", "role:admin")
        .edit("user:bob", |bob| bob.display_name = "Robert".to_owned());
    let (_place, file) = both(&old, &new).await;
    assert_eq!(
        diff(&file, &[]),
        "1 person joined, 1 person left, 1 person gained access, 1 person lost access, 2 things added, \
         2 things changed, grants +9 −2.\n\
         \n\
         People and accounts\n\
         ├─ + Grace <grace@acme.com> joined\n\
         │  └─ joined Ops\n\
         │     └─ through Ops: +1 × Project  read of Billing\n\
         ├─ − Eve <eve@acme.com> left\n\
         ├─ Ada <ada@acme.com>\n\
         │  ├─ gained Admin (prod)\n\
         │  │  └─ through Admin (prod): +3 × Privilege  Recipes-create, Recipes-delete, \
         Recipes-run\n\
         │  └─ left Ops\n\
         │     └─ through Ops: −1 × Project  read of Billing\n\
         └─ Robert <bob@acme.com>\n   \
            └─ name: Bob → Robert\n\
         \n\
         Group\n\
         └─ Ops\n   \
            └─ gained write of Billing\n\
         \n\
         Privilege\n\
         └─ + Recipes-run added\n\
         \n\
         Project\n\
         └─ + New added\n\
         \n\
         Role\n\
         └─ Admin (prod)\n   \
            └─ gained Recipes-run · 1 more holds it through Admin (prod)\n"
    );
}

#[tokio::test]
async fn nothing_changed_is_said_plainly() {
    let (_place, file) = both(&company(), &company()).await;
    assert_eq!(diff(&file, &[]), "Nothing changed.\n");
    let id = Reader::open(&file, None)
        .unwrap()
        .latest_full()
        .unwrap()
        .unwrap()
        .sync_id;
    let text = diff(&file, &["--base-sync-id", &id]);
    assert_eq!(text, "Nothing changed: there is no newer sync.\n");
    let json = run(&["diff", "-f", file.to_str().unwrap(), "-o", "json", "--fail-if-gained"]);
    assert_eq!(json.status.code(), Some(0));
    let json: Value = serde_json::from_str(&stdout(&json)).unwrap();
    let empty = serde_json::json!({"created": [], "deleted": [], "modified": []});
    assert_eq!(
        json,
        serde_json::json!({"resources": empty, "entitlements": empty, "grants": empty})
    );
}

#[tokio::test]
async fn activity_alone_is_no_change_of_access() {
    let at = |time| Made::default().account("ada", "Ada", Some("a@acme.com"), Some(time));
    let (_place, file) = both(&at("2026-01-01T00:00:00Z"), &at("2026-02-01T00:00:00Z")).await;
    assert_eq!(
        diff(&file, &[]),
        "Nothing changed.\n\nOnly last activity, counts and the like changed: 1 × User.\n"
    );
}

#[tokio::test]
async fn given_and_following_at_once_is_told() {
    let old = company();
    let new = company().gives("project:billing:read", "user:ada");
    let (_place, file) = both(&old, &new).await;
    let text = diff(&file, &[]);
    assert!(
        text.contains("└─ was given read of Billing, held before through something else\n"),
        "{text}"
    );
    let (_place, file) = both(&new, &old).await;
    let text = diff(&file, &[]);
    assert!(
        text.contains("└─ was taken read of Billing, still held through something else\n"),
        "{text}"
    );
}

#[tokio::test]
async fn the_two_syncs_are_chosen_as_asked() {
    let (place, file) = both(&company(), &company().user("grace")).await;
    let other = place.at("other.c1z");
    company().user("zoe").sync(&other).await;
    let (file, other) = (file.to_str().unwrap(), other.to_str().unwrap());
    let ids: Vec<String> = Reader::open(Path::new(file), None)
        .unwrap()
        .runs()
        .unwrap()
        .into_iter()
        .map(|run| run.sync_id)
        .collect();
    let says = |args: &[&str]| stdout(&run(args));
    assert!(says(&["diff", file]).contains("+ Grace"));
    assert!(says(&["diff", file, other]).contains("+ Zoe"));
    assert!(says(&["diff", other, file]).contains("− Zoe"));
    let back = says(&[
        "diff",
        "-f",
        file,
        "--base-sync-id",
        &ids[1],
        "--applied-sync-id",
        &ids[0],
    ]);
    assert!(back.contains("− Grace"), "{back}");
    assert!(says(&["diff", "-f", file, "--since", "0s"]).contains("Nothing changed: there is no newer sync."));
    for (args, code, words) in [
        (&["diff", other][..], 5, "there is nothing older yet to compare it with"),
        (&["diff", other, "--fail-if-gained"], 5, "holds one full sync, of 20"),
        (
            &["diff", other, "--since", "7d", "--fail-if-gained"],
            5,
            "it holds one, of 20",
        ),
        (
            &["diff", file, "--applied-sync-id", &ids[0]],
            5,
            "there is no finished full sync before",
        ),
        (&["diff", file, "--since", "7d"], 5, "it holds 2, from 20"),
        (&["diff", file, "--since", "7d"], 5, "--keep N (BATON_KEEP_SYNC_COUNT)"),
        (
            &["diff", file, "--since", "2001-01-01"],
            5,
            "compare with an older file",
        ),
        (&["diff", file, "--since", "yesterdayish"], 2, "is not a time"),
        (
            &["diff", file, "--since", "1d", "--base-sync-id", "x"],
            2,
            "both name the older sync",
        ),
        (&["diff", file, "--base-sync-id", "x"], 5, "there is no sync x"),
        (&["diff", "no-such.c1z"], 5, "there is no such file"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
}

#[tokio::test]
async fn a_pipeline_learns_that_somebody_gained_access() {
    let more = company().gives("project:billing:write", "user:eve");
    let (_place, file) = both(&company(), &more).await;
    for form in ["table", "json", "jsonl", "csv"] {
        let output = run(&["diff", "-f", file.to_str().unwrap(), "--fail-if-gained", "-o", form]);
        assert_eq!(output.status.code(), Some(9), "{form}");
        assert!(
            stderr(&output).contains("people gained access: 1 new grant\n"),
            "{}",
            stderr(&output)
        );
    }
    let (_place, file) = both(&more, &company()).await;
    let output = run(&["diff", "-f", file.to_str().unwrap(), "--fail-if-gained"]);
    assert_eq!(output.status.code(), Some(0));
}

/// Ids by what became of them, as the program says in JSON.
fn ids(file: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let output = run(&["diff", "-f", file.to_str().unwrap(), "-o", "json"]);
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let mut found = BTreeMap::new();
    for kind in ["resources", "entitlements", "grants"] {
        for fate in ["created", "deleted", "modified"] {
            let rows = json[kind][fate].as_array().unwrap();
            let id = |row: &Value| match &row["id"] {
                Value::String(id) => id.clone(),
                id => format!(
                    "{}:{}",
                    id["resourceType"].as_str().unwrap(),
                    id["resource"].as_str().unwrap()
                ),
            };
            let ids: BTreeSet<String> = rows.iter().map(id).collect();
            assert_eq!(ids.len(), rows.len());
            if !ids.is_empty() {
                found.insert(format!("{kind} {fate}"), ids);
            }
        }
    }
    found
}

/// The rows of one sync: what each says, without the copies of other rows, by kind and id.
fn everything(reader: &Reader, sync_id: &str) -> BTreeMap<(&'static str, String), String> {
    let mut rows = BTreeMap::new();
    let on = |r: &Option<baton_workato::baton::proto::v2::Resource>| {
        r.as_ref().and_then(|r| r.id.as_ref()).map(resource::external_id)
    };
    reader
        .for_each_resource(sync_id, &mut |r| {
            rows.insert(
                ("resources", resource::external_id(r.id.as_ref().unwrap())),
                format!("{r:?}"),
            );
            Ok(())
        })
        .unwrap();
    reader
        .for_each_entitlement(sync_id, &mut |e| {
            let said = format!(
                "{:?} {} {} {} {:?}",
                on(&e.resource),
                e.slug,
                e.display_name,
                e.description,
                e.annotations
            );
            rows.insert(("entitlements", e.id.clone()), said);
            Ok(())
        })
        .unwrap();
    reader
        .for_each_grant_where(sync_id, &GrantFilter::default(), &mut |g| {
            let said = format!(
                "{:?} {:?} {:?}",
                on(&g.grant.principal),
                g.grant.sources,
                g.grant.annotations
            );
            rows.insert(("grants", g.grant.id.clone()), format!("{said} {:?}", g.expansion));
            Ok(())
        })
        .unwrap();
    rows
}

/// The same by looking at every row of both syncs.
fn naive(file: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let reader = Reader::open(file, None).unwrap();
    let runs = reader.runs().unwrap();
    let (old, new) = (
        everything(&reader, &runs[0].sync_id),
        everything(&reader, &runs[1].sync_id),
    );
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |(kind, id): &(&str, String), fate: &str| {
        found.entry(format!("{kind} {fate}")).or_default().insert(id.clone());
    };
    for (key, said) in &new {
        match old.get(key) {
            None => note(key, "created"),
            Some(before) if before != said => note(key, "modified"),
            Some(_) => {}
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(key)) {
        note(key, "deleted");
    }
    found
}

/// A workspace from a few choices.
fn some(choices: &[u8; 6]) -> Made {
    let [people, members, holders, direct, passing, renamed] = *choices;
    let mut made = company().thing("group:dev", "Dev", "member");
    let has = |bits: u8, i: usize| bits >> i & 1 == 1;
    let names = ["finn", "gus", "hal"];
    for (i, name) in names.iter().enumerate().filter(|(i, _)| has(people, *i)) {
        made = made.user(name);
        let who = format!("user:{name}");
        if has(members, i) {
            made = made.gives("group:dev:member", &who);
        }
        if has(holders, i) {
            made = made.gives("role:admin:member", &who);
        }
        if has(direct, i) {
            made = made.gives("project:billing:read", &who);
        }
    }
    if has(passing, 0) {
        made = made.passes("project:billing:write", "group:dev");
    }
    if has(passing, 1) {
        made = made.passes("group:ops:member", "group:dev");
    }
    if has(renamed, 0) {
        made = made.edit("group:ops", |ops| ops.display_name = "Operations".to_owned());
    }
    made
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rows_are_those_that_a_naive_comparison_finds(old: [u8; 6], new: [u8; 6]) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (_place, file) = runtime.block_on(both(&some(&old), &some(&new)));
        let expected = naive(&file);
        prop_assert_eq!(&ids(&file), &expected);

        let sides = Sides::open(&SidesQuery { file: Which::latest(&file), base_file: None, base_sync: None, since: None }).unwrap();
        let review = Review::of(&sides, &CONVENTIONS).unwrap();
        let count = |what: &str| expected.get(what).map_or(0, BTreeSet::len) as u64;
        prop_assert_eq!(review.grants.created, count("grants created"));
        prop_assert_eq!(review.grants.deleted, count("grants deleted"));
        prop_assert_eq!(review.grants.modified, count("grants modified"));
        // Every grant to a person is told, as given, as following, or as reaching further.
        let told = |gained: bool| -> u64 {
            let all = review.people.iter().chain(&review.things);
            all.flat_map(|s| if gained { s.gained.iter().map(move |b| (s, b)).collect::<Vec<_>>() } else { s.lost.iter().map(move |b| (s, b)).collect() })
                .map(|(s, b)| u64::from(b.given && s.is_person) + b.follows.iter().filter(|_| s.is_person).map(|f| f.count).sum::<u64>() + b.reaches)
                .sum()
        };
        // What follows from a role that gives more is counted once, where it gives more.
        prop_assert!(told(true) <= review.gained_by_people);
        prop_assert!(told(false) <= review.lost_by_people);
        let joined = review.people_who(Presence::Added);
        let new_people = expected.get("resources created").map_or(0, |ids| ids.iter().filter(|id| id.starts_with("user:")).count());
        prop_assert_eq!(joined, new_people);
    }
}

#[test]
fn files_of_other_writers_are_compared() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (old, new) = (
        golden.join("legacy/published-connector.c1z"),
        golden.join("rbac-v2/published-connector.c1z"),
    );
    let output = run(&["diff", old.to_str().unwrap(), new.to_str().unwrap(), "-o", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let tsv = |file: &Path| -> BTreeSet<String> {
        let text = std::fs::read_to_string(file.with_file_name("grants.tsv")).unwrap();
        text.lines()
            .skip(1)
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .collect()
    };
    let (before, after) = (tsv(&old), tsv(&new));
    let told = |fate: &str| -> BTreeSet<String> {
        let rows = stdout(&output);
        let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.filter(|row| row["kind"] == "grant" && row["change"] == fate)
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(told("created"), after.difference(&before).cloned().collect());
    assert_eq!(told("deleted"), before.difference(&after).cloned().collect());
    for file in [old, new] {
        let output = run(&["diff", file.to_str().unwrap(), file.to_str().unwrap()]);
        assert!(stdout(&output).contains("Nothing changed"), "{}", stdout(&output));
    }
}

async fn sync(simulator: &Simulator, file: &Path) {
    let settings = Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        test_token: Some(Secret::new(simulator.token(Env::Test))),
        prod_token: Some(Secret::new(simulator.token(Env::Prod))),
        environment: EnvironmentChoice::All,
        ..settings(&simulator.base_url())
    };
    workato(settings, file).await.unwrap();
}

/// A change made in Workato is told in the words of Workato.
#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_was_edited_between_two_syncs() {
    let shape = Shape {
        environments: vec![Env::Dev, Env::Prod],
        ..Shape::small(AccessModel::RbacV2)
    };
    let mut workspace = Workspace::generate(&shape);
    workspace.people.truncate(4);
    for (person, name) in workspace.people.iter_mut().zip(["Ada", "Bob", "Eve", "Finn"]) {
        person.name = Some(name.to_owned());
        person.email = Some(format!("{}@acme.com", name.to_lowercase()));
        person.grant_type = Some("team".to_owned());
        person.roles.clear();
    }
    let known: BTreeSet<u64> = workspace.people.iter().map(|p| p.id).collect();
    for group in &mut workspace.groups {
        group.members.clear();
    }
    workspace
        .project_grants
        .retain(|grant| matches!(&grant.holder, Grantee::User(id) if known.contains(id)));
    workspace.project_grants.clear();
    workspace.drift.clear();
    let role = |env: Env, role: &str| Assignment {
        env,
        role: role.to_owned(),
        role_type: Some(RoleType::Environment),
    };
    // Somebody holds each role before, so that what the roles give does not change.
    workspace.people[1].roles = vec![
        role(Env::Dev, "Environment admin"),
        role(Env::Prod, "Environment admin"),
    ];
    workspace.people[2].roles = vec![
        role(Env::Dev, "Environment admin"),
        role(Env::Prod, "Environment admin"),
    ];
    let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
    let place = Place::new();
    let file = place.at("sync.c1z");
    sync(&simulator, &file).await;
    simulator.change(|workspace| {
        workspace.people[0].roles = vec![role(Env::Prod, "Environment admin")];
        workspace.people[2].roles = vec![role(Env::Dev, "Environment admin")];
        let gone: Person = workspace.people.remove(3);
        let (ada, bob) = (workspace.people[0].id, workspace.people[1].id);
        assert_eq!(gone.name.as_deref(), Some("Finn"));
        let group = workspace.groups.iter_mut().find(|g| !g.system).unwrap();
        group.name = "Finance builders".to_owned();
        group.members.push(bob);
        let project = workspace.projects.iter().find(|p| p.env == Env::Dev).unwrap().id;
        let role = workspace.project_roles[0].name.clone();
        workspace.project_grants.push(ProjectGrant {
            id: "pg-1".to_owned(),
            project,
            role,
            holder: Grantee::User(ada),
        });
    });
    sync(&simulator, &file).await;
    let text = diff(&file, &[]);
    let (summary, _) = text.split_once('\n').unwrap();
    assert!(
        summary.starts_with("1 person left, 2 people gained access, 1 person lost access"),
        "{text}"
    );
    for line in [
        "├─ − Finn <finn@acme.com> left\n",
        "├─ Ada <ada@acme.com>\n",
        "gained Environment admin (prod)\n",
        "through Environment admin (prod): +",
        "lost Environment admin (prod)\n",
        "through Environment admin (prod): −",
        "joined Finance builders\n",
        "left All collaborators\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let ada = text.split("├─ Ada").nth(1).unwrap().split("Bob <").next().unwrap();
    assert!(ada.contains(" of ") && ada.contains(" (dev)"), "{ada}");
}
