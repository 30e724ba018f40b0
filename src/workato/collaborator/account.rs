//! Inviting people and removing them. An invitation is sent once; there is no account before it is accepted.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::Any;
use prost_types::value::Kind as ValueKind;
use serde::Serialize;

use super::{Member, MemberId, build, called};

use crate::baton::annotation::pack;
use crate::baton::change::Change;
use crate::baton::connector::{AccountOutcome, CreatedAccount, NewAccount, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::proto::v2::connector_account_creation_schema::{Field, StringField, StringListField, field};
use crate::baton::proto::v2::local_credential_options::Options;
use crate::workato::client::{WorkatoClient, endpoint};
use crate::workato::code;
use crate::workato::names::Meaning;
use crate::workato::role::{self, BASE_ROLES};
use crate::workato::role_assignments::{RoleKind, RoleNames, is_no_access};
use crate::workato::tables::Tables;
use crate::workato::writing::ambiguous_right;
use crate::workato::writing::assignment::{ROLE_TYPE, RoleAssignment};
use crate::workato::writing::effect::{Ended, send};
use crate::workato::writing::whole::{detected, never_empty};

/// Names of the fields of the form.
const EMAIL: &str = "email";
const NAME: &str = "name";
const ENV_ROLES: &str = "env_roles";
const GROUPS: &str = "user_group_ids";

/// Somebody to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Invitation {
    /// Their name.
    name: String,
    /// Where the invitation goes.
    email: String,
    /// What they may do. Without any the API refuses.
    env_roles: Vec<RoleAssignment>,
    /// Groups they join.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_group_ids: Vec<String>,
}

/// The form of a new account (`workato/model.md 9`).
pub fn form() -> v2::ConnectorAccountCreationSchema {
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

/// What somebody is before an invitation and after a removal.
const NOBODY: &str = "not a collaborator";

/// Invites a person who is not there yet.
///
/// # Errors
/// `InvalidArgument` for a form that is not filled in or names an unknown role; `FailedPrecondition` for a role of the
/// older model in a workspace with RBAC v2; those of the API.
pub async fn create(t: &Tables, cx: &SyncContext, account: &NewAccount<'_>) -> Result<CreatedAccount> {
    let form = Form::read(account)?;
    let members = detected(t, cx).await?.members.clone();
    if let Some(member) = find(&members, &form.email) {
        return Ok(exists(cx, member));
    }
    let invitation = Invitation {
        env_roles: assignments(t, cx, &form.env_roles).await?,
        name: form.name,
        email: form.email,
        user_group_ids: form.groups,
    };
    let email = &invitation.email;
    let roles: Vec<String> = invitation
        .env_roles
        .iter()
        .map(|role| format!("{} {}", role.environment_type, role.name))
        .collect();
    let who = format!("{} <{email}>", invitation.name);
    let change = Change::made(who, "", NOBODY, format!("invited as {}", roles.join(", ")));
    let dev = &t.clients.dev;
    let body = serde_json::to_value(&invitation).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    let write = dev.write(&endpoint::INVITE, Some(&body))?;
    cx.changes.propose(&change, &write.request())?;
    let accepted = match write.send().await {
        Ok(accepted) => accepted,
        // Somebody was faster; then they are in the list, or it is the invitation that is there.
        Err(error) if error.kind() == Kind::AlreadyExists => {
            let members = now(dev).await?;
            return find(&members, email)
                .map(|member| exists(cx, member))
                .ok_or_else(|| explained(error, email));
        }
        Err(error) => return Err(explained(error, email)),
    };
    // Invitations are in no list, so only that somebody is in the list of people decides against the answer.
    if accepted.complaint.is_some() || accepted.is_page {
        let is_there = now(dev).await.is_ok_and(|members| find(&members, email).is_some());
        if !is_there {
            return Err(match accepted.complaint {
                Some(complaint) => explained(complaint, email),
                None => not_known(email),
            });
        }
    }
    cx.changes.tell(change);
    // Somebody who is in the list of people needs no invitation; a list that cannot be read says nothing about one that
    // was accepted for sending.
    let listed = now(dev).await.ok();
    let outcome = match listed.as_deref().and_then(|members| find(members, email)) {
        Some(member) => AccountOutcome::Created {
            resource: build(member),
            invitation_expires_at: None,
        },
        None => AccountOutcome::ActionRequired {
            resource: None,
            message: format!("{email} was invited and becomes a collaborator when the invitation is accepted"),
        },
    };
    Ok(CreatedAccount {
        outcome,
        annotations: Vec::new(),
    })
}

/// The people at this moment.
async fn now(dev: &WorkatoClient) -> Result<Vec<Member>> {
    never_empty(dev, &endpoint::MEMBERS).await
}

/// What a failed invitation means. It is sent once, so the next step is somebody's decision.
fn explained(error: Error, email: &str) -> Error {
    let status = error.fact_value("status").map(str::to_owned);
    let (message, hint) = match (error.kind(), status.as_deref()) {
        (_, Some("429")) => (
            format!(
                "{email} cannot be invited now: Workato takes one invitation per person in 20 minutes, and 60 requests a \
                 minute in all"
            ),
            "if the person was invited a short while ago, the mail is on its way: let them look for it, or try again in \
             20 minutes; so it is with somebody who was removed a short while ago; nothing was sent this time",
        ),
        (Kind::Unavailable | Kind::DeadlineExceeded, _) => return with_facts(error, not_known(email)),
        // The rule of 20 minutes has no status of its own (`workato/api.md 2.7`).
        (Kind::AlreadyExists | Kind::InvalidArgument, _) => {
            return error
                .also_hint("somebody who was removed or invited a short while ago can be invited after 20 minutes");
        }
        _ => return error,
    };
    let explained = Error::new(error.kind(), message).code(code::INVITATION).hint(hint);
    with_facts(error, explained)
}

/// The error of an invitation that may be on its way.
fn not_known(email: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("it is not known whether {email} was invited"),
    )
    .code(code::INVITATION)
    .hint(
        "ask the person whether the mail has come, or look at the pending invitations in Workato; try again in 20 \
             minutes at the earliest",
    )
}

/// An error in place of another one, whose facts it keeps.
fn with_facts(error: Error, mut explained: Error) -> Error {
    for (name, value) in error.facts() {
        explained = explained.fact(name, value.clone());
    }
    explained.source(error)
}

/// Removes a person from the workspace. Somebody who is not there is gone already.
///
/// # Errors
/// Those of the API; `Internal` when it has no effect.
pub async fn delete(t: &Tables, cx: &SyncContext, id: &MemberId) -> Result<Vec<Any>> {
    let dev = &t.clients.dev;
    let gone = |who: String| {
        cx.changes.tell(Change::gone(who, "", "collaborator", None::<&str>));
        Ok(vec![pack(&v2::ResourceDoesNotExist::default())])
    };
    let members = now(dev).await?;
    let Some(member) = members.iter().find(|m| m.id == *id) else {
        return gone(id.to_string());
    };
    let change = Change::made(called(member), "", held_by(member), NOBODY);
    let write = dev.write(endpoint::DELETE_MEMBER.of(id.as_str()), None)?;
    let ended = send(cx, dev, &change, write, &[Kind::NotFound], || async {
        let there = now(dev).await?.iter().any(|m| m.id == *id);
        Ok(there.then(|| "the collaborator".to_owned()))
    });
    match ended.await? {
        Ended::Made => Ok(Vec::new()),
        Ended::Before => gone(called(member)),
    }
}

/// A person's roles, in words: `collaborator (dev Member, prod Environment admin)`.
fn held_by(member: &Member) -> String {
    let roles: BTreeSet<String> = member
        .roles
        .iter()
        .filter_map(|row| {
            let name = row.role_name.as_deref().filter(|name| !is_no_access(name))?;
            Some(format!(
                "{} {name}",
                row.environment_type.as_deref().unwrap_or("somewhere")
            ))
        })
        .collect();
    if roles.is_empty() {
        return "collaborator".to_owned();
    }
    format!("collaborator ({})", Vec::from_iter(roles).join(", "))
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
async fn assignments(t: &Tables, cx: &SyncContext, wanted: &[String]) -> Result<Vec<RoleAssignment>> {
    let detected = detected(t, cx).await?;
    let names = RoleNames::of(&detected);
    let mut roles = Vec::with_capacity(wanted.len());
    for text in wanted {
        let (environment, name) = text
            .split_once(':')
            .map(|(environment, name)| (environment.trim().to_lowercase(), name.trim()))
            .filter(|(environment, name)| !environment.is_empty() && !name.is_empty())
            .ok_or_else(|| invalid(format!("{text:?} is not an environment and a role")).hint("write dev:Role name"))?;
        let of_list = names.exactly(RoleKind::Environment, name);
        let is_v2 = of_list != Meaning::Nothing;
        if !is_v2 && BASE_ROLES.contains(&name) {
            role::check_model(t, cx).await?;
        }
        let meaning = match is_v2 {
            true => of_list,
            false => names.exactly(RoleKind::Legacy, name),
        };
        if let Meaning::Several(ids) = &meaning {
            let message = format!("the name {name:?} can mean roles {}", ids.join(" and "));
            return Err(ambiguous_right(message));
        }
        if !is_v2 && !role::named(t, cx).await?.iter().any(|(_, known)| known.trim() == name) {
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

fn exists(cx: &SyncContext, member: &Member) -> CreatedAccount {
    cx.changes.tell(Change::already(called(member), "", "collaborator"));
    CreatedAccount {
        outcome: AccountOutcome::AlreadyExists {
            resource: build(member),
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
    Error::new(Kind::InvalidArgument, message).code(code::ACCOUNT_FORM)
}
