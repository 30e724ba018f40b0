//! The syncer.
pub mod expand;
pub mod summary;
