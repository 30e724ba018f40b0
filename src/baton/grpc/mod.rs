//! The connector as gRPC services, for syncers outside of this process (`baton/service/protocol.md 7`).
//!
//! [`Services`] answers every service of `baton/service/protocol.md 7.4` from a
//! [`Connector`](crate::baton::connector::Connector) and what stands before its writes; [`server`] puts them behind a
//! listener, with mutual TLS ([`tls`]) when a parent process brought certificates ([`parent`]), without when outsiders
//! ask on loopback. One file per concern: `lists` reads, `life` is metadata, validation and cleanup, `writes` changes,
//! `actions` acts, `events` tells what happened, `unsupported` says no, `rate_limit` never limits; `paging` cuts pages to the size of a message, `syncs` keeps what
//! belongs to one sync, `past` what answered in those before, `rules` checks requests.

mod actions;
mod events;
mod inherit;
mod life;
mod lists;
#[cfg(feature = "hosted")]
pub mod local;
mod paging;
pub mod parent;
mod past;
mod rate_limit;
mod recover;
mod refusal;
pub mod rules;
pub mod server;
mod syncs;
pub mod tls;
mod unsupported;
mod writes;

use std::sync::Arc;

use prost::{Message, Name};
use tonic::{Request, Status};

use self::syncs::Syncs;
use crate::baton::connector::Provisioner;
use crate::baton::provision::Provisioning;

/// The largest message in either direction: gRPC's default, beyond which the other side refuses
/// (`baton/service/protocol.md 7.4`).
pub const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// Every service of one connector. Clones are the same services.
pub struct Services<C>(Arc<Shared<C>>);

struct Shared<C> {
    connector: Arc<C>,
    provisioning: Provisioning<C>,
    ticketing: bool,
    page_bytes: usize,
    syncs: Syncs,
}

impl<C> Clone for Services<C> {
    fn clone(&self) -> Self {
        Services(Arc::clone(&self.0))
    }
}

/// What is switched on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Switches {
    /// Writes (`--provisioning`).
    pub provisioning: bool,
    /// Tickets (`--ticketing`).
    pub ticketing: bool,
}

impl<C: Provisioner> Services<C> {
    /// The services of a connector.
    pub fn new(connector: Arc<C>, switches: Switches) -> Self {
        Self::with_pages(connector, switches, MESSAGE_LIMIT)
    }

    /// As [`Services::new`], with pages of at most so many bytes where rows are smaller than that.
    pub fn with_pages(connector: Arc<C>, switches: Switches, page_bytes: usize) -> Self {
        Services(Arc::new(Shared {
            provisioning: Provisioning::new(Arc::clone(&connector), switches.provisioning),
            ticketing: switches.ticketing,
            page_bytes,
            syncs: Syncs::default(),
            connector,
        }))
    }
}

/// The message of a request, once it keeps the rules: code 3 otherwise, before anything else is looked at.
fn checked<M: Message + Name>(request: Request<M>) -> Result<M, Status> {
    let message = request.into_inner();
    rules::check(&message).map_err(Status::from)?;
    Ok(message)
}
