//! Groups in groups in groups, however many and however long: who has access is told, and of the ways as many as
//! somebody can follow. Files are made by the library's own writer, with the grants that expansion would derive.

use std::collections::BTreeSet;

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::EntitlementBuilder;
use baton_workato::baton::entitlement::Purpose;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{Profile, ResourceBuilder, User, id};
use baton_workato::report::explore::QueryService;
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::Value;

use super::{open, printed, program, refused};
use crate::c1z::{Place, types};

/// Roles, which of them are passed on to whom, and who was given which.
pub struct Nested {
    roles: Vec<String>,
    /// Holders of the first get the second.
    edges: Vec<(usize, usize)>,
    people: usize,
    /// What every person was given.
    given: Vec<usize>,
}

impl Nested {
    /// Every role of a layer leads to every one of the next; everybody was given those of the first.
    pub fn layers(layers: usize, wide: usize, people: usize) -> Nested {
        let name = |at: usize| format!("r{:04}-{}", at / wide, at % wide);
        let between = |layer: usize| {
            let pairs = (0..wide).flat_map(move |from| (0..wide).map(move |to| (from, to)));
            pairs.map(move |(from, to)| ((layer - 1) * wide + from, layer * wide + to))
        };
        Nested {
            roles: (0..layers * wide).map(name).collect(),
            edges: (1..layers).flat_map(between).collect(),
            people,
            given: (0..wide).collect(),
        }
    }

    /// As layers of one.
    pub fn chain(long: usize, people: usize) -> Nested {
        Nested::layers(long, 1, people)
    }

    /// Each role leads to the next, and the last to the first.
    pub fn circle(long: usize, people: usize) -> Nested {
        let mut made = Nested::chain(long, people);
        made.edges.push((long - 1, 0));
        made
    }

    /// Every role leads to every other one.
    pub fn knot(size: usize, people: usize) -> Nested {
        let mut made = Nested::layers(1, size, people);
        made.edges = (0..size)
            .flat_map(|from| (0..size).map(move |to| (from, to)))
            .filter(|(from, to)| from != to)
            .collect();
        made.given = vec![0];
        made
    }

    /// One role leads to many: a hub.
    pub fn hub(ends: usize, people: usize) -> Nested {
        let mut made = Nested::layers(1, ends + 1, people);
        made.edges = (1..=ends).map(|end| (0, end)).collect();
        made.given = vec![0];
        made
    }

    /// What leads to each role, as far as a person gets it: all that can be reached from what was given.
    fn sources(&self) -> Vec<Option<BTreeSet<usize>>> {
        let mut out = vec![Vec::new(); self.roles.len()];
        for (from, to) in &self.edges {
            out[*from].push(*to);
        }
        let mut sources: Vec<Option<BTreeSet<usize>>> = vec![None; self.roles.len()];
        let mut open = self.given.clone();
        for given in &self.given {
            sources[*given] = Some(BTreeSet::new());
        }
        while let Some(from) = open.pop() {
            for to in &out[from] {
                if sources[*to].is_none() {
                    open.push(*to);
                }
                sources[*to].get_or_insert_default().insert(from);
            }
        }
        for given in &self.given {
            let own = sources[*given].as_mut().unwrap();
            if !own.is_empty() {
                own.insert(*given);
            }
        }
        sources
    }

    /// A finished sync of it on top of what is in the file; with the first `people` of everybody.
    fn sync(&self, place: &Place, people: usize) {
        let mut store = place.open();
        store.begin_sync(SyncType::Full).unwrap();
        store.put_resource_types(&types()).unwrap();
        let user = |number: usize| {
            let email = format!("p{number}@acme.com");
            ResourceBuilder::new("user", format!("p{number}"), format!("Person {number}"))
                .profile(Profile::new().with("id", number as i64))
                .user(User {
                    email: Some(email.clone()),
                    login: Some(email),
                    account_type: v2::user_trait::AccountType::Human,
                    last_login: None,
                })
                .build()
        };
        let all: Vec<_> = (0..self.people).map(user).collect();
        store.put_resources(&all).unwrap();
        let roles: Vec<v2::Resource> = self
            .roles
            .iter()
            .map(|name| {
                ResourceBuilder::new("role", name.as_str(), name.as_str())
                    .role()
                    .build()
            })
            .collect();
        store.put_resources(&roles).unwrap();
        let offers: Vec<_> = roles
            .iter()
            .map(|role| EntitlementBuilder::new(role, "has", Purpose::Assignment, &[&types()[0]]).build())
            .collect();
        store.put_entitlements(&offers).unwrap();
        let right = |role: usize| format!("role:{}:has", self.roles[role]);
        let mut grants: Vec<v2::Grant> = self
            .edges
            .iter()
            .map(|(from, to)| {
                GrantBuilder::new(&roles[*to], "has", id("role", self.roles[*from].as_str()))
                    .annotate(&v2::GrantExpandable {
                        entitlement_ids: vec![right(*from)],
                        ..Default::default()
                    })
                    .build()
            })
            .collect();
        for (role, sources) in self.sources().into_iter().enumerate() {
            let Some(sources) = sources else { continue };
            let named = sources.iter().map(|from| (right(*from), Default::default())).collect();
            for person in 0..people {
                let made = GrantBuilder::new(&roles[role], "has", id("user", format!("p{person}")));
                let is_given = self.given.contains(&role);
                let mut grant = if is_given { made } else { made.immutable() }.build();
                if !sources.is_empty() {
                    grant.sources = Some(v2::GrantSources {
                        sources: std::collections::BTreeMap::clone(&named),
                    });
                }
                grants.push(grant);
            }
        }
        store.put_grants(grants).unwrap();
        store.finish_sync("{}").unwrap();
        store.save().unwrap();
    }

    pub fn file(&self) -> Place {
        let place = Place::new();
        self.sync(&place, self.people);
        place
    }
}

fn json(args: &[&str], place: &Place) -> Value {
    serde_json::from_str(&printed(args, &place.file)).unwrap()
}

fn rows(answer: &Value) -> &[Value] {
    answer["paths"].as_array().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// How many steps a way has: those that are told and those that are left out.
fn length(path: &Value) -> usize {
    let steps = path.as_array().unwrap().iter();
    steps
        .map(|step| 1 + step.get("leftOut").map_or(0, |n| number(n) as usize))
        .sum()
}

#[test]
fn fourteen_layers_of_four_are_told_and_their_ways_are_counted() {
    let place = Nested::layers(14, 4, 3).file();
    let answer = json(&["access", "p0@acme.com", "-o", "json"], &place);
    assert_eq!(rows(&answer).len(), 56);
    for row in rows(&answer) {
        let name = row["right"]["resource"]["name"].as_str().unwrap();
        let layer: usize = name[1..5].parse().unwrap();
        let ways = 4u64.pow(u32::try_from(layer).unwrap());
        let told = row["paths"].as_array().unwrap();
        assert_eq!(told.len() as u64 + number(&row["morePaths"]), ways, "{name}");
        assert!(row.get("morePathsAtLeast").is_none(), "{name}");
        assert!(told.iter().all(|path| length(path) == layer + 1), "{name}");
        assert_eq!(row["direct"], layer == 0);
    }
    let table = printed(&["access", "p0@acme.com", "-o", "csv"], &place.file);
    assert_eq!(table.lines().count(), 57);
    assert!(table.contains(",67108856,"), "4^13 ways, eight of them told");
    let tree = printed(&["access", "p0@acme.com"], &place.file);
    assert!(tree.contains("one of 67,108,864 ways to it"), "{tree}");
    let who = printed(&["access", "--on", "r0013-2"], &place.file);
    assert!(
        who.contains("3 people can reach it") && who.contains("and 67,108,863 more ways"),
        "{who}"
    );
}

#[test]
fn a_condition_sees_every_way_and_not_the_few_that_are_told() {
    let place = Nested::layers(6, 4, 2).file();
    for at in 0..4 {
        for layer in 0..5 {
            let through = format!("through = 'r{layer:04}-{at}'");
            let (code, stderr) = refused(
                &["access", "p0@acme.com", "-r", "r0005-1", "--fail-if", &through],
                &place.file,
            );
            assert_eq!(code, 9, "{through}: {stderr}");
            // Everything of later layers, for both.
            let (code, stderr) = refused(&["access", "--fail-if", &through], &place.file);
            assert_eq!(code, 9, "{through}: {stderr}");
            let count = (5 - layer) * 4 * 2;
            assert!(
                stderr.contains(&format!("holds for {count} grants")),
                "{through}: {stderr}"
            );
        }
    }
    let through = "through = 'r0005-2'";
    let (code, _) = refused(&["access", "p0@acme.com", "--fail-if", through], &place.file);
    assert_eq!(code, 0);
}

#[test]
fn a_long_chain_is_cut_and_the_cut_is_said() {
    const LONG: usize = 300;
    let place = Nested::chain(LONG, 1).file();
    let answer = json(&["access", "p0@acme.com", "-o", "json"], &place);
    assert_eq!(rows(&answer).len(), LONG);
    for row in rows(&answer) {
        let name = row["right"]["resource"]["name"].as_str().unwrap();
        let layer: usize = name[1..5].parse().unwrap();
        let [path] = row["paths"].as_array().unwrap().as_slice() else {
            panic!("{row}")
        };
        assert_eq!((length(path), number(&row["morePaths"])), (layer + 1, 0));
        let steps = path.as_array().unwrap();
        assert!(steps.len() <= 12);
        assert_eq!(steps[0]["resource"]["name"], "r0000-0");
        assert_eq!(steps.last().unwrap()["id"], row["right"]["id"]);
    }
    let last = format!("r{:04}-0", LONG - 1);
    let who = printed(&["access", "--on", &last], &place.file);
    assert!(who.contains("1 person can reach it"), "{who}");
    assert!(
        who.contains(&format!("through r0000-0 → … {} more steps … → r", LONG - 11)),
        "{who}"
    );
    let tree = printed(&["access", "p0@acme.com", "--all"], &place.file);
    assert!(tree.contains(&format!("… {} more steps … ", LONG - 11)), "{tree}");
    assert!(tree.lines().all(|line| line.chars().count() < 200));
}

/// Circles: everybody who gets something is told, and where not every way was followed that is said.
#[test]
fn circles_hide_nobody() {
    for (made, least) in [
        (Nested::circle(6, 2), false),
        (Nested::knot(5, 2), false),
        (Nested::circle(200, 2), true),
        (Nested::knot(40, 2), true),
    ] {
        let size = made.roles.len();
        let place = made.file();
        let answer = json(&["access", "p1@acme.com", "-o", "json"], &place);
        assert_eq!(rows(&answer).len(), size);
        for row in rows(&answer) {
            assert!(!row["paths"].as_array().unwrap().is_empty(), "{row}");
            for path in row["paths"].as_array().unwrap() {
                assert_eq!(path[0]["resource"]["name"], made.roles[0]);
            }
            assert_eq!(row.get("morePathsAtLeast").is_some(), least, "{row}");
        }
        let last = &made.roles[size - 1];
        let who = printed(&["access", "--on", last], &place.file);
        assert!(who.contains("2 people can reach it"), "{who}");
        assert_eq!(
            who.contains("at least") || who.contains("perhaps more ways"),
            least,
            "{who}"
        );
        let table = printed(&["access", "--on", last, "-o", "csv"], &place.file);
        assert_eq!(table.contains(",at least "), least, "{table}");
    }
}

#[test]
fn every_format_is_written_and_the_explorer_says_the_same() {
    for made in [
        Nested::layers(14, 4, 2),
        Nested::chain(150, 2),
        Nested::knot(30, 2),
        Nested::hub(100, 20),
    ] {
        let place = made.file();
        let folder = place.folder.path().join("out");
        program()
            .args(["export", "--format", "csv,xlsx,json,jsonl,dot,html,sqlite", "-f"])
            .arg(&place.file)
            .arg("--out")
            .arg(&folder)
            .assert()
            .success();
        let review = std::fs::read_to_string(folder.join("access-review.jsonl")).unwrap();
        let mut reviewed = BTreeSet::new();
        for line in review.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            assert!(reviewed.insert((text("personId"), text("entitlementId"))));
        }
        let desk = QueryService::new(open(&place.file), &CONVENTIONS);
        let mut explored = BTreeSet::new();
        for person in 0..made.people {
            let question = format!("of=user:p{person}&limit=500");
            let answer: Value = serde_json::from_slice(&desk.answer("access", &question).unwrap()).unwrap();
            for row in answer["items"].as_array().unwrap() {
                let right = row["right"]["id"].as_str().unwrap();
                assert!(explored.insert((format!("user:p{person}"), right.to_owned())));
                assert!(!row["paths"].as_array().unwrap().is_empty());
            }
        }
        assert_eq!(reviewed, explored);
        assert_eq!(explored.len(), made.people * made.roles.len());
    }
}

#[test]
fn a_comparison_knows_the_cause_at_the_end_of_a_chain() {
    let made = Nested::chain(120, 2);
    let place = Place::new();
    made.sync(&place, 1);
    made.sync(&place, 2);
    let text = printed(&["diff", "-o", "json"], &place.file);
    assert!(text.contains("r0119-0"));
    let review = printed(&["diff"], &place.file);
    assert!(review.contains("Person 1") && !review.contains("Person 0"), "{review}");
    assert!(!review.contains("does not say"), "{review}");
}

/// Files as big as somebody sends them: every row is there, and nobody waits for ever. Small ones but where everything is
/// to be tried.
#[test]
fn every_row_of_a_big_file_is_answered() {
    let is_all = std::env::var_os("BATON_TEST_EXHAUSTIVE").is_some();
    let of = |small, big| if is_all { big } else { small };
    for (name, made) in [
        ("chain", Nested::chain(of(400, 10_000), 1)),
        ("layers", Nested::layers(of(8, 20), 10, of(5, 100))),
        ("wide", Nested::layers(2, of(60, 700), 2)),
        ("hub", Nested::hub(of(100, 1_000), of(50, 1_000))),
        ("knot", Nested::knot(of(30, 300), 3)),
        ("circle", Nested::circle(of(300, 5_000), 2)),
    ] {
        let place = made.file();
        let roles = made.roles.len();
        let count = |args: &[&str]| printed(args, &place.file).lines().count();
        let last = format!("role:{}", made.roles[roles - 1]);
        let began = std::time::Instant::now();
        assert_eq!(count(&["access", "user:p0", "-o", "jsonl"]), roles, "{name}");
        eprintln!("{name}: access WHO {:?}", began.elapsed());
        let leading = made.edges.iter().filter(|(_, to)| *to == roles - 1).count();
        assert_eq!(
            count(&["access", "--on", &last, "-o", "jsonl"]),
            made.people + leading,
            "{name}"
        );
        eprintln!("{name}: access --on {:?}", began.elapsed());
        let folder = place.folder.path().join("out");
        program()
            .args(["export", "--format", "csv,html", "-f"])
            .arg(&place.file)
            .arg("--out")
            .arg(&folder)
            .assert()
            .success();
        let review = std::fs::read_to_string(folder.join("access-review.csv")).unwrap();
        assert_eq!(review.lines().count(), 1 + made.people * roles, "{name}");
        eprintln!("{name}: export {:?}", began.elapsed());
        if let Some(kept) = std::env::var_os("BATON_WALKS_DIR") {
            std::fs::copy(&place.file, std::path::Path::new(&kept).join(format!("{name}.c1z"))).unwrap();
        }
    }
}
