//! What every endpoint answered: first the lists, then one thing of each list that has more to say about single things,
//! or a few where that one is refused.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::asker::Asker;
use super::environments;
use crate::baton::error::Error;
use crate::workato::access_model::is_refusal;
use crate::workato::client::endpoint::{self, Endpoint};
use crate::workato::client::{
    ApiClient, ApiClientRole, Connection, EnvironmentRole, Folder, GroupMember, LegacyRole, Member, PrivilegeRow,
    Probed, Project, ProjectGrant, ProjectRole, Row, UserGroup, WorkatoClient, WorkspaceDetails,
};
use crate::workato::directory::Clients;
use crate::workato::group;
use crate::workato::role_assignments::is_no_access;
use crate::workato::settings::{Environment, PrivilegesMode, Settings};
use crate::workato::token_environment;

/// Things of a list that are asked for until one is not refused: a refusal of one thing says nothing about the others.
const CANDIDATES: usize = 3;
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
pub struct Answers {
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

impl Answers {
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
            (_, Ok(members)) => some(holders(members), "nobody holds a role to ask about"),
            (_, Err(_)) => Err(NO_LIST),
        };
        let environment_role = first_of(&roles, |r| (r.id.to_string(), r.config.is_some()));
        let project_role = first_of(&project_roles, |r| (r.id.to_string(), r.config.is_some()));
        let own = match &groups.result {
            Ok(groups) => {
                let own = groups.iter().filter(|g| !group::is_everyone(g));
                some(own.map(|g| g.id.to_string()), "there is no group to ask about")
            }
            Err(_) => Err(NO_LIST),
        };
        let (privileges, environment_role, project_role, group_members) = tokio::join!(
            one_list(asker, dev, &endpoint::MEMBER_PRIVILEGES, holder),
            one_object(asker, dev, &endpoint::ENVIRONMENT_ROLE, environment_role),
            one_object(asker, dev, &endpoint::PROJECT_ROLE, project_role),
            one_list(asker, dev, &endpoint::USER_GROUP_MEMBERS, own),
        );
        Answers {
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
        token_environment::seen_in(self.grants.value()?)
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
            let ids = projects.iter().map(|project| project.id.to_string());
            some(ids, "there is no project to ask about")
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

async fn one_list<T: Row>(
    asker: &Asker<'_>,
    client: &WorkatoClient,
    endpoint: &'static Endpoint,
    ids: Result<Vec<String>, &'static str>,
) -> Reply<Vec<T>> {
    one(ids, |id| async move { asker.list(client, endpoint, Some(&id)).await }).await
}

async fn one_object<T: Row>(
    asker: &Asker<'_>,
    client: &WorkatoClient,
    endpoint: &'static Endpoint,
    ids: Result<Vec<String>, &'static str>,
) -> Reply<T> {
    one(ids, |id| async move { asker.object(client, endpoint, Some(&id)).await }).await
}

/// The first answer that is no refusal, or else the first refusal.
async fn one<T, Fut>(ids: Result<Vec<String>, &'static str>, ask: impl Fn(String) -> Fut) -> Reply<T>
where
    Fut: Future<Output = Probed<T>>,
{
    let ids = match ids {
        Ok(ids) => ids,
        Err(why) => return Reply::Not(why),
    };
    let mut refused = None;
    for id in ids {
        let probed = ask(id).await;
        match &probed.result {
            Err(error) if is_refusal(error) => {
                refused.get_or_insert(probed);
            }
            _ => return Reply::Asked(probed),
        }
    }
    refused.map_or(Reply::Not(NO_LIST), Reply::Asked)
}

/// The first few ids, or why there are none.
fn some(ids: impl IntoIterator<Item = String>, none: &'static str) -> Result<Vec<String>, &'static str> {
    let ids: Vec<String> = ids.into_iter().take(CANDIDATES).collect();
    if ids.is_empty() { Err(none) } else { Ok(ids) }
}

/// The first roles of a list, whose settings are asked for; `id_and_settled` also says whether the list has them already.
fn first_of<T>(
    listed: &Probed<Vec<T>>,
    id_and_settled: impl Fn(&T) -> (String, bool),
) -> Result<Vec<String>, &'static str> {
    let Ok(roles) = &listed.result else {
        return Err(NO_LIST);
    };
    match roles.first().map(&id_and_settled) {
        Some((_, true)) => Err("the list says it already"),
        _ => some(
            roles.iter().map(|role| id_and_settled(role).0),
            "there is none to ask about",
        ),
    }
}

/// The people who hold a role, by id.
fn holders(members: &[Member]) -> Vec<String> {
    let holds = |member: &&Member| {
        let names = member.roles.iter().filter_map(|row| row.role_name.as_deref());
        names
            .filter(|name| !name.trim().is_empty())
            .any(|name| !is_no_access(name))
    };
    let mut ids: Vec<_> = members.iter().filter(holds).map(|m| &m.id).collect();
    ids.sort();
    ids.into_iter().map(ToString::to_string).collect()
}
