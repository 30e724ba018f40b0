//! Families of endpoints that a token may or may not read, and what a refusal means.
//!
//! A family that never answered is missing with a warning that names the checkbox. One that answered, in this sync or
//! in the previous finished sync of the same file, and now refuses, fails the sync: its rows would vanish from the
//! file as if the access had been taken away in Workato.
//!
//! Both outcomes are in the record of the sync, which is stored with the pages: a sync that is stopped and resumed goes
//! by what the family did first. Otherwise a checkbox that is ticked or cleared in between would give a sync in which
//! some groups have members and others of the same family seem to have none. Used by `directory` and the resource
//! types.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};

use super::access_model::{AccessModel, Detected, is_refusal};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::PreviousSync;
use crate::baton::warning::Cause;
use crate::workato::cause;
use crate::workato::code;

/// Things in a row that "are gone" before the family itself counts as refused: a whole family may answer 404.
pub const ALL_GONE: u32 = 3;

/// The key of the families that answered in the record of a sync.
const RECORD: &str = "families";
/// The key of those that refused.
const REFUSED: &str = "families_refused";

/// Length of a time down to the seconds: `2026-11-08 08:49:07`.
const SECONDS: usize = 19;

/// The families whose refusal decides the access model.
pub const ENVIRONMENT_ROLES: &str = "environment_roles";
/// See [`ENVIRONMENT_ROLES`].
pub const LEGACY_ROLES: &str = "legacy_roles";

/// A family in one sync. Its name is stable: the next sync of the same file looks it up.
#[derive(Debug)]
pub struct Family {
    name: String,
    answered: AtomicBool,
    refused: AtomicBool,
    gone: AtomicU32,
}

/// What a call about one thing of a family brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The answer.
    Rows(T),
    /// The thing is gone; counted.
    Gone,
    /// The token may not read the family; counted.
    Refused,
}

/// How to count a thing that is gone.
#[derive(Debug, Clone, Copy)]
pub struct Gone<'a> {
    /// The warning's cause.
    pub cause: Cause,
    /// The warning's message.
    pub message: &'static str,
    /// The thing.
    pub thing: &'a str,
    /// How many that are gone from the start mean that the whole family is not there: [`ALL_GONE`], or 1 where a
    /// workspace without the family is usual and nothing but words depends on it.
    pub all_gone: u32,
}

impl Family {
    /// A family that this process has not asked yet. One that refused before the sync was resumed still does.
    pub fn new(cx: &SyncContext, name: impl Into<String>) -> Self {
        let name = name.into();
        Family {
            answered: AtomicBool::new(false),
            refused: AtomicBool::new(names(cx.records.get(REFUSED).as_ref()).contains(&name)),
            gone: AtomicU32::new(0),
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
    /// `PermissionDenied` for a refusal of a family that did answer, here or in the previous sync; all errors that
    /// are no refusals.
    pub fn degrade<T>(&self, cx: &SyncContext, what: &str, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(rows) => {
                if !self.answered.swap(true, Ordering::Relaxed) {
                    remember(cx, &self.name);
                }
                Ok(Some(rows))
            }
            Err(error) if is_refusal(&error) => {
                if self.has_answered() {
                    return Err(lost(error, what, "answered earlier in this sync"));
                }
                if let Some((families, when)) = before(cx)
                    && families.contains(&self.name)
                {
                    return Err(lost(error, what, &format!("answered in the sync of {when}")));
                }
                if names(cx.records.get(RECORD).as_ref()).contains(&self.name) {
                    return Err(lost(error, what, "answered before this sync was stopped"));
                }
                // Requests that were on their way together are refused together: that is one warning.
                if !self.refused.swap(true, Ordering::Relaxed) {
                    warn_refused(cx, what, &error);
                    cx.records.update(REFUSED, |refused| {
                        let mut refused = names(refused);
                        refused.insert(self.name.clone());
                        json!(refused)
                    });
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`Family::degrade`] for an answer about one thing, where 404 means that the thing is gone. If everything is
    /// gone from the start, it is the family that refuses; one that answered in the previous sync is given
    /// [`ALL_GONE`] chances in any case.
    ///
    /// # Errors
    /// As [`Family::degrade`].
    pub fn degrade_one<T>(
        &self,
        cx: &SyncContext,
        what: &str,
        gone: Gone<'_>,
        result: Result<T>,
    ) -> Result<Outcome<T>> {
        if let Err(error) = &result
            && error.kind() == Kind::NotFound
            && (self.has_answered() || self.gone.fetch_add(1, Ordering::Relaxed) + 1 < self.chances(cx, gone))
        {
            tracing::debug!(%error, thing = gone.thing, "A thing is gone.");
            cx.warnings.add(gone.cause, gone.message, gone.thing);
            return Ok(Outcome::Gone);
        }
        Ok(match self.degrade(cx, what, result)? {
            Some(rows) => Outcome::Rows(rows),
            None => Outcome::Refused,
        })
    }

    fn chances(&self, cx: &SyncContext, gone: Gone<'_>) -> u32 {
        match before(cx) {
            Some((families, _)) if families.contains(&self.name) => ALL_GONE,
            _ => gone.all_gone,
        }
    }
}

/// Counts a family that the token may not read, with the checkbox to tick.
fn warn_refused(cx: &SyncContext, what: &str, error: &Error) {
    let todo = error.hint_text().map(|hint| format!("; {hint}")).unwrap_or_default();
    cx.warnings.add(
        cause::list_refused(error.code_id()),
        format!(
            "{what} are missing from this sync: Workato answered {}{todo}",
            status(error)
        ),
        "",
    );
}

fn status(error: &Error) -> String {
    error.fact_value("status").unwrap_or("a refusal").to_owned()
}

/// The error for rows that were there and may not be read any more.
fn lost(refusal: Error, what: &str, since: &str) -> Error {
    let todo = refusal.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
    let mut error = Error::new(
        Kind::PermissionDenied,
        format!("Workato answered {} for {what}, which {since}", status(&refusal)),
    )
    .code(code::ACCESS_LOST)
    .hint(format!(
        "{todo}if the access was taken away on purpose, move the old file away or choose another --file, and the sync \
         goes on without {what}"
    ));
    for (name, value) in refusal.facts() {
        error = error.fact(name, value.clone());
    }
    error.source(refusal)
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
    if let Some((families, when)) = before(cx) {
        let refused = |what: &str, checkbox: &str| {
            Error::new(
                Kind::PermissionDenied,
                format!("Workato refuses {what}, which answered in the sync of {when}"),
            )
            .code(code::ACCESS_LOST)
            .hint(format!(
                "tick {checkbox} in the client role; if the workspace changed its access model, move the old file away \
                 or choose another --file"
            ))
        };
        if families.contains(ENVIRONMENT_ROLES) && !environment {
            return Err(refused("environment roles", "Admin > Environment roles > List"));
        }
        let both_before = families.contains(LEGACY_ROLES) && families.contains(ENVIRONMENT_ROLES);
        if both_before && legacy_asked && !legacy {
            return Err(refused("legacy roles", "Admin > Collaborator roles > List"));
        }
    }
    for (name, answered) in [(ENVIRONMENT_ROLES, environment), (LEGACY_ROLES, legacy)] {
        if answered {
            remember(cx, name);
        }
    }
    Ok(())
}

/// The families that a finished sync read.
pub fn read_by(sync: &PreviousSync) -> BTreeSet<String> {
    names(sync.remembered.records.get(RECORD))
}

/// The families that the previous finished sync of the same file read, and when it ended.
fn before(cx: &SyncContext) -> Option<(BTreeSet<String>, &str)> {
    let previous = cx.previous.as_ref()?;
    let when = previous.ended_at.get(..SECONDS).unwrap_or(&previous.ended_at);
    Some((read_by(previous), when))
}

/// Records for the next sync of the same file that the family answered. Families that this sync does not ask, because
/// of its settings, stay recorded: a sync without privileges does not make the next refusal of them harmless.
fn remember(cx: &SyncContext, family: &str) {
    cx.records.update(RECORD, |recorded| {
        let mut families = names(recorded);
        if let Some((earlier, _)) = before(cx) {
            families.extend(earlier);
        }
        families.insert(family.to_owned());
        json!(families)
    });
}

fn names(recorded: Option<&Value>) -> BTreeSet<String> {
    let names = recorded.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}
