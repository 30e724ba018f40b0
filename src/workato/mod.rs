//! The vendor: everything that knows Workato.
//!
//! A resource type is one room, a file or a folder, and one line in `for_each_type!` below. The rooms say what their rows
//! look like, which [`tables`] they look things up in, what a diagnosis asks and what can be changed; [`client`] is the
//! REST API behind them.

pub mod access_model;
mod action;
pub mod api_client;
pub mod api_client_role;
pub mod api_collection;
pub mod api_key;
pub mod api_platform_client;
pub mod cause;
pub mod client;
pub mod code;
pub mod collaborator;
pub mod config;
pub mod connection;
pub mod conventions;
pub mod data_center;
pub mod diagnosis;
pub mod environment_role;
pub mod event;
pub mod facts;
mod family;
mod feature;
pub mod folder;
pub mod genie;
pub mod genie_client;
pub mod group;
pub mod identity_group;
pub mod identity_user;
mod incremental;
mod kind;
pub mod listing;
pub mod managed_users;
pub mod mcp_server;
pub mod names;
mod one;
pub mod privilege;
mod probe;
pub mod project;
pub mod project_role;
pub mod role;
pub mod role_assignments;
mod role_config;
pub mod settings;
pub mod tables;
mod tokens;
mod whose;
mod writing;

use std::sync::Arc;

use prost_types::{Any, Struct};

use self::access_model::Detected;
use self::kind::ResourceKind;
use self::probe::Probe;
use self::settings::Settings;
use self::tables::Tables;
use self::tokens::Clients;
use crate::ABOUT;
use crate::baton::about::About;
use crate::baton::action::Arguments;
use crate::baton::capability;
use crate::baton::connector::{self, Connector, CreatedAccount, Granted, NewAccount, Provisioner, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::http::HttpClient;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::baton::seal::NewSecret;

/// The resource types in the order they are listed. To add one: its file, its `mod`, one line here.
macro_rules! for_each_type {
    ($with:ident) => {
        $with! {
            collaborator::Collaborator,
            environment_role::EnvironmentRole,
            role::Role,
            privilege::Privilege,
            project::Project,
            folder::Folder,
            group::CollaboratorGroup,
            project_role::ProjectRole,
            api_client::ApiClient,
            api_client_role::ApiClientRole,
            connection::Connection,
            identity_user::IdentityUser,
            identity_group::IdentityGroup,
            genie::Genie,
            mcp_server::McpServer,
            genie_client::GenieClient,
            api_platform_client::ApiPlatformClient,
            api_key::ApiKey,
            api_collection::ApiCollection,
        }
    };
}

/// Whoever is given a role.
pub const PEOPLE: &str = collaborator::Collaborator::TYPE;
/// What people join, and what is given project roles.
pub const GROUPS: &str = group::CollaboratorGroup::TYPE;
/// What project roles are given on.
pub const PROJECTS: &str = project::Project::TYPE;
/// What is given on projects, by its id.
pub const PROJECT_ROLES: &str = project_role::ProjectRole::TYPE;
/// What agents and tool servers are opened to, and whom they hold.
pub const IDENTITY_GROUPS: &str = identity_group::IdentityGroup::TYPE;
/// Who is in such groups.
pub const IDENTITY_USERS: &str = identity_user::IdentityUser::TYPE;
/// What such groups open.
pub const AGENTS: [&str; 2] = [genie::Genie::TYPE, mcp_server::McpServer::TYPE];
/// The roles that people have in an environment, of both access models.
pub const ROLES: [&str; 2] = [environment_role::EnvironmentRole::TYPE, role::Role::TYPE];

/// Reads one Workato workspace.
pub struct WorkatoConnector {
    settings: Arc<Settings>,
    clients: Clients,
}

impl WorkatoConnector {
    /// A connector with one client per token of the settings. Makes no call.
    pub fn connect(settings: Settings, http: &Arc<HttpClient>) -> Self {
        let clients = Clients::connect(&settings, http);
        WorkatoConnector {
            settings: Arc::new(settings),
            clients,
        }
    }

    /// The tables of the sync that calls.
    fn tables(&self, cx: &SyncContext) -> Arc<Tables> {
        cx.local.get(|| self.tables_anew())
    }

    /// Tables of one question alone: what a sync read a while ago may have changed.
    fn tables_anew(&self) -> Tables {
        Tables::new(Arc::clone(&self.settings), self.clients.clone())
    }

    /// Makes sure that there is a type, before a write to it.
    fn check_type(&self, resource_type: &str) -> Result<()> {
        if self.resource_types().iter().any(|t| t.id == resource_type) {
            return Ok(());
        }
        Err(Error::new(Kind::Unimplemented, unknown_type(resource_type).to_string())
            .code(crate::baton::code::WRITE_UNSUPPORTED))
    }
}

fn unknown_type(resource_type: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no resource type {resource_type:?}"))
}

impl Connector for WorkatoConnector {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata {
            display_name: "Workato".to_owned(),
            description: "Collaborators, roles, privileges, groups, projects, API clients, agents and keys of a \
                          Workato workspace"
                .to_owned(),
            help_url: "https://github.com/conductorone/baton-workato".to_owned(),
            capabilities: Some(capabilities(&self.resource_types())),
            account_creation_schema: accounts().map(|(_, form)| form),
            ..Default::default()
        }
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        resource_types(&self.settings)
    }

    fn fingerprint(&self) -> Fingerprint {
        let s = &self.settings;
        let of_customer = match &s.customer {
            Some(customer) => Fingerprint::default().at("customer", customer.as_str()),
            None => Fingerprint::default(),
        };
        of_customer
            .at("base URL", s.base_url.as_str())
            .with("environment", format!("{:?}", s.environment))
            .with("custom roles off", s.disable_custom_roles_sync.to_string())
            .with("privileges", format!("{:?}", s.privileges))
            .with("folder depth", format!("{:?}", s.folder_depth))
            .with("connections", s.sync_connections.to_string())
            .with("leaked tokens", s.sync_leaked_tokens.to_string())
            .with_secret("token", Some(&s.dev_token))
            .with_secret("TEST token", s.test_token.as_ref())
            .with_secret("PROD token", s.prod_token.as_ref())
    }

    async fn validate(&self, cx: &SyncContext) -> Result<()> {
        let tables = self.tables(cx);
        if let Some(replay) = &cx.replay {
            incremental::prepare(&tables, cx, replay).await?;
        }
        tables.get::<Detected>(cx).await.map(drop)
    }

    async fn list_resources(
        &self,
        cx: &SyncContext,
        resource_type: &str,
        parent: Option<&v2::ResourceId>,
        page: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        // Everything is listed at top level; asking below a parent finds nothing more.
        if parent.is_some() {
            return Ok(Page::default());
        }
        let t = self.tables(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource_type {
                    $(of if of == <$kind>::TYPE => <$kind>::resources(&t, cx, page).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn list_entitlements(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let t = self.tables(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource::key(resource).0 {
                    $(of if of == <$kind>::TYPE => <$kind>::entitlements(&t, cx, resource).await.map(Page::last),)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn list_grants(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        let t = self.tables(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource::key(resource).0 {
                    $(of if of == <$kind>::TYPE => <$kind>::grants(&t, cx, resource, page).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn get_resource(
        &self,
        cx: &SyncContext,
        id: &v2::ResourceId,
        _: Option<&v2::ResourceId>,
    ) -> Result<v2::Resource> {
        if let Some(found) = connector::listed(self, cx, id, None).await? {
            return Ok(found);
        }
        let t = self.tables(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match id.resource_type.as_str() {
                    $(of if of == <$kind>::TYPE => one::missing(&t, cx, <$kind>::PROBES, id).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn granted_among(&self, cx: &SyncContext, id: &v2::ResourceId) -> Result<Vec<v2::ResourceId>> {
        let t = self.tables(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match id.resource_type.as_str() {
                    $(of if of == <$kind>::TYPE => <$kind>::granted_among(&t, cx, &id.resource).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    fn event_feeds(&self) -> Vec<v2::EventFeedMetadata> {
        event::feeds()
    }

    async fn list_events(&self, cx: &SyncContext, asked: &v2::ListEventsRequest) -> Result<v2::ListEventsResponse> {
        event::list(&self.tables_anew(), cx, asked).await
    }
}

impl Provisioner for WorkatoConnector {
    async fn grant(
        &self,
        cx: &SyncContext,
        principal: &v2::Resource,
        entitlement: &v2::Entitlement,
    ) -> Result<Granted> {
        let t = self.tables_anew();
        let slug = writing::slug_of(entitlement);
        let right = writing::right(entitlement, &slug, principal)?;
        let resource_type = resource::key(right.on).0;
        self.check_type(resource_type)?;
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource_type {
                    $(of if of == <$kind>::TYPE => <$kind>::grant(&t, cx, &right).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn revoke(&self, cx: &SyncContext, grant: &v2::Grant) -> Result<Vec<Any>> {
        let t = self.tables_anew();
        let entitlement = writing::required(grant.entitlement.as_ref(), "the grant names no entitlement")?;
        let principal = writing::required(grant.principal.as_ref(), "the grant names no principal")?;
        let slug = writing::slug_of(entitlement);
        let right = writing::right(entitlement, &slug, principal)?;
        let resource_type = resource::key(right.on).0;
        self.check_type(resource_type)?;
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource_type {
                    $(of if of == <$kind>::TYPE => <$kind>::revoke(&t, cx, &right).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn create_account(&self, cx: &SyncContext, account: &NewAccount<'_>) -> Result<CreatedAccount> {
        let t = self.tables_anew();
        // Who names no type means the one that has accounts.
        let resource_type = match account.resource_type {
            "" => accounts().map_or("", |(resource_type, _)| resource_type),
            named => named,
        };
        self.check_type(resource_type)?;
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource_type {
                    $(of if of == <$kind>::TYPE => <$kind>::create(&t, cx, account).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    async fn delete_resource(
        &self,
        cx: &SyncContext,
        id: &v2::ResourceId,
        _: Option<&v2::ResourceId>,
    ) -> Result<Vec<Any>> {
        let t = self.tables_anew();
        self.check_type(&id.resource_type)?;
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match id.resource_type.as_str() {
                    $(of if of == <$kind>::TYPE => <$kind>::delete(&t, cx, &id.resource).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }

    fn rotates(&self, resource_type: &str) -> bool {
        rotates(resource_type)
    }

    async fn rotate(&self, cx: &SyncContext, id: &v2::ResourceId) -> Result<Vec<NewSecret>> {
        let t = self.tables_anew();
        self.check_type(&id.resource_type)?;
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match id.resource_type.as_str() {
                    $(of if of == <$kind>::TYPE => <$kind>::rotate(&t, cx, &id.resource).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch).map(|secret| vec![secret])
    }

    fn actions(&self) -> Vec<v2::BatonActionSchema> {
        actions()
    }

    async fn act(&self, cx: &SyncContext, action: &str, arguments: Arguments<'_>) -> Result<Struct> {
        action::run(&self.tables_anew(), cx, action, arguments).await
    }
}

/// The actions that there are.
pub fn actions() -> Vec<v2::BatonActionSchema> {
    action::schemas()
}

/// Whether credentials of a type can be made anew.
fn rotates(resource_type: &str) -> bool {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { [$((<$kind>::TYPE, <$kind>::CAPABILITIES)),*] };
    }
    for_each_type!(list)
        .into_iter()
        .any(|(of, all)| of == resource_type && all.contains(&v2::Capability::CredentialRotation))
}

/// The resource types of a run with these settings.
pub fn resource_types(settings: &Settings) -> Vec<v2::ResourceType> {
    macro_rules! list {
        ($($kind:path),* $(,)?) => {
            [$(<$kind>::is_synced(settings).then(<$kind>::resource_type)),*]
        };
    }
    for_each_type!(list).into_iter().flatten().collect()
}

/// The slug of the only entitlement of a resource of this type; none for types with several.
pub fn only_slug(resource_type: &str) -> Option<&'static str> {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { [$((<$kind>::TYPE, <$kind>::ONLY_SLUG)),*] };
    }
    let found = for_each_type!(list).into_iter().find(|(of, _)| *of == resource_type);
    found.and_then(|(_, slug)| slug)
}

/// Whether what is held on resources of this type can be given and taken away.
pub fn takes_writes(resource_type: &str) -> bool {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { [$((<$kind>::TYPE, <$kind>::CAPABILITIES)),*] };
    }
    let mut known = for_each_type!(list).into_iter();
    known.any(|(of, all)| of == resource_type && all.contains(&v2::Capability::Provision))
}

/// Whether an error says that a write may have been made.
pub fn is_outcome_unknown(error: &Error) -> bool {
    error.code_id() == code::OUTCOME_UNKNOWN || writing::effect::may_be_done(error)
}

/// What can be done with these types, as published.
pub fn capabilities(resource_types: &[v2::ResourceType]) -> v2::ConnectorCapabilities {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { [$((<$kind>::TYPE, <$kind>::CAPABILITIES)),*] };
    }
    let known = for_each_type!(list);
    let of = |id: &str| {
        let mut all = known
            .iter()
            .find(|(of, _)| *of == id)
            .map_or(Vec::new(), |(_, all)| all.to_vec());
        // Each can be asked for by its id (`baton/config/published.md 8.1`).
        let behind = all
            .iter()
            .position(|one| *one == v2::Capability::Sync)
            .map_or(0, |at| at + 1);
        all.insert(behind, v2::Capability::TargetedSync);
        all
    };
    let mut capabilities = capability::of_types(resource_types.iter().map(|t| (t.clone(), of(&t.id))));
    let beside = [
        v2::Capability::Actions,
        v2::Capability::EventFeedV2,
        v2::Capability::ServiceModeTargetedSync,
    ];
    capabilities.connector_capabilities.extend(beside.map(i32::from));
    capabilities.connector_capabilities.sort_unstable();
    if accounts().is_some() {
        capabilities.credential_details = Some(writing::without_password());
    }
    capabilities
}

/// The type that has accounts, and the form of a new one.
fn accounts() -> Option<(&'static str, v2::ConnectorAccountCreationSchema)> {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { [$((<$kind>::TYPE, <$kind>::account_form())),*] };
    }
    for_each_type!(list)
        .into_iter()
        .find_map(|(of, form)| Some((of, form?)))
}

/// What a diagnosis asks about all types.
fn probes() -> Vec<&'static Probe> {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { [$(<$kind>::PROBES),*] };
    }
    for_each_type!(list).into_iter().flatten().collect()
}
