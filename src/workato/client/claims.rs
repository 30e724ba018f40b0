//! What an answer says of the list behind it besides its rows: that another page follows, how many pages or rows there
//! are. No page of the vendor knows any of it but the total (`workato/api.md 2.1`), so it is read leniently, wherever it
//! stands, and believed in one direction only: where it says that there is more, the list is not whole yet.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::decode::amount;
use super::json::{Pairs, Shape};
use crate::baton::http::Response;

/// Hints as they were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// Whether there is more, without a number.
    more: Option<bool>,
    /// The number of the next page.
    next: Option<u64>,
    /// Pages of the whole list.
    pages: Option<u64>,
    /// Rows of the whole list, outside of the places where its total belongs.
    rows: Option<u64>,
}

/// What the hints of one page come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whether another page follows, where it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<bool>,
    /// Rows of the whole list, where it is said in another place than the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl Claims {
    /// Whether nothing is said.
    pub fn is_silent(&self) -> bool {
        *self == Claims::default()
    }

    /// Whether it is said that there is more than `seen` rows.
    pub fn more_than(&self, seen: u64) -> bool {
        self.more == Some(true) || self.rows.is_some_and(|rows| rows > seen)
    }
}

impl Hints {
    /// Takes note of a field beside the rows, or of the fields of an object beside them.
    pub(super) fn note(&mut self, key: &str, raw: &RawValue) {
        let key = plain(key);
        let holds_hints = ["meta", "pagination", "paging", "page", "pageinfo", "links"].contains(&key.as_str());
        if holds_hints && Shape::of(raw.get()) == Shape::Object {
            let pairs = serde_json::from_str::<Pairs<'_>>(raw.get()).map(|pairs| pairs.0);
            for (key, raw) in pairs.iter().flatten() {
                self.field(&plain(key), raw.get());
                // Beside the rows these two are the total, and are read as such.
                if ["total", "count"].contains(&plain(key).as_str()) {
                    self.rows = self.rows.max(amount(raw));
                }
            }
            return;
        }
        self.field(&key, raw.get());
    }

    fn field(&mut self, key: &str, raw: &str) {
        match key {
            "hasmore" | "hasnext" | "hasnextpage" | "more" | "moreavailable" => self.say(truth(raw)),
            "next" | "nextpage" | "nextpagenumber" | "nextpageurl" | "nexturl" | "nextlink" | "nextcursor"
            | "nexttoken" | "nextpagetoken" => match number(raw) {
                Some(page) => self.next = self.next.max(Some(page)),
                None => self.say(Some(is_something(raw))),
            },
            "totalpages" | "pagecount" | "pages" | "lastpage" => self.pages = self.pages.max(number(raw)),
            "totalcount" | "totalentries" | "totalrows" | "totalresults" | "totalitems" => {
                self.rows = self.rows.max(number(raw));
            }
            _ => {}
        }
    }

    /// With those of another place in the same answer.
    pub(super) fn and(self, other: Hints) -> Hints {
        Hints {
            more: self.more.max(other.more),
            next: self.next.max(other.next),
            pages: self.pages.max(other.pages),
            rows: self.rows.max(other.rows),
        }
    }

    fn say(&mut self, more: Option<bool>) {
        // What says that there is more outweighs what says that there is not.
        self.more = self.more.max(more);
    }

    /// Takes note of headers.
    pub(super) fn headers(&mut self, response: &Response) {
        let follows = |link: &str| {
            let mut words = link.split(';').skip(1);
            words.any(|word| {
                let word: String = word.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
                word.eq_ignore_ascii_case("rel=next")
            })
        };
        if response
            .header("link")
            .is_some_and(|links| links.split(',').any(follows))
        {
            self.say(Some(true));
        }
        for (header, key) in [
            ("x-next-page", "nextpage"),
            ("x-has-more", "hasmore"),
            ("x-total-pages", "totalpages"),
            ("x-total-count", "totalcount"),
            ("x-total", "totalcount"),
        ] {
            if let Some(value) = response.header(header) {
                self.field(key, &format!("{value:?}"));
            }
        }
    }

    /// What they come to on page `page`.
    pub(super) fn at(&self, page: u32) -> Claims {
        let page = u64::from(page);
        let numbers = [self.next, self.pages]
            .into_iter()
            .flatten()
            .map(|last| Some(last > page));
        Claims {
            more: numbers.fold(self.more, Option::max),
            rows: self.rows,
        }
    }
}

/// A key without what differs between spellings: `nextPage`, `next_page` and `next-page` are one.
fn plain(key: &str) -> String {
    let letters = key.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// A number, perhaps as text; 0 and what is none say nothing.
fn number(raw: &str) -> Option<u64> {
    let raw: &RawValue = serde_json::from_str(raw).ok()?;
    amount(raw).filter(|number| *number > 0)
}

fn truth(raw: &str) -> Option<bool> {
    match raw.trim().trim_matches('"').trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" | "null" => Some(false),
        _ => None,
    }
}

/// Whether an address, a cursor or an object with one is there.
fn is_something(raw: &str) -> bool {
    match Shape::of(raw) {
        Shape::Text => {
            !["", "null", "false", "0"].contains(&raw.trim_matches('"').trim().to_ascii_lowercase().as_str())
        }
        Shape::Object => raw.chars().filter(|c| !c.is_whitespace()).count() > 2,
        Shape::Flag => truth(raw) == Some(true),
        Shape::Null | Shape::Number | Shape::List => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::baton::http::{HeaderMap, StatusCode};

    fn claims(body: &str, page: u32) -> Claims {
        let mut hints = Hints::default();
        let pairs: Pairs<'_> = serde_json::from_str(body).unwrap();
        for (key, raw) in &pairs.0 {
            hints.note(key, raw);
        }
        hints.at(page)
    }

    #[test]
    fn hints_are_read_wherever_they_stand() {
        for (body, more, rows) in [
            (r#"{"next_page":2}"#, Some(true), None),
            (r#"{"nextPage":"2"}"#, Some(true), None),
            (r#"{"next_page":1}"#, Some(false), None),
            (r#"{"next_page":null}"#, Some(false), None),
            (r#"{"next":"https://h/api/x?page=2"}"#, Some(true), None),
            (r#"{"next":""}"#, Some(false), None),
            (r#"{"links":{"next":{"href":"/x"}}}"#, Some(true), None),
            (r#"{"_links":{"next":null}}"#, Some(false), None),
            (r#"{"has_more":true}"#, Some(true), None),
            (r#"{"hasMore":"true"}"#, Some(true), None),
            (r#"{"has_more":false}"#, Some(false), None),
            (r#"{"has_more":false,"next_page":2}"#, Some(true), None),
            (r#"{"total_pages":3}"#, Some(true), None),
            (r#"{"total_pages":1}"#, Some(false), None),
            (r#"{"meta":{"total":60}}"#, None, Some(60)),
            (
                r#"{"pagination":{"total_count":"60.0","total_pages":2}}"#,
                Some(true),
                Some(60),
            ),
            (r#"{"page":{"number":1,"size":100}}"#, None, None),
            (r#"{"total_count":7}"#, None, Some(7)),
            (r#"{"total":7,"more_words":true,"message":"x"}"#, None, None),
        ] {
            assert_eq!(claims(body, 1), Claims { more, rows }, "{body}");
        }
        assert_eq!(claims(r#"{"total_pages":3}"#, 3).more, Some(false));
    }

    #[test]
    fn headers_are_hints() {
        for (name, value, more, rows) in [
            (
                "link",
                r#"</x?page=1>; rel="prev", </x?page=2>; rel="next""#,
                Some(true),
                None,
            ),
            ("link", "</x?page=2>; title=a; rel=next", Some(true), None),
            ("link", r#"</x?page=1>; rel="last""#, None, None),
            ("x-next-page", "2", Some(true), None),
            ("x-next-page", "", Some(false), None),
            ("x-total", "60", None, Some(60)),
            ("x-total-pages", "2", Some(true), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let response = Response::new(StatusCode::OK, headers, Bytes::new(), jiff::Timestamp::UNIX_EPOCH);
            let mut hints = Hints::default();
            hints.headers(&response);
            assert_eq!(hints.at(1), Claims { more, rows }, "{name}: {value}");
        }
    }

    #[test]
    fn more_is_more_than_was_seen() {
        let rows = |rows| Claims { more: None, rows };
        assert!(rows(Some(60)).more_than(20) && !rows(Some(60)).more_than(60) && !rows(None).more_than(0));
        assert!(Claims::default().is_silent());
    }
}
