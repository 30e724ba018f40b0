//! How many rows a reader reads the messages of. It is a statistic, told in the log once the last of the readers of a file
//! is gone: a question about one thing should not read everything, and here it can be seen whether it does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A resource as a whole.
    Resource,
    /// A resource or an entitlement, of which only the name is read.
    Name,
    /// An entitlement.
    Entitlement,
    /// A grant, or where it comes from.
    Grant,
}

/// Counts. A row that is read twice counts twice; one that is found by its columns or its key alone does not count.
#[derive(Debug, Default)]
pub(super) struct Reads {
    resources: AtomicU64,
    names: AtomicU64,
    entitlements: AtomicU64,
    grants: AtomicU64,
    is_told: AtomicBool,
}

impl Reads {
    /// Counts that are told in the end.
    pub(super) fn told() -> Self {
        let reads = Reads::default();
        reads.is_told.store(true, Ordering::Relaxed);
        reads
    }

    /// Counts one.
    pub(super) fn count(&self, sort: Sort) {
        let count = match sort {
            Sort::Resource => &self.resources,
            Sort::Name => &self.names,
            Sort::Entitlement => &self.entitlements,
            Sort::Grant => &self.grants,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Reads {
    fn drop(&mut self) {
        if !self.is_told.load(Ordering::Relaxed) {
            return;
        }
        let [resources, names, entitlements, grants] =
            [&self.resources, &self.names, &self.entitlements, &self.grants].map(|count| count.load(Ordering::Relaxed));
        tracing::debug!(resources, names, entitlements, grants, "Rows read.");
    }
}
