//! What was asked and answered, for tests to look at.

use super::endpoint::Endpoint;
use super::workspace::Env;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Method.
    pub method: String,
    /// Path with query, as sent.
    pub path: String,
    /// Status answered; 0 when the connection was cut instead.
    pub status: u16,
    /// Environment of the token; `None` for a wrong or missing one.
    pub environment: Option<Env>,
    /// The endpoint, if the path is one.
    pub endpoint: Option<Endpoint>,
}

/// All requests so far, in the order they were answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests(pub Vec<Logged>);

impl Requests {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many paths begin so.
    pub fn count(&self, prefix: &str) -> usize {
        self.0.iter().filter(|r| r.path.starts_with(prefix)).count()
    }

    /// How many went to an endpoint.
    pub fn to(&self, endpoint: Endpoint) -> usize {
        self.0.iter().filter(|r| r.endpoint == Some(endpoint)).count()
    }

    /// How many got this status.
    pub fn answered(&self, status: u16) -> usize {
        self.0.iter().filter(|r| r.status == status).count()
    }

    /// The requests.
    pub fn iter(&self) -> std::slice::Iter<'_, Logged> {
        self.0.iter()
    }
}
