//! Which rows were told, in a few bytes however many they are: enough to see which one is missing.
//!
//! Rows fall into cells by a digest of their ids. A cell has their number and the exclusive or of their digests. Two sums
//! of the same rows are equal; where one has one row more in a cell, what differs is that row's digest. Several more in one
//! cell cannot be told apart from the others in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Cells: late rows are few, and each should have one for itself.
const CELLS: usize = 32;
/// Bytes of a cell.
const BYTES: usize = 5;

/// The rows of one cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    /// How many, of which the last eight bits count.
    count: u8,
    /// The exclusive or of their digests.
    marks: u32,
}

/// Sums of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums([Cell; CELLS]);

impl Default for Sums {
    fn default() -> Self {
        Sums([Cell::default(); CELLS])
    }
}

impl Sums {
    /// Adds a row that is not in them.
    pub fn add(&mut self, id: &str) {
        let (at, mark) = place(id);
        if let Some(cell) = self.0.get_mut(at) {
            cell.count = cell.count.wrapping_add(1);
            cell.marks ^= mark;
        }
    }

    /// What these, and the sums of all rows that there are, say of one of all.
    pub fn of(&self, all: &Sums, id: &str) -> Verdict {
        let (at, mark) = place(id);
        match (self.0.get(at), all.0.get(at)) {
            (Some(have), Some(all)) if have == all => Verdict::Told,
            (Some(have), Some(all)) if all.has_one_more(*have) => match all.marks ^ have.marks == mark {
                true => Verdict::Missing,
                false => Verdict::AnotherIsMissing,
            },
            _ => Verdict::Unclear,
        }
    }

    /// The cells in which these miss one row, as bits.
    pub fn singles(&self, all: &Sums) -> u32 {
        let cells = self.0.iter().zip(&all.0).rev();
        cells.fold(0, |bits, (have, all)| bits << 1 | u32::from(all.has_one_more(*have)))
    }
}

/// What sums say of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is in them.
    Told,
    /// It is the one that is missing in its cell.
    Missing,
    /// One is missing in its cell, and not this one, if any of its rows is the one.
    AnotherIsMissing,
    /// It is in a cell that differs in more.
    Unclear,
}

impl Cell {
    fn has_one_more(self, than: Cell) -> bool {
        self.count == than.count.wrapping_add(1)
    }
}

/// The cell of an id, as a bit.
pub fn cell(id: &str) -> u32 {
    1 << place(id).0
}

/// The cell of an id, and its digest there (FNV-1a, mixed).
fn place(id: &str) -> (usize, u32) {
    let folded = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (folded ^ (folded >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let [a, b, c, d, .., last] = mixed.to_be_bytes();
    (usize::from(last) % CELLS, u32::from_be_bytes([a, b, c, d]))
}

impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Sums::default() {
            return serializer.serialize_str("");
        }
        let bytes = self.0.iter().flat_map(|cell| {
            let [a, b, c, d] = cell.marks.to_be_bytes();
            [cell.count, a, b, c, d]
        });
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes.collect::<Vec<u8>>()))
    }
}

impl<'de> Deserialize<'de> for Sums {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let mut sums = Sums::default();
        if bytes.is_empty() {
            return Ok(sums);
        }
        if bytes.len() != CELLS * BYTES {
            return Err(D::Error::custom("sums of another length"));
        }
        for (cell, bytes) in sums.0.iter_mut().zip(bytes.chunks_exact(BYTES)) {
            if let [count, a, b, c, d] = *bytes {
                (cell.count, cell.marks) = (count, u32::from_be_bytes([a, b, c, d]));
            }
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: impl Iterator<Item = u32>) -> Sums {
        let mut sums = Sums::default();
        ids.for_each(|id| sums.add(&id.to_string()));
        sums
    }

    #[test]
    fn one_row_more_is_found_among_thousands_and_nothing_else_is() {
        let have = of((0..5_000).filter(|id| *id != 1_234));
        let all = of((0..5_000).rev());
        let verdict = |id: &u32| have.of(&all, &id.to_string());
        let missing: Vec<u32> = (0..5_000).filter(|id| verdict(id) == Verdict::Missing).collect();
        assert_eq!(missing, [1_234]);
        assert_eq!(have.singles(&all), cell("1234"));
        assert!(!(0..5_000).any(|id| verdict(&id) == Verdict::Unclear));
        assert!((0..5_000).all(|id| all.of(&all, &id.to_string()) == Verdict::Told));
    }

    #[test]
    fn no_row_more_is_overlooked_however_many_there_are() {
        for late in [2_u32, 7, 40, 300] {
            let is_late = |id: &u32| id % (3_000 / late) == 1;
            let have = of((0..3_000).filter(|id| !is_late(id)));
            let all = of(0..3_000);
            for id in (0..3_000).filter(is_late) {
                let verdict = have.of(&all, &id.to_string());
                assert!(matches!(verdict, Verdict::Missing | Verdict::Unclear), "{late} {id}");
            }
        }
    }

    #[test]
    fn they_come_back_and_damage_is_told() {
        for sums in [Sums::default(), of(0..77)] {
            let text = serde_json::to_string(&sums).unwrap();
            assert_eq!(serde_json::from_str::<Sums>(&text).unwrap(), sums);
        }
        assert!(serde_json::from_str::<Sums>("\"AQID\"").is_err());
        assert!(serde_json::from_str::<Sums>("\"?\"").is_err());
    }
}
