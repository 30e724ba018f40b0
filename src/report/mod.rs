//! The read side: who can touch what, and why, from any `.c1z` file, whoever wrote it.
//!
//! A [`Snapshot`] is one sync of one file. [`find`] turns what a person typed into a row, [`path`] says by which
//! chain of entitlements somebody holds something, [`access`] makes answers of grants, [`reach`] decides who gets to a
//! thing and by what, [`condition`] is a test over the answers, [`compare`] says what two syncs differ in. This room
//! knows the file format, not Workato: what is special about a vendor comes in as data. `cli` calls it and prints what it
//! gets.

pub mod access;
pub mod accounts;
pub mod apart;
pub mod code;
pub mod compare;
pub mod condition;
pub mod counted;
pub mod domains;
pub mod edges;
pub mod environment;
pub mod exact;
pub mod explore;
pub mod export;
pub mod find;
pub mod findings;
mod in_order;
mod inherited;
pub mod inventory;
mod key;
pub mod link;
pub mod list;
pub mod moment;
pub mod names;
pub mod overview;
pub mod path;
pub mod policy;
pub mod question;
pub mod reach;
mod restless;
pub mod review;
mod snapshot;
pub mod spelling;
pub mod stats;
pub mod strangers;
pub mod suggest;
pub mod thing;
pub mod verify;
pub mod web;
pub mod wording;

pub use snapshot::{Snapshot, Which};
pub use thing::{Right, Thing};
