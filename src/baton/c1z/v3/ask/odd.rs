//! Entitlements whose ids do not begin like the resource they are on: their keys cannot be made from their ids alone.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::file::File;
use super::super::key::{self, Range, kind};
use super::super::read::cuts;
use super::Rows;
use crate::baton::error::Result;

/// Ways to cut an id into type, resource and rest that are looked at.
const MAX_CUTS: usize = 400;

/// What is known of them once somebody asked.
#[derive(Default)]
pub(super) struct Odd {
    /// Encoded tuples by id.
    tuples: OnceLock<HashMap<String, Vec<Vec<u8>>>>,
    has_warned: AtomicBool,
}

impl Odd {
    /// Where an id stands for several rows, answers that go by ids can be wrong.
    pub(super) fn warn_of_shared_ids(&self) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            crate::baton::c1z::reader::warn_of_shared_ids("v1_entitlements");
        }
    }
}

impl Rows {
    /// The encoded tuples that entitlements of an id may have, those of rows and of grants on what has no row, in the order
    /// of keys.
    pub(super) fn tuples_of(&self, id: &str) -> Result<Vec<Vec<u8>>> {
        let mut tuples: Vec<Vec<u8>> = cuts(id)
            .take(MAX_CUTS)
            .map(|(resource_type, resource)| key::tuple(&key::entitlement(resource_type, resource, id)))
            .collect();
        // An id of so many colons is found by looking at all.
        let is_complete = tuples.len() < MAX_CUTS;
        if let Some(odd) = self.odd()?.get(id) {
            tuples.extend(odd.iter().cloned());
        }
        if !is_complete {
            for_each_tuple(&self.file, &mut |tuple| {
                if is_of(tuple, id)? && !tuples.iter().any(|known| known == tuple) {
                    tuples.push(tuple.to_vec());
                }
                Ok(())
            })?;
        }
        tuples.sort();
        Ok(tuples)
    }

    fn odd(&self) -> Result<&HashMap<String, Vec<Vec<u8>>>> {
        if let Some(known) = self.odd.tuples.get() {
            return Ok(known);
        }
        let mut odd: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        for_each_tuple(&self.file, &mut |tuple| {
            let Some(parts) = four(tuple) else { return Ok(()) };
            if parts[2] != b"1" {
                let known = odd.entry(key::entitlement_id(&parts)?).or_default();
                if !known.iter().any(|known| known == tuple) {
                    known.push(tuple.to_vec());
                }
            }
            Ok(())
        })?;
        Ok(self.odd.tuples.get_or_init(|| odd))
    }
}

fn is_of(tuple: &[u8], id: &str) -> Result<bool> {
    match four(tuple) {
        Some(parts) => Ok(key::entitlement_id(&parts)? == id),
        None => Ok(false),
    }
}

fn four(tuple: &[u8]) -> Option<[&[u8]; 4]> {
    let mut parts = key::parts(tuple);
    let four = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(four)
}

/// Calls `each` with the tuple of every entitlement that has a row, and of every one that has grants. There is a digest of
/// each, which is less to read than their keys; where digests are not to be trusted, keys are.
fn for_each_tuple(file: &File, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    if has_digests(file)? {
        return file.walk(&Range::of_digests(), &mut |row| {
            let tuple = row
                .key()
                .get(4..)
                .and_then(|rest| rest.strip_suffix(&[0, key::DIGEST_ROOT]));
            match tuple {
                Some(tuple) if !tuple.is_empty() && !tuple.contains(&0) => each(&key::bytes(tuple)?),
                _ => Ok(()),
            }
        });
    }
    file.walk(&Range::of_kind(kind::ENTITLEMENT), &mut |row| {
        each(key::tuple_of(row.key()))
    })?;
    // From the first grant of each entitlement to the first of the next.
    let Range(start, end) = Range::of_kind(kind::GRANT);
    let mut cursor = file.store().scan(&start, Some(&end))?;
    while cursor.advance()? {
        let Some((tuple, _)) = key::split(key::tuple_of(cursor.key()), 4) else {
            continue;
        };
        let tuple = tuple.to_vec();
        each(&tuple)?;
        cursor.seek(&Range::behind(key::of_tuple(kind::GRANT, &tuple)).1, Some(&end))?;
    }
    Ok(())
}

/// Whether there is a digest of every entitlement.
fn has_digests(file: &File) -> Result<bool> {
    let is_there = |key: &[u8]| Ok::<_, crate::baton::error::Error>(file.store().get(key)?.is_some());
    let is_finished = file.run()?.is_some_and(|run| run.ended_at.is_some());
    Ok(is_finished && is_there(key::DIGEST_FILE)? && !is_there(key::DIGESTS_PENDING)?)
}
