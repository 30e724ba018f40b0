//! From a body to rows: the envelopes, and errors that name the JSON path.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::endpoint::Envelope;
use super::lenient::Object;

/// Why a body cannot be read.
pub(super) struct Undecodable {
    /// Where: `data[17].id`.
    pub(super) path: String,
    /// What: `invalid type: null, expected an id`.
    pub(super) message: String,
    /// Whether the body simply ends too early.
    pub(super) cut_off: bool,
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

/// Reads a list in `envelope`.
pub(super) fn listing<T: DeserializeOwned>(body: &[u8], envelope: Envelope) -> Result<Listing<T>, Undecodable> {
    let list_key = match envelope {
        Envelope::Data | Envelope::Object => "data",
        Envelope::Array | Envelope::Result => "result",
    };
    read(body, ListingSeed::<T>(list_key, PhantomData))
}

/// Reads one object, bare or in `data`.
pub(super) fn single<T: DeserializeOwned>(body: &[u8]) -> Result<T, Undecodable> {
    #[derive(Deserialize)]
    struct Shape {
        id: Option<IgnoredAny>,
        data: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Wrapped<T> {
        data: Object<T>,
    }
    let Object(shape) = read::<PhantomData<Object<Shape>>>(body, PhantomData)?;
    if shape.id.is_none() && shape.data.is_some() {
        let Wrapped { data: Object(value) } = read::<PhantomData<Wrapped<T>>>(body, PhantomData)?;
        return Ok(value);
    }
    read::<PhantomData<Object<T>>>(body, PhantomData).map(|Object(value)| value)
}

fn read<'de, S: DeserializeSeed<'de>>(body: &'de [u8], seed: S) -> Result<S::Value, Undecodable> {
    let mut json = serde_json::Deserializer::from_slice(body);
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

/// Reads `[...]`, or an object with the list below the named key.
struct ListingSeed<T>(&'static str, PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ListingSeed<T> {
    type Value = Listing<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listing<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListingSeed<T> {
    type Value = Listing<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, or an object with the list {:?}", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Listing<T>, A::Error> {
        let mut rows = Vec::new();
        while let Some(Object(row)) = seq.next_element()? {
            rows.push(row);
        }
        Ok(Listing {
            rows,
            total: None,
            size: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listing<T>, A::Error> {
        #[derive(Deserialize)]
        struct PageInfo {
            size: Option<u64>,
        }
        let ListingSeed(list_key, _) = self;
        let mut list: Option<Listing<T>> = None;
        let mut total = None;
        let mut size = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                key if key == list_key && list.is_some() => return Err(A::Error::duplicate_field(list_key)),
                // Only `result` may hold a second object, with `items`.
                key if key == list_key && key == "result" => {
                    list = Some(map.next_value_seed(ListingSeed("items", PhantomData))?);
                }
                key if key == list_key => list = Some(map.next_value_seed(RowsSeed(PhantomData))?),
                "total" | "count" => total = map.next_value::<Option<u64>>()?,
                "page" => {
                    size = map
                        .next_value::<Option<Object<PageInfo>>>()?
                        .and_then(|Object(page)| page.size)
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let inner = list.ok_or_else(|| A::Error::missing_field(list_key))?;
        Ok(Listing {
            rows: inner.rows,
            total: total.or(inner.total),
            size: size.or(inner.size),
        })
    }
}

/// Reads `[...]` and nothing else.
struct RowsSeed<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for RowsSeed<T> {
    type Value = Listing<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listing<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsSeed<T> {
    type Value = Listing<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Listing<T>, A::Error> {
        ListingSeed("", PhantomData).visit_seq(seq)
    }
}
