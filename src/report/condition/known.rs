//! What a condition names, and whether anything in the sync is called so: a condition about something misspelt holds for
//! nothing, and must not look as if all were well.

use super::{Asked, Condition, Field, texts};
use crate::baton::annotation;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::names::Names;
use crate::report::thing::RightKey;

/// Whether the resources of a type can hold something in the rows that the condition is asked about.
pub type Holds<'h> = dyn Fn(&str) -> bool + 'h;

/// What a condition names that nothing in the sync is called: `the entitlement "bilinng"`. The texts are those that rows are
/// judged by.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn missing(names: &Names<'_>, condition: &Condition, holds: &Holds<'_>) -> Result<Vec<String>> {
    let mut asked = condition.names();
    asked.retain(|asked| is_of_the_sync(asked.field));
    let looks: [(Look, &[Field]); 5] = [
        (types, &[Field::Type, Field::ResourceType]),
        (
            resources,
            &[
                Field::Environment,
                Field::Resource,
                Field::Id,
                Field::Name,
                Field::Email,
                Field::Type,
                Field::ResourceType,
            ],
        ),
        (entitlements, &[Field::Entitlement, Field::Through]),
        // Rows are enough for nearly all: what only grants name is gone through for what is misspelt.
        (principals, &[Field::Id, Field::Name, Field::Type]),
        (
            rights,
            &[Field::Entitlement, Field::Through, Field::Resource, Field::ResourceType],
        ),
    ];
    for (look, fields) in looks {
        if asked.iter().any(|asked| fields.contains(&asked.field)) {
            look(names, holds, &mut asked)?;
        }
    }
    let told = asked
        .iter()
        .map(|asked| format!("the {} {:?}", asked.field.word(), asked.told()));
    Ok(told.collect())
}

/// Whether what a field names has to be in the sync. That nobody is of a domain is what is hoped for.
fn is_of_the_sync(field: Field) -> bool {
    match field {
        Field::Name
        | Field::Email
        | Field::Id
        | Field::Type
        | Field::Entitlement
        | Field::Resource
        | Field::ResourceType
        | Field::Environment
        | Field::Through => true,
        Field::Domain
        | Field::Account
        | Field::Status
        | Field::Idle
        | Field::Age
        | Field::Reach
        | Field::Direct
        | Field::Derived
        | Field::Immutable => false,
    }
}

/// Those that are asked for and were not met yet.
type Open<'a, 'c> = &'a mut Vec<Asked<'c>>;

/// Looks at rows of a sort.
type Look = fn(&Names<'_>, &Holds<'_>, Open<'_, '_>) -> Result<()>;

/// Takes out what fits one of these texts of a field.
fn meet(open: Open<'_, '_>, field: Field, texts: impl FnOnce() -> Result<Vec<String>>) -> Result<()> {
    if open.iter().any(|asked| asked.field == field) {
        let texts = texts()?;
        open.retain(|asked| asked.field != field || !texts.iter().any(|text| asked.fits(text)));
    }
    Ok(())
}

fn types(names: &Names<'_>, holds: &Holds<'_>, open: Open<'_, '_>) -> Result<()> {
    let snapshot = names.snapshot();
    snapshot
        .reader()
        .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
            let told = || Ok(texts::kind(names, &kind.id)?.to_vec());
            if holds(&kind.id) {
                meet(open, Field::Type, told)?;
            }
            meet(open, Field::ResourceType, told)
        })
}

fn resources(names: &Names<'_>, holds: &Holds<'_>, open: Open<'_, '_>) -> Result<()> {
    let snapshot = names.snapshot();
    snapshot.reader().for_each_resource(snapshot.sync_id(), &mut |row| {
        if open.is_empty() {
            return Ok(());
        }
        let (kind, id) = resource::key(&row);
        meet(open, Field::Environment, || {
            Ok(names.environment_of(&row)?.into_iter().collect())
        })?;
        meet(open, Field::Resource, || {
            Ok(texts::thing(names.thing_of(&row)?).to_vec())
        })?;
        let type_told = || Ok(texts::kind(names, kind)?.to_vec());
        meet(open, Field::ResourceType, type_told)?;
        if holds(kind) {
            meet(open, Field::Type, type_told)?;
            meet(open, Field::Id, || Ok(texts::ids(kind, id).to_vec()))?;
            meet(open, Field::Name, || Ok(vec![names.thing_of(&row)?.name]))?;
            meet(open, Field::Email, || {
                let user: Option<v2::UserTrait> = annotation::find(&row.annotations);
                Ok(user.map_or_else(Vec::new, texts::mail))
            })?;
        }
        Ok(())
    })
}

fn entitlements(names: &Names<'_>, _: &Holds<'_>, open: Open<'_, '_>) -> Result<()> {
    let snapshot = names.snapshot();
    snapshot.reader().for_each_entitlement(snapshot.sync_id(), &mut |row| {
        meet(open, Field::Entitlement, || texts::right(names, &names.right_of(&row)?))?;
        meet(open, Field::Through, || {
            Ok(texts::step(names, names.right_of(&row)?)?.to_vec())
        })
    })
}

/// Who is named by grants alone.
fn principals(names: &Names<'_>, holds: &Holds<'_>, open: Open<'_, '_>) -> Result<()> {
    let snapshot = names.snapshot();
    let reader = snapshot.reader();
    reader.for_each_rowless_principal(snapshot.sync_id(), &mut |kind, id| {
        if open.is_empty() || !holds(kind) {
            return Ok(());
        }
        meet(open, Field::Id, || Ok(texts::ids(kind, id).to_vec()))?;
        meet(open, Field::Name, || Ok(vec![id.to_owned()]))?;
        meet(open, Field::Type, || Ok(texts::kind(names, kind)?.to_vec()))
    })
}

/// What is named by grants alone.
fn rights(names: &Names<'_>, _: &Holds<'_>, open: Open<'_, '_>) -> Result<()> {
    let snapshot = names.snapshot();
    let reader = snapshot.reader();
    reader.for_each_rowless_entitlement(snapshot.sync_id(), &mut |id, on| {
        if open.is_empty() {
            return Ok(());
        }
        let right = names.right_of_grant(RightKey { id, on })?;
        meet(open, Field::Entitlement, || texts::right(names, &right))?;
        meet(open, Field::Through, || {
            Ok(texts::step(names, (*right).clone())?.to_vec())
        })?;
        meet(open, Field::Resource, || {
            Ok(texts::thing(right.resource.clone()).to_vec())
        })?;
        meet(open, Field::ResourceType, || {
            Ok(vec![right.resource.kind.clone(), right.resource.type_name.clone()])
        })
    })
}
