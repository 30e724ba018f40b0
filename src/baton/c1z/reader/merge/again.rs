//! Whether somebody has the same under another id. Each question goes by the index of entitlements and principals, and is
//! asked for those grants only that the other sync does not have by their ids.

use rusqlite::{OptionalExtension as _, Row};

use super::{Side, key};
use crate::baton::c1z::reader::tables::Tables;
use crate::baton::c1z::rows::{View, text};
use crate::baton::error::Result;

/// In the order of [`Given::values`], behind the sync.
const WHERE: &str = "from v1_grants where sync_id = ?1 and entitlement_id = ?2 and resource_type_id = ?3 and \
                     resource_id = ?4 and principal_resource_type_id = ?5 and principal_resource_id = ?6";

/// What is given to whom, as the columns of a grant say.
pub(super) struct Given([String; 5]);

impl Given {
    pub(super) fn of(row: &Row<'_>) -> Result<Given> {
        let column = |at| Ok::<_, crate::baton::error::Error>(text(row, at)?.to_owned());
        Ok(Given([column(2)?, column(3)?, column(4)?, column(5)?, column(6)?]))
    }

    fn values<'v>(&'v self, sync_id: &'v str) -> [&'v str; 6] {
        let [entitlement, on_kind, on, kind, id] = &self.0;
        [sync_id, entitlement, on_kind, on, kind, id]
    }
}

/// The grants of one sync.
pub(super) struct Again<'r> {
    tables: &'r Tables,
    sync_id: &'r str,
    first: String,
}

impl<'r> Again<'r> {
    pub(super) fn of(side: Side<'r>, columns: &str) -> Result<Again<'r>> {
        Ok(Again {
            tables: side.tables()?,
            sync_id: side.sync_id,
            first: format!("select {columns} {WHERE} order by id limit 1"),
        })
    }

    pub(super) fn view(&self) -> View<'_> {
        self.tables.view(self.sync_id)
    }

    /// The first grant of this, and its id.
    pub(super) fn first<M>(
        &self,
        given: &Given,
        read: &dyn Fn(&Row<'_>, View<'_>) -> Result<M>,
    ) -> Result<Option<(String, M)>> {
        let mut statement = self.tables.db.prepare_cached(&self.first)?;
        let mut rows = statement.query(given.values(self.sync_id))?;
        match rows.next()? {
            Some(row) => Ok(Some((key(row)?.to_owned(), read(row, self.view())?))),
            None => Ok(None),
        }
    }

    /// The id of the first grant of this.
    pub(super) fn first_id(&self, given: &Given) -> Result<Option<String>> {
        let sql = format!("select external_id {WHERE} order by id limit 1");
        let mut statement = self.tables.db.prepare_cached(&sql)?;
        let id = statement.query_row(given.values(self.sync_id), |row| row.get(0));
        Ok(id.optional()?)
    }

    /// Whether a grant of this has this id.
    pub(super) fn has(&self, given: &Given, id: &str) -> Result<bool> {
        let sql = format!("select 1 {WHERE} and external_id = ?7");
        let mut statement = self.tables.db.prepare_cached(&sql)?;
        let [sync_id, entitlement, on_kind, on, kind, principal] = given.values(self.sync_id);
        Ok(statement.exists([sync_id, entitlement, on_kind, on, kind, principal, id])?)
    }
}
