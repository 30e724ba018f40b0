//! The one connection to the collector. It is made when there is something to send, and again when it breaks.

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use super::settings::{Settings, Trust};
use crate::baton::about::About;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// Longest wait for a connection and for one answer: more is not waited for at the end either.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A channel to the collector. To be called inside the runtime that is to drive it.
///
/// # Errors
/// `Unknown` for an address no URL can have and authorities that cannot be used.
pub fn open(settings: &Settings, about: &About) -> Result<Channel> {
    let failed = |error: tonic::transport::Error| {
        Error::new(
            Kind::Unknown,
            format!("no channel to {:?} can be made", settings.authority),
        )
        .code(code::SETTING_VALUE)
        .hint("check --otel-collector-endpoint and the authorities that are given for it")
        .source(error)
    };
    let tls = match &settings.trust {
        Trust::System => Some(ClientTlsConfig::new().with_native_roots()),
        Trust::Authorities(pem) => Some(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))),
        Trust::Plaintext => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}", settings.authority))
        .and_then(|endpoint| endpoint.user_agent(about.user_agent()))
        .map_err(failed)?;
    if let Some(tls) = tls {
        endpoint = endpoint.tls_config(tls.timeout(PATIENCE)).map_err(failed)?;
    }
    Ok(endpoint
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .tcp_nodelay(true)
        .connect_lazy())
}
