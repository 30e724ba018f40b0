//! Service mode: ConductorOne hands out tasks, this host does them (`baton/service/protocol.md`).
//!
//! ```text
//! credentials ─► assertion ─► token ─┐
//!                        channel ────┴─► c1 ─► hello, then poll ─► task::{sync, provisioning, …} ─► finish
//!                                                                        └─ heartbeat, files, upload
//! ```
//!
//! `run` is the life of one connection; `health` and `metrics` show it to whoever looks after it. A process may have many,
//! each with its own client: what they share is handed in ([`Place`]), and nothing here is one per process. The command
//! line starts them; nobody else does. Everything waits on a [`Clock`], so a test can let days pass.

pub mod answer;
pub mod assertion;
pub mod c1;
pub mod channel;
pub mod credentials;
mod files;
mod finish;
mod frames;
pub mod health;
mod heartbeat;
pub mod hello;
mod hooks;
pub mod host;
mod metrics;
mod poll;
pub mod reach;
mod remember;
mod run;
pub mod seats;
mod task;
pub mod token;
mod upload;

pub mod protocol {
    #![doc = include_str!("protocol.md")]
}

use std::sync::Arc;

use self::c1::C1;
use self::files::SyncFiles;
use self::hooks::EventHooks;
use self::metrics::Metrics;
use self::remember::Memory;
pub use self::run::{Link, Place, ServiceEnvironment, ServiceOptions, run, run_at};
use self::seats::Seats;
use crate::baton::http::Clock;
use crate::baton::progress::Observer;
use crate::baton::provision::Provisioning;
use crate::baton::sync::RequestCounts;

/// What tasks work with.
struct Service<C> {
    connector: Arc<C>,
    provisioning: Provisioning<C>,
    c1: C1,
    options: ServiceOptions,
    files: SyncFiles,
    memory: Memory,
    hooks: Option<EventHooks>,
    metrics: Arc<Metrics>,
    observer: Arc<dyn Observer>,
    requests: RequestCounts,
    clock: Arc<dyn Clock>,
    seats: Seats,
    /// One full sync at a time.
    sync_turn: tokio::sync::Mutex<()>,
}
