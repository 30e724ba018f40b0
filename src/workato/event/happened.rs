//! What happened, as the logs have it: for people and for programs that collect logs, who want to know who did what, and
//! not which of our resources changed. Asks for nothing but the log.

use jiff::Timestamp;
use serde::Serialize;

use super::cursor::Cursor;
use super::row::EventRow;
use super::say::{self, Feed};
use super::sweep::{self, Bounds};
use super::{PAGE, environments, feeds, no_rows};
use crate::baton::connector::no_event_feed;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::workato::settings::Environment;
use crate::workato::{WorkatoConnector, tokens};

/// The name of the cursor of both feeds together.
pub const ALL: &str = "all";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Happened {
    /// The same whenever it is told, and that of the event in the feeds: the environment and the id of the row.
    pub id: String,
    /// When, in UTC.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub time: Option<Timestamp>,
    /// In whose log it is.
    pub environment: String,
    /// What, in Workato's word: `user_login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Named>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Named>,
    /// The network address it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The program it came from, as that calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Somebody or something, as far as the log names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Workato's type: `ApiClient`. People have none.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Workato's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// A feed; without one, what either has.
    pub feed: Option<&'a str>,
    /// Where to go on; empty at the beginning.
    pub cursor: &'a str,
    /// Nothing before it is told. It counts for a new cursor alone.
    pub start: Timestamp,
    /// How far below the newest row a later reading begins, so that rows which appear late are told, in milliseconds.
    pub overlap: i64,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What happened, in no order. Some of it may have been told before.
    pub rows: Vec<Happened>,
    /// Where to go on.
    pub cursor: String,
}

/// Makes sure that there is a feed.
///
/// # Errors
/// `NotFound`, with the ones that there are.
pub fn check(feed: Option<&str>) -> Result<()> {
    match feed {
        Some(id) if Feed::of(id).is_none() => {
            let all: Vec<String> = feeds().into_iter().map(|feed| feed.id).collect();
            Err(no_event_feed(id).hint(format!("there are {}", all.join(" and "))))
        }
        _ => Ok(()),
    }
}

impl WorkatoConnector {
    /// The environments whose logs can be read: those of the run that have a token.
    pub fn audited(&self) -> Vec<Environment> {
        let all = environments(&self.tables_anew());
        all.iter().map(|environment| Environment::new(environment)).collect()
    }

    /// All that the log of an environment has since the cursor.
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor of something else; `FailedPrecondition` for a log that cannot be believed, or never
    /// showed a row; those of the client.
    pub async fn happened(&self, environment: &Environment, asked: &Asked<'_>) -> Result<Reading> {
        let feeds: Vec<Feed> = match asked.feed {
            Some(id) => vec![Feed::of(id).ok_or_else(|| no_event_feed(id))?],
            None => Feed::ALL.to_vec(),
        };
        let client = self
            .clients
            .of(environment)
            .ok_or_else(|| Error::new(Kind::FailedPrecondition, format!("there is no token of {environment}")))?;
        let name = asked.feed.unwrap_or(ALL);
        let alone = [environment.as_str().to_owned()];
        let start = Some(asked.start.as_millisecond());
        let mut cursor = Cursor::read(asked.cursor, name, start, &alone)?;
        let bounds = Bounds {
            start: cursor.start,
            size: PAGE,
            now: Timestamp::now().as_millisecond(),
            overlap: asked.overlap,
        };
        let mut rows = Vec::new();
        while let Some(log) = cursor.unfinished() {
            let read = sweep::next(client, log, &bounds).await.context("read what happened")?;
            for row in read.iter().filter(|row| feeds.iter().any(|feed| feed.has(row))) {
                if row.is_leak() {
                    say::warn_of_leak(environment, row);
                }
                rows.push(happened(environment, row));
                sweep::remember(log, row, asked.overlap);
            }
        }
        if cursor.is_blind() {
            let shown = tokens::shown(environment);
            return Err(no_rows(&format!("the audit log of {shown} never showed a row")));
        }
        Ok(Reading {
            rows,
            cursor: cursor.write()?,
        })
    }
}

fn happened(environment: &Environment, row: &EventRow) -> Happened {
    let origin = row.details.as_ref().and_then(|details| details.request.clone());
    let (address, user_agent) = origin.map_or((None, None), |origin| (origin.ip_address, origin.user_agent));
    Happened {
        id: say::id(environment, row),
        time: row.moment().and_then(|at| Timestamp::from_millisecond(at).ok()),
        environment: environment.as_str().to_owned(),
        event: row.event_type.clone(),
        actor: row.user.clone().map(|user| Named {
            kind: None,
            id: user.id.map(|id| id.to_string()),
            name: user.name,
            email: user.email,
        }),
        resource: row.resource.clone().map(|subject| Named {
            kind: subject.kind,
            id: subject.id.map(|id| id.to_string()),
            name: subject.name,
            email: subject.email,
        }),
        address,
        user_agent,
    }
}

fn as_text<S: serde::Serializer>(time: &Option<Timestamp>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
