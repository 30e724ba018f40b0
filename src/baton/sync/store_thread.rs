//! The one thread that owns what is on disk. Everyone else sends it closures: SQLite is blocking, and a single
//! writer needs no locks.
//!
//! A call returns when what it wrote is committed: from then on a crash of the process does not undo it. Calls that
//! wait together are committed together. Every few seconds the thread makes sure that a power cut does not either.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::sync_target::SyncTarget;
use super::working::{Start, Working};
use crate::baton::c1z::Saved;
use crate::baton::c1z::steps::Steps;
use crate::baton::connector::Session;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::warning::Warnings;
use crate::baton::whose;

/// Tells who sent a job how it ended; gets what went wrong with the commit after it.
type Reply = Box<dyn FnOnce(Option<Error>)>;
type Job = Box<dyn FnOnce(&mut Option<Working>) -> Reply + Send>;

/// A handle on the store thread. The thread ends with the last one.
#[derive(Clone)]
pub struct StoreThread {
    jobs: Sender<Job>,
}

/// What was committed is flushed this often.
const FLUSH: Duration = Duration::from_secs(5);
/// Jobs that share a commit at most.
const TOGETHER: usize = 64;

impl StoreThread {
    /// Opens everything on a new thread.
    ///
    /// # Errors
    /// Those of `Working::open`.
    pub async fn open(wanted: SyncTarget, warnings: Arc<Warnings>) -> Result<(Self, Start)> {
        // Without a bound: every sender waits for its reply, so there are as many jobs as there are workers.
        let (jobs, queue) = channel::<Job>();
        let (opened, outcome) = oneshot::channel();
        std::thread::Builder::new()
            .name("c1z".to_owned())
            .spawn(whose::carrying(move || match Working::open(&wanted, &warnings) {
                Ok((working, start)) => {
                    let _ = opened.send(Ok(start));
                    drop((wanted, warnings));
                    work(working, &queue);
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            }))?;
        let start = outcome.await.map_err(|_| gone())??;
        Ok((StoreThread { jobs }, start))
    }

    /// Runs `work` on what is open, and waits until its result is committed.
    ///
    /// # Errors
    /// Those of `work` and of the commit.
    pub async fn call<R, F>(&self, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut Working) -> Result<R> + Send + 'static,
    {
        self.send(move |working| working.as_mut().map_or_else(|| Err(gone()), work))
            .await
    }

    /// Seals the file at the target. No call works after it.
    ///
    /// # Errors
    /// Those of `Working::save`; the target is then as it was.
    pub async fn save(&self, steps: Arc<dyn Steps>) -> Result<Saved> {
        self.send(move |working| Working::save(working, steps.as_ref())).await
    }

    /// Ends without sealing, as `Working::stop`. Waits for the jobs before it, but not longer than `patience`.
    pub async fn stop(self, keep: bool, patience: Duration) -> Stopped {
        let stop = self.send(move |working| match working.take() {
            Some(working) => Ok(working.stop(keep)?.map_or(Stopped::Removed, Stopped::Kept)),
            None => Ok(Stopped::Sealed),
        });
        match tokio::time::timeout(patience, stop).await {
            Ok(Ok(stopped)) => stopped,
            Ok(Err(error)) => {
                tracing::warn!(code = error.code_id().number(), %error, "The unfinished sync could not be closed.");
                Stopped::Unknown
            }
            Err(_) => Stopped::Unknown,
        }
    }

    async fn send<R, F>(&self, work: F) -> Result<R>
    where
        R: Send + 'static,
        F: FnOnce(&mut Option<Working>) -> Result<R> + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let job: Job = Box::new(move |working| {
            let outcome = work(working);
            Box::new(move |failed| {
                let _ = done.send(failed.map_or(outcome, Err));
            })
        });
        self.jobs.send(job).map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

/// Does jobs until nobody can send any more.
fn work(working: Working, queue: &Receiver<Job>) {
    let mut working = Some(working);
    loop {
        match queue.recv_timeout(FLUSH) {
            Ok(job) => {
                let mut replies = vec![job(&mut working)];
                while let (true, Ok(job)) = (replies.len() < TOGETHER, queue.try_recv()) {
                    replies.push(job(&mut working));
                }
                let committed = working.as_mut().map_or(Ok(()), |w| w.partial.commit());
                for reply in replies {
                    reply(committed.as_ref().err().map(Error::again));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if let Some(Err(error)) = working.as_mut().map(|w| w.flush_after(FLUSH)) {
            // Whoever writes next gets an error of their own.
            tracing::warn!(code = error.code_id().number(), %error, "The unfinished sync could not be flushed.");
        }
    }
}

/// What became of an unfinished sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// It lies here and can be resumed.
    Kept(PathBuf),
    /// There was nothing worth resuming.
    Removed,
    /// It is unfinished no longer: the file at the target has it.
    Sealed,
    /// The thread was busy, or could not say. What was committed is on disk.
    Unknown,
}

fn gone() -> Error {
    Error::new(Kind::Internal, "the working copy is closed")
}

/// The session rows of the sync that is open in the store.
pub struct StoreSession(pub StoreThread);

impl Session for StoreSession {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>>> {
        let key = key.to_owned();
        self.0.call(move |w| w.partial.session_get(&key)).boxed()
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        if key.starts_with('@') {
            let error = Error::new(Kind::Internal, format!("session key {key:?} is one of the syncer's"));
            return std::future::ready(Err(error)).boxed();
        }
        let key = key.to_owned();
        self.0.call(move |w| w.partial.session_set(&key, &value)).boxed()
    }
}
