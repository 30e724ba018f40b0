//! The page of one resource: what is known of it, what lies in it, what can be given on it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::index::Index;
use super::question::Question;
use super::reach::{self, Asked, Side};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::report::code;
use crate::report::inventory::At;
use crate::report::reach::Gap;
use crate::report::snapshot::Snapshot;
use crate::report::thing::{self, Account, Right, Thing};

/// Children that are listed; the others are counted.
const CHILDREN: usize = 200;
/// Entitlements that are listed; a resource has a handful.
const ENTITLEMENTS: usize = 1_000;

/// A resource with everything around it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThingPage {
    /// The resource.
    pub thing: Thing,
    /// What is known of an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Thing>,
    /// Simple values of its profile.
    pub profile: Map<String, Value>,
    /// What lies in it.
    pub children: Children,
    /// What can be given on it.
    pub entitlements: Vec<Granted>,
    /// Grants it holds as principal.
    pub holds: u32,
    /// How many rows there are about what it reaches, grants included.
    pub reaches: usize,
    /// How many rows there are about who gets to it, grants included.
    pub reached_by: usize,
    /// What the file does not tell about that.
    pub unknown: Vec<Gap>,
}

/// What lies in a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Children {
    /// How many.
    pub total: usize,
    /// The first 200, by type, name and id.
    pub items: Vec<Thing>,
}

/// An entitlement and how often it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Granted {
    /// The entitlement.
    pub right: Right,
    /// Its grants, derived ones included.
    pub grants: u32,
}

/// Answers `type` and `id`.
///
/// # Errors
/// `NotFound`, `InvalidArgument` for a question that makes no sense, `DataLoss` for a damaged file.
pub fn answer(snapshot: &Snapshot, index: &Index, question: &Question) -> Result<ThingPage> {
    let (kind, id) = (question.required("type")?, question.required("id")?);
    let inventory = &index.inventory;
    let at = inventory.find(kind, id).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no {kind} {id:?} in this sync")).code(code::NO_MATCH)
    })?;
    let thing = index.thing(at);
    let resource = snapshot
        .reader()
        .resource(snapshot.sync_id(), kind, id)?
        .unwrap_or_default();
    let mut children: Vec<At> = Vec::new();
    for (child, entry) in inventory.entries().iter().enumerate() {
        if entry.parent() == Some(at) {
            children.push(child);
        }
    }
    children.sort_unstable_by_key(|child| index.place(*child));
    let entitlements = inventory.entitlements().iter().zip(&index.counts.holders);
    let granted = entitlements.filter(|(entitlement, _)| entitlement.on == Some(at));
    let granted = granted.map(|(entitlement, grants)| Granted {
        right: Right {
            id: entitlement.id.clone(),
            slug: entitlement.slug.clone(),
            name: entitlement.name.clone(),
            apart: entitlement.apart.clone(),
            resource: thing.clone(),
            left_out: 0,
        },
        grants: *grants,
    });
    let entry = inventory.entry(at);
    let reaches = reach::rows(snapshot, index, &Asked::all(Side::Of, kind, id))?;
    let reached_by = reach::rows(snapshot, index, &Asked::all(Side::On, kind, id))?;
    let is_account = index.ground.is_user(kind);
    let unknown = if is_account { &reaches } else { &reached_by }.unknown.clone();
    Ok(ThingPage {
        reaches: reaches.rows.len(),
        reached_by: reached_by.rows.len(),
        unknown,
        account: Account::of(&resource, thing.clone()),
        description: Some(resource.description.clone()).filter(|text| !text.is_empty()),
        parent: entry.and_then(|e| e.parent()).map(|parent| index.thing(parent)),
        profile: simple_profile(&resource),
        children: Children {
            total: children.len(),
            items: children
                .iter()
                .take(CHILDREN)
                .map(|child| index.thing(*child))
                .collect(),
        },
        entitlements: granted.take(ENTITLEMENTS).collect(),
        holds: index.held(at),
        thing,
    })
}

/// The values of a profile that are texts, numbers or flags; lists of such as one text.
pub fn simple_profile(resource: &v2::Resource) -> Map<String, Value> {
    let profile = thing::profile(resource).unwrap_or_default();
    let simple = |(key, value): (String, prost_types::Value)| Some((key, simple(&value)?));
    profile.fields.into_iter().filter_map(simple).collect()
}

fn simple(value: &prost_types::Value) -> Option<Value> {
    use prost_types::value::Kind as ValueKind;
    match value.kind.as_ref()? {
        ValueKind::StringValue(text) => Some(text.as_str().into()),
        ValueKind::BoolValue(flag) => Some((*flag).into()),
        #[allow(clippy::cast_possible_truncation)]
        ValueKind::NumberValue(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some((*number as i64).into()),
        ValueKind::NumberValue(number) => serde_json::Number::from_f64(*number).map(Into::into),
        ValueKind::ListValue(list) => {
            let texts: Option<Vec<String>> = list
                .values
                .iter()
                .map(|value| match simple(value)? {
                    Value::String(text) => Some(text),
                    other => Some(other.to_string()),
                })
                .collect();
            // An empty list says something; a missing one does not.
            texts.map(|texts| {
                if texts.is_empty() {
                    "none".into()
                } else {
                    texts.join(", ").into()
                }
            })
        }
        ValueKind::NullValue(_) | ValueKind::StructValue(_) => None,
    }
}
