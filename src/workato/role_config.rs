//! The settings (`config`) of roles, which only the single-role answers carry (`contract/workato-api.md` 2.8).

use std::future::Future;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::client::{EnvironmentRole, ProjectRole};
use super::directory::FAN_OUT;
use super::family::{Family, Gone, Outcome};
use super::table::stored;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::workato::cause;

/// Asks for every listed role singly, a few at a time, and keeps the order. The first call that is answered goes
/// alone: where the checkbox is missing, one refusal is enough.
pub async fn with_configs<T, Fut>(
    cx: &SyncContext,
    family: &Family,
    what: &str,
    all_gone: u32,
    listed: Vec<T>,
    complete: impl Fn(&T) -> bool,
    fetch: impl Fn(T) -> Fut,
) -> Result<Vec<T>>
where
    T: Clone + serde::Serialize + serde::de::DeserializeOwned + HasId,
    Fut: Future<Output = Result<T>>,
{
    let one = |role: T| {
        let key = format!("{what}/{}", role.id_text());
        let fetched = fetch(role.clone());
        let complete = complete(&role);
        async move {
            if complete || family.is_refused() {
                return Ok::<T, Error>(role);
            }
            let gone = Gone {
                cause: cause::ROLE_GONE,
                message: "roles disappeared while they were read; their settings (config) are missing",
                thing: &key,
                all_gone,
            };
            let settings = format!("settings (config) of {what}s");
            let result = stored(cx, &key, || fetched).await;
            // The row of the list stands either way, and no access is missing.
            Ok(match family.degrade_one(cx, &settings, gone, result)? {
                Outcome::Rows(complete) => complete,
                Outcome::Gone | Outcome::Refused => role,
            })
        }
    };
    let mut listed = listed.into_iter();
    let mut roles = Vec::new();
    while !family.has_answered() {
        let Some(role) = listed.next() else { break };
        roles.push(one(role).await?);
    }
    let rest: Vec<T> = stream::iter(listed).map(one).buffered(FAN_OUT).try_collect().await?;
    roles.extend(rest);
    Ok(roles)
}

/// The id of a role, for its key in the session.
pub trait HasId {
    /// The id as text.
    fn id_text(&self) -> String;
}

impl HasId for EnvironmentRole {
    fn id_text(&self) -> String {
        self.id.to_string()
    }
}

impl HasId for ProjectRole {
    fn id_text(&self) -> String {
        self.id.to_string()
    }
}
