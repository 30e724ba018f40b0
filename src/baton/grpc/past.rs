//! What answered in the syncs of this process that are over, or under way beside a new one. It lasts as long as the process:
//! whoever means a loss starts it again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Zoned;

use crate::baton::c1z::timestamp;
use crate::baton::connector::SyncContext;
use crate::baton::memory::{Kept, PreviousSync, Remembered};

/// Ids of things that answered, by what they were asked for.
type Answered = BTreeMap<String, BTreeSet<String>>;

/// See the module.
#[derive(Default)]
pub struct Past {
    answered: Answered,
    /// The sync that said so last, and when.
    last: (String, String),
    /// Grows with every change.
    state: u64,
}

impl Past {
    /// How often it changed.
    pub fn state(&self) -> u64 {
        self.state
    }

    /// What a sync that begins now is told; `None` before anything answered.
    pub fn previous(&self) -> Option<Arc<PreviousSync>> {
        if self.answered.is_empty() {
            return None;
        }
        let (sync_id, ended_at) = self.last.clone();
        Some(Arc::new(PreviousSync {
            sync_id,
            ended_at,
            remembered: Remembered {
                answered: self.answered.clone(),
                ..Remembered::default()
            },
            kept: Kept::InProcess,
        }))
    }

    /// Adds what answered in a sync so far.
    pub fn add(&mut self, sync: &SyncContext) {
        let before = self.answered.clone();
        for (asked, ids) in left(sync) {
            self.answered.entry(asked).or_default().extend(ids);
        }
        if self.answered != before {
            self.changed(sync);
        }
    }

    /// A sync is over that was told the past of a state. Nothing else happened since: what it no longer has was deleted in
    /// the meantime, and is forgotten.
    pub fn end(&mut self, sync: &SyncContext, knows: u64) {
        if knows != self.state {
            self.add(sync);
            return;
        }
        let left = left(sync);
        if left != self.answered {
            self.answered = left;
            self.changed(sync);
        }
    }

    fn changed(&mut self, sync: &SyncContext) {
        self.state += 1;
        self.last = (sync.sync_id.to_string(), timestamp::text(Zoned::now().datetime()));
    }
}

fn left(sync: &SyncContext) -> Answered {
    let before = sync.previous.as_ref().map(|previous| &previous.remembered);
    Remembered::of(&sync.records, before, &[]).answered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sync(past: &Past, asked: &[&str], still_there: &[&str]) -> SyncContext {
        let cx = SyncContext {
            previous: past.previous(),
            ..SyncContext::detached()
        };
        cx.records
            .begin("groups", still_there.iter().map(|id| (*id).to_owned()));
        for id in asked {
            cx.records.note("groups", id);
        }
        cx
    }

    fn known(past: &Past) -> Vec<String> {
        let previous = past.previous();
        let groups = previous.and_then(|previous| previous.remembered.answered.get("groups").cloned());
        groups.into_iter().flatten().collect()
    }

    #[test]
    fn what_answered_is_known_until_it_is_gone() {
        let mut past = Past::default();
        assert_eq!(past.previous(), None);
        let first = sync(&past, &["1", "2"], &[]);
        past.end(&first, past.state());
        assert_eq!(known(&past), ["1", "2"]);
        // One of them was deleted, and a sync that ended early asked for none.
        let second = sync(&past, &[], &["2"]);
        past.end(&second, past.state());
        assert_eq!(known(&past), ["2"]);
        let idle = SyncContext {
            previous: past.previous(),
            ..SyncContext::detached()
        };
        past.end(&idle, past.state());
        assert_eq!(known(&past), ["2"], "it asked for nothing at all");
    }

    #[test]
    fn of_two_at_a_time_nothing_is_lost() {
        let mut past = Past::default();
        let knows = past.state();
        let (one, other) = (sync(&past, &["1"], &[]), sync(&past, &["2"], &[]));
        past.add(&one);
        assert_eq!(known(&past), ["1"], "it is under way still");
        past.end(&other, knows);
        past.end(&one, knows);
        assert_eq!(known(&past), ["1", "2"]);
    }
}
