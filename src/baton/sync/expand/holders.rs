//! Who holds a source entitlement, kept as long as another destination needs it and it fits.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::ExpansionStore;
use super::cycles::Folded;
use super::graph::{Edge, Entitlement, Graph};
use super::order::Plan;
use super::stats::ExpansionStats;
use crate::baton::c1z::Principal;
use crate::baton::error::Result;
use crate::baton::proto::v2;

/// How many holders are kept in memory beyond those of the destination in work.
const KEPT_HOLDERS: usize = 200_000;

/// One grant of a source entitlement, as far as expansion needs it.
#[derive(Debug)]
pub(super) struct SourceGrant {
    /// The principal as the grant embeds it.
    pub(super) principal: Arc<Principal>,
    /// The grant has no source, or its own entitlement is one of them.
    pub(super) direct: bool,
}

impl SourceGrant {
    /// What identifies the principal.
    pub(super) fn key(&self) -> (&str, &str) {
        key(self.principal.id())
    }
}

/// What identifies a principal: its type and id, nothing else.
pub(super) fn key(id: &v2::ResourceId) -> (&str, &str) {
    (&id.resource_type, &id.resource)
}

/// Whether a grant on `entitlement_id` is held directly (`baton/c1z/format.md 5.4`, rule 4).
fn is_direct(grant: &v2::Grant, entitlement_id: &str) -> bool {
    grant
        .sources
        .as_ref()
        .is_none_or(|s| s.sources.is_empty() || s.sources.contains_key(entitlement_id))
}

/// What is still wanted of one source entitlement.
struct Use {
    /// Destination entitlements that will ask for it.
    remaining: usize,
    /// What all of them together let through: nothing else need be read.
    widest: Edge,
    /// It has been read before, so what it lacks has been counted.
    read: bool,
}

/// The holders of source entitlements.
pub(super) struct Holders {
    uses: BTreeMap<Entitlement, Use>,
    kept: BTreeMap<Entitlement, Rc<[SourceGrant]>>,
    kept_holders: usize,
    /// Everybody that was met, so that a person with many roles is there once.
    met: HashSet<Met>,
}

/// A principal as it stands in a grant.
struct Met(Arc<Principal>);

impl std::hash::Hash for Met {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // Most that have one id say the same of themselves.
        let id = self.0.id();
        (&id.resource_type, &id.resource).hash(state);
    }
}

impl PartialEq for Met {
    fn eq(&self, other: &Self) -> bool {
        self.0.encoded() == other.0.encoded()
    }
}

impl Eq for Met {}

impl Holders {
    /// Knows from the plan how often each source will be asked for.
    pub(super) fn new(folded: &Folded, plan: &Plan<'_>) -> Self {
        let mut uses: BTreeMap<Entitlement, Use> = BTreeMap::new();
        for (node, sources) in &plan.destinations {
            let askers = folded.nodes.get(*node).map_or(0, Vec::len);
            for (source, edge) in sources {
                for entitlement in folded.nodes.get(*source).into_iter().flatten() {
                    uses.entry(*entitlement)
                        .and_modify(|u| {
                            u.remaining += askers;
                            u.widest.merge(edge);
                        })
                        .or_insert_with(|| Use {
                            remaining: askers,
                            widest: (*edge).clone(),
                            read: false,
                        });
                }
            }
        }
        Holders {
            uses,
            kept: BTreeMap::new(),
            kept_holders: 0,
            met: HashSet::new(),
        }
    }

    /// The holders of a source that any of its edges lets through, ordered by principal and then by grant id. All
    /// that feeds the source must have been written.
    pub(super) fn of(
        &mut self,
        store: &impl ExpansionStore,
        graph: &Graph,
        source: Entitlement,
        stats: &mut ExpansionStats,
    ) -> Result<Rc<[SourceGrant]>> {
        let Some(usage) = self.uses.get_mut(&source) else {
            return Ok(Rc::default());
        };
        usage.remaining = usage.remaining.saturating_sub(1);
        let wanted_again = usage.remaining > 0;
        if wanted_again {
            if let Some(holders) = self.kept.get(&source) {
                return Ok(Rc::clone(holders));
            }
        } else if let Some(holders) = self.kept.remove(&source) {
            self.kept_holders -= holders.len();
            return Ok(holders);
        }
        let holders: Rc<[SourceGrant]> = read(store, graph.name(source), usage, &mut self.met, stats)?.into();
        if wanted_again && self.kept_holders + holders.len() <= KEPT_HOLDERS {
            self.kept_holders += holders.len();
            self.kept.insert(source, Rc::clone(&holders));
        }
        Ok(holders)
    }
}

fn read(
    store: &impl ExpansionStore,
    entitlement_id: &str,
    usage: &mut Use,
    met: &mut HashSet<Met>,
    stats: &mut ExpansionStats,
) -> Result<Vec<SourceGrant>> {
    let types: Option<Vec<String>> = usage
        .widest
        .principal_types
        .as_ref()
        .map(|t| t.iter().cloned().collect());
    let mut rows: Vec<(String, SourceGrant)> = Vec::new();
    store.for_each_grant_of(entitlement_id, types.as_deref(), &mut |grant| {
        let direct = is_direct(&grant, entitlement_id);
        match grant.principal.as_ref().and_then(|p| Some((p, p.id.as_ref()?))) {
            Some((principal, id)) => {
                if usage.widest.passes(&id.resource_type, direct)
                    && let Some(principal) = Principal::new(principal)
                {
                    let principal = once(met, principal);
                    rows.push((grant.id, SourceGrant { principal, direct }));
                }
            }
            _ if usage.read => {}
            _ => stats.without_principal.add(|| grant.id),
        }
        Ok(())
    })?;
    usage.read = true;
    rows.sort_unstable_by(|(a_grant, a), (b_grant, b)| a.key().cmp(&b.key()).then_with(|| a_grant.cmp(b_grant)));
    Ok(rows.into_iter().map(|(_, holder)| holder).collect())
}

/// The principal as it was met before, if it was.
fn once(met: &mut HashSet<Met>, principal: Principal) -> Arc<Principal> {
    let new = Met(Arc::new(principal));
    match met.get(&new) {
        Some(known) => Arc::clone(&known.0),
        None => {
            let principal = Arc::clone(&new.0);
            met.insert(new);
            principal
        }
    }
}
