//! What a principal reaches beyond the things it holds something on: projects that it gets into by what lies in them, by
//! a scope, or by giving itself access.

use std::collections::HashMap;

use super::doors::{everything, few, named_scope, scope_right};
use super::ground::{Ground, is_same};
use super::scope::Scope;
use super::{Gap, Reach, place, unknown};
use crate::baton::error::Result;
use crate::report::names::Names;
use crate::report::thing::{Right, RightKey, Thing};
use crate::report::wording::count;

/// A thing that is reached, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// What brings there.
    pub by: By,
    /// How.
    pub reach: Reach,
    /// The project, or what lies outside of projects.
    pub reached: Thing,
}

/// What brings somebody to a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The entitlement at this place of what is held.
    Held(usize),
    /// The account's own scope.
    Scope(Box<Right>),
}

impl Ground {
    /// What `who` reaches beyond what it holds. `held` are its rights; `is_given` says of a place in them whether that was
    /// given as such.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, and those of `is_given`.
    pub fn beyond(
        &self,
        names: &Names<'_>,
        who: (&str, &str),
        held: &[RightKey<'_>],
        is_given: &mut dyn FnMut(usize) -> Result<bool>,
    ) -> Result<Vec<Beyond>> {
        let mut found = Vec::new();
        for (at, key) in held.iter().enumerate() {
            let on = &names.right_of_grant(*key)?.resource;
            if self.conventions.inside_projects.contains(&on.kind.as_str())
                && let Some(project) = place::project(names, &self.conventions, &on.kind, &on.id)?
            {
                found.push(Beyond {
                    by: By::Held(at),
                    reach: Reach::Inside,
                    reached: project,
                });
            }
        }
        self.scope_of(names, who, &mut found)?;
        if self.is_user(who.0) {
            // Of a right that is held twice the first counts.
            let places: HashMap<&str, usize> = held.iter().enumerate().rev().map(|(at, key)| (key.id, at)).collect();
            for managing in &self.managing {
                let Some(at) = places.get(managing.right.as_str()).copied() else {
                    continue;
                };
                if managing.direct_only && !is_given(at)? {
                    continue;
                }
                found.extend(self.managed_by(&managing.right).into_iter().map(|project| Beyond {
                    by: By::Held(at),
                    reach: Reach::SelfGranting,
                    reached: project.clone(),
                }));
            }
        }
        Ok(found)
    }

    fn scope_of(&self, names: &Names<'_>, (kind, id): (&str, &str), found: &mut Vec<Beyond>) -> Result<()> {
        let Some(client) = self.client(kind, id) else {
            return Ok(());
        };
        let environment = client.placed.environment.as_ref();
        let mut add = |reached: &Thing, scope: Right| {
            found.push(Beyond {
                by: By::Scope(Box::new(scope)),
                reach: Reach::Scope,
                reached: reached.clone(),
            });
        };
        match &client.scope {
            Scope::Unknown => {}
            Scope::All => {
                for placed in self.projects.iter().chain(self.loose(names)?) {
                    if is_same(placed.environment.as_ref(), environment) {
                        add(&placed.thing, scope_right(&placed.thing, everything(environment)));
                    }
                }
            }
            Scope::Named(ids) => {
                let of = self.conventions.scopes.map_or("", |scopes| scopes.of);
                for id in ids {
                    if names.resource(of, id)?.is_none() {
                        continue;
                    }
                    let named = names.thing(of, id)?;
                    let place = self.environment(names, &named)?;
                    let may_be_there = place.is_none() || environment.is_none();
                    if !may_be_there && !is_same(place.as_ref(), environment) {
                        continue;
                    }
                    let outermost = place::outermost(names, &self.conventions, of, id)?;
                    let reached = outermost.unwrap_or_else(|| named.clone());
                    add(&reached, scope_right(&named, named_scope(&named)));
                }
            }
        }
        Ok(())
    }

    /// What the file does not tell about somebody who acts for others.
    pub fn unknown_when_acting(&self, kind: &str) -> Option<Gap> {
        self.conventions
            .act_unlisted
            .contains(&kind)
            .then(|| Gap::new("what it reaches when it acts for others: no list says for whom, or through what"))
    }

    /// What the file does not tell about the reach of `who`.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn unknown_of(&self, names: &Names<'_>, (kind, id): (&str, &str)) -> Result<Vec<Gap>> {
        let mut found = Vec::new();
        if let Some(client) = self.client(kind, id) {
            let environment = client.placed.environment.as_ref();
            match &client.scope {
                Scope::Unknown => found.push(Gap::new("what it reaches: the file does not say its scope")),
                Scope::All if environment.is_none() => found.push(Gap::new(
                    "in which environment it reaches everything: what it reaches is left out of this answer",
                )),
                Scope::All => {
                    let unplaced = self
                        .loose(names)?
                        .iter()
                        .filter(|placed| placed.environment.is_none())
                        .count();
                    if unplaced > 0 {
                        found.push(Gap::new(format!(
                            "whether it reaches {} outside of projects, whose environment the file does not say",
                            count(unplaced, "thing", "things")
                        )));
                    }
                }
                Scope::Named(ids) => {
                    let of = self.conventions.scopes.map_or("", |scopes| scopes.of);
                    let mut strangers: Vec<&str> = Vec::new();
                    for id in ids {
                        if names.resource(of, id)?.is_none() {
                            strangers.push(id);
                        }
                    }
                    if !strangers.is_empty() {
                        found.push(Gap::new(format!(
                            "where {} of its scope {} that this sync does not have ({})",
                            count(strangers.len(), "thing", "things"),
                            if strangers.len() == 1 { "lies" } else { "lie" },
                            few(&strangers)
                        )));
                    }
                }
            }
        }
        let mut environments: Vec<&Option<String>> = self.naming.iter().map(|role| &role.environment).collect();
        environments.sort();
        environments.dedup();
        for environment in environments {
            let silent = self.silent(names, environment)?;
            if let Some(roles) = silent.people.get(&(kind.to_owned(), id.to_owned())) {
                let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
                found.push(Gap::new(format!(
                    "which projects are open to these roles, which name nothing in any project: {}",
                    few(&roles)
                )));
            }
        }
        if self.is_user(kind) {
            found.extend(unknown::of_types(self));
        }
        Ok(found)
    }
}
