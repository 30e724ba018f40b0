//! Who reads the file, and what of the connector's annotations it therefore holds.
//!
//! A reader prints annotations as JSON by their message, and readers before SDK 0.13.7 end with an error at one that
//! they do not know. So a file for anybody goes without those that are younger than such readers and that nothing does
//! anything with once they are in a file. Over gRPC the connector says everything.

use prost_types::Any;

use crate::baton::annotation::{self, Named as _};
use crate::baton::proto::v2;

/// Who a file is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Audience {
    /// Anybody with a Baton reader, of whatever age.
    #[default]
    AnyReader,
    /// ConductorOne, which knows every annotation and acts on some.
    ConductorOne,
}

/// What a file for anybody goes without, by message name. That one of them is not there says nothing.
pub const LEFT_OUT: [&str; 5] = [
    // Tell a syncer what not to ask. It has not asked.
    v2::SkipGrants::NAME,
    v2::SkipEntitlements::NAME,
    // Tells ConductorOne which entitlements exclude each other when it gives one. Readers of files give nothing.
    v2::EntitlementExclusionGroup::NAME,
    // Say for inventories of ConductorOne what the resource is. Type, status and profile stand in the row itself.
    v2::AgentTrait::NAME,
    v2::NonHumanIdentityTrait::NAME,
];

impl Audience {
    /// A resource type as this audience gets it.
    pub fn resource_type(self, kind: &mut v2::ResourceType) {
        self.annotations(&mut kind.annotations);
    }

    /// As [`Audience::resource_type`], for a resource.
    pub fn resource(self, resource: &mut v2::Resource) {
        self.annotations(&mut resource.annotations);
    }

    /// As [`Audience::resource_type`], for an entitlement and what it repeats of others.
    pub fn entitlement(self, entitlement: &mut v2::Entitlement) {
        self.annotations(&mut entitlement.annotations);
        entitlement.resource.iter_mut().for_each(|r| self.resource(r));
        entitlement.grantable_to.iter_mut().for_each(|t| self.resource_type(t));
    }

    /// As [`Audience::entitlement`], for a grant.
    pub fn grant(self, grant: &mut v2::Grant) {
        self.annotations(&mut grant.annotations);
        grant.entitlement.iter_mut().for_each(|e| self.entitlement(e));
        grant.principal.iter_mut().for_each(|p| self.resource(p));
    }

    fn annotations(self, annotations: &mut Vec<Any>) {
        if self == Audience::AnyReader {
            annotations.retain(|any| !LEFT_OUT.contains(&annotation::name_of(any)));
        }
    }
}
