//! The lists of single folders: which folders lie in them.

use super::model::{FolderId, FolderRow};
use super::tree::{FolderTree, Node};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Kind, Result};
use crate::workato::cause;
use crate::workato::client::WorkatoClient;
use crate::workato::client::endpoint::{self, Address};
use crate::workato::family::single::{Losses, Single};
use crate::workato::listing::List;
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

/// The list of the folders directly below one.
fn below(id: &str) -> Address<'_> {
    endpoint::FOLDERS.with("parent_id", id)
}

impl Single for Inside<'_> {
    type Answer = Vec<FolderRow>;

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

    async fn ask(&self, id: &str) -> Result<Vec<FolderRow>> {
        let key = format!("folders/{}/{id}", self.environment);
        let list = List::of_sync(self.cx, &key, self.client, below(id));
        list.usually_empty().read().await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        self.client.page::<FolderRow>(below(id), 1).await.map(drop)
    }

    /// The list that had it: of projects, of Home, or of the folder around it.
    async fn is_listed(&self, id: &str) -> Result<bool> {
        let folder = FolderId::from(id);
        let around = match self.tree.node(&folder) {
            Some(Node::Root(_)) => {
                return project::is_root_now(self.client, &folder).await;
            }
            Some(Node::Nested { parent, .. }) => parent.as_ref(),
            None => None,
        };
        let address = around.map_or(Address::from(&endpoint::FOLDERS), |around| below(around.as_str()));
        let list = List::now(self.client, address);
        // What lies in a folder may well be nothing; Home always has something.
        let list = if around.is_some() { list.usually_empty() } else { list };
        let siblings: Result<Vec<FolderRow>> = list.read().await;
        match siblings {
            Ok(siblings) => Ok(siblings.iter().any(|sibling| sibling.id == folder)),
            // It went with the folder around it.
            Err(error) if error.kind() == Kind::NotFound && around.is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
