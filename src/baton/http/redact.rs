//! What of a URL may be shown, and which URLs a token may travel to.

use url::{Host, Url};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// Whether the URL's host is this machine: 127.0.0.0/8, `::1` or `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Refuses URLs over which a token would travel in the clear.
pub(super) fn require_secure(url: &Url) -> Result<()> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        scheme => Err(Error::new(
            Kind::Unknown,
            format!("refusing to send a token to {} over {scheme}", place(url)),
        )
        .code(code::INSECURE)
        .hint("use an https URL; plain http is only for this machine")),
    }
}

/// Host, port and path: what errors and logs say about where a request went.
pub(super) fn place(url: &Url) -> String {
    format!("{}{}", host(url), url.path())
}

/// Host, and the port if it is not the usual one.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("no host");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The query with everything that looks secret replaced by `***`.
pub(super) fn query(url: &Url) -> String {
    const SECRET_NAMES: [&str; 6] = ["token", "secret", "key", "password", "auth", "signature"];
    url.query_pairs()
        .map(|(name, value)| {
            let lower = name.to_lowercase();
            // Long values are ids or texts nobody needs in a log; tokens are among them.
            let secret = SECRET_NAMES.iter().any(|s| lower.contains(s)) || value.len() > 40 || value.contains("eyJ");
            format!("{name}={}", if secret { "***" } else { &value })
        })
        .collect::<Vec<_>>()
        .join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_in_queries() {
        let url: Url = "https://h/p?page=2&api_key=abc&q=eyJhbGciOi&name=x".parse().unwrap();
        assert_eq!(query(&url), "page=2&api_key=***&q=***&name=x");
    }

    #[test]
    fn plain_http_only_to_this_machine() {
        for url in [
            "https://example.org",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(require_secure(&url.parse().unwrap()).is_ok(), "{url}");
        }
        for url in [
            "http://example.org",
            "http://10.0.0.1",
            "http://localhost.example.org",
            "ftp://127.0.0.1",
        ] {
            assert!(require_secure(&url.parse().unwrap()).is_err(), "{url}");
        }
    }
}
