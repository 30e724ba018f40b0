//! The access token: fetched when needed, kept in memory, dropped when ConductorOne refuses it
//! (`baton/service/protocol.md 1.4 to 1.6`).

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tonic::metadata::{Ascii, MetadataValue};
use url::Url;

use super::answer::{self, Given};
use super::assertion::assertion;
use super::credentials::{ClientId, ClientSecret};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{Clock, FormClient, Response};
use crate::baton::secret::Secret;

/// What to look at where the endpoint refuses.
const CHECK: &str = "check the client id and the client secret, and the clock of this machine";

/// Where tokens come from: the endpoint of the tenant, or that of a test.
pub trait TokenEndpoint: Send + Sync {
    /// Posts the fields of a token request.
    fn post<'a>(&'a self, fields: &'a [(&'a str, &'a Secret)]) -> BoxFuture<'a, Result<Response>>;
}

/// `https://HOST/auth/v1/token`.
#[derive(Debug)]
pub struct HttpTokenEndpoint {
    url: Url,
    client: FormClient,
}

impl HttpTokenEndpoint {
    /// The endpoint of a host, which may name a port.
    ///
    /// # Errors
    /// `Unknown` for a host no URL can have.
    pub fn new(host: &str, client: FormClient) -> Result<Self> {
        let url = Url::parse(&format!("https://{host}/auth/v1/token"));
        let url = url.map_err(|error| {
            Error::new(Kind::Unknown, format!("{host:?} is not a host: {error}"))
                .code(code::CLIENT_ID)
                .hint("check the client id, and BATON_C1_API_HOST if it is set")
        })?;
        Ok(HttpTokenEndpoint { url, client })
    }
}

impl TokenEndpoint for HttpTokenEndpoint {
    fn post<'a>(&'a self, fields: &'a [(&'a str, &'a Secret)]) -> BoxFuture<'a, Result<Response>> {
        Box::pin(self.client.post(&self.url, fields))
    }
}

/// The header of a call, and which token it is.
#[derive(Clone)]
pub struct Authorization {
    /// `Bearer …`, marked so that nothing logs it.
    pub header: MetadataValue<Ascii>,
    number: u64,
}

/// The tokens of one client.
pub struct Tokens {
    id: ClientId,
    secret: ClientSecret,
    endpoint: Arc<dyn TokenEndpoint>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    current: Option<(Authorization, Instant)>,
    fetched: u64,
}

impl Tokens {
    /// No token yet.
    pub fn new(id: ClientId, secret: ClientSecret, endpoint: Arc<dyn TokenEndpoint>, clock: Arc<dyn Clock>) -> Self {
        Tokens {
            id,
            secret,
            endpoint,
            clock,
            cached: Mutex::default(),
        }
    }

    /// A header that is good for now. Fetches a token if there is none; everyone else waits for it.
    ///
    /// # Errors
    /// `Unauthenticated` when the endpoint refuses us or answers nonsense; `Unavailable` when it is failing; those of
    /// [`FormClient::post`].
    pub async fn header(&self) -> Result<Authorization> {
        let mut cached = self.cached.lock().await;
        if let Some((authorization, until)) = &cached.current
            && self.clock.now() < *until
        {
            return Ok(authorization.clone());
        }
        cached.current = None;
        let given = self.fetch().await.context("get an access token from ConductorOne")?;
        cached.fetched += 1;
        let authorization = Authorization {
            header: given.header,
            number: cached.fetched,
        };
        if !given.good_for.is_zero() {
            cached.current = Some((authorization.clone(), self.clock.now() + given.good_for));
        }
        Ok(authorization)
    }

    /// ConductorOne refused this header: the next call fetches a new token, unless somebody did meanwhile.
    pub async fn refused(&self, authorization: &Authorization) {
        let mut cached = self.cached.lock().await;
        if cached
            .current
            .as_ref()
            .is_some_and(|(current, _)| current.number == authorization.number)
        {
            cached.current = None;
        }
    }

    async fn fetch(&self) -> Result<Given> {
        let assertion = assertion(&self.id, &self.secret, self.clock.wall(), rand::random())?;
        let id = Secret::new(self.id.as_str());
        let grant = Secret::new("client_credentials");
        let kind = Secret::new("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let fields = [
            ("client_id", &id),
            ("grant_type", &grant),
            ("client_assertion_type", &kind),
            ("client_assertion", &assertion),
        ];
        let response = self.endpoint.post(&fields).await?;
        answer::token(&response, scheme, CHECK)
    }
}

/// A token of a type that is not known here is sent as that type, which the other side knows.
fn scheme(kind: &str) -> Option<String> {
    let is_bearer = kind.is_empty() || kind.eq_ignore_ascii_case("bearer");
    Some(if is_bearer { "Bearer" } else { kind }.to_owned())
}
