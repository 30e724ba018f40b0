//! Ways that a file names and that do not lead on: an entitlement that nobody is known to hold, one that was not followed, a
//! grant that says where it comes from while nothing leads there, a folder in something that has no row.

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{ResourceBuilder, id, resource_type};
use serde_json::Value;

use super::printed;
use crate::c1z::Place;

/// Ada is in Ops and Bob in Dev; `to` are the grants besides.
fn file(to: &dyn Fn(&Made) -> Vec<v2::Grant>) -> Place {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let kinds = [
        resource_type("user", "User", &[Trait::User], vec![]),
        resource_type("group", "Group", &[Trait::Group], vec![]),
        resource_type("app", "App", &[Trait::App], vec![]),
    ];
    store.put_resource_types(&kinds).unwrap();
    let thing = |kind: &str, id: &str| ResourceBuilder::new(kind, id, id).build();
    let made = Made {
        ops: thing("group", "ops"),
        dev: thing("group", "dev"),
        one: thing("app", "one"),
        two: thing("app", "two"),
    };
    let all = [&made.ops, &made.dev, &made.one, &made.two];
    store
        .put_resources(&[thing("user", "ada"), thing("user", "bob")])
        .unwrap();
    store.put_resources(&all.map(Clone::clone)).unwrap();
    let offer = |on: &v2::Resource| EntitlementBuilder::new(on, "has", Purpose::Assignment, &[&kinds[0]]).build();
    store.put_entitlements(&all.map(offer)).unwrap();
    store
        .put_grants(vec![given(&made.ops, "user", "ada"), given(&made.dev, "user", "bob")])
        .unwrap();
    store.put_grants(to(&made)).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    place
}

struct Made {
    ops: v2::Resource,
    dev: v2::Resource,
    one: v2::Resource,
    two: v2::Resource,
}

fn given(on: &v2::Resource, kind: &str, who: &str) -> v2::Grant {
    GrantBuilder::new(on, "has", id(kind, who)).build()
}

fn passing(on: &v2::Resource, group: &str, source: &str) -> v2::Grant {
    GrantBuilder::new(on, "has", id("group", group))
        .expands_over(source.to_owned())
        .build()
}

fn through(on: &v2::Resource, who: &str, source: &str) -> v2::Grant {
    let mut grant = given(on, "user", who);
    let sources = [(source.to_owned(), v2::grant_sources::GrantSource { is_direct: true })];
    grant.sources = Some(v2::GrantSources {
        sources: sources.into(),
    });
    grant
}

#[test]
fn a_way_of_which_nobody_is_known_is_not_nobody() {
    let place = file(&|made| vec![passing(&made.one, "ops", "group:gone:has")]);
    let text = printed(&["access", "--on=app:one"], &place.file);
    assert!(text.contains("group:gone:has"), "{text}");
    assert!(text.contains("that the sync does not have"), "{text}");
    assert!(!printed(&["access", "--on=app:two"], &place.file).contains("gone"));
}

#[test]
fn of_two_ways_one_that_was_followed_says_nothing_of_the_other() {
    let place = file(&|made| {
        vec![
            passing(&made.one, "ops", "group:ops:has"),
            through(&made.one, "ada", "group:ops:has"),
            passing(&made.two, "dev", "group:dev:has"),
        ]
    });
    let followed = printed(&["access", "--on=app:one"], &place.file);
    assert!(!followed.contains("the grants that follow"), "{followed}");
    let stopped = printed(&["access", "--on=app:two"], &place.file);
    assert!(stopped.contains("Group dev: has"), "{stopped}");
    assert!(stopped.contains("does not have the grants that follow"), "{stopped}");
}

#[test]
fn what_only_the_grant_says_is_not_told_as_given() {
    let place = file(&|made| vec![through(&made.one, "ada", "group:dev:has")]);
    let text = printed(&["access", "user:ada"], &place.file);
    assert!(text.contains("Held by the file's word"), "{text}");
    assert!(text.contains("Group · 1 given"), "only Ops: {text}");
    assert!(text.contains("through Group"), "{text}");
}

#[test]
fn json_has_the_entitlement_of_the_grant_whether_it_has_a_row_or_not() {
    let place = file(&|made| {
        let mut gone = given(&made.two, "user", "ada");
        gone.entitlement = Some(v2::Entitlement {
            id: "app:two:gone".to_owned(),
            resource: Some(made.two.clone()),
            ..v2::Entitlement::default()
        });
        gone.id = "gone".to_owned();
        vec![gone]
    });
    let text = printed(&["access", "user:ada", "--output-format=json"], &place.file);
    let answer: Value = serde_json::from_str(&text).unwrap();
    let on_two = answer["access"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["resource"]["id"]["resource"] == "two")
        .unwrap();
    assert_eq!(on_two["entitlements"][0]["id"], "app:two:gone");
    assert_eq!(on_two["entitlements"][0]["resource"]["id"]["resource"], "two");
}

#[test]
fn a_folder_in_something_without_a_row_is_not_told_as_open_to_nobody() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    store
        .put_resource_types(&[
            resource_type("collaborator", "Collaborator", &[Trait::User], vec![]),
            resource_type("project", "Project", &[], vec![]),
            resource_type("folder", "Folder", &[], vec![]),
        ])
        .unwrap();
    let mut orphan = ResourceBuilder::new("folder", "9", "Orphan").build();
    orphan.parent_resource_id = Some(id("project", "gone"));
    store
        .put_resources(&[ResourceBuilder::new("collaborator", "1", "Ada").build(), orphan])
        .unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    let text = printed(&["access", "--on=folder:9"], &place.file);
    assert!(text.contains("project:gone"), "{text}");
}
