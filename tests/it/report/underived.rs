//! Files whose writer did not derive the grants that follow from others: who holds something through a group is not known, and
//! "nobody" would be wrong.

use baton_workato::baton::c1z::SyncType;
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{ResourceBuilder, id, resource_type};

use super::printed;
use crate::c1z::Place;

const GAP: &str = "this sync does not have the grants that follow from others";

/// Ada is in Ops and Bob in Dev; Ops has one project and Dev the other. Ada was given the first one besides.
fn file(is_user: bool, is_given: bool, is_derived: bool) -> Place {
    let place = Place::new();
    let mut store = place.open();
    store.begin_sync(SyncType::Full).unwrap();
    let traits: &[Trait] = if is_user { &[Trait::User] } else { &[] };
    let kinds = [
        resource_type("user", "User", traits, vec![]),
        resource_type("group", "Group", &[], vec![]),
        resource_type("project", "Project", &[], vec![]),
    ];
    store.put_resource_types(&kinds).unwrap();
    let thing = |kind: &str, id: &str| ResourceBuilder::new(kind, id, id).build();
    let (ops, dev) = (thing("group", "ops"), thing("group", "dev"));
    let (one, two) = (thing("project", "one"), thing("project", "two"));
    let people = [thing("user", "ada"), thing("user", "bob")];
    store.put_resources(&people).unwrap();
    store
        .put_resources(&[ops.clone(), dev.clone(), one.clone(), two.clone()])
        .unwrap();
    let offer = |on: &v2::Resource| EntitlementBuilder::new(on, "has", Purpose::Assignment, &[&kinds[0]]).build();
    store.put_entitlements(&[&ops, &dev, &one, &two].map(offer)).unwrap();
    let to = |on: &v2::Resource, kind: &str, who: &str| GrantBuilder::new(on, "has", id(kind, who));
    let mut grants = vec![
        to(&ops, "user", "ada").build(),
        to(&dev, "user", "bob").build(),
        to(&one, "group", "ops")
            .expands_over("group:ops:has".to_owned())
            .build(),
        to(&two, "group", "dev")
            .expands_over("group:dev:has".to_owned())
            .build(),
    ];
    let through = |source: &str, mut grant: v2::Grant| {
        let sources = [(source.to_owned(), v2::grant_sources::GrantSource { is_direct: true })];
        grant.sources = Some(v2::GrantSources {
            sources: sources.into(),
        });
        grant
    };
    if is_given {
        grants.push(to(&one, "user", "ada").build());
    }
    if is_derived {
        if !is_given {
            grants.push(through("group:ops:has", to(&one, "user", "ada").build()));
        }
        grants.push(through("group:dev:has", to(&two, "user", "bob").build()));
    }
    store.put_grants(grants).unwrap();
    store.finish_sync("").unwrap();
    store.save().unwrap();
    place
}

#[test]
fn what_was_given_besides_does_not_hide_that_nothing_was_derived() {
    for is_user in [true, false] {
        for is_given in [true, false] {
            for is_derived in [true, false] {
                let place = file(is_user, is_given, is_derived);
                for args in [["access", "--on=project:two"], ["access", "user:bob"]] {
                    let text = printed(&args, &place.file);
                    assert_eq!(
                        text.contains(GAP),
                        !is_derived,
                        "{is_user} {is_given} {is_derived}: {text}"
                    );
                }
            }
        }
    }
}
