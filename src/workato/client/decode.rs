//! From a body to rows: the envelopes, and errors that name the JSON path. What rows are read as: `field.rs`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::endpoint::Envelope;
use super::field::{self, Part};
use super::json::{self, Pairs, Shape};

/// Why a body cannot be read.
#[derive(Debug)]
pub struct Undecodable {
    /// Where: `data[17].id`.
    pub path: String,
    /// What: `invalid type: null, expected an id`.
    pub message: String,
    /// Whether the body simply ends too early.
    pub cut_off: bool,
}

/// One page of a list as it was sent.
#[derive(Debug)]
pub(super) struct Listing<T> {
    pub(super) rows: Vec<T>,
    /// Rows of the whole list, when the answer says so.
    pub(super) total: Option<u64>,
    /// Rows per page that the other side used, when the answer says so.
    pub(super) size: Option<u64>,
}

/// Reads a list in `envelope`, or in any that is known: exactly one list must be there.
pub(super) fn listing<T: Part>(body: &[u8], envelope: Option<Envelope>) -> Result<Listing<T>, Undecodable> {
    let keys: &[&'static str] = match envelope {
        Some(Envelope::Data | Envelope::Object) => &["data"],
        Some(Envelope::Array | Envelope::Result) => &["result"],
        None => &["data", "result"],
    };
    let text = json::text(body);
    let written = read(&text, ListSeed(keys))?;
    let rows = written.rows.iter().enumerate();
    let rows = rows.map(|(at, row)| field::object(row.get(), &format!("{}[{at}]", written.path)));
    Ok(Listing {
        rows: rows.collect::<Result<_, _>>()?,
        total: written.total,
        size: written.size,
    })
}

/// Reads one object, bare or in `data` or `result`.
pub(super) fn single<T: Part>(body: &[u8]) -> Result<T, Undecodable> {
    let text = json::text(body);
    let whole = read(&text, WholeSeed)?.get();
    let pairs = serde_json::from_str::<Pairs<'_>>(whole).map(|pairs| pairs.0);
    let field = |name: &str| {
        pairs
            .iter()
            .flatten()
            .find(|(key, raw)| key == name && Shape::of(raw.get()) != Shape::Null)
    };
    match (field("id"), field("data").or_else(|| field("result"))) {
        (None, Some((name, wrapped))) => field::object(wrapped.get(), name),
        _ => field::object(whole, ""),
    }
}

fn read<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, Undecodable> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let undecodable = |error: serde_json::Error, path: String| Undecodable {
        path,
        cut_off: error.is_eof(),
        message: error.to_string(),
    };
    let value = match seed.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track)) {
        Ok(value) => value,
        Err(error) => return Err(undecodable(error, track.path().to_string())),
    };
    json.end().map_err(|error| undecodable(error, ".".to_owned()))?;
    Ok(value)
}

/// Reads anything.
struct WholeSeed;

impl<'de> DeserializeSeed<'de> for WholeSeed {
    type Value = &'de RawValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

/// The rows of a list as they were written.
struct Written<'j> {
    rows: Vec<&'j RawValue>,
    /// Where the list stands in the answer; empty for the answer itself.
    path: String,
    total: Option<u64>,
    size: Option<u64>,
}

/// Reads `[...]`, or an object with the list below one of the named keys.
#[derive(Clone, Copy)]
struct ListSeed(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for ListSeed {
    type Value = Written<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed {
    type Value = Written<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, or an object with the list {:?}", self.0.join("\" or \""))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Written<'de>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            rows.push(row);
        }
        Ok(Written {
            rows,
            path: String::new(),
            total: None,
            size: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<'de>, A::Error> {
        let ListSeed(keys) = self;
        let mut list_key = "";
        let mut list: Option<Written<'de>> = None;
        let mut total = None;
        let mut size = None;
        while let Some(key) = map.next_key::<String>()? {
            if let Some(known) = keys.iter().find(|known| **known == key) {
                // Which of two would count is not known.
                if list.is_some() {
                    return Err(A::Error::duplicate_field(known));
                }
                list_key = known;
                // Only `result` may hold a second object, with `items`.
                list = Some(match *known {
                    "result" => map.next_value_seed(ListSeed(&["items"]))?,
                    _ => map.next_value_seed(RowsSeed)?,
                });
                continue;
            }
            match key.as_str() {
                "total" | "count" => total = amount(map.next_value()?),
                "page" => size = page_size(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let inner = list.ok_or_else(|| A::Error::missing_field(keys.first().copied().unwrap_or_default()))?;
        let path = match inner.path.as_str() {
            "" => list_key.to_owned(),
            below => format!("{list_key}.{below}"),
        };
        Ok(Written {
            rows: inner.rows,
            path,
            total: total.or(inner.total),
            size: size.or(inner.size),
        })
    }
}

/// A number of rows, perhaps as text. Anything else is as good as none: the list then ends where its pages do.
fn amount(raw: &RawValue) -> Option<u64> {
    raw.get().trim_matches('"').trim().parse().ok()
}

fn page_size(raw: &RawValue) -> Option<u64> {
    let pairs = serde_json::from_str::<Pairs<'_>>(raw.get()).ok()?;
    pairs
        .0
        .iter()
        .find(|(key, _)| key == "size")
        .and_then(|(_, raw)| amount(raw))
}

/// Reads `[...]` and nothing else.
struct RowsSeed;

impl<'de> DeserializeSeed<'de> for RowsSeed {
    type Value = Written<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed {
    type Value = Written<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Written<'de>, A::Error> {
        ListSeed(&[]).visit_seq(seq)
    }
}
