//! Writes (`workato/api.md 2.6, 2.7, 2.9, 2.10`). What may be sent twice, the table of endpoints says.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use url::Url;

use super::WorkatoClient;
use super::endpoint::{Address, Endpoint};
use super::fault::Call;
use crate::baton::change;
use crate::baton::error::{Context as _, Error, Result};
use crate::baton::http::Request;
use crate::baton::secret::Secret;

/// A write that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Write<'c> {
    client: &'c WorkatoClient,
    endpoint: &'static Endpoint,
    url: Url,
    body: Option<String>,
}

impl WorkatoClient {
    /// A write to an endpoint of the table.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that cannot be in an address.
    pub fn write<'a>(&self, at: impl Into<Address<'a>>, body: Option<&Value>) -> Result<Write<'_>> {
        let at = at.into();
        Ok(Write {
            client: self,
            endpoint: at.endpoint,
            url: self.url(&at)?,
            body: body.map(Value::to_string),
        })
    }

    /// The calendar time, by the clock of the HTTP client.
    pub fn wall(&self) -> jiff::Timestamp {
        self.http.wall()
    }

    /// Waits, by the clock of the HTTP client.
    pub async fn pause(&self, wait: Duration) {
        self.http.pause(wait).await;
    }
}

impl Write<'_> {
    /// What is sent, without the token.
    pub fn request(&self) -> change::Request {
        change::Request {
            method: self.endpoint.verb.name(),
            url: self.url.clone(),
            body: self.body.clone(),
        }
    }

    /// Sends it. What may be sent twice is sent again after a transient failure. Any answer of success is one,
    /// whatever is in it: what it says besides is given back.
    ///
    /// # Errors
    /// What the client of reading says of a status that is no success, and of no answer.
    pub async fn send(self) -> Result<Accepted> {
        self.exchange().await.map(|(accepted, _)| accepted)
    }

    /// As [`Write::send`], and takes a secret out of the answer: the text at the first of `places` that there is, as JSON
    /// pointers. It is hidden from every answer after this one, and the rest of this one is forgotten.
    ///
    /// # Errors
    /// As [`Write::send`].
    pub async fn send_for_secret(self, places: &[&str]) -> Result<Option<Secret>> {
        let http = Arc::clone(&self.client.http);
        let (_, body) = self.exchange().await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut found = places.iter().filter_map(|place| answer.pointer(place)?.as_str());
        let secret = found.find(|text| !text.trim().is_empty()).map(Secret::new);
        if let Some(secret) = &secret {
            http.hide(secret);
        }
        Ok(secret)
    }

    async fn exchange(self) -> Result<(Accepted, Bytes)> {
        let Write {
            client,
            endpoint,
            url,
            body,
        } = self;
        let doing = || format!("{} {}", endpoint.doing, endpoint.name);
        async {
            let path = url.path().to_owned();
            let call = Call {
                endpoint,
                path: &path,
                token: &client.token,
                any_envelope: false,
            };
            let request = Request {
                url,
                bearer: &client.token,
                endpoint: endpoint.path,
                family: endpoint.family,
                idempotent: endpoint.verb.is_repeatable(),
            };
            let response = client
                .http
                .write(&request, endpoint.verb.method(), body.map(Into::into))
                .await?;
            if !response.status.is_success() {
                return Err(call.refused(&response));
            }
            let accepted = Accepted {
                complaint: call.failed_quietly(&response),
                is_page: call.is_page(&response),
            };
            Ok((accepted, response.body))
        }
        .await
        .with_context(doing)
        .map(|(accepted, body)| {
            let accepted = Accepted {
                complaint: accepted.complaint.map(|error| error.context(doing())),
                ..accepted
            };
            (accepted, body)
        })
    }
}

/// What an answer of success says besides. It is a word; the fact is what is read back.
#[derive(Debug)]
pub struct Accepted {
    /// That the write failed, by its own words.
    pub complaint: Option<Error>,
    /// That it is a page, as of a gateway that answers in the place of Workato.
    pub is_page: bool,
}
