//! Who gets to what, as the one engine decides it: the page only looks up who holds the rights that are named here.

use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::hash::Hash;

use serde::Serialize;

use super::room::Room;
use super::things::Things;
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::Result;
use crate::report::Snapshot;
use crate::report::names::Names;
use crate::report::reach::{At, Door, Gap, Ground, Part, Reach, Scoped, unknown};
use crate::report::thing::Thing;

/// A right that lets people to a thing: the place of the way in [`Reach::ALL`], what to look at, its number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct DoorRow(pub u8, pub u8, pub u32);

impl DoorRow {
    /// Only those to whom it was given.
    pub const DIRECT: u8 = 1;
    /// Only people and accounts.
    pub const USERS: u8 = 2;
}

/// An account whose scope includes a thing: its number, the scope in words, the number of what it names; nothing where
/// it names everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ScopeRow(pub u32, pub String, pub Option<u32>);

/// What is beside one resource: its number, and the numbers of lists of doors, of scopes and of what is not known. The
/// last is 1 for a project and 2 for what lies outside of projects: what somebody reaches is told by these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry(pub u32, pub u32, pub u32, pub u32, pub u8);

/// The ways to things that are no grants on them.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ways {
    /// The words of ways, in the order of answers.
    pub words: Vec<&'static str>,
    /// The resources that have any.
    pub entries: Vec<Entry>,
    /// Lists of doors. The first is empty, here and below.
    pub doors: Vec<Vec<DoorRow>>,
    /// Lists of scopes.
    pub scopes: Vec<Vec<ScopeRow>>,
    /// Lists of what is not known.
    pub unknown: Vec<Vec<Gap>>,
    /// What the sync left out.
    pub left_out: Vec<Gap>,
    /// Numbers of roles that may do more or less than others, and how much.
    pub role_power: Vec<(u32, i8)>,
    /// The same of rights.
    pub right_power: Vec<(u32, i8)>,
}

/// Lists that occur again and again.
struct Lists<T> {
    all: Vec<Vec<T>>,
    known: HashMap<Vec<T>, u32>,
}

impl<T: Clone + Eq + Hash> Lists<T> {
    fn new() -> Self {
        Lists {
            all: vec![Vec::new()],
            known: HashMap::from([(Vec::new(), 0)]),
        }
    }

    fn number(&mut self, list: Vec<T>) -> u32 {
        let next = super::things::count(self.all.len());
        *self.known.entry(list).or_insert_with_key(|list| {
            self.all.push(list.clone());
            next
        })
    }
}

/// Asks about every thing that can be reached otherwise than by a grant on it, and about everybody.
pub(super) fn read(snapshot: &Snapshot, things: &mut Things, ground: &Ground) -> Result<Ways> {
    let names = Names::new(snapshot);
    let conventions = ground.conventions();
    let (mut doors, mut scopes, mut unknown) = (Lists::new(), Lists::new(), Lists::new());
    let mut entries = Vec::new();
    // What lies in a project has the doors of that: each is looked up once.
    let mut rights: HashMap<(String, String), Vec<u32>> = HashMap::new();
    let inside = conventions.inside_projects.iter().chain(conventions.placed_in_projects);
    let named = conventions.named_rights.iter().map(|named| &named.of);
    let kinds: Vec<&str> = conventions
        .project_types
        .iter()
        .chain(inside)
        .chain(named)
        .copied()
        .collect();
    let mut room = Room::foreseen(snapshot, &kinds)?;
    for kind in kinds {
        let things_of_kind = of_kind(&names, ground, kind)?;
        room.things += things_of_kind.len();
        for (thing, is_top) in things_of_kind {
            let found = ground.doors(&names, &thing, Part::Whole)?;
            room.take(found.doors.len(), &thing)?;
            let mut rows = Vec::new();
            for door in &found.doors {
                // What is held on it is known by the rights on it.
                let key = match &door.at {
                    At::Thing(on) if *on == thing => continue,
                    At::Thing(on) => (on.kind.clone(), on.id.clone()),
                    At::Right(id) => (String::new(), id.clone()),
                };
                let numbers = match rights.entry(key) {
                    Occupied(known) => known.into_mut(),
                    Vacant(new) => {
                        let ids = ground.rights(&names, door)?;
                        new.insert(ids.iter().map(|id| things.entitlement(id)).collect())
                    }
                };
                rows.extend(numbers.iter().map(|right| row(door, *right)));
            }
            let mut scoped = |Scoped { client, scope }: Scoped| {
                let named =
                    (scope.resource != thing).then(|| things.resource(&scope.resource.kind, &scope.resource.id));
                ScopeRow(things.resource(&client.kind, &client.id), scope.name, named)
            };
            let scoped: Vec<ScopeRow> = found.scopes.into_iter().map(&mut scoped).collect();
            let gaps = [found.unknown, found.unknown_people].concat();
            let entry = Entry(
                things.resource(&thing.kind, &thing.id),
                doors.number(rows),
                scopes.number(scoped),
                unknown.number(gaps),
                match is_top {
                    true if conventions.project_types.contains(&kind) => 1,
                    true => 2,
                    false => 0,
                },
            );
            if (entry.1, entry.2, entry.3) != (0, 0, 0) {
                entries.push(entry);
            }
        }
    }
    for kind in crate::report::find::user_types(snapshot)? {
        for (who, _) in of_kind(&names, ground, &kind)? {
            let gaps = ground.unknown_of(&names, (&who.kind, &who.id))?;
            if !gaps.is_empty() {
                entries.push(Entry(
                    things.resource(&who.kind, &who.id),
                    0,
                    0,
                    unknown.number(gaps),
                    0,
                ));
            }
        }
    }
    let mut role_power = Vec::new();
    for kind in conventions.role_types {
        for (role, _) in of_kind(&names, ground, kind)? {
            let power = ground.role_power(&names, &role)?;
            if power != 0 {
                role_power.push((things.resource(&role.kind, &role.id), power));
            }
        }
    }
    let mut right_power = Vec::new();
    snapshot
        .reader()
        .for_each_entitlement(snapshot.sync_id(), &mut |entitlement| {
            let power = ground.power(&names, &names.right_of(&entitlement)?)?;
            if power != 0 {
                right_power.push((things.entitlement(&entitlement.id), power));
            }
            Ok(())
        })?;
    Ok(Ways {
        words: Reach::ALL.iter().map(|reach| reach.word()).collect(),
        entries,
        doors: doors.all,
        scopes: scopes.all,
        unknown: unknown.all,
        left_out: unknown::of_sync(snapshot.run(), ground),
        role_power,
        right_power,
    })
}

fn row(door: &Door, right: u32) -> DoorRow {
    let place = Reach::ALL.iter().position(|reach| *reach == door.reach);
    let mut flags = 0;
    if door.direct_only {
        flags |= DoorRow::DIRECT;
    }
    if door.users_only {
        flags |= DoorRow::USERS;
    }
    DoorRow(
        u8::try_from(place.unwrap_or_default()).unwrap_or_default(),
        flags,
        right,
    )
}

/// The resources of a type, each with whether an answer about somebody names it.
fn of_kind(names: &Names<'_>, ground: &Ground, kind: &str) -> Result<Vec<(Thing, bool)>> {
    let snapshot = names.snapshot();
    let conventions = ground.conventions();
    let filter = ResourceFilter {
        resource_type: Some(kind),
        parent: None,
    };
    let mut found = Vec::new();
    snapshot
        .reader()
        .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
            let parent = resource.parent_resource_id.as_ref();
            let is_loose = parent.is_none_or(|parent| !conventions.is_of_projects(&parent.resource_type));
            found.push((names.thing_of(&resource)?, conventions.is_of_projects(kind) && is_loose));
            Ok(())
        })?;
    Ok(found)
}
