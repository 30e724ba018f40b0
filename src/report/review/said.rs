//! What a row says beside its ways and what was found: who somebody is, what they hold and how that is described. Whoever
//! decided about it decided by this, so where it is something else they are asked again.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use prost::Message as _;

use super::digest;
use crate::baton::error::Result;
use crate::report::access::Access;
use crate::report::names::Names;
use crate::report::restless::is_restless;
use crate::report::thing::{Account, profile};

/// Digests of what is held, each made once.
#[derive(Default)]
pub(super) struct Said(RefCell<HashMap<(String, String), Rc<str>>>);

impl Said {
    /// The digest of a row: of these cells, of the account, and of what is held, where, and how it is described.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(super) fn of(&self, names: &Names<'_>, account: &Account, access: &Access, cells: &[&str]) -> Result<String> {
        let held = &access.right.resource;
        let at = access.target();
        let (held, at) = (
            self.thing(names, &held.kind, &held.id)?,
            self.thing(names, &at.kind, &at.id)?,
        );
        let row = names.entitlement_of(access.right.key())?;
        let (description, purpose) = row.map_or((String::new(), 0), |row| (row.description.clone(), row.purpose));
        let purpose = purpose.to_string();
        let rest = [
            account.account_type,
            account.status,
            &access.right.name,
            &access.right.slug,
            &description,
            &purpose,
            &held,
            &at,
        ];
        Ok(digest::of_parts(cells.iter().copied().chain(rest)))
    }

    /// The digest of what a resource says, without what changes by itself.
    fn thing(&self, names: &Names<'_>, kind: &str, id: &str) -> Result<Rc<str>> {
        let key = (kind.to_owned(), id.to_owned());
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let mut parts = Vec::new();
        if let Some(resource) = names.resource(kind, id)? {
            let status = resource.status.as_ref().map(|status| status.status).unwrap_or_default();
            parts.extend([
                resource.display_name.clone(),
                resource.description.clone(),
                status.to_string(),
            ]);
            let mut profile = profile(&resource).unwrap_or_default();
            profile.fields.retain(|name, _| !is_restless(name));
            parts.push(digest::of_bytes(&profile.encode_to_vec()));
        }
        let made: Rc<str> = digest::of_parts(parts.iter().map(String::as_str)).into();
        self.0.borrow_mut().insert(key, Rc::clone(&made));
        Ok(made)
    }
}
