//! The entries of the indexes, in their order.

use std::cmp::Ordering;

use super::keys::{Keys, Row, lost, pair};
use super::{Index, Value, encode};
use crate::baton::c1z::fault;
use crate::baton::error::Result;

/// The rows, with the texts and the ranks that their numbers stand for.
pub(super) struct Ordered<'k> {
    keys: &'k Keys,
    entitlements: Vec<&'k [u8]>,
    things: Vec<(&'k [u8], &'k [u8])>,
    syncs: Vec<&'k [u8]>,
    ids: Vec<&'k [u8]>,
    by_entitlement: Vec<u32>,
    by_thing: Vec<u32>,
    by_sync: Vec<u32>,
    record: Vec<u8>,
}

impl<'k> Ordered<'k> {
    pub(super) fn new(keys: &'k Keys) -> Self {
        let entitlements = keys.entitlements.list();
        let things: Vec<_> = keys.things.list().into_iter().map(pair).collect();
        let syncs = keys.syncs.list();
        Ordered {
            by_entitlement: ranks(&entitlements),
            by_thing: ranks(&things),
            by_sync: ranks(&syncs),
            ids: keys.ids.list(),
            keys,
            entitlements,
            things,
            syncs,
            record: Vec::new(),
        }
    }

    /// Writes all entries of an index, by its name. `false`: two rows have one id.
    pub(super) fn write(&mut self, name: &str, mut index: Index<'_>) -> Result<bool> {
        match name {
            "idx_grants_external_sync_v1" => {
                if !self.by_id(&mut index)? {
                    return Ok(false);
                }
            }
            "idx_grants_resource_type_id_resource_id_v1" => {
                self.each(
                    |all, row| Ok(high(get(&all.by_thing, all.on(row)?)?)),
                    |all, row| {
                        let (kind, id) = get(&all.things, all.on(row)?)?;
                        all.entry(
                            &[Value::Text(kind), Value::Text(id), Value::Integer(row.id)],
                            &mut index,
                        )
                    },
                )?;
            }
            "idx_grants_principal_id_v1" => {
                self.each(
                    |all, row| Ok(high(get(&all.by_thing, row.principal)?)),
                    |all, row| {
                        let (kind, id) = get(&all.things, row.principal)?;
                        all.entry(
                            &[Value::Text(kind), Value::Text(id), Value::Integer(row.id)],
                            &mut index,
                        )
                    },
                )?;
            }
            "idx_grants_entitlement_id_principal_id_v1" => {
                self.each(
                    |all, row| Ok(high(all.rank_of_entitlement(row)?) | u64::from(get(&all.by_thing, row.principal)?)),
                    |all, row| {
                        let (kind, id) = get(&all.things, row.principal)?;
                        let entitlement = Value::Text(all.entitlement(row)?);
                        let row = Value::Integer(row.id);
                        all.entry(&[entitlement, Value::Text(kind), Value::Text(id), row], &mut index)
                    },
                )?;
            }
            "idx_grants_entitlement_sync_grant_v1" => {
                self.each(
                    |all, row| Ok(high(all.rank_of_entitlement(row)?) | u64::from(get(&all.by_sync, row.sync)?)),
                    |all, row| {
                        let (entitlement, sync) = (all.entitlement(row)?, get(&all.syncs, row.sync)?);
                        // Its own column has the number of the row, and so has the end of every entry.
                        let row = Value::Integer(row.id);
                        all.entry(&[Value::Text(entitlement), Value::Text(sync), row, row], &mut index)
                    },
                )?;
            }
            "idx_grants_sync_expansion_v1" => self.by_sync(&self.keys.passing, &mut index)?,
            "idx_grants_sync_needs_expansion_v1" => self.by_sync(&self.keys.waiting, &mut index)?,
            _ => return Err(fault::broken(format!("nothing is known of the index {name}"))),
        }
        index.finish()?;
        Ok(true)
    }

    /// Calls `write` with every row in the order of `key`, rows of one key in that of the table.
    fn each(
        &mut self,
        key: impl Fn(&Self, Row) -> Result<u64>,
        mut write: impl FnMut(&mut Self, Row) -> Result<()>,
    ) -> Result<()> {
        let mut placed = Vec::with_capacity(self.keys.len());
        for place in self.places() {
            placed.push((key(self, self.keys.row(place)?)?, place));
        }
        placed.sort_unstable();
        placed.into_iter().try_for_each(|(_, place)| {
            let row = self.keys.row(place)?;
            write(self, row)
        })
    }

    fn by_sync(&mut self, places: &[u32], index: &mut Index<'_>) -> Result<()> {
        let mut placed = Vec::with_capacity(places.len());
        for place in places {
            let row = self.keys.row(*place)?;
            placed.push((get(&self.by_sync, row.sync)?, *place));
        }
        placed.sort_unstable();
        placed.into_iter().try_for_each(|(_, place)| {
            let row = self.keys.row(place)?;
            let sync = get(&self.syncs, row.sync)?;
            self.entry(&[Value::Text(sync), Value::Integer(row.id)], index)
        })
    }

    /// By id. Most ids are the entitlement and the principal put together, and come in the order of both, unless the id of one
    /// entitlement goes on where that of another ends: then all are compared. `false`: two rows of a sync have one id.
    fn by_id(&mut self, index: &mut Index<'_>) -> Result<bool> {
        let (mut made, mut own) = self.split_by_id()?;
        if !self.ascends(&made)? {
            made.sort_by(|a, b| self.compare(*a, *b));
        }
        own.sort_by(|a, b| self.compare(*a, *b));
        let (mut made, mut own) = (made.into_iter().peekable(), own.into_iter().peekable());
        let mut last = None;
        let mut id = Vec::new();
        loop {
            let is_own = match (made.peek(), own.peek()) {
                (Some(made), Some(own)) => self.compare(*own, *made).is_lt(),
                (None, None) => return Ok(true),
                (made, _) => made.is_none(),
            };
            let Some(place) = (if is_own { own.next() } else { made.next() }) else {
                return Err(lost());
            };
            if last.is_some_and(|last| self.compare(last, place).is_eq()) {
                return Ok(false);
            }
            last = Some(place);
            let row = self.keys.row(place)?;
            id.clear();
            self.id(row)?.iter().for_each(|part| id.extend_from_slice(part));
            let sync = get(&self.syncs, row.sync)?;
            self.entry(&[Value::Text(&id), Value::Text(sync), Value::Integer(row.id)], index)?;
        }
    }

    /// The rows whose id is made of entitlement and principal, in the order of both, and the others.
    fn split_by_id(&self) -> Result<(Vec<u32>, Vec<u32>)> {
        let ends = |parts: &[&[u8]]| parts.join(b":".as_slice());
        let entitlements: Vec<_> = self.entitlements.iter().map(|id| ends(&[id, b""])).collect();
        let principals: Vec<_> = self.things.iter().map(|(kind, id)| ends(&[kind, id])).collect();
        let (by_entitlement, by_principal) = (ranks(&entitlements), ranks(&principals));
        let (mut made, mut own) = (Vec::with_capacity(self.keys.len()), Vec::new());
        for place in self.places() {
            let row = self.keys.row(place)?;
            if row.own.is_some() {
                own.push(place);
                continue;
            }
            let (entitlement, _) = get(&self.keys.destinations, row.destination)?;
            let key = high(get(&by_entitlement, entitlement)?) | u64::from(get(&by_principal, row.principal)?);
            made.push((key, get(&self.by_sync, row.sync)?, place));
        }
        made.sort_unstable();
        Ok((made.into_iter().map(|(.., place)| place).collect(), own))
    }

    fn ascends(&self, places: &[u32]) -> Result<bool> {
        Ok(places.is_sorted_by(|a, b| self.compare(*a, *b).is_le()))
    }

    /// How the ids of two rows follow each other, and their syncs.
    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (Ok(a), Ok(b)) = (self.keys.row(a), self.keys.row(b)) else {
            return Ordering::Equal;
        };
        let (Ok(first), Ok(second)) = (self.id(a), self.id(b)) else {
            return Ordering::Equal;
        };
        let syncs = (self.by_sync.get(a.sync as usize), self.by_sync.get(b.sync as usize));
        joined(first, second).then_with(|| syncs.0.cmp(&syncs.1))
    }

    /// The parts of the id of a row.
    fn id(&self, row: Row) -> Result<[&'k [u8]; 5]> {
        if let Some(own) = row.own {
            return Ok([get(&self.ids, own)?, b"", b"", b"", b""]);
        }
        let (kind, id) = get(&self.things, row.principal)?;
        Ok([self.entitlement(row)?, b":", kind, b":", id])
    }

    fn places(&self) -> std::ops::Range<u32> {
        0..self.keys.len() as u32
    }

    fn entitlement(&self, row: Row) -> Result<&'k [u8]> {
        let (entitlement, _) = get(&self.keys.destinations, row.destination)?;
        get(&self.entitlements, entitlement)
    }

    fn rank_of_entitlement(&self, row: Row) -> Result<u32> {
        let (entitlement, _) = get(&self.keys.destinations, row.destination)?;
        get(&self.by_entitlement, entitlement)
    }

    /// What a row is granted on.
    fn on(&self, row: Row) -> Result<u32> {
        Ok(get(&self.keys.destinations, row.destination)?.1)
    }

    fn entry(&mut self, values: &[Value<'_>], index: &mut Index<'_>) -> Result<()> {
        encode(values, &mut self.record);
        index.push(&self.record)
    }
}

/// The place of each in their order.
fn ranks<T: Ord>(texts: &[T]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..texts.len() as u32).collect();
    order.sort_unstable_by_key(|number| texts.get(*number as usize));
    let mut ranks = vec![0; texts.len()];
    for (rank, number) in order.into_iter().enumerate() {
        if let Some(room) = ranks.get_mut(number as usize) {
            *room = rank as u32;
        }
    }
    ranks
}

fn high(rank: u32) -> u64 {
    u64::from(rank) << 32
}

fn get<T: Copy>(list: &[T], number: u32) -> Result<T> {
    list.get(number as usize).copied().ok_or_else(lost)
}

/// Compares two texts that are given in parts.
fn joined(mut a: [&[u8]; 5], mut b: [&[u8]; 5]) -> Ordering {
    let (mut a_at, mut b_at) = (0, 0);
    loop {
        while a.get(a_at).is_some_and(|part| part.is_empty()) {
            a_at += 1;
        }
        while b.get(b_at).is_some_and(|part| part.is_empty()) {
            b_at += 1;
        }
        let (Some(x), Some(y)) = (a.get_mut(a_at), b.get_mut(b_at)) else {
            return (a_at < 5).cmp(&(b_at < 5));
        };
        let length = x.len().min(y.len());
        let ((x_here, x_rest), (y_here, y_rest)) = (x.split_at(length), y.split_at(length));
        match x_here.cmp(y_here) {
            Ordering::Equal => (*x, *y) = (x_rest, y_rest),
            unequal => return unequal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_parts_are_compared_as_if_they_were_joined() {
        let texts: [[&[u8]; 5]; 6] = [
            [b"", b"", b"", b"", b""],
            [b"a", b":", b"", b":", b"b"],
            [b"a::b", b"", b"", b"", b""],
            [b"a:", b"", b":b", b"c", b""],
            [b"", b"", b"", b"", b"b"],
            [b"a", b"b", b"", b"", b"\xff"],
        ];
        for a in texts {
            for b in texts {
                assert_eq!(joined(a, b), a.concat().cmp(&b.concat()), "{a:?} {b:?}");
            }
        }
    }
}
