//! What people call an entitlement. A role is held, so its name says it all; a permission is on something.

use super::apart;
use super::names::Names;
use super::thing::{self, Right, Thing};
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// What is held, in few words: `Environment admin (prod)`, `Project admin of Billing (dev)`, `read on Billing (dev)`.
///
/// # Errors
/// `DataLoss` for a damaged file, here and below.
pub fn label(names: &Names<'_>, right: &Right) -> Result<String> {
    let entitlement = names.entitlement_of(right.key())?;
    let purpose = entitlement.map(|e| e.purpose()).unwrap_or_default();
    let on = &right.resource;
    Ok(match purpose {
        v2::entitlement::PurposeValue::Assignment if !on.name.is_empty() => on.told(),
        _ if on.name.is_empty() => right.called(),
        // Each environment has a project of that name: which one it is must be said.
        _ if right.name.contains(on.name.as_str()) => {
            apart::told(&right.called(), on.environment.as_deref(), on.apart.as_ref())
        }
        _ => format!("{} on {}", right.called(), on.told()),
    })
}

/// Each step of a way, joined by arrows.
///
/// # Errors
/// As [`label`].
pub fn way(names: &Names<'_>, path: &[Right]) -> Result<String> {
    let mut told: Vec<String> = Vec::with_capacity(path.len());
    for right in path {
        told.extend(thing::steps(right, label(names, right)?));
    }
    Ok(told.join(" → "))
}

/// The e-mail address of a person; empty where there is none.
///
/// # Errors
/// As [`label`].
pub fn email(names: &Names<'_>, thing: &Thing) -> Result<String> {
    let account = names.account(&thing.kind, &thing.id)?;
    Ok(account.map(|account| account.email).unwrap_or_default())
}

/// Whether a resource is a group, whose members join and leave.
///
/// # Errors
/// As [`label`].
pub fn is_group(names: &Names<'_>, kind: &str) -> Result<bool> {
    let kind = names.resource_type(kind)?;
    Ok(kind.is_some_and(|t| t.traits().any(|t| t == v2::resource_type::Trait::Group)))
}

/// A number as a record has it: `3`, or `at least 3` where nobody counted further.
pub fn at_least(number: usize, is_least: bool) -> String {
    let least = if is_least { "at least " } else { "" };
    format!("{least}{number}")
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
