//! The configuration: asked of `ConnectorConfigService`, decrypted with the client secret (`baton/hosted/facts.md 3`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use prost::Name as _;
use serde_json::{Map, Value};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::attestation::AwsCredentials;
use super::proof::{About, Prover};
use super::tokens::Tokens;
use crate::baton::about;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{Clock, FormClient};
use crate::baton::proto::c1::connectorapi::baton::v1 as api;
use crate::baton::proto::c1::connectorapi::baton::v1::connector_config_service_client::ConnectorConfigServiceClient;
use crate::baton::service::credentials::{ClientId, ClientSecret};
use crate::baton::service::{answer, channel};

/// The longest a request for the configuration or for a token may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
const METHOD: &str = "/c1.connectorapi.baton.v1.ConnectorConfigService/GetConnectorConfig";
/// User agent of token requests.
const USER_AGENT: &str = "baton-lambda baton-sdk/v0.25.0";

/// Where ConductorOne is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where tokens come from, perhaps with a port.
    pub token_host: String,
    /// Where the configuration comes from, perhaps with a port.
    pub configuration_host: String,
    /// Certificate authorities to trust besides the system's, in PEM form.
    pub extra_roots: Option<Vec<u8>>,
}

/// A configuration as ConductorOne gave it: settings by their names. Most of it is secret.
#[derive(Clone)]
pub struct Configuration {
    /// The settings.
    pub settings: Map<String, Value>,
    /// What it is called; empty where nobody said.
    pub version: String,
    /// Which hosts the connector may reach, where the tenant says so.
    pub policy: Option<api::ServedPolicyEnvelope>,
    /// The version the answer carries beside the policy, which must name it.
    pub stamped: Option<String>,
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("settings", &"***")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The service, as this function sees it.
pub struct ConfigService {
    channel: Channel,
    url: String,
    tokens: Tokens,
    prover: Arc<Prover>,
    secret: Arc<ClientSecret>,
    clock: Arc<dyn Clock>,
}

impl ConfigService {
    /// Makes no call.
    ///
    /// # Errors
    /// Hosts or certificates that cannot be used.
    pub fn new(
        about: &about::About,
        (id, secret): (ClientId, ClientSecret),
        place: &Place,
        aws: AwsCredentials,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let roots = place.extra_roots.as_deref();
        let name = format!("baton-lambda/{}", id.as_str());
        let channel = channel::open(about, &place.configuration_host, &name, roots)?;
        let client = FormClient::new(USER_AGENT, PATIENCE, roots)?;
        let (prover, secret) = (Arc::new(Prover::new()?), Arc::new(secret));
        let who = (id, Arc::clone(&secret));
        let tokens = Tokens::new(
            who,
            &place.token_host,
            aws,
            client,
            Arc::clone(&prover),
            Arc::clone(&clock),
        )?;
        Ok(ConfigService {
            channel,
            url: format!("https://{}{METHOD}", place.configuration_host),
            tokens,
            prover,
            secret,
            clock,
        })
    }

    /// The configuration of a version; of the newest where none is named. The answer may be of another version.
    ///
    /// # Errors
    /// What ConductorOne answered, or what kept it from answering; a configuration that is not for this client secret, or
    /// is no JSON object.
    pub async fn fetch(&self, version: &str) -> Result<Configuration> {
        let response = self
            .ask(version)
            .await
            .context("get the configuration from ConductorOne")?;
        let opened = self.secret.open(&response.config);
        let text = opened.context("decrypt the configuration from ConductorOne")?;
        // What serde says could quote a secret.
        let settings: Map<String, Value> = serde_json::from_str(text.expose()).map_err(|_| {
            Error::new(
                Kind::InvalidArgument,
                "the configuration from ConductorOne is no JSON object",
            )
            .code(code::HOSTED_CONFIG)
        })?;
        let configuration = Configuration {
            version: name_of(&response, version),
            settings,
            stamped: response.config_version,
            policy: response.served_policy_envelope,
        };
        if !version.is_empty() && configuration.version != version {
            tracing::warn!(
                asked = version,
                given = %configuration.version,
                "ConductorOne gave another version of the configuration than was asked for; it is asked again later."
            );
        }
        Ok(configuration)
    }

    async fn ask(&self, version: &str) -> Result<api::GetConnectorConfigResponse> {
        let mut refreshed = false;
        loop {
            let request = self.request(version).await?;
            let mut client = ConnectorConfigServiceClient::new(self.channel.clone());
            let answering = std::pin::pin!(client.get_connector_config(request));
            let status = match select(answering, self.clock.sleep(PATIENCE)).await {
                Either::Left((Ok(response), _)) => return Ok(response.into_inner()),
                Either::Left((Err(status), _)) => status,
                Either::Right(_) => Status::deadline_exceeded(format!("no answer within {} s", PATIENCE.as_secs())),
            };
            if status.code() == Code::Unauthenticated && !refreshed {
                refreshed = true;
                self.tokens.forget().await;
                continue;
            }
            return Err(explain(&status));
        }
    }

    async fn request(&self, version: &str) -> Result<Request<api::GetConnectorConfigRequest>> {
        let token = self.tokens.token().await?;
        let about = About {
            url: &self.url,
            nonce: None,
            token: Some(&token.text),
        };
        let proof = self.prover.post(about, self.clock.wall())?;
        let mut proof: MetadataValue<Ascii> = proof
            .expose()
            .parse()
            .map_err(|_| Error::new(Kind::Internal, "a proof cannot be sent"))?;
        proof.set_sensitive(true);
        let mut request = Request::new(api::GetConnectorConfigRequest {
            requested_version: version.to_owned(),
        });
        request.metadata_mut().insert("authorization", token.header);
        request.metadata_mut().insert("dpop", proof);
        Ok(request)
    }
}

/// What a configuration is called: what ConductorOne stamped on it, else what was asked for, else when it was changed. The
/// last is never what a request names; it tells two apart in the log.
fn name_of(response: &api::GetConnectorConfigResponse, asked: &str) -> String {
    let stamped = response.config_version.as_deref().filter(|version| !version.is_empty());
    if let Some(version) = stamped {
        return version.to_owned();
    }
    if !asked.is_empty() {
        return asked.to_owned();
    }
    let updated = response.last_updated.as_ref();
    let updated = updated.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    updated.map(|at| at.to_string()).unwrap_or_default()
}

/// Nobody works without a configuration: whatever keeps it back is a refusal, unless nobody was there.
fn explain(status: &Status) -> Error {
    let error = answer::explain(api::GetConnectorConfigRequest::NAME, status);
    match error.kind() {
        Kind::Unavailable | Kind::DeadlineExceeded => error,
        _ => error.code(code::C1_REFUSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_called_what_conductorone_stamped_on_it() {
        let response = |stamped: Option<&str>| api::GetConnectorConfigResponse {
            config_version: stamped.map(str::to_owned),
            last_updated: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            ..Default::default()
        };
        for (stamped, asked, expected) in [
            (Some("cv-1"), "", "cv-1"),
            (Some("cv-1"), "cv-2", "cv-1"),
            (Some(""), "cv-2", "cv-2"),
            (None, "cv-2", "cv-2"),
            (None, "", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(name_of(&response(stamped), asked), expected);
        }
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let configuration = Configuration {
            settings: Map::from_iter([("secret-key".to_owned(), Value::from("secret-value"))]),
            version: "cv-1".to_owned(),
            policy: None,
            stamped: None,
        };
        let shown = format!("{configuration:?}");
        assert!(shown.contains("cv-1") && !shown.contains("secret"), "{shown}");
    }
}
