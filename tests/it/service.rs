//! Service mode against a stand-in for ConductorOne: over TLS with a private certificate authority in real time, and
//! in memory where days pass at once.

mod credentials;
#[cfg(unix)]
mod cut;
mod damaged;
mod day;
mod fake;
#[cfg(unix)]
mod fleet;
#[cfg(unix)]
mod hooked;
#[cfg(unix)]
mod kill;
pub mod memory;
#[cfg(unix)]
mod remembers;
mod seats;
pub mod secure;
mod shapes;
pub mod stand_in;
mod unheard;
