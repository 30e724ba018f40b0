//! Grants: who holds what.

use super::filter::Filter;
use super::{Heading, Line, List, Rows, environment_json};
use crate::baton::annotation;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource::key;
use crate::report::access::{entitlement_of, principal_of};
use crate::report::environment;
use crate::report::path::Origin;
use crate::report::thing::{Account, Right, Thing};

const HEADINGS: &[Heading] = &[
    Heading::text("PRINCIPAL"),
    Heading::text("PERMISSION"),
    Heading::text("RESOURCE"),
    Heading::text("ENV"),
    Heading::spare("RESOURCE TYPE"),
    Heading::text("HOW"),
    Heading::spare("ENTITLEMENT"),
    Heading::spare("ID"),
];

/// Grants of a sync.
pub struct Grants<'s> {
    /// The rows they are from.
    pub rows: &'s Rows<'s>,
    /// Which.
    pub filter: Filter,
}

impl List for Grants<'_> {
    fn key(&self) -> &'static str {
        "grants"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "id",
            "principal_type_id",
            "principal_id",
            "principal",
            "principal_email",
            "resource_type_id",
            "resource_type",
            "resource_id",
            "resource",
            "entitlement_id",
            "entitlement",
            "slug",
            "direct",
            "sources",
            "immutable",
            "environment",
        ]
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let snapshot = self.rows.snapshot();
        snapshot
            .reader()
            .for_each_grant_where(snapshot.sync_id(), &self.filter.grants(), &mut |row| {
                each(&One {
                    rows: self.rows,
                    grant: row.grant,
                })
            })
    }
}

struct One<'s> {
    rows: &'s Rows<'s>,
    grant: v2::Grant,
}

impl One<'_> {
    /// Type and bare id of the resource the entitlement is on: as the grant says, else as the entitlement's row says.
    fn on(&self) -> Result<(String, String)> {
        let said = self.grant.entitlement.as_ref().and_then(|e| e.resource.as_ref());
        let owned = |resource: &v2::Resource| {
            let (kind, id) = key(resource);
            (kind.to_owned(), id.to_owned())
        };
        if let Some(said) = said.map(owned).filter(|(kind, _)| !kind.is_empty()) {
            return Ok(said);
        }
        let row = self.rows.names().entitlement(entitlement_of(&self.grant))?;
        Ok(row.and_then(|e| e.resource.as_ref().map(owned)).unwrap_or_default())
    }

    /// The grant alone. Most carry what the rows of their entitlement and principal say, which is written already.
    fn own_json(&self, entitlement: &str, (kind, id): (&str, &str), principal: &str) -> Result<String> {
        let (names, form) = (self.rows.names(), &self.rows.forms().grant);
        let carried = self.grant.entitlement.as_ref().zip(self.grant.principal.as_ref());
        let rows = names
            .entitlement(entitlement_of(&self.grant))?
            .zip(names.resource(kind, id)?);
        let (Some(carried), Some(rows)) = (carried, rows) else {
            return form.line(&self.grant);
        };
        if (carried.0, carried.1) != (&*rows.0, &*rows.1) {
            return form.line(&self.grant);
        }
        // Members come in the order of their numbers: these two are the first.
        let rest = form.line(&v2::Grant {
            entitlement: None,
            principal: None,
            id: self.grant.id.clone(),
            sources: self.grant.sources.clone(),
            annotations: self.grant.annotations.clone(),
        })?;
        let rest = rest.strip_prefix('{').unwrap_or_default();
        let comma = if rest == "}" { "" } else { "," };
        Ok(format!(
            "{{\"entitlement\":{entitlement},\"principal\":{principal}{comma}{rest}"
        ))
    }

    /// Where it holds.
    fn environment(&self) -> Result<Option<String>> {
        let names = self.rows.names();
        let (kind, id) = principal_of(&self.grant);
        let right = names.right(entitlement_of(&self.grant))?;
        Ok(environment::of_grant(&names.thing(kind, id)?, &right).map(str::to_owned))
    }

    /// The entitlements it comes from, besides itself.
    fn sources(&self) -> impl Iterator<Item = &String> {
        let own = entitlement_of(&self.grant);
        let all = self.grant.sources.iter().flat_map(|s| s.sources.keys());
        all.filter(move |source| source.as_str() != own)
    }

    fn is_direct(&self) -> bool {
        Origin::is_given(&self.grant)
    }

    /// `direct`, `via Operators`, `direct, via Operators +2`.
    fn how(&self) -> Result<String> {
        let mut how = Vec::new();
        if self.is_direct() {
            how.push("direct".to_owned());
        }
        let mut sources = self.sources();
        if let Some(first) = sources.next() {
            let name = self.rows.names().right(first)?.resource.told();
            let more = match sources.count() {
                0 => String::new(),
                more => format!(" +{more}"),
            };
            how.push(format!("via {name}{more}"));
        }
        Ok(how.join(", "))
    }

    /// What the entitlement is called; one that the file lacks by its id.
    fn entitlement_as(&self, called: fn(&Right) -> String) -> Result<String> {
        let id = entitlement_of(&self.grant);
        Ok(match self.rows.names().entitlement(id)? {
            Some(_) => called(&self.rows.names().right(id)?),
            None => super::rows::missing_entitlement(id),
        })
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        let (kind, id) = self.on()?;
        let (principal_kind, principal) = principal_of(&self.grant);
        let entitlement = self.rows.entitlement_json(entitlement_of(&self.grant))?;
        let resource = self.rows.resource_json(&kind, &id)?;
        let kind = self.rows.resource_type_json(&kind)?;
        let principal_json = self.rows.resource_json(principal_kind, principal)?;
        let own = self.own_json(&entitlement, (principal_kind, principal), &principal_json)?;
        let principal = principal_json;
        let environment = environment_json(self.environment()?.as_deref())?;
        Ok(format!(
            "{{\"grant\":{own},\"entitlement\":{entitlement},\"resource\":{resource},\"resourceType\":{kind},\
             \"principal\":{principal}{environment}}}"
        ))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let (kind, id) = self.on()?;
        let (principal_kind, principal) = principal_of(&self.grant);
        Ok(vec![
            self.rows.resource_as(principal_kind, principal, Thing::told)?,
            self.rows.names().right(entitlement_of(&self.grant))?.slug,
            self.rows.resource_as(&kind, &id, Thing::beside_environment)?,
            self.environment()?.unwrap_or_default(),
            self.rows.type_name(&kind)?,
            self.how()?,
            self.entitlement_as(Right::called)?,
            self.grant.id.clone(),
        ])
    }

    fn record(&self) -> Result<Vec<String>> {
        let (kind, id) = self.on()?;
        let (principal_kind, principal) = principal_of(&self.grant);
        let row = self.rows.names().resource(principal_kind, principal)?;
        let thing = self.rows.names().thing(principal_kind, principal)?;
        let email = row
            .and_then(|row| Account::of(&row, thing))
            .map(|account| account.email);
        let right = self.rows.names().right(entitlement_of(&self.grant))?;
        let sources: Vec<&str> = self.sources().map(String::as_str).collect();
        let immutable = self.grant.annotations.iter().any(annotation::is::<v2::GrantImmutable>);
        Ok(vec![
            self.grant.id.clone(),
            principal_kind.to_owned(),
            principal.to_owned(),
            self.rows.resource_name(principal_kind, principal)?,
            email.unwrap_or_default(),
            kind.clone(),
            self.rows.type_name(&kind)?,
            id.clone(),
            self.rows.resource_name(&kind, &id)?,
            right.id,
            self.entitlement_as(|right| right.name.clone())?,
            right.slug,
            self.is_direct().to_string(),
            sources.join(";"),
            immutable.to_string(),
            self.environment()?.unwrap_or_default(),
        ])
    }
}
