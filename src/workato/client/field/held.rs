//! The roles in a row of a person, which a customer's list may write as one name (`workato/fleet.md 2`).

use super::{Fields, Part, parts, word};
use crate::workato::client::decode::Undecodable;
use crate::workato::client::odd::Matter;

/// What a row says if it has one role.
const ONE: &str = "role_name";

/// The roles in field `name`, or else the one that the row names. A row that has neither says nothing of roles, which is
/// not the same as a person without one.
pub(crate) fn held<T: Part + From<String>>(fields: &mut Fields<'_>, name: &str) -> Result<Vec<T>, Undecodable> {
    if fields.value(name)?.is_some() {
        return parts(fields, name);
    }
    if let Some(one) = word(fields, ONE)?.filter(|one| !one.trim().is_empty()) {
        fields.note(Matter::OneRole, fields.path_of(ONE), &format!("{one:?}"));
        return Ok(vec![T::from(one)]);
    }
    // A list of roles may be empty; one that is null says no more than one that is missing.
    if fields.raw(ONE)?.is_none() {
        let met = fields.raw(name)?.map_or("missing", |_| "null");
        fields.note(Matter::NoRoles, fields.path_of(name), met);
    }
    Ok(Vec::new())
}
