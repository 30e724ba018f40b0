//! Messages as JSON, in the published proto JSON: camelCase names, 64-bit numbers as texts, enums by name, `Any`
//! opened. Reports and comparisons write their answers with it.
//!
//! Two things differ from the serializer of the reflection crate, because the files are other people's: an annotation
//! that nobody here knows is kept, as its type and its bytes in base64, instead of failing the list; and whole numbers
//! of a profile are `1000`, not `1000.0`, as the published tools write them and scripts compare them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind as FieldKind, MapKey, MessageDescriptor};
use prost_reflect::{ReflectMessage as _, Value};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};

use super::error::{Error, Kind, Result};
use super::proto::pool;

/// Messages inside of messages that are opened; what lies deeper is somebody's trick and stays bytes.
const LEVELS: u32 = 64;
/// Up to here a double says a whole number exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How to write messages of one type.
#[derive(Debug, Clone)]
pub struct Form(MessageDescriptor);

impl Form {
    /// Of the message with this full name: `c1.connector.v2.Grant`.
    ///
    /// # Errors
    /// `Internal` for a message that is not compiled in.
    pub fn of(name: &str) -> Result<Form> {
        let missing = || Error::new(Kind::Internal, format!("the message {name} is not compiled in"));
        pool().get_message_by_name(name).map(Form).ok_or_else(missing)
    }

    /// A message as one line of JSON, without a line break.
    ///
    /// # Errors
    /// `Internal` if the message is of another type.
    pub fn line(&self, message: &impl Message) -> Result<String> {
        let wrong = |error: String| Error::new(Kind::Internal, error).context("write a message as JSON");
        let dynamic = DynamicMessage::decode(self.0.clone(), message.encode_to_vec().as_slice())
            .map_err(|error| wrong(error.to_string()))?;
        serde_json::to_string(&Shown(&dynamic, LEVELS)).map_err(|error| wrong(error.to_string()))
    }
}

/// A message, and how many levels may follow.
struct Shown<'m>(&'m DynamicMessage, u32);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Shown(message, levels) = *self;
        let descriptor = message.descriptor();
        match descriptor.full_name() {
            "google.protobuf.Any" => any(message, levels, serializer),
            "google.protobuf.Struct" => inner(message, "fields", levels, serializer),
            "google.protobuf.ListValue" => inner(message, "values", levels, serializer),
            "google.protobuf.Value" => match message.fields().next() {
                Some((field, value)) => Field(&field, value, levels).serialize(serializer),
                None => serializer.serialize_none(),
            },
            name if name.starts_with("google.protobuf.") => well_known(message).serialize(serializer),
            _ => {
                let mut map = serializer.serialize_map(None)?;
                for (field, value) in message.fields() {
                    map.serialize_entry(field.json_name(), &Field(&field, value, levels))?;
                }
                map.end()
            }
        }
    }
}

/// The one field that a wrapping message is written as.
fn inner<S: Serializer>(message: &DynamicMessage, name: &str, levels: u32, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(field) = message.descriptor().get_field_by_name(name) else {
        return Err(S::Error::custom(format!("no field {name}")));
    };
    Field(&field, &message.get_field(&field), levels).serialize(serializer)
}

/// A time or a span; one out of range is null rather than the end of the list.
fn well_known(message: &DynamicMessage) -> serde_json::Value {
    serde_json::to_value(message).unwrap_or_default()
}

fn any<S: Serializer>(message: &DynamicMessage, levels: u32, serializer: S) -> Result<S::Ok, S::Error> {
    let any: prost_types::Any = message.transcode_to().map_err(S::Error::custom)?;
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("@type", &any.type_url)?;
    let name = any.type_url.rsplit('/').next().unwrap_or_default();
    let known = pool()
        .get_message_by_name(name)
        .and_then(|form| DynamicMessage::decode(form, any.value.as_slice()).ok())
        .filter(|_| levels > 0);
    match known {
        None => map.serialize_entry("value", &BASE64_STANDARD.encode(&any.value))?,
        Some(known) if name.starts_with("google.protobuf.") => {
            map.serialize_entry("value", &Shown(&known, levels - 1))?;
        }
        Some(known) => {
            for (field, value) in known.fields() {
                map.serialize_entry(field.json_name(), &Field(&field, value, levels - 1))?;
            }
        }
    }
    map.end()
}

/// The value of a field: one, a list or a map.
struct Field<'m>(&'m FieldDescriptor, &'m Value, u32);

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Field(field, value, levels) = *self;
        match value {
            Value::List(values) => serializer.collect_seq(values.iter().map(|v| One(field, v, levels))),
            Value::Map(values) => {
                let FieldKind::Message(entry) = field.kind() else {
                    return Err(S::Error::custom("a map without entries"));
                };
                let value_field = entry.map_entry_value_field();
                // The reflection keeps maps by hash: equal messages shall be equal lines.
                let mut entries: Vec<(String, &Value)> = values.iter().map(|(k, v)| (key(k), v)).collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                serializer.collect_map(entries.iter().map(|(k, v)| (k, One(&value_field, v, levels))))
            }
            one => One(field, one, levels).serialize(serializer),
        }
    }
}

struct One<'m>(&'m FieldDescriptor, &'m Value, u32);

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let One(field, value, levels) = *self;
        match value {
            Value::Bool(yes) => serializer.serialize_bool(*yes),
            Value::I32(number) => serializer.serialize_i32(*number),
            Value::U32(number) => serializer.serialize_u32(*number),
            Value::I64(number) => serializer.collect_str(number),
            Value::U64(number) => serializer.collect_str(number),
            Value::F32(number) => double(f64::from(*number), serializer),
            Value::F64(number) => double(*number, serializer),
            Value::String(text) => serializer.serialize_str(text),
            Value::Bytes(bytes) => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
            Value::EnumNumber(number) => match field.kind() {
                FieldKind::Enum(kind) => enumeration(&kind, *number, serializer),
                _ => serializer.serialize_i32(*number),
            },
            Value::Message(_) if levels == 0 => serializer.serialize_none(),
            Value::Message(message) => Shown(message, levels - 1).serialize(serializer),
            Value::List(_) | Value::Map(_) => Field(field, value, levels).serialize(serializer),
        }
    }
}

fn enumeration<S: Serializer>(kind: &EnumDescriptor, number: i32, serializer: S) -> Result<S::Ok, S::Error> {
    if kind.full_name() == "google.protobuf.NullValue" {
        return serializer.serialize_none();
    }
    match kind.get_value(number) {
        Some(value) => serializer.serialize_str(value.name()),
        None => serializer.serialize_i32(number),
    }
}

fn double<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[allow(clippy::cast_possible_truncation)]
        return serializer.serialize_i64(number as i64);
    }
    if number.is_nan() {
        return serializer.serialize_str("NaN");
    }
    if number.is_infinite() {
        return serializer.serialize_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
    }
    serializer.serialize_f64(number)
}

fn key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(yes) => yes.to_string(),
        MapKey::I32(number) => number.to_string(),
        MapKey::I64(number) => number.to_string(),
        MapKey::U32(number) => number.to_string(),
        MapKey::U64(number) => number.to_string(),
        MapKey::String(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use prost_types::Any;

    use super::*;
    use crate::baton::proto::v2;
    use crate::baton::resource::{Profile, ResourceBuilder};

    fn line(resource: &v2::Resource) -> String {
        Form::of("c1.connector.v2.Resource").unwrap().line(resource).unwrap()
    }

    #[test]
    fn names_numbers_and_annotations_are_those_of_proto_json() {
        let profile = Profile::new()
            .with("id", 1000)
            .with("share", Some("x"))
            .with_null("none");
        let mut resource = ResourceBuilder::new("role", "7", "Ops")
            .profile(profile)
            .children("folder")
            .build();
        resource.created_at = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
        assert_eq!(
            line(&resource),
            "{\"id\":{\"resourceType\":\"role\",\"resource\":\"7\"},\"displayName\":\"Ops\",\
             \"annotations\":[{\"@type\":\"type.googleapis.com/c1.connector.v2.ChildResourceType\",\
             \"resourceTypeId\":\"folder\"}],\
             \"profile\":{\"id\":1000,\"none\":null,\"share\":\"x\"},\"createdAt\":\"1970-01-01T00:00:01Z\"}"
        );
    }

    #[test]
    fn an_annotation_that_nobody_knows_is_kept() {
        for (type_url, value) in [("type.googleapis.com/their.Thing", vec![1, 2, 3]), ("", vec![])] {
            let mut resource = ResourceBuilder::new("role", "7", "Ops").build();
            resource.annotations.push(Any {
                type_url: type_url.to_owned(),
                value: value.clone(),
            });
            let expected = format!(
                "\"annotations\":[{{\"@type\":\"{type_url}\",\"value\":\"{}\"}}]",
                BASE64_STANDARD.encode(&value)
            );
            assert!(line(&resource).contains(&expected), "{}", line(&resource));
        }
    }

    #[test]
    fn boxes_in_boxes_end() {
        let mut any = Any {
            type_url: "x/their.Thing".to_owned(),
            value: vec![],
        };
        for _ in 0..5_000 {
            any = Any {
                type_url: "type.googleapis.com/google.protobuf.Any".to_owned(),
                value: any.encode_to_vec(),
            };
        }
        let mut resource = ResourceBuilder::new("role", "7", "Ops").build();
        resource.annotations.push(any);
        assert!(line(&resource).ends_with("}]}"));
    }
}
