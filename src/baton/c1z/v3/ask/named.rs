//! What grants name: the types of their principals, and entitlements without a row.

use std::collections::BTreeSet;

use super::super::file::Ids;
use super::super::key::{self, Range, index, kind};
use super::super::{fault, read, record};
use super::Rows;
use crate::baton::c1z::GrantFilter;
use crate::baton::c1z::reader::{EachNamedEntitlement, bears_user_trait, may_bear_user_trait};
use crate::baton::error::Result;

impl Rows {
    /// The types of everybody who holds something: by the index of principals, from the first of a type to the first of the
    /// next. While the index has gaps, every grant is looked at.
    pub(in crate::baton::c1z) fn principal_types(&self, sync_id: &str) -> Result<Vec<String>> {
        if !self.are_of(sync_id) {
            return Ok(Vec::new());
        }
        if !self.file.has_principal_index()? {
            let principals = self.principals(sync_id, &GrantFilter::default())?;
            let kinds: BTreeSet<String> = principals.into_iter().map(|(kind, _)| kind).collect();
            return Ok(kinds.into_iter().filter(|kind| !kind.is_empty()).collect());
        }
        let mut found = Vec::new();
        let Range(start, end) = Range::of_index(index::PRINCIPAL);
        let mut cursor = self.file.store().scan(&start, Some(&end))?;
        while cursor.advance()? {
            self.until.go_on()?;
            let led_nowhere = || read::broken_index(cursor.key());
            let (kind, _) = key::split(key::tuple_of(cursor.key()), 1).ok_or_else(led_nowhere)?;
            let kind = key::text(kind)?.into_owned();
            let Range(_, behind) = Range::behind(key::indexed(index::PRINCIPAL, &[&kind]));
            cursor.seek(&behind, Some(&end))?;
            if !kind.is_empty() {
                found.push(kind);
            }
        }
        Ok(found)
    }

    /// Whether any resource of a type bears a user trait.
    pub(in crate::baton::c1z) fn has_user_trait(&self, sync_id: &str, resource_type: &str) -> Result<bool> {
        if !self.are_of(sync_id) {
            return Ok(false);
        }
        let Range(start, end) = Range::behind(key::record(kind::RESOURCE, &[resource_type]));
        let mut cursor = self.file.store().scan(&start, Some(&end))?;
        while cursor.advance()? {
            self.until.go_on()?;
            let value = cursor.value()?;
            if may_bear_user_trait(value) && bears_user_trait(&record::resource(record::decode(value, cursor.key())?)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls `each` with every entitlement that has grants and no row.
    pub(in crate::baton::c1z) fn for_each_rowless_entitlement(
        &self,
        sync_id: &str,
        each: EachNamedEntitlement<'_>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        if self.file.ids() == Ids::External {
            return self.rowless_by_external_id(each);
        }
        let Range(start, end) = Range::of_kind(kind::GRANT);
        let mut cursor = self.file.store().scan(&start, Some(&end))?;
        while cursor.advance()? {
            self.until.go_on()?;
            let broken = || fault::damaged(format!("a grant has the key {:02x?}", cursor.key()));
            let (tuple, _) = key::split(key::tuple_of(cursor.key()), 4).ok_or_else(broken)?;
            let tuple = tuple.to_vec();
            cursor.seek(&Range::behind(key::of_tuple(kind::GRANT, &tuple)).1, Some(&end))?;
            if self.value(&key::of_tuple(kind::ENTITLEMENT, &tuple))?.is_some() {
                continue;
            }
            let mut parts = key::parts(&tuple);
            if let (Some(on_kind), Some(on), Some(is_short), Some(tail)) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            {
                let id = key::entitlement_id(&[on_kind, on, is_short, tail])?;
                if id.is_empty() {
                    continue;
                }
                each(&id, (&key::text(on_kind)?, &key::text(on)?))?;
            }
        }
        Ok(())
    }

    /// Older files: what grants are of stands in their records alone.
    fn rowless_by_external_id(&self, each: EachNamedEntitlement<'_>) -> Result<()> {
        let mut named: BTreeSet<(String, String, String)> = BTreeSet::new();
        self.file
            .records(&Range::of_kind(kind::GRANT), &mut |row: record::GrantOrigin| {
                let entitlement = row.entitlement.unwrap_or_default();
                // A grant of nothing names nothing.
                if !entitlement.entitlement_id.is_empty() {
                    named.insert((
                        entitlement.entitlement_id,
                        entitlement.resource_type_id,
                        entitlement.resource_id,
                    ));
                }
                Ok(())
            })?;
        for (id, kind_of, on) in &named {
            self.until.go_on()?;
            if self.value(&key::record(kind::ENTITLEMENT, &[id]))?.is_none() {
                each(id, (kind_of, on))?;
            }
        }
        Ok(())
    }
}
