//! The other form of the `.c1z` file: v3, a Pebble store in an envelope (`baton/c1z/v3/format.md`).
//!
//! ```text
//! "C1Z3\0" | length of the manifest | manifest | frame … frame | index of the frames
//!                                                └─ a file of the store, compressed by itself
//! ```
//!
//! A file holds one sync. Its rows are records by key, and indexes of them:
//!
//! ```text
//! 03 01 resource types   03 02 resources   03 03 entitlements   03 04 grants   03 05 assets   03 06 the sync
//! 03 07 01 children by parent   03 07 04 grants by principal   03 07 05 expandable grants   03 07 08 hashes of grants
//! 03 09 session   03 0a digests   03 ff stamps and counts
//! ```
//!
//! [`File`] reads it without unpacking it: a question about one principal decodes the frames that hold its rows of the
//! index and its grants, and no other. It takes indexes at their word, unless the file itself says that one has gaps;
//! [`File::check`] makes all of them anew and compares. [`Writer`] takes the rows of one sync in any order;
//! `from_v1` hands it those of a v1 database, as a [`Store`](super::Store) collects them, and the grants that expansion
//! derived, which are no rows of it. [`Reader`](super::Reader) asks the file itself (`ask`), and a copy of the rows in the
//! tables of v1, made by `as_v1`, where rows must have numbers or come in another order.
//!
//! | question | answered from |
//! | --- | --- |
//! | which sync, how many rows | [`File::manifest`], without opening a table; [`File::run`], [`File::stats`] |
//! | grants to a principal | index 04, then the grants it names |
//! | grants on a resource, of an entitlement | the range of their keys: they begin with the resource |
//! | children of a resource | index 01 |
//! | a row by its id | its key; an id of another form than usual costs a look at all rows of its kind |

mod as_v1;
mod ask;
mod check;
mod envelope;
mod fault;
mod file;
mod from_v1;
mod join;
mod key;
mod left;
mod moment;
mod payload;
mod read;
mod record;
mod rules;
mod run;
mod write;

pub mod format {
    #![doc = include_str!("format.md")]
}

pub(super) use as_v1::{Carry, fill};
pub(super) use ask::Rows;
pub use check::Finding;
pub use envelope::MAGIC;
pub use file::{File, Ids};
pub use from_v1::Left;
pub(super) use from_v1::build;
pub(super) use left::left_in_v1;
pub use read::{Entitlements, Grants, Resources};
pub use record::Grant;
pub(super) use run::run;
pub use write::{Lost, Writer};
