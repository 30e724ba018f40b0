//! The services behind a listener.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Server, ServerTlsConfig};

use super::recover::Recover;
use super::{MESSAGE_LIMIT, Services};
use crate::baton::code;
use crate::baton::connector::Provisioner;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::ratelimit::v1::rate_limiter_service_server::RateLimiterServiceServer;
use crate::baton::proto::v2::account_manager_service_server::AccountManagerServiceServer;
use crate::baton::proto::v2::action_service_server::ActionServiceServer;
use crate::baton::proto::v2::asset_service_server::AssetServiceServer;
use crate::baton::proto::v2::connector_service_server::ConnectorServiceServer;
use crate::baton::proto::v2::credential_manager_service_server::CredentialManagerServiceServer;
use crate::baton::proto::v2::entitlements_service_server::EntitlementsServiceServer;
use crate::baton::proto::v2::event_service_server::EventServiceServer;
use crate::baton::proto::v2::grant_manager_service_server::GrantManagerServiceServer;
use crate::baton::proto::v2::grants_service_server::GrantsServiceServer;
use crate::baton::proto::v2::resource_deleter_service_server::ResourceDeleterServiceServer;
use crate::baton::proto::v2::resource_getter_service_server::ResourceGetterServiceServer;
use crate::baton::proto::v2::resource_manager_service_server::ResourceManagerServiceServer;
use crate::baton::proto::v2::resource_types_service_server::ResourceTypesServiceServer;
use crate::baton::proto::v2::resources_service_server::ResourcesServiceServer;
use crate::baton::proto::v2::tickets_service_server::TicketsServiceServer;

/// How long calls under way get once the server is to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Who may talk to the server.
#[derive(Debug, Clone)]
pub enum Security {
    /// Holders of a certificate ([`tls::server`](super::tls::server)).
    MutualTls(Box<ServerTlsConfig>),
    /// Everybody on this machine: the listener must be on loopback.
    Plaintext,
}

/// Serves until `stop`, then lets calls under way end.
///
/// # Errors
/// `InvalidArgument` for plaintext beyond loopback or a certificate nobody can read; `Unavailable` when the listener
/// fails.
pub async fn serve<C: Provisioner>(
    services: &Services<C>,
    listener: TcpListener,
    security: Security,
    stop: impl Future<Output = ()>,
) -> Result<()> {
    let failed = |error: tonic::transport::Error| Error::new(Kind::Unavailable, "the gRPC server failed").source(error);
    let address = listener.local_addr()?;
    let server = match security {
        Security::MutualTls(tls) => Server::builder().tls_config(*tls).map_err(|error| {
            Error::new(Kind::InvalidArgument, "the certificates cannot be used")
                .code(code::PARENT)
                .source(error)
        })?,
        Security::Plaintext => {
            check_loopback(address)?;
            Server::builder()
        }
    };
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let (told, stopping) = tokio::sync::oneshot::channel::<()>();
    let mut serving = pin!(
        server.serve_with_incoming_shutdown(Recover(routes(services)), incoming, async {
            // A sender that is gone means the same.
            let _ = stopping.await;
        })
    );
    tokio::select! {
        served = &mut serving => return served.map_err(failed),
        () = stop => {}
    }
    drop(told);
    match tokio::time::timeout(GRACE, serving).await {
        Ok(served) => served.map_err(failed),
        Err(_) => {
            tracing::warn!("Calls under way were dropped.");
            Ok(())
        }
    }
}

/// Refuses addresses other machines can reach.
///
/// # Errors
/// `Unknown` (exit code 2): it is the user who named the address.
pub fn check_loopback(address: SocketAddr) -> Result<()> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unknown,
        format!("{address} is not a loopback address, and without TLS nothing else is served"),
    )
    .code(code::NOT_LOOPBACK)
    .hint("use 127.0.0.1 or [::1]; to reach it from elsewhere, put a tunnel in front of it"))
}

/// All services with their limits.
pub(super) fn routes<C: Provisioner>(services: &Services<C>) -> Routes {
    macro_rules! with {
        ($routes:expr, $($server:ident),* $(,)?) => {
            $routes$(.add_service(
                $server::new(services.clone())
                    .max_decoding_message_size(MESSAGE_LIMIT)
                    .max_encoding_message_size(MESSAGE_LIMIT),
            ))*
        };
    }
    with!(
        Routes::default(),
        ConnectorServiceServer,
        ResourceTypesServiceServer,
        ResourcesServiceServer,
        ResourceGetterServiceServer,
        EntitlementsServiceServer,
        GrantsServiceServer,
        AssetServiceServer,
        EventServiceServer,
        TicketsServiceServer,
        ActionServiceServer,
        GrantManagerServiceServer,
        ResourceManagerServiceServer,
        ResourceDeleterServiceServer,
        AccountManagerServiceServer,
        CredentialManagerServiceServer,
        RateLimiterServiceServer,
    )
}
