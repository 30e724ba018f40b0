//! What the schema of a database says is in it, read once, and what of that is as this program makes it. Whoever opens a
//! file asks a lot about each table and index; of one whose definition is this program's, word for word, all of it is
//! known.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rusqlite::Connection;

use super::schema::{INDEXES, Index, TABLES, Table};
use crate::baton::error::Result;

/// A table, an index, a view or a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// `table`, `index`, `view` or `trigger`.
    pub(super) kind: String,
    pub(super) name: String,
    /// The table that it belongs to.
    pub(super) table: String,
    /// The page it begins on; 0 where it has none.
    pub(super) root: i64,
    /// The statement that makes it; `None` for an index that its table brings along.
    pub(super) sql: Option<String>,
    /// Whether its name is one of a c1z, no other object has it, and its definition is this program's.
    pub(super) is_as_made: bool,
}

/// Everything in a database.
pub(super) struct Catalog(Vec<Object>);

impl Catalog {
    /// Reads the schema.
    ///
    /// # Errors
    /// `DataLoss` for rows that no schema has; those of SQLite.
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let made = made()?;
        let mut statement =
            db.prepare_cached("select type, name, tbl_name, rootpage, cast(sql as text) from sqlite_schema")?;
        let mut rows = statement.query([])?;
        let mut objects: Vec<Object> = Vec::new();
        while let Some(row) = rows.next()? {
            let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
            let has_pages = kind == "table" || kind == "index";
            let sql = row.get_ref(4)?.as_bytes_or_null().map_err(rusqlite::Error::from)?;
            let mut is_as_made = sql.is_some_and(|sql| made.get(&name).is_some_and(|made| made.as_bytes() == sql));
            for other in &mut objects {
                if other.name.eq_ignore_ascii_case(&name) {
                    (other.is_as_made, is_as_made) = (false, false);
                }
            }
            objects.push(Object {
                root: if has_pages { row.get(3)? } else { 0 },
                table: row.get(2)?,
                sql: sql.map(|sql| String::from_utf8_lossy(sql).into_owned()),
                kind,
                name,
                is_as_made,
            });
        }
        Ok(Catalog(objects))
    }

    /// Every object.
    pub(super) fn objects(&self) -> &[Object] {
        &self.0
    }

    /// Those of a name, however it is spelled.
    pub(super) fn named<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Object> {
        self.0
            .iter()
            .filter(move |object| object.name.eq_ignore_ascii_case(name))
    }

    /// Whether a table of a c1z is there as this program makes it.
    pub(super) fn has_table(&self, table: &Table) -> bool {
        self.has(table.name)
    }

    /// Whether an index is.
    pub(super) fn has_index(&self, index: &Index) -> bool {
        self.has(index.name)
    }

    fn has(&self, name: &str) -> bool {
        self.named(name).any(|object| object.is_as_made)
    }
}

/// The definitions of a new database, by name, as SQLite keeps them.
fn made() -> Result<&'static BTreeMap<String, String>> {
    static MADE: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made);
    }
    let db = Connection::open_in_memory()?;
    let tables = TABLES.iter().map(Table::create_sql);
    for sql in tables.chain(INDEXES.iter().map(Index::create_sql)) {
        db.execute_batch(&sql)?;
    }
    let mut statement = db.prepare("select name, sql from sqlite_schema where sql is not null")?;
    let made = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(MADE.get_or_init(|| made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::c1z::migrate;

    #[test]
    fn only_what_is_this_programs_word_for_word_is_as_made() -> Result<()> {
        let db = Connection::open_in_memory()?;
        migrate::prepare(&db)?;
        migrate::build_indexes(&db)?;
        let all = Catalog::read(&db)?;
        assert!(TABLES.iter().all(|table| all.has_table(table)));
        assert!(INDEXES.iter().all(|index| all.has_index(index)));

        for (change, name) in [
            ("drop table v1_assets", "v1_assets"),
            ("alter table v1_grants add column more text", "v1_grants"),
            (
                "drop index idx_grants_principal_id_v1; create index idx_grants_principal_id_v1 on v1_grants \
                 (principal_resource_id, principal_resource_type_id)",
                "idx_grants_principal_id_v1",
            ),
            (
                "drop index idx_sync_runs_sync_id_v1; create index idx_sync_runs_sync_id_v1 on v1_sync_runs (sync_id)",
                "idx_sync_runs_sync_id_v1",
            ),
        ] {
            db.execute_batch(&format!("savepoint before; {change}"))?;
            let changed = Catalog::read(&db)?;
            db.execute_batch("rollback to before; release before")?;
            let is_other = |made: &str| made == name;
            for table in TABLES {
                assert_eq!(
                    changed.has_table(table),
                    !is_other(table.name),
                    "{change}: {}",
                    table.name
                );
            }
            let of_lost =
                |index: &Index| is_other(index.name) || (is_other(index.table) && change.starts_with("drop table"));
            for index in INDEXES {
                assert_eq!(changed.has_index(index), !of_lost(index), "{change}: {}", index.name);
            }
        }
        Ok(())
    }

    #[test]
    fn of_two_that_differ_in_their_letters_none_is_as_made() -> Result<()> {
        let db = Connection::open_in_memory()?;
        migrate::prepare(&db)?;
        db.execute_batch(
            "pragma writable_schema = on; \
             insert into sqlite_schema select type, upper(name), tbl_name, rootpage, sql from sqlite_schema \
             where name = 'v1_grants'",
        )?;
        let all = Catalog::read(&db)?;
        assert_eq!(all.named("v1_grants").count(), 2);
        assert!(!all.has_table(&TABLES[4]) && all.has_table(&TABLES[3]));
        Ok(())
    }
}
