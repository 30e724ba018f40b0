//! What is declared because scripts and forms know it, but not there yet: an error, never silence.

use super::program::NAME;
use super::usage_error;
use crate::baton::code;
use crate::baton::config::{Field, Source, Support, Values, kit};
use crate::baton::error::{Error, Kind, Result};

/// Refuses settings that this version cannot follow, and warns about those that have no effect on a one-shot
/// run.
///
/// # Errors
/// `Unimplemented`, naming the flag; exit code 2 for `--skip-grants` without what it goes with.
pub fn check(fields: &[&'static Field], values: &Values) -> Result<()> {
    if kit::SKIP_GRANTS.of(values) && kit::SYNC_RESOURCES.of(values).is_empty() {
        return Err(usage_error("--skip-grants goes with --sync-resources only")
            .hint("--skip-entitlements-and-grants syncs resources alone"));
    }
    for field in fields.iter().filter(|field| values.differs_from_default(field)) {
        match field.support {
            Support::Yes => {}
            Support::NotYet => return Err(flag(field.name)),
            Support::NotBuilt(feature) => return Err(not_built(field.name, feature)),
            // Variables and files are often shared with the service mode: an image, a unit.
            Support::ServiceOnly if values.source(field.name) != Source::CommandLine => {
                tracing::debug!(
                    flag = field.name,
                    "The setting shapes the service mode only and is ignored."
                );
            }
            Support::ServiceOnly => {
                tracing::warn!(
                    flag = field.name,
                    "The flag shapes the service mode only and is ignored."
                );
            }
            Support::NoEffect | Support::Idle => {
                tracing::debug!(flag = field.name, "The flag has no effect in this connector.")
            }
        }
    }
    Ok(())
}

/// Refuses settings that only another build of this program can follow, for commands that follow few others.
///
/// # Errors
/// `Unimplemented`, naming the flag.
pub fn check_built(fields: &[&'static Field], values: &Values) -> Result<()> {
    for field in fields.iter().filter(|field| values.differs_from_default(field)) {
        if let Support::NotBuilt(feature) = field.support {
            return Err(not_built(field.name, feature));
        }
    }
    Ok(())
}

/// Refuses `--dry-run` where there is no single write it could show: whoever set it does not expect changes.
///
/// # Errors
/// Exit code 2.
pub fn no_dry_run(values: &Values) -> Result<()> {
    if !kit::DRY_RUN.of(values) {
        return Ok(());
    }
    Err(
        usage_error("--dry-run shows a write, and this command makes none of its own")
            .hint("it goes with grant, revoke and the flags that write once; unset BATON_DRY_RUN otherwise"),
    )
}

/// As [`check`], for the service mode: flags that choose another mode are ignored there
/// (`baton/config/published.md 1.5`), and so are those that only tasks decide, or that need a file which stays.
///
/// # Errors
/// `Unimplemented`, naming the flag.
pub fn check_service(fields: &[&'static Field], values: &Values) -> Result<()> {
    const DECIDED_BY_TASKS: [&str; 3] = ["sync-resources", "skip-entitlements-and-grants", "incremental"];
    if kit::SKIP_GRANTS.of(values) {
        // The published connector fails to start with it: tasks say themselves whether they want grants.
        return Err(usage_error(
            "--skip-grants goes with --sync-resources only, and that has no effect in service mode",
        ));
    }
    for field in fields.iter().filter(|field| values.differs_from_default(field)) {
        let ignored = DECIDED_BY_TASKS.contains(&field.name) || kit::chooses_mode(field);
        if ignored {
            tracing::warn!(
                flag = field.name,
                "The flag has no effect in service mode and is ignored."
            );
        } else if field.support == Support::NotYet {
            return Err(flag(field.name));
        } else if let Support::NotBuilt(feature) = field.support {
            return Err(not_built(field.name, feature));
        }
    }
    Ok(())
}

/// The error of a command that is not there yet.
pub fn command(name: &str) -> Error {
    Error::new(
        Kind::Unimplemented,
        format!("the command {name} is not available in this version"),
    )
    .code(code::NOT_AVAILABLE)
    .hint(format!("`{NAME} --help` lists the commands that are"))
}

fn flag(name: &str) -> Error {
    Error::new(
        Kind::Unimplemented,
        format!("--{name} is not available in this version"),
    )
    .code(code::NOT_AVAILABLE)
    .hint("leave the flag, its environment variable or its line in .baton.yaml out")
}

fn not_built(name: &str, feature: &str) -> Error {
    Error::new(
        Kind::Unimplemented,
        format!("this build of the program has no OpenTelemetry: --{name}"),
    )
    .code(code::NOT_AVAILABLE)
    .hint(format!(
        "one that is built with the cargo feature {feature} does; `help telemetry` says how"
    ))
}
