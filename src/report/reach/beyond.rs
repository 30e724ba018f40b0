//! What a principal reaches beyond the things it holds something on: projects that it gets into by what lies in them, by
//! a scope, or by giving itself access.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::doors::{everything, few, named_scope, scope_right};
use super::ground::{Client, Ground, is_same};
use super::managing::Managing;
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
                    // What is named is reached, wherever the account is said to be.
                    let named = names.thing(of, id)?;
                    let outermost = place::outermost(names, &self.conventions, of, id)?;
                    let reached = outermost.unwrap_or_else(|| named.clone());
                    add(&reached, scope_right(&named, named_scope(&named)));
                }
            }
        }
        Ok(())
    }

    /// Environments without a name, or of one that is not known, in which somebody decides about the access to projects.
    fn manages_in(&self, names: &Names<'_>, (kind, id): (&str, &str)) -> Result<BTreeSet<Option<String>>> {
        let rights: BTreeMap<&str, &Option<String>> = self
            .managing_somewhere()
            .map(|managing| (managing.right.as_str(), &managing.environment))
            .collect();
        let mut found = BTreeSet::new();
        if rights.is_empty() || !self.is_user(kind) {
            return Ok(found);
        }
        let snapshot = names.snapshot();
        let reader = snapshot.reader();
        reader.for_each_holding_of(snapshot.sync_id(), kind, id, &mut |grant| {
            if let Some(place) = rights.get(grant.entitlement) {
                found.insert((*place).clone());
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Who decides about the access to projects in an environment that the file does not tell.
    pub(super) fn managing_somewhere(&self) -> impl Iterator<Item = &Managing> {
        let is_known = |place: &String| self.conventions.is_known_environment(place);
        let managing = self.managing.iter();
        managing.filter(move |managing| !managing.environment.as_ref().is_some_and(is_known))
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
            found.extend(self.unknown_of_scope(names, client)?);
        }
        for place in self.manages_in(names, (kind, id))? {
            found.push(Gap::new(match place {
                Some(place) => format!(
                    "for which projects it manages access in {place:?}: which environment that is the file does not say"
                ),
                None => "for which projects it manages access: the file does not say in which environment".to_owned(),
            }));
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
            found.extend(unknown::of_roles(self));
        }
        Ok(found)
    }
    /// What the file does not tell about the scope of an account.
    pub(super) fn unknown_of_scope(&self, names: &Names<'_>, client: &Client) -> Result<Vec<Gap>> {
        let mut found = Vec::new();
        let environment = client.placed.environment.as_ref();
        match &client.scope {
            Scope::Unknown => found.push(Gap::new("what it reaches: the file does not say its scope")),
            Scope::All if environment.is_none_or(|place| !self.conventions.is_known_environment(place)) => {
                found.push(Gap::new(match environment {
                    Some(place) => format!(
                        "which environment {place:?} is, where it reaches everything: this answer has what says to be \
                         there, and nothing else"
                    ),
                    None => "in which environment it reaches everything: what it reaches is left out of this answer"
                        .to_owned(),
                }));
            }
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
        Ok(found)
    }
}
