//! Grants that expansion derives, put together from parts that are encoded once: a million of them repeat a few
//! hundred entitlements and a few thousand principals. Expansion builds them, the store writes them.
//!
//! What comes out is byte for byte what encoding the whole message gives. A test holds this.

mod held;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use prost::encoding::{message, string};
use rusqlite::{Connection, ErrorCode};

pub(super) use self::held::{Held, Part, Row};
use super::store::Store;
use crate::baton::annotation;
use crate::baton::error::Result;
use crate::baton::grant;
use crate::baton::proto::v2;

/// Field numbers of a grant (`baton/c1z/format.md 3`).
const ENTITLEMENT: u32 = 1;
const PRINCIPAL: u32 = 2;
const ID: u32 = 3;
const ANNOTATIONS: u32 = 4;
const SOURCES: u32 = 5;

/// The one annotation of a derived grant, as it stands in the message.
static IMMUTABLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| field(ANNOTATIONS, &annotation::pack(&v2::GrantImmutable::default())));

/// An entitlement that is granted to many, as it stands in their grants.
#[derive(Debug)]
pub struct Destination {
    /// Its id.
    pub(super) id: String,
    /// The resource it is on.
    pub(super) on: v2::ResourceId,
    encoded: Vec<u8>,
}

impl Destination {
    /// From the stored entitlement; `None` if that has no id or no resource with one.
    pub fn new(entitlement: &v2::Entitlement) -> Option<Self> {
        let on = entitlement.resource.as_ref()?.id.clone()?;
        (!entitlement.id.is_empty()).then(|| Destination {
            id: entitlement.id.clone(),
            on,
            encoded: field(ENTITLEMENT, entitlement),
        })
    }
}

/// Somebody who is granted many entitlements, as they stand in their grants.
#[derive(Debug)]
pub struct Principal {
    /// Type and id.
    pub(super) id: v2::ResourceId,
    encoded: Box<[u8]>,
}

impl Principal {
    /// From the principal that another grant embeds; `None` if that has no id.
    pub fn new(resource: &v2::Resource) -> Option<Self> {
        Some(Principal {
            id: resource.id.clone()?,
            encoded: field(PRINCIPAL, resource).into(),
        })
    }

    /// Type and id.
    pub fn id(&self) -> &v2::ResourceId {
        &self.id
    }

    /// As it stands in a grant.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

/// What many grants come through, as it stands in them.
#[derive(Debug)]
pub struct Sources {
    sources: v2::GrantSources,
    encoded: Box<[u8]>,
}

impl Sources {
    /// From the message.
    pub fn new(sources: v2::GrantSources) -> Self {
        Sources {
            encoded: field(SOURCES, &sources).into(),
            sources,
        }
    }

    /// By the ids of the entitlements.
    pub fn of(&self) -> &BTreeMap<String, v2::grant_sources::GrantSource> {
        &self.sources.sources
    }
}

/// One derived grant: of the destination, to the principal, through the sources, immutable.
#[derive(Debug, Clone)]
pub struct DerivedGrant {
    /// `entitlement id:principal type:principal id`.
    pub(super) id: String,
    pub(super) destination: Arc<Destination>,
    pub(super) principal: Arc<Principal>,
    pub(super) sources: Arc<Sources>,
}

impl DerivedGrant {
    /// A grant with the id all writers give it (`baton/c1z/format.md 5.4`).
    pub fn new(destination: &Arc<Destination>, principal: &Arc<Principal>, sources: &Arc<Sources>) -> Self {
        DerivedGrant {
            id: grant::id(&destination.id, &principal.id),
            destination: Arc::clone(destination),
            principal: Arc::clone(principal),
            sources: Arc::clone(sources),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Replaces what is in `buffer` by the encoded grant.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.destination.encoded);
        buffer.extend_from_slice(&self.principal.encoded);
        string::encode(ID, &self.id, buffer);
        buffer.extend_from_slice(&IMMUTABLE);
        buffer.extend_from_slice(&self.sources.encoded);
    }
}

impl Store {
    /// Stores new grants that expansion derived, as [`Store::put_expanded_grants`] would store their messages. For a file of
    /// the v3 form they are only [held](Held), and become rows of it when it is made.
    ///
    /// # Errors
    /// As [`Store::put_grants`].
    pub fn put_derived_grants(&mut self, grants: &[DerivedGrant]) -> Result<()> {
        if self.held.is_some() {
            let (_, _, now) = self.writing()?;
            if let Some(held) = &mut self.held {
                held.add(grants, &now)?;
            }
            return Ok(());
        }
        self.put_derived_rows(grants)
    }

    /// Makes rows of the grants that are held: from here on the database has everything.
    ///
    /// # Errors
    /// As [`Store::put_grants`].
    pub(super) fn settle(&mut self) -> Result<()> {
        match self.held.take_if(|held| !held.is_empty()) {
            Some(held) => held.for_each(&mut |grants| self.put_derived_rows(grants)),
            None => Ok(()),
        }
    }

    fn put_derived_rows(&mut self, grants: &[DerivedGrant]) -> Result<()> {
        let (db, sync_id, now) = self.writing()?;
        let mut data = Vec::new();
        for of_one in grants.chunk_by(|a, b| Arc::ptr_eq(&a.destination, &b.destination)) {
            let (many, few) = of_one.as_chunks::<MANY>();
            for chunk in many {
                match insert(db, sync_id, &now, chunk, &INSERT_MANY, &mut data) {
                    Ok(()) => {}
                    // The id of one is taken by a grant on another entitlement. Those before it are in.
                    Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                        put_each(db, sync_id, &now, chunk, &mut data)?;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            put_each(db, sync_id, &now, few, &mut data)?;
        }
        Ok(())
    }
}

/// Grants per statement. Starting a statement costs about as much as an insert.
const MANY: usize = 32;

/// A statement of many rows that can be undone halfway keeps the old form of every page it changes; one that cannot
/// does not, and takes half the time. So this one fails halfway, and [`PUT_ONE`] does it again.
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| format!("insert or fail {}", rows(MANY)));

static PUT_ONE: LazyLock<String> = LazyLock::new(|| {
    let rows = rows(1);
    format!("insert {rows} on conflict (external_id, sync_id) do update set data = excluded.data")
});

/// Parameters that are the same for all grants of a statement.
const SHARED: usize = 5;
/// Parameters of one grant.
const OWN: usize = 4;

fn rows(grants: usize) -> String {
    let row = |n: usize| {
        let [kind, id, external_id, data] = [1, 2, 3, 4].map(|own| SHARED + n * OWN + own);
        format!("(?1, ?2, ?3, ?4, ?5, null, 0, ?{kind}, ?{id}, ?{external_id}, ?{data})")
    };
    format!(
        "into v1_grants (sync_id, discovered_at, resource_type_id, resource_id, entitlement_id, expansion, \
         needs_expansion, principal_resource_type_id, principal_resource_id, external_id, data) values {}",
        (0..grants).map(row).collect::<Vec<_>>().join(", ")
    )
}

fn put_each(
    db: &Connection,
    sync_id: &str,
    now: &str,
    grants: &[DerivedGrant],
    data: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    grants
        .chunks(1)
        .try_for_each(|one| insert(db, sync_id, now, one, &PUT_ONE, data))
}

/// Inserts grants of one destination, as many as `sql` has rows.
fn insert(
    db: &Connection,
    sync_id: &str,
    now: &str,
    grants: &[DerivedGrant],
    sql: &str,
    data: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    let Some(destination) = grants.first().map(|grant| &grant.destination) else {
        return Ok(());
    };
    let mut statement = db.prepare_cached(sql)?;
    let shared = [
        sync_id,
        now,
        &destination.on.resource_type,
        &destination.on.resource,
        &destination.id,
    ];
    for (at, value) in shared.into_iter().enumerate() {
        statement.raw_bind_parameter(1 + at, value)?;
    }
    let mut at = 1 + SHARED;
    for grant in grants {
        let principal = grant.principal.id();
        for value in [&principal.resource_type, &principal.resource, &grant.id] {
            statement.raw_bind_parameter(at, value)?;
            at += 1;
        }
        grant.encode(data);
        statement.raw_bind_parameter(at, data.as_slice())?;
        at += 1;
    }
    statement.raw_execute()?;
    Ok(())
}

fn field(number: u32, value: &impl prost::Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message::encode(number, value, &mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
