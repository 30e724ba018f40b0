//! The rows of projects, folders, connections, and access to them (`workato/model.md 3 to 6`).

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::{AccessModel, Env, Folder, Grantee};

use super::access::Held;
use super::{Depth, Oracle};

/// Project role name to id: lower case, runs of other characters become one hyphen.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}

impl Oracle<'_> {
    fn has_v2(&self) -> bool {
        self.workspace.model != AccessModel::Legacy
    }

    /// Projects of the environments with a token, each with one entitlement per project role.
    pub(super) fn projects(&mut self) {
        let listed = self.listed.clone();
        for project in self.workspace.projects.iter().filter(|p| listed.contains(&p.env)) {
            let key = self.resource("project", &project.id.to_string(), &project.name, None);
            if !self.has_v2() {
                continue;
            }
            for role in &self.workspace.project_roles {
                let name = format!("{} of {}", role.name, project.name);
                let may = self.entitlement(&key, &slug(&role.name), name);
                (may.assignment, may.grantable_to) = (false, vec!["collaborator", "collaborator_group"]);
            }
        }
    }

    /// Project roots, loose folders, and below them as deep as the run asks for.
    pub(super) fn folders(&mut self, held: &[Held]) {
        for env in self.listed.clone() {
            let mut children: BTreeMap<Option<u64>, Vec<&Folder>> = BTreeMap::new();
            for folder in self.workspace.folders.iter().filter(|f| f.env == env) {
                children.entry(folder.parent).or_default().push(folder);
            }
            let mut level = Vec::new();
            for project in self.workspace.projects.iter().filter(|p| p.env == env) {
                let name = format!("ROOT PROJECT: {}", project.name);
                self.folder(project.folder_id, &name, Some(format!("project:{}", project.id)));
                level.push(project.folder_id);
            }
            for folder in children.get(&None).into_iter().flatten().filter(|f| !f.is_project) {
                self.folder(folder.id, &folder.name, None);
                level.push(folder.id);
            }
            let mut wanted = self.wanted(env, held);
            let mut depth = 0;
            loop {
                wanted.retain(|id| !level.contains(id));
                let deeper = match self.options.depth {
                    Depth::All => true,
                    Depth::Levels(levels) => depth < levels,
                    Depth::Auto => self.has_legacy_rows() || !wanted.is_empty(),
                };
                if !deeper || level.is_empty() {
                    break;
                }
                let below = level
                    .iter()
                    .flat_map(|id| children.get(&Some(*id)).into_iter().flatten());
                let below: Vec<&Folder> = below.copied().collect();
                for folder in &below {
                    self.folder(folder.id, &folder.name, folder.parent.map(|id| format!("folder:{id}")));
                }
                level = below.iter().map(|f| f.id).collect();
                depth += 1;
            }
        }
    }

    /// The folders that grants of an environment name.
    fn wanted(&self, env: Env, held: &[Held]) -> BTreeSet<u64> {
        let rows = held.iter().filter(|t| t.env == env).flat_map(|t| t.rows.values());
        rows.flat_map(|(_, folders)| folders.iter().copied()).collect()
    }

    fn folder(&mut self, id: u64, name: &str, parent: Option<String>) {
        let key = self.resource("folder", &id.to_string(), name, parent);
        let access = self.entitlement(&key, "collaborator-access", format!("Collaborator access {name}"));
        (access.assignment, access.immutable) = (false, true);
    }

    /// Folders that custom roles and privileges rows name.
    pub(super) fn folder_grants(&mut self, held: &[Held]) {
        if self.workspace.model != AccessModel::RbacV2 {
            for env in self.envs.clone() {
                for role in &self.workspace.legacy_roles {
                    let key = format!("role:{}{}", role.id, self.suffix(env));
                    for folder in &role.folder_ids {
                        if !self.is_in(*folder, env) {
                            continue;
                        }
                        if let Some(grant) = self.grant(&format!("folder:{folder}:collaborator-access"), &key) {
                            grant.expands = Some(format!("{key}:collaborator-has"));
                        }
                    }
                }
            }
        }
        for tuple in held {
            for (person, (_, folders)) in &tuple.rows {
                for folder in folders {
                    if let Some(grant) = self.grant(&format!("folder:{folder}:collaborator-access"), person) {
                        grant.immutable = true;
                    }
                }
            }
        }
    }

    fn is_in(&self, folder: u64, env: Env) -> bool {
        self.workspace.folders.iter().any(|f| f.id == folder && f.env == env)
    }

    /// Opt-in; below the folder when that is listed.
    pub(super) fn connections(&mut self) {
        if !self.options.connections {
            return;
        }
        let listed = self.listed.clone();
        for connection in self.workspace.connections.iter().filter(|c| listed.contains(&c.env)) {
            let folder = format!("folder:{}", connection.folder_id);
            let parent = Some(folder).filter(|folder| self.expected.resources.contains_key(folder));
            self.resource("connection", &connection.id.to_string(), &connection.name, parent);
        }
    }

    /// Keyed by slug, since ids differ between the two endpoints.
    pub(super) fn project_roles(&mut self) {
        if !self.has_v2() {
            return;
        }
        for role in &self.workspace.project_roles {
            self.resource("project_role", &slug(&role.name), &role.name, None);
        }
    }

    /// To people directly, to groups expandable over their members.
    pub(super) fn project_grants(&mut self) {
        if !self.has_v2() {
            return;
        }
        for grant in &self.workspace.project_grants {
            let entitlement = format!("project:{}:{}", grant.project, slug(&grant.role));
            let (principal, expands) = match &grant.holder {
                Grantee::User(id) => (format!("collaborator:{id}"), None),
                Grantee::Group(id) => {
                    let key = format!("collaborator_group:{id}");
                    (key.clone(), Some(format!("{key}:member")))
                }
            };
            if let Some(row) = self.grant(&entitlement, &principal) {
                row.expands = expands;
                row.metadata.insert("project_grant_id", grant.id.clone());
            }
        }
    }
}
