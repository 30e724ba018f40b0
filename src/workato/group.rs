//! Collaborator groups (RBAC v2): they bundle people for project roles.

use std::collections::BTreeMap;

use super::client::{GroupId, GroupMember, Member, MemberId, UserGroup, WorkatoClient, odd, read_all};
use super::collaborator::{self, Collaborator};
use super::directory::Directory;
use super::family::single::{self, Losses, Outcome, Single};
use super::kind::{PAGE, ResourceKind, first_of, stamp, utc};
use super::listing::all_pages_if_any;
use super::names::folded;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};
use crate::workato::cause;

/// The slug of "is a member".
pub const MEMBER: &str = "member";

/// The collaborator group resource type.
pub struct CollaboratorGroup;

impl ResourceKind for CollaboratorGroup {
    const TYPE: &'static str = "collaborator_group";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Collaborator Group",
            &[v2::resource_type::Trait::Group],
            Vec::new(),
        )
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&d.groups(cx).await?, page, PAGE, build)
    }

    async fn entitlements(d: &Directory, cx: &SyncContext, group: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let text = format!("Member of {}", group.display_name);
        let entitlement =
            EntitlementBuilder::new(group, MEMBER, Purpose::Assignment, &[&Collaborator::resource_type()])
                .named(text.clone(), text);
        let system = find(d, cx, group).await?.is_some_and(|g| is_system(&g));
        Ok(vec![if system { entitlement.immutable() } else { entitlement }.build()])
    }

    async fn grants(
        d: &Directory,
        cx: &SyncContext,
        group: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        let Some(listed) = find(d, cx, group).await? else {
            return Ok(Page::default());
        };
        let people = d.people(cx).await?;
        if is_everyone(&listed) {
            // Holds every collaborator by definition: no request needed. What it counts tells whether all are known.
            if page.is_first()
                && let Some(said) = more_than(&listed, people.len())
            {
                cx.warnings.add(
                    cause::COLLABORATORS_MISSING,
                    "the group of all collaborators counts more people than the list of collaborators has; the others are \
                     missing, unless they were invited and have not accepted",
                    format!("{}: {} of {said}", group.display_name, people.len()),
                );
            }
            let everyone: Vec<&MemberId> = people.iter().collect();
            return Page::of_table(&everyone, page, PAGE, |member| member_grant(group, member, true));
        }
        let family = d.family(cx, "group_members");
        let asked = Members {
            cx,
            client: &d.clients.dev,
            groups: &d.groups(cx).await?,
        };
        let id = listed.id.as_str();
        let Outcome::Rows(members) = single::read(cx, &family, &asked, id).await? else {
            return Ok(Page::default());
        };
        odd::count(cx, "members of collaborator groups", &members);
        if let Some(said) = more_than(&listed, members.len()) {
            cx.warnings.add(
                cause::GROUP_MEMBERS_MISSING,
                "collaborator groups say they have more members than their lists show; the others are missing, unless they \
                 were invited and have not accepted",
                format!("{}: {} of {said}", group.display_name, members.len()),
            );
        }
        let system = is_system(&listed);
        let mut rows = Vec::with_capacity(members.len());
        let detected = d.detected(cx).await?;
        let by_id: BTreeMap<&MemberId, &Member> = detected.members.iter().map(|m| (&m.id, m)).collect();
        for listed in &members {
            match by_id.get(&listed.id) {
                Some(person) if is_of(listed, person) => rows.push(member_grant(group, &person.id, system)),
                Some(_) => cx.warnings.add(
                    cause::GROUP_MEMBER_OF_OTHER_ADDRESS,
                    "members of groups have the id of a collaborator and another e-mail address; they were dropped (people \
                     who were invited and have not accepted may have numbers of their own)",
                    format!("{} in {}", listed.id, group.display_name),
                ),
                None => cx.warnings.add(
                    cause::COLLABORATOR_NOT_LISTED,
                    "groups have members that the list of collaborators did not return; they were dropped (people who were \
                     invited and have not accepted are in no list)",
                    format!("collaborator {} in {}", listed.id, group.display_name),
                ),
            }
        }
        Ok(Page::last(rows))
    }
}

/// Members of the groups whose members are not everybody.
struct Members<'a> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    groups: &'a [UserGroup],
}

impl Single for Members<'_> {
    type Answer = Vec<GroupMember>;

    fn what(&self) -> String {
        "members of collaborator groups".to_owned()
    }

    fn listed(&self) -> Vec<String> {
        let asked = self.groups.iter().filter(|group| !is_everyone(group));
        asked.map(|group| group.id.to_string()).collect()
    }

    fn losses(&self) -> &Losses {
        &Losses {
            refused: cause::GROUP_REFUSED,
            missing: "collaborator groups, whose members are missing",
            gone: cause::GROUP_GONE,
            gone_message: "collaborator groups disappeared while they were read; their members are missing",
        }
    }

    fn name(&self, id: &str) -> String {
        let group = self.groups.iter().find(|group| group.id.as_str() == id);
        first_of([group.and_then(|group| group.name.as_deref()), Some(id)])
            .unwrap_or_default()
            .to_owned()
    }

    async fn ask(&self, id: &str) -> Result<Vec<GroupMember>> {
        let (key, group) = (format!("group_members/{id}"), GroupId::from(id));
        let page = |page| self.client.user_group_members(&group, page);
        all_pages_if_any(self.cx, &key, |m: &GroupMember| m.id.clone(), page).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.client.user_group_members(&GroupId::from(id), 1).await.map(drop)
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let groups: Vec<UserGroup> = read_all(|page| self.client.user_groups(page)).await?;
        Ok(groups.iter().any(|group| group.id.as_str() == id))
    }
}

/// How many members a group says it has, if that is more than are known.
fn more_than(group: &UserGroup, known: usize) -> Option<usize> {
    let said = group.members_count.and_then(|count| usize::try_from(count).ok());
    said.filter(|said| *said > known)
}

/// Whether a row of a group is this person's. Groups hold invitations, too, whose numbers may be those of other people:
/// an address must agree (`workato/api.md 2.10`).
pub fn is_of(listed: &GroupMember, person: &Member) -> bool {
    let address = |email: &Option<String>| email.as_deref().unwrap_or_default().trim().to_lowercase();
    let said = address(&listed.email);
    listed.id == person.id && (said.is_empty() || said == address(&person.email))
}

fn member_grant(group: &v2::Resource, member: &MemberId, system: bool) -> v2::Grant {
    let grant = GrantBuilder::new(group, MEMBER, collaborator::resource_id(member));
    if system { grant.immutable() } else { grant }.build()
}

async fn find(d: &Directory, cx: &SyncContext, group: &v2::Resource) -> Result<Option<UserGroup>> {
    let id = GroupId::from(resource::key(group).1);
    Ok(d.groups(cx).await?.iter().find(|g| g.id == id).cloned())
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
