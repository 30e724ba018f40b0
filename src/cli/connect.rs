//! The connector of a run, made of its settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::page::{Page, PageToken};
use crate::baton::progress::Observer;
use crate::baton::proto::v2;
use crate::baton::sync::summary::FamilyCounts;
use crate::workato::settings::Settings;

/// Reads what the requests so far cost, by quota family.
pub type Requests = Arc<dyn Fn() -> BTreeMap<String, FamilyCounts> + Send + Sync>;

/// Makes the connector and the reader of its request counts. Makes no call.
///
/// # Errors
/// Those of the connector's own set-up.
pub fn connect(
    settings: Settings,
    timeout: Duration,
    observer: Arc<dyn Observer>,
) -> Result<(Arc<WorkatoConnector>, Requests)> {
    let _ = (settings, timeout, observer);
    Err(Error::new(
        Kind::Unimplemented,
        "syncing a workspace is not available in this version",
    ))
}

/// Stands where the connector will: it has no values.
pub enum WorkatoConnector {}

impl Connector for WorkatoConnector {
    fn metadata(&self) -> v2::ConnectorMetadata {
        match *self {}
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        match *self {}
    }

    async fn validate(&self, _: &SyncContext) -> Result<()> {
        match *self {}
    }

    async fn list_resources(
        &self,
        _: &SyncContext,
        _: &str,
        _: Option<&v2::ResourceId>,
        _: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        match *self {}
    }

    async fn list_entitlements(
        &self,
        _: &SyncContext,
        _: &v2::Resource,
        _: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        match *self {}
    }

    async fn list_grants(&self, _: &SyncContext, _: &v2::Resource, _: &PageToken) -> Result<Page<v2::Grant>> {
        match *self {}
    }
}
