//! What a collector of OpenTelemetry is sent (`baton/config/published.md 4`): traces, logs and metrics over one gRPC
//! connection, where `--otel-collector-endpoint` names one. In a build without the cargo feature `otel` there is nothing
//! here but the word that says so.
//!
//! ```text
//! spans of baton::{http, sync, service} ──► tracing ──► traces ─┐
//!                                              │           └─ measures ─► metrics ─┼─► link ─► the collector
//! lines of the log, from its level on ─────────┴──────► logs ─┘
//! ```
//!
//! The kit opens spans and knows nobody who listens. Only spans and lines of this library leave, and warnings of others.
//! What fails on the way is lost and warned of once (`told`): no command fails, waits or slows down for a collector,
//! but for the last five seconds of one that does not answer.

#[cfg(feature = "otel")]
mod end;
#[cfg(feature = "otel")]
mod link;
#[cfg(feature = "otel")]
mod measures;
#[cfg(feature = "otel")]
mod pipeline;
mod settings;
#[cfg(feature = "otel")]
mod told;

use tracing::Level;
use tracing_subscriber::{Layer, Registry};

pub use self::settings::{Settings, Trust};
use crate::baton::about::About;
use crate::baton::error::Result;

/// Something that hears of every span and line.
pub type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Begins sending: what is to hear of spans and of lines from `level` on. Makes no connection yet.
///
/// # Errors
/// `Unknown` (exit code 2) for an address or authorities no connection can be made with.
#[cfg(feature = "otel")]
pub fn start(settings: &Settings, about: &About, level: Level) -> Result<Vec<Listener>> {
    pipeline::start(settings, about, level)
}

/// Never called: in this build no settings are read ([`Settings::of`]).
///
/// # Errors
/// None.
#[cfg(not(feature = "otel"))]
pub fn start(_: &Settings, _: &About, _: Level) -> Result<Vec<Listener>> {
    Ok(Vec::new())
}

/// Sends what is left and ends, within five seconds. To be called at the end of the command.
pub fn end() {
    #[cfg(feature = "otel")]
    end::end();
}
