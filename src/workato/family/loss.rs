//! The errors for rows that were there and may not be read any more: they name the checkbox, and what to do if the
//! access was taken away on purpose.

use std::path::Path;

use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind};
use crate::baton::memory::Kept;
use crate::workato::client::endpoint::ENDPOINTS;
use crate::workato::code;

/// What was answered instead of rows: the status, if there was one.
pub fn status(error: &Error) -> String {
    error.fact_value("status").unwrap_or("a refusal").to_owned()
}

/// The checkbox that opens what was refused. A status of 404 names none, so the table of endpoints is asked as well.
pub fn checkbox(error: &Error) -> Option<&str> {
    let of_endpoint = || {
        let path = error.fact_value("endpoint")?;
        Some(ENDPOINTS.iter().find(|endpoint| endpoint.path == path)?.checkbox)
    };
    error.fact_value("checkbox").or_else(of_endpoint)
}

/// The error for `what`, which `since` says was read. The checkbox stands in the message: not everybody who reads it
/// sees the hint.
pub fn lost(cx: &SyncContext, refusal: Error, what: &str, since: &str) -> Error {
    let needs = checkbox(&refusal).map(|checkbox| format!("; it needs {checkbox:?} in the client role"));
    let needs = needs.unwrap_or_default();
    let todo = refusal.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
    let anew = begin_anew(cx);
    let mut error = Error::new(
        Kind::PermissionDenied,
        format!("Workato answered {} for {what}, which {since}{needs}", status(&refusal)),
    )
    .code(code::ACCESS_LOST)
    .hint(format!(
        "{todo}if the access was taken away on purpose, {anew}, and the sync goes on without {what}"
    ));
    for (name, value) in refusal.facts() {
        error = error.fact(name, value.clone());
    }
    error.source(refusal)
}

/// The error where it cannot be told whether `what` was read before: what says so, at `path`, cannot be understood.
pub fn not_known(refusal: Error, what: &str, path: &Path) -> Error {
    let needs = checkbox(&refusal).map(|checkbox| format!("; it needs {checkbox:?} in the client role"));
    let message = format!(
        "Workato answered {} for {what}, and whether it answered before is not known, since {} cannot be understood{}",
        status(&refusal),
        path.display(),
        needs.unwrap_or_default()
    );
    let todo = refusal.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
    let mut error = Error::new(Kind::PermissionDenied, message)
        .code(code::ACCESS_LOST)
        .hint(format!(
            "{todo}if this workspace never showed it, or the access was taken away on purpose, remove {}, and the sync \
             goes on without {what}",
            path.display()
        ));
    for (name, value) in refusal.facts() {
        error = error.fact(name, value.clone());
    }
    error.source(refusal)
}

/// How to make syncs forget what answered before.
pub fn begin_anew(cx: &SyncContext) -> String {
    match cx.previous.as_ref().map(|previous| &previous.kept) {
        Some(Kept::Unreadable(path)) => format!("remove {}", path.display()),
        Some(Kept::Beside(path)) => format!("remove {} and start this program again", path.display()),
        Some(Kept::InProcess) => "start this program again".to_owned(),
        Some(Kept::InTarget) => "move the old file away or choose another --file".to_owned(),
        None => "begin a new sync".to_owned(),
    }
}
