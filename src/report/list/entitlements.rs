//! Entitlements: what there is to hold.

use super::filter::Filter;
use super::{Heading, Line, List, Rows, environment_json};
use crate::baton::c1z::EntitlementFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource::key;
use crate::report::thing::Thing;

const HEADINGS: &[Heading] = &[
    Heading::text("RESOURCE TYPE"),
    Heading::text("RESOURCE"),
    Heading::text("ENV"),
    Heading::text("PERMISSION"),
    Heading::spare("ENTITLEMENT"),
    Heading::spare("ID"),
];

/// Entitlements of a sync.
pub struct Entitlements<'s> {
    /// The rows they are from.
    pub rows: &'s Rows<'s>,
    /// Which: type and resource are looked at.
    pub filter: Filter,
}

impl List for Entitlements<'_> {
    fn key(&self) -> &'static str {
        "entitlements"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "id",
            "display_name",
            "slug",
            "purpose",
            "description",
            "resource_type_id",
            "resource_type",
            "resource_id",
            "resource",
            "grantable_to",
            "environment",
        ]
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let filter = EntitlementFilter {
            resource_type: self.filter.resource_type.as_deref(),
            resource: self.filter.resource.as_deref(),
        };
        let snapshot = self.rows.snapshot();
        snapshot
            .reader()
            .for_each_entitlement_where(snapshot.sync_id(), &filter, &mut |entitlement| {
                each(&One {
                    rows: self.rows,
                    entitlement,
                })
            })
    }
}

struct One<'s> {
    rows: &'s Rows<'s>,
    entitlement: v2::Entitlement,
}

impl One<'_> {
    /// Type and bare id of the resource it is on.
    fn on(&self) -> (&str, &str) {
        self.entitlement.resource.as_ref().map_or(("", ""), key)
    }

    /// The environment of the resource it is on.
    fn environment(&self) -> Result<Option<String>> {
        let (kind, id) = self.on();
        Ok(self.rows.names().thing(kind, id)?.environment)
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        let (kind, id) = self.on();
        let own = self.rows.forms().entitlement.line(&self.entitlement)?;
        let resource = self.rows.resource_json(kind, id)?;
        let kind = self.rows.resource_type_json(kind)?;
        let environment = environment_json(self.environment()?.as_deref())?;
        Ok(format!(
            "{{\"entitlement\":{own},\"resource\":{resource},\"resourceType\":{kind}{environment}}}"
        ))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let (kind, id) = self.on();
        Ok(vec![
            self.rows.type_name(kind)?,
            self.rows.resource_as(kind, id, Thing::beside_environment)?,
            self.environment()?.unwrap_or_default(),
            self.entitlement.slug.clone(),
            self.rows.names().right_of(&self.entitlement)?.called(),
            self.entitlement.id.clone(),
        ])
    }

    fn record(&self) -> Result<Vec<String>> {
        let (kind, id) = self.on();
        let own = &self.entitlement;
        let purpose = own.purpose().as_str_name().trim_start_matches("PURPOSE_VALUE_");
        let grantable: Vec<&str> = own.grantable_to.iter().map(|kind| kind.id.as_str()).collect();
        Ok(vec![
            own.id.clone(),
            own.display_name.clone(),
            own.slug.clone(),
            purpose.to_lowercase(),
            own.description.clone(),
            kind.to_owned(),
            self.rows.type_name(kind)?,
            id.to_owned(),
            self.rows.resource_name(kind, id)?,
            grantable.join(";"),
            self.environment()?.unwrap_or_default(),
        ])
    }
}
