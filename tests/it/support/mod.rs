//! What tests stand on: a server that replays recordings, an oracle that says what a sync must contain, a way to
//! run a sync and the program, a place for both, the rows of a file in comparable form, and files as other writers
//! leave them.

pub mod oracle;
pub mod place;
pub mod program;
#[cfg(any(feature = "parquet", feature = "object-store"))]
pub mod python;
pub mod replay;
pub mod rows;
pub mod run;
pub mod slim;
