//! Parts of the product that not every plan has, and that need boxes which few tokens have: agents, tool servers,
//! Workato Identity, the API platform (`workato/agents.md 1`).
//!
//! Each list is asked with the token of every environment of the run. One that never answered is said by name in the
//! summary, is no warning and is not asked again for a day; one that answered before may not refuse now, like any other
//! [family](super::family). An answer that is no refusal and cannot be used is a warning: what such a workspace answers
//! is not documented.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::endpoint::Endpoint;
use super::client::{Listed, NO_MIRROR, Row, WorkatoClient, odd};
use super::family::Family;
use super::family::single::{self, Losses, Outcome, Single};
use super::listing::{List, content};
use super::settings::Environment;
use super::tables::{Tables, stored};
use super::tokens::Placed;
use super::{cause, code};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};

/// Under what a sync records since when a list is not there, by its family.
const ABSENT: &str = "absent_families";

/// How long a list that never answered is not asked again.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// A list that a plan may lack.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// What syncs record when they read it in an environment.
    pub family: &'static str,
    /// Where it is read.
    pub endpoint: &'static Endpoint,
}

impl Tables {
    /// The rows of all environments of the run that answer, ordered by id, each id once: that of the first environment
    /// that has it. One that another environment describes differently is counted.
    ///
    /// # Errors
    /// Those of the client. A refusal of what answered before is one.
    pub async fn feature<T: Listed>(&self, cx: &SyncContext, feature: &Feature) -> Result<Vec<Placed<T>>> {
        let mut placed: Vec<Placed<T>> = self.feature_everywhere(cx, feature).await?;
        let name = feature.endpoint.name;
        for same in placed.chunk_by(|a, b| a.row.id_text() == b.row.id_text()) {
            let [first, others @ ..] = same else { continue };
            for other in others.iter().filter(|other| content(&other.row) != content(&first.row)) {
                cx.warnings.add(
                    cause::ENVIRONMENTS_DIFFER,
                    "environments have things of one id that are not described alike; those of the first environment were \
                     taken, and the others are missing",
                    format!("{name}: id {} of {}, not of {}", first.row.id_text(), first.environment, other.environment),
                );
            }
        }
        placed.dedup_by(|later, first| later.row.id_text() == first.row.id_text());
        Ok(placed)
    }

    /// As [`Tables::feature`], but an id once for each environment that has it, however they describe it.
    ///
    /// # Errors
    /// As [`Tables::feature`].
    pub async fn feature_everywhere<T: Listed>(&self, cx: &SyncContext, feature: &Feature) -> Result<Vec<Placed<T>>> {
        let mut placed: Vec<Placed<T>> = Vec::new();
        let mut without = Vec::new();
        let environments = self.readable_environments(cx).await?;
        for (environment, client) in &environments {
            match self.feature_in(cx, feature, environment, client).await? {
                Some(rows) => placed.extend(rows.into_iter().map(|row| Placed {
                    environment: environment.clone(),
                    row,
                })),
                None => without.push(environment),
            }
        }
        let name = feature.endpoint.name;
        if without.len() == environments.len() && !without.is_empty() {
            cx.records.not_readable(name);
        } else {
            for environment in without {
                cx.records.not_readable(&format!("{name} of {environment}"));
            }
        }
        placed.sort_by(|a, b| a.row.id_text().cmp(b.row.id_text()));
        Ok(placed)
    }

    /// Counts the things that answered before, in every environment whose list answered and has none of them to ask any
    /// more: nobody asks for one then, and so nobody would miss them. `known` are the ids of those that some list has.
    ///
    /// # Errors
    /// As `Each::answer`.
    pub async fn all_vanished<A: Asked, L: Listed>(
        &self,
        cx: &SyncContext,
        feature: &Feature,
        questions: &Questions,
        asked: impl Fn(&Environment) -> bool,
        known: &BTreeSet<String>,
    ) -> Result<()> {
        for (environment, client) in self.readable_environments(cx).await? {
            let list = self.family(cx, &format!("{}/{environment}", feature.family));
            if !list.has_answered() || asked(&environment) {
                continue;
            }
            let each: Each<'_, L> = Each::of((cx, &client, &environment), questions, std::iter::empty());
            let each = each.knowing(known.iter().cloned());
            each.begin::<A>(&self.family(cx, &each.family)).await?;
        }
        Ok(())
    }

    async fn feature_in<T: Listed>(
        &self,
        cx: &SyncContext,
        feature: &Feature,
        environment: &Environment,
        client: &WorkatoClient,
    ) -> Result<Option<Vec<T>>> {
        let key = format!("{}/{environment}", feature.family);
        let what = format!("{} of {environment}", feature.endpoint.name);
        let family = self.family(cx, &key);
        let now = client.wall();
        if family.is_refused() {
            return Ok(None);
        }
        let has_answered = family.answered_before(cx);
        if !has_answered && let Some(since) = absent_since(cx, &key).filter(|since| !is_due(*since, now)) {
            family.mark_refused(cx);
            note_absent(cx, &key, since);
            return Ok(None);
        }
        let read = List::of_sync(cx, &key, client, feature.endpoint).read().await;
        let listed: Option<Vec<T>> = match read {
            Err(error) if !has_answered && is_not_in_plan(&error) => {
                // Where it is not known whether it answered before, silence would claim that it did not; a failure would
                // come again for ever, since most plans have none of this.
                family.leave_out(cx, &what, &error);
                None
            }
            Err(error) if !has_answered && is_unusable(&error) => {
                family.mark_refused(cx);
                cx.warnings.add(
                    cause::FEATURE_UNUSABLE,
                    format!("{what} are missing from this sync: {error}"),
                    "",
                );
                // Not remembered: it may be a fault that passes.
                return Ok(None);
            }
            read => family.degrade_quietly(cx, &what, read)?,
        };
        match &listed {
            Some(rows) => odd::count(cx, &what, rows),
            None => note_absent(cx, &key, now),
        }
        Ok(listed)
    }
}

/// Whether a list that was not there at `since` is to be asked for again.
fn is_due(since: Timestamp, now: Timestamp) -> bool {
    since > now || now.duration_since(since) >= ASKED_AGAIN
}

/// Since when the sync before knows that the list is not there.
fn absent_since(cx: &SyncContext, family: &str) -> Option<Timestamp> {
    let remembered = &cx.previous.as_ref()?.remembered;
    remembered.records.get(ABSENT)?.get(family)?.as_str()?.parse().ok()
}

fn note_absent(cx: &SyncContext, family: &str, since: Timestamp) {
    cx.records.update(ABSENT, |known| {
        let known = known.and_then(Value::as_object).into_iter().flatten();
        // In one order, whoever is asked first.
        let mut all: BTreeMap<&str, Value> = known.map(|(name, at)| (name.as_str(), at.clone())).collect();
        all.entry(family).or_insert_with(|| json!(since.to_string()));
        json!(all)
    });
}

fn status(error: &Error) -> Option<u16> {
    error.fact_value("status")?.parse().ok()
}

/// Other refusals than those of a checkbox: what a plan without the feature answers is not documented.
fn is_not_in_plan(error: &Error) -> bool {
    const TIMEOUT: u16 = 408;
    const QUOTA: u16 = 429;
    error.fact_value(NO_MIRROR).is_some()
        || status(error).is_some_and(|status| (400..500).contains(&status) && status != TIMEOUT && status != QUOTA)
}

/// Whether there was an answer, and it is of no use. A gateway that is down is another matter.
fn is_unusable(error: &Error) -> bool {
    // One that says it failed, under a status of success, is no more of use.
    let unreadable = [code::UNREADABLE, code::NOT_JSON, code::SERVER_ERROR].contains(&error.code_id());
    matches!(status(error), Some(500 | 501)) || (unreadable && status(error) == Some(200))
}

/// What one thing of a feature's list is asked for.
pub trait Asked: Sized + Send {
    /// Asks for it, through the session of the sync.
    fn ask(
        cx: &SyncContext,
        key: &str,
        client: &WorkatoClient,
        at: &'static Endpoint,
        id: &str,
    ) -> impl Future<Output = Result<Self>> + Send;

    /// Asks in any case.
    fn ask_again(client: &WorkatoClient, at: &'static Endpoint, id: &str) -> impl Future<Output = Result<()>> + Send;
}

impl<T: Listed> Asked for Vec<T> {
    async fn ask(cx: &SyncContext, key: &str, client: &WorkatoClient, at: &'static Endpoint, id: &str) -> Result<Self> {
        List::of_sync(cx, key, client, at.of(id)).usually_empty().read().await
    }

    async fn ask_again(client: &WorkatoClient, at: &'static Endpoint, id: &str) -> Result<()> {
        client.page::<T>(at.of(id), 1).await.map(drop)
    }
}

/// One object.
pub struct One<T>(pub T);

impl<T: Row + Serialize + DeserializeOwned + Send> Asked for One<T> {
    async fn ask(cx: &SyncContext, key: &str, client: &WorkatoClient, at: &'static Endpoint, id: &str) -> Result<Self> {
        stored(cx, key, || client.object(at.of(id))).await.map(One)
    }

    async fn ask_again(client: &WorkatoClient, at: &'static Endpoint, id: &str) -> Result<()> {
        client.object::<T>(at.of(id)).await.map(drop)
    }
}

/// What each thing of a feature's list is asked.
#[derive(Debug, Clone, Copy)]
pub struct Questions {
    /// What it is, of all of them: `details of genies`.
    pub what: &'static str,
    /// What syncs record.
    pub family: &'static str,
    /// Where one is asked for.
    pub at: &'static Endpoint,
    /// The list.
    pub list: &'static Endpoint,
    /// How those without an answer are counted.
    pub losses: Losses,
}

/// Questions about each thing of a feature's list in one environment; `L` are the rows of that list.
pub struct Each<'a, L> {
    /// The sync.
    pub cx: &'a SyncContext,
    /// Who may read it.
    pub client: &'a WorkatoClient,
    /// What is asked for, of all of them.
    pub what: String,
    /// What syncs record, with the environment.
    pub family: String,
    /// Where one is asked for.
    pub at: &'static Endpoint,
    /// The list.
    pub list: &'static Endpoint,
    /// Ids and names of those that are asked, in the order of the list.
    pub things: Vec<(String, String)>,
    /// The ids of those that are in a list and are not asked.
    pub known: BTreeSet<String>,
    /// How those without an answer are counted.
    pub losses: Losses,
    rows: PhantomData<fn() -> L>,
}

impl<'a, L: Listed> Each<'a, L> {
    /// Questions about the things of an environment, by their ids and names.
    pub fn of(
        (cx, client, environment): (&'a SyncContext, &'a WorkatoClient, &Environment),
        questions: &Questions,
        things: impl Iterator<Item = (String, String)>,
    ) -> Self {
        Each {
            cx,
            client,
            what: format!("{} of {environment}", questions.what),
            family: format!("{}/{environment}", questions.family),
            at: questions.at,
            list: questions.list,
            things: things.collect(),
            known: BTreeSet::new(),
            losses: questions.losses,
            rows: PhantomData,
        }
    }

    /// The same where a list has these, too, though nobody asks for them here.
    #[must_use]
    pub fn knowing(self, ids: impl Iterator<Item = String>) -> Self {
        Each {
            known: ids.collect(),
            ..self
        }
    }

    /// Makes sure that it is known whether any answers, and what became of those that answered before.
    ///
    /// # Errors
    /// As [`single::read`].
    pub async fn begin<A: Asked>(&self, family: &Family) -> Result<()> {
        let question: Question<'_, '_, A, L> = Question {
            each: self,
            answer: PhantomData,
        };
        single::begin(self.cx, family, &question).await.map(drop)
    }

    /// What one of them answers; `None` where it has no answer, which is counted.
    ///
    /// # Errors
    /// As [`single::read`].
    pub async fn answer<A: Asked>(&self, family: &Family, id: &str) -> Result<Option<A>> {
        let question = Question {
            each: self,
            answer: PhantomData,
        };
        Ok(match single::read(self.cx, family, &question, id).await? {
            Outcome::Rows(answer) => Some(answer),
            Outcome::Missing | Outcome::Refused => None,
        })
    }
}

struct Question<'e, 'a, A, L> {
    each: &'e Each<'a, L>,
    answer: PhantomData<fn() -> A>,
}

impl<A: Asked, L: Listed> Single for Question<'_, '_, A, L> {
    type Answer = A;

    fn what(&self) -> String {
        self.each.what.clone()
    }

    fn listed(&self) -> Vec<String> {
        self.each.things.iter().map(|(id, _)| id.clone()).collect()
    }

    fn losses(&self) -> &Losses {
        &self.each.losses
    }

    fn name(&self, id: &str) -> String {
        let thing = self.each.things.iter().find(|(known, _)| known == id);
        thing.map_or_else(|| id.to_owned(), |(_, name)| name.clone())
    }

    async fn ask(&self, id: &str) -> Result<A> {
        let key = format!("{}/{id}", self.each.family);
        A::ask(self.each.cx, &key, self.each.client, self.each.at, id).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        A::ask_again(self.each.client, self.each.at, id).await
    }

    fn is_known(&self, id: &str) -> Option<bool> {
        Some(self.each.known.contains(id) || self.each.things.iter().any(|(known, _)| known == id))
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let rows: Vec<L> = List::now(self.each.client, self.each.list).read().await?;
        Ok(rows.iter().any(|row| row.id_text() == id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_asked_for_again_after_a_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let since = at("2026-11-08T08:00:00Z");
        assert!(!is_due(since, since));
        assert!(!is_due(since, at("2026-11-09T07:59:59Z")));
        assert!(is_due(since, at("2026-11-09T08:00:00Z")));
        assert!(is_due(since, at("2026-11-08T07:59:59Z")), "a clock that was put back");
    }
}
