//! How far a feed has been told: one text for the logs of all environments, of at most [`LIMIT`] bytes
//! (`baton/service/protocol.md`).
//!
//! It holds no secrets and nobody's name. What it leaves out of the ids that were told costs a repetition, never an event.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::back::Back;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// The most bytes that a cursor may have.
pub const LIMIT: usize = 4096;
/// The most bytes of one set of ids, before they are text: three logs with two each have room, and
/// the sums of a look back.
const IDS: usize = 330;

/// How far a feed has been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "f")]
    feed: String,
    /// Events before it are not told; milliseconds since 1970.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    #[serde(rename = "l")]
    logs: Vec<Log>,
}

/// How far one log has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Whose log.
    #[serde(rename = "e")]
    pub environment: String,
    /// The newest row that the log showed: as long as it does not show it again, the log is not believed.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Mark>,
    /// Whether it was read down to the start once.
    #[serde(rename = "o", default)]
    pub once: bool,
    /// The last row of the answer before, in this reading.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The newest row of this reading.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Mark>,
    /// Whether this reading met the canary.
    #[serde(rename = "m", default)]
    pub met: bool,
    /// Whether this reading is at its end.
    #[serde(rename = "d", default)]
    pub done: bool,
    /// Rows that earlier readings told and this one meets again.
    #[serde(rename = "t", default)]
    pub told: Ids,
    /// Rows that the next reading will meet again.
    #[serde(rename = "x", default)]
    pub next: Ids,
    /// What a look back goes by.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
}

impl Log {
    /// Whether a look back is under way, and no reading.
    pub fn is_looking(&self) -> bool {
        self.back.as_ref().is_some_and(Back::is_looking)
    }
}

/// A row, and when it happened in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its id.
    #[serde(rename = "i")]
    pub id: String,
    /// When, if that can be read.
    #[serde(rename = "t")]
    pub at: Option<i64>,
}

impl Cursor {
    /// Reads a cursor; an empty text is a new one. An environment that is new is read from the start, one that is no
    /// more is forgotten. Where all logs are at their end, they begin anew.
    ///
    /// # Errors
    /// `InvalidArgument` for a text that is no cursor of this feed.
    pub fn read(text: &str, feed: &str, start: Option<i64>, environments: &[String]) -> Result<Cursor> {
        let mut cursor = match text {
            "" => Cursor {
                feed: feed.to_owned(),
                start,
                logs: Vec::new(),
            },
            text => serde_json::from_str::<Cursor>(text)
                .ok()
                .filter(|cursor| cursor.feed == feed)
                .ok_or_else(|| foreign(feed))?,
        };
        cursor.logs.retain(|log| environments.contains(&log.environment));
        for environment in environments {
            if !cursor.logs.iter().any(|log| log.environment == *environment) {
                cursor.logs.push(Log {
                    environment: environment.clone(),
                    ..Log::default()
                });
            }
        }
        if cursor.unfinished().is_none() {
            for log in &mut cursor.logs {
                log.done = false;
            }
        }
        Ok(cursor)
    }

    /// The text.
    ///
    /// # Errors
    /// `Internal` for one that is too long: ids of rows would have to be longer than numbers are.
    pub fn write(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        if text.len() > LIMIT {
            return Err(Error::new(
                Kind::Internal,
                format!("the cursor of a feed has {} bytes, and {LIMIT} fit", text.len()),
            ));
        }
        Ok(text)
    }

    /// The log that is read next.
    pub fn unfinished(&mut self) -> Option<&mut Log> {
        self.logs.iter_mut().find(|log| !log.done)
    }

    /// Whether no log ever showed a row.
    pub fn is_blind(&self) -> bool {
        self.logs.iter().all(|log| log.canary.is_none())
    }
}

fn foreign(feed: &str) -> Error {
    Error::new(
        Kind::InvalidArgument,
        format!("the cursor is none of the event feed {feed:?}"),
    )
    .code(code::BAD_CALL)
    .hint("give the cursor of the answer before, or none to begin anew")
}

/// Ids of rows, as far as there is room: the largest, which are the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids(BTreeSet<u64>);

impl Ids {
    /// Adds an id. One that is no number is not kept.
    pub fn add(&mut self, id: &str) {
        if let Ok(id) = id.parse() {
            self.0.insert(id);
        }
    }

    /// Whether an id is among them.
    pub fn contains(&self, id: &str) -> bool {
        id.parse().is_ok_and(|id| self.0.contains(&id))
    }
}

impl Serialize for Ids {
    /// The largest, then how far each is below the one before, seven bits a byte.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        let mut before = None;
        for id in self.0.iter().rev() {
            let mut rest = before.map_or(*id, |before: u64| before - id);
            let mut one = Vec::new();
            let low = |rest: u64| u8::try_from(rest & 0x7f).unwrap_or_default();
            while rest > 0x7f {
                one.push(low(rest) | 0x80);
                rest >>= 7;
            }
            one.push(low(rest));
            if bytes.len() + one.len() > IDS {
                break;
            }
            bytes.extend(one);
            before = Some(*id);
        }
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let mut ids = BTreeSet::new();
        let (mut before, mut value, mut shift) = (None, 0_u64, 0_u32);
        for byte in bytes {
            let part = u64::from(byte & 0x7f)
                .checked_shl(shift)
                .ok_or_else(|| D::Error::custom("an id is too large"))?;
            value |= part;
            if byte & 0x80 != 0 {
                shift += 7;
                continue;
            }
            let id = match before {
                None => value,
                Some(before) => u64::checked_sub(before, value).ok_or_else(|| D::Error::custom("an id is below 0"))?,
            };
            ids.insert(id);
            (before, value, shift) = (Some(id), 0, 0);
        }
        Ok(Ids(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_keeps_its_limit_and_the_newest_ids() {
        let environments: Vec<String> = ["dev", "test", "prod"].map(str::to_owned).into();
        let mut cursor = Cursor::read("", "workato_changes", Some(-1), &environments).unwrap();
        for log in &mut cursor.logs {
            let mark = |id: u64| Mark {
                id: id.to_string(),
                at: Some(1_793_696_400_123),
            };
            log.canary = Some(mark(u64::MAX));
            log.newest = Some(mark(u64::MAX));
            log.after = Some(u64::MAX.to_string());
            for n in 0..5000_u64 {
                log.told.add(&(9_000_000_000 + n * 7).to_string());
                log.next.add(&(9_000_000_000 + n * 300).to_string());
            }
            log.next.add("not a number");
        }
        let text = cursor.write().unwrap();
        let read = Cursor::read(&text, "workato_changes", None, &environments).unwrap();
        assert_eq!(read.write().unwrap(), text);
        let log = &read.logs[0];
        assert!(log.told.contains("9000034993") && log.next.contains("9001499700"));
        assert!(!log.told.contains("9000000000") && log.told.0.len() > 300 && log.next.0.len() > 150);
    }

    #[test]
    fn ids_come_back_and_damage_is_told() {
        let mut ids = Ids::default();
        for id in [0, 1, 127, 128, 129, 16_384, 880_001, u64::MAX] {
            ids.add(&id.to_string());
        }
        let text = serde_json::to_string(&ids).unwrap();
        assert_eq!(serde_json::from_str::<Ids>(&text).unwrap(), ids);
        assert!(serde_json::from_str::<Ids>("\"AQI\"").is_err(), "1, then 2 less");
        for text in ["x", "{}", r#"{"f":"workato_usage","l":[]}"#] {
            let error = Cursor::read(text, "workato_changes", None, &[]).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{text}");
        }
    }

    #[test]
    fn environments_come_and_go() {
        let of = |all: &[&str]| all.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>();
        let mut cursor = Cursor::read("", "f", None, &of(&["dev", "test"])).unwrap();
        cursor.logs[0].once = true;
        let read = Cursor::read(&cursor.write().unwrap(), "f", None, &of(&["dev", "prod"])).unwrap();
        let kept: Vec<_> = read
            .logs
            .iter()
            .map(|log| (log.environment.as_str(), log.once))
            .collect();
        assert_eq!(kept, [("dev", true), ("prod", false)]);
    }
}
