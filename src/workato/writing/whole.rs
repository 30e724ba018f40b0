//! Lists of which every workspace has rows. A sync takes one without any, or one that may have been cut, as it is, and
//! counts a warning; a write, which would take what it does not find for gone, does not believe it.

use std::sync::Arc;

use crate::ABOUT;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::workato::access_model::Detected;
use crate::workato::client::endpoint::Endpoint;
use crate::workato::client::{Listed, WorkatoClient};
use crate::workato::listing::List;
use crate::workato::tables::Tables;
use crate::workato::{cause, code};

/// The rows of such a list at this moment.
///
/// # Errors
/// Those of the client; `Unavailable` for a list without a row.
pub async fn never_empty<T: Listed>(client: &WorkatoClient, at: &'static Endpoint) -> Result<Vec<T>> {
    let rows: Vec<T> = List::now(client, at).read().await?;
    if rows.is_empty() {
        return Err(not_whole(format!(
            "the list of {} has no row, and every workspace has some",
            at.name
        )));
    }
    Ok(rows)
}

/// People and the lists of roles, where all of them fit together.
///
/// # Errors
/// As [`Detected`]; `Unavailable` for a list that changes whenever it is read, may have been cut, has rows of one id that
/// differ, or is empty and cannot be.
pub async fn detected(t: &Tables, cx: &SyncContext) -> Result<Arc<Detected>> {
    let detected = t.get::<Detected>(cx).await?;
    let doubts = [
        cause::LIST_CHANGED,
        cause::LIST_EMPTY,
        cause::LIST_MAY_BE_CUT,
        cause::ROWS_DIFFER,
    ];
    let counted = cx.warnings.list(&ABOUT);
    match counted
        .into_iter()
        .find(|warning| doubts.iter().any(|doubt| doubt.name == warning.cause))
    {
        None => Ok(detected),
        Some(doubt) => Err(not_whole([vec![doubt.message], doubt.examples].concat().join("; "))),
    }
}

fn not_whole(why: String) -> Error {
    Error::new(Kind::Unavailable, why)
        .code(code::LIST_SHORT)
        .hint("what such a list does not have may be there all the same; try again")
        .retry(Retry::Later)
}
