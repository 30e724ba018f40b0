//! Reading many lists at once, and noticing a list that never ends.

use std::collections::HashSet;
use std::future::Future;

use futures_util::stream::{Stream, TryStreamExt as _};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// The page tokens of one list so far.
#[derive(Debug, Default)]
pub struct Tokens(HashSet<String>);

impl Tokens {
    /// The tokens of pages that an earlier run read.
    pub fn after(tokens: &[String]) -> Self {
        Tokens(tokens.iter().cloned().collect())
    }

    /// Notes a token.
    ///
    /// # Errors
    /// `Internal` when the list handed it out before: it would never end.
    pub fn note(&mut self, what: &str, token: &str) -> Result<()> {
        if self.0.insert(token.to_owned()) {
            return Ok(());
        }
        Err(Error::new(
            Kind::Internal,
            format!("the connector repeated page token {token:?} of {what}"),
        )
        .code(code::LIST_ENDLESS))
    }
}

/// Runs `read` over `lists`, at most `workers` at a time, each to its end. What is read is stored with its place in
/// the plan, so it does not matter which list is first.
///
/// # Errors
/// The first error that occurs; lists still being read are dropped.
pub async fn each<L, Read>(
    lists: impl Stream<Item = Result<L>>,
    workers: usize,
    read: impl FnMut(L) -> Read,
) -> Result<()>
where
    Read: Future<Output = Result<()>>,
{
    lists
        .map_ok(read)
        .try_buffer_unordered(workers.max(1))
        .try_for_each(|()| std::future::ready(Ok(())))
        .await
}
