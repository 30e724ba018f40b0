//! Principals of grants that have no row.

use super::super::key::{self, Range, index, kind};
use super::super::read;
use super::Rows;
use crate::baton::c1z::GrantFilter;
use crate::baton::c1z::reader::EachPrincipal;
use crate::baton::error::Result;

impl Rows {
    /// Calls `each` with every principal of a grant that the file has no resource of, in the order of keys.
    pub(in crate::baton::c1z) fn for_each_rowless_principal(
        &self,
        sync_id: &str,
        each: EachPrincipal<'_>,
    ) -> Result<()> {
        if !self.are_of(sync_id) {
            return Ok(());
        }
        if !self.file.has_principal_index()? {
            return self.rowless_without_index(sync_id, each);
        }
        let Range(start, end) = Range::of_kind(kind::RESOURCE);
        let mut known = self.file.store().scan(&start, Some(&end))?;
        let mut is_any = known.advance()?;
        // The index comes to a principal once for each of its grants.
        let mut last: Vec<u8> = Vec::new();
        self.file.walk(&Range::of_index(index::PRINCIPAL), &mut |row| {
            self.until.go_on()?;
            let led_nowhere = || read::broken_index(row.key());
            let (principal, _) = key::split(key::tuple_of(row.key()), 2).ok_or_else(led_nowhere)?;
            if principal == last {
                return Ok(());
            }
            last.clear();
            last.extend_from_slice(principal);
            while is_any && key::tuple_of(known.key()) < principal {
                is_any = known.advance()?;
            }
            if is_any && key::tuple_of(known.key()) == principal {
                return Ok(());
            }
            let (kind, id) = key::split(principal, 1).ok_or_else(led_nowhere)?;
            each(&key::text(kind)?, &key::text(id)?)
        })
    }

    /// While the index has gaps, every grant is looked at.
    fn rowless_without_index(&self, sync_id: &str, each: EachPrincipal<'_>) -> Result<()> {
        let mut principals = self.principals(sync_id, &GrantFilter::default())?;
        principals.sort_unstable();
        for (kind, id) in principals {
            self.until.go_on()?;
            if self.value(&key::record(kind::RESOURCE, &[&kind, &id]))?.is_none() {
                each(&kind, &id)?;
            }
        }
        Ok(())
    }
}
