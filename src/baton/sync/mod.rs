//! The syncer: plan and steps, ingest checks, expansion, summary.

pub mod expand;
mod run;
pub mod summary;

pub use run::{SyncEnvironment, SyncOptions, run};
