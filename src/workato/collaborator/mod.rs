//! Collaborators: the people of a workspace, and moderators who reach in from a parent workspace.

mod account;
mod model;

use std::collections::BTreeMap;

use prost_types::Any;

pub use self::model::{Activity, ActivityId, Member, MemberId, MemberRole, RoleType};
use super::access_model::Detected;
use super::client::{WorkatoClient, endpoint};
use super::code;
use super::kind::{PAGE, ResourceKind, first_of, id_value, stamp, utc};
use super::listing::List;
use super::privilege::{self, PrivilegeFacts};
use super::probe::{Probe, Refused};
use super::settings::Environment;
use super::tables::{Table, Tables};
use super::writing::whole;
use crate::baton::connector::{CreatedAccount, NewAccount, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder, User};

/// `grant_type` of a person who belongs to the managing workspace.
const MODERATOR: &str = "federation_manager";

/// All collaborators by id, with their addresses, for references by id.
pub struct People;

impl Table for People {
    type Value = BTreeMap<MemberId, Option<String>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<BTreeMap<MemberId, Option<String>>> {
        let detected = t.get::<Detected>(cx).await?;
        Ok(detected
            .members
            .iter()
            .map(|m| (m.id.clone(), m.email.clone()))
            .collect())
    }
}

/// The people, as a sync reads them.
///
/// # Errors
/// Those of the client.
pub async fn list(t: &Tables, cx: &SyncContext) -> Result<Vec<Member>> {
    let list = List::of_sync(cx, "members", &t.clients.dev, &endpoint::MEMBERS);
    list.called(endpoint::MEMBERS.name).read().await
}

/// The people as they are at this moment.
///
/// # Errors
/// Those of the client.
pub async fn now(client: &WorkatoClient) -> Result<Vec<Member>> {
    List::now(client, &endpoint::MEMBERS).read().await
}

/// The environments that rows of people's roles name.
pub fn environments(members: &[Member]) -> impl Iterator<Item = Environment> {
    let rows = members.iter().flat_map(|m| &m.roles);
    rows.filter_map(|r| r.environment_type.as_deref()).map(Environment::new)
}

/// The collaborator resource type.
pub struct Collaborator;

/// The resource id of a person.
pub fn resource_id(member: &MemberId) -> v2::ResourceId {
    resource::id(Collaborator::TYPE, member.to_string())
}

impl ResourceKind for Collaborator {
    const TYPE: &'static str = "collaborator";

    const CAPABILITIES: &'static [v2::Capability] = &[
        v2::Capability::Sync,
        v2::Capability::AccountProvisioning,
        v2::Capability::ResourceDelete,
    ];

    const PROBES: &'static [Probe] = &[Probe::list::<Member>(&endpoint::MEMBERS).refused(Refused::Fatal)];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(
            Self::TYPE,
            "Collaborator",
            &[v2::resource_type::Trait::User],
            Vec::new(),
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&t.get::<Detected>(cx).await?.members, page, PAGE, build)
    }

    /// Privileges a person holds by themselves: only where the holders of a role turned out to differ.
    async fn grants(t: &Tables, cx: &SyncContext, person: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let facts = t.get::<PrivilegeFacts>(cx).await?;
        let id = MemberId::from(resource::key(person).1);
        let held: Vec<_> = facts.by_member.get(&id).into_iter().flatten().collect();
        Page::of_table(&held, page, PAGE, |(environment, pair)| {
            let privilege = privilege::build(t, &facts, environment, pair);
            GrantBuilder::new(&privilege, privilege::ASSIGNED, resource_id(&id))
                .immutable()
                .build()
        })
    }

    fn account_form() -> Option<v2::ConnectorAccountCreationSchema> {
        Some(account::form())
    }

    async fn create(t: &Tables, cx: &SyncContext, account: &NewAccount<'_>) -> Result<CreatedAccount> {
        account::create(t, cx, account).await
    }

    async fn delete(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<Any>> {
        account::delete(t, cx, &MemberId::from(id)).await
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

/// The id of a person among principals.
///
/// # Errors
/// `InvalidArgument` for any other principal.
pub fn person_id(principal: &v2::Resource) -> Result<MemberId> {
    match resource::key(principal) {
        (Collaborator::TYPE, id) if !id.is_empty() => Ok(MemberId::from(id)),
        (other, _) => Err(Error::new(
            Kind::InvalidArgument,
            format!("only collaborators can hold this, not a {other}"),
        )
        .code(code::NOT_A_HOLDER)),
    }
}

/// A person with their roles.
///
/// # Errors
/// Those of the tables; `NotFound` for somebody who is not in the workspace; `Unavailable` for a list that does not fit
/// together.
pub async fn person(t: &Tables, cx: &SyncContext, principal: &v2::Resource) -> Result<Member> {
    member_of(t, cx, &person_id(principal)?).await
}

/// As [`person`], by the id.
pub async fn member_of(t: &Tables, cx: &SyncContext, id: &MemberId) -> Result<Member> {
    let found = whole::detected(t, cx)
        .await?
        .members
        .iter()
        .find(|m| m.id == *id)
        .cloned();
    found.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no collaborator {id}"))
            .code(code::NOT_IN_WORKSPACE)
            .hint("somebody who was invited is not one before the invitation is accepted")
    })
}

/// What a person is called: by name, else by address, else by id.
pub fn called(member: &Member) -> String {
    let id = member.id.to_string();
    let texts = [member.name.as_deref(), member.email.as_deref(), Some(&id)];
    first_of(texts).unwrap_or_default().to_owned()
}
