//! The rows of people, roles, privileges, groups and API clients (`workato/model.md 3 to 5, 7`).

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::catalogue::{BASE_ROLES, CATALOGUE, base_role};
use baton_workato::simulator::{AccessModel, Env, PrivilegeRow, RoleType, is_no_access};

use super::{Oracle, Privileges, folded};

/// (group, id).
pub(super) type Pair = (String, String);

/// One person with one role in one environment, and the privileges row of that: role type and bare id, member id.
type Holding = (Env, (&'static str, String), u64, Option<PrivilegeRow>);

/// The holders of one role in one environment with what each of them has.
pub(super) struct Held {
    pub(super) env: Env,
    /// `role` or `environment_role`, and the id without suffix.
    pub(super) role: (&'static str, String),
    pub(super) rows: BTreeMap<String, (BTreeSet<Pair>, BTreeSet<u64>)>,
}

impl Held {
    /// The pairs of all holders when they agree.
    fn agreed(&self) -> Option<&BTreeSet<Pair>> {
        let mut rows = self.rows.values().map(|(pairs, _)| pairs);
        let first = rows.next()?;
        rows.all(|pairs| pairs == first).then_some(first)
    }
}

fn pairs(privileges: &BTreeMap<String, Vec<String>>) -> BTreeSet<Pair> {
    let all = privileges
        .iter()
        .flat_map(|(group, ids)| ids.iter().map(move |id| (group.clone(), id.clone())));
    all.collect()
}

impl Oracle<'_> {
    /// Collaborator: `name`, else email, else id; moderators are marked.
    pub(super) fn people(&mut self) {
        for person in &self.workspace.people {
            let id = person.id.to_string();
            let mut name = person.name.clone().or(person.email.clone()).unwrap_or(id.clone());
            if person.grant_type.as_deref() == Some("federation_manager") {
                name.push_str(" (moderator)");
            }
            self.resource("collaborator", &id, &name, None);
        }
    }

    /// One per (role, environment of the run).
    pub(super) fn environment_roles(&mut self) {
        if self.workspace.model == AccessModel::Legacy {
            return;
        }
        let few = self.workspace.environment_roles.len() <= 50;
        for env in self.envs.clone() {
            for role in &self.workspace.environment_roles {
                let id = format!("{}{}", role.id, self.suffix(env));
                let name = format!("{} ({})", role.name, env.as_str());
                let key = self.resource("environment_role", &id, &name, None);
                let has = self.entitlement(&key, "collaborator-has", "Has environment role".to_owned());
                has.exclusion_group = few.then(|| format!("env-role-{}", env.as_str()));
            }
        }
    }

    /// Custom roles, and base roles where they exist: always in legacy, in mixed when a row names one.
    pub(super) fn legacy_roles(&mut self) {
        if self.workspace.model == AccessModel::RbacV2 {
            return;
        }
        let custom = self
            .workspace
            .legacy_roles
            .iter()
            .map(|r| (r.id.to_string(), r.name.clone()));
        let base = BASE_ROLES.into_iter().filter(|name| self.base_role_exists(name));
        let base = base.map(|name| (name.to_owned(), name.to_owned()));
        for (id, name) in custom.chain(base).collect::<Vec<_>>() {
            for env in self.envs.clone() {
                let name = format!("{name} ({})", env.as_str());
                let key = self.resource("role", &format!("{id}{}", self.suffix(env)), &name, None);
                self.entitlement(&key, "collaborator-has", format!("{name} has Collaborator"));
            }
        }
    }

    fn base_role_exists(&self, name: &str) -> bool {
        let mut rows = self.workspace.people.iter().flat_map(|p| &p.roles);
        self.workspace.model == AccessModel::Legacy
            || rows.any(|r| r.kind() == RoleType::PrivilegeGroup && folded(&r.role) == folded(name))
    }

    /// The role a member row means, within its own type: by exact name, else by folded name.
    fn role(&self, kind: RoleType, name: &str) -> Option<(&'static str, String)> {
        let known: Vec<(String, String)> = match kind {
            RoleType::Environment if self.workspace.model != AccessModel::Legacy => {
                let roles = self.workspace.environment_roles.iter();
                roles.map(|r| (r.id.to_string(), r.name.clone())).collect()
            }
            RoleType::PrivilegeGroup if self.workspace.model != AccessModel::RbacV2 => {
                let custom = self
                    .workspace
                    .legacy_roles
                    .iter()
                    .map(|r| (r.id.to_string(), r.name.clone()));
                let base = BASE_ROLES.map(|name| (name.to_owned(), name.to_owned()));
                custom.chain(base).collect()
            }
            _ => return None,
        };
        let exact = known.iter().find(|(_, n)| n == name);
        let (id, _) = exact.or_else(|| known.iter().find(|(_, n)| folded(n) == folded(name)))?;
        let resource_type = match kind {
            RoleType::Environment => "environment_role",
            RoleType::PrivilegeGroup => "role",
        };
        Some((resource_type, id.clone()))
    }

    /// Who holds which role in the environments of the run. Never the placeholder.
    fn holders(&self) -> Vec<Holding> {
        let mut found = Vec::new();
        for person in &self.workspace.people {
            for row in &person.roles {
                if is_no_access(&row.role) || !self.envs.contains(&row.env) {
                    continue;
                }
                if let Some(role) = self.role(row.kind(), &row.role) {
                    let has = self.workspace.privilege_row(person.id, row).cloned();
                    found.push((row.env, role, person.id, has));
                }
            }
        }
        found
    }

    /// `workato/model.md 5`, first row.
    pub(super) fn role_grants(&mut self) {
        for (env, (kind, id), person, _) in self.holders() {
            let entitlement = format!("{kind}:{id}{}:collaborator-has", self.suffix(env));
            if let Some(grant) = self.grant(&entitlement, &format!("collaborator:{person}")) {
                grant.metadata.insert("environment_type", env.as_str().to_owned());
            }
        }
    }

    /// What the privileges rows say, by role and environment. Nothing with privileges off.
    pub(super) fn privilege_rows(&self) -> Vec<Held> {
        let mut held: BTreeMap<_, Held> = BTreeMap::new();
        if self.options.privileges == Privileges::Off {
            return Vec::new();
        }
        for (env, role, person, row) in self.holders() {
            let row = row.unwrap_or_default();
            let tuple = held.entry((env, role.clone())).or_insert_with(|| Held {
                env,
                role,
                rows: BTreeMap::new(),
            });
            let folders = row.folder_ids.into_iter().flatten().collect();
            tuple
                .rows
                .insert(format!("collaborator:{person}"), (pairs(&row.privileges), folders));
        }
        held.into_values().collect()
    }

    /// Privileges and who has them. In v2 those the rows name; in legacy the catalogue and what is named beyond it.
    pub(super) fn privileges(&mut self, held: &[Held]) {
        // What each role may do, where its holders agree; and people whose role could not be trusted.
        let mut roles: BTreeMap<(Env, &'static str, String), BTreeSet<Pair>> = BTreeMap::new();
        let mut people: Vec<(Env, String, BTreeSet<Pair>)> = Vec::new();
        for tuple in held {
            match tuple.agreed() {
                Some(pairs) => {
                    roles.insert((tuple.env, tuple.role.0, tuple.role.1.clone()), pairs.clone());
                }
                None => {
                    let rows = tuple.rows.iter();
                    people.extend(rows.map(|(person, (pairs, _))| (tuple.env, person.clone(), pairs.clone())));
                }
            }
        }
        if self.workspace.model != AccessModel::RbacV2 {
            for env in self.envs.clone() {
                for role in &self.workspace.legacy_roles {
                    roles.insert((env, "role", role.id.to_string()), pairs(&role.privileges));
                }
                for name in BASE_ROLES.into_iter().filter(|name| self.base_role_exists(name)) {
                    let is_held = held.iter().any(|t| t.env == env && t.role == ("role", name.to_owned()));
                    if !is_held {
                        roles.insert((env, "role", name.to_owned()), pairs(&base_role(name)));
                    }
                }
            }
        }
        let mut known: BTreeSet<(Env, Pair)> = BTreeSet::new();
        if self.has_legacy_rows() {
            for env in &self.envs {
                let all = CATALOGUE
                    .iter()
                    .flat_map(|(group, ids)| ids.iter().map(|id| ((*group).into(), (*id).into())));
                known.extend(all.map(|pair| (*env, pair)));
            }
        }
        known.extend(
            roles
                .iter()
                .flat_map(|((env, ..), pairs)| pairs.iter().map(|p| (*env, p.clone()))),
        );
        known.extend(
            people
                .iter()
                .flat_map(|(env, _, pairs)| pairs.iter().map(|p| (*env, p.clone()))),
        );

        for (env, (group, id)) in known {
            let name = format!("{group}-{id}");
            let key = self.resource("privilege", &format!("{name}{}", self.suffix(env)), &name, None);
            let assigned = self.entitlement(&key, "assigned", format!("Collaborator have {name}`"));
            assigned.immutable = true;
        }
        for ((env, kind, id), pairs) in roles {
            let role = format!("{kind}:{id}{}", self.suffix(env));
            for (group, id) in pairs {
                let entitlement = format!("privilege:{group}-{id}{}:assigned", self.suffix(env));
                let grant = self
                    .grant(&entitlement, &role)
                    .expect("privilege and role are in the sync");
                (grant.immutable, grant.expands) = (true, Some(format!("{role}:collaborator-has")));
            }
        }
        for (env, person, pairs) in people {
            for (group, id) in pairs {
                let entitlement = format!("privilege:{group}-{id}{}:assigned", self.suffix(env));
                self.grant(&entitlement, &person)
                    .expect("privilege and person are in the sync")
                    .immutable = true;
            }
        }
    }

    /// Groups and their members; the system group holds everybody.
    pub(super) fn groups(&mut self) {
        if self.workspace.model == AccessModel::Legacy {
            return;
        }
        for group in &self.workspace.groups {
            let key = self.resource("collaborator_group", &group.id, &group.name, None);
            let member = self.entitlement(&key, "member", format!("Member of {}", group.name));
            member.immutable = group.system;
            for person in self.workspace.members_of(group) {
                if let Some(grant) = self.grant(&format!("{key}:member"), &format!("collaborator:{person}")) {
                    grant.immutable = group.system;
                }
            }
        }
    }

    /// API clients and their roles, of all environments.
    pub(super) fn api_clients(&mut self) {
        for role in &self.workspace.api_client_roles {
            let key = self.resource("api_client_role", &role.id.to_string(), &role.name, None);
            let assigned = self.entitlement(&key, "assigned", format!("{} of API clients", role.name));
            (assigned.immutable, assigned.grantable_to) = (true, vec!["api_client"]);
        }
        for client in &self.workspace.api_clients {
            let key = self.resource("api_client", &client.id.to_string(), &client.name, None);
            if let Some(role) = client.role
                && let Some(grant) = self.grant(&format!("api_client_role:{role}:assigned"), &key)
            {
                grant.immutable = true;
            }
            let name = format!("Token of {}", client.name);
            self.resource("api_key", &format!("developer-{}", client.id), &name, None);
        }
    }
}
