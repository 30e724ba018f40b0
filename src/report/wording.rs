//! What people call an entitlement. A role is held, so its name says it all; a permission is on something.

use super::names::Names;
use super::thing::{Account, Right, Thing, profile, text};
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// What is held, in few words: `Environment admin (prod)`, `Project admin of Billing`, `read on Billing (dev)`.
///
/// # Errors
/// `DataLoss` for a damaged file, here and below.
pub fn label(names: &Names<'_>, right: &Right) -> Result<String> {
    let entitlement = names.entitlement(&right.id)?;
    let purpose = entitlement.map(|e| e.purpose()).unwrap_or_default();
    let (name, on) = (&right.name, &right.resource.name);
    let label = match purpose {
        v2::entitlement::PurposeValue::Assignment if !on.is_empty() => on.clone(),
        _ if on.is_empty() || name.contains(on.as_str()) => name.clone(),
        _ => format!("{name} on {on}"),
    };
    // Each environment has a project of that name: which one it is must be said.
    Ok(match environment(names, &right.resource)? {
        Some(environment) if !says(&label, &environment) => format!("{label} ({environment})"),
        _ => label,
    })
}

/// The environment a resource is in, where its profile names one.
///
/// # Errors
/// As [`label`].
pub fn environment(names: &Names<'_>, thing: &Thing) -> Result<Option<String>> {
    let Some(resource) = names.resource(&thing.kind, &thing.id)? else {
        return Ok(None);
    };
    let text = profile(&resource).and_then(|p| text(&p, "environment").map(str::to_owned));
    Ok(text.filter(|text| !text.is_empty()))
}

/// A thing by its name, with its environment where the name does not say it.
///
/// # Errors
/// As [`label`].
pub fn name(names: &Names<'_>, thing: &Thing) -> Result<String> {
    Ok(placed(&thing.name, environment(names, thing)?.as_deref()))
}

/// A name with an environment where it does not say that itself.
pub fn placed(name: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) if !says(name, environment) => format!("{name} ({environment})"),
        _ => name.to_owned(),
    }
}

/// Whether a word stands in a text.
fn says(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .any(|part| part.eq_ignore_ascii_case(word))
}

/// Each step of a way, joined by arrows.
///
/// # Errors
/// As [`label`].
pub fn way(names: &Names<'_>, path: &[Right]) -> Result<String> {
    let steps: Vec<String> = path.iter().map(|right| label(names, right)).collect::<Result<_>>()?;
    Ok(steps.join(" → "))
}

/// The e-mail address of a person; empty where there is none.
///
/// # Errors
/// As [`label`].
pub fn email(names: &Names<'_>, thing: &Thing) -> Result<String> {
    let Some(resource) = names.resource(&thing.kind, &thing.id)? else {
        return Ok(String::new());
    };
    Ok(Account::of(&resource, thing.clone())
        .map(|a| a.email)
        .unwrap_or_default())
}

/// Whether a resource is a group, whose members join and leave.
///
/// # Errors
/// As [`label`].
pub fn is_group(names: &Names<'_>, kind: &str) -> Result<bool> {
    let kind = names.resource_type(kind)?;
    Ok(kind.is_some_and(|t| t.traits().any(|t| t == v2::resource_type::Trait::Group)))
}

/// `1 person`, `3 people`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if number == 1 { one } else { many })
}
