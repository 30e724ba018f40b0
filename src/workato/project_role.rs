//! Project roles (RBAC v2): what a person or group may do in a project. They are entitlements of projects.

use std::collections::{BTreeMap, BTreeSet};

use super::access_model::has_environment_roles;
use super::cause;
use super::client::endpoint::{self, Endpoint};
use super::client::{WorkatoClient, ids, parts, rows};
use super::kind::{PAGE, ResourceKind, id_value, utc};
use super::names::{Meaning, NameTable, SYSTEM_PROJECT_ROLES, is_system};
use super::probe::{Probe, Refused};
use super::role_config::{ConfiguredRole, settings_asked, with_configs};
use super::tables::{Table, Tables};
use super::writing::whole::never_empty;
use crate::baton::annotation;
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile, ResourceBuilder};

ids! {
    /// A project role: integer in lists, prefixed string in grants.
    ProjectRoleId,
}

rows! {
    /// A role in a project (`workato/api.md 2.8`).
    ProjectRoleRow {
        id: ProjectRoleId = id,
        name: Option<String> = name,
        /// `system`, `custom`, `inheritable` or `inherited`.
        #[serde(rename = "type")]
        kind: Option<String> = text as "type",
        members_count: Option<i64> = number,
        created_at: Option<String> = time,
        updated_at: Option<String> = time,
        /// Only when read one by one. Its shape is not published.
        config: Option<serde_json::Value> = free,
    }
}

parts! {
    /// The role of a grant (`workato/api.md 2.9`). Its id need not be the one in the list of project roles
    /// (`workato/api.md 2.8`).
    GrantRole {
        id: ProjectRoleId = id,
        name: Option<String> = word,
    }
}

/// What syncs record when they read the list.
const FAMILY: &str = "project_roles";
/// What syncs record when they read one by one.
const CONFIGS: &str = "project_role_configs";

/// The rows of the list, without their `config`. None in a legacy workspace, or where the list is refused.
pub struct ProjectRoleRows;

impl Table for ProjectRoleRows {
    type Value = Vec<ProjectRoleRow>;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<Vec<ProjectRoleRow>> {
        if !has_environment_roles(t, cx).await? {
            return Ok(Vec::new());
        }
        let listed = t.list_of_dev(cx, &endpoint::PROJECT_ROLES, FAMILY).await?;
        Ok(listed.unwrap_or_default())
    }
}

/// Project roles with their `config`. None in a legacy workspace.
impl Table for ProjectRoles {
    type Value = ProjectRoles;

    async fn read(t: &Tables, cx: &SyncContext) -> Result<ProjectRoles> {
        let listed = t.get::<ProjectRoleRows>(cx).await?;
        if listed.is_empty() {
            return Ok(ProjectRoles::default());
        }
        let family = t.family(cx, CONFIGS);
        let listed = with_configs(cx, &family, &t.clients.dev, listed.to_vec()).await?;
        let roles = ProjectRoles::of(&listed);
        for role in roles.all().iter().filter(|role| role.is_told_apart()) {
            cx.warnings.add(
                cause::PROJECT_ROLES_ALIKE,
                "project roles have names that give the same id; each has the number of its role added to its id",
                format!("{} is {}", role.name, role.slug),
            );
        }
        Ok(roles)
    }
}

impl ConfiguredRole for ProjectRoleRow {
    const LIST: &'static Endpoint = &endpoint::PROJECT_ROLES;
    const ONE: &'static Endpoint = &endpoint::PROJECT_ROLE;
    const CALLED: &'static str = "project role";

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn has_config(&self) -> bool {
        self.config.is_some()
    }

    fn with_config_of(mut self, single: Self) -> Self {
        self.config = single.config;
        self.odd.extend(single.odd);
        self
    }
}

/// The project roles of a workspace at this moment, without their settings. Every workspace with such roles has some.
///
/// # Errors
/// Those of the client; `Unavailable` for a list without any.
pub async fn now(client: &WorkatoClient) -> Result<ProjectRoles> {
    let listed: Vec<ProjectRoleRow> = never_empty(client, &endpoint::PROJECT_ROLES).await?;
    Ok(ProjectRoles::of(&listed))
}

/// The project role resource type.
pub struct ProjectRole;

impl ResourceKind for ProjectRole {
    const TYPE: &'static str = "project_role";

    const PROBES: &'static [Probe] = &[
        Probe::list::<ProjectRoleRow>(&endpoint::PROJECT_ROLES)
            .recorded(FAMILY)
            .refused(Refused::MissingInRbacV2),
        Probe::object::<ProjectRoleRow>(&endpoint::PROJECT_ROLE, settings_asked::<ProjectRoleRow>).recorded(CONFIGS),
    ];

    fn resource_type() -> v2::ResourceType {
        let skip = annotation::pack(&v2::SkipEntitlementsAndGrants::default());
        resource::resource_type(
            Self::TYPE,
            "Project Role",
            &[v2::resource_type::Trait::Role],
            vec![skip],
        )
    }

    async fn resources(t: &Tables, cx: &SyncContext, page: &PageToken) -> Result<Page<v2::Resource>> {
        let roles = t.get::<ProjectRoles>(cx).await?;
        Page::of_table(roles.all(), page, PAGE, build)
    }
}

/// A listed project role and what it goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedRole {
    /// Its id among project roles and the slug of its entitlements: no other role of the list has it.
    pub slug: String,
    /// Its name, else its id.
    pub name: String,
    /// The row of the list.
    pub role: ProjectRoleRow,
    /// The slug that its name gives.
    base: String,
}

impl NamedRole {
    /// Whether its name gives the slug of another role, too.
    pub fn is_told_apart(&self) -> bool {
        self.slug != self.base
    }

    /// What its slug is while another role shares it.
    fn apart(&self) -> [String; 2] {
        // No name gives two hyphens in a row, so the second form is nobody else's.
        let id = &self.role.id;
        [format!("{}-{id}", self.base), format!("{}--{id}", self.base)]
    }
}

/// The project roles of a workspace. The two endpoints that know a role disagree about its id, so the name is the key
/// (`workato/api.md 2.8`). What follows from a name, the slug, is not unique: roles that share one get
/// the id of the list added, each of them, so that no role has what another had before.
#[derive(Debug, Clone, Default)]
pub struct ProjectRoles {
    all: Vec<NamedRole>,
    names: NameTable<usize>,
}

impl ProjectRoles {
    /// Those of a list. Their order does not matter.
    pub fn of(listed: &[ProjectRoleRow]) -> Self {
        let mut roles = ProjectRoles::default();
        let mut seen = BTreeSet::new();
        for role in listed.iter().filter(|role| seen.insert(&role.id)) {
            let given = role.name.as_deref().unwrap_or_default().trim();
            let system = is_system(role.kind.as_deref(), given, SYSTEM_PROJECT_ROLES);
            // What has no name is named by no row.
            roles.names.add(given, roles.all.len(), system);
            let id = role.id.to_string();
            let name = if given.is_empty() { &id } else { given }.to_owned();
            let base = slug(&name);
            roles.all.push(NamedRole {
                slug: base.clone(),
                name,
                role: role.clone(),
                base,
            });
        }
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for role in &roles.all {
            *taken.entry(role.base.clone()).or_default() += 1;
        }
        let shared: BTreeSet<String> = taken
            .iter()
            .filter(|(_, n)| **n > 1)
            .map(|(base, _)| base.clone())
            .collect();
        for role in roles.all.iter().filter(|role| shared.contains(&role.base)) {
            let [short, _] = role.apart();
            *taken.entry(short).or_default() += 1;
        }
        for role in roles.all.iter_mut().filter(|role| shared.contains(&role.base)) {
            let [short, long] = role.apart();
            role.slug = if taken.get(&short) == Some(&1) { short } else { long };
        }
        roles
    }

    /// All of them, in the order of the list.
    pub fn all(&self) -> &[NamedRole] {
        &self.all
    }

    fn those(&self, places: &[usize]) -> Vec<&NamedRole> {
        places.iter().filter_map(|at| self.all.get(*at)).collect()
    }

    /// The role that a grant names. Roles of one name are told apart where grants have the ids of the list.
    pub fn of_grant(&self, named: &GrantRole) -> Meaning<&NamedRole> {
        match self.names.find(named.name.as_deref().unwrap_or_default()) {
            Meaning::Nothing => Meaning::Nothing,
            Meaning::One(at) => self.those(&[at]).pop().map_or(Meaning::Nothing, Meaning::One),
            Meaning::Several(places) => {
                let several = self.those(&places);
                match several.iter().find(|role| role.role.id == named.id) {
                    Some(one) => Meaning::One(one),
                    None => Meaning::Several(several),
                }
            }
        }
    }

    /// The role with this slug; it may be that of a list with other roles in it.
    pub fn of_slug(&self, wanted: &str) -> Meaning<&NamedRole> {
        if let Some(role) = self.all.iter().find(|role| role.slug == wanted) {
            return Meaning::One(role);
        }
        let mut sharing: Vec<&NamedRole> = self.all.iter().filter(|role| role.base == wanted).collect();
        if sharing.is_empty() {
            sharing = self
                .all
                .iter()
                .filter(|role| role.apart().iter().any(|slug| slug == wanted))
                .collect();
        }
        match sharing.as_slice() {
            [] => Meaning::Nothing,
            [one] => Meaning::One(one),
            _ => Meaning::Several(sharing),
        }
    }

    /// Whether a name is another spelling of this role's.
    pub fn is_spelling(&self, name: &str, role: &NamedRole) -> bool {
        match self.names.find(name) {
            Meaning::One(at) => self.all.get(at).is_some_and(|found| found.role.id == role.role.id),
            _ => false,
        }
    }

    /// Whether rows that name this role can mean another one.
    pub fn shares_name(&self, role: &NamedRole) -> bool {
        matches!(self.names.exactly(&role.name), Meaning::Several(_))
    }
}

/// A name in lower case, other characters as `-`.
fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}

fn build(named: &NamedRole) -> v2::Resource {
    let role = &named.role;
    let profile = Profile::new()
        .with("id", id_value(&role.id))
        .with("name", named.name.as_str())
        .with("type", role.kind.as_deref())
        .with("members_count", role.members_count)
        .with("created_at", utc(role.created_at.as_deref()))
        .with("updated_at", utc(role.updated_at.as_deref()))
        .with("config", role.config.clone());
    ResourceBuilder::new(ProjectRole::TYPE, named.slug.as_str(), named.name.as_str())
        .profile(profile)
        .role()
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn roles(named: &[(&str, u32)]) -> ProjectRoles {
        let rows: Vec<ProjectRoleRow> = named
            .iter()
            .map(|(name, id)| serde_json::from_value(json!({"id": id.to_string(), "name": name})).unwrap())
            .collect();
        ProjectRoles::of(&rows)
    }

    fn slugs(named: &[(&str, u32)]) -> Vec<String> {
        roles(named).all().iter().map(|role| role.slug.clone()).collect()
    }

    #[test]
    fn slugs_of_single_names() {
        assert_eq!(slug("Project admin"), "project-admin");
        assert_eq!(slug("Read-only / auditor (EU)"), "read-only-auditor-eu-");
        assert_eq!(slug("AdvancedBuilder"), "advancedbuilder");
    }

    #[test]
    fn roles_that_share_a_slug_all_get_their_id() {
        for (named, expected) in [
            (
                &[("C++", 90), ("C#", 91), ("Project admin", 1)][..],
                &["c--90", "c--91", "project-admin"][..],
            ),
            (
                &[("Ops-Admin", 5), ("Ops Admin", 6), ("ops admin", 7)],
                &["ops-admin-5", "ops-admin-6", "ops-admin-7"],
            ),
            (&[("🚀", 1), ("🔥", 2)], &["--1", "--2"]),
            (&[("🚀", 1)], &["-"]),
            (&[(" Builder ", 1), ("Reader", 2)], &["builder", "reader"]),
            (&[("Same", 3), ("Same", 4)], &["same-3", "same-4"]),
            (&[("", 5), ("5", 6)], &["5-5", "5-6"]),
            (&[("a", 5), ("A", 6), ("a 5", 7)], &["a--5", "a-6", "a-5"]),
            (
                &[("a", 5), ("A", 6), ("a 5", 7), ("A-5", 8)],
                &["a--5", "a-6", "a-5-7", "a-5-8"],
            ),
            (
                &[("Ärzte", 1), ("ärzte", 2), ("Arzte", 3)],
                &["ärzte-1", "ärzte-2", "arzte"],
            ),
        ] {
            assert_eq!(slugs(named), expected, "{named:?}");
        }
    }

    #[test]
    fn a_slug_of_another_list_is_told_or_ambiguous() {
        let both = roles(&[("C++", 90), ("C#", 91)]);
        assert!(matches!(both.of_slug("c-"), Meaning::Several(two) if two.len() == 2));
        let one = roles(&[("C++", 90)]);
        assert!(matches!(one.of_slug("c--90"), Meaning::One(role) if role.name == "C++"));
        assert_eq!(one.of_slug("c--91"), Meaning::Nothing);
    }

    proptest! {
        /// Whatever roles are called: each slug is there once, does not depend on the order, and is the name's own
        /// where no other name gives it.
        #[test]
        fn slugs_are_unique_and_stable(
            names in prop::collection::vec("[aAb +#5-]{0,5}", 1..8),
            turn in 0..8_usize,
        ) {
            let named: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(1..).collect();
            let all = slugs(&named);
            prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{:?}", all);
            let mut turned = named.clone();
            turned.rotate_left(turn % named.len());
            let mut other = slugs(&turned);
            other.rotate_right(turn % named.len());
            prop_assert_eq!(&all, &other);
            let bases: Vec<String> = roles(&named).all().iter().map(|role| role.base.clone()).collect();
            for (at, base) in bases.iter().enumerate() {
                if bases.iter().filter(|other| *other == base).count() == 1 {
                    prop_assert_eq!(&all[at], base);
                }
            }
        }
    }
}
