//! ConductorOne, as a function sees it: a token endpoint that verifies assertion, attestation and proof, a service that
//! gives an encrypted configuration, and keys of callers. It says what broke the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use baton_workato::baton::proto::c1::connectorapi::baton::v1 as api;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::connector_config_service_server::{
    ConnectorConfigService, ConnectorConfigServiceServer,
};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::encryption_config::{Config, JwkPublicKeyConfig};
use baton_workato::baton::seal::{NewSecret, Seals};
use baton_workato::baton::secret::Secret;
use prost::Message as _;
use prost_types::Any;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

/// The access token; no log may have it.
pub const TOKEN: &str = "token-that-nobody-may-see";
const NONCE: &str = "nonce-1";

/// What happened, and how the next thing will.
#[derive(Default)]
pub struct Seen {
    pub configurations: BTreeMap<String, Value>,
    /// The version that is given where none is asked for, or one that is not there.
    pub newest: String,
    pub policy: Option<api::EgressSection>,
    pub asked: Vec<String>,
    pub token_requests: u32,
    pub key_requests: u32,
    /// What the token endpoint answers instead.
    pub token_status: Option<u16>,
    pub wants_nonce: bool,
    /// Calls to be answered with UNAUTHENTICATED first.
    pub refuse: u32,
    pub breaches: Vec<String>,
    /// Whom configurations are encrypted to, other than the function.
    pub sealed_to: Option<Vec<u8>>,
    ids: BTreeSet<String>,
    /// The keys that tokens are bound to, one for each process.
    bound: BTreeSet<String>,
}

#[derive(Clone)]
pub struct Cloud {
    pub client_id: String,
    pub secret: String,
    pub address: SocketAddr,
    pub ca_pem: String,
    public: Vec<u8>,
    caller: Arc<Ed25519KeyPair>,
    seen: Arc<Mutex<Seen>>,
}

impl Cloud {
    /// One whose configuration `cv-1` is this.
    pub async fn start(configuration: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pair = Ed25519KeyPair::generate().unwrap();
        let (seed, public) = (pair.seed().unwrap(), pair.public_key().as_ref().to_vec());
        let seed = seed.as_be_bytes().unwrap();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(&public), "d": encode(seed.as_ref()) });
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        let cloud = Cloud {
            client_id: format!("bold-otter@localhost:{}/lambda", address.port()),
            secret: format!(
                "secret-token:conductorone.com:v1:{}",
                encode(jwk.to_string().as_bytes())
            ),
            address,
            ca_pem: authority.pem(),
            public,
            caller: Arc::new(Ed25519KeyPair::generate().unwrap()),
            seen: Arc::default(),
        };
        cloud.gives("cv-1", configuration);
        let plain = axum::Router::new()
            .route("/auth/v1/token", axum::routing::post(token))
            .route("/keys", axum::routing::get(keys))
            .with_state(cloud.clone());
        let routes = Routes::new(ConnectorConfigServiceServer::new(cloud.clone()));
        let routes = Routes::from(routes.into_axum_router().merge(plain));
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(leaf.pem(), key.serialize_pem()));
        let incoming = futures_util::stream::unfold(listener, |listener| async {
            let accepted = listener.accept().await.map(|(stream, _)| stream);
            Some((accepted, listener))
        });
        let server = Server::builder().tls_config(tls).unwrap().add_routes(routes);
        tokio::spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        cloud
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// A version of the configuration, which is the newest from now on.
    pub fn gives(&self, version: &str, configuration: Value) {
        let mut seen = self.seen();
        seen.configurations.insert(version.to_owned(), configuration);
        seen.newest = version.to_owned();
    }

    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// The public key of callers.
    pub fn caller_jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "c1", "x": URL_SAFE_NO_PAD.encode(self.caller.public_key()) })
    }

    /// A token of a caller, with claims in the place of the good ones.
    pub fn caller_token(&self, other: &Value) -> String {
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({ "iss": "c1", "sub": "invoker", "aud": "function", "exp": now + 60 });
        claims
            .as_object_mut()
            .unwrap()
            .extend(other.as_object().unwrap().clone());
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            encode(&json!({ "alg": "EdDSA", "kid": "c1" })),
            encode(&claims)
        );
        let signature = URL_SAFE_NO_PAD.encode(self.caller.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn breach(&self, text: String) {
        self.seen().breaches.push(text);
    }

    pub fn assert_no_breach(&self) {
        assert_eq!(self.seen().breaches, Vec::<String>::new());
    }

    /// An age file.
    fn sealed(&self, configuration: &Value) -> Vec<u8> {
        let key = self.seen().sealed_to.clone().unwrap_or_else(|| self.public.clone());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key) });
        let to = v2::EncryptionConfig {
            config: Some(Config::JwkPublicKeyConfig(JwkPublicKeyConfig {
                pub_key: jwk.to_string().into_bytes(),
            })),
            ..Default::default()
        };
        let secret = NewSecret {
            name: "config".to_owned(),
            description: String::new(),
            value: Secret::new(configuration.to_string()),
        };
        let sealed = Seals::of(&[to]).unwrap().seal(&secret).unwrap();
        STANDARD.decode(&sealed[0].encrypted_bytes).unwrap()
    }

    /// Header and claims of a signed text.
    fn verified(&self, what: &str, text: &str, key: Option<&[u8]>) -> (Value, Value) {
        let json = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).unwrap_or_default()
        };
        let mut parts = text.split('.');
        let (header, claims) = (
            json(parts.next().unwrap_or_default()),
            json(parts.next().unwrap_or_default()),
        );
        let shown = URL_SAFE_NO_PAD
            .decode(header["jwk"]["x"].as_str().unwrap_or_default())
            .unwrap_or_default();
        let (signed, signature) = text.rsplit_once('.').unwrap_or_default();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let key = UnparsedPublicKey::new(&ED25519, key.unwrap_or(&shown));
        if key.verify(signed.as_bytes(), &signature).is_err() {
            self.breach(format!("{what}: the signature is not good"));
        }
        let now = jiff::Timestamp::now().as_second();
        let time = |name: &str| claims[name].as_i64().unwrap_or_default();
        if time("nbf") > now || time("exp") < now || (time("iat") - now).abs() > 5 {
            self.breach(format!("{what}: times {claims}"));
        }
        (header, claims)
    }

    /// A proof, and the key it shows.
    fn proof(&self, headers: &HeaderMap, url: &str, token: Option<&str>) -> (String, Option<String>) {
        let proof = headers
            .get("dpop")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (header, claims) = self.verified("proof", proof, None);
        let fresh = self.seen().ids.insert(claims["jti"].to_string());
        let hash = token.map(|token| URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes())));
        let good = header["typ"] == "dpop+jwt" && claims["htm"] == "POST" && claims["htu"] == url;
        if !fresh || !good || claims.get("ath").and_then(Value::as_str) != hash.as_deref() {
            self.breach(format!("proof for {url}: {header} {claims}"));
        }
        let nonce = claims.get("nonce").and_then(Value::as_str).map(str::to_owned);
        (header["jwk"]["x"].as_str().unwrap_or_default().to_owned(), nonce)
    }

    fn check_assertion(&self, form: &BTreeMap<String, String>) {
        let (header, claims) = self.verified("assertion", &form["client_assertion"], Some(&self.public));
        let is = |name: &str, value: &str| claims[name] == value;
        if !is("iss", &self.client_id) || !is("sub", &self.client_id) || !is("aud", "localhost") {
            self.breach(format!("assertion: {header} {claims}"));
        }
        if form["grant_type"] != "client_credentials" || form["client_id"] != self.client_id {
            self.breach("token: the form".to_owned());
        }
        let attested = URL_SAFE_NO_PAD
            .decode(claims["id_att"].as_str().unwrap_or_default())
            .unwrap_or_default();
        let any = Any::decode(attested.as_slice()).unwrap_or_default();
        let request = api::Sigv4SignedRequestStsGetCallerIdentity::decode(any.value.as_slice()).unwrap_or_default();
        let signed = request.headers.iter().any(|header| {
            header.key == "Authorization" && header.value[0].starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
        });
        if !signed || request.endpoint != "https://sts.eu-central-1.amazonaws.com" {
            self.breach(format!("attestation: {request:?}"));
        }
    }
}

async fn token(State(cloud): State<Cloud>, headers: HeaderMap, body: String) -> impl IntoResponse {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    cloud.seen().token_requests += 1;
    cloud.check_assertion(&form);
    let (key, nonce) = cloud.proof(&headers, &format!("https://{}/auth/v1/token", cloud.host()), None);
    let mut seen = cloud.seen();
    if let Some(status) = seen.token_status {
        return (
            StatusCode::from_u16(status).unwrap(),
            HeaderMap::new(),
            axum::Json(json!({ "error": "no" })),
        );
    }
    if seen.wants_nonce && nonce.as_deref() != Some(NONCE) {
        let headers = HeaderMap::from_iter([("dpop-nonce".parse().unwrap(), NONCE.parse().unwrap())]);
        return (
            StatusCode::BAD_REQUEST,
            headers,
            axum::Json(json!({ "error": "use_dpop_nonce" })),
        );
    }
    seen.bound.insert(key);
    let answer = json!({ "access_token": TOKEN, "token_type": "dpop", "expires_in": 3600 });
    (StatusCode::OK, HeaderMap::new(), axum::Json(answer))
}

async fn keys(State(cloud): State<Cloud>) -> impl IntoResponse {
    cloud.seen().key_requests += 1;
    let odd = json!({ "kty": "oct", "k": "AAAA" });
    axum::Json(json!({ "keys": [odd, cloud.caller_jwk()] }))
}

#[tonic::async_trait]
impl ConnectorConfigService for Cloud {
    async fn get_connector_config(
        &self,
        request: Request<api::GetConnectorConfigRequest>,
    ) -> Result<Response<api::GetConnectorConfigResponse>, Status> {
        let headers = request.metadata().clone().into_headers();
        let url = format!(
            "https://{}/c1.connectorapi.baton.v1.ConnectorConfigService/GetConnectorConfig",
            self.host()
        );
        let (key, _) = self.proof(&headers, &url, Some(TOKEN));
        if headers
            .get("authorization")
            .is_none_or(|value| value != &format!("DPoP {TOKEN}"))
        {
            self.breach("call: the authorization".to_owned());
        }
        let mut seen = self.seen();
        if !seen.bound.contains(&key) {
            seen.breaches.push("call: another key than the token's".to_owned());
        }
        if seen.refuse > 0 {
            seen.refuse -= 1;
            return Err(Status::unauthenticated("expired"));
        }
        let asked = request.into_inner().requested_version;
        seen.asked.push(asked.clone());
        let version = if seen.configurations.contains_key(&asked) {
            asked
        } else {
            seen.newest.clone()
        };
        let (configuration, policy) = (seen.configurations[&version].clone(), seen.policy.clone());
        drop(seen);
        Ok(Response::new(api::GetConnectorConfigResponse {
            config: self.sealed(&configuration),
            served_policy_envelope: policy.map(|egress| api::ServedPolicyEnvelope {
                envelope_version: 1,
                config_version: version.clone(),
                egress: Some(egress),
                ..Default::default()
            }),
            config_version: Some(version),
            last_updated: None,
        }))
    }

    async fn get_connector_oauth_token(
        &self,
        _: Request<api::GetConnectorOauthTokenRequest>,
    ) -> Result<Response<api::GetConnectorOauthTokenResponse>, Status> {
        self.breach("nobody asks for this".to_owned());
        Err(Status::unimplemented("no"))
    }
}
