//! The one thread that owns the working copy. Everyone else sends it closures: SQLite is blocking, and a
//! single writer needs no locks.

use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::baton::c1z::{Saved, Store};
use crate::baton::connector::Session;
use crate::baton::error::{Error, Kind, Result};

type Job = Box<dyn FnOnce(&mut Option<Store>) + Send>;

/// A handle on the store thread.
#[derive(Clone)]
pub struct StoreThread {
    jobs: mpsc::Sender<Job>,
}

/// The store thread itself. It ends when this and all handles are gone; whoever opened it waits for that.
pub struct OpenStore {
    handle: StoreThread,
    ended: oneshot::Receiver<()>,
}

/// Jobs that may wait before a sender has to: enough to keep the thread busy, few enough to bound memory.
const QUEUE: usize = 64;

impl OpenStore {
    /// Opens the store for `target` on a new thread.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub async fn open(target: &Path, temp_dir: Option<&Path>) -> Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let (opened, outcome) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let target = target.to_owned();
        let temp_dir = temp_dir.map(Path::to_owned);
        std::thread::Builder::new().name("c1z".to_owned()).spawn(move || {
            let mut store = match Store::open(&target, temp_dir.as_deref()) {
                Ok(store) => {
                    let _ = opened.send(Ok(()));
                    Some(store)
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            while let Some(job) = queue.blocking_recv() {
                job(&mut store);
            }
            drop(store);
            let _ = end.send(());
        })?;
        outcome.await.map_err(|_| gone())??;
        let handle = StoreThread { jobs };
        Ok(OpenStore { handle, ended })
    }

    /// A handle for whoever reads and writes.
    pub fn handle(&self) -> StoreThread {
        self.handle.clone()
    }

    /// Waits until the thread has ended and an unsaved working copy is gone: a process that exits earlier would
    /// leave it behind. All other handles must be gone by now.
    pub async fn close(self) {
        drop(self.handle);
        let _ = self.ended.await;
    }
}

impl StoreThread {
    /// Runs `work` on the store and waits for its result.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn call<R, F>(&self, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut Store) -> Result<R> + Send + 'static,
    {
        self.send(move |store| store.as_mut().map_or_else(|| Err(gone()), work))
            .await
    }

    /// Seals the file at the target. No call works after it.
    ///
    /// # Errors
    /// Those of [`Store::save`]; the target is then as it was.
    pub async fn save(&self) -> Result<Saved> {
        self.send(|store| store.take().map_or_else(|| Err(gone()), Store::save))
            .await
    }

    async fn send<R, F>(&self, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut Option<Store>) -> Result<R> + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move |store| {
            let _ = done.send(work(store));
        });
        self.jobs.send(job).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

fn gone() -> Error {
    Error::new(Kind::Internal, "the working copy is closed")
}

/// The session rows of the sync that is open in the store.
pub struct StoreSession(pub StoreThread);

impl Session for StoreSession {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        let key = key.to_owned();
        self.0.call(move |store| store.session_get(&key)).boxed()
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        let key = key.to_owned();
        self.0.call(move |store| store.session_set(&key, &value)).boxed()
    }
}

/// Session rows in memory, for calls outside a sync.
#[derive(Debug, Default)]
pub struct MemorySession(std::sync::Mutex<std::collections::BTreeMap<String, Vec<u8>>>);

impl MemorySession {
    /// An empty session, shared.
    pub fn shared() -> Arc<Self> {
        Arc::new(Self::default())
    }

    fn rows(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Session for MemorySession {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        let value = self.rows().get(key).cloned();
        async move { Ok(value) }.boxed()
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        self.rows().insert(key.to_owned(), value);
        async { Ok(()) }.boxed()
    }
}
