//! The requests that are made once for each thing, and a workspace that has several of each.

use std::path::Path;

use baton_workato::baton::error::Error;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::SyncOptions;
use baton_workato::baton::sync::summary::Summary;
use baton_workato::simulator::{AccessModel, Behavior, Env, Fault, Hits, Shape, Simulator, Workspace};
use baton_workato::workato::settings::{FolderDepth, Settings};

use crate::faults::sites::lean;
use crate::support::run;

/// A kind of request about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ProjectGrants,
    GroupMembers,
    Privileges,
    Folders,
    EnvironmentRole,
    ProjectRole,
}

pub const KINDS: [Kind; 6] = [
    Kind::ProjectGrants,
    Kind::GroupMembers,
    Kind::Privileges,
    Kind::Folders,
    Kind::EnvironmentRole,
    Kind::ProjectRole,
];

pub fn workspace() -> Workspace {
    workspace_of(5)
}

pub fn workspace_of(projects: usize) -> Workspace {
    lean(&Shape {
        people: 12,
        projects,
        groups: 5,
        custom_roles: 2,
        ..Shape::small(AccessModel::RbacV2)
    })
}

impl Kind {
    /// The ids of the things that are asked for, in the order of a sync.
    pub fn ids(self, workspace: &Workspace) -> Vec<String> {
        let mut ids: Vec<String> = match self {
            Kind::ProjectGrants => workspace
                .projects
                .iter()
                .filter(|p| p.env == Env::Dev)
                .map(|p| p.id.to_string())
                .collect(),
            Kind::GroupMembers => workspace
                .groups
                .iter()
                .filter(|g| !g.system)
                .map(|g| g.id.clone())
                .collect(),
            Kind::Privileges => workspace.people.iter().map(|p| p.id.to_string()).collect(),
            Kind::Folders => workspace
                .projects
                .iter()
                .filter(|p| p.env == Env::Dev)
                .map(|p| p.folder_id.to_string())
                .collect(),
            Kind::EnvironmentRole => workspace.environment_roles.iter().map(|r| r.id.to_string()).collect(),
            Kind::ProjectRole => workspace.project_roles.iter().map(|r| r.id.to_string()).collect(),
        };
        ids.sort();
        ids
    }

    pub fn path(self, id: &str) -> String {
        match self {
            Kind::ProjectGrants => format!("/api/projects/{id}/project_grants"),
            Kind::GroupMembers => format!("/api/user_groups/{id}/members"),
            Kind::Privileges => format!("/api/members/{id}/privileges"),
            Kind::Folders => format!("/api/folders?parent_id={id}"),
            Kind::EnvironmentRole => format!("/api/environment_roles/{id}"),
            Kind::ProjectRole => format!("/api/project_roles/{id}"),
        }
    }

    pub fn cause(self) -> &'static str {
        match self {
            Kind::ProjectGrants => "project-refused",
            Kind::GroupMembers => "group-refused",
            Kind::Privileges => "member-refused",
            Kind::Folders => "folder-refused",
            Kind::EnvironmentRole | Kind::ProjectRole => "role-refused",
        }
    }

    /// What belongs to the thing in a file, by the beginning of the id of the row.
    pub fn owns(self, id: &str) -> Option<String> {
        match self {
            Kind::ProjectGrants => Some(format!("project:{id}:")),
            Kind::GroupMembers => Some(format!("collaborator_group:{id}:member:")),
            _ => None,
        }
    }
}

/// A server that answers `status` for these things.
pub fn refusing(kind: Kind, ids: &[String], status: u16) -> Behavior {
    ids.iter().fold(Behavior::default(), |behavior, id| {
        behavior.script(&kind.path(id), Hits::Every, Fault::status(status))
    })
}

pub fn settings(simulator: &Simulator) -> Settings {
    Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        folder_depth: FolderDepth::All,
        ..run::settings(&simulator.base_url())
    }
}

pub async fn sync(simulator: &Simulator, file: &Path, workers: usize) -> Result<Summary, Error> {
    let options = SyncOptions {
        workers,
        ..run::options(file)
    };
    run::workato_over(settings(simulator), &options, run::impatient()).await
}
