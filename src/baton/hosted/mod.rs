//! Hosted by ConductorOne: the connector as a function of AWS Lambda (`baton/hosted/facts.md`). Only in builds with the
//! cargo feature `hosted`.
//!
//! ```text
//! settings ─► attestation ─► tokens ─┐
//!                   proof ───────────┴─► config_service ─► opened, given ─► generation (made by the command line)
//!                                                                               │
//! runtime ─► frame ─► caller (JWT) ─► generation of the version asked for ─► dispatch ─► frame ─► runtime
//! ```
//!
//! One file per concern: `runtime` is the loop of Lambda, `handler` what happens to one invocation, `frame` the two forms
//! of a request, `caller` and `keys` who may ask, `generation` which configuration answers, `dispatch` the call itself,
//! `egress` the hosts a tenant allows.

mod attestation;
mod caller;
mod config_service;
mod dispatch;
pub mod egress;
mod frame;
mod generation;
mod handler;
mod headers;
mod jws;
mod keys;
mod proof;
mod runtime;
pub mod settings;
mod tokens;
mod unknown_types;

pub mod facts {
    #![doc = include_str!("facts.md")]
}

pub use attestation::AwsCredentials;
pub use caller::Expected;
pub use config_service::{Configuration, Place};
pub use generation::{Made, Make};
pub use handler::Adjust;
pub use keys::Signer;
pub use runtime::{Hosted, check, run};
