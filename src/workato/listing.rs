//! The one rule by which a list is believed. Syncs read lists by it, which keep the pages in their session, and so do
//! writes, which keep nothing.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::access_model::is_refusal;
use super::client::endpoint::{Address, PAGE_SIZE, Paging};
use super::client::{ApiPage, INCONSISTENT, Listed, WorkatoClient};
use super::code;
use super::tables::stored;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::workato::cause;

/// No list of a workspace has this many pages; one that seems to is a loop.
const MAX_PAGES: u32 = 100_000;
/// Bytes of JSON that the rows of one list may have. They are kept in memory until the list is whole.
const MOST_BYTES: usize = 256 << 20;
/// How often a list with a total, or one that is answered as a whole, is read before its last state is taken.
const PASSES_OF_COUNTED: u32 = 2;
/// How often any other list is read before its last state is taken.
const PASSES: u32 = 4;

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

impl<T> From<ApiPage<T>> for StoredPage<T> {
    fn from(page: ApiPage<T>) -> Self {
        StoredPage {
            rows: page.rows,
            next: page.next,
            total: page.total,
        }
    }
}

/// A list, and how it is read.
///
/// Rows move between pages while a workspace changes (`workato/api.md 2.1`), and a row that moves to a page
/// that was read already is on none of those still to come. So a list is only believed when it is consistent:
/// one that counts its rows must show as many and always name the same number; one that does not, and has several
/// pages, ends where a page does or is empty, must look the same twice; one that is answered as a whole must not be
/// empty or name a row twice, since the second may stand for another one. An inconsistent list is read again. One that
/// stays so is taken as it is by a sync and counted as `list-changed`; a write, which would act on it, ends.
pub struct List<'a> {
    client: &'a WorkatoClient,
    at: Address<'a>,
    /// The sync that keeps what is read, and under which key.
    kept: Option<(&'a SyncContext, &'a str)>,
    /// What it is called in messages.
    name: &'a str,
    usually_empty: bool,
    most_bytes: usize,
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

impl<'a> List<'a> {
    /// A list that a sync reads once: what it brings is kept under `key`.
    pub fn of_sync(cx: &'a SyncContext, key: &'a str, client: &'a WorkatoClient, at: impl Into<Address<'a>>) -> Self {
        List {
            kept: Some((cx, key)),
            name: key,
            ..List::now(client, at)
        }
    }

    /// A list as it is at this moment, for whoever is about to change something or doubts what was kept.
    pub fn now(client: &'a WorkatoClient, at: impl Into<Address<'a>>) -> Self {
        let at = at.into();
        List {
            client,
            at,
            kept: None,
            name: at.endpoint.name,
            usually_empty: false,
            most_bytes: MOST_BYTES,
            asked: AtomicBool::new(false),
        }
    }

    /// Another name for messages than its key.
    pub fn called(self, name: &'a str) -> Self {
        List { name, ..self }
    }

    /// One that is empty more often than not, such as the folders in a folder: it is not asked for twice.
    pub fn usually_empty(self) -> Self {
        List {
            usually_empty: true,
            ..self
        }
    }

    /// With another bound on its bytes than every list has.
    pub fn at_most(self, most_bytes: usize) -> Self {
        List { most_bytes, ..self }
    }

    /// All rows, ordered by id, each id once.
    ///
    /// # Errors
    /// Those of the client and of the session; `Internal` when pages repeat or their numbers do not grow; `Unavailable`
    /// when a later page is refused, and, where nothing is kept, for a list that stays inconsistent.
    pub async fn read<T: Listed>(&self) -> Result<Vec<T>> {
        if self.at.endpoint.paging != Paging::None {
            return self.paged().await;
        }
        match self.kept {
            Some((cx, key)) => stored(cx, key, || self.whole()).await,
            None => self.whole().await,
        }
    }

    async fn whole<T: Listed>(&self) -> Result<Vec<T>> {
        let mut pass = 1;
        loop {
            let (rows, total): (Vec<T>, _) = self.client.counted(self.at).await?;
            self.client.check_whole(self.at, &rows, total).await?;
            let listed = rows.len();
            let rows = distinct(rows);
            if listed == rows.len() && !rows.is_empty() {
                return Ok(rows);
            }
            if pass == PASSES_OF_COUNTED {
                if listed != rows.len() {
                    self.unsettled(format!("{} rows, {listed} listed", rows.len()))?;
                }
                return Ok(rows);
            }
            pass += 1;
        }
    }

    async fn paged<T: Listed>(&self) -> Result<Vec<T>> {
        // A list that is as the sync before found it needs no second look.
        let known = self.known_before::<T>();
        let mut before = known.clone();
        let (mut number, mut tries, mut nonsense) = (0, 0, 0);
        loop {
            number += 1;
            let pass = match self.pass::<T>(number, known.as_ref()).await {
                Ok(pass) => pass,
                Err(error) if error.fact_value(INCONSISTENT).is_none() => return Err(error),
                Err(error) => {
                    // What an earlier run kept and made no sense costs nothing to pass over: only answers of this run
                    // can be held against the list.
                    nonsense += u32::from(self.asked.swap(false, Ordering::Relaxed));
                    if nonsense < PASSES_OF_COUNTED {
                        tracing::debug!(list = self.name, %error, "List is read again.");
                        continue;
                    }
                    return Err(error);
                }
            };
            tries += 1;
            let (total, total_moved) = (pass.total, pass.total_moved);
            let in_parts = pass.pages > 1 || pass.ends_full;
            let rows = distinct(pass.rows);
            let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let (settled, passes) = match total {
                Some(total) => (count >= total && !total_moved, PASSES_OF_COUNTED),
                None => {
                    let ids: BTreeSet<String> = rows.iter().map(|row| row.id_text().to_owned()).collect();
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
                self.unsettled(format!("{count}{of} rows"))?;
                return Ok(rows);
            }
            tracing::debug!(list = self.name, count, total, "List is read again.");
        }
    }

    /// What an inconsistent list comes to in the end.
    fn unsettled(&self, found: String) -> Result<()> {
        let name = self.name;
        match self.kept {
            Some((cx, _)) => {
                cx.warnings.add(
                    cause::LIST_CHANGED,
                    "lists changed whenever they were read, or show fewer rows than they count; rows may be missing",
                    format!("{name}: {found}"),
                );
                Ok(())
            }
            None => Err(Error::new(
                Kind::Unavailable,
                format!("the list of {name} does not fit together whenever it is read: {found}"),
            )
            .code(code::LIST_SHORT)
            .hint("the workspace may have changed while it was read; try again")
            .retry(Retry::Later)),
        }
    }

    /// The ids that the sync before found in a list that says nothing of how many it has, where that sync is believed
    /// ([`replay`](crate::baton::replay)) and found the list at rest. Nothing is like an empty list.
    fn known_before<T: Listed>(&self) -> Option<BTreeSet<String>> {
        let (cx, key) = self.kept?;
        let answers = &cx.replay.as_ref()?.believed()?.answers;
        let pass = |begin: String| {
            let pages = answers.range(begin.clone()..);
            let pages = pages.take_while(|(key, _)| key.starts_with(&begin));
            let mut ids = BTreeSet::new();
            for (_, page) in pages {
                let page: StoredPage<T> = serde_json::from_slice(page).ok()?;
                if page.total.is_some() {
                    return None;
                }
                ids.extend(page.rows.iter().map(|row| row.id_text().to_owned()));
            }
            (!ids.is_empty()).then_some(ids)
        };
        let first = pass(format!("{key}/"))?;
        let second = pass(format!("{key}#2/"));
        let is_at_rest = pass(format!("{key}#3/")).is_none() && second.is_none_or(|second| second == first);
        is_at_rest.then_some(first)
    }

    async fn pass<T: Listed>(&self, number: u32, known: Option<&BTreeSet<String>>) -> Result<Pass<T>> {
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
            let part: StoredPage<T> = self.page(number, page).await?;
            bytes += weight(&part.rows)?;
            if bytes > self.most_bytes {
                let message = format!("{} does not end: {page} pages have {bytes} bytes", self.name);
                return Err(Error::new(Kind::Internal, message)
                    .code(crate::baton::code::LIST_ENDLESS)
                    .hint("no list of a workspace is that long; check the base URL"));
            }
            if let Some(total) = part.total {
                pass.total_moved |= pass.total.is_some_and(|before| before != total);
                pass.total = Some(total);
            }
            let fresh = part
                .rows
                .iter()
                .filter(|row| seen.insert(row.id_text().to_owned()))
                .count();
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
                        format!("page {page} of {} is followed by page {next}", self.name),
                    )
                    .code(code::LIST_REPEATS));
                }
                // An empty page after a full one may be a hole: only the next one tells.
                None if empty && last_was_full && pass.total.is_none() && known != Some(&seen) => page + 1,
                None => break,
            };
            last_was_full = full;
        }
        Ok(pass)
    }

    async fn page<T: Listed>(&self, pass: u32, page: u32) -> Result<StoredPage<T>> {
        let ask = || async {
            self.asked.store(true, Ordering::Relaxed);
            self.client.page(self.at, page).await.map(StoredPage::from)
        };
        let fetched = match self.kept {
            None => ask().await,
            Some((cx, key)) => {
                let key = match pass {
                    1 => format!("{key}/{page}"),
                    _ => format!("{key}#{pass}/{page}"),
                };
                stored(cx, &key, ask).await
            }
        };
        fetched.map_err(|error| {
            if page == 1 || !is_refusal(&error) {
                return error;
            }
            let refused = Error::new(
                Kind::Unavailable,
                format!("page {page} of the list was refused, though the page before was answered"),
            )
            .code(code::LIST_SHORT);
            refused.retry(Retry::Later).hint("try again").source(error)
        })
    }

    fn repeats(&self, page: u32) -> Error {
        Error::new(
            Kind::Internal,
            format!("page {page} of {} repeats pages before it", self.name),
        )
        .code(code::LIST_REPEATS)
        .hint("the server seems to ignore page numbers; check the base URL")
        .fact(INCONSISTENT, "repeated page")
    }
}

fn distinct<T: Listed>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort_by(|a, b| a.id_text().cmp(b.id_text()));
    rows.dedup_by(|later, first| later.id_text() == first.id_text());
    rows
}
