//! Folders: the root folder of every project, loose folders under Home, and what lies below them.
//!
//! Listing costs one request per folder, so by default the walk stops as soon as every folder that a grant names
//! is found (`workato/model.md 6.5`).

mod inside;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use self::inside::Inside;
use super::client::{Folder as ApiFolder, FolderId, LegacyRole, Project as ApiProject, WorkatoClient, odd};
use super::collaborator::{self, Collaborator};
use super::directory::{Directory, FAN_OUT};
use super::family::Family;
use super::family::single::{self, Outcome};
use super::kind::{PAGE, ResourceKind, id_value, stamp, utc};
use super::listing::all_pages;
use super::project::Project;
use super::role::Role;
use super::role_assignments::{RoleKind, RoleRef};
use super::settings::{Environment, FolderDepth};
use crate::baton::connector::SyncContext;
use crate::baton::entitlement::{self, EntitlementBuilder, Purpose};
use crate::baton::error::{Error, Result};
use crate::baton::grant::GrantBuilder;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};
use crate::workato::cause;

/// The slug of "may open this folder".
pub const ACCESS: &str = "collaborator-access";

/// A folder and where it hangs.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// The root folder of a project.
    Root(ApiProject),
    /// Any other folder; `parent` is a folder of the tree, or nothing for one that lies under Home.
    Nested {
        /// The folder.
        folder: ApiFolder,
        /// Its parent in the tree.
        parent: Option<FolderId>,
    },
}

/// All folders of a sync, parents before children.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FolderTree {
    nodes: Vec<(FolderId, Environment, Node)>,
    index: BTreeMap<FolderId, usize>,
}

impl FolderTree {
    /// Whether the folder is in the sync.
    pub fn contains(&self, folder: &FolderId) -> bool {
        self.index.contains_key(folder)
    }

    /// The environment of a folder of the tree.
    fn environment(&self, folder: &FolderId) -> Option<&Environment> {
        self.index
            .get(folder)
            .and_then(|i| self.nodes.get(*i))
            .map(|(_, environment, _)| environment)
    }

    fn node(&self, folder: &FolderId) -> Option<&Node> {
        let (_, _, node) = self.nodes.get(*self.index.get(folder)?)?;
        Some(node)
    }

    fn add(&mut self, id: FolderId, environment: &Environment, node: Node) -> bool {
        if self.contains(&id) {
            return false;
        }
        self.index.insert(id.clone(), self.nodes.len());
        self.nodes.push((id, environment.clone(), node));
        true
    }

    /// Lists roots and loose folders of every readable environment and walks as deep as the settings say.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn read(directory: &Directory, cx: &SyncContext) -> Result<Self> {
        let projects = directory.projects(cx).await?;
        let wanted = FoldersInUse::of(directory, cx).await?;
        let depth = match directory.settings.folder_depth {
            FolderDepth::Auto if directory.has_legacy_roles(cx).await? => FolderDepth::All,
            depth => depth,
        };
        let mut tree = FolderTree::default();
        for (environment, client) in directory.readable_environments(cx).await? {
            let mut level = Vec::new();
            for placed in projects.iter().filter(|p| p.environment == environment) {
                if let Some(id) = placed.project.folder_id.clone()
                    && tree.add(id.clone(), &environment, Node::Root(placed.project.clone()))
                {
                    level.push(id);
                }
            }
            let walk = Walk {
                cx,
                client: &client,
                environment: &environment,
                family: directory.family(cx, &format!("folders/{environment}")),
                inner: directory.family(cx, &format!("inner_folders/{environment}")),
            };
            let home = walk.home().await?;
            if let Some(home) = &home
                && directory.family(cx, &format!("projects/{environment}")).has_answered()
            {
                compare(cx, &environment, &tree, home);
            }
            for folder in home.unwrap_or_default() {
                let id = folder.id.clone();
                if tree.add(id.clone(), &environment, Node::Nested { folder, parent: None }) {
                    level.push(id);
                }
            }
            walk.descend(&mut tree, level, depth, wanted.of_environment(&environment))
                .await?;
        }
        wanted.warn_unlisted(directory, cx, &tree).await?;
        Ok(tree)
    }
}

/// Folders that something in the sync points at.
struct FoldersInUse {
    by_environment: BTreeMap<Environment, BTreeSet<FolderId>>,
    anywhere: BTreeSet<FolderId>,
}

impl FoldersInUse {
    async fn of(directory: &Directory, cx: &SyncContext) -> Result<Self> {
        let facts = directory.privileges(cx).await?;
        let detected = directory.detected(cx).await?;
        let mut by_environment: BTreeMap<Environment, BTreeSet<FolderId>> = BTreeMap::new();
        for (environment, folder) in facts.folder_members.keys() {
            by_environment
                .entry(environment.clone())
                .or_default()
                .insert(folder.clone());
        }
        if directory.settings.sync_connections {
            for placed in directory.connections(cx).await?.iter() {
                by_environment
                    .entry(placed.environment.clone())
                    .or_default()
                    .extend(placed.connection.folder_id.clone());
            }
        }
        let anywhere = detected
            .legacy_roles
            .iter()
            .flat_map(|role| role.folder_ids.iter().cloned())
            .collect();
        Ok(FoldersInUse {
            by_environment,
            anywhere,
        })
    }

    fn of_environment(&self, environment: &Environment) -> BTreeSet<FolderId> {
        self.by_environment.get(environment).cloned().unwrap_or_default()
    }

    /// One warning for folder grants that had to be dropped because no list returned the folder. Environments
    /// without a token have a warning of their own.
    async fn warn_unlisted(&self, directory: &Directory, cx: &SyncContext, tree: &FolderTree) -> Result<()> {
        let readable: BTreeSet<Environment> = directory
            .readable_environments(cx)
            .await?
            .into_iter()
            .map(|(environment, _)| environment)
            .collect();
        let facts = directory.privileges(cx).await?;
        let in_rows = facts
            .folder_members
            .keys()
            .filter(|(environment, _)| readable.contains(environment))
            .map(|(_, folder)| folder);
        // The role list comes from the DEV token, and so do its folder ids: no concern of a run without DEV.
        let in_roles = self.anywhere.iter().filter(|_| readable.contains(&Environment::dev()));
        let unlisted: BTreeSet<&FolderId> = in_rows
            .chain(in_roles)
            .filter(|folder| !tree.contains(folder))
            .collect();
        for folder in unlisted {
            cx.warnings.add(
                cause::FOLDER_NOT_LISTED,
                "roles or people have access to folders that no list returned (deleted, of another environment, or \
                 below --folder-depth); that access is not in this sync",
                format!("folder {folder}"),
            );
        }
        Ok(())
    }
}

struct Walk<'a> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    environment: &'a Environment,
    /// The list of Home.
    family: Arc<Family>,
    /// The lists of single folders.
    inner: Arc<Family>,
}

/// Home holds the root folder of every project, so each of the two lists tells whether the other is whole. Neither
/// says how many rows it has (`workato/api.md 2.11`).
fn compare(cx: &SyncContext, environment: &Environment, roots: &FolderTree, home: &[ApiFolder]) {
    let unlisted = home
        .iter()
        .filter(|folder| folder.is_project == Some(true) && !roots.contains(&folder.id));
    for folder in unlisted {
        cx.warnings.add(
            cause::PROJECT_NOT_LISTED,
            "root folders belong to projects that the list of projects does not name; those projects are missing",
            format!("folder {} of {environment}", folder.id),
        );
    }
    let own = roots.nodes.iter().filter(|(_, e, _)| e == environment);
    let (shown, hidden): (Vec<_>, Vec<_>) = own.partition(|(id, ..)| home.iter().any(|folder| folder.id == *id));
    // A Home that shows no project at all is none of ours to judge, unless it shows nothing whatsoever.
    if shown.is_empty() && !home.is_empty() {
        return;
    }
    for (id, ..) in hidden {
        cx.warnings.add(
            cause::HOME_INCOMPLETE,
            "the list of Home lacks root folders of projects, so folders outside projects may be missing",
            format!("folder {id} of {environment}"),
        );
    }
}

impl Walk<'_> {
    async fn descend(
        &self,
        tree: &mut FolderTree,
        mut level: Vec<FolderId>,
        depth: FolderDepth,
        wanted: BTreeSet<FolderId>,
    ) -> Result<()> {
        let mut levels = 0;
        while !level.is_empty() {
            let deeper = match depth {
                FolderDepth::All => true,
                FolderDepth::Levels(limit) => levels < limit,
                FolderDepth::Auto => wanted.iter().any(|folder| !tree.contains(folder)),
            };
            if !deeper {
                break;
            }
            levels += 1;
            let inside = Inside {
                cx: self.cx,
                client: self.client,
                environment: self.environment,
                level: &level,
                tree,
            };
            let inside = &inside;
            let listed: Vec<(FolderId, Vec<ApiFolder>)> = stream::iter(level.clone())
                .map(|parent| async move {
                    let children = self.children(inside, &parent).await?;
                    Ok::<_, Error>((parent, children))
                })
                .buffered(FAN_OUT)
                .try_collect::<Vec<_>>()
                .await?;
            level = Vec::new();
            for (parent, children) in listed {
                for folder in children {
                    let id = folder.id.clone();
                    if tree.add(
                        id.clone(),
                        self.environment,
                        Node::Nested {
                            folder,
                            parent: Some(parent.clone()),
                        },
                    ) {
                        level.push(id);
                    }
                }
            }
        }
        Ok(())
    }

    /// The folders directly under Home; `None` where the token may not list folders.
    async fn home(&self) -> Result<Option<Vec<ApiFolder>>> {
        if self.family.is_refused() {
            return Ok(None);
        }
        let key = format!("folders/{}/home", self.environment);
        let list = all_pages(
            self.cx,
            &key,
            |f: &ApiFolder| f.id.clone(),
            |page| self.client.folders(None, page),
        )
        .await;
        let what = format!("folders of {}", self.environment);
        let home = self.family.degrade(self.cx, &what, list)?;
        odd::count(self.cx, &what, home.iter().flatten());
        Ok(home)
    }

    /// The folders directly below one; none where that is refused or gone.
    async fn children(&self, inside: &Inside<'_>, parent: &FolderId) -> Result<Vec<ApiFolder>> {
        // Both lists are one checkbox.
        if self.family.is_refused() {
            return Ok(Vec::new());
        }
        Ok(
            match single::read(self.cx, &self.inner, inside, parent.as_str()).await? {
                Outcome::Rows(children) => {
                    odd::count(self.cx, &format!("folders of {}", self.environment), &children);
                    children
                }
                Outcome::Missing | Outcome::Refused => Vec::new(),
            },
        )
    }
}

/// The folder resource type.
pub struct Folder;

impl ResourceKind for Folder {
    const TYPE: &'static str = "folder";

    fn resource_type() -> v2::ResourceType {
        resource::resource_type(Self::TYPE, "Folder", &[], Vec::new())
    }

    async fn resources(d: &Directory, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let tree = d.folders(cx).await?;
        Page::of_table(&tree.nodes, page, PAGE, |(id, environment, node)| {
            build(id, environment, node)
        })
    }

    async fn entitlements(_: &Directory, _: &SyncContext, folder: &v2::Resource) -> Result<Vec<v2::Entitlement>> {
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

    async fn grants(
        d: &Directory,
        cx: &SyncContext,
        folder: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        let id = FolderId::from(resource::key(folder).1);
        let tree = d.folders(cx).await?;
        let Some(environment) = tree.environment(&id) else {
            return Ok(Page::default());
        };
        let detected = d.detected(cx).await?;
        let facts = d.privileges(cx).await?;
        let roles = detected
            .legacy_roles
            .iter()
            .filter(|role| role.folder_ids.contains(&id));
        let members = facts
            .folder_members
            .get(&(environment.clone(), id.clone()))
            .into_iter()
            .flatten();
        let grants: Vec<v2::Grant> = roles
            .map(|role| to_role(d, folder, role, environment))
            .chain(members.map(|member| {
                GrantBuilder::new(folder, ACCESS, collaborator::resource_id(member))
                    .immutable()
                    .build()
            }))
            .collect();
        Page::of_table(&grants, page, PAGE, Clone::clone)
    }
}

fn to_role(d: &Directory, folder: &v2::Resource, role: &LegacyRole, environment: &Environment) -> v2::Grant {
    let role = RoleRef {
        kind: RoleKind::Legacy,
        id: role.id.to_string(),
        environment: environment.clone(),
    };
    let principal = resource::id(Role::TYPE, d.scoped_id(&role.id, environment));
    let over = entitlement::id(&principal, super::role::HAS);
    GrantBuilder::new(folder, ACCESS, principal).expands_over(over).build()
}

/// What lies in a project, or in another folder, is in the environment of that; a loose folder must say its own.
fn build(id: &FolderId, environment: &Environment, node: &Node) -> v2::Resource {
    match node {
        Node::Root(project) => {
            let name = format!("ROOT PROJECT: {}", super::project::name(project));
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
