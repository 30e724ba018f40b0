//! Families of endpoints that a token may or may not read, and what a refusal means.
//!
//! A family that never answered is missing with a warning that names the checkbox. One that answered, in this sync or
//! in an earlier one of the same file or service, and now refuses, fails the sync: its rows would vanish from the
//! file as if the access had been taken away in Workato. What that means for requests about one thing each is in
//! `single`.
//!
//! Both outcomes are in the record of the sync, which is stored with the pages: a sync that is stopped and resumed goes
//! by what the family did first. Otherwise a checkbox that is ticked or cleared in between would give a sync in which
//! some groups have members and others of the same family seem to have none. Used by `tables` and the resource
//! types.

mod loss;
pub mod single;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use self::loss::{checkbox, lost, not_known, status};
use super::access_model::{AccessModel, Detected, is_refusal};
use super::{environment_role, role};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::{Kept, PreviousSync};
use crate::workato::cause;
use crate::workato::client::endpoint;
use crate::workato::code;

/// Under what a sync notes the families that answered. Older files have them as a record of this name.
const FAMILIES: &str = "families";
/// The key of those that refused.
const REFUSED: &str = "families_refused";

/// Length of a time down to the seconds: `2026-11-08 08:49:07`.
const SECONDS: usize = 19;

/// The families that refused in this sync.
pub fn refused(cx: &SyncContext) -> BTreeSet<String> {
    names(cx.records.get(REFUSED).as_ref())
}

/// A family in one sync. Its name is stable: the next sync of the same file looks it up.
#[derive(Debug)]
pub struct Family {
    name: String,
    answered: AtomicBool,
    refused: AtomicBool,
    singles: single::State,
}

impl Family {
    /// A family that this process has not asked yet. One that refused before the sync was resumed still does.
    pub fn new(cx: &SyncContext, name: impl Into<String>) -> Self {
        let name = name.into();
        Family {
            answered: AtomicBool::new(false),
            refused: AtomicBool::new(names(cx.records.get(REFUSED).as_ref()).contains(&name)),
            singles: single::State::default(),
            name,
        }
    }

    /// Whether it refused before: asking again would only cost quota.
    pub fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed) && !self.has_answered()
    }

    /// Whether it answered in this sync.
    pub fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Sorts a result: rows pass; a refusal of a family that never answered is a counted warning that names the
    /// checkbox, and `None`.
    ///
    /// # Errors
    /// `PermissionDenied` for a refusal of a family that did answer, here or in an earlier sync; all errors that
    /// are no refusals.
    pub fn degrade<T>(&self, cx: &SyncContext, what: &str, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(rows) => {
                self.accept(cx);
                Ok(Some(rows))
            }
            Err(error) if is_refusal(&error) => self.refuse(cx, what, error).map(|()| None),
            Err(error) => Err(error),
        }
    }

    /// As [`Family::degrade`] for a part of the product that not every plan has: a refusal is said by name, and is no
    /// warning.
    ///
    /// # Errors
    /// As [`Family::degrade`].
    pub fn degrade_quietly<T>(&self, cx: &SyncContext, what: &str, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(rows) => {
                self.accept(cx);
                Ok(Some(rows))
            }
            Err(error) if is_refusal(&error) => {
                self.check_lost(cx, what, error)?;
                self.mark_refused(cx);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether it is known to have answered in this sync, in an earlier process of it or in the sync before: what was
    /// there may not vanish.
    pub fn answered_before(&self, cx: &SyncContext) -> bool {
        self.has_answered()
            || cx.records.has_noted(FAMILIES, &self.name)
            || before(cx).is_some_and(|(families, _)| families.contains(&self.name))
    }

    /// Leaves it out of this sync: without a word, or, where it is not known whether it answered before, with a counted
    /// warning.
    pub fn leave_out(&self, cx: &SyncContext, what: &str, error: &Error) {
        let unreadable = |previous: &PreviousSync| matches!(previous.kept, Kept::Unreadable(_));
        if self.mark_refused(cx) && cx.previous.as_deref().is_some_and(unreadable) {
            warn_refused(cx, what, error);
        }
    }

    /// Leaves it out of this sync: nobody asks it again.
    pub fn mark_refused(&self, cx: &SyncContext) -> bool {
        let is_first = !self.refused.swap(true, Ordering::Relaxed);
        if is_first {
            cx.records.update(REFUSED, |refused| {
                let mut refused = names(refused);
                refused.insert(self.name.clone());
                json!(refused)
            });
        }
        is_first
    }

    fn accept(&self, cx: &SyncContext) {
        if !self.answered.swap(true, Ordering::Relaxed) {
            cx.records.note(FAMILIES, &self.name);
        }
    }

    fn refuse(&self, cx: &SyncContext, what: &str, error: Error) -> Result<()> {
        let error = self.check_lost(cx, what, error)?;
        // Requests that were on their way together are refused together: that is one warning.
        if self.mark_refused(cx) {
            warn_refused(cx, what, &error);
        }
        Ok(())
    }

    /// Gives a refusal back unless it means a loss.
    fn check_lost(&self, cx: &SyncContext, what: &str, error: Error) -> Result<Error> {
        if self.has_answered() {
            return Err(lost(cx, error, what, "answered earlier in this sync"));
        }
        if let Some((families, when)) = before(cx)
            && families.contains(&self.name)
        {
            let since = format!("answered in the sync of {when}");
            return Err(lost(cx, error, what, &since));
        }
        if cx.records.has_noted(FAMILIES, &self.name) {
            return Err(lost(cx, error, what, "answered before this sync was stopped"));
        }
        if let Some(Kept::Unreadable(path)) = cx.previous.as_ref().map(|previous| &previous.kept) {
            return Err(not_known(error, what, path));
        }
        Ok(error)
    }
}

/// Counts a family that the token may not read, with the checkbox to tick.
fn warn_refused(cx: &SyncContext, what: &str, error: &Error) {
    let todo = match (error.hint_text(), checkbox(error)) {
        (Some(hint), _) => format!("; {hint}"),
        (None, Some(checkbox)) => format!("; if the workspace has them, tick {checkbox:?} in the client role"),
        (None, None) => String::new(),
    };
    cx.warnings.add(
        cause::list_refused(error.code_id()),
        format!(
            "{what} are missing from this sync: Workato answered {}{todo}",
            status(error)
        ),
        "",
    );
}

/// Records which role lists answered, and fails where one that the previous sync read is refused now.
///
/// A workspace that leaves the legacy model loses the legacy list and gains the other: that is no loss.
///
/// # Errors
/// `PermissionDenied` as said.
pub fn check_role_lists(cx: &SyncContext, detected: &Detected, legacy_asked: bool) -> Result<()> {
    let (environment, legacy) = match detected.model {
        AccessModel::RbacV2 => (true, false),
        AccessModel::Legacy => (false, legacy_asked),
        AccessModel::Mixed => (true, true),
    };
    // Families that this sync does not ask, because of its settings, stay remembered: a sync without privileges does
    // not make the next refusal of them harmless.
    if let Some((families, _)) = before(cx) {
        cx.records.begin(FAMILIES, families);
    }
    if let Some((families, when)) = before(cx) {
        let refused = |what: &str, checkbox: &str| {
            let message = format!(
                "Workato refuses {what}, which answered in the sync of {when}; they need {checkbox:?} in the client role"
            );
            let error = Error::new(Kind::PermissionDenied, message).code(code::ACCESS_LOST);
            let anew = loss::begin_anew(cx);
            error.hint(format!(
                "tick {checkbox} in the client role; if the workspace changed its access model, {anew}"
            ))
        };
        if families.contains(environment_role::FAMILY) && !environment {
            return Err(refused("environment roles", endpoint::ENVIRONMENT_ROLES.checkbox));
        }
        let both_before = families.contains(role::FAMILY) && families.contains(environment_role::FAMILY);
        if both_before && legacy_asked && !legacy {
            return Err(refused("legacy roles", endpoint::LEGACY_ROLES.checkbox));
        }
    }
    for (name, answered) in [(environment_role::FAMILY, environment), (role::FAMILY, legacy)] {
        if answered {
            cx.records.note(FAMILIES, name);
        }
    }
    Ok(())
}

/// The families that a finished sync read.
pub fn read_by(sync: &PreviousSync) -> BTreeSet<String> {
    let mut families = names(sync.remembered.records.get(FAMILIES));
    families.extend(sync.remembered.answered.get(FAMILIES).cloned().unwrap_or_default());
    families
}

/// The families that the sync before this one read, and when it ended.
fn before(cx: &SyncContext) -> Option<(BTreeSet<String>, &str)> {
    let previous = cx.previous.as_ref()?;
    Some((read_by(previous), ended(previous)))
}

fn ended(previous: &PreviousSync) -> &str {
    previous.ended_at.get(..SECONDS).unwrap_or(&previous.ended_at)
}

fn names(recorded: Option<&Value>) -> BTreeSet<String> {
    let names = recorded.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}
