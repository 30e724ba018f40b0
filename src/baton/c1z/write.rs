//! Writing rows. A row that is there already keeps everything but its message (`baton/c1z/format.md 2.11`).

use prost::Message as _;
use rusqlite::params;

use super::store::Store;
use super::{expansion, fault};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;

const PUT_RESOURCE_TYPE: &str = "insert into v1_resource_types (external_id, data, sync_id, discovered_at) \
     values (?1, ?2, ?3, ?4) on conflict (external_id, sync_id) do update set data = excluded.data";

const PUT_RESOURCE: &str = "insert into v1_resources \
     (resource_type_id, external_id, parent_resource_type_id, parent_resource_id, data, sync_id, discovered_at) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (external_id, sync_id) do update set data = excluded.data";

const PUT_ENTITLEMENT: &str = "insert into v1_entitlements \
     (resource_type_id, resource_id, external_id, data, sync_id, discovered_at) \
     values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (external_id, sync_id) do update set data = excluded.data";

/// The case is the transition table of `baton/c1z/format.md 2.5`.
const PUT_GRANT: &str = "insert into v1_grants \
     (resource_type_id, resource_id, entitlement_id, principal_resource_type_id, principal_resource_id, external_id, \
     data, sync_id, discovered_at, expansion, needs_expansion) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
     on conflict (external_id, sync_id) do update set data = excluded.data, expansion = excluded.expansion, \
     needs_expansion = case \
       when coalesce(length(excluded.expansion), 0) = 0 then 0 \
       when v1_grants.expansion is null then 1 \
       when v1_grants.expansion <> excluded.expansion then 1 \
       else v1_grants.needs_expansion end";

const PUT_EXPANDED_GRANT: &str = "insert into v1_grants \
     (resource_type_id, resource_id, entitlement_id, principal_resource_type_id, principal_resource_id, external_id, \
     data, sync_id, discovered_at, expansion, needs_expansion) \
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, null, 0) \
     on conflict (external_id, sync_id) do update set data = excluded.data";

impl Store {
    /// Stores resource types.
    ///
    /// # Errors
    /// `FailedPrecondition` without a sync, `Internal` for a row without id.
    pub fn put_resource_types(&mut self, types: &[v2::ResourceType]) -> Result<()> {
        let (db, sync_id, now) = self.writing()?;
        let mut statement = db.prepare_cached(PUT_RESOURCE_TYPE)?;
        for row in types {
            if row.id.is_empty() {
                return Err(fault::broken("a resource type has no id"));
            }
            statement.execute(params![row.id, row.encode_to_vec(), sync_id, now])?;
        }
        Ok(())
    }

    /// Stores resources.
    ///
    /// # Errors
    /// As [`Store::put_resource_types`].
    pub fn put_resources(&mut self, resources: &[v2::Resource]) -> Result<()> {
        let (db, sync_id, now) = self.writing()?;
        let mut statement = db.prepare_cached(PUT_RESOURCE)?;
        for row in resources {
            let id = row
                .id
                .as_ref()
                .filter(|id| !id.resource_type.is_empty() && !id.resource.is_empty());
            let id = id.ok_or_else(|| fault::broken(format!("the resource {:?} has no id", row.display_name)))?;
            let parent = row.parent_resource_id.as_ref();
            statement.execute(params![
                id.resource_type,
                resource::external_id(id),
                parent.map(|p| &p.resource_type),
                parent.map(|p| &p.resource),
                row.encode_to_vec(),
                sync_id,
                now
            ])?;
        }
        Ok(())
    }

    /// Stores entitlements.
    ///
    /// # Errors
    /// As [`Store::put_resource_types`], also for one without its resource.
    pub fn put_entitlements(&mut self, entitlements: &[v2::Entitlement]) -> Result<()> {
        let (db, sync_id, now) = self.writing()?;
        let mut statement = db.prepare_cached(PUT_ENTITLEMENT)?;
        for row in entitlements {
            if row.id.is_empty() {
                return Err(fault::broken(format!(
                    "the entitlement {:?} has no id",
                    row.display_name
                )));
            }
            let on = row.resource.as_ref().and_then(|r| r.id.as_ref());
            let on = on.ok_or_else(|| fault::broken(format!("the entitlement {} has no resource", row.id)))?;
            statement.execute(params![
                on.resource_type,
                on.resource,
                row.id,
                row.encode_to_vec(),
                sync_id,
                now
            ])?;
        }
        Ok(())
    }

    /// Stores grants as a connector made them. What they expand over goes from the message to the columns.
    ///
    /// # Errors
    /// As [`Store::put_resource_types`], also for one without entitlement, its resource, or principal.
    pub fn put_grants(&mut self, grants: Vec<v2::Grant>) -> Result<()> {
        if self.held.as_ref().is_some_and(|held| !held.is_empty()) {
            self.settle()?;
        }
        let (db, sync_id, now) = self.writing()?;
        let mut statement = db.prepare_cached(PUT_GRANT)?;
        for mut row in grants {
            let column = expansion::take_column(&mut row);
            let data = row.encode_to_vec();
            let key = GrantKey::of(&row)?;
            statement.execute(params![
                key.on.resource_type,
                key.on.resource,
                key.entitlement_id,
                key.principal.resource_type,
                key.principal.resource,
                row.id,
                data,
                sync_id,
                now,
                column,
                column.is_some()
            ])?;
        }
        Ok(())
    }

    /// Stores grants as expansion made or changed them: the expansion columns of rows that are there stay.
    ///
    /// # Errors
    /// As [`Store::put_grants`].
    pub fn put_expanded_grants(&mut self, grants: Vec<v2::Grant>) -> Result<()> {
        // One that is held is no row yet that could be changed.
        let is_held = |grant: &v2::Grant| {
            let on = grant.entitlement.as_ref();
            on.is_some_and(|on| self.held.as_ref().is_some_and(|held| held.has(&on.id)))
        };
        if grants.iter().any(is_held) {
            self.settle()?;
        }
        let (db, sync_id, now) = self.writing()?;
        let mut statement = db.prepare_cached(PUT_EXPANDED_GRANT)?;
        for mut row in grants {
            // Stored messages never carry it; a caller that attached it again must not bring it back.
            let _ = expansion::split(&mut row);
            let data = row.encode_to_vec();
            let key = GrantKey::of(&row)?;
            statement.execute(params![
                key.on.resource_type,
                key.on.resource,
                key.entitlement_id,
                key.principal.resource_type,
                key.principal.resource,
                row.id,
                data,
                sync_id,
                now
            ])?;
        }
        Ok(())
    }
}

/// What the columns of a grant are made of.
struct GrantKey<'a> {
    entitlement_id: &'a str,
    on: &'a v2::ResourceId,
    principal: &'a v2::ResourceId,
}

impl<'a> GrantKey<'a> {
    fn of(grant: &'a v2::Grant) -> Result<Self> {
        let broken = |what: &str| fault::broken(format!("the grant {:?} has no {what}", grant.id));
        if grant.id.is_empty() {
            return Err(broken("id"));
        }
        let entitlement = grant.entitlement.as_ref().ok_or_else(|| broken("entitlement"))?;
        if entitlement.id.is_empty() {
            return Err(broken("entitlement id"));
        }
        let on = entitlement.resource.as_ref().and_then(|r| r.id.as_ref());
        let principal = grant.principal.as_ref().and_then(|r| r.id.as_ref());
        Ok(GrantKey {
            entitlement_id: &entitlement.id,
            on: on.ok_or_else(|| broken("resource"))?,
            principal: principal.ok_or_else(|| broken("principal"))?,
        })
    }
}
