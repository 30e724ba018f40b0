//! What was odd about a row and did not end the sync: rows carry it, so that a sync that is resumed still knows.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::baton::connector::SyncContext;
use crate::baton::warning::Cause;
use crate::workato::cause;

/// A field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Odd {
    /// What is the matter with it.
    pub matter: Matter,
    /// Where it stands in the answer: `data[17].external_id`.
    pub path: String,
    /// What stands there, in words: `an object`.
    pub met: String,
}

/// What can be the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// It is of another type and was left out.
    LeftOut,
    /// It is a time in a form that is not known. It is kept as text.
    Time,
    /// It is a text with half a character, in whose place is U+FFFD now.
    Half,
    /// A person's row names one role, and does not say where.
    OneRole,
    /// A person's row has no field of roles at all.
    NoRoles,
    /// A row of what somebody may do has no field of privileges.
    NoPrivileges,
}

impl Matter {
    /// Why a sync counts it.
    fn told(self) -> (Cause, &'static str) {
        match self {
            Matter::NoRoles => (
                cause::ROLES_NOT_SAID,
                "people's rows say nothing of roles; whatever roles these people hold are not in this sync",
            ),
            Matter::NoPrivileges => (
                cause::PRIVILEGES_NOT_SAID,
                "rows of what people may do say nothing of privileges; those of their roles may be missing in this sync",
            ),
            Matter::OneRole => (
                cause::ROLE_WITHOUT_ENVIRONMENT,
                "people's rows name one role and no environment, as the API for partners did before it had environments; \
                 it is taken for a role in DEV, and roles elsewhere would be missing",
            ),
            Matter::LeftOut => (
                cause::FIELD_LEFT_OUT,
                "fields that only inform are of another type than they should be and were left out",
            ),
            Matter::Time => (
                cause::TIME_NOT_UNDERSTOOD,
                "times are written in a form that is not known; they are kept as text, and nothing is reckoned with them",
            ),
            Matter::Half => (
                cause::TEXT_DAMAGED,
                "texts hold half a character, which cannot be read; U+FFFD stands in its place",
            ),
        }
    }
}

/// A row of an answer.
pub trait Row: super::field::Part {
    /// What was odd about it when it was read.
    fn odd(&self) -> &[Odd];
}

/// A row that an id tells apart from the others of its list.
pub trait Listed: Row + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The id as text, as it stands in paths.
    fn id_text(&self) -> &str;
}

/// Counts what was odd about the rows of `list`.
pub fn count<'r, T: Row + 'r>(cx: &SyncContext, list: &str, rows: impl IntoIterator<Item = &'r T>) {
    for odd in rows.into_iter().flat_map(Row::odd) {
        let (cause, message) = odd.matter.told();
        cx.warnings
            .add(cause, message, format!("{list}: {} is {}", odd.path, odd.met));
    }
}
