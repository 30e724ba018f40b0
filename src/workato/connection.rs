//! Connections to other systems. Opt-in (`--sync-connections`): a list of credentials, not of access.

use super::directory::Directory;
use super::folder::Folder;
use super::kind::{PAGE, ResourceKind, first_of, stamp, utc};
use crate::baton::annotation;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The connection resource type.
pub struct Connection;

impl ResourceKind for Connection {
    const TYPE: &'static str = "connection";

    fn resource_type() -> v2::ResourceType {
        let skip = annotation::pack(&v2::SkipEntitlementsAndGrants::default());
        resource::resource_type(Self::TYPE, "Connection", &[], vec![skip])
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let folders = d.folders(cx).await?;
        Page::of_table(&d.connections(cx).await?, page, PAGE, |placed| {
            let connection = &placed.connection;
            let id = connection.id.to_string();
            let name = first_of([connection.name.as_deref(), Some(&id)]).unwrap_or_default();
            let profile = Profile::new()
                .with("application", connection.application.as_deref())
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
