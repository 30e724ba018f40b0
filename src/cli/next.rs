//! What to do with a file that was just written: three commands that work as they are printed.

use std::path::Path;

use super::program::NAME;
use crate::baton::c1z::Keep;
use crate::baton::shell;
use crate::report::Which;
use crate::report::suggest::{Suggestion, suggest};
use crate::workato::conventions::CONVENTIONS;

/// Files up to this size are read for a suggestion: it takes no time that a person notices.
const SMALL: u64 = 4 << 20;

/// The resource types whose access people ask about first. Projects of the older access model have none of their own.
const WANTED: [&str; 4] = ["project", "environment_role", "role", "folder"];

/// The three most useful commands for a file.
pub fn commands(file: &Path) -> Vec<String> {
    let suggestion = if std::fs::metadata(file).is_ok_and(|m| m.len() <= SMALL) {
        look(file)
    } else {
        Suggestion::default()
    };
    let file = shell::word(&file.display().to_string());
    let person = match &suggestion.person {
        Some(person) => format!("{NAME} access {} -f {file}", shell::quoted(person)),
        None => format!("{NAME} principals -f {file}"),
    };
    let resource = match &suggestion.resource {
        Some(resource) => format!("{NAME} access --on {} -f {file}", shell::quoted(resource)),
        None => format!("{NAME} stats -f {file}"),
    };
    vec![person, resource, format!("{NAME} explore -f {file}")]
}

/// A suggestion is a courtesy: whatever goes wrong, the sync went well.
fn look(file: &Path) -> Suggestion {
    let which = Which {
        keep: Keep::Nothing,
        conventions: &CONVENTIONS,
        ..Which::latest(file)
    };
    let looked = which.open().and_then(|snapshot| suggest(&snapshot, &WANTED));
    looked.unwrap_or_else(|error| {
        tracing::debug!(%error, "There is nothing to suggest.");
        Suggestion::default()
    })
}
