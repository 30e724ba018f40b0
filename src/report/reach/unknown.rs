//! What the file cannot tell: an answer about reach says it beside itself.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::Ground;
use crate::baton::c1z::{SyncRun, SyncType};
use crate::baton::memory::{Remembered, RememberedWarning};
use crate::report::moment;

/// Roles that a gap names; the others are counted.
const TOLD: usize = 5;

/// Something that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Gap {
    /// The code of the warning that a sync counted, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is not known and why, as the rest of a sentence that begins "it is not known".
    pub message: String,
}

impl Gap {
    /// One without a warning.
    pub fn new(message: impl Into<String>) -> Gap {
        Gap {
            code: None,
            message: message.into(),
        }
    }
}

impl Gap {
    /// About something that grants name and the sync has no row of.
    pub fn without_row(kind: &str, id: &str) -> Gap {
        Gap::new(format!(
            "what {kind}:{id} is: grants name it, and the file has no row for it"
        ))
    }
}

/// What a sync says it left out, and what it cannot have.
pub fn of_sync(run: &SyncRun, ground: &Ground) -> Vec<Gap> {
    let mut gaps = Vec::new();
    match run.sync_type.parse() {
        Ok(SyncType::Full) => {}
        Ok(SyncType::ResourcesOnly) => gaps.push(Gap::new("who holds anything: this sync has resources only")),
        _ => gaps.push(Gap::new(format!(
            "what is outside of this sync, which is of type {}",
            run.sync_type
        ))),
    }
    if run.ended_at.is_none() {
        gaps.push(Gap::new("what this sync had not read yet: it is not finished"));
    }
    if moment::of_text(moment::text(run), TimeZone::UTC).is_none() {
        gaps.push(Gap::new(format!(
            "how long ago anything was: {:?}, when this sync ended, is not a time",
            moment::text(run)
        )));
    }
    if ground.unexpanded {
        gaps.push(Gap::new(
            "who holds something through a group or a role: this sync does not have the grants that follow from others",
        ));
    }
    for kind in ground.accounts.unsaid() {
        gaps.push(Gap::new(format!(
            "what those of type {kind} are: the file does not say, so they are counted as accounts"
        )));
    }
    gaps.extend(unread(run));
    gaps
}

/// What a sync says it could not read, or left out.
pub fn unread(run: &SyncRun) -> Vec<Gap> {
    let remembered = Remembered::from_token(&run.token);
    let left_out = remembered.left_out().map(Gap::new);
    left_out.chain(remembered.warnings.iter().map(counted)).collect()
}

/// Whether the sync says of itself what it left out: those of other programs do not.
pub fn is_said(run: &SyncRun) -> bool {
    !Remembered::from_token(&run.token).is_empty()
}

fn counted(warning: &RememberedWarning) -> Gap {
    let mut message = warning.message.clone();
    if !warning.examples.is_empty() {
        message.push_str(&format!(": {}", warning.examples.join(", ")));
    }
    let more = warning.count.saturating_sub(warning.examples.len().max(1) as u64);
    if more > 0 {
        message.push_str(&format!(" and {more} more"));
    }
    Gap {
        code: Some(warning.code.clone()).filter(|code| !code.is_empty()),
        message,
    }
}

/// What roles open that the file has no row of.
pub(super) fn of_roles(ground: &Ground) -> Option<Gap> {
    let missing: Vec<&str> = ground.unread_roles.iter().map(String::as_str).collect();
    let (told, more) = missing.split_at(missing.len().min(TOLD));
    let more = match more.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!told.is_empty()).then(|| {
        Gap::new(format!(
            "what is opened by these roles, of which this sync has no row: {}{more}",
            told.join(", ")
        ))
    })
}

/// Kinds of access to projects that a file with projects must have, and does not.
pub(super) fn of_types(ground: &Ground) -> Option<Gap> {
    let conventions = ground.conventions();
    let has_any = |kinds: &[&str]| kinds.iter().any(|kind| ground.types.contains(*kind));
    // Another vendor's file may have projects; one with what lies inside of them is this vendor's.
    if !has_any(conventions.project_types) || !has_any(conventions.inside_projects) {
        return None;
    }
    let scoped = conventions.scopes.iter().flat_map(|scopes| scopes.types);
    let managers = conventions.managers.iter();
    let managing = managers.flat_map(|managers| managers.role_types.iter().chain(managers.right_types));
    let wanted = conventions.group_types.iter().chain(scoped).chain(managing);
    let missing: Vec<&str> = wanted.copied().filter(|kind| !ground.types.contains(*kind)).collect();
    if missing.is_empty() {
        return None;
    }
    Some(Gap::new(format!(
        "who gets to projects by these types, which this sync does not have: {}",
        missing.join(", ")
    )))
}
