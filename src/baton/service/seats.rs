//! How many tasks are in work at the same time in a process that serves many workspaces, so that its memory has a bound.
//!
//! Whoever waits longest comes next: a workspace with tasks without end waits behind every other one. Syncs take long, so
//! they have seats of their own, and a grant that is to be revoked waits for no sync of another workspace. Nobody waits
//! for a seat while asking for tasks: ConductorOne may take its time to answer.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// The seats of a process. Without any, nobody waits.
#[derive(Debug, Clone, Default)]
pub struct Seats(Option<Arc<Both>>);

#[derive(Debug)]
struct Both {
    syncs: Semaphore,
    others: Semaphore,
}

/// A seat, until it is dropped.
#[derive(Debug)]
pub struct Seat<'a> {
    _permit: Option<SemaphorePermit<'a>>,
}

impl Seats {
    /// So many for syncs, and as many for other tasks.
    pub fn of(number: usize) -> Self {
        let seats = || Semaphore::new(number.clamp(1, Semaphore::MAX_PERMITS));
        Seats(Some(Arc::new(Both {
            syncs: seats(),
            others: seats(),
        })))
    }

    /// Waits for one to sync in.
    pub(super) async fn for_sync(&self) -> Seat<'_> {
        taken(self.0.as_ref().map(|both| &both.syncs)).await
    }

    /// Waits for one to do something else in.
    pub(super) async fn for_other(&self) -> Seat<'_> {
        taken(self.0.as_ref().map(|both| &both.others)).await
    }
}

async fn taken(seats: Option<&Semaphore>) -> Seat<'_> {
    let permit = match seats {
        // Nobody closes them.
        Some(seats) => seats.acquire().await.ok(),
        None => None,
    };
    Seat { _permit: permit }
}
