//! Hello: who and where we are, said at start-up until ConductorOne hears it (`baton/service/protocol.md 2.4, 3.1`).

use std::time::Duration;

use super::c1::{C1, is_permanent};
use crate::baton::capability;
use crate::baton::connector::Connector;
use crate::baton::error::{Context as _, Result};
use crate::baton::http::Clock;
use crate::baton::proto::c1::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};
use crate::baton::proto::v2;

/// The first pause after a failed hello; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Characters a field may have (`baton/service/protocol.md 9.2`).
const LONGEST_FIELD: usize = 256;

/// Program and machine.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// The program.
    pub build: BuildInfo,
    /// The machine.
    pub os: OsInfo,
}

impl About {
    /// This program on this machine. Every field says something: older rules refuse empty ones.
    pub fn here() -> Self {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let in_container =
            std::path::Path::new("/.dockerenv").exists() || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        About {
            build: BuildInfo {
                lang_version: concat!("rust", env!("CARGO_PKG_RUST_VERSION")).to_owned(),
                package: env!("CARGO_PKG_REPOSITORY").trim_start_matches("https://").to_owned(),
                package_version: concat!("v", env!("CARGO_PKG_VERSION")).to_owned(),
            },
            os: OsInfo {
                hostname: or(&host_name().unwrap_or_default(), "unknown"),
                os: or(std::env::consts::OS, "unknown"),
                platform: or(value(&release, "ID"), "os"),
                platform_version: or(value(&release, "VERSION_ID"), "kernel_version"),
                platform_family: or(value(&release, "ID_LIKE"), "platform"),
                kernel_version: or(kernel.trim(), "unknown"),
                kernel_arch: or(std::env::consts::ARCH, "unknown"),
                virtualization_system: or(if in_container { "docker" } else { "" }, "none"),
            },
        }
    }
}

/// The host id to say: `BATON_HOST_ID` if set, else the host's name, else a word (`baton/service/protocol.md 3.6`).
pub fn host_id(from_env: Option<&str>) -> String {
    let chosen = from_env.map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
    or(&chosen.or_else(host_name).unwrap_or_default(), "baton-sdk")
}

/// The name of this host, if the system says it.
pub fn host_name() -> Option<String> {
    let of_system = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let of_environment = || {
        std::env::var("HOSTNAME")
            .or_else(|_| std::env::var("COMPUTERNAME"))
            .ok()
    };
    let name = of_system.or_else(of_environment)?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

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
pub async fn until_heard(c1: &C1, clock: &dyn Clock, metadata: &v2::ConnectorMetadata) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match c1.hello("", About::here(), metadata.clone()).await {
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
            code = %error.code_id(), %error, hint = error.hint_text(), pause = ?pause,
            "ConductorOne did not hear the hello."
        );
        clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn or(text: &str, otherwise: &str) -> String {
    let text = if text.is_empty() { otherwise } else { text };
    text.chars().take(LONGEST_FIELD).collect()
}

/// A value of `/etc/os-release`, without its quotes.
fn value<'a>(release: &'a str, name: &str) -> &'a str {
    let mut pairs = release.lines().filter_map(|line| line.split_once('='));
    let found = pairs.find(|(key, _)| key.trim() == name);
    found.map_or("", |(_, value)| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_says_something_short() {
        let about = About::here();
        let os = about.os;
        for field in [
            os.hostname,
            os.os,
            os.platform,
            os.platform_version,
            os.platform_family,
            os.kernel_version,
            os.kernel_arch,
            os.virtualization_system,
            about.build.lang_version,
            about.build.package,
            about.build.package_version,
        ] {
            assert!(!field.is_empty() && field.chars().count() <= LONGEST_FIELD, "{field:?}");
        }
    }

    #[test]
    fn the_host_id_is_never_empty() {
        assert_eq!(host_id(Some("h-1")), "h-1");
        assert!(!host_id(Some(" ")).is_empty());
        assert_eq!(host_id(Some(&"x".repeat(300))).len(), 256);
    }

    #[test]
    fn os_release_is_read_with_and_without_quotes() {
        let release = "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"13\"\n";
        assert_eq!((value(release, "ID"), value(release, "VERSION_ID")), ("debian", "13"));
        assert_eq!(value(release, "ID_LIKE"), "");
    }
}
