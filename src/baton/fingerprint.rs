//! What a sync was asked to read, in a form that can be stored and compared: an unfinished sync may only be taken
//! up again by a run that asks for the same. Secrets go in as digests, never as themselves.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::baton::secret::Secret;

/// Named settings. The names are shown to people when two fingerprints differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint {
    settings: BTreeMap<String, String>,
    /// The names of those that say where is read.
    #[serde(skip)]
    places: BTreeSet<String>,
}

impl Fingerprint {
    /// Adds a setting.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// Adds a setting that says where is read, rather than what of it, or with which key.
    #[must_use]
    pub fn at(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.places.insert(name.clone());
        self.with(name, value)
    }

    /// Where is read, as one text. It outlasts a new key, other settings and a new version of the program.
    pub fn place(&self) -> String {
        let places = self.settings.iter().filter(|(name, _)| self.places.contains(*name));
        let places: Vec<String> = places.map(|(name, value)| format!("{name} {value}")).collect();
        places.join("\n")
    }

    /// Adds the SHA-256 of a secret, or its absence.
    #[must_use]
    pub fn with_secret(self, name: impl Into<String>, secret: Option<&Secret>) -> Self {
        let value = secret.map_or_else(|| "none".to_owned(), |s| hex_digest(s.expose().as_bytes()));
        self.with(name, value)
    }

    /// Joins two; a name in both keeps the value of `other`.
    #[must_use]
    pub fn and(mut self, other: Fingerprint) -> Self {
        self.settings.extend(other.settings);
        self.places.extend(other.places);
        self
    }

    /// The names that only one has, or that have two values.
    pub fn differences<'a>(&'a self, other: &'a Fingerprint) -> Vec<&'a str> {
        let names: std::collections::BTreeSet<&str> = self
            .settings
            .keys()
            .chain(other.settings.keys())
            .map(String::as_str)
            .collect();
        names
            .into_iter()
            .filter(|name| self.settings.get(*name) != other.settings.get(*name))
            .collect()
    }
}

/// The SHA-256 of some bytes as lower-case hexadecimal digits.
pub fn hex_digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in digest(&SHA256, bytes).as_ref() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_and_secrets_stay_secret() {
        let of = |environment: &str, token: Option<&str>| {
            Fingerprint::default()
                .with("environment", environment)
                .with_secret("token", token.map(Secret::new).as_ref())
        };
        assert!(of("dev", Some("a")).differences(&of("dev", Some("a"))).is_empty());
        assert_eq!(
            of("dev", Some("a")).differences(&of("test", Some("b"))),
            ["environment", "token"]
        );
        assert_eq!(
            of("dev", None).differences(&Fingerprint::default()),
            ["environment", "token"]
        );
        let text = serde_json::to_string(&of("dev", Some("open sesame"))).unwrap();
        assert!(!text.contains("sesame"), "{text}");
        assert_eq!(
            hex_digest(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
