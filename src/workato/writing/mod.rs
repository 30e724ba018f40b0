//! What the writes of all types share (`workato/model.md 9`). Every write reads first what is there, so that what is done
//! already is answered without a request, and what it displaces is told; and afterwards, because an answer of success is
//! not the effect.

pub mod assignment;
pub mod audience;
pub mod effect;
mod elsewhere;
pub mod found;
pub mod held;
pub mod others;
pub mod rotation;
pub mod whole;

use prost_types::Any;
use prost_types::value::Kind as ValueKind;

use super::code;
use super::kind::Right;
use super::settings::Environment;
use super::tables::Tables;
use crate::baton::annotation::pack;
use crate::baton::change::Change;
use crate::baton::connector::{Granted, SyncContext};
use crate::baton::entitlement;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::grant;
use crate::baton::proto::v2;
use crate::baton::resource;

/// A part that a request must have.
///
/// # Errors
/// `InvalidArgument` where it has not.
pub fn required<'a, T>(part: Option<&'a T>, otherwise: &'static str) -> Result<&'a T> {
    part.ok_or_else(|| Error::new(Kind::InvalidArgument, otherwise))
}

/// The slug of an entitlement, which older rows carry in the id only.
pub fn slug_of(entitlement: &v2::Entitlement) -> String {
    if !entitlement.slug.is_empty() {
        return entitlement.slug.clone();
    }
    let on = entitlement.resource.as_ref().and_then(|on| on.id.as_ref());
    let prefix = on.map(|id| entitlement::id(id, "")).unwrap_or_default();
    entitlement.id.strip_prefix(&prefix).unwrap_or_default().to_owned()
}

/// The right that an entitlement gives a principal.
///
/// # Errors
/// `InvalidArgument` for an entitlement on nothing.
pub fn right<'a>(entitlement: &'a v2::Entitlement, slug: &'a str, principal: &'a v2::Resource) -> Result<Right<'a>> {
    Ok(Right {
        on: required(entitlement.resource.as_ref(), "the entitlement names no resource")?,
        slug,
        text: &entitlement.display_name,
        principal,
    })
}

/// That accounts are made without a password, and that nobody says what a credential that is made anew is to be.
pub fn without_password() -> v2::CredentialDetails {
    let without_password = v2::CapabilityDetailCredentialOption::NoPassword.into();
    v2::CredentialDetails {
        capability_account_provisioning: Some(v2::CredentialDetailsAccountProvisioning {
            supported_credential_options: vec![without_password],
            preferred_credential_option: without_password,
        }),
        capability_credential_rotation: Some(v2::CredentialDetailsCredentialRotation {
            supported_credential_options: vec![without_password],
            preferred_credential_option: without_password,
        }),
    }
}

/// The environment that a resource says it is in, if it says so.
///
/// # Errors
/// `FailedPrecondition` for one that this run does not look at: what lies there cannot be told to be gone.
pub async fn environment_said(t: &Tables, cx: &SyncContext, on: &v2::Resource) -> Result<Option<Environment>> {
    let said = on.profile.as_ref().and_then(|p| p.fields.get("environment"));
    let Some(ValueKind::StringValue(said)) = said.and_then(|value| value.kind.as_ref()) else {
        return Ok(None);
    };
    let environment = Environment::new(said);
    if t.environments(cx).await?.contains(&environment) {
        return Ok(Some(environment));
    }
    Err(Error::new(
        Kind::FailedPrecondition,
        format!(
            "{:?} is in {environment}, where this run does not look",
            on.display_name
        ),
    )
    .code(code::OUT_OF_SIGHT)
    .hint("write with the same --workato-env as the sync, or with --workato-env all"))
}

/// The error of a role that no list has under this id. One that a list has under another form of the id is not gone: the
/// sync read other environments.
pub fn no_role<'a>(what: &str, wanted: &str, mut ids: impl Iterator<Item = &'a str>) -> Error {
    let same = |id: &str| {
        let shorter = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('-'));
        id == wanted || shorter(wanted, id)
    };
    if ids.any(same) {
        let message = format!("the {what} {wanted} has another id in this run");
        return Error::new(Kind::FailedPrecondition, message)
            .code(code::OUT_OF_SIGHT)
            .hint("write with the same --workato-env as the sync: with `all`, ids of roles end in the environment");
    }
    Error::new(Kind::NotFound, format!("there is no {what} {wanted}"))
        .code(code::NOT_IN_WORKSPACE)
        .hint("sync again")
}

/// The error of a right that cannot be told from another one: nothing is sent.
pub fn ambiguous_right(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::InvalidArgument, message)
        .code(code::AMBIGUOUS_RIGHT)
        .hint("rename one of them in Workato and sync again, or make the change in Workato itself")
}

/// The error of a right of which it cannot be told whether it is held: nothing is sent, and nothing is said of it.
pub fn not_clear(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::FailedPrecondition, message)
        .code(code::AMBIGUOUS_RIGHT)
        .hint(
            "nothing was sent, since it is not clear whether the right is held; look at it in Workato, and make the \
             change there",
        )
}

/// The error of a right that would not go alone: nothing is sent.
pub fn not_alone(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::FailedPrecondition, message)
        .code(code::NOT_ALONE)
        .hint("nothing was sent, since more would have gone than was named; make the change in Workato")
}

/// The name of a principal or a resource that no list shows.
pub fn shown(resource: &v2::Resource) -> String {
    let (kind, id) = resource::key(resource);
    match resource.display_name.as_str() {
        "" => format!("{kind} {id}"),
        name => name.to_owned(),
    }
}

/// The name of a role, or of having none.
pub fn or_no_access(role: Option<&str>) -> &str {
    role.unwrap_or("No access")
}

pub fn already_granted() -> Granted {
    Granted {
        grants: Vec::new(),
        annotations: vec![pack(&v2::GrantAlreadyExists::default())],
    }
}

/// The answer for a grant of something, or to somebody, that is gone.
pub fn already_revoked(cx: &SyncContext, on: &v2::Resource, principal: &v2::Resource) -> Vec<Any> {
    cx.changes
        .tell(Change::gone(shown(principal), "", shown(on), None::<&str>));
    revoked_before()
}

pub fn revoked_before() -> Vec<Any> {
    vec![pack(&v2::GrantAlreadyRevoked::default())]
}

/// Says that a grant went because of another one.
pub fn replaced(resource_type: &str, resource_id: String, slug: &str, principal: &v2::ResourceId) -> Any {
    let entitlement = entitlement::id(&resource::id(resource_type, resource_id), slug);
    pack(&v2::GrantReplaced {
        replaced_grant_id: grant::id(&entitlement, principal),
    })
}
