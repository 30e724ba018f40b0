//! What answers are made of: a resource and an entitlement, as much of them as a person wants to read.

use prost_types::value::Kind as ValueKind;
use serde::Serialize;

use super::apart::{self, Apart};
use super::wording::count;
use crate::baton::annotation;
use crate::baton::proto::v2;
use crate::baton::proto::v2::user_trait::AccountType;

/// A resource: a person, a group, a role, a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thing {
    /// The id of its type: `collaborator`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The display name of its type: `Collaborator`.
    pub type_name: String,
    /// The bare id.
    pub id: String,
    /// The display name; the id where it has none.
    pub name: String,
    /// The environment it belongs to; `None` for what belongs to the whole workspace, and where the file does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What tells it apart from others of its type and name; `None` where there are none.
    #[serde(skip_serializing_if = "Apart::is_plain")]
    pub apart: Option<Apart>,
}

impl Thing {
    /// The name with everything that is needed to know which one is meant: `Billing (dev)`.
    pub fn told(&self) -> String {
        apart::told(&self.name, self.environment.as_deref(), self.apart.as_ref())
    }

    /// As [`Thing::told`], beside its environment.
    pub fn beside_environment(&self) -> String {
        apart::told(&self.name, None, self.apart.as_ref())
    }

    /// As [`Thing::told`], beside its e-mail address.
    pub fn beside_email(&self) -> String {
        let apart = self.apart.as_ref().filter(|apart| !matches!(apart, Apart::Email(_)));
        apart::told(&self.name, self.environment.as_deref(), apart)
    }

    /// The name of an account beside its e-mail address: with its environment only where others have the name.
    pub fn account_name(&self) -> String {
        if self.apart.is_none() {
            return self.name.clone();
        }
        self.beside_email()
    }
}

/// An entitlement, with the resource it is on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Right {
    /// The entitlement's id.
    pub id: String,
    /// The slug: `member`.
    pub slug: String,
    /// The display name; the slug where it has none.
    pub name: String,
    /// What tells it apart from others of its name on the same resource: its slug, or its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apart: Option<String>,
    /// What it is on.
    pub resource: Thing,
    /// As a step of a long way: how many steps lie before it that are not told.
    #[serde(skip_serializing_if = "is_none")]
    pub left_out: usize,
}

/// What an entitlement is known by. Its id alone may be that of several, each on a resource of its own, and a file need not have
/// a row for it: a grant says both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RightKey<'a> {
    /// The entitlement's id.
    pub id: &'a str,
    /// What it is on: type and bare id; empty where that is not said.
    pub on: (&'a str, &'a str),
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the form that serde asks for
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl Right {
    /// What it is known by.
    pub fn key(&self) -> RightKey<'_> {
        RightKey {
            id: &self.id,
            on: (&self.resource.kind, &self.resource.id),
        }
    }

    /// The name, with what tells it apart from others on the same resource: `Editor of Billing (editor-7)`.
    pub fn called(&self) -> String {
        match &self.apart {
            Some(apart) => format!("{} ({apart})", self.name),
            None => self.name.clone(),
        }
    }

    /// In words: `Collaborator Group Ops: member`, `Project Billing (dev): editor`.
    pub fn told(&self) -> String {
        let what = if self.slug.is_empty() { &self.name } else { &self.slug };
        format!("{} {}: {what}", self.resource.type_name, self.resource.told())
    }
}

/// A way to something, in words: `Collaborator Group Ops: member → Project Billing (dev): editor`.
pub fn way(rights: &[Right]) -> String {
    let steps = rights.iter().flat_map(|right| steps(right, right.told()));
    steps.collect::<Vec<_>>().join(" → ")
}

/// A step of a way in words, behind how many are not told before it.
pub(super) fn steps(right: &Right, told: String) -> impl Iterator<Item = String> {
    let left_out = (right.left_out > 0).then(|| format!("… {} …", count(right.left_out, "more step", "more steps")));
    left_out.into_iter().chain([told])
}

/// A person or an account, as its user trait says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The resource.
    #[serde(flatten)]
    pub thing: Thing,
    /// The primary e-mail address; else the first; empty where there is none.
    pub email: String,
    /// Its other addresses.
    #[serde(skip)]
    pub more_emails: Vec<String>,
    /// `human`, `service`, `system`, or empty where it is not said.
    pub account_type: &'static str,
    /// `enabled`, `disabled`, `deleted`, or empty where neither the resource nor its user trait says so.
    pub status: &'static str,
    /// Last login in RFC 3339, where it is known.
    pub last_login: Option<String>,
    /// Creation in RFC 3339, where it is known.
    pub created_at: Option<String>,
}

impl Account {
    /// One of which nothing is known but who it is.
    pub fn unknown(thing: Thing) -> Account {
        Account {
            thing,
            email: String::new(),
            more_emails: Vec::new(),
            account_type: "",
            status: "",
            last_login: None,
            created_at: None,
        }
    }

    /// Reads the user trait of a resource; `None` where it has none.
    ///
    /// The status is that of the resource, and that of the trait where the resource says nothing: the trait's is the older
    /// place, and current readers look at the resource first.
    pub fn of(resource: &v2::Resource, thing: Thing) -> Option<Account> {
        let user: v2::UserTrait = annotation::find(&resource.annotations)?;
        let time = |at: &Option<prost_types::Timestamp>| at.as_ref().map(ToString::to_string);
        let email = primary(&user.emails).unwrap_or_default().to_owned();
        let others = user
            .emails
            .iter()
            .map(|other| &other.address)
            .filter(|other| **other != email);
        Some(Account {
            thing,
            more_emails: others.cloned().collect(),
            email,
            account_type: account_type(user.account_type()),
            status: status_of(resource, Some(&user)),
            last_login: time(&user.last_login),
            created_at: time(&user.created_at).or_else(|| time(&resource.created_at)),
        })
    }
}

/// The primary e-mail address; else the first.
pub(super) fn primary(emails: &[v2::user_trait::Email]) -> Option<&str> {
    let primary = emails.iter().find(|email| email.is_primary).or(emails.first());
    primary.map(|email| email.address.as_str())
}

/// What [`Account::account_type`] and [`Account::status`] may be.
pub(super) const ACCOUNT_TYPES: [&str; 4] = ["", "human", "service", "system"];
pub(super) const STATUSES: [&str; 4] = ["", "enabled", "disabled", "deleted"];

/// The status that a resource says, else that of its user trait: one of [`STATUSES`].
pub(super) fn status_of(resource: &v2::Resource, user: Option<&v2::UserTrait>) -> &'static str {
    use v2::status::ResourceStatus;
    use v2::user_trait::status::Status;
    let [unsaid, enabled, disabled, deleted] = STATUSES;
    match resource.status.as_ref().map(v2::Status::status) {
        Some(ResourceStatus::Enabled) => return enabled,
        Some(ResourceStatus::Disabled) => return disabled,
        Some(ResourceStatus::Deleted) => return deleted,
        Some(ResourceStatus::Unspecified) | None => {}
    }
    let state = user.and_then(|user| user.status.as_ref());
    match state.map(v2::user_trait::Status::status) {
        Some(Status::Enabled) => enabled,
        Some(Status::Disabled) => disabled,
        Some(Status::Deleted) => deleted,
        Some(Status::Unspecified) | None => unsaid,
    }
}

pub(super) fn account_type(said: AccountType) -> &'static str {
    let [unsaid, human, service, system] = ACCOUNT_TYPES;
    match said {
        AccountType::Human => human,
        AccountType::Service => service,
        AccountType::System => system,
        AccountType::Unspecified => unsaid,
    }
}

/// What a list shows of somebody, without what tells them apart from others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Face {
    /// The display name; the id where it has none.
    pub name: String,
    /// The display name of its type.
    pub type_name: String,
    /// As [`Account::email`].
    pub email: String,
    /// As [`Account::account_type`].
    pub account_type: &'static str,
}

/// A user trait of which only what a list shows is parsed.
#[derive(Clone, PartialEq, prost::Message)]
struct Login {
    #[prost(message, repeated, tag = "1")]
    emails: Vec<v2::user_trait::Email>,
    #[prost(enumeration = "AccountType", tag = "5")]
    account_type: i32,
}

impl annotation::Named for Login {
    const NAME: &'static str = <v2::UserTrait as annotation::Named>::NAME;
}

impl Face {
    /// Of a resource; what its type is called is not in it.
    pub(super) fn of(resource: v2::Resource) -> Face {
        let login: Login = annotation::find(&resource.annotations).unwrap_or_default();
        Face {
            account_type: account_type(login.account_type()),
            email: primary(&login.emails).unwrap_or_default().to_owned(),
            name: resource.display_name,
            type_name: String::new(),
        }
    }

    /// Whether a machine uses it rather than a person.
    pub fn is_machine(&self) -> bool {
        matches!(self.account_type, "service" | "system")
    }
}

/// The profile of a resource: its own, else that of a trait.
pub fn profile(resource: &v2::Resource) -> Option<prost_types::Struct> {
    let notes = &resource.annotations;
    resource
        .profile
        .clone()
        .or_else(|| annotation::find::<v2::UserTrait>(notes).and_then(|t| t.profile))
        .or_else(|| annotation::find::<v2::RoleTrait>(notes).and_then(|t| t.profile))
        .or_else(|| annotation::find::<v2::GroupTrait>(notes).and_then(|t| t.profile))
        .or_else(|| annotation::find::<v2::AppTrait>(notes).and_then(|t| t.profile))
}

/// A text of a profile.
pub fn text<'p>(profile: &'p prost_types::Struct, key: &str) -> Option<&'p str> {
    match profile.fields.get(key)?.kind.as_ref()? {
        ValueKind::StringValue(text) => Some(text),
        _ => None,
    }
}

/// A flag of a profile; absent is false.
pub fn flag(profile: &prost_types::Struct, key: &str) -> bool {
    matches!(
        profile.fields.get(key).and_then(|v| v.kind.as_ref()),
        Some(ValueKind::BoolValue(true))
    )
}
