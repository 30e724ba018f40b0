//! What the rows of the grants are found by, each text once and rows as numbers of texts.

use std::collections::HashMap;

use super::Value;
use crate::baton::c1z::derived::{Destination, Principal};
use crate::baton::c1z::fault;
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// No number.
const NONE: u32 = u32::MAX;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Its number in the table.
    pub(super) id: i64,
    /// Number of the entitlement and what it is on.
    pub(super) destination: u32,
    pub(super) principal: u32,
    pub(super) sync: u32,
    /// Number of its id, where that is not made of entitlement and principal.
    pub(super) own: Option<u32>,
}

/// The rows, in the order of the table.
pub(super) struct Keys {
    pub(super) entitlements: Texts,
    /// Resources, as things that something is granted on and as principals.
    pub(super) things: Texts,
    pub(super) syncs: Texts,
    pub(super) ids: Texts,
    /// Entitlement and thing of a destination.
    pub(super) destinations: Vec<(u32, u32)>,
    numbers: HashMap<(u32, u32), u32>,
    found: Vec<Row>,
    /// Destination and principal of the rows that follow.
    derived: Vec<(u32, u32)>,
    sync: u32,
    /// Numbers of the principals that are held.
    principals: Vec<u32>,
    /// Places of the rows that pass something on, and of those that wait for expansion.
    pub(super) passing: Vec<u32>,
    pub(super) waiting: Vec<u32>,
    buffer: Vec<u8>,
}

impl Keys {
    /// No row; those that are derived will be of a sync.
    pub(super) fn new(sync_id: &str, derived: usize) -> Result<Keys> {
        let mut syncs = Texts::default();
        let sync = syncs.number(sync_id.as_bytes())?;
        Ok(Keys {
            entitlements: Texts::default(),
            things: Texts::default(),
            ids: Texts::default(),
            syncs,
            destinations: Vec::new(),
            numbers: HashMap::new(),
            found: Vec::new(),
            derived: Vec::with_capacity(derived),
            sync,
            principals: Vec::new(),
            passing: Vec::new(),
            waiting: Vec::new(),
            buffer: Vec::new(),
        })
    }

    /// Takes a row of the database, by its values in the order of [`COLUMNS`](super::COLUMNS); returns its number. `None` for a
    /// value of a sort that the column never has.
    pub(super) fn push(&mut self, values: [Value<'_>; super::COLUMNS.len()]) -> Result<Option<i64>> {
        let [
            Value::Integer(id),
            Value::Text(on_type),
            Value::Text(on_id),
            Value::Text(entitlement),
            Value::Text(principal_type),
            Value::Text(principal_id),
            Value::Text(external_id),
            expansion,
            Value::Integer(waits),
            _,
            Value::Text(sync),
            _,
        ] = values
        else {
            return Ok(None);
        };
        let place = u32::try_from(self.found.len()).map_err(|_| fault::broken("too many grants"))?;
        if expansion != Value::Null {
            self.passing.push(place);
        }
        if waits == 1 {
            self.waiting.push(place);
        }
        self.buffer.clear();
        for part in [entitlement, b":", principal_type, b":", principal_id] {
            self.buffer.extend_from_slice(part);
        }
        let own = match self.buffer == external_id {
            true => None,
            false => Some(self.ids.number(external_id)?),
        };
        let row = Row {
            id,
            destination: self.destination_of(entitlement, on_type, on_id)?,
            principal: self.thing(principal_type, principal_id)?,
            sync: self.syncs.number(sync)?,
            own,
        };
        self.found.push(row);
        Ok(Some(id))
    }

    /// The number of a destination of derived grants.
    pub(super) fn destination(&mut self, destination: &Destination) -> Result<u32> {
        let v2::ResourceId {
            resource_type,
            resource,
            ..
        } = &destination.on;
        self.destination_of(destination.id.as_bytes(), resource_type.as_bytes(), resource.as_bytes())
    }

    fn destination_of(&mut self, entitlement: &[u8], on_type: &[u8], on_id: &[u8]) -> Result<u32> {
        let key = (self.entitlements.number(entitlement)?, self.thing(on_type, on_id)?);
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        let number = u32::try_from(self.destinations.len()).map_err(|_| fault::broken("too many entitlements"))?;
        self.destinations.push(key);
        self.numbers.insert(key, number);
        Ok(number)
    }

    fn thing(&mut self, kind: &[u8], id: &[u8]) -> Result<u32> {
        let mut pair = std::mem::take(&mut self.buffer);
        pair.clear();
        pair.extend_from_slice(&(kind.len() as u32).to_be_bytes());
        pair.extend_from_slice(kind);
        pair.extend_from_slice(id);
        let number = self.things.number(&pair);
        self.buffer = pair;
        number
    }

    /// Takes a derived grant of the sync.
    pub(super) fn push_derived(&mut self, destination: u32, held: u32, principal: &Principal) -> Result<()> {
        let at = held as usize;
        if self.principals.len() <= at {
            self.principals.resize(at + 1, NONE);
        }
        let known = self.principals.get(at).copied().filter(|number| *number != NONE);
        let number = match known {
            Some(number) => number,
            None => {
                let id = principal.id();
                let number = self.thing(id.resource_type.as_bytes(), id.resource.as_bytes())?;
                if let Some(room) = self.principals.get_mut(at) {
                    *room = number;
                }
                number
            }
        };
        self.derived.push((destination, number));
        Ok(())
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.found.len() + self.derived.len()
    }

    /// A row by its place.
    pub(super) fn row(&self, place: u32) -> Result<Row> {
        let at = place as usize;
        if let Some(row) = self.found.get(at) {
            return Ok(*row);
        }
        let at = at - self.found.len();
        let (destination, principal) = *self.derived.get(at).ok_or_else(lost)?;
        Ok(Row {
            id: self.found.last().map_or(0, |row| row.id) + 1 + at as i64,
            destination,
            principal,
            sync: self.sync,
            own: None,
        })
    }
}

/// Texts by number, each once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: HashMap<Box<[u8]>, u32>,
}

impl Texts {
    fn number(&mut self, text: &[u8]) -> Result<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len())
            .ok()
            .filter(|number| *number != NONE)
            .ok_or_else(|| fault::broken("too many texts"))?;
        self.numbers.insert(text.into(), number);
        Ok(number)
    }

    /// By number.
    pub(super) fn list(&self) -> Vec<&[u8]> {
        let mut list: Vec<&[u8]> = vec![&[]; self.numbers.len()];
        for (text, number) in &self.numbers {
            if let Some(room) = list.get_mut(*number as usize) {
                *room = text;
            }
        }
        list
    }
}

/// The two texts of a thing.
pub(super) fn pair(thing: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, texts)) = thing.split_first_chunk() else {
        return (&[], &[]);
    };
    texts
        .split_at_checked(u32::from_be_bytes(*length) as usize)
        .unwrap_or_default()
}

pub(super) fn lost() -> crate::baton::error::Error {
    fault::broken("a number stands for nothing")
}
