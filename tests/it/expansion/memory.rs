//! A store in memory that also counts how it is used.

use std::cell::RefCell;
use std::collections::BTreeMap;

use baton_workato::baton::error::Result;
use baton_workato::baton::proto::v2;
use baton_workato::baton::sync::expand::{ExpandOptions, Expandable, ExpansionStats, ExpansionStore, expand};

use super::build;

#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub entitlements: BTreeMap<String, v2::Entitlement>,
    /// Grants in the order of their rows.
    pub rows: Vec<v2::Grant>,
    row_of: BTreeMap<String, usize>,
    rows_on: BTreeMap<String, Vec<usize>>,
    pub expandable: Vec<Expandable>,
    /// The size of each write.
    pub writes: Vec<usize>,
    /// Ids of grants in the order they were written.
    pub written: Vec<String>,
    /// How often the grants of an entitlement were read.
    pub reads: RefCell<BTreeMap<String, usize>>,
}

impl Memory {
    /// A store with these entitlements.
    pub fn of(entitlements: &[&str]) -> Self {
        let mut store = Memory::default();
        for id in entitlements {
            store.entitlements.insert((*id).to_owned(), build::entitlement(id));
        }
        store
    }

    /// Adds connector-made grants, one principal each.
    pub fn holds(&mut self, entitlement_id: &str, principals: &[&str]) -> &mut Self {
        for principal in principals {
            self.put(build::grant(entitlement_id, principal));
        }
        self
    }

    /// Adds an expandable grant of `entitlement_id` to `principal`.
    pub fn expands(&mut self, entitlement_id: &str, principal: &str, expansion: v2::GrantExpandable) -> &mut Self {
        self.put(build::grant(entitlement_id, principal));
        self.expandable.push(Expandable {
            entitlement_id: entitlement_id.to_owned(),
            principal: build::rid(principal),
            expansion,
        });
        self
    }

    pub fn put(&mut self, grant: v2::Grant) {
        if let Some(row) = self.row_of.get(&grant.id) {
            self.rows[*row] = grant;
            return;
        }
        let row = self.rows.len();
        self.row_of.insert(grant.id.clone(), row);
        let on = grant.entitlement.as_ref().expect("entitlement").id.clone();
        self.rows_on.entry(on).or_default().push(row);
        self.rows.push(grant);
    }

    pub fn get(&self, id: &str) -> Option<&v2::Grant> {
        self.row_of.get(id).map(|row| &self.rows[*row])
    }

    pub fn on<'a>(&'a self, entitlement_id: &str) -> impl Iterator<Item = &'a v2::Grant> + use<'a> {
        self.rows_on
            .get(entitlement_id)
            .into_iter()
            .flatten()
            .map(|row| &self.rows[*row])
    }

    /// The sources of the grant with this id.
    #[track_caller]
    pub fn sources(&self, id: &str) -> Option<BTreeMap<String, bool>> {
        build::sources(self.get(id).unwrap_or_else(|| panic!("no grant {id}")))
    }

    /// Expands with the default options.
    #[track_caller]
    pub fn expanded(&mut self) -> ExpansionStats {
        self.try_expand().expect("expansion")
    }

    pub fn try_expand(&mut self) -> Result<ExpansionStats> {
        self.expand_with(&ExpandOptions::default())
    }

    pub fn expand_with(&mut self, options: &ExpandOptions) -> Result<ExpansionStats> {
        expand(self, options, &mut |_| {})
    }
}

impl ExpansionStore for Memory {
    fn for_each_expandable(&self, f: &mut dyn FnMut(Expandable) -> Result<()>) -> Result<()> {
        self.expandable.iter().cloned().try_for_each(f)
    }

    fn entitlement(&self, id: &str) -> Result<Option<v2::Entitlement>> {
        Ok(self.entitlements.get(id).cloned())
    }

    fn for_each_grant_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        f: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        *self.reads.borrow_mut().entry(entitlement_id.to_owned()).or_default() += 1;
        for grant in self.on(entitlement_id) {
            let id = grant.principal.as_ref().and_then(|p| p.id.as_ref());
            let kind = id.map(|id| &id.resource_type);
            if principal_types.is_none_or(|types| kind.is_some_and(|kind| types.contains(kind))) {
                f(grant.clone())?;
            }
        }
        Ok(())
    }

    fn put_expanded_grants(&mut self, grants: Vec<v2::Grant>) -> Result<()> {
        self.writes.push(grants.len());
        for grant in grants {
            self.written.push(grant.id.clone());
            self.put(grant);
        }
        Ok(())
    }
}
