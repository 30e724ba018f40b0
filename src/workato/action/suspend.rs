//! Suspending a collaborator, for which the API has nothing of its own: no access in every environment, out of every group,
//! no direct project grant (`workato/agents.md 5`). All that is to go is read before anything is sent, and so is how to
//! give it back.

use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::access_model::{AccessModel, Detected};
use crate::workato::client::endpoint;
use crate::workato::code;
use crate::workato::collaborator::{self, Member, called, member_of};
use crate::workato::group::{self, CollaboratorGroup, UserGroup};
use crate::workato::kind::{ResourceKind as _, Right};
use crate::workato::listing::List;
use crate::workato::names::Meaning;
use crate::workato::project::{self, DirectGrant};
use crate::workato::role_assignments::{RoleKind, RoleNames, is_no_access};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens::{shown, with_tokens};
use crate::workato::writing::assignment::{ROLE_TYPE, WantedRole};

/// The program, as its commands begin.
const GRANT: &str = "baton-workato grant";

/// Suspends somebody, and says where nothing could be seen.
///
/// # Errors
/// `NotFound` for somebody who is not in the workspace; `InvalidArgument` for a role that cannot be told from another one,
/// before anything is sent; those of the API.
pub async fn run(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<String>> {
    let member = member_of(t, cx, &id.into()).await?;
    let roles = roles(t, cx, &member).await?;
    let groups = groups(t, cx, &member).await?;
    let (grants, not_seen) = grants(t, cx, &member).await?;
    for role in &roles {
        cx.changes.can_be_undone(format!(
            "{GRANT} {} in {} to {id}",
            quoted(&role.name),
            role.environment
        ));
    }
    for group in &groups {
        cx.changes
            .can_be_undone(format!("{GRANT} {} to {id}", quoted(group.id.as_str())));
    }
    for grant in &grants {
        cx.changes.can_be_undone(format!(
            "{GRANT} {} on {} in {} to {id}",
            quoted(&grant.role),
            quoted(&grant.project.to_string()),
            grant.environment
        ));
    }
    let mut steps = Steps(cx, None);
    for role in &roles {
        steps.done(role.take(t, cx, &member).await.map(drop))?;
    }
    let principal = v2::Resource {
        id: Some(collaborator::resource_id(&member.id)),
        display_name: called(&member),
        ..Default::default()
    };
    for group in &groups {
        let on = v2::Resource {
            id: Some(resource::id(CollaboratorGroup::TYPE, group.id.to_string())),
            display_name: group::name(group),
            ..Default::default()
        };
        steps.done(group::revoke(t, cx, &on, &principal).await.map(drop))?;
    }
    for grant in &grants {
        let on = grant.on();
        let right = Right {
            on: &on,
            slug: &grant.slug,
            text: "",
            principal: &principal,
        };
        steps.done(project::revoke(t, cx, &right).await.map(drop))?;
    }
    steps.end()?;
    Ok(not_seen)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// In a rehearsal every step is refused, and the next one is looked at all the same.
struct Steps<'c>(&'c SyncContext, Option<Error>);

impl Steps<'_> {
    fn done(&mut self, step: Result<()>) -> Result<()> {
        match step {
            Err(error) if self.0.changes.is_rehearsal() && error.kind() == Kind::Cancelled => {
                self.1.get_or_insert(error);
                Ok(())
            }
            other => other,
        }
    }

    fn end(self) -> Result<()> {
        self.1.map_or(Ok(()), Err)
    }
}

async fn roles(t: &Tables, cx: &SyncContext, member: &Member) -> Result<Vec<WantedRole>> {
    let detected = t.get::<Detected>(cx).await?;
    let names = RoleNames::of(&detected);
    let mut roles = Vec::new();
    for row in &member.roles {
        let name = row.role_name.as_deref().map(str::trim).unwrap_or_default();
        let environment = row.environment_type.as_deref().map(Environment::new);
        let Some(environment) = environment.filter(|_| !name.is_empty() && !is_no_access(name)) else {
            continue;
        };
        let kind = match (row.role_type.as_deref(), detected.model) {
            (Some(ROLE_TYPE), _) | (_, AccessModel::RbacV2) => RoleKind::Environment,
            _ => RoleKind::Legacy,
        };
        let Meaning::One(id) = names.find(kind, name) else {
            let message = format!(
                "{} holds {name:?} in {environment}, which no list tells from other roles",
                called(member)
            );
            return Err(Error::new(Kind::InvalidArgument, message)
                .code(code::AMBIGUOUS_RIGHT)
                .hint("nothing was changed; take this role away in Workato, and try again"));
        };
        roles.push(WantedRole {
            kind,
            environment,
            id,
            name: name.to_owned(),
            names: names.clone(),
        });
    }
    Ok(roles)
}

async fn groups(t: &Tables, cx: &SyncContext, member: &Member) -> Result<Vec<UserGroup>> {
    if t.get::<Detected>(cx).await?.model == AccessModel::Legacy {
        return Ok(Vec::new());
    }
    let all: Vec<UserGroup> = List::now(&t.clients.dev, &endpoint::USER_GROUPS).read().await?;
    let mut groups = Vec::new();
    for group in all {
        if !group::is_system(&group) && group::is_in(t, &group.id, member).await? {
            groups.push(group);
        }
    }
    Ok(groups)
}

/// Direct grants in every environment of the run with a token, and where nothing was seen.
async fn grants(t: &Tables, cx: &SyncContext, member: &Member) -> Result<(Vec<DirectGrant>, Vec<String>)> {
    if t.get::<Detected>(cx).await?.model == AccessModel::Legacy {
        return Ok((Vec::new(), Vec::new()));
    }
    let (mut grants, mut not_seen) = (Vec::new(), Vec::new());
    let of_run = t.environments(cx).await?;
    let named = member.roles.iter().filter_map(|row| row.environment_type.as_deref());
    let mut all: Vec<Environment> = named.map(Environment::new).chain(with_tokens()).collect();
    all.sort();
    all.dedup();
    for environment in all {
        match t.clients.of(&environment).filter(|_| of_run.contains(&environment)) {
            Some(client) => grants.extend(project::direct_grants(t, (&environment, client), &member.id).await?),
            None => not_seen.push(format!(
                "direct project grants in {} were not looked at: that takes its token and --workato-env all",
                shown(&environment)
            )),
        }
    }
    Ok((grants, not_seen))
}
