//! Who gets to what, walked in the workspace itself (`workato/model.md 11`): from what people, groups, roles and
//! API clients are in Workato to the things of a sync, without a look at the file.

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::{
    AccessModel, Assignment, Env, Folder, Grantee, Person, RoleType, Workspace, is_no_access,
};

use super::content::slug;
use super::{Choice, Expected, Options, Privileges, folded};

/// Account, thing and way: `collaborator:1001`, `project:1003`, `self-granting`.
pub type Reached = BTreeSet<(String, String, &'static str)>;

/// Everything anybody reaches, over the things that a sync with these options has.
pub fn reached(workspace: &Workspace, options: &Options, things: &Expected) -> Reached {
    assert_ne!(
        options.privileges,
        Privileges::Off,
        "what roles may do is not known then"
    );
    let mut walk = Walk {
        workspace,
        envs: envs(workspace, options),
        choice: options.choice,
        things,
        on: BTreeMap::new(),
        reached: Reached::new(),
    };
    walk.people();
    walk.projects();
    walk.clients();
    walk.places();
    for (thing, holders) in &walk.on {
        for who in holders {
            walk.reached.insert((who.clone(), thing.clone(), "on"));
        }
    }
    walk.reached
}

fn envs(workspace: &Workspace, options: &Options) -> Vec<Env> {
    match options.choice {
        Choice::One(env) => vec![env],
        Choice::All => {
            let named = workspace.people.iter().flat_map(|p| &p.roles).map(|r| r.env);
            let all: BTreeSet<Env> = named.chain(options.tokens.iter().copied()).chain([Env::Dev]).collect();
            all.into_iter().collect()
        }
    }
}

struct Walk<'a> {
    workspace: &'a Workspace,
    envs: Vec<Env>,
    choice: Choice,
    things: &'a Expected,
    /// Who holds something on a thing.
    on: BTreeMap<String, BTreeSet<String>>,
    reached: Reached,
}

impl Walk<'_> {
    fn hold(&mut self, who: &str, thing: String) {
        if self.things.resources.contains_key(&thing) {
            self.on.entry(thing).or_default().insert(who.to_owned());
        }
    }

    fn id(&self, kind: &str, id: &str, env: Env) -> String {
        match self.choice {
            Choice::One(_) => format!("{kind}:{id}"),
            Choice::All => format!("{kind}:{id}-{}", env.as_str()),
        }
    }

    /// The roles of a person in the environments of the run, those without a list of that name left out.
    fn roles<'p>(&self, person: &'p Person) -> Vec<(&'p Assignment, &'static str, String)> {
        let here = |row: &&Assignment| self.envs.contains(&row.env) && !is_no_access(&row.role);
        let rows = person.roles.iter().filter(here);
        rows.filter_map(|row| self.role(row).map(|(kind, id)| (row, kind, id)))
            .collect()
    }

    fn role(&self, row: &Assignment) -> Option<(&'static str, String)> {
        let named = |known: Vec<(String, &str)>| {
            let exact = known.iter().find(|(_, name)| *name == row.role);
            let found = exact.or_else(|| known.iter().find(|(_, name)| folded(name) == folded(&row.role)));
            found.map(|(id, _)| id.clone())
        };
        match row.kind() {
            RoleType::Environment if self.workspace.model != AccessModel::Legacy => {
                let roles = self.workspace.environment_roles.iter();
                let id = named(roles.map(|role| (role.id.to_string(), role.name.as_str())).collect())?;
                Some(("environment_role", id))
            }
            RoleType::PrivilegeGroup if self.workspace.model != AccessModel::RbacV2 => {
                let custom = self.workspace.legacy_roles.iter();
                let custom = custom.map(|role| (role.id.to_string(), role.name.as_str()));
                let base = ["Admin", "Analyst", "Operator"].map(|name| (name.to_owned(), name));
                Some(("role", named(custom.chain(base).collect())?))
            }
            _ => None,
        }
    }

    /// What somebody may do by a role: what Workato shows of them, and what a custom role of the older model lists.
    fn pairs(&self, person: &Person, row: &Assignment, kind: &str, role: &str) -> BTreeSet<(String, String)> {
        let shown = self.workspace.privilege_row(person.id, row).map(|row| &row.privileges);
        let custom = self.workspace.legacy_roles.iter();
        let listed = custom
            .filter(|r| kind == "role" && r.id.to_string() == role)
            .map(|r| &r.privileges);
        let all = shown.into_iter().chain(listed).flatten();
        all.flat_map(|(group, ids)| ids.iter().map(move |id| (group.clone(), id.clone())))
            .collect()
    }

    /// Roles, privileges, folders, groups.
    fn people(&mut self) {
        for person in &self.workspace.people {
            let who = format!("collaborator:{}", person.id);
            for (row, kind, role) in self.roles(person) {
                self.hold(&who, self.id(kind, &role, row.env));
                for (group, id) in self.pairs(person, row, kind, &role) {
                    self.hold(&who, self.id("privilege", &format!("{group}-{id}"), row.env));
                }
                let shown = self.workspace.privilege_row(person.id, row);
                let shown = shown.and_then(|row| row.folder_ids.clone()).unwrap_or_default();
                let custom = self.workspace.legacy_roles.iter();
                let listed = custom
                    .filter(|r| kind == "role" && r.id.to_string() == role)
                    .flat_map(|r| &r.folder_ids);
                for folder in shown.into_iter().chain(listed.copied()) {
                    let is_here = self.folder(folder).is_some_and(|folder| folder.env == row.env);
                    if is_here {
                        self.hold(&who, format!("folder:{folder}"));
                    }
                }
            }
            for group in &self.workspace.groups {
                if self.workspace.members_of(group).contains(&person.id) {
                    self.hold(&who, format!("collaborator_group:{}", group.id));
                }
            }
        }
    }

    /// Project roles, each of which is a thing of its own as well.
    fn projects(&mut self) {
        for grant in &self.workspace.project_grants {
            if !self
                .things
                .resources
                .contains_key(&format!("project:{}", grant.project))
            {
                continue;
            }
            let members = match &grant.holder {
                Grantee::User(id) => vec![*id],
                Grantee::Group(id) => {
                    let group = self.workspace.groups.iter().find(|group| group.id == *id);
                    group.map(|group| self.workspace.members_of(group)).unwrap_or_default()
                }
            };
            for member in members {
                let who = format!("collaborator:{member}");
                self.hold(&who, format!("project:{}", grant.project));
                self.hold(&who, format!("project_role:{}", slug(&grant.role)));
            }
        }
    }

    fn clients(&mut self) {
        for client in &self.workspace.api_clients {
            if let Some(role) = client.role {
                self.hold(&format!("api_client:{}", client.id), format!("api_client_role:{role}"));
            }
        }
    }

    fn folder(&self, id: u64) -> Option<&Folder> {
        self.workspace.folders.iter().find(|folder| folder.id == id)
    }

    /// A folder and all above it, then the project: as things of the sync.
    fn line(&self, folder: u64) -> Vec<String> {
        let mut line = Vec::new();
        let mut at = self.folder(folder);
        while let Some(folder) = at {
            line.push(format!("folder:{}", folder.id));
            if folder.is_project {
                let projects = self.workspace.projects.iter();
                line.extend(
                    projects
                        .filter(|p| p.folder_id == folder.id)
                        .map(|p| format!("project:{}", p.id)),
                );
            }
            at = folder.parent.and_then(|id| self.folder(id));
        }
        line
    }

    /// What lies around projects, folders and connections: what is held above and inside, scopes, who decides.
    fn places(&mut self) {
        let mut things: Vec<(String, Env, Vec<String>)> = Vec::new();
        for project in &self.workspace.projects {
            things.push((format!("project:{}", project.id), project.env, Vec::new()));
        }
        for folder in &self.workspace.folders {
            let line = self.line(folder.id);
            things.push((line[0].clone(), folder.env, line[1..].to_vec()));
        }
        for connection in &self.workspace.connections {
            // What lies in a folder that the sync does not have lies in nothing.
            let folder = format!("folder:{}", connection.folder_id);
            let line = if self.things.resources.contains_key(&folder) {
                self.line(connection.folder_id)
            } else {
                Vec::new()
            };
            things.push((format!("connection:{}", connection.id), connection.env, line));
        }
        things.retain(|(thing, ..)| self.things.resources.contains_key(thing));
        let lines: BTreeMap<String, Vec<String>> =
            things.iter().map(|(t, _, line)| (t.clone(), line.clone())).collect();
        let mut found = Reached::new();
        for (thing, env, above) in &things {
            let inside: Vec<&String> = lines
                .iter()
                .filter(|(_, line)| line.contains(thing))
                .map(|(t, _)| t)
                .collect();
            let mut add = |around: &mut dyn Iterator<Item = &String>, way: &'static str| {
                for near in around {
                    for who in self.on.get(near).into_iter().flatten() {
                        found.insert((who.clone(), thing.clone(), way));
                    }
                }
            };
            add(&mut above.iter(), "above");
            add(&mut inside.iter().copied(), "inside");
            let near: BTreeSet<&String> = above.iter().chain(inside.iter().copied()).chain([thing]).collect();
            for client in &self.workspace.api_clients {
                let named = client.folder_ids.iter().flatten().map(|id| format!("folder:{id}"));
                let is_named = named.into_iter().any(|folder| near.contains(&folder));
                // A connection of a folder that the sync does not have says no environment.
                let is_placed = !thing.starts_with("connection:") || !above.is_empty() || self.is_alone(*env);
                let is_here = client.env == *env && is_placed;
                // What is named is reached, wherever the client is said to be.
                if (client.all_folders && is_here) || (!client.all_folders && is_named) {
                    found.insert((format!("api_client:{}", client.id), thing.clone(), "scope"));
                }
            }
            let is_in_project = near.iter().any(|near| near.starts_with("project:"));
            if is_in_project {
                for who in self.managers(*env) {
                    found.insert((who, thing.clone(), "self-granting"));
                }
            }
        }
        self.reached.extend(found);
    }

    fn is_alone(&self, env: Env) -> bool {
        matches!(self.choice, Choice::One(one) if one == env)
    }

    /// Holders of the system role that manages access, and of what says so of itself.
    fn managers(&self, env: Env) -> BTreeSet<String> {
        let manages = |person: &&Person| {
            let roles = self.roles(person);
            let mut here = roles.iter().filter(|(row, ..)| row.env == env);
            here.any(|(row, kind, role)| {
                let pair = ("Manage projects".to_owned(), "access_control".to_owned());
                let roles = self.workspace.environment_roles.iter();
                let mut system = roles.filter(|r| r.kind == "system" && r.name == "Environment admin");
                let is_admin = *kind == "environment_role" && system.any(|r| r.id.to_string() == *role);
                is_admin || self.pairs(person, row, kind, role).contains(&pair)
            })
        };
        let people = self.workspace.people.iter().filter(manages);
        people.map(|person| format!("collaborator:{}", person.id)).collect()
    }
}
