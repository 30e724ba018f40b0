//! Whether an answer of success says that it failed (`workato/api.md 3.3`): what it holds besides is then no answer to
//! what was asked, an empty list least of all.

use serde_json::Value;
use serde_json::value::RawValue;

/// Whether the JSON of an answer says that it failed: `success` that is false, or errors.
pub(super) fn says_it_failed(body: &Value) -> bool {
    let mut fields = body.as_object().into_iter().flatten();
    fields.any(|(key, value)| field_says_so(key, value))
}

/// As [`says_it_failed`] of a body, whatever it is.
pub(super) fn body_says_so(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|body| says_it_failed(&body))
}

/// Whether a field beside a list says that the list failed. There it cannot be a field of what was asked for, so a
/// status is taken at its word, too.
pub(super) fn says_so_beside_a_list(key: &str, raw: &RawValue) -> bool {
    let key = key.to_ascii_lowercase();
    let is_status = ["status", "code", "status_code", "statuscode"].contains(&key.as_str());
    if !is_status && !SAYS.contains(&key.as_str()) {
        return false;
    }
    let Ok(value) = serde_json::from_str::<Value>(raw.get()) else {
        return false;
    };
    match (is_status, &value) {
        (false, value) => field_says_so(&key, value),
        (true, Value::Number(number)) => number.as_u64().is_some_and(|number| (400..600).contains(&number)),
        (true, Value::String(text)) => {
            let text = text.trim().to_ascii_lowercase();
            let is_number = text.parse().is_ok_and(|number: u64| (400..600).contains(&number));
            is_number || ["error", "fail", "failed", "failure", "timeout"].contains(&text.as_str())
        }
        (true, _) => false,
    }
}

/// The fields that say so.
const SAYS: [&str; 4] = ["success", "ok", "errors", "error"];

fn field_says_so(key: &str, value: &Value) -> bool {
    match key.to_ascii_lowercase().as_str() {
        "success" | "ok" => is_false(value),
        "errors" | "error" => is_something(value),
        _ => false,
    }
}

fn is_false(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::String(text) => text.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_may_say_that_it_failed() {
        for (body, failed) in [
            (r#"{"success":false}"#, true),
            (r#"{"Success":"false"}"#, true),
            (r#"{"ok":false,"data":[]}"#, true),
            (r#"{"errors":[{"title":"A"}]}"#, true),
            (r#"{"errors":{"name":["is taken"]},"success":true}"#, true),
            (r#"{"error":"e"}"#, true),
            (r#"{"success":true,"errors":[],"error":null}"#, false),
            (r#"{"result":"ok","errors":{}}"#, false),
            ("{}", false),
            ("[]", false),
            ("null", false),
            (r#""false""#, false),
        ] {
            assert_eq!(body_says_so(body.as_bytes()), failed, "{body}");
        }
        assert!(!body_says_so(b"{\"success\":fal"));
    }

    #[test]
    fn beside_a_list_a_status_says_so_too() {
        for (key, raw, failed) in [
            ("status", "500", true),
            ("statusCode", "\"503\"", true),
            ("status", "\"Failed\"", true),
            ("code", "429", true),
            ("success", "false", true),
            ("status", "200", false),
            ("status", "\"ok\"", false),
            ("status", "null", false),
            ("code", "\"A\"", false),
            ("errors", "[]", false),
            ("message", "\"Timed out\"", false),
        ] {
            let raw = RawValue::from_string(raw.to_owned()).unwrap();
            assert_eq!(says_so_beside_a_list(key, &raw), failed, "{key} {raw}");
        }
    }
}
