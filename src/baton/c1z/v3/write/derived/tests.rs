//! Derived grants against the rows that their messages make.

use std::sync::Arc;

use prost_types::Timestamp;

use super::*;
use crate::baton::c1z::v3::{Grant, Writer};
use crate::baton::c1z::{DerivedGrant, Destination, Principal as Known, Sources as Through};
use crate::baton::proto::c1::storage::v3::SyncRunRecord;
use v2::grant_sources::GrantSource;

const AT: &str = "2026-02-03 04:05:06.789";

fn resource(kind: &str, id: &str) -> v2::Resource {
    v2::Resource {
        id: Some(v2::ResourceId {
            resource_type: kind.to_owned(),
            resource: id.to_owned(),
            ..v2::ResourceId::default()
        }),
        display_name: format!("the {kind} {id}"),
        parent_resource_id: id.ends_with('3').then(|| v2::ResourceId {
            resource_type: "team".to_owned(),
            resource: "1".to_owned(),
            ..v2::ResourceId::default()
        }),
        ..v2::Resource::default()
    }
}

fn entitlement(id: &str, on: &str) -> v2::Entitlement {
    v2::Entitlement {
        id: id.to_owned(),
        resource: Some(resource("role", on)),
        ..v2::Entitlement::default()
    }
}

fn through(ids: &[(&str, bool)]) -> Arc<Through> {
    let source = |(id, is_direct): &(&str, bool)| ((*id).to_owned(), GrantSource { is_direct: *is_direct });
    Arc::new(Through::new(v2::GrantSources {
        sources: ids.iter().map(source).collect(),
    }))
}

/// Ids of all sorts: in the order of keys, against it, one that begins like another, one that no key has as it is.
fn derived() -> Vec<Vec<DerivedGrant>> {
    let entitlements = [
        ("role:b:has", "b"),
        ("role:a:has", "a"),
        ("other", "a"),
        ("role:a\0\u{1}:has", "a\0\u{1}"),
        ("role:b:had", "b"),
    ];
    let people: Vec<Arc<Known>> = (0..700)
        .map(|n| resource(["user", "user:x", "api"][n % 3], &format!("{}", n * 7_919 % 1_000)))
        .chain([resource("user", "\0"), resource("user", "")])
        .filter(|of| !of.id.as_ref().unwrap().resource.is_empty())
        .map(|of| Arc::new(Known::new(&of).unwrap()))
        .collect();
    let ways = [
        through(&[("role:c:has", true)]),
        through(&[("role:c:has", false), ("role:\0:has", true)]),
        through(&[]),
    ];
    let grants = |(n, (id, on)): (usize, &(&str, &str))| {
        let to = Arc::new(Destination::new(&entitlement(id, on)).unwrap());
        let holders = people.iter().enumerate().filter(|(at, _)| n < 2 || at % (n + 1) == 0);
        let grant = |(at, person): (usize, &Arc<Known>)| DerivedGrant::new(&to, person, &ways[at % ways.len()]);
        holders.map(grant).collect()
    };
    entitlements.iter().enumerate().map(grants).collect()
}

fn run() -> SyncRunRecord {
    SyncRunRecord {
        sync_id: "3MQXqSDyoCAS1j7HlC4xTdpanMt".to_owned(),
        ended_at: Some(Timestamp::default()),
        ..SyncRunRecord::default()
    }
}

/// What a connector said: rows before, between and behind those that were derived.
fn collected() -> Writer {
    let mut writer = Writer::new(None);
    let at = Timestamp::default();
    for (id, on) in [
        ("role:0:has", "0"),
        ("role:a:has", "a"),
        ("role:z:has", "z"),
        ("nobody", "n"),
    ] {
        writer.put_entitlement(entitlement(id, on), at).unwrap();
        writer.put_resource(resource("role", on), at).unwrap();
        for person in ["", "zz", "4999"].into_iter().filter(|_| id != "nobody") {
            let grant = v2::Grant {
                id: format!("{id} of {person}"),
                entitlement: Some(entitlement(id, on)),
                principal: Some(resource("user", &format!("!{person}"))),
                ..v2::Grant::default()
            };
            let grant = Grant {
                grant,
                expansion: None,
                needs_expansion: false,
                discovered_at: Some(at),
            };
            writer.put_grant(grant).unwrap();
        }
    }
    writer
}

fn bytes(writer: Writer, derived: Option<&Derived<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    let complete = writer.build(&run(), derived).unwrap();
    complete.write_to(&mut out).unwrap();
    out
}

#[test]
fn they_make_the_file_that_their_messages_make() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = Held::new(folder.path());
    let mut writer = collected();
    let mut message = Vec::new();
    let zone = TimeZone::system();
    for grants in derived() {
        // They come in several writes.
        for some in grants.chunks(300) {
            held.add(some, AT).unwrap();
        }
        for grant in grants {
            grant.encode(&mut message);
            let grant = Grant {
                grant: v2::Grant::decode(message.as_slice()).unwrap(),
                expansion: None,
                needs_expansion: false,
                discovered_at: Some(absolute(&zone, AT).unwrap()),
            };
            writer.put_grant(grant).unwrap();
        }
    }
    assert!(held.len() > 1_500);
    let derived = Derived::new(&held).unwrap();
    assert_eq!(derived.entitlements(), 5);
    let holders = derived.holders().unwrap();
    assert_eq!(
        holders.iter().map(|holder| holder.grants).sum::<u64>(),
        held.len() as u64
    );
    assert!(holders.iter().all(|holder| holder.is_named));
    let (found, wanted) = (bytes(collected(), Some(&derived)), bytes(writer, None));
    assert_eq!(found.len(), wanted.len());
    assert!(found == wanted);
    // Without a row of any other kind too.
    assert!(bytes(Writer::new(None), Some(&derived)).len() > 1_000);
}

#[test]
fn a_principal_without_an_id_has_no_place() {
    let nobody = Arc::new(Known::new(&resource("user", "")).unwrap());
    let to = Arc::new(Destination::new(&entitlement("role:a:has", "a")).unwrap());
    let mut held = Held::new(&std::env::temp_dir());
    held.add(&[DerivedGrant::new(&to, &nobody, &through(&[]))], AT).unwrap();
    let error = Derived::new(&held).err().unwrap();
    assert_eq!(error.kind(), Kind::InvalidArgument, "{error}");
}
