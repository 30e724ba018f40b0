//! Connections to other systems. Opt-in (`--sync-connections`): a list of credentials, not of access.

use super::client::{endpoint, ids, rows};
use super::folder::{Folder, FolderId, FolderTree};
use super::kind::{PAGE, ResourceKind, first_of, stamp, utc};
use super::probe::Probe;
use super::settings::Settings;
use super::tables::{Table, Tables};
use super::tokens::Placed;
use crate::baton::annotation;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

ids! {
    /// A connection.
    ConnectionId,
}

rows! {
    /// A connection of the token's environment (`workato/api.md 2.15`).
    ConnectionRow {
        id: ConnectionId = id,
        application: Option<String> = text,
        name: Option<String> = text,
        description: Option<String> = text,
        /// `success`, `failed` or `exception`.
        authorization_status: Option<String> = text,
        authorization_error: Option<String> = text,
        authorized_at: Option<String> = time,
        connection_lost_at: Option<String> = time,
        connection_lost_reason: Option<String> = text,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        external_id: Option<String> = text,
        folder_id: Option<FolderId> = id_or_none,
        parent_id: Option<ConnectionId> = loose_id,
        provider: Option<String> = text,
    }
}

/// What syncs record when they read the list of an environment.
const FAMILY: &str = "connections";

/// Connections of all environments of the run that have a token.
pub struct Connections;

impl Table for Connections {
    type Value = Vec<Placed<ConnectionRow>>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<Placed<ConnectionRow>>> {
        let mut placed = Vec::new();
        for (environment, client) in t.readable_environments(cx).await? {
            let at = (&environment, &client);
            let listed: Option<Vec<ConnectionRow>> = t.list_of(cx, at, &endpoint::CONNECTIONS, FAMILY).await?;
            placed.extend(listed.unwrap_or_default().into_iter().map(|row| Placed {
                environment: environment.clone(),
                row,
            }));
        }
        placed.sort_by(|a, b| a.row.id.cmp(&b.row.id));
        placed.dedup_by(|a, b| a.row.id == b.row.id);
        Ok(placed)
    }
}

/// The connection resource type.
pub struct Connection;

impl ResourceKind for Connection {
    const TYPE: &'static str = "connection";

    const PROBES: &'static [Probe] = &[Probe::list::<ConnectionRow>(&endpoint::CONNECTIONS)
        .recorded(FAMILY)
        .per_environment()
        .unless(|settings| (!settings.sync_connections).then_some("only with --sync-connections"))];

    fn resource_type() -> v2::ResourceType {
        let skip = annotation::pack(&v2::SkipEntitlementsAndGrants::default());
        resource::resource_type(Self::TYPE, "Connection", &[], vec![skip])
    }

    fn is_synced(settings: &Settings) -> bool {
        settings.sync_connections
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let folders = t.get::<FolderTree>(cx).await?;
        Page::of_table(&t.get::<Connections>(cx).await?, page, PAGE, |placed| {
            let connection = &placed.row;
            let id = connection.id.to_string();
            let name = first_of([connection.name.as_deref(), Some(&id)]).unwrap_or_default();
            let profile = Profile::new()
                // A customer of a partner has the one for the other.
                .with(
                    "application",
                    connection.application.as_deref().or(connection.provider.as_deref()),
                )
                .with("authorization_status", connection.authorization_status.as_deref())
                .with("authorized_at", utc(connection.authorized_at.as_deref()));
            let resource = ResourceBuilder::new(Connection::TYPE, id.as_str(), name)
                .profile(profile)
                .created_at(stamp(connection.created_at.as_deref()));
            match connection.folder_id.as_ref().filter(|folder| folders.contains(folder)) {
                Some(folder) => resource.parent(resource::id(Folder::TYPE, folder.to_string())),
                None => resource,
            }
            .app()
            .build()
        })
    }
}
