//! Expansion over a c1z. [`Store::prepare_expansion`] must have run: grants are looked up by entitlement.

use super::{DerivedGrant, Expandable, ExpansionStore};
use crate::baton::c1z::Store;
use crate::baton::error::Result;
use crate::baton::proto::v2;

impl ExpansionStore for Store {
    fn for_each_expandable(&self, f: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        Store::for_each_expandable(self, f)
    }

    fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>> {
        Store::entitlement(self, id)
    }

    fn for_each_grant_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        f: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        Store::for_each_grant_of(self, entitlement_id, principal_types, f)
    }

    fn put_expanded_grants(&mut self, grants: Vec<v2::Grant>) -> Result<()> {
        Store::put_expanded_grants(self, grants)
    }

    fn put_derived_grants(&mut self, grants: &[DerivedGrant]) -> Result<()> {
        Store::put_derived_grants(self, grants)
    }
}
