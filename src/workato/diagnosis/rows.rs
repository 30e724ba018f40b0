//! What every endpoint answered: first the lists, then one thing of each list that has more to say about single things.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::asker::Asker;
use super::environments;
use crate::baton::error::Error;
use crate::workato::client::endpoint::{self, Endpoint};
use crate::workato::client::{
    ApiClient, ApiClientRole, Connection, EnvironmentRole, Folder, GroupMember, LegacyRole, Member, PrivilegeRow,
    Probed, Project, ProjectGrant, ProjectRole, UserGroup, WorkatoClient, WorkspaceDetails,
};
use crate::workato::directory::Clients;
use crate::workato::group;
use crate::workato::holding::is_no_access;
use crate::workato::settings::{Environment, PrivilegesMode, Settings};

/// Why one thing of a list is not asked for.
const NO_LIST: &str = "not asked: its list was not answered";

/// What came of one question.
#[derive(Debug)]
pub enum Reply<T> {
    /// It was asked.
    Asked(Probed<T>),
    /// It was not, and why.
    Not(&'static str),
}

impl<T> Reply<T> {
    /// What was answered with success.
    pub fn value(&self) -> Option<&T> {
        match self {
            Reply::Asked(probed) => probed.result.as_ref().ok(),
            Reply::Not(_) => None,
        }
    }

    /// What went wrong.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Reply::Asked(probed) => probed.result.as_ref().err(),
            Reply::Not(_) => None,
        }
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Reply::Asked(probed) => probed.asked.map(|asked| asked.status),
            Reply::Not(_) => None,
        }
    }
}

/// The lists of one environment, read with its token.
#[derive(Debug)]
pub struct Content {
    /// Projects.
    pub projects: Reply<Vec<Project>>,
    /// Folders under Home.
    pub folders: Reply<Vec<Folder>>,
    /// Connections.
    pub connections: Reply<Vec<Connection>>,
    /// Grants on the first project.
    pub grants: Reply<Vec<ProjectGrant>>,
}

/// All answers.
#[derive(Debug)]
pub struct Rows {
    /// People.
    pub members: Reply<Vec<Member>>,
    /// What the first person with a role may do.
    pub privileges: Reply<Vec<PrivilegeRow>>,
    /// Environment roles.
    pub environment_roles: Reply<Vec<EnvironmentRole>>,
    /// The first of them.
    pub environment_role: Reply<EnvironmentRole>,
    /// Custom roles of the legacy model.
    pub legacy_roles: Reply<Vec<LegacyRole>>,
    /// Project roles.
    pub project_roles: Reply<Vec<ProjectRole>>,
    /// The first of them.
    pub project_role: Reply<ProjectRole>,
    /// Groups.
    pub groups: Reply<Vec<UserGroup>>,
    /// Members of the first group that does not hold everybody.
    pub group_members: Reply<Vec<GroupMember>>,
    /// API clients.
    pub api_clients: Reply<Vec<ApiClient>>,
    /// Their roles.
    pub api_client_roles: Reply<Vec<ApiClientRole>>,
    /// The workspace.
    pub workspace: Reply<WorkspaceDetails>,
    /// What lies in every environment of the run that has a token.
    pub content: BTreeMap<Environment, Content>,
}

impl Rows {
    /// Asks everything but the people, who were asked already.
    pub async fn ask(settings: &Settings, clients: &Clients, asker: &Asker<'_>, members: Probed<Vec<Member>>) -> Self {
        let dev = &clients.dev;
        let legacy_roles = async {
            if settings.disable_custom_roles_sync {
                return Reply::Not("off by --disable-custom-roles-sync");
            }
            Reply::Asked(asker.list(dev, &endpoint::LEGACY_ROLES, None).await)
        };
        let readable = environments(settings);
        let content = join_all(readable.into_iter().filter_map(|environment| {
            let client = clients.of(&environment)?.clone();
            Some(async move {
                let content = content(settings, &client, asker).await;
                (environment, content)
            })
        }));
        let (roles, legacy_roles, project_roles, groups, api_clients, api_client_roles, workspace, content) = tokio::join!(
            asker.list::<EnvironmentRole>(dev, &endpoint::ENVIRONMENT_ROLES, None),
            legacy_roles,
            asker.list::<ProjectRole>(dev, &endpoint::PROJECT_ROLES, None),
            asker.list::<UserGroup>(dev, &endpoint::USER_GROUPS, None),
            asker.list(dev, &endpoint::API_CLIENTS, None),
            asker.list(dev, &endpoint::API_CLIENT_ROLES, None),
            asker.object(dev, &endpoint::WORKSPACE_DETAILS, None),
            content,
        );
        let holder = match (settings.privileges, &members.result) {
            (PrivilegesMode::Off, _) => Err("off by --privileges"),
            (_, Ok(members)) => holder(members).ok_or("nobody holds a role to ask about"),
            (_, Err(_)) => Err(NO_LIST),
        };
        let environment_role = first_of(&roles, |r| (r.id.to_string(), r.config.is_some()));
        let project_role = first_of(&project_roles, |r| (r.id.to_string(), r.config.is_some()));
        let own = match &groups.result {
            Ok(groups) => {
                let own = groups.iter().find(|g| !group::is_everyone(g));
                own.map(|g| g.id.to_string()).ok_or("there is no group to ask about")
            }
            Err(_) => Err(NO_LIST),
        };
        let (privileges, environment_role, project_role, group_members) = tokio::join!(
            one_list(asker, dev, &endpoint::MEMBER_PRIVILEGES, holder),
            one_object(asker, dev, &endpoint::ENVIRONMENT_ROLE, environment_role),
            one_object(asker, dev, &endpoint::PROJECT_ROLE, project_role),
            one_list(asker, dev, &endpoint::USER_GROUP_MEMBERS, own),
        );
        Rows {
            members: Reply::Asked(members),
            privileges,
            environment_roles: Reply::Asked(roles),
            environment_role,
            legacy_roles,
            project_roles: Reply::Asked(project_roles),
            project_role,
            groups: Reply::Asked(groups),
            group_members,
            api_clients: Reply::Asked(api_clients),
            api_client_roles: Reply::Asked(api_client_roles),
            workspace: Reply::Asked(workspace),
            content: content.into_iter().collect(),
        }
    }

    /// The workspace, if the token may know.
    pub fn details(&self) -> Option<&WorkspaceDetails> {
        self.workspace.value()
    }

    /// The statuses that the lists answered which only a DEV token sees.
    pub fn dev_only_statuses(&self) -> Vec<u16> {
        let all = [
            self.members.status(),
            self.privileges.status(),
            self.environment_roles.status(),
            self.environment_role.status(),
            self.legacy_roles.status(),
            self.project_roles.status(),
            self.project_role.status(),
            self.groups.status(),
            self.group_members.status(),
            self.api_clients.status(),
            self.api_client_roles.status(),
            self.workspace.status(),
        ];
        all.into_iter().flatten().collect()
    }
}

impl Content {
    /// The statuses that were answered.
    pub fn statuses(&self) -> Vec<u16> {
        let all = [
            self.projects.status(),
            self.folders.status(),
            self.connections.status(),
            self.grants.status(),
        ];
        all.into_iter().flatten().collect()
    }

    /// The environment that the token sees, as project grants say it.
    pub fn environment(&self) -> Option<Environment> {
        let grants = self.grants.value()?;
        let said = |grant: &ProjectGrant| grant.project.as_ref()?.environment.as_ref()?.kind.clone();
        grants.iter().find_map(said).map(|kind| Environment::new(&kind))
    }
}

async fn content(settings: &Settings, client: &WorkatoClient, asker: &Asker<'_>) -> Content {
    let connections = async {
        if !settings.sync_connections {
            return Reply::Not("only with --sync-connections");
        }
        Reply::Asked(asker.list(client, &endpoint::CONNECTIONS, None).await)
    };
    let (projects, folders, connections) = tokio::join!(
        asker.list::<Project>(client, &endpoint::PROJECTS, None),
        asker.list(client, &endpoint::FOLDERS, None),
        connections,
    );
    let first = match &projects.result {
        Ok(projects) => {
            let first = projects.first().map(|project| project.id.to_string());
            first.ok_or("there is no project to ask about")
        }
        Err(_) => Err(NO_LIST),
    };
    Content {
        grants: one_list(asker, client, &endpoint::PROJECT_GRANTS, first).await,
        projects: Reply::Asked(projects),
        folders: Reply::Asked(folders),
        connections,
    }
}

async fn one_list<T: serde::de::DeserializeOwned>(
    asker: &Asker<'_>,
    client: &WorkatoClient,
    endpoint: &'static Endpoint,
    id: Result<String, &'static str>,
) -> Reply<Vec<T>> {
    match id {
        Ok(id) => Reply::Asked(asker.list(client, endpoint, Some(&id)).await),
        Err(why) => Reply::Not(why),
    }
}

async fn one_object<T: serde::de::DeserializeOwned>(
    asker: &Asker<'_>,
    client: &WorkatoClient,
    endpoint: &'static Endpoint,
    id: Result<String, &'static str>,
) -> Reply<T> {
    match id {
        Ok(id) => Reply::Asked(asker.object(client, endpoint, Some(&id)).await),
        Err(why) => Reply::Not(why),
    }
}

/// The first role of a list, whose settings are asked for; `id_and_settled` also says whether the list has them already.
fn first_of<T>(listed: &Probed<Vec<T>>, id_and_settled: impl Fn(&T) -> (String, bool)) -> Result<String, &'static str> {
    let Ok(roles) = &listed.result else {
        return Err(NO_LIST);
    };
    match roles.first().map(id_and_settled) {
        Some((_, true)) => Err("the list says it already"),
        Some((id, false)) => Ok(id),
        None => Err("there is none to ask about"),
    }
}

/// The first person by id who holds a role.
fn holder(members: &[Member]) -> Option<String> {
    let holds = |member: &&Member| {
        let names = member.roles.iter().filter_map(|row| row.role_name.as_deref());
        names
            .filter(|name| !name.trim().is_empty())
            .any(|name| !is_no_access(name))
    };
    members
        .iter()
        .filter(holds)
        .map(|m| &m.id)
        .min()
        .map(ToString::to_string)
}
