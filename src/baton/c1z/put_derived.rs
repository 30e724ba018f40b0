//! The derived grants of a store: as rows, or held until the file is made.

use std::sync::{Arc, LazyLock};

use rusqlite::{Connection, ErrorCode};

use super::derived::DerivedGrant;
use super::store::Store;
use crate::baton::error::Result;

impl Store {
    /// Stores new grants that expansion derived, as [`Store::put_expanded_grants`] would store their messages. For a file of
    /// the v3 form they are only held, and become rows of it when it is made.
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

    /// Makes rows of the grants that are held.
    ///
    /// # Errors
    /// As [`Store::put_grants`].
    pub(super) fn put_held(&mut self) -> Result<()> {
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
