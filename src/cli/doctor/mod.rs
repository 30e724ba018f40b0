//! `doctor`: looks at everything a sync needs and says what is wrong with it, without syncing.

mod place;
mod scrub;
mod settings;
mod show;
mod table;

use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command};
use tokio_util::sync::CancellationToken;

use self::scrub::Scrub;
use self::show::Shown;
use super::service::Tenant;
use super::sync::in_runtime;
use super::{fields, interrupt, launch, logging, usage_error};
use crate::ABOUT;
use crate::baton::config::{Field, Values, check, kit};
use crate::baton::diagnosis::preflight::Preflight;
use crate::baton::diagnosis::{Check, Diagnosis, Group, Status, Verdict};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::{Allowance, HttpClient, HttpOptions, RetryPolicy, SystemClock, authorities};
use crate::baton::progress::{Observer, Silent};
use crate::baton::service::reach;
use crate::term::Terminal;
use crate::term::progress::{Display, Progress};
use crate::workato;
use crate::workato::diagnosis::{Examination, Findings};

/// Flags that the help shows besides those that connect.
pub const FLAGS: &[&str] = &[
    "workato-env",
    "privileges",
    "sync-connections",
    "sync-leaked-tokens",
    "disable-custom-roles-sync",
    "file",
    "c1z-temp-dir",
    "client-id",
    "client-secret",
    "c1-ca-cert",
    "log-level",
    "color",
];

/// The longest time one question may take, its repeat included.
const QUESTION: Duration = Duration::from_secs(40);
/// The same where others use the same allowance: it may have to wait for more than one window.
const SHARED: Duration = Duration::from_secs(240);
/// The longest time one request may take: Workato itself gives up after 40 s (`workato/api.md 3.1`).
const REQUEST: Duration = Duration::from_secs(35);
/// The longest time a look at the file may take.
const LOOK: Duration = Duration::from_secs(60);

/// Whether the help shows a field.
pub fn shown(field: &Field) -> bool {
    field.required || FLAGS.contains(&field.name) || field.heading == kit::CONNECTION
}

/// The command.
pub fn command() -> Command {
    Command::new("doctor")
        .about("Look at everything a sync needs, and say what is wrong and what to do")
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FORMAT")
                .default_value("table")
                .help("Form of the answer: table or json"),
        )
        .after_help(
            "Takes the settings of a sync, asks every endpoint once with every token, and changes nothing. No secret \
             is printed. A warning is what a sync would go on without; a failure is what would end it.\n\n\
             Exit codes: 0 if a sync would be complete, else that of the gravest failure, or warning: 16 wrong token, \
             14 not reached or held by another run, 4 no answer in time, 7 missing checkbox, 8 disk full, 15 damaged \
             file, 12 not available, 2 settings and anything else.\n\n\
             Examples:\n  baton-workato doctor --workato-data-center eu\n  \
             baton-workato doctor -o json | jq '.checks[] | select(.status != \"ok\")'",
        )
}

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Json,
}

/// Looks, and shows what it saw.
///
/// # Errors
/// A config file that cannot be read; afterwards the gravest of what was found, for the exit code.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let form = form(own)?;
    let values = launch::load(&[root, own])?;
    let display = logging::start(&values, terminal)?;
    let (preflight, findings, service) = in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        tokio::select! {
            found = look(terminal, display, &values, None) => Ok(found),
            () = cancel.cancelled() => {
                let stopped = Error::new(Kind::Cancelled, "stopped").hint("nothing was changed");
                Err(interrupts.explain(stopped))
            }
        }
    })?;
    let mut checks = settings::checks(&values);
    checks.extend(findings.checks);
    checks.extend(preflight.checks);
    checks.extend(service);
    let scrub = Scrub::of(&values);
    checks.iter_mut().for_each(|check| scrub.check(check));
    let shown = Shown {
        settings: settings::shown(&values, &scrub),
        workspace: findings.workspace,
        diagnosis: Diagnosis(checks),
    };
    match form {
        Form::Json => terminal.data(&show::json(&shown)?)?,
        Form::Table => {
            let screen = terminal.screen().map(|(columns, _)| columns);
            terminal.data(&table::render(&shown, terminal.out(), screen))?;
        }
    }
    verdict(&shown.diagnosis)
}

/// Whether a sync with these settings would be complete, without a word about it.
///
/// # Errors
/// The gravest of what was found.
pub async fn verdict_of(terminal: &Terminal, values: &Values, allowance: Option<&Allowance>) -> Result<()> {
    let (preflight, findings, service) = look(terminal, Display::Log, values, allowance).await;
    let mut checks = settings::checks(values);
    checks.extend(findings.checks);
    checks.extend(preflight.checks);
    checks.extend(service);
    let scrub = Scrub::of(values);
    checks.iter_mut().for_each(|check| scrub.check(check));
    verdict(&Diagnosis(checks))
}

fn form(own: &ArgMatches) -> Result<Form> {
    let word = own.get_one::<String>("output");
    match word.map(|word| word.to_lowercase()).as_deref() {
        Some("table" | "console") | None => Ok(Form::Table),
        Some("json") => Ok(Form::Json),
        Some(other) => Err(usage_error(format!(
            "field output: value must be one of [table json] but got '{other}'"
        ))),
    }
}

/// Everything that is looked at besides the settings: the file first, since what it holds matters for the rest.
async fn look(
    terminal: &Terminal,
    display: Display,
    values: &Values,
    allowance: Option<&Allowance>,
) -> (Preflight, Findings, Vec<Check>) {
    // A log line every ten seconds would say nothing that the answer does not.
    let progress = (display == Display::Live).then(|| Progress::start(terminal, display));
    let observer: Arc<dyn Observer> = progress
        .as_ref()
        .map_or_else(|| Arc::new(Silent) as _, Progress::observer);
    let preflight = place::look(values, LOOK).await;
    let (findings, service) = tokio::join!(
        look_at_workspace(values, &preflight, &observer, allowance),
        look_at_service(values),
    );
    (preflight, findings, service)
}

async fn look_at_workspace(
    values: &Values,
    preflight: &Preflight,
    observer: &Arc<dyn Observer>,
    allowance: Option<&Allowance>,
) -> Findings {
    let nothing = |why: &str| Findings {
        checks: vec![Check::skipped(Group::Connection, "data center", why)],
        ..Findings::default()
    };
    let accepted = check::connector_rules(fields::of_connector(), values);
    let settings = match accepted.and_then(|()| workato::config::settings(values)) {
        Ok(settings) => settings,
        Err(error) => return not_sent(&error).unwrap_or_else(|| nothing("not asked: the settings are wrong")),
    };
    let authorities = match settings.base_url.scheme() {
        "https" => authorities::check_environment(&|name| std::env::var_os(name)),
        _ => Ok(()),
    };
    let http = match authorities.and_then(|()| {
        client(
            workato::config::request_timeout(values),
            allowance,
            Arc::clone(observer),
        )
    }) {
        Ok(http) => Arc::new(http),
        Err(error) => {
            return Findings {
                checks: vec![Check::of_error(Group::Connection, "HTTP client", &error)],
                ..Findings::default()
            };
        }
    };
    let examination = Examination {
        settings: &settings,
        http: &http,
        previous: preflight.previous.as_ref(),
        limit: if allowance.is_some() { SHARED } else { QUESTION },
        per_minute: workato::config::REQUESTS_PER_MINUTE.of(values),
        observer: observer.as_ref(),
    };
    workato::diagnosis::examine(&examination).await
}

/// The token that is not sent, and why, where it is one that is wrong. What to do stands with the settings.
fn not_sent(error: &Error) -> Option<Findings> {
    let token = match error.fact_value("setting")? {
        "workato-api-key" => "DEV token",
        "workato-test-api-key" => "TEST token",
        "workato-prod-api-key" => "PROD token",
        _ => return None,
    };
    let why = format!("not sent: {error}");
    Some(Findings {
        checks: vec![Check::skipped(Group::Connection, token, why)],
        ..Findings::default()
    })
}

/// A client that repeats what failed once, and waits for no quota but one that it shares.
fn client(request_timeout: Duration, allowance: Option<&Allowance>, observer: Arc<dyn Observer>) -> Result<HttpClient> {
    HttpClient::new(HttpOptions {
        observer,
        allowance: allowance.cloned(),
        request_timeout: request_timeout.min(REQUEST),
        retry: RetryPolicy {
            max_attempts: 2,
            throttle_cap: Duration::from_secs(1),
            throttle_budget: Duration::ZERO,
            ..RetryPolicy::default()
        },
        ..HttpOptions::of(&ABOUT)
    })
}

async fn look_at_service(values: &Values) -> Vec<Check> {
    const NAME: &str = "ConductorOne";
    if kit::CLIENT_ID.of(values).is_empty() {
        let why = "not configured (--client-id): syncs run when they are started";
        return vec![Check::skipped(Group::ConductorOne, NAME, why)];
    }
    let tenant = match Tenant::of(values, std::env::var("BATON_C1_API_HOST").ok()) {
        Ok(tenant) => tenant,
        Err(error) => return vec![Check::of_error(Group::ConductorOne, "credentials", &error)],
    };
    let way = reach::Way {
        about: &ABOUT,
        host: &tenant.host,
        extra_roots: tenant.extra_roots.as_deref(),
        tokens: tenant.tokens,
        id: tenant.id,
        secret: tenant.secret,
    };
    reach::check(way, Arc::new(SystemClock), QUESTION).await
}

/// The gravest of what was found, as the error that ends the run.
fn verdict(diagnosis: &Diagnosis) -> Result<()> {
    let (Some(kind), Some(decisive)) = (diagnosis.gravest(), diagnosis.gravest_check()) else {
        return Ok(());
    };
    let counted = |status: Status, one: &str, many: &str| match diagnosis.count(status) {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let counts: Vec<String> = [
        counted(Status::Failed, "check failed", "checks failed"),
        counted(Status::Warning, "warning", "warnings"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let what = match diagnosis.verdict() {
        Verdict::Fails => "a sync with these settings would fail",
        Verdict::Incomplete | Verdict::Complete => "a sync with these settings would not be complete",
    };
    let error = Error::new(kind, format!("{what}: {}", counts.join(", "))).hint("every check above says what to do");
    Err(match decisive.code {
        Some(code) => error.code(code),
        None => error,
    })
}
