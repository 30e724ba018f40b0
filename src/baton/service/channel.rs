//! One TLS channel to ConductorOne for the life of the process (`baton/service/protocol.md 1.7, 2.3`).

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::baton::about::About;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// The published protocol level this program follows; part of user agents.
pub const PROTOCOL_LEVEL: &str = "baton-sdk/v0.25.0";
/// User agent of token requests (`baton/service/protocol.md 1.4`).
pub const TOKEN_USER_AGENT: &str = "baton-c1-credential-provider baton-sdk/v0.25.0";

/// Longest wait for a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(30);
/// How often the system asks whether an idle connection still stands. HTTP/2 pings are not used: servers count those
/// they did not ask for.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// A channel of a program to `host`, which may name a port; it connects with the first call, and again when the connection breaks.
/// `extra_roots` (PEM) are trusted besides the system's.
///
/// # Errors
/// `Unknown` for a host no URL can have and roots that cannot be read.
pub fn open(about: &About, host: &str, client_name: &str, extra_roots: Option<&[u8]>) -> Result<Channel> {
    endpoint(about, host, client_name, extra_roots).map(|endpoint| endpoint.connect_lazy())
}

/// Connects as a channel would, says nothing, and hangs up: whether ConductorOne can be reached and is who it should be.
///
/// # Errors
/// As [`open()`]; `Unavailable` when there is no connection, with every cause in the text.
pub async fn reach(about: &About, host: &str, client_name: &str, extra_roots: Option<&[u8]>) -> Result<()> {
    let endpoint = endpoint(about, host, client_name, extra_roots)?;
    endpoint.connect().await.map(drop).map_err(|error| {
        Error::new(Kind::Unavailable, format!("cannot connect to {}", with_port(host)))
            .code(code::C1_UNREACHABLE)
            .hint("check the network of this machine; private certificate authorities are named with --c1-ca-cert")
            .source(error)
    })
}

fn endpoint(about: &About, host: &str, client_name: &str, extra_roots: Option<&[u8]>) -> Result<Endpoint> {
    let failed = |error: tonic::transport::Error| {
        Error::new(Kind::Unknown, format!("no channel to {host:?} can be made"))
            .code(code::C1_UNREACHABLE)
            .hint("check the client id, --c1-ca-cert, and BATON_C1_API_HOST if it is set")
            .source(error)
    };
    let mut tls = ClientTlsConfig::new().with_native_roots().timeout(CONNECT);
    if let Some(pem) = extra_roots {
        tls = tls.ca_certificate(Certificate::from_pem(pem));
    }
    let endpoint = Endpoint::from_shared(format!("https://{}", with_port(host)))
        .and_then(|endpoint| endpoint.user_agent(user_agent(about, client_name)))
        .and_then(|endpoint| endpoint.tls_config(tls))
        .map_err(failed)?;
    Ok(endpoint
        .connect_timeout(CONNECT)
        .tcp_keepalive(Some(KEEPALIVE))
        .tcp_nodelay(true))
}

/// The name of the client id, the protocol level, the program. Characters no header can carry are left out.
fn user_agent(about: &About, client_name: &str) -> String {
    let name: String = client_name.chars().filter(char::is_ascii_graphic).collect();
    format!("{name} {PROTOCOL_LEVEL} {}", about.user_agent())
}

fn with_port(host: &str) -> String {
    let after_address = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    if after_address.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:443")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::about::EXAMPLE;

    #[test]
    fn the_usual_port_is_443() {
        for (host, expected) in [
            ("acme.conductor.one", "acme.conductor.one:443"),
            ("localhost:8443", "localhost:8443"),
            ("[::1]", "[::1]:443"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(with_port(host), expected);
        }
    }

    #[test]
    fn the_user_agent_names_client_and_protocol() {
        assert_eq!(
            user_agent(&EXAMPLE, "spicy-wyvern\n1"),
            "spicy-wyvern1 baton-sdk/v0.25.0 baton-rota/1.2.3"
        );
    }
}
