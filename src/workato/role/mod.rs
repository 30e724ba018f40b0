//! Legacy roles: the base roles Admin, Analyst, Operator, and custom ones. Stragglers since RBAC v2.

mod model;
mod write;

use std::collections::BTreeSet;

use prost_types::Any;

pub use self::model::{LegacyRole, LegacyRoleId};
pub use self::write::check_model;
use super::access_model::{AccessModel, Detected};
use super::client::endpoint;
use super::collaborator::Collaborator;
use super::folder::FolderId;
use super::kind::{PAGE, ResourceKind, Right, first_of, stamp, utc};
use super::listing::List;
use super::privilege::grants_of_role;
use super::probe::{Probe, Refused, RoleList};
use super::role_assignments::{Holdings, RoleKind, RoleRef};
use super::settings::Environment;
use super::tables::Tables;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::entitlement::{self, EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "holds this role".
pub const HAS: &str = "collaborator-has";

/// What syncs record when they read the list.
pub const FAMILY: &str = "legacy_roles";

/// The legacy system roles. They have no id; their name stands for it.
pub const BASE_ROLES: [&str; 3] = ["Admin", "Analyst", "Operator"];

/// The custom roles, as a sync reads them. Whether the list answers decides the access model.
///
/// # Errors
/// Those of the client.
pub async fn list(t: &Tables, cx: &SyncContext) -> Result<Vec<LegacyRole>> {
    let list = List::of_sync(cx, FAMILY, &t.clients.dev, &endpoint::LEGACY_ROLES);
    list.read().await
}

/// The base roles that exist: all in a legacy workspace, the named ones in a mixed one (`workato/model.md 1`).
pub fn base_roles<'a>(model: AccessModel, named: &'a BTreeSet<String>) -> impl Iterator<Item = &'static str> + use<'a> {
    BASE_ROLES
        .into_iter()
        .filter(move |base| model == AccessModel::Legacy || (model == AccessModel::Mixed && named.contains(*base)))
}

/// Whether legacy roles matter in this run: a legacy workspace, or a mixed one where a row or list has them.
///
/// # Errors
/// As [`Detected`].
pub async fn has_legacy_roles(t: &Tables, cx: &SyncContext) -> Result<bool> {
    let detected = t.get::<Detected>(cx).await?;
    Ok(match detected.model {
        AccessModel::Legacy => true,
        AccessModel::RbacV2 => false,
        AccessModel::Mixed => !detected.legacy_roles.is_empty() || !t.get::<Holdings>(cx).await?.base_roles.is_empty(),
    })
}

/// The roles that name a folder, as principals of it, with the right over which the grant expands.
pub fn with_folder<'r>(
    t: &'r Tables,
    roles: &'r [LegacyRole],
    folder: &'r FolderId,
    environment: &'r Environment,
) -> impl Iterator<Item = (v2::ResourceId, String)> + use<'r> {
    let named = roles.iter().filter(|role| role.folder_ids.contains(folder));
    named.map(move |role| {
        let principal = resource::id(Role::TYPE, t.scoped_id(role.id.as_str(), environment));
        let over = entitlement::id(&principal, HAS);
        (principal, over)
    })
}

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

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::Provision];

    const ONLY_SLUG: Option<&'static str> = Some(HAS);

    const PROBES: &'static [Probe] = &[Probe::list::<LegacyRole>(&endpoint::LEGACY_ROLES)
        .recorded(FAMILY)
        .refused(Refused::Decides(RoleList::Legacy))
        .unless(|settings| {
            settings
                .disable_custom_roles_sync
                .then_some("off by --disable-custom-roles-sync")
        })];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Roles", &[v2::resource_type::Trait::Role], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = listed(t, cx).await?;
        let environments = t.environments(cx).await?;
        let placed: Vec<_> = environments
            .iter()
            .flat_map(|e| roles.iter().map(move |role| (role, e)))
            .collect();
        Page::of_table(&placed, page, PAGE, |(role, environment)| build(t, role, environment))
    }

    async fn entitlements(_: &Tables, _: &SyncContext, role: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("{} has Collaborator", role.display_name);
        Ok(vec![
            EntitlementBuilder::new(role, HAS, Purpose::Assignment, &[&Collaborator::resource_type()])
                .named(text.clone(), text)
                .build(),
        ])
    }

    async fn grants(t: &Tables, cx: &SyncContext, role: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let wanted = resource::key(role).1;
        for environment in t.environments(cx).await? {
            for listed in listed(t, cx).await? {
                if t.scoped_id(&listed.id(), &environment) == wanted {
                    let held = RoleRef {
                        kind: RoleKind::Legacy,
                        id: listed.id(),
                        environment,
                    };
                    return grants_of_role(t, cx, role, HAS, &held, page).await;
                }
            }
        }
        Ok(Page::default())
    }

    async fn grant(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Granted> {
        write::grant(t, cx, right.on, right.principal).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Vec<Any>> {
        write::revoke(t, cx, right.on, right.principal).await
    }
}

/// The roles of the sync: base roles where they exist, then the custom ones.
async fn listed(t: &Tables, cx: &SyncContext) -> Result<Vec<Listed>> {
    let detected = t.get::<Detected>(cx).await?;
    let holdings = t.get::<Holdings>(cx).await?;
    let custom = detected.legacy_roles.iter().cloned().map(Listed::Custom);
    Ok(base_roles(detected.model, &holdings.base_roles)
        .map(Listed::Base)
        .chain(custom)
        .collect())
}

/// Ids and names of the roles of the sync.
///
/// # Errors
/// As [`Detected`].
pub async fn named(t: &Tables, cx: &SyncContext) -> Result<Vec<(String, String)>> {
    let of = |role: Listed| match role {
        Listed::Base(name) => Some((name.to_owned(), name.to_owned())),
        Listed::Custom(role) => Some((role.id.to_string(), role.name?)),
    };
    Ok(listed(t, cx).await?.into_iter().filter_map(of).collect())
}

fn build(t: &Tables, role: &Listed, environment: &Environment) -> v2::Resource {
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
        t.scoped_id(&id, environment),
        format!("{name} ({environment})"),
    )
    .profile(profile)
    .created_at(created_at)
    .role()
    .build()
}
