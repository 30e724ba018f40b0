//! The look-up tables of one sync: every list is read once, whoever asks first.
//!
//! Tables live in memory and in the session of the sync (`table.rs`). One token sees one environment: people,
//! roles, groups and API clients come from the DEV token, projects, folders, project grants and connections
//! from the token of their environment (`workato/model.md 8`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::access_model::{AccessModel, Answer, Detected, Probe, detect};
use super::client::{
    ApiClient, ApiClientRole, Connection, EnvironmentRole, LegacyRole, Member, MemberId, Project, ProjectRole,
    UserGroup,
};
use super::client::{Row, WorkatoClient, odd};
use super::family::{Family, check_role_lists};
use super::folder::FolderTree;
use super::listing::{Once, all_pages, composed, stored, whole_list};
use super::privileges::PrivilegeFacts;
use super::project_role::ProjectRoles;
use super::role_assignments::{Holdings, resolve};
use super::role_config::with_configs;
use super::settings::{Environment, EnvironmentChoice, Settings};
use super::token_environment;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::http::HttpClient;
use crate::baton::secret::Secret;
use crate::workato::cause;

/// Requests of one kind that run at the same time, such as one per role.
pub const FAN_OUT: usize = 4;

/// One client per token.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The DEV token's.
    pub dev: WorkatoClient,
    /// Those of TEST and PROD, where given.
    pub others: BTreeMap<Environment, WorkatoClient>,
}

impl Clients {
    /// One client per token of the settings. Makes no call.
    pub fn connect(settings: &Settings, http: &Arc<HttpClient>) -> Self {
        let client = |token: &Secret| WorkatoClient::new(settings.base_url.clone(), token.clone(), Arc::clone(http));
        let others = [("test", &settings.test_token), ("prod", &settings.prod_token)];
        Clients {
            dev: client(&settings.dev_token),
            others: others
                .into_iter()
                .filter_map(|(name, token)| Some((Environment::new(name), client(token.as_ref()?))))
                .collect(),
        }
    }

    /// The client of an environment's token, if there is one.
    pub fn of(&self, environment: &Environment) -> Option<&WorkatoClient> {
        if *environment == Environment::dev() {
            Some(&self.dev)
        } else {
            self.others.get(environment)
        }
    }
}

/// A project with the environment of the token that listed it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedProject {
    /// Where it lies.
    pub environment: Environment,
    /// The project.
    pub project: Project,
}

/// A connection with the environment of the token that listed it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedConnection {
    /// Where it lies.
    pub environment: Environment,
    /// The connection.
    pub connection: Connection,
}

/// The look-up tables of one sync.
pub struct Directory {
    /// What the user set.
    pub settings: Arc<Settings>,
    /// One client per token.
    pub clients: Clients,
    families: Mutex<BTreeMap<String, Arc<Family>>>,
    detected: Once<Detected>,
    holdings: Once<Holdings>,
    people: Once<BTreeSet<MemberId>>,
    role_configs: Once<Vec<EnvironmentRole>>,
    project_roles: Once<ProjectRoles>,
    groups: Once<Vec<UserGroup>>,
    projects: Once<Vec<PlacedProject>>,
    folders: Once<FolderTree>,
    privileges: Once<PrivilegeFacts>,
    api_clients: Once<Vec<ApiClient>>,
    api_client_roles: Once<Vec<ApiClientRole>>,
    connections: Once<Vec<PlacedConnection>>,
}

impl Directory {
    /// Empty tables.
    pub fn new(settings: Arc<Settings>, clients: Clients) -> Self {
        Directory {
            settings,
            clients,
            families: Mutex::default(),
            detected: Once::default(),
            holdings: Once::default(),
            people: Once::default(),
            role_configs: Once::default(),
            project_roles: Once::default(),
            groups: Once::default(),
            projects: Once::default(),
            folders: Once::default(),
            privileges: Once::default(),
            api_clients: Once::default(),
            api_client_roles: Once::default(),
            connections: Once::default(),
        }
    }

    /// A family by its stable name; families read with several tokens have the environment in it.
    pub fn family(&self, cx: &SyncContext, name: &str) -> Arc<Family> {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name.to_owned());
        Arc::clone(family.or_insert_with(|| Arc::new(Family::new(cx, name))))
    }

    /// A list of its own family; `None` where the token may not read it. One that refused before is not asked again.
    async fn list_of<T: Row>(
        &self,
        cx: &SyncContext,
        family: &str,
        what: &str,
        list: impl Future<Output = Result<Vec<T>>>,
    ) -> Result<Option<Vec<T>>> {
        let family = self.family(cx, family);
        if family.is_refused() {
            return Ok(None);
        }
        let listed = family.degrade(cx, what, list.await)?;
        odd::count(cx, what, listed.iter().flatten());
        Ok(listed)
    }

    /// Access model, people and role lists: the three deciding lists, asked at the same time.
    ///
    /// # Errors
    /// As [`detect`].
    pub async fn detected(&self, cx: &SyncContext) -> Result<Arc<Detected>> {
        self.detected
            .get(|| async {
                let check =
                    |detected: &Detected| check_role_lists(cx, detected, !self.settings.disable_custom_roles_sync);
                // Checked before it is kept: a resumed sync must ask again for a list that was refused.
                let probe = || async { self.probe(cx).await.and_then(|d| check(&d).map(|()| d)) };
                let detected = composed(cx, "detected", probe).await?;
                check(&detected)?;
                let empty = [
                    ("collaborators", detected.members.is_empty()),
                    (
                        "environment roles",
                        detected.environment_roles.is_empty() && detected.model.has_environment_roles(),
                    ),
                ];
                for (what, _) in empty.iter().filter(|(_, is_empty)| *is_empty) {
                    cx.warnings.add(
                        cause::LIST_EMPTY,
                        format!("Workato lists no {what} at all, but every workspace has some; rows are missing"),
                        "",
                    );
                }
                odd::count(cx, "collaborators", &detected.members);
                odd::count(cx, "environment roles", &detected.environment_roles);
                odd::count(cx, "collaborator roles", &detected.legacy_roles);
                tracing::info!(model = ?detected.model, people = detected.members.len(), "Access model detected.");
                Ok(detected)
            })
            .await
    }

    async fn probe(&self, cx: &SyncContext) -> Result<Detected> {
        let dev = &self.clients.dev;
        let members = stored(cx, "members", || {
            whole_list(cx, "collaborators", |m: &Member| m.id.clone(), || dev.members())
        });
        let environment_roles = all_pages(
            cx,
            "environment_roles",
            |r: &EnvironmentRole| r.id.clone(),
            |page| dev.environment_roles(page),
        );
        let legacy_roles = async {
            if self.settings.disable_custom_roles_sync {
                return None;
            }
            Some(
                all_pages(
                    cx,
                    "legacy_roles",
                    |r: &LegacyRole| r.id.clone(),
                    |page| dev.legacy_roles(page),
                )
                .await,
            )
        };
        let (members, environment_roles, legacy_roles) = tokio::join!(members, environment_roles, legacy_roles);
        detect(Probe {
            members: Answer::of(members)?,
            environment_roles: Answer::of(environment_roles)?,
            legacy_roles: legacy_roles.map(Answer::of).transpose()?,
        })
    }

    /// Ids of all collaborators, for references by id.
    ///
    /// # Errors
    /// As [`Self::detected`].
    pub async fn people(&self, cx: &SyncContext) -> Result<Arc<BTreeSet<MemberId>>> {
        self.people
            .get(|| async { Ok(self.detected(cx).await?.members.iter().map(|m| m.id.clone()).collect()) })
            .await
    }

    /// The environments of the run: the chosen one, or all that occur in member rows or have a token.
    ///
    /// # Errors
    /// As [`Self::detected`].
    pub async fn environments(&self, cx: &SyncContext) -> Result<Vec<Environment>> {
        Ok(match &self.settings.environment {
            EnvironmentChoice::One(environment) => vec![environment.clone()],
            EnvironmentChoice::All => {
                let detected = self.detected(cx).await?;
                let named = detected
                    .members
                    .iter()
                    .flat_map(|m| &m.roles)
                    .filter_map(|r| r.environment_type.as_deref());
                let mut all: BTreeSet<Environment> = named.map(Environment::new).collect();
                all.insert(Environment::dev());
                all.extend(self.clients.others.keys().cloned());
                all.into_iter().filter(|e| !e.as_str().is_empty()).collect()
            }
        })
    }

    /// Environments of the run whose projects can be read. Those without a token are named in a warning.
    ///
    /// # Errors
    /// As [`Self::detected`].
    pub async fn readable_environments(&self, cx: &SyncContext) -> Result<Vec<(Environment, WorkatoClient)>> {
        let environments = self.environments(cx).await?;
        Ok(environments
            .into_iter()
            .filter_map(|e| self.clients.of(&e).cloned().map(|client| (e, client)))
            .collect())
    }

    /// A role's resource id: bare for one environment, with `-<env>` where the run emits all (`workato/model.md 3`).
    pub fn scoped_id(&self, id: &str, environment: &Environment) -> String {
        match self.settings.environment {
            EnvironmentChoice::One(_) => id.to_owned(),
            EnvironmentChoice::All => format!("{id}-{environment}"),
        }
    }

    /// Who holds which role.
    ///
    /// # Errors
    /// As [`Self::detected`].
    pub async fn holdings(&self, cx: &SyncContext) -> Result<Arc<Holdings>> {
        self.holdings
            .get(|| async {
                let detected = self.detected(cx).await?;
                let environments = self.environments(cx).await?;
                Ok(resolve(
                    &detected,
                    &environments,
                    self.settings.disable_custom_roles_sync,
                    &cx.warnings,
                ))
            })
            .await
    }

    /// Whether legacy roles matter in this run: a legacy workspace, or a mixed one where a row or list has them.
    ///
    /// # Errors
    /// As [`Self::detected`].
    pub async fn has_legacy_roles(&self, cx: &SyncContext) -> Result<bool> {
        let detected = self.detected(cx).await?;
        Ok(match detected.model {
            AccessModel::Legacy => true,
            AccessModel::RbacV2 => false,
            AccessModel::Mixed => !detected.legacy_roles.is_empty() || !self.holdings(cx).await?.base_roles.is_empty(),
        })
    }

    /// Environment roles with their `config`, which only the single-role answers carry.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning and leaves `config` out.
    pub async fn environment_roles(&self, cx: &SyncContext) -> Result<Arc<Vec<EnvironmentRole>>> {
        self.role_configs
            .get(|| async {
                let listed = self.detected(cx).await?.environment_roles.clone();
                let family = self.family(cx, "environment_role_configs");
                with_configs(cx, &family, &self.clients.dev, listed).await
            })
            .await
    }

    /// Project roles with their `config`. Empty in a legacy workspace.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn project_roles(&self, cx: &SyncContext) -> Result<Arc<ProjectRoles>> {
        self.project_roles
            .get(|| async {
                let dev = &self.clients.dev;
                let list = all_pages(
                    cx,
                    "project_roles",
                    |r: &ProjectRole| r.id.clone(),
                    |page| dev.project_roles(page),
                );
                let Some(listed) = self.v2_list(cx, "project_roles", "project roles", list).await? else {
                    return Ok(ProjectRoles::default());
                };
                let family = self.family(cx, "project_role_configs");
                let listed = with_configs(cx, &family, dev, listed).await?;
                let roles = ProjectRoles::of(&listed);
                for role in roles.all().iter().filter(|role| role.is_told_apart()) {
                    cx.warnings.add(
                        cause::PROJECT_ROLES_ALIKE,
                        "project roles have names that give the same id; each has the number of its role added to its id",
                        format!("{} is {}", role.name, role.slug),
                    );
                }
                Ok(roles)
            })
            .await
    }

    /// Collaborator groups. Empty in a legacy workspace.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn groups(&self, cx: &SyncContext) -> Result<Arc<Vec<UserGroup>>> {
        self.groups
            .get(|| async {
                let dev = &self.clients.dev;
                let list = all_pages(cx, "groups", |g: &UserGroup| g.id.clone(), |page| dev.user_groups(page));
                Ok(self
                    .v2_list(cx, "groups", "collaborator groups", list)
                    .await?
                    .unwrap_or_default())
            })
            .await
    }

    async fn v2_list<T: Row>(
        &self,
        cx: &SyncContext,
        family: &str,
        what: &str,
        list: impl Future<Output = Result<Vec<T>>>,
    ) -> Result<Option<Vec<T>>> {
        if !self.detected(cx).await?.model.has_environment_roles() {
            return Ok(None);
        }
        self.list_of(cx, family, what, list).await
    }

    /// Projects of all environments of the run that have a token.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn projects(&self, cx: &SyncContext) -> Result<Arc<Vec<PlacedProject>>> {
        self.projects
            .get(|| async {
                let mut placed = Vec::new();
                for environment in self.environments(cx).await? {
                    let Some(client) = self.clients.of(&environment) else {
                        let todo = match token_environment::flag(&environment) {
                            Some(flag) => {
                                format!("they need the token of an API client of that environment ({flag})")
                            }
                            None => token_environment::leave_out(&environment),
                        };
                        cx.warnings.add(
                            cause::ENVIRONMENT_TOKEN_MISSING,
                            format!("projects and folders of {environment} are not in this sync: {todo}"),
                            "",
                        );
                        continue;
                    };
                    let key = format!("projects/{environment}");
                    let list = all_pages(cx, &key, |p: &Project| p.id.clone(), |page| client.projects(page));
                    let what = format!("projects of {environment}");
                    let listed = self.list_of(cx, &key, &what, list).await?.unwrap_or_default();
                    placed.extend(listed.into_iter().map(|project| PlacedProject {
                        environment: environment.clone(),
                        project,
                    }));
                }
                token_environment::check_projects(&placed)?;
                placed.sort_by(|a, b| a.project.id.cmp(&b.project.id));
                Ok(placed)
            })
            .await
    }

    /// Folders of all environments of the run that have a token.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn folders(&self, cx: &SyncContext) -> Result<Arc<FolderTree>> {
        self.folders.get(|| FolderTree::read(self, cx)).await
    }

    /// What roles and people may do.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn privileges(&self, cx: &SyncContext) -> Result<Arc<PrivilegeFacts>> {
        self.privileges.get(|| PrivilegeFacts::read(self, cx)).await
    }

    /// API clients of the workspace.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn api_clients(&self, cx: &SyncContext) -> Result<Arc<Vec<ApiClient>>> {
        self.api_clients
            .get(|| async {
                let dev = &self.clients.dev;
                let list = all_pages(
                    cx,
                    "api_clients",
                    |c: &ApiClient| c.id.clone(),
                    |page| dev.api_clients(page),
                );
                let listed = self.list_of(cx, "api_clients", "API clients", list).await?;
                Ok(listed.unwrap_or_default())
            })
            .await
    }

    /// Roles of API clients.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn api_client_roles(&self, cx: &SyncContext) -> Result<Arc<Vec<ApiClientRole>>> {
        self.api_client_roles
            .get(|| async {
                let dev = &self.clients.dev;
                let id = |r: &ApiClientRole| r.id.clone();
                let list = all_pages(cx, "api_client_roles", id, |page| dev.api_client_roles(page));
                let Some(roles) = self.list_of(cx, "api_client_roles", "API client roles", list).await? else {
                    return Ok(Vec::new());
                };
                let clients = self.api_clients(cx).await?;
                let named = clients
                    .iter()
                    .filter_map(|client| client.api_privilege_group_id.as_ref());
                for id in named.filter(|id| !roles.iter().any(|role| role.id == **id)) {
                    cx.warnings.add(
                        cause::API_CLIENT_ROLE_NOT_LISTED,
                        "API clients have roles that no list returned; those grants were dropped",
                        format!("API client role {id}"),
                    );
                }
                Ok(roles)
            })
            .await
    }

    /// Connections of all environments of the run that have a token.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn connections(&self, cx: &SyncContext) -> Result<Arc<Vec<PlacedConnection>>> {
        self.connections
            .get(|| async {
                let mut placed = Vec::new();
                for (environment, client) in self.readable_environments(cx).await? {
                    let key = format!("connections/{environment}");
                    let id = |c: &Connection| c.id.clone();
                    let list = stored(cx, &key, || whole_list(cx, &key, id, || client.connections()));
                    let what = format!("connections of {environment}");
                    let listed = self.list_of(cx, &key, &what, list).await?.unwrap_or_default();
                    placed.extend(listed.into_iter().map(|connection| PlacedConnection {
                        environment: environment.clone(),
                        connection,
                    }));
                }
                placed.sort_by(|a, b| a.connection.id.cmp(&b.connection.id));
                placed.dedup_by(|a, b| a.connection.id == b.connection.id);
                Ok(placed)
            })
            .await
    }
}
