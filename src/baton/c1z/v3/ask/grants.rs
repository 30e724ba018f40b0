//! Grants of a filter, with everything, or only with what is asked for.

use std::collections::HashSet;

use prost::Message;

use super::super::file::Ids;
use super::super::key::{self, Range, index, kind};
use super::super::record::{self, GrantOrigin};
use super::super::{fault, moment, read};
use super::Rows;
use super::sieve::{Sieve, Way};
use crate::baton::c1z::{Expandable, Given, GrantFilter, GrantRow, Holding, ListedGrant};
use crate::baton::error::{Error, Result};
use crate::baton::proto::c1::storage::v3::{EntitlementRef, GrantRecord, PrincipalRef};
use crate::baton::proto::v2;

/// Rows have no numbers here; see [`Reader::number_rows`](crate::baton::c1z::Reader::number_rows).
const NO_NUMBER: i64 = 0;

/// A record that says what it is a grant of, and to whom.
trait Ends: Message + Default {
    fn entitlement(&self) -> Option<&EntitlementRef>;
    fn principal(&self) -> Option<&PrincipalRef>;
}

impl Ends for GrantRecord {
    fn entitlement(&self) -> Option<&EntitlementRef> {
        self.entitlement.as_ref()
    }
    fn principal(&self) -> Option<&PrincipalRef> {
        self.principal.as_ref()
    }
}

impl Ends for GrantOrigin {
    fn entitlement(&self) -> Option<&EntitlementRef> {
        self.entitlement.as_ref()
    }
    fn principal(&self) -> Option<&PrincipalRef> {
        self.principal.as_ref()
    }
}

/// Takes the key of a grant and its value. `false` ends the walk.
type EachRow<'e> = &'e mut dyn FnMut(&[u8], &[u8]) -> Result<bool>;

impl Rows {
    /// Calls `each` with every row that may pass a filter, in the order of keys. What keys tell is looked at here.
    fn walk_grants(&self, filter: &GrantFilter<'_>, sieve: &Sieve<'_>, each: EachRow<'_>) -> Result<()> {
        let is_structured = self.is_structured();
        match self.way(filter)? {
            Way::Ranges(ranges) => {
                for Range(start, end) in &ranges {
                    let mut cursor = self.file.store().scan(start, Some(end))?;
                    while cursor.advance()? {
                        self.until.go_on()?;
                        let key = cursor.key();
                        if is_structured
                            && let Some((entitlement, principal)) = key::split(key::tuple_of(key), 4)
                            && !sieve.passes(entitlement, principal)?
                        {
                            continue;
                        }
                        self.file.note(key);
                        if !each(key, cursor.value()?)? {
                            return Ok(());
                        }
                    }
                }
            }
            Way::Keys(keys) => {
                for key in keys {
                    self.until.go_on()?;
                    if let Some((entitlement, principal)) = key::split(key::tuple_of(&key), 4)
                        && !sieve.passes(entitlement, principal)?
                    {
                        continue;
                    }
                    if let Some(value) = self.value(&key)?
                        && !each(&key, &value)?
                    {
                        return Ok(());
                    }
                }
            }
            Way::Index(range) => {
                let mut rows = self.file.store().scan(&range.0, Some(&range.1))?;
                while rows.advance()? {
                    self.until.go_on()?;
                    let led_nowhere = || read::broken_index(rows.key());
                    if is_structured {
                        let split = key::split(key::tuple_of(rows.key()), 2);
                        let (principal, entitlement) = split.ok_or_else(led_nowhere)?;
                        if !sieve.passes(entitlement, principal)? {
                            continue;
                        }
                    }
                    let key = self.file.grant_of(index::PRINCIPAL, rows.key());
                    let key = key.ok_or_else(led_nowhere)?;
                    let value = self.value(&key)?.ok_or_else(led_nowhere)?;
                    if !each(&key, &value)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// As [`Rows::walk_grants`], with records that pass. `false` ends the walk.
    fn walk_records<M: Ends>(&self, filter: &GrantFilter<'_>, each: &mut dyn FnMut(M) -> Result<bool>) -> Result<()> {
        let sieve = Sieve::of(filter);
        let is_structured = self.is_structured();
        self.walk_grants(filter, &sieve, &mut |key, value| {
            let row: M = record::decode(value, key)?;
            if sieve.holds(row.entitlement(), row.principal()) {
                return each(row);
            }
            // The key says that it passes.
            if is_structured {
                Err(other_than_its_key(key))
            } else {
                Ok(true)
            }
        })
    }

    pub(in crate::baton::c1z) fn for_each_grant_where(
        &self,
        sync_id: &str,
        filter: &GrantFilter<'_>,
        each: &mut dyn FnMut(GrantRow) -> Result<()>,
    ) -> Result<()> {
        let mut left = filter.limit.unwrap_or(usize::MAX);
        if !self.are_of(sync_id) || left == 0 {
            return Ok(());
        }
        self.walk_records(filter, &mut |row: GrantRecord| {
            let row = self.joins.borrow_mut().grant(record::grant(row).settled())?;
            left -= 1;
            each(GrantRow {
                row: NO_NUMBER,
                expansion: row.expansion,
                needs_expansion: row.needs_expansion,
                discovered_at: self.time(row.discovered_at.as_ref())?,
                grant: row.grant,
            })?;
            Ok(left > 0)
        })
    }

    pub(in crate::baton::c1z) fn for_each_listed_grant(
        &self,
        sync_id: &str,
        filter: &GrantFilter<'_>,
        each: &mut dyn FnMut(ListedGrant) -> Result<()>,
    ) -> Result<()> {
        let mut left = filter.limit.unwrap_or(usize::MAX);
        if !self.are_of(sync_id) || left == 0 {
            return Ok(());
        }
        self.walk_records(filter, &mut |row: GrantRecord| {
            // A time that is none is damage here, too.
            moment::check(row.discovered_at.as_ref())?;
            left -= 1;
            each(ListedGrant {
                grant: record::grant(row).settled().grant,
                is_whole: false,
            })?;
            Ok(left > 0)
        })
    }

    /// A grant with its entitlement and principal.
    pub(in crate::baton::c1z) fn complete(&self, grant: v2::Grant) -> Result<v2::Grant> {
        self.joins.borrow_mut().message(grant)
    }

    pub(in crate::baton::c1z) fn count_grants(&self, sync_id: &str, filter: &GrantFilter<'_>) -> Result<u64> {
        let mut count = 0;
        if !self.are_of(sync_id) {
            return Ok(count);
        }
        if self.is_structured() {
            self.walk_grants(filter, &Sieve::of(filter), &mut |_, _| {
                count += 1;
                Ok(true)
            })?;
        } else {
            self.walk_records(filter, &mut |_: GrantOrigin| {
                count += 1;
                Ok(true)
            })?;
        }
        Ok(count)
    }

    pub(in crate::baton::c1z) fn principals(
        &self,
        sync_id: &str,
        filter: &GrantFilter<'_>,
    ) -> Result<Vec<(String, String)>> {
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        if !self.are_of(sync_id) {
            return Ok(found);
        }
        if self.is_structured() {
            let mut encoded: HashSet<Box<[u8]>> = HashSet::new();
            self.walk_grants(filter, &Sieve::of(filter), &mut |key, _| {
                let principal = key::split(key::tuple_of(key), 4).map(|(_, principal)| principal);
                let principal = principal.ok_or_else(|| other_than_its_key(key))?;
                if !encoded.contains(principal) {
                    let (kind, id) = key::split(principal, 1).ok_or_else(|| other_than_its_key(key))?;
                    found.push((key::text(kind)?.into_owned(), key::text(id)?.into_owned()));
                    encoded.insert(principal.into());
                }
                Ok(true)
            })?;
            return Ok(found);
        }
        self.walk_records(filter, &mut |row: GrantOrigin| {
            let principal = row.principal.unwrap_or_default();
            let principal = (principal.resource_type_id, principal.resource_id);
            if seen.insert(principal.clone()) {
                found.push(principal);
            }
            Ok(true)
        })?;
        Ok(found)
    }

    /// All grants by their ids, in the order of keys.
    pub(in crate::baton::c1z) fn for_each_holding(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        self.for_each_holding_where(sync_id, &GrantFilter::default(), each)
    }

    pub(in crate::baton::c1z) fn for_each_holding_on(
        &self,
        sync_id: &str,
        resource_type: &str,
        resource: &str,
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        let filter = GrantFilter {
            resource_type: Some(resource_type),
            resource: Some(resource),
            ..GrantFilter::default()
        };
        self.for_each_holding_where(sync_id, &filter, each)
    }

    pub(in crate::baton::c1z) fn for_each_holding_of(
        &self,
        sync_id: &str,
        principal_type: &str,
        principal: &str,
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        let filter = GrantFilter {
            principal_type: Some(principal_type),
            principal: Some(principal),
            ..GrantFilter::default()
        };
        if self.are_of(sync_id)
            && self.is_structured()
            && let Way::Index(range) = self.way(&filter)?
        {
            // The index has all that is asked for.
            return self.file.walk(&range, &mut |row| {
                self.until.go_on()?;
                let split = key::split(key::tuple_of(row.key()), 2);
                let (_, entitlement) = split.ok_or_else(|| read::broken_index(row.key()))?;
                let on = on_of(row.key(), entitlement)?;
                each(Holding {
                    row: NO_NUMBER,
                    entitlement: &entitlement_id(row.key(), entitlement)?,
                    on: (&on.0, &on.1),
                    principal_type,
                    principal,
                })
            });
        }
        self.for_each_holding_where(sync_id, &filter, each)
    }

    fn for_each_holding_where(
        &self,
        sync_id: &str,
        filter: &GrantFilter<'_>,
        each: &mut dyn FnMut(Holding<'_>) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        if !self.is_structured() {
            return self.walk_records(filter, &mut |row: GrantOrigin| {
                let (entitlement, principal) = (row.entitlement.unwrap_or_default(), row.principal.unwrap_or_default());
                each(Holding {
                    row: NO_NUMBER,
                    entitlement: &entitlement.entitlement_id,
                    on: (&entitlement.resource_type_id, &entitlement.resource_id),
                    principal_type: &principal.resource_type_id,
                    principal: &principal.resource_id,
                })?;
                Ok(true)
            });
        }
        // Those of one entitlement come together: its id is put together once.
        let mut of: (Vec<u8>, String, (String, String)) = Default::default();
        self.walk_grants(filter, &Sieve::of(filter), &mut |key, _| {
            let broken = || other_than_its_key(key);
            let (entitlement, principal) = key::split(key::tuple_of(key), 4).ok_or_else(broken)?;
            let (kind, id) = key::split(principal, 1).ok_or_else(broken)?;
            if of.0 != entitlement {
                of = (
                    entitlement.to_vec(),
                    entitlement_id(key, entitlement)?,
                    on_of(key, entitlement)?,
                );
            }
            each(Holding {
                row: NO_NUMBER,
                entitlement: &of.1,
                on: (&of.2.0, &of.2.1),
                principal_type: &key::text(kind)?,
                principal: &key::text(id)?,
            })?;
            Ok(true)
        })
    }

    pub(in crate::baton::c1z) fn for_each_given(
        &self,
        sync_id: &str,
        entitlement_id: &str,
        each: &mut dyn FnMut(Given<'_>) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        let filter = GrantFilter {
            entitlement: Some(entitlement_id),
            ..GrantFilter::default()
        };
        self.walk_records(&filter, &mut |row: GrantOrigin| {
            let principal = row.principal.unwrap_or_default();
            each(Given {
                principal_type: &principal.resource_type_id,
                principal: &principal.resource_id,
                direct: row.sources.is_empty() || row.sources.contains_key(entitlement_id),
            })?;
            Ok(true)
        })
    }

    pub(in crate::baton::c1z) fn for_each_expandable(
        &self,
        sync_id: &str,
        each: &mut dyn FnMut(Expandable) -> Result<()>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        let mut found: Vec<(String, Expandable)> = Vec::new();
        let mut take = |row: GrantRecord| {
            let row = record::grant(row).settled();
            let Some(expansion) = row.expansion else {
                return Ok(());
            };
            let principal = row.grant.principal.and_then(|p| p.id).unwrap_or_default();
            found.push((
                row.grant.id,
                Expandable {
                    entitlement_id: row.grant.entitlement.unwrap_or_default().id,
                    principal: v2::ResourceId {
                        resource_type: principal.resource_type,
                        resource: principal.resource,
                        ..v2::ResourceId::default()
                    },
                    expansion,
                },
            ));
            Ok(())
        };
        if self.file.ids() == Ids::External {
            // Their index knows only of what waits.
            self.file.records(&Range::of_kind(kind::GRANT), &mut take)?;
        } else {
            self.file.walk(&Range::of_index(index::NEEDS_EXPANSION), &mut |row| {
                self.until.go_on()?;
                let led_nowhere = || read::broken_index(row.key());
                let key = self
                    .file
                    .grant_of(index::NEEDS_EXPANSION, row.key())
                    .ok_or_else(led_nowhere)?;
                let value = self.value(&key)?.ok_or_else(led_nowhere)?;
                take(record::decode(&value, &key)?)
            })?;
        }
        found.sort_by(|(a, x), (b, y)| (&x.entitlement_id, a).cmp(&(&y.entitlement_id, b)));
        found.into_iter().try_for_each(|(_, expandable)| each(expandable))
    }
}

/// Type and bare id of what an entitlement is on that stands encoded in a key.
fn on_of(key: &[u8], entitlement: &[u8]) -> Result<(String, String)> {
    let mut parts = key::parts(entitlement);
    let mut next = || parts.next().ok_or_else(|| other_than_its_key(key));
    Ok((key::text(next()?)?.into_owned(), key::text(next()?)?.into_owned()))
}

/// The id of an entitlement that stands encoded in a key.
fn entitlement_id(key: &[u8], entitlement: &[u8]) -> Result<String> {
    let mut parts = key::parts(entitlement);
    let mut next = || parts.next().ok_or_else(|| other_than_its_key(key));
    key::entitlement_id(&[next()?, next()?, next()?, next()?])
}

fn other_than_its_key(key: &[u8]) -> Error {
    fault::damaged(format!(
        "a grant is another one than its key says: {:?}",
        String::from_utf8_lossy(key)
    ))
}
