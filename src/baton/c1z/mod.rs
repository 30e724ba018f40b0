//! The `.c1z` file. In its form v1 it is a SQLite database in one zstd frame (`baton/c1z/format.md`), in its form v3 a Pebble
//! store, see [`v3`]. Both are read and written; which one a file gets says [`Engine`].
//!
//! Writers take a [`Store`], a private working copy that replaces the target only in [`Store::save`]. Readers take
//! a [`Reader`], for files of both forms. A sync that is being collected lies in a [`Partial`] beside its target, under a [`Claim`]. The
//! syncer, its expansion and the reports may call this room; nothing else opens SQLite. All calls block: an async
//! caller gives the store a thread of its own.
//!
//! # Read a file
//!
//! ```
//! use std::path::Path;
//!
//! use baton_workato::baton::c1z::Reader;
//!
//! # fn main() -> baton_workato::baton::error::Result<()> {
//! let reader = Reader::open(Path::new("tests/golden/rbac-v2/published-connector.c1z"), None)?;
//! let run = reader.latest_full()?.expect("somebody finished a sync");
//! let mut held = 0;
//! reader.for_each_resource(&run.sync_id, &mut |resource| {
//!     println!("{}", resource.display_name);
//!     Ok(())
//! })?;
//! reader.for_each_grant(&run.sync_id, &mut |row| {
//!     held += u64::from(row.grant.principal.is_some());
//!     Ok(())
//! })?;
//! assert!(held > 0);
//! # Ok(())
//! # }
//! ```

mod anew;
mod before;
mod btree;
mod catalog;
pub(in crate::baton) mod claim;
pub mod convert;
mod derived;
mod engine;
pub(in crate::baton) mod envelope;
mod expansion;
mod fault;
pub mod history;
mod ksuid;
mod memory;
mod migrate;
mod partial;
mod plain;
mod policy;
mod put_derived;
mod reader;
mod reads;
mod retention;
mod room;
mod rows;
pub(in crate::baton) mod run;
pub mod save;
mod schema;
pub(in crate::baton) mod scratch;
mod session;
mod sound;
mod stats;
pub mod steps;
mod store;
pub mod timestamp;
mod until;
pub mod v3;
pub mod verify;
mod whole;
mod write;

pub mod format {
    #![doc = include_str!("format.md")]
}

pub use claim::Claim;
pub use derived::{DerivedGrant, Destination, Principal, Sources};
pub use engine::Engine;
pub use envelope::Limits;
pub use expansion::split as split_expansion;
pub use ksuid::{is_sync_id, new_sync_id};
pub use partial::{Found, ListProgress, Partial, Position, Section};
pub use plain::{PlainDatabase, PlainValue};
pub use policy::Policy;
pub use reader::{
    EntitlementFilter, Given, GrantFilter, GrantRow, Holding, Keep, ListedGrant, Reader, ResourceFilter, merge,
};
pub use retention::{Rule, surplus};
pub use rows::Expandable;
pub(in crate::baton) use run::RESUME_DAYS;
pub use run::{SyncRun, SyncType};
pub use save::Saved;
pub use stats::TypeCounts;
pub use store::Store;

/// Lets a database grow by so many pages and no more: SQLite then says what it says when the disk is full.
#[cfg(test)]
fn grow_by(db: &rusqlite::Connection, pages: i64) {
    let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let highest = number("pragma page_count").unwrap_or_default() + pages;
    let set = number(&format!("pragma max_page_count = {highest}"));
    assert_eq!(set.ok(), Some(highest));
}
