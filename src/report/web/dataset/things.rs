//! Resources and entitlements by number.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use prost_types::value::Kind as ValueKind;
use serde::Serialize;
use serde_json::Value;

use super::column::Column;
use super::explain::Explained;
use super::grants::GrantRows;
use super::{Dataset, Entitlements, Most, Ways};
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::apart::Apart;
use crate::report::names::{Names, slug_of};
use crate::report::thing::{self, Account, RightKey};
use crate::report::{Snapshot, find};

/// The resources of one type.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Number of the type.
    #[serde(rename = "type")]
    pub kind: u32,
    /// How many there are.
    pub size: usize,
    /// Ids.
    pub id: Column,
    /// Display names; the id where it has none.
    pub name: Column,
    /// Environments.
    pub environment: Column,
    /// What tells each apart from others of its name, where the environment is not enough.
    pub apart: Column,
    /// Numbers of the parents.
    pub parent: Column,
    /// Descriptions.
    pub description: Column,
    /// How many grants each holds.
    pub holds: Column,
    /// What is known of accounts; the kind is null where a resource is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountColumns>,
    /// Simple values of the profiles.
    pub profile: BTreeMap<String, Column>,
}

/// What is known of accounts.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountColumns {
    /// Primary e-mail addresses.
    pub email: Column,
    /// `human`, `service`, `system` or nothing.
    pub account_type: Column,
    /// `enabled`, `disabled`, `deleted` or nothing.
    pub status: Column,
    /// Last logins.
    pub last_login: Column,
    /// Creation times.
    pub created_at: Column,
}

/// Everything that has a number, while the grants are read.
pub(super) struct Things {
    types: Vec<(String, String)>,
    type_numbers: HashMap<String, u32>,
    blocks: Vec<Block>,
    numbers: HashMap<(u32, String), u32>,
    /// Number of the type of each resource.
    kinds: Vec<u32>,
    ghosts: Vec<(u32, String)>,
    entitlements: Entitlements,
    entitlement_ids: Vec<String>,
    entitlement_numbers: HashMap<String, u32>,
    /// Further entitlements of an id.
    elsewhere: HashMap<String, Vec<u32>>,
    is_cut: bool,
}

impl Things {
    /// Reads types, resources and entitlements.
    pub(super) fn read(snapshot: &Snapshot, most: &Most) -> Result<Things> {
        let mut things = Things::empty();
        things.read_types(snapshot)?;
        things.read_resources(snapshot, None, most)?;
        if !things.is_cut {
            things.read_entitlements(snapshot, most)?;
        }
        Ok(things)
    }

    fn empty() -> Things {
        Things {
            types: Vec::new(),
            type_numbers: HashMap::new(),
            blocks: Vec::new(),
            numbers: HashMap::new(),
            kinds: Vec::new(),
            ghosts: Vec::new(),
            entitlements: Entitlements::default(),
            entitlement_ids: Vec::new(),
            entitlement_numbers: HashMap::new(),
            elsewhere: HashMap::new(),
            is_cut: false,
        }
    }

    /// Whether there is more than may be embedded.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn read_types(&mut self, snapshot: &Snapshot) -> Result<()> {
        snapshot
            .reader()
            .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
                let number = self.kind(&kind.id);
                if !kind.display_name.is_empty()
                    && let Some((_, name)) = self.types.get_mut(at(number))
                {
                    *name = kind.display_name;
                }
                Ok(())
            })
    }

    /// Numbers the resources in one pass, because a parent may come after its child, and takes their columns in another.
    fn read_resources(&mut self, snapshot: &Snapshot, kinds: Option<&[String]>, most: &Most) -> Result<()> {
        let mut found: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut total = 0;
        for_each_of(snapshot, kinds, &mut |resource| {
            total += 1;
            if total <= most.things {
                let (kind, id) = resource::key(&resource);
                found.entry(self.kind(kind)).or_default().push(id.to_owned());
            }
            Ok(())
        })?;
        self.is_cut = total > most.things;
        if self.is_cut {
            return Ok(());
        }
        let mut blocks: BTreeMap<u32, Block> = BTreeMap::new();
        for (kind, ids) in found {
            for id in ids {
                self.numbers.insert((kind, id), count(self.kinds.len()));
                self.kinds.push(kind);
            }
            let block = Block {
                kind,
                ..Block::default()
            };
            blocks.insert(kind, block);
        }
        let names = Names::new(snapshot);
        for_each_of(snapshot, kinds, &mut |resource| {
            let kind = self.known_kind(resource::key(&resource).0);
            match kind.and_then(|kind| blocks.get_mut(&kind)) {
                Some(block) => self.put(block, &resource, &names),
                None => Ok(()),
            }
        })?;
        self.blocks = blocks.into_values().collect();
        self.blocks.iter_mut().for_each(Block::finish);
        Ok(())
    }

    fn put(&self, block: &mut Block, resource: &v2::Resource, names: &Names<'_>) -> Result<()> {
        let row = block.size;
        let shown = names.thing_of(resource)?;
        let parent = resource.parent_resource_id.as_ref();
        let parent = parent.and_then(|id| {
            let kind = self.type_numbers.get(&id.resource_type)?;
            self.numbers.get(&(*kind, id.resource.clone())).copied()
        });
        block.parent.push(parent);
        block.description.push(some_text(&resource.description));
        if let Some(account) = Account::of(resource, shown.clone()) {
            let columns = block.account.get_or_insert_with(AccountColumns::default);
            columns.pad(row);
            columns.email.push(account.email);
            columns.account_type.push(account.account_type);
            columns.status.push(account.status);
            columns.last_login.push(account.last_login);
            columns.created_at.push(account.created_at);
        }
        for (key, value) in thing::profile(resource).unwrap_or_default().fields {
            let Some(value) = simple(&value) else { continue };
            let column = block.profile.entry(key).or_default();
            column.pad(row);
            column.push(value);
        }
        block.environment.push(shown.environment);
        block
            .apart
            .push(match shown.apart.filter(|apart| *apart != Apart::Environment) {
                Some(apart) => serde_json::to_value(apart).map_err(|e| Error::new(Kind::Internal, e.to_string()))?,
                None => Value::Null,
            });
        block.id.push(shown.id);
        block.name.push(shown.name);
        block.size += 1;
        Ok(())
    }

    fn read_entitlements(&mut self, snapshot: &Snapshot, most: &Most) -> Result<()> {
        let names = Names::new(snapshot);
        let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
        let mut total = 0;
        reader.for_each_entitlement(sync_id, &mut |entitlement| {
            total += 1;
            if total <= most.things {
                let right = names.right_of(&entitlement)?;
                let on = self.resource(&right.resource.kind, &right.resource.id);
                self.put_entitlement(right.id, on, right.slug, right.name, right.apart);
            }
            Ok(())
        })?;
        self.is_cut |= total > most.things;
        self.entitlements.stored = self.entitlement_ids.len();
        Ok(())
    }

    fn put_entitlement(&mut self, id: String, on: u32, slug: String, name: String, apart: Option<String>) -> u32 {
        let number = count(self.entitlement_ids.len());
        let table = &mut self.entitlements;
        table.resource.push(on);
        table.slug.push(slug);
        table.name.push(name);
        table.apart.push(apart);
        // Others of that id are found by what they are on.
        match self.entitlement_numbers.entry(id.clone()) {
            Entry::Occupied(_) => self.elsewhere.entry(id.clone()).or_default().push(number),
            Entry::Vacant(first) => {
                first.insert(number);
            }
        }
        self.entitlement_ids.push(id);
        number
    }

    /// Number of a type.
    fn kind(&mut self, id: &str) -> u32 {
        if let Some(known) = self.type_numbers.get(id) {
            return *known;
        }
        let number = count(self.types.len());
        self.types.push((id.to_owned(), id.to_owned()));
        self.type_numbers.insert(id.to_owned(), number);
        number
    }

    /// Number of a type, if anything has it.
    pub(super) fn known_kind(&self, id: &str) -> Option<u32> {
        self.type_numbers.get(id).copied()
    }

    /// Number of the type of a resource.
    pub(super) fn kind_of(&self, resource: u32) -> u32 {
        self.kinds.get(at(resource)).copied().unwrap_or(u32::MAX)
    }

    /// Number of a resource; one the file lacks becomes a ghost.
    pub(super) fn resource(&mut self, kind: &str, id: &str) -> u32 {
        let kind = self.kind(kind);
        let key = (kind, id.to_owned());
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        let number = count(self.kinds.len());
        self.ghosts.push(key.clone());
        self.kinds.push(kind);
        self.numbers.insert(key, number);
        number
    }

    /// Number of an entitlement on the resource that a grant says, as in [`Names::right_of_grant`].
    pub(super) fn entitlement_of(&mut self, key: RightKey<'_>) -> u32 {
        let RightKey { id, on: (kind, on) } = key;
        let resource = self.resource(kind, on);
        let is_on =
            |things: &Things, number: u32| things.entitlements.resource.get(at(number)).copied() == Some(resource);
        if let Some(known) = self.entitlement_numbers.get(id).copied() {
            if is_on(self, known) {
                return known;
            }
            let others = self.elsewhere.get(id).into_iter().flatten().copied();
            if let Some(other) = others.into_iter().find(|number| is_on(self, *number)) {
                return other;
            }
        }
        let slug = slug_of(key).to_owned();
        let name = if slug.is_empty() { id } else { slug.as_str() }.to_owned();
        self.put_entitlement(id.to_owned(), resource, slug, name, None)
    }

    /// Number of an entitlement; one the file lacks is known by its id alone, as in [`Names::right`].
    pub(super) fn entitlement(&mut self, id: &str) -> u32 {
        if let Some(known) = self.entitlement_numbers.get(id) {
            return *known;
        }
        let (kind, rest) = id.split_once(':').unwrap_or(("", id));
        let (resource, slug) = rest.rsplit_once(':').unwrap_or((rest, ""));
        let on = self.resource(kind, resource);
        let name = if slug.is_empty() { id } else { slug };
        self.put_entitlement(id.to_owned(), on, slug.to_owned(), name.to_owned(), None)
    }

    /// The id of an entitlement.
    pub(super) fn entitlement_id(&self, number: u32) -> &str {
        self.entitlement_ids.get(at(number)).map_or("", String::as_str)
    }

    /// The id all writers give a grant (`baton/c1z/format.md 5.7`).
    pub(super) fn grant_id(&self, entitlement: u32, kind: &str, id: &str) -> String {
        format!("{}:{kind}:{id}", self.entitlement_id(entitlement))
    }

    /// Counts the grants of each entitlement and of each principal.
    pub(super) fn count(&mut self, rows: &GrantRows) {
        let mut held = vec![0u32; self.kinds.len()];
        let mut given = vec![0u32; self.entitlement_ids.len()];
        for row in rows.all() {
            if let Some(count) = held.get_mut(at(row.principal)) {
                *count += 1;
            }
            if let Some(count) = given.get_mut(at(row.entitlement)) {
                *count += 1;
            }
        }
        self.entitlements.grants = given;
        let mut held = held.into_iter();
        for block in &mut self.blocks {
            held.by_ref().take(block.size).for_each(|count| block.holds.push(count));
        }
    }

    /// What is embedded.
    pub(super) fn into_dataset(mut self, explained: Explained, ways: Ways, is_cut: bool) -> Dataset {
        let ids = std::mem::take(&mut self.entitlement_ids);
        for (number, id) in ids.into_iter().enumerate() {
            let usual = self.usual_id(number);
            self.entitlements
                .id
                .push((usual.as_deref() != Some(id.as_str())).then_some(id));
        }
        if self.entitlements.apart.is_blank() {
            self.entitlements.apart = Column::default();
        }
        Dataset {
            version: 1,
            types: self.types,
            blocks: self.blocks,
            ghosts: self.ghosts,
            entitlements: self.entitlements,
            edges: explained.edges,
            direct: explained.direct,
            odd: explained.odd,
            absent: explained.absent,
            ways,
            is_cut,
        }
    }

    fn usual_id(&self, entitlement: usize) -> Option<String> {
        let mut on = at(*self.entitlements.resource.get(entitlement)?);
        let slug = self.entitlements.slug.get(entitlement).as_str()?;
        for block in &self.blocks {
            if on < block.size {
                let (kind, _) = self.types.get(at(block.kind))?;
                return Some(format!("{kind}:{}:{slug}", block.id.get(on).as_str()?));
            }
            on -= block.size;
        }
        let (kind, id) = self.ghosts.get(on)?;
        Some(format!("{}:{id}:{slug}", self.types.get(at(*kind))?.0))
    }
}

/// The people of a sync whose access is too much for one page; nobody, where even they are.
pub(super) fn people_only(snapshot: &Snapshot, most: &Most) -> Result<Dataset> {
    let mut things = Things::empty();
    things.read_types(snapshot)?;
    things.read_resources(snapshot, Some(&find::user_types(snapshot)?), most)?;
    if things.is_cut {
        things = Things::empty();
        things.read_types(snapshot)?;
    }
    Ok(things.into_dataset(Explained::default(), Ways::default(), true))
}

impl Block {
    fn finish(&mut self) {
        for column in self.profile.values_mut() {
            column.pad(self.size);
        }
        if let Some(account) = &mut self.account {
            account.pad(self.size);
        }
        for column in [
            &mut self.environment,
            &mut self.apart,
            &mut self.parent,
            &mut self.description,
        ] {
            if column.is_blank() {
                *column = Column::default();
            }
        }
    }
}

impl AccountColumns {
    fn pad(&mut self, len: usize) {
        for column in [
            &mut self.email,
            &mut self.account_type,
            &mut self.status,
            &mut self.last_login,
            &mut self.created_at,
        ] {
            column.pad(len);
        }
    }
}

/// Every resource of the given types, or of all, in the order of rows.
fn for_each_of(
    snapshot: &Snapshot,
    kinds: Option<&[String]>,
    each: &mut dyn FnMut(v2::Resource) -> Result<()>,
) -> Result<()> {
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let Some(kinds) = kinds else {
        return reader.for_each_resource(sync_id, each);
    };
    for kind in kinds {
        let filter = ResourceFilter {
            resource_type: Some(kind),
            parent: None,
        };
        reader.for_each_resource_where(sync_id, &filter, each)?;
    }
    Ok(())
}

fn some_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A value of a profile that a page can show: texts, numbers and flags, and lists of such as one text.
fn simple(value: &prost_types::Value) -> Option<Value> {
    match value.kind.as_ref()? {
        ValueKind::StringValue(text) => Some(Value::from(text.clone())),
        ValueKind::BoolValue(flag) => Some(Value::from(*flag)),
        ValueKind::NumberValue(number) => Some(whole(*number).map_or_else(|| Value::from(*number), Value::from)),
        ValueKind::ListValue(list) => {
            let texts = list.values.iter().map(|value| match simple(value)? {
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            });
            let texts: Vec<String> = texts.collect::<Option<_>>()?;
            // An empty list says something; a missing one does not.
            Some(Value::from(if texts.is_empty() {
                "none".to_owned()
            } else {
                texts.join(", ")
            }))
        }
        ValueKind::NullValue(_) | ValueKind::StructValue(_) => None,
    }
}

/// A number without a fraction, as far as JSON readers keep it.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// A place in a list as a number.
pub(super) fn count(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// A number as a place in a list.
pub(super) fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
