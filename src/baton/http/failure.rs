//! What goes wrong without an answer: no connection, a broken one, no time, too much body.

use std::error::Error as StdError;
use std::io;

use url::Url;

use super::redact::{host, place};
use crate::baton::code::{self, Code};
use crate::baton::error::{Error, Kind, Retry};

/// Why an attempt brought no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nobody could be reached.
    Connect(reqwest::Error),
    /// TLS says this is not the host we want. Repeating cannot help.
    Certificate(reqwest::Error),
    /// Reached, but the answer did not end in time.
    Timeout(reqwest::Error),
    /// The connection broke, or the body ended early or could not be decompressed.
    Broken(reqwest::Error),
    /// The body is larger than allowed.
    TooLarge {
        /// The cap in bytes.
        max: usize,
    },
    /// The request could not even be built.
    Request(reqwest::Error),
}

impl Failure {
    /// From reqwest's error, whose URL is dropped: [`Failure::into_error`] says it without the query.
    pub(super) fn new(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_builder() {
            Failure::Request(error)
        } else if chain(&error).any(|cause| cause.to_string().to_lowercase().contains("certificate")) {
            Failure::Certificate(error)
        } else if error.is_connect() {
            Failure::Connect(error)
        } else if error.is_timeout() {
            Failure::Timeout(error)
        } else {
            Failure::Broken(error)
        }
    }

    /// Whether the request surely never arrived.
    pub(super) fn never_sent(&self) -> bool {
        matches!(self, Failure::Connect(_))
    }

    /// Whether it may pass by itself.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Failure::Connect(_) | Failure::Timeout(_) | Failure::Broken(_))
    }

    /// A few words, for people.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Failure::Connect(error) => why_unreachable(error),
            Failure::Certificate(_) => "certificate not accepted",
            Failure::Timeout(_) => "no complete answer in time",
            Failure::Broken(_) => "connection broke",
            Failure::TooLarge { .. } => "answer too large",
            Failure::Request(_) => "request not possible",
        }
    }

    /// The stable code.
    pub(super) fn code(&self) -> Code {
        match self {
            Failure::Connect(_) if self.reason() == NAME_UNKNOWN => code::HOST_NAME,
            Failure::Connect(_) if self.reason() == PROXY => code::PROXY,
            Failure::Connect(_) => code::UNREACHABLE,
            Failure::Certificate(_) => code::CERTIFICATE,
            Failure::Timeout(_) => code::TIMEOUT,
            Failure::Broken(_) => code::CONNECTION_BROKE,
            Failure::TooLarge { .. } => code::ANSWER_TOO_LARGE,
            Failure::Request(_) => code::UNKNOWN,
        }
    }

    /// The final error.
    pub(super) fn into_error(self, url: &Url, family: &'static str, attempts: u32) -> Error {
        let (reason, code) = (self.reason(), self.code());
        let error = match self {
            Failure::Connect(error) => {
                let unreachable = Error::new(Kind::Unavailable, format!("cannot reach {} ({reason})", host(url)))
                    .hint(
                        "check the network of this machine, the proxy settings (HTTPS_PROXY, NO_PROXY) and the data \
                         center or base URL",
                    )
                    .retry(Retry::Later);
                // The chain of causes says the same again in four layers, unless the reason is unknown.
                if reason == NO_CONNECTION {
                    unreachable.source(error)
                } else {
                    unreachable
                }
            }
            Failure::Certificate(error) => Error::new(
                Kind::Unavailable,
                format!("cannot reach {} securely ({reason})", host(url)),
            )
            .hint("if a proxy inspects TLS here, add its certificate authority to the system's trust store")
            .source(error),
            Failure::Timeout(error) => Error::new(
                Kind::DeadlineExceeded,
                format!("{} did not answer completely in time", place(url)),
            )
            .hint("the other side is slow or overloaded; try again later")
            .retry(Retry::Later)
            .source(error),
            Failure::Broken(error) => Error::new(
                Kind::Unavailable,
                format!("the connection broke while {} answered", place(url)),
            )
            .hint("a proxy, firewall or gateway in between may have cut it; try again")
            .retry(Retry::Later)
            .source(error),
            Failure::TooLarge { max } => Error::new(
                Kind::ResourceExhausted,
                format!("{} answered with more than {max} bytes", place(url)),
            )
            .hint("no list of this API is that large: check the base URL"),
            Failure::Request(error) => {
                Error::new(Kind::Unknown, format!("no request to {} can be made", place(url))).source(error)
            }
        };
        let error = error.code(code);
        error.fact("family", family).fact("attempts", attempts.to_string())
    }
}

/// The reason where none is known.
const NO_CONNECTION: &str = "no connection";
/// The reason where the name service does not know the host.
pub(super) const NAME_UNKNOWN: &str = "host name not found";
/// The reason where it is the proxy.
const PROXY: &str = "proxy refused";

fn why_unreachable(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        return "no connection in time";
    }
    for cause in chain(error) {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return "connection refused",
                io::ErrorKind::ConnectionReset => return "connection reset",
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => return "network unreachable",
                _ => {}
            }
        }
        let text = cause.to_string();
        if text.contains("dns error") || text.contains("failed to lookup address") {
            return NAME_UNKNOWN;
        }
        if text.contains("tunnel") || text.contains("proxy") {
            return PROXY;
        }
    }
    NO_CONNECTION
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
}
