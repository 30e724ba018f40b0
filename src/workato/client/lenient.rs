//! Reading what the API may write instead of what it should: null for an empty list, a word for a list of words.
//! What cannot be understood stays an error: nothing is skipped.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A struct that may only be read from a JSON object. Derived code would also take an array, field by field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_any(ObjectVisitor(PhantomData)).map(Object)
    }
}

/// A list of plain values; null is an empty one.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of objects; null is an empty one.
pub(super) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let rows = Option::<Vec<Object<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(rows.into_iter().map(|Object(row)| row).collect())
}

/// An object or nothing.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

/// Group of privileges -> ids. Null is empty on both levels; a single word such as `"all"` is a list of one.
pub(super) fn privileges<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let groups = Option::<BTreeMap<String, Words>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(groups.into_iter().map(|(group, Words(ids))| (group, ids)).collect())
}

struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordsVisitor;

        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of privilege ids")
            }

            fn visit_unit<E>(self) -> Result<Vec<String>, E> {
                Ok(Vec::new())
            }

            fn visit_str<E>(self, word: &str) -> Result<Vec<String>, E> {
                Ok(vec![word.to_owned()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(words)
            }
        }

        deserializer.deserialize_any(WordsVisitor).map(Words)
    }
}
