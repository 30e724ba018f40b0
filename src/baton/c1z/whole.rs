//! A row as a whole message: the one place where rows become messages.
//!
//! A writer may leave out of a message what stands in the columns of its row: slim grants have neither entitlement nor
//! principal (`baton/c1z/format.md 3`). What the message lacks is taken from the columns, and what they name from
//! the row of that name, so that nobody who asks a file has to know who wrote it. What the message says, stays.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use prost::Message;
use rusqlite::Row;

use super::reads::{Reads, Sort};
use super::rows::{View, blob, decode, text};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;

/// A message that is stored in rows of its own.
pub(super) trait Stored: Message + Default {
    /// Where.
    const TABLE: &'static str;
    /// What a statement selects first, in this order: the external id, the message, and what it may lack.
    const COLUMNS: &'static str;
    /// Which of these, beside the id, say what a row is about: where they differ, it is another row.
    const ABOUT: &'static [usize];
    /// What its rows count as; types are few, and do not count.
    const SORT: Option<Sort>;

    /// Takes what is lacking from a row that begins with [`Stored::COLUMNS`].
    fn fill_in(&mut self, row: &Row<'_>, view: View<'_>) -> Result<()>;
}

/// The message of a row that begins with [`Stored::COLUMNS`].
pub(super) fn message<M: Stored>(row: &Row<'_>, view: View<'_>) -> Result<M> {
    let mut message: M = decode(blob(row, 1)?, text(row, 0)?)?;
    if let Some(sort) = M::SORT {
        view.near.reads.count(sort);
    }
    message.fill_in(row, view)?;
    Ok(message)
}

impl Stored for v2::ResourceType {
    const TABLE: &'static str = "v1_resource_types";
    const COLUMNS: &'static str = "external_id, data";
    const ABOUT: &'static [usize] = &[];
    const SORT: Option<Sort> = None;

    fn fill_in(&mut self, row: &Row<'_>, _: View<'_>) -> Result<()> {
        fill(&mut self.id, text(row, 0)?);
        Ok(())
    }
}

impl Stored for v2::Resource {
    const TABLE: &'static str = "v1_resources";
    const COLUMNS: &'static str = "external_id, data, resource_type_id, parent_resource_type_id, parent_resource_id";
    const ABOUT: &'static [usize] = &[2];
    const SORT: Option<Sort> = Some(Sort::Resource);

    fn fill_in(&mut self, row: &Row<'_>, _: View<'_>) -> Result<()> {
        let (external_id, kind) = (text(row, 0)?, text(row, 2)?);
        let bare = external_id.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'));
        fill_id(&mut self.id, kind, bare.unwrap_or(external_id));
        let parent: (Option<String>, Option<String>) = (row.get(3)?, row.get(4)?);
        // The columns are null without a parent; some writers leave them empty.
        if let (Some(kind), Some(id)) = parent
            && !(kind.is_empty() || id.is_empty())
        {
            fill_id(&mut self.parent_resource_id, &kind, &id);
        }
        Ok(())
    }
}

impl Stored for v2::Entitlement {
    const TABLE: &'static str = "v1_entitlements";
    const COLUMNS: &'static str = "external_id, data, resource_type_id, resource_id";
    const ABOUT: &'static [usize] = &[2, 3];
    const SORT: Option<Sort> = Some(Sort::Entitlement);

    fn fill_in(&mut self, row: &Row<'_>, view: View<'_>) -> Result<()> {
        fill(&mut self.id, text(row, 0)?);
        fill_resource(&mut self.resource, text(row, 2)?, text(row, 3)?, view)
    }
}

impl Stored for v2::Grant {
    const TABLE: &'static str = "v1_grants";
    const COLUMNS: &'static str = "external_id, data, entitlement_id, resource_type_id, resource_id, \
                                   principal_resource_type_id, principal_resource_id";
    const ABOUT: &'static [usize] = &[3, 4, 2, 5, 6];
    const SORT: Option<Sort> = Some(Sort::Grant);

    fn fill_in(&mut self, row: &Row<'_>, view: View<'_>) -> Result<()> {
        fill(&mut self.id, text(row, 0)?);
        let entitlement = (text(row, 2)?, text(row, 3)?, text(row, 4)?);
        fill_grant(self, entitlement, (text(row, 5)?, text(row, 6)?), view)
    }
}

/// A grant, and whether it says itself what it is of and who has it. If not, it has only their ids.
pub(super) fn grant_as_stored(row: &Row<'_>, view: View<'_>) -> Result<(v2::Grant, bool)> {
    let mut grant: v2::Grant = decode(blob(row, 1)?, text(row, 0)?)?;
    view.near.reads.count(Sort::Grant);
    if !is_empty(grant.entitlement.as_ref()) || !is_empty(grant.principal.as_ref()) {
        grant.fill_in(row, view)?;
        return Ok((grant, true));
    }
    fill(&mut grant.id, text(row, 0)?);
    let bare = |kind: &str, id: &str| v2::Resource {
        id: Some(v2::ResourceId {
            resource_type: kind.to_owned(),
            resource: id.to_owned(),
            ..v2::ResourceId::default()
        }),
        ..v2::Resource::default()
    };
    grant.entitlement = Some(v2::Entitlement {
        id: text(row, 2)?.to_owned(),
        resource: Some(bare(text(row, 3)?, text(row, 4)?)),
        ..v2::Entitlement::default()
    });
    grant.principal = Some(bare(text(row, 5)?, text(row, 6)?));
    Ok((grant, false))
}

/// Completes a grant that has only ids.
pub(super) fn complete(mut grant: v2::Grant, view: View<'_>) -> Result<v2::Grant> {
    let entitlement = grant.entitlement.take().unwrap_or_default();
    let principal = grant.principal.take().unwrap_or_default();
    let (kind, id) = entitlement.resource.as_ref().map(resource::key).unwrap_or_default();
    fill_grant(&mut grant, (&entitlement.id, kind, id), resource::key(&principal), view)?;
    Ok(grant)
}

/// Fills in what a grant is of (id, type and id of the resource) and who has it, where it does not say so.
fn fill_grant(
    grant: &mut v2::Grant,
    (entitlement_id, kind, id): (&str, &str, &str),
    (to_kind, to): (&str, &str),
    view: View<'_>,
) -> Result<()> {
    if is_empty(grant.entitlement.as_ref()) {
        let stored = view.near.entitlement(entitlement_id, view)?;
        // The columns say which resource it is; a row that says another one is another entitlement.
        let same = |e: &v2::Entitlement| e.resource.as_ref().map(resource::key) == Some((kind, id));
        grant.entitlement = stored.filter(same);
    }
    let entitlement = grant.entitlement.get_or_insert_default();
    fill(&mut entitlement.id, entitlement_id);
    fill_resource(&mut entitlement.resource, kind, id, view)?;
    fill_resource(&mut grant.principal, to_kind, to, view)
}

fn fill(said: &mut String, column: &str) {
    if said.is_empty() {
        column.clone_into(said);
    }
}

fn fill_id(said: &mut Option<v2::ResourceId>, kind: &str, id: &str) {
    let said = said.get_or_insert_default();
    fill(&mut said.resource_type, kind);
    fill(&mut said.resource, id);
}

/// Whether a message says nothing: it is not there, or there without a field.
fn is_empty<M: Default + PartialEq>(said: Option<&M>) -> bool {
    said.is_none_or(|said| *said == M::default())
}

/// A resource that another message names: as its own row has it, where the message has nothing of it.
fn fill_resource(said: &mut Option<v2::Resource>, kind: &str, id: &str, view: View<'_>) -> Result<()> {
    if is_empty(said.as_ref()) {
        *said = view.near.resource(kind, id, view)?;
    }
    fill_id(&mut said.get_or_insert_default().id, kind, id);
    Ok(())
}

/// Messages kept at most.
const MOST: usize = 20_000;

type Kept<M> = RefCell<HashMap<(String, String), Option<M>>>;

/// Messages that grants name, kept while the rows of many grants are filled in.
#[derive(Default)]
pub(super) struct Near {
    resources: Kept<v2::Resource>,
    entitlements: Kept<v2::Entitlement>,
    /// How many rows were read.
    pub(super) reads: Arc<Reads>,
}

impl Near {
    /// Nothing is kept yet, and what is read is counted there.
    pub(super) fn counted(reads: Arc<Reads>) -> Self {
        Near {
            reads,
            ..Near::default()
        }
    }

    /// Forgets everything: rows are about to change.
    pub(super) fn clear(&mut self) {
        self.resources.get_mut().clear();
        self.entitlements.get_mut().clear();
    }

    fn resource(&self, kind: &str, id: &str, view: View<'_>) -> Result<Option<v2::Resource>> {
        kept(&self.resources, view.sync_id, &format!("{kind}:{id}"), || {
            view.resource(kind, id)
        })
    }

    fn entitlement(&self, id: &str, view: View<'_>) -> Result<Option<v2::Entitlement>> {
        kept(&self.entitlements, view.sync_id, id, || view.entitlement(id))
    }
}

fn kept<M: Clone>(
    table: &Kept<M>,
    sync_id: &str,
    external_id: &str,
    look: impl FnOnce() -> Result<Option<M>>,
) -> Result<Option<M>> {
    let key = (sync_id.to_owned(), external_id.to_owned());
    if let Some(known) = table.borrow().get(&key) {
        return Ok(known.clone());
    }
    let found = look()?;
    let mut table = table.borrow_mut();
    if table.len() >= MOST {
        table.clear();
    }
    table.insert(key, found.clone());
    Ok(found)
}
