//! All folders of a sync.
//!
//! Listing costs one request per folder, so by default the walk stops as soon as every folder that a grant names
//! is found (`workato/model.md 6.5`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::FAMILY;
use super::contradiction;
use super::inside::Inside;
use super::model::{FolderId, FolderRow};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::workato::access_model::Detected;
use crate::workato::cause;
use crate::workato::client::{WorkatoClient, endpoint, odd};
use crate::workato::connection::Connections;
use crate::workato::family::Family;
use crate::workato::family::single::{self, Outcome};
use crate::workato::listing::List;
use crate::workato::privilege::PrivilegeFacts;
use crate::workato::project::{self, ProjectId, ProjectRow, Projects};
use crate::workato::role::has_legacy_roles;
use crate::workato::settings::{Environment, FolderDepth};
use crate::workato::tables::{FAN_OUT, Table, Tables};
use crate::workato::tokens::Placed;

/// A folder and where it hangs.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// The root folder of a project.
    Root(ProjectRow),
    /// Any other folder; `parent` is a folder of the tree, or nothing for one that lies under Home.
    Nested {
        /// The folder.
        folder: FolderRow,
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

    /// All of them: id, environment and place.
    pub(super) fn nodes(&self) -> &[(FolderId, Environment, Node)] {
        &self.nodes
    }

    /// The environment of a folder of the tree.
    pub(super) fn environment(&self, folder: &FolderId) -> Option<&Environment> {
        self.index
            .get(folder)
            .and_then(|i| self.nodes.get(*i))
            .map(|(_, environment, _)| environment)
    }

    pub(super) fn node(&self, folder: &FolderId) -> Option<&Node> {
        let (_, _, node) = self.nodes.get(*self.index.get(folder)?)?;
        Some(node)
    }

    /// The project that a folder of the tree lies in; `None` outside of projects.
    pub(super) fn project_of(&self, folder: &FolderId) -> Option<&ProjectId> {
        let mut at = folder;
        // Parents come before children, so this ends.
        loop {
            match self.node(at)? {
                Node::Root(project) => return Some(&project.id),
                Node::Nested { parent, .. } => at = parent.as_ref()?,
            }
        }
    }

    fn add(&mut self, id: FolderId, environment: &Environment, node: Node) -> bool {
        if self.contains(&id) {
            return false;
        }
        self.index.insert(id.clone(), self.nodes.len());
        self.nodes.push((id, environment.clone(), node));
        true
    }
}

impl Table for FolderTree {
    type Value = FolderTree;

    /// Lists roots and loose folders of every readable environment and walks as deep as the settings say.
    async fn read(t: &Tables, cx: &SyncContext) -> Result<FolderTree> {
        let projects = t.get::<Projects>(cx).await?;
        let wanted = FoldersInUse::of(t, cx).await?;
        let depth = match t.settings.folder_depth {
            FolderDepth::Auto if has_legacy_roles(t, cx).await? => FolderDepth::All,
            depth => depth,
        };
        let mut tree = FolderTree::default();
        for (environment, client) in t.readable_environments(cx).await? {
            let mut level = Vec::new();
            let own = || projects.iter().filter(|p| p.environment == environment);
            for placed in own() {
                let Some(id) = placed.row.folder_id.clone() else {
                    continue;
                };
                if tree.add(id.clone(), &environment, Node::Root(placed.row.clone())) {
                    level.push(id);
                } else {
                    contradiction::of_root(cx, &tree, &id, &placed.row);
                }
            }
            let walk = Walk {
                cx,
                client: &client,
                environment: &environment,
                family: t.family(cx, &format!("{FAMILY}/{environment}")),
                inner: t.family(cx, &format!("inner_folders/{environment}")),
            };
            let home = walk.home().await?;
            // A project that does not name its root may be named by it.
            for folder in home.iter().flatten().filter(|folder| folder.is_project == Some(true)) {
                let is_of = |placed: &&Placed<ProjectRow>| {
                    placed.row.folder_id.is_none() && folder.project_id.as_ref() == Some(&placed.row.id)
                };
                if let Some(placed) = own().find(is_of)
                    && tree.add(folder.id.clone(), &environment, Node::Root(placed.row.clone()))
                {
                    level.push(folder.id.clone());
                }
            }
            if let Some(home) = &home
                && project::is_listed(t, cx, &environment)
            {
                compare(cx, &environment, &tree, home);
            }
            for folder in home.unwrap_or_default() {
                let id = folder.id.clone();
                contradiction::of_home(cx, &tree, &folder);
                if tree.add(id.clone(), &environment, Node::Nested { folder, parent: None }) {
                    level.push(id);
                }
            }
            walk.descend(&mut tree, level, depth, wanted.of_environment(&environment))
                .await?;
        }
        wanted.warn_unlisted(t, cx, &tree).await?;
        Ok(tree)
    }
}

/// Folders that something in the sync points at.
struct FoldersInUse {
    by_environment: BTreeMap<Environment, BTreeSet<FolderId>>,
    anywhere: BTreeSet<FolderId>,
}

impl FoldersInUse {
    async fn of(t: &Tables, cx: &SyncContext) -> Result<Self> {
        let facts = t.get::<PrivilegeFacts>(cx).await?;
        let detected = t.get::<Detected>(cx).await?;
        let mut by_environment: BTreeMap<Environment, BTreeSet<FolderId>> = BTreeMap::new();
        for (environment, folder) in facts.folder_members.keys() {
            by_environment
                .entry(environment.clone())
                .or_default()
                .insert(folder.clone());
        }
        if t.settings.sync_connections {
            for placed in t.get::<Connections>(cx).await?.iter() {
                by_environment
                    .entry(placed.environment.clone())
                    .or_default()
                    .extend(placed.row.folder_id.clone());
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
    async fn warn_unlisted(&self, t: &Tables, cx: &SyncContext, tree: &FolderTree) -> Result<()> {
        let readable: BTreeSet<Environment> = t
            .readable_environments(cx)
            .await?
            .into_iter()
            .map(|(environment, _)| environment)
            .collect();
        let facts = t.get::<PrivilegeFacts>(cx).await?;
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
fn compare(cx: &SyncContext, environment: &Environment, roots: &FolderTree, home: &[FolderRow]) {
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
            let listed: Vec<(FolderId, Vec<FolderRow>)> = stream::iter(level.clone())
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
                    contradiction::of_child(self.cx, tree, &folder, &parent);
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
    async fn home(&self) -> Result<Option<Vec<FolderRow>>> {
        if self.family.is_refused() {
            return Ok(None);
        }
        let key = format!("folders/{}/home", self.environment);
        let list = List::of_sync(self.cx, &key, self.client, &endpoint::FOLDERS);
        let what = format!("folders of {}", self.environment);
        let home = self.family.degrade(self.cx, &what, list.read().await)?;
        odd::count(self.cx, &what, home.iter().flatten());
        Ok(home)
    }

    /// The folders directly below one; none where that is refused or gone.
    async fn children(&self, inside: &Inside<'_>, parent: &FolderId) -> Result<Vec<FolderRow>> {
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
