//! What tests stand on: a server that replays recordings, and an oracle that says what a sync must contain.

pub mod oracle;
pub mod replay;
