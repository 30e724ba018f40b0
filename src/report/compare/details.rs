//! What is different about a resource that is in both syncs.
//!
//! Nothing that differs is passed over: what has no word of its own is told as "details".

mod account;
mod bare;

use prost_types::value::Kind as ValueKind;
use serde::Serialize;

use super::meaning::{Meaning, level};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::restless::is_restless;
use crate::report::thing::profile;

/// Fields of a profile that repeat what has a word of its own.
const REPEATED: &[(&str, &str)] = &[("name", "name"), ("email", "e-mail"), ("description", "description")];

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// What: `name`, `e-mail`, a field of the profile; `details` for what has no word.
    pub what: String,
    /// As it was; empty where it was not there.
    pub old: String,
    /// As it is; empty where it is not there any more.
    pub new: String,
    /// Whether it changes by itself, such as the time of the last activity.
    pub restless: bool,
}

/// What is different, most telling first.
pub(super) fn of(meaning: &Meaning, old: &v2::Resource, new: &v2::Resource) -> Result<Vec<Detail>> {
    let mut noted = Noted::default();
    // What is left of both when everything that was noted is taken out.
    let (mut before, mut now) = (bare::of(old), bare::of(new));
    level(&mut before.resource.annotations, &mut now.resource.annotations);
    if noted.note("name", &old.display_name, &new.display_name) {
        before.resource.display_name.clear();
        now.resource.display_name.clear();
    }
    account::compare(&mut noted, &mut before, &mut now);
    if noted.note("description", &old.description, &new.description) {
        before.resource.description.clear();
        now.resource.description.clear();
    }
    if noted.note("parent", &parent(old), &parent(new)) {
        before.resource.parent_resource_id = None;
        now.resource.parent_resource_id = None;
    }
    fields(&mut noted, old, new);
    let same = before.user == now.user && meaning.same_resource(&before.resource, &now.resource)?;
    let mut details = noted.0;
    if !same || details.is_empty() {
        details.push(Detail {
            what: "details".to_owned(),
            old: String::new(),
            new: String::new(),
            // Where nothing is left, only the encoding differs, or an empty field is there or not.
            restless: same,
        });
    }
    Ok(details)
}

/// What was noted so far.
#[derive(Default)]
struct Noted(Vec<Detail>);

impl Noted {
    /// Notes something that somebody decided, if it differs; says whether it does.
    fn note(&mut self, what: &str, old: &str, new: &str) -> bool {
        self.add(what, old, new, false)
    }

    fn add(&mut self, what: &str, old: &str, new: &str, restless: bool) -> bool {
        if old == new {
            return false;
        }
        self.0.push(Detail {
            what: what.to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
            restless,
        });
        true
    }

    /// Whether this field of a profile only repeats what was noted.
    fn is_repeated(&self, key: &str, old: &str, new: &str) -> bool {
        let of = REPEATED.iter().filter(|(field, _)| *field == key);
        let mut said = of.flat_map(|(_, what)| self.0.iter().filter(move |detail| detail.what == *what));
        said.any(|detail| detail.old == old && detail.new == new)
    }
}

fn parent(resource: &v2::Resource) -> String {
    let id = resource.parent_resource_id.as_ref();
    id.map(crate::baton::resource::external_id).unwrap_or_default()
}

/// Notes the fields of the profile.
fn fields(noted: &mut Noted, old: &v2::Resource, new: &v2::Resource) {
    let (before, now) = (profile(old).unwrap_or_default(), profile(new).unwrap_or_default());
    let mut keys: Vec<&String> = before.fields.keys().chain(now.fields.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let text = |p: &prost_types::Struct| p.fields.get(key).map(shown).unwrap_or_default();
        let (old, new) = (text(&before), text(&now));
        if !noted.is_repeated(key, &old, &new) {
            noted.add(key, &old, &new, is_restless(key));
        }
    }
}

/// A value of a profile in one line.
fn shown(value: &prost_types::Value) -> String {
    match &value.kind {
        None | Some(ValueKind::NullValue(_)) => String::new(),
        Some(ValueKind::StringValue(text)) => text.clone(),
        Some(ValueKind::BoolValue(yes)) => yes.to_string(),
        Some(ValueKind::NumberValue(number)) => number.to_string(),
        Some(ValueKind::ListValue(list)) => list.values.iter().map(shown).collect::<Vec<_>>().join(", "),
        Some(ValueKind::StructValue(inner)) => {
            let fields = inner
                .fields
                .iter()
                .map(|(key, value)| format!("{key}: {}", shown(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
    }
}

#[cfg(test)]
mod tests;
