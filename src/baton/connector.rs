//! What a connector is to a syncer: lists of resources, entitlements and grants, one page per call.
//!
//! The in-process syncer and the gRPC services drive [`Connector`]; whoever changes a workspace goes through
//! [`Provisioning`](crate::baton::provision::Provisioning), which drives [`Provisioner`]. Neither has a `dyn` form on
//! purpose: calls are on the hot path and there is one connector per process.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::baton::about::About;
use crate::baton::action::Arguments;
use crate::baton::annotation::pack;
use crate::baton::c1z::new_sync_id;
use crate::baton::change::Changes;
use crate::baton::code;
use crate::baton::entitlement;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::grant;
use crate::baton::lock::locked;
use crate::baton::memory::{PreviousSync, Records};
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;
use crate::baton::replay::{Replay, TAKEN_OVER};
use crate::baton::seal::NewSecret;
use crate::baton::warning::Warnings;

/// Bytes by key that live as long as the sync, in its file, so that a resumed run has them
/// (`baton/c1z/format.md 6.1`). Keys are the connector's own; those that begin with `@` are the syncer's.
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
    /// makes the next run ask again is then no more than the permits there are.
    pub permits: Arc<Semaphore>,
    /// What the connector keeps in memory for the length of the sync.
    pub local: Arc<Local>,
    /// Where a write proposes what it is about to change, and tells what it changed.
    pub changes: Arc<Changes>,
    /// What may be taken over from the sync before; `None` where nobody asked for that.
    pub replay: Option<Arc<Replay>>,
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
            permits: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            local: Arc::default(),
            changes: Arc::default(),
            replay: None,
        }
    }

    /// The context of a single call outside of any sync, such as a write: what it looks up is forgotten afterwards.
    pub fn detached() -> Self {
        SyncContext::new(
            new_sync_id(),
            Arc::new(VolatileSession::default()),
            Arc::new(Warnings::default()),
        )
    }

    /// The context of a write under a consent.
    pub fn writing(changes: &Arc<Changes>) -> Self {
        SyncContext {
            changes: Arc::clone(changes),
            ..SyncContext::detached()
        }
    }

    /// Puts answers of the sync before into the session of this one, by their keys.
    ///
    /// # Errors
    /// Those of the session.
    pub async fn take_over(&self, keys: &BTreeSet<String>) -> Result<()> {
        let Some((replay, before)) = self.replay.as_ref().and_then(|r| Some((r, r.before().ok()?))) else {
            return Ok(());
        };
        self.session.set(TAKEN_OVER, Vec::new()).await?;
        for (key, answer) in before.answers.iter().filter(|(key, _)| keys.contains(*key)) {
            self.session.set(key, answer.clone()).await?;
            replay.took_over();
        }
        Ok(())
    }

    /// Records something for the next sync of the same file.
    pub fn record(&self, key: &str, value: serde_json::Value) {
        self.records.set(key, value);
    }
}

/// One value of the connector's own that all calls of a sync share, such as its look-up tables. It goes with the last
/// context of the sync, so that a process that serves for months holds only what is read at the time.
#[derive(Default)]
pub struct Local(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Local {
    /// The value, made on the first call. A sync has one connector: a value of another type is made but not kept.
    pub fn get<T: Any + Send + Sync>(&self, make: impl Fn() -> T) -> Arc<T> {
        let kept = Arc::clone(self.0.get_or_init(|| Arc::new(make())));
        kept.downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}

/// A session without a file: it lasts as long as the process, or shorter.
#[derive(Debug, Default)]
pub struct VolatileSession(Mutex<BTreeMap<String, Vec<u8>>>);

impl Session for VolatileSession {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        let value = locked(&self.0).get(key).cloned();
        Box::pin(async move { Ok(value) })
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        let mut values = locked(&self.0);
        values.insert(key.to_owned(), value);
        Box::pin(async { Ok(()) })
    }
}

/// A connector. Every list is one page per call; the page token is the connector's own.
pub trait Connector: Send + Sync + 'static {
    /// The program it is part of.
    fn about(&self) -> About;

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

    /// One resource by its id, for syncs of a few resources. A connector without it answers `Unimplemented`
    /// (`baton/service/protocol.md 6.4, 7.4`); whoever needs the resource can still look for it in its list.
    fn get_resource(
        &self,
        cx: &SyncContext,
        id: &v2::ResourceId,
        parent: Option<&v2::ResourceId>,
    ) -> impl Future<Output = Result<v2::Resource>> + Send {
        let _ = (cx, parent);
        let error = unsupported(&id.resource_type, "cannot be read one at a time");
        async { Err(error) }
    }

    /// The resources among whose grants those on this one are listed, where its type has no list of its own
    /// (`SkipGrants`): without them a sync of this one alone would show that nobody holds it.
    fn granted_among(
        &self,
        cx: &SyncContext,
        id: &v2::ResourceId,
    ) -> impl Future<Output = Result<Vec<v2::ResourceId>>> + Send {
        let _ = (cx, id);
        async { Ok(Vec::new()) }
    }

    /// The feeds of events that there are. Makes no call.
    fn event_feeds(&self) -> Vec<v2::EventFeedMetadata> {
        Vec::new()
    }

    /// The next events of a feed. Each has the same id whenever it is told, and is told at least once to whoever goes on
    /// with the cursor of the answer before only after its events are safe.
    fn list_events(
        &self,
        cx: &SyncContext,
        asked: &v2::ListEventsRequest,
    ) -> impl Future<Output = Result<v2::ListEventsResponse>> + Send {
        let _ = cx;
        let error = no_event_feed(&asked.event_feed_id);
        async { Err(error) }
    }
}

/// A resource looked for in the list of its type.
///
/// # Errors
/// Those of the connector.
pub async fn listed<C: Connector>(
    connector: &C,
    cx: &SyncContext,
    id: &v2::ResourceId,
    parent: Option<&v2::ResourceId>,
) -> Result<Option<v2::Resource>> {
    let mut page = PageToken::first();
    loop {
        let listed = connector.list_resources(cx, &id.resource_type, parent, &page).await?;
        let is_it = |row: &v2::Resource| row.id.as_ref().is_some_and(|of| of.resource == id.resource);
        match (listed.rows.into_iter().find(is_it), listed.next) {
            (Some(found), _) => return Ok(Some(found)),
            (None, Some(next)) => page = next,
            (None, None) => return Ok(None),
        }
    }
}

/// What a grant led to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Granted {
    /// The grants that exist now because of it. May be left empty (`baton/service/protocol.md 4.4`).
    pub grants: Vec<v2::Grant>,
    /// `GrantAlreadyExists`, `GrantReplaced`, ...
    pub annotations: Vec<prost_types::Any>,
}

impl Granted {
    /// The answer to a grant of which no more is known than whether it `changed` anything; otherwise it was held before.
    pub fn answer(changed: bool) -> Self {
        let held = (!changed).then(|| pack(&v2::GrantAlreadyExists::default()));
        Granted {
            grants: Vec::new(),
            annotations: held.into_iter().collect(),
        }
    }
}

/// The answer to a revocation that `changed` something, or of what was not held.
pub fn revoke_answer(changed: bool) -> Vec<prost_types::Any> {
    let gone = (!changed).then(|| pack(&v2::GrantAlreadyRevoked::default()));
    gone.into_iter().collect()
}

/// An account that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Addresses, login and the fields of the connector's account form.
    pub info: &'a v2::AccountInfo,
    /// The first credential, if the caller says anything about it.
    pub credentials: Option<&'a v2::LocalCredentialOptions>,
    /// The resource type of the account; empty means the connector's only one.
    pub resource_type: &'a str,
}

/// How the creation of an account ended (`baton/service/protocol.md 4.5`). All of these are successes.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountOutcome {
    /// It exists and can be used, or is invited until `invitation_expires_at`.
    Created {
        /// The account.
        resource: v2::Resource,
        /// When an invitation lapses.
        invitation_expires_at: Option<prost_types::Timestamp>,
    },
    /// Somebody must act before it exists.
    ActionRequired {
        /// The account, if there is anything of it yet.
        resource: Option<v2::Resource>,
        /// Who must do what.
        message: String,
    },
    /// It existed before.
    AlreadyExists {
        /// The account.
        resource: v2::Resource,
    },
    /// It is being made.
    InProgress {
        /// The account, if there is anything of it yet.
        resource: Option<v2::Resource>,
    },
}

/// The answer to [`NewAccount`].
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedAccount {
    /// How it ended.
    pub outcome: AccountOutcome,
    /// More about it.
    pub annotations: Vec<prost_types::Any>,
}

/// The side of a connector that changes the workspace. Every method has a default that answers what a connector
/// without it answers (`baton/service/protocol.md 4.2, 4.3`): one that only reads implements nothing.
///
/// Methods never repeat a request that might have been carried out, unless repeating it changes nothing. They propose
/// every change to `cx.changes` before they send it, make sure that it took effect, and tell `cx.changes` what came of it.
pub trait Provisioner: Connector {
    /// Gives an entitlement to a principal. That it is held already is a success with `GrantAlreadyExists`.
    fn grant(
        &self,
        cx: &SyncContext,
        principal: &v2::Resource,
        entitlement: &v2::Entitlement,
    ) -> impl Future<Output = Result<Granted>> + Send {
        let _ = (cx, principal);
        let error = unsupported(entitlement::on(entitlement).0, "does not support granting");
        async { Err(error) }
    }

    /// Takes a grant away. That it is not held is a success with `GrantAlreadyRevoked`.
    fn revoke(
        &self,
        cx: &SyncContext,
        grant: &v2::Grant,
    ) -> impl Future<Output = Result<Vec<prost_types::Any>>> + Send {
        let _ = cx;
        let error = unsupported(grant::on(grant).0, "does not support revoking");
        async { Err(error) }
    }

    /// Creates an account. Never repeated.
    fn create_account(
        &self,
        cx: &SyncContext,
        account: &NewAccount<'_>,
    ) -> impl Future<Output = Result<CreatedAccount>> + Send {
        let _ = (cx, account);
        async {
            Err(
                Error::new(Kind::Unimplemented, "this connector does not create accounts")
                    .code(code::WRITE_UNSUPPORTED),
            )
        }
    }

    /// Deletes a resource. That it is gone already is a success with `ResourceDoesNotExist`.
    fn delete_resource(
        &self,
        cx: &SyncContext,
        id: &v2::ResourceId,
        parent: Option<&v2::ResourceId>,
    ) -> impl Future<Output = Result<Vec<prost_types::Any>>> + Send {
        let _ = (cx, parent);
        let error = unsupported(&id.resource_type, "does not have resource Delete() configured");
        async { Err(error) }
    }

    /// Whether credentials of this type can be made anew. Makes no call.
    fn rotates(&self, resource_type: &str) -> bool {
        let _ = resource_type;
        false
    }

    /// Makes the credential of a resource anew. The old one is void then; what is answered here is all there is of the new
    /// one. Never repeated.
    fn rotate(&self, cx: &SyncContext, id: &v2::ResourceId) -> impl Future<Output = Result<Vec<NewSecret>>> + Send {
        let _ = cx;
        let error = unsupported(&id.resource_type, "does not support credential rotation");
        async { Err(error) }
    }

    /// The actions that there are. Makes no call.
    fn actions(&self) -> Vec<v2::BatonActionSchema> {
        Vec::new()
    }

    /// Carries out one of [`Provisioner::actions`]; its arguments fit it. Never repeated.
    fn act(
        &self,
        cx: &SyncContext,
        action: &str,
        arguments: Arguments<'_>,
    ) -> impl Future<Output = Result<prost_types::Struct>> + Send {
        let _ = (cx, arguments);
        let error = Error::new(Kind::NotFound, format!("there is no action {action:?}")).code(code::NO_ACTION);
        async { Err(error) }
    }
}

/// The answer for a feed that there is not.
pub fn no_event_feed(id: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no event feed {id:?}")).code(code::TASK_UNSUPPORTED)
}

/// The answer for a resource type without a handler.
pub fn unsupported(resource_type: &str, what: &str) -> Error {
    Error::new(Kind::Unimplemented, format!("resource type {resource_type} {what}")).code(code::WRITE_UNSUPPORTED)
}
