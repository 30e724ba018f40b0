//! Everything of one type: filtered, sorted, a page of it.

use std::cmp::Reverse;

use serde::Serialize;
use serde_json::{Map, Value};

use super::index::{Index, Words};
use super::page::simple_profile;
use super::question::Question;
use crate::baton::error::{Error, Kind, Result};
use crate::report::code;
use crate::report::inventory::{At, Entry};
use crate::report::snapshot::Snapshot;
use crate::report::thing::{Account, Thing};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListPage {
    /// How many pass the filter.
    pub total: usize,
    /// Those of this page.
    pub items: Vec<Row>,
}

/// A resource with what is worth a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The resource.
    #[serde(flatten)]
    pub thing: Thing,
    /// What is known of an account.
    #[serde(flatten)]
    pub account: Option<AccountFields>,
    /// What it lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Thing>,
    /// Grants it holds as principal.
    pub grants: u32,
    /// Simple values of its profile.
    pub profile: Map<String, Value>,
}

/// The fields of an account, beside those of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFields {
    /// E-mail address; empty where there is none.
    pub email: String,
    /// `human`, `service`, `system`, or empty.
    pub account_type: &'static str,
    /// `enabled`, `disabled`, `deleted`, or empty.
    pub status: &'static str,
    /// Last login in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login: Option<String>,
    /// Creation in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

impl From<Account> for AccountFields {
    fn from(account: Account) -> Self {
        AccountFields {
            email: account.email,
            account_type: account.account_type,
            status: account.status,
            last_login: account.last_login,
            created_at: account.created_at,
        }
    }
}

/// Answers `type`, `q`, `sort` (a key, or `-key` for downwards), `offset` and `limit`.
///
/// # Errors
/// `InvalidArgument` for a question that makes no sense, `DataLoss` for a damaged file.
pub fn answer(snapshot: &Snapshot, index: &Index, question: &Question) -> Result<ListPage> {
    let kind = question.required("type")?;
    let (offset, limit) = question.range()?;
    let words = Words::of(question.words()?);
    let inventory = &index.inventory;
    let number = inventory.types().iter().position(|known| known.id == kind);
    let number = number.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no type {kind:?} in this sync")).code(code::UNKNOWN_TYPE)
    })?;
    let mut found: Vec<At> = Vec::new();
    for (at, entry) in inventory.entries().iter().enumerate() {
        if entry.kind() == number && (words.is_empty() || words.fit(&[index.text(at)])) {
            found.push(at);
        }
    }
    sort(index, &mut found, question.text("sort"))?;
    let rows = found
        .iter()
        .skip(offset)
        .take(limit)
        .map(|at| row(snapshot, index, *at));
    Ok(ListPage {
        total: found.len(),
        items: rows.collect::<Result<_>>()?,
    })
}

fn sort(index: &Index, found: &mut [At], by: &str) -> Result<()> {
    let (key, down) = match by.strip_prefix('-') {
        Some(key) => (key, true),
        None => (by, false),
    };
    let place = |at: &At| index.place(*at);
    // Equal ones stay in the order of their names.
    found.sort_unstable_by_key(place);
    match key {
        "" | "name" if !down => {}
        "name" => found.sort_by_key(|at| Reverse(place(at))),
        "grants" => by_key(found, down, |at| index.held(at)),
        "id" => by_key(found, down, |at| {
            let id = entry(index, at).map_or("", |e| e.id());
            (id.parse::<u64>().unwrap_or(u64::MAX), id)
        }),
        "email" => by_key(found, down, |at| text(index, at, |e| e.email().unwrap_or_default())),
        "accountType" => by_key(found, down, |at| text(index, at, |e| facts(e).0)),
        "status" => by_key(found, down, |at| text(index, at, |e| facts(e).1)),
        "lastLogin" => by_key(found, down, |at| {
            entry(index, at).and_then(Entry::active_at).unwrap_or(i64::MIN)
        }),
        "createdAt" => by_key(found, down, |at| text(index, at, |e| facts(e).2)),
        _ => {
            return Err(Error::new(
                Kind::InvalidArgument,
                format!("there is no order by {key:?}"),
            ));
        }
    }
    Ok(())
}

fn by_key<K: Ord>(found: &mut [At], down: bool, key: impl Fn(At) -> K) {
    if down {
        found.sort_by_cached_key(|at| Reverse(key(*at)));
    } else {
        found.sort_by_cached_key(|at| key(*at));
    }
}

fn entry(index: &Index, at: At) -> Option<&Entry> {
    index.inventory.entry(at)
}

fn text<'i>(index: &'i Index, at: At, of: impl Fn(&'i Entry) -> &'i str) -> &'i str {
    entry(index, at).map_or("", of)
}

fn facts(entry: &Entry) -> (&str, &str, &str) {
    let created_at = entry.created_at().unwrap_or_default();
    (entry.account_type(), entry.status(), created_at)
}

fn row(snapshot: &Snapshot, index: &Index, at: At) -> Result<Row> {
    let thing = index.thing(at);
    let resource = snapshot.reader().resource(snapshot.sync_id(), &thing.kind, &thing.id)?;
    let account = resource.as_ref().and_then(|r| Account::of(r, Thing::default()));
    Ok(Row {
        account: account.map(AccountFields::from),
        parent: entry(index, at)
            .and_then(|e| e.parent())
            .map(|parent| index.thing(parent)),
        grants: index.held(at),
        profile: resource.as_ref().map(simple_profile).unwrap_or_default(),
        thing,
    })
}
