//! What Hello tells of the program and of the machine it runs on (`baton/service/protocol.md 2.4`).

use crate::baton::about::About;
use crate::baton::host;
use crate::baton::proto::c1::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};

/// Characters a field may have (`baton/service/protocol.md 9.2`).
const LONGEST_FIELD: usize = 256;

/// Program and machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// The program.
    pub build: BuildInfo,
    /// The machine.
    pub os: OsInfo,
}

impl Host {
    /// A program on this machine. Every field says something: older rules refuse empty ones.
    pub fn of(about: &About) -> Self {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let in_container =
            std::path::Path::new("/.dockerenv").exists() || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        Host {
            build: BuildInfo {
                lang_version: or(&format!("rust{}", about.rust_version), "rust"),
                package: or(about.repository.trim_start_matches("https://"), about.name),
                package_version: or(&format!("v{}", about.version), "v0"),
            },
            os: OsInfo {
                hostname: or(&host::name().unwrap_or_default(), "unknown"),
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
    or(&chosen.or_else(host::name).unwrap_or_default(), "baton-sdk")
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
    use crate::baton::about::EXAMPLE;

    #[test]
    fn every_field_says_something_short() {
        let host = Host::of(&EXAMPLE);
        let os = host.os;
        for field in [
            os.hostname,
            os.os,
            os.platform,
            os.platform_version,
            os.platform_family,
            os.kernel_version,
            os.kernel_arch,
            os.virtualization_system,
            host.build.lang_version,
            host.build.package,
            host.build.package_version,
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
