//! No silent loss (`workato/model.md 12`): whatever goes wrong on the way, a sync fails and leaves no file, or has
//! every row, or says in its summary what is missing.
//!
//! `matrix` is every read endpoint times every fault times its persistence; `sites` are the workspaces it runs on,
//! `kinds` the faults, `cell` one sync and its verdict. `fifth` lets every fifth request fail, `history` is about
//! families that answered in the previous sync of the same file, `again` about the run after a failed one.

mod again;
mod cell;
mod fifth;
mod history;
mod kinds;
mod matrix;
pub mod sites;
