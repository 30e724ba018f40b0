//! From the messages of the connector protocol to records: what [`record`](super::super::record) does, turned around.

use prost::Message as _;
use prost_types::Timestamp;

use super::super::key::{self, kind};
use super::super::record::{Grant, PURPOSE, TRAIT};
use super::digest;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::storage::v3::{
    EntitlementRecord, EntitlementRef, GrantExpandableRecord, GrantRecord, GrantSourceRecord, PrincipalRef,
    ResourceRecord, ResourceRef, ResourceTypeRecord, StatusRecord,
};
use crate::baton::proto::v2;

/// The field of a grant record that holds its sources: the last one that is written.
const SOURCES: u32 = 9;
/// What stands before something with a length.
const WITH_LENGTH: u32 = 2;

pub(super) fn resource_type(message: v2::ResourceType, at: Timestamp) -> Result<ResourceTypeRecord> {
    if message.id.is_empty() {
        return Err(without("a resource type", &message.display_name, "an id"));
    }
    let name = |number: &i32| {
        // A number that is not known has no name.
        v2::resource_type::Trait::try_from(*number).map_or_else(
            |_| String::new(),
            |known| known.as_str_name().trim_start_matches(TRAIT).to_owned(),
        )
    };
    Ok(ResourceTypeRecord {
        traits: message.traits.iter().map(name).collect(),
        external_id: message.id,
        display_name: message.display_name,
        annotations: message.annotations,
        discovered_at: Some(at),
        description: message.description,
        sourced_externally: message.sourced_externally,
    })
}

pub(super) fn resource(message: v2::Resource, at: Timestamp) -> Result<ResourceRecord> {
    let id = whole_id("a resource", &message.display_name, message.id)?;
    let parent = message.parent_resource_id.filter(|parent| !parent.resource.is_empty());
    Ok(ResourceRecord {
        resource_type_id: id.resource_type,
        resource_id: id.resource,
        display_name: message.display_name,
        description: message.description,
        parent: parent.map(reference),
        annotations: message.annotations,
        discovered_at: Some(at),
        profile: message.profile,
        status: message.status.map(|status| StatusRecord {
            status: status.status,
            details: status.details,
        }),
        created_at: message.created_at,
        icon_asset_external_id: message.icon.unwrap_or_default().id,
        ..ResourceRecord::default()
    })
}

pub(super) fn entitlement(message: v2::Entitlement, at: Timestamp) -> Result<EntitlementRecord> {
    let purpose = match message.purpose() {
        v2::entitlement::PurposeValue::Unspecified => "",
        other => other.as_str_name().trim_start_matches(PURPOSE),
    }
    .to_owned();
    if message.id.is_empty() {
        return Err(without("an entitlement", &message.display_name, "an id"));
    }
    let on = message.resource.unwrap_or_default().id;
    let on = whole_id("an entitlement", &message.id, on)?;
    let types = message.grantable_to.into_iter().map(|kind| kind.id);
    Ok(EntitlementRecord {
        external_id: message.id,
        resource: Some(reference(on)),
        display_name: message.display_name,
        description: message.description,
        purpose,
        annotations: message.annotations,
        discovered_at: Some(at),
        slug: message.slug,
        grantable_to_resource_type_ids: types.filter(|id| !id.is_empty()).collect(),
        ..EntitlementRecord::default()
    })
}

pub(super) fn grant(grant: Grant) -> Result<GrantRecord> {
    let message = grant.grant;
    let named = &message.id;
    let entitlement = message.entitlement.unwrap_or_default();
    if entitlement.id.is_empty() {
        return Err(without("a grant", named, "an entitlement"));
    }
    let on = whole_id("a grant", named, entitlement.resource.unwrap_or_default().id)?;
    let principal = message.principal.unwrap_or_default();
    let to = whole_id("a grant", named, principal.id)?;
    let parent = principal.parent_resource_id.unwrap_or_default();
    // One that names nothing passes nothing on.
    let expansion = grant
        .expansion
        .filter(|e| e.entitlement_ids.iter().any(|id| !id.trim().is_empty()));
    let sources = message.sources.unwrap_or_default().sources.into_iter();
    let sources = sources.map(|(id, source)| {
        let source = GrantSourceRecord {
            is_direct: source.is_direct,
            ..GrantSourceRecord::default()
        };
        (id, source)
    });
    Ok(GrantRecord {
        external_id: message.id,
        entitlement: Some(EntitlementRef {
            resource_type_id: on.resource_type,
            resource_id: on.resource,
            entitlement_id: entitlement.id,
        }),
        principal: Some(PrincipalRef {
            resource_type_id: to.resource_type,
            resource_id: to.resource,
            parent_resource_type_id: parent.resource_type,
            parent_resource_id: parent.resource,
        }),
        discovered_at: grant.discovered_at,
        needs_expansion: expansion.is_some() && grant.needs_expansion,
        expansion: expansion.map(|e| GrantExpandableRecord {
            entitlement_ids: e.entitlement_ids,
            shallow: e.shallow,
            resource_type_ids: e.resource_type_ids,
        }),
        annotations: message.annotations,
        sources: sources.collect(),
        ..GrantRecord::default()
    })
}

/// The key of a resource, and the encoded parent, which is empty without one.
pub(super) fn resource_key(record: &ResourceRecord) -> (Vec<u8>, Vec<u8>) {
    let key = key::record(kind::RESOURCE, &[&record.resource_type_id, &record.resource_id]);
    let mut parent = Vec::new();
    if let Some(of) = &record.parent {
        key::put_tuple(&mut parent, &[&of.resource_type_id, &of.resource_id]);
    }
    (key, parent)
}

pub(super) fn entitlement_key(record: &EntitlementRecord) -> Vec<u8> {
    let on = record.resource.as_ref();
    let on = on.map_or(("", ""), |on| (on.resource_type_id.as_str(), on.resource_id.as_str()));
    key::record(kind::ENTITLEMENT, &key::entitlement(on.0, on.1, &record.external_id))
}

/// The key of a grant, and what it notes for its indexes: whether it needs expansion, and the hash of its content.
pub(super) fn grant_key(record: &GrantRecord) -> (Vec<u8>, Vec<u8>) {
    let on = record.entitlement.as_ref();
    let [a, b, c, d] = on.map_or(["", "", "0", ""], |on| {
        key::entitlement(&on.resource_type_id, &on.resource_id, &on.entitlement_id)
    });
    let to = record.principal.as_ref();
    let to = to.map_or(("", ""), |to| (to.resource_type_id.as_str(), to.resource_id.as_str()));
    let key = key::record(kind::GRANT, &[a, b, c, d, to.0, to.1]);
    let content = digest::content(&key, record.sources.keys().map(String::as_str));
    let note = [&[u8::from(record.needs_expansion)], &content.to_be_bytes()[..]].concat();
    (key, note)
}

/// Appends a grant record. A source of which nothing is known but its id has an empty message, which the general
/// encoder of maps leaves out.
pub(super) fn put_grant(mut record: GrantRecord, out: &mut Vec<u8>) {
    use prost::encoding::encode_varint;
    let sources = std::mem::take(&mut record.sources);
    let key = |number: u32| u64::from(number << 3 | WITH_LENGTH);
    out.reserve(record.encoded_len() + 64 * sources.len());
    record.encode(out).unwrap_or_default();
    for (id, source) in sources {
        let source = source.encode_to_vec();
        let mut entry = Vec::with_capacity(id.len() + source.len() + 8);
        encode_varint(key(1), &mut entry);
        encode_varint(id.len() as u64, &mut entry);
        entry.extend_from_slice(id.as_bytes());
        encode_varint(key(2), &mut entry);
        encode_varint(source.len() as u64, &mut entry);
        entry.extend_from_slice(&source);
        encode_varint(key(SOURCES), out);
        encode_varint(entry.len() as u64, out);
        out.extend_from_slice(&entry);
    }
}

fn reference(id: v2::ResourceId) -> ResourceRef {
    ResourceRef {
        resource_type_id: id.resource_type,
        resource_id: id.resource,
    }
}

/// Keys are made of ids: a row without one has no place.
pub(super) fn whole_id(what: &str, named: &str, id: Option<v2::ResourceId>) -> Result<v2::ResourceId> {
    id.filter(|id| !id.resource_type.is_empty() && !id.resource.is_empty())
        .ok_or_else(|| without(what, named, "the type and the id of its resource or principal"))
}

fn without(what: &str, named: &str, missing: &str) -> Error {
    Error::new(
        Kind::InvalidArgument,
        format!("{what} ({named:?}) is without {missing}: the v3 form has no place for it"),
    )
    .hint("choose the v1 form, or correct what made this row")
}
