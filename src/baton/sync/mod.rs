//! The syncer: drives a [`Connector`](crate::baton::connector::Connector) page by page and seals a file.
//!
//! `run` has the steps, `lists` reads lists, `ingest` checks rows, `store_thread` owns the working copy,
//! `expand` derives indirect grants, `summary` is what comes out.

pub mod expand;
pub mod ingest;
pub mod lists;
mod run;
pub mod store_thread;
pub mod summary;

pub use run::{RequestCounts, SyncEnvironment, SyncOptions, run};
