//! Folders whose place is said in two ways: by the list they are in, and by their own row. Whoever reaches the one place
//! reaches them, so that it matters which is true; the tree has the list's, and the other is counted.

use super::model::{FolderId, FolderRow};
use super::tree::{FolderTree, Node};
use crate::baton::connector::SyncContext;
use crate::workato::cause;
use crate::workato::project::{self, ProjectRow};

fn count(cx: &SyncContext, example: String) {
    cx.warnings.add(
        cause::FOLDER_PLACE_UNCERTAIN,
        "folders are said to lie in several places; they are in this sync where a list showed them first, so whoever gets to \
         them by what is around them may be others",
        example,
    );
}

/// Counts a project whose root is that of another one already.
pub(super) fn of_root(cx: &SyncContext, tree: &FolderTree, root: &FolderId, project: &ProjectRow) {
    let other = tree.project_of(root).filter(|other| **other != project.id);
    if let Some(other) = other {
        let name = project::name(project);
        count(cx, format!("folder {root}, the root of project {other} and of {name}"));
    }
}

/// Counts a row of Home that says it lies elsewhere.
pub(super) fn of_home(cx: &SyncContext, tree: &FolderTree, folder: &FolderRow) {
    let id = &folder.id;
    let placed = tree.project_of(id);
    match (&folder.project_id, placed) {
        (Some(said), Some(placed)) if said != placed => {
            count(
                cx,
                format!("folder {id}, the root of project {placed}, of project {said} by its row"),
            );
        }
        (Some(said), None) if folder.is_project != Some(true) => {
            count(
                cx,
                format!("folder {id}, outside of projects, in project {said} by its row"),
            );
        }
        _ => {}
    }
    if let Some(parent) = folder.parent_id.as_ref().filter(|parent| tree.contains(parent)) {
        count(cx, format!("folder {id}, under Home, in folder {parent} by its row"));
    }
}

/// Counts a folder below another one that says it lies elsewhere, or was met elsewhere before.
pub(super) fn of_child(cx: &SyncContext, tree: &FolderTree, folder: &FolderRow, parent: &FolderId) {
    let id = &folder.id;
    match tree.node(id) {
        Some(Node::Root(project)) => {
            let project = project::name(project);
            return count(cx, format!("folder {id}, the root of {project} and in folder {parent}"));
        }
        Some(Node::Nested { parent: before, .. }) if before.as_ref() != Some(parent) => {
            let before = before
                .as_ref()
                .map_or("Home".to_owned(), |before| format!("folder {before}"));
            return count(cx, format!("folder {id}, in {before} and in folder {parent}"));
        }
        Some(Node::Nested { .. }) => return,
        None => {}
    }
    if let Some(said) = folder.parent_id.as_ref().filter(|said| *said != parent) {
        return count(
            cx,
            format!("folder {id}, in folder {parent}, in folder {said} by its row"),
        );
    }
    let placed = tree.project_of(parent);
    if let Some(said) = folder.project_id.as_ref().filter(|said| Some(*said) != placed) {
        let placed = placed.map_or("no project".to_owned(), |placed| format!("project {placed}"));
        count(cx, format!("folder {id}, in {placed}, in project {said} by its row"));
    }
}
