//! A person's roles in other environments than the one that was named. A request names one environment, and the others are
//! to stay as they are: they are read before and after, and put back where they went.

use super::assignment::{ROLE_TYPE, RoleAssignment, now, update};
use super::held::KnownRoles;
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::code;
use crate::workato::collaborator::{Member, MemberRole, called};
use crate::workato::role_assignments::is_no_access;
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;

/// What was sent.
#[derive(Debug)]
pub struct Sent<'a> {
    /// As it was agreed to.
    pub change: &'a Change,
    /// The role that the request gave.
    pub assigned: RoleAssignment,
    /// Where.
    pub environment: &'a Environment,
    /// All roles.
    pub known: &'a KnownRoles,
}

/// A row that can be told from others: environment, name, and whether it is of the newer model.
type Row = (String, String, bool);

/// The rows of a person that are not of the environment of the request and name a role.
fn rows(member: &Member, sent: &Sent<'_>) -> Vec<Row> {
    let row = |row: &MemberRole| {
        let text = |part: &Option<String>| part.as_deref().map(str::trim).unwrap_or_default().to_owned();
        let place = Environment::new(&text(&row.environment_type));
        (
            place.as_str().to_owned(),
            text(&row.role_name),
            sent.known.is_newer(row),
        )
    };
    let all = member.roles.iter().map(row);
    let but = sent.environment.as_str();
    all.filter(|(place, name, _)| place != but && !name.is_empty() && !is_no_access(name))
        .collect()
}

/// Those of `all` that are not among `others`.
fn missing(all: &[Row], others: &[Row]) -> Vec<Row> {
    all.iter().filter(|row| !others.contains(row)).cloned().collect()
}

fn told(rows: &[Row]) -> String {
    let words: Vec<String> = rows
        .iter()
        .map(|(place, name, _)| format!("{name} in {place}"))
        .collect();
    words.join(", ")
}

/// Makes sure that a person has in the other environments what they had, and gives it back where it went.
///
/// # Errors
/// `Internal` for a difference that could not be undone, naming it; those of the consent and of the API.
pub async fn restore((t, cx): (&Tables, &SyncContext), sent: &Sent<'_>, before: &Member, after: &Member) -> Result<()> {
    let had = rows(before, sent);
    let has = rows(after, sent);
    let (lost, more) = (missing(&had, &has), missing(&has, &had));
    if lost.is_empty() && more.is_empty() {
        return Ok(());
    }
    if !more.is_empty() {
        return Err(other_effect(sent, after, &lost, &more));
    }
    tracing::warn!(
        who = called(after),
        roles = told(&lost),
        "The change took roles of other environments, too; they are given back."
    );
    let back = lost.iter().map(|(place, name, is_newer)| RoleAssignment {
        environment_type: place.clone(),
        name: name.clone(),
        role_type: is_newer.then_some(ROLE_TYPE),
    });
    let all: Vec<RoleAssignment> = std::iter::once(sent.assigned.clone()).chain(back).collect();
    let write = update(t, &before.id, &all)?;
    cx.changes.propose(sent.change, &write.request())?;
    let failed = write.send().await.err();
    let now = now(t, &before.id).await.ok().flatten();
    let has = now.as_ref().map(|now| rows(now, sent)).unwrap_or_default();
    let lost = missing(&had, &has);
    if lost.is_empty() {
        return Ok(());
    }
    let error = other_effect(sent, before, &lost, &[]);
    Err(match failed {
        Some(failed) => error.source(failed),
        None => error,
    })
}

fn other_effect(sent: &Sent<'_>, member: &Member, lost: &[Row], more: &[Row]) -> Error {
    let what = match (lost, more) {
        (lost, []) => format!("{} lost {}, too", called(member), told(lost)),
        ([], more) => format!("{} has {} now, too", called(member), told(more)),
        (lost, more) => format!(
            "{} has {} now in the place of {}",
            called(member),
            told(more),
            told(lost)
        ),
    };
    let message = format!("with the change ({}) {what}, which nobody asked for here", sent.change);
    Error::new(Kind::Internal, message)
        .code(code::OTHERS_LOST)
        .hint("look at it in Workato, and give it back there; somebody else may have changed it at the same time")
}
