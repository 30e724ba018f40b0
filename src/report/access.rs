//! Grants and their ways: for one principal, or for whatever a filter lets pass. Who can reach what is more than that:
//! [`reach`](super::reach).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Once};

use serde::Serialize;

use super::edges::Edges;
use super::environment;
use super::names::Names;
use super::path::{Chain, Origin, Paths, Ways};
use super::reach::Reach;
use super::snapshot::Snapshot;
use super::thing::{Right, RightKey, Thing};
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
    /// The first few ways to it: from what is held directly, through what that brings, to `right`. Shortest first. Empty
    /// where the file does not say where a derived grant comes from.
    pub paths: Vec<Vec<Right>>,
    /// Ways beyond those told.
    pub more_paths: usize,
    /// Whether there may be still more ways than that.
    #[serde(rename = "morePathsAtLeast", skip_serializing_if = "std::ops::Not::not")]
    pub is_least: bool,
    /// Whether the ways are only what the grant says of itself: nothing that `principal` was given leads there.
    #[serde(skip)]
    pub is_said: bool,
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
    looked: RefCell<Looked>,
}

impl<'s> Answers<'s> {
    /// Reads what every answer needs.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, here and below.
    pub fn new(snapshot: &'s Snapshot) -> Result<Self> {
        Ok(Self::over(snapshot, Arc::clone(snapshot.edges()?)))
    }

    /// As [`Answers::new`], with edges that were read before, maybe by another thread.
    pub fn over(snapshot: &'s Snapshot, edges: Arc<Edges>) -> Self {
        Answers {
            snapshot,
            names: Names::new(snapshot),
            edges,
            looked: RefCell::default(),
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
        let mut held = self.held(kind, id)?;
        held.order_by(|row| {
            let right = Rc::unwrap_or_clone(self.names.right_of_grant(row.key())?);
            Ok((right.resource.kind, right.resource.name, right.resource.id, right.id))
        })?;
        held.rows.iter().map(|row| held.access(row)).collect()
    }

    /// Everything a principal holds in the order of rows, with how it comes about, but in few bytes each.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn held(&self, kind: &str, id: &str) -> Result<Held<'_, 's>> {
        self.held_by(self.names.thing(kind, id)?)
    }

    /// As [`Answers::held`], of a principal that is known already.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn held_by(&self, principal: Thing) -> Result<Held<'_, 's>> {
        let filter = GrantFilter {
            principal_type: Some(&principal.kind),
            principal: Some(&principal.id),
            ..Default::default()
        };
        let mut rows: Vec<HeldRow> = Vec::new();
        let mut origins: HashMap<Rc<str>, Origin> = HashMap::new();
        let sync_id = self.snapshot.sync_id();
        self.snapshot
            .reader()
            .for_each_listed_grant(sync_id, &filter, &mut |listed| {
                let row = HeldRow::of(&listed.grant);
                if !self.is_plain_row(&row) {
                    add(&mut origins, &row.entitlement, &Origin::of(&listed.grant));
                }
                rows.push(row);
                Ok(())
            })?;
        let ways = if origins.is_empty() {
            // Most people hold what they were given: nothing is to be followed.
            Ways::default()
        } else {
            // Whatever a plain one says to follow from, nothing passes it on.
            for row in rows.iter().filter(|row| self.is_plain_row(row)) {
                add(&mut origins, &row.entitlement, &Origin::default());
            }
            let mut on: HashMap<&str, &HeldOn> = HashMap::new();
            if rows
                .iter()
                .any(|row| *on.entry(&row.entitlement).or_insert(&row.on) != &row.on)
            {
                warn_of_joined_ways();
            }
            let mut origin = |entitlement: &str| Ok(origins.remove(entitlement).map(Rc::new));
            let entitlements = rows.iter().map(|row| &*row.entitlement);
            Ways::to(&self.edges, &principal.kind, entitlements, &mut origin)?
        };
        Ok(Held {
            ways,
            principal,
            answers: self,
            rows,
        })
    }

    /// Calls `each` with every grant that passes the filter and is wanted, in the order of rows. Only of these the ways
    /// are looked for, and who holds it is read. `wanted` sees of both ends of a grant what the file keeps in it, maybe
    /// no more than their ids.
    ///
    /// # Errors
    /// As [`Answers::new`], and those of `wanted` and `each`.
    pub fn for_each_if(
        &self,
        filter: &GrantFilter<'_>,
        wanted: &mut dyn FnMut(&v2::Grant) -> Result<bool>,
        each: &mut dyn FnMut(Access) -> Result<()>,
    ) -> Result<()> {
        self.for_each_grant_if(filter, wanted, &mut |grant| each(self.of_grant(grant)?))
    }

    /// As [`Answers::for_each_if`], with the grants as the file keeps them.
    ///
    /// # Errors
    /// As [`Answers::for_each_if`].
    pub fn for_each_grant_if(
        &self,
        filter: &GrantFilter<'_>,
        wanted: &mut dyn FnMut(&v2::Grant) -> Result<bool>,
        each: &mut dyn FnMut(&v2::Grant) -> Result<()>,
    ) -> Result<()> {
        let (reader, sync_id) = (self.snapshot.reader(), self.snapshot.sync_id());
        reader.for_each_listed_grant(sync_id, filter, &mut |listed| match wanted(&listed.grant)? {
            true => each(&listed.grant),
            false => Ok(()),
        })
    }

    /// The grants of these rows, one for each, in their order; nothing where there is no such row.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn of_rows(&self, rows: &[i64]) -> Result<Vec<Option<Access>>> {
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let grant = self.snapshot.reader().grant_at(*row)?;
            found.push(grant.map(|grant| self.of_grant(&grant)).transpose()?);
        }
        Ok(found)
    }

    /// The entitlements by which somebody holds one.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn through(&self, (kind, id): (&str, &str), entitlement: &str) -> Result<Vec<Rc<str>>> {
        Ok(self.ways(kind, id, entitlement)?.through(entitlement))
    }

    /// A grant as an answer.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn of_grant(&self, grant: &v2::Grant) -> Result<Access> {
        let row = HeldRow::of(grant);
        let (kind, id) = principal_of(grant);
        self.of_row(&row, self.names.thing(kind, id)?)
    }

    /// A grant of somebody as an answer.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn of_row(&self, row: &HeldRow, principal: Thing) -> Result<Access> {
        let paths = match self.is_plain_row(row) {
            true => Paths::given(&row.entitlement),
            false => self
                .ways(&principal.kind, &principal.id, &row.entitlement)?
                .paths(&row.entitlement),
        };
        self.access(row, principal, paths)
    }

    /// Whether somebody gave it and nothing passes it on: whatever other rows say of it, that is the only way. A million
    /// people may hold it.
    pub fn is_plain(&self, grant: &v2::Grant) -> bool {
        Origin::is_given(grant) && self.edges().into(entitlement_of(grant)).is_empty()
    }

    fn is_plain_row(&self, row: &HeldRow) -> bool {
        row.is_direct && self.edges().into(&row.entitlement).is_empty()
    }

    /// The ways to one entitlement of somebody: what leads there is looked up as far as it is needed.
    fn ways(&self, kind: &str, id: &str, entitlement: &str) -> Result<Ways> {
        let key = (kind.to_owned(), id.to_owned());
        let mut own = self.looked.borrow_mut().take(&key);
        let mut held = |entitlement: &str| {
            if let Some(known) = own.get(entitlement) {
                return Ok(known.clone());
            }
            let origin = origin(self.snapshot, entitlement, (kind, id))?.map(Rc::new);
            own.insert(entitlement.to_owned(), origin.clone());
            Ok(origin)
        };
        let ways = Ways::to(&self.edges, kind, std::iter::once(entitlement), &mut held);
        self.looked.borrow_mut().put(key, own);
        ways
    }

    fn access(&self, row: &HeldRow, principal: Thing, paths: Paths) -> Result<Access> {
        let Paths {
            chains,
            more,
            is_least,
            is_said,
        } = paths;
        let right = self.names.right_of_grant(row.key())?;
        Ok(Access {
            grant_id: row.grant_id.clone(),
            principal,
            direct: row.is_direct,
            immutable: row.is_immutable,
            paths: chains
                .iter()
                .map(|chain| self.path(chain, &right))
                .collect::<Result<_>>()?,
            right: Rc::unwrap_or_clone(right),
            more_paths: usize::try_from(more).unwrap_or(usize::MAX),
            is_least,
            is_said,
            reach: Reach::On,
            reached: None,
        })
    }

    /// A chain to what is held; its steps are known by their ids, and by what passes them on.
    fn path(&self, chain: &Chain, held: &Right) -> Result<Vec<Right>> {
        let mut path = Vec::with_capacity(chain.ids.len());
        for (at, id) in chain.ids.iter().enumerate() {
            let mut right = match chain.ids.get(at + 1) {
                Some(next) => self.step(id, next)?,
                None => held.clone(),
            };
            // What is left out lies behind the first.
            right.left_out = if path.len() == 1 { chain.left_out } else { 0 };
            path.push(right);
        }
        Ok(path)
    }

    /// A step of a way: on the resource that passes on what comes next, where the id alone leads to none, or to another.
    fn step(&self, id: &str, next: &str) -> Result<Right> {
        for edge in self.edges().into(next).iter().filter(|edge| *edge.source == *id) {
            let (kind, on) = &*edge.holder;
            let key = RightKey { id, on: (kind, on) };
            if self.names.entitlement_of(key)?.is_some() || self.names.entitlement(id)?.is_none() {
                return Ok(Rc::unwrap_or_clone(self.names.right_of_grant(key)?));
            }
        }
        self.names.right(id)
    }
}

/// What one principal holds, and how it comes about. A row becomes an answer when it is asked for: somebody may hold a
/// great many things.
pub struct Held<'a, 's> {
    answers: &'a Answers<'s>,
    principal: Thing,
    ways: Ways,
    rows: Vec<HeldRow>,
}

/// One grant of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// The grant's id.
    pub grant_id: String,
    /// The id of what is held.
    pub entitlement: Rc<str>,
    on: HeldOn,
    /// Whether somebody gave it, rather than it following from something else.
    pub is_direct: bool,
    /// Whether it can only be taken away where it comes from.
    pub is_immutable: bool,
}

/// What the right of a row is on: there may be a million rows, and of most the id begins with it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum HeldOn {
    /// Bytes of type and bare id in the id of the entitlement, each with a colon behind it.
    InId(u32, u32),
    /// Type and bare id.
    Apart(Box<(String, String)>),
}

impl HeldOn {
    fn of(key: RightKey<'_>) -> HeldOn {
        let RightKey { id, on: (kind, on) } = key;
        let behind = id.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':'));
        let behind = behind.and_then(|rest| rest.strip_prefix(on));
        let lengths = (u32::try_from(kind.len()), u32::try_from(on.len()));
        match (behind.is_some_and(|rest| rest.starts_with(':')), lengths) {
            (true, (Ok(kind), Ok(on))) => HeldOn::InId(kind, on),
            _ => HeldOn::Apart(Box::new((kind.to_owned(), on.to_owned()))),
        }
    }

    fn in_id<'i>(&'i self, id: &'i str) -> (&'i str, &'i str) {
        match self {
            HeldOn::Apart(on) => (&on.0, &on.1),
            HeldOn::InId(kind, on) => {
                let (kind, on) = (*kind as usize, *on as usize);
                let part = |from: usize, length: usize| id.get(from..from + length).unwrap_or_default();
                (part(0, kind), part(kind + 1, on))
            }
        }
    }
}

impl HeldRow {
    /// Of a grant.
    pub fn of(grant: &v2::Grant) -> HeldRow {
        let key = right_key(grant);
        HeldRow {
            grant_id: grant.id.clone(),
            entitlement: key.id.into(),
            on: HeldOn::of(key),
            is_direct: Origin::is_given(grant),
            is_immutable: is_immutable(grant),
        }
    }

    /// What is held.
    pub fn key(&self) -> RightKey<'_> {
        RightKey {
            id: &self.entitlement,
            on: self.on.in_id(&self.entitlement),
        }
    }
}

impl Held<'_, '_> {
    /// Its grants, in the order of rows where no other was asked for.
    pub fn rows(&self) -> &[HeldRow] {
        &self.rows
    }

    /// Puts the grants in order of a key, then of their ids.
    pub(super) fn order_by<K: Ord>(&mut self, key: impl Fn(&HeldRow) -> Result<K>) -> Result<()> {
        // A million people may hold one thing each.
        if self.rows.len() < 2 {
            return Ok(());
        }
        let mut keyed = Vec::with_capacity(self.rows.len());
        for row in std::mem::take(&mut self.rows) {
            keyed.push((key(&row)?, row));
        }
        keyed.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.grant_id.cmp(&y.grant_id)));
        self.rows = keyed.into_iter().map(|(_, row)| row).collect();
        Ok(())
    }

    /// A grant with its ways.
    ///
    /// # Errors
    /// As [`Answers::new`].
    pub fn access(&self, row: &HeldRow) -> Result<Access> {
        let paths = match self.answers.is_plain_row(row) {
            true => Paths::given(&row.entitlement),
            false => self.ways.paths(&row.entitlement),
        };
        self.answers.access(row, self.principal.clone(), paths)
    }
}

/// Origins looked up one by one, by principal, remembered as long as there is room.
#[derive(Default)]
struct Looked {
    known: HashMap<(String, String), Origins>,
    size: usize,
}

type Origins = HashMap<String, Option<Rc<Origin>>>;

impl Looked {
    fn take(&mut self, who: &(String, String)) -> Origins {
        let own = self.known.remove(who).unwrap_or_default();
        self.size = self.size.saturating_sub(own.len());
        own
    }

    fn put(&mut self, who: (String, String), own: Origins) {
        if self.size + own.len() > MOST {
            self.known.clear();
            self.size = 0;
        }
        self.size += own.len();
        self.known.insert(who, own);
    }
}

/// Joins an origin to what is known of an entitlement.
fn add(origins: &mut HashMap<Rc<str>, Origin>, entitlement: &Rc<str>, origin: &Origin) {
    let joined = match origins.remove(entitlement) {
        Some(known) => known.and(origin, entitlement),
        None => origin.clone(),
    };
    origins.insert(Rc::clone(entitlement), joined);
}

/// Where somebody has an entitlement from; `None` where they have it not.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn origin(snapshot: &Snapshot, entitlement: &str, (kind, id): (&str, &str)) -> Result<Option<Origin>> {
    let filter = GrantFilter {
        entitlement: Some(entitlement),
        principal_type: Some(kind),
        principal: Some(id),
        ..Default::default()
    };
    let mut joined: Option<Origin> = None;
    let mut on: Option<HeldOn> = None;
    snapshot
        .reader()
        .for_each_listed_grant(snapshot.sync_id(), &filter, &mut |listed| {
            let origin = Origin::of(&listed.grant);
            let this = HeldOn::of(right_key(&listed.grant));
            if *on.get_or_insert_with(|| this.clone()) != this {
                warn_of_joined_ways();
            }
            joined = Some(match joined.take() {
                Some(known) => known.and(&origin, entitlement),
                None => origin,
            });
            Ok(())
        })?;
    Ok(joined)
}

/// Says once that ways to entitlements of one id, which are on several resources, are told as ways to each of them: what
/// passes them on names nothing but the id.
fn warn_of_joined_ways() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            "Entitlements of several resources have the same id. Who holds which is told by the grants; the ways to them may be \
             mixed up."
        );
    });
}

fn is_immutable(grant: &v2::Grant) -> bool {
    grant.annotations.iter().any(annotation::is::<v2::GrantImmutable>)
}

/// The id of a grant's entitlement.
pub fn entitlement_of(grant: &v2::Grant) -> &str {
    grant.entitlement.as_ref().map_or("", |e| e.id.as_str())
}

/// What a grant is of.
pub fn right_key(grant: &v2::Grant) -> RightKey<'_> {
    let on = grant.entitlement.as_ref().and_then(|e| e.resource.as_ref());
    RightKey {
        id: entitlement_of(grant),
        on: on.map_or(("", ""), crate::baton::resource::key),
    }
}

/// Type and bare id of a grant's principal.
pub fn principal_of(grant: &v2::Grant) -> (&str, &str) {
    grant.principal.as_ref().map_or(("", ""), crate::baton::resource::key)
}
