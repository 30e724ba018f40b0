//! The syncer: its order of steps, what it refuses, what it drops and counts, and that a failed run changes
//! nothing on disk. Driven by a connector that is plain data.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::annotation;
use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{self, Profile, ResourceBuilder, User, id};
use baton_workato::baton::sync::SyncOptions;
use baton_workato::baton::sync::summary::Status;

use crate::support::place::Place;
use crate::support::rows::Rows;
use crate::support::run::{connector, options};

/// Lists of pages by what is listed: `resources:user`, `resources:folder below folder:1`,
/// `entitlements:team:a`, `grants:team:a`.
#[derive(Default)]
struct Script {
    types: Vec<v2::ResourceType>,
    resources: BTreeMap<String, Vec<Vec<v2::Resource>>>,
    entitlements: BTreeMap<String, Vec<Vec<v2::Entitlement>>>,
    grants: BTreeMap<String, Vec<Vec<v2::Grant>>>,
    fails: BTreeMap<String, Kind>,
    same_token: Option<String>,
    calls: Mutex<Vec<String>>,
    validated: AtomicUsize,
}

impl Script {
    fn page<T: Clone>(
        &self,
        list: String,
        pages: &BTreeMap<String, Vec<Vec<T>>>,
        token: &PageToken,
    ) -> Result<Page<T>> {
        self.calls
            .lock()
            .unwrap()
            .push(format!("{list} {}", token.as_str()).trim_end().to_owned());
        if let Some(kind) = self.fails.get(&list) {
            return Err(Error::new(*kind, "scripted"));
        }
        let Some(pages) = pages.get(&list) else {
            return Ok(Page::default());
        };
        let at = token.number(0)?;
        let next = if self.same_token.as_ref() == Some(&list) {
            Some(PageToken::at(1))
        } else {
            (at + 1 < pages.len()).then(|| PageToken::at(at + 1))
        };
        Ok(Page {
            rows: pages[at].clone(),
            next,
        })
    }
}

/// A script that tests keep a handle on while a sync runs it.
#[derive(Clone)]
struct Handle(std::sync::Arc<Script>);

impl Connector for Handle {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata::default()
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        self.0.types.clone()
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        self.0.validated.fetch_add(1, Ordering::Relaxed);
        match self.0.fails.get("validate") {
            Some(kind) => Err(Error::new(*kind, "scripted")),
            None => Ok(()),
        }
    }

    async fn list_resources(
        &self,
        _: &SyncContext,
        resource_type: &str,
        parent: Option<&v2::ResourceId>,
        page: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        let below = parent
            .map(|p| format!(" below {}", resource::external_id(p)))
            .unwrap_or_default();
        self.0
            .page(format!("resources:{resource_type}{below}"), &self.0.resources, page)
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        on: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let on = on.id.as_ref().map(resource::external_id).unwrap_or_default();
        self.0.page(format!("entitlements:{on}"), &self.0.entitlements, page)
    }

    async fn list_grants(&self, _: &SyncContext, on: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let on = on.id.as_ref().map(resource::external_id).unwrap_or_default();
        self.0.page(format!("grants:{on}"), &self.0.grants, page)
    }
}

fn user(name: &str) -> v2::Resource {
    ResourceBuilder::new("user", name, name)
        .profile(Profile::new().with("name", name))
        .user(User {
            email: None,
            login: Some(name.to_owned()),
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        })
        .build()
}

fn team(name: &str) -> v2::Resource {
    ResourceBuilder::new("team", name, name)
        .children("team")
        .group()
        .build()
}

fn member(team: &v2::Resource) -> v2::Entitlement {
    EntitlementBuilder::new(team, "member", Purpose::Assignment, &[]).build()
}

fn types() -> Vec<v2::ResourceType> {
    vec![
        resource::resource_type("user", "User", &[Trait::User], vec![]),
        resource::resource_type("team", "Team", &[Trait::Group], vec![]),
    ]
}

/// Three users over three pages (the middle one empty), two teams of which one is below the other; ada is in
/// `a`, everyone in `a` is in `b`.
fn script() -> Script {
    let (a, b) = (team("a"), team("b"));
    let in_b = GrantBuilder::new(&b, "member", id("team", "a"))
        .expands_over("team:a:member".to_owned())
        .build();
    Script {
        types: types(),
        resources: BTreeMap::from([
            (
                "resources:user".to_owned(),
                vec![vec![user("ada"), user("bob")], vec![], vec![user("eve")]],
            ),
            ("resources:team".to_owned(), vec![vec![a.clone()]]),
            (
                "resources:team below team:a".to_owned(),
                vec![vec![v2::Resource {
                    parent_resource_id: Some(id("team", "a")),
                    ..b.clone()
                }]],
            ),
        ]),
        entitlements: BTreeMap::from([
            ("entitlements:team:a".to_owned(), vec![vec![member(&a)]]),
            ("entitlements:team:b".to_owned(), vec![vec![member(&b)]]),
        ]),
        grants: BTreeMap::from([
            (
                "grants:team:a".to_owned(),
                vec![vec![GrantBuilder::new(&a, "member", id("user", "ada")).build()]],
            ),
            ("grants:team:b".to_owned(), vec![vec![in_b]]),
        ]),
        ..Script::default()
    }
}

fn options_of(place: &Place) -> SyncOptions {
    options(&place.file())
}

fn ids<T>(rows: &BTreeMap<String, T>) -> Vec<&str> {
    rows.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn every_page_of_every_list_ends_up_in_the_file() {
    let place = Place::new();
    let handle = Handle(script().into());
    let summary = connector(handle.clone(), &options_of(&place)).await.unwrap();
    assert_eq!((summary.status, summary.warnings.len()), (Status::Complete, 0));
    let rows = Rows::of_file(&place.file());
    assert_eq!(
        ids(&rows.resources),
        ["team:a", "team:b", "user:ada", "user:bob", "user:eve"]
    );
    assert_eq!(rows.resources["team:b"].parent, "team:a");
    assert_eq!(ids(&rows.entitlements), ["team:a:member", "team:b:member"]);
    assert_eq!(
        ids(&rows.grants),
        [
            "team:a:member:user:ada",
            "team:b:member:team:a",
            "team:b:member:user:ada"
        ],
        "expansion gave ada the second team"
    );
    assert_eq!(summary.expanded_grants, 1);
    let total = summary.total();
    assert_eq!((total.resources, total.entitlements, total.grants), (5, 2, 3));
    assert_eq!(summary.file_bytes, std::fs::metadata(place.file()).unwrap().len());
}

/// Validate, types, resources (children after parents), entitlements, grants: nothing of a step before the one
/// before it has ended (`baton/c1z/format.md 4.2`).
#[tokio::test]
async fn steps_run_in_their_order() {
    let place = Place::new();
    let handle = Handle(script().into());
    connector(
        handle.clone(),
        &SyncOptions {
            workers: 1,
            ..options_of(&place)
        },
    )
    .await
    .unwrap();
    let calls = handle.0.calls.lock().unwrap().clone();
    let expected = [
        "resources:user",
        "resources:user 1",
        "resources:user 2",
        "resources:team",
        "resources:team below team:a",
        "resources:team below team:b",
        "entitlements:user:ada",
        "entitlements:user:bob",
        "entitlements:user:eve",
        "entitlements:team:a",
        "entitlements:team:b",
        "grants:user:ada",
        "grants:user:bob",
        "grants:user:eve",
        "grants:team:a",
        "grants:team:b",
    ];
    assert_eq!(calls, expected);
    assert_eq!(handle.0.validated.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_order_of_rows_does_not_depend_on_the_number_of_workers() {
    let order = |file: &Path| {
        let reader = baton_workato::baton::c1z::Reader::open(file, None).unwrap();
        let sync = reader.latest_full().unwrap().unwrap().sync_id;
        let mut names = Vec::new();
        reader
            .for_each_grant(&sync, &mut |g| {
                names.push(g.grant.id);
                Ok(())
            })
            .unwrap();
        reader
            .for_each_resource(&sync, &mut |r| {
                names.push(r.display_name);
                Ok(())
            })
            .unwrap();
        names
    };
    let mut orders = Vec::new();
    for workers in [1, 2, 7] {
        let place = Place::new();
        connector(
            Handle(script().into()),
            &SyncOptions {
                workers,
                ..options_of(&place)
            },
        )
        .await
        .unwrap();
        orders.push(order(&place.file()));
    }
    assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "{orders:?}");
}

#[tokio::test]
async fn a_repeated_page_token_is_an_error() {
    let place = Place::new();
    let mut script = script();
    script.same_token = Some("resources:user".to_owned());
    let error = connector(Handle(script.into()), &options_of(&place)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert!(error.to_string().contains("repeated page token"), "{error}");
    assert!(!place.file().exists(), "{:?}", place.names());
}

#[tokio::test]
async fn skip_annotations_leave_steps_out() {
    let place = Place::new();
    let mut script = script();
    script.types[0]
        .annotations
        .push(annotation::pack(&v2::SkipEntitlementsAndGrants::default()));
    script.types[1]
        .annotations
        .push(annotation::pack(&v2::SkipGrants::default()));
    let handle = Handle(script.into());
    connector(handle.clone(), &options_of(&place)).await.unwrap();
    let calls = handle.0.calls.lock().unwrap().clone();
    let after: Vec<&String> = calls.iter().filter(|c| !c.starts_with("resources")).collect();
    assert_eq!(after, ["entitlements:team:a", "entitlements:team:b"]);
}

#[tokio::test]
async fn resources_only_when_asked() {
    let place = Place::new();
    let handle = Handle(script().into());
    let options = SyncOptions {
        skip_entitlements_and_grants: true,
        ..options_of(&place)
    };
    let summary = connector(handle.clone(), &options).await.unwrap();
    assert_eq!(summary.sync_type, "resources_only");
    assert!(
        handle
            .0
            .calls
            .lock()
            .unwrap()
            .iter()
            .all(|c| c.starts_with("resources"))
    );
    assert_eq!(summary.total().resources, 5);
}

#[tokio::test]
async fn a_type_filter_drops_what_points_outside_and_says_so() {
    let place = Place::new();
    let options = SyncOptions {
        resource_types: vec!["team".to_owned()],
        ..options_of(&place)
    };
    let summary = connector(Handle(script().into()), &options).await.unwrap();
    let rows = Rows::of_file(&place.file());
    assert_eq!(ids(&rows.resource_types), ["team"]);
    assert_eq!(ids(&rows.grants), ["team:b:member:team:a"]);
    assert_eq!(summary.status, Status::CompleteWithWarnings);
    let dropped: Vec<_> = summary
        .warnings
        .iter()
        .map(|w| (w.cause, w.count, w.examples.clone()))
        .collect();
    assert_eq!(
        dropped,
        [(
            "grant-to-unknown-principal",
            1,
            vec!["team:a:member:user:ada".to_owned()]
        )]
    );

    let options = SyncOptions {
        resource_types: vec!["tram".to_owned()],
        ..options_of(&place)
    };
    let error = connector(Handle(script().into()), &options).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unknown);
    assert_eq!(error.hint_text(), Some("the resource types are user, team"));
}

#[tokio::test]
async fn broken_promises_of_a_connector_fail_the_sync() {
    let mut without_trait = script();
    without_trait.resources.get_mut("resources:user").unwrap()[0][0]
        .annotations
        .clear();
    let mut platform = script();
    platform.resources.get_mut("resources:user").unwrap()[0][0]
        .annotations
        .push(annotation::pack(&v2::BatonId::default()));
    let mut foreign_source = script();
    let b = team("b");
    let wrong = GrantBuilder::new(&b, "member", id("user", "bob"))
        .expands_over("team:a:member".to_owned())
        .build();
    foreign_source
        .grants
        .insert("grants:team:b".to_owned(), vec![vec![wrong]]);
    for (script, text) in [
        (without_trait, "lacks the c1.connector.v2.UserTrait its type declares"),
        (platform, "only the platform may set"),
        (foreign_source, "team:a:member"),
    ] {
        let place = Place::new();
        let error = connector(Handle(script.into()), &options_of(&place)).await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert!(!place.file().exists());
    }
}

#[tokio::test]
async fn rows_that_point_nowhere_are_dropped_and_counted() {
    let place = Place::new();
    let mut script = script();
    let (a, ghost) = (team("a"), team("ghost"));
    script.resources.get_mut("resources:user").unwrap()[0].push(v2::Resource::default());
    script.entitlements.get_mut("entitlements:team:a").unwrap()[0].push(member(&ghost));
    script.grants.get_mut("grants:team:a").unwrap()[0].extend([
        GrantBuilder::new(&a, "owner", id("user", "ada")).build(),
        GrantBuilder::new(&a, "member", id("user", "ghost")).build(),
    ]);
    let summary = connector(Handle(script.into()), &options_of(&place)).await.unwrap();
    let causes: Vec<_> = summary.warnings.iter().map(|w| (w.cause, w.count)).collect();
    let expected = [
        ("entitlement-on-unknown-resource", 1),
        ("grant-of-unknown-entitlement", 1),
        ("grant-to-unknown-principal", 1),
        ("resource-without-id", 1),
    ];
    assert_eq!(causes, expected);
    assert_eq!(
        Rows::of_file(&place.file()).grants.len(),
        3,
        "the good rows are all there"
    );
}

#[tokio::test]
async fn a_resource_that_vanishes_while_it_is_read_is_skipped_and_counted() {
    let place = Place::new();
    let mut script = script();
    script.fails.insert("grants:team:a".to_owned(), Kind::NotFound);
    let summary = connector(Handle(script.into()), &options_of(&place)).await.unwrap();
    let skipped: Vec<_> = summary
        .warnings
        .iter()
        .map(|w| (w.cause, w.count, w.examples.clone()))
        .collect();
    assert_eq!(skipped, [("resource-gone", 1, vec!["team:a".to_owned()])]);
    assert_eq!(summary.status, Status::CompleteWithWarnings);
}

/// The later row counts, as everywhere in the format; the resource itself is asked once.
#[tokio::test]
async fn a_resource_that_is_listed_twice_is_one_resource() {
    let place = Place::new();
    let mut script = script();
    let mut again = team("a");
    again.display_name = "renamed".to_owned();
    script.resources.get_mut("resources:team").unwrap().push(vec![again]);
    let handle = Handle(script.into());
    let summary = connector(handle.clone(), &options_of(&place)).await.unwrap();
    assert_eq!(summary.total().resources, 5);
    assert_eq!(Rows::of_file(&place.file()).resources["team:a"].display_name, "renamed");
    let calls = handle.0.calls.lock().unwrap().clone();
    let asked = |list: &str| calls.iter().filter(|call| *call == list).count();
    assert_eq!(
        (asked("entitlements:team:a"), asked("grants:team:a")),
        (1, 1),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_failed_sync_leaves_the_previous_file_byte_for_byte() {
    let place = Place::new();
    connector(Handle(script().into()), &options_of(&place)).await.unwrap();
    let before = std::fs::read(place.file()).unwrap();
    for list in ["validate", "resources:team", "entitlements:team:b", "grants:team:b"] {
        for kind in [
            Kind::Unavailable,
            Kind::PermissionDenied,
            Kind::Unauthenticated,
            Kind::Internal,
        ] {
            let mut script = script();
            script.fails.insert(list.to_owned(), kind);
            let error = connector(Handle(script.into()), &options_of(&place)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{list}");
            assert_eq!(std::fs::read(place.file()).unwrap(), before, "{list}");
            let mut names = place.names();
            if list != "validate" {
                names.retain(|name| name != "sync.c1z.partial");
            }
            assert_eq!(names, ["sync.c1z"], "{list}");
        }
    }
}

#[tokio::test]
async fn two_syncs_of_the_same_rows_differ_in_ids_and_times_alone() {
    let place = Place::new();
    connector(Handle(script().into()), &options_of(&place)).await.unwrap();
    connector(
        Handle(script().into()),
        &SyncOptions {
            workers: 2,
            ..options_of(&place)
        },
    )
    .await
    .unwrap();
    let reader = baton_workato::baton::c1z::Reader::open(&place.file(), None).unwrap();
    let runs = reader.runs().unwrap();
    assert_eq!(runs.len(), 2);
    let [old, new] = [0, 1].map(|i| Rows::of_sync(&reader, &runs[i].sync_id));
    assert_eq!(old, new);
    assert_eq!(runs[0].token, runs[1].token);
    assert_eq!(runs[0].stats, runs[1].stats);
    connector(Handle(script().into()), &options_of(&place)).await.unwrap();
    let reader = baton_workato::baton::c1z::Reader::open(&place.file(), None).unwrap();
    assert_eq!(reader.runs().unwrap().len(), 2, "two full syncs are kept");
}

#[tokio::test]
async fn a_cancelled_sync_leaves_nothing() {
    let place = Place::new();
    let environment = crate::support::run::environment();
    environment.cancel.cancel();
    let handle = std::sync::Arc::new(Handle(script().into()));
    let error = baton_workato::baton::sync::run(handle, &options_of(&place), &environment)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Cancelled);
    assert!(place.names().is_empty());
}
