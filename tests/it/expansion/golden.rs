//! The published pair: a file before expansion and the same file after it, 2,909 grants and 14,981
//! (`baton/c1z/format.md 9`). The pair is too large for the repository; it lies beside it.
//!
//! Whoever expanded it did not know `is_direct` yet: none of the 26,670 sources in it has the mark. The ids of the
//! sources are compared with the published file, the marks with what they mean: a direct grant in the file before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::{GrantRow, Reader, Store};
use baton_workato::baton::sync::expand::{ExpandOptions, expand};

use super::build::{annotations, sources};

/// The folder with the pair, next to the crate or next to a folder that holds it.
#[allow(clippy::print_stderr)]
fn pair() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/golden/expansion"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the golden pair of expansion is missing"
        );
        eprintln!("NOT COMPARED: no folder ../shared/golden/expansion with the golden pair of expansion");
    }
    found
}

/// All grants of the one sync in a file.
fn grants(file: &Path) -> BTreeMap<String, GrantRow> {
    let reader = Reader::open(file, None).unwrap();
    let runs = reader.runs().unwrap();
    let [run] = runs.as_slice() else {
        panic!("{} syncs", runs.len())
    };
    let mut grants = BTreeMap::new();
    reader
        .for_each_grant(&run.sync_id, &mut |row| {
            assert!(grants.insert(row.grant.id.clone(), row).is_none());
            Ok(())
        })
        .unwrap();
    grants
}

/// Entitlement and principal of a grant.
fn ends(row: &GrantRow) -> (String, String) {
    let principal = row.grant.principal.as_ref().unwrap().id.as_ref().unwrap();
    (
        row.grant.entitlement.as_ref().unwrap().id.clone(),
        format!("{}:{}", principal.resource_type, principal.resource),
    )
}

#[test]
fn the_published_pair_comes_out_the_same() {
    let Some(pair) = pair() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    // Not fs::copy: the originals are read-only, and the mode would come along.
    std::fs::write(&file, std::fs::read(pair.join("unexpanded.c1z")).unwrap()).unwrap();
    let before = grants(&file);
    assert_eq!(before.len(), 2_909);

    let mut store = Store::open(&file, None).unwrap();
    let sync_id = store.runs().unwrap()[0].sync_id.clone();
    store.bind_sync(&sync_id).unwrap();
    store.build_indexes().unwrap();
    let stats = expand(&mut store, &ExpandOptions::default(), &mut |_| {}).unwrap();
    store.save().unwrap();
    assert_eq!(stats.grants_added, 14_981 - 2_909);
    assert_eq!(
        stats.missing_sources.count
            + stats.missing_destinations.count
            + stats.without_principal.count
            + stats.taken_ids.count,
        0
    );

    let ours = grants(&file);
    let theirs = grants(&pair.join("expanded.c1z"));
    assert_eq!(theirs.len(), 14_981);
    assert!(ours.keys().eq(theirs.keys()), "the same ids");
    // Nothing in the file before has sources, so every grant in it is direct.
    assert!(before.values().all(|row| row.grant.sources.is_none()));
    let direct: BTreeSet<_> = before.values().map(ends).collect();
    let (mut published_sources, mut published_marks) = (0, 0);
    for (id, our) in &ours {
        let their = &theirs[id];
        let ids = |row: &GrantRow| sources(&row.grant).map(|s| s.into_keys().collect::<Vec<_>>());
        assert_eq!(ids(our), ids(their), "sources of {id}");
        let (_, principal) = ends(our);
        for (source, is_direct) in sources(&our.grant).unwrap_or_default() {
            let held = direct.contains(&(source.clone(), principal.clone()));
            assert_eq!(is_direct, held, "mark of {source} in {id}");
        }
        published_sources += sources(&their.grant).unwrap_or_default().len();
        published_marks += sources(&their.grant)
            .unwrap_or_default()
            .values()
            .filter(|m| **m)
            .count();
        assert_eq!(
            annotations(&our.grant),
            annotations(&their.grant),
            "annotations of {id}"
        );
        assert_eq!(our.grant.annotations, their.grant.annotations, "annotations of {id}");
        assert_eq!(our.grant.entitlement, their.grant.entitlement, "entitlement of {id}");
        assert_eq!(
            our.grant.principal.as_ref().map(|p| &p.id),
            their.grant.principal.as_ref().map(|p| &p.id),
            "principal of {id}"
        );
        assert_eq!(our.expansion, their.expansion, "expansion of {id}");
        assert_eq!(our.needs_expansion, their.needs_expansion, "needs_expansion of {id}");
    }
    assert_eq!((published_sources, published_marks), (26_670, 0));
    let mut updated = 0;
    for (id, was) in &before {
        let now = &ours[id];
        updated += u64::from(was.grant != now.grant);
        assert_eq!(
            (&was.expansion, was.needs_expansion),
            (&now.expansion, now.needs_expansion)
        );
        assert_eq!(was.discovered_at, now.discovered_at);
    }
    assert_eq!(stats.grants_updated, updated);
}
