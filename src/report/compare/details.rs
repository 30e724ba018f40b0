//! What is different about a resource that is in both syncs.

use prost_types::value::Kind as ValueKind;
use serde::Serialize;

use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::names::Names;
use crate::report::thing::{Account, profile};

/// Words in the names of profile fields that change without anybody having decided anything.
const RESTLESS: &[&str] = &["activity", "login", "updated", "count"];

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// What: `name`, `e-mail`, a field of the profile.
    pub what: String,
    /// As it was; empty where it was not there.
    pub old: String,
    /// As it is; empty where it is not there any more.
    pub new: String,
    /// Whether it changes by itself, such as the time of the last activity.
    pub restless: bool,
}

/// Takes one thing from an account.
type Part = fn(&Account) -> String;

/// What is different, most telling first.
pub(super) fn of(names: &Names<'_>, old: &v2::Resource, new: &v2::Resource) -> Result<Vec<Detail>> {
    let mut details = Vec::new();
    let mut note = |what: &str, old: String, new: String, restless: bool| {
        let known = details.iter().any(|d: &Detail| d.old == old && d.new == new);
        if old != new && !known {
            details.push(Detail {
                what: what.to_owned(),
                old,
                new,
                restless,
            });
        }
    };
    note("name", old.display_name.clone(), new.display_name.clone(), false);
    let account = |r: &v2::Resource| Ok::<_, crate::baton::error::Error>(Account::of(r, names.thing_of(r)?));
    let (before, now) = (account(old)?, account(new)?);
    let part = |a: &Option<Account>, get: Part| a.as_ref().map(get).unwrap_or_default();
    let parts: [(&str, Part, bool); 4] = [
        ("e-mail", |a| a.email.clone(), false),
        ("status", |a| a.status.to_owned(), false),
        ("account type", |a| a.account_type.to_owned(), false),
        ("last activity", |a| a.last_login.clone().unwrap_or_default(), true),
    ];
    for (what, get, restless) in parts {
        note(what, part(&before, get), part(&now, get), restless);
    }
    note("description", old.description.clone(), new.description.clone(), false);
    let parent = |r: &v2::Resource| {
        let id = r.parent_resource_id.as_ref();
        id.map(crate::baton::resource::external_id).unwrap_or_default()
    };
    note("parent", parent(old), parent(new), false);
    let (before, now) = (profile(old).unwrap_or_default(), profile(new).unwrap_or_default());
    let mut keys: Vec<&String> = before.fields.keys().chain(now.fields.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let text = |p: &prost_types::Struct| p.fields.get(key).map(shown).unwrap_or_default();
        let lower = key.to_lowercase();
        let restless = RESTLESS.iter().any(|word| lower.contains(word));
        note(key, text(&before), text(&now), restless);
    }
    if details.is_empty() {
        details.push(Detail {
            what: "details".to_owned(),
            old: String::new(),
            new: String::new(),
            restless: true,
        });
    }
    Ok(details)
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
