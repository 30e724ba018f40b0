//! The connector over gRPC (`baton/service/protocol.md 7`): real servers and clients on loopback, and the program
//! itself as the child of a parent process.

mod answers;
mod certificates;
#[cfg(unix)]
mod child;
pub mod data;
mod memory;
mod refused;
pub mod remote;
mod serve;
mod size;
pub mod syncs;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use baton_workato::baton::connector::Provisioner;
use baton_workato::baton::grpc::server::{self, Security};
use baton_workato::baton::grpc::{Services, Switches};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::{Channel, Endpoint};

/// A server in this process. It stops when this is dropped.
pub struct Served {
    pub address: SocketAddr,
    _stop: DropGuard,
}

impl Served {
    /// Serves a connector in plaintext.
    pub async fn plain<C: Provisioner>(connector: Arc<C>, switches: Switches) -> Self {
        Self::with(connector, switches, Security::Plaintext).await
    }

    /// Serves a connector.
    pub async fn with<C: Provisioner>(connector: Arc<C>, switches: Switches, security: Security) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let services = Services::new(connector, switches);
            server::serve(&services, listener, security, stopped.cancelled())
                .await
                .unwrap();
        });
        Served {
            address,
            _stop: stop.drop_guard(),
        }
    }

    /// A connection without TLS.
    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect().await.unwrap()
    }
}
