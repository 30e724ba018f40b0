//! Things that grants name and that have no row of their own: a list that was refused, or another writer. They hold
//! something, or something is held on them, so "nobody is called so" would be wrong. They have no name, only type and id.

use crate::baton::c1z::{EntitlementFilter, GrantFilter};
use crate::baton::error::Result;
use crate::report::key;
use crate::report::names::Names;
use crate::report::thing::Thing;

/// Somebody to whom there are grants, by `type:id`, or by an id that one type has.
///
/// # Errors
/// `DataLoss` for a damaged file, here and below.
pub(super) fn principal(names: &Names<'_>, kind: Option<&str>, text: &str) -> Result<Option<Thing>> {
    only(names, kind, text, &|kind, id| {
        is_any(
            names,
            &GrantFilter {
                principal_type: Some(kind),
                principal: Some(id),
                ..GrantFilter::default()
            },
        )
    })
}

/// Something on which there are grants or entitlements, as [`principal`].
pub(super) fn resource(names: &Names<'_>, kind: Option<&str>, text: &str) -> Result<Option<Thing>> {
    only(names, kind, text, &|kind, id| {
        let of_grants = GrantFilter {
            resource_type: Some(kind),
            resource: Some(id),
            ..GrantFilter::default()
        };
        Ok(is_any(names, &of_grants)? || offers(names, kind, id)?)
    })
}

/// The one thing that is meant and of which `is_named` knows: of type and id, else of the whole as an id.
fn only(
    names: &Names<'_>,
    kind: Option<&str>,
    text: &str,
    is_named: &dyn Fn(&str, &str) -> Result<bool>,
) -> Result<Option<Thing>> {
    let keys = key::parted(text).filter(|(of, _)| kind.is_none_or(|kind| kind == *of));
    let mut found = Vec::new();
    for (kind, id) in keys {
        if is_named(kind, id)? {
            found.push(names.thing(kind, id)?);
        }
    }
    if found.is_empty() {
        let mut kinds: Vec<String> = kind.map(str::to_owned).into_iter().collect();
        if kind.is_none() {
            let snapshot = names.snapshot();
            snapshot
                .reader()
                .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
                    kinds.push(kind.id);
                    Ok(())
                })?;
        }
        for kind in kinds {
            if is_named(&kind, text)? {
                found.push(names.thing(&kind, text)?);
            }
        }
    }
    let one = found.pop();
    Ok(one.filter(|_| found.is_empty()))
}

fn is_any(names: &Names<'_>, filter: &GrantFilter<'_>) -> Result<bool> {
    let snapshot = names.snapshot();
    let mut is_any = false;
    let first = GrantFilter {
        limit: Some(1),
        ..*filter
    };
    snapshot
        .reader()
        .for_each_listed_grant(snapshot.sync_id(), &first, &mut |_| {
            is_any = true;
            Ok(())
        })?;
    Ok(is_any)
}

fn offers(names: &Names<'_>, kind: &str, id: &str) -> Result<bool> {
    let snapshot = names.snapshot();
    let filter = EntitlementFilter {
        resource_type: Some(kind),
        resource: Some(id),
    };
    let mut is_any = false;
    snapshot
        .reader()
        .for_each_entitlement_where(snapshot.sync_id(), &filter, &mut |_| {
            is_any = true;
            Ok(())
        })?;
    Ok(is_any)
}
