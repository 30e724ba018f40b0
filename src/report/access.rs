//! Grants and their ways: for one principal, or for whatever a filter lets pass. Who can reach what is more than that:
//! [`reach`](super::reach).

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;

use super::edges::Edges;
use super::environment;
use super::names::Names;
use super::path::{self, Origin, Paths};
use super::reach::Reach;
use super::snapshot::Snapshot;
use super::thing::{Right, Thing};
use crate::baton::annotation;
use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// Origins that are remembered while a resource is answered for.
const MOST: usize = 100_000;

/// One entitlement a principal holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The grant's id.
    pub grant_id: String,
    /// Who holds it.
    pub principal: Thing,
    /// What is held.
    pub right: Right,
    /// Whether somebody gave it, rather than it following from something else.
    pub direct: bool,
    /// Whether it can only be taken away where it comes from.
    pub immutable: bool,
    /// Each way to it: from what is held directly, through what that brings, to `right`. Shortest first. Empty
    /// where the file does not say where a derived grant comes from.
    pub paths: Vec<Vec<Right>>,
    /// Ways beyond those told.
    pub more_paths: usize,
    /// How it lets `principal` to what is reached.
    pub reach: Reach,
    /// What is reached; where nothing stands here, what `right` is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Thing>,
}

impl Access {
    /// As a way to `thing`.
    #[must_use]
    pub fn to(self, reach: Reach, thing: Thing) -> Access {
        let reached = (self.right.resource != thing).then_some(thing);
        Access { reach, reached, ..self }
    }

    /// What is reached.
    pub fn target(&self) -> &Thing {
        self.reached.as_ref().unwrap_or(&self.right.resource)
    }

    /// The environment it holds in.
    pub fn environment(&self) -> Option<&str> {
        environment::of(&self.principal, &self.right, self.reached.as_ref())
    }
}

/// Answers questions about access in one snapshot.
pub struct Answers<'s> {
    snapshot: &'s Snapshot,
    names: Names<'s>,
    edges: Arc<Edges>,
}

impl<'s> Answers<'s> {
    /// Reads what every answer needs.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn new(snapshot: &'s Snapshot) -> Result<Self> {
        Ok(Self::over(snapshot, Arc::new(Edges::read(snapshot)?)))
    }

    /// As [`Answers::new`], with edges that were read before, maybe by another thread.
    pub fn over(snapshot: &'s Snapshot, edges: Arc<Edges>) -> Self {
        Answers {
            snapshot,
            names: Names::new(snapshot),
            edges,
        }
    }

    /// The names of the snapshot.
    pub fn names(&self) -> &Names<'s> {
        &self.names
    }

    /// The edges of the snapshot.
    pub fn edges(&self) -> &Edges {
        &self.edges
    }

    /// Everything a principal holds, ordered by the resource's type, name and id, then by entitlement.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn of(&self, kind: &str, id: &str) -> Result<Vec<Access>> {
        let filter = GrantFilter {
            principal_type: Some(kind),
            principal: Some(id),
            ..Default::default()
        };
        let mut grants: Vec<v2::Grant> = Vec::new();
        let mut origins: HashMap<String, Origin> = HashMap::new();
        let sync_id = self.snapshot.sync_id();
        self.snapshot
            .reader()
            .for_each_grant_where(sync_id, &filter, &mut |row| {
                let entitlement = entitlement_of(&row.grant).to_owned();
                let origin = Origin::of(&row.grant);
                let joined = match origins.remove(&entitlement) {
                    Some(known) => known.and(&origin, &entitlement),
                    None => origin,
                };
                origins.insert(entitlement, joined);
                grants.push(row.grant);
                Ok(())
            })?;
        let origins: HashMap<String, Rc<Origin>> = origins.into_iter().map(|(id, o)| (id, Rc::new(o))).collect();
        let mut held = |entitlement: &str| Ok(origins.get(entitlement).cloned());
        let mut answers = grants
            .iter()
            .map(|grant| self.access(grant, kind, id, &mut held))
            .collect::<Result<Vec<_>>>()?;
        answers.sort_by(|a, b| {
            let key = |x: &Access| {
                let at = &x.right.resource;
                (
                    at.kind.clone(),
                    at.name.clone(),
                    at.id.clone(),
                    x.right.id.clone(),
                    x.grant_id.clone(),
                )
            };
            key(a).cmp(&key(b))
        });
        Ok(answers)
    }

    /// Calls `each` with every grant that passes the filter and is wanted, in the order of rows. Only of these the ways
    /// are looked for.
    ///
    /// # Errors
    /// As [`Answers::new`], and those of `wanted` and `each`.
    pub fn for_each_if(
        &self,
        filter: &GrantFilter<'_>,
        wanted: &mut dyn FnMut(&v2::Grant) -> Result<bool>,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<()> {
        let mut looked = Looked::new(self.snapshot);
        let (reader, sync_id) = (self.snapshot.reader(), self.snapshot.sync_id());
        reader.for_each_grant_where(sync_id, filter, &mut |row| {
            if !wanted(&row.grant)? {
                return Ok(());
            }
            each(self.one(&row.grant, &mut looked)?)
        })
    }

    /// The grants of these rows, one for each, in their order; nothing where there is no such row.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn of_rows(&self, rows: &[i64]) -> Result<Vec<Option<Access>>> {
        let mut looked = Looked::new(self.snapshot);
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let grant = self.snapshot.reader().grant_at(*row)?;
            found.push(grant.map(|grant| self.one(&grant, &mut looked)).transpose()?);
        }
        Ok(found)
    }

    fn one(&self, grant: &v2::Grant, looked: &mut Looked<'_>) -> Result<Access> {
        let (kind, id) = principal_of(grant);
        self.access(grant, kind, id, &mut |entitlement| looked.origin(entitlement, kind, id))
    }

    fn access(&self, grant: &v2::Grant, kind: &str, id: &str, held: &mut path::Held<'_>) -> Result<Access> {
        let entitlement = entitlement_of(grant);
        let Paths { chains, more } = path::to(&self.edges, kind, entitlement, held)?;
        let chain = |ids: &Vec<String>| ids.iter().map(|id| self.names.right(id)).collect::<Result<Vec<_>>>();
        Ok(Access {
            grant_id: grant.id.clone(),
            principal: self.names.thing(kind, id)?,
            right: self.names.right(entitlement)?,
            direct: Origin::of(grant).is_direct(entitlement),
            immutable: grant.annotations.iter().any(annotation::is::<v2::GrantImmutable>),
            paths: chains.iter().map(chain).collect::<Result<_>>()?,
            more_paths: more,
            reach: Reach::On,
            reached: None,
        })
    }
}

/// Origins looked up one by one, remembered as long as there is room.
struct Looked<'s> {
    snapshot: &'s Snapshot,
    known: HashMap<(String, String, String), Option<Rc<Origin>>>,
}

impl<'s> Looked<'s> {
    fn new(snapshot: &'s Snapshot) -> Self {
        Looked {
            snapshot,
            known: HashMap::new(),
        }
    }

    fn origin(&mut self, entitlement: &str, kind: &str, id: &str) -> Result<Option<Rc<Origin>>> {
        let key = (entitlement.to_owned(), kind.to_owned(), id.to_owned());
        if let Some(origin) = self.known.get(&key) {
            return Ok(origin.clone());
        }
        let mut joined: Option<Origin> = None;
        let (reader, sync_id) = (self.snapshot.reader(), self.snapshot.sync_id());
        for grant in reader.grants_between(sync_id, entitlement, kind, id)? {
            let origin = Origin::of(&grant);
            joined = Some(match joined {
                Some(known) => known.and(&origin, entitlement),
                None => origin,
            });
        }
        let origin = joined.map(Rc::new);
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(key, origin.clone());
        Ok(origin)
    }
}

/// The id of a grant's entitlement.
pub fn entitlement_of(grant: &v2::Grant) -> &str {
    grant.entitlement.as_ref().map_or("", |e| e.id.as_str())
}

/// Type and bare id of a grant's principal.
pub fn principal_of(grant: &v2::Grant) -> (&str, &str) {
    grant.principal.as_ref().map_or(("", ""), crate::baton::resource::key)
}
