//! Lists that a sync reads once and needs again: kept in memory, and in the sync's session so that a resumed
//! run in another process has them without asking Workato again.

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::access_model::is_refusal;
use super::client::endpoint::PAGE_SIZE;
use super::client::{ApiPage, INCONSISTENT};
use super::code as workato;
use crate::baton::code;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::workato::cause;

/// No list of a workspace has this many pages; one that seems to is a loop.
const MAX_PAGES: u32 = 100_000;

/// Bytes of JSON that the rows of one list may have. They are kept in memory until the list is whole.
const MOST_BYTES: usize = 256 << 20;

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
        // Boxed: whoever asks holds room for a pointer, not for all that reading the list takes. There are thousands of
        // askers, and each is moved a few times.
        self.0
            .get_or_try_init(|| Box::pin(async { make().await.map(Arc::new) }))
            .await
            .cloned()
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
    if let Some(value) = found(cx, key).await? {
        return Ok(value);
    }
    // Until it is stored. Nobody closes the semaphore.
    let _turn = cx.permits.acquire().await.ok();
    keep(cx, key, fetch().await?).await
}

/// As [`stored`] without a turn: for what `make` puts together from things that are stored themselves.
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

/// Bytes that rows have as JSON.
fn weight<T: Serialize>(rows: &[T]) -> Result<usize> {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, rows).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(count.0)
}

#[derive(Serialize, Deserialize)]
struct StoredPage<T> {
    rows: Vec<T>,
    next: Option<u32>,
    #[serde(default)]
    total: Option<u64>,
}

/// All rows of a paged list, page by page through the session, ordered by id, each id once.
///
/// Rows move between pages while a workspace changes (`workato/api.md 2.1`), and a row that moves to a page
/// that was read already is on none of those still to come. So a list is only believed when it is consistent:
/// one that counts its rows must show as many and always name the same number; one that does not, and has several
/// pages, ends where a page does or is empty, must look the same twice. An inconsistent list is read again; one that stays so is read
/// as it is and counted as `list-changed`.
///
/// # Errors
/// Those of `fetch`; `Internal` when pages repeat or their numbers do not grow; `Unavailable` when a later page is
/// refused.
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
    List {
        cx,
        key,
        usually_empty: false,
        asked: AtomicBool::new(false),
    }
    .read(id, fetch)
    .await
}

/// As [`all_pages`] for a list that is empty more often than not, such as the folders in a folder: it is not asked
/// for twice.
///
/// # Errors
/// As [`all_pages`].
pub async fn all_pages_if_any<T, I, Fut>(
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
    List {
        cx,
        key,
        usually_empty: true,
        asked: AtomicBool::new(false),
    }
    .read(id, fetch)
    .await
}

/// All rows of a list that is answered as a whole, ordered by id, each id once. One that is empty or names a row twice
/// is asked for again; one that keeps naming rows twice is counted as `list-changed`, because the second may stand for
/// another row.
///
/// # Errors
/// Those of `fetch`.
pub async fn whole_list<T, I, Fut>(
    cx: &SyncContext,
    name: &str,
    id: impl Fn(&T) -> I,
    fetch: impl Fn() -> Fut,
) -> Result<Vec<T>>
where
    I: Ord,
    Fut: Future<Output = Result<Vec<T>>>,
{
    let mut pass = 1;
    loop {
        let rows = fetch().await?;
        let listed = rows.len();
        let rows = distinct(rows, &id);
        if listed == rows.len() && !rows.is_empty() {
            return Ok(rows);
        }
        if pass == PASSES_OF_COUNTED {
            if listed != rows.len() {
                warn_changed(cx, format!("{name}: {} rows, {listed} listed", rows.len()));
            }
            return Ok(rows);
        }
        pass += 1;
    }
}

/// How often a list with a total is read before its last state is taken.
const PASSES_OF_COUNTED: u32 = 2;
/// How often any other list is read before its last state is taken.
const PASSES: u32 = 4;

fn distinct<T, I: Ord>(mut rows: Vec<T>, id: impl Fn(&T) -> I) -> Vec<T> {
    rows.sort_by_key(&id);
    rows.dedup_by(|later, first| id(later) == id(first));
    rows
}

fn warn_changed(cx: &SyncContext, example: String) {
    cx.warnings.add(
        cause::LIST_CHANGED,
        "lists changed whenever they were read, or show fewer rows than they count; rows may be missing",
        example,
    );
}

struct List<'a> {
    cx: &'a SyncContext,
    key: &'a str,
    usually_empty: bool,
    /// Whether any page of the pass was asked for, rather than found in the session.
    asked: AtomicBool,
}

/// One reading of a list from its first page to its end.
struct Pass<T> {
    rows: Vec<T>,
    pages: u32,
    /// Whether nothing followed a full page: where rows end and a page does, too.
    ends_full: bool,
    /// What the list says it holds, by its last page; `None` where it does not say.
    total: Option<u64>,
    /// Whether its pages disagree about that.
    total_moved: bool,
}

impl List<'_> {
    async fn read<T, I, Fut>(&self, id: impl Fn(&T) -> I, fetch: impl Fn(u32) -> Fut) -> Result<Vec<T>>
    where
        T: Serialize + DeserializeOwned,
        I: Ord,
        Fut: Future<Output = Result<ApiPage<T>>>,
    {
        let mut before: Option<BTreeSet<I>> = None;
        let (mut number, mut tries, mut nonsense) = (0, 0, 0);
        loop {
            number += 1;
            let pass = match self.pass(number, &id, &fetch).await {
                Ok(pass) => pass,
                Err(error) if error.fact_value(INCONSISTENT).is_none() => return Err(error),
                Err(error) => {
                    // What an earlier run kept and made no sense costs nothing to pass over: only answers of this run
                    // can be held against the list.
                    nonsense += u32::from(self.asked.swap(false, Ordering::Relaxed));
                    if nonsense < PASSES_OF_COUNTED {
                        tracing::debug!(list = self.key, %error, "List is read again.");
                        continue;
                    }
                    return Err(error);
                }
            };
            tries += 1;
            let (total, total_moved) = (pass.total, pass.total_moved);
            let in_parts = pass.pages > 1 || pass.ends_full;
            let rows = distinct(pass.rows, &id);
            let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let (settled, passes) = match total {
                Some(total) => (count >= total && !total_moved, PASSES_OF_COUNTED),
                None => {
                    let ids: BTreeSet<I> = rows.iter().map(&id).collect();
                    let same = before.as_ref() == Some(&ids);
                    before = Some(ids);
                    let doubtful = in_parts || (rows.is_empty() && !self.usually_empty);
                    (same || !doubtful, PASSES)
                }
            };
            if settled {
                return Ok(rows);
            }
            if tries >= passes {
                let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
                warn_changed(self.cx, format!("{}: {count}{of} rows", self.key));
                return Ok(rows);
            }
            tracing::debug!(list = self.key, count, total, "List is read again.");
        }
    }

    async fn pass<T, I, Fut>(&self, number: u32, id: &impl Fn(&T) -> I, fetch: &impl Fn(u32) -> Fut) -> Result<Pass<T>>
    where
        T: Serialize + DeserializeOwned,
        I: Ord,
        Fut: Future<Output = Result<ApiPage<T>>>,
    {
        let mut pass = Pass {
            rows: Vec::new(),
            pages: 0,
            ends_full: false,
            total: None,
            total_moved: false,
        };
        let mut seen = BTreeSet::new();
        let mut page = 1;
        let mut last_was_full = false;
        let mut bytes = 0;
        loop {
            let part = self.page(number, page, fetch).await?;
            bytes += weight(&part.rows)?;
            if bytes > MOST_BYTES {
                let message = format!("{} does not end: {page} pages have {bytes} bytes", self.key);
                return Err(Error::new(Kind::Internal, message)
                    .code(code::LIST_ENDLESS)
                    .hint("no list of a workspace is that long; check the base URL"));
            }
            if let Some(total) = part.total {
                pass.total_moved |= pass.total.is_some_and(|before| before != total);
                pass.total = Some(total);
            }
            let fresh = part.rows.iter().filter(|row| seen.insert(id(row))).count();
            if page > 1 && fresh == 0 && !part.rows.is_empty() {
                if pass.total.is_none() && !last_was_full {
                    // Everything came at once, and the server does not know pages.
                    break;
                }
                return Err(self.repeats(page));
            }
            let empty = part.rows.is_empty();
            let full = part.rows.len() >= PAGE_SIZE as usize;
            pass.pages += u32::from(!empty);
            pass.ends_full |= empty && last_was_full;
            pass.rows.extend(part.rows);
            page = match part.next {
                Some(next) if next > page && next < MAX_PAGES => next,
                Some(next) => {
                    return Err(Error::new(
                        Kind::Internal,
                        format!("page {page} of {} is followed by page {next}", self.key),
                    )
                    .code(workato::LIST_REPEATS));
                }
                // An empty page after a full one may be a hole: only the next one tells.
                None if empty && last_was_full && pass.total.is_none() => page + 1,
                None => break,
            };
            last_was_full = full;
        }
        Ok(pass)
    }

    async fn page<T, Fut>(&self, pass: u32, page: u32, fetch: &impl Fn(u32) -> Fut) -> Result<StoredPage<T>>
    where
        T: Serialize + DeserializeOwned,
        Fut: Future<Output = Result<ApiPage<T>>>,
    {
        let key = match pass {
            1 => format!("{}/{page}", self.key),
            _ => format!("{}#{pass}/{page}", self.key),
        };
        let fetched = stored(self.cx, &key, || async {
            self.asked.store(true, Ordering::Relaxed);
            fetch(page).await.map(|p| StoredPage {
                rows: p.rows,
                next: p.next,
                total: p.total,
            })
        });
        fetched.await.map_err(|error| {
            if page == 1 || !is_refusal(&error) {
                return error;
            }
            let refused = Error::new(
                Kind::Unavailable,
                format!("page {page} of the list was refused, though the page before was answered"),
            )
            .code(workato::LIST_SHORT);
            refused.retry(Retry::Later).hint("try again").source(error)
        })
    }

    fn repeats(&self, page: u32) -> Error {
        Error::new(
            Kind::Internal,
            format!("page {page} of {} repeats pages before it", self.key),
        )
        .code(workato::LIST_REPEATS)
        .hint("the server seems to ignore page numbers; check the base URL")
        .fact(INCONSISTENT, "repeated page")
    }
}
