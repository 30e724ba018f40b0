//! What every command that works does first: join all sources of settings and check them, in the published
//! order (`baton/config/published.md 1.1`).

use std::path::Path;

use clap::ArgMatches;

use super::{fields, variables};
use crate::baton::config::values::Surroundings;
use crate::baton::config::{Values, check, groups};
use crate::baton::error::Result;

/// Which rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Those of a run that connects: required fields, the connector's rules.
    Connector,
    /// The kit's only.
    Kit,
    /// The kit's, where two syncs may be named without `--diff-syncs`.
    TwoSyncs,
}

/// The settings of this run. `matches` are the root's and the subcommand's.
///
/// # Errors
/// Everything that is wrong with them, exit code 2.
pub fn settings(matches: &[&ArgMatches], rules: Rules) -> Result<Values> {
    let values = load(matches)?;
    if rules == Rules::Connector {
        check::required(fields::all(), &values)?;
    }
    let own = |name: &str| rules == Rules::TwoSyncs && ["base-sync-id", "applied-sync-id"].contains(&name);
    groups::check(|name| values.is_set(name) && !own(name))?;
    check::kit_rules(fields::of_kit(), &values)?;
    if rules == Rules::Connector {
        check::connector_rules(fields::of_connector(), &values)?;
    }
    Ok(values)
}

/// The settings of this run as they stand, unchecked.
///
/// # Errors
/// A config file that cannot be read, a value of another type than its field's: exit code 2.
pub fn load(matches: &[&ArgMatches]) -> Result<Values> {
    variables::check(&|name| std::env::var_os(name))?;
    let around = Surroundings {
        env: &|name| std::env::var_os(name),
        directory: Path::new(""),
    };
    Values::load(fields::all(), matches, &around)
}
