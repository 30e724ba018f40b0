//! What the environment can change about reading and retention (`baton/c1z/format.md 1.3, 4.5`).

use super::engine::Engine;
use super::envelope::Limits;

/// Full syncs a file keeps, the one about to finish included.
const KEEP: usize = 2;

/// Limits and retention of one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Limits of decoding.
    pub limits: Limits,
    /// Finished full syncs to keep, the one about to finish included (`BATON_KEEP_SYNC_COUNT`); at least 1.
    pub keep: usize,
    /// Keep every sync (`BATON_SKIP_CLEANUP`).
    pub skip_cleanup: bool,
    /// What rows of a file that is written are to lie in; nothing lets a file keep its form, and a new one be v1.
    pub engine: Option<Engine>,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            limits: Limits::default(),
            keep: KEEP,
            skip_cleanup: false,
            engine: None,
        }
    }
}

impl Policy {
    /// From the environment of the process.
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// From any source of named values. A value that cannot be understood counts as not set, as in other readers.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| {
            let text = lookup(name)?;
            let parsed = text.trim().parse::<u64>().ok().filter(|n| *n > 0);
            if parsed.is_none() && !text.trim().is_empty() {
                tracing::warn!(name, value = %text, "Ignored: not a number above zero.");
            }
            parsed
        };
        let flag = |name: &str| lookup(name).is_some_and(|text| is_true(&text));
        let standard = Policy::default();
        Policy {
            limits: Limits {
                max_decoded: number("BATON_DECODER_MAX_DECODED_SIZE_MB")
                    .map_or(standard.limits.max_decoded, |mb| mb.saturating_mul(1 << 20)),
                max_window: number("BATON_DECODER_MAX_MEMORY_MB")
                    .map_or(standard.limits.max_window, |mb| mb.saturating_mul(1 << 20)),
                trust_declared_size: !flag("BATON_DISABLE_FCS_FAIL_FAST"),
            },
            keep: number("BATON_KEEP_SYNC_COUNT").map_or(KEEP, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            skip_cleanup: flag("BATON_SKIP_CLEANUP"),
            engine: None,
        }
    }
}

/// The spellings of true that the other readers' boolean parser knows.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}
