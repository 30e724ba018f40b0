//! The rules of single fields: required, choices, ranges (`baton/config/published.md 1.4`).

use super::field::Field;
use super::values::{Value, Values};
use super::wrong;
use crate::baton::code;
use crate::baton::error::Result;

/// Checks that everything required is set, by whatever means.
///
/// # Errors
/// Names all that are not.
pub fn required(fields: &[&'static Field], values: &Values) -> Result<()> {
    let missing: Vec<&&Field> = fields.iter().filter(|f| f.required && !values.is_set(f.name)).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let names: Vec<String> = missing.iter().map(|f| format!("{:?}", f.name)).collect();
    Err(wrong(format!("required flag(s) {} not set", names.join(", ")))
        .code(code::SETTING_MISSING)
        .hint(format!(
            "set {} in the environment, or `{}` in .baton.yaml",
            first.env(),
            first.name
        )))
}

/// Checks the rules of the kit's own fields.
///
/// # Errors
/// The first field that breaks its rule, on one line.
pub fn kit_rules(fields: &[&'static Field], values: &Values) -> Result<()> {
    fields
        .iter()
        .find_map(|field| broken_rule(field, values))
        .map_or(Ok(()), |line| Err(wrong(line).code(code::SETTING_VALUE)))
}

/// Checks the rules of the connector's fields.
///
/// # Errors
/// A header and one line for each field that breaks its rule.
pub fn connector_rules(fields: &[&'static Field], values: &Values) -> Result<()> {
    let lines: Vec<String> = fields.iter().filter_map(|field| broken_rule(field, values)).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(wrong(format!("errors found:\n{}", lines.join("\n"))).code(code::SETTING_VALUE))
}

fn broken_rule(field: &Field, values: &Values) -> Option<String> {
    let name = field.name;
    let value = values.get(name)?;
    if field.required && is_zero(value) {
        return Some(format!("field {name}: it is empty, and nothing works without it"));
    }
    match (value, field.range) {
        (Value::Text(text), _) if !field.choices.is_empty() && !text.is_empty() => {
            let known = field.choices.contains(&text.as_str());
            (!known).then(|| {
                format!(
                    "field {name}: value must be one of [{}] but got '{text}'",
                    field.choices.join(" ")
                )
            })
        }
        (Value::Int(number), Some((low, _))) if *number < low => Some(format!(
            "field {name}: value must be greater than or equal to {low} but got {number}"
        )),
        (Value::Int(number), Some((_, high))) if *number > high => Some(format!(
            "field {name}: value must be less than or equal to {high} but got {number}"
        )),
        _ => None,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::Secret(secret) => secret.is_empty(),
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::List(texts) => texts.is_empty(),
    }
}
