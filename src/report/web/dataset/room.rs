//! How many ways in there may be on a page. Each thing has those of all it lies in and of all that lies in it, so their
//! number grows with how deep things lie: where that is beyond reason, it is the square of how many there are.

use std::collections::HashMap;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::resource;
use crate::report::Snapshot;
use crate::report::code;
use crate::report::thing::Thing;

/// Ways that were found, and the things they lead to.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) things: usize,
    taken: usize,
}

impl Room {
    /// Ways per thing, of all things: an average depth of twelve.
    const EACH: usize = 24;
    /// Ways whatever things there are.
    const LEAST: usize = 100_000;

    /// An empty one, if what lies in what leaves any hope. To find this out takes one look at each thing of these types,
    /// and to find the ways many.
    ///
    /// # Errors
    /// As [`Room::take`], and `DataLoss` for a damaged file.
    pub(super) fn foreseen(snapshot: &Snapshot, kinds: &[&str]) -> Result<Room> {
        let mut numbers: HashMap<(usize, String), usize> = HashMap::new();
        let mut parents = Vec::new();
        let number_of = |kind: &str| kinds.iter().position(|known| *known == kind);
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut |resource| {
                let (kind, id) = resource::key(&resource);
                if let Some(kind) = number_of(kind) {
                    numbers.insert((kind, id.to_owned()), parents.len());
                    parents.push(resource.parent_resource_id);
                }
                Ok(())
            })?;
        let parents: Vec<Option<usize>> = parents
            .into_iter()
            .map(|parent| {
                let parent = parent?;
                numbers
                    .get(&(number_of(&parent.resource_type)?, parent.resource))
                    .copied()
            })
            .collect();
        let steps: usize = depths(&parents).into_iter().fold(0, usize::saturating_add);
        // One up for each, and one down.
        Room::check(parents.len(), steps.saturating_mul(2), "")?;
        Ok(Room::default())
    }

    /// Counts ways to a thing.
    ///
    /// # Errors
    /// `ResourceExhausted` (exit code 8) where there are too many.
    pub(super) fn take(&mut self, ways: usize, thing: &Thing) -> Result<()> {
        self.taken += ways;
        Room::check(
            self.things,
            self.taken,
            &format!("up to {} {}, ", thing.type_name, thing.told()),
        )
    }

    fn check(things: usize, ways: usize, where_to: &str) -> Result<()> {
        if ways <= Self::LEAST + Self::EACH * things {
            return Ok(());
        }
        let message =
            format!("things lie in each other too deeply for a page: {where_to}{things} things have {ways} ways in");
        Err(Error::new(Kind::ResourceExhausted, message)
            .code(code::TOO_DEEP)
            .hint("`export --format csv` has every row, and `access --on` tells of one thing"))
    }
}

/// In how many things each lies. A circle has no outermost: there it is how far one gets without coming back.
fn depths(parents: &[Option<usize>]) -> Vec<usize> {
    let mut depths: Vec<Option<usize>> = vec![None; parents.len()];
    let mut way = Vec::new();
    for start in 0..parents.len() {
        let mut next = Some(start);
        let mut depth = 0;
        while let Some(at) = next {
            match depths.get(at).copied().flatten() {
                Some(known) => {
                    depth = known + 1;
                    break;
                }
                None => {
                    // Known while one is on the way: whoever comes back here stops.
                    if let Some(room) = depths.get_mut(at) {
                        *room = Some(0);
                    }
                    way.push(at);
                    next = parents.get(at).copied().flatten();
                }
            }
        }
        for at in way.drain(..).rev() {
            if let Some(room) = depths.get_mut(at) {
                *room = Some(depth);
            }
            depth += 1;
        }
    }
    depths.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_counted_in_any_order_and_circles_end() {
        assert_eq!(depths(&[]), [] as [usize; 0]);
        assert_eq!(depths(&[None, Some(0), Some(1), Some(1)]), [0, 1, 2, 2]);
        assert_eq!(depths(&[Some(1), Some(2), None]), [2, 1, 0]);
        let circle = depths(&[Some(1), Some(2), Some(0), Some(0)]);
        assert!(circle.iter().all(|depth| *depth <= 4), "{circle:?}");
        assert_eq!(depths(&[Some(0)]).len(), 1);
        let deep: Vec<Option<usize>> = (0..100_000).map(|n: usize| n.checked_sub(1)).collect();
        assert_eq!(depths(&deep).last(), Some(&99_999));
    }

    #[test]
    fn a_page_is_refused_before_it_is_the_square_of_what_is_in_it() {
        let thing = Thing::default();
        // Ten thousand folders of any shape that people make: six deep on average.
        let mut room = Room {
            things: 10_000,
            taken: 0,
        };
        for _ in 0..10_000 {
            room.take(12, &thing).unwrap();
        }
        // One in another: it is refused after some dozens of them, not after all.
        let mut room = Room {
            things: 50_000,
            taken: 0,
        };
        let refused = (0..50_000).find_map(|_| room.take(50_000, &thing).err().map(|error| (room.taken, error)));
        let (taken, error) = refused.unwrap();
        assert!(taken < 1_500_000, "{taken}");
        assert_eq!(error.code_id(), code::TOO_DEEP);
        // A project with everything in it is none of these.
        let mut room = Room {
            things: 90_000,
            taken: 0,
        };
        room.take(90_000, &thing).unwrap();
        for _ in 0..90_000 {
            room.take(2, &thing).unwrap();
        }
    }
}
