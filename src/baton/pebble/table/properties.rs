//! Properties: what a table says of itself, and what of it must agree.

use super::super::block::Pairs;
use super::super::error::{Error, Result};
use super::super::version::COMPARER;
use super::footer::{Footer, attribute};

/// How merged values are put together. Nothing that is read here has any, but the name must be this one.
pub(crate) const MERGER: &str = "pebble.concatenate";
/// How the columns of keys are made up: whole keys, in bundles of 16.
pub(crate) const SCHEMA: &str = "DefaultKeySchema(leveldb.BytewiseComparator,16)";

/// The names of properties.
pub(crate) mod name {
    pub(crate) const COMPARATOR: &str = "rocksdb.comparator";
    pub(crate) const MERGE_OPERATOR: &str = "rocksdb.merge.operator";
    pub(crate) const COMPRESSION: &str = "rocksdb.compression";
    pub(crate) const SCHEMA: &str = "pebble.colblk.schema";
    pub(crate) const INDEX_TYPE: &str = "rocksdb.block.based.table.index.type";
    pub(crate) const INDEX_SIZE: &str = "rocksdb.index.size";
    pub(crate) const FILTER_SIZE: &str = "rocksdb.filter.size";
    pub(crate) const ENTRIES: &str = "rocksdb.num.entries";
    pub(crate) const DELETED_KEYS: &str = "rocksdb.deleted.keys";
    pub(crate) const RANGE_DELETIONS: &str = "rocksdb.num.range-deletions";
    pub(crate) const MERGE_OPERANDS: &str = "rocksdb.merge.operands";
    pub(crate) const DATA_BLOCKS: &str = "rocksdb.num.data.blocks";
    pub(crate) const DATA_SIZE: &str = "rocksdb.data.size";
    pub(crate) const RAW_KEY_SIZE: &str = "rocksdb.raw.key.size";
    pub(crate) const RAW_VALUE_SIZE: &str = "rocksdb.raw.value.size";
    pub(crate) const VALUE_BLOCKS: &str = "pebble.num.value-blocks";
}

/// What reading a table needs to know of it, and what checking it compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Properties {
    /// Whether the index has two levels.
    pub(crate) has_two_levels: bool,
    /// Rows and range deletions.
    pub(crate) entries: u64,
    /// Rows that delete, and range deletions.
    pub(crate) deleted_keys: u64,
    pub(crate) range_deletions: u64,
    pub(crate) data_blocks: u64,
    /// Bytes of data blocks as they are stored, with what stands behind each.
    pub(crate) data_size: u64,
    pub(crate) raw_key_size: u64,
    pub(crate) raw_value_size: u64,
    pub(crate) value_blocks: u64,
}

impl Properties {
    pub(crate) fn of(pairs: &Pairs, footer: &Footer) -> Result<Self> {
        for (name, wanted) in [
            (name::COMPARATOR, COMPARER),
            (name::MERGE_OPERATOR, MERGER),
            (name::SCHEMA, SCHEMA),
        ] {
            let found = pairs.get(name).map(String::from_utf8_lossy);
            if found.as_deref() != Some(wanted) {
                return Err(Error::unsupported(format!(
                    "its {name} is {:?}; only {wanted:?} is read",
                    found.unwrap_or_default()
                )));
            }
        }
        let has_two_levels = match pairs.get(name::INDEX_TYPE) {
            Some([0, 0, 0, 0]) => false,
            Some([2, 0, 0, 0]) => true,
            other => {
                return Err(Error::unsupported(format!(
                    "its index is of type {:02x?}, which is not read",
                    other.unwrap_or_default()
                )));
            }
        };
        let number = |name| Ok::<_, Error>(pairs.number(name)?.unwrap_or_default());
        let properties = Properties {
            has_two_levels,
            entries: number(name::ENTRIES)?,
            deleted_keys: number(name::DELETED_KEYS)?,
            range_deletions: number(name::RANGE_DELETIONS)?,
            data_blocks: number(name::DATA_BLOCKS)?,
            data_size: number(name::DATA_SIZE)?,
            raw_key_size: number(name::RAW_KEY_SIZE)?,
            raw_value_size: number(name::RAW_VALUE_SIZE)?,
            value_blocks: number(name::VALUE_BLOCKS)?,
        };
        properties.check_attributes(footer)?;
        Ok(properties)
    }

    /// The footer says the same in bits.
    pub(crate) fn attributes(&self) -> u32 {
        let bit = |is_set, bit| if is_set { bit } else { 0 };
        bit(self.value_blocks > 0, attribute::VALUE_BLOCKS)
            | bit(self.range_deletions > 0, attribute::RANGE_DELETIONS)
            | bit(self.has_two_levels, attribute::TWO_LEVEL_INDEX)
            | bit(self.data_blocks > 0, attribute::DATA_BLOCKS)
    }

    fn check_attributes(&self, footer: &Footer) -> Result<()> {
        match footer.attributes {
            Some(bits) if bits != self.attributes() => Err(Error::corrupt(format!(
                "its footer says {bits:#x} of what is in it, its properties {:#x}",
                self.attributes()
            ))),
            _ => Ok(()),
        }
    }
}
