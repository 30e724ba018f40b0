//! What is the id of one thing and the name of another: whoever types it is asked which, and not answered about the wrong one.

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{ResourceBuilder, User, id, resource_type};

use super::{printed, refused};
use crate::c1z::Place;

/// The project `Prod` is called Other, the project `7` is called Prod; the person `8` is called 9.
fn file() -> Place {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let kinds = [
        resource_type("collaborator", "Collaborator", &[Trait::User], vec![]),
        resource_type("project", "Project", &[], vec![]),
    ];
    store.put_resource_types(&kinds).unwrap();
    let thing = |kind: &str, id: &str, name: &str| ResourceBuilder::new(kind, id, name).build();
    let (other, prod) = (thing("project", "Prod", "Other"), thing("project", "7", "Prod"));
    let people = [
        thing("collaborator", "1", "Ada"),
        thing("collaborator", "8", "9"),
        thing("collaborator", "9", "Bob"),
    ];
    store.put_resources(&people).unwrap();
    store.put_resources(&[other.clone(), prod.clone()]).unwrap();
    let offer = |on: &v2::Resource| EntitlementBuilder::new(on, "has", Purpose::Assignment, &[&kinds[0]]).build();
    store.put_entitlements(&[&other, &prod].map(offer)).unwrap();
    store
        .put_grants(vec![GrantBuilder::new(&prod, "has", id("collaborator", "1")).build()])
        .unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    place
}

#[test]
fn an_id_does_not_beat_a_name_silently() {
    let place = file();
    for args in [
        &["access", "Ada", "-r", "Prod"][..],
        &["access", "--on", "Prod"],
        &["grants", "-r", "Prod"],
        &["access", "9"],
        &["grants", "--principal", "9"],
    ] {
        let (exit, told) = refused(args, &place.file);
        assert!(exit != 0 && told.contains("fits 2"), "{args:?}: {exit} {told}");
    }
    for (args, told) in [
        (["access", "Ada", "-r", "project:7"], "Prod"),
        (["access", "collaborator:9", "-r", "project:7"], "Bob"),
    ] {
        let shown = printed(&args, &place.file);
        assert!(shown.contains(told), "{args:?}: {shown}");
    }
}

/// The role `admin` is known by a grant alone, and another one is called so; the login of one person is the id of another.
#[test]
fn what_only_grants_name_is_not_taken_for_what_is_called_so() {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let kinds = [
        resource_type("user", "User", &[Trait::User], vec![]),
        resource_type("role", "Role", &[Trait::Role], vec![]),
    ];
    store.put_resource_types(&kinds).unwrap();
    let login = |login: &str| User {
        login: Some(login.to_owned()),
        ..User::default()
    };
    let people = [
        ResourceBuilder::new("user", "1001", "Ada").user(login("ada")).build(),
        ResourceBuilder::new("user", "7", "Bob").user(login("1001")).build(),
    ];
    store.put_resources(&people).unwrap();
    let called = ResourceBuilder::new("role", "7", "Admin").build();
    store.put_resources(std::slice::from_ref(&called)).unwrap();
    let rowless = ResourceBuilder::new("role", "admin", "").build();
    let grants = [(&rowless, "7"), (&called, "1001")];
    let grants = grants.map(|(on, who)| GrantBuilder::new(on, "member", id("user", who)).build());
    store.put_grants(grants.to_vec()).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    for args in [
        &["grants", "-t", "role", "-r", "admin"][..],
        &["access", "1001"],
        &["grants", "--principal", "1001"],
    ] {
        let (exit, told) = refused(args, &place.file);
        assert!(exit != 0 && told.contains("BW-0602"), "{args:?}: {exit} {told}");
    }
    for (args, told) in [
        (&["grants", "-t", "role", "-r", "role:7"][..], "Ada"),
        (&["grants", "-r", "role:admin"], "Bob"),
        (&["access", "user:1001"], "Ada"),
    ] {
        let shown = printed(args, &place.file);
        assert!(shown.contains(told), "{args:?}: {shown}");
    }
}
