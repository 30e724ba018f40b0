//! What a run asks for, and under which keys an unfinished sync says what it was asked.

use std::path::PathBuf;

use super::audience::Audience;
use crate::baton::c1z::{Engine, SyncType};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::proto::v2;

/// Session keys of the syncer. Those of a connector never begin with `@`.
pub const FINGERPRINT: &str = "@fingerprint";
/// As [`FINGERPRINT`]: what the connector recorded.
pub const RECORDS: &str = "@records";
/// What session keys of the syncer begin with that say which single thing answered: what it was asked for, a line
/// break, its id.
pub const ANSWERED: &str = "@answered/";
/// What a run asks for.
#[derive(Debug, Clone)]
pub struct SyncTarget {
    /// The target.
    pub file: PathBuf,
    /// Where its working copy lies; beside it when absent.
    pub temp_dir: Option<PathBuf>,
    /// What is synced.
    pub kind: SyncType,
    /// The resource types.
    pub types: Vec<v2::ResourceType>,
    /// Only an unfinished sync with the same fingerprint is taken up again.
    pub fingerprint: Fingerprint,
    /// Who the file is for.
    pub audience: Audience,
    /// Start over in any case.
    pub fresh: bool,
    /// Leave an unfinished sync to the next run, and take one up.
    pub resumable: bool,
    /// Full syncs that the target keeps; without it as the environment says.
    pub keep: Option<usize>,
    /// What the rows of a new target are to lie in, if somebody says so.
    pub engine: Option<Engine>,
}
