//! The lists of single folders: which folders lie in them.

use super::{FolderTree, Node};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Kind, Result};
use crate::workato::cause;
use crate::workato::client::{Folder as ApiFolder, FolderId, Project as ApiProject, WorkatoClient, read_all};
use crate::workato::family::single::{Losses, Single};
use crate::workato::listing::all_pages_if_any;
use crate::workato::project;
use crate::workato::settings::Environment;

/// What lies in the folders of one level of the tree.
pub struct Inside<'a> {
    /// The sync.
    pub cx: &'a SyncContext,
    /// Of the environment.
    pub client: &'a WorkatoClient,
    /// Where the folders are.
    pub environment: &'a Environment,
    /// The folders.
    pub level: &'a [FolderId],
    /// What is known of all folders so far.
    pub tree: &'a FolderTree,
}

impl Single for Inside<'_> {
    type Answer = Vec<ApiFolder>;

    fn what(&self) -> String {
        format!("folders within folders of {}", self.environment)
    }

    fn listed(&self) -> Vec<String> {
        self.level.iter().map(ToString::to_string).collect()
    }

    fn losses(&self) -> &Losses {
        &Losses {
            refused: cause::FOLDER_REFUSED,
            missing: "folders; what lies in them is missing",
            gone: cause::FOLDER_GONE,
            gone_message: "folders disappeared while they were listed",
        }
    }

    fn name(&self, id: &str) -> String {
        match self.tree.node(&FolderId::from(id)) {
            Some(Node::Root(project)) => format!("folder {id}, the root of {}", project::name(project)),
            Some(Node::Nested { folder, .. }) => match folder.name.as_deref() {
                Some(name) if !name.is_empty() => format!("folder {id} ({name})"),
                _ => format!("folder {id}"),
            },
            None => format!("folder {id}"),
        }
    }

    async fn ask(&self, id: &str) -> Result<Vec<ApiFolder>> {
        let (key, parent) = (format!("folders/{}/{id}", self.environment), FolderId::from(id));
        let page = |page| self.client.folders(Some(&parent), page);
        all_pages_if_any(self.cx, &key, |f: &ApiFolder| f.id.clone(), page).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.client.folders(Some(&FolderId::from(id)), 1).await.map(drop)
    }

    /// The list that had it: of projects, of Home, or of the folder around it.
    async fn is_listed(&self, id: &str) -> Result<bool> {
        let folder = FolderId::from(id);
        let around = match self.tree.node(&folder) {
            Some(Node::Root(_)) => {
                let projects: Vec<ApiProject> = read_all(|page| self.client.projects(page)).await?;
                return Ok(projects
                    .iter()
                    .any(|project| project.folder_id.as_ref() == Some(&folder)));
            }
            Some(Node::Nested { parent, .. }) => parent.as_ref(),
            None => None,
        };
        let siblings: Result<Vec<ApiFolder>> = read_all(|page| self.client.folders(around, page)).await;
        match siblings {
            Ok(siblings) => Ok(siblings.iter().any(|sibling| sibling.id == folder)),
            // It went with the folder around it.
            Err(error) if error.kind() == Kind::NotFound && around.is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
