//! Why somebody holds something now that they did not hold before: because of something they were given, or because
//! what they had gives more than it did. Turned around, the same answers why something was lost.

use std::collections::HashMap;

use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::Snapshot;
use crate::report::access::{entitlement_of, origin};
use crate::report::path::Origin;

/// Answers that are remembered: a person's privileges of one role share theirs.
const MOST: usize = 200_000;

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

/// An entitlement whose sources are looked at one after another.
struct Open {
    entitlement: String,
    /// Those that were not looked at yet, the next one last.
    sources: Vec<String>,
    current: String,
    best: Cause,
}

impl Open {
    fn of(entitlement: String, origin: &Origin) -> Open {
        let sources = origin.sources().filter(|source| *source != entitlement);
        let mut sources: Vec<String> = sources.map(str::to_owned).collect();
        sources.reverse();
        Open {
            entitlement,
            sources,
            current: String::new(),
            best: Cause::Unknown,
        }
    }

    /// Takes how the current source is held; says whether no other one needs to be looked at.
    fn learn(&mut self, held: Held) -> bool {
        let cause = match held {
            Held::Not => Cause::Unknown,
            Held::Before => Cause::Wider(self.current.clone(), self.entitlement.clone()),
            Held::New(Cause::Given) => Cause::From(self.current.clone()),
            Held::New(cause) => cause,
        };
        let is_done = matches!(cause, Cause::From(_));
        if is_done || self.best == Cause::Unknown {
            self.best = cause;
        }
        is_done
    }
}

fn key(entitlement: &str, who: (&str, &str)) -> (String, String, String) {
    (entitlement.to_owned(), who.0.to_owned(), who.1.to_owned())
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
        if Origin::is_given(grant) {
            return Ok(Cause::Given);
        }
        let open = Open::of(entitlement_of(grant).to_owned(), &Origin::of(grant));
        self.follow(vec![open], who)
    }

    /// Follows what is open to its end. The way may be as long as somebody makes chains of groups, so it is no recursion.
    fn follow(&mut self, mut way: Vec<Open>, who: (&str, &str)) -> Result<Cause> {
        let mut answer: Option<Held> = None;
        loop {
            let Some(open) = way.last_mut() else {
                return Ok(Cause::Unknown);
            };
            let is_done = match answer.take() {
                Some(held) => open.learn(held),
                None => match open.sources.pop() {
                    Some(source) => {
                        open.current.clone_from(&source);
                        answer = self.enter(source, who, &mut way)?;
                        continue;
                    }
                    None => true,
                },
            };
            if !is_done {
                continue;
            }
            let Some(done) = way.pop() else {
                return Ok(Cause::Unknown);
            };
            if way.is_empty() {
                return Ok(done.best);
            }
            let held = Held::New(done.best);
            self.remember(key(&done.entitlement, who), held.clone());
            answer = Some(held);
        }
    }

    /// How somebody holds an entitlement, where that is known or said at once; else it is to be followed.
    fn enter(&mut self, entitlement: String, who: (&str, &str), way: &mut Vec<Open>) -> Result<Option<Held>> {
        let key = key(&entitlement, who);
        if let Some(held) = self.known.get(&key) {
            return Ok(Some(held.clone()));
        }
        // Whoever holds each other in a circle finds nothing new there.
        self.remember(key.clone(), Held::Not);
        let Some(here) = origin(self.here, &entitlement, who)? else {
            return Ok(Some(Held::Not));
        };
        let there = origin(self.there, &entitlement, who)?;
        let is_direct = here.is_direct(&entitlement);
        let held = match there {
            // A shallow edge passes on what is held directly only: that it is so now can be the cause.
            Some(there) if !is_direct || there.is_direct(&entitlement) => Held::Before,
            _ if is_direct => Held::New(Cause::Given),
            _ => {
                way.push(Open::of(entitlement, &here));
                return Ok(None);
            }
        };
        self.remember(key, held.clone());
        Ok(Some(held))
    }

    fn remember(&mut self, key: (String, String, String), held: Held) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(key, held);
    }
}
