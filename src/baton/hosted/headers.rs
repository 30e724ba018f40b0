//! Headers of a request (`baton/hosted/facts.md 4.3`): a struct whose members are lists of texts.

use std::collections::BTreeMap;
use std::time::Duration;

use prost_types::Struct;
use prost_types::value::Kind as Of;

/// Headers by their names in lower case. Debugging shows names only: there is a token among them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, Vec<String>>);

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Headers {
    /// Those of a struct. What is no list is left out, and so are texts that are empty or none.
    pub fn of(sent: Option<&Struct>) -> Self {
        let mut headers = Headers::default();
        for (name, value) in sent.iter().flat_map(|sent| &sent.fields) {
            let Some(Of::ListValue(list)) = &value.kind else {
                continue;
            };
            let texts = list.values.iter().filter_map(|value| match &value.kind {
                Some(Of::StringValue(text)) if !text.is_empty() => Some(text.clone()),
                _ => None,
            });
            headers.0.entry(name.to_lowercase()).or_default().extend(texts);
        }
        headers
    }

    /// The first value of a header.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// How long the caller waits, in gRPC's own form.
    ///
    /// # Errors
    /// For a value that has another.
    pub fn timeout(&self) -> Result<Option<Duration>, &'static str> {
        self.first("grpc-timeout").map(timeout).transpose()
    }
}

fn timeout(text: &str) -> Result<Duration, &'static str> {
    let malformed = "malformed grpc-timeout";
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(malformed)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed);
    }
    let number: u64 = digits.parse().map_err(|_| malformed)?;
    Ok(match unit {
        "H" => Duration::from_secs(number * 60 * 60),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return Err(malformed),
    })
}

#[cfg(test)]
mod tests {
    use prost_types::{ListValue, Value};

    use super::*;

    fn value(kind: Of) -> Value {
        Value { kind: Some(kind) }
    }

    fn texts(texts: &[&str]) -> Value {
        let values = texts.iter().map(|text| value(Of::StringValue((*text).to_owned())));
        value(Of::ListValue(ListValue {
            values: values.collect(),
        }))
    }

    #[test]
    fn lists_of_texts_are_headers() {
        let sent = Struct {
            fields: [
                ("Authorization".to_owned(), texts(&["", "Bearer secret-thing", "other"])),
                ("empty".to_owned(), texts(&[])),
                ("text".to_owned(), value(Of::StringValue("x".to_owned()))),
                ("grpc-timeout".to_owned(), texts(&["10S"])),
            ]
            .into(),
        };
        let headers = Headers::of(Some(&sent));
        assert_eq!(headers.first("authorization"), Some("Bearer secret-thing"));
        assert_eq!((headers.first("empty"), headers.first("text")), (None, None));
        assert_eq!(headers.timeout(), Ok(Some(Duration::from_secs(10))));
        assert!(!format!("{headers:?}").contains("secret-thing"));
        assert_eq!(Headers::of(None).timeout(), Ok(None));
    }

    #[test]
    fn timeouts_have_a_number_and_a_unit() {
        for (text, expected) in [
            ("1H", Duration::from_secs(3_600)),
            ("99999999M", Duration::from_secs(99_999_999 * 60)),
            ("20m", Duration::from_millis(20)),
            ("7u", Duration::from_micros(7)),
            ("0n", Duration::ZERO),
        ] {
            assert_eq!(timeout(text), Ok(expected), "{text}");
        }
        for text in ["", "S", "1", "123456789S", "-1S", "+1S", "1s", "1ä", "1 S"] {
            assert!(timeout(text).is_err(), "{text}");
        }
    }
}
