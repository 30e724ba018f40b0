//! `events`: what happened in a workspace, out of its audit logs: for people, and for programs that collect logs.

mod follow;
mod place;
mod reader;
mod show;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use self::reader::Reader;
use self::show::{Form, Shown};
use super::launch::{self, Rules};
use super::sync::in_runtime;
use super::{bad_value, connect, fields, given, interrupt, logging, span, unavailable, usage_error};
use crate::baton::code;
use crate::baton::config::{Field, Source, Values, kit};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::hook::{Hooks, Rules as HookRules};
use crate::baton::progress::Silent;
use crate::report::wording;
use crate::term::Terminal;
use crate::workato;
use crate::workato::client::timestamp;
use crate::workato::event::happened;
use crate::workato::settings::EnvironmentChoice;

/// Settings that the help shows besides those that connect.
const FLAGS: &[&str] = &[
    "workato-env",
    "log-level",
    "log-format",
    "log-path",
    "fail-on-warnings",
    "color",
    EVENT_HOOK,
];
/// The setting that both this and the service mode have.
const EVENT_HOOK: &str = "event-hook";
/// The shortest time between two looks: a log is two requests, and a family of requests may have 60 a minute.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest overlap. Everything in it is read at every look.
const WIDEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whether the help shows a field.
pub fn shown(field: &Field) -> bool {
    field.required || FLAGS.contains(&field.name) || field.heading == kit::CONNECTION
}

/// What the help says about the environment.
pub fn environment(environment: Arg) -> Arg {
    environment.help(
        "Environment whose log is read: dev, test, prod or all ($BATON_WORKATO_ENV) (default: all that have a token)",
    )
}

/// What the help says about the command of events.
pub fn hook(hook: Arg) -> Arg {
    hook.value_name("COMMAND")
        .help("Run this for every event, with the event as JSON on its stdin; it goes with --cursor-file")
        .help_heading(HOOKS)
}

/// The command.
pub fn command() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("events")
        .about("Tell what happened in a workspace, from its audit logs")
        .arg(text(
            "since",
            "WHEN",
            "How far back: a span of time such as 1h or 7d, or a time (default: 1h)",
        ))
        .arg(text(
            "feed",
            "ID",
            "Only the events of a feed: workato_usage (sign-ins) or workato_changes (default: both)",
        ))
        .arg(
            Arg::new("follow")
                .long("follow")
                .action(ArgAction::SetTrue)
                .help("Go on and tell what happens, until Ctrl-C"),
        )
        .arg(text("interval", "TIME", "Time between two looks, with --follow").default_value("1m"))
        .arg(
            text("cursor-file", "FILE", "Keep the place in this file, and go on from it")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(
            text(
                "overlap",
                "TIME",
                "How late a row may appear in a log and still be told; all of it is read at every look",
            )
            .default_value("1h"),
        )
        .arg(
            text("hook-concurrency", "N", "How many commands run at the same time")
                .default_value("4")
                .value_parser(value_parser!(u16).range(1..=64))
                .help_heading(HOOKS),
        )
        .arg(
            text(
                "hook-timeout",
                "TIME",
                "How long one may take; then it is ended, and has failed",
            )
            .default_value("1m")
            .help_heading(HOOKS),
        )
        .arg(
            text(
                "hook-tries",
                "N",
                "How often one that fails is started, with growing waits, before it is left to the next run",
            )
            .default_value("6")
            .value_parser(value_parser!(u32).range(1..=100))
            .help_heading(HOOKS),
        )
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FORMAT")
                .default_value("table")
                .value_parser(["table", "jsonl"])
                .ignore_case(true)
                .help("Form: table, or jsonl (one JSON document per event and line)"),
        )
        .after_help(
            "Reads the log of every environment that has a token, oldest event first. What cannot be read is said on \
             stderr: without such a line, and only then, silence means that nothing happened.\n\n\
             Examples:\n  \
             # What happened in the last day\n  \
             baton-workato events --since 1d\n\n  \
             # Into a log collector, without losing one when it is restarted\n  \
             baton-workato events --follow -o jsonl --cursor-file workato.events | collector\n\n  \
             # Sync again whenever something changed\n  \
             baton-workato events --follow --cursor-file workato.events --event-hook ./sync-again",
        )
}

/// The section of the help about commands that events start.
const HOOKS: &str = "Hooks";

/// What the arguments say.
struct Order {
    /// Where to begin, where no file says it.
    since: Timestamp,
    feed: Option<String>,
    /// Between two looks.
    interval: Duration,
    overlap: Duration,
    place: Option<PathBuf>,
    form: Form,
    hook: Option<HookRules>,
}

/// Tells them.
///
/// # Errors
/// Those of the settings; `NotFound` for a feed that there is not; that of the first log where none can be read;
/// `ConditionHeld` where some cannot, with `--fail-on-warnings`, and for a hook that never succeeded; those of the disk.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Connector)?;
    logging::start(&values, terminal)?;
    unavailable::no_dry_run(&values)?;
    let fields: Vec<&'static Field> = fields::all().iter().copied().filter(|f| f.name != EVENT_HOOK).collect();
    unavailable::check(&fields, &values)?;
    let order = order(&values, own)?;
    let mut settings = workato::config::settings(&values)?;
    if !workato::config::ENV.is_set(&values) {
        settings.environment = EnvironmentChoice::All;
    }
    let of = settings.base_url.to_string();
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let (connector, _) = connect::connect(settings, workato::config::limits(&values), Arc::new(Silent))?;
        let mut reader = Reader::open(connector, &of, &order)?;
        let hooks = match (&order.hook, &order.place) {
            (Some(rules), Some(place)) => Some(Arc::new(Hooks::start(rules.clone(), place)?)),
            _ => None,
        };
        if own.get_flag("follow") {
            return follow::run(terminal, &mut reader, &order, hooks.as_deref(), &cancel).await;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let told = async {
            let missing = once(terminal, &mut reader, &order, hooks.as_deref()).await?;
            finish(hooks.clone(), Arc::clone(&stop)).await?;
            if missing && kit::FAIL_ON_WARNINGS.of(&values) {
                return Err(
                    Error::new(Kind::ConditionHeld, "not every audit log could be read").code(code::SYNC_WARNINGS)
                );
            }
            Ok(())
        };
        tokio::select! {
            done = told => done,
            () = cancel.cancelled() => {
                stop.store(true, Ordering::Relaxed);
                Err(interrupts.explain(
                    Error::new(Kind::Cancelled, "cancelled").hint("what was printed is not all there is"),
                ))
            }
        }
    })
}

/// Tells what happened so far. Whether some log could not be read.
async fn once(terminal: &Terminal, reader: &mut Reader, order: &Order, hooks: Option<&Hooks>) -> Result<bool> {
    let look = reader.look().await;
    look.warn(terminal);
    look.any_readable()?;
    if let Some(hooks) = hooks {
        hooks.take(&show::told(&look.rows)?)?;
    }
    let mut shown = Shown::new(order.form);
    if shown.show(terminal, &look.rows).await? {
        reader.keep()?;
    }
    let count = wording::count(look.rows.len(), "event", "events");
    terminal.say(&format!("{count} since {} in {}.", reader.since(), look.readable()));
    Ok(!look.faults.is_empty())
}

/// Waits for the hooks, until `stop` is set.
async fn finish(hooks: Option<Arc<Hooks>>, stop: Arc<AtomicBool>) -> Result<()> {
    let Some(hooks) = hooks else {
        return Ok(());
    };
    let waited = tokio::task::spawn_blocking(move || hooks.drain(&stop)).await;
    match waited.map_err(|error| Error::new(Kind::Internal, error.to_string()))?? {
        0 => Ok(()),
        failed => {
            let events = wording::count(failed, "event", "events");
            Err(
                Error::new(Kind::ConditionHeld, format!("the hook of {events} did not succeed"))
                    .code(code::HOOK_FAILED)
                    .hint("the lines above say how it ended; the next run starts it again"),
            )
        }
    }
}

/// The command of events. It goes with a file that says how far they were told, and so which are new.
fn hook_command<'v>(values: &'v Values, own: &ArgMatches) -> Result<Option<&'v str>> {
    let command = kit::EVENT_HOOK.of(values);
    if command.is_empty() || own.get_one::<PathBuf>("cursor-file").is_some() {
        return Ok(Some(command).filter(|command| !command.is_empty()));
    }
    if values.source(EVENT_HOOK) == Source::CommandLine {
        return Err(
            usage_error("--event-hook goes with --cursor-file").hint("name a file that keeps how far events were told")
        );
    }
    // The service mode has the same variable.
    tracing::warn!("BATON_EVENT_HOOK goes with --cursor-file, and is ignored.");
    Ok(None)
}

fn order(values: &Values, own: &ArgMatches) -> Result<Order> {
    let text = |name: &str| given::text(own, name);
    let feed = text("feed")?.map(str::to_owned);
    happened::check(feed.as_deref())?;
    Ok(Order {
        since: since(text("since")?.unwrap_or("1h"), Timestamp::now())?,
        feed,
        interval: time("interval", text("interval")?, SHORTEST, WIDEST)?,
        overlap: time("overlap", text("overlap")?, SHORTEST, WIDEST)?,
        place: own.get_one::<PathBuf>("cursor-file").cloned(),
        form: Form::of(text("output")?.unwrap_or_default()),
        hook: match hook_command(values, own)? {
            Some(command) => Some(HookRules {
                command: command.to_owned(),
                at_once: own.get_one::<u16>("hook-concurrency").copied().unwrap_or(1).into(),
                limit: time("hook-timeout", text("hook-timeout")?, SHORTEST, WIDEST)?,
                tries: own.get_one::<u32>("hook-tries").copied().unwrap_or(1),
                again: None,
                hidden: fields::secret_variables(),
                remember: workato::event::REMEMBERED,
            }),
            None => None,
        },
    })
}

/// A span of time of a flag, within its limits.
fn time(flag: &str, text: Option<&str>, shortest: Duration, longest: Duration) -> Result<Duration> {
    let text = text.unwrap_or_default();
    span::of(text)
        .filter(|span| (shortest..=longest).contains(span))
        .ok_or_else(|| {
            bad_value(format!(
                "--{flag}: {text:?} is not a time from {} to {} seconds",
                shortest.as_secs(),
                longest.as_secs()
            ))
            .hint("write it as 90s, 10m or 1h30m")
        })
}

fn since(text: &str, now: Timestamp) -> Result<Timestamp> {
    let back = span::of(text).and_then(|span| SignedDuration::try_from(span).ok());
    let at = match back {
        Some(back) => now.checked_sub(back).ok(),
        None => timestamp(text),
    };
    at.ok_or_else(|| {
        bad_value(format!("--since: {text:?} is neither a span of time nor a time"))
            .hint("write it as 1h, 7d or 2026-11-20T08:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_span_or_a_time() {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let text = |text| since(text, now).unwrap().to_string();
        assert_eq!(text("1h"), "2026-11-20T07:00:00Z");
        assert_eq!(text("7d"), "2026-11-13T08:00:00Z");
        assert_eq!(text("2026-11-01"), "2026-11-01T00:00:00Z");
        for wrong in ["soon", "-1h", "0s", "12"] {
            assert_eq!(since(wrong, now).unwrap_err().kind().exit_code(), 2, "{wrong}");
        }
    }
}
