//! Lists that a sync reads once and needs again: kept in memory, and in the sync's session so that a resumed
//! run in another process has them without asking Workato again.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::client::ApiPage;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};

/// No list of a workspace has this many pages; one that seems to is a loop.
const MAX_PAGES: u32 = 100_000;

/// A value computed at most once per sync and process. Concurrent callers wait for the first.
#[derive(Debug)]
pub struct Once<T>(OnceCell<Arc<T>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once(OnceCell::new())
    }
}

impl<T> Once<T> {
    /// The value, computed by `make` on the first call. A failure is not kept.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn get<Fut>(&self, make: impl FnOnce() -> Fut) -> Result<Arc<T>>
    where
        Fut: Future<Output = Result<T>>,
    {
        self.0
            .get_or_try_init(|| async { make().await.map(Arc::new) })
            .await
            .cloned()
    }
}

/// The value stored under `key` in the session, or what `fetch` brings, stored.
///
/// # Errors
/// Those of `fetch` and of the session; `DataLoss` when a stored value does not parse.
pub async fn stored<T, Fut>(cx: &SyncContext, key: &str, fetch: impl FnOnce() -> Fut) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    Fut: Future<Output = Result<T>>,
{
    if let Some(bytes) = cx.session.get(key).await? {
        return serde_json::from_slice(&bytes)
            .map_err(|e| Error::new(Kind::DataLoss, format!("stored look-up table {key:?} is damaged: {e}")));
    }
    let value = fetch().await?;
    let bytes = serde_json::to_vec(&value).map_err(|e| Error::new(Kind::Internal, format!("{key}: {e}")))?;
    cx.session.set(key, bytes).await?;
    Ok(value)
}

#[derive(Serialize, Deserialize)]
struct StoredPage<T> {
    rows: Vec<T>,
    next: Option<u32>,
}

/// All rows of a paged list, page by page through the session, ordered by id, each id once: rows move between
/// pages while a workspace changes (`contract/workato-api.md` 2.1).
///
/// # Errors
/// Those of `fetch`; `Internal` when the page numbers do not grow.
pub async fn all_pages<T, I, Fut>(
    cx: &SyncContext,
    key: &str,
    id: impl Fn(&T) -> I,
    fetch: impl Fn(u32) -> Fut,
) -> Result<Vec<T>>
where
    T: Serialize + DeserializeOwned,
    I: Ord,
    Fut: Future<Output = Result<ApiPage<T>>>,
{
    let mut all = Vec::new();
    let mut page = 1;
    loop {
        let part = stored(cx, &format!("{key}/{page}"), || async {
            fetch(page).await.map(|p| StoredPage {
                rows: p.rows,
                next: p.next,
            })
        })
        .await?;
        all.extend(part.rows);
        match part.next {
            None => break,
            Some(next) if next > page && next < MAX_PAGES => page = next,
            Some(next) => {
                return Err(Error::new(
                    Kind::Internal,
                    format!("page {page} of {key} is followed by page {next}"),
                ));
            }
        }
    }
    all.sort_by_key(&id);
    let mut seen = BTreeSet::new();
    all.retain(|row| seen.insert(id(row)));
    Ok(all)
}
