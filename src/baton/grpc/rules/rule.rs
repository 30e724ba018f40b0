//! One rule of one field.

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind, MapKey, Value};

use super::text::{self, Pattern};

/// What a value must be. Lengths of texts are in characters, sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// The message must be there, or an arm of the oneof.
    Required,
    /// Zero values are not looked at.
    IgnoreEmpty,
    /// Smallest and largest size of a text or of bytes.
    Size(usize, usize),
    /// Smallest and largest length of a text.
    Length(usize, usize),
    /// How the text begins.
    Prefix(String),
    /// What the text is made of.
    Matches(Pattern),
    /// An absolute URI.
    Uri,
    /// An e-mail address.
    Email,
    /// One of these words.
    OneOf(Vec<String>),
    /// Smallest and largest number; seconds of a duration.
    Number(i64, i64),
    /// A value of the enum that has a name.
    Defined,
    /// Fewest and most items of a list or pairs of a map.
    Items(usize, usize),
    /// No item twice.
    Unique,
    /// Holds for every item.
    Each(Vec<Rule>),
    /// Holds for every key.
    Keys(Vec<Rule>),
    /// Holds for every value of a map.
    Values(Vec<Rule>),
}

/// Reads rules such as `string.min_bytes=1; string.max_bytes=1024`. `None` if one of them is unknown.
pub fn parse(text: &str) -> Option<Vec<Rule>> {
    text.split("; ").map(parse_one).collect()
}

fn parse_one(text: &str) -> Option<Rule> {
    let nested = [
        ("repeated.items.", Rule::Each as fn(Vec<Rule>) -> Rule),
        ("map.keys.", Rule::Keys),
        ("map.values.", Rule::Values),
    ];
    for (prefix, rule) in nested {
        if let Some(inner) = text.strip_prefix(prefix) {
            return parse_one(inner).map(|inner| rule(vec![inner]));
        }
    }
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let size = || value.parse::<usize>().ok();
    let number = || value.parse::<i64>().ok();
    Some(match name {
        "required" => Rule::Required,
        "message.required" if value == "True" => Rule::Required,
        // Says that nothing is required.
        "message.required" => Rule::Items(0, usize::MAX),
        _ if name.ends_with(".ignore_empty") => Rule::IgnoreEmpty,
        "string.min_bytes" | "bytes.min_len" => Rule::Size(size()?, usize::MAX),
        "string.max_bytes" | "bytes.max_len" => Rule::Size(0, size()?),
        "bytes.len" => Rule::Size(size()?, size()?),
        "string.min_len" => Rule::Length(size()?, usize::MAX),
        "string.max_len" => Rule::Length(0, size()?),
        "string.prefix" => Rule::Prefix(value.to_owned()),
        "string.pattern" => Rule::Matches(Pattern::parse(value)?),
        "string.uri" => Rule::Uri,
        "string.email" => Rule::Email,
        "string.in" => Rule::OneOf(words(value)?),
        "uint32.lte" | "int64.lte" | "duration.lte.seconds" => Rule::Number(i64::MIN, number()?),
        "uint32.gte" | "int64.gte" => Rule::Number(number()?, i64::MAX),
        "uint32.gt" => Rule::Number(number()?.checked_add(1)?, i64::MAX),
        "duration.gte" if value.is_empty() => Rule::Number(0, i64::MAX),
        "enum.defined_only" => Rule::Defined,
        "repeated.min_items" | "map.min_pairs" => Rule::Items(size()?, usize::MAX),
        "repeated.max_items" | "map.max_pairs" => Rule::Items(0, size()?),
        "repeated.unique" => Rule::Unique,
        _ => return None,
    })
}

/// `['pebble', 'sqlite']`.
fn words(list: &str) -> Option<Vec<String>> {
    let inner = list.strip_prefix('[')?.strip_suffix(']')?;
    let word = |quoted: &str| Some(quoted.strip_prefix('\'')?.strip_suffix('\'')?.to_owned());
    inner.split(", ").map(word).collect()
}

/// Checks a field that has no value.
pub fn check_presence(rules: &[Rule]) -> Result<(), String> {
    if rules.contains(&Rule::Required) {
        return Err("is missing".to_owned());
    }
    Ok(())
}

/// Checks a value against all rules of its field.
pub fn check(rules: &[Rule], value: &Value, field: Option<&FieldDescriptor>) -> Result<(), String> {
    if rules.contains(&Rule::IgnoreEmpty) && is_empty(value) {
        return Ok(());
    }
    rules.iter().try_for_each(|rule| check_one(rule, value, field))
}

fn check_one(rule: &Rule, value: &Value, field: Option<&FieldDescriptor>) -> Result<(), String> {
    let (holds, want) = match (rule, value) {
        (Rule::Size(least, most), _) => return within(size_of(value), *least, *most, "bytes"),
        (Rule::Length(least, most), Value::String(text)) => {
            return within(text.chars().count(), *least, *most, "characters");
        }
        (Rule::Items(least, most), Value::List(items)) => return within(items.len(), *least, *most, "items"),
        (Rule::Items(least, most), Value::Map(pairs)) => return within(pairs.len(), *least, *most, "pairs"),
        (Rule::Number(least, most), _) => {
            let holds = number_of(value).is_none_or(|number| (*least..=*most).contains(&number));
            (holds, format!("is not between {least} and {most}"))
        }
        (Rule::Prefix(prefix), Value::String(text)) => {
            (text.starts_with(prefix), format!("does not begin with {prefix}"))
        }
        (Rule::Matches(pattern), Value::String(text)) => (pattern.matches(text), format!("does not match {pattern}")),
        (Rule::Uri, Value::String(text)) => (text::is_uri(text), "is not an absolute URI".to_owned()),
        (Rule::Email, Value::String(text)) => (text::is_email(text), "is not an e-mail address".to_owned()),
        (Rule::OneOf(words), Value::String(text)) => (words.contains(text), format!("is none of {words:?}")),
        (Rule::Defined, Value::EnumNumber(number)) => {
            let known = field.is_none_or(|field| match field.kind() {
                Kind::Enum(descriptor) => descriptor.get_value(*number).is_some(),
                _ => true,
            });
            (known, format!("{number} has no name"))
        }
        (Rule::Unique, Value::List(items)) => {
            let distinct: BTreeSet<String> = items.iter().map(|item| format!("{item:?}")).collect();
            (distinct.len() == items.len(), "names something twice".to_owned())
        }
        (Rule::Each(rules), Value::List(items)) => {
            return items.iter().try_for_each(|item| check(rules, item, field));
        }
        (Rule::Keys(rules), Value::Map(pairs)) => {
            let text = |key: &MapKey| key.as_str().map(|key| Value::String(key.to_owned()));
            return pairs
                .keys()
                .filter_map(text)
                .try_for_each(|key| check(rules, &key, None));
        }
        (Rule::Values(rules), Value::Map(pairs)) => {
            return pairs.values().try_for_each(|value| check(rules, value, None));
        }
        // A required message that is there; a rule for another sort of value.
        _ => return Ok(()),
    };
    if holds { Ok(()) } else { Err(want) }
}

fn within(found: usize, least: usize, most: usize, unit: &str) -> Result<(), String> {
    if found < least {
        return Err(format!("has {found} {unit}, fewer than {least}"));
    }
    if found > most {
        return Err(format!("has {found} {unit}, more than {most}"));
    }
    Ok(())
}

fn size_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// A number, or the seconds of a duration, rounded away from zero so that a second and a bit is more than a second.
fn number_of(value: &Value) -> Option<i64> {
    Some(match value {
        Value::I32(number) => i64::from(*number),
        Value::I64(number) => *number,
        Value::U32(number) => i64::from(*number),
        Value::U64(number) => i64::try_from(*number).unwrap_or(i64::MAX),
        Value::Message(duration) => {
            let part = |name| {
                duration
                    .get_field_by_name(name)
                    .and_then(|v| number_of(&v))
                    .unwrap_or(0)
            };
            part("seconds").saturating_add(part("nanos").signum())
        }
        _ => return None,
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(pairs) => pairs.is_empty(),
        Value::EnumNumber(number) => *number == 0,
        other => number_of(other) == Some(0),
    }
}
