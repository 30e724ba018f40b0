//! Resources, and principals: the resources that hold something.

use super::filter::Filter;
use super::rows::{missing_resource, missing_resource_type};
use super::{Heading, Line, List, Rows, environment_json};
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource::{self, key};
use crate::report::thing::{Account, Thing};

const HEADINGS: &[Heading] = &[
    Heading::text("TYPE"),
    Heading::text("ID"),
    Heading::text("NAME"),
    Heading::text("ENV"),
    Heading::text("PARENT"),
    Heading::spare("EMAIL"),
    Heading::spare("LAST LOGIN"),
];

const FIELDS: &[&str] = &[
    "resource_type_id",
    "resource_type",
    "id",
    "display_name",
    "parent_type_id",
    "parent_id",
    "parent",
    "description",
    "email",
    "account_type",
    "status",
    "last_login",
    "created_at",
    "environment",
];

/// Resources of a sync.
pub struct Resources<'s> {
    /// The rows they are from.
    pub rows: &'s Rows<'s>,
    /// Which: the type is looked at.
    pub filter: Filter,
}

impl List for Resources<'_> {
    fn key(&self) -> &'static str {
        "resources"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let filter = ResourceFilter {
            resource_type: self.filter.resource_type.as_deref(),
            parent: None,
        };
        let snapshot = self.rows.snapshot();
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
                each(&One {
                    rows: self.rows,
                    resource,
                })
            })
    }
}

/// Resources to which a grant of the filter goes, each once, in the order of their first grants.
pub struct Principals<'s> {
    /// The rows they are from.
    pub rows: &'s Rows<'s>,
    /// Which grants.
    pub filter: Filter,
}

impl<'s> Principals<'s> {
    /// All of them.
    pub(super) fn all(&self) -> Result<Vec<One<'s>>> {
        let snapshot = self.rows.snapshot();
        let principals = snapshot
            .reader()
            .principals(snapshot.sync_id(), &self.filter.grants())?;
        let one = |(kind, id): (String, String)| {
            Ok(One {
                rows: self.rows,
                resource: self.rows.resource(&kind, &id)?,
            })
        };
        principals.into_iter().map(one).collect()
    }
}

impl List for Principals<'_> {
    fn key(&self) -> &'static str {
        // As published: principals are resources.
        "resources"
    }

    fn headings(&self) -> &'static [Heading] {
        HEADINGS
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn for_each(&self, each: &mut dyn FnMut(&dyn Line) -> Result<()>) -> Result<()> {
        let snapshot = self.rows.snapshot();
        let principals = snapshot
            .reader()
            .principals(snapshot.sync_id(), &self.filter.grants())?;
        for (kind, id) in principals {
            let resource = self.rows.resource(&kind, &id)?;
            each(&One {
                rows: self.rows,
                resource,
            })?;
        }
        Ok(())
    }
}

/// A resource as a row.
pub(super) struct One<'s> {
    rows: &'s Rows<'s>,
    pub(super) resource: v2::Resource,
}

impl One<'_> {
    fn account(&self) -> Result<Option<Account>> {
        let thing = self.rows.names().thing_of(&self.resource)?;
        Ok(Account::of(&self.resource, thing))
    }

    fn environment(&self) -> Result<Option<String>> {
        self.rows.names().environment_of(&self.resource)
    }

    fn parent(&self) -> Option<(&str, &str)> {
        let parent = self.resource.parent_resource_id.as_ref()?;
        Some((&parent.resource_type, &parent.resource))
    }
}

impl Line for One<'_> {
    fn json(&self) -> Result<String> {
        let (kind, _) = key(&self.resource);
        let own = self.rows.forms().resource.line(&self.resource)?;
        let kind = self.rows.resource_type_json(kind)?;
        let parent = match self.parent() {
            Some((kind, id)) => format!(",\"parent\":{}", self.rows.resource_json(kind, id)?),
            None => String::new(),
        };
        let environment = environment_json(self.environment()?.as_deref())?;
        Ok(format!(
            "{{\"resource\":{own},\"resourceType\":{kind}{parent}{environment}}}"
        ))
    }

    fn cells(&self) -> Result<Vec<String>> {
        let (kind, id) = key(&self.resource);
        let parent = match self.parent() {
            Some((kind, id)) => self.rows.resource_name(kind, id)?,
            None => String::new(),
        };
        let account = self.account()?;
        let day = |time: &Option<String>| time.as_deref().and_then(|t| t.get(..10)).unwrap_or_default().to_owned();
        Ok(vec![
            self.rows.type_name(kind)?,
            id.to_owned(),
            self.resource.display_name.clone(),
            self.environment()?.unwrap_or_default(),
            parent,
            account.as_ref().map(|a| a.email.clone()).unwrap_or_default(),
            account.as_ref().map(|a| day(&a.last_login)).unwrap_or_default(),
        ])
    }

    fn record(&self) -> Result<Vec<String>> {
        let (kind, id) = key(&self.resource);
        let (parent_kind, parent_id, parent) = match self.parent() {
            Some((kind, id)) => (kind, id, self.rows.resource_name(kind, id)?),
            None => ("", "", String::new()),
        };
        let account = self.account()?;
        let of = |read: fn(&Account) -> String| account.as_ref().map(read).unwrap_or_default();
        Ok(vec![
            kind.to_owned(),
            self.rows.type_name(kind)?,
            id.to_owned(),
            self.resource.display_name.clone(),
            parent_kind.to_owned(),
            parent_id.to_owned(),
            parent,
            self.resource.description.clone(),
            of(|a| a.email.clone()),
            of(|a| a.account_type.to_owned()),
            of(|a| a.status.to_owned()),
            of(|a| a.last_login.clone().unwrap_or_default()),
            created_at(&self.resource, account.as_ref()),
            self.environment()?.unwrap_or_default(),
        ])
    }
}

fn created_at(resource: &v2::Resource, account: Option<&Account>) -> String {
    let own = resource.created_at.as_ref().map(ToString::to_string);
    own.or_else(|| account.and_then(|a| a.created_at.clone()))
        .unwrap_or_default()
}

impl Rows<'_> {
    /// A resource by type and bare id; a placeholder for one that the file lacks.
    pub(super) fn resource(&self, kind: &str, id: &str) -> Result<v2::Resource> {
        let found = self.names().resource(kind, id)?;
        Ok(found.map_or_else(
            || v2::Resource {
                id: Some(resource::id(kind, id)),
                display_name: missing_resource(kind, id),
                ..Default::default()
            },
            |resource| (*resource).clone(),
        ))
    }

    /// What a resource is called; one that the file lacks by its id.
    pub(super) fn resource_name(&self, kind: &str, id: &str) -> Result<String> {
        self.resource_as(kind, id, |thing| thing.name.clone())
    }

    /// As [`Rows::resource_name`], as `called` calls it.
    pub(super) fn resource_as(&self, kind: &str, id: &str, called: fn(&Thing) -> String) -> Result<String> {
        Ok(match self.names().resource(kind, id)? {
            Some(_) => called(&self.names().thing(kind, id)?),
            None => missing_resource(kind, id),
        })
    }

    /// What a resource type is called; one that the file lacks by its id.
    pub(super) fn type_name(&self, kind: &str) -> Result<String> {
        Ok(match self.names().resource_type(kind)? {
            Some(found) if found.display_name.is_empty() => kind.to_owned(),
            Some(found) => found.display_name.clone(),
            None => missing_resource_type(kind),
        })
    }
}
