//! The version: what is alive after all edits of a MANIFEST, level by level.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::edit::{LEVELS, TableMeta, VersionEdit};
use super::error::{Error, Place as _, Result};
use super::log::Records;

/// How keys are ordered: as bytes. Other orders are not read.
pub(super) const COMPARER: &str = "leveldb.BytewiseComparator";

/// The live tables and the counters of a store.
#[derive(Debug, Clone, Default)]
pub struct Version {
    /// Tables that may overlap, oldest first.
    level_0: Vec<Arc<TableMeta>>,
    /// Levels 1 to 6: tables in key order that do not overlap.
    deeper: Vec<Arc<[Arc<TableMeta>]>>,
    backings: BTreeMap<u64, u64>,
    /// The lowest number of a log that is still needed.
    pub log_number: u64,
    /// Above the number of every file.
    pub next_file: u64,
    /// Not below the sequence number of any row.
    pub last_sequence: u64,
}

impl Version {
    /// Reads a MANIFEST.
    pub(super) fn read(manifest: &[u8]) -> Result<Self> {
        let mut live = BTreeMap::new();
        let mut version = Version::default();
        let mut comparer = None;
        let mut has = [false; 3];
        for record in Records::new(manifest) {
            let edit = VersionEdit::decode(&record?)?;
            comparer = edit.comparer.clone().or(comparer);
            has = [
                has[0] | edit.log_number.is_some(),
                has[1] | edit.next_file.is_some(),
                has[2] | edit.last_sequence.is_some(),
            ];
            version.apply(edit, &mut live)?;
        }
        match comparer.as_deref() {
            Some(COMPARER) => {}
            Some(other) => return Err(Error::unsupported(format!("its keys are ordered by {other:?}"))),
            None => return Err(Error::corrupt("it does not say how keys are ordered")),
        }
        if has != [true; 3] {
            return Err(Error::corrupt(
                "it lacks the number of a log, of the next file or of the last write",
            ));
        }
        version.arrange(live)?;
        Ok(version)
    }

    fn apply(&mut self, edit: VersionEdit, live: &mut BTreeMap<(u8, u64), TableMeta>) -> Result<()> {
        self.log_number = edit.log_number.unwrap_or(self.log_number);
        self.next_file = edit.next_file.unwrap_or(self.next_file);
        self.last_sequence = edit.last_sequence.unwrap_or(self.last_sequence);
        self.backings.extend(edit.backings_added);
        // Deletions first: a table that moves leaves its old level in the same edit.
        for (level, number) in edit.deleted {
            if live.remove(&(level, number)).is_none() {
                return Err(Error::corrupt(format!(
                    "table {number} leaves level {level}, where it is not"
                )));
            }
        }
        for table in edit.added {
            let (level, number) = (table.level, table.number);
            if live.insert((level, number), table).is_some() {
                return Err(Error::corrupt(format!("table {number} comes to level {level} twice")));
            }
        }
        for number in edit.backings_removed {
            self.backings.remove(&number);
        }
        Ok(())
    }

    /// Puts the live tables in order and checks what holds between them.
    fn arrange(&mut self, live: BTreeMap<(u8, u64), TableMeta>) -> Result<()> {
        let mut numbers = BTreeSet::new();
        let mut whole = BTreeSet::new();
        let mut levels: Vec<Vec<Arc<TableMeta>>> = (0..LEVELS).map(|_| Vec::new()).collect();
        for table in live.into_values() {
            if !numbers.insert(table.number) {
                return Err(Error::corrupt(format!("table {} is alive on two levels", table.number)));
            }
            if table.backing.is_none() {
                whole.insert(table.number);
            }
            if let Some(level) = levels.get_mut(usize::from(table.level)) {
                level.push(Arc::new(table));
            }
        }
        for table in levels.iter().flatten() {
            if let Some(backing) = table.backing
                && whole.contains(&backing)
            {
                return Err(Error::corrupt(format!(
                    "table {backing} is alive as a whole and in parts at once"
                )));
            }
        }
        for (level, tables) in levels.iter_mut().enumerate().skip(1) {
            tables.sort_by(|a, b| a.smallest.key.cmp(&b.smallest.key));
            for pair in tables.windows(2) {
                if let [a, b] = pair
                    && !a.largest.is_before(&b.smallest.key)
                {
                    return Err(Error::corrupt(format!(
                        "tables {} and {} of level {level} overlap",
                        a.number, b.number
                    )));
                }
            }
        }
        let mut levels = levels.into_iter();
        self.level_0 = levels.next().unwrap_or_default();
        self.level_0.sort_by_key(|table| (table.largest_sequence, table.number));
        self.deeper = levels.filter(|level| !level.is_empty()).map(Arc::from).collect();
        Ok(())
    }

    /// Every live table, level by level.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<TableMeta>> {
        self.level_0
            .iter()
            .chain(self.deeper.iter().flat_map(|level| level.iter()))
    }

    /// The size in bytes of the files that virtual tables lie in, by number.
    pub fn backings(&self) -> &BTreeMap<u64, u64> {
        &self.backings
    }

    /// Runs of tables in key order that do not overlap; the runs may. What is newer comes first.
    pub(super) fn runs(&self) -> impl Iterator<Item = Arc<[Arc<TableMeta>]>> {
        let level_0 = self.level_0.iter().rev().map(|table| Arc::from([Arc::clone(table)]));
        level_0.chain(self.deeper.iter().cloned())
    }
}

/// Reads a MANIFEST of a name.
pub(super) fn read(manifest: &[u8], name: &str) -> Result<Version> {
    Version::read(manifest).in_file(name)
}

#[cfg(test)]
mod tests {
    use super::super::edit::bound;
    use super::super::key::{MAX_SEQUENCE, kind};
    use super::super::log::put_record;
    use super::*;

    fn table(level: u8, number: u64, smallest: &str, largest: &str) -> TableMeta {
        TableMeta {
            level,
            number,
            backing: None,
            size: 1,
            smallest: bound(smallest.as_bytes(), 5, kind::SET),
            largest: bound(largest.as_bytes(), 5, kind::SET),
            smallest_sequence: 5,
            largest_sequence: 5,
        }
    }

    fn start() -> VersionEdit {
        VersionEdit {
            comparer: Some(COMPARER.to_owned()),
            log_number: Some(1),
            next_file: Some(99),
            last_sequence: Some(50),
            ..VersionEdit::default()
        }
    }

    fn adding(added: &[TableMeta]) -> VersionEdit {
        VersionEdit {
            added: added.to_vec(),
            ..start()
        }
    }

    fn version_of(edits: &[VersionEdit]) -> Result<Version> {
        let mut live = BTreeMap::new();
        let mut version = Version::default();
        for edit in edits {
            version.apply(edit.clone(), &mut live)?;
        }
        version.arrange(live)?;
        Ok(version)
    }

    fn numbers(version: &Version) -> Vec<u64> {
        version.tables().map(|t| t.number).collect()
    }

    #[test]
    fn a_table_can_leave_one_level_and_come_to_another_in_one_edit() {
        let moved = VersionEdit {
            deleted: vec![(0, 4)],
            added: vec![table(6, 4, "a", "b")],
            ..VersionEdit::default()
        };
        let version = version_of(&[adding(&[table(0, 4, "a", "b")]), moved]).unwrap();
        assert_eq!(
            version.tables().map(|t| (t.level, t.number)).collect::<Vec<_>>(),
            [(6, 4)]
        );
    }

    #[test]
    fn tables_overlap_on_level_0_only() {
        let both = |level| version_of(&[adding(&[table(level, 4, "a", "m"), table(level, 5, "m", "z")])]);
        assert_eq!(numbers(&both(0).unwrap()), [4, 5]);
        assert!(both(1).is_err() && both(6).is_err());
        // A bound that leaves its key out touches and does not overlap.
        let mut open = table(6, 4, "a", "m");
        open.largest = bound(b"m", MAX_SEQUENCE, kind::RANGE_DELETE);
        let version = version_of(&[adding(&[table(6, 5, "m", "z"), open])]).unwrap();
        assert_eq!(numbers(&version), [4, 5], "in key order");
    }

    #[test]
    fn one_file_is_alive_as_a_whole_or_in_parts() {
        let part = |number, level, smallest, largest| TableMeta {
            backing: Some(4),
            ..table(level, number, smallest, largest)
        };
        let parts = [part(7, 0, "a", "b"), part(8, 6, "m", "n")];
        let version = version_of(&[adding(&parts)]).unwrap();
        assert_eq!(version.tables().map(|t| t.file()).collect::<Vec<_>>(), [4, 4]);
        assert!(version_of(&[adding(&[part(7, 0, "a", "b"), table(6, 4, "m", "n")])]).is_err());
        assert!(version_of(&[adding(&[table(0, 4, "a", "b"), table(6, 4, "m", "n")])]).is_err());
    }

    #[test]
    fn what_leaves_without_being_there_and_what_comes_twice_is_damage() {
        let gone = VersionEdit {
            deleted: vec![(6, 4)],
            ..VersionEdit::default()
        };
        assert!(version_of(&[start(), gone.clone()]).is_err());
        assert!(version_of(&[adding(&[table(6, 4, "a", "b")]), gone]).is_ok());
        assert!(version_of(&[adding(&[table(6, 4, "a", "b"), table(6, 4, "a", "b")])]).is_err());
    }

    #[test]
    fn runs_are_newest_first_and_deep_levels_are_one_run_each() {
        let mut newer = table(0, 3, "a", "z");
        newer.largest_sequence = 9;
        let tables = [
            newer,
            table(0, 8, "a", "z"),
            table(6, 5, "n", "o"),
            table(6, 6, "a", "b"),
        ];
        let version = version_of(&[adding(&tables)]).unwrap();
        let runs: Vec<Vec<u64>> = version
            .runs()
            .map(|run| run.iter().map(|t| t.number).collect())
            .collect();
        assert_eq!(runs, [vec![3], vec![8], vec![6, 5]]);
    }

    #[test]
    fn a_manifest_says_how_keys_are_ordered_and_counts() {
        let read = |edit: VersionEdit| {
            let mut log = Vec::new();
            put_record(&mut log, &edit.encode());
            read(&log, "MANIFEST-000001")
        };
        assert_eq!(read(start()).unwrap().last_sequence, 50);
        let other = VersionEdit {
            comparer: Some("reverse".to_owned()),
            ..start()
        };
        assert_eq!(
            read(other).unwrap_err().to_string(),
            "MANIFEST-000001: its keys are ordered by \"reverse\""
        );
        for lacking in [
            VersionEdit {
                comparer: None,
                ..start()
            },
            VersionEdit {
                log_number: None,
                ..start()
            },
            VersionEdit {
                next_file: None,
                ..start()
            },
            VersionEdit {
                last_sequence: None,
                ..start()
            },
        ] {
            assert!(read(lacking).is_err());
        }
        assert!(Version::read(b"").is_err());
    }
}
