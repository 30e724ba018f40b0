//! Collaborator groups (RBAC v2): they bundle people for project roles.

mod members;
mod model;
mod standing;
mod write;

use prost_types::Any;

pub use self::members::{FAMILY as MEMBERS_OF, members_of};
pub use self::model::{GroupId, GroupMember, UserGroup};
pub use self::write::{find as find_now, is_in, listed, name, revoke};
use super::access_model::has_environment_roles;
use super::client::endpoint;
use super::collaborator::Collaborator;
use super::kind::{PAGE, ResourceKind, Right, first_of, stamp, utc};
use super::names::folded;
use super::probe::{Probe, Refused};
use super::tables::{Table, Tables};
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::entitlement::{self, EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "is a member".
pub const MEMBER: &str = "member";

/// What syncs record when they read the list.
const FAMILY: &str = "groups";

/// The collaborator groups. None in a legacy workspace.
pub struct Groups;

impl Table for Groups {
    type Value = Vec<UserGroup>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<UserGroup>> {
        if !has_environment_roles(t, cx).await? {
            return Ok(Vec::new());
        }
        Ok(t.list_of_dev(cx, &endpoint::USER_GROUPS, FAMILY)
            .await?
            .unwrap_or_default())
    }
}

/// A group as the principal of a grant, with the right over which the grant expands.
pub fn principal(group: &GroupId) -> (v2::ResourceId, String) {
    let principal = resource::id(CollaboratorGroup::TYPE, group.to_string());
    let over = entitlement::id(&principal, MEMBER);
    (principal, over)
}

/// The collaborator group resource type.
pub struct CollaboratorGroup;

impl ResourceKind for CollaboratorGroup {
    const TYPE: &'static str = "collaborator_group";

    const CAPABILITIES: &'static [v2::Capability] = &[v2::Capability::Sync, v2::Capability::Provision];

    const ONLY_SLUG: Option<&'static str> = Some(MEMBER);

    const PROBES: &'static [Probe] = &[
        Probe::list::<UserGroup>(&endpoint::USER_GROUPS)
            .recorded(FAMILY)
            .refused(Refused::MissingInRbacV2),
        Probe::list_of::<GroupMember>(&endpoint::USER_GROUP_MEMBERS, |_, replies| {
            let own = |groups: &[UserGroup]| {
                let own = groups.iter().filter(|group| !is_everyone(group));
                own.map(|group| group.id.to_string()).collect()
            };
            replies.candidates(&endpoint::USER_GROUPS, own, "there is no group to ask about")
        })
        .recorded(members::FAMILY),
    ];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Collaborator Group",
            &[v2::resource_type::Trait::Group],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        if page.is_first() {
            members::all_vanished(t, cx).await?;
        }
        Page::of_table(&t.get::<Groups>(cx).await?, page, PAGE, build)
    }

    async fn entitlements(t: &Tables, cx: &SyncContext, group: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("Member of {}", group.display_name);
        let entitlement =
            EntitlementBuilder::new(group, MEMBER, Purpose::Assignment, &[&Collaborator::resource_type()])
                .named(text.clone(), text);
        let system = find(t, cx, group).await?.is_some_and(|g| is_system(&g));
        Ok(vec![if system { entitlement.immutable() } else { entitlement }.build()])
    }

    async fn grants(t: &Tables, cx: &SyncContext, group: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        members::grants(t, cx, group, page).await
    }

    async fn grant(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Granted> {
        write::grant(t, cx, right.on, right.principal).await
    }

    async fn revoke(t: &Tables, cx: &SyncContext, right: &Right<'_>) -> Result<Vec<Any>> {
        write::revoke(t, cx, right.on, right.principal).await
    }
}

async fn find(t: &Tables, cx: &SyncContext, group: &v2::Resource) -> Result<Option<UserGroup>> {
    let id = GroupId::from(resource::key(group).1);
    Ok(t.get::<Groups>(cx).await?.iter().find(|g| g.id == id).cloned())
}

/// Whether Workato decides who is in it.
pub fn is_system(group: &UserGroup) -> bool {
    group.system == Some(true)
}

/// The built-in group that holds everybody.
pub fn is_everyone(group: &UserGroup) -> bool {
    is_system(group)
        && group
            .name
            .as_deref()
            .is_some_and(|name| folded(name) == "allcollaborators")
}

fn build(group: &UserGroup) -> v2::Resource {
    let id = group.id.to_string();
    let name = first_of([group.name.as_deref(), Some(&id)]).unwrap_or_default();
    let profile = Profile::new()
        .with("id", id.as_str())
        .with("name", name)
        .with("description", group.description.as_deref())
        .with("members_count", group.members_count)
        .with("system", group.system)
        .with("created_at", utc(group.created_at.as_deref()))
        .with("updated_at", utc(group.updated_at.as_deref()));
    ResourceBuilder::new(CollaboratorGroup::TYPE, id.as_str(), name)
        .profile(profile)
        .created_at(stamp(group.created_at.as_deref()))
        .group()
        .build()
}
