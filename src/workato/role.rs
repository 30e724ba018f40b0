//! Legacy roles: the base roles Admin, Analyst, Operator, and custom ones. Stragglers since RBAC v2.

use super::client::LegacyRole;
use super::collaborator::Collaborator;
use super::directory::Directory;
use super::kind::{PAGE, ResourceKind, first_of, stamp, utc};
use super::privilege::grants_of_role;
use super::privileges::base_roles;
use super::role_assignments::{RoleKind, RoleRef};
use super::settings::Environment;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "holds this role".
pub const HAS: &str = "collaborator-has";

/// The legacy role resource type.
pub struct Role;

/// A role as the sync lists it.
enum Listed {
    Base(&'static str),
    Custom(LegacyRole),
}

impl Listed {
    fn id(&self) -> String {
        match self {
            Listed::Base(name) => (*name).to_owned(),
            Listed::Custom(role) => role.id.to_string(),
        }
    }
}

impl ResourceKind for Role {
    const TYPE: &'static str = "role";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Roles", &[v2::resource_type::Trait::Role], Vec::new())
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = listed(d, cx).await?;
        let environments = d.environments(cx).await?;
        let placed: Vec<_> = environments
            .iter()
            .flat_map(|e| roles.iter().map(move |role| (role, e)))
            .collect();
        Page::of_table(&placed, page, PAGE, |(role, environment)| build(d, role, environment))
    }

    async fn entitlements(_: &Directory, _: &SyncContext, role: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("{} has Collaborator", role.display_name);
        Ok(vec![
            EntitlementBuilder::new(role, HAS, Purpose::Assignment, &[&Collaborator::resource_type()])
                .named(text.clone(), text)
                .build(),
        ])
    }

    async fn grants(d: &Directory, cx: &SyncContext, role: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let wanted = resource::key(role).1;
        for environment in d.environments(cx).await? {
            for listed in listed(d, cx).await? {
                if d.scoped_id(&listed.id(), &environment) == wanted {
                    let held = RoleRef {
                        kind: RoleKind::Legacy,
                        id: listed.id(),
                        environment,
                    };
                    return grants_of_role(d, cx, role, HAS, &held, page).await;
                }
            }
        }
        Ok(Page::default())
    }
}

/// The roles of the sync: base roles where they exist, then the custom ones.
async fn listed(d: &Directory, cx: &SyncContext) -> Result<Vec<Listed>> {
    let detected = d.detected(cx).await?;
    let holdings = d.holdings(cx).await?;
    let custom = detected.legacy_roles.iter().cloned().map(Listed::Custom);
    Ok(base_roles(detected.model, &holdings.base_roles)
        .map(Listed::Base)
        .chain(custom)
        .collect())
}

/// Ids and names of the roles of the sync.
///
/// # Errors
/// As [`Directory::detected`].
pub async fn named(d: &Directory, cx: &SyncContext) -> Result<Vec<(String, String)>> {
    let of = |role: Listed| match role {
        Listed::Base(name) => Some((name.to_owned(), name.to_owned())),
        Listed::Custom(role) => Some((role.id.to_string(), role.name?)),
    };
    Ok(listed(d, cx).await?.into_iter().filter_map(of).collect())
}

fn build(d: &Directory, role: &Listed, environment: &Environment) -> v2::Resource {
    let id = role.id();
    let (name, profile, created_at) = match role {
        Listed::Base(name) => (
            *name,
            Profile::new()
                .with("id", *name)
                .with("name", *name)
                .with("environment", environment.as_str()),
            None,
        ),
        Listed::Custom(role) => {
            let name = first_of([role.name.as_deref(), Some(&id)]).unwrap_or_default();
            let profile = Profile::new()
                .with("id", id.as_str())
                .with("name", name)
                .with("environment", environment.as_str())
                .with("create_at", utc(role.created_at.as_deref()))
                .with("inheritable", role.inheritable)
                .with("updated_at", utc(role.updated_at.as_deref()));
            (name, profile, stamp(role.created_at.as_deref()))
        }
    };
    ResourceBuilder::new(
        Role::TYPE,
        d.scoped_id(&id, environment),
        format!("{name} ({environment})"),
    )
    .profile(profile)
    .created_at(created_at)
    .role()
    .build()
}
