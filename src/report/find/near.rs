//! Names that are near to one that nothing has.

use std::collections::BTreeMap;

use super::meaning::Candidate;
use super::typed::texts;
use super::{NameQuery, candidate, each_of, is_elsewhere, place};
use crate::baton::error::Result;
use crate::report::names::Names;
use crate::report::spelling::{PART, folded, slip};

/// Names that are suggested.
const SUGGESTED: usize = 5;

/// What may have been meant, nearest first.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn to(names: &Names<'_>, kinds: Option<&[String]>, wanted: &NameQuery<'_>) -> Result<Vec<Candidate>> {
    let typed = folded(wanted.text.trim());
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let placed = place(&typed);
    let mut near: BTreeMap<(usize, String, String), Candidate> = BTreeMap::new();
    each_of(names, kinds, &mut |resource| {
        let called: Vec<String> = texts(&resource).iter().map(|text| folded(text)).collect();
        let to = |typed: &str| called.iter().filter_map(|text| slip(text, typed)).min();
        let by_name = placed.and_then(|(name, _)| to(name));
        let Some(distance) = to(&typed).into_iter().chain(by_name).min().filter(|d| *d < PART) else {
            return Ok(());
        };
        let found = candidate(names, &resource)?;
        if is_elsewhere(&found.thing, wanted) {
            return Ok(());
        }
        near.insert((distance, found.thing.kind.clone(), found.thing.id.clone()), found);
        if near.len() > SUGGESTED {
            near.pop_last();
        }
        Ok(())
    })?;
    Ok(near.into_values().collect())
}
