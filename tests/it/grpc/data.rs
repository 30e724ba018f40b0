//! A connector that is plain data, with rows as large as a test wants and a way to panic.

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::annotation;
use baton_workato::baton::connector::{Connector, Provisioner, SyncContext};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::error::Result;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::resource::{self, ResourceBuilder, id};

/// Resources of the one type `thing`, all on one page; each has one entitlement, `has`, and the first one a grant of it
/// to every thing.
#[derive(Debug, Clone, Copy)]
pub struct Data {
    pub things: usize,
    /// Bytes of the annotation that makes every row larger. No rule bounds it.
    pub bytes: usize,
}

impl Data {
    pub fn kind() -> v2::ResourceType {
        resource::resource_type("thing", "Thing", &[], Vec::new())
    }

    pub fn thing(self, number: usize) -> v2::Resource {
        let mut thing = ResourceBuilder::new("thing", format!("{number:04}"), format!("Thing {number}")).build();
        thing.annotations.push(self.ballast());
        thing
    }

    fn ballast(self) -> prost_types::Any {
        annotation::pack(&v2::GrantReplaced {
            replaced_grant_id: "x".repeat(self.bytes),
        })
    }

    fn all<T>(self, row: impl FnMut(usize) -> T) -> Page<T> {
        Page::last((0..self.things).map(row).collect())
    }
}

impl Connector for Data {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata {
            display_name: "Data".to_owned(),
            ..Default::default()
        }
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        vec![Self::kind(); usize::from(self.things > 0)]
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        Ok(())
    }

    async fn list_resources(
        &self,
        _: &SyncContext,
        resource_type: &str,
        _: Option<&v2::ResourceId>,
        _: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        assert_ne!(resource_type, "panic", "a connector with a mistake");
        Ok(self.all(|number| self.thing(number)))
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        resource: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let has = EntitlementBuilder::new(resource, "has", Purpose::Assignment, &[&Self::kind()]).build();
        Ok(Page::last(vec![has]))
    }

    async fn list_grants(&self, _: &SyncContext, on: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        if resource::key(on).1 != "0000" {
            return Ok(Page::default());
        }
        Ok(self.all(|number| {
            let mut grant = GrantBuilder::new(on, "has", id("thing", format!("{number:04}"))).build();
            grant.annotations.push(self.ballast());
            grant
        }))
    }
}

impl Provisioner for Data {}
