//! One row that a condition is asked about.

use std::rc::Rc;

use jiff::Timestamp;

use super::field::Field;
use crate::baton::annotation;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::environment;
use crate::report::names::Names;
use crate::report::reach::Reach;
use crate::report::thing::{Account, Right, RightKey, Thing};
use crate::report::wording;

/// See [`Facts::through`].
pub type Through<'t> = dyn Fn() -> Result<Vec<Rc<str>>> + 't;

/// A grant, with where to look up the names in it.
pub struct Facts<'f, 's> {
    /// Names of the sync.
    pub names: &'f Names<'s>,
    /// Against what spans of time are measured.
    pub now: Timestamp,
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
            Field::Email => self.mail()?,
            Field::Domain => self
                .mail()?
                .iter()
                .filter_map(|mail| mail.rsplit_once('@'))
                .map(|(_, domain)| domain.to_owned())
                .collect(),
            Field::Id => vec![id.to_owned(), format!("{kind}:{id}")],
            Field::Type => self.kind_texts(kind)?,
            Field::Account => vec![known(self.account()?.map(|a| a.account_type))],
            Field::Status => vec![known(self.account()?.map(|a| a.status))],
            Field::Entitlement => {
                let right = self.right()?;
                let label = wording::label(self.names, &right)?;
                vec![right.id, right.slug, right.name, label]
            }
            Field::Resource => {
                let named = |on: Thing| [format!("{}:{}", on.kind, on.id), on.name, on.id];
                self.things()?.into_iter().flat_map(named).collect()
            }
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
                let mut texts = Vec::new();
                for id in (self.through)()? {
                    let right = self.names.right(&id)?;
                    texts.push(wording::label(self.names, &right)?);
                    texts.extend([right.id, right.resource.name, right.name]);
                }
                texts
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
        Ok(at.map(|at| self.now.as_second() - at.as_second()))
    }

    fn account(&self) -> Result<Option<Account>> {
        let (kind, id) = self.principal;
        let Some(resource) = self.names.resource(kind, id)? else {
            return Ok(None);
        };
        Ok(Account::of(&resource, self.names.thing_of(&resource)?))
    }

    fn mail(&self) -> Result<Vec<String>> {
        let (kind, id) = self.principal;
        let resource = self.names.resource(kind, id)?;
        let user: Option<v2::UserTrait> = resource.and_then(|r| annotation::find(&r.annotations));
        Ok(user.map_or_else(Vec::new, |user| {
            let addresses = user.emails.into_iter().map(|email| email.address);
            addresses
                .chain([user.login])
                .chain(user.login_aliases)
                .filter(|text| !text.is_empty())
                .collect()
        }))
    }

    fn kind_texts(&self, kind: &str) -> Result<Vec<String>> {
        let named = self.names.resource_type(kind)?;
        Ok(vec![
            kind.to_owned(),
            named.map(|t| t.display_name.clone()).unwrap_or_default(),
        ])
    }
}

fn known(word: Option<&'static str>) -> String {
    word.filter(|word| !word.is_empty()).unwrap_or("unknown").to_owned()
}
