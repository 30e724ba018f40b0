//! What a finished sync tells the next sync of the same file: kept as extra keys of its token, which every other
//! reader ignores (`baton/c1z/format.md 2.12`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::baton::lock::locked;
use crate::baton::warning::Warning;

/// The key of a finished token that holds a [`Remembered`].
pub const TOKEN_KEY: &str = "connector_record";

/// The key of a finished token by which somebody keeps the sync, however old it gets.
const KEPT_KEY: &str = "kept";

/// The key of a record under which a connector says what it did not ask for because of its settings.
const LEFT_OUT: &str = "left_out";

/// The key of a record under which a connector says what gave no answer and may not exist where it was asked.
const NOT_READABLE: &str = "not_readable";

/// Whether the token of a finished sync says that it is kept.
pub fn is_kept(token: &str) -> bool {
    let parsed: Option<Value> = serde_json::from_str(token).ok();
    parsed.is_some_and(|token| token.get(KEPT_KEY) == Some(&Value::Bool(true)))
}

/// The token of a finished sync with or without that mark. Everything else in it stays; one of another writer that is
/// no object, which nobody reads once the sync is finished, gives way to the mark.
pub fn keep(token: &str, kept: bool) -> String {
    let mut parsed = match serde_json::from_str(token) {
        Ok(Value::Object(parsed)) => parsed,
        _ if !kept => return token.to_owned(),
        _ => serde_json::Map::new(),
    };
    if kept {
        parsed.insert(KEPT_KEY.to_owned(), true.into());
    } else {
        parsed.remove(KEPT_KEY);
    }
    Value::Object(parsed).to_string()
}

/// What one sync leaves to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// What the connector recorded, by its own keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub records: BTreeMap<String, Value>,
    /// Ids of the single things that answered, by what they were asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub answered: BTreeMap<String, BTreeSet<String>>,
    /// What was left out: cause, message and count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<RememberedWarning>,
}

/// A warning of a finished sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedWarning {
    /// As in [`Warning`].
    pub cause: String,
    /// As in [`Warning`]; empty in syncs of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// As in [`Warning`].
    pub message: String,
    /// As in [`Warning`].
    pub count: u64,
    /// As in [`Warning`]; empty in syncs of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Remembered {
    /// What a sync that ends now leaves. What it did not ask for at all stays as the one before it left it.
    pub fn of(records: &Records, previous: Option<&Remembered>, warnings: &[Warning]) -> Self {
        let mut answered = records.answered();
        for (asked, before) in previous.into_iter().flat_map(|previous| &previous.answered) {
            if !records.is_begun(asked) {
                answered
                    .entry(asked.clone())
                    .or_default()
                    .extend(before.iter().cloned());
            }
        }
        answered.retain(|_, ids| !ids.is_empty());
        Remembered {
            records: records.all(),
            answered,
            warnings: warnings
                .iter()
                .map(|w| RememberedWarning {
                    cause: w.cause.to_owned(),
                    code: w.code.clone(),
                    examples: w.examples.clone(),
                    message: w.message.clone(),
                    count: w.count,
                })
                .collect(),
        }
    }

    /// What was not asked for because of the settings, as sentences without an end.
    pub fn left_out(&self) -> impl Iterator<Item = &str> {
        let said = self.records.get(LEFT_OUT).and_then(Value::as_array);
        said.into_iter().flatten().filter_map(Value::as_str)
    }

    /// What gave no answer and may not exist, by name.
    pub fn not_readable(&self) -> impl Iterator<Item = &str> {
        let said = self.records.get(NOT_READABLE).and_then(Value::as_array);
        said.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.answered.is_empty() && self.warnings.is_empty()
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreviousSync {
    /// Its id.
    pub sync_id: String,
    /// When it ended, on the wall clock of its host.
    pub ended_at: String,
    /// What it left; empty when another program wrote it.
    pub remembered: Remembered,
    /// Where that is kept.
    pub kept: Kept,
}

/// Where it is kept what a sync left: whoever means the loss removes it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Kept {
    /// In the file that the syncs write.
    #[default]
    InTarget,
    /// In a file of its own.
    Beside(PathBuf),
    /// In this process alone.
    InProcess,
    /// In a file of its own that cannot be understood: it is not known what answered.
    Unreadable(PathBuf),
}

/// What the connector records during a sync. The last value of a key counts. Shared by all workers.
#[derive(Debug, Default)]
pub struct Records(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    all: BTreeMap<String, Value>,
    changed: bool,
    answered: BTreeMap<String, BTreeSet<String>>,
    /// What an earlier sync left of the same, and still holds.
    carried: BTreeMap<String, BTreeSet<String>>,
    /// What anything answered to in an earlier process.
    earlier: BTreeSet<String>,
    /// What answered since it was last taken.
    fresh: Vec<(String, String)>,
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

    /// Says what is not asked for because of the settings: readers of the file tell it beside their answers.
    pub fn leave_out(&self, what: &str) {
        self.say(LEFT_OUT, what);
    }

    /// Says by name what gave no answer and may not exist there: the summary has one line about all of it, which is no
    /// warning.
    pub fn not_readable(&self, what: &str) {
        self.say(NOT_READABLE, what);
    }

    fn say(&self, key: &str, what: &str) {
        self.update(key, |said| {
            let mut all: Vec<Value> = said.and_then(Value::as_array).cloned().unwrap_or_default();
            if !all.iter().any(|known| known == what) {
                all.push(what.into());
            }
            // Whoever is asked first, the record is the same.
            all.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Value::Array(all)
        });
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

    /// Says that single things are about to be asked for `asked`. Of those that answered in an earlier sync, `carried`
    /// are still there: they stay remembered even if nobody asks them in this one.
    pub fn begin(&self, asked: &str, carried: impl IntoIterator<Item = String>) {
        self.lock().carried.entry(asked.to_owned()).or_default().extend(carried);
    }

    /// Notes that a single thing answered.
    pub fn note(&self, asked: &str, id: &str) {
        let mut inner = self.lock();
        if inner
            .answered
            .entry(asked.to_owned())
            .or_default()
            .insert(id.to_owned())
        {
            inner.fresh.push((asked.to_owned(), id.to_owned()));
        }
    }

    /// Whether a single thing answered in this sync, an earlier process of it included.
    pub fn has_noted(&self, asked: &str, id: &str) -> bool {
        self.lock().answered.get(asked).is_some_and(|ids| ids.contains(id))
    }

    /// Whether any single thing answered an earlier process of this sync.
    pub fn has_noted_before(&self, asked: &str) -> bool {
        self.lock().earlier.contains(asked)
    }

    /// What answered since the last call, to be stored.
    pub fn take_noted(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.lock().fresh)
    }

    /// Takes over what an earlier process of the same sync noted.
    pub fn restore_noted(&self, noted: Vec<(String, String)>) {
        let mut inner = self.lock();
        for (asked, id) in noted {
            inner.earlier.insert(asked.clone());
            inner.answered.entry(asked).or_default().insert(id);
        }
    }

    /// What answered, with what is carried on.
    fn answered(&self) -> BTreeMap<String, BTreeSet<String>> {
        let inner = self.lock();
        let mut all = inner.answered.clone();
        for (asked, ids) in &inner.carried {
            all.entry(asked.clone()).or_default().extend(ids.iter().cloned());
        }
        all
    }

    /// Whether this process asked for it: otherwise it is not known who is still there.
    fn is_begun(&self, asked: &str) -> bool {
        self.lock().carried.contains_key(asked)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        locked(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_not_asked_stays_and_what_is_gone_goes() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let previous = Remembered {
            answered: [("grants", &["1", "2", "3"][..]), ("members", &["a"]), ("gone", &["x"])]
                .map(|(asked, all)| (asked.to_owned(), ids(all)))
                .into(),
            ..Remembered::default()
        };
        let records = Records::default();
        records.begin("grants", ids(&["2"]));
        records.begin("gone", []);
        for id in ["4", "4"] {
            records.note("grants", id);
        }
        let noted = records.take_noted();
        assert_eq!(noted, [("grants".to_owned(), "4".to_owned())]);
        assert!(records.take_noted().is_empty(), "it is stored already");
        let left = Remembered::of(&records, Some(&previous), &[]).answered;
        let expected = [("grants", &["2", "4"][..]), ("members", &["a"])];
        assert_eq!(left, expected.map(|(asked, all)| (asked.to_owned(), ids(all))).into());

        // A later process of the same sync, which does not ask any more.
        let resumed = Records::default();
        resumed.restore_noted(noted);
        assert!(resumed.has_noted_before("grants") && !resumed.has_noted_before("members"));
        assert!(!records.has_noted_before("grants"));
        let left = Remembered::of(&resumed, Some(&previous), &[]).answered;
        assert_eq!(left["grants"], ids(&["1", "2", "3", "4"]));
    }

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
