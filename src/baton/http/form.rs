//! A form that is posted to a token endpoint. It carries a credential, so it is sent once, over TLS only, and again
//! only when nobody could be reached.

use std::time::Duration;

use bytes::BytesMut;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use url::Url;
use url::form_urlencoded::Serializer;

use super::failure::{Failure, NAME_UNKNOWN};
use super::redact::{host, place};
use super::response::Response;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::baton::secret::Secret;

/// Quota family of token requests, for errors only.
const FAMILY: &str = "token";
/// Longest wait for a connection (`baton/service/protocol.md 1.4`).
const CONNECT: Duration = Duration::from_secs(30);
/// No token answer is longer.
const MAX_BODY: usize = 1 << 20;

/// Posts forms over https. Follows no redirects.
#[derive(Debug)]
pub struct FormClient(reqwest::Client);

impl FormClient {
    /// A client that trusts the system's roots and those in `extra_roots` (PEM).
    ///
    /// # Errors
    /// `Unknown` for roots that cannot be read, and when there are none at all.
    pub fn new(user_agent: &str, timeout: Duration, extra_roots: Option<&[u8]>) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .https_only(true)
            .connect_timeout(CONNECT)
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        if let Some(pem) = extra_roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
                Error::new(Kind::Unknown, "the extra root certificates cannot be read")
                    .code(code::CA_FILE)
                    .hint("the file holds one or more certificates in PEM form")
                    .source(error)
            })?;
            builder = builder.tls_certs_merge(roots);
        }
        builder.build().map(FormClient).map_err(|error| {
            Error::new(Kind::Unknown, "TLS cannot be set up")
                .code(code::TLS_SETUP)
                .hint("install the system's certificate authorities (often a package called ca-certificates)")
                .source(error)
        })
    }

    /// Posts `fields`. Any status is an answer.
    ///
    /// # Errors
    /// `Unavailable` when nobody can be reached, `Internal` when the host name is unknown, `DeadlineExceeded` when the
    /// answer takes too long, `Unauthenticated` when the other side's certificate is not trusted
    /// (`baton/service/protocol.md 1.6`).
    pub async fn post(&self, url: &Url, fields: &[(&str, &Secret)]) -> Result<Response> {
        self.post_with(url, &[], fields).await
    }

    /// As [`FormClient::post`], with headers whose values nothing logs.
    ///
    /// # Errors
    /// As [`FormClient::post`]; `Internal` for a value that no header can carry.
    pub async fn post_with(
        &self,
        url: &Url,
        headers: &[(&'static str, &Secret)],
        fields: &[(&str, &Secret)],
    ) -> Result<Response> {
        let headers = sensitive(headers)?;
        let body = encoded(fields);
        let request = || {
            self.0
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .headers(headers.clone())
                .body(body.clone())
        };
        once(url, request).await
    }

    /// Gets a document that everybody may read. Any status is an answer.
    ///
    /// # Errors
    /// As [`FormClient::post`].
    #[cfg(feature = "hosted")]
    pub async fn get(&self, url: &Url) -> Result<Response> {
        once(url, || {
            self.0
                .get(url.clone())
                .header(reqwest::header::ACCEPT, "application/json")
        })
        .await
    }
}

/// Sends a request, and again if the first time nobody could be reached.
async fn once(url: &Url, request: impl Fn() -> reqwest::RequestBuilder) -> Result<Response> {
    match attempt(url, request()).await {
        Err(failure) if failure.never_sent() => attempt(url, request()).await,
        other => other,
    }
    .map_err(|failure| explain(failure, url))
}

async fn attempt(url: &Url, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
    let mut answer = request.send().await.map_err(Failure::new)?;
    let status = answer.status();
    let headers = std::mem::take(answer.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(Failure::new)? {
        if chunk.len() > MAX_BODY.saturating_sub(body.len()) {
            return Err(Failure::TooLarge { max: MAX_BODY });
        }
        body.extend_from_slice(&chunk);
    }
    tracing::debug!(
        host = host(url),
        path = url.path(),
        status = status.as_u16(),
        "Token endpoint answered."
    );
    Ok(Response::new(status, headers, body.freeze(), jiff::Timestamp::now()))
}

fn sensitive(headers: &[(&'static str, &Secret)]) -> Result<HeaderMap> {
    let header = |(name, value): &(&'static str, &Secret)| {
        let mut value = HeaderValue::from_str(value.expose())
            .map_err(|_| Error::new(Kind::Internal, format!("the header {name} cannot carry its value")))?;
        value.set_sensitive(true);
        Ok((HeaderName::from_static(name), value))
    };
    headers.iter().map(header).collect()
}

fn encoded(fields: &[(&str, &Secret)]) -> String {
    let mut form = Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value.expose());
    }
    form.finish()
}

/// The kinds of `baton/service/protocol.md 1.6`. Nothing that was sent is in the text.
fn explain(failure: Failure, url: &Url) -> Error {
    let reason = failure.reason();
    let distrusted = matches!(failure, Failure::Certificate(_));
    if distrusted {
        let what = format!("cannot reach {} securely ({reason})", host(url));
        let hint = "if ConductorOne is behind a private certificate authority, name its PEM file with --c1-ca-cert";
        return Error::new(Kind::Unauthenticated, what)
            .code(code::C1_CERTIFICATE)
            .hint(hint);
    }
    if reason == NAME_UNKNOWN {
        let what = format!("cannot reach {} ({reason})", host(url));
        return Error::new(Kind::Internal, what)
            .code(code::HOST_NAME)
            .hint("check the host in the client id, and the name service of this machine")
            .retry(Retry::Later);
    }
    if failure.never_sent() {
        return Error::new(Kind::Unavailable, format!("cannot reach {} ({reason})", place(url)))
            .code(failure.code())
            .hint("check the network of this machine and the proxy settings (HTTPS_PROXY, NO_PROXY)")
            .retry(Retry::Later);
    }
    failure.into_error(url, FAMILY, 1)
}
