//! What a sync of a workspace must contain: resources, entitlements and grants, the ones expansion adds included.
//!
//! Written line by line from `workato/model.md 1 to 8`, from nothing in `src/workato`: where the two disagree, one of
//! them is wrong. The workspace is read directly, not over HTTP.
//!
//! Decisions where the model leaves room, each a sentence: an environment's rows count only in a run that emits it;
//! API clients are not filtered by environment; a nested folder has its parent folder as parent, inside a project or
//! not; a custom role's folders belong to the environment the folder is in; with privileges off, base roles keep the
//! constant catalogue; a mixed workspace with legacy rows has the catalogue and walks all folders.

mod access;
mod agents;
mod content;
pub mod golden;
pub mod reach;

use std::collections::{BTreeMap, BTreeSet};

use baton_workato::simulator::{Env, RoleType, Workspace, is_no_access};

/// Which environments a run emits (`workato/model.md 8`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    One(Env),
    All,
}

/// How privileges are learnt (`workato/model.md 7`). Exact and sampled give equal rows: a role whose holders differ
/// is expected to be noticed, which holds when any two of its holders differ (`Shape::drift`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privileges {
    Exact,
    Sampled,
    Off,
}

/// How deep folders are listed (`workato/model.md 6.5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    Auto,
    All,
    /// Levels below project roots and loose folders.
    Levels(u32),
}

/// The run.
#[derive(Debug, Clone)]
pub struct Options {
    pub choice: Choice,
    /// Environments with a token. DEV always has one.
    pub tokens: Vec<Env>,
    pub depth: Depth,
    pub connections: bool,
    pub privileges: Privileges,
}

impl Default for Options {
    /// A run with the DEV token and no flags.
    fn default() -> Self {
        Options {
            choice: Choice::One(Env::Dev),
            tokens: vec![Env::Dev],
            depth: Depth::Auto,
            connections: false,
            privileges: Privileges::Sampled,
        }
    }
}

impl Options {
    /// A run over everything: all environments, all tokens, connections too.
    pub fn everything() -> Self {
        Options {
            choice: Choice::All,
            tokens: Env::ALL.to_vec(),
            connections: true,
            ..Options::default()
        }
    }
}

/// A resource, keyed `type:id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub display_name: String,
    /// `type:id`.
    pub parent: Option<String>,
}

/// An entitlement, keyed by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// `type:id` of the resource it is on.
    pub resource: String,
    pub slug: String,
    pub display_name: String,
    /// PURPOSE_VALUE_ASSIGNMENT, else PERMISSION.
    pub assignment: bool,
    pub grantable_to: Vec<&'static str>,
    /// EntitlementImmutable.
    pub immutable: bool,
    /// EntitlementExclusionGroup.
    pub exclusion_group: Option<String>,
}

/// A grant, keyed by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub entitlement: String,
    /// `type:id`.
    pub principal: String,
    /// GrantImmutable.
    pub immutable: bool,
    /// The one entitlement in GrantExpandable; always shallow.
    pub expands: Option<String>,
    /// Made by expansion.
    pub derived: bool,
    /// Source entitlements after expansion, with `is_direct` (`baton/c1z/format.md 5.4`).
    pub sources: BTreeMap<String, bool>,
    /// Grant metadata: `environment_type`, `project_grant_id`.
    pub metadata: BTreeMap<&'static str, String>,
}

/// The rows of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    pub resources: BTreeMap<String, Resource>,
    pub entitlements: BTreeMap<String, Entitlement>,
    pub grants: BTreeMap<String, Grant>,
}

impl Expected {
    /// Rows of each resource type.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for key in self.resources.keys() {
            let (kind, _) = key.split_once(':').expect("keys have a type");
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }

    /// Ids of the grants before expansion: what a connector itself hands out.
    pub fn direct(&self) -> BTreeSet<String> {
        let direct = self.grants.iter().filter(|(_, g)| !g.derived);
        direct.map(|(id, _)| id.clone()).collect()
    }

    /// Ids of all resources, entitlements and grants, each with its kind in front: `grant project:1:x:collaborator:2`.
    pub fn ids(&self) -> BTreeSet<String> {
        let resources = self.resources.keys().map(|id| format!("resource {id}"));
        let entitlements = self.entitlements.keys().map(|id| format!("entitlement {id}"));
        let grants = self.grants.keys().map(|id| format!("grant {id}"));
        resources.chain(entitlements).chain(grants).collect()
    }
}

/// Fails with the first few differences of two sets, which an `assert_eq!` of thousands of rows would bury.
#[track_caller]
pub fn assert_same(expected: &BTreeSet<String>, found: &BTreeSet<String>) {
    let missing: Vec<_> = expected.difference(found).collect();
    let extra: Vec<_> = found.difference(expected).collect();
    let some = |list: &[&String]| list.iter().take(10).map(|id| format!("\n  {id}")).collect::<String>();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{} missing:{}\n{} extra:{}",
        missing.len(),
        some(&missing),
        extra.len(),
        some(&extra)
    );
}

/// The rows a sync of `workspace` must have.
pub fn expect(workspace: &Workspace, options: &Options) -> Expected {
    let mut oracle = Oracle::new(workspace, options);
    oracle.people();
    oracle.environment_roles();
    oracle.legacy_roles();
    let rows = oracle.privilege_rows();
    oracle.projects();
    oracle.folders(&rows);
    oracle.connections();
    oracle.groups();
    oracle.project_roles();
    oracle.project_grants();
    oracle.api_clients();
    oracle.agents();
    oracle.role_grants();
    oracle.privileges(&rows);
    oracle.folder_grants(&rows);
    oracle.expand();
    oracle.expected
}

/// The rows so far, and what they are made from.
struct Oracle<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    /// Environments of the run.
    envs: Vec<Env>,
    /// Those of them whose projects and folders can be listed.
    listed: Vec<Env>,
    expected: Expected,
}

impl<'a> Oracle<'a> {
    fn new(workspace: &'a Workspace, options: &'a Options) -> Self {
        let mut tokens: BTreeSet<Env> = options.tokens.iter().copied().collect();
        tokens.insert(Env::Dev);
        // `workato/model.md 8`: `all` emits environments that occur in member rows or have a token.
        let envs: BTreeSet<Env> = match options.choice {
            Choice::One(env) => [env].into(),
            Choice::All => {
                let rows = workspace.people.iter().flat_map(|p| &p.roles).map(|r| r.env);
                rows.chain(tokens.iter().copied()).collect()
            }
        };
        Oracle {
            workspace,
            options,
            listed: envs.intersection(&tokens).copied().collect(),
            envs: envs.into_iter().collect(),
            expected: Expected::default(),
        }
    }

    /// `workato/model.md 3`: `-<env>` with `all`, nothing with one environment.
    fn suffix(&self, env: Env) -> String {
        match self.options.choice {
            Choice::One(_) => String::new(),
            Choice::All => format!("-{}", env.as_str()),
        }
    }

    /// `workato/model.md 1`: whether legacy rows exist, in a legacy or a mixed workspace.
    fn has_legacy_rows(&self) -> bool {
        use baton_workato::simulator::AccessModel;
        match self.workspace.model {
            AccessModel::Legacy => true,
            AccessModel::RbacV2 => false,
            AccessModel::Mixed => (self.workspace.people.iter().flat_map(|p| &p.roles))
                .any(|r| r.kind() == RoleType::PrivilegeGroup && !is_no_access(&r.role)),
        }
    }

    fn resource(&mut self, kind: &str, id: &str, display_name: &str, parent: Option<String>) -> String {
        let key = format!("{kind}:{id}");
        let resource = Resource {
            display_name: display_name.to_owned(),
            parent,
        };
        let before = self.expected.resources.insert(key.clone(), resource);
        assert!(before.is_none(), "two resources {key}");
        key
    }

    /// A mutable permanent assignment for collaborators, to be adjusted by the caller.
    fn entitlement(&mut self, resource: &str, slug: &str, display_name: String) -> &mut Entitlement {
        assert!(
            self.expected.resources.contains_key(resource),
            "entitlement on {resource}"
        );
        let entitlement = Entitlement {
            resource: resource.to_owned(),
            slug: slug.to_owned(),
            display_name,
            assignment: true,
            grantable_to: vec!["collaborator"],
            immutable: false,
            exclusion_group: None,
        };
        let entry = self.expected.entitlements.entry(format!("{resource}:{slug}"));
        entry.or_insert(entitlement)
    }

    /// A grant, unless entitlement or principal is not in the sync (`workato/model.md 5`, last paragraph).
    fn grant(&mut self, entitlement: &str, principal: &str) -> Option<&mut Grant> {
        let known = self.expected.entitlements.contains_key(entitlement);
        if !known || !self.expected.resources.contains_key(principal) {
            return None;
        }
        let grant = Grant {
            entitlement: entitlement.to_owned(),
            principal: principal.to_owned(),
            immutable: false,
            expands: None,
            derived: false,
            sources: BTreeMap::new(),
            metadata: BTreeMap::new(),
        };
        let entry = self.expected.grants.entry(format!("{entitlement}:{principal}"));
        Some(entry.or_insert(grant))
    }

    /// Shallow expansion by the rules of `baton/c1z/format.md 5.4`. No entitlement is both source and destination
    /// here, so one round is all there is.
    fn expand(&mut self) {
        let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for grant in self.expected.grants.values() {
            let list = holders.entry(grant.entitlement.clone()).or_default();
            list.push(grant.principal.clone());
        }
        let edges = self.expected.grants.values();
        let edges = edges.filter_map(|g| Some((g.entitlement.clone(), g.expands.clone()?)));
        for (destination, source) in edges.collect::<BTreeSet<_>>() {
            assert!(
                self.expected.entitlements.contains_key(&source),
                "expands over unknown {source}"
            );
            for principal in holders.get(&source).into_iter().flatten() {
                let id = format!("{destination}:{principal}");
                let before = self.expected.grants.contains_key(&id);
                let grant = self.grant(&destination, principal).expect("both are in the sync");
                if !before {
                    (grant.derived, grant.immutable) = (true, true);
                } else if !grant.derived {
                    grant.sources.insert(destination.clone(), true);
                }
                grant.sources.insert(source.clone(), true);
            }
        }
    }
}

/// Letters and digits in lower case: how spellings of a role name compare (`workato/api.md 4.3`).
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
