//! What things have from what they lie in, however deep that is: looked up once for all that lie in the same.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::baton::error::Result;
use crate::baton::proto::v2;

/// A type and a bare id.
pub(super) type Key = (String, String);

/// Of how many things in a row one is remembered: a few look-ups more for a quarter of the memory.
const EVERY: usize = 4;

/// Where a thing has it from.
pub(super) enum From<V> {
    /// From itself.
    Itself(V),
    /// From what it lies in.
    Outside(v2::ResourceId),
}

/// What is known of things that others lie in.
#[derive(Default)]
pub(super) struct Inherited<V>(RefCell<HashMap<Key, V>>);

impl<V: Clone + Default> Inherited<V> {
    /// What a thing has; nothing where things lie in each other in a circle. `from` is asked of each thing outwards until
    /// it is known.
    ///
    /// # Errors
    /// Those of `from`.
    pub(super) fn of(&self, thing: v2::ResourceId, from: &dyn Fn(&Key) -> Result<From<V>>) -> Result<V> {
        let mut passed = Vec::new();
        let mut met = HashSet::new();
        let mut at = thing;
        let value = loop {
            let key = (at.resource_type, at.resource);
            if let Some(known) = self.0.borrow().get(&key) {
                break known.clone();
            }
            if !met.insert(key.clone()) {
                break V::default();
            }
            let found = from(&key)?;
            passed.push(key);
            match found {
                From::Itself(value) => break value,
                From::Outside(next) => at = next,
            }
        };
        let mut known = self.0.borrow_mut();
        for key in passed.into_iter().rev().skip(EVERY - 1).step_by(EVERY) {
            known.insert(key, value.clone());
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn id(number: usize) -> v2::ResourceId {
        v2::ResourceId {
            resource_type: "folder".to_owned(),
            resource: number.to_string(),
            ..Default::default()
        }
    }

    /// Each lies in the one before it; 0 in none, or in `first`.
    fn ask(
        known: &Inherited<Option<usize>>,
        asked: &Cell<usize>,
        number: usize,
        first: Option<usize>,
    ) -> Option<usize> {
        let from = |key: &Key| {
            asked.set(asked.get() + 1);
            let number: usize = key.1.parse().unwrap();
            Ok(match (number, first) {
                (0, None) => From::Itself(Some(7)),
                (0, Some(first)) => From::Outside(id(first)),
                (number, _) => From::Outside(id(number - 1)),
            })
        };
        known.of(id(number), &from).unwrap()
    }

    #[test]
    fn however_deep_it_lies_and_in_whatever_order_each_is_asked_a_few_times() {
        const DEEP: usize = 10_000;
        let orders: [Box<dyn Iterator<Item = usize>>; 3] = [
            Box::new(0..DEEP),
            Box::new((0..DEEP).rev()),
            Box::new((0..DEEP).map(|n| n * 7_919 % DEEP)),
        ];
        for order in orders {
            let (known, asked) = (Inherited::default(), Cell::new(0));
            for number in order {
                assert_eq!(ask(&known, &asked, number, None), Some(7), "{number}");
            }
            assert!(asked.get() <= (2 + EVERY) * DEEP, "{}", asked.get());
            assert!(known.0.borrow().len() <= DEEP / 2, "{}", known.0.borrow().len());
        }
    }

    #[test]
    fn a_circle_has_nothing_whoever_is_asked_first() {
        for first in 0..5 {
            let (known, asked) = (Inherited::default(), Cell::new(0));
            for number in [first, 0, 4, 9, 2] {
                assert_eq!(ask(&known, &asked, number, Some(4)), None);
            }
        }
    }
}
