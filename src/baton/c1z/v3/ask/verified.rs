//! The self check of the rows of a sync, as for a v1 file: what a record says, and what it points at. Whether keys, indexes and
//! counts agree with the records is found by the check of the file.

use super::super::key::{Range, kind};
use super::super::record;
use super::Rows;
use crate::baton::c1z::verify::{Check, OneGrant, Problem};
use crate::baton::c1z::{ResourceFilter, SyncRun};
use crate::baton::entitlement;
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{EntitlementRecord, GrantRecord};
use crate::baton::resource;

impl Rows {
    pub(in crate::baton::c1z) fn verify(&self, sync_id: &str) -> Result<Vec<Problem>> {
        let run: Option<&SyncRun> = self.run().filter(|run| run.sync_id == sync_id);
        let mut check = Check::default();
        check.run(sync_id, run);
        if run.is_none() {
            return Ok(check.finish());
        }
        self.for_each_resource_type(sync_id, &mut |message| {
            check.resource_type(message.id.clone(), &message);
            Ok(())
        })?;
        self.for_each_resource_where(sync_id, &ResourceFilter::default(), &mut |message| {
            let id = message.id.clone().unwrap_or_default();
            check.resource(resource::external_id(&id), &id.resource_type, &message);
            Ok(())
        })?;
        check.parents();
        let file = self.file();
        file.records(&Range::of_kind(kind::ENTITLEMENT), &mut |row: EntitlementRecord| {
            let message = record::entitlement(row);
            check.entitlement(message.id.clone(), &message);
            Ok(())
        })?;
        file.records(&Range::of_kind(kind::GRANT), &mut |row: GrantRecord| {
            self.until.go_on()?;
            self.time(row.discovered_at.as_ref())?;
            let row = record::grant(row).settled();
            let (entitlement, principal) = (row.grant.entitlement.as_ref(), row.grant.principal.as_ref());
            let id = entitlement.map_or("", |e| e.id.as_str());
            check.grant(OneGrant {
                external_id: &row.grant.id,
                message: &row.grant,
                entitlement: id,
                on: entitlement.map(entitlement::on).unwrap_or_default(),
                principal: principal.map(resource::key).unwrap_or_default(),
                expansion: row.expansion,
                needs_expansion: row.needs_expansion,
                // A key has one row.
                may_have_twin: !self.is_structured() || check.is_shared(id),
            });
            Ok(())
        })?;
        Ok(check.finish())
    }
}
