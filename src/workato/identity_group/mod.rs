//! Groups of Workato Identity: they open agents and tool servers to people. They are not the collaborator groups.

mod members;
mod model;
mod write;

use std::collections::BTreeMap;

use prost_types::Any;

pub use self::model::{IdentityGroupId, IdentityGroupRow};
use super::cause;
use super::client::endpoint;
use super::feature::Feature;
use super::genie;
use super::identity_user::IdentityUser;
use super::kind::{PAGE, ResourceKind, Right, first_of, stamp, utc};
use super::mcp_server;
use super::probe::{Probe, Refused};
use super::tables::{Table, Tables};
use super::tokens::Placed;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::entitlement::{self, EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "is a member".
const MEMBER: &str = "member";
/// The slug of "may use", on what such groups open.
pub const USE: &str = "use";

const FEATURE: Feature = Feature {
    family: "identity_groups",
    endpoint: &endpoint::IDENTITY_GROUPS,
};

/// The groups of the list, each once for every environment that has it: who is in it, they may see differently.
pub struct ListedGroups;

impl Table for ListedGroups {
    type Value = Vec<Placed<IdentityGroupRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<IdentityGroupRow>>> {
        let listed = t.feature_everywhere(cx, &FEATURE).await?;
        members::all_vanished(t, cx, &FEATURE, &listed).await?;
        Ok(listed)
    }
}

/// All groups: those of the list, and those that only agents and tool servers name. What a group opens is known then,
/// though not to whom.
pub struct IdentityGroups;

impl Table for IdentityGroups {
    type Value = Vec<IdentityGroupRow>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<IdentityGroupRow>> {
        let listed = t.get::<ListedGroups>(cx).await?;
        let mut all: BTreeMap<String, IdentityGroupRow> = BTreeMap::new();
        for placed in listed.iter() {
            all.entry(placed.row.id.to_string())
                .or_insert_with(|| placed.row.clone());
        }
        let mut named = genie::groups_named(t, cx).await?;
        named.extend(mcp_server::groups_named(t, cx).await?);
        for (id, name) in named {
            let known = all.entry(id.to_string()).or_insert_with(|| {
                cx.warnings.add(
                    cause::IDENTITY_GROUP_NOT_LISTED,
                    "genies and MCP servers are open to identity groups that no list returned; who is in them is not \
                     known",
                    format!("identity group {id}"),
                );
                IdentityGroupRow::named(id)
            });
            known.name = known.name.take().or(name);
        }
        Ok(all.into_values().collect())
    }
}

/// The identity group resource type.
pub struct IdentityGroup;

impl ResourceKind for IdentityGroup {
    const TYPE: &'static str = "identity_group";

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::Provision];

    const ONLY_SLUG: Option<&'static str> = Some(MEMBER);

    const PROBES: &'static [Probe] = &[
        Probe::list::<IdentityGroupRow>(&endpoint::IDENTITY_GROUPS)
            .recorded(FEATURE.family)
            .per_environment()
            .refused(Refused::NotInPlan),
        Probe::list_of::<members::IdentityMember>(&endpoint::IDENTITY_GROUP_MEMBERS, |_, replies| {
            let ids = |groups: &[IdentityGroupRow]| groups.iter().map(|group| group.id.to_string()).collect();
            replies.candidates(&endpoint::IDENTITY_GROUPS, ids, "there is no group to ask about")
        })
        .recorded(members::FAMILY)
        .per_environment(),
    ];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Identity Group",
            &[v2::resource_type::Trait::Group],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&t.get::<IdentityGroups>(cx).await?, page, PAGE, build)
    }

    async fn entitlements(_: &Tables, _: &SyncContext, group: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("Member of {}", group.display_name);
        Ok(vec![
            EntitlementBuilder::new(group, MEMBER, Purpose::Assignment, &[&IdentityUser::resource_type()])
                .named(text.clone(), text)
                .build(),
        ])
    }

    async fn grants(t: &Tables, cx: &SyncContext, group: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        members::grants(t, cx, group, page).await
    }

    async fn grant(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Granted> {
        write::grant(t, cx, wanted).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, wanted: &Right<'_>) -> Result<Vec<Any>> {
        write::revoke(t, cx, wanted).await
    }
}

/// The right to use something that groups open.
pub fn use_of(resource: &v2::Resource) -> v2::Entitlement {
    let text = format!("Use {}", resource.display_name);
    EntitlementBuilder::new(resource, USE, Purpose::Permission, &[&IdentityGroup::resource_type()])
        .named(text.clone(), text)
        .build()
}

/// The grants of that right to these groups, and through them to their members.
pub fn uses(resource: &v2::Resource, groups: &[IdentityGroupId]) -> Vec<v2::Grant> {
    let mut groups: Vec<_> = groups.iter().collect();
    groups.sort();
    groups.dedup();
    let grant = |group: &IdentityGroupId| {
        let principal = resource::id(IdentityGroup::TYPE, group.to_string());
        let over = entitlement::id(&principal, MEMBER);
        GrantBuilder::new(resource, USE, principal).expands_over(over).build()
    };
    groups.into_iter().map(grant).collect()
}

fn build(group: &IdentityGroupRow) -> v2::Resource {
    let id = group.id.to_string();
    let name = first_of([group.name.as_deref(), Some(&id)]).unwrap_or_default();
    let profile = Profile::new()
        .with("id", id.as_str())
        .with("name", name)
        .with("users_count", group.users_count)
        .with("created_at", utc(group.created_at.as_deref()))
        .with("updated_at", utc(group.updated_at.as_deref()));
    ResourceBuilder::new(IdentityGroup::TYPE, id.as_str(), name)
        .profile(profile)
        .created_at(stamp(group.created_at.as_deref()))
        .group()
        .build()
}
