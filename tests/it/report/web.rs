//! The page in one file: what is embedded says what the sync says, grant by grant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use baton_workato::baton::annotation;
use baton_workato::baton::c1z::{GrantFilter, Store, SyncType};
use baton_workato::baton::proto::v2;
use baton_workato::report::Snapshot;
use baton_workato::report::access::Answers;
use baton_workato::report::web::dataset::{Dataset, Most};
use baton_workato::report::web::write_report;
use baton_workato::workato::conventions::CONVENTIONS;
use serde_json::{Value, json};

use super::{demo, open};

/// Grants as a reader of the page sees them: principal and entitlement to whether they are direct, whether they are
/// immutable, what they name as sources, and their ids.
pub type Seen = BTreeMap<(String, String), BTreeSet<(bool, bool, Vec<String>, String)>>;

fn of_file(snapshot: &Snapshot) -> Seen {
    let mut seen = Seen::new();
    snapshot
        .reader()
        .for_each_grant(snapshot.sync_id(), &mut |row| {
            let grant = row.grant;
            let (kind, id) = baton_workato::baton::resource::key(grant.principal.as_ref().unwrap());
            let entitlement = grant.entitlement.as_ref().unwrap().id.clone();
            let sources: Vec<String> = grant.sources.iter().flat_map(|s| s.sources.keys().cloned()).collect();
            let sources: Vec<String> = sources.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            let direct = sources.is_empty() || sources.contains(&entitlement);
            let immutable = grant.annotations.iter().any(|a| a.type_url.ends_with("GrantImmutable"));
            seen.entry((format!("{kind}:{id}"), entitlement))
                .or_default()
                .insert((direct, immutable, sources, grant.id));
            Ok(())
        })
        .unwrap();
    seen
}

/// A column as the page unpacks it.
fn column(packed: &Value) -> Vec<Value> {
    match packed {
        Value::Array(values) => values.clone(),
        packed => match packed.get("n") {
            Some(n) => vec![packed["d"][0].clone(); n.as_u64().unwrap() as usize],
            None => list(&packed["i"])
                .iter()
                .map(|at| packed["d"][at.as_u64().unwrap() as usize].clone())
                .collect(),
        },
    }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub fn number(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

/// What has a number in the embedded data.
pub struct Numbered {
    /// Resources, ghosts last: `project:1003`.
    pub things: Vec<String>,
    /// The numbers of their types.
    kinds: Vec<usize>,
    /// How many of them are in the file.
    pub stored: usize,
    /// Ids of entitlements.
    pub rights: Vec<String>,
    /// What each is on.
    pub on: Vec<usize>,
}

/// Unpacks what has a number.
pub fn numbered(data: &Value) -> Numbered {
    let types: Vec<&str> = list(&data["types"]).iter().map(|t| t[0].as_str().unwrap()).collect();
    let (mut things, mut kinds) = (Vec::new(), Vec::new());
    let mut put = |kind: usize, id: &Value| {
        things.push(format!("{}:{}", types[kind], id.as_str().unwrap()));
        kinds.push(kind);
    };
    for block in list(&data["blocks"]) {
        let ids = column(&block["id"]);
        assert_eq!(ids.len(), number(&block["size"]));
        ids.iter().for_each(|id| put(number(&block["type"]), id));
    }
    let ghosts = list(&data["ghosts"]);
    ghosts.iter().for_each(|ghost| put(number(&ghost[0]), &ghost[1]));
    let table = &data["entitlements"];
    let slugs = column(&table["slug"]);
    let on: Vec<usize> = list(&table["resource"]).iter().map(number).collect();
    let rights = column(&table["id"])
        .iter()
        .enumerate()
        .map(|(n, id)| match id.as_str() {
            Some(id) => id.to_owned(),
            None => format!("{}:{}", things[on[n]], slugs[n].as_str().unwrap()),
        })
        .collect();
    Numbered {
        stored: things.len() - ghosts.len(),
        things,
        kinds,
        rights,
        on,
    }
}

/// What the page makes of the embedded data, written anew from its description and not from its source.
pub fn of_dataset(data: &Value) -> Seen {
    let Numbered {
        things, kinds, rights, ..
    } = numbered(data);
    let name = |n: usize| things[n].clone();

    /// Whether it is direct, whether it is immutable, and sources, for a pair that no odd grant is of.
    type Plain = BTreeMap<(usize, usize), (bool, bool, BTreeSet<usize>)>;
    let mut plain = Plain::new();
    for group in list(&data["direct"]) {
        let (right, immutable) = (number(&group[0]), number(&group[1]) == 1);
        let mut principal = 0;
        for step in &list(group)[2..] {
            principal += number(step);
            plain.insert((principal, right), (true, immutable, BTreeSet::new()));
        }
    }
    let mut seen = Seen::new();
    let mut odd: BTreeMap<(usize, usize), bool> = BTreeMap::new();
    for grant in list(&data["odd"]) {
        let (principal, right) = (number(&grant[0]), number(&grant[1]));
        let mut sources: Vec<String> = list(&grant[4]).iter().map(|s| rights[number(s)].clone()).collect();
        sources.sort();
        let direct = sources.is_empty() || sources.contains(&rights[right]);
        let id = grant[2]
            .as_str()
            .map_or_else(|| format!("{}:{}", rights[right], name(principal)), str::to_owned);
        *odd.entry((principal, right)).or_default() |= direct;
        seen.entry((name(principal), rights[right].clone()))
            .or_default()
            .insert((direct, grant[3] == 1, sources, id));
    }
    let absent: BTreeSet<(usize, usize)> = list(&data["absent"])
        .iter()
        .map(|a| (number(&a[0]), number(&a[1])))
        .collect();
    // Round by round until nothing is new: slow, plain, and unlike the page.
    loop {
        let mut new: Vec<((usize, usize), usize)> = Vec::new();
        let held: Vec<((usize, usize), bool)> = plain
            .iter()
            .map(|(pair, plain)| (*pair, plain.0))
            .chain(odd.iter().map(|(pair, direct)| (*pair, *direct)))
            .collect();
        let mut by_source: BTreeMap<usize, Vec<&Value>> = BTreeMap::new();
        for edge in list(&data["edges"]) {
            by_source.entry(number(&edge[0])).or_default().push(edge);
        }
        for ((principal, source), direct) in held {
            for edge in by_source.get(&source).map_or(&[][..], Vec::as_slice) {
                let does = number(&edge[2]);
                let only = list(&edge[3]);
                let passes = only.is_empty() || only.iter().any(|kind| number(kind) == kinds[principal]);
                let pair = (principal, number(&edge[1]));
                let stops = odd.contains_key(&pair) || absent.contains(&pair);
                if does & 2 != 0 || !passes || stops || (does & 1 != 0 && !direct) {
                    continue;
                }
                if !plain.get(&pair).is_some_and(|known| known.2.contains(&source)) {
                    new.push((pair, source));
                }
            }
        }
        if new.is_empty() {
            break;
        }
        for (pair, source) in new {
            plain
                .entry(pair)
                .or_insert((false, true, BTreeSet::new()))
                .2
                .insert(source);
        }
    }
    for ((principal, right), (direct, immutable, mut sources)) in plain {
        if direct && !sources.is_empty() {
            sources.insert(right);
        }
        let mut sources: Vec<String> = sources.into_iter().map(|s| rights[s].clone()).collect();
        sources.sort();
        let id = format!("{}:{}", rights[right], name(principal));
        seen.entry((name(principal), rights[right].clone()))
            .or_default()
            .insert((direct, immutable, sources, id));
    }
    seen
}

pub fn dataset(snapshot: &Snapshot) -> Value {
    serde_json::to_value(Dataset::read(snapshot, &CONVENTIONS, &Most::default()).unwrap()).unwrap()
}

fn check(snapshot: &Snapshot) -> Value {
    let data = dataset(snapshot);
    let (file, page) = (of_file(snapshot), of_dataset(&data));
    for (pair, grants) in &file {
        assert_eq!(page.get(pair), Some(grants), "{pair:?}");
    }
    assert_eq!(page.len(), file.len());
    data
}

fn golden(file: &str) -> Snapshot {
    open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file))
}

#[test]
fn the_page_knows_exactly_the_grants_of_the_file() {
    for shape in [&["--env", "all"] as &[&str], &["--legacy", "--env", "dev"]] {
        let data = check(&open(demo(shape)));
        assert_eq!(data["odd"], json!([]), "everything we write follows from direct grants");
        assert_eq!(data["absent"], json!([]));
    }
}

#[test]
fn files_of_other_writers_are_told_as_they_are() {
    for file in ["legacy/published-connector.c1z", "rbac-v2/published-connector.c1z"] {
        check(&golden(file));
    }
}

#[test]
fn counts_are_those_of_the_file() {
    let snapshot = open(demo(&["--env", "all"]));
    let data = dataset(&snapshot);
    let people = list(&data["blocks"])
        .iter()
        .find(|block| data["types"][number(&block["type"])][0] == "collaborator")
        .unwrap();
    let held = column(&people["holds"]);
    for (n, id) in column(&people["id"]).iter().enumerate() {
        let filter = GrantFilter {
            principal_type: Some("collaborator"),
            principal: id.as_str(),
            ..Default::default()
        };
        let in_file = snapshot.reader().count_grants(snapshot.sync_id(), &filter).unwrap();
        assert_eq!(held[n], in_file, "{id}");
    }
}

#[test]
fn too_much_for_one_page_leaves_access_out_and_says_so() {
    let snapshot = open(demo(&["--env", "all"]));
    for few in [
        Most {
            facts: 10,
            ..Most::default()
        },
        Most {
            grants: 10,
            ..Most::default()
        },
        Most {
            things: 100,
            ..Most::default()
        },
    ] {
        let data = serde_json::to_value(Dataset::read(&snapshot, &CONVENTIONS, &few).unwrap()).unwrap();
        assert_eq!(data["isCut"], true);
        assert_eq!(data["direct"], json!([]));
        let kinds: Vec<&Value> = list(&data["blocks"])
            .iter()
            .map(|b| &data["types"][number(&b["type"])][0])
            .collect();
        let machines = ["identity_user", "genie_client", "api_platform_client"];
        assert_eq!(kinds, [&["collaborator", "api_client"][..], &machines].concat());
    }
}

#[test]
fn the_report_is_one_file_that_loads_nothing() {
    let snapshot = open(demo(&["--env", "all"]));
    let mut out = Vec::new();
    write_report(
        &snapshot,
        &CONVENTIONS,
        &json!({"file": "</script><img src=x>"}),
        &mut out,
    )
    .unwrap();
    let page = String::from_utf8(out).unwrap();
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.ends_with("</html>\n"));
    assert!(!page.contains("<img"));
    for outside in ["src=\"", "href=\"http", "url(", "@import", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
    let mut again = Vec::new();
    write_report(
        &snapshot,
        &CONVENTIONS,
        &json!({"file": "</script><img src=x>"}),
        &mut again,
    )
    .unwrap();
    assert_eq!(page.as_bytes(), again, "equal files make equal reports");
    let answers = Answers::new(&snapshot).unwrap();
    assert!(answers.edges().all().count() > 0);
}

/// A file as no expansion leaves it: circles, foreign ids, derived grants that do not follow, and some that are missing;
/// and as many people as wished whose grants are as they should be.
fn strange(folder: &Path, usual: usize) -> Snapshot {
    let resource = |text: &str| {
        let (kind, id) = text.split_once(':').unwrap();
        v2::Resource {
            id: Some(baton_workato::baton::resource::id(kind, id)),
            ..Default::default()
        }
    };
    let entitlement = |id: &str| {
        let (on, slug) = id.rsplit_once(':').unwrap();
        v2::Entitlement {
            id: id.to_owned(),
            slug: slug.to_owned(),
            resource: Some(resource(on)),
            ..Default::default()
        }
    };
    let grant = |on: &str, to: &str, sources: &[&str], immutable: bool| v2::Grant {
        id: format!("{on}:{to}"),
        entitlement: Some(entitlement(on)),
        principal: Some(resource(to)),
        sources: (!sources.is_empty()).then(|| v2::GrantSources {
            sources: sources
                .iter()
                .map(|id| ((*id).to_owned(), Default::default()))
                .collect(),
        }),
        annotations: immutable
            .then(|| annotation::pack(&v2::GrantImmutable::default()))
            .into_iter()
            .collect(),
    };
    let edge = |on: &str, from: &str, shallow: bool, types: &[&str]| {
        let mut grant = grant(on, from.rsplit_once(':').unwrap().0, &[], false);
        grant.annotations.push(annotation::pack(&v2::GrantExpandable {
            entitlement_ids: vec![from.to_owned()],
            shallow,
            resource_type_ids: types.iter().map(|t| (*t).to_owned()).collect(),
        }));
        grant
    };
    let (a, b, c, d) = ("group:a:member", "group:b:member", "group:c:member", "group:d:member");
    let other_id = v2::Grant {
        id: "somebody else's id".to_owned(),
        ..grant(c, "user:1", &[], false)
    };
    let file = folder.join("strange.c1z");
    let mut store = Store::open(&file, None).unwrap();
    store.begin_sync(SyncType::Full).unwrap();
    let types = ["user", "group"].map(|id| v2::ResourceType {
        id: id.to_owned(),
        ..Default::default()
    });
    store.put_resource_types(&types).unwrap();
    let things = ["user:1", "user:2", "user:3", "group:a", "group:b", "group:c", "group:d"].map(resource);
    store.put_resources(&things).unwrap();
    let usual: Vec<String> = (0..usual).map(|n| format!("user:usual-{n}")).collect();
    let people: Vec<v2::Resource> = usual.iter().map(|id| resource(id)).collect();
    store.put_resources(&people).unwrap();
    store.put_entitlements(&[a, b, c, d].map(entitlement)).unwrap();
    let mut grants = vec![
        // Round and round: nobody gave either.
        edge(b, a, false, &[]),
        edge(a, b, false, &[]),
        edge(b, b, false, &[]),
        grant(a, "user:1", &[b], true),
        grant(b, "user:1", &[a], true),
        // What user 2 should get of c is not there; user 3 gets it, as it should, and the group does not.
        edge(c, b, true, &["user"]),
        edge(c, "group:nowhere:member", false, &["robot"]),
        grant(b, "user:2", &[], true),
        grant(b, "user:3", &[], false),
        grant(c, "user:3", &[b], true),
        grant(b, "group:d", &[], false),
        // Twice the same, under other ids.
        grant(c, "user:1", &[a, c], false),
        other_id,
        // Follows, but can be taken away; follows from what is not held; is held by someone unknown.
        edge(d, c, false, &[]),
        grant(d, "user:3", &[c], false),
        grant(d, "user:2", &["group:gone:member"], true),
        grant(d, "user:lost", &[], false),
    ];
    for id in &usual {
        grants.extend([
            grant(b, id, &[], false),
            grant(c, id, &[b], true),
            grant(d, id, &[c], true),
        ]);
    }
    store.put_grants(grants).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    open(&file)
}

#[test]
fn a_file_that_no_expansion_wrote_is_told_as_it_is() {
    for usual in [0, 60] {
        let folder = tempfile::tempdir().unwrap();
        let data = check(&strange(folder.path(), usual));
        let odd = list(&data["odd"]).len();
        assert!((1..20).contains(&odd), "{odd} of {usual}");
        // Where nothing follows from the edges, they are not followed, and so nothing is missed.
        assert_eq!(usual == 0, list(&data["absent"]).is_empty());
    }
}
