//! Values of JSON as the wire has them, and back.

use prost_types::value::Kind as ValueKind;
use serde_json::Value;

/// A JSON value as the wire has it.
pub fn wire(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => ValueKind::NullValue(0),
        Value::Bool(yes) => ValueKind::BoolValue(yes),
        Value::Number(number) => ValueKind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => ValueKind::StringValue(text),
        Value::Array(values) => ValueKind::ListValue(prost_types::ListValue {
            values: values.into_iter().map(wire).collect(),
        }),
        Value::Object(fields) => ValueKind::StructValue(prost_types::Struct {
            fields: fields.into_iter().map(|(name, value)| (name, wire(value))).collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}

/// A value of the wire as JSON.
pub fn plain(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(ValueKind::NullValue(_)) => Value::Null,
        Some(ValueKind::BoolValue(yes)) => Value::Bool(*yes),
        Some(ValueKind::NumberValue(number)) => (*number).into(),
        Some(ValueKind::StringValue(text)) => text.as_str().into(),
        Some(ValueKind::ListValue(list)) => list.values.iter().map(plain).collect(),
        Some(ValueKind::StructValue(parts)) => {
            let fields = parts.fields.iter().map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(fields.collect())
        }
    }
}
