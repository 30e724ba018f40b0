//! The look-up tables of one sync: every list is read once, whoever asks first. Which tables there are, the rooms of
//! their types say.
//!
//! Tables live in memory; what they are made of is in the session of the sync, too, so that a resumed run in another
//! process has it without asking Workato again.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::client::endpoint::Endpoint;
use super::client::{Listed, WorkatoClient, odd};
use super::family::Family;
use super::listing::List;
use super::settings::{Environment, Settings};
use super::tokens::Clients;
use crate::baton::code;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};

/// Requests of one kind that run at the same time, such as one per role.
pub const FAN_OUT: usize = 4;

/// Something that a sync looks up again and again. Whoever implements it is the name under which it is asked for.
pub trait Table: 'static {
    /// What is looked up.
    type Value: Send + Sync + 'static;

    /// Reads it, from Workato and from other tables.
    fn read(tables: &Tables, cx: &SyncContext) -> impl Future<Output = Result<Self::Value>> + Send;
}

/// The look-up tables of one sync.
pub struct Tables {
    /// What the user set.
    pub settings: Arc<Settings>,
    /// One client per token.
    pub clients: Clients,
    families: Mutex<BTreeMap<String, Arc<Family>>>,
    known: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Tables {
    /// Nothing is read yet.
    pub fn new(settings: Arc<Settings>, clients: Clients) -> Self {
        Tables {
            settings,
            clients,
            families: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// A table, read by the first who asks for it. A failure is not kept.
    ///
    /// # Errors
    /// Those of [`Table::read`].
    pub async fn get<T: Table>(&self, cx: &SyncContext) -> Result<Arc<T::Value>> {
        let table = self.known::<T>();
        // Boxed: whoever asks holds room for a pointer, not for all that reading the list takes. There are thousands of
        // askers, and each is moved a few times.
        let read = || Box::pin(async { T::read(self, cx).await.map(Arc::new) });
        table.get_or_try_init(read).await.cloned()
    }

    fn known<T: Table>(&self) -> Arc<OnceCell<Arc<T::Value>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let table = known
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(OnceCell::<Arc<T::Value>>::new()));
        // Nothing else is kept under the name of the table.
        Arc::clone(table).downcast().unwrap_or_default()
    }

    /// A family by its stable name; families read with several tokens have the environment in it.
    pub fn family(&self, cx: &SyncContext, name: &str) -> Arc<Family> {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name.to_owned());
        Arc::clone(family.or_insert_with(|| Arc::new(Family::new(cx, name))))
    }

    /// A list of its own family that the DEV token sees; `None` where it may not read it. `key` names the list in the
    /// session, and its family.
    ///
    /// # Errors
    /// Those of the client; a refusal is a warning.
    pub async fn list_of_dev<T: Listed>(
        &self,
        cx: &SyncContext,
        endpoint: &'static Endpoint,
        key: &str,
    ) -> Result<Option<Vec<T>>> {
        let list = List::of_sync(cx, key, &self.clients.dev, endpoint);
        self.listed(cx, key, endpoint.name, list).await
    }

    /// The same of one environment, with its token.
    ///
    /// # Errors
    /// As [`Tables::list_of_dev`].
    pub async fn list_of<T: Listed>(
        &self,
        cx: &SyncContext,
        (environment, client): (&Environment, &WorkatoClient),
        endpoint: &'static Endpoint,
        key: &str,
    ) -> Result<Option<Vec<T>>> {
        let key = format!("{key}/{environment}");
        let what = format!("{} of {environment}", endpoint.name);
        let list = List::of_sync(cx, &key, client, endpoint);
        self.listed(cx, &key, &what, list).await
    }

    /// One that refused before is not asked again.
    async fn listed<T: Listed>(
        &self,
        cx: &SyncContext,
        family: &str,
        what: &str,
        list: List<'_>,
    ) -> Result<Option<Vec<T>>> {
        let family = self.family(cx, family);
        if family.is_refused() {
            return Ok(None);
        }
        let listed = family.degrade(cx, what, list.read().await)?;
        odd::count(cx, what, listed.iter().flatten());
        Ok(listed)
    }
}

/// The value stored under `key` in the session, or what `fetch` brings, stored. Takes one of the sync's permits for it:
/// `fetch` is one list or one row, and calls nothing that is stored itself.
///
/// # Errors
/// Those of `fetch` and of the session; `DataLoss` when a stored value does not parse.
pub async fn stored<T, Fut>(cx: &SyncContext, key: &str, fetch: impl FnOnce() -> Fut) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    Fut: Future<Output = Result<T>>,
{
    match found(cx, key).await? {
        Some(value) => Ok(value),
        None => asked(cx, key, fetch).await,
    }
}

/// What `fetch` brings, stored under `key` in the place of what may be there. As for the rest, [`stored`].
///
/// # Errors
/// As [`stored`].
pub async fn asked<T, Fut>(cx: &SyncContext, key: &str, fetch: impl FnOnce() -> Fut) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    Fut: Future<Output = Result<T>>,
{
    // Until it is stored. Nobody closes the semaphore.
    let _turn = cx.permits.acquire().await.ok();
    keep(cx, key, fetch().await?).await
}

/// As [`stored`] without a permit: for what `make` puts together from things that are stored themselves.
///
/// # Errors
/// As [`stored`].
pub async fn composed<T, Fut>(cx: &SyncContext, key: &str, make: impl FnOnce() -> Fut) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    Fut: Future<Output = Result<T>>,
{
    match found(cx, key).await? {
        Some(value) => Ok(value),
        None => keep(cx, key, make().await?).await,
    }
}

/// The value stored under `key`, if there is one.
///
/// # Errors
/// Those of the session; `DataLoss` when it does not parse.
pub async fn found<T: DeserializeOwned>(cx: &SyncContext, key: &str) -> Result<Option<T>> {
    let Some(bytes) = cx.session.get(key).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| {
        Error::new(Kind::DataLoss, format!("stored look-up table {key:?} is damaged: {e}")).code(code::FILE_DAMAGED)
    })
}

/// Stores a value under `key`.
///
/// # Errors
/// Those of the session.
pub async fn keep<T: Serialize>(cx: &SyncContext, key: &str, value: T) -> Result<T> {
    let bytes = serde_json::to_vec(&value).map_err(|e| Error::new(Kind::Internal, format!("{key}: {e}")))?;
    cx.session.set(key, bytes).await?;
    Ok(value)
}
