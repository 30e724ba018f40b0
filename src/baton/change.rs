//! What a write is about to change, and what it changed, in words; and whether it may.
//!
//! A [`Provisioner`](crate::baton::connector::Provisioner) proposes every change to the [`Changes`] of its context
//! before it sends anything, and tells them what came of it. Whoever asked for the write decides by its [`Consent`], and
//! reads there what to say: the command line shows it, services log it. Answers on the wire stay as published.

use std::fmt;
use std::sync::Mutex;

use url::Url;

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;

/// One change of who can do what: `Ada: prod Member → Environment admin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose access: a person or a group by its name.
    pub who: String,
    /// On what: `prod`, `Billing (dev)`, `Engineering`. May be empty.
    pub on: String,
    /// Whether a list of the workspace shows them. Where none does, the name is that of whoever asked.
    pub is_listed: bool,
    /// From what to what.
    pub effect: Effect,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It changes.
    Made {
        /// What was held before: `Member`, `No access`.
        before: String,
        /// What is held then.
        after: String,
    },
    /// What was to be given is held.
    Already(String),
    /// What was to be taken away is not held.
    Gone {
        /// What was to be taken away.
        wanted: String,
        /// What is held in its place, if anything.
        now: Option<String>,
    },
}

impl Change {
    /// A change from `before` to `after`.
    pub fn made(
        who: impl Into<String>,
        on: impl Into<String>,
        before: impl Into<String>,
        after: impl Into<String>,
    ) -> Self {
        let (before, after) = (before.into(), after.into());
        Change::of(who, on, Effect::Made { before, after })
    }

    /// `held` is held already.
    pub fn already(who: impl Into<String>, on: impl Into<String>, held: impl Into<String>) -> Self {
        Change::of(who, on, Effect::Already(held.into()))
    }

    /// `wanted` is gone already; `now` is held in its place.
    pub fn gone(
        who: impl Into<String>,
        on: impl Into<String>,
        wanted: impl Into<String>,
        now: Option<impl Into<String>>,
    ) -> Self {
        let (wanted, now) = (wanted.into(), now.map(Into::into));
        Change::of(who, on, Effect::Gone { wanted, now })
    }

    fn of(who: impl Into<String>, on: impl Into<String>, effect: Effect) -> Self {
        Change {
            who: who.into(),
            on: on.into(),
            is_listed: true,
            effect,
        }
    }

    /// Says whether a list shows whose access it is.
    #[must_use]
    pub fn listed(self, is_listed: bool) -> Self {
        Change { is_listed, ..self }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unlisted = if self.is_listed { "" } else { " (in no list)" };
        write!(f, "{}{unlisted}: ", self.who)?;
        if !self.on.is_empty() {
            write!(f, "{} ", self.on)?;
        }
        match &self.effect {
            Effect::Made { before, after } => write!(f, "{before} → {after}"),
            Effect::Already(held) => write!(f, "{held} already"),
            Effect::Gone { wanted, now: None } => write!(f, "{wanted} gone already"),
            Effect::Gone { wanted, now: Some(now) } => write!(f, "{wanted} gone already ({now} now)"),
        }
    }
}

/// A request that changes something, as it is sent but for the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `PUT`.
    pub method: &'static str,
    /// The whole address.
    pub url: Url,
    /// The JSON body, exactly as sent.
    pub body: Option<String>,
}

impl fmt::Display for Request {
    /// In the manner of HTTP, each line ended.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}\nAuthorization: Bearer ***", self.method, self.url)?;
        match &self.body {
            Some(body) => writeln!(f, "Content-Type: application/json\n\n{body}"),
            None => Ok(()),
        }
    }
}

/// Whether a change may be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    #[default]
    Given,
    /// No: what would be sent is kept instead.
    Rehearsal,
    /// Yes, if it is one of these: somebody saw them and agreed.
    To(Vec<Change>),
}

/// What one write proposes and does.
#[derive(Debug, Default)]
pub struct Changes {
    consent: Consent,
    proposed: Mutex<Vec<(Change, Request)>>,
    told: Mutex<Vec<Change>>,
    undo: Mutex<Vec<String>>,
}

impl Changes {
    /// Nothing yet, under this consent.
    pub fn new(consent: Consent) -> Self {
        Changes {
            consent,
            ..Changes::default()
        }
    }

    /// Asks whether `request` may be sent to make `change`. To be called before it is sent, and not to be answered by
    /// anything else when refused.
    ///
    /// # Errors
    /// `Cancelled` in a rehearsal; `FailedPrecondition` for a change that nobody agreed to.
    pub fn propose(&self, change: &Change, request: &Request) -> Result<()> {
        match &self.consent {
            Consent::Given => Ok(()),
            Consent::Rehearsal => {
                locked(&self.proposed).push((change.clone(), request.clone()));
                Err(Error::new(Kind::Cancelled, "nothing is sent in a rehearsal"))
            }
            Consent::To(agreed) if agreed.contains(change) => Ok(()),
            Consent::To(_) => Err(Error::new(
                Kind::FailedPrecondition,
                format!("the workspace has changed meanwhile: now it would be {change}"),
            )
            .code(code::WRITE_OVERTAKEN)
            .hint("this was not done; look at it and try again")),
        }
    }

    /// Says what came of the write: a change made, or why none was needed.
    pub fn tell(&self, change: Change) {
        locked(&self.told).push(change);
    }

    /// Whether nothing is sent, whatever is proposed.
    pub fn is_rehearsal(&self) -> bool {
        self.consent == Consent::Rehearsal
    }

    /// Notes a command that takes a part of the write back, before that is made.
    pub fn can_be_undone(&self, command: String) {
        locked(&self.undo).push(command);
    }

    /// The commands that take it back.
    pub fn undo(&self) -> Vec<String> {
        locked(&self.undo).clone()
    }

    /// What was proposed in a rehearsal.
    pub fn proposed(&self) -> Vec<(Change, Request)> {
        locked(&self.proposed).clone()
    }

    /// What was told.
    pub fn told(&self) -> Vec<Change> {
        locked(&self.told).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            method: "PUT",
            url: "https://app.eu.workato.com/api/members/7".parse().unwrap(),
            body: Some(r#"{"env_roles":[]}"#.to_owned()),
        }
    }

    #[test]
    fn a_change_reads_like_a_sentence() {
        let none = None::<&str>;
        for (change, text) in [
            (
                Change::made("Ada", "prod", "Member", "Environment admin"),
                "Ada: prod Member → Environment admin",
            ),
            (
                Change::made("Ada", "", "collaborator", "removed"),
                "Ada: collaborator → removed",
            ),
            (Change::already("Ada", "prod", "Member"), "Ada: prod Member already"),
            (
                Change::gone("Ada", "prod", "Member", none),
                "Ada: prod Member gone already",
            ),
            (
                Change::gone("Ada", "prod", "Member", Some("Operator")),
                "Ada: prod Member gone already (Operator now)",
            ),
        ] {
            assert_eq!(change.to_string(), text);
        }
    }

    #[test]
    fn a_request_shows_everything_but_the_token() {
        assert_eq!(
            request().to_string(),
            "PUT https://app.eu.workato.com/api/members/7\nAuthorization: Bearer ***\nContent-Type: application/json\n\n\
             {\"env_roles\":[]}\n"
        );
    }

    #[test]
    fn nothing_is_sent_without_consent() {
        let change = Change::made("Ada", "prod", "Member", "Environment admin");
        let other = Change::made("Ada", "prod", "Operator", "Environment admin");
        assert!(Changes::default().propose(&change, &request()).is_ok());

        let rehearsal = Changes::new(Consent::Rehearsal);
        assert_eq!(
            rehearsal.propose(&change, &request()).unwrap_err().kind(),
            Kind::Cancelled
        );
        assert_eq!(rehearsal.proposed(), [(change.clone(), request())]);

        let agreed = Changes::new(Consent::To(vec![change.clone()]));
        assert!(agreed.propose(&change, &request()).is_ok());
        let error = agreed.propose(&other, &request()).unwrap_err();
        assert_eq!(error.kind(), Kind::FailedPrecondition);
        assert!(error.to_string().contains("Operator"), "{error}");
    }
}
