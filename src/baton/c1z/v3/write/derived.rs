//! Derived grants as rows: put together from parts that are encoded once, in the order of keys.
//!
//! The key of a grant is its entitlement and then its principal. So grants are in order when their entitlements are, and those
//! of each have their principals in order; numbers are sorted for that, and no row. The index by principal has the
//! same rows the other way round: they are counted into place.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use prost::Message as _;
use prost::encoding::string;

use super::super::key;
use super::super::moment::absolute;
use super::{digest, row};
use crate::baton::annotation;
use crate::baton::c1z::derived::{Held, Part, Row};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::storage::v3::{EntitlementRef, GrantRecord, GrantSourceRecord, PrincipalRef};
use crate::baton::proto::v2;

/// The number of the id in a record.
const ID: u32 = 2;

/// The grants of a sync that expansion derived.
pub(in crate::baton::c1z) struct Derived<'a> {
    held: &'a Held,
    principals: Vec<Principal>,
    sources: Vec<Sources>,
    /// In the order of keys.
    entitlements: Vec<Entitlement>,
    /// The end of every record before its sources.
    immutable: Vec<u8>,
    /// How many keys of principals there are.
    ranks: usize,
}

struct Principal {
    /// The key, encoded, and its hash.
    tuple: Vec<u8>,
    hash: u64,
    /// What follows the entitlement in the id of a grant.
    in_id: String,
    /// As it stands in a record.
    encoded: Vec<u8>,
    /// The place of its key among those of all.
    rank: u32,
    /// Whether it says more than its id.
    is_named: bool,
}

/// Somebody who has derived grants.
pub(in crate::baton::c1z::v3) struct Holder {
    /// The hash of the encoded key.
    pub(in crate::baton::c1z::v3) hash: u64,
    /// Whether the grants embed more of it than its id.
    pub(in crate::baton::c1z::v3) is_named: bool,
    pub(in crate::baton::c1z::v3) grants: u64,
}

struct Sources {
    /// What the hash of a grant's content has behind its key.
    hashed: Vec<u8>,
    encoded: Vec<u8>,
}

/// An entitlement that has derived grants.
pub(super) struct Entitlement {
    /// The key, encoded.
    pub(super) tuple: Vec<u8>,
    in_id: String,
    encoded: Vec<u8>,
    parts: Vec<Part>,
}

/// A grant that is ready to be written.
#[derive(Default)]
pub(super) struct Ready {
    pub(super) key: Vec<u8>,
    pub(super) record: Vec<u8>,
    pub(super) content: u64,
    pub(super) hash: [u8; 2],
    /// Where the principal begins in the key.
    pub(super) principal_at: usize,
    id: String,
    hashed: Vec<u8>,
}

impl<'a> Derived<'a> {
    pub(in crate::baton::c1z) fn new(held: &'a Held) -> Result<Self> {
        let mut principals: Vec<Principal> = held
            .principals()
            .iter()
            .map(|known| principal(known.encoded()))
            .collect::<Result<_>>()?;
        let ranks = rank(&mut principals);
        let sources = held.sources().iter().map(|known| sources(known.of())).collect();
        let mut of: BTreeMap<u32, Vec<Part>> = BTreeMap::new();
        for part in held.parts() {
            of.entry(part.destination).or_default().push(part.clone());
        }
        // Two destinations may be the same entitlement, met twice.
        let mut entitlements: BTreeMap<Vec<u8>, Entitlement> = BTreeMap::new();
        for (number, parts) in of {
            let known = held.destinations().get(number as usize).ok_or_else(lost)?;
            let (kind, id) = (&known.on.resource_type, &known.on.resource);
            let mut tuple = Vec::new();
            key::put_tuple(&mut tuple, &key::entitlement(kind, id, &known.id));
            let reference = EntitlementRef {
                resource_type_id: kind.clone(),
                resource_id: id.clone(),
                entitlement_id: known.id.clone(),
            };
            let record = GrantRecord {
                entitlement: Some(reference),
                ..GrantRecord::default()
            };
            let entitlement = entitlements.entry(tuple.clone()).or_insert_with(|| Entitlement {
                tuple,
                in_id: format!("{}:", known.id),
                encoded: record.encode_to_vec(),
                parts: Vec::new(),
            });
            entitlement.parts.extend(parts);
        }
        let immutable = GrantRecord {
            annotations: vec![annotation::pack(&v2::GrantImmutable::default())],
            ..GrantRecord::default()
        };
        Ok(Derived {
            held,
            principals,
            sources,
            entitlements: entitlements.into_values().collect(),
            immutable: immutable.encode_to_vec(),
            ranks,
        })
    }

    /// Everybody who has some.
    pub(in crate::baton::c1z::v3) fn holders(&self) -> Result<Vec<Holder>> {
        let holder = |known: &Principal| Holder {
            hash: known.hash,
            is_named: known.is_named,
            grants: 0,
        };
        let mut holders: Vec<Holder> = self.principals.iter().map(holder).collect();
        let mut rows = Vec::new();
        for part in self.held.parts() {
            rows.clear();
            self.held.rows_of(part, &mut rows)?;
            for row in &rows {
                holders.get_mut(row.principal as usize).ok_or_else(lost)?.grants += 1;
            }
        }
        Ok(holders)
    }

    /// How many there are.
    pub(in crate::baton::c1z) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many entitlements have some.
    pub(super) fn entitlements(&self) -> usize {
        self.entitlements.len()
    }

    /// The entitlement at a place in the order of keys.
    pub(super) fn entitlement(&self, at: usize) -> Option<&Entitlement> {
        self.entitlements.get(at)
    }

    /// Hands on the grants of the entitlement at a place in the order of keys, in that order.
    pub(super) fn for_each_of(
        &self,
        at: usize,
        zone: &TimeZone,
        each: &mut dyn FnMut(&Entitlement, &Ready) -> Result<()>,
    ) -> Result<()> {
        let of = self.entitlements.get(at).ok_or_else(lost)?;
        let mut rows: Vec<(u32, u32, Row)> = Vec::new();
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let mut some = Vec::new();
        for part in &of.parts {
            some.clear();
            self.held.rows_of(part, &mut some)?;
            let time = u32::try_from(seen.len()).map_err(|_| lost())?;
            for row in &some {
                let rank = self.principals.get(row.principal as usize).ok_or_else(lost)?.rank;
                rows.push((rank, time, *row));
            }
            let record = GrantRecord {
                discovered_at: Some(absolute(zone, &part.at)?),
                ..GrantRecord::default()
            };
            seen.push(record.encode_to_vec());
        }
        // They come in the order of principals mostly.
        if !rows.is_sorted_by_key(|row| row.0) {
            rows.sort_by_key(|row| row.0);
        }
        let mut ready = Ready::default();
        ready.key = key::grant(&of.tuple, &[]);
        ready.principal_at = ready.key.len();
        for (_, time, row) in rows {
            let principal = self.principals.get(row.principal as usize).ok_or_else(lost)?;
            let sources = self.sources.get(row.sources as usize).ok_or_else(lost)?;
            let seen = seen.get(time as usize).ok_or_else(lost)?;
            ready.make(of, principal, seen, &self.immutable, sources);
            each(of, &ready)?;
        }
        Ok(())
    }

    /// Hands on the principal and the entitlement, both encoded, of every grant, ordered by principal.
    pub(super) fn for_each_by_principal(&self, each: &mut dyn FnMut([&[u8]; 2]) -> Result<()>) -> Result<()> {
        let mut ends = vec![0u32; self.ranks + 1];
        let mut rows = Vec::new();
        let rank_of = |row: &Row| Ok::<_, Error>(self.principals.get(row.principal as usize).ok_or_else(lost)?.rank);
        for part in self.held.parts() {
            rows.clear();
            self.held.rows_of(part, &mut rows)?;
            for row in &rows {
                *ends.get_mut(rank_of(row)? as usize + 1).ok_or_else(lost)? += 1;
            }
        }
        for at in 1..ends.len() {
            let before = ends.get(at - 1).copied().unwrap_or_default();
            if let Some(end) = ends.get_mut(at) {
                *end += before;
            }
        }
        let mut placed = vec![0u32; self.held.len()];
        for (number, entitlement) in self.entitlements.iter().enumerate() {
            let number = u32::try_from(number).map_err(|_| lost())?;
            for part in &entitlement.parts {
                rows.clear();
                self.held.rows_of(part, &mut rows)?;
                for row in &rows {
                    let next = ends.get_mut(rank_of(row)? as usize).ok_or_else(lost)?;
                    *placed.get_mut(*next as usize).ok_or_else(lost)? = number;
                    *next += 1;
                }
            }
        }
        let mut by_rank: Vec<u32> = (0..).take(self.principals.len()).collect();
        by_rank.sort_by_key(|number| self.principals.get(*number as usize).map(|known| known.rank));
        by_rank.dedup_by_key(|number| self.principals.get(*number as usize).map(|known| known.rank));
        let mut first = 0;
        // Where the rows of a rank ended up is where those of the next one begin.
        for (rank, number) in by_rank.into_iter().enumerate() {
            let principal = self.principals.get(number as usize).ok_or_else(lost)?;
            let end = ends.get(rank).copied().unwrap_or_default() as usize;
            for entitlement in placed.get(first..end).ok_or_else(lost)? {
                let entitlement = self.entitlements.get(*entitlement as usize).ok_or_else(lost)?;
                each([&principal.tuple, &entitlement.tuple])?;
            }
            first = end;
        }
        Ok(())
    }
}

impl Ready {
    fn make(&mut self, of: &Entitlement, to: &Principal, seen: &[u8], immutable: &[u8], through: &Sources) {
        self.key.truncate(self.principal_at);
        self.key.extend_from_slice(&to.tuple);
        self.hash = digest::short(to.hash);
        self.hashed.clear();
        self.hashed.extend_from_slice(self.key.get(3..).unwrap_or_default());
        self.hashed.extend_from_slice(&through.hashed);
        self.content = digest::hash(&self.hashed);
        self.id.clear();
        self.id.push_str(&of.in_id);
        self.id.push_str(&to.in_id);
        self.record.clear();
        string::encode(ID, &self.id, &mut self.record);
        self.record.extend_from_slice(&of.encoded);
        self.record.extend_from_slice(&to.encoded);
        self.record.extend_from_slice(seen);
        self.record.extend_from_slice(immutable);
        self.record.extend_from_slice(&through.encoded);
    }

    /// The principal, encoded.
    pub(super) fn principal(&self) -> &[u8] {
        self.key.get(self.principal_at..).unwrap_or_default()
    }
}

/// From a principal as it stands in a message.
fn principal(encoded: &[u8]) -> Result<Principal> {
    let decoded = v2::Grant::decode(encoded).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    let resource = decoded.principal.ok_or_else(lost)?;
    let id = resource.id.unwrap_or_default();
    let mut tuple = Vec::new();
    key::put_tuple(&mut tuple, &[&id.resource_type, &id.resource]);
    let parent = resource.parent_resource_id.unwrap_or_default();
    let in_id = format!("{}:{}", id.resource_type, id.resource);
    let id = row::whole_id("a grant", &in_id, Some(id))?;
    let record = GrantRecord {
        principal: Some(PrincipalRef {
            resource_type_id: id.resource_type,
            resource_id: id.resource,
            parent_resource_type_id: parent.resource_type,
            parent_resource_id: parent.resource,
        }),
        ..GrantRecord::default()
    };
    Ok(Principal {
        hash: digest::hash(&tuple),
        is_named: !resource.display_name.is_empty(),
        in_id,
        encoded: record.encode_to_vec(),
        rank: 0,
        tuple,
    })
}

fn sources(of: &BTreeMap<String, v2::grant_sources::GrantSource>) -> Sources {
    let mut hashed = Vec::new();
    let mut record = GrantRecord::default();
    for (id, source) in of {
        digest::put_source(&mut hashed, id);
        let source = GrantSourceRecord {
            is_direct: source.is_direct,
            ..GrantSourceRecord::default()
        };
        record.sources.insert(id.clone(), source);
    }
    let mut encoded = Vec::new();
    row::put_grant(record, &mut encoded);
    Sources { hashed, encoded }
}

/// Says of each principal where its key stands among those of all. Returns how many keys there are.
fn rank(principals: &mut [Principal]) -> usize {
    let mut order: Vec<usize> = (0..principals.len()).collect();
    order.sort_by(|a, b| {
        let [a, b] = [a, b].map(|number| principals.get(*number).map(|p| p.tuple.as_slice()));
        a.cmp(&b)
    });
    let mut ranks: u32 = 0;
    let mut before: Option<usize> = None;
    for number in order {
        let tuple = |number: usize| principals.get(number).map(|p| &p.tuple);
        if before.is_some_and(|before| tuple(before) != tuple(number)) {
            ranks += 1;
        }
        if let Some(principal) = principals.get_mut(number) {
            principal.rank = ranks;
        }
        before = Some(number);
    }
    before.map_or(0, |_| ranks as usize + 1)
}

fn lost() -> Error {
    Error::new(Kind::Internal, "a derived grant is not where it was put")
}

#[cfg(test)]
mod tests;
