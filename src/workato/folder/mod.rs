//! Folders: the root folder of every project, loose folders under Home, and what lies below them.

mod contradiction;
mod inside;
mod model;
mod tree;

pub use self::model::{FolderId, FolderRow};
pub use self::tree::FolderTree;
use self::tree::Node;
use super::access_model::Detected;
use super::client::endpoint;
use super::collaborator::{self, Collaborator};
use super::kind::{PAGE, ResourceKind, id_value, stamp, utc};
use super::privilege::PrivilegeFacts;
use super::probe::Probe;
use super::project::{self, Project};
use super::role;
use super::settings::Environment;
use super::tables::Tables;
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{EntitlementBuilder, Purpose};
use crate::baton::error::Result;
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

/// The slug of "may open this folder".
const ACCESS: &str = "collaborator-access";

/// What syncs record when they read the list of Home of an environment.
const FAMILY: &str = "folders";

/// What the session keys of lists of folders begin with.
pub const LISTS: &str = FAMILY;

/// The folder resource type.
pub struct Folder;

impl ResourceKind for Folder {
    const TYPE: &'static str = "folder";

    const PROBES: &'static [Probe] = &[Probe::list::<FolderRow>(&endpoint::FOLDERS)
        .recorded(FAMILY)
        .per_environment()];

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Folder", &[], Vec::new())
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let tree = t.get::<FolderTree>(cx).await?;
        Page::of_table(tree.nodes(), page, PAGE, |(id, environment, node)| {
            build(id, environment, node)
        })
    }

    async fn entitlements(_: &Tables, _: &SyncContext, folder: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
        let name = &folder.display_name;
        Ok(vec![
            EntitlementBuilder::new(folder, ACCESS, Purpose::Permission, &[&Collaborator::resource_type()])
                .named(
                    format!("Collaborator access {name}"),
                    format!("Collaborator can access {name}"),
                )
                .immutable()
                .build(),
        ])
    }

    async fn grants(t: &Tables, cx: &SyncContext, folder: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let id = FolderId::from(resource::key(folder).1);
        let tree = t.get::<FolderTree>(cx).await?;
        let Some(environment) = tree.environment(&id) else {
            return Ok(Page::default());
        };
        let detected = t.get::<Detected>(cx).await?;
        let facts = t.get::<PrivilegeFacts>(cx).await?;
        let roles = role::with_folder(t, &detected.legacy_roles, &id, environment);
        let members = facts
            .folder_members
            .get(&(environment.clone(), id.clone()))
            .into_iter()
            .flatten();
        let grants: Vec<v2::Grant> = roles
            .map(|(principal, over)| GrantBuilder::new(folder, ACCESS, principal).expands_over(over).build())
            .chain(members.map(|member| {
                GrantBuilder::new(folder, ACCESS, collaborator::resource_id(member))
                    .immutable()
                    .build()
            }))
            .collect();
        Page::of_table(&grants, page, PAGE, Clone::clone)
    }
}

/// What lies in a project, or in another folder, is in the environment of that; a loose folder must say its own.
fn build(id: &FolderId, environment: &Environment, node: &Node) -> v2::Resource {
    match node {
        Node::Root(project) => {
            let name = format!("ROOT PROJECT: {}", project::name(project));
            let profile = Profile::new()
                .with("id", id_value(&project.id))
                .with("name", name.as_str())
                .with_null("parent_id");
            ResourceBuilder::new(Folder::TYPE, id.to_string(), name)
                .parent(resource::id(Project::TYPE, project.id.to_string()))
                .profile(profile)
        }
        Node::Nested { folder, parent } => {
            let name = folder
                .name
                .clone()
                .filter(|n| !n.is_empty())
                .unwrap_or_else(|| id.to_string());
            let loose = parent.is_none().then_some(environment);
            let profile = Profile::new()
                .with("id", id_value(id))
                .with("name", name.as_str())
                .with("create_at", utc(folder.created_at.as_deref()))
                .with("parent_id", folder.parent_id.as_ref().map(id_value))
                .with("updated_at", utc(folder.updated_at.as_deref()))
                .with("project_id", folder.project_id.as_ref().map(id_value))
                .with("environment", loose.map(Environment::as_str));
            let resource = ResourceBuilder::new(Folder::TYPE, id.to_string(), name)
                .profile(profile)
                .created_at(stamp(folder.created_at.as_deref()));
            match parent {
                Some(parent) => resource.parent(resource::id(Folder::TYPE, parent.to_string())),
                None => resource,
            }
        }
    }
    .children(Folder::TYPE)
    .app()
    .build()
}
