//! Reading one list to its end, and many lists at once in a fixed order.

use std::collections::HashSet;
use std::future::Future;

use futures_util::stream::{self, StreamExt as _};

use crate::baton::error::{Error, Kind, Result};
use crate::baton::page::{Page, PageToken};

/// Reads all pages of one list.
///
/// # Errors
/// Those of the connector; `Internal` when it hands out a page token twice, which would never end.
pub async fn read_all<T, F, Fut>(what: &str, mut page_at: F) -> Result<Vec<T>>
where
    F: FnMut(PageToken) -> Fut,
    Fut: Future<Output = Result<Page<T>>>,
{
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    let mut token = PageToken::first();
    loop {
        let page = page_at(token).await?;
        rows.extend(page.rows);
        match page.next {
            Some(next) if !next.is_first() => {
                if !seen.insert(next.clone()) {
                    return Err(Error::new(
                        Kind::Internal,
                        format!("the connector repeated page token {:?} of {what}", next.as_str()),
                    ));
                }
                token = next;
            }
            _ => return Ok(rows),
        }
    }
}

/// Runs `read` over `lists`, at most `workers` at a time, and hands the results to `store` in the order of
/// `lists`: the same workspace gives the same file, however fast each list was.
///
/// # Errors
/// The first error of `read` or `store`; lists still being read are dropped.
pub async fn each<L, T, R, Read, S, Store>(lists: Vec<L>, workers: usize, read: R, mut store: S) -> Result<()>
where
    R: Fn(L) -> Read,
    Read: Future<Output = Result<T>>,
    S: FnMut(T) -> Store,
    Store: Future<Output = Result<()>>,
{
    let mut results = stream::iter(lists).map(read).buffered(workers.max(1));
    while let Some(result) = results.next().await {
        store(result?).await?;
    }
    Ok(())
}
