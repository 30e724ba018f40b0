//! One row that a condition is asked about.

use std::rc::Rc;

use jiff::Timestamp;

use super::field::Field;
use super::texts;
use crate::baton::annotation;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::environment;
use crate::report::names::Names;
use crate::report::reach::Reach;
use crate::report::thing::{Account, Right, RightKey, Thing};

/// See [`Facts::through`].
pub type Through<'t> = dyn Fn() -> Result<Vec<Rc<str>>> + 't;

/// A grant, with where to look up the names in it.
pub struct Facts<'f, 's> {
    /// Names of the sync.
    pub names: &'f Names<'s>,
    /// Against what spans of time are measured; nothing where the file does not say when the sync ended.
    pub now: Option<Timestamp>,
    /// Who holds it: type and bare id.
    pub principal: (&'f str, &'f str),
    /// What is held, where it is at hand: the scope of an account has no id.
    pub right: Option<&'f Right>,
    /// What is held, as the grant names it.
    pub key: RightKey<'f>,
    /// Given by somebody, not following from something else.
    pub direct: bool,
    /// Can only be taken away where it comes from.
    pub immutable: bool,
    /// How it leads to what is reached.
    pub reach: Reach,
    /// What is reached, where that is not what is held.
    pub reached: Option<&'f Thing>,
    /// Looks up the ids of the entitlements by which it comes about, itself aside: all of them, however many ways there are.
    pub through: &'f Through<'f>,
}

impl Facts<'_, '_> {
    pub(super) fn flag(&self, field: Field) -> bool {
        match field {
            Field::Direct => self.direct,
            Field::Derived => !self.direct,
            Field::Immutable => self.immutable,
            _ => false,
        }
    }

    pub(super) fn texts(&self, field: Field) -> Result<Vec<String>> {
        let (kind, id) = self.principal;
        Ok(match field {
            Field::Name => vec![self.names.thing(kind, id)?.name],
            Field::Email => self.user()?.map_or_else(Vec::new, texts::mail),
            Field::Domain => self.user()?.map_or_else(Vec::new, |user| texts::domains(&user)),
            Field::Id => texts::ids(kind, id).to_vec(),
            Field::Type => texts::kind(self.names, kind)?.to_vec(),
            Field::Account => vec![known(self.account()?.map(|a| a.account_type))],
            Field::Status => vec![known(self.account()?.map(|a| a.status))],
            Field::Entitlement => texts::right(self.names, &self.right()?)?,
            Field::Resource => self.things()?.into_iter().flat_map(texts::thing).collect(),
            Field::ResourceType => {
                let named = |on: Thing| [on.kind, on.type_name];
                self.things()?.into_iter().flat_map(named).collect()
            }
            Field::Environment => {
                let who = self.names.thing(kind, id)?;
                let found = environment::of(&who, &self.right()?, self.reached).map(str::to_owned);
                found.into_iter().collect()
            }
            Field::Reach => vec![self.reach.word().to_owned()],
            Field::Through => {
                let mut found = Vec::new();
                for id in (self.through)()? {
                    found.extend(texts::step(self.names, self.names.right(&id)?)?);
                }
                found
            }
            Field::Idle | Field::Age | Field::Direct | Field::Derived | Field::Immutable => Vec::new(),
        })
    }

    fn right(&self) -> Result<Right> {
        match self.right {
            Some(right) => Ok(right.clone()),
            None => Ok(Rc::unwrap_or_clone(self.names.right_of_grant(self.key)?)),
        }
    }

    /// What is held, and what is reached by it.
    fn things(&self) -> Result<Vec<Thing>> {
        let mut things = vec![self.right()?.resource];
        things.extend(self.reached.filter(|reached| !things.contains(reached)).cloned());
        Ok(things)
    }

    /// Seconds since something; `None` where it is not known.
    pub(super) fn seconds(&self, field: Field) -> Result<Option<i64>> {
        let account = self.account()?;
        let at = match field {
            Field::Idle => account.and_then(|a| a.last_login),
            Field::Age => account.and_then(|a| a.created_at),
            _ => None,
        };
        let at: Option<Timestamp> = at.and_then(|text| text.parse().ok());
        let known = at.zip(self.now);
        Ok(known.map(|(at, now)| now.as_second() - at.as_second()))
    }

    fn account(&self) -> Result<Option<Account>> {
        let (kind, id) = self.principal;
        let Some(resource) = self.names.resource(kind, id)? else {
            return Ok(None);
        };
        Ok(Account::of(&resource, self.names.thing_of(&resource)?))
    }

    fn user(&self) -> Result<Option<v2::UserTrait>> {
        let (kind, id) = self.principal;
        let resource = self.names.resource(kind, id)?;
        Ok(resource.and_then(|r| annotation::find(&r.annotations)))
    }
}

fn known(word: Option<&'static str>) -> String {
    word.filter(|word| !word.is_empty()).unwrap_or("unknown").to_owned()
}
