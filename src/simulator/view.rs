//! The workspace with the look-ups the routes need, and what a route gets of a request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::server::Server;
use super::workspace::{Env, Grantee, Group, Person, Project, ProjectGrant, ProjectRole, Workspace};

/// A workspace and its indexes. Never changed: a changed workspace gets a new view.
#[derive(Debug)]
pub struct View {
    /// The data.
    pub workspace: Workspace,
    people: HashMap<u64, usize>,
    projects: HashMap<u64, usize>,
    groups: HashMap<String, usize>,
    project_roles: HashMap<String, usize>,
    children: HashMap<(Env, Option<u64>), Vec<usize>>,
    grants: HashMap<u64, Vec<usize>>,
    held: HashMap<Grantee, Vec<usize>>,
    role_holders: HashMap<String, usize>,
    project_role_holders: HashMap<String, usize>,
}

impl View {
    /// Indexes a workspace.
    pub fn new(workspace: Workspace) -> Self {
        let mut children: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, folder) in workspace.folders.iter().enumerate() {
            children.entry((folder.env, folder.parent)).or_default().push(at);
        }
        let mut grants: HashMap<_, Vec<usize>> = HashMap::new();
        let mut held: HashMap<_, Vec<usize>> = HashMap::new();
        let mut project_role_holders: HashMap<String, BTreeSet<&Grantee>> = HashMap::new();
        for (at, grant) in workspace.project_grants.iter().enumerate() {
            grants.entry(grant.project).or_default().push(at);
            held.entry(grant.holder.clone()).or_default().push(at);
            project_role_holders
                .entry(grant.role.clone())
                .or_default()
                .insert(&grant.holder);
        }
        let mut role_holders: HashMap<String, usize> = HashMap::new();
        for person in &workspace.people {
            let held: BTreeSet<&str> = person.roles.iter().map(|r| r.role.as_str()).collect();
            for role in held {
                *role_holders.entry(role.to_owned()).or_default() += 1;
            }
        }
        View {
            people: workspace.people.iter().enumerate().map(|(at, p)| (p.id, at)).collect(),
            projects: workspace
                .projects
                .iter()
                .enumerate()
                .map(|(at, p)| (p.id, at))
                .collect(),
            groups: (workspace.groups.iter().enumerate())
                .map(|(at, g)| (g.id.clone(), at))
                .collect(),
            project_roles: (workspace.project_roles.iter().enumerate())
                .flat_map(|(at, r)| [(r.name.clone(), at), (r.grant_id.clone(), at)])
                .collect(),
            project_role_holders: project_role_holders
                .into_iter()
                .map(|(role, h)| (role, h.len()))
                .collect(),
            children,
            grants,
            held,
            role_holders,
            workspace,
        }
    }

    /// A person by member id.
    pub fn person(&self, id: u64) -> Option<&Person> {
        self.people.get(&id).and_then(|at| self.workspace.people.get(*at))
    }

    /// A project of any environment.
    pub fn project(&self, id: u64) -> Option<&Project> {
        self.projects.get(&id).and_then(|at| self.workspace.projects.get(*at))
    }

    /// A group.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id).and_then(|at| self.workspace.groups.get(*at))
    }

    /// A project role by name, or by the id that grants have for it.
    pub fn project_role(&self, name: &str) -> Option<&ProjectRole> {
        self.project_roles
            .get(name)
            .and_then(|at| self.workspace.project_roles.get(*at))
    }

    /// Children of a folder, or of Home.
    pub fn children(&self, env: Env, parent: Option<u64>) -> Vec<&super::Folder> {
        let rows = self.children.get(&(env, parent));
        rows.into_iter()
            .flatten()
            .filter_map(|at| self.workspace.folders.get(*at))
            .collect()
    }

    /// Grants of a project.
    pub fn grants_of(&self, project: u64) -> Vec<&ProjectGrant> {
        self.pick(self.grants.get(&project))
    }

    /// Grants of a holder, all environments.
    pub fn held_by(&self, holder: &Grantee) -> Vec<&ProjectGrant> {
        self.pick(self.held.get(holder))
    }

    /// How many people hold an environment role anywhere.
    pub fn holders(&self, role: &str) -> usize {
        self.role_holders.get(role).copied().unwrap_or(0)
    }

    /// How many people and groups hold a project role anywhere.
    pub fn project_role_holders(&self, role: &str) -> usize {
        self.project_role_holders.get(role).copied().unwrap_or(0)
    }

    fn pick(&self, rows: Option<&Vec<usize>>) -> Vec<&ProjectGrant> {
        rows.into_iter()
            .flatten()
            .filter_map(|at| self.workspace.project_grants.get(*at))
            .collect()
    }
}

/// Query parameters, decoded; brackets may come raw or percent-encoded (`workato/api.md 3.5`).
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// From the query of a URI. Of a repeated parameter the last one counts; of a list (`x[]`) all do, with a comma between.
    pub fn parse(query: &str) -> Self {
        let mut params: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            match params.get_mut(&name) {
                Some(before) if name.ends_with("[]") => *before = format!("{before},{value}"),
                _ => _ = params.insert(name, value),
            }
        }
        Params(params)
    }

    /// Whether every parameter of `wanted` is here with the same value. `*` wants any value, an empty one none.
    pub fn include(&self, wanted: &Params) -> bool {
        wanted.0.iter().all(|(name, value)| match self.0.get(name) {
            Some(given) => value == given || value == "*",
            None => value.is_empty(),
        })
    }

    /// The same query for the page before; the first page stays the first.
    pub fn one_page_back(mut self) -> Self {
        for name in ["page", "page[number]"] {
            if let Some(value) = self.0.get_mut(name) {
                *value = value.parse().unwrap_or(1_usize).saturating_sub(1).max(1).to_string();
            }
        }
        self
    }

    /// A parameter's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter as a number; nonsense counts as absent.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.text(name).and_then(|text| text.parse().ok())
    }
}

/// An admitted request: whose token, which workspace, which parameters. `gate` puts it there.
#[derive(Debug, Clone)]
pub struct Call {
    /// Environment of the token.
    pub env: Env,
    /// Where changes go.
    pub server: Arc<Server>,
    /// The workspace at the time of the request.
    pub view: Arc<View>,
    /// The most rows a page may have.
    pub page_cap: usize,
    /// Query parameters.
    pub params: Params,
    /// How the list differs from the workspace's.
    pub moved: Option<Moved>,
}

/// A list that is not as the workspace has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Without its first row.
    FirstGone,
    /// With its first row at the end.
    FirstLast,
}

impl Moved {
    /// Changes a list.
    pub fn apply<T>(self, rows: &mut Vec<T>) {
        if rows.is_empty() {
            return;
        }
        let first = rows.remove(0);
        if self == Moved::FirstLast {
            rows.push(first);
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = axum::http::StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        (parts.extensions.get::<Call>().cloned()).ok_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
    }
}
