//! What a condition names, and whether the sync has it: a rule about something misspelt holds for nothing, and must not
//! look as if all were well.

use crate::baton::error::Result;
use crate::report::condition::{self, Condition};
use crate::report::reach::Asker;

/// Says what a condition names that nothing in the sync is called.
pub(super) fn missing(asker: Asker<'_, '_>, condition: &Condition) -> Result<Vec<String>> {
    // Rules are asked about people and accounts.
    let missing = condition::missing(asker.names(), condition, &|kind| asker.ground.is_user(kind))?;
    let said = missing
        .into_iter()
        .map(|what| format!("nothing in this sync has {what}; so nothing can be said about it"));
    Ok(said.collect())
}
