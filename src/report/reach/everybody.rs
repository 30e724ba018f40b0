//! What the file does not tell about the reach of everybody: said beside an answer about all of them, where each gap is
//! told once and not of every thing it is about.

use std::collections::BTreeSet;

use super::doors::few;
use super::ground::Ground;
use super::scope::Scope;
use super::unfollowed::Unfollowed;
use super::unknown::{self, Gap};
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::Result;
use crate::report::names::Names;
use crate::report::thing::{Thing, profile};
use crate::report::wording::count;

impl Ground {
    /// The gaps of scopes, of roles that name nothing or have no row, of environments that are not known, of what should
    /// follow from others and does not, and of what is used by those who stand in no list.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn unknown_of_everybody(&self, names: &Names<'_>) -> Result<Vec<Gap>> {
        let mut found = Vec::new();
        for client in self.clients() {
            let who = &client.placed.thing;
            for gap in self.unknown_of_scope(names, client)? {
                found.push(Gap::new(format!(
                    "of {} {}, {}",
                    who.type_name,
                    who.told(),
                    gap.message
                )));
            }
        }
        found.extend(self.unplaced());
        found.extend(self.managed_somewhere());
        let environments: BTreeSet<&Option<String>> = self.naming.iter().map(|role| &role.environment).collect();
        for environment in environments {
            let silent = self.silent(names, environment)?;
            if silent.people.is_empty() {
                continue;
            }
            let roles: Vec<&str> = silent.roles().into_iter().collect();
            found.push(Gap::new(format!(
                "which projects{} are open to roles that name nothing in any project: {} hold one ({})",
                environment
                    .as_ref()
                    .map(|place| format!(" in {place}"))
                    .unwrap_or_default(),
                count(silent.people.len(), "person", "people"),
                few(&roles)
            )));
        }
        self.unlisted(names, &mut found)?;
        found.extend(unknown::of_types(self));
        found.extend(unknown::of_roles(self));
        found.extend(Unfollowed::everywhere(self, names)?.gaps(names)?);
        Ok(found)
    }

    /// Those who decide about access in an environment that the file does not tell.
    fn managed_somewhere(&self) -> Option<Gap> {
        let places: BTreeSet<&str> = self
            .managing_somewhere()
            .map(|managing| managing.environment.as_deref().unwrap_or("one without a name"))
            .collect();
        let told: Vec<&str> = places.into_iter().collect();
        (!told.is_empty() && !self.projects.is_empty()).then(|| {
            Gap::new(format!(
                "for which projects people manage access in environments of names that are not known ({})",
                few(&told)
            ))
        })
    }

    /// Projects whose environment is not known, where somebody reaches everything in one, or decides about it.
    fn unplaced(&self) -> Option<Gap> {
        let is_all = self.clients.iter().any(|client| client.scope == Scope::All);
        let unplaced = self.projects.iter().filter(|project| project.environment.is_none());
        let told: Vec<&str> = unplaced.map(|project| project.thing.name.as_str()).collect();
        if told.is_empty() || (!is_all && self.managing.is_empty()) {
            return None;
        }
        Some(Gap::new(format!(
            "in which environment {} {}: accounts that reach everything in one, and people who manage access in one, are \
             left out of this answer ({})",
            count(told.len(), "project", "projects"),
            if told.len() == 1 { "is" } else { "are" },
            few(&told)
        )))
    }

    /// What is used by those who stand in no list, and what acts for people of whom there is none.
    fn unlisted(&self, names: &Names<'_>, found: &mut Vec<Gap>) -> Result<()> {
        for bearers in self.conventions.open_to_bearers {
            let (mut open, mut silent) = (Vec::new(), Vec::new());
            each_of(
                names,
                bearers.of,
                &mut |thing, profile| match bearers.lets_in(profile) {
                    Some(true) => open.push(thing.told()),
                    Some(false) => {}
                    None => silent.push(thing.told()),
                },
            )?;
            found.extend(of_all(&open, |told| {
                format!("who uses these: they ask nobody who they are, whoever has the address is in ({told})")
            }));
            found.extend(of_all(&silent, |told| {
                format!(
                    "whether these ask who uses them, or let in whoever has the address: the file does not say it in a \
                     word that is known ({told})"
                )
            }));
        }
        for (users, kind) in self.conventions.unlisted_users {
            let (mut using, mut used) = (Vec::new(), 0);
            each_of(names, users, &mut |thing, _| using.push(thing.told()))?;
            each_of(names, kind, &mut |_, _| used += 1)?;
            if used > 0 {
                found.extend(of_all(&using, |told| {
                    format!("what each of these uses: no list says it ({told})")
                }));
            }
        }
        for kind in self.conventions.act_unlisted {
            let mut acting = Vec::new();
            each_of(names, kind, &mut |thing, _| acting.push(thing.told()))?;
            found.extend(of_all(&acting, |told| {
                format!("what these reach when they act for others: no list says for whom, or through what ({told})")
            }));
        }
        Ok(())
    }
}

fn of_all(told: &[String], message: impl Fn(&str) -> String) -> Option<Gap> {
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    (!told.is_empty()).then(|| Gap::new(message(&few(&told))))
}

fn each_of(names: &Names<'_>, kind: &str, each: &mut dyn FnMut(Thing, &prost_types::Struct)) -> Result<()> {
    let snapshot = names.snapshot();
    let filter = ResourceFilter {
        resource_type: Some(kind),
        parent: None,
    };
    snapshot
        .reader()
        .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
            each(names.thing_of(&resource)?, &profile(&resource).unwrap_or_default());
            Ok(())
        })
}
