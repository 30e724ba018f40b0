//! Questions about some rows: the answer is what a look at all of them gives, and little is read for it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use baton_workato::baton::c1z::Limits;
use baton_workato::baton::c1z::v3::{Entitlements, File, Grant, Grants, Resources};
use baton_workato::baton::error::Error;
use baton_workato::baton::pebble::{self, Cut, ReadAt};
use baton_workato::baton::proto::v2;
use bytes::Bytes;

use super::parts::{self, Parts};
use super::tables;

fn grants(file: &File, which: Grants<'_>) -> Vec<Grant> {
    let mut found = Vec::new();
    file.for_each_grant(which, &mut |grant| {
        found.push(grant);
        Ok(())
    })
    .unwrap();
    found
}

fn resources(file: &File, which: Resources<'_>) -> Vec<v2::Resource> {
    let mut found = Vec::new();
    file.for_each_resource(which, &mut |resource| {
        found.push(resource);
        Ok(())
    })
    .unwrap();
    found
}

fn entitlements(file: &File, which: Entitlements<'_>) -> Vec<v2::Entitlement> {
    let mut found = Vec::new();
    file.for_each_entitlement(which, &mut |entitlement| {
        found.push(entitlement);
        Ok(())
    })
    .unwrap();
    found
}

/// Type and bare id of what a grant is on, and of who has it.
fn ends(grant: &v2::Grant) -> ((String, String), (String, String)) {
    let pair = |id: Option<&v2::ResourceId>| {
        id.map(|id| (id.resource_type.clone(), id.resource.clone()))
            .unwrap_or_default()
    };
    let on = grant
        .entitlement
        .as_ref()
        .and_then(|e| e.resource.as_ref())
        .and_then(|r| r.id.as_ref());
    (pair(on), pair(grant.principal.as_ref().and_then(|p| p.id.as_ref())))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: Vec<T>, all: &[T], is_wanted: impl Fn(&T) -> bool) {
    let wanted: Vec<&T> = all.iter().filter(|t| is_wanted(t)).collect();
    assert_eq!(found.len(), wanted.len(), "{what}");
    // Mostly in the same order; where an index has another, the same rows.
    let is_in_order = found.iter().eq(wanted.iter().copied());
    assert!(is_in_order || wanted.iter().all(|w| found.contains(w)), "{what}");
}

fn check(path: &Path, every: usize) {
    let file = tables::open(path).unwrap();
    let all = grants(&file, Grants::All);
    let mut asked = BTreeSet::new();
    for grant in all.iter().step_by(every) {
        let entitlement = &grant.grant.entitlement.as_ref().unwrap().id;
        let ((on, id), (to, principal)) = ends(&grant.grant);
        if asked.insert((to.clone(), principal.clone())) {
            same(
                "of a principal",
                grants(&file, Grants::To(&to, &principal)),
                &all,
                |g| ends(&g.grant).1 == (to.clone(), principal.clone()),
            );
        }
        if asked.insert((entitlement.clone(), on.clone())) {
            same(
                "of an entitlement",
                grants(&file, Grants::Of(&on, &id, entitlement)),
                &all,
                |g| {
                    &g.grant.entitlement.as_ref().unwrap().id == entitlement
                        && ends(&g.grant).0 == (on.clone(), id.clone())
                },
            );
            let found = file.entitlement(entitlement).unwrap().unwrap();
            assert_eq!(&found.id, entitlement);
        }
        if asked.insert((on.clone(), id.clone())) {
            same("on a resource", grants(&file, Grants::On(&on, &id)), &all, |g| {
                ends(&g.grant).0 == (on.clone(), id.clone())
            });
        }
        let found = file.grant(&grant.grant.id).unwrap().unwrap();
        assert_eq!(&found, grant);
        let between = file.grant_between((&on, &id), entitlement, (&to, &principal)).unwrap();
        assert_eq!(between.as_ref(), Some(grant));
    }
    assert_eq!(grants(&file, Grants::To("nobody", "0")), []);
    assert_eq!(file.grant("no:such:grant:at:all").unwrap(), None);
    assert_eq!(file.entitlement("no:such:entitlement").unwrap(), None);

    let every_resource = resources(&file, Resources::All);
    let mut types = Vec::new();
    file.for_each_resource_type(&mut |t| {
        types.push(t);
        Ok(())
    })
    .unwrap();
    for kind in &types {
        let is_of = |r: &v2::Resource| r.id.as_ref().is_some_and(|id| id.resource_type == kind.id);
        same(
            "of a type",
            resources(&file, Resources::OfType(&kind.id)),
            &every_resource,
            is_of,
        );
        same("grants on a type", grants(&file, Grants::OnType(&kind.id)), &all, |g| {
            ends(&g.grant).0.0 == kind.id
        });
        assert_eq!(file.resource_type(&kind.id).unwrap().as_ref(), Some(kind));
    }
    let every_entitlement = entitlements(&file, Entitlements::All);
    for resource in &every_resource {
        let id = resource.id.as_ref().unwrap();
        assert_eq!(
            file.resource(&id.resource_type, &id.resource).unwrap().as_ref(),
            Some(resource)
        );
        let children = resources(&file, Resources::ChildrenOf(&id.resource_type, &id.resource));
        same("children", children, &every_resource, |r| {
            r.parent_resource_id.as_ref() == Some(id)
        });
        let on = entitlements(&file, Entitlements::On(&id.resource_type, &id.resource));
        same("entitlements", on, &every_entitlement, |e| {
            e.resource.as_ref().and_then(|r| r.id.as_ref()) == Some(id)
        });
    }
    let mut expandable = Vec::new();
    file.for_each_expandable(&mut |e| {
        expandable.push((e.entitlement_id, e.principal.resource_type, e.principal.resource));
        Ok(())
    })
    .unwrap();
    let wanted = all.iter().filter(|g| g.needs_expansion).map(|g| {
        let (_, (to, principal)) = ends(&g.grant);
        (g.grant.entitlement.as_ref().unwrap().id.clone(), to, principal)
    });
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort();
    expandable.sort();
    assert_eq!(expandable, wanted);
}

#[test]
fn a_question_about_some_rows_is_answered_like_a_look_at_all() {
    check(&tables::own().join("features.c1z"), 1);
    check(&tables::own().join("replaced.c1z"), 9);
    if let Some(folder) = tables::shared() {
        for (name, every) in [
            ("old-pebble2", 7),
            ("unfinished", 7),
            ("rbac-v2-tar", 7),
            ("rbac-v2-tarzstd", 7),
            ("layers", 907),
        ] {
            check(&folder.join(format!("{name}.c1z")), every);
        }
    }
}

#[test]
fn a_grant_carries_its_entitlement_and_its_principal_as_the_lists_have_them() {
    let file = tables::open(&tables::own().join("replaced.c1z")).unwrap();
    let (mut joined, mut bare) = (0, 0);
    for grant in grants(&file, Grants::All) {
        let entitlement = grant.grant.entitlement.unwrap();
        let principal = grant.grant.principal.unwrap();
        let id = principal.id.clone().unwrap();
        match file.resource(&id.resource_type, &id.resource).unwrap() {
            Some(resource) => {
                assert_eq!(principal, resource);
                joined += 1;
            }
            None => bare += 1,
        }
        assert_eq!(Some(&entitlement), file.entitlement(&entitlement.id).unwrap().as_ref());
        assert!(!entitlement.resource.unwrap().display_name.is_empty());
        assert!(entitlement.grantable_to.iter().all(|t| !t.display_name.is_empty()));
    }
    assert!(joined > 700 && bare == 0, "{joined} {bare}");
}

/// Counts what is read of a file.
struct Counting {
    file: Bytes,
    bytes: AtomicU64,
}

impl ReadAt for Counting {
    fn size(&self) -> u64 {
        self.file.len() as u64
    }

    fn read(&self, offset: u64, length: usize) -> pebble::Result<Bytes> {
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        self.file.read(offset, length)
    }
}

/// What is read of a file to open it and to ask it something, and its size.
fn bytes_read<T>(file: Vec<u8>, ask: impl FnOnce(&File) -> Result<T, Error>) -> u64 {
    let file = Arc::new(Counting {
        file: file.into(),
        bytes: AtomicU64::new(0),
    });
    let opened = File::of(file.clone(), &Limits::default(), None).unwrap();
    ask(&opened).unwrap();
    file.bytes.load(Ordering::Relaxed)
}

#[test]
fn what_is_not_asked_for_is_not_read() {
    let published = std::fs::read(tables::own().join("replaced.c1z")).unwrap();
    let cut = Cut {
        table: 8 << 10,
        block: 2 << 10,
    };
    let parts = Parts::cut(&published, cut);
    let tables = parts.files.iter().filter(|(name, _)| name.ends_with(".sst")).count();
    assert!(tables > 30, "{tables}");
    let file = parts.indexed();
    let size = file.len() as u64;
    let everything = bytes_read(file.clone(), parts::everything);
    assert!(everything > size / 2 && everything <= size, "{everything} of {size}");
    let opened = bytes_read(file.clone(), |_| Ok(()));
    let more_than_opening = |what: &str, most: u64, ask: &dyn Fn(&File) -> Result<(), Error>| {
        let read = bytes_read(file.clone(), ask) - opened;
        assert!(read < most, "{what}: {read} of {size}, besides {opened} to open it");
    };
    assert!(opened < size / 4, "{opened} of {size}");
    more_than_opening("the manifest", 1, &|file| {
        assert!(file.manifest().sync_runs[0].stats.is_some());
        Ok(())
    });
    more_than_opening("the sync and its counts", size / 20, &|file| {
        assert!(file.run()?.is_some() && file.stats()?.is_some());
        Ok(())
    });
    more_than_opening("a resource", size / 20, &|file| {
        assert!(file.resource("collaborator", "1000")?.is_some());
        Ok(())
    });
    let opened_file = parts::open(file.clone(), &Limits::default()).unwrap();
    let all = grants(&opened_file, Grants::All);
    let ((on, id), (to, principal)) = ends(&all[all.len() / 2].grant);
    more_than_opening("grants on a resource", size / 4, &|file| {
        assert!(!grants(file, Grants::On(&on, &id)).is_empty());
        Ok(())
    });
    more_than_opening("grants to a principal", size / 2, &|file| {
        assert!(!grants(file, Grants::To(&to, &principal)).is_empty());
        Ok(())
    });
    more_than_opening("grants to nobody", size / 20, &|file| {
        assert!(grants(file, Grants::To("user", "nobody")).is_empty());
        Ok(())
    });
}
