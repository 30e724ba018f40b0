//! The hosts that a tenant lets a connector reach (`baton/hosted/facts.md 3.4`). ConductorOne says them; whoever can enforce
//! them outside of this process may. Here a connector that reads another host is not begun with.

use std::net::IpAddr;

use super::config_service::Configuration;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::connectorapi::baton::v1::{EgressMode, ServedPolicyEnvelope};

/// The version of envelopes, and of their sections, that is known here.
const VERSION: u32 = 1;

/// What a tenant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The hosts, in lower case. None of them: no host at all.
    pub hosts: Vec<String>,
    /// Whether another host must not be reached, rather than reported.
    pub enforced: bool,
}

/// The policy of a configuration, where there is one. One that cannot be read allows nothing.
pub fn policy(configuration: &Configuration) -> Option<Policy> {
    let envelope = configuration.policy.as_ref()?;
    let nothing = Policy {
        hosts: Vec::new(),
        enforced: true,
    };
    let read = read(envelope, configuration.stamped.as_deref());
    Some(read.unwrap_or_else(|why| {
        tracing::warn!(why, "The policy of hosts cannot be followed, so none is allowed.");
        nothing
    }))
}

fn read(envelope: &ServedPolicyEnvelope, stamped: Option<&str>) -> Result<Policy, &'static str> {
    if envelope.envelope_version != VERSION {
        return Err("it is of a version that is not known here");
    }
    if envelope.config_version.is_empty() || Some(envelope.config_version.as_str()) != stamped {
        return Err("it belongs to another version of the configuration");
    }
    let section = envelope.egress.as_ref().ok_or("it names no hosts")?;
    if section.schema_version != VERSION {
        return Err("its hosts are of a version that is not known here");
    }
    let enforced = section.mode() == EgressMode::Enforce;
    let mut hosts = Vec::new();
    for host in &section.allowed_hosts {
        match canonical(host) {
            Some(host) => hosts.push(host),
            None if enforced => return Err("one of its hosts is none"),
            None => tracing::warn!("A host in the policy is none; it is left out."),
        }
    }
    Ok(Policy { hosts, enforced })
}

/// The form that hosts have: a name in lower case, and nothing else.
fn canonical(host: &str) -> Option<String> {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_name = !name.is_empty() && !name.contains(['*', '/', ':', '[', ']']);
    (is_name && !is_address).then_some(name)
}

/// Makes sure that a connector reaches no other hosts than the policy allows.
///
/// # Errors
/// `FailedPrecondition` that names the host.
pub fn check(policy: &Policy, reached: &[String]) -> Result<()> {
    let outside = reached
        .iter()
        .find(|host| !policy.hosts.contains(&host.to_ascii_lowercase()));
    match outside {
        None => Ok(()),
        Some(host) if !policy.enforced => {
            tracing::warn!(
                host,
                "The connector reads a host that the tenant's policy does not name."
            );
            Ok(())
        }
        Some(host) => Err(Error::new(
            Kind::FailedPrecondition,
            format!("the tenant's policy does not allow {host}, which the connector reads"),
        )
        .code(code::EGRESS)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::baton::proto::c1::connectorapi::baton::v1::EgressSection;

    fn configuration(mode: EgressMode, hosts: &[&str]) -> Configuration {
        Configuration {
            settings: Map::new(),
            version: "cv-1".to_owned(),
            stamped: Some("cv-1".to_owned()),
            policy: Some(ServedPolicyEnvelope {
                envelope_version: 1,
                config_version: "cv-1".to_owned(),
                egress: Some(EgressSection {
                    schema_version: 1,
                    allowed_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
                    mode: mode.into(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
        }
    }

    fn allows(configuration: &Configuration, host: &str) -> bool {
        check(&policy(configuration).unwrap(), &[host.to_owned()]).is_ok()
    }

    #[test]
    fn an_enforced_policy_allows_its_hosts_and_no_others() {
        let enforced = configuration(EgressMode::Enforce, &["WWW.Workato.com.", "app.eu.workato.com"]);
        assert!(allows(&enforced, "www.workato.com") && allows(&enforced, "app.eu.workato.com"));
        assert!(!allows(&enforced, "example.org"));
        assert!(!allows(&configuration(EgressMode::Enforce, &[]), "www.workato.com"));
        // Reported ones stop nobody.
        for mode in [EgressMode::Report, EgressMode::Unspecified] {
            assert!(allows(&configuration(mode, &["*", "www.workato.com"]), "example.org"));
        }
        let without = Configuration {
            policy: None,
            ..enforced
        };
        assert_eq!(policy(&without), None);
    }

    #[test]
    fn one_that_cannot_be_read_allows_nothing() {
        let good = configuration(EgressMode::Report, &["www.workato.com"]);
        let change = |change: fn(&mut ServedPolicyEnvelope)| {
            let mut changed = good.clone();
            change(changed.policy.as_mut().unwrap());
            changed
        };
        for bad in [
            change(|envelope| envelope.envelope_version = 2),
            change(|envelope| envelope.config_version = "cv-2".to_owned()),
            change(|envelope| envelope.egress = None),
            change(|envelope| envelope.egress.as_mut().unwrap().schema_version = 0),
            Configuration {
                stamped: None,
                ..good.clone()
            },
        ] {
            assert!(!allows(&bad, "www.workato.com"), "{bad:?}");
        }
        for host in [
            "",
            "*",
            "*.workato.com",
            "10.0.0.1",
            "[::1]",
            "::1",
            "www.workato.com:443",
            "www.workato.com/x",
        ] {
            let bad = configuration(EgressMode::Enforce, &["www.workato.com", host]);
            assert!(!allows(&bad, "www.workato.com"), "{host:?}");
        }
    }
}
