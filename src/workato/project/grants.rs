//! Who has which role in a project: one request for each.

use super::model::{ProjectGrant, ProjectId, ProjectRow};
use super::standing::said;
use super::{Projects, environment, name, now};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::Page;
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile};
use crate::workato::access_model::has_environment_roles;
use crate::workato::cause;
use crate::workato::client::{WorkatoClient, endpoint, odd};
use crate::workato::collaborator::{self, People};
use crate::workato::family::single::{self, Losses, Outcome, Single};
use crate::workato::group::{self, Groups};
use crate::workato::listing::List;
use crate::workato::names::Meaning;
use crate::workato::project_role::ProjectRoles;
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;
use crate::workato::tokens::Placed;
use crate::workato::whose::{TWO_IDS, Whose, whose};

/// What syncs record when they read grants of an environment, and what the session keys of grants begin with.
pub const FAMILY: &str = "project_grants";

/// The grants on a project.
///
/// # Errors
/// Those of the client; a refusal is a warning.
pub async fn of_project(t: &Tables, cx: &SyncContext, project: &v2::Resource) -> Result<Page<v2::Grant>> {
    let id = ProjectId::from(resource::key(project).1);
    let projects = t.get::<Projects>(cx).await?;
    let placed = projects.iter().find(|p| p.row.id == id);
    let placed = placed.and_then(|p| Some((&p.environment, t.clients.of(&p.environment)?)));
    let has_grants = has_environment_roles(t, cx).await?;
    let (Some((own, client)), true) = (placed, has_grants) else {
        return Ok(Page::default());
    };
    let family = t.family(cx, &format!("{FAMILY}/{own}"));
    let asked = Grants {
        cx,
        client,
        environment: own,
        projects: &projects,
    };
    let Outcome::Rows(granted) = single::read(cx, &family, &asked, id.as_str()).await? else {
        return Ok(Page::default());
    };
    environment::check(own, &granted)?;
    odd::count(cx, &asked.what(), &granted);
    let mut rows = Vec::with_capacity(granted.len());
    for grant in &granted {
        rows.extend(build(t, cx, project, grant).await?);
    }
    Ok(Page::last(rows))
}

/// Counts the projects whose grants answered before, where the list of an environment has no project any more: nobody
/// asks for the grants of one then.
///
/// # Errors
/// Those of the client.
pub async fn all_vanished(t: &Tables, cx: &SyncContext) -> Result<()> {
    if !has_environment_roles(t, cx).await? {
        return Ok(());
    }
    let projects = t.get::<Projects>(cx).await?;
    for (environment, client) in t.readable_environments(cx).await? {
        let is_empty = !projects.iter().any(|placed| placed.environment == environment);
        if is_empty && super::is_listed(t, cx, &environment) {
            let family = t.family(cx, &format!("{FAMILY}/{environment}"));
            let asked = Grants {
                cx,
                client: &client,
                environment: &environment,
                projects: &projects,
            };
            single::begin(cx, &family, &asked).await?;
        }
    }
    Ok(())
}

/// The rows of a project, through the session of the sync.
///
/// # Errors
/// Those of the client.
pub async fn grants_of(cx: &SyncContext, client: &WorkatoClient, id: &str) -> Result<Vec<ProjectGrant>> {
    let key = format!("{FAMILY}/{id}");
    let list = List::of_sync(cx, &key, client, endpoint::PROJECT_GRANTS.of(id));
    list.usually_empty().all_hold().read().await
}

/// Grants of the projects of one environment.
struct Grants<'a> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    environment: &'a Environment,
    projects: &'a [Placed<ProjectRow>],
}

impl Single for Grants<'_> {
    type Answer = Vec<ProjectGrant>;

    fn what(&self) -> String {
        format!("project grants of {}", self.environment)
    }

    fn listed(&self) -> Vec<String> {
        let here = self.projects.iter().filter(|p| p.environment == *self.environment);
        here.map(|placed| placed.row.id.to_string()).collect()
    }

    fn losses(&self) -> &Losses {
        &Losses {
            refused: cause::PROJECT_REFUSED,
            missing: "projects, whose grants are missing",
            gone: cause::PROJECT_GONE,
            gone_message: "projects disappeared while they were read; their grants are missing",
        }
    }

    fn name(&self, id: &str) -> String {
        let project = self.projects.iter().find(|p| p.row.id.as_str() == id);
        project.map_or_else(|| id.to_owned(), |placed| name(&placed.row))
    }

    async fn ask(&self, id: &str) -> Result<Vec<ProjectGrant>> {
        grants_of(self.cx, self.client, id).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        let page = self.client.page::<ProjectGrant>(endpoint::PROJECT_GRANTS.of(id), 1);
        page.await.map(drop)
    }

    fn is_known(&self, id: &str) -> Option<bool> {
        Some(self.projects.iter().any(|placed| placed.row.id.as_str() == id))
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let projects = now(self.client).await?;
        Ok(projects.iter().any(|project| project.id.as_str() == id))
    }
}

/// One grant of a project role, or nothing (counted) where it names something no list returned.
async fn build(
    t: &Tables,
    cx: &SyncContext,
    project: &v2::Resource,
    grant: &ProjectGrant,
) -> Result<Option<v2::Grant>> {
    let example = format!("grant {} of {}", grant.id, project.display_name);
    let elsewhere = grant.project.as_ref().and_then(|p| p.id.as_ref());
    if let Some(other) = elsewhere.filter(|id| id.as_str() != resource::key(project).1) {
        cx.warnings.add(
            cause::GRANT_ELSEWHERE,
            "lists of project grants hold grants of other projects; they were dropped there",
            format!("{example}, which is of project {other}"),
        );
        return Ok(None);
    }
    let roles = t.get::<ProjectRoles>(cx).await?;
    let meaning = grant
        .project_role
        .as_ref()
        .map_or(Meaning::Nothing, |named| roles.of_grant(named));
    let role = match meaning {
        Meaning::One(role) => role.slug.as_str(),
        Meaning::Several(several) => {
            let ids: Vec<&str> = several.iter().map(|role| role.role.id.as_str()).collect();
            cx.warnings.add(
                cause::PROJECT_ROLE_AMBIGUOUS,
                "project grants name a role by a name that several project roles have; they were dropped, as it cannot be \
                 told which it is",
                format!("{example}: roles {}", ids.join(", ")),
            );
            return Ok(None);
        }
        Meaning::Nothing => {
            cx.warnings.add(
                cause::PROJECT_ROLE_NOT_LISTED,
                "project grants name project roles that no list returned; they were dropped",
                example,
            );
            return Ok(None);
        }
    };
    if grant.user.is_some() && grant.user_group.is_some() {
        cx.warnings.add(
            cause::GRANT_OF_TWO,
            "project grants name a person and a group at once; they were dropped, as it cannot be told whose they are",
            example,
        );
        return Ok(None);
    }
    let metadata = Profile::new().with("project_grant_id", grant.id.to_string());
    if let Some(user) = &grant.user {
        let example = format!("collaborator {} on {}", user.id, project.display_name);
        let people = t.get::<People>(cx).await?;
        let Some(email) = people.get(&user.id) else {
            cx.warnings.add(
                cause::COLLABORATOR_NOT_LISTED,
                "grants or group memberships name collaborators that the member list did not return; they were dropped",
                example,
            );
            return Ok(None);
        };
        match whose(said(user), email.as_deref()) {
            Whose::Theirs => {}
            Whose::OtherAddress => {
                cx.warnings.add(
                    cause::GRANT_OF_OTHER_ADDRESS,
                    "project grants name a person by the id of a collaborator and another e-mail address; they were \
                     dropped (people who were invited and have not accepted may have numbers of their own)",
                    example,
                );
                return Ok(None);
            }
            Whose::TwoIds => {
                cx.warnings.add(cause::TWO_IDS, TWO_IDS, example);
                return Ok(None);
            }
        }
        let principal = collaborator::resource_id(&user.id);
        return Ok(Some(
            GrantBuilder::new(project, role, principal).metadata(metadata).build(),
        ));
    }
    let groups = t.get::<Groups>(cx).await?;
    let Some(group) = grant
        .user_group
        .as_ref()
        .filter(|named| groups.iter().any(|g| g.id == named.id))
    else {
        cx.warnings.add(
            cause::GROUP_NOT_LISTED,
            "project grants name groups that no list returned, or nobody at all; they were dropped",
            example,
        );
        return Ok(None);
    };
    let (principal, over) = group::principal(&group.id);
    Ok(Some(
        GrantBuilder::new(project, role, principal)
            .expands_over(over)
            .metadata(metadata)
            .build(),
    ))
}
