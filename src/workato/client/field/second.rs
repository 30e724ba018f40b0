//! Another id of a person in a row that has one of its own: that of a membership stands where that of its member is
//! expected, and names somebody else.

use super::{Fields, Part, object, sane_id};
use crate::workato::client::decode::Undecodable;

/// Fields that hold such an id; without their `_id` they hold somebody who has it.
const IDS: [&str; 3] = ["user_id", "member_id", "collaborator_id"];

/// The first of them that can be read.
pub(crate) fn second_id<T: From<String>>(fields: &mut Fields<'_>, _: &str) -> Result<Option<T>, Undecodable> {
    for name in IDS {
        if let Some(id) = fields.value(name)?.and_then(|raw| sane_id(raw).ok()) {
            return Ok(Some(T::from(id)));
        }
    }
    for name in IDS.map(|id| id.trim_end_matches("_id")) {
        let person = fields.value(name)?.and_then(|raw| object::<Person>(raw, name).ok());
        if let Some(id) = person.and_then(|Person(id)| id) {
            return Ok(Some(T::from(id)));
        }
    }
    Ok(None)
}

struct Person(Option<String>);

impl Part for Person {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Undecodable> {
        Ok(Person(fields.value("id")?.and_then(|raw| sane_id(raw).ok())))
    }
}
