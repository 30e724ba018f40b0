//! Who can read our files: an older reader prints JSON only if it knows every annotation in it.
//!
//! `annotation-since.tsv` says in which release of the public SDK each annotation was declared first, read from its
//! tags; `readers.tsv` which release the readers have that are around.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use baton_workato::baton::annotation::{self, Named as _};
use baton_workato::baton::proto::{pool, v2};
use baton_workato::baton::sync::{Audience, SyncOptions};
use baton_workato::report::Which;
use baton_workato::report::compare::rows::Changes;
use baton_workato::report::compare::{Sides, SidesQuery};
use baton_workato::simulator::{AccessModel, Behavior, Env, Shape, Simulator, Workspace};
use baton_workato::workato::settings::{EnvironmentChoice, PrivilegesMode, Settings};
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

use super::demo;
use crate::c1z::edit;
use crate::support::run::{options, settings, workato_with};

const SINCE: &str = include_str!("../../golden/wire/annotation-since.tsv");
const READERS: &str = include_str!("../../golden/wire/readers.tsv");
const WIRE: &str = include_str!("../../golden/wire/wire-contract.tsv");
const PAGE: &str = include_str!("../../../.github/docs/files.md");

/// A release: 0.7.27.
type Release = [u32; 3];

fn release(text: &str) -> Release {
    let parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap()).collect();
    parts.try_into().unwrap()
}

fn since() -> BTreeMap<&'static str, Release> {
    let rows = SINCE.lines().skip(1).map(|line| line.split_once('\t').unwrap());
    rows.map(|(name, sdk)| (name, release(sdk))).collect()
}

/// Name with version, and the SDK in it.
fn readers() -> Vec<(String, Release)> {
    let rows = READERS.lines().skip(1).map(|line| {
        let [name, version, sdk] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        (format!("{name} {version}"), release(sdk))
    });
    rows.collect()
}

/// Every annotation in a file, however deep, with the first row it is in.
fn annotations(file: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let tables = [
        ("v1_resource_types", "ResourceType"),
        ("v1_resources", "Resource"),
        ("v1_entitlements", "Entitlement"),
        ("v1_grants", "Grant"),
    ];
    edit(file, |db| {
        for (table, message) in tables {
            let form = pool()
                .get_message_by_name(&format!("c1.connector.v2.{message}"))
                .unwrap();
            let mut rows = db.prepare(&format!("select external_id, data from {table}")).unwrap();
            let rows = rows.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)));
            for (id, data) in rows.unwrap().map(Result::unwrap) {
                let row = format!("{table} {id}");
                collect(
                    &DynamicMessage::decode(form.clone(), data.as_slice()).unwrap(),
                    &row,
                    &mut found,
                );
            }
        }
    });
    found
}

fn collect(message: &DynamicMessage, row: &str, found: &mut BTreeMap<String, String>) {
    if message.descriptor().full_name() == "google.protobuf.Any" {
        let any: prost_types::Any = message.transcode_to().unwrap();
        let name = annotation::name_of(&any).to_owned();
        let form = pool().get_message_by_name(&name).unwrap();
        collect(&DynamicMessage::decode(form, any.value.as_slice()).unwrap(), row, found);
        found.entry(name).or_insert_with(|| row.to_owned());
    }
    for (_, value) in message.fields() {
        value_of(value, row, found);
    }
}

fn value_of(value: &Value, row: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Message(message) => collect(message, row, found),
        Value::List(values) => values.iter().for_each(|value| value_of(value, row, found)),
        Value::Map(values) => values.values().for_each(|value| value_of(value, row, found)),
        _ => {}
    }
}

#[test]
fn the_table_knows_every_annotation_of_the_contract() {
    let declared: BTreeSet<String> = WIRE
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|row| row[0].starts_with("c1/connector/v2/annotation_") && row[3] == "message" && !row[2].contains('.'))
        .map(|row| format!("{}.{}", row[1], row[2]))
        .collect();
    let known: BTreeSet<String> = since().into_keys().map(str::to_owned).collect();
    assert_eq!(known, declared);
    // The two facts that everything else here is about.
    assert_eq!(since()[v2::SkipGrants::NAME], [0, 3, 39]);
    assert_eq!(since()[v2::EntitlementExclusionGroup::NAME], [0, 9, 12]);
}

/// A workspace with everything in it, synced in each way that adds rows.
async fn synced(model: AccessModel, audience: Audience, file: &Path) {
    let workspace = Workspace::generate(&Shape::small(model));
    let simulator = Simulator::start(workspace, Behavior::default()).await.unwrap();
    let settings = Settings {
        environment: EnvironmentChoice::All,
        sync_connections: true,
        privileges: PrivilegesMode::Exact,
        dev_token: baton_workato::baton::secret::Secret::new(simulator.token(Env::Dev)),
        ..settings(&simulator.base_url())
    };
    let options = SyncOptions {
        audience,
        ..options(file)
    };
    workato_with(settings, &options).await.unwrap();
}

/// Every reader that is around knows every annotation of a file.
fn assert_read_by_all(file: &Path) {
    let since = since();
    let found = annotations(file);
    assert!(found.len() > 5, "{found:?}");
    for (reader, sdk) in readers() {
        for (name, row) in &found {
            let first = since.get(name.as_str());
            let known = first.is_some_and(|first| *first <= sdk);
            assert!(known, "{reader} cannot print {row}: it does not know {name}");
        }
    }
}

#[tokio::test]
async fn every_reader_around_knows_every_annotation_of_our_files() {
    for shape in [&[][..], &["--legacy"]] {
        let copy = tempfile::NamedTempFile::new().unwrap();
        std::fs::copy(demo(shape), copy.path()).unwrap();
        assert_read_by_all(copy.path());
    }
    for model in [AccessModel::RbacV2, AccessModel::Legacy] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sync.c1z");
        synced(model, Audience::AnyReader, &file).await;
        assert_read_by_all(&file);
    }
}

/// What a file for anybody goes without, ConductorOne gets; nothing else differs.
#[tokio::test]
async fn conductor_one_gets_the_annotations_that_older_readers_do_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let [any, c1] = ["any.c1z", "c1.c1z"].map(|name| folder.path().join(name));
    synced(AccessModel::RbacV2, Audience::AnyReader, &any).await;
    synced(AccessModel::RbacV2, Audience::ConductorOne, &c1).await;
    for (old, new) in [(&any, &c1), (&c1, &any)] {
        let wanted = SidesQuery {
            file: Which::latest(new),
            base_file: Some(old),
            base_sync: None,
            since: None,
        };
        let sides = Sides::open(&wanted).unwrap();
        let changes = Changes::new(&sides).unwrap();
        let never = |what: &str| panic!("{what} changed");
        changes.resource_types(&mut |_| never("a type")).unwrap();
        changes.entitlements(&mut |_| never("an entitlement")).unwrap();
    }
    let names = |file: &Path| annotations(file).into_keys().collect::<BTreeSet<_>>();
    let (any, c1) = (names(&any), names(&c1));
    assert!(any.is_subset(&c1));
    assert_eq!(
        c1.difference(&any).map(String::as_str).collect::<Vec<_>>(),
        [v2::EntitlementExclusionGroup::NAME, v2::SkipGrants::NAME]
    );
}

#[test]
fn the_page_on_files_names_the_readers() {
    let oldest = readers().remove(0);
    assert!(READERS.contains(&oldest.0.replace(' ', "\t")));
    for (reader, [major, minor, patch]) in readers() {
        let version = reader.rsplit(' ').next().unwrap();
        let said = format!("{version} (SDK {major}.{minor}.{patch})");
        assert!(PAGE.contains(&said), "the page lacks {said}");
    }
}
