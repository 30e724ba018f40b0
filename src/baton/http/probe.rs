//! One GET without credentials: what a health probe sends.

use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use super::failure::Failure;
use crate::baton::error::{Error, Kind, Result};

/// Asks `url`, past any proxy. Any status is an answer; of the body the first few kilobytes are read.
///
/// # Errors
/// `Unavailable` when nobody listens, `DeadlineExceeded` when no answer comes in time.
pub async fn probe(url: &str, timeout: Duration) -> Result<(StatusCode, String)> {
    const ENOUGH: usize = 16 << 10;
    let url = Url::parse(url).map_err(|error| Error::new(Kind::Unknown, format!("{url}: {error}")))?;
    let failed = |error: reqwest::Error| Failure::new(error).into_error(&url, "probe", 1);
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(failed)?;
    let mut answer = client.get(url.clone()).send().await.map_err(failed)?;
    let status = answer.status();
    let mut body = Vec::new();
    while body.len() < ENOUGH {
        let Some(chunk) = answer.chunk().await.map_err(failed)? else {
            break;
        };
        body.extend_from_slice(&chunk);
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
