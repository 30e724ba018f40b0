//! The program as its command line names it.

use crate::ABOUT;

/// The program's name.
pub const NAME: &str = ABOUT.name;
/// What `--version` prints behind the name.
pub const VERSION: &str = concat!("version ", env!("CARGO_PKG_VERSION"));
