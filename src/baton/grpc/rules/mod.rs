//! The published rules of messages, checked on every request (`baton/service/protocol.md 9`).
//!
//! `rules.tsv` has them all, also those of messages this program only sends; `rule` is one rule, `text` are the forms a
//! text can be asked to have. Nothing inside of an `Any` is looked at.

mod rule;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage as _, Value};

use self::rule::Rule;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::pool;

/// One line per rule: full name of the message; field, or `oneof` and its name; the rule.
const DATA: &str = include_str!("rules.tsv");

/// The rules of the fields of every message.
type Table = BTreeMap<&'static str, Vec<(&'static str, Vec<Rule>)>>;

static TABLE: LazyLock<Result<Table, String>> = LazyLock::new(|| {
    let mut table = Table::new();
    for line in DATA.lines() {
        let mut fields = line.splitn(3, '\t');
        let (Some(message), Some(field), Some(text)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(format!("{line:?} is no rule"));
        };
        let rules = rule::parse(text).ok_or_else(|| format!("{line:?} is not understood"))?;
        table.entry(message).or_default().push((field, rules));
    }
    Ok(table)
});

/// Checks a message and everything in it.
///
/// # Errors
/// `InvalidArgument`, naming the first field that breaks a rule.
pub fn check<M: Message + Name>(message: &M) -> Result<()> {
    let internal = |why: String| Error::new(Kind::Internal, format!("{} cannot be checked: {why}", M::NAME));
    let table = TABLE.as_ref().map_err(|why| internal(why.clone()))?;
    let descriptor = pool()
        .get_message_by_name(&M::full_name())
        .ok_or_else(|| internal("it is not compiled in".to_owned()))?;
    let message = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .map_err(|error| internal(error.to_string()))?;
    walk(table, &message, &mut String::new())
        .map_err(|why| Error::new(Kind::InvalidArgument, format!("invalid {}{why}", M::NAME)).code(code::BAD_CALL))
}

/// Checks the rules of a message, then the messages in it. `path` leads to it; the error has the whole path.
fn walk(table: &Table, message: &DynamicMessage, path: &mut String) -> Result<(), String> {
    let descriptor = message.descriptor();
    for (name, rules) in table.get(descriptor.full_name()).into_iter().flatten() {
        let found = match name.strip_prefix("oneof ") {
            Some(oneof) => descriptor
                .oneofs()
                .find(|o| o.name() == oneof)
                .is_none_or(|o| o.fields().any(|field| message.has_field(&field)))
                .then_some(())
                .ok_or_else(|| "nothing is set".to_owned()),
            None => descriptor
                .get_field_by_name(name)
                .map_or(Ok(()), |field| check_field(message, &field, rules)),
        };
        found.map_err(|why| format!("{path}.{}: {why}", name.trim_start_matches("oneof ")))?;
    }
    for (field, value) in message.fields() {
        let length = path.len();
        let _ = write!(path, ".{}", field.name());
        match value {
            Value::Message(inner) => walk(table, inner, path)?,
            Value::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    let Value::Message(inner) = item else { break };
                    let length = path.len();
                    let _ = write!(path, "[{number}]");
                    walk(table, inner, path)?;
                    path.truncate(length);
                }
            }
            Value::Map(values) => {
                for inner in values.values().filter_map(Value::as_message) {
                    walk(table, inner, path)?;
                }
            }
            _ => {}
        }
        path.truncate(length);
    }
    Ok(())
}

fn check_field(message: &DynamicMessage, field: &FieldDescriptor, rules: &[Rule]) -> Result<(), String> {
    let is_set = message.has_field(field);
    // An arm that was not chosen, or a message that is not there, has no value to look at.
    let has_value = is_set || !field.supports_presence();
    if !has_value {
        return rule::check_presence(rules);
    }
    rule::check(rules, &message.get_field(field), Some(field))
}

#[cfg(test)]
mod tests;
