//! Grants that expansion derives, put together from parts that are encoded once: a million of them repeat a few
//! hundred entitlements and a few thousand principals. Expansion builds them, the store writes them.
//!
//! What comes out is byte for byte what encoding the whole message gives. A test holds this.

mod held;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use prost::encoding::{message, string};

pub(super) use self::held::{Held, Part, Row};
use crate::baton::annotation;
use crate::baton::grant;
use crate::baton::proto::v2;

/// Field numbers of a grant (`baton/c1z/format.md 3`).
const ENTITLEMENT: u32 = 1;
const PRINCIPAL: u32 = 2;
const ID: u32 = 3;
const ANNOTATIONS: u32 = 4;
const SOURCES: u32 = 5;

/// The one annotation of a derived grant, as it stands in the message.
static IMMUTABLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| field(ANNOTATIONS, &annotation::pack(&v2::GrantImmutable::default())));

/// An entitlement that is granted to many, as it stands in their grants.
#[derive(Debug)]
pub struct Destination {
    /// Its id.
    pub(super) id: String,
    /// The resource it is on.
    pub(super) on: v2::ResourceId,
    encoded: Vec<u8>,
}

impl Destination {
    /// From the stored entitlement; `None` if that has no id or no resource with one.
    pub fn new(entitlement: &v2::Entitlement) -> Option<Self> {
        let on = entitlement.resource.as_ref()?.id.clone()?;
        (!entitlement.id.is_empty()).then(|| Destination {
            id: entitlement.id.clone(),
            on,
            encoded: field(ENTITLEMENT, entitlement),
        })
    }
}

/// Somebody who is granted many entitlements, as they stand in their grants.
#[derive(Debug)]
pub struct Principal {
    /// Type and id.
    pub(super) id: v2::ResourceId,
    encoded: Box<[u8]>,
}

impl Principal {
    /// From the principal that another grant embeds; `None` if that has no id.
    pub fn new(resource: &v2::Resource) -> Option<Self> {
        Some(Principal {
            id: resource.id.clone()?,
            encoded: field(PRINCIPAL, resource).into(),
        })
    }

    /// Type and id.
    pub fn id(&self) -> &v2::ResourceId {
        &self.id
    }

    /// As it stands in a grant.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

/// What many grants come through, as it stands in them.
#[derive(Debug)]
pub struct Sources {
    sources: v2::GrantSources,
    encoded: Box<[u8]>,
}

impl Sources {
    /// From the message.
    pub fn new(sources: v2::GrantSources) -> Self {
        Sources {
            encoded: field(SOURCES, &sources).into(),
            sources,
        }
    }

    /// By the ids of the entitlements.
    pub fn of(&self) -> &BTreeMap<String, v2::grant_sources::GrantSource> {
        &self.sources.sources
    }
}

/// One derived grant: of the destination, to the principal, through the sources, immutable.
#[derive(Debug, Clone)]
pub struct DerivedGrant {
    /// `entitlement id:principal type:principal id`.
    pub(super) id: String,
    pub(super) destination: Arc<Destination>,
    pub(super) principal: Arc<Principal>,
    pub(super) sources: Arc<Sources>,
}

impl DerivedGrant {
    /// A grant with the id all writers give it (`baton/c1z/format.md 5.4`).
    pub fn new(destination: &Arc<Destination>, principal: &Arc<Principal>, sources: &Arc<Sources>) -> Self {
        DerivedGrant {
            id: grant::id(&destination.id, &principal.id),
            destination: Arc::clone(destination),
            principal: Arc::clone(principal),
            sources: Arc::clone(sources),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Replaces what is in `buffer` by the encoded grant.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.destination.encoded);
        buffer.extend_from_slice(&self.principal.encoded);
        string::encode(ID, &self.id, buffer);
        buffer.extend_from_slice(&IMMUTABLE);
        buffer.extend_from_slice(&self.sources.encoded);
    }
}

fn field(number: u32, value: &impl prost::Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message::encode(number, value, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
