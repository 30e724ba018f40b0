//! Every answer about access carries the way it comes about, and every step of the way is in the file.

use std::collections::BTreeSet;
use std::path::Path;

use baton_workato::baton::c1z::GrantFilter;
use baton_workato::report::Snapshot;
use baton_workato::report::access::{Access, Answers};
use baton_workato::report::find::{self, NameQuery};

use super::{demo, open};

fn everything(answers: &Answers<'_>) -> Vec<Access> {
    let mut all = Vec::new();
    answers
        .for_each_if(&GrantFilter::default(), &mut |_| Ok(true), &mut |access| {
            all.push(access);
            Ok(())
        })
        .unwrap();
    all
}

/// Checks every grant of a sync; returns how many ways lead through at least one other entitlement.
fn check(snapshot: &Snapshot) -> usize {
    let answers = Answers::new(snapshot).unwrap();
    let all = everything(&answers);
    assert!(!all.is_empty());
    let held: BTreeSet<(String, String)> = all
        .iter()
        .map(|a| (format!("{}:{}", a.principal.kind, a.principal.id), a.right.id.clone()))
        .collect();
    let mut derived = 0;
    for access in &all {
        let who = format!("{}:{}", access.principal.kind, access.principal.id);
        assert!(!access.paths.is_empty(), "{} has no way", access.grant_id);
        assert_eq!(
            access.direct,
            access.paths.iter().any(|path| path.len() == 1),
            "{}",
            access.grant_id
        );
        for path in &access.paths {
            assert_eq!(path.last(), Some(&access.right));
            derived += usize::from(path.len() > 1);
            for right in path {
                assert!(
                    held.contains(&(who.clone(), right.id.clone())),
                    "{who} does not hold {}",
                    right.id
                );
            }
            for step in path.windows(2) {
                let [from, to] = step else { unreachable!() };
                assert!(
                    answers.edges().into(&to.id).iter().any(|edge| *edge.source == *from.id),
                    "nothing leads from {} to {}",
                    from.id,
                    to.id
                );
            }
        }
    }
    derived
}

#[test]
fn every_way_leads_over_grants_of_the_file() {
    for shape in [&["--env", "all"] as &[&str], &["--legacy", "--env", "dev"]] {
        let snapshot = open(demo(shape));
        assert!(check(&snapshot) > 100);
    }
}

#[test]
fn files_of_other_writers_are_answered_from() {
    for file in ["legacy/published-connector.c1z", "rbac-v2/published-connector.c1z"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        check(&open(&file));
    }
}

#[test]
fn a_person_and_a_resource_see_the_same_grants() {
    let snapshot = open(demo(&["--env", "all"]));
    let answers = Answers::new(&snapshot).unwrap();
    let all = everything(&answers);
    let mut people: Vec<(String, String)> = all
        .iter()
        .map(|a| (a.principal.kind.clone(), a.principal.id.clone()))
        .collect();
    people.sort();
    people.dedup();
    let by_principal: usize = people
        .iter()
        .map(|(kind, id)| answers.of(kind, id).unwrap().len())
        .sum();
    assert_eq!(by_principal, all.len());

    let some = all.iter().find(|a| !a.direct).unwrap();
    let of_person = answers.of(&some.principal.kind, &some.principal.id).unwrap();
    assert!(of_person.contains(some));
    let mut on_resource = Vec::new();
    let on = GrantFilter {
        resource_type: Some(&some.right.resource.kind),
        resource: Some(&some.right.resource.id),
        ..Default::default()
    };
    answers
        .for_each_if(&on, &mut |_| Ok(true), &mut |access| {
            on_resource.push(access);
            Ok(())
        })
        .unwrap();
    assert!(on_resource.contains(some));
    assert!(on_resource.iter().all(|a| a.right.resource == some.right.resource));
}

#[test]
fn people_are_found_by_what_a_person_types() {
    let snapshot = open(demo(&["--env", "all"]));
    let answers = Answers::new(&snapshot).unwrap();
    let names = answers.names();
    let mut people = Vec::new();
    snapshot
        .reader()
        .for_each_resource(snapshot.sync_id(), &mut |resource| {
            if resource
                .id
                .as_ref()
                .is_some_and(|id| id.resource_type == "collaborator")
            {
                people.push(resource);
            }
            Ok(())
        })
        .unwrap();
    let id = &people[3].id.as_ref().unwrap().resource;
    let by_id = find::principal(names, &NameQuery::new(id)).unwrap();
    assert_eq!(by_id.name, people[3].display_name);
    assert_eq!(
        find::principal(names, &NameQuery::new(&format!("collaborator:{id}"))).unwrap(),
        by_id
    );
    assert_eq!(
        find::principal(names, &NameQuery::new(&by_id.name.to_uppercase()))
            .unwrap()
            .name,
        by_id.name
    );

    let error = find::principal(names, &NameQuery::new("e")).unwrap_err();
    assert!(error.to_string().contains("fits"), "{error}");
    assert!(error.hint_text().unwrap().contains("collaborator:"));
    let error = find::principal(names, &NameQuery::new("nobody at all")).unwrap_err();
    assert_eq!(error.kind().exit_code(), 5);
}
