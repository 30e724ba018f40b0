//! Groups, project roles, and who may do what in which project.

use serde_json::json;

use super::super::shape::Shape;
use super::super::workspace::{Env, Grantee, Group, ProjectGrant, ProjectRole, Workspace};
use super::access::numbered;
use super::content::{department, project_name};
use super::random::{Random, around};
use super::{days_before, days_before_with_offset, names};

/// Project roles with the id they have inside grants, which never agrees with the one in the list.
const PROJECT_ROLES: [(&str, &str); 5] = [
    ("Project admin", "pr-Adm7Qx2K"),
    ("Advanced builder", "pr-Bld9Zt4M"),
    ("Project operator", "pr-Opr1Hc8W"),
    ("Recipe reviewer", "pr-2"),
    ("Read-only auditor", "pr-1"),
];

/// Adds groups, project roles and project grants.
pub fn add(workspace: &mut Workspace, shape: &Shape) {
    for (id, (name, grant_id)) in (1..).zip(PROJECT_ROLES) {
        let custom = id > 3;
        workspace.project_roles.push(ProjectRole {
            id,
            grant_id: grant_id.to_owned(),
            name: name.to_owned(),
            kind: if custom { "custom" } else { "system" }.to_owned(),
            created_at: custom.then(|| days_before_with_offset(shape.now, 410)),
            updated_at: custom.then(|| days_before(shape.now, 200)),
            config: if custom {
                json!({"recipes": ["read"], "jobs": ["read"]})
            } else {
                json!({"project": "all"})
            },
        });
    }
    add_groups(workspace, shape);
    add_grants(workspace, shape);
}

fn add_groups(workspace: &mut Workspace, shape: &Shape) {
    let mut random = Random::new(shape.seed, "groups");
    workspace.groups.push(Group {
        id: "am-AllColl0".to_owned(),
        name: "All collaborators".to_owned(),
        description: None,
        system: true,
        members: Vec::new(),
        created_at: None,
        updated_at: None,
    });
    for at in 0..shape.groups {
        let ids = workspace.people.iter().enumerate();
        let members = ids.filter(|(person, p)| match at {
            // A department's people, and a few guests.
            _ if at < names::DEPARTMENTS => person % names::DEPARTMENTS == at || random.percent(4),
            7 => p.email.as_deref().is_some_and(|mail| mail.contains("consulting")),
            // Nobody is left in every twelfth group.
            _ if at % 12 == 11 => false,
            _ => random.percent(8),
        });
        let members = members.map(|(_, p)| p.id).collect();
        let name = numbered(&names::GROUPS, at);
        workspace.groups.push(Group {
            id: format!("am-{:08x}", random.next() & 0xffff_ffff),
            description: (at % 3 != 2).then(|| format!("{name} of Northwind Kitchens")),
            name,
            system: false,
            members,
            created_at: Some(days_before_with_offset(shape.now, 390 + at)),
            updated_at: (at % 4 != 1).then(|| days_before(shape.now, 20 + at)),
        });
    }
}

/// Grants of one project are written together.
struct Ledger<'a> {
    project: u64,
    env: Env,
    grants: &'a mut Vec<ProjectGrant>,
    first: usize,
}

impl Ledger<'_> {
    /// Adds a grant unless the holder has that role in the project already.
    fn add(&mut self, role: usize, holder: Grantee) {
        let (name, _) = around(&PROJECT_ROLES, role);
        let here = self.grants.get(self.first..).unwrap_or_default();
        if here.iter().any(|g| g.role == name && g.holder == holder) {
            return;
        }
        let id = format!("pg-{}{:06}{:02}", self.env.as_str(), self.project, here.len());
        self.grants.push(ProjectGrant {
            id,
            project: self.project,
            role: name.to_owned(),
            holder,
        });
    }
}

fn add_grants(workspace: &mut Workspace, shape: &Shape) {
    let mut random = Random::new(shape.seed, "grants");
    let people: Vec<u64> = workspace.people.iter().map(|p| p.id).collect();
    let groups: Vec<String> = workspace
        .groups
        .iter()
        .filter(|g| !g.system)
        .map(|g| g.id.clone())
        .collect();
    let named: Vec<String> = (0..shape.projects).map(project_name).collect();
    let everybody = workspace.groups.iter().find(|g| g.system).map(|g| g.id.clone());
    let mut grants = Vec::new();
    for project in &workspace.projects {
        let at = named.iter().position(|name| *name == project.name).unwrap_or(0);
        let first = grants.len();
        let mut ledger = Ledger {
            project: project.id,
            env: project.env,
            grants: &mut grants,
            first,
        };
        let nth_group = |nth: usize| nth.checked_rem(groups.len()).and_then(|i| groups.get(i)).cloned();
        let nth_person = |nth: usize| nth.checked_rem(people.len()).and_then(|i| people.get(i)).copied();
        let owner = department(at);
        // The department builds in DEV and runs in PROD.
        if let Some(group) = nth_group(owner) {
            ledger.add(if project.env == Env::Dev { 1 } else { 2 }, Grantee::Group(group));
        }
        // The story: whoever builds billing also operates payroll in production.
        if at == 1
            && let Some(group) = nth_group(0)
        {
            ledger.add(2, Grantee::Group(group));
        }
        // The creator is project admin; a member of the department has the group's role directly as well.
        if let Some(person) = nth_person(owner + names::DEPARTMENTS * (1 + at % 3)) {
            ledger.add(0, Grantee::User(person));
            ledger.add(1, Grantee::User(person));
        }
        for _ in 0..1 + random.below(2) {
            if let Some(person) = nth_person(random.below(people.len())) {
                ledger.add(2 + random.below(3), Grantee::User(person));
            }
        }
        if at % 3 == 2
            && let Some(group) = nth_group(8)
        {
            ledger.add(4, Grantee::Group(group));
        }
        if at % 10 == 0
            && project.env == Env::Dev
            && let Some(group) = everybody.clone()
        {
            ledger.add(4, Grantee::Group(group));
        }
    }
    workspace.project_grants = grants;
}
