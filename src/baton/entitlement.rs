//! Building entitlements.

use prost_types::Any;

use crate::baton::annotation::{self, Named};
use crate::baton::proto::v2;
use crate::baton::resource;

pub use v2::entitlement::PurposeValue as Purpose;

/// `type:resource id:slug`, unescaped (`baton/c1z/format.md 5.7`).
pub fn id(resource: &v2::ResourceId, slug: &str) -> String {
    format!("{}:{}:{slug}", resource.resource_type, resource.resource)
}

/// What the entitlement is on, as (type, bare id); empty texts where it does not say.
pub fn on(entitlement: &v2::Entitlement) -> (&str, &str) {
    entitlement.resource.as_ref().map_or(("", ""), resource::key)
}

/// Builds one entitlement. Every entitlement has a slug and carries its full resource.
#[derive(Debug, Clone)]
pub struct EntitlementBuilder(v2::Entitlement);

impl EntitlementBuilder {
    /// The entitlement `slug` of `resource`, grantable to principals of the given types.
    pub fn new(resource: &v2::Resource, slug: &str, purpose: Purpose, grantable_to: &[&v2::ResourceType]) -> Self {
        let resource_id = resource.id.clone().unwrap_or_default();
        EntitlementBuilder(v2::Entitlement {
            id: id(&resource_id, slug),
            slug: slug.to_owned(),
            purpose: purpose.into(),
            display_name: slug.to_owned(),
            resource: Some(resource.clone()),
            grantable_to: grantable_to.iter().map(|t| (*t).clone()).collect(),
            ..Default::default()
        })
    }

    /// Sets display name and description.
    #[must_use]
    pub fn named(mut self, display_name: impl Into<String>, description: impl Into<String>) -> Self {
        self.0.display_name = display_name.into();
        self.0.description = description.into();
        self
    }

    /// Adds an annotation.
    #[must_use]
    pub fn annotate<M: prost::Message + Named>(mut self, message: &M) -> Self {
        self.0.annotations.push(annotation::pack(message));
        self
    }

    /// Marks the entitlement as one nobody can grant or revoke through the connector.
    #[must_use]
    pub fn immutable(self) -> Self {
        self.annotate(&v2::EntitlementImmutable::default())
    }

    /// The entitlement.
    pub fn build(self) -> v2::Entitlement {
        self.0
    }
}

/// The stub a connector-made grant embeds: the id and the full resource, nothing else (`baton/c1z/format.md 3`).
pub fn stub(resource: &v2::Resource, slug: &str) -> v2::Entitlement {
    let resource_id = resource.id.clone().unwrap_or_else(|| resource::id("", ""));
    v2::Entitlement {
        id: id(&resource_id, slug),
        resource: Some(resource.clone()),
        ..Default::default()
    }
}

/// The annotations of an entitlement that an exclusion group adds.
pub fn exclusion_group(group: &str) -> Any {
    annotation::pack(&v2::EntitlementExclusionGroup {
        exclusion_group_id: group.to_owned(),
        ..Default::default()
    })
}
