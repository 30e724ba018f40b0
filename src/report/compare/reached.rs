//! Who gets to something without a new grant: an account with another scope, and those who reach what something lies in
//! since it was moved.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::sides::Sides;
use crate::baton::c1z::merge::{Change, StoredGrant};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::access::Answers;
use crate::report::reach::{Asker, Client, Ground, Lead, Part, Reach, Scope, place};
use crate::report::thing::{self, Thing};
use crate::report::wording::count;

/// Moved things that are looked at one by one.
const MOST: usize = 200;
/// Rows that are looked at for them. What moved and comes behind is not judged.
const MOST_ROWS: u64 = 4_000_000;
/// People who are named.
const NAMED: usize = 3;

/// Type and bare id.
type Key = (String, String);

/// What is to be looked at, gathered while changes pass by.
pub struct Watch<'c> {
    conventions: &'c Conventions,
    clients: Vec<Key>,
    moved: Vec<Key>,
    unjudged: u64,
    expanding: u64,
    /// Grants that one sync alone has, or has otherwise: what comes of them is told of them.
    changed: HashSet<u64>,
    hasher: RandomState,
}

/// What changed about who reaches what, beside grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// By what it is told of: an account, something that was moved, a project.
    pub changes: Vec<(Key, Widened)>,
    /// How many accounts reach more.
    pub gained: u64,
    /// Scopes and moves of which it is not known whether anybody reaches more by them.
    pub unjudged: u64,
    /// Grants that pass on to others, new or on other terms, where the newer sync lacks what follows from them.
    pub unfollowed: u64,
}

/// More or less is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widened {
    /// Whether it is more.
    pub gained: bool,
    /// In words.
    pub text: String,
}

impl<'c> Watch<'c> {
    /// Nothing yet.
    pub fn new(conventions: &'c Conventions) -> Watch<'c> {
        Watch {
            conventions,
            clients: Vec::new(),
            moved: Vec::new(),
            unjudged: 0,
            expanding: 0,
            changed: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Takes a changed resource.
    pub fn resource(&mut self, change: &Change<v2::Resource>) {
        let (old, new) = match change {
            Change::Created(new) => (None, new),
            Change::Differs { old, new } => (Some(old), new),
            Change::Deleted(_) => return,
        };
        let (kind, id) = resource::key(new);
        let key = || (kind.to_owned(), id.to_owned());
        if self
            .conventions
            .scopes
            .is_some_and(|scopes| scopes.types.contains(&kind))
        {
            self.clients.push(key());
        }
        let Some(old) = old.filter(|_| self.conventions.is_of_projects(kind) || self.conventions.is_placed(kind))
        else {
            return;
        };
        if old.parent_resource_id == new.parent_resource_id && self.environment(old) == self.environment(new) {
            return;
        }
        match self.moved.len() < MOST {
            true => self.moved.push(key()),
            false => self.unjudged += 1,
        }
    }

    fn environment(&self, resource: &v2::Resource) -> Option<String> {
        let key = self.conventions.environment?;
        let profile = thing::profile(resource)?;
        thing::text(&profile, key).map(str::to_owned)
    }

    /// Takes a changed grant.
    pub fn grant(&mut self, change: &Change<StoredGrant>) {
        let passes_on = |row: &StoredGrant| row.expansion.is_some();
        let is_wider = match change {
            Change::Created(row) => passes_on(row),
            Change::Differs { old, new } => passes_on(new) && old.expansion != new.expansion,
            Change::Deleted(_) => false,
        };
        self.expanding += u64::from(is_wider);
        let rows = match change {
            Change::Created(row) | Change::Deleted(row) => [Some(row), None],
            Change::Differs { old, new } => [Some(old), Some(new)],
        };
        let ids = rows
            .into_iter()
            .flatten()
            .map(|row| self.hasher.hash_one(row.grant.id.as_str()));
        self.changed.extend(ids);
    }

    /// Looks at it.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn judge(self, sides: &Sides) -> Result<Reached> {
        if self.clients.is_empty() && self.moved.is_empty() && self.expanding == 0 {
            return Ok(Reached::default());
        }
        let (before, now) = (Answers::new(&sides.old)?, Answers::new(&sides.new)?);
        let ground = |answers: &Answers<'_>| Ground::read(answers.names(), answers.edges(), self.conventions);
        let (ground_before, ground_now) = (ground(&before)?, ground(&now)?);
        let judge = Judge {
            conventions: self.conventions,
            old: Asker {
                answers: &before,
                ground: &ground_before,
            },
            new: Asker {
                answers: &now,
                ground: &ground_now,
            },
            clients: self.clients.iter().cloned().collect(),
            changed: self.changed,
            hasher: self.hasher,
            gainers: RefCell::default(),
            looked: Cell::new(0),
        };
        let mut reached = Reached {
            unjudged: self.unjudged,
            unfollowed: match ground_now.is_unexpanded() {
                true => self.expanding,
                false => 0,
            },
            ..Reached::default()
        };
        for key in self.clients {
            judge.client(key, &mut reached)?;
        }
        for key in self.moved {
            if judge.looked.get() > MOST_ROWS {
                reached.unjudged += 1;
                continue;
            }
            judge.moved(key, &mut reached)?;
        }
        reached.gained = judge.gainers.borrow().len() as u64;
        Ok(reached)
    }
}

struct Judge<'a, 's> {
    conventions: &'a Conventions,
    old: Asker<'a, 's>,
    new: Asker<'a, 's>,
    /// Accounts whose scope may have changed, which is told of them.
    clients: HashSet<Key>,
    changed: HashSet<u64>,
    hasher: RandomState,
    /// Rows that were looked at.
    looked: Cell<u64>,
    /// Who reaches more, each once.
    gainers: RefCell<HashSet<u64>>,
}

impl<'a, 's> Judge<'a, 's> {
    /// An account with a scope.
    fn client(&self, key: Key, reached: &mut Reached) -> Result<()> {
        let was = self.old.ground.client(&key.0, &key.1);
        let Some(is) = self.new.ground.client(&key.0, &key.1) else {
            return Ok(());
        };
        if is.scope == Scope::Unknown {
            // As unknown as before, nothing changed about it.
            reached.unjudged += u64::from(was.is_none_or(|was| was.scope != Scope::Unknown));
            return Ok(());
        }
        let more = self.grown(was, is, &self.new)?;
        if !more.is_empty() {
            let who = self.hasher.hash_one((key.0.as_str(), key.1.as_str()));
            self.gainers.borrow_mut().insert(who);
            let text = format!("reaches by its scope: {}", more.join(", "));
            reached.changes.push((key.clone(), Widened { gained: true, text }));
        }
        if let Some(was) = was {
            let less = self.grown(Some(is), was, &self.old)?;
            if !less.is_empty() {
                let text = format!("no longer reaches by its scope: {}", less.join(", "));
                reached.changes.push((key, Widened { gained: false, text }));
            }
        }
        Ok(())
    }

    /// What one scope has that the other has not.
    fn grown(&self, from: Option<&Client>, to: &Client, asker: &Asker<'_, '_>) -> Result<Vec<String>> {
        let place = to.placed.environment.as_ref();
        // In another environment everything is another thing.
        let from = from.filter(|from| from.placed.environment.as_ref() == place);
        let from = from.map(|from| &from.scope);
        let ids = match &to.scope {
            _ if from == Some(&Scope::All) => return Ok(Vec::new()),
            Scope::Unknown => return Ok(Vec::new()),
            Scope::All => {
                return Ok(vec![match place {
                    Some(place) => format!("everything in {place}"),
                    None => "everything in its environment, which the file does not name".to_owned(),
                }]);
            }
            Scope::Named(ids) => ids,
        };
        let known: &[String] = match from {
            Some(Scope::Named(known)) => known,
            _ => &[],
        };
        let of = self.conventions.scopes.map_or("", |scopes| scopes.of);
        let names = asker.names();
        let mut grown = Vec::new();
        for id in ids.iter().filter(|id| !known.contains(id)) {
            let above = place::above(names, self.conventions, of, id)?;
            if above.iter().any(|above| above.kind == of && known.contains(&above.id)) {
                continue;
            }
            let named = names.thing(of, id)?;
            grown.push(format!("{} {}", named.type_name, asker.told(&named)?));
        }
        Ok(grown)
    }

    /// Something that lies somewhere else now.
    fn moved(&self, key: Key, reached: &mut Reached) -> Result<()> {
        let named = |asker: &Asker<'_, '_>| asker.names().thing(&key.0, &key.1);
        let (was, is) = (named(&self.old)?, named(&self.new)?);
        let told = ["reaches it", "reach it"];
        self.compare(
            (&was, &is),
            Part::WithoutInside,
            &|reach| reach != Reach::On,
            told,
            reached,
        )?;
        if !self.conventions.inside_projects.contains(&is.kind.as_str()) {
            return Ok(());
        }
        // Who holds something on it gets into the project it lies in.
        let project = |asker: &Asker<'_, '_>| place::project(asker.names(), self.conventions, &key.0, &key.1);
        let (was, is) = (project(&self.old)?, project(&self.new)?);
        let same = |a: &Thing, b: &Thing| (&a.kind, &a.id) == (&b.kind, &b.id);
        if let (Some(was), Some(is)) = (&was, &is)
            && same(was, is)
        {
            return Ok(());
        }
        let told = ["gets into it", "get into it"];
        for project in [was, is].into_iter().flatten() {
            let by = |reach| reach == Reach::Inside;
            self.compare((&project, &project), Part::Whole, &by, told, reached)?;
        }
        Ok(())
    }

    /// Who reaches a thing in one sync and not in the other, as far as it is by `by` and by what both syncs have.
    fn compare(
        &self,
        (was, is): (&Thing, &Thing),
        part: Part,
        by: &dyn Fn(Reach) -> bool,
        [one, many]: [&str; 2],
        reached: &mut Reached,
    ) -> Result<()> {
        let all = |asker: &Asker<'a, 's>, thing: &Thing| {
            let mut all = HashSet::new();
            self.people(asker, thing, part, &mut |who, _| {
                all.insert(who);
                Ok(())
            })?;
            Ok::<_, crate::baton::error::Error>(all)
        };
        let (before, now) = (all(&self.old, was)?, all(&self.new, is)?);
        for (asker, thing, known, gained) in [(&self.new, is, &before, true), (&self.old, was, &now, false)] {
            let mut met = HashSet::new();
            let mut named: Vec<String> = Vec::new();
            self.people(asker, thing, part, &mut |who, lead| {
                let is_of_it = by(lead.reach()) && !known.contains(&who) && !self.is_told(lead);
                if is_of_it && met.insert(who) && named.len() < NAMED {
                    let (kind, id) = lead.principal();
                    named.push(asker.names().thing(kind, id)?.account_name());
                }
                Ok(())
            })?;
            if met.is_empty() {
                continue;
            }
            if gained {
                self.gainers.borrow_mut().extend(&met);
            }
            let more = if gained { "more" } else { "fewer" };
            let number = count(met.len(), &format!("{more} {one}"), &format!("{more} {many}"));
            let rest = match met.len() - named.len() {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            let text = format!("{number} because of where things lie now: {}{rest}", named.join(", "));
            let key = (thing.kind.clone(), thing.id.clone());
            reached.changes.push((key, Widened { gained, text }));
        }
        Ok(())
    }

    /// Whether a change of its own is told of what lets somebody in.
    fn is_told(&self, lead: &Lead<'_>) -> bool {
        match lead {
            Lead::Grant(_, grant) => self.changed.contains(&self.hasher.hash_one(grant.id.as_str())),
            Lead::Scope(who, _) => self.clients.contains(&(who.kind.clone(), who.id.clone())),
        }
    }

    /// Calls `each` with everybody who gets to a thing: a number of them, and by what. There may be a million.
    fn people(
        &self,
        asker: &Asker<'a, 's>,
        thing: &Thing,
        part: Part,
        each: &mut dyn FnMut(u64, &Lead<'_>) -> Result<()>,
    ) -> Result<()> {
        // Without what follows from grants to groups, it is the groups that get there.
        let counts = |kind: &str| asker.ground.is_user(kind) || asker.ground.is_unexpanded();
        asker.leads_on(thing, part, None, &mut |_, _, _| Ok(true), &mut |lead| {
            self.looked.set(self.looked.get() + 1);
            let (kind, id) = lead.principal();
            match lead.reach().opens() && counts(kind) {
                true => each(self.hasher.hash_one((kind, id)), &lead),
                false => Ok(()),
            }
        })?;
        Ok(())
    }
}
