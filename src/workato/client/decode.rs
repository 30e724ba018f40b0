//! From a body to rows: the envelopes, and errors that name the JSON path. What rows are read as: `field.rs`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::claims::Hints;
use super::endpoint::Envelope;
use super::failed;
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
    /// What else it says of the list.
    pub(super) hints: Hints,
    /// Whether it says that it failed.
    pub(super) failed: bool,
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
        total: written.beside.total,
        size: written.beside.size,
        hints: written.beside.hints,
        failed: written.beside.failed,
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
    let wrapped: Vec<_> = ["data", "result"].into_iter().filter_map(field).collect();
    let is_object = |(_, raw): &&(String, &RawValue)| Shape::of(raw.get()) == Shape::Object;
    let objects: Vec<_> = wrapped.iter().copied().filter(is_object).collect();
    match (field("id"), objects.as_slice(), wrapped.as_slice()) {
        // Which of two would count is not known.
        (None, [_, (name, _), ..], _) => Err(Undecodable {
            path: name.clone(),
            message: format!("an object in `data` and one in `{name}`"),
            cut_off: false,
        }),
        // Beside the object may stand a word: `"result": "ok"`.
        (None, [(name, wrapped)], _) | (None, [], [(name, wrapped), ..]) => field::object(wrapped.get(), name),
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
    beside: Beside,
}

/// What stands beside the rows.
#[derive(Default)]
struct Beside {
    total: Option<u64>,
    size: Option<u64>,
    hints: Hints,
    failed: bool,
    /// Where rows stand that are not those of the list.
    rows: Option<String>,
}

/// Where other lists have their rows.
const LISTS: [&str; 6] = ["data", "result", "items", "results", "rows", "records"];

impl Beside {
    fn note(&mut self, key: &str, raw: &RawValue) {
        match key {
            // Of two the larger one: `count` may be that of the page.
            "total" | "count" => self.total = self.total.max(amount(raw)),
            "page" => self.size = self.size.or(page_size(raw)),
            "per_page" => self.size = self.size.or(amount(raw)),
            _ => {}
        }
        if LISTS.contains(&key) && holds_rows(raw) {
            self.rows.get_or_insert_with(|| key.to_owned());
        }
        self.hints.note(key, raw);
        self.failed |= failed::says_so_beside_a_list(key, raw);
    }

    /// With what stands beside the object that this was found in.
    fn and(self, outer: Beside) -> Beside {
        Beside {
            total: outer.total.or(self.total),
            size: outer.size.or(self.size),
            hints: self.hints.and(outer.hints),
            failed: self.failed || outer.failed,
            rows: self.rows.or(outer.rows),
        }
    }
}

/// Whether a value is a list with rows, or an object with one.
fn holds_rows(raw: &RawValue) -> bool {
    match Shape::of(raw.get()) {
        Shape::List => json::elements(raw.get()).is_ok_and(|rows| !rows.is_empty()),
        Shape::Object => serde_json::from_str::<Pairs<'_>>(raw.get()).is_ok_and(|fields| {
            let mut fields = fields.0.iter();
            fields.any(|(key, raw)| {
                LISTS.contains(&key.as_str()) && Shape::of(raw.get()) == Shape::List && holds_rows(raw)
            })
        }),
        Shape::Null | Shape::Flag | Shape::Number | Shape::Text => false,
    }
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
            beside: Beside::default(),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<'de>, A::Error> {
        let ListSeed(keys) = self;
        let mut list_key = "";
        let mut list: Option<Written<'de>> = None;
        let mut beside = Beside::default();
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
            beside.note(&key, map.next_value()?);
        }
        let inner = list.ok_or_else(|| A::Error::missing_field(keys.first().copied().unwrap_or_default()))?;
        let path = match inner.path.as_str() {
            "" => list_key.to_owned(),
            below => format!("{list_key}.{below}"),
        };
        let beside = inner.beside.and(beside);
        // Which of two lists would count is not known.
        if let Some(other) = &beside.rows {
            return Err(A::Error::custom(format!(
                "rows in `{other}` beside the list in `{path}`"
            )));
        }
        Ok(Written {
            rows: inner.rows,
            path,
            beside,
        })
    }
}

/// A number of rows, perhaps as text. Anything else is as good as none: the list then ends where its pages do.
pub(super) fn amount(raw: &RawValue) -> Option<u64> {
    let text = raw.get().trim_matches('"').trim();
    // A whole number may be written as `60.0`.
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|digit| digit == b'0').then_some(())?;
    whole.parse().ok()
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
