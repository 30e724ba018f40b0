//! The read side: who can touch what, and why, from any v1 `.c1z` file, whoever wrote it.
//!
//! A [`Snapshot`] is one sync of one file. [`find`] turns what a person typed into a row, [`path`] says by which
//! chain of entitlements somebody holds something, [`access`] answers for a principal or a resource. This room knows the
//! file format, not Workato: what is special about a vendor comes in as data. `cli` calls it and prints what it gets.

pub mod access;
pub mod census;
pub mod edges;
pub mod explore;
pub mod find;
pub mod findings;
pub mod link;
pub mod list;
pub mod names;
pub mod overview;
pub mod path;
mod snapshot;
pub mod stats;
pub mod suggest;
pub mod thing;
pub mod verify;
pub mod web;

pub use snapshot::{Snapshot, Which};
pub use thing::{Right, Thing};
