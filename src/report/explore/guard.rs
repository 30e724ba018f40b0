//! Who may ask: only with the token in the address, only under this computer's own names, only to read.
//!
//! The port is open to every program of the computer and, through a browser, to every web page. A page elsewhere does
//! not know the token; one that makes its name point here (DNS rebinding) is told apart by the host it asks for, in the
//! `Host` header or in front of the path.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use super::token::Token;

/// What every answer carries.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// The rules of one explorer.
#[derive(Clone, PartialEq, Eq)]
pub struct Guard {
    token: Token,
    hosts: [String; 2],
}

impl Guard {
    /// For the address that is listened on.
    pub fn new(address: SocketAddr, token: Token) -> Self {
        let port = address.port();
        Guard {
            token,
            hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
        }
    }

    /// Where the page is: `http://127.0.0.1:49152/<token>/`.
    pub fn url(&self) -> String {
        let [host, _] = &self.hosts;
        format!("http://{host}/{}/", self.token.expose())
    }

    /// Whether a request may be answered, and what for: the path behind the token, without the slash.
    ///
    /// # Errors
    /// The status of the refusal, with words that give nothing away.
    pub fn admit<'p>(
        &self,
        method: &Method,
        asked: &'p Uri,
        headers: &HeaderMap,
    ) -> Result<&'p str, (StatusCode, &'static str)> {
        let is_known = |host: &str| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        // A whole address in place of a path names a host as well, and counts more than the header (RFC 9112, 3.2.2).
        let is_elsewhere = asked.authority().is_some_and(|named| !is_known(named.as_str()));
        let is_foreign = asked
            .scheme_str()
            .is_some_and(|scheme| !scheme.eq_ignore_ascii_case("http"));
        if !host.is_some_and(is_known) || hosts.next().is_some() || is_elsewhere || is_foreign {
            return Err((
                StatusCode::MISDIRECTED_REQUEST,
                "this address is only for this computer",
            ));
        }
        if method != Method::GET && method != Method::HEAD {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "there is nothing here to change"));
        }
        let path = asked.path();
        let mut parts = path.strip_prefix('/').unwrap_or(path).splitn(2, '/');
        let token = parts.next().unwrap_or_default();
        if !equal(token.as_bytes(), self.token.expose().as_bytes()) {
            return Err((
                StatusCode::NOT_FOUND,
                "there is nothing here; open the address that was printed",
            ));
        }
        // Without the slash the page would look for its files in the wrong place.
        parts.next().ok_or((StatusCode::PERMANENT_REDIRECT, "./"))
    }

    /// Adds the headers that every answer carries.
    pub fn seal(headers: &mut HeaderMap) {
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }

    /// The path of the page.
    pub fn root(&self) -> String {
        format!("/{}/", self.token.expose())
    }
}

/// Compares without telling by the time it takes where they differ.
fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(SocketAddr::from(([127, 0, 0, 1], 4711)), Token::fresh())
    }

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn host(host: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))])
    }

    #[test]
    fn only_whoever_knows_the_token_is_let_in() {
        let guard = guard();
        let path = uri(&format!("{}api/overview", guard.root()));
        let admitted = guard.admit(&Method::GET, &path, &host("127.0.0.1:4711"));
        assert_eq!(admitted, Ok("api/overview"));
        assert_eq!(
            guard.admit(&Method::HEAD, &path, &host("LOCALHOST:4711")),
            Ok("api/overview")
        );
        for wrong in ["/", "/api/overview", "/0123/api/overview"] {
            let wrong = uri(wrong);
            let refused = guard.admit(&Method::GET, &wrong, &host("127.0.0.1:4711"));
            assert_eq!(refused.unwrap_err().0, StatusCode::NOT_FOUND, "{wrong}");
        }
        assert_ne!(guard.root(), self::guard().root());
        assert_eq!(guard.root().len(), 34);
    }

    #[test]
    fn names_that_point_here_from_elsewhere_are_refused() {
        let guard = guard();
        let root = uri(&guard.root());
        for wrong in [
            "evil.example:4711",
            "127.0.0.1",
            "127.0.0.1:4712",
            "127.0.0.1.evil.example:4711",
            "",
        ] {
            let refused = guard.admit(&Method::GET, &root, &host(wrong));
            assert_eq!(refused.unwrap_err().0, StatusCode::MISDIRECTED_REQUEST, "{wrong}");
        }
        let none = guard.admit(&Method::GET, &root, &HeaderMap::new());
        assert_eq!(none.unwrap_err().0, StatusCode::MISDIRECTED_REQUEST);
        let mut two = host("127.0.0.1:4711");
        two.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert!(guard.admit(&Method::GET, &root, &two).is_err());
    }

    #[test]
    fn a_whole_address_is_refused_unless_it_is_this_one() {
        let guard = guard();
        let asked = |origin: &str| {
            let whole = uri(&format!("{origin}{}", guard.root()));
            guard
                .admit(&Method::GET, &whole, &host("127.0.0.1:4711"))
                .map(str::to_owned)
        };
        for own in ["http://127.0.0.1:4711", "http://LOCALHOST:4711"] {
            assert_eq!(asked(own).unwrap(), "");
        }
        for wrong in [
            "http://evil.example",
            "http://evil.example:4711",
            "http://127.0.0.1",
            "http://127.0.0.1:4712",
            "http://127.0.0.1:4711@evil.example",
            "http://ada@127.0.0.1:4711",
            "https://127.0.0.1:4711",
            "ftp://127.0.0.1:4711",
        ] {
            assert_eq!(asked(wrong).unwrap_err().0, StatusCode::MISDIRECTED_REQUEST, "{wrong}");
        }
    }

    #[test]
    fn nothing_can_be_changed() {
        let guard = guard();
        let root = uri(&guard.root());
        for method in [
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::OPTIONS,
            Method::PATCH,
        ] {
            let refused = guard.admit(&method, &root, &host("127.0.0.1:4711"));
            assert_eq!(refused.unwrap_err().0, StatusCode::METHOD_NOT_ALLOWED);
        }
    }
}
