//! What a condition names, and whether the sync has it: a rule about something misspelt holds for nothing, and must not
//! look as if all were well.

use crate::baton::error::Result;
use crate::report::condition::{Condition, Field};
use crate::report::findings::Looker;
use crate::report::inventory::Class;
use crate::report::reach::Asker;
use crate::report::wording;

/// Says what a condition names that nothing in the sync is called.
pub(super) fn missing(looker: &Looker<'_>, asker: Asker<'_, '_>, condition: &Condition) -> Result<Vec<String>> {
    let mut said = Vec::new();
    for named in condition.names() {
        if !has(looker, asker, named.field, &|text| named.fits(text))? {
            said.push(format!(
                "nothing in this sync has the {} {:?}; so nothing can be said about it",
                named.field.word(),
                named.told()
            ));
        }
    }
    Ok(said)
}

/// Whether anything has a text that fits in a field. Fields that need not be of this sync always have.
fn has(looker: &Looker<'_>, asker: Asker<'_, '_>, field: Field, fits: &dyn Fn(&str) -> bool) -> Result<bool> {
    let inventory = looker.counted.inventory;
    let mut entries = inventory.entries().iter();
    let mut types = inventory.types().iter();
    Ok(match field {
        Field::Environment => inventory.environments().iter().any(|environment| fits(environment)),
        Field::Type | Field::ResourceType => types.any(|kind| fits(&kind.id) || fits(&kind.name)),
        Field::Name => entries.any(|e| inventory.class_of(e) == Class::Account && fits(e.name())),
        Field::Email => entries.any(|e| e.email().is_some_and(fits)),
        Field::Id | Field::Resource => entries.any(|e| {
            let kind = inventory.type_of(e).map_or("", |kind| &kind.id);
            fits(e.name()) || fits(e.id()) || fits(&format!("{kind}:{}", e.id()))
        }),
        Field::Entitlement | Field::Through => {
            let all = inventory.entitlements();
            let quickly = all.iter().any(|right| {
                let on = right.on.and_then(|on| inventory.entry(on));
                fits(&right.id) || fits(&right.slug) || fits(&right.name) || on.is_some_and(|on| fits(on.name()))
            });
            if quickly {
                return Ok(true);
            }
            for right in all {
                let names = asker.names();
                if fits(&wording::label(names, &names.right(&right.id)?)?) {
                    return Ok(true);
                }
            }
            false
        }
        _ => true,
    })
}
