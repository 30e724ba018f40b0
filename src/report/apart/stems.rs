//! Which resources have names that begin alike, in few bytes: a file may have a million of them.

use std::ops::Range;

use crate::baton::error::{Error, Kind, Result};

/// Resources by the stem of their name, as far as several have it.
#[derive(Default)]
pub(super) struct Stems {
    /// In order once all are there.
    rows: Vec<(u64, Key)>,
    /// All bare ids.
    ids: String,
    kinds: Vec<String>,
}

/// Type and bare id of a resource.
#[derive(Clone, Copy)]
struct Key {
    kind: u32,
    start: usize,
    length: u32,
}

impl Stems {
    /// Adds a resource.
    ///
    /// # Errors
    /// `ResourceExhausted` for more types, or a longer id, than any file has.
    pub(super) fn add(&mut self, stem: u64, kind: &str, id: &str) -> Result<()> {
        let too_many = |_| {
            Error::new(
                Kind::ResourceExhausted,
                "there are more than 4 billion types of resources",
            )
        };
        // Those of one type come together.
        let known = self.kinds.iter().rposition(|known| known == kind);
        let kind = known.unwrap_or_else(|| {
            self.kinds.push(kind.to_owned());
            self.kinds.len() - 1
        });
        let key = Key {
            kind: u32::try_from(kind).map_err(too_many)?,
            start: self.ids.len(),
            length: u32::try_from(id.len()).map_err(too_many)?,
        };
        self.ids.push_str(id);
        self.rows.push((stem, key));
        Ok(())
    }

    /// Forgets those that are alone.
    pub(super) fn close(&mut self) {
        // Stable: those of one stem stay in the order of rows.
        self.rows.sort_by_key(|row| row.0);
        let mut shared = Vec::new();
        for group in self.rows.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            shared.extend_from_slice(group);
        }
        self.rows = shared;
        if self.rows.is_empty() {
            *self = Stems::default();
        }
    }

    /// Whether no two have one stem.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Types and bare ids of the resources of a stem that several have.
    pub(super) fn of(&self, stem: u64) -> impl Iterator<Item = (&str, &str)> {
        let Range { start, end } = self.place(stem);
        let rows = self.rows.get(start..end).unwrap_or_default();
        rows.iter().map(|(_, key)| {
            let kind = self.kinds.get(key.kind as usize).map_or("", String::as_str);
            let id = self.ids.get(key.start..key.start + key.length as usize);
            (kind, id.unwrap_or_default())
        })
    }

    fn place(&self, stem: u64) -> Range<usize> {
        let start = self.rows.partition_point(|row| row.0 < stem);
        let rest = self.rows.get(start..).unwrap_or_default();
        start..start + rest.partition_point(|row| row.0 == stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_several_have_is_kept_in_the_order_of_rows() {
        let mut stems = Stems::default();
        for (stem, kind, id) in [
            (7, "user", "a"),
            (5, "user", "b"),
            (7, "role", "c"),
            (9, "user", ""),
            (7, "user", "d"),
        ] {
            stems.add(stem, kind, id).unwrap();
        }
        stems.close();
        let found: Vec<(&str, &str)> = stems.of(7).collect();
        assert_eq!(found, [("user", "a"), ("role", "c"), ("user", "d")]);
        assert!(!stems.is_empty());
        for alone in [5, 9, 1] {
            assert_eq!(stems.of(alone).count(), 0);
        }
    }

    #[test]
    fn nothing_is_kept_where_all_differ() {
        let mut stems = Stems::default();
        stems.add(1, "user", "a").unwrap();
        stems.add(2, "user", "b").unwrap();
        stems.close();
        assert!(stems.is_empty() && stems.ids.is_empty());
    }
}
