//! Brings a working copy of any age to the current schema (`baton/c1z/format.md 2.9`). Only ever the copy: the
//! file it came from changes when a store is saved.

use std::collections::BTreeSet;

use prost::Message as _;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::catalog::Catalog;
use super::schema::{Column, GRANTS_OF_ENTITLEMENT, INDEXES, Index, TABLES, Table};
use super::{expansion, fault};
use crate::baton::annotation::Named as _;
use crate::baton::error::{Context as _, Result};
use crate::baton::proto::v2;

/// Grants read at a time while their expansion columns are filled.
const BATCH: i64 = 1000;

/// Creates what is missing, tables, columns and the indexes that are kept up, and fills the expansion columns of older syncs. The
/// other indexes follow in [`build_indexes`], when the rows are there.
pub(super) fn prepare(db: &Connection) -> Result<()> {
    bring_up(db).map_err(fault::foreign)
}

fn bring_up(db: &Connection) -> Result<()> {
    // Of most files only this: a schema that is as it would be made needs nothing.
    let before = Catalog::read(db)?;
    db.execute_batch("begin")?;
    for table in TABLES.iter().filter(|table| !before.has_table(table)) {
        db.execute_batch(&table.create_sql())?;
        add_columns(db, table)?;
    }
    for index in INDEXES.iter().filter(|index| !before.has_index(index)) {
        drop_if_wrong(db, index)?;
        if index.is_kept_up() {
            create(db, index)?;
        }
    }
    backfill(db)?;
    db.execute_batch("commit")?;
    Ok(())
}

/// Pages of a database from which on [`SORTED_AT_A_TIME`] pays: 32 MiB.
const LARGE: i64 = 8192;
/// How much is sorted at a time when an index of a large database is built, which SQLite takes from the cache's size.
const SORTED_AT_A_TIME: &str = "pragma cache_size = -16384";

/// Creates every index that is missing.
pub(super) fn build_indexes(db: &Connection) -> Result<()> {
    if db.query_row("pragma page_count", [], |row| row.get::<_, i64>(0))? > LARGE {
        db.execute_batch(SORTED_AT_A_TIME)?;
    }
    let before = Catalog::read(db)?;
    INDEXES
        .iter()
        .filter(|index| !before.has_index(index))
        .try_for_each(|index| create(db, index))
        .map_err(fault::foreign)
}

/// Creates the tables of a new database, without an index.
pub(super) fn create_tables(db: &Connection) -> Result<()> {
    TABLES
        .iter()
        .try_for_each(|table| Ok(db.execute_batch(&table.create_sql())?))
}

/// Where it is noted which tables have several rows with one id.
const SHARED_IDS: &str = "shared_ids";

/// Creates the indexes of a table over rows of a form in which several may have one id, so none of them is unique. Says
/// whether some have, and notes it for [`tables_with_shared_ids`].
pub(super) fn index_as_found(db: &Connection, table: &str) -> Result<bool> {
    db.execute_batch(SORTED_AT_A_TIME)?;
    let mut is_shared = false;
    for index in INDEXES.iter().filter(|index| index.table == table) {
        let plain = Index {
            unique: false,
            ..*index
        };
        create(db, &plain)?;
        if index.unique {
            let ids = index.columns.join(", ");
            let sql = format!("select exists (select 1 from {table} group by {ids} having count(*) > 1)");
            is_shared |= db.query_row(&sql, [], |row| row.get::<_, bool>(0))?;
        }
    }
    if is_shared {
        db.execute_batch(&format!("create table if not exists {SHARED_IDS} (name text not null)"))?;
        db.execute(&format!("insert into {SHARED_IDS} (name) values (?1)"), [table])?;
    }
    Ok(is_shared)
}

/// The tables of a copy in which several rows have one id.
pub(super) fn tables_with_shared_ids(db: &Connection) -> Result<Vec<String>> {
    let is_noted = "select exists (select 1 from sqlite_schema where name = ?1)";
    if !db.query_row(is_noted, [SHARED_IDS], |row| row.get::<_, bool>(0))? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare(&format!("select name from {SHARED_IDS}"))?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// Drops the indexes that only readers need: it takes less time to build them when all rows are there.
pub(super) fn drop_reading_indexes(db: &Connection) -> Result<()> {
    for index in INDEXES.iter().filter(|i| !i.is_kept_up()) {
        db.execute_batch(&format!("drop index if exists {}", index.name))?;
    }
    Ok(())
}

/// Creates the one index that expansion reads by.
pub(super) fn build_index_for_expansion(db: &Connection) -> Result<()> {
    INDEXES
        .iter()
        .filter(|index| index.name == GRANTS_OF_ENTITLEMENT)
        .try_for_each(|index| create(db, index))
}

fn create(db: &Connection, index: &Index) -> Result<()> {
    db.execute_batch(&index.create_sql())
        .with_context(|| format!("create index {}", index.name))
}

fn add_columns(db: &Connection, table: &Table) -> Result<()> {
    let mut statement = db.prepare("select name from pragma_table_info(?1)")?;
    let present: BTreeSet<String> = statement
        .query_map([table.name], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for column in table.columns {
        let Column(name, kind) = column;
        if present.contains(*name) {
            continue;
        }
        if !column.is_addable() {
            return Err(fault::damaged(format!("table {} lacks the column {name}", table.name)));
        }
        db.execute_batch(&format!("alter table {} add column {name} {kind}", table.name))?;
    }
    Ok(())
}

/// An index of the right name that is another one would leave the upserts without their conflict target; and whoever writes
/// its entries in order ([`anew`](super::anew)) must know which rows are in it, and how they follow each other.
fn drop_if_wrong(db: &Connection, index: &Index) -> Result<()> {
    let found =
        "select tbl_name, coalesce(sql, '') from sqlite_schema where type = 'index' and name = ?1 collate nocase";
    let found: Option<(String, String)> = db
        .query_row(found, [index.name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((table, sql)) = found else {
        return Ok(());
    };
    // Beside the columns an index has the number of the row, which is no key of it.
    let mut statement =
        db.prepare("select name, \"desc\", coll from pragma_index_xinfo(?1) where \"key\" order by seqno")?;
    let columns: Vec<(Option<String>, bool, String)> = statement
        .query_map([index.name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let is_plain = |(column, wanted): (&(Option<String>, bool, String), &&str)| {
        let (name, descends, collation) = column;
        name.as_deref() == Some(*wanted) && !descends && collation.eq_ignore_ascii_case("binary")
    };
    let same = columns.len() == index.columns.len() && columns.iter().zip(index.columns).all(is_plain);
    let unique: Option<bool> = db
        .query_row(
            "select \"unique\" from pragma_index_list(?1) where name = ?2 collate nocase",
            [index.table, index.name],
            |row| row.get(0),
        )
        .optional()?;
    let is_ours = table.eq_ignore_ascii_case(index.table) && unique == Some(index.unique);
    if !(same && is_ours && filter_of(&sql) == index.filter.map(str::to_owned)) {
        db.execute_batch(&format!("drop index {}", index.name))?;
    }
    Ok(())
}

/// Which rows are in an index, as its statement says it: in lower case, with single spaces and without quotes.
fn filter_of(sql: &str) -> Option<String> {
    let plain: String = sql
        .chars()
        .filter(|c| !matches!(c, '"' | '`' | '[' | ']'))
        .map(|c| if c == '(' || c == ')' { ' ' } else { c })
        .collect();
    let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
    let at = words.iter().position(|word| word == "where")?;
    let filter = words.get(at + 1..).unwrap_or_default().join(" ");
    Some(filter.replace("needs_expansion=1", "needs_expansion = 1"))
}

/// Moves `GrantExpandable` out of the blobs of syncs whose writer did not know the columns. Only blobs that name the
/// message are parsed, so rows without it stay as they were, byte for byte.
fn backfill(db: &Connection) -> Result<()> {
    let mut statement = db.prepare("select sync_id from v1_sync_runs where grants_backfilled = 0")?;
    let syncs: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for sync_id in &syncs {
        backfill_sync(db, sync_id).with_context(|| format!("upgrade the grants of sync {sync_id}"))?;
    }
    if !syncs.is_empty() {
        db.execute("update v1_sync_runs set grants_backfilled = 1", [])?;
    }
    Ok(())
}

fn backfill_sync(db: &Connection, sync_id: &str) -> Result<()> {
    let mut page = db.prepare(
        "select id, external_id, data from v1_grants \
         where sync_id = ?1 and id > ?2 and expansion is null and instr(data, ?3) > 0 order by id limit ?4",
    )?;
    let mut update =
        db.prepare("update v1_grants set data = ?2, expansion = ?3, needs_expansion = ?4 where id = ?1")?;
    let marker = v2::GrantExpandable::NAME.as_bytes();
    let mut after = i64::MIN;
    loop {
        let rows: Vec<(i64, String, Vec<u8>)> = page
            .query_map(params![sync_id, after, marker, BATCH], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let Some((last, ..)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        for (id, external_id, data) in rows {
            let mut grant = v2::Grant::decode(data.as_slice())
                .map_err(|e| fault::damaged(format!("grant {external_id} cannot be parsed: {e}")))?;
            let before = grant.annotations.len();
            let column = expansion::take_column(&mut grant);
            if grant.annotations.len() != before {
                update.execute(params![id, grant.encode_to_vec(), column, column.is_some()])?;
            }
        }
    }
}
