//! Pages for the wire: the connector's pages, cut where a message would grow too large or the caller wants fewer rows.
//!
//! A token says which page of the connector is meant, how many of its rows were given already, who gave them, and a digest
//! of all rows of the list so far: `v2:<rows>:<who>:<digest>:<the connector's token>`. A page that is cut is asked for again
//! to get its rest, so connectors answer equal tokens with equal pages within a sync. To callers tokens are opaque; the
//! empty one is the first page.
//!
//! Only tables that are still there answer so. Whoever goes on with a list that another process began, or that this one has
//! forgotten, reads it anew, and a row that came or went in between moves all behind it: some would be skipped without a
//! word. So such a list is gone through from its beginning first, and goes on only where the rows are those that were given.

use std::future::Future;
use std::hash::Hasher as _;

use prost::Message;
use twox_hash::XxHash64;

use super::MESSAGE_LIMIT;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::page::{Page, PageToken};
use crate::baton::proto::v2;

/// Room for everything in an answer that is neither a row nor a token.
const ENVELOPE: usize = 1_024;
/// Longest token a syncer accepts, in bytes (`baton/service/protocol.md 9.2`).
const LONGEST_TOKEN: usize = 1_048_576;

/// Which page is asked for, as a request says it, and in which circumstances.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The caller's token.
    pub token: &'a str,
    /// Most rows the caller wants; 0 leaves it to us.
    pub size: u32,
    /// Whose tables answer: the id of the sync in this process. What never changes has the empty one.
    pub tables: &'a str,
    /// Most bytes of a message.
    pub bytes: usize,
}

/// What tells a row of a list from all others.
pub trait Row: Message {
    /// Its id.
    fn key(&self) -> (&str, &str);
}

impl Row for v2::Resource {
    fn key(&self) -> (&str, &str) {
        self.id
            .as_ref()
            .map_or(("", ""), |id| (&id.resource_type, &id.resource))
    }
}

impl Row for v2::ResourceType {
    fn key(&self) -> (&str, &str) {
        ("", &self.id)
    }
}

impl Row for v2::Entitlement {
    fn key(&self) -> (&str, &str) {
        ("", &self.id)
    }
}

impl Row for v2::Grant {
    fn key(&self) -> (&str, &str) {
        ("", &self.id)
    }
}

/// A digest of the ids of rows in their order. It need not withstand anybody: it is told from nothing but accidents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Digest(u64);

impl Digest {
    fn with<T: Row>(self, rows: &[T]) -> Self {
        rows.iter().fold(self, |Digest(before), row| {
            let (kind, id) = row.key();
            let mut hasher = XxHash64::with_seed(before);
            for part in [kind, id] {
                hasher.write_usize(part.len());
                hasher.write(part.as_bytes());
            }
            Digest(hasher.finish())
        })
    }

    fn of_text(text: &str) -> Self {
        let mut hasher = XxHash64::with_seed(0);
        hasher.write(text.as_bytes());
        Digest(hasher.finish())
    }
}

/// The place of a page on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    page: PageToken,
    given: usize,
    /// Whose tables the rows so far are from.
    tables: Digest,
    /// The rows so far.
    rows: Digest,
}

impl Position {
    fn parse(token: &str, tables: Digest) -> Result<Self> {
        if token.is_empty() {
            return Ok(Position {
                page: PageToken::first(),
                given: 0,
                tables,
                rows: Digest::default(),
            });
        }
        let foreign =
            || Error::new(Kind::InvalidArgument, "the page token is not one of this server").code(code::BAD_CALL);
        let digest = |text: &str| u64::from_str_radix(text, 16).map(Digest).map_err(|_| foreign());
        let mut parts = token.splitn(5, ':');
        let (Some("v2"), Some(given), Some(tables), Some(rows), Some(page)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(foreign());
        };
        Ok(Position {
            given: given.parse().map_err(|_| foreign())?,
            tables: digest(tables)?,
            rows: digest(rows)?,
            page: PageToken::from(page.to_owned()),
        })
    }

    fn token(&self) -> Result<String> {
        let Position {
            page,
            given,
            tables: Digest(tables),
            rows: Digest(rows),
        } = self;
        let token = format!("v2:{given}:{tables:x}:{rows:x}:{}", page.as_str());
        if token.len() > LONGEST_TOKEN {
            return Err(Error::new(
                Kind::Internal,
                format!("a page token is {} bytes long", token.len()),
            ));
        }
        Ok(token)
    }
}

/// The rows of a page and the token of the next one, empty at the end.
///
/// # Errors
/// Those of `read`; `InvalidArgument` for a foreign token; `FailedPrecondition` where the tables that gave the rows so far
/// are gone and the list is another by now; `Internal` when the connector repeats a token; `ResourceExhausted` for a row
/// that no message can carry.
pub async fn page<T, Fut>(asked: Asked<'_>, read: impl Fn(PageToken) -> Fut) -> Result<(Vec<T>, String)>
where
    T: Row,
    Fut: Future<Output = Result<Page<T>>>,
{
    let tables = Digest::of_text(asked.tables);
    let place = Position::parse(asked.token, tables)?;
    if place.tables != tables {
        check_rows_so_far(&place, &read).await?;
    }
    let page = read(place.page.clone()).await?;
    let next = page.next.filter(|next| !next.is_first());
    if next.as_ref() == Some(&place.page) {
        return Err(endless(&place.page));
    }
    if place.given > page.rows.len() || (place.given > 0 && place.given == page.rows.len()) {
        return Err(Error::new(Kind::InvalidArgument, "the page token is not one of this sync").code(code::BAD_CALL));
    }
    let longest = next
        .as_ref()
        .map_or(0, |next| next.as_str().len())
        .max(place.page.as_str().len());
    let room = asked.bytes.saturating_sub(ENVELOPE + longest);
    let wanted = if asked.size == 0 {
        usize::MAX
    } else {
        asked.size as usize
    };
    let mut rows = page.rows;
    rows.drain(..place.given);
    let fitting = match fitting(&rows, room) {
        // Smaller messages are a wish, but for a row that is larger than any may be.
        0 if asked.bytes < MESSAGE_LIMIT => fitting(&rows, MESSAGE_LIMIT.saturating_sub(ENVELOPE + longest)).min(1),
        count => count,
    };
    let fitting = fitting.min(wanted);
    if fitting == 0 && !rows.is_empty() {
        return Err(Error::new(
            Kind::ResourceExhausted,
            format!("one row is larger than the {MESSAGE_LIMIT} bytes of a message"),
        ));
    }
    let is_cut = fitting < rows.len();
    rows.truncate(fitting);
    let given = place.rows.with(&rows);
    let next = if is_cut {
        Some(Position {
            page: place.page,
            given: place.given + fitting,
            tables,
            rows: given,
        })
    } else {
        next.map(|page| Position {
            page,
            given: 0,
            tables,
            rows: given,
        })
    };
    let token = next.map(|next| next.token()).transpose()?.unwrap_or_default();
    Ok((rows, token))
}

/// Goes through a list from its beginning to a place: the rows before it must be those that were given.
async fn check_rows_so_far<T, Fut>(place: &Position, read: impl Fn(PageToken) -> Fut) -> Result<()>
where
    T: Row,
    Fut: Future<Output = Result<Page<T>>>,
{
    let (mut token, mut rows) = (PageToken::first(), Digest::default());
    while token != place.page {
        let page = read(token.clone()).await?;
        rows = rows.with(&page.rows);
        match page.next.filter(|next| !next.is_first()) {
            Some(next) if next == token => return Err(endless(&token)),
            Some(next) => token = next,
            None => return Err(moved()),
        }
    }
    if place.given > 0 {
        let page = read(token).await?;
        rows = rows.with(page.rows.get(..place.given).ok_or_else(moved)?);
    }
    if rows != place.rows {
        return Err(moved());
    }
    tracing::debug!(
        page = place.page.as_str(),
        "The list was read anew, and has the same rows so far."
    );
    Ok(())
}

fn endless(page: &PageToken) -> Error {
    Error::new(
        Kind::Internal,
        format!("page token {:?} leads to itself", page.as_str()),
    )
    .code(code::LIST_ENDLESS)
}

fn moved() -> Error {
    Error::new(
        Kind::FailedPrecondition,
        "the list changed since its first page was given, and the tables it was given from are gone",
    )
    .code(code::LIST_MOVED)
    .hint("read it again from its first page")
}

/// How many of the rows fit into so many bytes of a repeated field.
fn fitting<T: Message>(rows: &[T], room: usize) -> usize {
    let mut used = 0_usize;
    rows.iter()
        .take_while(|row| {
            let length = row.encoded_len();
            // The key of a repeated field below 16 is one byte.
            used += 1 + prost::length_delimiter_len(length) + length;
            used <= room
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::proto::v2;
    use crate::baton::resource;

    const PAGES: usize = 3;

    /// A connector's list: three pages of `rows` ids with names of `bytes` bytes.
    async fn list(token: PageToken, rows: usize, bytes: usize) -> Result<Page<v2::Resource>> {
        let page = token.number(0)?;
        let row = |number: usize| v2::Resource {
            id: Some(resource::id("thing", format!("{page}-{number}-{}", "x".repeat(bytes)))),
            ..Default::default()
        };
        Ok(Page {
            rows: (0..rows).map(row).collect(),
            next: (page + 1 < PAGES).then(|| PageToken::at(page + 1)),
        })
    }

    fn asked(token: &str, size: u32) -> Asked<'_> {
        Asked {
            token,
            size,
            tables: "one",
            bytes: MESSAGE_LIMIT,
        }
    }

    async fn all(size: u32, rows: usize, bytes: usize) -> Result<Vec<Vec<v2::Resource>>> {
        let (mut token, mut pages) = (String::new(), Vec::new());
        loop {
            let (part, next) = page(asked(&token, size), |t| list(t, rows, bytes)).await?;
            pages.push(part);
            if next.is_empty() {
                return Ok(pages);
            }
            assert_ne!(next, token);
            token = next;
        }
    }

    async fn whole(rows: usize, bytes: usize) -> Vec<v2::Resource> {
        let mut whole = Vec::new();
        for page in 0..PAGES {
            let token = if page == 0 {
                PageToken::first()
            } else {
                PageToken::at(page)
            };
            whole.extend(list(token, rows, bytes).await.unwrap().rows);
        }
        whole
    }

    #[tokio::test]
    async fn pages_that_fit_are_the_connectors() {
        let pages = all(0, 5, 10).await.unwrap();
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 5]);
        assert_eq!(pages.concat(), whole(5, 10).await);
    }

    #[tokio::test]
    async fn larger_ones_are_cut_below_the_limit_and_nothing_is_lost() {
        let pages = all(0, 9, 1_000_000).await.unwrap();
        assert_eq!(
            pages.iter().map(Vec::len).collect::<Vec<_>>(),
            [4, 4, 1, 4, 4, 1, 4, 4, 1]
        );
        for rows in &pages {
            let answer = v2::ResourcesServiceListResourcesResponse {
                list: rows.clone(),
                ..Default::default()
            };
            assert!(answer.encoded_len() <= MESSAGE_LIMIT, "{}", answer.encoded_len());
        }
        assert_eq!(pages.concat(), whole(9, 1_000_000).await);
    }

    #[tokio::test]
    async fn a_caller_may_want_fewer_rows() {
        let pages = all(2, 5, 10).await.unwrap();
        assert_eq!(
            pages.iter().map(Vec::len).collect::<Vec<_>>(),
            [2, 2, 1, 2, 2, 1, 2, 2, 1]
        );
        assert_eq!(pages.concat(), whole(5, 10).await);
    }

    #[tokio::test]
    async fn an_empty_page_may_have_a_next_one() {
        assert_eq!(all(0, 0, 1).await.unwrap(), [vec![], vec![], vec![]]);
    }

    #[tokio::test]
    async fn a_row_that_fits_nowhere_is_an_error() {
        let error = all(0, 2, MESSAGE_LIMIT).await.unwrap_err();
        assert_eq!(error.kind(), Kind::ResourceExhausted);
    }

    #[tokio::test]
    async fn foreign_tokens_and_loops_are_errors() {
        let tables = Digest::of_text("one").0;
        let of_this_sync = |given: &str| format!("v2:{given}:{tables:x}:0:1");
        let mut foreign: Vec<String> = ["x", "-1", "6", "5"].map(of_this_sync).into();
        foreign.extend(["x", "v2", "v2:", "v1:0:1", "v2:0:x:0:1", "v2:0:0:1", "v3:0:0:0:1", "1"].map(str::to_owned));
        for token in foreign {
            let error = page(asked(&token, 0), |t| list(t, 5, 10)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{token}");
        }
        let repeats = |token: PageToken| async move {
            Ok(Page {
                rows: Vec::<v2::Resource>::new(),
                next: Some(token),
            })
        };
        for tables in [tables, 0] {
            let token = format!("v2:0:{tables:x}:0:7");
            let error = page(asked(&token, 0), repeats).await.unwrap_err();
            let expected = if tables == 0 {
                Kind::FailedPrecondition
            } else {
                Kind::Internal
            };
            assert_eq!(
                error.kind(),
                expected,
                "the first page leads to none where others gave the rows"
            );
        }
    }

    /// A table of names, three to a page.
    async fn names(token: PageToken, names: &[&str]) -> Result<Page<v2::Resource>> {
        Page::of_table(names, &token, 3, |name| v2::Resource {
            id: Some(resource::id("thing", (*name).to_owned())),
            ..Default::default()
        })
    }

    /// The first two rows are given by one process, the rest by another one that sees `later`.
    async fn continued(first: usize, before: &[&str], later: &[&str]) -> Result<Vec<String>> {
        let mut rows = Vec::new();
        let mut token = String::new();
        while rows.len() < first {
            let (more, next) = page(asked(&token, 2), |t| names(t, before)).await?;
            rows.extend(more);
            token = next;
        }
        while !token.is_empty() {
            let elsewhere = Asked {
                tables: "another",
                ..asked(&token, 2)
            };
            let (more, next) = page(elsewhere, |t| names(t, later)).await?;
            rows.extend(more);
            token = next;
        }
        Ok(rows.iter().map(|row| row.key().1.to_owned()).collect())
    }

    #[tokio::test]
    async fn a_list_goes_on_elsewhere_only_if_nothing_moved() {
        let whole = ["a", "b", "c", "d", "e", "f", "g"];
        for first in 1..whole.len() {
            assert_eq!(continued(first, &whole, &whole).await.unwrap(), whole, "{first}");
            // What is appended, and what changes behind the place, is as if it had been read then.
            let longer = ["a", "b", "c", "d", "e", "f", "g", "h"];
            assert_eq!(continued(first, &whole, &longer).await.unwrap(), longer, "{first}");
            // One row less or more before it would have skipped one, or given one twice.
            for moved in [
                &["b", "c", "d", "e", "f", "g"][..],
                &["0", "a", "b", "c", "d", "e", "f", "g"],
            ] {
                let error = continued(first, &whole, moved).await.unwrap_err();
                assert_eq!(
                    (error.kind(), error.code_id()),
                    (Kind::FailedPrecondition, code::LIST_MOVED),
                    "{first}"
                );
            }
        }
        assert!(
            continued(6, &whole, &whole[..2]).await.is_err(),
            "it became shorter than what was given"
        );
    }

    #[tokio::test]
    async fn smaller_messages_are_a_wish() {
        let small = |token| Asked {
            bytes: 100_000,
            ..asked(token, 0)
        };
        let (rows, _) = page(small(""), |t| list(t, 9, 30_000)).await.unwrap();
        assert_eq!(rows.len(), 3);
        let (rows, _) = page(small(""), |t| list(t, 9, 1_000_000)).await.unwrap();
        assert_eq!(rows.len(), 1, "a row that is larger comes alone");
        assert!(page(small(""), |t| list(t, 9, MESSAGE_LIMIT)).await.is_err());
    }
}
