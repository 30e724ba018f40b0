//! The settings (`config`) of roles, which only the single-role answers carry (`contract/workato-api.md` 2.8). Without
//! them the row of the list stands, and no access is missing.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::client::{EnvironmentRole, ProjectRole, ProjectRoleId, RoleId, WorkatoClient, read_all};
use super::directory::FAN_OUT;
use super::family::Family;
use super::family::single::{self, Losses, Outcome, Single};
use super::kind::first_of;
use super::table::stored;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::workato::cause;

/// Asks for every listed role singly, a few at a time, and keeps the order.
///
/// # Errors
/// Those of the client; a refusal is a warning and leaves the settings out.
pub async fn with_configs<T>(
    cx: &SyncContext,
    family: &Family,
    client: &WorkatoClient,
    listed: Vec<T>,
) -> Result<Vec<T>>
where
    T: ConfiguredRole,
    for<'a> Settings<'a, T>: Single<Answer = T>,
{
    let asked = Settings {
        cx,
        client,
        roles: listed.iter().map(|role| (role.id_text(), role.clone())).collect(),
        listed: listed
            .iter()
            .filter(|role| !role.has_config())
            .map(T::id_text)
            .collect(),
    };
    let one = |role: T| {
        let asked = &asked;
        async move {
            if role.has_config() {
                return Ok::<T, Error>(role);
            }
            Ok(match single::read(cx, family, asked, &role.id_text()).await? {
                Outcome::Rows(complete) => complete,
                Outcome::Missing | Outcome::Refused => role,
            })
        }
    };
    stream::iter(listed).map(one).buffered(FAN_OUT).try_collect().await
}

/// A role that has settings.
pub trait ConfiguredRole: Clone + Send + Sync {
    /// The id as text.
    fn id_text(&self) -> String;
    /// Its name, if it has one.
    fn name(&self) -> Option<&str>;
    /// Whether the list carried the settings already.
    fn has_config(&self) -> bool;
}

/// Settings of the roles of one list.
pub struct Settings<'a, T> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    roles: BTreeMap<String, T>,
    listed: Vec<String>,
}

impl<T: ConfiguredRole> Settings<'_, T> {
    fn called(&self, id: &str) -> String {
        let name = self.roles.get(id).and_then(|role| role.name());
        first_of([name, Some(id)]).unwrap_or_default().to_owned()
    }
}

static LOSSES: Losses = Losses {
    refused: cause::ROLE_REFUSED,
    missing: "roles, whose settings (config) are missing; no access is",
    gone: cause::ROLE_GONE,
    gone_message: "roles disappeared while they were read; their settings (config) are missing",
};

impl Single for Settings<'_, EnvironmentRole> {
    type Answer = EnvironmentRole;

    fn what(&self) -> String {
        "settings (config) of environment roles".to_owned()
    }

    fn listed(&self) -> Vec<String> {
        self.listed.clone()
    }

    fn losses(&self) -> &Losses {
        &LOSSES
    }

    fn name(&self, id: &str) -> String {
        format!("environment role {}", self.called(id))
    }

    async fn ask(&self, id: &str) -> Result<EnvironmentRole> {
        let (key, role) = (format!("environment role/{id}"), RoleId::from(id));
        stored(self.cx, &key, || self.client.environment_role(&role)).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.client.environment_role(&RoleId::from(id)).await.map(drop)
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let roles: Vec<EnvironmentRole> = read_all(|page| self.client.environment_roles(page)).await?;
        Ok(roles.iter().any(|role| role.id.as_str() == id))
    }
}

impl Single for Settings<'_, ProjectRole> {
    type Answer = ProjectRole;

    fn what(&self) -> String {
        "settings (config) of project roles".to_owned()
    }

    fn listed(&self) -> Vec<String> {
        self.listed.clone()
    }

    fn losses(&self) -> &Losses {
        &LOSSES
    }

    fn name(&self, id: &str) -> String {
        format!("project role {}", self.called(id))
    }

    async fn ask(&self, id: &str) -> Result<ProjectRole> {
        let (key, role) = (format!("project role/{id}"), ProjectRoleId::from(id));
        stored(self.cx, &key, || self.client.project_role(&role)).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.client.project_role(&ProjectRoleId::from(id)).await.map(drop)
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let roles: Vec<ProjectRole> = read_all(|page| self.client.project_roles(page)).await?;
        Ok(roles.iter().any(|role| role.id.as_str() == id))
    }
}

macro_rules! configured {
    ($($role:ty),*) => {$(
        impl ConfiguredRole for $role {
            fn id_text(&self) -> String {
                self.id.to_string()
            }

            fn name(&self) -> Option<&str> {
                self.name.as_deref()
            }

            fn has_config(&self) -> bool {
                self.config.is_some()
            }
        }
    )*};
}

configured!(EnvironmentRole, ProjectRole);
