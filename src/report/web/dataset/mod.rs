//! What the report knows: every resource, every entitlement, and the grants in the few facts they follow from.
//!
//! Derived grants are not written down: `assets/embedded.js` follows the edges as expansion does. A grant that does
//! not come out that way, whoever wrote it, is embedded as it is; one that would come out but is not in the file is
//! named as absent. So what the page shows is what is in the file, for any file.
//!
//! Who gets to a thing otherwise than by a grant on it is decided by [`crate::report::reach`] and written down: the page
//! does not know what a project or a scope is.

mod column;
mod explain;
mod grants;
mod reach;
mod room;
mod things;

use serde::Serialize;

use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::Snapshot;
use crate::report::names::Names;
use crate::report::reach::Ground;

pub use column::Column;
pub use explain::{Edge, OddGrant};
pub use reach::{DoorRow, Entry, ScopeRow, Ways};
pub use things::{AccountColumns, Block};

/// What is embedded at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Resources, and entitlements as well.
    pub things: usize,
    /// Facts the grants follow from: direct grants and those that follow from nothing.
    pub facts: usize,
    /// Grants that are looked at to find these facts; each takes about 32 bytes meanwhile.
    pub grants: usize,
}

impl Default for Most {
    fn default() -> Self {
        Most {
            things: 100_000,
            facts: 300_000,
            grants: 5_000_000,
        }
    }
}

/// The embedded data. Resources are numbered through the blocks, then through the ghosts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// Form of the data.
    pub version: u32,
    /// Resource types: id and display name.
    pub types: Vec<(String, String)>,
    /// The resources, type by type, each in the order of rows.
    pub blocks: Vec<Block>,
    /// Resources that are named but not in the file: number of the type, and id.
    pub ghosts: Vec<(u32, String)>,
    /// Entitlements in the order of rows, then those that are named but not in the file.
    pub entitlements: Entitlements,
    /// Which entitlement passes on which.
    pub edges: Vec<Edge>,
    /// Direct grants: number of the entitlement, 1 if immutable, first principal, distance to the next one, and so on.
    pub direct: Vec<Vec<u32>>,
    /// Grants that do not follow from the edges.
    pub odd: Vec<OddGrant>,
    /// Principal and entitlement of grants that would follow from the edges but are not in the file.
    pub absent: Vec<(u32, u32)>,
    /// Ways to things that are no grants on them.
    pub ways: Ways,
    /// Whether access is left out because it is too much for one page.
    pub is_cut: bool,
}

/// The entitlements, column by column.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entitlements {
    /// Number of the resource each is on.
    pub resource: Vec<u32>,
    /// Slugs.
    pub slug: Column,
    /// Display names.
    pub name: Column,
    /// What tells each apart from others of its name on the same resource.
    pub apart: Column,
    /// Ids; null where it is type, id and slug, joined by colons.
    pub id: Column,
    /// How many grants there are of each.
    pub grants: Vec<u32>,
    /// How many of them are in the file.
    pub stored: usize,
}

impl Dataset {
    /// Reads a sync.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn read(snapshot: &Snapshot, conventions: &Conventions, most: &Most) -> Result<Dataset> {
        let mut things = things::Things::read(snapshot, most)?;
        let edges = snapshot.edges()?;
        let rows = if things.is_cut() {
            None
        } else {
            grants::GrantRows::read(snapshot, &mut things, most)?
        };
        let Some(mut rows) = rows else {
            return things::people_only(snapshot, most);
        };
        let explained = explain::explain(&mut things, edges, &mut rows);
        if explained.facts() > most.facts {
            return things::people_only(snapshot, most);
        }
        let ground = Ground::read(&Names::new(snapshot), edges, conventions)?;
        let ways = reach::read(snapshot, &mut things, &ground)?;
        things.count(&rows);
        Ok(things.into_dataset(explained, ways, false))
    }
}
