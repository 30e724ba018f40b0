//! Names of ids, looked up once each: grants name a principal and an entitlement, readers want to see what they are.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use super::inherited::{Inherited, Key};
use super::snapshot::Snapshot;
use super::thing::{Account, Face, Right, RightKey, Thing};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;

/// Entries a table keeps at most, so that memory stays flat however big the file is.
const MOST: usize = 20_000;

type Table<K, V> = RefCell<HashMap<K, Option<Rc<V>>>>;

/// Look-up tables over a snapshot. Not shared between threads: each opens its own.
pub struct Names<'s> {
    snapshot: &'s Snapshot,
    types: Table<String, v2::ResourceType>,
    resources: Table<(String, String), v2::Resource>,
    entitlements: Table<String, v2::Entitlement>,
    things: Table<(String, String), Thing>,
    rights: Table<String, Right>,
    /// Rights as grants name them, by id; of most ids there is one.
    keyed: RefCell<HashMap<String, Vec<Rc<Right>>>>,
    /// Entitlements by id and what they are on, where that is another resource than the id alone leads to.
    elsewhere: Table<(String, String, String), v2::Entitlement>,
    lying_in: LyingIn,
}

/// What things have from what they lie in.
#[derive(Default)]
pub(super) struct LyingIn {
    /// The environment.
    pub(super) environments: Inherited<Option<Rc<str>>>,
    /// The name of the outermost thing.
    pub(super) outermost: Inherited<Option<Rc<str>>>,
    /// The outermost thing, as far as projects and what is in them go.
    pub(super) outermost_of_projects: Inherited<Option<Rc<Key>>>,
}

impl<'s> Names<'s> {
    /// Empty tables.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        Names {
            snapshot,
            types: RefCell::default(),
            resources: RefCell::default(),
            entitlements: RefCell::default(),
            things: RefCell::default(),
            rights: RefCell::default(),
            keyed: RefCell::default(),
            elsewhere: RefCell::default(),
            lying_in: LyingIn::default(),
        }
    }

    pub(super) fn lying_in(&self) -> &LyingIn {
        &self.lying_in
    }

    /// The snapshot the names are from.
    pub fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// A resource type, or `None` where the file lacks it.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn resource_type(&self, id: &str) -> Result<Option<Rc<v2::ResourceType>>> {
        remember(&self.types, id.to_owned(), || {
            self.snapshot.reader().resource_type(self.snapshot.sync_id(), id)
        })
    }

    /// A resource by type and bare id, or `None` where the file lacks it.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn resource(&self, kind: &str, id: &str) -> Result<Option<Rc<v2::Resource>>> {
        remember(&self.resources, (kind.to_owned(), id.to_owned()), || {
            self.snapshot.reader().resource(self.snapshot.sync_id(), kind, id)
        })
    }

    /// What the user trait of a resource says; `None` where it has none, or the file lacks it. What resource it is, is not
    /// said again.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn account(&self, kind: &str, id: &str) -> Result<Option<Account>> {
        let resource = self.resource(kind, id)?;
        Ok(resource.and_then(|resource| Account::of(&resource, Thing::default())))
    }

    /// What a list shows of a resource. It is not remembered: a million of them may be looked at once each.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn face(&self, kind: &str, id: &str) -> Result<Face> {
        let resource = self.snapshot.reader().resource(self.snapshot.sync_id(), kind, id)?;
        let mut face = resource.map(Face::of).unwrap_or_default();
        if face.name.is_empty() {
            id.clone_into(&mut face.name);
        }
        face.type_name = self.type_name(kind)?;
        Ok(face)
    }

    /// An entitlement by id, or `None` where the file lacks it.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn entitlement(&self, id: &str) -> Result<Option<Rc<v2::Entitlement>>> {
        remember(&self.entitlements, id.to_owned(), || {
            self.snapshot.reader().entitlement(self.snapshot.sync_id(), id)
        })
    }

    /// The entitlement that a grant names, or `None` where the file lacks it: one of that id on another resource is another one.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn entitlement_of(&self, key: RightKey<'_>) -> Result<Option<Rc<v2::Entitlement>>> {
        let RightKey { id, on: (kind, on) } = key;
        if kind.is_empty() && on.is_empty() {
            return self.entitlement(id);
        }
        let is_on = |found: &v2::Entitlement| found.resource.as_ref().map(resource::key) == Some((kind, on));
        if let Some(Some(known)) = self.entitlements.borrow().get(id)
            && is_on(known)
        {
            return Ok(Some(Rc::clone(known)));
        }
        remember(&self.elsewhere, (id.to_owned(), kind.to_owned(), on.to_owned()), || {
            let (reader, sync_id) = (self.snapshot.reader(), self.snapshot.sync_id());
            reader.entitlement_on(sync_id, (kind, on), id)
        })
    }

    /// What is to be read of a resource known by type and bare id. One the file lacks is known by its id alone.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn thing(&self, kind: &str, id: &str) -> Result<Thing> {
        self.shared_thing(kind, id).map(Rc::unwrap_or_clone)
    }

    /// As [`Names::thing`], without a copy.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn shared_thing(&self, kind: &str, id: &str) -> Result<Rc<Thing>> {
        let look = || match self.resource(kind, id)? {
            Some(resource) => self.thing_of(&resource).map(Some),
            None => Ok(None),
        };
        let found = remember(&self.things, (kind.to_owned(), id.to_owned()), look)?;
        if let Some(thing) = found {
            return Ok(thing);
        }
        Ok(Rc::new(Thing {
            kind: kind.to_owned(),
            type_name: self.type_name(kind)?,
            id: id.to_owned(),
            name: id.to_owned(),
            environment: self.snapshot.only_environment(kind)?.cloned(),
            ..Thing::default()
        }))
    }

    /// As [`Names::thing`], for a resource at hand.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn thing_of(&self, resource: &v2::Resource) -> Result<Thing> {
        let (kind, id) = resource::key(resource);
        let name = if resource.display_name.is_empty() {
            id
        } else {
            &resource.display_name
        };
        Ok(Thing {
            kind: kind.to_owned(),
            type_name: self.type_name(kind)?,
            id: id.to_owned(),
            name: name.to_owned(),
            environment: self.environment_of(resource)?,
            apart: self.snapshot.resources_apart()?.of(self, kind, id, name)?,
        })
    }

    /// What is to be read of an entitlement known by id. One the file lacks is known by its id alone.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn right(&self, id: &str) -> Result<Right> {
        self.shared_right(id).map(Rc::unwrap_or_clone)
    }

    /// As [`Names::right`], without a copy.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn shared_right(&self, id: &str) -> Result<Rc<Right>> {
        let found = remember(&self.rights, id.to_owned(), || self.read_right(id).map(Some))?;
        found.map_or_else(|| self.read_right(id).map(Rc::new), Ok)
    }

    /// What is to be read of an entitlement that a grant names, on the resource that the grant says: also where the file lacks
    /// the entitlement, or has one of that id on another resource.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn right_of_grant(&self, key: RightKey<'_>) -> Result<Rc<Right>> {
        let RightKey { id, on: (kind, on) } = key;
        if kind.is_empty() && on.is_empty() {
            return self.shared_right(id);
        }
        if let Some(known) = self.keyed.borrow().get(id)
            && let Some(known) = known.iter().find(|right| right.key() == key)
        {
            return Ok(Rc::clone(known));
        }
        let right = Rc::new(match self.entitlement_of(key)? {
            Some(entitlement) => self.right_of(&entitlement)?,
            None => self.named_right(id, slug_of(key), (kind, on))?,
        });
        let mut keyed = self.keyed.borrow_mut();
        if keyed.len() >= MOST {
            keyed.clear();
        }
        // A row may say another id than it is found by.
        if right.key() == key {
            keyed.entry(id.to_owned()).or_default().push(Rc::clone(&right));
        }
        Ok(right)
    }

    /// A right of which no row tells more than its id and what it is on.
    fn named_right(&self, id: &str, slug: &str, (kind, on): (&str, &str)) -> Result<Right> {
        Ok(Right {
            id: id.to_owned(),
            slug: slug.to_owned(),
            name: if slug.is_empty() { id } else { slug }.to_owned(),
            apart: None,
            resource: self.thing(kind, on)?,
            left_out: 0,
        })
    }

    /// The environment of a resource known by type and bare id, as [`Names::thing`] has it. Nothing that tells names apart
    /// is looked for, which takes a look at all of them.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn environment_at(&self, kind: &str, id: &str) -> Result<Option<String>> {
        match self.resource(kind, id)? {
            Some(resource) => self.environment_of(&resource),
            None => Ok(self.snapshot.only_environment(kind)?.cloned()),
        }
    }

    fn read_right(&self, id: &str) -> Result<Right> {
        match self.entitlement(id)? {
            Some(entitlement) => self.right_of(&entitlement),
            None => {
                let [kind, resource, slug] = parts_of(id);
                self.named_right(id, slug, (kind, resource))
            }
        }
    }

    /// As [`Names::right`], for an entitlement at hand.
    ///
    /// # Errors
    /// As [`Names::resource_type`].
    pub fn right_of(&self, entitlement: &v2::Entitlement) -> Result<Right> {
        let (kind, id) = entitlement.resource.as_ref().map_or(("", ""), resource::key);
        let name = [&entitlement.display_name, &entitlement.slug, &entitlement.id]
            .into_iter()
            .find(|name| !name.is_empty());
        Ok(Right {
            id: entitlement.id.clone(),
            slug: entitlement.slug.clone(),
            name: name.cloned().unwrap_or_default(),
            apart: self.snapshot.entitlements_apart(self)?.get(&entitlement.id).cloned(),
            resource: self.thing(kind, id)?,
            left_out: 0,
        })
    }

    fn type_name(&self, kind: &str) -> Result<String> {
        let found = self.resource_type(kind)?;
        let name = found.map(|t| t.display_name.clone()).filter(|name| !name.is_empty());
        Ok(name.unwrap_or_else(|| kind.to_owned()))
    }
}

/// What the id of an entitlement that the file lacks says: a type, a bare id, and a slug.
fn parts_of(id: &str) -> [&str; 3] {
    let (kind, rest) = id.split_once(':').unwrap_or(("", id));
    let (resource, slug) = rest.rsplit_once(':').unwrap_or((rest, ""));
    [kind, resource, slug]
}

/// The slug of an entitlement that the file lacks: what its id says behind the resource it is on, or else at its end.
pub(in crate::report) fn slug_of<'k>(key: RightKey<'k>) -> &'k str {
    let behind = |text: &'k str, part: &str| text.strip_prefix(part)?.strip_prefix(':');
    let own = behind(key.id, key.on.0).and_then(|rest| behind(rest, key.on.1));
    own.unwrap_or_else(|| parts_of(key.id)[2])
}

fn remember<K: Hash + Eq, V>(
    table: &Table<K, V>,
    key: K,
    look: impl FnOnce() -> Result<Option<V>>,
) -> Result<Option<Rc<V>>> {
    if let Some(known) = table.borrow().get(&key) {
        return Ok(known.clone());
    }
    let found = look()?.map(Rc::new);
    let mut table = table.borrow_mut();
    if table.len() >= MOST {
        table.clear();
    }
    table.insert(key, found.clone());
    Ok(found)
}
