//! What the lists that are always read look like, as digests, so that a sync can tell what is as it was in the one before.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::meaning::Changes;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::fingerprint::hex_digest;
use crate::workato::access_model::Detected;
use crate::workato::collaborator::Member;
use crate::workato::environment_role::EnvironmentRoleRow;
use crate::workato::group::{Groups, UserGroup, is_everyone};
use crate::workato::project::Projects;
use crate::workato::project_role::{ProjectRoleRow, ProjectRoleRows};
use crate::workato::tables::Tables;

/// The faces of the lists of one sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faces {
    /// Lists that everything hangs on, by what they are called. When somebody last did something, and how many hold a role,
    /// is no part of them.
    lists: BTreeMap<String, String>,
    /// How many hold each project role.
    holders: String,
    /// Groups whose members are asked for: each with all that its row says.
    groups: BTreeMap<String, Option<String>>,
    /// Projects.
    projects: BTreeMap<String, ProjectFace>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ProjectFace {
    environment: String,
    root: Option<String>,
    row: String,
}

/// What is as it was.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Same {
    /// Groups.
    pub groups: BTreeSet<String>,
    /// Projects, each with its environment.
    pub projects: BTreeMap<String, String>,
    /// Whether the folders that roles may name are.
    pub folders: bool,
}

impl Faces {
    /// Reads the lists, as far as nobody did before in this sync.
    ///
    /// # Errors
    /// Those of the lists.
    pub async fn read(t: &Tables, cx: &SyncContext) -> Result<Faces> {
        let detected = t.get::<Detected>(cx).await?;
        let people: Vec<Member> = detected.members.iter().cloned().map(at_rest).collect();
        let roles: Vec<EnvironmentRoleRow> = detected.environment_roles.iter().cloned().map(uncounted).collect();
        let listed = t.get::<ProjectRoleRows>(cx).await?;
        let project_roles: Vec<ProjectRoleRow> = listed.iter().cloned().map(unheld).collect();
        let holders: Vec<_> = listed.iter().map(|role| (&role.id, role.members_count)).collect();
        let all = t.get::<Groups>(cx).await?;
        let groups: Vec<_> = all.iter().map(|group| (&group.id, &group.name, group.system)).collect();
        let lists = [
            ("access model", digest(&detected.model)?),
            ("people", digest(&people)?),
            ("environment roles", digest(&roles)?),
            ("collaborator roles", digest(&detected.legacy_roles)?),
            ("project roles", digest(&project_roles)?),
            ("groups", digest(&groups)?),
        ];
        let mut projects = BTreeMap::new();
        for placed in t.get::<Projects>(cx).await?.iter() {
            let face = ProjectFace {
                environment: placed.environment.as_str().to_owned(),
                root: placed.row.folder_id.as_ref().map(ToString::to_string),
                row: digest(&placed.row)?,
            };
            projects.insert(placed.row.id.to_string(), face);
        }
        let asked = all.iter().filter(|group| !is_everyone(group));
        let asked = asked.map(|group| Ok((group.id.to_string(), of_group(group)?)));
        Ok(Faces {
            lists: lists.map(|(name, digest)| (name.to_owned(), digest)).into(),
            holders: digest(&holders)?,
            groups: asked.collect::<Result<_>>()?,
            projects,
        })
    }

    /// What is as it was in the sync before, by the lists and by the log.
    ///
    /// # Errors
    /// What makes everything doubtful, as the end of a sentence that begins "full read, because".
    pub fn compare(&self, before: &Faces, changes: &Changes) -> std::result::Result<Same, String> {
        if let Some((name, _)) = self
            .lists
            .iter()
            .find(|(name, face)| before.lists.get(*name) != Some(*face))
        {
            return Err(format!("the list of {name} is not as it was"));
        }
        let named = |id: &String| [self, before].iter().any(|faces| faces.has_project(id));
        if let Some(id) = changes.projects.iter().find(|id| !named(id)) {
            return Err(format!("the audit log tells of a project that no list has ({id})"));
        }
        let is_touched = |id: &String, face: &ProjectFace| {
            let root = face.root.as_ref();
            changes.projects.contains(id)
                || root.is_some_and(|root| changes.projects.contains(root) || changes.folders.contains(root))
        };
        let projects: BTreeMap<String, String> = self
            .projects
            .iter()
            .filter(|(id, face)| before.projects.get(*id) == Some(*face) && !is_touched(id, face))
            .map(|(id, face)| (id.clone(), face.environment.clone()))
            .collect();
        // A row that counts nothing shows nothing.
        let groups: BTreeSet<String> = self
            .groups
            .iter()
            .filter(|(id, face)| face.is_some() && before.groups.get(*id) == Some(*face))
            .map(|(id, _)| id.clone())
            .collect();
        let explains =
            projects.len() < self.projects.len().max(before.projects.len()) || groups.len() < self.groups.len();
        if self.holders != before.holders && !explains {
            return Err("project roles have another number of holders, and nothing tells of a change".to_owned());
        }
        Ok(Same {
            folders: changes.folders.is_empty() && self.projects.keys().eq(before.projects.keys()),
            groups,
            projects,
        })
    }

    /// Whether a project has this id, or its root folder.
    fn has_project(&self, id: &String) -> bool {
        self.projects.contains_key(id) || self.projects.values().any(|face| face.root.as_ref() == Some(id))
    }
}

/// All that the row of a group says, if it says how many members there are.
fn of_group(group: &UserGroup) -> Result<Option<String>> {
    group.members_count.map(|_| digest(group)).transpose()
}

/// A person without what they last did.
fn at_rest(mut person: Member) -> Member {
    person.last_activity_log = None;
    person
}

fn uncounted(mut role: EnvironmentRoleRow) -> EnvironmentRoleRow {
    role.members_count = None;
    role
}

fn unheld(mut role: ProjectRoleRow) -> ProjectRoleRow {
    role.members_count = None;
    role
}

fn digest<T: Serialize>(face: &T) -> Result<String> {
    let bytes = serde_json::to_vec(face).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(hex_digest(&bytes))
}
