//! Every resource and entitlement of a sync, small enough to stay in memory: what counting, findings and the explorer's
//! search look things up in. Grants are never kept.

mod counts;
mod entry;
mod machine;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use hashbrown::{HashTable, hash_table};

use super::names::Names;
use super::snapshot::Snapshot;
use super::thing::{self, Thing};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::{annotation, resource};

pub use counts::{Counts, Users};
use entry::About;
pub use entry::Entry;
pub use machine::{Works, told};

/// The number of a resource in its [`Inventory`].
pub type At = usize;

/// A resource type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Its id.
    pub id: String,
    /// Its display name; the id where it has none.
    pub name: String,
    /// What its resources are.
    pub class: Class,
}

/// What the resources of a type are to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// People and accounts.
    Account,
    /// Bundles of people.
    Group,
    /// Roles of people.
    Role,
    /// What holds the work.
    Project,
    /// What lies inside of a project.
    Inside,
    /// Anything else.
    Other,
}

/// An entitlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitled {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its display name; the slug where it has none.
    pub name: String,
    /// What tells it apart from others of its name on the same resource.
    pub apart: Option<String>,
    /// What it is on; nothing where the file lacks that.
    pub on: Option<At>,
}

/// Resources and entitlements of one sync.
pub struct Inventory {
    types: Vec<Type>,
    entries: Vec<Entry>,
    /// Of every resource, found by its type and id.
    by_key: HashTable<u32>,
    hasher: RandomState,
    entitlements: Vec<Entitled>,
    by_entitlement: HashMap<String, usize>,
    environments: Vec<String>,
}

impl Inventory {
    /// Reads them.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn read(snapshot: &Snapshot, conventions: &Conventions) -> Result<Inventory> {
        let mut inventory = Inventory {
            types: Vec::new(),
            entries: Vec::new(),
            by_key: HashTable::new(),
            hasher: RandomState::new(),
            entitlements: Vec::new(),
            by_entitlement: HashMap::new(),
            environments: Vec::new(),
        };
        let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
        reader.for_each_resource_type(sync_id, &mut |kind| {
            inventory.types.push(Type {
                class: class(&kind, conventions),
                name: if kind.display_name.is_empty() {
                    kind.id.clone()
                } else {
                    kind.display_name
                },
                id: kind.id,
            });
            Ok(())
        })?;
        let names = Names::new(snapshot);
        let apart = snapshot.resources_apart()?;
        let mut parents: Vec<(At, v2::ResourceId)> = Vec::new();
        reader.for_each_resource(sync_id, &mut |resource| {
            let at = inventory.entries.len();
            let (resource_type, id) = resource::key(&resource);
            let kind = inventory.type_at(resource_type);
            let class = inventory.types.get(kind).map_or(Class::Other, |t| t.class);
            let environment =
                environment(&names, &resource, conventions)?.map(|environment| inventory.environment_at(environment));
            let about = About {
                kind,
                class,
                environment,
                apart: apart.of(&names, resource_type, id, &resource.display_name)?,
                conventions,
            };
            let entry = Entry::of(&resource, about);
            inventory.put(entry);
            parents.extend(resource.parent_resource_id.map(|parent| (at, parent)));
            Ok(())
        })?;
        for (at, parent) in parents {
            let found = inventory.find(&parent.resource_type, &parent.resource);
            if let Some(entry) = inventory.entries.get_mut(at) {
                entry.set_parent(found);
            }
        }
        let apart = snapshot.entitlements_apart(&names)?;
        reader.for_each_entitlement(sync_id, &mut |entitlement| {
            let on = entitlement.resource.as_ref().map(resource::key);
            let on = on.and_then(|(kind, id)| inventory.find(kind, id));
            let name = [&entitlement.display_name, &entitlement.slug, &entitlement.id];
            let name = name.into_iter().find(|name| !name.is_empty()).cloned();
            inventory
                .by_entitlement
                .insert(entitlement.id.clone(), inventory.entitlements.len());
            inventory.entitlements.push(Entitled {
                name: name.unwrap_or_default(),
                apart: apart.get(&entitlement.id).cloned(),
                id: entitlement.id,
                slug: entitlement.slug,
                on,
            });
            Ok(())
        })?;
        Ok(inventory)
    }

    /// The types, in the order of rows; those that only resources name come last.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The resources, in the order of rows.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entitlements, in the order of rows.
    pub fn entitlements(&self) -> &[Entitled] {
        &self.entitlements
    }

    /// The environments that resources name, each once.
    pub fn environments(&self) -> &[String] {
        &self.environments
    }

    /// A resource by its number.
    pub fn entry(&self, at: At) -> Option<&Entry> {
        self.entries.get(at)
    }

    /// The number of a resource.
    pub fn find(&self, kind: &str, id: &str) -> Option<At> {
        let kind = self.types.iter().position(|known| known.id == kind)?;
        let is_it = |at: &u32| {
            let entry = self.entry(*at as usize);
            entry.is_some_and(|entry| entry.kind() == kind && entry.id() == id)
        };
        let found = self.by_key.find(self.hasher.hash_one((kind, id)), is_it)?;
        Some(*found as usize)
    }

    /// Adds a resource. Of two with one key the last one is found.
    fn put(&mut self, entry: Entry) {
        let hash_of = |entry: &Entry| self.hasher.hash_one((entry.kind(), entry.id()));
        let entries = &self.entries;
        let known = |at: &u32| entries.get(*at as usize);
        let is_same =
            |at: &u32| known(at).is_some_and(|other| (other.kind(), other.id()) == (entry.kind(), entry.id()));
        let Ok(at) = u32::try_from(entries.len()) else {
            return;
        };
        match self
            .by_key
            .entry(hash_of(&entry), is_same, |at| known(at).map_or(0, hash_of))
        {
            hash_table::Entry::Occupied(mut found) => *found.get_mut() = at,
            hash_table::Entry::Vacant(place) => {
                place.insert(at);
            }
        }
        self.entries.push(entry);
    }

    /// The number of an entitlement, its place in [`Inventory::entitlements`].
    pub fn find_entitlement(&self, id: &str) -> Option<usize> {
        self.by_entitlement.get(id).copied()
    }

    /// The type of a resource.
    pub fn type_of(&self, entry: &Entry) -> Option<&Type> {
        self.types.get(entry.kind())
    }

    /// What the resources of its type are.
    pub fn class_of(&self, entry: &Entry) -> Class {
        self.type_of(entry).map_or(Class::Other, |t| t.class)
    }

    /// The environment of a resource.
    pub fn environment_of(&self, entry: &Entry) -> Option<&str> {
        let environment = entry.environment()?;
        self.environments.get(environment).map(String::as_str)
    }

    /// The environments of what is not an account, in the vendor's order: accounts of all are listed in any.
    pub fn environments_shown(&self, conventions: &Conventions) -> Vec<String> {
        let things = self.entries.iter().filter(|e| self.class_of(e) != Class::Account);
        let mut found: Vec<&str> = things.filter_map(|entry| self.environment_of(entry)).collect();
        found.sort_by_key(|environment| (conventions.rank(environment), *environment));
        found.dedup();
        found.into_iter().map(str::to_owned).collect()
    }

    /// What is to be read of a resource.
    pub fn thing(&self, at: At) -> Thing {
        let entry = self.entries.get(at);
        let kind = entry.and_then(|entry| self.type_of(entry));
        Thing {
            kind: kind.map(|t| t.id.clone()).unwrap_or_default(),
            type_name: kind.map(|t| t.name.clone()).unwrap_or_default(),
            id: entry.map_or_else(String::new, |e| e.id().to_owned()),
            name: entry.map_or_else(String::new, |e| e.name().to_owned()),
            environment: entry.and_then(|e| self.environment_of(e)).map(str::to_owned),
            apart: entry.and_then(|e| e.apart().cloned()),
        }
    }

    /// The e-mail domain most people have: the organization's own. The first by name among equals.
    pub fn main_domain(&self) -> Option<&str> {
        let mut domains: BTreeMap<&str, usize> = BTreeMap::new();
        for domain in self.entries.iter().filter(|e| e.is_person()).filter_map(Entry::domain) {
            *domains.entry(domain).or_default() += 1;
        }
        let most = domains.values().max().copied()?;
        domains.into_iter().find(|(_, count)| *count == most).map(|(d, _)| d)
    }

    /// Whether somebody's address is known and of another domain, subdomains of the main one excepted.
    pub fn is_outsider(&self, entry: &Entry, main: Option<&str>) -> bool {
        match (entry.domain(), main) {
            (Some(domain), Some(main)) if entry.is_person() => {
                domain != main && !domain.strip_suffix(main).is_some_and(|rest| rest.ends_with('.'))
            }
            _ => false,
        }
    }

    /// The number of an environment.
    fn environment_at(&mut self, environment: String) -> usize {
        let known = self.environments.iter().position(|known| *known == environment);
        known.unwrap_or_else(|| {
            self.environments.push(environment);
            self.environments.len() - 1
        })
    }

    fn type_at(&mut self, kind: &str) -> usize {
        if let Some(known) = self.types.iter().position(|known| known.id == kind) {
            return known;
        }
        // Resources of a type that the file does not declare are shown all the same.
        self.types.push(Type {
            id: kind.to_owned(),
            name: kind.to_owned(),
            class: Class::Other,
        });
        self.types.len() - 1
    }
}

/// The environment of a resource: what the vendor's key of its profile says, else what everything around it says.
fn environment(names: &Names<'_>, resource: &v2::Resource, conventions: &Conventions) -> Result<Option<String>> {
    let Some(key) = conventions.environment else {
        return Ok(None);
    };
    let named = thing::profile(resource).and_then(|profile| thing::text(&profile, key).map(str::to_owned));
    match named.filter(|environment| !environment.is_empty()) {
        None => names.environment_of(resource),
        named => Ok(named),
    }
}

fn class(kind: &v2::ResourceType, conventions: &Conventions) -> Class {
    use v2::resource_type::Trait;
    let has = |wanted: Trait| kind.traits().any(|t| t == wanted);
    let is = |types: &[&str], wanted: Trait| {
        if types.is_empty() {
            has(wanted)
        } else {
            types.contains(&kind.id.as_str())
        }
    };
    let id = kind.id.as_str();
    match () {
        () if has(Trait::User) => Class::Account,
        () if is(conventions.group_types, Trait::Group) => Class::Group,
        () if is(conventions.role_types, Trait::Role) => Class::Role,
        () if conventions.project_types.contains(&id) => Class::Project,
        () if conventions.inside_projects.contains(&id) => Class::Inside,
        () => Class::Other,
    }
}

/// The user trait's last login, as seconds since 1970.
fn last_login(resource: &v2::Resource) -> Option<i64> {
    let user: v2::UserTrait = annotation::find(&resource.annotations)?;
    user.last_login.map(|at| at.seconds)
}
