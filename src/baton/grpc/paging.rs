//! Pages for the wire: the connector's pages, cut where a message would grow too large or the caller wants fewer rows.
//!
//! A token says which page of the connector is meant and how many of its rows were given already:
//! `v1:<rows>:<the connector's token>`. A page that is cut is asked for again to get its rest, so connectors answer
//! equal tokens with equal pages within a sync. To callers tokens are opaque; the empty one is the first page.

use std::future::Future;

use prost::Message;

use super::MESSAGE_LIMIT;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::page::{Page, PageToken};

/// Room for everything in an answer that is neither a row nor a token.
const ENVELOPE: usize = 1_024;
/// Longest token a syncer accepts, in bytes (`baton/service/protocol.md 9.2`).
const LONGEST_TOKEN: usize = 1_048_576;

/// Which page is asked for, as a request says it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The caller's token.
    pub token: &'a str,
    /// Most rows the caller wants; 0 leaves it to us.
    pub size: u32,
}

/// The place of a page on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    page: PageToken,
    given: usize,
}

impl Position {
    fn parse(token: &str) -> Result<Self> {
        if token.is_empty() {
            let page = PageToken::first();
            return Ok(Position { page, given: 0 });
        }
        let foreign =
            || Error::new(Kind::InvalidArgument, "the page token is not one of this server").code(code::BAD_CALL);
        let rest = token.strip_prefix("v1:").ok_or_else(foreign)?;
        let (given, page) = rest.split_once(':').ok_or_else(foreign)?;
        Ok(Position {
            given: given.parse().map_err(|_| foreign())?,
            page: PageToken::from(page.to_owned()),
        })
    }

    fn token(&self) -> Result<String> {
        let token = format!("v1:{}:{}", self.given, self.page.as_str());
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
/// Those of `read`; `InvalidArgument` for a foreign token; `Internal` when the connector repeats a token;
/// `ResourceExhausted` for a row that no message can carry.
pub async fn page<T, Fut>(asked: Asked<'_>, read: impl FnOnce(PageToken) -> Fut) -> Result<(Vec<T>, String)>
where
    T: Message,
    Fut: Future<Output = Result<Page<T>>>,
{
    let place = Position::parse(asked.token)?;
    let page = read(place.page.clone()).await?;
    let next = page.next.filter(|next| !next.is_first());
    if next.as_ref() == Some(&place.page) {
        return Err(Error::new(
            Kind::Internal,
            format!("page token {:?} leads to itself", place.page.as_str()),
        )
        .code(code::LIST_ENDLESS));
    }
    if place.given > page.rows.len() || (place.given > 0 && place.given == page.rows.len()) {
        return Err(Error::new(Kind::InvalidArgument, "the page token is not one of this sync").code(code::BAD_CALL));
    }
    let longest = next
        .as_ref()
        .map_or(0, |next| next.as_str().len())
        .max(place.page.as_str().len());
    let room = MESSAGE_LIMIT.saturating_sub(ENVELOPE + longest);
    let wanted = if asked.size == 0 {
        usize::MAX
    } else {
        asked.size as usize
    };
    let mut rows = page.rows;
    rows.drain(..place.given);
    let fitting = fitting(&rows, room).min(wanted);
    if fitting == 0 && !rows.is_empty() {
        return Err(Error::new(
            Kind::ResourceExhausted,
            format!("one row is larger than the {MESSAGE_LIMIT} bytes of a message"),
        ));
    }
    let next = if fitting < rows.len() {
        Some(Position {
            page: place.page,
            given: place.given + fitting,
        })
    } else {
        next.map(|page| Position { page, given: 0 })
    };
    rows.truncate(fitting);
    let token = next.map(|next| next.token()).transpose()?.unwrap_or_default();
    Ok((rows, token))
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
    async fn list(token: PageToken, rows: usize, bytes: usize) -> Result<Page<v2::ResourceId>> {
        let page = token.number(0)?;
        let row = |number: usize| resource::id("thing", format!("{page}-{number}-{}", "x".repeat(bytes)));
        Ok(Page {
            rows: (0..rows).map(row).collect(),
            next: (page + 1 < PAGES).then(|| PageToken::at(page + 1)),
        })
    }

    async fn all(size: u32, rows: usize, bytes: usize) -> Result<Vec<Vec<v2::ResourceId>>> {
        let (mut token, mut pages) = (String::new(), Vec::new());
        loop {
            let (part, next) = page(Asked { token: &token, size }, |t| list(t, rows, bytes)).await?;
            pages.push(part);
            if next.is_empty() {
                return Ok(pages);
            }
            assert_ne!(next, token);
            token = next;
        }
    }

    async fn whole(rows: usize, bytes: usize) -> Vec<v2::ResourceId> {
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
            let list = rows
                .iter()
                .cloned()
                .map(|id| v2::Resource {
                    id: Some(id),
                    ..Default::default()
                })
                .collect();
            let answer = v2::ResourcesServiceListResourcesResponse {
                list,
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
        for token in ["x", "v1", "v1:", "v1:x:1", "v1:-1:1", "v1:6:1", "v1:5:1", "v2:0:1", "1"] {
            let asked = Asked { token, size: 0 };
            let error = page(asked, |t| list(t, 5, 10)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{token}");
        }
        let repeats = |token: PageToken| async move {
            Ok(Page {
                rows: Vec::<v2::ResourceId>::new(),
                next: Some(token),
            })
        };
        let asked = Asked {
            token: "v1:0:7",
            size: 0,
        };
        assert_eq!(page(asked, repeats).await.unwrap_err().kind(), Kind::Internal);
    }
}
