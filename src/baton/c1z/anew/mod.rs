//! Making the working copy anew, with the derived grants that were held until all were known. Its other tables are copied;
//! that of the grants and its indexes are written in order by [`btree`](super::btree), each page once.
//!
//! What SQLite would do for each row is done once: an entitlement and a principal that stand in thousands of rows are compared
//! once, and rows are ordered by their numbers.

mod keys;
mod order;

use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};

use super::btree::{Index, Pages, Table, Value, encode};
use super::derived::{DerivedGrant, Held};
use super::migrate;
use super::schema::{GRANTS, INDEXES};
use super::scratch::Scratch;
use crate::baton::error::Result;
use crate::baton::scraps::Sort;
use keys::Keys;
use order::Ordered;

/// A copy of `db`, closed, in which the grants held for a sync are rows, and those of the syncs that are `leaving` are not.
/// `None` where that takes SQLite itself: two grants have
/// one id, which is a matter of who comes later, or the database has something that no writer known puts there.
///
/// # Errors
/// `ResourceExhausted` when the disk is full; those of the file.
pub(super) fn with_held(
    db: &Connection,
    held: &Held,
    sync_id: &str,
    leaving: &[String],
    folder: &Path,
    sort: &Sort,
) -> Result<Option<Scratch>> {
    let Some(schema) = Schema::of(db)? else { return Ok(None) };
    let (fresh, _) = Scratch::create(folder, sort)?;
    let roots = schema.copy(db, &fresh)?;
    let mut pages = Pages::open(fresh.path())?;
    let Some(keys) = schema.write_rows(db, (held, sync_id), leaving, Table::new(&mut pages, roots.table))? else {
        return Ok(None);
    };
    let mut ordered = Ordered::new(&keys);
    for (name, root) in &roots.indexes {
        if !ordered.write(name, Index::new(&mut pages, *root))? {
            return Ok(None);
        }
    }
    pages.finish()?;
    Ok(Some(fresh))
}

/// What is in a database.
struct Schema {
    /// Statements that make it, tables before indexes.
    sql: Vec<String>,
    /// Tables that are copied.
    copied: Vec<String>,
    /// Columns of the grants, in their order.
    columns: Vec<String>,
}

/// Pages that the trees of the grants begin with.
struct Roots {
    table: u32,
    indexes: Vec<(String, u32)>,
}

impl Schema {
    fn of(db: &Connection) -> Result<Option<Schema>> {
        let mut schema = Schema {
            sql: Vec::new(),
            copied: Vec::new(),
            columns: Vec::new(),
        };
        let mut statement =
            db.prepare("select type, name, tbl_name, sql, rootpage from sqlite_schema order by type desc, rowid")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, name, table): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(sql) = row.get::<_, Option<String>>(3)? else {
                return Ok(None);
            };
            let root: i64 = row.get(4)?;
            let is_of_grants = kind == "index" && table == GRANTS;
            let is_known = match kind.as_str() {
                // The tables behind a virtual one are made by its module.
                "table" => !name.starts_with("sqlite_") && root > 0,
                "index" => !is_of_grants || INDEXES.iter().any(|index| index.name == name),
                _ => false,
            };
            if !is_known {
                return Ok(None);
            }
            if kind == "table" && name != GRANTS {
                schema.copied.push(name);
            }
            schema.sql.push(sql);
        }
        let mut statement = db.prepare("select name from pragma_table_info(?1) order by cid")?;
        let columns = statement.query_map([GRANTS], |row| row.get(0))?;
        schema.columns = columns.collect::<rusqlite::Result<_>>()?;
        let is_known = |name: &String| COLUMNS.contains(&name.as_str());
        let is_whole = schema.columns.len() == COLUMNS.len() && schema.columns.iter().all(is_known);
        Ok((is_whole && schema.columns.first().is_some_and(|first| first == "id")).then_some(schema))
    }

    /// Makes the database again, all but the grants.
    fn copy(&self, db: &Connection, fresh: &Scratch) -> Result<Roots> {
        let to = fresh.connect()?;
        to.execute_batch("pragma secure_delete = off; begin")?;
        for pragma in ["user_version", "application_id"] {
            let number: i64 = db.query_row(&format!("pragma {pragma}"), [], |row| row.get(0))?;
            to.execute_batch(&format!("pragma {pragma} = {number}"))?;
        }
        let (tables, indexes) = self.sql.split_at(self.copied.len() + 1);
        tables.iter().try_for_each(|sql| to.execute_batch(sql))?;
        for table in &self.copied {
            let quoted = table.replace('"', "\"\"");
            let mut from = db.prepare(&format!("select * from \"{quoted}\""))?;
            let columns = from.column_count();
            let marks = vec!["?"; columns].join(", ");
            let mut insert = to.prepare(&format!("insert into \"{quoted}\" values ({marks})"))?;
            let mut rows = from.query([])?;
            while let Some(row) = rows.next()? {
                for at in 0..columns {
                    insert.raw_bind_parameter(at + 1, ToSqlOutput::Borrowed(row.get_ref(at)?))?;
                }
                insert.raw_execute()?;
            }
        }
        indexes.iter().try_for_each(|sql| to.execute_batch(sql))?;
        migrate::build_indexes(&to)?;
        to.execute_batch("commit")?;
        let root = |name: &str| {
            to.query_row("select rootpage from sqlite_schema where name = ?1", [name], |row| {
                row.get(0)
            })
        };
        let mut roots = Roots {
            table: root(GRANTS)?,
            indexes: Vec::new(),
        };
        for index in INDEXES.iter().filter(|index| index.table == GRANTS) {
            roots.indexes.push((index.name.to_owned(), root(index.name)?));
        }
        to.close().map_err(|(_, error)| error)?;
        Ok(roots)
    }

    /// Writes all grants, those of the database first. `None` for a value of a sort that no column has.
    fn write_rows(
        &self,
        db: &Connection,
        (held, sync_id): (&Held, &str),
        leaving: &[String],
        mut table: Table<'_>,
    ) -> Result<Option<Keys>> {
        let mut keys = Keys::new(sync_id, held.len())?;
        let mut record = Vec::new();
        let mut last = 0;
        let mut statement = db.prepare(&format!("select {} from {GRANTS} order by id", self.columns.join(", ")))?;
        let places = COLUMNS.map(|column| self.columns.iter().position(|name| name == column).unwrap_or_default());
        let mut rows = statement.query([])?;
        let of_sync = self
            .columns
            .iter()
            .position(|name| name == "sync_id")
            .unwrap_or_default();
        let leaves = |row: &Row<'_>| -> rusqlite::Result<bool> {
            let ValueRef::Text(of) = row.get_ref(of_sync)? else {
                return Ok(false);
            };
            Ok(leaving.iter().any(|sync_id| sync_id.as_bytes() == of))
        };
        while let Some(row) = rows.next()? {
            if leaves(row)? {
                continue;
            }
            let mut values = [Value::Null; COLUMNS.len()];
            for (at, room) in values.iter_mut().enumerate() {
                let Some(value) = value_of(row.get_ref(at)?) else {
                    return Ok(None);
                };
                *room = value;
            }
            let named = places.map(|at| values.get(at).copied().unwrap_or(Value::Null));
            let Some(number) = keys.push(named)? else {
                return Ok(None);
            };
            last = number;
            // The number of a row stands beside its record.
            values[0] = Value::Null;
            encode(&values, &mut record);
            table.push(number, &record)?;
        }
        // Behind the highest number that there is SQLite looks for free ones.
        if i64::try_from(held.len())
            .ok()
            .and_then(|more| last.checked_add(more))
            .is_none()
        {
            return Ok(None);
        }
        let mut of_part = Vec::new();
        let mut data = Vec::new();
        for part in held.parts() {
            of_part.clear();
            held.rows_of(part, &mut of_part)?;
            let Some(destination) = held.destinations().get(part.destination as usize) else {
                return Ok(None);
            };
            let number = keys.destination(destination)?;
            for row in &of_part {
                let (principal, sources) = (
                    held.principals().get(row.principal as usize),
                    held.sources().get(row.sources as usize),
                );
                let (Some(principal), Some(sources)) = (principal, sources) else {
                    return Ok(None);
                };
                keys.push_derived(number, row.principal, principal)?;
                let grant = DerivedGrant::new(destination, principal, sources);
                grant.encode(&mut data);
                let id = principal.id();
                let named = [
                    Value::Null,
                    Value::Text(destination.on.resource_type.as_bytes()),
                    Value::Text(destination.on.resource.as_bytes()),
                    Value::Text(destination.id.as_bytes()),
                    Value::Text(id.resource_type.as_bytes()),
                    Value::Text(id.resource.as_bytes()),
                    Value::Text(grant.id.as_bytes()),
                    Value::Null,
                    Value::Integer(0),
                    Value::Blob(&data),
                    Value::Text(sync_id.as_bytes()),
                    Value::Text(part.at.as_bytes()),
                ];
                let mut ordered = [Value::Null; COLUMNS.len()];
                for (at, value) in places.into_iter().zip(named) {
                    if let Some(room) = ordered.get_mut(at) {
                        *room = value;
                    }
                }
                encode(&ordered, &mut record);
                last += 1;
                table.push(last, &record)?;
            }
        }
        table.finish()?;
        Ok(Some(keys))
    }
}

/// The columns of a grant, as they are named here; a file may have them in another order.
const COLUMNS: [&str; 12] = [
    "id",
    "resource_type_id",
    "resource_id",
    "entitlement_id",
    "principal_resource_type_id",
    "principal_resource_id",
    "external_id",
    "expansion",
    "needs_expansion",
    "data",
    "sync_id",
    "discovered_at",
];

fn value_of(value: ValueRef<'_>) -> Option<Value<'_>> {
    Some(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) => Value::Text(bytes),
        ValueRef::Blob(bytes) => Value::Blob(bytes),
        ValueRef::Real(_) => return None,
    })
}

#[cfg(test)]
mod tests;
