//! What fills the files of one format.

use super::Written;
use super::table::{Cell, Table};
use crate::baton::error::Result;
use crate::report::thing::{Right, Thing};

/// One format that is being filled.
pub(super) trait Sink {
    /// Takes a row of a table.
    fn row(&mut self, table: Table, cells: &[Cell]) -> Result<()>;

    /// Whether it takes what principals were given.
    fn takes_given(&self) -> bool {
        false
    }

    /// Takes everything a principal was given, in the order of answers.
    fn given(&mut self, _principal: &Thing, _given: &[Right]) -> Result<()> {
        Ok(())
    }

    /// Completes the files.
    fn finish(self: Box<Self>) -> Result<Vec<Written>>;
}
