//! From the records of a store to the messages of the connector protocol (`baton/c1z/v3/format.md 4`).

use std::collections::BTreeMap;

use prost::Message;

use super::fault;
use crate::baton::c1z::expansion as column;
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{
    EntitlementRecord, EntitlementRef, GrantExpandableRecord, GrantRecord, GrantSourceRecord, PrincipalRef,
    ResourceRecord, ResourceRef, ResourceTypeRecord,
};
use crate::baton::proto::v2;

/// What enum names begin with, which records leave out.
pub(super) const TRAIT: &str = "TRAIT_";
pub(super) const PURPOSE: &str = "PURPOSE_VALUE_";

/// Parses a record.
pub(super) fn decode<M: Message + Default>(value: &[u8], key: &[u8]) -> Result<M> {
    M::decode(value).map_err(|error| {
        let key = String::from_utf8_lossy(key);
        fault::damaged(format!("the row {key:?} cannot be parsed: {error}"))
    })
}

/// A resource type. A trait that is not known is unspecified.
pub(super) fn resource_type(record: ResourceTypeRecord) -> v2::ResourceType {
    let number = |name: &String| {
        v2::resource_type::Trait::from_str_name(&format!("{TRAIT}{name}"))
            .unwrap_or_default()
            .into()
    };
    v2::ResourceType {
        id: record.external_id,
        display_name: record.display_name,
        traits: record.traits.iter().map(number).collect(),
        annotations: record.annotations,
        description: record.description,
        sourced_externally: record.sourced_externally,
    }
}

/// A resource. What v3 has no place for stays empty: its external id, who made it, and `baton_resource`.
pub(super) fn resource(record: ResourceRecord) -> v2::Resource {
    let status = record.status.map(|status| v2::Status {
        status: status.status,
        details: status.details,
    });
    let icon = Some(record.icon_asset_external_id).filter(|id| !id.is_empty());
    v2::Resource {
        id: Some(resource_id(record.resource_type_id, record.resource_id)),
        parent_resource_id: record.parent.map(|p| resource_id(p.resource_type_id, p.resource_id)),
        display_name: record.display_name,
        annotations: record.annotations,
        description: record.description,
        profile: record.profile,
        icon: icon.map(|id| v2::AssetRef { id }),
        status,
        created_at: record.created_at,
        ..v2::Resource::default()
    }
}

/// An entitlement whose resource is a reference, and whose types are ids only.
pub(super) fn entitlement(record: EntitlementRecord) -> v2::Entitlement {
    let on = record.resource.unwrap_or_default();
    let grantable_to = record.grantable_to_resource_type_ids.into_iter().map(bare_type);
    let purpose = v2::entitlement::PurposeValue::from_str_name(&format!("{PURPOSE}{}", record.purpose));
    v2::Entitlement {
        resource: Some(bare_resource(on.resource_type_id, on.resource_id)),
        id: record.external_id,
        display_name: record.display_name,
        description: record.description,
        grantable_to: grantable_to.collect(),
        annotations: record.annotations,
        purpose: purpose.unwrap_or_default().into(),
        slug: record.slug,
    }
}

/// A grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// The message, without `GrantExpandable`.
    pub grant: v2::Grant,
    /// What it expands over.
    pub expansion: Option<v2::GrantExpandable>,
    /// Whether expansion is to look at it; stays set once expanded.
    pub needs_expansion: bool,
    /// When it was first written in its sync.
    pub discovered_at: Option<prost_types::Timestamp>,
}

impl Grant {
    /// With what it expands over where readers of both forms look for it. Files of mid 2026 may have it where connectors
    /// put it; one that names nothing passes nothing on.
    pub(super) fn settled(mut self) -> Self {
        let annotated = column::split(&mut self.grant);
        let is_waiting = self.needs_expansion || (self.expansion.is_none() && annotated.is_some());
        self.expansion = self.expansion.or(annotated).filter(passes_on);
        self.needs_expansion = is_waiting && self.expansion.is_some();
        self
    }
}

fn passes_on(expansion: &v2::GrantExpandable) -> bool {
    expansion.entitlement_ids.iter().any(|id| !id.trim().is_empty())
}

/// What a resource is called, without the rest of it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourceName {
    #[prost(string, tag = "2")]
    pub(super) resource_type: String,
    #[prost(string, tag = "3")]
    pub(super) id: String,
    #[prost(string, tag = "4")]
    pub(super) display_name: String,
}

/// What an entitlement is called, and what it is on.
#[derive(Clone, PartialEq, Message)]
pub(super) struct EntitlementName {
    #[prost(string, tag = "2")]
    pub(super) id: String,
    #[prost(message, optional, tag = "3")]
    pub(super) resource: Option<ResourceRef>,
    #[prost(string, tag = "4")]
    pub(super) display_name: String,
}

/// Whose grant of what it is, and where it comes from.
#[derive(Clone, PartialEq, Message)]
pub(super) struct GrantOrigin {
    #[prost(message, optional, tag = "3")]
    pub(super) entitlement: Option<EntitlementRef>,
    #[prost(message, optional, tag = "4")]
    pub(super) principal: Option<PrincipalRef>,
    #[prost(btree_map = "string, message", tag = "9")]
    pub(super) sources: BTreeMap<String, GrantSourceRecord>,
}

/// A grant whose entitlement and principal are references.
pub(super) fn grant(record: GrantRecord) -> Grant {
    let id = grant_id(&record);
    let on = record.entitlement.unwrap_or_default();
    let sources = record.sources.into_iter().map(|(id, source)| {
        let is_direct = source.is_direct;
        (id, v2::grant_sources::GrantSource { is_direct })
    });
    let sources = v2::GrantSources {
        sources: sources.collect(),
    };
    let message = v2::Grant {
        entitlement: Some(v2::Entitlement {
            resource: Some(bare_resource(on.resource_type_id, on.resource_id)),
            id: on.entitlement_id,
            ..v2::Entitlement::default()
        }),
        principal: Some(principal(record.principal.unwrap_or_default())),
        id,
        sources: Some(sources).filter(|s| !s.sources.is_empty()),
        annotations: record.annotations,
    };
    Grant {
        grant: message,
        expansion: record.expansion.map(expansion),
        needs_expansion: record.needs_expansion,
        discovered_at: record.discovered_at,
    }
}

/// The id of a grant: its own, or that which its entitlement and principal make.
pub(super) fn grant_id(record: &GrantRecord) -> String {
    if !record.external_id.is_empty() {
        return record.external_id.clone();
    }
    let entitlement = record.entitlement.as_ref().map(|e| e.entitlement_id.as_str());
    let principal = record
        .principal
        .as_ref()
        .map(|p| (p.resource_type_id.as_str(), p.resource_id.as_str()));
    let (principal_type, principal) = principal.unwrap_or_default();
    format!("{}:{principal_type}:{principal}", entitlement.unwrap_or_default())
}

pub(super) fn expansion(record: GrantExpandableRecord) -> v2::GrantExpandable {
    v2::GrantExpandable {
        entitlement_ids: record.entitlement_ids,
        shallow: record.shallow,
        resource_type_ids: record.resource_type_ids,
    }
}

fn principal(reference: PrincipalRef) -> v2::Resource {
    let parent = resource_id(reference.parent_resource_type_id, reference.parent_resource_id);
    v2::Resource {
        parent_resource_id: Some(parent).filter(|parent| !parent.resource.is_empty()),
        ..bare_resource(reference.resource_type_id, reference.resource_id)
    }
}

/// A resource of which only the id is known.
pub(super) fn bare_resource(resource_type: String, resource: String) -> v2::Resource {
    v2::Resource {
        id: Some(resource_id(resource_type, resource)),
        ..v2::Resource::default()
    }
}

/// A resource type of which only the id is known.
pub(super) fn bare_type(id: String) -> v2::ResourceType {
    v2::ResourceType {
        id,
        ..v2::ResourceType::default()
    }
}

fn resource_id(resource_type: String, resource: String) -> v2::ResourceId {
    v2::ResourceId {
        resource_type,
        resource,
        ..v2::ResourceId::default()
    }
}
