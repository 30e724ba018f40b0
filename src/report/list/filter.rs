//! From the filters a person types to the rows they mean. A filter that nothing fits is an error, not an empty list:
//! a typing mistake shall not look like "nobody has access".

use super::Rows;
use crate::baton::c1z::GrantFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::report::code;
use crate::report::find::{self, Author, NameQuery};
use crate::report::key;
use crate::report::spelling::Nearest;

/// Filters as typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Typed<'a> {
    /// A resource type by its id.
    pub resource_type: Option<&'a str>,
    /// A resource: `type:id`, its bare id, or its name.
    pub resource: Option<&'a str>,
    /// An entitlement by its id.
    pub entitlement: Option<&'a str>,
    /// A principal: `type:id`, an id, an e-mail address, a name or a part of one.
    pub principal: Option<&'a str>,
    /// The environment of what the resource or the principal names.
    pub environment: Option<&'a str>,
    /// Who typed them.
    pub author: Option<&'a dyn Author>,
}

/// Filters as the rows have them. All that are set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The id of a resource type.
    pub resource_type: Option<String>,
    /// The bare id of a resource.
    pub resource: Option<String>,
    /// The id of an entitlement.
    pub entitlement: Option<String>,
    /// Type and bare id of a principal.
    pub principal: Option<(String, String)>,
}

impl Filter {
    /// Finds what was typed.
    ///
    /// # Errors
    /// `NotFound` for what is not in the sync, `InvalidArgument` for what fits several; `DataLoss` for a damaged file.
    pub fn find(rows: &Rows<'_>, typed: Typed<'_>) -> Result<Filter> {
        let mut filter = Filter::default();
        if let Some(kind) = typed.resource_type {
            known_type(rows, kind)?;
            filter.resource_type = Some(kind.to_owned());
        }
        if let Some(resource) = typed.resource {
            let by_id = match typed.resource_type {
                Some(kind) => resource_of(rows, kind, resource),
                None => any_resource(rows, resource),
            };
            let (kind, id) = match by_id {
                Err(error) if error.kind() == Kind::NotFound => by_name(rows, resource, &typed)?,
                // What is the id of one may be the name of another.
                Ok((kind, id)) if id == resource => match by_name(rows, resource, &typed) {
                    Err(error) if error.kind() == Kind::NotFound => (kind, id),
                    // Grants alone may name it, and what is called so has a row.
                    Ok(other) if other != (kind.clone(), id.clone()) => {
                        return Err(ambiguous(resource, &[(kind, id), other]));
                    }
                    found => found?,
                },
                found => found?,
            };
            filter.resource_type = Some(kind);
            filter.resource = Some(id);
        }
        if let Some(id) = typed.entitlement {
            known_entitlement(rows, id)?;
            filter.entitlement = Some(id.to_owned());
        }
        if let Some(who) = typed.principal {
            let wanted = NameQuery {
                text: who,
                kind: None,
                environment: typed.environment,
                whole: false,
                author: typed.author,
            };
            let thing = find::principal(rows.names(), &wanted)?;
            filter.principal = Some((thing.kind, thing.id));
        }
        Ok(filter)
    }

    /// The same for grants.
    pub fn grants(&self) -> GrantFilter<'_> {
        GrantFilter {
            entitlement: self.entitlement.as_deref(),
            resource_type: self.resource_type.as_deref(),
            resource: self.resource.as_deref(),
            principal_type: self.principal.as_ref().map(|(kind, _)| kind.as_str()),
            principal: self.principal.as_ref().map(|(_, id)| id.as_str()),
            ..Default::default()
        }
    }
}

/// A resource by its name.
fn by_name(rows: &Rows<'_>, text: &str, typed: &Typed<'_>) -> Result<(String, String)> {
    let wanted = NameQuery {
        text,
        kind: typed.resource_type,
        environment: typed.environment,
        whole: true,
        author: typed.author,
    };
    let thing = find::resource(rows.names(), &wanted)?;
    Ok((thing.kind, thing.id))
}

/// Whether any grant passes; files of other writers have grants on what they do not list.
fn is_granted(rows: &Rows<'_>, filter: &GrantFilter<'_>) -> Result<bool> {
    let snapshot = rows.snapshot();
    Ok(snapshot.reader().count_grants(snapshot.sync_id(), filter)? > 0)
}

fn known_type(rows: &Rows<'_>, kind: &str) -> Result<()> {
    let on_type = GrantFilter {
        resource_type: Some(kind),
        ..Default::default()
    };
    if rows.names().resource_type(kind)?.is_some() || is_granted(rows, &on_type)? {
        return Ok(());
    }
    let known = types(rows)?.join(", ");
    let error = Error::new(
        Kind::NotFound,
        format!("there is no resource type {kind:?} in this sync"),
    )
    .code(code::UNKNOWN_TYPE);
    Err(error.hint(format!("the types are {known}")))
}

fn known_entitlement(rows: &Rows<'_>, id: &str) -> Result<()> {
    let of_it = GrantFilter {
        entitlement: Some(id),
        ..Default::default()
    };
    if rows.names().entitlement(id)?.is_some() || is_granted(rows, &of_it)? {
        return Ok(());
    }
    let mut near = Nearest::to(id);
    let snapshot = rows.snapshot();
    snapshot
        .reader()
        .for_each_entitlement(snapshot.sync_id(), &mut |entitlement| {
            near.consider(&entitlement.id);
            Ok(())
        })?;
    Err(
        Error::new(Kind::NotFound, format!("there is no entitlement {id:?} in this sync"))
            .code(code::NO_MATCH)
            .hint(near.hint_or("`baton-workato entitlements` lists them; the filter wants the ID")),
    )
}

fn is_known(rows: &Rows<'_>, kind: &str, id: &str) -> Result<bool> {
    if rows.names().resource(kind, id)?.is_some() {
        return Ok(true);
    }
    let on_it = GrantFilter {
        resource_type: Some(kind),
        resource: Some(id),
        ..Default::default()
    };
    is_granted(rows, &on_it)
}

/// A resource of a type. An id may itself begin with the type and a colon: it is taken as it is first.
fn resource_of(rows: &Rows<'_>, kind: &str, typed: &str) -> Result<(String, String)> {
    let without_type = typed.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'));
    for id in [Some(typed), without_type].into_iter().flatten() {
        if is_known(rows, kind, id)? {
            return Ok((kind.to_owned(), id.to_owned()));
        }
    }
    let error = Error::new(Kind::NotFound, format!("there is no {kind} {typed:?} in this sync")).code(code::NO_MATCH);
    Err(error.hint(format!(
        "`baton-workato resources -t {kind}` lists them; the filter wants the ID or the name"
    )))
}

/// A resource of any type.
fn any_resource(rows: &Rows<'_>, typed: &str) -> Result<(String, String)> {
    let mut found = Vec::new();
    for (kind, id) in key::parted(typed) {
        if is_known(rows, kind, id)? {
            found.push((kind.to_owned(), id.to_owned()));
        }
    }
    if found.is_empty() {
        for kind in types(rows)? {
            if rows.names().resource(&kind, typed)?.is_some() {
                found.push((kind, typed.to_owned()));
            }
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(
            Error::new(Kind::NotFound, format!("there is no resource {typed:?} in this sync"))
                .code(code::NO_MATCH)
                .hint("give it as TYPE:ID or by its name; `baton-workato resources` lists them"),
        ),
        several => Err(ambiguous(typed, several)),
    }
}

/// The error of a text that is of several resources, by their types and ids.
fn ambiguous(typed: &str, several: &[(String, String)]) -> Error {
    let told = |(kind, id): &(String, String)| match typed.contains(':') {
        // The text may be of all of them.
        true => format!("  -t {kind} -r {id}"),
        false => format!("  {kind}:{id}"),
    };
    let lines: Vec<String> = several.iter().map(told).collect();
    let message = format!(
        "{typed:?} is the id or the name of {} resources of this sync",
        several.len()
    );
    Error::new(Kind::InvalidArgument, message)
        .code(code::AMBIGUOUS)
        .hint(format!("say which, by its type:\n{}", lines.join("\n")))
}

fn types(rows: &Rows<'_>) -> Result<Vec<String>> {
    let snapshot = rows.snapshot();
    let mut types = Vec::new();
    snapshot
        .reader()
        .for_each_resource_type(snapshot.sync_id(), &mut |kind| {
            types.push(kind.id);
            Ok(())
        })?;
    Ok(types)
}
