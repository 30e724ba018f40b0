//! Log settings from flags (`baton/config/published.md 4`). An unknown level or format is an error: silently falling
//! back hides what the user wanted to see.

use tracing::Level;

use super::bad_value;
use crate::ABOUT;
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::error::Result;
use crate::telemetry;
use crate::term::Terminal;
use crate::term::logs::{self, Destination, Format, LogOptions};
use crate::term::progress::Display;

/// Starts logging and says how progress is to be shown.
///
/// Somebody who runs a command reads its answer or its summary: lines that only tell what is done are logged where a
/// flag, a variable or the config file asks for a log, and where nobody sits before it, as published: in a container, and
/// in service mode ([`start_as_published`]). Warnings are logged everywhere.
///
/// # Errors
/// An unknown level or format, a log file that cannot be opened.
pub fn start(values: &Values, terminal: &Terminal) -> Result<Display> {
    let is_asked_for =
        kit::LOG_LEVEL.is_set(values) || kit::LOG_FORMAT.is_set(values) || !kit::LOG_PATH.of(values).is_empty();
    let least = if is_asked_for || is_container() {
        level(kit::LOG_LEVEL.of(values))?
    } else {
        Level::WARN
    };
    begin(values, terminal, least)
}

/// As [`start`], for what runs on its own: everything that is done is logged unless a level is set.
///
/// # Errors
/// As [`start`].
pub fn start_as_published(values: &Values, terminal: &Terminal) -> Result<Display> {
    begin(values, terminal, level(kit::LOG_LEVEL.of(values))?)
}

/// As [`start_as_published`], with a level that can be set again later.
///
/// # Errors
/// As [`start`].
#[cfg(feature = "hosted")]
pub fn start_adjustable(values: &Values, terminal: &Terminal) -> Result<std::sync::Arc<dyn Fn(Level) + Send + Sync>> {
    let options = LogOptions {
        level: level_of(values)?,
        format: format(kit::LOG_FORMAT.of(values), terminal)?,
        destinations: destinations(kit::LOG_PATH.of(values)),
    };
    logs::start_adjustable(&options, terminal)
}

/// The least important lines to log, as set.
///
/// # Errors
/// An unknown level.
#[cfg(feature = "hosted")]
pub fn level_of(values: &Values) -> Result<Level> {
    level(kit::LOG_LEVEL.of(values))
}

fn begin(values: &Values, terminal: &Terminal, least: Level) -> Result<Display> {
    let chosen_format = !kit::LOG_FORMAT.of(values).is_empty();
    let may_draw = terminal.stderr_is_terminal() && !terminal.is_quiet();
    let live = may_draw && !kit::NO_PROGRESS.of(values) && !chosen_format;
    let mut options = LogOptions {
        level: least,
        format: format(kit::LOG_FORMAT.of(values), terminal)?,
        destinations: destinations(kit::LOG_PATH.of(values)),
    };
    if options.destinations.contains(&Destination::Stderr) {
        // Behind a live display only what matters is worth a line, unless a level was asked for.
        if live && !kit::LOG_LEVEL.is_set(values) {
            options.level = Level::WARN;
        }
        if terminal.is_quiet() {
            options.level = Level::ERROR;
        }
    }
    listen(values, terminal, &options)?;
    Ok(if live { Display::Live } else { Display::Log })
}

/// Whether this runs in a container: as its first process, or in a pod.
fn is_container() -> bool {
    std::process::id() == 1 || std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}

/// As [`start`], with lines from a level on, whatever is set.
///
/// # Errors
/// As [`start`].
pub fn start_from(values: &Values, terminal: &Terminal, level: Level) -> Result<()> {
    let options = LogOptions {
        level: if terminal.is_quiet() { Level::ERROR } else { level },
        format: format(kit::LOG_FORMAT.of(values), terminal)?,
        destinations: destinations(kit::LOG_PATH.of(values)),
    };
    listen(values, terminal, &options)
}

/// Starts the log, and whatever else is to hear of the run.
fn listen(values: &Values, terminal: &Terminal, options: &LogOptions) -> Result<()> {
    let listeners = match telemetry::Settings::of(values)? {
        Some(settings) => telemetry::start(&settings, &ABOUT, options.level)?,
        None => Vec::new(),
    };
    logs::start(options, terminal, listeners)
}

fn level(word: &str) -> Result<Level> {
    match word.trim().to_lowercase().as_str() {
        "debug" => Ok(Level::DEBUG),
        "info" | "" => Ok(Level::INFO),
        "warn" | "warning" => Ok(Level::WARN),
        "error" | "dpanic" | "panic" | "fatal" => Ok(Level::ERROR),
        _ => Err(bad_value(format!(
            "field log-level: value must be one of [debug info warn error] but got '{word}'"
        ))),
    }
}

fn format(word: &str, terminal: &Terminal) -> Result<Format> {
    match word.trim().to_lowercase().as_str() {
        "" if terminal.stdout_is_terminal() => Ok(Format::Console),
        "" | "json" => Ok(Format::Json),
        "console" => Ok(Format::Console),
        _ => Err(bad_value(format!(
            "field log-format: value must be one of [console json] but got '{word}'"
        ))),
    }
}

fn destinations(paths: &[String]) -> Vec<Destination> {
    if paths.is_empty() {
        return vec![Destination::Stderr];
    }
    let named = |path: &String| match path.as_str() {
        "stderr" => Destination::Stderr,
        "stdout" => Destination::Stdout,
        file => Destination::File(file.into()),
    };
    paths.iter().map(named).collect()
}
