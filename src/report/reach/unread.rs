//! Roles that rights and grants name and that the file has no row of: what such a role opens is not known.

use std::collections::BTreeSet;

use super::ground::Placed;
use crate::baton::c1z::EntitlementFilter;
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::names::Names;

/// Their names: `environment_role:9`.
pub(super) fn roles(
    names: &Names<'_>,
    conventions: &Conventions,
    known: &[(Placed, v2::Resource)],
) -> Result<BTreeSet<String>> {
    let known: BTreeSet<(&str, &str)> = known.iter().map(|(_, resource)| resource::key(resource)).collect();
    let mut missing = BTreeSet::new();
    let mut look = |kind: &str, id: &str| {
        if !known.contains(&(kind, id)) {
            missing.insert(format!("{kind}:{id}"));
        }
    };
    let (reader, sync_id) = (names.snapshot().reader(), names.snapshot().sync_id());
    for kind in conventions.role_types {
        let filter = EntitlementFilter {
            resource_type: Some(kind),
            resource: None,
        };
        reader.for_each_entitlement_where(sync_id, &filter, &mut |entitlement| {
            if let Some((kind, id)) = entitlement.resource.as_ref().map(resource::key) {
                look(kind, id);
            }
            Ok(())
        })?;
    }
    if !conventions.role_types.is_empty() {
        reader.for_each_rowless_entitlement(sync_id, &mut |_, (kind, id)| {
            if conventions.role_types.contains(&kind) {
                look(kind, id);
            }
            Ok(())
        })?;
    }
    Ok(missing)
}
