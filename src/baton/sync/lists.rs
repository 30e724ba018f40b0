//! Reading many lists at once, and noticing a list that never ends.

use std::collections::HashSet;
use std::future::Future;

use futures_util::stream::{Stream, TryStreamExt as _};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// Bytes that the tokens of one list may take.
const MOST_BYTES: usize = 64 << 20;
/// What a token takes beside its text.
const BESIDE: usize = 64;

/// The page tokens of one list so far.
#[derive(Debug, Default)]
pub struct Tokens {
    seen: HashSet<String>,
    bytes: usize,
}

impl Tokens {
    /// The tokens of pages that an earlier run read.
    pub fn after(tokens: &[String]) -> Self {
        Tokens {
            seen: tokens.iter().cloned().collect(),
            bytes: tokens.iter().map(|token| token.len() + BESIDE).sum(),
        }
    }

    /// Notes a token.
    ///
    /// # Errors
    /// `Internal` when the list handed it out before, or more tokens than any list has: it would never end.
    pub fn note(&mut self, what: &str, token: &str) -> Result<()> {
        let endless = |message: String| Err(Error::new(Kind::Internal, message).code(code::LIST_ENDLESS));
        self.bytes = self.bytes.saturating_add(token.len() + BESIDE);
        if self.bytes > MOST_BYTES {
            let pages = self.seen.len();
            return endless(format!(
                "{what} does not end: {pages} pages came, and each names another one"
            ));
        }
        match self.seen.insert(token.to_owned()) {
            true => Ok(()),
            false => endless(format!("the connector repeated page token {token:?} of {what}")),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_never_repeats_itself_ends_as_well() {
        let mut tokens = Tokens::default();
        let long = "x".repeat(1 << 20);
        let error = (0..100).find_map(|n| tokens.note("people", &format!("{n}{long}")).err());
        let error = error.unwrap();
        assert_eq!((error.kind(), error.code_id()), (Kind::Internal, code::LIST_ENDLESS));
        assert_eq!(
            error.to_string(),
            "people does not end: 63 pages came, and each names another one"
        );
        // What an earlier run read counts.
        let before: Vec<String> = (0..63).map(|n| format!("{n}{long}")).collect();
        assert!(Tokens::after(&before).note("people", &long).is_err());
        assert!(Tokens::after(&before).note("people", "short").is_ok());
    }
}
