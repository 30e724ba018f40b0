//! Principals of grants that the file has no row of: of a list that was refused, or left out by another writer. They hold what
//! they hold all the same, so whoever lists everybody asks for them too.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::Snapshot;
use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;

/// Type and bare id of each, in their order.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn of(snapshot: &Snapshot) -> Result<Vec<(String, String)>> {
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (kind, id) in reader.principals(sync_id, &GrantFilter::default())? {
        left.entry(kind).or_default().insert(id);
    }
    reader.for_each_resource_name(sync_id, &mut |kind, id, _| {
        if let Some(ids) = left.get_mut(kind) {
            ids.remove(id);
        }
        Ok(())
    })?;
    let each = |(kind, ids): (String, BTreeSet<String>)| ids.into_iter().map(move |id| (kind.clone(), id));
    Ok(left.into_iter().flat_map(each).collect())
}
