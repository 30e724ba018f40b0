//! Grants: who holds what.

use super::filter::Filter;
use super::texts::{Of, Texts, To};
use super::{Heading, Line, List, Rows, environment_json};
use crate::baton::annotation;
use crate::baton::c1z::ListedGrant;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource::key;
use crate::report::access::{entitlement_of, principal_of, right_key};
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
        let texts = Texts::new(self.rows);
        snapshot
            .reader()
            .for_each_listed_grant(snapshot.sync_id(), &self.filter.grants(), &mut |listed| {
                each(&One {
                    rows: self.rows,
                    texts: &texts,
                    listed,
                })
            })
    }
}

struct One<'s> {
    rows: &'s Rows<'s>,
    texts: &'s Texts<'s>,
    /// Only ids of what it is of and who has it, where the file has no more: rows say the rest.
    listed: ListedGrant,
}

impl One<'_> {
    fn grant(&self) -> &v2::Grant {
        &self.listed.grant
    }

    /// Type and bare id of the resource the entitlement is on: as the grant says, else as the entitlement's row says.
    fn on(&self) -> Result<(String, String)> {
        let said = self.grant().entitlement.as_ref().and_then(|e| e.resource.as_ref());
        let owned = |resource: &v2::Resource| {
            let (kind, id) = key(resource);
            (kind.to_owned(), id.to_owned())
        };
        if let Some(said) = said.map(owned).filter(|(kind, _)| !kind.is_empty()) {
            return Ok(said);
        }
        let row = self.rows.names().entitlement(entitlement_of(self.grant()))?;
        Ok(row.and_then(|e| e.resource.as_ref().map(owned)).unwrap_or_default())
    }

    /// The grant alone. What most carry of their entitlement and principal is written already: the rows say it, or other
    /// grants do.
    fn own_json(&self, of: &Of, to: &To) -> Result<String> {
        if !self.listed.is_whole && of.is_row && to.is_row {
            return self.texts.own(self.grant(), of, to);
        }
        let snapshot = self.rows.snapshot();
        let whole = snapshot.reader().whole_grant(snapshot.sync_id(), &self.listed)?;
        let names = self.rows.names();
        let (kind, id) = principal_of(&whole);
        let carried = whole.entitlement.as_ref().zip(whole.principal.as_ref());
        let rows = names.entitlement_of(right_key(&whole))?.zip(names.resource(kind, id)?);
        match (carried, rows) {
            (Some(carried), Some(rows)) if (carried.0, carried.1) == (&*rows.0, &*rows.1) => {
                self.texts.own(self.grant(), of, to)
            }
            (Some((entitlement, principal)), _) => self.texts.carrying(&whole, entitlement, principal),
            (None, _) => self.rows.forms().grant.line(&whole),
        }
    }

    /// Where it holds.
    fn environment(&self) -> Result<Option<String>> {
        let names = self.rows.names();
        let (kind, id) = principal_of(self.grant());
        let right = names.right_of_grant(right_key(self.grant()))?;
        Ok(environment::of_grant(&*names.shared_thing(kind, id)?, &right).map(str::to_owned))
    }

    /// The entitlements it comes from, besides itself.
    fn sources(&self) -> impl Iterator<Item = &String> {
        let own = entitlement_of(self.grant());
        let all = self.grant().sources.iter().flat_map(|s| s.sources.keys());
        all.filter(move |source| source.as_str() != own)
    }

    fn is_direct(&self) -> bool {
        Origin::is_given(self.grant())
    }

    /// `direct`, `via Operators`, `direct, via Operators +2`.
    fn how(&self) -> Result<String> {
        let mut how = Vec::new();
        if self.is_direct() {
            how.push("direct".to_owned());
        }
        let mut sources = self.sources();
        if let Some(first) = sources.next() {
            let name = self.rows.names().shared_right(first)?.resource.told();
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
        let key = right_key(self.grant());
        Ok(match self.rows.names().entitlement_of(key)? {
            Some(_) => called(&*self.rows.names().right_of_grant(key)?),
            None => super::rows::missing_entitlement(key.id),
        })
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        let of = self.texts.of(entitlement_of(self.grant()), || self.on())?;
        let (kind, id) = principal_of(self.grant());
        let to = self.texts.to(kind, id)?;
        let own = self.own_json(&of, &to)?;
        // As `environment::of_grant` says.
        let environment = of.environment.as_deref().or(to.environment.as_deref());
        let environment = environment_json(environment)?;
        let (entitlement, resource, kind, principal) = (&of.entitlement, &of.resource, &of.kind, &to.principal);
        Ok(format!(
            "{{\"grant\":{own},\"entitlement\":{entitlement},\"resource\":{resource},\"resourceType\":{kind},\
             \"principal\":{principal}{environment}}}"
        ))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let (kind, id) = self.on()?;
        let (principal_kind, principal) = principal_of(self.grant());
        Ok(vec![
            self.rows.resource_as(principal_kind, principal, Thing::told)?,
            self.rows.names().right_of_grant(right_key(self.grant()))?.slug.clone(),
            self.rows.resource_as(&kind, &id, Thing::beside_environment)?,
            self.environment()?.unwrap_or_default(),
            self.rows.type_name(&kind)?,
            self.how()?,
            self.entitlement_as(Right::called)?,
            self.grant().id.clone(),
        ])
    }

    fn record(&self) -> Result<Vec<String>> {
        let (kind, id) = self.on()?;
        let (principal_kind, principal) = principal_of(self.grant());
        let row = self.rows.names().resource(principal_kind, principal)?;
        let thing = self.rows.names().thing(principal_kind, principal)?;
        let email = row
            .and_then(|row| Account::of(&row, thing))
            .map(|account| account.email);
        let right = self.rows.names().right_of_grant(right_key(self.grant()))?;
        let sources: Vec<&str> = self.sources().map(String::as_str).collect();
        let immutable = self
            .grant()
            .annotations
            .iter()
            .any(annotation::is::<v2::GrantImmutable>);
        Ok(vec![
            self.grant().id.clone(),
            principal_kind.to_owned(),
            principal.to_owned(),
            self.rows.resource_name(principal_kind, principal)?,
            email.unwrap_or_default(),
            kind.clone(),
            self.rows.type_name(&kind)?,
            id.clone(),
            self.rows.resource_name(&kind, &id)?,
            right.id.clone(),
            self.entitlement_as(|right| right.name.clone())?,
            right.slug.clone(),
            self.is_direct().to_string(),
            sources.join(";"),
            immutable.to_string(),
            self.environment()?.unwrap_or_default(),
        ])
    }
}
