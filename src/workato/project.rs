//! Projects. In RBAC v2 each project role is an entitlement of every project, granted to people and groups.

use super::client::{Project as ApiProject, ProjectGrant, ProjectId, WorkatoClient, odd, read_all};
use super::collaborator::{self, Collaborator};
use super::directory::{Directory, PlacedProject};
use super::family::single::{self, Losses, Outcome, Single};
use super::folder::Folder;
use super::group::{self, CollaboratorGroup};
use super::kind::{PAGE, ResourceKind, first_of, id_value};
use super::listing::all_pages_if_any;
use super::names::Meaning;
use super::settings::Environment;
use super::token_environment;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{self, EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};
use crate::workato::cause;

/// The project resource type.
pub struct Project;

/// A project's display name.
pub fn name(project: &ApiProject) -> String {
    let id = project.id.to_string();
    first_of([project.name.as_deref(), Some(&id)])
        .unwrap_or_default()
        .to_owned()
}

impl ResourceKind for Project {
    const TYPE: &'static str = "project";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Project", &[], Vec::new())
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        Page::of_table(&d.projects(cx).await?, page, PAGE, |placed| {
            let project = &placed.project;
            let profile = Profile::new()
                .with("id", id_value(&project.id))
                .with("name", project.name.as_deref())
                .with("description", project.description.as_deref())
                .with("folder_id", project.folder_id.as_ref().map(id_value))
                .with("environment", placed.environment.as_str());
            ResourceBuilder::new(Project::TYPE, project.id.to_string(), name(project))
                .profile(profile)
                .children(Folder::TYPE)
                .app()
                .build()
        })
    }

    async fn entitlements(d: &Directory, cx: &SyncContext, project: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let grantable = [&Collaborator::resource_type(), &CollaboratorGroup::resource_type()];
        let roles = d.project_roles(cx).await?;
        Ok(roles
            .all()
            .iter()
            .map(|role| {
                let text = format!("{} of {}", role.name, project.display_name);
                EntitlementBuilder::new(project, &role.slug, Purpose::Permission, &grantable)
                    .named(text.clone(), text)
                    .build()
            })
            .collect())
    }

    /// One request per project and page.
    async fn grants(d: &Directory, cx: &SyncContext, project: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        let id = ProjectId::from(resource::key(project).1);
        let projects = d.projects(cx).await?;
        let placed = projects.iter().find(|p| p.project.id == id);
        let placed = placed.and_then(|p| Some((&p.environment, d.clients.of(&p.environment)?)));
        let has_grants = d.detected(cx).await?.model.has_environment_roles();
        let (Some((environment, client)), true) = (placed, has_grants) else {
            return Ok(Page::default());
        };
        let family = d.family(cx, &format!("project_grants/{environment}"));
        let asked = Grants {
            cx,
            client,
            environment,
            projects: &projects,
        };
        let Outcome::Rows(granted) = single::read(cx, &family, &asked, id.as_str()).await? else {
            return Ok(Page::default());
        };
        token_environment::check(environment, &granted)?;
        odd::count(cx, &asked.what(), &granted);
        let mut rows = Vec::with_capacity(granted.len());
        for grant in &granted {
            rows.extend(build(d, cx, project, grant).await?);
        }
        Ok(Page::last(rows))
    }
}

/// Grants of the projects of one environment.
struct Grants<'a> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    environment: &'a Environment,
    projects: &'a [PlacedProject],
}

impl Single for Grants<'_> {
    type Answer = Vec<ProjectGrant>;

    fn what(&self) -> String {
        format!("project grants of {}", self.environment)
    }

    fn listed(&self) -> Vec<String> {
        let here = self.projects.iter().filter(|p| p.environment == *self.environment);
        here.map(|placed| placed.project.id.to_string()).collect()
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
        let project = self.projects.iter().find(|p| p.project.id.as_str() == id);
        project.map_or_else(|| id.to_owned(), |placed| name(&placed.project))
    }

    async fn ask(&self, id: &str) -> Result<Vec<ProjectGrant>> {
        let (key, project) = (format!("project_grants/{id}"), ProjectId::from(id));
        let page = |page| self.client.project_grants(&project, page);
        all_pages_if_any(self.cx, &key, |g: &ProjectGrant| g.id.clone(), page).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.client.project_grants(&ProjectId::from(id), 1).await.map(drop)
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let projects: Vec<ApiProject> = read_all(|page| self.client.projects(page)).await?;
        Ok(projects.iter().any(|project| project.id.as_str() == id))
    }
}

/// One grant of a project role, or nothing (counted) where it names something no list returned.
async fn build(
    d: &Directory,
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
    let roles = d.project_roles(cx).await?;
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
        if !d.people(cx).await?.contains(&user.id) {
            cx.warnings.add(
                cause::COLLABORATOR_NOT_LISTED,
                "grants or group memberships name collaborators that the member list did not return; they were dropped",
                format!("collaborator {} on {}", user.id, project.display_name),
            );
            return Ok(None);
        }
        let principal = collaborator::resource_id(&user.id);
        return Ok(Some(
            GrantBuilder::new(project, role, principal).metadata(metadata).build(),
        ));
    }
    let groups = d.groups(cx).await?;
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
    let principal = resource::id(CollaboratorGroup::TYPE, group.id.to_string());
    let over = entitlement::id(&principal, group::MEMBER);
    Ok(Some(
        GrantBuilder::new(project, role, principal)
            .expands_over(over)
            .metadata(metadata)
            .build(),
    ))
}
