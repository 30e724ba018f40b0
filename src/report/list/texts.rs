//! What a line of JSON about a grant is put together from, each made once: grants come by their entitlement, go to the same
//! people again and again, and have few sources that differ.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use prost::Message as _;

use super::Rows;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource::key;
use crate::report::thing::RightKey;

/// Entries of a table at most.
const MOST: usize = 20_000;

/// The texts of the lines so far.
pub(super) struct Texts<'s> {
    rows: &'s Rows<'s>,
    /// That of the last grant.
    of: RefCell<Option<Rc<Of>>>,
    to: RefCell<HashMap<String, HashMap<String, Rc<To>>>>,
    /// Members that grants have besides, by the message of them.
    rest: RefCell<HashMap<Vec<u8>, Rc<str>>>,
    /// What grants of a file carry of their entitlements and principals, where that is not what the rows say: by which of
    /// the two, and the message.
    carried: RefCell<HashMap<Vec<u8>, Rc<str>>>,
    message: RefCell<Vec<u8>>,
}

/// Which of the two messages that a grant carries.
#[derive(Clone, Copy)]
enum Carried {
    Entitlement = 1,
    Principal = 2,
}

/// What is granted.
pub(super) struct Of {
    id: String,
    /// Type and bare id of the resource it is on, as the grant says.
    on: (String, String),
    /// Whether that is the entitlement of the row with its id.
    pub(super) is_row: bool,
    pub(super) entitlement: Rc<str>,
    pub(super) resource: Rc<str>,
    pub(super) kind: Rc<str>,
    /// Where it holds, as far as that says.
    pub(super) environment: Option<String>,
}

/// Who has it.
pub(super) struct To {
    /// Whether there is a row that says who that is.
    pub(super) is_row: bool,
    pub(super) principal: Rc<str>,
    pub(super) environment: Option<String>,
}

impl<'s> Texts<'s> {
    pub(super) fn new(rows: &'s Rows<'s>) -> Self {
        Texts {
            rows,
            of: RefCell::default(),
            to: RefCell::default(),
            rest: RefCell::default(),
            carried: RefCell::default(),
            message: RefCell::default(),
        }
    }

    /// An entitlement by its id; `on` says what it is on.
    pub(super) fn of(&self, id: &str, on: impl FnOnce() -> Result<(String, String)>) -> Result<Rc<Of>> {
        let on = on()?;
        if let Some(last) = self.of.borrow().as_ref().filter(|last| last.id == id && last.on == on) {
            return Ok(Rc::clone(last));
        }
        let named = RightKey { id, on: (&on.0, &on.1) };
        let row = self.rows.names().entitlement_of(named)?;
        let of = row.as_ref().and_then(|row| row.resource.as_ref()).map(key);
        let made = Rc::new(Of {
            id: id.to_owned(),
            is_row: of == Some((on.0.as_str(), on.1.as_str())),
            entitlement: self.rows.entitlement_json(named)?,
            resource: self.rows.resource_json(&on.0, &on.1)?,
            kind: self.rows.resource_type_json(&on.0)?,
            environment: self.rows.names().environment_at(&on.0, &on.1)?,
            on,
        });
        *self.of.borrow_mut() = Some(Rc::clone(&made));
        Ok(made)
    }

    /// A principal by type and bare id.
    pub(super) fn to(&self, kind: &str, id: &str) -> Result<Rc<To>> {
        if let Some(known) = self.to.borrow().get(kind).and_then(|of_kind| of_kind.get(id)) {
            return Ok(Rc::clone(known));
        }
        // The row is not remembered besides: the text is.
        let snapshot = self.rows.snapshot();
        let row = snapshot.reader().resource(snapshot.sync_id(), kind, id)?;
        let made = Rc::new(match &row {
            Some(row) => To {
                is_row: true,
                principal: self.rows.forms().resource.line(row)?.into(),
                environment: self.rows.names().environment_of(row)?,
            },
            None => To {
                is_row: false,
                principal: self.rows.resource_json(kind, id)?,
                environment: None,
            },
        });
        let mut to = self.to.borrow_mut();
        if to.values().map(HashMap::len).sum::<usize>() >= MOST {
            to.clear();
        }
        to.entry(kind.to_owned())
            .or_default()
            .insert(id.to_owned(), Rc::clone(&made));
        Ok(made)
    }

    /// The message of a grant that says of its entitlement and principal what their rows say.
    pub(super) fn own(&self, grant: &v2::Grant, of: &Of, to: &To) -> Result<String> {
        self.joined(grant, &of.entitlement, &to.principal)
    }

    /// The message of a grant that says something of its own of its entitlement and principal.
    pub(super) fn carrying(
        &self,
        grant: &v2::Grant,
        entitlement: &v2::Entitlement,
        principal: &v2::Resource,
    ) -> Result<String> {
        let forms = self.rows.forms();
        let entitlement = self.once(Carried::Entitlement, entitlement, || {
            forms.entitlement.line(entitlement)
        })?;
        let principal = self.once(Carried::Principal, principal, || forms.resource.line(principal))?;
        self.joined(grant, &entitlement, &principal)
    }

    /// A line that is made once for each message.
    fn once(
        &self,
        which: Carried,
        message: &impl prost::Message,
        line: impl FnOnce() -> Result<String>,
    ) -> Result<Rc<str>> {
        let mut key = self.message.borrow_mut();
        key.clear();
        key.push(which as u8);
        key.reserve(message.encoded_len());
        message.encode_raw(&mut *key);
        if let Some(known) = self.carried.borrow().get(key.as_slice()) {
            return Ok(Rc::clone(known));
        }
        let made: Rc<str> = line()?.into();
        let mut carried = self.carried.borrow_mut();
        if carried.len() >= MOST {
            carried.clear();
        }
        carried.insert(key.clone(), Rc::clone(&made));
        Ok(made)
    }

    fn joined(&self, grant: &v2::Grant, entitlement: &str, principal: &str) -> Result<String> {
        let rest = self.rest(grant)?;
        // Members come in the order of their numbers: the first two, the id, and the rest.
        let mut own = format!("{{\"entitlement\":{entitlement},\"principal\":{principal}");
        if !grant.id.is_empty() {
            let id = serde_json::to_string(&grant.id).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
            own.push_str(",\"id\":");
            own.push_str(&id);
        }
        if &*rest != "}" {
            own.push(',');
        }
        own.push_str(&rest);
        Ok(own)
    }

    /// Annotations and sources, and the brace behind them.
    fn rest(&self, grant: &v2::Grant) -> Result<Rc<str>> {
        let rest = v2::Grant {
            sources: grant.sources.clone(),
            annotations: grant.annotations.clone(),
            ..v2::Grant::default()
        };
        let mut message = self.message.borrow_mut();
        message.clear();
        message.reserve(rest.encoded_len());
        rest.encode_raw(&mut *message);
        if let Some(known) = self.rest.borrow().get(message.as_slice()) {
            return Ok(Rc::clone(known));
        }
        let line = self.rows.forms().grant.line(&rest)?;
        let made: Rc<str> = line.strip_prefix('{').unwrap_or_default().into();
        let mut texts = self.rest.borrow_mut();
        if texts.len() >= MOST {
            texts.clear();
        }
        texts.insert(message.clone(), Rc::clone(&made));
        Ok(made)
    }
}
