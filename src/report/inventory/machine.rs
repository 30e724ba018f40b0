//! What is known of software, of what it proves itself with, and of what lets people and software in.

use jiff::Timestamp;
use prost_types::Struct;
use prost_types::value::Kind as ValueKind;

use crate::baton::annotation;
use crate::baton::conventions::{Conventions, Machine};
use crate::baton::proto::v2;
use crate::report::thing;

/// What one resource says. Nothing where it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Works {
    /// What is known of its type.
    pub machine: &'static Machine,
    /// Whether only some addresses are let in.
    pub is_limited: Option<bool>,
    /// Since when its credential is what it is, in seconds since 1970.
    pub credential_at: Option<i64>,
    /// Whether it works.
    pub is_active: Option<bool>,
    /// Whether it is of a sort that is no longer served.
    pub is_legacy: Option<bool>,
    /// How many of its keys work, and how many it has.
    pub keys: Option<(u64, u64)>,
    /// How many skills it has.
    pub skills: Option<u64>,
    /// Whether whoever has its address is in.
    pub is_open_to_bearers: Option<bool>,
    /// Whose credential it is: type and bare id.
    pub owner: Option<(String, String)>,
    /// When it was last used, in seconds since 1970.
    pub used_at: Option<i64>,
}

/// Reads it; nothing of types that the vendor says nothing about.
pub(super) fn works(resource: &v2::Resource, kind: &str, profile: &Struct, conventions: &Conventions) -> Option<Works> {
    let machine = conventions.machine(kind)?;
    let secret: Option<v2::SecretTrait> = annotation::find(&resource.annotations);
    let owner = secret.as_ref().and_then(|secret| secret.identity_id.clone());
    let bearers = conventions.open_to_bearers.iter().find(|(of, _)| *of == kind);
    let made = machine.credential.iter().find_map(|key| thing::text(profile, key));
    Some(Works {
        machine,
        is_limited: machine.addresses.and_then(|key| is_filled(profile, key)),
        credential_at: made
            .and_then(|at| at.parse::<Timestamp>().ok())
            .map(Timestamp::as_second),
        is_active: machine.active.and_then(|key| flag(profile, key)),
        is_legacy: machine.legacy.and_then(|key| flag(profile, key)),
        keys: machine
            .keys
            .and_then(|(active, all)| Some((count(profile, active)?, count(profile, all)?))),
        skills: machine.skills.and_then(|key| count(profile, key)),
        is_open_to_bearers: bearers
            .filter(|(_, mark)| profile.fields.contains_key(mark.key()))
            .map(|(_, mark)| mark.is_on(profile)),
        owner: owner.map(|owner| (owner.resource_type, owner.resource)),
        used_at: secret.and_then(|secret| secret.last_used_at).map(|at| at.seconds),
    })
}

fn value<'p>(profile: &'p Struct, key: &str) -> Option<&'p ValueKind> {
    profile.fields.get(key)?.kind.as_ref()
}

/// Whether a list has anything in it. A text is a list of one.
fn is_filled(profile: &Struct, key: &str) -> Option<bool> {
    match value(profile, key)? {
        ValueKind::ListValue(list) => Some(!list.values.is_empty()),
        ValueKind::StringValue(text) => Some(!text.trim().is_empty()),
        _ => None,
    }
}

fn flag(profile: &Struct, key: &str) -> Option<bool> {
    match value(profile, key)? {
        ValueKind::BoolValue(flag) => Some(*flag),
        _ => None,
    }
}

/// A whole number that is not below 0.
fn count(profile: &Struct, key: &str) -> Option<u64> {
    match value(profile, key)? {
        // JSON numbers: the profile of a file holds nothing else.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        ValueKind::NumberValue(number) if *number >= 0.0 && number.fract() == 0.0 => Some(*number as u64),
        ValueKind::StringValue(text) => text.parse().ok(),
        _ => None,
    }
}
