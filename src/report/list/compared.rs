//! Who holds one of two entitlements and not the other, as the public command line compares principals
//! (`baton.v1.PrincipalsCompareOutput`): the two may be of one file or of two.

use std::collections::BTreeSet;

use super::filter::{Filter, Typed};
use super::resources::{One, Principals};
use super::{Heading, Line, List, Rows};
use crate::baton::annotation;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource::key;

const HEADINGS: &[Heading] = &[
    Heading::text("ONLY IN"),
    Heading::text("TYPE"),
    Heading::text("ID"),
    Heading::text("NAME"),
    Heading::text("ENV"),
    Heading::text("PARENT"),
    Heading::spare("EMAIL"),
    Heading::spare("LAST LOGIN"),
];

const FIELDS: &[&str] = &[
    "only_in",
    "resource_type_id",
    "resource_type",
    "id",
    "display_name",
    "parent_type_id",
    "parent_id",
    "parent",
    "description",
    "email",
    "account_type",
    "status",
    "last_login",
    "created_at",
    "environment",
];

/// Who holds each of two entitlements. The list is of those who hold one of them only.
pub struct Compared<'s> {
    base: Vec<One<'s>>,
    compared: Vec<One<'s>>,
    missing: Vec<usize>,
    extra: Vec<usize>,
}

impl<'s> Compared<'s> {
    /// Looks who holds the entitlement `base`, and who `compared`, each by its id in rows of its own.
    ///
    /// # Errors
    /// `NotFound` for an entitlement that is not there; `DataLoss` for a damaged file.
    pub fn of(base: (&'s Rows<'s>, &str), compared: (&'s Rows<'s>, &str)) -> Result<Compared<'s>> {
        // In one sync an id says who somebody is: there, people of one name are different people.
        let is_one_sync = base.0.snapshot().sync_id() == compared.0.snapshot().sync_id();
        let (base, compared) = (holders(base)?, holders(compared)?);
        let known = |holders: &[One<'_>]| match is_one_sync {
            true => Known::by_ids(holders),
            false => Known::of(holders),
        };
        let (one, other) = (known(&base), known(&compared));
        let only = |these: &[One<'_>], others: &Known| {
            let rows = these.iter().enumerate();
            let only = rows.filter(|(_, one)| !others.has(&one.resource));
            only.map(|(at, _)| at).collect()
        };
        Ok(Compared {
            missing: only(&base, &other),
            extra: only(&compared, &one),
            base,
            compared,
        })
    }

    /// How many hold the first, how many the second, how many only the first, how many only the second.
    pub fn counts(&self) -> [usize; 4] {
        [
            self.base.len(),
            self.compared.len(),
            self.missing.len(),
            self.extra.len(),
        ]
    }

    /// The published document: its keys in order, with the rows of each as JSON.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn document(&self) -> Result<Vec<(&'static str, Vec<String>)>> {
        let all = |these: &[One<'_>]| these.iter().map(Line::json).collect::<Result<Vec<_>>>();
        let some = |these: &[One<'_>], places: &[usize]| {
            let rows = places.iter().filter_map(|at| these.get(*at));
            rows.map(Line::json).collect::<Result<Vec<_>>>()
        };
        Ok(vec![
            ("missing", some(&self.base, &self.missing)?),
            ("extra", some(&self.compared, &self.extra)?),
            ("base", all(&self.base)?),
            ("compared", all(&self.compared)?),
        ])
    }
}

fn holders<'s>((rows, entitlement): (&'s Rows<'s>, &str)) -> Result<Vec<One<'s>>> {
    let typed = Typed {
        entitlement: Some(entitlement),
        ..Typed::default()
    };
    let filter = Filter::find(rows, typed)?;
    Principals { rows, filter }.all()
}

/// By what principals are the same: type and id; in two syncs else an e-mail address, of accounts; else the name, of two
/// accounts of which neither has an address, or of two that are no accounts. Two without a name are not the same by that.
#[derive(Default)]
struct Known {
    keys: BTreeSet<(String, String)>,
    addresses: BTreeSet<String>,
    names: BTreeSet<(bool, String)>,
}

impl Known {
    fn by_ids(holders: &[One<'_>]) -> Known {
        let owned = |(kind, id): (&str, &str)| (kind.to_owned(), id.to_owned());
        Known {
            keys: holders.iter().map(|one| owned(key(&one.resource))).collect(),
            ..Known::default()
        }
    }

    fn of(holders: &[One<'_>]) -> Known {
        let resources = || holders.iter().map(|one| &one.resource);
        Known {
            addresses: resources().filter_map(user).flat_map(addresses).collect(),
            names: resources().filter_map(name).collect(),
            ..Known::by_ids(holders)
        }
    }

    fn has(&self, resource: &v2::Resource) -> bool {
        let (kind, id) = key(resource);
        self.keys.contains(&(kind.to_owned(), id.to_owned()))
            || user(resource).is_some_and(|user| addresses(user).any(|address| self.addresses.contains(&address)))
            || name(resource).is_some_and(|name| self.names.contains(&name))
    }
}

fn user(resource: &v2::Resource) -> Option<v2::UserTrait> {
    annotation::find::<v2::UserTrait>(&resource.annotations)
}

fn addresses(user: v2::UserTrait) -> impl Iterator<Item = String> {
    let addresses = user.emails.into_iter().map(|email| email.address);
    addresses.filter(|address| !address.is_empty())
}

/// By which name it may be known: an account with an address is known by that.
fn name(resource: &v2::Resource) -> Option<(bool, String)> {
    let user = user(resource);
    let is_account = user.is_some();
    if resource.display_name.is_empty() || user.is_some_and(|user| addresses(user).next().is_some()) {
        return None;
    }
    Some((is_account, resource.display_name.clone()))
}

impl List for Compared<'_> {
    fn key(&self) -> &'static str {
        "onlyIn"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let sides = [
            ("base", &self.base, &self.missing),
            ("compared", &self.compared, &self.extra),
        ];
        for (side, holders, places) in sides {
            for one in places.iter().filter_map(|at| holders.get(*at)) {
                each(&Sided { side, one })?;
            }
        }
        Ok(())
    }
}

/// A row with the side that has it.
struct Sided<'o, 's> {
    side: &'static str,
    one: &'o One<'s>,
}

impl Line for Sided<'_, '_> {
    fn json(&self) -> Result<String> {
        let own = self.one.json()?;
        let own = own.strip_prefix('{').unwrap_or(&own);
        Ok(format!("{{\"onlyIn\":\"{}\",{own}", self.side))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let mut cells = vec![self.side.to_owned()];
        cells.extend(self.one.cells()?);
        Ok(cells)
    }

    fn record(&self) -> Result<Vec<String>> {
        let mut record = vec![self.side.to_owned()];
        record.extend(self.one.record()?);
        Ok(record)
    }
}
