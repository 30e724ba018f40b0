//! What lines are made of: types, resources and entitlements by id, as messages and as JSON, each made once while it
//! is asked for again and again. One that is named but not in the file is called so, in the published words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::baton::error::Result;
use crate::baton::json::Form;
use crate::baton::proto::v2;
use crate::report::Snapshot;
use crate::report::names::Names;
use crate::report::thing::RightKey;

/// Texts kept at most.
const MOST: usize = 20_000;

/// The display name of a resource that is not there.
pub(super) fn missing_resource(kind: &str, id: &str) -> String {
    format!("MISSING RESOURCE ({kind}:{id})")
}

/// The display name of a resource type that is not there.
pub(super) fn missing_resource_type(id: &str) -> String {
    format!("MISSING RESOURCE TYPE ({id})")
}

/// The display name of an entitlement that is not there.
pub(super) fn missing_entitlement(id: &str) -> String {
    format!("MISSING ENTITLEMENT ({id})")
}

/// Tables over a snapshot.
pub struct Rows<'s> {
    names: Names<'s>,
    forms: Forms,
    texts: RefCell<HashMap<(u8, String, String), Rc<str>>>,
}

/// How messages become JSON.
pub(super) struct Forms {
    pub(super) resource_type: Form,
    pub(super) resource: Form,
    pub(super) entitlement: Form,
    pub(super) grant: Form,
}

impl<'s> Rows<'s> {
    /// Empty tables.
    ///
    /// # Errors
    /// `Internal` if the messages are not those that were compiled in.
    pub fn new(snapshot: &'s Snapshot) -> Result<Self> {
        let form = |name: &str| Form::of(&format!("c1.connector.v2.{name}"));
        Ok(Rows {
            names: Names::new(snapshot),
            forms: Forms {
                resource_type: form("ResourceType")?,
                resource: form("Resource")?,
                entitlement: form("Entitlement")?,
                grant: form("Grant")?,
            },
            texts: RefCell::default(),
        })
    }

    /// The snapshot they are from.
    pub fn snapshot(&self) -> &'s Snapshot {
        self.names.snapshot()
    }

    /// The names of the snapshot.
    pub fn names(&self) -> &Names<'s> {
        &self.names
    }

    pub(super) fn forms(&self) -> &Forms {
        &self.forms
    }

    /// A resource type as JSON.
    pub(super) fn resource_type_json(&self, id: &str) -> Result<Rc<str>> {
        self.once(0, id, "", || {
            let found = self.names.resource_type(id)?;
            let missing = || v2::ResourceType {
                id: id.to_owned(),
                display_name: missing_resource_type(id),
                ..Default::default()
            };
            self.forms
                .resource_type
                .line(&found.map_or_else(missing, |t| (*t).clone()))
        })
    }

    /// A resource as JSON.
    pub(super) fn resource_json(&self, kind: &str, id: &str) -> Result<Rc<str>> {
        self.once(1, kind, id, || self.forms.resource.line(&self.resource(kind, id)?))
    }

    /// An entitlement as JSON.
    pub(super) fn entitlement_json(&self, key: RightKey<'_>) -> Result<Rc<str>> {
        let on = format!("{}:{}", key.on.0, key.on.1);
        self.once(2, key.id, &on, || {
            let found = self.names.entitlement_of(key)?;
            let missing = || v2::Entitlement {
                id: key.id.to_owned(),
                display_name: missing_entitlement(key.id),
                ..Default::default()
            };
            self.forms
                .entitlement
                .line(&found.map_or_else(missing, |e| (*e).clone()))
        })
    }

    fn once(&self, table: u8, a: &str, b: &str, make: impl FnOnce() -> Result<String>) -> Result<Rc<str>> {
        let key = (table, a.to_owned(), b.to_owned());
        if let Some(known) = self.texts.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let made: Rc<str> = make()?.into();
        let mut texts = self.texts.borrow_mut();
        if texts.len() >= MOST {
            texts.clear();
        }
        texts.insert(key, Rc::clone(&made));
        Ok(made)
    }
}
