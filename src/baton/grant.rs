//! Building grants.

use crate::baton::annotation::{self, Named};
use crate::baton::entitlement;
use crate::baton::proto::v2;
use crate::baton::resource::{self, Profile};

/// `entitlement id:principal type:principal id`, unescaped (`baton/c1z/format.md 5.7`).
pub fn id(entitlement_id: &str, principal: &v2::ResourceId) -> String {
    format!("{entitlement_id}:{}:{}", principal.resource_type, principal.resource)
}

/// What the grant is on, as (type, bare id); empty texts where it does not say.
pub fn on(grant: &v2::Grant) -> (&str, &str) {
    grant.entitlement.as_ref().map_or(("", ""), entitlement::on)
}

/// Who holds it, as (type, bare id); empty texts where it does not say.
pub fn principal(grant: &v2::Grant) -> (&str, &str) {
    grant.principal.as_ref().map_or(("", ""), resource::key)
}

/// Builds one grant of `slug` on `resource` to `principal`.
#[derive(Debug, Clone)]
pub struct GrantBuilder(v2::Grant);

impl GrantBuilder {
    /// The grant, with the entitlement stub and a principal that is named by its id alone.
    pub fn new(resource: &v2::Resource, slug: &str, principal: v2::ResourceId) -> Self {
        let entitlement = entitlement::stub(resource, slug);
        GrantBuilder(v2::Grant {
            id: id(&entitlement.id, &principal),
            entitlement: Some(entitlement),
            principal: Some(v2::Resource {
                id: Some(principal),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    /// Adds an annotation.
    #[must_use]
    pub fn annotate<M: prost::Message + Named>(mut self, message: &M) -> Self {
        self.0.annotations.push(annotation::pack(message));
        self
    }

    /// Everyone who holds `entitlement_id` (an entitlement of the principal) holds this grant's entitlement too,
    /// without passing further what they hold indirectly.
    #[must_use]
    pub fn expands_over(self, entitlement_id: String) -> Self {
        self.annotate(&v2::GrantExpandable {
            entitlement_ids: vec![entitlement_id],
            shallow: true,
            ..Default::default()
        })
    }

    /// Marks the grant as one that cannot be revoked by itself.
    #[must_use]
    pub fn immutable(self) -> Self {
        self.annotate(&v2::GrantImmutable::default())
    }

    /// Adds vendor facts a later revoke needs.
    #[must_use]
    pub fn metadata(self, metadata: Profile) -> Self {
        self.annotate(&v2::GrantMetadata {
            metadata: Some(metadata.into_struct()),
        })
    }

    /// The grant.
    pub fn build(self) -> v2::Grant {
        self.0
    }
}
