//! Every resource and entitlement of a sync, small enough to stay in memory: what counting, findings and the explorer's
//! search look things up in. Grants are never kept.

mod class;
mod counts;
mod entry;
mod machine;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use hashbrown::{HashTable, hash_table};

use super::accounts::Accounts;
use super::domains::Own;
use super::names::{Names, slug_of};
use super::snapshot::Snapshot;
use super::thing::{self, RightKey, Thing};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::{annotation, resource};

pub use class::Class;
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
    /// What it is on; nothing where the file does not say.
    pub on: Option<At>,
}

/// Resources and entitlements of one sync: those with a row, and behind them those that only other rows name.
pub struct Inventory {
    types: Vec<Type>,
    accounts: Accounts,
    conventions: Conventions,
    entries: Vec<Entry>,
    /// How many of them have a row.
    rows: usize,
    /// Of every resource, found by its type and id.
    by_key: HashTable<u32>,
    hasher: RandomState,
    entitlements: Vec<Entitled>,
    /// How many of them have a row.
    entitlement_rows: usize,
    by_entitlement: HashMap<String, usize>,
    /// Where several have one id: by that and what they are on.
    by_right: HashMap<(String, Option<At>), usize>,
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
            accounts: snapshot.accounts()?.clone(),
            conventions: *conventions,
            entries: Vec::new(),
            rows: 0,
            by_key: HashTable::new(),
            hasher: RandomState::new(),
            entitlements: Vec::new(),
            entitlement_rows: 0,
            by_entitlement: HashMap::new(),
            by_right: HashMap::new(),
            environments: Vec::new(),
        };
        let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
        reader.for_each_resource_type(sync_id, &mut |kind| {
            inventory.types.push(Type {
                class: Class::of(&kind, &inventory.accounts, conventions),
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
            let kind = inventory.type_at(resource_type, &resource);
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
        inventory.rows = inventory.entries.len();
        for (at, parent) in parents {
            let found = inventory.find(&parent.resource_type, &parent.resource);
            if let Some(entry) = inventory.entries.get_mut(at) {
                entry.set_parent(found);
            }
        }
        let apart = snapshot.entitlements_apart(&names)?;
        reader.for_each_entitlement(sync_id, &mut |entitlement| {
            let on = entitlement.resource.as_ref().map(resource::key);
            let on = on.and_then(|(kind, id)| inventory.find_or_add(kind, id));
            let name = [&entitlement.display_name, &entitlement.slug, &entitlement.id];
            let name = name.into_iter().find(|name| !name.is_empty()).cloned();
            inventory.put_right(Entitled {
                name: name.unwrap_or_default(),
                apart: apart.get(&entitlement.id).cloned(),
                id: entitlement.id,
                slug: entitlement.slug,
                on,
            });
            Ok(())
        })?;
        inventory.entitlement_rows = inventory.entitlements.len();
        reader.for_each_rowless_entitlement(sync_id, &mut |id, on| {
            let slug = slug_of(RightKey { id, on });
            let right = Entitled {
                id: id.to_owned(),
                slug: slug.to_owned(),
                name: if slug.is_empty() { id } else { slug }.to_owned(),
                apart: None,
                on: inventory.find_or_add(on.0, on.1),
            };
            inventory.put_right(right);
            Ok(())
        })?;
        Ok(inventory)
    }

    /// The types, in the order of rows; those that only resources name come last.
    pub fn types(&self) -> &[Type] {
        &self.types
    }

    /// The resources with a row, in the order of rows.
    pub fn entries(&self) -> &[Entry] {
        self.entries.get(..self.rows).unwrap_or_default()
    }

    /// As [`Inventory::entries`], and behind them what only other rows name: principals of grants, once those are counted, and
    /// what entitlements are on.
    pub fn all_entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether the file has a row of a resource, rather than only its id in others.
    pub fn has_row(&self, at: At) -> bool {
        at < self.rows
    }

    /// The entitlements, in the order of rows, and behind them those that only grants name.
    pub fn entitlements(&self) -> &[Entitled] {
        &self.entitlements
    }

    /// Whether the file has a row of an entitlement.
    pub fn has_entitlement_row(&self, number: usize) -> bool {
        number < self.entitlement_rows
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

    /// The number of a resource, which is known by its key alone where it has no row. Without a type or an id it is none.
    fn find_or_add(&mut self, kind: &str, id: &str) -> Option<At> {
        if kind.is_empty() || id.is_empty() {
            return None;
        }
        if let Some(known) = self.find(kind, id) {
            return Some(known);
        }
        let nothing = v2::Resource {
            id: Some(v2::ResourceId {
                resource_type: kind.to_owned(),
                resource: id.to_owned(),
                ..v2::ResourceId::default()
            }),
            ..v2::Resource::default()
        };
        let number = self.type_at(kind, &nothing);
        let conventions = self.conventions;
        let entry = Entry::of(
            &nothing,
            About {
                kind: number,
                class: self.types.get(number).map_or(Class::Other, |t| t.class),
                environment: None,
                apart: None,
                conventions: &conventions,
            },
        );
        self.put(entry);
        self.find(kind, id)
    }

    /// Adds an entitlement. Of two with one key the last one is found.
    fn put_right(&mut self, right: Entitled) {
        let number = self.entitlements.len();
        if let Some(other) = self.by_entitlement.insert(right.id.clone(), number) {
            let on = self.entitlements.get(other).and_then(|other| other.on);
            self.by_right.entry((right.id.clone(), on)).or_insert(other);
            self.by_right.insert((right.id.clone(), right.on), number);
        }
        self.entitlements.push(right);
    }

    /// The number of an entitlement, its place in [`Inventory::entitlements`]. Where several have its id, the last of them.
    pub fn find_entitlement(&self, id: &str) -> Option<usize> {
        self.by_entitlement.get(id).copied()
    }

    /// As [`Inventory::find_entitlement`], of what a grant names: by its id, and by what it is on where the grant says that.
    pub fn find_right(&self, key: RightKey<'_>) -> Option<usize> {
        let RightKey { id, on: (kind, on) } = key;
        if !(self.by_right.is_empty() || kind.is_empty() && on.is_empty()) {
            let on = self.find(kind, on);
            if let Some(known) = self.by_right.get(&(id.to_owned(), on)) {
                return Some(*known);
            }
        }
        self.find_entitlement(id)
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

    /// The first domain of somebody's addresses that is not the organization's own; none where no address is known.
    pub fn outside_domain<'e>(&self, entry: &'e Entry, own: Option<Own<'_>>) -> Option<&'e str> {
        let own = own.filter(|_| entry.is_person())?;
        entry.domains().find(|domain| !own.includes(domain))
    }

    /// The number of an environment.
    fn environment_at(&mut self, environment: String) -> usize {
        let known = self.environments.iter().position(|known| *known == environment);
        known.unwrap_or_else(|| {
            self.environments.push(environment);
            self.environments.len() - 1
        })
    }

    fn type_at(&mut self, kind: &str, resource: &v2::Resource) -> usize {
        if let Some(known) = self.types.iter().position(|known| known.id == kind) {
            return known;
        }
        // Resources of a type that the file does not declare are shown all the same.
        self.types.push(Type {
            id: kind.to_owned(),
            name: kind.to_owned(),
            class: Class::undeclared(kind, resource, &self.accounts, &self.conventions),
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

/// The user trait's last login, as seconds since 1970.
fn last_login(resource: &v2::Resource) -> Option<i64> {
    let user: v2::UserTrait = annotation::find(&resource.annotations)?;
    user.last_login.map(|at| at.seconds)
}
