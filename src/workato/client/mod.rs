//! The Workato API: any endpoint of the table, one token per client.
//!
//! Lists are read page by page, counted from 1. A list that ends before it says it does is an error, never a short
//! list; rows that move between pages because the workspace changes meanwhile are left to the caller. Used by the resource
//! types of `workato`, which also say what their rows look like; nobody else knows envelopes (`workato/api.md 2`).

mod answer;
pub mod checkbox;
mod claims;
mod customer;
pub(crate) mod decode;
pub mod endpoint;
mod failed;
mod fault;
pub(crate) mod field;
pub(crate) mod id;
mod json;
pub(crate) mod model;
pub mod odd;
mod paging;
mod probe;
mod queried;
mod time;
mod write;

use std::sync::Arc;

use url::Url;

pub use self::answer::{read_object, read_page};
pub use self::claims::Claims;
pub use self::customer::{Customer, NO_MIRROR};
use self::decode::Listing;
use self::endpoint::{Address, Endpoint, Paging};
use self::fault::Call;
pub(crate) use self::id::ids;
pub(crate) use self::model::{parts, rows};
pub use self::odd::{Listed, Row};
pub use self::paging::{ApiPage, INCONSISTENT, empty_pages, may_be_cut, refused_page};
pub use self::probe::{Asked, Probed};
pub use self::time::timestamp;
pub use self::write::{Accepted, Write};
use crate::baton::error::{Context as _, Error, Kind, Result, Retry};
use crate::baton::http::{HttpClient, Request, Response};
use crate::baton::secret::Secret;
use crate::workato::code;

/// Pages no real list has: only a server that ignores the page number gets here.
const LAST_PAGE: u32 = 100_000;

/// Reads one workspace with one token, hence one environment.
#[derive(Debug, Clone)]
pub struct WorkatoClient {
    base_url: Url,
    token: Secret,
    http: Arc<HttpClient>,
    /// Whose workspace is read, where the token is a partner's.
    customer: Option<Customer>,
}

/// A list that is answered as a whole.
#[derive(Debug)]
pub struct Answered<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// How many it says it has, where it says so.
    pub total: Option<u64>,
    /// What else it says of them.
    pub claims: Claims,
}

/// One request that was answered with success.
struct Answer {
    path: String,
    response: Response,
}

/// The rows in the body of a list, read as every answer is. For benchmarks and fuzzing, which have no server.
///
/// # Errors
/// `Internal` for a body that is not such a list.
pub fn rows_of<T: Row>(endpoint: &Endpoint, body: &[u8]) -> Result<Vec<T>> {
    decode::listing(body, Some(endpoint.envelope))
        .map(|listing| listing.rows)
        .map_err(|why| Error::new(Kind::Internal, format!("{}: {}", why.path, why.message)))
}

impl WorkatoClient {
    /// A client of the API below `base_url` (see [`base_url`](crate::workato::data_center::base_url)).
    pub fn new(base_url: Url, token: Secret, http: Arc<HttpClient>) -> Self {
        http.hide(&token);
        WorkatoClient {
            base_url,
            token,
            http,
            customer: None,
        }
    }

    /// The same for the workspace of a customer, whose partner the token is of.
    #[must_use]
    pub fn of_customer(self, customer: Option<Customer>) -> Self {
        WorkatoClient { customer, ..self }
    }

    /// An endpoint that answers one object.
    ///
    /// # Errors
    /// What [`HttpClient::send`] says; the [kind](crate::baton::http::kind_of) of any other status than success;
    /// `Internal` or `Unavailable` for an answer that cannot be read; `InvalidArgument` for an id that cannot be in an
    /// address.
    pub async fn object<'a, T: Row>(&self, at: impl Into<Address<'a>>) -> Result<T> {
        let at = at.into();
        async {
            let url = self.url(&at)?;
            self.get(at.endpoint, url, answer::object)
                .await
                .map(|(_, object)| object)
        }
        .await
        .with_context(|| format!("read {}", at.endpoint.name))
    }

    /// A list that is answered as a whole, and says nothing else.
    ///
    /// # Errors
    /// As [`WorkatoClient::object`]; `Unavailable` for a list that says it has more.
    pub async fn everything<'a, T: Row>(&self, at: impl Into<Address<'a>>) -> Result<Vec<T>> {
        let at = at.into();
        let list = self.answered(at).await?;
        match may_be_cut(paging::count(&list.rows), list.total, list.claims, false) {
            None => Ok(list.rows),
            Some(found) => Err(Error::new(
                Kind::Unavailable,
                format!("{} are answered with less than they are: {found}", at.endpoint.name),
            )
            .code(code::LIST_SHORT)
            .retry(Retry::Later)
            .hint("try again; if it stays, report this message: the form of this list has changed")),
        }
    }

    /// A list that is answered as a whole, and what it says of itself.
    ///
    /// # Errors
    /// As [`WorkatoClient::object`]; `Unavailable` for one with fewer rows than its total.
    pub async fn answered<'a, T: Row>(&self, at: impl Into<Address<'a>>) -> Result<Answered<T>> {
        let at = at.into();
        async {
            let (answer, listing) = self.list(&at, 1).await?;
            let seen = paging::count(&listing.rows);
            match listing.total {
                Some(total) if total > seen => {
                    Err(self
                        .call(at.endpoint, &answer.path)
                        .short_list(&answer.response, seen, total))
                }
                total => Ok(Answered {
                    claims: listing.hints.at(1),
                    rows: listing.rows,
                    total,
                }),
            }
        }
        .await
        .with_context(|| format!("list {}", at.endpoint.name))
    }

    /// One page of a paged list. A page that is empty too early is followed by the next one, once.
    ///
    /// # Errors
    /// As [`WorkatoClient::object`].
    pub async fn page<'a, T: Row>(&self, at: impl Into<Address<'a>>, page: u32) -> Result<ApiPage<T>> {
        let at = at.into();
        async {
            if page == 0 || page > LAST_PAGE {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    format!("there is no page {page} of {}: pages count from 1", at.endpoint.name),
                ));
            }
            let (answer, listing) = self.list(&at, page).await?;
            let Some((seen, total)) = paging::ends_early(&listing, page) else {
                return Ok(paging::page_of(listing, page));
            };
            let (_, listing) = self.list(&at, page + 1).await?;
            // Rows that were deleted meanwhile are not missing.
            let total = listing.total.unwrap_or(total);
            if listing.rows.is_empty() && total > seen {
                return Err(self
                    .call(at.endpoint, &answer.path)
                    .short_list(&answer.response, seen, total));
            }
            Ok(paging::page_of(listing, page + 1))
        }
        .await
        .with_context(|| format!("list {}", at.endpoint.name))
    }

    async fn list<T: Row>(&self, at: &Address<'_>, page: u32) -> Result<(Answer, Listing<T>)> {
        let mut url = self.url(at)?;
        if at.endpoint.paging != Paging::None {
            at.endpoint.add_page(&mut url, page);
        }
        self.get(at.endpoint, url, answer::listing).await
    }

    /// Sends one request, makes sure that the answer is a success and claims to be JSON, and reads it.
    async fn get<T>(
        &self,
        endpoint: &'static Endpoint,
        url: Url,
        read: impl Fn(&Call<'_>, &Response) -> Result<T>,
    ) -> Result<(Answer, T)> {
        let path = url.path().to_owned();
        let request = Request {
            url,
            bearer: &self.token,
            endpoint: endpoint.path,
            family: endpoint.family,
            idempotent: true,
        };
        let call = self.call(endpoint, &path);
        let (response, value) = self
            .http
            .send_and_read(&request, |response| {
                call.check(response)?;
                read(&call, response)
            })
            .await?;
        Ok((Answer { path, response }, value))
    }

    fn call<'a>(&'a self, endpoint: &'static Endpoint, path: &'a str) -> Call<'a> {
        Call {
            endpoint,
            path,
            token: &self.token,
            any_envelope: self.is_of_customer(),
        }
    }
}
