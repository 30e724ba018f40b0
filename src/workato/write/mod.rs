//! What can be changed in a workspace (`workato/model.md 9`): one file per resource type that has writes. Every write
//! reads first what is there, so that what is done already is answered without a request, and what it displaces is told;
//! and afterwards, because an answer of success is not the effect.

mod account;
mod assignment;
mod effect;
mod environment_role;
mod group;
mod project;
mod role;

use std::sync::Arc;

use prost_types::Any;
use prost_types::value::Kind as ValueKind;

use super::client::{Member, MemberId};
use super::collaborator::Collaborator;
use super::directory::Directory;
use super::environment_role::EnvironmentRole;
use super::group::CollaboratorGroup;
use super::kind::{ResourceKind, first_of};
use super::project::Project;
use super::project_role::ProjectRole;
use super::role::Role;
use super::settings::Environment;
use super::{WorkatoConnector, unknown_type};
use crate::baton::annotation::pack;
use crate::baton::capability;
use crate::baton::change::Change;
use crate::baton::connector::{Connector, CreatedAccount, Granted, NewAccount, Provisioner, SyncContext, unsupported};
use crate::baton::entitlement;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::grant;
use crate::baton::proto::v2;
use crate::baton::resource;

pub use account::creation_schema;

/// Whoever is given a role.
pub const PEOPLE: &str = Collaborator::TYPE;
/// What people join, and what is given project roles.
pub const GROUPS: &str = CollaboratorGroup::TYPE;
/// What project roles are given on.
pub const PROJECTS: &str = Project::TYPE;
/// What is given on projects, by its id.
pub const PROJECT_ROLES: &str = ProjectRole::TYPE;
/// The roles that people have in an environment, of both access models.
pub const ROLES: [&str; 2] = [EnvironmentRole::TYPE, Role::TYPE];

/// The slug of the only entitlement of a resource of this type; none for types with several.
pub fn only_slug(resource_type: &str) -> Option<&'static str> {
    match resource_type {
        EnvironmentRole::TYPE => Some(super::environment_role::HAS),
        Role::TYPE => Some(super::role::HAS),
        CollaboratorGroup::TYPE => Some(super::group::MEMBER),
        _ => None,
    }
}

impl WorkatoConnector {
    /// Tables of this write alone: what a sync read a while ago may have changed.
    fn tables(&self) -> Directory {
        Directory::new(Arc::clone(&self.settings), self.clients.clone())
    }
}

impl Provisioner for WorkatoConnector {
    async fn grant(
        &self,
        cx: &SyncContext,
        principal: &v2::Resource,
        entitlement: &v2::Entitlement,
    ) -> Result<Granted> {
        let d = self.tables();
        let on = required(entitlement.resource.as_ref(), "the entitlement names no resource")?;
        let slug = slug_of(entitlement, on);
        match resource::key(on).0 {
            EnvironmentRole::TYPE => environment_role::grant(&d, cx, on, principal).await,
            Role::TYPE => role::grant(&d, cx, on, principal).await,
            Project::TYPE => project::grant(&d, cx, on, (&slug, &entitlement.display_name), principal).await,
            CollaboratorGroup::TYPE => group::grant(&d, cx, on, principal).await,
            other => Err(no_writes(self, other, "does not support granting")),
        }
    }

    async fn revoke(&self, cx: &SyncContext, grant: &v2::Grant) -> Result<Vec<Any>> {
        let d = self.tables();
        let entitlement = required(grant.entitlement.as_ref(), "the grant names no entitlement")?;
        let on = required(entitlement.resource.as_ref(), "the entitlement names no resource")?;
        let principal = required(grant.principal.as_ref(), "the grant names no principal")?;
        let slug = slug_of(entitlement, on);
        match resource::key(on).0 {
            EnvironmentRole::TYPE => environment_role::revoke(&d, cx, on, principal).await,
            Role::TYPE => role::revoke(&d, cx, on, principal).await,
            Project::TYPE => project::revoke(&d, cx, on, (&slug, &entitlement.display_name), principal).await,
            CollaboratorGroup::TYPE => group::revoke(&d, cx, on, principal).await,
            other => Err(no_writes(self, other, "does not support revoking")),
        }
    }

    async fn create_account(&self, cx: &SyncContext, account: &NewAccount<'_>) -> Result<CreatedAccount> {
        if !matches!(account.resource_type, "" | Collaborator::TYPE) {
            return Err(no_writes(self, account.resource_type, "does not have accounts"));
        }
        account::create(&self.tables(), cx, account).await
    }

    async fn delete_resource(
        &self,
        cx: &SyncContext,
        id: &v2::ResourceId,
        _: Option<&v2::ResourceId>,
    ) -> Result<Vec<Any>> {
        if id.resource_type != Collaborator::TYPE {
            return Err(no_writes(
                self,
                &id.resource_type,
                "does not have resource Delete() configured",
            ));
        }
        account::delete(&self.tables(), cx, &MemberId::from(id.resource.as_str())).await
    }
}

/// What the connector can do, with its writes.
pub fn capabilities(resource_types: &[v2::ResourceType]) -> v2::ConnectorCapabilities {
    use v2::Capability::{AccountProvisioning, Provision, ResourceDelete, Sync};
    let of = |id: &str| match id {
        EnvironmentRole::TYPE | Role::TYPE | Project::TYPE | CollaboratorGroup::TYPE => vec![Sync, Provision],
        Collaborator::TYPE => vec![Sync, AccountProvisioning, ResourceDelete],
        _ => vec![Sync],
    };
    let mut capabilities = capability::of_types(resource_types.iter().map(|t| (t.clone(), of(&t.id))));
    let without_password = v2::CapabilityDetailCredentialOption::NoPassword.into();
    capabilities.credential_details = Some(v2::CredentialDetails {
        capability_account_provisioning: Some(v2::CredentialDetailsAccountProvisioning {
            supported_credential_options: vec![without_password],
            preferred_credential_option: without_password,
        }),
        ..Default::default()
    });
    capabilities
}

/// A type that cannot do it, or that there is not.
fn no_writes(connector: &WorkatoConnector, resource_type: &str, what: &str) -> Error {
    if connector.resource_types().iter().any(|t| t.id == resource_type) {
        unsupported(resource_type, what)
    } else {
        Error::new(Kind::Unimplemented, unknown_type(resource_type).to_string())
            .code(crate::baton::code::WRITE_UNSUPPORTED)
    }
}

fn required<'a, T>(part: Option<&'a T>, otherwise: &'static str) -> Result<&'a T> {
    part.ok_or_else(|| Error::new(Kind::InvalidArgument, otherwise))
}

/// The slug of an entitlement, which older rows carry in the id only.
fn slug_of(entitlement: &v2::Entitlement, on: &v2::Resource) -> String {
    if !entitlement.slug.is_empty() {
        return entitlement.slug.clone();
    }
    let prefix = on.id.as_ref().map(|id| entitlement::id(id, "")).unwrap_or_default();
    entitlement.id.strip_prefix(&prefix).unwrap_or_default().to_owned()
}

/// The id of a person among principals.
///
/// # Errors
/// `InvalidArgument` for any other principal.
fn person_id(principal: &v2::Resource) -> Result<MemberId> {
    match resource::key(principal) {
        (Collaborator::TYPE, id) if !id.is_empty() => Ok(MemberId::from(id)),
        (other, _) => Err(Error::new(
            Kind::InvalidArgument,
            format!("only collaborators can hold this, not a {other}"),
        )
        .code(crate::workato::code::NOT_A_HOLDER)),
    }
}

/// A person with their roles.
///
/// # Errors
/// Those of the tables; `NotFound` for somebody who is not in the workspace.
async fn person(d: &Directory, cx: &SyncContext, principal: &v2::Resource) -> Result<Member> {
    member_of(d, cx, &person_id(principal)?).await
}

/// As [`person`], by the id.
async fn member_of(d: &Directory, cx: &SyncContext, id: &MemberId) -> Result<Member> {
    let found = d.detected(cx).await?.members.iter().find(|m| m.id == *id).cloned();
    found.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no collaborator {id}"))
            .code(crate::workato::code::NOT_IN_WORKSPACE)
            .hint("somebody who was invited is not one before the invitation is accepted")
    })
}

/// The environment that a resource says it is in, if it says so.
///
/// # Errors
/// `FailedPrecondition` for one that this run does not look at: what lies there cannot be told to be gone.
async fn environment_said(d: &Directory, cx: &SyncContext, on: &v2::Resource) -> Result<Option<Environment>> {
    let said = on.profile.as_ref().and_then(|p| p.fields.get("environment"));
    let Some(ValueKind::StringValue(said)) = said.and_then(|value| value.kind.as_ref()) else {
        return Ok(None);
    };
    let environment = Environment::new(said);
    if d.environments(cx).await?.contains(&environment) {
        return Ok(Some(environment));
    }
    Err(Error::new(
        Kind::FailedPrecondition,
        format!(
            "{:?} is in {environment}, where this run does not look",
            on.display_name
        ),
    )
    .code(crate::workato::code::OUT_OF_SIGHT)
    .hint("write with the same --workato-env as the sync, or with --workato-env all"))
}

/// The error of a role that no list has under this id. One that a list has under another form of the id is not gone: the
/// sync read other environments.
fn no_role<'a>(what: &str, wanted: &str, mut ids: impl Iterator<Item = &'a str>) -> Error {
    let same = |id: &str| {
        let shorter = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('-'));
        id == wanted || shorter(wanted, id)
    };
    if ids.any(same) {
        let message = format!("the {what} {wanted} has another id in this run");
        return Error::new(Kind::FailedPrecondition, message)
            .code(crate::workato::code::OUT_OF_SIGHT)
            .hint("write with the same --workato-env as the sync: with `all`, ids of roles end in the environment");
    }
    Error::new(Kind::NotFound, format!("there is no {what} {wanted}"))
        .code(crate::workato::code::NOT_IN_WORKSPACE)
        .hint("sync again")
}

/// The error of a right that cannot be told from another one: nothing is sent.
fn ambiguous_right(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::InvalidArgument, message)
        .code(crate::workato::code::AMBIGUOUS_RIGHT)
        .hint("rename one of them in Workato and sync again, or make the change in Workato itself")
}

/// What a person is called: by name, else by address, else by id.
fn called(member: &Member) -> String {
    let id = member.id.to_string();
    let texts = [member.name.as_deref(), member.email.as_deref(), Some(&id)];
    first_of(texts).unwrap_or_default().to_owned()
}

/// The name of a role, or of having none.
fn or_no_access(role: Option<&str>) -> &str {
    role.unwrap_or("No access")
}

fn already_granted() -> Granted {
    Granted {
        grants: Vec::new(),
        annotations: vec![pack(&v2::GrantAlreadyExists::default())],
    }
}

/// The answer for a grant of something, or to somebody, that is gone.
fn already_revoked(cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Vec<Any> {
    let text = |resource: &v2::Resource| {
        let (kind, id) = resource::key(resource);
        match resource.display_name.as_str() {
            "" => format!("{kind} {id}"),
            name => name.to_owned(),
        }
    };
    cx.changes
        .tell(Change::gone(text(principal), "", text(on), None::<&str>));
    revoked_before()
}

fn revoked_before() -> Vec<Any> {
    vec![pack(&v2::GrantAlreadyRevoked::default())]
}

/// Says that a grant went because of another one.
fn replaced(resource_type: &str, resource_id: String, slug: &str, principal: &v2::ResourceId) -> Any {
    let entitlement = entitlement::id(&resource::id(resource_type, resource_id), slug);
    pack(&v2::GrantReplaced {
        replaced_grant_id: grant::id(&entitlement, principal),
    })
}
