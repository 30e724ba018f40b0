//! Answers as rows: who gets to a thing, what somebody gets to.

use std::cell::Cell;
use std::rc::Rc;

use super::doors::{At, Door, Doors, Part, Scoped};
use super::unknown::{self, Gap};
use super::{Beyond, By, Ground, Reach, place};
use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::access::{Access, Answers, Held, HeldRow, entitlement_of, principal_of, right_key};
use crate::report::apart;
use crate::report::names::Names;
use crate::report::path::Origin;
use crate::report::thing::{Right, RightKey, Thing};

/// Whether a grant is wanted as a row of this kind, which leads to this thing; to what it is on, where none is named.
pub type Wanted<'w> = dyn FnMut(&v2::Grant, Reach, Option<&Thing>) -> Result<bool> + 'w;

/// A row of which nothing is looked up yet: a million of them may be counted and few told.
#[derive(Clone, Copy)]
pub enum Lead<'r> {
    /// A grant, and how it leads to the thing. Of both ends there is what the file keeps in it, maybe only ids.
    Grant(Reach, &'r v2::Grant),
    /// An account, and its scope.
    Scope(&'r Thing, &'r Right),
}

impl<'r> Lead<'r> {
    /// How it lets to the thing.
    pub fn reach(&self) -> Reach {
        match self {
            Lead::Grant(reach, _) => *reach,
            Lead::Scope(..) => Reach::Scope,
        }
    }

    /// Type and bare id of who gets there.
    pub fn principal(&self) -> (&'r str, &'r str) {
        match self {
            Lead::Grant(_, grant) => principal_of(grant),
            Lead::Scope(client, _) => (&client.kind, &client.id),
        }
    }

    /// The id of the entitlement; a scope has none.
    pub fn entitlement(&self) -> &'r str {
        match self {
            Lead::Grant(_, grant) => entitlement_of(grant),
            Lead::Scope(_, scope) => &scope.id,
        }
    }

    /// What is held; a scope is on what it names.
    pub fn key(&self) -> RightKey<'r> {
        match self {
            Lead::Grant(_, grant) => right_key(grant),
            Lead::Scope(_, scope) => scope.key(),
        }
    }

    /// The whole row, as a way to `thing`.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn access(&self, asker: &Asker<'_, '_>, thing: &Thing) -> Result<Access> {
        match self {
            Lead::Grant(reach, grant) => Ok(asker.answers.of_grant(grant)?.to(*reach, thing.clone())),
            Lead::Scope(client, scope) => Ok(scope_row((*client).clone(), (*scope).clone(), thing.clone())),
        }
    }
}

/// Asks one sync.
#[derive(Clone, Copy)]
pub struct Asker<'a, 's> {
    /// Its grants and their ways.
    pub answers: &'a Answers<'s>,
    /// What every answer needs.
    pub ground: &'a Ground,
}

impl<'a, 's> Asker<'a, 's> {
    /// The names of the sync.
    pub fn names(&self) -> &'a Names<'s> {
        self.answers.names()
    }

    /// The environment of a thing: as it says, else the only one of the sync.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn environment(&self, thing: &Thing) -> Result<Option<String>> {
        match &thing.environment {
            Some(said) => Ok(Some(said.clone())),
            None => self.ground.environment(self.names(), thing),
        }
    }

    /// The environment a row holds in.
    ///
    /// # Errors
    /// As [`Asker::environment`].
    pub fn environment_of(&self, access: &Access) -> Result<Option<String>> {
        match access.environment() {
            Some(said) => Ok(Some(said.to_owned())),
            None => self.environment(access.target()),
        }
    }

    /// A thing by its name, with what is needed to know which one is meant: `Billing (dev)`.
    ///
    /// # Errors
    /// As [`Asker::environment`].
    pub fn told(&self, thing: &Thing) -> Result<String> {
        let environment = self.environment(thing)?;
        Ok(apart::told(&thing.name, environment.as_deref(), thing.apart.as_ref()))
    }

    /// Everything somebody holds, ordered by the type, what may do most first, then by name; and behind it what they
    /// reach beyond that.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn of(&self, kind: &str, id: &str) -> Result<Vec<Access>> {
        let mut rows = Vec::new();
        self.each_of(kind, id, &mut |access| {
            rows.push(access);
            Ok(())
        })?;
        Ok(rows)
    }

    /// As [`Asker::of`], row by row.
    ///
    /// # Errors
    /// As [`Asker::of`], and those of `each`.
    pub fn each_of(&self, kind: &str, id: &str, each: &mut dyn FnMut(Access) -> Result<()>) -> Result<()> {
        let held = self.held(kind, id)?;
        for row in held.rows() {
            each(held.access(row)?)?;
        }
        self.beyond(kind, id, Some(&held), each)
    }

    /// What somebody holds, in the order of [`Asker::of`].
    ///
    /// # Errors
    /// As [`Asker::of`].
    pub fn held(&self, kind: &str, id: &str) -> Result<Held<'a, 's>> {
        self.held_by(self.names().thing(kind, id)?)
    }

    /// As [`Asker::held`], of somebody who is known already.
    ///
    /// # Errors
    /// As [`Asker::of`].
    pub fn held_by(&self, principal: Thing) -> Result<Held<'a, 's>> {
        let mut held = self.answers.held_by(principal)?;
        held.order_by(|row| {
            let right = Rc::unwrap_or_clone(self.names().right_of_grant(row.key())?);
            let power = self.ground.power(self.names(), &right)?;
            let on = right.resource;
            let is_role = self.ground.conventions().role_types.contains(&on.kind.as_str());
            let of_resource = if is_role { power } else { 0 };
            Ok((on.kind, of_resource, on.name, on.id, power, right.id))
        })?;
        Ok(held)
    }

    /// Calls `each` with what somebody reaches beyond what they hold; by a scope alone, where nothing is given.
    ///
    /// # Errors
    /// As [`Asker::of`], and those of `each`.
    pub fn beyond(
        &self,
        kind: &str,
        id: &str,
        held: Option<&Held<'_, '_>>,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<()> {
        let rows = held.map_or(&[][..], Held::rows);
        let keys: Vec<RightKey<'_>> = rows.iter().map(HeldRow::key).collect();
        let mut is_given = |at: usize| Ok(rows.get(at).is_some_and(|row| row.is_direct));
        let found = self.ground.beyond(self.names(), (kind, id), &keys, &mut is_given)?;
        for Beyond { by, reach, reached } in found {
            let row = match by {
                By::Held(at) => held
                    .and_then(|held| Some(held.access(held.rows().get(at)?)))
                    .transpose()?,
                By::Scope(scope) => Some(scope_row(self.names().thing(kind, id)?, *scope, reached.clone())),
            };
            if let Some(row) = row {
                each(row.to(reach, reached))?;
            }
        }
        Ok(())
    }

    /// What the file does not tell of the reach of somebody, what the sync left out included.
    ///
    /// # Errors
    /// As [`Asker::of`].
    pub fn unknown_of(&self, kind: &str, id: &str) -> Result<Vec<Gap>> {
        let mut gaps = self.ground.unknown_of(self.names(), (kind, id))?;
        gaps.extend(unknown::of_sync(self.names().snapshot().run(), self.ground));
        Ok(gaps)
    }

    /// Calls `each` with everybody who gets to a thing, door by door, each in the order of rows; of `only` alone, where
    /// somebody is named. Says what the file does not tell about the thing.
    ///
    /// # Errors
    /// As [`Asker::of`], and those of `wanted` and `each`.
    pub fn on(
        &self,
        thing: &Thing,
        part: Part,
        only: Option<&Thing>,
        wanted: &mut Wanted<'_>,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<Vec<Gap>> {
        self.leads_on(thing, part, only, wanted, &mut |lead| each(lead.access(self, thing)?))
    }

    /// As [`Asker::on`], with rows of which nothing is looked up yet.
    ///
    /// # Errors
    /// As [`Asker::on`].
    pub fn leads_on(
        &self,
        thing: &Thing,
        part: Part,
        only: Option<&Thing>,
        wanted: &mut Wanted<'_>,
        each: &mut dyn FnMut(Lead<'_>) -> Result<()>,
    ) -> Result<Vec<Gap>> {
        let Doors {
            doors,
            scopes,
            mut unknown,
            unknown_people,
        } = self.ground.doors(self.names(), thing, part)?;
        if only.is_none() {
            unknown.extend(unknown_people);
        }
        let (early, late): (Vec<_>, Vec<_>) = doors.iter().partition(|door| door.reach < Reach::Scope);
        for door in early {
            self.through(door, thing, only, wanted, each)?;
        }
        for Scoped { client, scope } in scopes {
            if only.is_none_or(|only| (&only.kind, &only.id) == (&client.kind, &client.id)) {
                each(Lead::Scope(&client, &scope))?;
            }
        }
        for door in late {
            self.through(door, thing, only, wanted, each)?;
        }
        Ok(unknown)
    }

    fn through(
        &self,
        door: &Door,
        thing: &Thing,
        only: Option<&Thing>,
        wanted: &mut Wanted<'_>,
        each: &mut dyn FnMut(Lead<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut filter = match &door.at {
            At::Thing(on) => GrantFilter {
                resource_type: Some(&on.kind),
                resource: Some(&on.id),
                ..Default::default()
            },
            At::Right(id) => GrantFilter {
                entitlement: Some(id),
                ..Default::default()
            },
        };
        if let Some(only) = only {
            filter.principal_type = Some(&only.kind);
            filter.principal = Some(&only.id);
        }
        let mut passes = |grant: &v2::Grant| {
            let is_user = || self.ground.is_user(principal_of(grant).0);
            let is_given = || Origin::is_given(grant);
            Ok((!door.users_only || is_user())
                && (!door.direct_only || is_given())
                && wanted(grant, door.reach, Some(thing))?)
        };
        self.answers
            .for_each_grant_if(&filter, &mut passes, &mut |grant| each(Lead::Grant(door.reach, grant)))
    }

    /// Calls `each` with every wanted grant to a person or an account in the order of rows, a grant on something inside
    /// of a project also as a way into that; then with all that scopes lead to, and with `granting` all that people can
    /// give themselves access to.
    ///
    /// # Errors
    /// As [`Asker::on`].
    pub fn everybody(
        &self,
        granting: bool,
        wanted: &mut Wanted<'_>,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<()> {
        let ground = self.ground;
        // A grant is looked at before its ways are: what it is wanted as is kept until they are there.
        let wanted_as: Cell<(bool, Option<Thing>)> = Cell::default();
        let mut passes = |grant: &v2::Grant| {
            if !ground.is_user(principal_of(grant).0) {
                return Ok(false);
            }
            let project = self.project_inside(right_key(grant))?;
            let held = wanted(grant, Reach::On, None)?;
            let project = match project {
                Some(project) if wanted(grant, Reach::Inside, Some(&project))? => Some(project),
                _ => None,
            };
            let is_any = held || project.is_some();
            wanted_as.set((held, project));
            Ok(is_any)
        };
        self.answers
            .for_each_if(&GrantFilter::default(), &mut passes, &mut |access| {
                let (held, project) = wanted_as.take();
                if held {
                    each(access.clone())?;
                }
                match project {
                    None => Ok(()),
                    Some(project) => each(access.to(Reach::Inside, project)),
                }
            })?;
        for client in ground.clients() {
            let who = &client.placed.thing;
            self.beyond(&who.kind, &who.id, None, each)?;
        }
        for (door, projects) in ground.managers_of_projects().filter(|_| granting) {
            for project in projects {
                self.through(&door, project, None, &mut |_, _, _| Ok(true), &mut |lead| {
                    each(lead.access(self, project)?)
                })?;
            }
        }
        Ok(())
    }

    /// The project that the thing of an entitlement lies in.
    fn project_inside(&self, key: RightKey<'_>) -> Result<Option<Thing>> {
        let conventions = self.ground.conventions();
        let on = &self.names().right_of_grant(key)?.resource;
        if !conventions.inside_projects.contains(&on.kind.as_str()) {
            return Ok(None);
        }
        place::project(self.names(), conventions, &on.kind, &on.id)
    }
}

/// A scope as a row. Nobody else holds it and nothing brings it; it is changed at the account.
pub fn scope_row(client: Thing, scope: Right, reached: Thing) -> Access {
    let row = Access {
        grant_id: String::new(),
        principal: client,
        paths: vec![vec![scope.clone()]],
        right: scope,
        direct: true,
        immutable: true,
        more_paths: 0,
        is_least: false,
        is_said: false,
        reach: Reach::Scope,
        reached: None,
    };
    row.to(Reach::Scope, reached)
}
