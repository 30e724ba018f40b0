//! Why somebody holds something now that they did not hold before: because of something they were given, or because
//! what they had gives more than it did. Turned around, the same answers why something was lost.

use std::collections::HashMap;

use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::Snapshot;
use crate::report::access::entitlement_of;
use crate::report::path::Origin;

/// Answers that are remembered: a person's privileges of one role share theirs.
const MOST: usize = 200_000;
/// Steps a cause is followed back.
const DEEPEST: usize = 64;

/// Why one grant came about. Entitlements by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// It was given as such.
    Given,
    /// This was given, and it follows from it.
    From(String),
    /// The first of these was there before, and gives the second only now.
    Wider(String, String),
    /// The file does not say.
    Unknown,
}

/// How somebody holds an entitlement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    /// Not at all.
    Not,
    /// In the other sync as well.
    Before,
    /// Only in this sync.
    New(Cause),
}

/// Finds causes in the sync where the grants are, given the sync where they are not.
pub(super) struct Causes<'s> {
    here: &'s Snapshot,
    there: &'s Snapshot,
    known: HashMap<(String, String, String), Held>,
}

impl<'s> Causes<'s> {
    pub(super) fn new(here: &'s Snapshot, there: &'s Snapshot) -> Self {
        Causes {
            here,
            there,
            known: HashMap::new(),
        }
    }

    /// The cause of a grant that is here and not there.
    pub(super) fn of(&mut self, grant: &v2::Grant, who: (&str, &str)) -> Result<Cause> {
        self.cause(entitlement_of(grant), &Origin::of(grant), who, 0)
    }

    fn cause(&mut self, entitlement: &str, origin: &Origin, who: (&str, &str), depth: usize) -> Result<Cause> {
        if origin.is_direct(entitlement) {
            return Ok(Cause::Given);
        }
        let mut best = Cause::Unknown;
        for source in origin.sources().filter(|source| *source != entitlement) {
            let cause = match self.held(source, who, depth + 1)? {
                Held::Not => Cause::Unknown,
                Held::Before => Cause::Wider(source.to_owned(), entitlement.to_owned()),
                Held::New(Cause::Given) => Cause::From(source.to_owned()),
                Held::New(cause) => cause,
            };
            if matches!(cause, Cause::From(_)) {
                return Ok(cause);
            }
            if best == Cause::Unknown {
                best = cause;
            }
        }
        Ok(best)
    }

    fn held(&mut self, entitlement: &str, who: (&str, &str), depth: usize) -> Result<Held> {
        let key = (entitlement.to_owned(), who.0.to_owned(), who.1.to_owned());
        if let Some(held) = self.known.get(&key) {
            return Ok(held.clone());
        }
        if depth > DEEPEST {
            return Ok(Held::Not);
        }
        // Whoever holds each other in a circle finds nothing new there.
        self.remember(key.clone(), Held::Not);
        let held = self.look(entitlement, who, depth)?;
        self.remember(key, held.clone());
        Ok(held)
    }

    fn look(&mut self, entitlement: &str, who: (&str, &str), depth: usize) -> Result<Held> {
        let Some(here) = origin(self.here, entitlement, who)? else {
            return Ok(Held::Not);
        };
        let there = origin(self.there, entitlement, who)?;
        let is_direct = here.is_direct(entitlement);
        match there {
            // A shallow edge passes on what is held directly only: that it is so now can be the cause.
            Some(there) if !is_direct || there.is_direct(entitlement) => Ok(Held::Before),
            _ => Ok(Held::New(self.cause(entitlement, &here, who, depth)?)),
        }
    }

    fn remember(&mut self, key: (String, String, String), held: Held) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(key, held);
    }
}

/// Where somebody has an entitlement from; `None` where they have it not.
fn origin(snapshot: &Snapshot, entitlement: &str, who: (&str, &str)) -> Result<Option<Origin>> {
    let grants = snapshot
        .reader()
        .grants_between(snapshot.sync_id(), entitlement, who.0, who.1)?;
    let mut joined: Option<Origin> = None;
    for grant in &grants {
        let origin = Origin::of(grant);
        joined = Some(match joined {
            Some(known) => known.and(&origin, entitlement),
            None => origin,
        });
    }
    Ok(joined)
}
