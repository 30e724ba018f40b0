//! The hook of the service: a command for each event that a task answers with, once, whatever kills the process
//! ([`hook`](crate::baton::hook)). The answer comes first: a journal that cannot be written is warned of.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::fingerprint::hex_digest;
use crate::baton::hook::{Hooks, Rules, Told};
use crate::baton::private;
use crate::baton::proto::v2;
use crate::baton::protojson;
use crate::baton::whose;

/// How the name of the journal begins.
const PREFIX: &str = "baton-event-hooks-";
/// How long an answer may wait for the journal, which takes a moment on a disk that works.
const PATIENCE: Duration = Duration::from_secs(5);

/// The commands of events, and the file that keeps other processes of the same client from running them too.
pub struct EventHooks {
    hooks: Arc<Hooks>,
    _lock: File,
}

impl EventHooks {
    /// Begins, with what the process before left in `folder`.
    ///
    /// # Errors
    /// Those of the journal; `Unavailable` where another process of this client runs hooks from this folder.
    pub fn start(rules: Rules, folder: &Path, client_id: &str) -> Result<Self> {
        let digest = hex_digest(client_id.as_bytes());
        let place = folder.join(format!("{PREFIX}{}", digest.get(..16).unwrap_or_default()));
        let lock = private::lock(&place)?;
        Ok(EventHooks {
            hooks: Arc::new(Hooks::start(rules, &place)?),
            _lock: lock,
        })
    }

    /// Takes events on that are about to be answered. Never fails: what cannot be taken on is told in the log.
    pub async fn take(&self, events: &[v2::Event]) {
        if events.is_empty() {
            return;
        }
        let taking = async {
            let told = events.iter().map(|event| {
                Ok(Told {
                    id: event.id.clone(),
                    at: event
                        .occurred_at
                        .and_then(|at| Timestamp::new(at.seconds, at.nanos).ok()),
                    event: protojson::line(event)?,
                })
            });
            let told: Vec<Told> = told.collect::<Result<_>>()?;
            let hooks = Arc::clone(&self.hooks);
            let taken = tokio::task::spawn_blocking(whose::carrying(move || hooks.take(&told)));
            match tokio::time::timeout(PATIENCE, taken).await {
                Ok(Ok(taken)) => taken,
                Ok(Err(broken)) => Err(Error::new(Kind::Internal, broken.to_string())),
                Err(_) => Err(Error::new(Kind::DeadlineExceeded, "the disk takes too long")),
            }
        };
        if let Err(error) = taking.await {
            tracing::warn!(
                events = events.len(),
                code = error.code_id().number(),
                %error,
                "Events are answered, and their hooks may not run."
            );
        }
    }
}
