//! Access tokens of a hosted connector: asked for with a signed assertion that names the role this function runs as, and
//! bound to the key of this process (`baton/hosted/facts.md 2`).

use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tonic::metadata::{Ascii, MetadataValue};
use url::Url;

use super::attestation::AwsCredentials;
use super::jws::compact;
use super::proof::{About, Prover};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{Clock, FormClient, Response, StatusCode};
use crate::baton::secret::Secret;
use crate::baton::service::answer::{self, Given};
use crate::baton::service::credentials::{ClientId, ClientSecret};

/// How long an assertion is good, and how far it reaches back, in seconds.
const GOOD_FOR: i64 = 120;
const LEEWAY: i64 = 60;
/// What to look at where the endpoint refuses.
const CHECK: &str = "check the client id, the client secret and the role of the function";
/// What the other side answers to ask for a nonce.
const WANTS_NONCE: &str = "use_dpop_nonce";

/// Who asks for tokens, and where.
pub struct Tokens {
    id: ClientId,
    secret: Arc<ClientSecret>,
    aws: AwsCredentials,
    url: Url,
    client: FormClient,
    prover: Arc<Prover>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(Token, Instant)>,
    nonce: Option<String>,
}

/// A token, and how its header says it.
#[derive(Clone)]
pub struct Token {
    /// The header `authorization`, marked so that nothing logs it.
    pub header: MetadataValue<Ascii>,
    /// The token alone: proofs name its digest.
    pub text: Secret,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    nbf: i64,
    iat: i64,
    id_att: &'a str,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
}

impl Tokens {
    /// No token yet. `host` may name a port.
    ///
    /// # Errors
    /// `Unknown` for a host that no URL can have.
    pub fn new(
        (id, secret): (ClientId, Arc<ClientSecret>),
        host: &str,
        aws: AwsCredentials,
        client: FormClient,
        prover: Arc<Prover>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let url = Url::parse(&format!("https://{host}/auth/v1/token")).map_err(|error| {
            Error::new(Kind::Unknown, format!("{host:?} is not a host: {error}"))
                .code(code::CLIENT_ID)
                .hint("check the client id, and BATON_LAMBDA_TOKEN_HOST if it is set")
        })?;
        Ok(Tokens {
            id,
            secret,
            aws,
            url,
            client,
            prover,
            clock,
            kept: Mutex::default(),
        })
    }

    /// A token that is good for now. Everybody else waits while one is fetched.
    ///
    /// # Errors
    /// `Unauthenticated` when the endpoint refuses us or answers nonsense; `Unavailable` when it is failing; those of
    /// [`FormClient::post`].
    pub async fn token(&self) -> Result<Token> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &kept.token
            && self.clock.now() < *until
        {
            return Ok(token.clone());
        }
        kept.token = None;
        let given = self
            .fetch(&mut kept.nonce)
            .await
            .context("get an access token from ConductorOne")?;
        let token = Token {
            header: given.header,
            text: given.text,
        };
        if !given.good_for.is_zero() {
            kept.token = Some((token.clone(), self.clock.now() + given.good_for));
        }
        Ok(token)
    }

    /// ConductorOne refused the token: the next call fetches another.
    pub async fn forget(&self) {
        self.kept.lock().await.token = None;
    }

    async fn fetch(&self, nonce: &mut Option<String>) -> Result<Given> {
        let response = self.ask(nonce.as_deref()).await?;
        let Some(wanted) = wanted_nonce(&response)? else {
            return answer::token(&response, scheme, CHECK);
        };
        let response = self.ask(Some(&wanted)).await?;
        *nonce = Some(wanted);
        answer::token(&response, scheme, CHECK)
    }

    async fn ask(&self, nonce: Option<&str>) -> Result<Response> {
        let assertion = self.assertion()?;
        let about = About {
            url: self.url.as_str(),
            nonce,
            token: None,
        };
        let proof = self.prover.post(about, self.clock.wall())?;
        let id = Secret::new(self.id.as_str());
        let grant = Secret::new("client_credentials");
        let kind = Secret::new("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let fields = [
            ("client_id", &id),
            ("grant_type", &grant),
            ("client_assertion_type", &kind),
            ("client_assertion", &assertion),
        ];
        self.client.post_with(&self.url, &[("dpop", &proof)], &fields).await
    }

    /// It is for the host that gives tokens, without its port.
    fn assertion(&self) -> Result<Secret> {
        let now = self.clock.wall();
        let attestation = self.aws.attestation(now);
        let iat = now.as_second();
        let host = self.url.host_str().unwrap_or_default();
        let header = Header {
            alg: "EdDSA",
            kid: self.secret.key_id(),
        };
        let claims = Claims {
            iss: self.id.as_str(),
            sub: self.id.as_str(),
            aud: host.trim_matches(['[', ']']),
            exp: iat + GOOD_FOR,
            nbf: iat - LEEWAY,
            iat,
            id_att: attestation.expose(),
        };
        compact(&header, &claims, |text| self.secret.sign(text))
    }
}

/// The nonce that the other side wants to see before it gives a token.
fn wanted_nonce(response: &Response) -> Result<Option<String>> {
    if response.status != StatusCode::BAD_REQUEST {
        return Ok(None);
    }
    let wants = serde_json::from_slice(&response.body).is_ok_and(|refusal: Refusal| refusal.error == WANTS_NONCE);
    if !wants {
        return Ok(None);
    }
    match response.header("dpop-nonce").filter(|nonce| !nonce.is_empty()) {
        Some(nonce) => Ok(Some(nonce.to_owned())),
        None => Err(answer::nonsense("the token endpoint asks for a nonce and gives none")),
    }
}

/// Only these two can be sent with a proof.
fn scheme(kind: &str) -> Option<String> {
    match kind.to_ascii_lowercase().as_str() {
        "bearer" => Some("Bearer".to_owned()),
        "dpop" => Some("DPoP".to_owned()),
        _ => None,
    }
}
