//! Privileges: one resource per privilege that the catalogue or the API names.
//!
//! The type skips grants: roles and people list the privileges they hold themselves.

mod catalogue;
mod facts;
mod ids;
mod model;
mod sampling;

pub use self::facts::{Pair, PrivilegeFacts};
pub use self::model::PrivilegeRow;
pub use self::sampling::{FAMILY as OF, of};
use super::client::endpoint;
use super::collaborator::{self, Collaborator, MemberId};
use super::kind::{PAGE, ResourceKind};
use super::probe::Probe;
use super::role_assignments::{Holdings, RoleKind, RoleRef};
use super::settings::{Environment, EnvironmentChoice};
use super::tables::Tables;
use crate::baton::annotation;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{self, EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "has this privilege".
pub const ASSIGNED: &str = "assigned";

/// The privilege resource type.
pub struct Privilege;

impl ResourceKind for Privilege {
    const TYPE: &'static str = "privilege";

    const PROBES: &'static [Probe] =
        &[Probe::list_of::<PrivilegeRow>(&endpoint::MEMBER_PRIVILEGES, sampling::asked).recorded(sampling::FAMILY)];

    fn resource_type() -> v2::ResourceType {
        let skip = annotation::pack(&v2::SkipGrants::default());
        resource::resource_type(Self::TYPE, "Privilege", &[], vec![skip])
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let facts = t.get::<PrivilegeFacts>(cx).await?;
        let named: Vec<_> = facts.named.iter().collect();
        Page::of_table(&named, page, PAGE, |(environment, pair)| {
            build(t, &facts, environment, pair)
        })
    }

    async fn entitlements(_: &Tables, _: &SyncContext, privilege: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        // The stray backtick is part of the published display name.
        let display_name = format!("Collaborator have {}`", privilege.display_name);
        Ok(vec![
            EntitlementBuilder::new(
                privilege,
                ASSIGNED,
                Purpose::Assignment,
                &[&Collaborator::resource_type()],
            )
            .named(display_name, "Assigned Collaborator to scopes")
            .immutable()
            .build(),
        ])
    }

    async fn granted_among(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<v2::ResourceId>> {
        let facts = t.get::<PrivilegeFacts>(cx).await?;
        let is_it = |environment: &Environment, pair: &Pair| t.scoped_id(&facts.ids.id(pair), environment) == id;
        let roles = facts
            .by_role
            .iter()
            .filter(|(role, pairs)| pairs.iter().any(|pair| is_it(&role.environment, pair)));
        let [new, old] = super::ROLES;
        let roles = roles.map(|(role, _)| {
            let kind = match role.kind {
                RoleKind::Environment => new,
                RoleKind::Legacy => old,
            };
            resource::id(kind, t.scoped_id(&role.id, &role.environment))
        });
        let people = facts
            .by_member
            .iter()
            .filter(|(_, held)| held.iter().any(|(environment, pair)| is_it(environment, pair)));
        Ok(roles
            .chain(people.map(|(member, _)| collaborator::resource_id(member)))
            .collect())
    }
}

/// The resource of a privilege. Where the run emits all environments its id carries its own: the published
/// connector merges them and so overstates access (`workato/model.md 6.3`).
pub fn build(t: &Tables, facts: &PrivilegeFacts, environment: &Environment, pair: &Pair) -> v2::Resource {
    let scoped = (t.settings.environment == EnvironmentChoice::All).then(|| environment.as_str());
    let profile = Profile::new()
        .with("resource", pair.group.as_str())
        .with("permission", pair.id.as_str())
        .with("description", catalogue::description(pair))
        .with("environment", scoped);
    let id = t.scoped_id(&facts.ids.id(pair), environment);
    ResourceBuilder::new(Privilege::TYPE, id, pair.name())
        .profile(profile)
        .role()
        .build()
}

/// What a role lists as its grants: the people who hold it, and the privileges they hold through it.
pub async fn grants_of_role(
    t: &Tables,
    cx: &SyncContext,
    resource: &v2::Resource,
    slug: &str,
    role: &RoleRef,
    page: &PageToken,
) -> Result<Page<v2::Grant>> {
    let holdings = t.get::<Holdings>(cx).await?;
    let facts = t.get::<PrivilegeFacts>(cx).await?;
    let principal = resource.id.clone().unwrap_or_default();
    let over = entitlement::id(&principal, slug);
    let holders = holdings.holders(role).map(Row::Holder);
    let privileges = facts.by_role.get(role).into_iter().flatten().map(Row::Privilege);
    let rows: Vec<Row<'_>> = holders.chain(privileges).collect();
    Page::of_table(&rows, page, PAGE, |row| match row {
        Row::Holder(member) => GrantBuilder::new(resource, slug, collaborator::resource_id(member))
            .metadata(Profile::new().with("environment_type", role.environment.as_str()))
            .build(),
        Row::Privilege(pair) => {
            let privilege = build(t, &facts, &role.environment, pair);
            GrantBuilder::new(&privilege, ASSIGNED, principal.clone())
                .immutable()
                .expands_over(over.clone())
                .build()
        }
    })
}

enum Row<'a> {
    Holder(&'a MemberId),
    Privilege(&'a Pair),
}
