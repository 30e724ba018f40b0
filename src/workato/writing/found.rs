//! Finding what is to be changed where each environment is seen with its own token: asked for anew, since a list that a
//! token may not read must not look like one without the thing.

use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::access_model::is_refusal;
use crate::workato::client::decode::Undecodable;
use crate::workato::client::endpoint::{Endpoint, Paging};
use crate::workato::client::field::{Fields, Part};
use crate::workato::client::odd::Odd;
use crate::workato::client::{Listed, Row, WorkatoClient};
use crate::workato::code;
use crate::workato::listing::List;
use crate::workato::project::environment;
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens;
use crate::workato::writing::not_clear;

/// Something that is looked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// What it is, with its article: `a genie`.
    pub what: &'static str,
    /// The list that has it.
    pub list: &'static Endpoint,
    /// What answers about it alone, itself or a list of what it has; none where nothing does.
    pub itself: Option<&'static Endpoint>,
    /// Its id.
    pub id: &'a str,
    /// Where it lies, if that is known.
    pub environment: Option<Environment>,
}

/// What was found, and the client that sees it.
#[derive(Debug)]
pub struct Found<'t, R> {
    /// Where it lies.
    pub environment: Environment,
    /// Who sees it there.
    pub client: &'t WorkatoClient,
    /// Its row.
    pub row: R,
}

/// A row of which nothing is read.
struct Anything;

impl Part for Anything {
    fn read(_: &mut Fields<'_>) -> std::result::Result<Self, Undecodable> {
        Ok(Anything)
    }
}

impl Row for Anything {
    fn odd(&self) -> &[Odd] {
        &[]
    }
}

impl Wanted<'_> {
    /// Looks through the environments of the workspace, whichever the run emits: an id alone does not say where.
    ///
    /// # Errors
    /// `NotFound` for what is gone for certain; `FailedPrecondition` for what may lie where nothing is seen;
    /// `InvalidArgument` where two environments have the id; those of the API.
    pub async fn find<'t, R: Listed>(&self, t: &'t Tables, cx: &SyncContext) -> Result<Found<'t, R>> {
        let environments = match &self.environment {
            Some(environment) => vec![environment.clone()],
            None => t.known_environments(cx).await?,
        };
        let (mut blind, mut seen, mut refusal, mut found) = (Vec::new(), Vec::new(), None, Vec::new());
        for environment in environments {
            let Some(client) = t.clients.of(&environment) else {
                blind.push(environment);
                continue;
            };
            match List::now(client, self.list).read::<R>().await {
                Ok(rows) => {
                    let row = rows.into_iter().find(|row| row.id_text() == self.id);
                    seen.push((environment.clone(), client));
                    found.extend(row.map(|row| Found {
                        environment,
                        client,
                        row,
                    }));
                }
                Err(error) => {
                    refusal.get_or_insert(error);
                }
            }
        }
        if let [one, other, ..] = found.as_slice() {
            let message = format!(
                "{} and {} have {} {}",
                one.environment, other.environment, self.what, self.id
            );
            return Err(Error::new(Kind::InvalidArgument, message)
                .code(code::AMBIGUOUS_RIGHT)
                .hint("say which with --workato-env"));
        }
        match (found.pop(), refusal) {
            (Some(found), _) => Ok(found),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => match self.unlisted(&seen).await? {
                Some(found) => Ok(found),
                None if blind.is_empty() => self.gone(seen).await,
                None => Err(self.out_of_sight(&blind)),
            },
        }
    }

    /// What no list shows may be there all the same, beyond the end of one or of a client that sees less: it is gone only
    /// where it says so itself.
    async fn unlisted<'t, R: Listed>(&self, seen: &[(Environment, &'t WorkatoClient)]) -> Result<Option<Found<'t, R>>> {
        let Some(itself) = self.itself else {
            return Ok(None);
        };
        for (environment, client) in seen.iter().cloned() {
            let answer = match itself.paging {
                Paging::None => client.object::<R>(itself.of(self.id)).await.map(Some),
                _ => client.page::<Anything>(itself.of(self.id), 1).await.map(|_| None),
            };
            match answer {
                Ok(Some(row)) if row.id_text() == self.id => {
                    return Ok(Some(Found {
                        environment,
                        client,
                        row,
                    }));
                }
                Ok(_) => {
                    return Err(not_clear(format!(
                        "no list of {environment} shows {} {}, and yet Workato answers about it",
                        self.what, self.id
                    )));
                }
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// A token in the setting of another environment does not show what is gone in this one.
    async fn gone<T>(&self, seen: Vec<(Environment, &WorkatoClient)>) -> Result<T> {
        for (environment, client) in seen {
            match environment::ask(&environment, client).await {
                Err(error) if is_refusal(&error) && error.code_id() != code::KEY_REJECTED => {}
                asked => asked?,
            }
        }
        Err(
            Error::new(Kind::NotFound, format!("there is no {} {}", self.bare(), self.id))
                .code(code::NOT_IN_WORKSPACE)
                .hint("sync again"),
        )
    }

    /// What it is, without its article.
    fn bare(&self) -> &'static str {
        self.what.split_once(' ').map_or(self.what, |(_, what)| what)
    }

    fn out_of_sight(&self, blind: &[Environment]) -> Error {
        let message = format!("it cannot be told whether there is {} {}", self.what, self.id);
        let advice: Vec<String> = blind.iter().map(tokens::advice).collect();
        Error::new(Kind::FailedPrecondition, message)
            .code(code::OUT_OF_SIGHT)
            .hint(format!(
                "each environment is seen with its own token only: {}",
                advice.join("; ")
            ))
    }
}
