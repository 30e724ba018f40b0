//! How grants are expanded, and the environment variables that say so.

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};

/// Turns a cycle into an error (`baton/c1z/format.md 5.3`).
pub(super) const DONT_FIX_CYCLES: &str = "BATON_DONT_FIX_CYCLES";
/// Limits the longest chain of edges (`baton/c1z/format.md 5.5`).
pub(super) const MAX_DEPTH: &str = "BATON_GRAPH_EXPAND_MAX_DEPTH";

/// How grants are expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpandOptions {
    /// A cycle is an error rather than merged.
    pub forbid_cycles: bool,
    /// The longest chain of edges allowed; `None` is no limit. Nodes are expanded in topological order, so depth
    /// costs nothing and a limit is only there for who asks.
    pub max_depth: Option<usize>,
}

impl ExpandOptions {
    /// Reads `BATON_DONT_FIX_CYCLES` and `BATON_GRAPH_EXPAND_MAX_DEPTH`.
    ///
    /// # Errors
    /// `Unknown` when the depth is not a whole number.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var_os(name).map(|v| v.to_string_lossy().into_owned()))
    }

    /// As [`ExpandOptions::from_env`], from any source of variables. Unset, empty and 0 mean no depth limit; the
    /// spellings of true are those Go's readers accept.
    ///
    /// # Errors
    /// `Unknown` when the depth is not a whole number.
    pub fn from_variables(read: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let forbid_cycles = read(DONT_FIX_CYCLES)
            .is_some_and(|value| matches!(value.trim(), "1" | "t" | "T" | "true" | "TRUE" | "True"));
        let depth = read(MAX_DEPTH).unwrap_or_default();
        let max_depth = match depth.trim() {
            "" => None,
            text => match text.parse() {
                Ok(0) => None,
                Ok(limit) => Some(limit),
                Err(error) => {
                    return Err(Error::new(Kind::Unknown, format!("{MAX_DEPTH} is {text:?}"))
                        .code(code::SETTING_VALUE)
                        .source(error)
                        .hint("give a whole number, or unset it for no limit"));
                }
            },
        };
        Ok(ExpandOptions {
            forbid_cycles,
            max_depth,
        })
    }
}
