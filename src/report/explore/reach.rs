//! Who reaches what, by person or by resource: filtered and sorted by ids, a page of it with its ways.

use std::sync::Arc;

use serde::Serialize;

use super::index::{Index, Words};
use super::question::Question;
use crate::baton::c1z::Holding;
use crate::baton::error::{Error, Kind, Result};
use crate::report::access::{Access, Answers};
use crate::report::census::Class;
use crate::report::code;
use crate::report::snapshot::Snapshot;

/// A page of access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// How many pass the filter.
    pub total: usize,
    /// Those of this page.
    pub items: Vec<Access>,
}

/// Which access is asked for, but for the page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    side: Side,
    kind: String,
    id: String,
    words: String,
    direct: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    /// What a principal holds.
    Of,
    /// What is held on a resource.
    On,
}

impl Asked {
    /// Takes `of` or `on`, `q` and `direct` from a question.
    ///
    /// # Errors
    /// `InvalidArgument` for a question that makes no sense.
    pub fn of(question: &Question) -> Result<Asked> {
        let (side, (kind, id)) = match (question.resource("of")?, question.resource("on")?) {
            (Some(of), None) => (Side::Of, of),
            (None, Some(on)) => (Side::On, on),
            _ => {
                let message = "access is asked for with either of=type:id or on=type:id";
                return Err(Error::new(Kind::InvalidArgument, message));
            }
        };
        Ok(Asked {
            side,
            kind: kind.to_owned(),
            id: id.to_owned(),
            words: question.words()?.to_lowercase(),
            direct: question.is_on("direct"),
        })
    }
}

/// Rows in the order they are shown. Kept for the next page.
pub type Rows = Arc<Vec<i64>>;

/// The rows that are asked for, in order: by resource and entitlement of what a principal holds, by principal of what is
/// held on a resource.
///
/// # Errors
/// `NotFound` for a resource that is not there, `DataLoss` for a damaged file.
pub fn rows(snapshot: &Snapshot, index: &Index, asked: &Asked) -> Result<Rows> {
    let census = &index.census;
    let (kind, id) = (asked.kind.as_str(), asked.id.as_str());
    if census.find(kind, id).is_none() {
        return Err(Error::new(Kind::NotFound, format!("there is no {kind} {id:?} in this sync")).code(code::NO_MATCH));
    }
    let words = Words::of(&asked.words);
    let mut found: Vec<(bool, u32, u32, usize, i64)> = Vec::new();
    let mut keep = |grant: Holding<'_>| {
        let number = census.find_entitlement(grant.entitlement);
        let entitlement = number.and_then(|number| census.entitlements().get(number));
        let on = entitlement.and_then(|e| e.on);
        let principal = census.find(grant.principal_type, grant.principal);
        if !words.is_empty() {
            let name = entitlement.map(|e| e.name.to_lowercase()).unwrap_or_default();
            let other = match asked.side {
                Side::Of => on,
                Side::On => principal,
            };
            let other_text = other.map_or("", |at| index.text(at));
            let kind = other.and_then(|at| census.entry(at)).and_then(|e| census.type_of(e));
            let kind = kind.map(|t| t.name.to_lowercase()).unwrap_or_default();
            if !words.fit(&[&name, other_text, grant.entitlement, grant.principal, &kind]) {
                return Ok(());
            }
        }
        let place = |at: Option<_>| at.map_or(u32::MAX, |at| index.place(at));
        // People before the groups and roles that bring them.
        let is_account = |at| census.entry(at).is_some_and(|e| census.class_of(e) == Class::Account);
        let (later, first, then) = match asked.side {
            Side::Of => (false, place(on), place(principal)),
            Side::On => (!principal.is_some_and(is_account), place(principal), place(on)),
        };
        found.push((later, first, then, number.unwrap_or(usize::MAX), grant.row));
        Ok(())
    };
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    match asked.side {
        Side::Of => reader.for_each_holding_of(sync_id, kind, id, &mut keep)?,
        Side::On => reader.for_each_holding_on(sync_id, kind, id, &mut keep)?,
    }
    found.sort_unstable();
    let mut rows = Vec::with_capacity(found.len());
    for (.., row) in found {
        // Where a grant comes from is in the message only.
        let wanted = !asked.direct || reader.is_direct_at(row)? == Some(true);
        if wanted {
            rows.push(row);
        }
    }
    Ok(Arc::new(rows))
}

/// A page of rows, each with its ways.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn answer(snapshot: &Snapshot, index: &Index, rows: &Rows, question: &Question) -> Result<Reach> {
    let (offset, limit) = question.range()?;
    let page: Vec<i64> = rows.iter().skip(offset).take(limit).copied().collect();
    let answers = Answers::over(snapshot, Arc::clone(&index.edges));
    Ok(Reach {
        total: rows.len(),
        items: answers.of_rows(&page)?,
    })
}
