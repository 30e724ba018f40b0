//! What tests stand on: a server that replays recordings, an oracle that says what a sync must contain, a way to
//! run a sync, and the rows of a file in comparable form.

pub mod oracle;
pub mod replay;
pub mod rows;
pub mod run;
