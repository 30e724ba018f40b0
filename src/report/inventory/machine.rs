//! What is known of software, of what it proves itself with, and of what lets people and software in.

use jiff::Timestamp;
use prost_types::Struct;
use prost_types::value::Kind as ValueKind;

use crate::baton::annotation;
use crate::baton::conventions::{Conventions, Machine};
use crate::baton::proto::v2;
use crate::report::counted::date;
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
    /// What is known of leaks of its credential; nothing where nobody was asked.
    pub leak: Option<LeakTold>,
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

/// What is known of leaks of a credential, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeakTold {
    /// When it leaked last.
    pub at: Option<i64>,
    /// Since when a leak would be known.
    pub known_since: Option<i64>,
}

/// What there is to say of software and credentials beside what they hold: from which addresses they can be used, how old
/// what they prove themselves with is at a moment, what that opens besides. Clauses in plain words, what is not known
/// included. Nothing of what the vendor says nothing about.
pub fn told(resource: &v2::Resource, conventions: &Conventions, now: Option<i64>) -> Vec<String> {
    let kind = resource.id.as_ref().map_or("", |id| id.resource_type.as_str());
    let profile = thing::profile(resource).unwrap_or_default();
    let Some(works) = works(resource, kind, &profile, conventions) else {
        return Vec::new();
    };
    let mut told = Vec::new();
    if works.is_active == Some(false) {
        told.push("switched off".to_owned());
    }
    if works.is_legacy == Some(true) {
        told.push("of a sort that is no longer served".to_owned());
    }
    if let Some(key) = works.machine.addresses {
        told.push(match works.is_limited {
            Some(true) => format!("usable from {} only", texts(&profile, key).join(", ")),
            Some(false) => "usable from any address".to_owned(),
            None => "from which addresses it can be used is not known".to_owned(),
        });
    }
    match works.credential_at {
        Some(made) => told.push(match now {
            Some(now) => format!("credential of {}, {}", date(made), before(made, now)),
            None => format!("credential of {}", date(made)),
        }),
        None if works.machine.credential.is_empty() => {}
        None => told.push("since when its credential is what it is, is not known".to_owned()),
    }
    for (key, what) in works.machine.opens {
        if flag(&profile, key) == Some(true) {
            told.push(format!("it also opens {what}"));
        }
    }
    told
}

fn before(made: i64, now: i64) -> String {
    match (now - made) / 86_400 {
        i64::MIN..=0 => "the day of the sync".to_owned(),
        1 => "1 day before the sync".to_owned(),
        days => format!("{days} days before the sync"),
    }
}

/// Reads it; nothing of types that the vendor says nothing about.
pub(super) fn works(resource: &v2::Resource, kind: &str, profile: &Struct, conventions: &Conventions) -> Option<Works> {
    let machine = conventions.machine(kind)?;
    let secret: Option<v2::SecretTrait> = annotation::find(&resource.annotations);
    let owner = secret.as_ref().and_then(|secret| secret.identity_id.clone());
    let bearers = conventions.open_to_bearers.iter().find(|bearers| bearers.of == kind);
    let made = machine.credential.iter().find_map(|key| thing::text(profile, key));
    Some(Works {
        machine,
        is_limited: machine.addresses.and_then(|key| is_filled(profile, key)),
        credential_at: made
            .and_then(|at| at.parse::<Timestamp>().ok())
            .map(Timestamp::as_second),
        leak: machine
            .leak
            .filter(|leak| flag(profile, leak.asked) == Some(true))
            .map(|leak| LeakTold {
                at: moment(profile, leak.at),
                known_since: moment(profile, leak.known_since),
            }),
        is_active: machine.active.and_then(|key| flag(profile, key)),
        is_legacy: machine.legacy.and_then(|key| flag(profile, key)),
        keys: machine
            .keys
            .and_then(|(active, all)| Some((count(profile, active)?, count(profile, all)?))),
        skills: machine.skills.and_then(|key| count(profile, key)),
        is_open_to_bearers: bearers.and_then(|bearers| bearers.lets_in(profile)),
        owner: owner.map(|owner| (owner.resource_type, owner.resource)),
        used_at: secret.and_then(|secret| secret.last_used_at).map(|at| at.seconds),
    })
}

fn moment(profile: &Struct, key: &str) -> Option<i64> {
    let at = thing::text(profile, key)?.parse::<Timestamp>().ok()?;
    Some(at.as_second())
}

fn value<'p>(profile: &'p Struct, key: &str) -> Option<&'p ValueKind> {
    profile.fields.get(key)?.kind.as_ref()
}

/// The texts of a list, or the text itself.
fn texts(profile: &Struct, key: &str) -> Vec<String> {
    let text = |value: &ValueKind| match value {
        ValueKind::StringValue(text) => Some(text.clone()),
        _ => None,
    };
    match value(profile, key) {
        Some(ValueKind::ListValue(list)) => list.values.iter().filter_map(|one| text(one.kind.as_ref()?)).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::resource::{Profile, ResourceBuilder};

    const CONVENTIONS: Conventions = Conventions {
        machines: &[Machine {
            of: "client",
            addresses: Some("addresses"),
            credential: &["made"],
            opens: &[("opens", "the other door")],
            active: Some("active"),
            ..Machine::UNKNOWN
        }],
        ..Conventions::NONE
    };

    fn says(kind: &'static str, profile: Profile) -> String {
        let resource = ResourceBuilder::new(kind, "1", "One").profile(profile).build();
        // 2026-11-28T00:00:00Z
        told(&resource, &CONVENTIONS, Some(1_795_824_000)).join("; ")
    }

    #[test]
    fn what_is_there_is_said_and_what_is_not_there_is_not_known() {
        let whole = Profile::new()
            .with("addresses", vec![serde_json::Value::from("203.0.113.0/24")])
            .with("made", "2026-11-26T00:00:00Z")
            .with("opens", true)
            .with("active", false);
        assert_eq!(
            says("client", whole),
            "switched off; usable from 203.0.113.0/24 only; credential of 2026-11-26, 2 days before the sync; it also \
             opens the other door"
        );
        let open = Profile::new()
            .with("addresses", Vec::<serde_json::Value>::new())
            .with("made", "2026-11-28T09:00:00Z");
        assert_eq!(
            says("client", open),
            "usable from any address; credential of 2026-11-28, the day of the sync"
        );
        assert_eq!(
            says("client", Profile::new()),
            "from which addresses it can be used is not known; since when its credential is what it is, is not known"
        );
        assert_eq!(says("person", Profile::new()), "");
    }
}
