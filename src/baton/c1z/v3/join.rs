//! Putting together what records only refer to: a grant's entitlement and principal, an entitlement's resource.

use std::collections::{BTreeMap, HashMap};

use super::file::{File, Ids};
use super::key::{self, Range, kind};
use super::record;
use crate::baton::error::Result;
use crate::baton::pebble::Cursor;
use crate::baton::proto::c1::storage::v3::{EntitlementRecord, ResourceTypeRecord};
use crate::baton::proto::v2;

/// Bytes of resources that are kept. Beyond it they are looked up again.
const KEPT: usize = 24 << 20;

/// Looks up and remembers. Rows that are not there stay references.
pub(super) struct Joins {
    file: File,
    cursor: Cursor,
    types: Option<BTreeMap<String, v2::ResourceType>>,
    /// By key, as they are stored; `None` where there is no such row.
    resources: HashMap<Vec<u8>, Option<Box<[u8]>>>,
    kept: usize,
    /// The entitlement that was asked for last, by its key: grants come in its order.
    last: Option<(Vec<u8>, v2::Entitlement)>,
}

impl Joins {
    pub(super) fn new(file: &File) -> Self {
        Joins {
            file: file.clone(),
            cursor: file.store().cursor(),
            types: None,
            resources: HashMap::new(),
            kept: 0,
            last: None,
        }
    }

    /// A resource type in the place of a bare id.
    fn resource_type(&mut self, id: String) -> Result<v2::ResourceType> {
        if self.types.is_none() {
            let mut types = BTreeMap::new();
            let range = Range::of_kind(kind::RESOURCE_TYPE);
            self.file.records(&range, &mut |row: ResourceTypeRecord| {
                let message = record::resource_type(row);
                types.insert(message.id.clone(), message);
                Ok(())
            })?;
            self.types = Some(types);
        }
        let found = self.types.as_ref().and_then(|types| types.get(&id));
        Ok(found.cloned().unwrap_or_else(|| record::bare_type(id)))
    }

    /// A resource in the place of a reference.
    pub(super) fn resource(&mut self, reference: v2::Resource) -> Result<v2::Resource> {
        let Some(id) = &reference.id else {
            return Ok(reference);
        };
        let key = key::record(kind::RESOURCE, &[&id.resource_type, &id.resource]);
        if let Some(known) = self.resources.get(&key) {
            return match known {
                Some(value) => Ok(record::resource(record::decode(value, &key)?)),
                None => Ok(reference),
            };
        }
        let value = self.cursor.get(&key)?;
        let message = match &value {
            Some(value) => {
                self.file.note(&key);
                record::resource(record::decode(value, &key)?)
            }
            None => reference,
        };
        // The value shares the memory of its table: what is kept is a copy.
        let value: Option<Box<[u8]>> = value.map(|value| value.as_ref().into());
        self.kept += key.len() + value.as_ref().map_or(0, |value| value.len());
        if self.kept > KEPT {
            self.resources.clear();
            self.kept = 0;
        }
        self.resources.insert(key, value);
        Ok(message)
    }

    /// Completes an entitlement.
    pub(super) fn entitlement(&mut self, mut message: v2::Entitlement) -> Result<v2::Entitlement> {
        if let Some(reference) = message.resource.take() {
            message.resource = Some(self.resource(reference)?);
        }
        for bare in &mut message.grantable_to {
            *bare = self.resource_type(std::mem::take(&mut bare.id))?;
        }
        Ok(message)
    }

    /// Completes the entitlement and the principal of a grant.
    pub(super) fn grant(&mut self, mut grant: record::Grant) -> Result<record::Grant> {
        grant.grant = self.message(grant.grant)?;
        Ok(grant)
    }

    /// As [`Joins::grant`], for the message alone.
    pub(super) fn message(&mut self, mut grant: v2::Grant) -> Result<v2::Grant> {
        if let Some(reference) = grant.entitlement.take() {
            grant.entitlement = Some(self.entitlement_of(reference)?);
        }
        if let Some(reference) = grant.principal.take() {
            grant.principal = Some(self.resource(reference)?);
        }
        Ok(grant)
    }

    fn entitlement_of(&mut self, reference: v2::Entitlement) -> Result<v2::Entitlement> {
        let on = reference
            .resource
            .as_ref()
            .and_then(|r| r.id.clone())
            .unwrap_or_default();
        let key = match self.file.ids() {
            Ids::Structured => {
                let parts = key::entitlement(&on.resource_type, &on.resource, &reference.id);
                key::record(kind::ENTITLEMENT, &parts)
            }
            Ids::External => key::record(kind::ENTITLEMENT, &[&reference.id]),
        };
        if let Some((last, message)) = &self.last
            && *last == key
        {
            return Ok(message.clone());
        }
        let message = match self.cursor.get(&key)? {
            Some(value) => {
                self.file.note(&key);
                let message = record::entitlement(record::decode::<EntitlementRecord>(&value, &key)?);
                let is_on = message.resource.as_ref().and_then(|r| r.id.as_ref()) == Some(&on);
                // One on another resource is another entitlement.
                if is_on { message } else { reference }
            }
            None => reference,
        };
        let message = self.entitlement(message)?;
        self.last = Some((key, message.clone()));
        Ok(message)
    }
}
