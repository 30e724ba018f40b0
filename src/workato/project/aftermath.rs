//! What a write to one grant did to the others of its project: they are read before and after, and put back where they
//! went.

use std::collections::BTreeSet;

use serde_json::json;

use super::model::{ProjectGrant, ProjectGrantId};
use super::place::FoundProject;
use super::standing::{Grantee, Holder, Whose, check_alone, is_elsewhere, name_of, says};
use super::write::assignment;
use crate::baton::change::Change;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::client::endpoint;
use crate::workato::code;
use crate::workato::kind::id_value;

/// The most grants that one request takes (`workato/api.md 2.9`).
const MOST: usize = 100;

/// A write, and the grants of its project before it.
pub struct Aftermath<'a> {
    /// Where.
    pub place: &'a FoundProject<'a>,
    /// Under whose consent.
    pub cx: &'a SyncContext,
    /// As it was agreed to.
    pub change: &'a Change,
    /// All grants before it.
    pub before: &'a [ProjectGrant],
    /// Whom it is about.
    pub holder: &'a Holder,
}

/// Grants of `all` that say what none of `others` does.
fn missing<'g>(all: impl IntoIterator<Item = &'g ProjectGrant>, others: &[ProjectGrant]) -> Vec<&'g ProjectGrant> {
    all.into_iter()
        .filter(|grant| !others.iter().any(|other| says(other) == says(grant)))
        .collect()
}

/// Grants in words: `Builder of Ada (7)`.
fn told(grants: &[&ProjectGrant]) -> String {
    let who = |grant: &ProjectGrant| match (&grant.user, &grant.user_group) {
        (Some(user), _) => format!("{} ({})", user.name.as_deref().unwrap_or_default(), user.id),
        (None, Some(group)) => format!("{} ({})", group.name.as_deref().unwrap_or_default(), group.id),
        (None, None) => "nobody".to_owned(),
    };
    let words: BTreeSet<String> = grants
        .iter()
        .map(|grant| format!("{} of {}", name_of(grant), who(grant)))
        .collect();
    Vec::from_iter(words).join(", ")
}

impl Aftermath<'_> {
    fn is_theirs(&self, grant: &ProjectGrant) -> bool {
        self.holder.whose(grant) == Whose::Theirs && !is_elsewhere(grant, &self.place.id)
    }

    /// After one role was given: whatever else went is given back, together with what is there, as far as a server that
    /// takes a request for all grants of the project needs to be told. What the holder had is told by the caller.
    ///
    /// # Errors
    /// `Internal` for a difference that could not be undone, naming it; those of the consent and of the API.
    pub async fn of_grant(&self, now: &[ProjectGrant]) -> Result<()> {
        let others = || self.before.iter().filter(|grant| !self.is_theirs(grant));
        let lost = missing(others(), now);
        if !lost.is_empty() {
            let with: Vec<&ProjectGrant> = lost.iter().copied().chain(now).collect();
            self.give_back(&with, &lost).await?;
        }
        self.check_no_more(now.iter().filter(|grant| !self.is_theirs(grant)))
    }

    /// After one role was taken away: whatever else went is given back.
    ///
    /// # Errors
    /// As [`Aftermath::of_grant`].
    pub async fn of_revoke(&self, taken: &ProjectGrant, now: &[ProjectGrant]) -> Result<()> {
        let others = self.before.iter().filter(|grant| says(grant) != says(taken));
        let lost = missing(others, now);
        if !lost.is_empty() {
            self.give_back(&lost, &lost).await?;
        }
        self.check_no_more(now)
    }

    fn check_no_more<'g>(&self, now: impl IntoIterator<Item = &'g ProjectGrant>) -> Result<()> {
        match missing(now, self.before).as_slice() {
            [] => Ok(()),
            more => Err(self.other_effect(&format!("there is {} now, too", told(more)), None)),
        }
    }

    async fn give_back(&self, with: &[&ProjectGrant], lost: &[&ProjectGrant]) -> Result<()> {
        tracing::warn!(
            project = self.place.name,
            grants = told(lost),
            "The change took other grants, too; they are given back."
        );
        let assignments: Vec<_> = with
            .iter()
            .filter(|grant| !is_elsewhere(grant, &self.place.id))
            .filter_map(|grant| {
                let role = grant.project_role.as_ref()?;
                Some(assignment(&Grantee::named(grant)?, id_value(&role.id)))
            })
            .collect();
        let mut failed = None;
        if assignments.len() <= MOST {
            let body = json!({ "project_grants": assignments });
            let at = endpoint::PUT_PROJECT_GRANTS.of(self.place.id.as_str());
            let write = self.place.client.write(at, Some(&body))?;
            self.cx.changes.propose(self.change, &write.request())?;
            failed = write.send().await.err();
        }
        let now = self.place.grants().await.unwrap_or_default();
        match missing(lost.iter().copied(), &now).as_slice() {
            [] => Ok(()),
            lost => Err(self.other_effect(&format!("{} went, too", told(lost)), failed)),
        }
    }

    /// After a grant that did not give the role that was named: what it gave in its place is taken away again. The error is
    /// `error`, or one that names what was given.
    pub async fn of_failure(&self, error: Error, now: &[ProjectGrant]) -> Error {
        let own = now.iter().filter(|grant| self.is_theirs(grant));
        let instead = missing(own, self.before);
        if instead.is_empty() {
            return error;
        }
        let known: BTreeSet<&ProjectGrantId> = self.before.iter().map(|grant| &grant.id).collect();
        let mut failed = None;
        for grant in &instead {
            let is_new = !known.contains(&grant.id) && check_alone(grant, now).is_ok();
            if is_new && let Err(error) = self.delete(&grant.id).await {
                failed.get_or_insert(error);
            }
        }
        let had: Vec<&ProjectGrant> = self.before.iter().filter(|grant| self.is_theirs(grant)).collect();
        let now = match self.place.grants().await {
            Ok(now) => now,
            Err(error) => return self.other_effect(&format!("it gave {} instead", told(&instead)), Some(error)),
        };
        let lost = missing(had.iter().copied(), &now);
        if !lost.is_empty()
            && let Err(error) = self.give_back(&lost, &lost).await
        {
            failed.get_or_insert(error);
        }
        let now = self.place.grants().await.unwrap_or(now);
        let left = missing(now.iter().filter(|grant| self.is_theirs(grant)), self.before);
        let lost = missing(had, &now);
        if left.is_empty() && lost.is_empty() {
            let message = format!(
                "Workato was asked for {} and gave {} instead, which was taken back",
                self.change,
                told(&instead)
            );
            return Error::new(Kind::Internal, message)
                .code(code::NO_EFFECT)
                .hint("make the change in Workato: it takes another number for this role than its list has");
        }
        self.other_effect(&format!("it gave {} instead", told(&instead)), failed)
    }

    async fn delete(&self, id: &ProjectGrantId) -> Result<()> {
        let at = endpoint::DELETE_PROJECT_GRANT.of(id.as_str());
        let write = self.place.client.write(at, None)?;
        self.cx.changes.propose(self.change, &write.request())?;
        write.send().await.map(drop)
    }

    fn other_effect(&self, what: &str, failed: Option<Error>) -> Error {
        let message = format!(
            "with the change ({}) on {} {what}, which nobody asked for here",
            self.change, self.place.name
        );
        let error = Error::new(Kind::Internal, message).code(code::OTHERS_LOST).hint(
            "look at the project in Workato, and put it right there; somebody else may have changed it at the same \
                 time",
        );
        match failed {
            Some(failed) => error.source(failed),
            None => error,
        }
    }
}
