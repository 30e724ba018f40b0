//! The `.c1z` file: a SQLite database in one zstd frame (`contract/c1z-format.md`).
//!
//! Writers take a [`Store`], a private working copy that replaces the target only in [`Store::save`]. Readers take
//! a [`Reader`]. A sync that is being collected lies in a [`Partial`] beside its target, under a [`Claim`]. The
//! syncer, its expansion and the reports may call this room; nothing else opens SQLite. All calls block: an async
//! caller gives the store a thread of its own.

mod claim;
mod derived;
mod envelope;
mod expansion;
mod fault;
mod ksuid;
mod migrate;
mod partial;
mod policy;
mod reader;
mod retention;
mod rows;
mod run;
pub mod save;
mod schema;
mod scratch;
mod session;
mod stats;
pub mod steps;
mod store;
pub mod timestamp;
pub mod verify;
mod write;

pub use claim::Claim;
pub use derived::{DerivedGrant, Destination, Principal};
pub use envelope::Limits;
pub use expansion::split as split_expansion;
pub use ksuid::{is_sync_id, new_sync_id};
pub use partial::{Found, ListProgress, Partial, Position, Section};
pub use policy::Policy;
pub use reader::{EntitlementFilter, Given, GrantFilter, GrantRow, Holding, Keep, Reader, ResourceFilter};
pub use rows::Expandable;
pub use run::{SyncRun, SyncType};
pub use save::Saved;
pub use stats::TypeCounts;
pub use store::Store;
