//! The settings (`config`) of roles, which only the single-role answers carry (`workato/api.md` 2.8). They are
//! words in a profile: no access depends on them, so one that cannot be read is counted, and the row of the list stands.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use serde::{Deserialize, Serialize};

use super::client::endpoint::Endpoint;
use super::client::{Listed, WorkatoClient};
use super::code;
use super::family::Family;
use super::family::single::{self, Losses, Outcome, Single};
use super::kind::first_of;
use super::listing::List;
use super::probe::Replies;
use super::tables::{FAN_OUT, stored};
use crate::baton::code as kit;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::workato::cause;

/// Unreadable answers from the start after which no others are asked for.
const UNREADABLE_IN_A_ROW: usize = 3;

/// Asks for every listed role singly, a few at a time, and keeps the order. Until one can be read they are asked one
/// after the other: where none can be, a few show it.
///
/// # Errors
/// Those of the client; a refusal is a warning and leaves the settings out, as does an answer of no use.
pub async fn with_configs<T>(
    cx: &SyncContext,
    family: &Family,
    client: &WorkatoClient,
    listed: Vec<T>,
) -> Result<Vec<T>>
where
    T: ConfiguredRole,
{
    let asked = Settings {
        cx,
        client,
        roles: listed
            .iter()
            .map(|role| (role.id_text().to_owned(), role.clone()))
            .collect(),
        listed: listed
            .iter()
            .filter(|role| !role.has_config())
            .map(|role| role.id_text().to_owned())
            .collect(),
    };
    let one = |role: T| {
        let asked = &asked;
        async move {
            if role.has_config() {
                return Ok::<_, Error>((role, Came::OfTheList));
            }
            let id = role.id_text().to_owned();
            Ok(match single::read(cx, family, asked, &id).await? {
                Outcome::Rows(Answer::Role(complete)) if complete.is_called_as(&role) => {
                    (role.with_config_of(complete), Came::Whole)
                }
                Outcome::Rows(Answer::Role(_)) => {
                    unreadable(cx, &asked.name(&id), "the answer is about another role");
                    (role, Came::Unreadable)
                }
                Outcome::Rows(Answer::Unreadable(why)) => {
                    unreadable(cx, &asked.name(&id), &why);
                    (role, Came::Unreadable)
                }
                Outcome::Missing | Outcome::Refused => (role, Came::OfTheList),
            })
        }
    };
    let mut listed = listed.into_iter();
    let mut roles = Vec::new();
    let mut in_vain = 0;
    while in_vain < UNREADABLE_IN_A_ROW {
        let Some(role) = listed.next() else { return Ok(roles) };
        let (role, came) = one(role).await?;
        roles.push(role);
        match came {
            Came::Whole => {
                let rest: Vec<(T, Came)> = stream::iter(listed).map(one).buffered(FAN_OUT).try_collect().await?;
                roles.extend(rest.into_iter().map(|(role, _)| role));
                return Ok(roles);
            }
            Came::Unreadable => in_vain += 1,
            Came::OfTheList => {}
        }
    }
    for role in listed {
        if !role.has_config() {
            let name = asked.name(role.id_text());
            unreadable(cx, &name, "not asked for, as those before it could not be read");
        }
        roles.push(role);
    }
    Ok(roles)
}

/// Where the settings of a role are from.
enum Came {
    Whole,
    Unreadable,
    OfTheList,
}

/// What a single answer comes to. Both are kept, so that a sync that goes on finds the same.
#[derive(Debug, Serialize, Deserialize)]
enum Answer<T> {
    /// The role with its settings.
    Role(T),
    /// Why what came is of no use.
    Unreadable(String),
}

impl<T> Answer<T> {
    fn of(answer: Result<T>) -> Result<Self> {
        match answer {
            Ok(role) => Ok(Self::Role(role)),
            Err(error) if is_unreadable(&error) => Ok(Self::Unreadable(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

fn unreadable(cx: &SyncContext, name: &str, why: &str) {
    cx.warnings.add(
        cause::ROLE_SETTINGS_UNREADABLE,
        "the settings (config) of roles could not be read; no access is missing",
        format!("{name}: {why}"),
    );
}

/// Whether something answered, and what it answered is of no use. A workspace out of reach is another matter.
fn is_unreadable(error: &Error) -> bool {
    let answers = [
        code::SERVER_ERROR,
        code::REQUEST_REFUSED,
        code::NOT_JSON,
        code::UNREADABLE,
        code::CUT_OFF,
        kit::TIMEOUT,
        kit::CONNECTION_BROKE,
        kit::ANSWER_TOO_LARGE,
    ];
    answers.contains(&error.code_id())
}

/// A role that has settings.
pub trait ConfiguredRole: Listed {
    /// The list that has the roles.
    const LIST: &'static Endpoint;
    /// Where one is read with its settings.
    const ONE: &'static Endpoint;
    /// What one is called.
    const CALLED: &'static str;

    /// Its name, if it has one.
    fn name(&self) -> Option<&str>;
    /// Whether the list carried the settings already.
    fn has_config(&self) -> bool;
    /// The row of the list with the settings of the single answer. Who it is, the list says.
    fn with_config_of(self, single: Self) -> Self;

    /// Whether both rows may be of one role.
    fn is_called_as(&self, listed: &Self) -> bool {
        let names = self.name().zip(listed.name());
        names.is_none_or(|(single, listed)| single.trim() == listed.trim())
    }
}

/// The roles whose settings a diagnosis asks for.
///
/// # Errors
/// Why none is asked for.
pub fn settings_asked<T: ConfiguredRole>(
    _: &super::settings::Settings,
    replies: &Replies,
) -> Result<Vec<String>, &'static str> {
    let listed: Option<&[T]> = replies.rows(T::LIST);
    if listed.and_then(<[T]>::first).is_some_and(T::has_config) {
        return Err("the list says it already");
    }
    let ids = |roles: &[T]| roles.iter().map(|role| role.id_text().to_owned()).collect();
    replies.candidates(T::LIST, ids, "there is none to ask about")
}

async fn now<T: ConfiguredRole>(client: &WorkatoClient, id: &str) -> Result<Answer<T>> {
    Answer::of(client.object(T::ONE.of(id)).await)
}

async fn answer<T: ConfiguredRole>(cx: &SyncContext, client: &WorkatoClient, id: &str) -> Result<Answer<T>> {
    let key = format!("{}/{id}", T::CALLED);
    stored(cx, &key, || now(client, id)).await
}

/// Asks for a role with its settings, through the session of the sync, which has the answer then.
///
/// # Errors
/// Those of the client, unless something answered and it is of no use.
pub async fn ask<T: ConfiguredRole>(cx: &SyncContext, client: &WorkatoClient, id: &str) -> Result<()> {
    answer::<T>(cx, client, id).await.map(drop)
}

/// Whether the session has here that something answered and was of no use.
pub fn is_unreadable_answer(stored: &[u8]) -> bool {
    matches!(
        serde_json::from_slice(stored),
        Ok(Answer::<serde::de::IgnoredAny>::Unreadable(_))
    )
}

/// Settings of the roles of one list.
struct Settings<'a, T> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    roles: BTreeMap<String, T>,
    listed: Vec<String>,
}

impl<T: ConfiguredRole> Settings<'_, T> {
    async fn now(&self, id: &str) -> Result<Answer<T>> {
        now(self.client, id).await
    }
}

impl<T: ConfiguredRole> Single for Settings<'_, T> {
    type Answer = Answer<T>;

    fn what(&self) -> String {
        format!("settings (config) of {}", T::LIST.name)
    }

    fn listed(&self) -> Vec<String> {
        self.listed.clone()
    }

    fn losses(&self) -> &Losses {
        &Losses {
            refused: cause::ROLE_REFUSED,
            missing: "roles, whose settings (config) are missing; no access is",
            gone: cause::ROLE_GONE,
            gone_message: "roles disappeared while they were read; their settings (config) are missing",
        }
    }

    fn name(&self, id: &str) -> String {
        let name = self.roles.get(id).and_then(|role| role.name());
        let called = first_of([name, Some(id)]).unwrap_or_default();
        format!("{} {called}", T::CALLED)
    }

    async fn ask(&self, id: &str) -> Result<Answer<T>> {
        answer(self.cx, self.client, id).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.now(id).await.map(drop)
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let roles: Vec<T> = List::now(self.client, T::LIST).read().await?;
        Ok(roles.iter().any(|role| role.id_text() == id))
    }
}
