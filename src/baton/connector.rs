//! What a connector is to a syncer: lists of resources, entitlements and grants, one page per call.
//!
//! The in-process syncer and the gRPC services drive this one trait. It has no `dyn` form on purpose: calls
//! are on the hot path and there is one connector per process.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::baton::error::Result;
use crate::baton::fingerprint::Fingerprint;
use crate::baton::memory::{PreviousSync, Records};
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::warning::Warnings;

/// Bytes by key that live as long as the sync, in its file, so that a resumed run has them
/// (`contract/c1z-format.md` 6.1). Keys are the connector's own; those that begin with `@` are the syncer's.
/// What was set is on its way to the disk when the call returns: an answer that cost a request belongs in here.
pub trait Session: Send + Sync {
    /// The value of a key.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>>;
    /// Sets a key.
    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<()>>;
}

/// What a call gets from the sync it belongs to.
#[derive(Clone)]
pub struct SyncContext {
    /// The id of the sync (a KSUID).
    pub sync_id: Arc<str>,
    /// Look-up tables that outlive the process.
    pub session: Arc<dyn Session>,
    /// Where skips and drops are counted.
    pub warnings: Arc<Warnings>,
    /// The full sync of the same file that finished last, and what it recorded. `None` for a new file.
    pub previous: Option<Arc<PreviousSync>>,
    /// What the next sync of the same file will find in its `previous`.
    pub records: Arc<Records>,
    /// How many requests may be under way together within calls (`--workers`). A connector that asks for several
    /// things in one call takes a turn for each, from the request until its answer is in the session: what a crash
    /// makes the next run ask again is then no more than the turns there are.
    pub turns: Arc<Semaphore>,
}

impl SyncContext {
    /// The context of a sync without history.
    pub fn new(sync_id: impl Into<Arc<str>>, session: Arc<dyn Session>, warnings: Arc<Warnings>) -> Self {
        SyncContext {
            sync_id: sync_id.into(),
            session,
            warnings,
            previous: None,
            records: Arc::default(),
            turns: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// Records something for the next sync of the same file.
    pub fn record(&self, key: &str, value: serde_json::Value) {
        self.records.set(key, value);
    }
}

/// A connector. Every list is one page per call; the page token is the connector's own.
pub trait Connector: Send + Sync + 'static {
    /// Name, description, capabilities: what `Hello` tells ConductorOne.
    fn metadata(&self) -> v2::ConnectorMetadata;

    /// All resource types, whether or not the workspace has rows of them. Makes no call.
    fn resource_types(&self) -> Vec<v2::ResourceType>;

    /// What it reads, and how: a sync that was stopped is resumed only by a connector with the same fingerprint.
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::default()
    }

    /// Checks credentials and permissions before anything is written. A resumed sync does not ask again.
    fn validate(&self, cx: &SyncContext) -> impl Future<Output = Result<()>> + Send;

    /// Resources of a type, top-level or below a parent.
    fn list_resources(
        &self,
        cx: &SyncContext,
        resource_type: &str,
        parent: Option<&v2::ResourceId>,
        page: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Resource>>> + Send;

    /// Entitlements of a resource.
    fn list_entitlements(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        page: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Entitlement>>> + Send;

    /// Grants on a resource.
    fn list_grants(
        &self,
        cx: &SyncContext,
        resource: &v2::Resource,
        page: &PageToken,
    ) -> impl Future<Output = Result<Page<v2::Grant>>> + Send;
}
