//! The syncer: drives a [`Connector`](crate::baton::connector::Connector) page by page and seals a file.
//!
//! `run` is one run from its options to its summary, `collect` reads lists step by step, `checkpoint` is what is left
//! to do, `sync_target` what a run asks for, `resume` decides whether an unfinished sync is taken up again, `working` is
//! what lies on disk and `store_thread` its owner, `answers` what the next sync may take over, `ingest` checks rows, `audience` says what a file goes without,
//! `scope` is a connector of which only a part is wanted, `expand` derives indirect grants, `summary` is what comes out.

mod answers;
mod audience;
pub mod checkpoint;
mod collect;
pub mod expand;
pub mod ingest;
pub mod lists;
mod one_sync;
mod pages;
mod resume;
mod run;
mod scope;
pub mod store_thread;
pub mod summary;
mod sync_target;
mod working;

pub use audience::{Audience, LEFT_OUT};
pub use run::{RequestCounts, SyncEnvironment, SyncOptions, run};
pub use scope::{Scope, Scoped, Target};
