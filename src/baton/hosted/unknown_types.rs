//! Annotations of types that are not known here, left out of JSON (`baton/hosted/facts.md 4`): whoever asks may be newer,
//! and what an annotation adds is not what is asked.

use serde_json::{Map, Value};

use crate::baton::proto::pool;

/// The same without them; nothing where there are none.
pub fn without(value: &Value) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let changed: Map<String, Value> = members
                .iter()
                .filter_map(|(name, value)| {
                    let changed = match value {
                        Value::Array(list) if name == "annotations" => known(list),
                        other => without(other),
                    };
                    Some((name.clone(), changed?))
                })
                .collect();
            if changed.is_empty() {
                return None;
            }
            let mut members = members.clone();
            members.extend(changed);
            Some(Value::Object(members))
        }
        Value::Array(list) => {
            let changed: Vec<Option<Value>> = list.iter().map(without).collect();
            if changed.iter().all(Option::is_none) {
                return None;
            }
            let both = list.iter().zip(changed);
            Some(both.map(|(old, new)| new.unwrap_or_else(|| old.clone())).collect())
        }
        _ => None,
    }
}

/// Those of a list that are known. A list without any type is somebody's own, in a profile, say.
fn known(list: &[Value]) -> Option<Value> {
    let is_typed = |value: &Value| value.get("@type").is_some_and(Value::is_string);
    if !list.iter().any(is_typed) {
        return None;
    }
    let known: Vec<Value> = list.iter().filter(|value| is_known(value)).cloned().collect();
    (known.len() < list.len()).then_some(Value::Array(known))
}

fn is_known(value: &Value) -> bool {
    let name = value.get("@type").and_then(Value::as_str).unwrap_or_default();
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    pool().get_message_by_name(name).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_annotations_of_unknown_types_go() {
        let known = json!({ "@type": "type.googleapis.com/c1.connector.v2.SkipGrants" });
        let unknown = json!({ "@type": "type.googleapis.com/x.Y", "annotations": [] });
        let own = json!({ "annotations": ["theirs", { "x": 1 }], "@type": "x" });
        let value = json!({
            "annotations": [known, unknown, "odd"],
            "rows": [{ "annotations": [unknown] }, own, { "annotations": [known] }],
            "req": unknown,
        });
        let expected = json!({
            "annotations": [known],
            "rows": [{ "annotations": [] }, own, { "annotations": [known] }],
            "req": unknown,
        });
        assert_eq!(without(&value), Some(expected.clone()));
        assert_eq!(without(&expected), None);
    }
}
