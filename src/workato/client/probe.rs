//! One request to an endpoint, to see whether and how it answers: for a diagnosis. Of a list it reads the first page only,
//! and what the headers say is handed over beside the rows.

use jiff::Timestamp;

use super::answer;
use super::endpoint::{Address, Paging};
use super::odd::Row;
use super::{Call, WorkatoClient};
use crate::baton::error::{Error, Result};
use crate::baton::http::{Request, Response, parse_date};

/// What one request brought.
#[derive(Debug)]
pub struct Probed<T> {
    /// The rows of the first page, or the object.
    pub result: Result<T>,
    /// About the answer; `None` when there was none.
    pub asked: Option<Asked>,
}

impl<T> Probed<T> {
    /// With something else made of the rows or the object.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Probed<U> {
        Probed {
            result: self.result.map(make),
            asked: self.asked,
        }
    }
}

/// What an answer says besides its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// HTTP status.
    pub status: u16,
    /// The moment the other side says it is.
    pub there: Option<Timestamp>,
    /// The moment it was here.
    pub here: Timestamp,
    /// Requests left of the family's quota.
    pub remaining: Option<u64>,
}

impl WorkatoClient {
    /// Asks for the first page of a list, once.
    pub async fn probe_list<T: Row>(&self, at: Address<'_>) -> Probed<Vec<T>> {
        self.probe(at, |call, response| {
            answer::listing(call, response).map(|listing| listing.rows)
        })
        .await
    }

    /// Asks for an object, once.
    pub async fn probe_object<T: Row>(&self, at: Address<'_>) -> Probed<T> {
        self.probe(at, answer::object).await
    }

    async fn probe<T>(&self, at: Address<'_>, read: impl Fn(&Call<'_>, &Response) -> Result<T>) -> Probed<T> {
        let failed = |error: Error| Probed {
            result: Err(error),
            asked: None,
        };
        let mut url = match self.url(&at) {
            Ok(url) => url,
            Err(error) => return failed(error),
        };
        if at.endpoint.paging != Paging::None {
            at.endpoint.add_page(&mut url, 1);
        }
        let path = url.path().to_owned();
        let request = Request {
            url,
            bearer: &self.token,
            endpoint: at.endpoint.path,
            family: at.endpoint.family,
            idempotent: true,
        };
        let response = match self.http.send(&request).await {
            Ok(response) => response,
            Err(error) => return failed(error),
        };
        let asked = Asked {
            status: response.status.as_u16(),
            there: response.header("date").and_then(parse_date),
            here: Timestamp::now(),
            remaining: response.rate_limit.remaining,
        };
        let call = self.call(at.endpoint, &path);
        Probed {
            result: call.check(&response).and_then(|()| read(&call, &response)),
            asked: Some(asked),
        }
    }
}
