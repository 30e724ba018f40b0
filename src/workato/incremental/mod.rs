//! `--incremental`: a full sync that asks again only for what may have changed.
//!
//! # What is taken over
//!
//! Lists that are one call are always read: people, roles, project roles, groups, projects, folders under Home, API clients
//! and everything else. Taken over from the sync before are only answers about one thing each: the members of a group, the
//! grants of a project, what a holder of a role may do (unless `--privileges exact`), and the settings of a role. They are
//! put into the session of the sync before it begins, so that the reading goes its usual way and finds them there.
//!
//! # When
//!
//! An answer is taken over if *all* of this holds; whatever does not hold for everything is a doubt, and a doubt makes a
//! full read that says which doubt it was.
//!
//! 1. It is provably of the full sync of this file that finished last, read with the same settings, tokens and version
//!    of the program (`baton::sync::answers`), and everything was read less than [`DAY`] ago.
//! 2. The audit log of every environment of the run, and of DEV, where people and groups are, can be believed ([`log`]): it
//!    shows again *every* row that it showed since the last full read. An empty log, one that lost a row, or one that is not
//!    readable says nothing.
//! 3. No row that is new bears on everything or on this thing ([`meaning`]). Rows are sorted by the type of what they are
//!    about, never by the type of the event; a type that no document names is a doubt. Only noise is left out by the question.
//! 4. The lists agree with those of the sync before ([`faces`]): the same people with the same roles, the same roles, the
//!    same groups; and for the thing itself the same row, with its count and its stamp where it has them.
//! 5. One answer of each kind, another one every time, is asked for again and is the same ([`things`]); of one with many
//!    pages, one page is. That shows that the token may still read it, and, day by day, whether the log tells what happens.
//!
//! # Late rows
//!
//! How long a row takes to appear is not known (`workato/audit_log.md 1`). So the log is looked at from an hour before the
//! last *full* read, however many syncs came since, and a row counts when it is seen for the first time, not when it
//! happened: one that appears late is not lost, and the sync that sees it reads what it is about. Until then, and for
//! ever where the log never tells, syncs show what was read before, but never longer than [`DAY`].
//!
//! # What is not proven
//!
//! That the log has a row for every change of a group or of a project's grants: no document has types for these. As long
//! as that was not seen on live workspaces, this is off unless somebody asks for it.

mod faces;
mod log;
mod meaning;
mod things;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::faces::Faces;
use self::log::Mark;
use self::meaning::Changes;
use super::client::WorkatoClient;
use super::settings::{Environment, EnvironmentChoice};
use super::tables::Tables;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::replay::{Before, Leaves, Replay};

/// How long after a full read answers are taken over, in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// What a sync notes for the next one.
#[derive(Debug, Serialize, Deserialize)]
struct Notes {
    /// When the last full read began, by the clock of this machine, in milliseconds since 1970.
    full_read: i64,
    /// How many syncs took something over since.
    turn: usize,
    /// What each log showed, by environment.
    logs: BTreeMap<String, Mark>,
    /// What the lists looked like.
    faces: Faces,
}

/// What is known of the sync before.
struct Known<'r> {
    before: &'r Before,
    notes: Notes,
}

/// Takes over what can be, before anything else of a sync is asked for.
///
/// # Errors
/// Those of the lists, as every sync has them. Whatever is wrong with the sync before or with a log is none.
pub async fn prepare(t: &Tables, cx: &SyncContext, replay: &Arc<Replay>) -> Result<()> {
    let now = t.clients.dev.wall();
    let known = known(replay, now);
    let mut logs = BTreeMap::new();
    let mut fresh = BTreeMap::new();
    let mut changes = Changes::default();
    let mut doubt: Option<String> = None;
    for (environment, client) in with_logs(t) {
        let mark = known
            .as_ref()
            .ok()
            .and_then(|known| known.notes.logs.get(environment.as_str()));
        let name = environment.as_str().to_owned();
        match log::look(client, &environment, mark, now.as_millisecond()).await {
            Ok(look) => {
                fresh.insert(name.clone(), look.fresh);
                match look.since {
                    Some(Ok((mark, rows))) => {
                        rows.iter().for_each(|row| changes.add(&environment, row));
                        logs.insert(name, mark);
                    }
                    Some(Err(why)) => _ = doubt.get_or_insert(why),
                    None if known.is_ok() => {
                        doubt.get_or_insert(format!("the audit log of {environment} was not looked at before"));
                    }
                    None => {}
                }
            }
            Err(why) => _ = doubt.get_or_insert(why),
        }
    }
    // Without a log there is nothing for the next sync to go by.
    let leaves = fresh.len() == with_logs(t).count();
    let doubt = doubt
        .or_else(|| known.as_ref().err().cloned())
        .or_else(|| changes.doubt());
    if doubt.is_none() {
        replay.believe();
    }
    let faces = Faces::read(t, cx).await?;
    let taken = match (doubt, known) {
        (None, Ok(known)) => match sure(t, cx, &known, &faces, &changes).await {
            Ok(keys) => Ok((known, keys)),
            Err(why) => Err(why),
        },
        (Some(why), _) | (None, Err(why)) => Err(why),
    };
    let notes = match taken {
        Ok((Known { notes, .. }, keys)) => {
            cx.take_over(&keys).await?;
            tracing::info!(
                answers = keys.len(),
                "--incremental: answers of the sync before were taken over."
            );
            Notes {
                full_read: notes.full_read,
                turn: notes.turn + 1,
                logs,
                faces,
            }
        }
        Err(why) => {
            if replay.said().full_because.is_none() {
                tracing::warn!("--incremental: full read, because {why}.");
                replay.read_fully(&why);
            }
            Notes {
                full_read: now.as_millisecond(),
                turn: 0,
                logs: fresh,
                faces,
            }
        }
    };
    if leaves {
        let notes = serde_json::to_value(notes).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        replay.leave(Leaves {
            prefixes: things::kept(),
            notes,
        });
    }
    Ok(())
}

/// What the sync before left, if everything was read within a day.
fn known(replay: &Replay, now: Timestamp) -> std::result::Result<Known<'_>, String> {
    let before = replay.before()?;
    let notes = Notes::deserialize(&before.notes)
        .map_err(|_| "what the sync before noted about its answers is not understood".to_owned())?;
    let Some(since) = now
        .as_millisecond()
        .checked_sub(notes.full_read)
        .filter(|since| *since >= 0)
    else {
        return Err("the clock of this machine was put back since the last full read".to_owned());
    };
    if since >= DAY {
        return Err("the last full read is more than a day ago".to_owned());
    }
    Ok(Known { before, notes })
}

/// The environments whose logs are looked at: those of the run that have a token, and DEV, where people and groups are.
fn with_logs(t: &Tables) -> impl Iterator<Item = (Environment, &WorkatoClient)> {
    let others = t
        .clients
        .others
        .iter()
        .filter(|(environment, _)| match &t.settings.environment {
            EnvironmentChoice::One(one) => one == *environment,
            EnvironmentChoice::All => true,
        });
    let others = others.map(|(environment, client)| (environment.clone(), client));
    std::iter::once((Environment::dev(), &t.clients.dev)).chain(others)
}

/// The keys of the answers that still hold.
///
/// # Errors
/// What is in doubt.
async fn sure(
    t: &Tables,
    cx: &SyncContext,
    known: &Known<'_>,
    faces: &Faces,
    changes: &Changes,
) -> std::result::Result<BTreeSet<String>, String> {
    let same = faces.compare(&known.notes.faces, changes)?;
    let things = things::unchanged(t, &known.before.answers, &same);
    let again = things::again(&things, known.notes.turn);
    let mut asked = Vec::new();
    for thing in &again {
        if thing.check(t, cx, &known.before.answers, known.notes.turn).await? {
            asked.push(thing);
        }
    }
    let rest = things.iter().filter(|thing| !asked.contains(thing));
    Ok(rest
        .flat_map(|thing| thing.keys(&known.before.answers))
        .cloned()
        .collect())
}
