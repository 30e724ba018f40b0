//! Asking a file: lists, and single rows, as messages of the connector protocol, with what they refer to put in.
//!
//! Rows come in the order of their keys: by the resource they are on, then by the entitlement, then by the principal.

use super::file::{File, Ids};
use super::join::Joins;
use super::key::{self, Range, index, kind};
use super::{fault, record};
use crate::baton::c1z::Expandable;
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{
    AssetRecord, EntitlementRecord, GrantRecord, ResourceRecord, ResourceTypeRecord, SessionRecord,
};
use crate::baton::proto::v2;

/// Ways to cut an id that are tried before every row is looked at.
const MAX_CUTS: usize = 24;

/// Which resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resources<'a> {
    /// All of them.
    All,
    /// Those of a type.
    OfType(&'a str),
    /// Those whose parent is this: type and bare id.
    ChildrenOf(&'a str, &'a str),
}

/// Which entitlements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entitlements<'a> {
    /// All of them.
    All,
    /// Those on resources of a type.
    OnType(&'a str),
    /// Those on a resource: type and bare id.
    On(&'a str, &'a str),
}

/// Which grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grants<'a> {
    /// All of them.
    All,
    /// Those on resources of a type.
    OnType(&'a str),
    /// Those on a resource: type and bare id.
    On(&'a str, &'a str),
    /// Those of an entitlement: type and bare id of its resource, and its id.
    Of(&'a str, &'a str, &'a str),
    /// Those to a principal: type and bare id.
    To(&'a str, &'a str),
}

impl File {
    /// Calls `each` with every resource type. Stops at the first error of `each`.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, `Unimplemented` for a form that is not read, and those of `each`; here and
    /// below.
    pub fn for_each_resource_type(&self, each: &mut dyn FnMut(v2::ResourceType) -> Result<()>) -> Result<()> {
        let range = Range::of_kind(kind::RESOURCE_TYPE);
        self.records(&range, &mut |row: ResourceTypeRecord| each(record::resource_type(row)))
    }

    /// Calls `each` with resources.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_resource(
        &self,
        which: Resources<'_>,
        each: &mut dyn FnMut(v2::Resource) -> Result<()>,
    ) -> Result<()> {
        let range = match which {
            Resources::All => Range::of_kind(kind::RESOURCE),
            Resources::OfType(id) => Range::behind(key::record(kind::RESOURCE, &[id])),
            Resources::ChildrenOf(parent_type, parent) => {
                return self.for_each_child(parent_type, parent, each);
            }
        };
        self.records(&range, &mut |row: ResourceRecord| each(record::resource(row)))
    }

    fn for_each_child(
        &self,
        parent_type: &str,
        parent: &str,
        each: &mut dyn FnMut(v2::Resource) -> Result<()>,
    ) -> Result<()> {
        let mut resources = self.store().cursor();
        let range = Range::behind(key::indexed(index::PARENT, &[parent_type, parent]));
        self.walk(&range, &mut |row| {
            let (_, child) = key::split(key::tuple_of(row.key()), 2).ok_or_else(|| broken_index(row.key()))?;
            let key = [&key::record(kind::RESOURCE, &[]), child].concat();
            let value = resources.get(&key)?.ok_or_else(|| broken_index(row.key()))?;
            self.note(&key);
            each(record::resource(record::decode(&value, &key)?))
        })
    }

    /// Calls `each` with entitlements.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_entitlement(
        &self,
        which: Entitlements<'_>,
        each: &mut dyn FnMut(v2::Entitlement) -> Result<()>,
    ) -> Result<()> {
        let mut joins = Joins::new(self);
        let mut row = |row: EntitlementRecord| each(joins.entitlement(record::entitlement(row))?);
        let range = match (which, self.ids()) {
            (Entitlements::All, _) => Range::of_kind(kind::ENTITLEMENT),
            (Entitlements::OnType(on), Ids::Structured) => Range::behind(key::record(kind::ENTITLEMENT, &[on])),
            (Entitlements::On(on, id), Ids::Structured) => Range::behind(key::record(kind::ENTITLEMENT, &[on, id])),
            // There are few entitlements: looking at all of them is simpler than an index.
            (_, Ids::External) => {
                return self.records(&Range::of_kind(kind::ENTITLEMENT), &mut |record: EntitlementRecord| {
                    let on = record.resource.clone().unwrap_or_default();
                    let is_wanted = match which {
                        Entitlements::All => true,
                        Entitlements::OnType(wanted) => on.resource_type_id == wanted,
                        Entitlements::On(wanted, id) => on.resource_type_id == wanted && on.resource_id == id,
                    };
                    if is_wanted { row(record) } else { Ok(()) }
                });
            }
        };
        self.records(&range, &mut row)
    }

    /// Calls `each` with grants.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_grant(&self, which: Grants<'_>, each: &mut dyn FnMut(record::Grant) -> Result<()>) -> Result<()> {
        let mut joins = Joins::new(self);
        self.for_each_bare_grant(which, &mut |grant| each(joins.grant(grant)?))
    }

    /// As [`File::for_each_grant`]; entitlements and principals are only ids.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_bare_grant(
        &self,
        which: Grants<'_>,
        each: &mut dyn FnMut(record::Grant) -> Result<()>,
    ) -> Result<()> {
        self.for_each_grant_record(which, &mut |row| each(record::grant(row)))
    }

    /// As [`File::for_each_grant`], as they are stored.
    pub(super) fn for_each_grant_record(
        &self,
        which: Grants<'_>,
        each: &mut dyn FnMut(GrantRecord) -> Result<()>,
    ) -> Result<()> {
        let structured = self.ids() == Ids::Structured;
        let range = match which {
            Grants::All => Range::of_kind(kind::GRANT),
            Grants::OnType(on) if structured => Range::behind(key::record(kind::GRANT, &[on])),
            Grants::On(on, id) if structured => Range::behind(key::record(kind::GRANT, &[on, id])),
            Grants::Of(on, id, entitlement) if structured => {
                Range::behind(key::record(kind::GRANT, &key::entitlement(on, id, entitlement)))
            }
            Grants::To(principal_type, principal) if self.has_principal_index()? => {
                return self.by_index(&[index::PRINCIPAL], &[principal_type, principal], each);
            }
            Grants::Of(_, _, entitlement) => {
                return self.by_index(&[index::ENTITLEMENT], &[entitlement], &mut |row| {
                    if matches(which, &row) { each(row) } else { Ok(()) }
                });
            }
            // No index that could be trusted: every grant is looked at.
            _ => {
                let range = Range::of_kind(kind::GRANT);
                return self.records(&range, &mut |row| if matches(which, &row) { each(row) } else { Ok(()) });
            }
        };
        self.records(&range, each)
    }

    /// Grants that rows of an index lead to.
    fn by_index(&self, index: &[u8; 1], parts: &[&str], each: &mut dyn FnMut(GrantRecord) -> Result<()>) -> Result<()> {
        let [index] = *index;
        let mut grants = self.store().cursor();
        let range = Range::behind(key::indexed(index, parts));
        self.walk(&range, &mut |row| {
            let key = self.grant_of(index, row.key()).ok_or_else(|| broken_index(row.key()))?;
            let value = grants.get(&key)?.ok_or_else(|| broken_index(row.key()))?;
            self.note(&key);
            each(record::decode(&value, &key)?)
        })
    }

    /// The key of the grant that a row of an index leads to.
    pub(super) fn grant_of(&self, index: u8, row: &[u8]) -> Option<Vec<u8>> {
        let tuple = key::tuple_of(row);
        match (self.ids(), index) {
            (Ids::Structured, index::PRINCIPAL) => {
                let (principal, entitlement) = key::split(tuple, 2)?;
                Some(key::grant(entitlement, principal))
            }
            (Ids::Structured, _) => Some([&key::record(kind::GRANT, &[]), tuple].concat()),
            // The id of the grant is the last part.
            (Ids::External, index::PRINCIPAL) => {
                Some([&key::record(kind::GRANT, &[]), key::split(tuple, 2)?.1].concat())
            }
            (Ids::External, _) => Some([&key::record(kind::GRANT, &[]), key::split(tuple, 3)?.1].concat()),
        }
    }

    /// Calls `each` with every grant that expansion is to look at, in the order of keys.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_expandable(&self, each: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        let mut expandable = |row: GrantRecord| {
            let Some(expansion) = row.expansion.filter(|_| row.needs_expansion) else {
                return Ok(());
            };
            let principal = row.principal.unwrap_or_default();
            each(Expandable {
                entitlement_id: row.entitlement.unwrap_or_default().entitlement_id,
                principal: v2::ResourceId {
                    resource_type: principal.resource_type_id,
                    resource: principal.resource_id,
                    ..v2::ResourceId::default()
                },
                expansion: record::expansion(expansion),
            })
        };
        if self.ids() == Ids::External {
            return self.for_each_grant_record(Grants::All, &mut expandable);
        }
        let mut grants = self.store().cursor();
        self.walk(&Range::of_index(index::NEEDS_EXPANSION), &mut |row| {
            let key = self
                .grant_of(index::NEEDS_EXPANSION, row.key())
                .ok_or_else(|| broken_index(row.key()))?;
            let value = grants.get(&key)?.ok_or_else(|| broken_index(row.key()))?;
            expandable(record::decode(&value, &key)?)
        })
    }

    /// Calls `each` with every asset.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_asset(&self, each: &mut dyn FnMut(AssetRecord) -> Result<()>) -> Result<()> {
        self.records(&Range::of_kind(kind::ASSET), each)
    }

    /// Calls `each` with every value of the session of an unfinished sync.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn for_each_session(&self, each: &mut dyn FnMut(SessionRecord) -> Result<()>) -> Result<()> {
        self.records(&Range::of_kind(kind::SESSION), each)
    }

    /// A resource type by id.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn resource_type(&self, id: &str) -> Result<Option<v2::ResourceType>> {
        let row: Option<ResourceTypeRecord> = self.get(&key::record(kind::RESOURCE_TYPE, &[id]))?;
        Ok(row.map(record::resource_type))
    }

    /// A resource by type and bare id.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn resource(&self, resource_type: &str, id: &str) -> Result<Option<v2::Resource>> {
        let row: Option<ResourceRecord> = self.get(&key::record(kind::RESOURCE, &[resource_type, id]))?;
        Ok(row.map(record::resource))
    }

    /// An entitlement by id. If several resources have one of that id, the first of them in the order of keys.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>> {
        let found = match self.ids() {
            Ids::External => self.get(&key::record(kind::ENTITLEMENT, &[id]))?,
            Ids::Structured => self.entitlement_record(id)?,
        };
        let mut joins = Joins::new(self);
        found.map(|row| joins.entitlement(record::entitlement(row))).transpose()
    }

    /// The key does not begin with the id but with the resource, and an id can be cut into type, resource and the rest
    /// in several ways. What is not found by any of them may still be there under an id of another form.
    fn entitlement_record(&self, id: &str) -> Result<Option<EntitlementRecord>> {
        let mut found: Option<EntitlementRecord> = None;
        let mut is_first = |row: &EntitlementRecord| {
            let on = |row: &EntitlementRecord| row.resource.clone().map(|r| (r.resource_type_id, r.resource_id));
            if found.as_ref().is_none_or(|other| on(row) < on(other)) {
                found = Some(row.clone());
            }
        };
        let mut cursor = self.store().cursor();
        for (resource_type, resource) in cuts(id) {
            let key = key::record(kind::ENTITLEMENT, &key::entitlement(resource_type, resource, id));
            if let Some(value) = cursor.get(&key)? {
                is_first(&record::decode(&value, &key)?);
            }
        }
        if found.is_some() {
            return Ok(found);
        }
        self.records(&Range::of_kind(kind::ENTITLEMENT), &mut |row: EntitlementRecord| {
            if found.is_none() && row.external_id == id {
                found = Some(row);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// A grant by id.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn grant(&self, id: &str) -> Result<Option<record::Grant>> {
        let found = match self.ids() {
            Ids::External => self.get(&key::record(kind::GRANT, &[id]))?,
            Ids::Structured => self.grant_record(id)?,
        };
        let mut joins = Joins::new(self);
        found.map(|row| joins.grant(record::grant(row))).transpose()
    }

    /// As for entitlements: an id is mostly made of that of the entitlement and of the principal, but need not be.
    fn grant_record(&self, id: &str) -> Result<Option<GrantRecord>> {
        let mut cursor = self.store().cursor();
        for (entitlement, principal_type, principal) in grant_cuts(id).take(MAX_CUTS) {
            for (resource_type, resource) in cuts(entitlement).take(MAX_CUTS) {
                let [a, b, c, d] = key::entitlement(resource_type, resource, entitlement);
                let key = key::record(kind::GRANT, &[a, b, c, d, principal_type, principal]);
                if let Some(value) = cursor.get(&key)? {
                    let row: GrantRecord = record::decode(&value, &key)?;
                    if record::grant_id(&row) == id {
                        return Ok(Some(row));
                    }
                }
            }
        }
        let mut found = None;
        self.for_each_grant_record(Grants::All, &mut |row| {
            if found.is_none() && record::grant_id(&row) == id {
                found = Some(row);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The grant of an entitlement to a principal: type and bare id of the entitlement's resource, its id, type and bare
    /// id of the principal.
    ///
    /// # Errors
    /// As [`File::for_each_resource_type`].
    pub fn grant_between(
        &self,
        on: (&str, &str),
        entitlement: &str,
        to: (&str, &str),
    ) -> Result<Option<record::Grant>> {
        let mut found: Option<GrantRecord> = None;
        if self.ids() == Ids::Structured {
            let [a, b, c, d] = key::entitlement(on.0, on.1, entitlement);
            found = self.get(&key::record(kind::GRANT, &[a, b, c, d, to.0, to.1]))?;
        } else {
            let which = Grants::Of(on.0, on.1, entitlement);
            self.for_each_grant_record(which, &mut |row| {
                if found.is_none() && matches(Grants::To(to.0, to.1), &row) {
                    found = Some(row);
                }
                Ok(())
            })?;
        }
        let mut joins = Joins::new(self);
        found.map(|row| joins.grant(record::grant(row))).transpose()
    }
}

/// Whether a grant is one of those that are asked for.
fn matches(which: Grants<'_>, row: &GrantRecord) -> bool {
    let (on, to) = (row.entitlement.as_ref(), row.principal.as_ref());
    let is_on = |kind: &str, id: &str| on.is_some_and(|e| e.resource_type_id == kind && e.resource_id == id);
    match which {
        Grants::All => true,
        Grants::OnType(kind) => on.is_some_and(|e| e.resource_type_id == kind),
        Grants::On(kind, id) => is_on(kind, id),
        Grants::Of(kind, id, entitlement) => is_on(kind, id) && on.is_some_and(|e| e.entitlement_id == entitlement),
        Grants::To(kind, id) => to.is_some_and(|p| p.resource_type_id == kind && p.resource_id == id),
    }
}

/// The ways to cut an id into that of an entitlement, and type and bare id of a principal; those with a short principal
/// first.
fn grant_cuts(id: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let colons = move || id.match_indices(':').map(|(at, _)| at).rev();
    colons().flat_map(move |second| {
        let earlier = colons().filter(move |at| *at < second);
        earlier.filter_map(move |first| Some((id.get(..first)?, id.get(first + 1..second)?, id.get(second + 1..)?)))
    })
}

/// The ways to cut an id into the type and the bare id of a resource, and the rest.
pub(super) fn cuts(id: &str) -> impl Iterator<Item = (&str, &str)> {
    let colons = move || id.match_indices(':').map(|(at, _)| at);
    colons().flat_map(move |first| {
        let later = colons().filter(move |at| *at > first);
        later.filter_map(move |second| Some((id.get(..first)?, id.get(first + 1..second)?)))
    })
}

pub(super) fn broken_index(row: &[u8]) -> crate::baton::error::Error {
    fault::damaged(format!(
        "a row of an index leads nowhere: {:?}",
        String::from_utf8_lossy(row)
    ))
}

#[cfg(test)]
mod tests {
    use super::{cuts, grant_cuts};

    #[test]
    fn an_id_is_cut_at_every_two_colons() {
        let all: Vec<_> = cuts("a:b:c:d").collect();
        assert_eq!(all, [("a", "b"), ("a", "b:c"), ("a:b", "c")]);
        assert_eq!(cuts("a:b").count(), 0);
        let grants: Vec<_> = grant_cuts("e:f:user:1").collect();
        assert_eq!(
            grants,
            [("e:f", "user", "1"), ("e", "f:user", "1"), ("e", "f", "user:1")]
        );
        assert_eq!(cuts("::").collect::<Vec<_>>(), [("", "")]);
    }
}
