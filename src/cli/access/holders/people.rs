//! Everybody whom an answer has met, each with a number: a million people are counted by small numbers, and their ids lie
//! one behind the other.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;

use crate::baton::error::{Error, Kind, Result};

/// People, accounts and other principals, in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct Everybody {
    /// The last one met with a hash.
    places: HashMap<u64, u32>,
    met: Vec<Met>,
    kinds: Vec<Rc<str>>,
    /// All bare ids.
    ids: String,
    hasher: RandomState,
}

/// One of them.
#[derive(Debug)]
struct Met {
    kind: u32,
    /// Where its id ends; it begins where that of the one before ends.
    end: usize,
    /// The one met before with the same hash.
    before: Option<u32>,
}

impl Everybody {
    /// The number of one, the same each time.
    ///
    /// # Errors
    /// `ResourceExhausted` for more of them than any file has.
    pub(super) fn number(&mut self, kind: &str, id: &str) -> Result<u32> {
        let too_many = |_| Error::new(Kind::ResourceExhausted, "more than 4 billion people hold something");
        let hash = self.hasher.hash_one((kind, id));
        let before = self.places.get(&hash).copied();
        let mut next = before;
        while let Some(number) = next {
            if self.is(number, kind, id) {
                return Ok(number);
            }
            next = self.met.get(number as usize).and_then(|met| met.before);
        }
        let number = u32::try_from(self.met.len()).map_err(too_many)?;
        let kind = u32::try_from(self.place_of(kind)).map_err(too_many)?;
        self.ids.push_str(id);
        self.met.push(Met {
            kind,
            end: self.ids.len(),
            before,
        });
        self.places.insert(hash, number);
        Ok(number)
    }

    /// The type of one who was met.
    pub(super) fn kind(&self, number: u32) -> Rc<str> {
        let met = self.met.get(number as usize);
        let kind = met.and_then(|met| self.kinds.get(met.kind as usize));
        kind.map_or_else(|| Rc::from(""), Rc::clone)
    }

    fn is(&self, number: u32, kind: &str, id: &str) -> bool {
        let at = number as usize;
        let start = at.checked_sub(1).and_then(|before| self.met.get(before));
        let start = start.map_or(0, |before| before.end);
        self.met.get(at).is_some_and(|met| {
            self.ids.get(start..met.end) == Some(id)
                && self.kinds.get(met.kind as usize).is_some_and(|known| **known == *kind)
        })
    }

    fn place_of(&mut self, kind: &str) -> usize {
        let known = self.kinds.iter().position(|known| **known == *kind);
        known.unwrap_or_else(|| {
            self.kinds.push(kind.into());
            self.kinds.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_number_and_nobody_that_of_another() {
        let mut all = Everybody::default();
        let met = [
            ("user", "1"),
            ("user", "12"),
            ("role", "1"),
            ("user", ""),
            ("user", "2"),
        ];
        for (number, (kind, id)) in (0..).zip(met) {
            assert_eq!(all.number(kind, id).unwrap(), number);
        }
        for (number, (kind, id)) in (0..).zip(met) {
            assert_eq!(all.number(kind, id).unwrap(), number);
        }
    }

    #[test]
    fn those_of_one_hash_are_told_apart_by_their_ids() {
        let mut all = Everybody::default();
        assert_eq!(all.number("user", "1").unwrap(), 0);
        // As if the next had the hash of the first.
        let hash = all.hasher.hash_one(("user", "2"));
        all.places.insert(hash, 0);
        assert_eq!(all.number("user", "2").unwrap(), 1);
        assert_eq!(all.number("user", "2").unwrap(), 1);
        assert_eq!(all.number("user", "1").unwrap(), 0);
    }
}
