//! What findings look up beyond what was counted.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::baton::error::Result;
use crate::report::counted::Counted;
use crate::report::inventory::At;

/// Looks things up for findings.
pub struct Looker<'c> {
    /// What was counted.
    pub counted: &'c Counted<'c>,
    rights: OnceCell<HashMap<At, Vec<usize>>>,
    given: RefCell<HashMap<usize, Rc<HashSet<At>>>>,
}

impl<'c> Looker<'c> {
    /// Looks nothing up yet.
    pub fn new(counted: &'c Counted<'c>) -> Self {
        Looker {
            counted,
            rights: OnceCell::new(),
            given: RefCell::default(),
        }
    }

    /// The rights on a resource.
    pub(in crate::report) fn rights_on(&self, on: At) -> &[usize] {
        let read = || {
            let mut rights: HashMap<At, Vec<usize>> = HashMap::new();
            for (number, right) in self.counted.inventory.entitlements().iter().enumerate() {
                if let Some(on) = right.on {
                    rights.entry(on).or_default().push(number);
                }
            }
            rights
        };
        self.rights.get_or_init(read).get(&on).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody gave a right to somebody, rather than it following from something else. Reads the grants of the
    /// right, once.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(in crate::report) fn is_given(&self, right: usize, to: At) -> Result<bool> {
        if let Some(known) = self.given.borrow().get(&right) {
            return Ok(known.contains(&to));
        }
        let (snapshot, inventory) = (self.counted.snapshot, self.counted.inventory);
        let mut found = HashSet::new();
        if let Some(entitlement) = inventory.entitlements().get(right) {
            let reader = snapshot.reader();
            reader.for_each_given(snapshot.sync_id(), &entitlement.id, &mut |given| {
                let at = inventory.find(given.principal_type, given.principal);
                found.extend(at.filter(|_| given.direct));
                Ok(())
            })?;
        }
        let is_given = found.contains(&to);
        self.given.borrow_mut().insert(right, Rc::new(found));
        Ok(is_given)
    }

    /// The command that takes a right away, where it was given as such and has a word for it.
    ///
    /// # Errors
    /// As [`Looker::is_given`].
    pub(in crate::report) fn revoke(&self, right: usize, from: At) -> Result<Option<String>> {
        let inventory = self.counted.inventory;
        let Some(entitlement) = inventory.entitlements().get(right) else {
            return Ok(None);
        };
        let Some((on, entry)) = entitlement.on.and_then(|on| Some((on, inventory.entry(on)?))) else {
            return Ok(None);
        };
        let kind = inventory.type_of(entry).map_or("", |kind| &kind.id);
        let is_project = self.counted.conventions.project_types.contains(&kind);
        let is_role = self.counted.conventions.role_types.contains(&kind);
        if !(is_project || is_role) || !self.is_given(right, from)? {
            return Ok(None);
        }
        let (on, from) = (self.key(on), self.key(from));
        Ok(Some(if is_project {
            self.command(&["revoke", &entitlement.id, "on", &on, "from", &from])
        } else {
            self.command(&["revoke", &on, "from", &from])
        }))
    }
}
