//! Which configuration answers. A request may name the version it wants; another one than the present is fetched then, a
//! connector is made of it, and takes the place of the one before, which ends with its last call
//! (`baton/hosted/facts.md 3.3`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Mutex;
use tracing::Level;

use super::config_service::{ConfigService, Configuration};
use super::egress;
use crate::baton::error::{Context as _, Result};
use crate::baton::grpc::local::Local;
use crate::baton::http::Clock;

/// The shortest time from one change to the next.
const ANY: Duration = Duration::from_secs(1);
/// The shortest time from one change to the next for the same version: where ConductorOne keeps giving another one.
const SAME: Duration = Duration::from_secs(5);

/// What is made of a configuration.
pub struct Made {
    /// The services of its connector.
    pub services: Local,
    /// The hosts that the connector reaches.
    pub hosts: Vec<String>,
    /// The least important lines to log.
    pub level: Level,
    /// When that ends, if it is more than usual.
    pub more_until: Option<Timestamp>,
}

impl Made {
    /// The least important lines to log at a time.
    pub fn level(&self, now: Timestamp) -> Level {
        effective(self.level, self.more_until, now)
    }
}

fn effective(level: Level, more_until: Option<Timestamp>, now: Timestamp) -> Level {
    match more_until {
        Some(until) if level > Level::INFO && now > until => Level::INFO,
        _ => level,
    }
}

/// Makes a connector of a configuration, without a call.
pub type Make = Arc<dyn Fn(&Configuration) -> Result<Made> + Send + Sync>;

/// A connector and the version of its configuration.
pub struct Generation {
    version: String,
    /// What answers.
    pub made: Made,
}

/// The present one, and how the next one comes.
pub struct Generations {
    source: ConfigService,
    make: Make,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    current: Arc<Generation>,
    changed: Option<Change>,
}

struct Change {
    at: Instant,
    asked: String,
    told: bool,
}

impl Generations {
    /// Begins with the newest configuration.
    ///
    /// # Errors
    /// A configuration that cannot be had, or that no connector can be made of.
    pub async fn begin(source: ConfigService, make: Make, clock: Arc<dyn Clock>) -> Result<Self> {
        let current = Arc::new(next(&source, &make, "").await?);
        Ok(Generations {
            source,
            make,
            clock,
            state: Mutex::new(State { current, changed: None }),
        })
    }

    /// The one for a request that names a version, or none. Others wait while a configuration is fetched.
    ///
    /// # Errors
    /// As [`Generations::begin`]; the present one stays.
    pub async fn of(&self, asked: Option<&str>) -> Result<Arc<Generation>> {
        let mut state = self.state.lock().await;
        let asked = asked.unwrap_or_default();
        let now = self.clock.now();
        let is_too_soon = |change: &mut Change| change.is_too_soon(asked, now);
        if asked.is_empty() || state.current.version == asked || state.changed.as_mut().is_some_and(is_too_soon) {
            return Ok(Arc::clone(&state.current));
        }
        let next = next(&self.source, &self.make, asked)
            .await
            .context("take up another configuration")?;
        tracing::info!(from = %state.current.version, to = %next.version, "The configuration was changed.");
        state.current = Arc::new(next);
        state.changed = Some(Change {
            at: self.clock.now(),
            asked: asked.to_owned(),
            told: false,
        });
        Ok(Arc::clone(&state.current))
    }
}

impl Change {
    /// Whether another version is asked for too soon after this change.
    fn is_too_soon(&mut self, asked: &str, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at);
        if since >= ANY && (since >= SAME || self.asked != asked) {
            return false;
        }
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(
                asked,
                "Another configuration is asked for too soon after the last change; the present one answers."
            );
        }
        true
    }
}

async fn next(source: &ConfigService, make: &Make, version: &str) -> Result<Generation> {
    let configuration = source.fetch(version).await?;
    let made = make(&configuration).context("make a connector of the configuration from ConductorOne")?;
    if let Some(policy) = egress::policy(&configuration) {
        egress::check(&policy, &made.hosts)?;
    }
    Ok(Generation {
        version: configuration.version,
        made,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debugging_ends_by_itself() {
        let (until, later): (Timestamp, Timestamp) = (
            "2026-11-08T08:49:07Z".parse().unwrap(),
            "2026-11-08T08:49:08Z".parse().unwrap(),
        );
        for (level, end, expected) in [
            (Level::DEBUG, None, Level::DEBUG),
            (Level::DEBUG, Some(later), Level::DEBUG),
            (Level::DEBUG, Some(until), Level::INFO),
            (Level::WARN, Some(until), Level::WARN),
        ] {
            assert_eq!(effective(level, end, later), expected);
        }
    }

    #[test]
    fn changes_are_not_made_one_upon_another() {
        let at = Instant::now();
        let mut change = Change {
            at,
            asked: "cv-2".to_owned(),
            told: false,
        };
        let millis = Duration::from_millis;
        for (asked, since, expected) in [
            ("cv-2", 0, true),
            ("cv-3", 999, true),
            ("cv-3", 1_000, false),
            ("cv-2", 1_000, true),
            ("cv-2", 4_999, true),
            ("cv-2", 5_000, false),
        ] {
            assert_eq!(
                change.is_too_soon(asked, at + millis(since)),
                expected,
                "{asked} after {since} ms"
            );
        }
    }
}
