//! Whether two rows mean the same, whatever their bytes.
//!
//! Different writers encode one message differently (`baton/c1z/format.md 3`), and rows carry copies: an
//! entitlement of its resource, a grant of its entitlement and principal. A copy that is newer is no change of the
//! row: the resource itself says what changed. Nor is an annotation that only some files have.

use prost_types::Any;

use crate::baton::annotation;
use crate::baton::c1z::merge::StoredGrant;
use crate::baton::error::Result;
use crate::baton::json::Form;
use crate::baton::proto::v2;
use crate::baton::sync::LEFT_OUT;

/// Compares rows by what they say.
pub(super) struct Meaning {
    resource_type: Form,
    resource: Form,
    entitlement: Form,
    grant: Form,
}

impl Meaning {
    pub(super) fn new() -> Result<Self> {
        Ok(Meaning {
            resource_type: Form::of("c1.connector.v2.ResourceType")?,
            resource: Form::of("c1.connector.v2.Resource")?,
            entitlement: Form::of("c1.connector.v2.Entitlement")?,
            grant: Form::of("c1.connector.v2.Grant")?,
        })
    }

    pub(super) fn same_type(&self, a: &v2::ResourceType, b: &v2::ResourceType) -> Result<bool> {
        let (mut a, mut b) = (a.clone(), b.clone());
        level(&mut a.annotations, &mut b.annotations);
        same(&self.resource_type, &a, &b)
    }

    pub(super) fn same_resource(&self, a: &v2::Resource, b: &v2::Resource) -> Result<bool> {
        same(&self.resource, a, b)
    }

    pub(super) fn same_entitlement(&self, a: &v2::Entitlement, b: &v2::Entitlement) -> Result<bool> {
        let own = |entitlement: &v2::Entitlement| {
            let mut own = entitlement.clone();
            own.resource = own.resource.as_ref().map(reference);
            for kind in &mut own.grantable_to {
                *kind = v2::ResourceType {
                    id: kind.id.clone(),
                    ..Default::default()
                };
            }
            own
        };
        let (mut a, mut b) = (own(a), own(b));
        level(&mut a.annotations, &mut b.annotations);
        same(&self.entitlement, &a, &b)
    }

    /// Whether two grants say the same beside where they come from: what they expand over, and whether they can be taken.
    pub(super) fn same_terms(&self, a: &StoredGrant, b: &StoredGrant) -> Result<bool> {
        let noted = |grant: &v2::Grant| v2::Grant {
            annotations: grant.annotations.iter().map(Any::clone).collect(),
            ..Default::default()
        };
        Ok(a.expansion == b.expansion && same(&self.grant, &noted(&a.grant), &noted(&b.grant))?)
    }

    pub(super) fn same_grant(&self, a: &StoredGrant, b: &StoredGrant) -> Result<bool> {
        if a.expansion != b.expansion {
            return Ok(false);
        }
        let own = |grant: &v2::Grant| v2::Grant {
            id: grant.id.clone(),
            entitlement: grant.entitlement.as_ref().map(|e| v2::Entitlement {
                id: e.id.clone(),
                resource: e.resource.as_ref().map(reference),
                ..Default::default()
            }),
            principal: grant.principal.as_ref().map(reference),
            annotations: grant.annotations.iter().map(Any::clone).collect(),
            sources: grant.sources.clone(),
        };
        same(&self.grant, &own(&a.grant), &own(&b.grant))
    }
}

/// Takes out what one of two rows has, and a file for other readers goes without.
pub(super) fn level(a: &mut Vec<Any>, b: &mut Vec<Any>) {
    for name in LEFT_OUT {
        let is = |any: &Any| annotation::name_of(any) == name;
        if a.iter().any(is) != b.iter().any(is) {
            a.retain(|any| !is(any));
            b.retain(|any| !is(any));
        }
    }
}

fn reference(resource: &v2::Resource) -> v2::Resource {
    v2::Resource {
        id: resource.id.clone(),
        ..Default::default()
    }
}

fn same<M: prost::Message + PartialEq>(form: &Form, a: &M, b: &M) -> Result<bool> {
    // As JSON, packed annotations are opened: their bytes may differ where their meaning does not.
    Ok(a == b || form.line(a)? == form.line(b)?)
}
