//! Reviews that end: who should keep what is asked, answered in workbooks, carried out and told.
//!
//! A review is a folder. [`start`] puts into it, for each reviewer, a workbook and a CSV with the same rows, and a
//! [`manifest`] with everything that was handed out. [`standing`] reads the workbooks back and holds them to the manifest:
//! what was added, moved or changed is refused, an answer is one of three words. [`plan`] says which grants are to go, by
//! the answers and by the [`journal`], which has every write before it is sent and after it was answered. [`evidence`]
//! tells all of it. Nothing here connects to anything: whoever carries a plan out is handed its steps.

mod answers;
mod book;
pub mod columns;
mod digest;
mod earlier;
pub mod evidence;
mod folder;
mod found;
mod handed;
pub mod journal;
pub mod manifest;
mod page;
pub mod plan;
mod removal;
mod reviewer;
mod rows;
mod said;
mod sheet;
pub mod standing;
pub mod start;
mod table;
#[cfg(test)]
mod tests;

pub use self::digest::of_file;
pub use self::folder::Lock;
pub use self::manifest::Since;
pub use self::reviewer::By;
