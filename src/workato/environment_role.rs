//! Environment roles (RBAC v2): what a person may do in one environment. They give no project content.

use super::client::EnvironmentRole as ApiRole;
use super::collaborator::Collaborator;
use super::directory::Directory;
use super::kind::{PAGE, ResourceKind, first_of, stamp, utc};
use super::privilege::grants_of_role;
use super::role_assignments::{RoleKind, RoleRef};
use super::settings::Environment;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};
use crate::baton::sync::ingest::EXCLUSION_GROUP_LIMIT;

/// The slug of "holds this role".
pub const HAS: &str = "collaborator-has";

/// The environment role resource type.
pub struct EnvironmentRole;

impl ResourceKind for EnvironmentRole {
    const TYPE: &'static str = "environment_role";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Environment Role",
            &[v2::resource_type::Trait::Role],
            Vec::new(),
        )
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = d.environment_roles(cx).await?;
        let environments = d.environments(cx).await?;
        let placed: Vec<_> = environments
            .iter()
            .flat_map(|e| roles.iter().map(move |role| (role, e)))
            .collect();
        Page::of_table(&placed, page, PAGE, |(role, environment)| build(d, role, environment))
    }

    async fn entitlements(d: &Directory, cx: &SyncContext, role: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let Some((_, environment)) = find(d, cx, role).await? else {
            return Ok(Vec::new());
        };
        let mut entitlement =
            EntitlementBuilder::new(role, HAS, Purpose::Assignment, &[&Collaborator::resource_type()])
                .named("Has environment role", "Collaborator is assigned this environment role");
        // A person has one role per environment. Readers refuse larger groups, so those go without.
        if d.environment_roles(cx).await?.len() <= EXCLUSION_GROUP_LIMIT {
            entitlement = entitlement.annotate(&v2::EntitlementExclusionGroup {
                exclusion_group_id: format!("env-role-{environment}"),
                ..Default::default()
            });
        }
        Ok(vec![entitlement.build()])
    }

    async fn grants(d: &Directory, cx: &SyncContext, role: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let Some((id, environment)) = find(d, cx, role).await? else {
            return Ok(Page::default());
        };
        let held = RoleRef {
            kind: RoleKind::Environment,
            id,
            environment,
        };
        grants_of_role(d, cx, role, HAS, &held, page).await
    }
}

/// The role and environment a resource stands for.
pub async fn find(d: &Directory, cx: &SyncContext, role: &v2::Resource) -> Result<Option<(String, Environment)>> {
    let wanted = resource::key(role).1;
    let roles = &d.detected(cx).await?.environment_roles;
    let environments = d.environments(cx).await?;
    Ok(environments
        .iter()
        .flat_map(|e| roles.iter().map(move |r| (r.id.to_string(), e)))
        .find(|(id, e)| d.scoped_id(id, e) == wanted)
        .map(|(id, e)| (id, e.clone())))
}

fn build(d: &Directory, role: &ApiRole, environment: &Environment) -> v2::Resource {
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
        d.scoped_id(&id, environment),
        format!("{name} ({environment})"),
    )
    .profile(profile)
    .created_at(stamp(role.created_at.as_deref()))
    .role()
    .build()
}
