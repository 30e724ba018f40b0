//! In what the rows of a file lie: which of the two forms it has.

use std::fmt;
use std::path::Path;

use super::envelope;

/// What a file keeps its rows in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite: the form v1. A file holds several syncs, and every reader opens it.
    Sqlite,
    /// Pebble: the form v3. A file holds one sync.
    Pebble,
}

impl Engine {
    /// By the published name (`--storage-engine`, `SyncFullTask.storage_engine`).
    pub fn named(name: &str) -> Option<Engine> {
        match name {
            "sqlite" => Some(Engine::Sqlite),
            "pebble" => Some(Engine::Pebble),
            _ => None,
        }
    }

    /// The published name.
    pub fn as_str(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Pebble => "pebble",
        }
    }

    /// What the rows of the file at `path` lie in; nothing where there is no file, or an empty one.
    pub fn of(path: &Path) -> Option<Engine> {
        match envelope::open_v3(path) {
            Some(_) => Some(Engine::Pebble),
            None => std::fs::metadata(path)
                .is_ok_and(|found| found.len() > 0)
                .then_some(Engine::Sqlite),
        }
    }

    /// What a file gets that is written at `target`: a v3 file keeps its form, whatever is wanted, and another one gets what
    /// is wanted, if that is said, and v1 else.
    pub(super) fn at(target: &Path, wanted: Option<Engine>) -> Engine {
        match (Engine::of(target), wanted) {
            (Some(Engine::Pebble), _) => Engine::Pebble,
            (_, wanted) => wanted.unwrap_or(Engine::Sqlite),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
