//! Whether somebody still waits for an answer.

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;

/// What a question runs until. Copies are of one question.
#[derive(Clone, Default)]
pub(in crate::baton::c1z) struct Until(Arc<Mutex<Option<CancellationToken>>>);

impl Until {
    /// Until a token is cancelled; without one, to the end.
    pub(in crate::baton::c1z) fn set(&self, token: Option<CancellationToken>) {
        *locked(&self.0) = token;
    }

    /// Whether to go on to the next row.
    ///
    /// # Errors
    /// `Cancelled` when nobody waits any more.
    pub(in crate::baton::c1z) fn go_on(&self) -> Result<()> {
        match &*locked(&self.0) {
            Some(token) if token.is_cancelled() => Err(Error::new(Kind::Cancelled, "nobody waits for the answer")),
            _ => Ok(()),
        }
    }
}
