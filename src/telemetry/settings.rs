//! Where the collector is and whom to trust there, by the settings.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::baton::code;
use crate::baton::config::{Values, kit};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::authorities;

/// Where to send, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `host:port`.
    pub authority: String,
    /// Whom to trust there.
    pub trust: Trust,
}

/// How the connection is secured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// TLS, with the authorities of the system.
    System,
    /// TLS, with these authorities alone, in PEM form.
    Authorities(Vec<u8>),
    /// None at all.
    Plaintext,
}

/// What gRPC takes where no port is given.
const USUAL_PORT: u16 = 443;

impl Settings {
    /// Those of a run; `None` where no endpoint is set, where both kinds are switched off, and in a build without the
    /// feature: there `unavailable` refuses the settings.
    ///
    /// # Errors
    /// Exit code 2 for an endpoint that is none, and for authorities that are given twice or cannot be read.
    pub fn of(values: &Values) -> Result<Option<Settings>> {
        let endpoint = kit::OTEL_COLLECTOR_ENDPOINT.of(values).trim();
        // One alone changes nothing, as published.
        let is_off = kit::OTEL_TRACING_DISABLED.of(values) && kit::OTEL_LOGGING_DISABLED.of(values);
        if endpoint.is_empty() || is_off || cfg!(not(feature = "otel")) {
            return Ok(None);
        }
        let path = kit::OTEL_COLLECTOR_ENDPOINT_TLS_CERT_PATH.of(values);
        let inline = kit::OTEL_COLLECTOR_ENDPOINT_TLS_CERT.of(values);
        let plaintext = kit::OTEL_COLLECTOR_ENDPOINT_TLS_INSECURE.of(values);
        Ok(Some(Settings {
            authority: authority(endpoint, plaintext)?,
            trust: trust(path, inline, plaintext)?,
        }))
    }
}

/// The host and port of an endpoint: `host:port`, also after `dns:` as gRPC writes it, or as a URL.
fn authority(endpoint: &str, plaintext: bool) -> Result<String> {
    let wrong = |why: &str| {
        Error::new(Kind::Unknown, format!("--otel-collector-endpoint: {endpoint:?} {why}"))
            .code(code::SETTING_VALUE)
            .hint("write it as HOST:PORT, such as collector.example.com:4317")
    };
    let rest = match endpoint.split_once(':') {
        Some(("http", _)) if !plaintext => {
            return Err(wrong("asks for a connection in the clear")
                .hint("that takes --otel-collector-endpoint-tls-insecure besides"));
        }
        Some(("https", _)) if plaintext => {
            return Err(wrong(
                "asks for TLS, and --otel-collector-endpoint-tls-insecure for none",
            ));
        }
        Some(("http" | "https", rest)) => rest.trim_start_matches('/').trim_end_matches('/'),
        Some(("dns", rest)) => rest.trim_start_matches('/'),
        _ => endpoint,
    };
    let url: url::Url = format!("https://{rest}").parse().map_err(|_| wrong("names no host"))?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_bare || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("is more than a host and a port"));
    }
    let host = url.host_str().ok_or_else(|| wrong("names no host"))?;
    Ok(format!("{host}:{}", url.port().unwrap_or(USUAL_PORT)))
}

fn trust(path: &str, inline: &str, plaintext: bool) -> Result<Trust> {
    if !path.is_empty() && !inline.is_empty() {
        return Err(Error::new(
            Kind::Unknown,
            "the certificate authority of the collector is given twice, as a path and as a text",
        )
        .code(code::SETTINGS_TOGETHER)
        .hint("give one of --otel-collector-endpoint-tls-cert-path and --otel-collector-endpoint-tls-cert"));
    }
    if plaintext {
        return Ok(Trust::Plaintext);
    }
    if !path.is_empty() {
        let pem = authorities::read(Path::new(path));
        return pem
            .map(Trust::Authorities)
            .map_err(|error| error.fact("setting", "otel-collector-endpoint-tls-cert-path"));
    }
    if inline.is_empty() {
        return Ok(Trust::System);
    }
    let named = "read --otel-collector-endpoint-tls-cert";
    let pem = URL_SAFE_NO_PAD.decode(inline.trim()).map_err(|_| {
        Error::new(Kind::Unknown, "it is no base64url without padding")
            .code(code::CA_FILE)
            .hint("turn a PEM file into it: base64 -w0 ca.pem | tr +/ -_ | tr -d =")
    });
    let pem = pem.and_then(authorities::given).context(named)?;
    Ok(Trust::Authorities(pem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_and_a_port() {
        for (endpoint, plaintext, expected) in [
            ("collector.example:4317", false, "collector.example:4317"),
            ("collector.example", false, "collector.example:443"),
            ("dns:///collector.example:4317", true, "collector.example:4317"),
            ("https://collector.example:4317/", false, "collector.example:4317"),
            ("http://127.0.0.1:4317", true, "127.0.0.1:4317"),
            ("[::1]:4317", true, "[::1]:4317"),
        ] {
            assert_eq!(authority(endpoint, plaintext).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_and_nothing_goes_in_the_clear_by_itself() {
        for (endpoint, plaintext) in [
            ("http://collector.example:4317", false),
            ("https://collector.example:4317", true),
            ("collector.example:4317/v1/traces", false),
            ("user:word@collector.example:4317", false),
            ("collector.example:port", false),
            ("unix:/run/collector", false),
            (":", false),
        ] {
            let error = authority(endpoint, plaintext).unwrap_err();
            assert_eq!(
                (error.kind().exit_code(), error.code_id()),
                (2, code::SETTING_VALUE),
                "{endpoint}"
            );
        }
    }

    #[test]
    fn authorities_come_from_one_place_and_are_looked_at() {
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = rcgen::CertificateParams::new(vec!["ca".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap()
            .pem();
        let inline = URL_SAFE_NO_PAD.encode(&pem);
        assert_eq!(trust("", &inline, false).unwrap(), Trust::Authorities(pem.into_bytes()));
        assert_eq!(trust("", "", false).unwrap(), Trust::System);
        assert_eq!(trust("", &inline, true).unwrap(), Trust::Plaintext);
        let twice = trust("ca.pem", &inline, true).unwrap_err();
        assert_eq!(
            (twice.kind().exit_code(), twice.code_id()),
            (2, code::SETTINGS_TOGETHER)
        );
        let no_certificate = URL_SAFE_NO_PAD.encode("hello");
        for wrong in ["-----BEGIN CERTIFICATE-----", "YQ==", &no_certificate] {
            let error = trust("", wrong, false).unwrap_err();
            assert_eq!(
                (error.kind().exit_code(), error.code_id()),
                (2, code::CA_FILE),
                "{error}"
            );
        }
    }
}
