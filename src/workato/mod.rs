//! The vendor: everything that knows Workato.
//!
//! A resource type is one file and one line in `for_each_type!` below. The files turn the tables of a
//! [`directory::Directory`] into rows; `client` is the REST API behind them.

pub mod access_model;
mod api_client;
mod api_client_role;
pub mod cause;
pub mod client;
pub mod code;
mod collaborator;
pub mod config;
mod connection;
pub mod conventions;
pub mod data_center;
pub mod diagnosis;
pub mod directory;
mod environment_role;
pub mod facts;
mod family;
mod folder;
mod group;
mod kind;
mod listing;
pub mod names;
mod privilege;
pub mod privileges;
mod project;
mod project_role;
mod role;
pub mod role_assignments;
mod role_config;
pub mod settings;
mod token_environment;
mod write;

use std::sync::Arc;

use self::directory::{Clients, Directory};
use self::kind::ResourceKind;
use self::settings::Settings;
pub use self::write::{GROUPS, PEOPLE, PROJECT_ROLES, PROJECTS, ROLES, capabilities, only_slug};
use crate::ABOUT;
use crate::baton::about::About;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::http::HttpClient;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource;

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
        }
    };
}

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
    fn directory(&self, cx: &SyncContext) -> Arc<Directory> {
        cx.local
            .get(|| Directory::new(Arc::clone(&self.settings), self.clients.clone()))
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
            description: "Collaborators, roles, privileges, groups, projects and API clients of a Workato workspace"
                .to_owned(),
            help_url: "https://github.com/conductorone/baton-workato".to_owned(),
            capabilities: Some(write::capabilities(&self.resource_types())),
            account_creation_schema: Some(write::creation_schema()),
            ..Default::default()
        }
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        resource_types(self.settings.sync_connections)
    }

    fn fingerprint(&self) -> Fingerprint {
        let s = &self.settings;
        Fingerprint::default()
            .at("base URL", s.base_url.as_str())
            .with("environment", format!("{:?}", s.environment))
            .with("custom roles off", s.disable_custom_roles_sync.to_string())
            .with("privileges", format!("{:?}", s.privileges))
            .with("folder depth", format!("{:?}", s.folder_depth))
            .with("connections", s.sync_connections.to_string())
            .with_secret("token", Some(&s.dev_token))
            .with_secret("TEST token", s.test_token.as_ref())
            .with_secret("PROD token", s.prod_token.as_ref())
    }

    async fn validate(&self, cx: &SyncContext) -> Result<()> {
        self.directory(cx).detected(cx).await.map(drop)
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
        let d = self.directory(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource_type {
                    $(t if t == <$kind>::TYPE => <$kind>::resources(&d, cx, page).await,)*
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
        let d = self.directory(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource::key(resource).0 {
                    $(t if t == <$kind>::TYPE => <$kind>::entitlements(&d, cx, resource).await.map(Page::last),)*
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
        let d = self.directory(cx);
        macro_rules! dispatch {
            ($($kind:path),* $(,)?) => {
                match resource::key(resource).0 {
                    $(t if t == <$kind>::TYPE => <$kind>::grants(&d, cx, resource, page).await,)*
                    other => Err(unknown_type(other)),
                }
            };
        }
        for_each_type!(dispatch)
    }
}

/// All resource types of this connector; connections only where they are asked for.
pub fn resource_types(with_connections: bool) -> Vec<v2::ResourceType> {
    macro_rules! list {
        ($($kind:path),* $(,)?) => { vec![$(<$kind>::resource_type()),*] };
    }
    let mut all: Vec<v2::ResourceType> = for_each_type!(list);
    all.retain(|t| with_connections || t.id != connection::Connection::TYPE);
    all
}
