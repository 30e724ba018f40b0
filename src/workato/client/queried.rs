//! A list that takes parameters of its own and is not paged by numbers.

use super::decode::Listing;
use super::endpoint::{Address, Endpoint};
use super::odd::Row;
use super::{Answer, WorkatoClient, answer};
use crate::baton::error::{Context as _, Result};

impl WorkatoClient {
    /// The rows of one answer. Whether there are more, the caller finds out.
    ///
    /// # Errors
    /// As [`WorkatoClient::object`].
    pub async fn queried<T: Row>(&self, at: &'static Endpoint, parameters: &[(&str, String)]) -> Result<Vec<T>> {
        let doing = || format!("list {}", at.name);
        let mut url = self.url(&Address::from(at)).with_context(doing)?;
        url.query_pairs_mut().extend_pairs(parameters);
        let read: Result<(Answer, Listing<T>)> = self.get(at, url, answer::listing).await;
        read.map(|(_, listing)| listing.rows).with_context(doing)
    }
}
