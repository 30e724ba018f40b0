//! Who gets to what: the library, the explorer, the page of the report, the review and the chart give one answer, and it is
//! that of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_workato::report::Snapshot;
use baton_workato::report::access::{Access, Answers};
use baton_workato::report::explore::QueryService;
use baton_workato::report::export::{self, Format, export};
use baton_workato::report::overview::Overview;
use baton_workato::report::reach::{Asker, Ground, Part, Reach};
use baton_workato::report::thing::Thing;
use baton_workato::simulator::{AccessModel, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::Value;

use super::web::{Seen, dataset, list, number, numbered, of_dataset};
use super::{demo, open, printed};
use crate::model::settings;
use crate::support::oracle::reach::{Reached, reached};
use crate::support::oracle::{Choice, Depth, Expected, Options, expect};
use crate::support::run;

/// Whether everything is to be tried. Otherwise one workspace of each kind is, and not every thing in it.
fn is_thorough() -> bool {
    std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some()
}

/// Fails with the first few differences.
#[track_caller]
fn same(what: &str, expected: &Reached, found: &Reached) {
    let missing: Vec<_> = expected.difference(found).take(8).collect();
    let extra: Vec<_> = found.difference(expected).take(8).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{what}: missing {missing:#?}, not to be there {extra:#?}"
    );
}

fn key(thing: &Thing) -> String {
    format!("{}:{}", thing.kind, thing.id)
}

fn is_account(key: &str) -> bool {
    let kind = key.split(':').next().unwrap();
    [
        "collaborator",
        "api_client",
        "identity_user",
        "genie_client",
        "api_platform_client",
    ]
    .contains(&kind)
}

fn word(text: &str) -> &'static str {
    Reach::ALL
        .iter()
        .map(|reach| reach.word())
        .find(|word| *word == text)
        .unwrap()
}

/// Every resource of a sync.
fn things(snapshot: &Snapshot) -> Vec<Thing> {
    let answers = Answers::new(snapshot).unwrap();
    let mut all = Vec::new();
    snapshot
        .reader()
        .for_each_resource(snapshot.sync_id(), &mut |resource| {
            all.push(answers.names().thing_of(&resource)?);
            Ok(())
        })
        .unwrap();
    all
}

/// What an answer says, asked from both ends.
#[derive(Default)]
struct Told {
    /// Of every thing, who gets to it.
    on: Reached,
    /// Of every account, what it gets to.
    of: Reached,
}

/// The library.
fn library(snapshot: &Snapshot) -> Told {
    let answers = Answers::new(snapshot).unwrap();
    let ground = Ground::read(answers.names(), answers.edges(), &CONVENTIONS).unwrap();
    let asker = Asker {
        answers: &answers,
        ground: &ground,
    };
    let mut told = Told::default();
    let row = |access: &Access| (key(&access.principal), key(access.target()), access.reach.word());
    for thing in things(snapshot) {
        asker
            .on(&thing, Part::Whole, None, &mut |_, _, _| Ok(true), &mut |access| {
                assert_eq!(*access.target(), thing);
                told.on.insert(row(&access));
                Ok(())
            })
            .unwrap();
        if is_account(&key(&thing)) {
            told.of
                .extend(asker.of(&thing.kind, &thing.id).unwrap().iter().map(row));
        }
    }
    told.on.retain(|(who, ..)| is_account(who));
    told
}

/// All rows of a question to the explorer.
fn asked(desk: &QueryService, side: &str, thing: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    loop {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let offset = rows.len().to_string();
        query
            .append_pair(side, thing)
            .append_pair("limit", "500")
            .append_pair("offset", &offset);
        let answer: Value = serde_json::from_slice(&desk.answer("access", &query.finish()).unwrap()).unwrap();
        rows.extend(list(&answer["items"]).iter().cloned());
        if rows.len() >= number(&answer["total"]) {
            return rows;
        }
    }
}

fn of_json(row: &Value) -> (String, String, &'static str) {
    let key = |thing: &Value| format!("{}:{}", thing["type"].as_str().unwrap(), thing["id"].as_str().unwrap());
    let reached = row.get("reached").unwrap_or(&row["right"]["resource"]);
    (
        key(&row["principal"]),
        key(reached),
        word(row["reach"].as_str().unwrap()),
    )
}

/// The explorer.
fn explorer(snapshot: &Snapshot) -> Told {
    let all = things(snapshot);
    let desk = QueryService::new(snapshot.again().unwrap(), &CONVENTIONS);
    let mut told = Told::default();
    for thing in &all {
        let key = key(thing);
        told.on.extend(asked(&desk, "on", &key).iter().map(of_json));
        if is_account(&key) {
            told.of.extend(asked(&desk, "of", &key).iter().map(of_json));
        }
    }
    told.on.retain(|(who, ..)| is_account(who));
    told
}

/// The page of the report, from what is embedded in it.
fn page(snapshot: &Snapshot) -> Told {
    let data = dataset(snapshot);
    let (numbers, seen) = (numbered(&data), of_dataset(&data));
    let ways = &data["ways"];
    let words: Vec<&'static str> = list(&ways["words"]).iter().map(|w| word(w.as_str().unwrap())).collect();
    let mut holders: BTreeMap<&str, Vec<(&str, bool)>> = BTreeMap::new();
    let mut told = Told::default();
    let on: BTreeMap<&str, &str> = (numbers.rights.iter().zip(&numbers.on))
        .map(|(right, on)| (right.as_str(), numbers.things[*on].as_str()))
        .collect();
    let seen: &Seen = &seen;
    for ((who, right), grants) in seen {
        let given = grants.iter().any(|(direct, ..)| *direct);
        if is_account(who) {
            holders.entry(right).or_default().push((who, given));
            told.on.insert((who.clone(), on[right.as_str()].to_owned(), "on"));
        }
    }
    told.of = told.on.clone();
    for entry in list(&ways["entries"]) {
        let [thing, doors, scopes, _, top] = [0, 1, 2, 3, 4].map(|n| number(&entry[n]));
        assert!(thing < numbers.stored);
        for door in list(&ways["doors"][doors]) {
            let (way, flags, right) = (words[number(&door[0])], number(&door[1]), number(&door[2]));
            for (who, given) in holders.get(numbers.rights[right].as_str()).into_iter().flatten() {
                if flags & 1 != 0 && !given {
                    continue;
                }
                let row = ((*who).to_owned(), numbers.things[thing].clone(), way);
                if top == 1 && ["inside", "self-granting"].contains(&way) {
                    told.of.insert(row.clone());
                }
                told.on.insert(row);
            }
        }
        for scope in list(&ways["scopes"][scopes]) {
            let row = (
                numbers.things[number(&scope[0])].clone(),
                numbers.things[thing].clone(),
                "scope",
            );
            if top > 0 {
                told.of.insert(row.clone());
            }
            told.on.insert(row);
        }
    }
    told
}

/// The review, as sheets and as objects.
fn reviews(snapshot: &Snapshot) -> [Reached; 2] {
    let folder = tempfile::tempdir().unwrap();
    let options = export::Options {
        policy: &baton_workato::report::policy::Policy::default(),
        folder: folder.path(),
        formats: &[Format::Csv, Format::Json],
        conventions: &CONVENTIONS,
        workspace: None,
        csv_bom: false,
        progress: &|_| {},
    };
    export(snapshot, &options).unwrap();
    let mut sheet = csv::Reader::from_path(folder.path().join("access-review.csv")).unwrap();
    let titles = sheet.headers().unwrap().clone();
    let place = |title: &str| titles.iter().position(|known| known == title).unwrap();
    let [who, what, way] = ["Person id", "Resource id", "Reach"].map(place);
    let rows = sheet.records().map(|row| row.unwrap());
    let of_sheet = rows
        .map(|row| (row[who].to_owned(), row[what].to_owned(), word(&row[way])))
        .collect();
    let objects = std::fs::read(folder.path().join("access-review.json")).unwrap();
    let objects: Value = serde_json::from_slice(&objects).unwrap();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let objects = list(&objects).iter();
    let of_objects = objects.map(|row| {
        (
            text(row, "personId"),
            text(row, "resourceId"),
            word(row["reach"].as_str().unwrap()),
        )
    });
    [of_sheet, of_objects.collect()]
}

/// The chart: how many people and accounts get to the projects it shows.
fn chart(snapshot: &Snapshot) -> BTreeMap<String, (u64, u64)> {
    let overview = Overview::of(snapshot, &CONVENTIONS).unwrap();
    let chart = overview.charts.iter().find(|chart| chart.key == "exposure");
    let rows = chart.into_iter().flat_map(|chart| &chart.rows);
    rows.map(|row| {
        let link = row.link.as_deref().unwrap();
        let id = link.strip_prefix("#/thing/project/").unwrap();
        (format!("project:{id}"), (row.values[0] + row.values[1], row.values[2]))
    })
    .collect()
}

fn counted(on: &Reached, project: &str) -> (u64, u64) {
    let of = |ways: &[&str]| {
        let rows = on
            .iter()
            .filter(|(_, thing, way)| thing == project && ways.contains(way));
        rows.map(|(who, ..)| who).collect::<BTreeSet<_>>().len() as u64
    };
    (of(&["on", "above", "inside"]), of(&["scope"]))
}

/// All of them say the same; returns it.
#[track_caller]
fn agree(what: &str, snapshot: &Snapshot) -> Told {
    let told = library(snapshot);
    for (name, other) in [("explorer", explorer(snapshot)), ("page", page(snapshot))] {
        same(&format!("{what}, {name}, who gets to a thing"), &told.on, &other.on);
        same(&format!("{what}, {name}, what somebody gets to"), &told.of, &other.of);
    }
    for (name, review) in ["csv", "json"].iter().zip(reviews(snapshot)) {
        same(&format!("{what}, review as {name}"), &told.of, &review);
    }
    for (project, count) in chart(snapshot) {
        assert_eq!(count, counted(&told.on, &project), "{what}, chart, {project}");
    }
    // From either end it is the same pair.
    let projects = |rows: &Reached| -> Reached {
        rows.iter()
            .filter(|(_, t, _)| t.starts_with("project:"))
            .cloned()
            .collect()
    };
    same(&format!("{what}, both ends"), &projects(&told.on), &projects(&told.of));
    told
}

#[test]
fn everything_that_shows_access_says_the_same_of_every_thing() {
    let shapes: &[&'static [&'static str]] = &[
        &["--env", "dev"],
        &["--legacy", "--env", "dev"],
        &["--env", "all"],
        &["--legacy", "--env", "all"],
    ];
    let most = if is_thorough() { shapes.len() } else { 2 };
    for shape in shapes.iter().take(most).copied() {
        let told = agree(&shape.join(" "), &open(demo(shape)));
        let ways: BTreeSet<&str> = told.on.iter().map(|(.., way)| *way).collect();
        assert!(
            ways.contains("scope") && ways.contains("self-granting"),
            "{shape:?}: {ways:?}"
        );
    }
}

#[test]
fn the_command_says_the_same_of_every_project() {
    for shape in [&["--env", "all"] as &[&str], &["--legacy", "--env", "all"]] {
        let file = demo(shape);
        let told = library(&open(file));
        let projects: BTreeSet<&String> = told
            .on
            .iter()
            .map(|(_, thing, _)| thing)
            .filter(|t| t.starts_with("project:"))
            .collect();
        assert!(projects.len() > 20);
        let (some_projects, some_people) = if is_thorough() { (1, 9) } else { (7, 31) };
        for project in projects.into_iter().step_by(some_projects) {
            let answer: Value =
                serde_json::from_str(&printed(&["access", "--on", project, "-o", "json"], file)).unwrap();
            let rows = list(&answer["paths"])
                .iter()
                .map(of_json)
                .filter(|(who, ..)| is_account(who));
            let expected = told.on.iter().filter(|(_, thing, _)| thing == project).cloned();
            same(project, &expected.collect(), &rows.collect());
        }
        let who: Vec<&String> = told
            .of
            .iter()
            .map(|(who, ..)| who)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for who in who.into_iter().step_by(some_people) {
            let answer: Value = serde_json::from_str(&printed(&["access", who, "-o", "json"], file)).unwrap();
            let rows = list(&answer["paths"]).iter().chain(list(&answer["reach"])).map(of_json);
            let expected: Reached = told.of.iter().filter(|(known, ..)| known == who).cloned().collect();
            same(who, &expected, &rows.collect());
            let lines = printed(&["access", who, "-o", "jsonl"], file);
            let rows = lines.lines().map(|line| of_json(&serde_json::from_str(line).unwrap()));
            same(who, &expected, &rows.collect());
        }
    }
}

/// A workspace, how it is read, and its file.
struct Read {
    workspace: Workspace,
    options: Options,
    snapshot: Snapshot,
    _folder: tempfile::TempDir,
}

async fn read(workspace: Workspace, options: Options) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("reach.c1z");
    let simulator = Simulator::start(workspace.clone(), Behavior::default()).await.unwrap();
    run::workato(settings(&simulator, &options), &file).await.unwrap();
    Read {
        snapshot: open(Path::new(&file)),
        workspace,
        options,
        _folder: folder,
    }
}

/// What the workspace says somebody gets to: by what they hold, and of projects and of what lies outside of them.
fn of_account(all: &Reached, things: &Expected) -> Reached {
    let is_loose = |thing: &str| {
        let place = &things.resources[thing];
        (thing.starts_with("folder:") || thing.starts_with("connection:")) && place.parent.is_none()
    };
    let named = |(_, thing, way): &&(String, String, &str)| match *way {
        "on" => !thing.starts_with("project_role:"),
        "inside" | "self-granting" => thing.starts_with("project:"),
        "scope" => thing.starts_with("project:") || is_loose(thing),
        _ => false,
    };
    all.iter().filter(named).cloned().collect()
}

/// Scopes that name deeper folders, folders elsewhere and nothing; a role of the workspace's own that manages access.
fn bend(workspace: &mut Workspace, seed: u64) {
    let nested = |workspace: &Workspace, env: Env, nth: usize| {
        let mut folders = workspace.folders.iter().filter(|f| f.env == env && f.parent.is_some());
        folders.nth(nth).map(|folder| folder.id)
    };
    let ids: Vec<Env> = workspace.api_clients.iter().map(|client| client.env).collect();
    for (at, env) in ids.into_iter().enumerate() {
        let here = nested(workspace, env, at);
        let elsewhere = nested(workspace, if env == Env::Dev { Env::Prod } else { Env::Dev }, at);
        let client = &mut workspace.api_clients[at];
        match (at as u64 + seed) % 6 {
            0 => (client.all_folders, client.folder_ids) = (false, Some(here.into_iter().collect())),
            1 => (client.all_folders, client.folder_ids) = (false, None),
            2 => (client.all_folders, client.folder_ids) = (false, Some(elsewhere.into_iter().collect())),
            3 => (client.all_folders, client.folder_ids) = (true, Some(here.into_iter().collect())),
            _ => {}
        }
    }
    let own: Vec<String> = workspace
        .environment_roles
        .iter()
        .filter(|r| r.kind == "custom")
        .map(|r| r.name.clone())
        .collect();
    for ((env, _, name), row) in &mut workspace.privileges {
        if own.first() == Some(name) && *env == Env::Dev {
            row.privileges
                .insert("Manage projects".to_owned(), vec!["access_control".to_owned()]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_what_the_workspace_says() {
    let everything = || Options::everything();
    let one = |env: Env| Options {
        choice: Choice::One(env),
        tokens: Env::ALL.to_vec(),
        depth: Depth::All,
        ..Options::default()
    };
    let deep = || Options {
        depth: Depth::All,
        ..Options::everything()
    };
    let mut cases = vec![
        (AccessModel::RbacV2, 1, deep()),
        (AccessModel::RbacV2, 3, one(Env::Prod)),
        (AccessModel::Legacy, 4, deep()),
        (AccessModel::Mixed, 6, everything()),
    ];
    if is_thorough() {
        cases.push((AccessModel::RbacV2, 2, everything()));
        cases.push((AccessModel::Legacy, 5, one(Env::Dev)));
    }
    let (people, projects) = if is_thorough() { (18, 4) } else { (10, 3) };
    let mut ways: BTreeSet<&str> = BTreeSet::new();
    for (model, seed, options) in cases {
        let mut workspace = Workspace::generate(&Shape {
            model,
            seed,
            people,
            projects,
            folders_per_project: 3,
            loose_folders: 2,
            groups: 3,
            custom_roles: 3,
            api_clients: 6,
            drift: seed % 2 == 0,
            ..Shape::default()
        });
        bend(&mut workspace, seed);
        let read = read(workspace, options).await;
        let what = format!("{model:?} {seed} {:?}", read.options.choice);
        let told = agree(&what, &read.snapshot);
        let things = expect(&read.workspace, &read.options);
        let expected = reached(&read.workspace, &read.options, &things);
        same(&format!("{what}, who gets to a thing"), &expected, &told.on);
        same(
            &format!("{what}, what somebody gets to"),
            &of_account(&expected, &things),
            &told.of,
        );
        ways.extend(expected.iter().map(|(.., way)| *way));
    }
    assert_eq!(ways.len(), Reach::ALL.len(), "{ways:?}");
}
