//! Reading an answer somebody already has: a recorded one, or one made up to see what it does to the reader. It goes
//! the way of every answer of [`WorkatoClient`](super::WorkatoClient), checks and messages included; only the
//! request is missing.

use super::decode::{self, Listing, Undecodable};
use super::endpoint::Endpoint;
use super::failed;
use super::fault::Call;
use super::odd::Row;
use super::paging::{self, ApiPage};
use crate::baton::error::{Error, Result};
use crate::baton::http::Response;
use crate::baton::secret::Secret;

/// The rows of page `number` of a list. `token` is the one that was sent: no message repeats it.
///
/// # Errors
/// As the methods of [`WorkatoClient`](super::WorkatoClient); `Unavailable` also for a page that is empty although the
/// list says it has more, since the page after it cannot be asked for.
pub fn read_page<T: Row>(
    endpoint: &'static Endpoint,
    token: &Secret,
    response: &Response,
    number: u32,
) -> Result<ApiPage<T>> {
    let call = call(endpoint, token);
    call.check(response)?;
    let listing = listing(&call, response)?;
    match paging::ends_early(&listing, number) {
        Some((seen, total)) => Err(call.short_list(response, seen, total)),
        None => Ok(paging::page_of(listing, number)),
    }
}

/// The one object of an answer. `token` as of [`read_page`].
///
/// # Errors
/// As the methods of [`WorkatoClient`](super::WorkatoClient).
pub fn read_object<T: Row>(endpoint: &'static Endpoint, token: &Secret, response: &Response) -> Result<T> {
    let call = call(endpoint, token);
    call.check(response)?;
    object(&call, response)
}

fn call<'a>(endpoint: &'static Endpoint, token: &'a Secret) -> Call<'a> {
    Call {
        endpoint,
        path: endpoint.path,
        token,
        any_envelope: false,
    }
}

/// The list in an answer that passed [`Call::check`].
pub(super) fn listing<T: Row>(call: &Call<'_>, response: &Response) -> Result<Listing<T>> {
    let envelope = (!call.any_envelope).then_some(call.endpoint.envelope);
    let mut listing = decode::listing(&response.body, envelope).map_err(|why| unreadable(call, response, &why))?;
    if listing.failed {
        return Err(call.failed_reading(response));
    }
    listing.hints.headers(response);
    Ok(listing)
}

/// The object in an answer that passed [`Call::check`].
pub(super) fn object<T: Row>(call: &Call<'_>, response: &Response) -> Result<T> {
    if failed::body_says_so(&response.body) {
        return Err(call.failed_reading(response));
    }
    decode::single(&response.body).map_err(|why| call.undecodable(response, &why))
}

/// What failed by its own words need not be readable.
fn unreadable(call: &Call<'_>, response: &Response, why: &Undecodable) -> Error {
    match failed::body_says_so(&response.body) {
        true => call.failed_reading(response),
        false => call.undecodable(response, why),
    }
}
