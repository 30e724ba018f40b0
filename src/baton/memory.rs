//! What a finished sync tells the next sync of the same file: kept as extra keys of its token, which every other
//! reader ignores (`contract/c1z-format.md` 2.12).

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::baton::warning::Warning;

/// The key of a finished token that holds a [`Remembered`].
pub const TOKEN_KEY: &str = "connector_record";

/// What one sync leaves to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// What the connector recorded, by its own keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, Value>,
    /// What was left out: cause, message and count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<RememberedWarning>,
}

/// A warning of a finished sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedWarning {
    /// As in [`Warning`].
    pub cause: String,
    /// As in [`Warning`].
    pub message: String,
    /// As in [`Warning`].
    pub count: u64,
}

impl Remembered {
    /// What a sync that ends now leaves.
    pub fn of(records: &Records, warnings: &[Warning]) -> Self {
        Remembered {
            records: records.all(),
            warnings: warnings
                .iter()
                .map(|w| RememberedWarning {
                    cause: w.cause.to_owned(),
                    message: w.message.clone(),
                    count: w.count,
                })
                .collect(),
        }
    }

    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.warnings.is_empty()
    }

    /// Reads the token of a finished sync; one of another writer has nothing of ours.
    pub fn from_token(token: &str) -> Self {
        let parsed: Option<Value> = serde_json::from_str(token).ok();
        parsed
            .as_ref()
            .and_then(|token| token.get(TOKEN_KEY))
            .and_then(|own| Remembered::deserialize(own).ok())
            .unwrap_or_default()
    }
}

/// The full sync of the same file that finished last.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviousSync {
    /// Its id.
    pub sync_id: String,
    /// When it ended, on the wall clock of its host.
    pub ended_at: String,
    /// What it left; empty when another program wrote it.
    pub remembered: Remembered,
}

/// What the connector records during a sync. The last value of a key counts. Shared by all workers.
#[derive(Debug, Default)]
pub struct Records(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    all: BTreeMap<String, Value>,
    changed: bool,
}

impl Records {
    /// Sets a key.
    pub fn set(&self, key: impl Into<String>, value: Value) {
        let mut inner = self.lock();
        let key = key.into();
        if inner.all.get(&key) != Some(&value) {
            inner.all.insert(key, value);
            inner.changed = true;
        }
    }

    /// Sets a key to what `change` makes of its value.
    pub fn update(&self, key: &str, change: impl FnOnce(Option<&Value>) -> Value) {
        let mut inner = self.lock();
        let value = change(inner.all.get(key));
        if inner.all.get(key) != Some(&value) {
            inner.all.insert(key.to_owned(), value);
            inner.changed = true;
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.lock().all.get(key).cloned()
    }

    /// All keys.
    pub fn all(&self) -> BTreeMap<String, Value> {
        self.lock().all.clone()
    }

    /// Takes over what an earlier process of the same sync recorded.
    pub fn restore(&self, records: BTreeMap<String, Value>) {
        let mut inner = self.lock();
        for (key, value) in records {
            inner.all.entry(key).or_insert(value);
        }
    }

    /// All keys if any changed since the last call, to be stored.
    pub fn take_changed(&self) -> Option<BTreeMap<String, Value>> {
        let mut inner = self.lock();
        std::mem::take(&mut inner.changed).then(|| inner.all.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_of_other_writers_have_nothing_of_ours() {
        for token in [
            "",
            "{}",
            "no json",
            r#"{"needs_expansion":true}"#,
            r#"{"connector_record":7}"#,
        ] {
            assert!(Remembered::from_token(token).is_empty(), "{token}");
        }
        let own = r#"{"version":1,"connector_record":{"records":{"families":["groups"]}}}"#;
        assert_eq!(Remembered::from_token(own).records["families"], json!(["groups"]));
    }

    #[test]
    fn records_are_stored_when_they_change() {
        let records = Records::default();
        assert_eq!(records.take_changed(), None);
        records.set("a", json!(1));
        records.update("a", |old| json!(old.and_then(Value::as_u64).unwrap_or_default() + 1));
        assert_eq!(records.take_changed().unwrap()["a"], json!(2));
        records.set("a", json!(2));
        assert_eq!(records.take_changed(), None, "the same value is no change");
    }
}
