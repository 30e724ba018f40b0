//! Suspending a collaborator, for which the API has nothing of its own: no access in every environment, out of every group,
//! no direct project grant (`workato/agents.md 5`). All that is to go is read before anything is sent, and so is how to
//! give it back.

use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::access_model::has_environment_roles;
use crate::workato::client::endpoint;
use crate::workato::collaborator::{self, Member, called, member_of};
use crate::workato::group::{self, CollaboratorGroup, UserGroup};
use crate::workato::kind::{ResourceKind as _, Right};
use crate::workato::project::{self, DirectGrant};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens::{shown, with_tokens};
use crate::workato::writing::assignment::{self, Going, WantedRole};
use crate::workato::writing::held::{KnownRoles, Said, check_said, unclear_row};
use crate::workato::writing::whole::never_empty;

/// The program, as its commands begin.
const GRANT: &str = "baton-workato grant";

/// Suspends somebody, and says where nothing could be seen, and what is not known.
///
/// # Errors
/// `NotFound` for somebody who is not in the workspace; `InvalidArgument` and `FailedPrecondition` for what cannot be told
/// for certain, before anything is sent; those of the API.
pub async fn run(t: &Tables, cx: &SyncContext, id: &str) -> Result<Vec<String>> {
    let member = member_of(t, cx, &id.into()).await?;
    let roles = roles(t, cx, &member).await?;
    let (groups, not_known) = groups(t, cx, &member).await?;
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
        // As they are after the steps before: a role may have gone with another one of its environment.
        let Some(now) = assignment::now(t, &member.id).await? else {
            break;
        };
        if role.is_held(&now) {
            steps.done(role.take(t, cx, &now, Going::WithAll).await.map(drop))?;
        }
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
    Ok([not_known, not_seen].concat())
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

/// Every role that somebody holds in any environment.
async fn roles(t: &Tables, cx: &SyncContext, member: &Member) -> Result<Vec<WantedRole>> {
    let known = KnownRoles::of(t, cx).await?;
    check_said(member)?;
    let mut roles = Vec::new();
    for row in &member.roles {
        let place = row.environment_type.as_deref().map(str::trim).unwrap_or_default();
        match known.said(row) {
            Said::Nothing => {}
            Said::Role(kind, id) if !place.is_empty() => roles.push(WantedRole {
                kind,
                environment: Environment::new(place),
                id,
                name: row.role_name.as_deref().map(str::trim).unwrap_or_default().to_owned(),
                known: known.clone(),
            }),
            Said::Role(..) | Said::Custom | Said::Unclear => return Err(unclear_row(member, row)),
        }
    }
    Ok(roles)
}

/// The groups that somebody is in, and of which it is not known.
async fn groups(t: &Tables, cx: &SyncContext, member: &Member) -> Result<(Vec<UserGroup>, Vec<String>)> {
    let (mut groups, mut not_known) = (Vec::new(), Vec::new());
    if !has_environment_roles(t, cx).await? {
        return Ok((groups, not_known));
    }
    let all: Vec<UserGroup> = never_empty(&t.clients.dev, &endpoint::USER_GROUPS).await?;
    for group in all.into_iter().filter(|group| !group::is_system(group)) {
        match group::is_in(t, &group, member).await? {
            Some(true) => groups.push(group),
            Some(false) => {}
            // Such a group may only have invited somebody else: no reason to leave everything as it is.
            None => not_known.push(format!(
                "whether {} is in the group {:?} is not known: it says it has more members than its list shows, and they \
                 are not among those",
                called(member),
                group::name(&group)
            )),
        }
    }
    Ok((groups, not_known))
}

/// Direct grants in every environment of the run with a token, and where nothing was seen.
async fn grants(t: &Tables, cx: &SyncContext, member: &Member) -> Result<(Vec<DirectGrant>, Vec<String>)> {
    if !has_environment_roles(t, cx).await? {
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
            Some(client) => grants.extend(project::direct_grants(t, (&environment, client), member).await?),
            None => not_seen.push(format!(
                "direct project grants in {} were not looked at: that takes its token and --workato-env all",
                shown(&environment)
            )),
        }
    }
    Ok((grants, not_seen))
}
