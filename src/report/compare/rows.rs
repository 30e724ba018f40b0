//! The rows that differ, as they are: what the published `C1ZDiffOutput` holds (`baton/c1z/format.md 6.3`).
//!
//! Rows are matched by what they are about and come in the order of ids: an entitlement by its id and its resource, a grant by
//! what it gives to whom, whatever its own id. A row is modified when it means something else than before: `discovered_at`,
//! the encoding, and the copies of other rows inside of it do not count.

use super::meaning::Meaning;
use super::sides::{Sides, in_both};
use crate::baton::c1z::merge::{self, Change, StoredGrant};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::access::{principal_of, right_key};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It was not there before.
    Created,
    /// It is no longer there.
    Deleted,
    /// It means something else.
    Modified,
}

impl Fate {
    /// In the order of the published message.
    pub const ALL: [Fate; 3] = [Fate::Created, Fate::Deleted, Fate::Modified];

    /// As in the published message.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Created => "created",
            Fate::Deleted => "deleted",
            Fate::Modified => "modified",
        }
    }
}

/// Streams the changes of two syncs.
pub struct Changes<'s> {
    sides: &'s Sides,
    meaning: Meaning,
}

impl<'s> Changes<'s> {
    /// Of these two.
    ///
    /// # Errors
    /// `Internal` for messages that are not compiled in.
    pub fn new(sides: &'s Sides) -> Result<Self> {
        Ok(Changes {
            sides,
            meaning: Meaning::new()?,
        })
    }

    /// Calls `each` with every changed resource type.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, and those of `each`; likewise below.
    pub fn resource_types(&self, each: &mut dyn FnMut(Change<v2::ResourceType>) -> Result<()>) -> Result<()> {
        let about = |a: &v2::ResourceType, b: &v2::ResourceType| a.id == b.id;
        self.run(
            merge::resource_types,
            &about,
            &|a, b| self.meaning.same_type(a, b),
            each,
        )
    }

    /// Calls `each` with every changed resource.
    ///
    /// # Errors
    /// As [`Changes::resource_types`].
    pub fn resources(&self, each: &mut dyn FnMut(Change<v2::Resource>) -> Result<()>) -> Result<()> {
        let about = |a: &v2::Resource, b: &v2::Resource| resource::key(a) == resource::key(b);
        self.run(merge::resources, &about, &|a, b| self.meaning.same_resource(a, b), each)
    }

    /// Calls `each` with every changed entitlement.
    ///
    /// # Errors
    /// As [`Changes::resource_types`].
    pub fn entitlements(&self, each: &mut dyn FnMut(Change<v2::Entitlement>) -> Result<()>) -> Result<()> {
        let about = |a: &v2::Entitlement, b: &v2::Entitlement| {
            let (x, y) = (a.resource.as_ref(), b.resource.as_ref());
            a.id == b.id && x.map(resource::key) == y.map(resource::key)
        };
        self.run(
            merge::entitlements,
            &about,
            &|a, b| self.meaning.same_entitlement(a, b),
            each,
        )
    }

    /// Calls `each` with every changed grant.
    ///
    /// # Errors
    /// As [`Changes::resource_types`].
    pub fn grants(&self, each: &mut dyn FnMut(Change<StoredGrant>) -> Result<()>) -> Result<()> {
        let about = |a: &StoredGrant, b: &StoredGrant| {
            right_key(&a.grant) == right_key(&b.grant) && principal_of(&a.grant) == principal_of(&b.grant)
        };
        self.run(merge::grants, &about, &|a, b| self.meaning.same_grant(a, b), each)
    }

    fn run<M>(
        &self,
        merge: Merge<M>,
        about: &dyn Fn(&M, &M) -> bool,
        same: &dyn Fn(&M, &M) -> Result<bool>,
        each: &mut dyn FnMut(Change<M>) -> Result<()>,
    ) -> Result<()> {
        let mut failed_outside = false;
        let outcome = merge(self.sides.older(), self.sides.newer(), &mut |change| {
            let mut tell = |change| each(change).inspect_err(|_| failed_outside = true);
            match change {
                // A message may say something else than the columns beside it; what it says counts.
                Change::Differs { old, new } if !about(&old, &new) => {
                    tell(Change::Deleted(old))?;
                    tell(Change::Created(new))
                }
                Change::Differs { old, new } if same(&old, &new)? => Ok(()),
                change => tell(change),
            }
        });
        if failed_outside {
            outcome
        } else {
            in_both(self.sides, outcome)
        }
    }
}

type Merge<M> = fn(merge::Side<'_>, merge::Side<'_>, &mut dyn FnMut(Change<M>) -> Result<()>) -> Result<()>;

/// What became of the row of a change, and the row: as it is, or as it was last.
pub fn fate<M>(change: Change<M>) -> (Fate, M) {
    match change {
        Change::Created(row) => (Fate::Created, row),
        Change::Deleted(row) => (Fate::Deleted, row),
        Change::Differs { new, .. } => (Fate::Modified, new),
    }
}
