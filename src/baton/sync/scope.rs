//! A connector of which only a part is wanted (`baton/service/protocol.md 6.2`): no grants, no entitlements, some resources,
//! or nothing at all.
//!
//! Some resources come with what they lie in and with whoever holds something on them, as the published syncer fetches
//! these (`baton/c1z/format.md 4.2`): of those the rows alone, without what others hold on them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::baton::about::About;
use crate::baton::cause;
use crate::baton::connector::{Connector, SyncContext, listed};
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
    inner: Arc<C>,
    scope: Scope,
    found: OnceCell<Found>,
}

/// What of a resource is wanted.
enum Part {
    /// Everything that there is.
    All,
    /// Its row alone.
    Row,
    /// Its row, and of its grants those on wanted resources.
    GrantsOnWanted,
    /// Its row, its entitlements, and of its grants those on itself, by its name, or on wanted resources.
    OnWanted(String),
}

/// The wanted resources, and what belongs to them.
#[derive(Default)]
struct Found {
    rows: Vec<v2::Resource>,
    /// Those that are there for the sake of others.
    related: BTreeSet<String>,
    /// Of these, the ones among whose grants there are some on wanted resources.
    among: BTreeSet<String>,
}

impl<C: Connector> Scoped<C> {
    /// The part of a whole.
    pub fn new(inner: Arc<C>, scope: Scope) -> Self {
        Scoped {
            inner,
            scope,
            found: OnceCell::new(),
        }
    }

    async fn found(&self, cx: &SyncContext) -> Result<&Found> {
        self.found.get_or_try_init(|| self.look(cx)).await
    }

    async fn look(&self, cx: &SyncContext) -> Result<Found> {
        let mut found = Found::default();
        let mut known: BTreeSet<String> = self.scope.targets.iter().map(|t| external_id(&t.id)).collect();
        let mut near = Vec::new();
        for target in &self.scope.targets {
            match self.find(cx, target).await? {
                Some(resource) => {
                    near.extend(resource.parent_resource_id.clone());
                    near.extend(self.holders(cx, &resource).await?);
                    if let Some(id) = &resource.id {
                        let among = self.inner.granted_among(cx, id).await?;
                        found.among.extend(among.iter().map(external_id));
                        near.extend(among);
                    }
                    found.rows.push(resource);
                }
                None => cx.warnings.add(
                    cause::TARGET_NOT_FOUND,
                    "resources that were asked for by their ids were not found and are left out",
                    external_id(&target.id),
                ),
            }
        }
        while let Some(id) = near.pop() {
            let name = external_id(&id);
            if !known.insert(name.clone()) {
                continue;
            }
            let target = Target { id, parent: None };
            let resource = match self.find(cx, &target).await {
                Ok(Some(resource)) => resource,
                // It may be a principal that no list shows; a part may name it nevertheless.
                Ok(None) => continue,
                Err(error) if error.kind() == Kind::PermissionDenied => {
                    cx.warnings.add(
                        cause::TARGET_NOT_FOUND,
                        format!("what belongs to the resources that were asked for could not be read: {error}"),
                        name,
                    );
                    continue;
                }
                Err(error) => return Err(error),
            };
            near.extend(resource.parent_resource_id.clone());
            found.related.insert(name);
            found.rows.push(resource);
        }
        Ok(found)
    }

    /// Who holds something on a resource.
    async fn holders(&self, cx: &SyncContext, resource: &v2::Resource) -> Result<Vec<v2::ResourceId>> {
        let mut holders = Vec::new();
        if self.scope.skip_grants || self.scope.skip_entitlements {
            return Ok(holders);
        }
        let mut page = PageToken::first();
        loop {
            let listed = match self.inner.list_grants(cx, resource, &page).await {
                // It went away just now: the list of its grants will say so.
                Err(error) if error.kind() == Kind::NotFound => return Ok(holders),
                listed => listed?,
            };
            let principals = listed.rows.into_iter().filter_map(|grant| grant.principal?.id);
            holders.extend(principals);
            match listed.next {
                Some(next) => page = next,
                None => return Ok(holders),
            }
        }
    }

    /// What is wanted of a resource.
    async fn part_of(&self, cx: &SyncContext, resource: &v2::Resource) -> Result<Part> {
        if self.scope.targets.is_empty() {
            return Ok(Part::All);
        }
        let found = self.found(cx).await?;
        let name = resource.id.as_ref().map(external_id).unwrap_or_default();
        Ok(match (found.related.contains(&name), found.among.contains(&name)) {
            (true, false) => Part::Row,
            (true, true) => Part::GrantsOnWanted,
            (false, _) => Part::OnWanted(name),
        })
    }

    fn is_wanted(&self, id: &v2::ResourceId) -> bool {
        let name = external_id(id);
        self.scope.targets.iter().any(|target| external_id(&target.id) == name)
    }

    /// A wanted resource: asked for, or looked for in its list where the connector cannot be asked for one.
    async fn find(&self, cx: &SyncContext, target: &Target) -> Result<Option<v2::Resource>> {
        let parent = target.parent.as_ref();
        match self.inner.get_resource(cx, &target.id, parent).await {
            Ok(resource) => Ok(Some(resource)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) if error.kind() != Kind::Unimplemented => Err(error),
            Err(_) => listed(self.inner.as_ref(), cx, &target.id, parent).await,
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
        let found = self.found(cx).await?;
        let of_type = |row: &&v2::Resource| row.id.as_ref().is_some_and(|id| id.resource_type == resource_type);
        Ok(Page::last(found.rows.iter().filter(of_type).cloned().collect()))
    }

    async fn list_entitlements(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        if self.scope.skip_entitlements || matches!(self.part_of(cx, resource).await?, Part::Row | Part::GrantsOnWanted)
        {
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
        let own = match self.part_of(cx, resource).await? {
            Part::All => return self.inner.list_grants(cx, resource, page).await,
            Part::Row => return Ok(Page::default()),
            Part::GrantsOnWanted => None,
            Part::OnWanted(own) => Some(own),
        };
        let mut grants = self.inner.list_grants(cx, resource, page).await?;
        grants.rows.retain(|grant| {
            let on = grant
                .entitlement
                .as_ref()
                .and_then(|e| e.resource.as_ref()?.id.as_ref());
            on.is_none_or(|on| self.is_wanted(on) || own.as_ref().is_some_and(|own| external_id(on) == *own))
        });
        Ok(grants)
    }
}
