//! Inviting people and removing them. An invitation is sent once; there is no account before it is accepted.

use std::collections::BTreeMap;

use prost_types::Any;
use prost_types::value::Kind as ValueKind;

use super::environment_role::ROLE_TYPE;
use crate::baton::annotation::pack;
use crate::baton::connector::{AccountOutcome, CreatedAccount, NewAccount, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::proto::v2::connector_account_creation_schema::{Field, StringField, StringListField, field};
use crate::baton::proto::v2::local_credential_options::Options;
use crate::workato::client::{Invitation, Member, MemberId, RoleAssignment};
use crate::workato::collaborator;
use crate::workato::directory::Directory;
use crate::workato::role::named;

/// Names of the fields of the form.
const EMAIL: &str = "email";
const NAME: &str = "name";
const ENV_ROLES: &str = "env_roles";
const GROUPS: &str = "user_group_ids";

/// The form of a new account (`contract/model.md` 9).
pub fn creation_schema() -> v2::ConnectorAccountCreationSchema {
    let text = || field::Field::StringField(StringField::default());
    let list = || field::Field::StringListField(StringListField::default());
    let field = |order, name: &str, required, description: &str, placeholder: &str, kind| Field {
        display_name: name.to_owned(),
        required,
        description: description.to_owned(),
        placeholder: placeholder.to_owned(),
        order,
        deprecated: false,
        field: Some(kind),
    };
    let roles = "Environment and role, joined by a colon. At least one.";
    let groups = "Ids of collaborator groups to join.";
    let fields = [
        (
            EMAIL,
            field(
                1,
                "E-mail",
                true,
                "Where the invitation goes.",
                "ada@example.com",
                text(),
            ),
        ),
        (
            NAME,
            field(2, "Name", true, "The person's full name.", "Ada Lovelace", text()),
        ),
        (
            ENV_ROLES,
            field(3, "Environment roles", true, roles, "dev:Environment admin", list()),
        ),
        (GROUPS, field(4, "Collaborator groups", false, groups, "am-…", list())),
    ];
    v2::ConnectorAccountCreationSchema {
        field_map: fields.map(|(name, field)| (name.to_owned(), field)).into(),
    }
}

/// Invites a person who is not there yet.
///
/// # Errors
/// `InvalidArgument` for a form that is not filled in or names an unknown role; those of the API.
pub async fn create(d: &Directory, cx: &SyncContext, account: &NewAccount<'_>) -> Result<CreatedAccount> {
    let form = Form::read(account)?;
    let members = d.detected(cx).await?.members.clone();
    if let Some(member) = find(&members, &form.email) {
        return Ok(exists(member));
    }
    let invitation = Invitation {
        env_roles: assignments(d, cx, &form.env_roles).await?,
        name: form.name,
        email: form.email,
        user_group_ids: form.groups,
    };
    match d.clients.dev.invite(&invitation).await {
        Ok(()) => {}
        // Somebody was faster; then they are in the list, or it is the invitation that is there.
        Err(error) if error.kind() == Kind::AlreadyExists => {
            let members = d.clients.dev.members().await?;
            return find(&members, &invitation.email).map(exists).ok_or(error);
        }
        Err(error) => return Err(error),
    }
    Ok(CreatedAccount {
        outcome: AccountOutcome::ActionRequired {
            resource: None,
            message: format!(
                "{} was invited and becomes a collaborator when the invitation is accepted",
                invitation.email
            ),
        },
        annotations: Vec::new(),
    })
}

/// Removes a person from the workspace. Somebody who is not there is gone already.
///
/// # Errors
/// Those of the API.
pub async fn delete(d: &Directory, member: &MemberId) -> Result<Vec<Any>> {
    match d.clients.dev.delete_member(member).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(vec![pack(&v2::ResourceDoesNotExist::default())]),
        other => other.map(|()| Vec::new()),
    }
}

struct Form {
    email: String,
    name: String,
    env_roles: Vec<String>,
    groups: Vec<String>,
}

impl Form {
    fn read(account: &NewAccount<'_>) -> Result<Form> {
        let password = account.credentials.and_then(|c| c.options.as_ref());
        if matches!(
            password,
            Some(Options::RandomPassword(_) | Options::PlaintextPassword(_))
        ) {
            return Err(invalid("Workato lets people choose their passwords themselves")
                .hint("create the account without a password"));
        }
        let empty = BTreeMap::new();
        let profile = account.info.profile.as_ref().map_or(&empty, |p| &p.fields);
        let text = |name: &str| texts(profile.get(name)).into_iter().next().unwrap_or_default();
        let emails = &account.info.emails;
        let primary = emails.iter().find(|e| e.is_primary).or_else(|| emails.first());
        let candidates = [
            primary.map(|e| e.address.clone()).unwrap_or_default(),
            text(EMAIL),
            account.info.login.clone(),
        ];
        let email = candidates.into_iter().find(|e| e.contains('@')).unwrap_or_default();
        let form = Form {
            email: email.trim().to_owned(),
            name: text(NAME),
            env_roles: texts(profile.get(ENV_ROLES)),
            groups: texts(profile.get(GROUPS)),
        };
        match () {
            () if form.email.is_empty() => Err(invalid("the new account has no e-mail address")),
            () if form.name.is_empty() => Err(invalid("the new account has no name")),
            () if form.env_roles.is_empty() => Err(invalid("the new account has no environment role")
                .hint("Workato invites nobody without a role; name one as dev:Environment admin")),
            () => Ok(form),
        }
    }
}

/// The roles of a form, each checked by its exact name.
async fn assignments(d: &Directory, cx: &SyncContext, wanted: &[String]) -> Result<Vec<RoleAssignment>> {
    let detected = d.detected(cx).await?;
    let mut roles = Vec::with_capacity(wanted.len());
    for text in wanted {
        let (environment, name) = text
            .split_once(':')
            .map(|(environment, name)| (environment.trim().to_lowercase(), name.trim()))
            .filter(|(environment, name)| !environment.is_empty() && !name.is_empty())
            .ok_or_else(|| invalid(format!("{text:?} is not an environment and a role")).hint("write dev:Role name"))?;
        let is_v2 = detected
            .environment_roles
            .iter()
            .any(|r| r.name.as_deref() == Some(name));
        if !is_v2 && !named(d, cx).await?.iter().any(|(_, known)| known == name) {
            let known: Vec<&str> = detected
                .environment_roles
                .iter()
                .filter_map(|r| r.name.as_deref())
                .collect();
            return Err(invalid(format!("there is no environment role {name:?}"))
                .hint(format!("the environment roles are {}", known.join(", "))));
        }
        roles.push(RoleAssignment {
            environment_type: environment,
            name: name.to_owned(),
            role_type: is_v2.then_some(ROLE_TYPE),
        });
    }
    Ok(roles)
}

fn find<'a>(members: &'a [Member], email: &str) -> Option<&'a Member> {
    let same = |m: &&Member| m.email.as_deref().is_some_and(|e| e.trim().eq_ignore_ascii_case(email));
    members.iter().find(same)
}

fn exists(member: &Member) -> CreatedAccount {
    CreatedAccount {
        outcome: AccountOutcome::AlreadyExists {
            resource: collaborator::build(member),
        },
        annotations: Vec::new(),
    }
}

/// The texts of a form value: one, a list, or one with commas.
fn texts(value: Option<&prost_types::Value>) -> Vec<String> {
    let texts: Vec<String> = match value.and_then(|v| v.kind.as_ref()) {
        Some(ValueKind::StringValue(text)) => text.split(',').map(str::to_owned).collect(),
        Some(ValueKind::ListValue(list)) => list.values.iter().flat_map(|v| texts(Some(v))).collect(),
        _ => Vec::new(),
    };
    let trimmed = texts.iter().map(|text| text.trim().to_owned());
    trimmed.filter(|text| !text.is_empty()).collect()
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::InvalidArgument, message).code(crate::workato::code::ACCOUNT_FORM)
}
