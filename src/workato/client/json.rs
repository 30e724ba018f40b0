//! JSON as it was written: values are kept as text until somebody knows what they should be, so that one of another
//! type, a number of any size or half a character cannot spoil the answer around it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text of a body. Bytes that are no UTF-8 become U+FFFD; a byte order mark is no part of it.
pub(super) fn text(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

/// What a value is, by its first character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    Flag,
    Number,
    Text,
    List,
    Object,
}

impl Shape {
    /// Of a value that was read as JSON before.
    pub(super) fn of(raw: &str) -> Shape {
        match raw.trim_start().as_bytes().first() {
            Some(b'n') => Shape::Null,
            Some(b't' | b'f') => Shape::Flag,
            Some(b'"') => Shape::Text,
            Some(b'[') => Shape::List,
            Some(b'{') => Shape::Object,
            _ => Shape::Number,
        }
    }

    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Shape::Null => "null",
            Shape::Flag => "true or false",
            Shape::Number => "a number",
            Shape::Text => "a text",
            Shape::List => "a list",
            Shape::Object => "an object",
        }
    }
}

/// The elements of a list.
pub(super) fn elements(raw: &str) -> Result<Vec<&RawValue>, String> {
    serde_json::from_str(raw).map_err(|error| error.to_string())
}

/// The fields of an object, in order, repeated ones too.
pub(super) struct Pairs<'j>(pub(super) Vec<(String, &'j RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

/// The same JSON with U+FFFD in the place of every `\uD800` to `\uDFFF` that is not one half of a pair.
pub(super) fn mended(raw: &str) -> String {
    let unit = |at: usize| {
        let escape = raw.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut out = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(rest) = raw.get(at..) {
        let Some(next) = rest.find('\\') else {
            out.push_str(rest);
            break;
        };
        out.push_str(rest.get(..next).unwrap_or_default());
        at += next;
        // An escape is two bytes, six with digits, twelve as a pair.
        let (length, whole) = match (unit(at), unit(at + 6)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => (12, true),
            (Some(0xD800..0xE000), _) => (6, false),
            (Some(_), _) => (6, true),
            (None, _) => (2, true),
        };
        let escape = raw.get(at..at + length).or(raw.get(at..)).unwrap_or_default();
        out.push_str(if whole { escape } else { "\\ufffd" });
        at += escape.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_characters_are_mended_and_whole_ones_stay() {
        for (raw, text) in [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ude00b""#, "\u{fffd}b"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\uD83D\uDE00 \u00e9 \\ud83d \" é""#, "\u{1f600} \u{e9} \\ud83d \" é"),
            (r#""\ud83dé\n""#, "\u{fffd}é\n"),
        ] {
            assert_eq!(serde_json::from_str::<String>(&mended(raw)).unwrap(), text, "{raw}");
        }
        // What is cut off in the middle of an escape is not made longer.
        for raw in ["\"\\", "\"\\u", "\"\\ud83", "\"\\ud83d\\u"] {
            assert!(mended(raw).len() <= raw.len(), "{raw}");
        }
    }
}
