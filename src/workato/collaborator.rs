//! Collaborators: the people of a workspace, and moderators who reach in from a parent workspace.

use super::client::{Member, MemberId};
use super::directory::Directory;
use super::kind::{PAGE, ResourceKind, first_of, id_value, stamp, utc};
use super::privilege;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};

/// `grant_type` of a person who belongs to the managing workspace.
const MODERATOR: &str = "federation_manager";

/// The collaborator resource type.
pub struct Collaborator;

/// The resource id of a person.
pub fn resource_id(member: &MemberId) -> v2::ResourceId {
    resource::id(Collaborator::TYPE, member.to_string())
}

impl ResourceKind for Collaborator {
    const TYPE: &'static str = "collaborator";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Collaborator",
            &[v2::resource_type::Trait::User],
            Vec::new(),
        )
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&d.detected(cx).await?.members, page, PAGE, build)
    }

    /// Privileges a person holds by themselves: only where the holders of a role turned out to differ.
    async fn grants(
        d: &Directory,
        cx: &SyncContext,
        person: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        let facts = d.privileges(cx).await?;
        let id = MemberId::from(resource::key(person).1);
        let held: Vec<_> = facts.by_member.get(&id).into_iter().flatten().collect();
        Page::of_table(&held, page, PAGE, |(environment, pair)| {
            let privilege = privilege::build(d, environment, pair);
            GrantBuilder::new(&privilege, privilege::ASSIGNED, resource_id(&id))
                .immutable()
                .build()
        })
    }
}

/// The row of a person.
pub fn build(member: &Member) -> v2::Resource {
    let id = member.id.to_string();
    let name = first_of([member.name.as_deref(), member.email.as_deref(), Some(&id)]).unwrap_or_default();
    let moderator = member.grant_type.as_deref() == Some(MODERATOR);
    let display_name = if moderator {
        format!("{name} (moderator)")
    } else {
        name.to_owned()
    };
    let activity = member.last_activity_log.as_ref();
    let active_at = activity.and_then(|a| a.created_at.as_deref());
    let profile = Profile::new()
        .with("id", id_value(&member.id))
        .with("email", member.email.as_deref())
        .with("name", member.name.as_deref())
        .with("externalId", member.external_id.as_deref())
        .with("createdAt", utc(member.created_at.as_deref()))
        .with("grantType", member.grant_type.as_deref())
        .with("timeZone", member.time_zone.as_deref())
        .with("lastActivityAt", utc(active_at))
        .with("lastActivityType", activity.and_then(|a| a.event_type.as_deref()));
    ResourceBuilder::new(Collaborator::TYPE, id.as_str(), display_name)
        .profile(profile)
        .created_at(stamp(member.created_at.as_deref()))
        .user(User {
            email: member.email.clone().filter(|e| !e.is_empty()),
            login: member.email.clone(),
            account_type: v2::user_trait::AccountType::Human,
            last_login: stamp(active_at),
        })
        .build()
}
