//! `baton/c1z/format.md 3`: what a message lacks is taken from the columns of its row, whatever it is.

use std::collections::BTreeMap;
use std::path::Path;

use baton_workato::baton::c1z::{GrantFilter, GrantRow, Policy, Reader, Store, SyncType, merge};
use baton_workato::baton::error::Kind;
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{self, ResourceBuilder, id};
use baton_workato::baton::sync::expand::{ExpandOptions, expand};
use baton_workato::baton::{entitlement, grant};

use super::{Place, doctor, edit, full_sync, put_small_workspace};
use crate::support::rows::Rows;
use crate::support::slim::{rewrite, slim, slim_grants};

/// Entitlement, what it is on, and who holds it, by grant id.
type Ends = BTreeMap<String, [String; 3]>;

fn ends(rows: impl IntoIterator<Item = v2::Grant>) -> Ends {
    let text = |(kind, id): (&str, &str)| format!("{kind}:{id}");
    rows.into_iter()
        .map(|g| {
            let held = g.entitlement.as_ref().map(|e| e.id.clone()).unwrap_or_default();
            (g.id.clone(), [held, text(grant::on(&g)), text(grant::principal(&g))])
        })
        .collect()
}

/// The grants of a sync in every way in which a reader can be asked for them; all ways must agree.
fn asked(file: &Path, sync: &str) -> Ends {
    let reader = Reader::open(file, None).unwrap();
    let mut rows: Vec<GrantRow> = Vec::new();
    reader
        .for_each_grant(sync, &mut |row| {
            rows.push(row);
            Ok(())
        })
        .unwrap();
    let all = ends(rows.iter().map(|row| row.grant.clone()));
    assert_eq!(all.len(), rows.len(), "every grant has its id");

    assert_eq!(ends(rows.iter().map(|r| reader.grant_at(r.row).unwrap().unwrap())), all);
    assert_eq!(ends(all.keys().map(|id| reader.grant(sync, id).unwrap().unwrap())), all);
    let mut of_entitlements = Vec::new();
    let mut between = Vec::new();
    for [entitlement, on, principal] in all.values() {
        let (kind, bare) = principal.split_once(':').unwrap();
        between.extend(reader.grants_between(sync, entitlement, kind, bare).unwrap());
        reader
            .for_each_grant_of(sync, entitlement, None, &mut |g| {
                of_entitlements.push(g);
                Ok(())
            })
            .unwrap();
        let (kind, bare) = on.split_once(':').unwrap();
        let on = GrantFilter {
            resource_type: Some(kind),
            resource: Some(bare),
            ..Default::default()
        };
        reader
            .for_each_grant_where(sync, &on, &mut |row| {
                between.push(row.grant);
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(ends(of_entitlements), all);
    assert_eq!(ends(between), all);
    all
}

/// The small workspace of these tests, with a person who has a parent.
fn workspace(place: &Place) -> String {
    let mut store = place.open();
    let sync_id = store.begin_sync(SyncType::Full).unwrap();
    put_small_workspace(&mut store);
    let child = ResourceBuilder::new("role", "c", "Role c")
        .role()
        .parent(id("role", "a"))
        .build();
    store.put_resources(&[child]).unwrap();
    store.mark_supports_diff().unwrap();
    store.finish_sync("{}").unwrap();
    store.save().unwrap();
    sync_id
}

/// A way in which the message of a row may lack something.
type Lack<M> = (&'static str, fn(&mut M));

const GRANTS: [Lack<v2::Grant>; 11] = [
    ("entitlement", |g| g.entitlement = None),
    ("principal", |g| g.principal = None),
    ("both", |g| {
        g.entitlement = None;
        g.principal = None;
    }),
    ("every field of both", |g| {
        g.entitlement = Some(v2::Entitlement::default());
        g.principal = Some(v2::Resource::default());
    }),
    ("the entitlement's id", |g| g.entitlement.as_mut().unwrap().id.clear()),
    ("the entitlement's resource", |g| {
        g.entitlement.as_mut().unwrap().resource = None;
    }),
    ("the id of the entitlement's resource", |g| {
        g.entitlement.as_mut().unwrap().resource.as_mut().unwrap().id = None;
    }),
    ("the principal's id", |g| g.principal.as_mut().unwrap().id = None),
    ("the principal's type", |g| {
        let id = g.principal.as_mut().unwrap().id.as_mut().unwrap();
        id.resource_type.clear();
    }),
    ("its own id", |g| g.id.clear()),
    ("all three", |g| {
        g.id.clear();
        g.entitlement = None;
        g.principal = None;
    }),
];

#[test]
fn grants_are_whole_whatever_their_message_lacks() {
    let place = Place::new();
    let sync = workspace(&place);
    let expected = asked(&place.file, &sync);
    assert_eq!(
        expected["role:b:has:role:a"],
        ["role:b:has", "role:b", "role:a"].map(str::to_owned)
    );
    let rows = Rows::of_file(&place.file);
    for (what, lack) in GRANTS {
        let other = Place::new();
        std::fs::write(&other.file, std::fs::read(&place.file).unwrap()).unwrap();
        rewrite(&other.file, "v1_grants", lack);
        assert_eq!(asked(&other.file, &sync), expected, "without {what}");
        assert_eq!(Rows::of_file(&other.file), rows, "without {what}");
        assert_eq!(differences(&place.file, &other.file, &sync), [0; 4], "without {what}");
    }
}

/// How many types, resources, entitlements and grants of a sync have other ids in two files.
fn differences(old: &Path, new: &Path, sync: &str) -> [usize; 4] {
    let [old, new] = [old, new].map(|file| Reader::open(file, None).unwrap());
    let side = |reader| merge::Side { reader, sync_id: sync };
    let (old, new) = (side(&old), side(&new));
    let mut found = [0; 4];
    merge::resource_types(old, new, &mut |change| {
        found[0] += differs(change, |t| t.id.clone());
        Ok(())
    })
    .unwrap();
    merge::resources(old, new, &mut |change| {
        found[1] += differs(change, |r| (r.id.clone(), r.parent_resource_id.clone()));
        Ok(())
    })
    .unwrap();
    merge::entitlements(old, new, &mut |change| {
        found[2] += differs(change, |e| (e.id.clone(), on(e)));
        Ok(())
    })
    .unwrap();
    merge::grants(old, new, &mut |change| {
        found[3] += differs(change, |g| ends([g.grant.clone()]));
        Ok(())
    })
    .unwrap();
    found
}

fn on(row: &v2::Entitlement) -> (String, String) {
    let (kind, id) = entitlement::on(row);
    (kind.to_owned(), id.to_owned())
}

fn differs<M, K: PartialEq>(change: merge::Change<M>, key: impl Fn(&M) -> K) -> usize {
    match change {
        merge::Change::Differs { old, new } => usize::from(key(&old) != key(&new)),
        _ => 1,
    }
}

#[test]
fn what_a_slim_grant_names_is_as_its_own_row_says() {
    let place = Place::new();
    let sync = workspace(&place);
    slim_grants(&place.file);
    let reader = Reader::open(&place.file, None).unwrap();
    let grant = reader.grant(&sync, "role:a:has:user:1").unwrap().unwrap();
    assert_eq!(grant.entitlement, reader.entitlement(&sync, "role:a:has").unwrap());
    assert_eq!(grant.principal, reader.resource(&sync, "user", "1").unwrap());
    assert_eq!(grant.principal.unwrap().display_name, "Person 1");
    drop(reader);

    // Where there is no such row, the ids are known all the same.
    doctor(
        &place.file,
        "delete from v1_entitlements where external_id = 'role:a:has'; \
         delete from v1_resources where external_id = 'user:1'",
    );
    let reader = Reader::open(&place.file, None).unwrap();
    let grant = reader.grant(&sync, "role:a:has:user:1").unwrap().unwrap();
    assert_eq!(grant::principal(&grant), ("user", "1"));
    let entitlement = grant.entitlement.unwrap();
    assert_eq!(entitlement.id, "role:a:has");
    assert_eq!(entitlement.resource, reader.resource(&sync, "role", "a").unwrap());
}

#[test]
fn what_a_message_says_stays() {
    let place = Place::new();
    let sync = workspace(&place);
    rewrite(&place.file, "v1_grants", |g: &mut v2::Grant| {
        g.entitlement = None;
        g.principal.as_mut().unwrap().display_name = "As it was called then".to_owned();
    });
    let reader = Reader::open(&place.file, None).unwrap();
    let grant = reader.grant(&sync, "role:a:has:user:1").unwrap().unwrap();
    assert_eq!(grant.principal.unwrap().display_name, "As it was called then");
}

#[test]
fn types_resources_and_entitlements_are_whole_too() {
    let place = Place::new();
    let sync = workspace(&place);
    let rows = Rows::of_file(&place.file);
    assert_eq!(rows.resources["role:c"].parent, "role:a");
    let entitlements: [Lack<v2::Entitlement>; 4] = [
        ("id", |e| e.id.clear()),
        ("resource", |e| e.resource = None),
        ("the resource's id", |e| e.resource.as_mut().unwrap().id = None),
        ("both", |e| {
            e.id.clear();
            e.resource = None;
        }),
    ];
    let resources: [Lack<v2::Resource>; 5] = [
        ("id", |r| r.id = None),
        ("type", |r| r.id.as_mut().unwrap().resource_type.clear()),
        ("bare id", |r| r.id.as_mut().unwrap().resource.clear()),
        ("parent", |r| r.parent_resource_id = None),
        ("both", |r| {
            r.id = None;
            r.parent_resource_id = None;
        }),
    ];
    let check = |what: &str, change: &dyn Fn(&Path)| {
        let other = Place::new();
        std::fs::write(&other.file, std::fs::read(&place.file).unwrap()).unwrap();
        change(&other.file);
        assert_eq!(Rows::of_file(&other.file), rows, "without {what}");
        assert_eq!(differences(&place.file, &other.file, &sync), [0; 4], "without {what}");
        let reader = Reader::open(&other.file, None).unwrap();
        let found = reader.entitlement(&sync, "role:a:has").unwrap().unwrap();
        assert_eq!(entitlement::on(&found), ("role", "a"), "without {what}");
        let found = reader.resource(&sync, "role", "c").unwrap().unwrap();
        assert_eq!(resource::key(&found), ("role", "c"), "without {what}");
    };
    for (what, lack) in entitlements {
        check(what, &|file| rewrite(file, "v1_entitlements", lack));
    }
    for (what, lack) in resources {
        check(what, &|file| rewrite(file, "v1_resources", lack));
    }
    check("id", &|file| {
        rewrite(file, "v1_resource_types", |t: &mut v2::ResourceType| t.id.clear())
    });
}

/// Two slim messages may be the same byte for byte and yet name others.
#[test]
fn slim_grants_of_two_syncs_are_compared_by_their_columns() {
    let place = Place::new();
    let old = full_sync(&place);
    let new = full_sync(&place);
    slim_grants(&place.file);
    edit(&place.file, |db| {
        let sql =
            "update v1_grants set principal_resource_id = '2' where external_id = 'role:a:has:user:1' and sync_id = ?1";
        assert_eq!(db.execute(sql, [&new]).unwrap(), 1);
    });
    let reader = Reader::open(&place.file, None).unwrap();
    let side = |sync_id| merge::Side {
        reader: &reader,
        sync_id,
    };
    let mut found = Vec::new();
    merge::grants(side(&old), side(&new), &mut |change| {
        let who = |g: &v2::Grant| grant::principal(g).1.to_owned();
        found.push(match change {
            merge::Change::Deleted(old) => ("gone", who(&old.grant)),
            merge::Change::Created(new) => ("new", who(&new.grant)),
            merge::Change::Differs { .. } => panic!("a grant to somebody else is another one"),
        });
        Ok(())
    })
    .unwrap();
    // What user 1 held is gone, although its id is still there.
    assert!(found.contains(&("gone", "1".to_owned())), "{found:?}");
    assert!(
        found.iter().all(|(what, who)| (*what, who.as_str()) != ("new", "1")),
        "{found:?}"
    );
}

#[test]
fn slim_grants_are_no_problem_of_a_file_and_their_dangling_ones_are() {
    let place = Place::new();
    let sync = workspace(&place);
    slim_grants(&place.file);
    let problems = || {
        let reader = Reader::open(&place.file, None).unwrap();
        let problems = reader.verify(&sync).unwrap();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(problems(), [""; 0]);
    doctor(
        &place.file,
        "delete from v1_resources where external_id = 'user:1'; \
         delete from v1_entitlements where external_id = 'role:b:has'",
    );
    assert_eq!(
        problems(),
        [
            "grant role:a:has:user:1: its principal is not in the sync",
            "grant role:b:has:role:a: its entitlement is not in the sync",
        ]
    );
}

/// Everything a reader of a file may depend on.
fn expanded(file: &Path, sync: &str) -> (Ends, BTreeMap<String, (v2::GrantSources, bool)>) {
    let mut store = Store::open_with(file, None, Policy::default()).unwrap();
    store.bind_sync(sync).unwrap();
    store.build_indexes().unwrap();
    expand(&mut store, &ExpandOptions::default(), &mut |_| {}).unwrap();
    store.save().unwrap();
    let mut rest = BTreeMap::new();
    Reader::open(file, None)
        .unwrap()
        .for_each_grant(sync, &mut |row| {
            let sources = row.grant.sources.unwrap_or_default();
            rest.insert(row.grant.id, (sources, row.expansion.is_some()));
            Ok(())
        })
        .unwrap();
    (asked(file, sync), rest)
}

#[test]
fn slim_grants_expand_like_others() {
    let [full, slimmed] = [Place::new(), Place::new()];
    let sync = full_sync(&full);
    slim(&full.file, &slimmed.file);
    let expected = expanded(&full.file, &sync);
    assert_eq!(expected.0.len(), 5, "both people got the other role");
    assert_eq!(expanded(&slimmed.file, &sync), expected);
}

#[test]
fn a_file_with_slim_grants_is_continued_and_keeps_them() {
    let place = Place::new();
    let old = full_sync(&place);
    let before = asked(&place.file, &old);
    slim_grants(&place.file);
    let new = full_sync(&place);
    assert_eq!(asked(&place.file, &old), before);
    assert_eq!(asked(&place.file, &new), before);
    let mut store = place.open();
    store.bind_sync(&old).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    assert_eq!(
        ends(store.grant("role:a:has:user:2").unwrap()),
        ends(
            Reader::open(&place.file, None)
                .unwrap()
                .grant(&new, "role:a:has:user:2")
                .unwrap()
        )
    );
}

/// `needs_expansion` says what is left to do, not what a grant passes on (`baton/c1z/format.md 2.5`).
#[test]
fn a_grant_that_was_expanded_still_passes_on() {
    let place = Place::new();
    let sync = full_sync(&place);
    doctor(&place.file, "update v1_grants set needs_expansion = 0");
    let mut found = Vec::new();
    Reader::open(&place.file, None)
        .unwrap()
        .for_each_expandable(&sync, &mut |e| {
            found.push((e.entitlement_id, e.expansion.entitlement_ids));
            Ok(())
        })
        .unwrap();
    assert_eq!(found, [("role:b:has".to_owned(), vec!["role:a:has".to_owned()])]);
    let mut store = place.open();
    store.bind_sync(&sync).unwrap();
    assert!(!store.has_expandable().unwrap(), "nothing is left to do");
}

#[test]
fn a_column_that_is_no_text_is_damage_not_nobody() {
    let place = Place::new();
    let sync = full_sync(&place);
    doctor(
        &place.file,
        "update v1_grants set principal_resource_id = x'00ff' where external_id = 'role:a:has:user:1'",
    );
    let reader = Reader::open(&place.file, None).unwrap();
    let error = reader.for_each_holding(&sync, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), Kind::DataLoss);
}
