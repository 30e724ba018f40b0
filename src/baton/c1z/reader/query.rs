//! Rows by what they are about. Each filter finds its rows by an index, and they come in the order of rows, so two
//! readers of one file see the same.

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension as _, Row, Statement};

use super::tables::Tables;
use super::{Asked, GrantRow, Reader};
use crate::baton::c1z::rows::decode;
use crate::baton::c1z::whole::{Stored, complete, grant_as_stored, message};
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Which resources.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResourceFilter<'a> {
    /// Of this type.
    pub resource_type: Option<&'a str>,
    /// Whose parent is this: type and bare id.
    pub parent: Option<(&'a str, &'a str)>,
}

/// Which entitlements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntitlementFilter<'a> {
    /// On resources of this type.
    pub resource_type: Option<&'a str>,
    /// On the resource with this bare id.
    pub resource: Option<&'a str>,
}

/// Which grants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GrantFilter<'a> {
    /// Of this entitlement.
    pub entitlement: Option<&'a str>,
    /// On resources of this type.
    pub resource_type: Option<&'a str>,
    /// On the resource with this bare id.
    pub resource: Option<&'a str>,
    /// To principals of this type.
    pub principal_type: Option<&'a str>,
    /// To the principal with this bare id.
    pub principal: Option<&'a str>,
    /// Behind this row: where the last page ended.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// A grant of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedGrant {
    /// The grant.
    pub grant: v2::Grant,
    /// Whether entitlement and principal are more than ids: as the writer of the file embedded them.
    pub is_whole: bool,
}

/// Conditions and their values, growing together.
struct Query<'v> {
    sql: String,
    values: Vec<Box<dyn ToSql + 'v>>,
}

impl<'v> Query<'v> {
    /// Rows that [`message`] reads.
    fn of<M: Stored>(sync_id: &'v str) -> Self {
        Query::new(M::COLUMNS, M::TABLE, sync_id)
    }

    fn new(columns: &str, table: &str, sync_id: &'v str) -> Self {
        Query {
            sql: format!("select {columns} from {table} where sync_id = ?1"),
            values: vec![Box::new(sync_id)],
        }
    }

    /// Adds `condition ?n`, where there is a value.
    fn and(&mut self, condition: &str, value: Option<impl ToSql + 'v>) {
        if let Some(value) = value {
            self.values.push(Box::new(value));
            self.sql.push_str(&format!(" and {condition} ?{}", self.values.len()));
        }
    }

    fn run(
        mut self,
        tables: &Tables,
        limit: Option<usize>,
        each: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.sql.push_str(" order by id");
        if let Some(limit) = limit {
            self.sql.push_str(&format!(" limit {limit}"));
        }
        self.run_unordered(tables, each)
    }

    fn run_unordered(self, tables: &Tables, each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut statement = tables.db.prepare_cached(&self.sql)?;
        let statement: &mut Statement<'_> = &mut statement;
        let values: Vec<&dyn ToSql> = self.values.iter().map(AsRef::as_ref).collect();
        let mut rows = statement.query(values.as_slice())?;
        while let Some(row) = rows.next()? {
            tables.until.go_on()?;
            each(row)?;
        }
        Ok(())
    }
}

impl Reader {
    /// Calls `each` with every resource that passes the filter.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_type`], here and below.
    pub fn for_each_resource_where(
        &self,
        sync_id: &str,
        filter: &ResourceFilter<'_>,
        each: &mut dyn FnMut(v2::Resource) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_resource_where(sync_id, filter, each),
        };
        let mut query = Query::of::<v2::Resource>(sync_id);
        query.and("resource_type_id =", filter.resource_type);
        query.and("parent_resource_type_id =", filter.parent.map(|(kind, _)| kind));
        query.and("parent_resource_id =", filter.parent.map(|(_, id)| id));
        let view = tables.view(sync_id);
        query.run(tables, None, &mut |row| each(message(row, view)?))
    }

    /// Calls `each` with every entitlement that passes the filter.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn for_each_entitlement_where(
        &self,
        sync_id: &str,
        filter: &EntitlementFilter<'_>,
        each: &mut dyn FnMut(v2::Entitlement) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.for_each_entitlement_where(sync_id, filter, each),
        };
        let mut query = Query::of::<v2::Entitlement>(sync_id);
        query.and("resource_type_id =", filter.resource_type);
        query.and("resource_id =", filter.resource);
        let view = tables.view(sync_id);
        query.run(tables, None, &mut |row| each(message(row, view)?))
    }

    /// Calls `each` with every grant that passes the filter.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn for_each_grant_where(
        &self,
        sync_id: &str,
        filter: &GrantFilter<'_>,
        each: &mut dyn FnMut(GrantRow) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            // Pages go by the numbers of rows.
            Asked::File(rows) if filter.after.is_none() => return rows.for_each_grant_where(sync_id, filter, each),
            _ => self.tables()?,
        };
        let columns = format!("{}, id, expansion, needs_expansion, discovered_at", v2::Grant::COLUMNS);
        let view = tables.view(sync_id);
        grants(&columns, sync_id, filter).run(tables, filter.limit, &mut |row| {
            let grant: v2::Grant = message(row, view)?;
            let expansion: Option<Vec<u8>> = row.get("expansion")?;
            each(GrantRow {
                row: row.get("id")?,
                expansion: expansion
                    .filter(|bytes| !bytes.is_empty())
                    .map(|bytes| decode(&bytes, &grant.id))
                    .transpose()?,
                grant,
                needs_expansion: row.get("needs_expansion")?,
                discovered_at: row.get("discovered_at")?,
            })
        })
    }

    /// As [`Reader::for_each_grant_where`], with what a list needs of a grant, and in the same order. Where files keep
    /// entitlements and principals only by their ids, they are only ids here too: who shows a million grants shows few
    /// entitlements, each of them again and again.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn for_each_listed_grant(
        &self,
        sync_id: &str,
        filter: &GrantFilter<'_>,
        each: &mut dyn FnMut(ListedGrant) -> Result<()>,
    ) -> Result<()> {
        let tables = match self.asked()? {
            // Pages go by the numbers of rows.
            Asked::File(rows) if filter.after.is_none() => return rows.for_each_listed_grant(sync_id, filter, each),
            _ => self.tables()?,
        };
        let view = tables.view(sync_id);
        grants(v2::Grant::COLUMNS, sync_id, filter).run(tables, filter.limit, &mut |row| {
            let (grant, is_whole) = grant_as_stored(row, view)?;
            each(ListedGrant { grant, is_whole })
        })
    }

    /// The same grant as [`Reader::for_each_grant_where`] has it.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn whole_grant(&self, sync_id: &str, listed: &ListedGrant) -> Result<v2::Grant> {
        let grant = listed.grant.clone();
        match self.asked()? {
            _ if listed.is_whole => Ok(grant),
            Asked::Tables(tables) => complete(grant, tables.view(sync_id)),
            Asked::File(rows) => rows.complete(grant),
        }
    }

    /// How many grants pass the filter; its page is not looked at.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn count_grants(&self, sync_id: &str, filter: &GrantFilter<'_>) -> Result<u64> {
        let filter = GrantFilter {
            after: None,
            limit: None,
            ..*filter
        };
        let tables = match self.asked()? {
            Asked::Tables(tables) => tables,
            Asked::File(rows) => return rows.count_grants(sync_id, &filter),
        };
        let mut count = 0i64;
        grants("count(*)", sync_id, &filter).run(tables, None, &mut |row| {
            count = row.get(0)?;
            Ok(())
        })?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Who the grants that pass the filter go to, as type and bare id, each once, in the order of their first grants.
    /// Without a condition the index of principals is walked from one to the next, and no other row is looked at.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn principals(&self, sync_id: &str, filter: &GrantFilter<'_>) -> Result<Vec<(String, String)>> {
        let tables = match self.asked()? {
            Asked::File(rows) if filter.after.is_none() => return rows.principals(sync_id, filter),
            _ => self.tables()?,
        };
        let mut found: Vec<(i64, String, String)> = Vec::new();
        if *filter == GrantFilter::default() {
            tables.every_principal(sync_id, &mut found)?;
        } else {
            let columns = "min(id), principal_resource_type_id, principal_resource_id";
            let mut query = grants(columns, sync_id, filter);
            query
                .sql
                .push_str(" group by principal_resource_type_id, principal_resource_id");
            query.run_unordered(tables, &mut |row| {
                found.push((row.get(0)?, row.get(1)?, row.get(2)?));
                Ok(())
            })?;
        }
        found.sort();
        Ok(found.into_iter().map(|(_, kind, id)| (kind, id)).collect())
    }

    /// The grants of an entitlement to one principal; more than one only in files of writers with other ids.
    ///
    /// # Errors
    /// As [`Reader::for_each_resource_where`].
    pub fn grants_between(
        &self,
        sync_id: &str,
        entitlement_id: &str,
        principal_type: &str,
        principal: &str,
    ) -> Result<Vec<v2::Grant>> {
        let filter = GrantFilter {
            entitlement: Some(entitlement_id),
            principal_type: Some(principal_type),
            principal: Some(principal),
            ..Default::default()
        };
        let mut found = Vec::new();
        self.for_each_grant_where(sync_id, &filter, &mut |row| {
            found.push(row.grant);
            Ok(())
        })?;
        Ok(found)
    }
}

impl Tables {
    fn every_principal(&self, sync_id: &str, found: &mut Vec<(i64, String, String)>) -> Result<()> {
        let mut next = self.db.prepare_cached(
            "select principal_resource_type_id, principal_resource_id from v1_grants \
             where (principal_resource_type_id, principal_resource_id) > (?1, ?2) \
             order by principal_resource_type_id, principal_resource_id limit 1",
        )?;
        let mut first = self.db.prepare_cached(
            "select id from v1_grants \
             where principal_resource_type_id = ?1 and principal_resource_id = ?2 and sync_id = ?3 order by id limit 1",
        )?;
        let (mut kind, mut id) = (String::new(), String::new());
        while let Some(principal) = next
            .query_row([&kind, &id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
        {
            (kind, id) = principal;
            let row: Option<i64> = first.query_row([&kind, &id, sync_id], |row| row.get(0)).optional()?;
            found.extend(row.map(|row| (row, kind.clone(), id.clone())));
        }
        Ok(())
    }
}

fn grants<'v>(columns: &str, sync_id: &'v str, filter: &GrantFilter<'v>) -> Query<'v> {
    let mut query = Query::new(columns, "v1_grants", sync_id);
    query.and("entitlement_id =", filter.entitlement);
    query.and("resource_type_id =", filter.resource_type);
    query.and("resource_id =", filter.resource);
    query.and("principal_resource_type_id =", filter.principal_type);
    query.and("principal_resource_id =", filter.principal);
    query.and("id >", filter.after);
    query
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::baton::c1z::{Policy, Store, SyncType};

    #[test]
    fn a_statement_is_compiled_once_whatever_it_is_asked_with() -> Result<()> {
        let mut store = Store::open_in_memory(&[], Policy::default())?;
        let sync_id = store.begin_sync(SyncType::Full)?;
        store.finish_sync("{}")?;
        let reader = Reader::open_in_memory(&store.pack()?, &Policy::default())?;
        let filter = GrantFilter {
            entitlement: Some("role:1:has"),
            principal_type: Some("user"),
            principal: Some("1"),
            ..Default::default()
        };
        let mut query = grants("id", &sync_id, &filter);
        query.sql.push_str(" order by id");
        let mut statement = reader.tables()?.db.prepare_cached(&query.sql)?;
        for user in ["1", "2", "3"] {
            assert!(!statement.exists([&sync_id, "role:1:has", "user", user])?);
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        Ok(())
    }
}
