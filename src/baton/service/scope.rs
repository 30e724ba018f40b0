//! A connector of which a task wants only a part (`baton/service/protocol.md 6.2`): no grants, no entitlements, some
//! resources, or nothing at all.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::baton::about::About;
use crate::baton::cause;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Kind, Result};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::resource::external_id;

/// What is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Nothing is wanted but a finished sync.
    pub empty: bool,
    /// Entitlements and grants are not.
    pub skip_entitlements: bool,
    /// Grants are not.
    pub skip_grants: bool,
    /// If any, only these resources are, with what is below them.
    pub targets: Vec<Target>,
}

/// A wanted resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Which one.
    pub id: v2::ResourceId,
    /// What it is below, if anything.
    pub parent: Option<v2::ResourceId>,
}

impl Scope {
    /// The resources of a task, each once.
    pub fn targets(resources: &[v2::Resource]) -> Vec<Target> {
        let mut seen = BTreeSet::new();
        let mut targets = Vec::new();
        for resource in resources {
            let Some(id) = resource.id.clone() else { continue };
            let parent = resource.parent_resource_id.clone();
            if seen.insert((external_id(&id), parent.as_ref().map(external_id))) {
                targets.push(Target { id, parent });
            }
        }
        targets
    }

    /// The scope as one text: equal scopes have equal texts.
    pub fn as_text(&self) -> String {
        let mut targets: Vec<String> = self.targets.iter().map(|t| external_id(&t.id)).collect();
        targets.sort();
        format!(
            "{} {} {} {}",
            self.empty,
            self.skip_entitlements,
            self.skip_grants,
            targets.join(",")
        )
    }
}

/// The connector with its scope.
pub struct Scoped<C> {
    /// The whole.
    pub inner: Arc<C>,
    /// The part.
    pub scope: Scope,
}

impl<C: Connector> Scoped<C> {
    /// A wanted resource: asked for, or looked for in its list where the connector cannot be asked for one.
    async fn find(&self, cx: &SyncContext, target: &Target) -> Result<Option<v2::Resource>> {
        let parent = target.parent.as_ref();
        match self.inner.get_resource(cx, &target.id, parent).await {
            Ok(resource) => return Ok(Some(resource)),
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            Err(error) if error.kind() != Kind::Unimplemented => return Err(error),
            Err(_) => {}
        }
        let wanted = external_id(&target.id);
        let mut page = PageToken::first();
        loop {
            let kind = &target.id.resource_type;
            let listed = self.inner.list_resources(cx, kind, parent, &page).await?;
            let is_it = |r: &v2::Resource| r.id.as_ref().is_some_and(|id| external_id(id) == wanted);
            if let Some(found) = listed.rows.into_iter().find(is_it) {
                return Ok(Some(found));
            }
            match listed.next {
                Some(next) => page = next,
                None => return Ok(None),
            }
        }
    }
}

impl<C: Connector> Connector for Scoped<C> {
    fn about(&self) -> About {
        self.inner.about()
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        self.inner.metadata()
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        if self.scope.empty {
            return Vec::new();
        }
        self.inner.resource_types()
    }

    fn fingerprint(&self) -> Fingerprint {
        self.inner.fingerprint().with("scope", self.scope.as_text())
    }

    async fn validate(&self, cx: &SyncContext) -> Result<()> {
        self.inner.validate(cx).await
    }

    async fn list_resources(
        &self,
        cx: &SyncContext,
        resource_type: &str,
        parent: Option<&v2::ResourceId>,
        page: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        if self.scope.targets.is_empty() || parent.is_some() {
            return self.inner.list_resources(cx, resource_type, parent, page).await;
        }
        let mut rows = Vec::new();
        for target in self
            .scope
            .targets
            .iter()
            .filter(|t| t.id.resource_type == resource_type)
        {
            match self.find(cx, target).await? {
                Some(resource) => rows.push(resource),
                None => cx.warnings.add(
                    cause::TARGET_NOT_FOUND,
                    "resources that the task names were not found and are left out",
                    external_id(&target.id),
                ),
            }
        }
        Ok(Page::last(rows))
    }

    async fn list_entitlements(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        if self.scope.skip_entitlements {
            return Ok(Page::default());
        }
        self.inner.list_entitlements(cx, resource, page).await
    }

    async fn list_grants(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Grant>> {
        if self.scope.skip_grants || self.scope.skip_entitlements {
            return Ok(Page::default());
        }
        self.inner.list_grants(cx, resource, page).await
    }
}
