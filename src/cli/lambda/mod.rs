//! `lambda`: the connector as a function of AWS Lambda, hosted by ConductorOne. Builds without the cargo feature `hosted`
//! say that they have it not; it is hidden there.

#[cfg(not(feature = "hosted"))]
mod absent;
#[cfg(feature = "hosted")]
mod hosted;

#[cfg(not(feature = "hosted"))]
pub use absent::{command, run};
#[cfg(feature = "hosted")]
pub use hosted::{command, fields, run, shown, variables};
