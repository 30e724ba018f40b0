//! Hello: who we are and [where](super::host), said at start-up until ConductorOne hears it (`baton/service/protocol.md 2.4, 3.1`).

use std::time::Duration;

use super::c1::{C1, is_permanent};
use super::host::Host;
use crate::baton::about::About;
use crate::baton::capability;
use crate::baton::connector::Connector;
use crate::baton::error::{Context as _, Result};
use crate::baton::http::Clock;
use crate::baton::proto::v2;

/// The first pause after a failed hello; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// What the connector says of itself, with everything that Hello must carry (`baton/service/protocol.md 8.7`).
pub fn metadata<C: Connector>(connector: &C) -> v2::ConnectorMetadata {
    let mut metadata = connector.metadata();
    // A connector that says nothing of its own only reads.
    let types = || capability::read_only(&connector.resource_types());
    metadata.capabilities.get_or_insert_with(types);
    metadata
}

/// Says hello until it is heard. Only a refusal ends the attempts: the network may come, a wrong secret does not heal.
///
/// # Errors
/// The refusal.
pub async fn until_heard(c1: &C1, clock: &dyn Clock, about: &About, metadata: &v2::ConnectorMetadata) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match c1.hello("", Host::of(about), metadata.clone()).await {
            Ok(()) => {
                tracing::info!(host_id = c1.host_id(), "ConductorOne knows this connector.");
                return Ok(());
            }
            Err(error) => error,
        };
        if is_permanent(&error) {
            return Err(error).context("say hello to ConductorOne");
        }
        tracing::warn!(
            code = error.code_id().number(), %error, hint = error.hint_text(), pause = ?pause,
            "ConductorOne did not hear the hello."
        );
        clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
