//! What a diagnosis asks to see whether a token may read what a sync reads. The rooms declare their probes
//! ([`ResourceKind::PROBES`](super::kind::ResourceKind::PROBES)); `diagnosis` asks them all and judges.

use std::any::Any;
use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use super::client::endpoint::{Address, Endpoint};
use super::client::{Probed, Row, WorkatoClient};
use super::settings::{Environment, Settings};
use crate::baton::error::Error;

/// Why one thing of a list is not asked for.
pub const NO_LIST: &str = "not asked: its list was not answered";

/// Things of a list that are asked for until one is not refused: a refusal of one thing says nothing about the others.
const CANDIDATES: usize = 3;

/// One question about an endpoint.
pub struct Probe {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// The name under which a sync records that it read this; followed by the environment where that has its own.
    pub family: Option<&'static str>,
    /// Whether every token reads it for its environment; else the DEV token does for all.
    pub per_environment: bool,
    /// What is asked for.
    pub asks: Asks,
    /// What a refusal means.
    pub refused: Refused,
    ask: Ask,
}

type Ask = for<'a> fn(&'a WorkatoClient, Address<'a>) -> BoxFuture<'a, Probed<Answered>>;

/// What a probe asks for.
#[derive(Clone, Copy)]
pub enum Asks {
    /// The first page of a list, unless the settings say why not.
    List(fn(&Settings) -> Option<&'static str>),
    /// One thing of a list: the ids to try, out of what the lists answered, or why there is none.
    One(fn(&Settings, &Replies) -> Result<Vec<String>, &'static str>),
}

/// What it means that the token may not read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A sync goes on without it.
    Missing,
    /// The same in a workspace of RBAC v2; others have nothing of the kind.
    MissingInRbacV2,
    /// A sync goes on without it and does not warn: not every plan has it.
    NotInPlan,
    /// A sync fails.
    Fatal,
    /// It is one of the lists that decide the access model: the other answers say.
    Decides(RoleList),
}

/// The two lists of roles that decide the access model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleList {
    /// Of RBAC v2.
    Environment,
    /// Of the model before.
    Legacy,
}

impl Probe {
    /// A list that the DEV token reads; a sync goes on without it.
    pub const fn list<T: Row + Send + Sync + 'static>(endpoint: &'static Endpoint) -> Self {
        Probe {
            endpoint,
            family: None,
            per_environment: false,
            asks: Asks::List(|_| None),
            refused: Refused::Missing,
            ask: ask_list::<T>,
        }
    }

    /// A list about one thing.
    pub const fn list_of<T: Row + Send + Sync + 'static>(
        endpoint: &'static Endpoint,
        ids: fn(&Settings, &Replies) -> Result<Vec<String>, &'static str>,
    ) -> Self {
        Probe {
            asks: Asks::One(ids),
            ..Probe::list::<T>(endpoint)
        }
    }

    /// One thing.
    pub const fn object<T: Row + Send + Sync + 'static>(
        endpoint: &'static Endpoint,
        ids: fn(&Settings, &Replies) -> Result<Vec<String>, &'static str>,
    ) -> Self {
        Probe {
            ask: ask_object::<T>,
            ..Probe::list_of::<T>(endpoint, ids)
        }
    }

    /// Recorded by syncs under this name.
    pub const fn recorded(mut self, family: &'static str) -> Self {
        self.family = Some(family);
        self
    }

    /// Read with the token of each environment.
    pub const fn per_environment(mut self) -> Self {
        self.per_environment = true;
        self
    }

    /// With another meaning of a refusal.
    pub const fn refused(mut self, refused: Refused) -> Self {
        self.refused = refused;
        self
    }

    /// Not asked for where the settings say why.
    pub const fn unless(mut self, why: fn(&Settings) -> Option<&'static str>) -> Self {
        self.asks = Asks::List(why);
        self
    }

    /// Asks, once; `id` goes into paths that have one.
    pub fn ask<'a>(&'static self, client: &'a WorkatoClient, id: Option<&'a str>) -> BoxFuture<'a, Probed<Answered>> {
        (self.ask)(
            client,
            Address {
                id,
                ..Address::from(self.endpoint)
            },
        )
    }

    /// The name under which a sync of this environment records that it read this.
    pub fn recorded_as(&self, environment: &Environment) -> Option<String> {
        let name = self.family?;
        Some(match self.per_environment {
            true => format!("{name}/{environment}"),
            false => name.to_owned(),
        })
    }
}

fn ask_list<'a, T: Row + Send + Sync + 'static>(
    client: &'a WorkatoClient,
    at: Address<'a>,
) -> BoxFuture<'a, Probed<Answered>> {
    Box::pin(async move {
        client.probe_list::<T>(at).await.map(|rows| Answered {
            count: Some(rows.len()),
            value: Box::new(rows),
        })
    })
}

fn ask_object<'a, T: Row + Send + Sync + 'static>(
    client: &'a WorkatoClient,
    at: Address<'a>,
) -> BoxFuture<'a, Probed<Answered>> {
    Box::pin(async move {
        client.probe_object::<T>(at).await.map(|object| Answered {
            count: None,
            value: Box::new(object),
        })
    })
}

/// What a probe was answered: rows of its room.
#[derive(Debug)]
pub struct Answered {
    /// How many rows there are on the first page of a list.
    pub count: Option<usize>,
    value: Box<dyn Any + Send + Sync>,
}

/// What came of one question.
#[derive(Debug)]
pub enum Reply {
    /// It was asked.
    Asked(Probed<Answered>),
    /// It was not, and why.
    Not(&'static str),
}

impl Reply {
    /// What was answered with success.
    pub fn value(&self) -> Option<&Answered> {
        match self {
            Reply::Asked(probed) => probed.result.as_ref().ok(),
            Reply::Not(_) => None,
        }
    }

    /// What went wrong.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Reply::Asked(probed) => probed.result.as_ref().err(),
            Reply::Not(_) => None,
        }
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Reply::Asked(probed) => probed.asked.map(|asked| asked.status),
            Reply::Not(_) => None,
        }
    }
}

/// What the probes of one token were answered, by endpoint.
#[derive(Debug, Default)]
pub struct Replies(BTreeMap<&'static str, Reply>);

impl Replies {
    /// Adds what came of the question about an endpoint.
    pub fn add(&mut self, endpoint: &'static Endpoint, reply: Reply) {
        self.0.insert(endpoint.path, reply);
    }

    /// What came of the question about an endpoint, if there was one.
    pub fn of(&self, endpoint: &Endpoint) -> Option<&Reply> {
        self.0.get(endpoint.path)
    }

    /// The rows of a list; `None` where none were answered.
    pub fn rows<T: 'static>(&self, endpoint: &Endpoint) -> Option<&[T]> {
        let rows = self.of(endpoint)?.value()?.value.downcast_ref::<Vec<T>>()?;
        Some(rows)
    }

    /// The object that was answered, where it was one.
    pub fn object<T: 'static>(&self, endpoint: &Endpoint) -> Option<&T> {
        self.of(endpoint)?.value()?.value.downcast_ref()
    }

    /// Whether an endpoint answered with success.
    pub fn has(&self, endpoint: &Endpoint) -> bool {
        self.of(endpoint).and_then(Reply::value).is_some()
    }

    /// The statuses that were answered.
    pub fn statuses(&self) -> Vec<u16> {
        self.0.values().filter_map(Reply::status).collect()
    }

    /// The first few ids that `of` takes out of the rows of a list, or why there are none.
    ///
    /// # Errors
    /// The list was not answered, or `none`.
    pub fn candidates<T: 'static>(
        &self,
        endpoint: &Endpoint,
        of: impl FnOnce(&[T]) -> Vec<String>,
        none: &'static str,
    ) -> Result<Vec<String>, &'static str> {
        let mut ids = of(self.rows(endpoint).ok_or(NO_LIST)?);
        ids.truncate(CANDIDATES);
        if ids.is_empty() { Err(none) } else { Ok(ids) }
    }
}
