//! The one rule by which a list is believed. Syncs read lists by it, which keep the pages in their session, and so do
//! writes, which keep nothing.

mod kept;

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

pub use self::kept::was_read_anew;
use self::kept::{Reading, StoredPage};
use super::access_model::is_refusal;
use super::client::endpoint::{Address, PAGE_SIZE, Paging};
use super::client::{Answered, Claims, INCONSISTENT, Listed, WorkatoClient, empty_pages, may_be_cut, refused_page};
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

/// A list, and how it is read.
///
/// Rows move between pages while a workspace changes (`workato/api.md 2.1`), and a row that moves to a page
/// that was read already is on none of those still to come. So a list is only believed when it is consistent:
/// one that counts its rows must show as many and always name the same number; one that does not, and has several
/// pages, ends where a page does or is empty, must look the same twice; one that is answered as a whole must not be
/// empty or name a row twice, since the second may stand for another one. An inconsistent list is read again. One that
/// stays so is taken as it is by a sync and counted as `list-changed`; a write, which would act on it, ends. Likewise one
/// that says it has more than can be read, or may have been cut (`client/paging.rs`), and counted as `list-may-be-cut`.
/// The second reading of a list also looks behind its end, since a page may be short of rows that were taken out of it.
pub struct List<'a> {
    client: &'a WorkatoClient,
    at: Address<'a>,
    /// The sync that keeps what is read, and under which key.
    kept: Option<(&'a SyncContext, &'a str)>,
    /// What it is called in messages.
    name: &'a str,
    usually_empty: bool,
    /// Whether rows of one id may all hold.
    all_hold: bool,
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
    /// What else they say of it.
    claims: Claims,
    /// Whether page 2 is page 1 again.
    repeats: bool,
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
            all_hold: false,
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

    /// One whose rows each give somebody something, whatever their ids: of those that differ under one id all are kept.
    pub fn all_hold(self) -> Self {
        List { all_hold: true, ..self }
    }

    /// With another bound on its bytes than every list has.
    pub fn at_most(self, most_bytes: usize) -> Self {
        List { most_bytes, ..self }
    }

    /// All rows, ordered by id, each id once. Rows of one id that differ are counted as `rows-differ`, and the first is
    /// taken ([`List::all_hold`]: all are).
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
            let list: Answered<T> = self.client.answered(self.at).await?;
            let doubt = self.client.check_whole(self.at, &list).await?;
            let listed = list.rows.len();
            let (rows, _) = distinct(list.rows, false);
            if (listed == rows.len() && !rows.is_empty()) || pass == PASSES_OF_COUNTED {
                self.doubted(doubt)?;
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
        let mut before = self.known_before::<T>();
        let (mut number, mut tries, mut nonsense) = (0, 0, 0);
        loop {
            number += 1;
            let pass = match self.pass::<T>(number, before.as_ref()).await {
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
            let (rows, differing) = distinct(pass.rows, self.all_hold);
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
            let doubt = may_be_cut(count, total, pass.claims, pass.repeats);
            // What follows may only have failed to come. A server that does not know pages will not learn it.
            let is_certain = (doubt.is_none() || pass.repeats) && differing.is_empty() || tries >= PASSES_OF_COUNTED;
            if (settled && is_certain) || tries >= passes {
                if !settled {
                    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
                    self.unsettled(format!("{count}{of} rows"))?;
                }
                self.doubted(doubt)?;
                self.differ(&differing)?;
                return Ok(rows);
            }
            tracing::debug!(list = self.name, count, total, "List is read again.");
        }
    }

    /// What rows of these ids come to, which do not say the same.
    fn differ(&self, ids: &[String]) -> Result<()> {
        let name = self.name;
        let Some((cx, _)) = self.kept else {
            return match ids {
                [id, ..] if !self.all_hold => self.unsettled(format!("rows of id {id} differ")),
                _ => Ok(()),
            };
        };
        let message = match self.all_hold {
            true => "lists have rows of one id that differ; all of them are taken to hold",
            false => "lists have rows of one id that differ; the first one was taken, and what others say is missing",
        };
        for id in ids {
            cx.warnings.add(cause::ROWS_DIFFER, message, format!("{name}: id {id}"));
        }
        Ok(())
    }

    /// What a list comes to that may have been cut.
    fn doubted(&self, doubt: Option<String>) -> Result<()> {
        let name = self.name;
        match (doubt, self.kept) {
            (None, _) => Ok(()),
            (Some(found), Some((cx, _))) => {
                cx.warnings.add(
                    cause::LIST_MAY_BE_CUT,
                    "lists say that they have more rows than can be read, or have as many as a limit of the server's may allow; \
                     rows may be missing",
                    format!("{name}: {found}"),
                );
                Ok(())
            }
            (Some(found), None) => Err(Error::new(
                Kind::Unavailable,
                format!("the list of {name} may have been cut: {found}"),
            )
            .code(code::LIST_SHORT)
            .hint("try again; if it stays, report this message: the form of this list has to be known before it is acted on")
            .retry(Retry::Later)),
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
                if page.total.is_some() || page.reading > 0 {
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

    async fn pass<T: Listed>(&self, number: u32, before: Option<&BTreeSet<String>>) -> Result<Pass<T>> {
        let mut reading = Reading::default();
        loop {
            match self.pages(number, before, &mut reading).await? {
                Some(pass) => return Ok(pass),
                None => {
                    tracing::debug!(
                        list = self.name,
                        "List of an earlier run is not whole, and is read anew."
                    );
                    reading = reading.next();
                }
            }
        }
    }

    /// The pages of one reading; `None` if they are not of one moment.
    async fn pages<T: Listed>(
        &self,
        number: u32,
        before: Option<&BTreeSet<String>>,
        reading: &mut Reading,
    ) -> Result<Option<Pass<T>>> {
        let mut pass = Pass {
            rows: Vec::new(),
            pages: 0,
            ends_full: false,
            total: None,
            total_moved: false,
            claims: Claims::default(),
            repeats: false,
        };
        let mut seen = BTreeSet::new();
        let mut page = 1;
        // Rows of the last page that has any, and empty pages behind it.
        let (mut last, mut empty_ones) = (0, 0);
        let mut bytes = 0;
        loop {
            let Some(part) = self.page::<T>(number, page, reading).await? else {
                return Ok(None);
            };
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
            let last_was_full = empty_ones == 0 && last >= PAGE_SIZE as usize;
            if page > 1 && fresh == 0 && !part.rows.is_empty() {
                if pass.total.is_none() && !last_was_full {
                    // Everything came at once, and the server does not know pages.
                    pass.repeats = pass.pages == 1;
                    break;
                }
                return Err(self.repeats(page));
            }
            let is_empty = part.rows.is_empty();
            if is_empty {
                empty_ones += 1;
                pass.ends_full |= last_was_full;
            } else {
                (last, empty_ones) = (part.rows.len(), 0);
                pass.pages += 1;
                pass.claims.more = None;
            }
            pass.claims.more = part.claims.more.or(pass.claims.more);
            pass.claims.rows = pass.claims.rows.max(part.claims.rows);
            pass.rows.extend(part.rows);
            let says_more = pass.claims.more_than(u64::try_from(seen.len()).unwrap_or(u64::MAX));
            // What was there before and is there now, or what a list counts, is all there is.
            let is_known = !says_more && (pass.total.is_some() || (before == Some(&seen) && !seen.is_empty()));
            let again = number > 1;
            let most_empty = empty_pages(last, says_more).max(if again && seen.is_empty() { 2 } else { 1 });
            page = match part.next {
                Some(next) if next > page && next < MAX_PAGES => next,
                Some(next) => {
                    return Err(Error::new(
                        Kind::Internal,
                        format!("page {page} of {} is followed by page {next}", self.name),
                    )
                    .code(code::LIST_REPEATS));
                }
                None if is_empty && (is_known || empty_ones >= most_empty) => break,
                None if is_empty || says_more => page + 1,
                // So short a page is the end, unless rows were taken out of it.
                None if again && pass.total.is_none() && pass.pages > 1 => page + 1,
                None => break,
            };
        }
        Ok(Some(pass))
    }

    async fn ask<T: Listed>(&self, page: u32) -> Result<StoredPage<T>> {
        self.asked.store(true, Ordering::Relaxed);
        self.client.page(self.at, page).await.map(StoredPage::from)
    }

    async fn page<T: Listed>(&self, pass: u32, page: u32, reading: &mut Reading) -> Result<Option<StoredPage<T>>> {
        self.kept_page(pass, page, reading).await.map_err(|error| {
            if page == 1 || !is_refusal(&error) {
                return error;
            }
            refused_page(page).source(error)
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

/// Rows by id, each once, and the ids of which rows differ: of these the first row, or all.
fn distinct<T: Listed>(mut rows: Vec<T>, all_hold: bool) -> (Vec<T>, Vec<String>) {
    rows.sort_by(|a, b| a.id_text().cmp(b.id_text()));
    let mut kept: Vec<T> = Vec::with_capacity(rows.len());
    let mut differing: Vec<String> = Vec::new();
    // What the rows of the last id say, once there are several.
    let mut said = BTreeSet::new();
    for row in rows {
        match kept.last() {
            Some(last) if last.id_text() == row.id_text() => {
                if said.is_empty() {
                    said.insert(content(last));
                }
                if !said.insert(content(&row)) {
                    continue;
                }
                if differing.last().is_none_or(|known| known != row.id_text()) {
                    differing.push(row.id_text().to_owned());
                }
                if all_hold {
                    kept.push(row);
                }
            }
            _ => {
                said.clear();
                kept.push(row);
            }
        }
    }
    (kept, differing)
}

/// What a row says, wherever in its list it stands: what was odd about it names its place.
pub(super) fn content<T: Listed>(row: &T) -> Option<String> {
    let mut row = serde_json::to_value(row).ok()?;
    row.as_object_mut()?.remove("odd");
    Some(row.to_string())
}
