//! The connector of a run, made of its settings.

use std::sync::Arc;

use crate::ABOUT;
use crate::baton::error::Result;
use crate::baton::http::{Allowance, HttpClient, HttpOptions, authorities};
use crate::baton::progress::Observer;
use crate::baton::sync::RequestCounts;
use crate::workato::WorkatoConnector;
use crate::workato::config::Limits;
use crate::workato::settings::Settings;

/// Makes the connector and the reader of its request counts. Makes no call. Authorities that the environment names are
/// looked at, where the connection will be secure.
///
/// # Errors
/// Those of the HTTP client's set-up; authorities that cannot be used.
pub fn connect(
    settings: Settings,
    limits: Limits,
    observer: Arc<dyn Observer>,
) -> Result<(Arc<WorkatoConnector>, RequestCounts)> {
    connect_sharing(settings, limits, None, observer)
}

/// As [`connect`], with what its token is allowed shared with others of that token.
///
/// # Errors
/// As [`connect`].
pub fn connect_sharing(
    settings: Settings,
    limits: Limits,
    allowance: Option<Allowance>,
    observer: Arc<dyn Observer>,
) -> Result<(Arc<WorkatoConnector>, RequestCounts)> {
    if settings.base_url.scheme() == "https" {
        authorities::check_environment(&|name| std::env::var_os(name))?;
    }
    let http = Arc::new(HttpClient::new(HttpOptions {
        request_timeout: limits.request_timeout,
        pace: limits.pace,
        allowance,
        observer,
        ..HttpOptions::of(&ABOUT)
    })?);
    let connector = Arc::new(WorkatoConnector::connect(settings, &http));
    Ok((connector, Arc::new(move || http.counts())))
}
