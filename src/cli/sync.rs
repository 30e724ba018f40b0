//! A one-shot sync of a workspace into a file: what the command without a name does, unless something else is asked for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::{bad_value, connect, fields, found, interrupt, next, part, policy, span, unavailable, usage_error};
use crate::baton::c1z::Engine;
use crate::baton::c1z::steps::Disk;
use crate::baton::code;
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::object::{Address, Target};
use crate::baton::sync::summary::{Status, Summary};
use crate::baton::sync::{self, Audience, Scope, Scoped, SyncEnvironment, SyncOptions};
use crate::baton::target;
use crate::term::Terminal;
use crate::term::progress::{Display, Progress};
use crate::term::summary::After;
use crate::workato;
use crate::workato::config::Limits;
use crate::workato::settings::Settings;

/// Lists read at the same time when nobody says how many (`--workers=0`): enough to keep every quota family busy, also where
/// all lists of one family come before the first of another. What a family bears is up to its pacer (`baton::http`).
const DEFAULT_WORKERS: usize = 64;
/// Most workers that `--workers=-1` takes.
const MOST_WORKERS: usize = 4;
/// Threads of a runtime in which both sides of the wire live.
const THREADS: usize = 2;
/// How long requests in flight get at the end of a run that failed.
const SHUTDOWN: Duration = Duration::from_millis(500);

/// Syncs.
///
/// # Errors
/// Those of the settings, the connector and the file; `ConditionHeld` for warnings with
/// `--fail-on-warnings`.
pub fn run(terminal: &Terminal, values: &Values, display: Display) -> Result<()> {
    unavailable::check(fields::all(), values)?;
    whole_only(values)?;
    let settings = workato::config::settings(values)?;
    let mut options = options(values)?;
    // An object is worked towards on the local disk.
    let target = Target::begin(&options.file, options.temp_dir.as_deref())?;
    options.file = target.local().to_owned();
    let part = part::of(values, &mut options)?;
    let limits = workato::config::limits(values);
    // A mistake in it is told before the work, not after it.
    let policy = policy::chosen(values)?;
    let mut summary = in_one_thread(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let outcome = read_part(terminal, display, settings, limits, &options, part, cancel).await;
        outcome.map_err(|error| interrupts.explain(error))
    })?;
    let found = found::told(&summary.file, &policy);
    if Address::of(kit::FILE.of(values).as_ref()).is_some() {
        summary.file = target.finish()?;
    }
    let after = After {
        found,
        // Names of people belong on a screen, not into the logs of a job.
        next: if terminal.stderr_is_terminal() {
            next::commands(&summary.file)
        } else {
            Vec::new()
        },
    };
    finish(terminal, &summary, &after, values)
}

/// Refuses `--incremental` for a sync of a part: it has nothing that another one could take over.
///
/// # Errors
/// Exit code 2.
fn whole_only(values: &Values) -> Result<()> {
    if !workato::config::INCREMENTAL.of(values) {
        return Ok(());
    }
    let part = [
        (!kit::SYNC_RESOURCES.of(values).is_empty(), "--sync-resources"),
        (!kit::SYNC_RESOURCE_TYPES.of(values).is_empty(), "--sync-resource-types"),
        (
            kit::SKIP_ENTITLEMENTS_AND_GRANTS.of(values),
            "--skip-entitlements-and-grants",
        ),
    ];
    match part.into_iter().find(|(is_given, _)| *is_given) {
        Some((_, flag)) => Err(
            usage_error(format!("--incremental makes full syncs only, and {flag} reads a part"))
                .hint("give one of the two"),
        ),
        None => Ok(()),
    }
}

/// Connects and syncs, with the progress shown. The display is gone when this returns.
///
/// # Errors
/// Those of the connector and of the file.
pub async fn read_workspace(
    terminal: &Terminal,
    display: Display,
    settings: Settings,
    limits: Limits,
    options: &SyncOptions,
    cancel: CancellationToken,
) -> Result<Summary> {
    read_part(terminal, display, settings, limits, options, None, cancel).await
}

/// As [`read_workspace`], of a part only, if there is one.
async fn read_part(
    terminal: &Terminal,
    display: Display,
    settings: Settings,
    limits: Limits,
    options: &SyncOptions,
    part: Option<Scope>,
    cancel: CancellationToken,
) -> Result<Summary> {
    let progress = Progress::start(terminal, display);
    let observer = progress.observer();
    let (connector, requests) = connect::connect(settings, limits, Arc::clone(&observer))?;
    let environment = SyncEnvironment {
        observer,
        cancel,
        requests,
        steps: Arc::new(Disk),
    };
    match part {
        Some(scope) => sync::run(Arc::new(Scoped::new(connector, scope)), options, &environment).await,
        None => sync::run(connector, options, &environment).await,
    }
}

/// Runs a future to its end on a small runtime, for a program that is its own server.
///
/// # Errors
/// The future's, and the system's if there can be no threads.
pub fn in_runtime<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run_in(Builder::new_multi_thread().worker_threads(THREADS), work)
}

/// As [`in_runtime`], on this thread. Requests wait, they do not compute, and what blocks has a thread of its own:
/// handing every answer from one thread to another would cost more than reading it.
fn in_one_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    run_in(&mut Builder::new_current_thread(), work)
}

fn run_in<T>(builder: &mut Builder, work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = builder.enable_all().build().context("start the runtime")?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_timeout(SHUTDOWN);
    outcome
}

/// Shows the summary, with what was found and commands to go on with, and applies `--fail-on-warnings`.
///
/// # Errors
/// `ConditionHeld` (exit code 9) if there were warnings and they are to fail the run.
pub fn finish(terminal: &Terminal, summary: &Summary, after: &After, values: &Values) -> Result<()> {
    terminal.summary(summary, after);
    if kit::FAIL_ON_WARNINGS.of(values) && summary.status == Status::CompleteWithWarnings {
        return Err(Error::new(Kind::ConditionHeld, "the sync finished with warnings")
            .code(code::SYNC_WARNINGS)
            .hint("the file is written; the summary says what was left out"));
    }
    Ok(())
}

/// The options of the sync itself.
///
/// # Errors
/// A directory for the working copy that does not exist.
pub fn options(values: &Values) -> Result<SyncOptions> {
    if kit::FILE.of(values).is_empty() {
        return Err(bad_value("--file is empty").hint("name the .c1z file to write"));
    }
    Ok(SyncOptions {
        file: kit::FILE.of(values).into(),
        temp_dir: chosen_temp_dir(values)?,
        workers: chosen_workers(values),
        resource_types: kit::SYNC_RESOURCE_TYPES.of(values).to_vec(),
        skip_entitlements_and_grants: kit::SKIP_ENTITLEMENTS_AND_GRANTS.of(values),
        partial: false,
        skip_expansion: false,
        audience: Audience::AnyReader,
        fresh: kit::FRESH.of(values),
        resumable: true,
        time_budget: time_budget(kit::TIME_BUDGET.of(values))?,
        incremental: workato::config::INCREMENTAL.of(values),
        previous: None,
        keep: chosen_keep(values),
        engine: chosen_engine(values),
    })
}

/// A span of time such as `90s`, `10m` or `1h30m`; nothing means no limit.
fn time_budget(text: &str) -> Result<Option<Duration>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    span::of(text).map(Some).ok_or_else(|| {
        bad_value(format!("field time-budget: {text:?} is not a span of time")).hint("write it as 90s, 10m or 1h30m")
    })
}

/// Full syncs that somebody wants the file to keep, if anybody said so.
pub fn chosen_keep(values: &Values) -> Option<usize> {
    let keep = usize::try_from(kit::KEEP.of(values)).ok();
    keep.filter(|_| kit::KEEP.is_set(values))
}

/// What the rows of a new file are to lie in, if anybody said so.
pub fn chosen_engine(values: &Values) -> Option<Engine> {
    Engine::named(kit::STORAGE_ENGINE.of(values))
}

/// How many lists are read at the same time.
pub fn chosen_workers(values: &Values) -> usize {
    workers(kit::WORKERS.of(values), kit::PARALLEL_SYNC.of(values), available_cpus())
}

/// Where working copies are to lie, if anywhere in particular.
///
/// # Errors
/// The directory does not exist.
pub fn chosen_temp_dir(values: &Values) -> Result<Option<PathBuf>> {
    temp_dir(kit::C1Z_TEMP_DIR.of(values), std::env::var_os("BATON_TMPDIR"))
}

/// `--c1z-temp-dir`, else `BATON_TMPDIR`, else none.
///
/// # Errors
/// A directory that does not exist.
fn temp_dir(flag: &str, variable: Option<OsString>) -> Result<Option<PathBuf>> {
    let chosen = match (flag, variable) {
        ("", None) => return Ok(None),
        ("", Some(variable)) if variable.is_empty() => return Ok(None),
        ("", Some(variable)) => PathBuf::from(variable),
        (flag, _) => PathBuf::from(flag),
    };
    if let Ok(found) = std::fs::metadata(&chosen)
        && !found.is_dir()
    {
        let message = format!(
            "the directory for the working copy is {}: {}",
            target::what(&found),
            chosen.display()
        );
        return Err(Error::new(Kind::Unknown, message)
            .code(code::NOT_A_PLAIN_FILE)
            .hint("choose another with --c1z-temp-dir"));
    }
    if !chosen.is_dir() {
        let error = Error::new(
            Kind::Unknown,
            format!(
                "the directory for the working copy does not exist: {}",
                chosen.display()
            ),
        )
        .code(code::FOLDER_MISSING);
        return Err(error.hint("create it, or choose another with --c1z-temp-dir"));
    }
    Ok(Some(chosen))
}

fn available_cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How many workers: a number above 0 is itself, 0 is our default, -1 follows the CPUs, less is one.
/// `--parallel-sync` is -1 unless a number is given.
fn workers(number: i64, parallel_sync: bool, cpus: usize) -> usize {
    match (number, parallel_sync) {
        (-1, _) | (0, true) => cpus.min(MOST_WORKERS),
        (0, false) => DEFAULT_WORKERS,
        (number, _) => usize::try_from(number).unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_follow_the_published_rules() {
        let cases = [
            (0, false, 8, 64),
            (0, true, 8, 4),
            (0, true, 2, 2),
            (-1, false, 2, 2),
            (-1, false, 16, 4),
            (-7, false, 16, 1),
            (1, true, 16, 1),
            (9, false, 2, 9),
        ];
        for (number, parallel, cpus, expected) in cases {
            assert_eq!(workers(number, parallel, cpus), expected, "{number} {parallel} {cpus}");
        }
    }

    #[test]
    fn a_time_budget_is_a_span_of_time() {
        let seconds = |text| time_budget(text).unwrap().map(|span| span.as_secs());
        assert_eq!(
            ["", "90s", "10m", "1h30m", " 2h "].map(seconds),
            [None, Some(90), Some(600), Some(5_400), Some(7_200)]
        );
        for wrong in ["10", "soon", "-5s", "0s", "1 fortnight"] {
            assert_eq!(time_budget(wrong).unwrap_err().kind().exit_code(), 2, "{wrong}");
        }
    }

    #[test]
    fn the_working_copy_wants_a_directory_that_exists() {
        assert_eq!(temp_dir("", None).unwrap(), None);
        assert_eq!(temp_dir("", Some(OsString::new())).unwrap(), None);
        assert_eq!(temp_dir("", Some("/".into())).unwrap(), Some("/".into()));
        assert_eq!(
            temp_dir("/no/such", Some("/".into())).unwrap_err().kind().exit_code(),
            2
        );
    }
}
