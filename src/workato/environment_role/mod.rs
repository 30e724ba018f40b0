//! Environment roles (RBAC v2): what a person may do in one environment. They give no project content.

mod model;
mod write;

use prost_types::Any;

pub use self::model::{EnvironmentRoleId, EnvironmentRoleRow};
use super::access_model::Detected;
use super::client::endpoint::{self, Endpoint};
use super::collaborator::Collaborator;
use super::kind::{PAGE, ResourceKind, Right, first_of, stamp, utc};
use super::listing::List;
use super::privilege::grants_of_role;
use super::probe::{Probe, Refused, RoleList};
use super::role_assignments::{RoleKind, RoleRef};
use super::role_config::{ConfiguredRole, settings_asked, with_configs};
use super::settings::Environment;
use super::tables::{Table, Tables};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};
use crate::baton::sync::ingest::EXCLUSION_GROUP_LIMIT;

/// The slug of "holds this role".
pub const HAS: &str = "collaborator-has";

/// What syncs record when they read the list.
pub const FAMILY: &str = "environment_roles";
/// What syncs record when they read one by one.
const CONFIGS: &str = "environment_role_configs";

/// Environment roles with their `config`, which only the single-role answers carry.
pub struct EnvironmentRoles;

impl Table for EnvironmentRoles {
    type Value = Vec<EnvironmentRoleRow>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<EnvironmentRoleRow>> {
        let listed = t.get::<Detected>(cx).await?.environment_roles.clone();
        let family = t.family(cx, CONFIGS);
        with_configs(cx, &family, &t.clients.dev, listed).await
    }
}

impl ConfiguredRole for EnvironmentRoleRow {
    const LIST: &'static Endpoint = &endpoint::ENVIRONMENT_ROLES;
    const ONE: &'static Endpoint = &endpoint::ENVIRONMENT_ROLE;
    const CALLED: &'static str = "environment role";

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn has_config(&self) -> bool {
        self.config.is_some()
    }

    fn with_config_of(mut self, single: Self) -> Self {
        self.config = single.config;
        self.odd.extend(single.odd);
        self
    }
}

/// The environment roles, as a sync reads them. Whether the list answers decides the access model.
///
/// # Errors
/// Those of the client.
pub async fn list(t: &Tables, cx: &SyncContext) -> Result<Vec<EnvironmentRoleRow>> {
    let list = List::of_sync(cx, FAMILY, &t.clients.dev, &endpoint::ENVIRONMENT_ROLES);
    list.read().await
}

/// The environment role resource type.
pub struct EnvironmentRole;

impl ResourceKind for EnvironmentRole {
    const TYPE: &'static str = "environment_role";

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::Provision];

    const ONLY_SLUG: Option<&'static str> = Some(HAS);

    const PROBES: &'static [Probe] = &[
        Probe::list::<EnvironmentRoleRow>(&endpoint::ENVIRONMENT_ROLES)
            .recorded(FAMILY)
            .refused(Refused::Decides(RoleList::Environment)),
        Probe::object::<EnvironmentRoleRow>(&endpoint::ENVIRONMENT_ROLE, settings_asked::<EnvironmentRoleRow>)
            .recorded(CONFIGS),
    ];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Environment Role",
            &[v2::resource_type::Trait::Role],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = t.get::<EnvironmentRoles>(cx).await?;
        let environments = t.environments(cx).await?;
        let placed: Vec<_> = environments
            .iter()
            .flat_map(|e| roles.iter().map(move |role| (role, e)))
            .collect();
        Page::of_table(&placed, page, PAGE, |(role, environment)| build(t, role, environment))
    }

    async fn entitlements(t: &Tables, cx: &SyncContext, role: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let Some((_, environment)) = find(t, cx, role).await? else {
            return Ok(Vec::new());
        };
        let mut entitlement =
            EntitlementBuilder::new(role, HAS, Purpose::Assignment, &[&Collaborator::resource_type()])
                .named("Has environment role", "Collaborator is assigned this environment role");
        // A person has one role per environment. Readers refuse larger groups, so those go without.
        if t.get::<EnvironmentRoles>(cx).await?.len() <= EXCLUSION_GROUP_LIMIT {
            entitlement = entitlement.annotate(&v2::EntitlementExclusionGroup {
                exclusion_group_id: format!("env-role-{environment}"),
                ..Default::default()
            });
        }
        Ok(vec![entitlement.build()])
    }

    async fn grants(t: &Tables, cx: &SyncContext, role: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let Some((id, environment)) = find(t, cx, role).await? else {
            return Ok(Page::default());
        };
        let held = RoleRef {
            kind: RoleKind::Environment,
            id,
            environment,
        };
        grants_of_role(t, cx, role, HAS, &held, page).await
    }

    async fn grant(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Granted> {
        write::grant(t, cx, right.on, right.principal).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Vec<Any>> {
        write::revoke(t, cx, right.on, right.principal).await
    }
}

/// The role and environment a resource stands for.
async fn find(t: &Tables, cx: &SyncContext, role: &v2::Resource) -> Result<Option<(String, Environment)>> {
    let wanted = resource::key(role).1;
    let roles = &t.get::<Detected>(cx).await?.environment_roles;
    let environments = t.environments(cx).await?;
    Ok(environments
        .iter()
        .flat_map(|e| roles.iter().map(move |r| (r.id.to_string(), e)))
        .find(|(id, e)| t.scoped_id(id, e) == wanted)
        .map(|(id, e)| (id, e.clone())))
}

fn build(t: &Tables, role: &EnvironmentRoleRow, environment: &Environment) -> v2::Resource {
    let id = role.id.to_string();
    let name = first_of([role.name.as_deref(), Some(&id)]).unwrap_or_default();
    let profile = Profile::new()
        .with("id", id.as_str())
        .with("name", name)
        .with("type", role.kind.as_deref())
        .with("environment", environment.as_str())
        .with("created_at", utc(role.created_at.as_deref()))
        .with("updated_at", utc(role.updated_at.as_deref()))
        .with("config", role.config.clone());
    ResourceBuilder::new(
        EnvironmentRole::TYPE,
        t.scoped_id(&id, environment),
        format!("{name} ({environment})"),
    )
    .profile(profile)
    .created_at(stamp(role.created_at.as_deref()))
    .role()
    .build()
}
