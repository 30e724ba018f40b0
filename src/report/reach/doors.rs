//! At which grants and at which scopes to look for a thing.

use std::collections::{BTreeSet, HashMap};

use super::ground::{Client, Ground, Together, entitlements_on};
use super::scope::Scope;
use super::unfollowed::Unfollowed;
use super::{Gap, Reach, place, unknown};
use crate::baton::c1z::{EntitlementFilter, ResourceFilter};
use crate::baton::error::Result;
use crate::report::apart;
use crate::report::names::Names;
use crate::report::thing::{self, Right, Thing};
use crate::report::wording::count;

/// Grants that let people in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Which grants.
    pub at: At,
    /// How they let in.
    pub reach: Reach,
    /// Only those that were given as such.
    pub direct_only: bool,
    /// Only those to people and accounts.
    pub users_only: bool,
}

/// Which grants are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Those on this thing.
    Thing(Thing),
    /// Those of the entitlement with this id.
    Right(String),
}

/// An account whose scope includes the thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoped {
    /// The account.
    pub client: Thing,
    /// Its scope, told as a right. There is no such entitlement: the id is empty.
    pub scope: Right,
}

/// Everything that lets people to a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doors {
    /// Grants, in the order of answers.
    pub doors: Vec<Door>,
    /// Scopes of accounts.
    pub scopes: Vec<Scoped>,
    /// What the file does not tell about it.
    pub unknown: Vec<Gap>,
    /// What it does not tell about those who may get to it: of no concern to an answer about somebody else.
    pub unknown_people: Vec<Gap>,
}

/// How much of the ways to a thing is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    #[default]
    Whole,
    /// All but those to something inside of it: that is asked for by itself.
    WithoutInside,
    /// What is held on it, and scopes that name it: the rest was told of what it lies in.
    Own,
}

impl Ground {
    /// What lets people to a thing.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn doors(&self, names: &Names<'_>, thing: &Thing, part: Part) -> Result<Doors> {
        let mut found = Doors::default();
        found.add(At::Thing(thing.clone()), Reach::On);
        self.named(names, thing, &mut found)?;
        self.strangers(names, thing, &mut found)?;
        let mut unfollowed = Unfollowed::default();
        unfollowed.look(self, names, thing)?;
        if !self.conventions.is_of_projects(&thing.kind) && !self.conventions.is_placed(&thing.kind) {
            found.unknown.extend(unfollowed.gaps(names)?);
            return Ok(found);
        }
        let above = place::above(names, &self.conventions, &thing.kind, &thing.id)?;
        let inside = place::inside(names, &self.conventions, thing)?;
        let environment = self.environment(names, thing)?;
        let near = std::iter::once(thing)
            .chain(if part == Part::Own { &[][..] } else { &above })
            .chain(if part == Part::Whole { &inside[..] } else { &[] });
        let around = Around {
            near: near
                .map(|near| ((near.kind.as_str(), near.id.as_str()), near))
                .collect(),
            thing,
            above: if part == Part::Own { &[] } else { &above },
            inside: if part == Part::Whole { &inside } else { &[] },
            environment: environment.as_ref(),
        };
        for above in around.above {
            found.add(At::Thing(above.clone()), Reach::Above);
            unfollowed.look(self, names, above)?;
        }
        for inside in around.inside {
            found.add(At::Thing(inside.clone()), Reach::Inside);
            unfollowed.look(self, names, inside)?;
        }
        found.unknown.extend(unfollowed.gaps(names)?);
        // What it lies in says who gets there, and what that lies in is not known.
        if part != Part::Own
            && let Some(last) = above.last()
            && names.resource(&last.kind, &last.id)?.is_none()
        {
            found.unknown.push(Gap::new(format!(
                "who gets there by what {} lies in: the file names {}:{} and has no row for it",
                around.called(),
                last.kind,
                last.id
            )));
        }
        self.scopes(names, &around, part, &mut found)?;
        if part != Part::Own {
            let in_project = above.last().unwrap_or(thing);
            if self.conventions.project_types.contains(&in_project.kind.as_str()) {
                self.managers(&around, &mut found);
            }
            self.silence(names, &around, &mut found)?;
            found.unknown.extend(unknown::of_types(self));
            found.unknown.extend(unknown::of_roles(self));
        }
        Ok(found)
    }

    /// Those who use a thing and stand in no list: whoever has its address, and accounts of which no list says what they
    /// use.
    fn strangers(&self, names: &Names<'_>, thing: &Thing, found: &mut Doors) -> Result<()> {
        let bears = self.conventions.open_to_bearers.iter();
        for bearers in bears.filter(|bearers| bearers.of == thing.kind) {
            let Some(resource) = names.resource(&thing.kind, &thing.id)? else {
                continue;
            };
            let profile = thing::profile(&resource).unwrap_or_default();
            let (type_name, told) = (&thing.type_name, thing.told());
            match bearers.lets_in(&profile) {
                Some(true) => found.unknown.push(Gap::new(format!(
                    "who uses {type_name} {told}: it asks nobody who they are, whoever has its address is in"
                ))),
                Some(false) => {}
                None => found.unknown.push(Gap::new(format!(
                    "whether {type_name} {told} asks who uses it, or lets in whoever has its address: the file does not \
                     say it in a word that is known"
                ))),
            }
        }
        let snapshot = names.snapshot();
        let users = self.conventions.unlisted_users.iter();
        for (kind, _) in users.filter(|(_, of)| *of == thing.kind) {
            let filter = ResourceFilter {
                resource_type: Some(kind),
                parent: None,
            };
            let mut told: Vec<String> = Vec::new();
            let mut type_name = String::new();
            snapshot
                .reader()
                .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
                    let user = names.thing_of(&resource)?;
                    type_name.clone_from(&user.type_name);
                    told.push(user.told());
                    Ok(())
                })?;
            if !told.is_empty() {
                let told: Vec<&str> = told.iter().map(String::as_str).collect();
                found.unknown.push(Gap::new(format!(
                    "whether {} uses {} {}: no list says what each of them uses ({})",
                    type_name,
                    thing.type_name,
                    thing.told(),
                    few(&told)
                )));
            }
        }
        Ok(())
    }

    /// Rights on other things that this one names.
    fn named(&self, names: &Names<'_>, thing: &Thing, found: &mut Doors) -> Result<()> {
        let Some(named) = self.conventions.named_rights.filter(|named| named.of == thing.kind) else {
            return Ok(());
        };
        let snapshot = names.snapshot();
        let filter = EntitlementFilter {
            resource_type: Some(named.on),
            resource: None,
        };
        snapshot
            .reader()
            .for_each_entitlement_where(snapshot.sync_id(), &filter, &mut |entitlement| {
                if entitlement.slug == thing.id {
                    found.add(At::Right(entitlement.id), Reach::On);
                }
                Ok(())
            })
    }

    fn scopes(&self, names: &Names<'_>, around: &Around<'_>, part: Part, found: &mut Doors) -> Result<()> {
        let mut unplaced = false;
        for client in &self.clients {
            let place = client.placed.environment.as_ref();
            let here = self.together(place, around.environment);
            match &client.scope {
                Scope::All if part == Part::Own => {}
                Scope::All if here == Together::Yes => {
                    found.scopes.push(scoped(client, around.thing, everything(place)));
                }
                Scope::All if here == Together::No => {}
                Scope::All if around.environment.is_none() => unplaced = true,
                Scope::All => {
                    let all = match place {
                        Some(place) => format!("everything in {place:?}, and which environment that is"),
                        None => "everything in one environment, and which that is".to_owned(),
                    };
                    found.unknown_people.push(Gap::new(format!(
                        "whether {} {} reaches {}: it reaches {all} the file does not say",
                        client.placed.thing.type_name,
                        client.placed.thing.told(),
                        around.called()
                    )));
                }
                // What is named is reached, wherever the account is said to be.
                Scope::Named(ids) => {
                    self.by_names(names, around, (part, here), client, ids, found)?;
                }
                Scope::Unknown if here != Together::No && part != Part::Own => {
                    found.unknown_people.push(Gap::new(format!(
                        "what {} {} reaches: the file does not say its scope",
                        client.placed.thing.type_name,
                        client.placed.thing.told()
                    )));
                }
                Scope::Unknown => {}
            }
        }
        let manages = !self.managing.is_empty() && around.environment.is_none();
        if (unplaced || manages) && part != Part::Own {
            found.unknown.push(Gap::new(format!(
                "in which environment {} is: accounts that reach everything in one, and people who manage access in \
                 one, are left out of this answer",
                around.called()
            )));
        }
        Ok(())
    }

    /// An account whose scope names things: this one, what it lies in, or something inside of it.
    fn by_names(
        &self,
        names: &Names<'_>,
        around: &Around<'_>,
        (part, here): (Part, Together),
        client: &Client,
        ids: &[String],
        found: &mut Doors,
    ) -> Result<()> {
        let of = self.conventions.scopes.map_or("", |scopes| scopes.of);
        let mut strangers: Vec<&str> = Vec::new();
        for id in ids {
            match around.near.get(&(of, id.as_str())) {
                Some(named) => found.scopes.push(scoped(client, named, named_scope(named))),
                None if names.resource(of, id)?.is_none() => strangers.push(id),
                None => {}
            }
        }
        if !strangers.is_empty() && part != Part::Own && here != Together::No {
            let who = &client.placed.thing;
            found.unknown_people.push(Gap::new(format!(
                "whether {} {} reaches {}: its scope names {} that this sync does not have ({})",
                who.type_name,
                who.told(),
                around.called(),
                count(strangers.len(), "thing", "things"),
                few(&strangers)
            )));
        }
        Ok(())
    }

    fn managers(&self, around: &Around<'_>, found: &mut Doors) {
        let mut elsewhere: BTreeSet<Option<&String>> = BTreeSet::new();
        for managing in &self.managing {
            let place = managing.environment.as_ref();
            match (self.together(place, around.environment), place) {
                (Together::Yes, _) => found.doors.push(managing.door()),
                (Together::Maybe, place) if around.environment.is_some() => {
                    elsewhere.insert(place);
                }
                (Together::Maybe | Together::No, _) => {}
            }
        }
        for place in elsewhere {
            found.unknown_people.push(Gap::new(format!(
                "whether people who manage access in {} do so for {}: which environment that is the file does not say",
                place.map_or_else(|| "one environment".to_owned(), |place| format!("{place:?}")),
                around.called()
            )));
        }
    }

    /// Roles that could name something here and name nothing.
    fn silence(&self, names: &Names<'_>, around: &Around<'_>, found: &mut Doors) -> Result<()> {
        let environment = around.environment.cloned();
        let silent = self.silent(names, &environment)?;
        if silent.people.is_empty() {
            return Ok(());
        }
        let roles: Vec<&str> = silent.roles().into_iter().collect();
        found.unknown_people.push(Gap::new(format!(
            "whether {} is open to roles that name nothing in any project: {} hold one ({})",
            around.called(),
            count(silent.people.len(), "person", "people"),
            few(&roles)
        )));
        Ok(())
    }

    /// The rights on a thing, by entitlement id: what its doors look at, for whoever keeps grants by entitlement.
    ///
    /// # Errors
    /// As [`Ground::doors`].
    pub fn rights(&self, names: &Names<'_>, door: &Door) -> Result<Vec<String>> {
        match &door.at {
            At::Right(id) => Ok(vec![id.clone()]),
            At::Thing(thing) => {
                let rights = entitlements_on(names, &thing.kind, &thing.id)?;
                Ok(rights.into_iter().collect())
            }
        }
    }
}

/// A thing with what it lies in and what lies in it, as far as that is asked for.
struct Around<'a> {
    /// All of it, by type and bare id.
    near: HashMap<(&'a str, &'a str), &'a Thing>,
    thing: &'a Thing,
    above: &'a [Thing],
    inside: &'a [Thing],
    environment: Option<&'a String>,
}

impl Around<'_> {
    fn called(&self) -> String {
        let environment = self.environment.map(String::as_str);
        apart::told(&self.thing.name, environment, self.thing.apart.as_ref())
    }
}

impl Doors {
    fn add(&mut self, at: At, reach: Reach) {
        self.doors.push(Door {
            at,
            reach,
            direct_only: false,
            users_only: false,
        });
    }
}

fn scoped(client: &Client, on: &Thing, name: String) -> Scoped {
    Scoped {
        client: client.placed.thing.clone(),
        scope: scope_right(on, name),
    }
}

/// A scope as a right on what it names, or on what is asked about where it names everything.
pub(super) fn scope_right(on: &Thing, name: String) -> Right {
    Right {
        id: String::new(),
        slug: String::new(),
        name,
        apart: None,
        resource: on.clone(),
        left_out: 0,
    }
}

pub(super) fn everything(environment: Option<&String>) -> String {
    match environment {
        Some(environment) => format!("everything in {environment}"),
        None => "everything".to_owned(),
    }
}

pub(super) fn named_scope(named: &Thing) -> String {
    format!("{} {}", named.type_name, named.told())
}

/// The first few of many.
pub(super) fn few(all: &[&str]) -> String {
    const NAMED: usize = 5;
    let named = all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
