//! Files by the published SDK, read and written anew: the same rows, byte for byte.

use std::collections::BTreeMap;
use std::path::Path;

use baton_workato::baton::c1z::Limits;
use baton_workato::baton::c1z::v3::{Entitlements, File, Resources, Writer};
use baton_workato::baton::error::Error;
use baton_workato::baton::proto::c1::storage::v3::{
    EntitlementRecord, ResourceRecord, ResourceTypeRecord, SyncRunRecord, SyncStatsRecord,
};
use prost::Message;
use prost_types::Timestamp;

use super::{parts, tables};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// All rows of a file, as they are stored.
fn rows(file: &File) -> Rows {
    let mut cursor = file.store().scan(b"", None).unwrap();
    let mut rows = Rows::new();
    while cursor.advance().unwrap() {
        rows.insert(cursor.key().to_vec(), cursor.value().unwrap().to_vec());
    }
    rows
}

/// When the records of a kind were seen first, in the order of their keys. The messages do not say.
fn times<M: Message + Default>(
    rows: &Rows,
    kind: u8,
    at: fn(M) -> Option<Timestamp>,
) -> impl Iterator<Item = Timestamp> {
    let of_kind = rows.range(vec![3, kind, 0]..vec![3, kind, 1]);
    let times = of_kind.map(move |(_, value)| at(M::decode(value.as_slice()).unwrap()).unwrap());
    times.collect::<Vec<_>>().into_iter()
}

fn write_anew(file: &File) -> Result<Vec<u8>, Error> {
    let stored = rows(file);
    let mut writer = Writer::new(None);
    let mut at = times(&stored, 1, |r: ResourceTypeRecord| r.discovered_at);
    file.for_each_resource_type(&mut |m| writer.put_resource_type(m, at.next().unwrap()))?;
    let mut at = times(&stored, 2, |r: ResourceRecord| r.discovered_at);
    file.for_each_resource(Resources::All, &mut |m| writer.put_resource(m, at.next().unwrap()))?;
    let mut at = times(&stored, 3, |r: EntitlementRecord| r.discovered_at);
    file.for_each_entitlement(Entitlements::All, &mut |m| {
        writer.put_entitlement(m, at.next().unwrap())
    })?;
    file.for_each_bare_grant(baton_workato::baton::c1z::v3::Grants::All, &mut |m| writer.put_grant(m))?;
    file.for_each_asset(&mut |m| writer.put_asset(&m))?;
    file.for_each_session(&mut |m| writer.put_session(&m))?;
    let run = file.run()?.unwrap();
    let mut out = Vec::new();
    writer.finish(&run, &mut out)?;
    Ok(out)
}

/// What is taken out before two files are compared: digests if one may be without, and what only their makers know.
fn comparable(mut rows: Rows, with_digests: bool) -> Rows {
    rows.retain(|key, _| {
        let is_digest = key.starts_with(&[3, 0x0a]) || key.starts_with(&[3, 7, 8]);
        let is_cache = key.starts_with(b"\x03\xffentitlement-graph");
        (with_digests || !is_digest) && !is_cache
    });
    if let Some(value) = rows.get_mut(b"\x03\xffstats\0".as_slice()) {
        let stats = SyncStatsRecord {
            written_at: None,
            ..SyncStatsRecord::decode(value.as_slice()).unwrap()
        };
        *value = stats.encode_to_vec();
    }
    rows
}

/// Returns how many rows were compared, and how many of them are digests.
fn compare(path: &Path) -> (usize, usize) {
    let name = path.display();
    let published = tables::open(path).unwrap();
    let ours = parts::open(write_anew(&published).unwrap(), &Limits::default()).unwrap();
    let digests = |file: &File| rows(file).keys().filter(|key| key.starts_with(&[3, 0x0a])).count();
    let has_digests = digests(&published) > 0;
    let wanted = comparable(rows(&published), has_digests);
    let found = comparable(rows(&ours), has_digests);
    for (key, value) in &wanted {
        let key_text = String::from_utf8_lossy(key);
        assert!(
            found.get(key) == Some(value),
            "{name}: {key_text:?} {value:?} is {:?}",
            found.get(key)
        );
    }
    assert_eq!(found.len(), wanted.len(), "{name}");
    if has_digests {
        assert_eq!(
            ours.manifest().grant_digest_root,
            published.manifest().grant_digest_root,
            "{name}"
        );
    }
    let summary = |file: &File| file.manifest().sync_runs[0].clone();
    let run = |file: &File| -> SyncRunRecord { file.run().unwrap().unwrap() };
    assert_eq!(run(&ours), run(&published), "{name}");
    assert_eq!(summary(&ours).sync_id, summary(&published).sync_id, "{name}");
    (wanted.len(), if has_digests { digests(&published) } else { 0 })
}

#[test]
fn a_published_file_written_anew_has_the_same_rows() {
    let (rows, digests) = compare(&tables::own().join("replaced.c1z"));
    assert!(rows > 2_900 && digests > 100, "{rows} {digests}");
}

#[test]
fn one_of_everything_written_anew_says_the_same() {
    let published = tables::open(&tables::own().join("features.c1z")).unwrap();
    let ours = parts::open(write_anew(&published).unwrap(), &Limits::default()).unwrap();
    let said = |file: &File| {
        let rows = parts::everything(file).unwrap();
        // The first one has the time at which counts were written.
        rows[1..].to_vec()
    };
    assert_eq!(said(&ours), said(&published));
    let keys = |file: &File| comparable(rows(file), true).into_keys().collect::<Vec<_>>();
    assert_eq!(keys(&ours), keys(&published));
}

#[test]
fn every_published_file_written_anew_has_the_same_rows() {
    let Some(folder) = tables::shared() else { return };
    let (mut rows, mut digests) = (0, 0);
    for name in [
        "legacy",
        "rbac-v2",
        "bulk",
        "small-batches",
        "deleted",
        "unfinished",
        "unexpanded",
        "expanded",
        "layers",
        "folded",
        "exported",
    ] {
        let (found, nodes) = compare(&folder.join(format!("{name}.c1z")));
        rows += found;
        digests += nodes;
    }
    assert!(rows > 100_000 && digests > 1_000, "{rows} {digests}");
}
