//! `demo`: sync a simulated workspace, to see what comes out without an account.

pub mod keep;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::launch::{self, Rules};
use super::sync::{finish, in_runtime, options, read_workspace};
use super::{fields, found, interrupt, logging, next, policy, unavailable};
use crate::baton::config::kit;
use crate::baton::config::{Field, Source};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::secret::Secret;
use crate::simulator::{self, AccessModel, AgentsShape, Behavior, Env, Shape, Simulator};
use crate::term::Terminal;
use crate::term::summary::After;
use crate::workato;
use crate::workato::config::{Limits, request_timeout};
use crate::workato::settings::{FolderDepth, PrivilegesMode, Settings};

/// Flags of the kit that the help of this command shows.
pub const FLAGS: &[&str] = &[
    "file",
    "workers",
    "log-level",
    "log-format",
    "fail-on-warnings",
    "color",
    "no-progress",
];

/// Where the file goes unless `-f` says otherwise.
pub const FILE: &str = "demo.c1z";

/// What the simulated workspace is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// How many people.
    pub people: u32,
    /// How many projects.
    pub projects: u32,
    /// Equal seeds make equal workspaces.
    pub seed: u64,
    /// The access model before role-based access control v2.
    pub legacy: bool,
    /// The environment to sync: `dev`, `test`, `prod` or `all`.
    pub environment: String,
}

/// Whether the help shows a field.
pub fn shown(field: &Field) -> bool {
    FLAGS.contains(&field.name)
}

/// What the help says about the file.
pub fn file(file: Arg) -> Arg {
    file.help(format!("The .c1z file to write (default {FILE:?})"))
}

/// The command.
pub fn command() -> Command {
    workspace_flags(Command::new("demo").about("Sync a simulated workspace: no account, no network")).after_help(
        "Examples:\n  baton-workato demo\n  baton-workato demo --people 5000 --env all -f big.c1z\n\n  \
                     # Something to try diff, findings, doctor, grant and revoke on\n  baton-workato demo --keep",
    )
}

/// Adds the flags that shape a simulated workspace.
#[must_use]
pub fn workspace_flags(command: Command) -> Command {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(default)
            .help(help)
            .action(ArgAction::Set)
    };
    command
        .arg(number("people", "60", "People of the workspace").value_parser(value_parser!(u32).range(1..=100_000)))
        .arg(number("projects", "12", "Projects of the workspace").value_parser(value_parser!(u32).range(0..=10_000)))
        .arg(number("seed", "2026", "Equal seeds make equal workspaces").value_parser(value_parser!(u64)))
        .arg(
            Arg::new("legacy")
                .long("legacy")
                .action(ArgAction::SetTrue)
                .help("Use the access model of older workspaces: system and custom roles instead of RBAC v2"),
        )
        .arg(
            Arg::new("env")
                .long("env")
                .value_name("ENV")
                .default_value("all")
                .value_parser(["dev", "test", "prod", "all"])
                .ignore_case(true)
                .help("Environment to sync"),
        )
}

/// Simulates and syncs.
///
/// # Errors
/// As a sync.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    let display = logging::start(&values, terminal)?;
    unavailable::check_built(fields::of_kit(), &values)?;
    let policy = policy::chosen(&values)?;
    let workspace = workspace(own);
    let mut options = options(&values)?;
    // Only a typed name counts: an exported BATON_FILE is the file of the real syncs.
    if kit::FILE.source(&values) != Source::CommandLine {
        options.file = FILE.into();
    }
    // The simulated workspace is gone with its process: there is nothing to go on with.
    options.resumable = false;
    let stays = keep::is_asked(own);
    if stays {
        options.keep = None;
    }
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let (simulator, settings) = simulate(&workspace).await?;
        // The simulated workspace has no quotas.
        let limits = Limits {
            request_timeout: request_timeout(&values),
            pace: None,
        };
        let sync = async || {
            let outcome = read_workspace(terminal, display, settings.clone(), limits, &options, cancel.clone()).await;
            outcome.map_err(|error| interrupts.explain(error))
        };
        let yesterday = stays.then(|| simulator.workspace().yesterday());
        let before = match &yesterday {
            Some(yesterday) => {
                let today = simulator.workspace();
                simulator.change(|now| *now = yesterday.workspace.clone());
                let summary = sync().await?;
                simulator.change(|now| *now = today);
                Some((summary, yesterday.gained.as_ref()))
            }
            None => None,
        };
        let summary = sync().await?;
        let after = After {
            found: found::told(&summary.file, &policy),
            next: next::commands(&summary.file),
        };
        finish(terminal, &summary, &after, &values)?;
        let Some((before, gained)) = before else {
            return Ok(());
        };
        let stage = keep::Stage {
            simulator: &simulator,
            before: &before,
            now: &summary,
            gained,
        };
        keep::stay(terminal, &stage, &cancel).await
    })
}

/// What the flags say.
pub fn workspace(own: &ArgMatches) -> Workspace {
    Workspace {
        people: own.get_one("people").copied().unwrap_or_default(),
        projects: own.get_one("projects").copied().unwrap_or_default(),
        seed: own.get_one("seed").copied().unwrap_or_default(),
        legacy: own.get_flag("legacy"),
        environment: own.get_one::<String>("env").cloned().unwrap_or_default(),
    }
}

/// Starts the simulated workspace and says how to connect to it. It lives as long as the returned handle.
///
/// # Errors
/// No loopback port can be opened.
pub async fn simulate(workspace: &Workspace) -> Result<(Simulator, Settings)> {
    let generated = simulator::Workspace::generate(&shape(workspace));
    let simulator = Simulator::start(generated, Behavior::default()).await?;
    let base_url = simulator.base_url();
    let settings = Settings {
        base_url: base_url
            .parse()
            .map_err(|e| Error::new(Kind::Internal, format!("{base_url}: {e}")))?,
        dev_token: Secret::new(simulator.token(Env::Dev)),
        test_token: Some(Secret::new(simulator.token(Env::Test))),
        prod_token: Some(Secret::new(simulator.token(Env::Prod))),
        environment: workato::config::environment(&workspace.environment),
        disable_custom_roles_sync: false,
        privileges: PrivilegesMode::default(),
        folder_depth: FolderDepth::default(),
        customer: None,
        sync_connections: false,
        sync_leaked_tokens: false,
        own: workato::settings::OwnToken::default(),
    };
    Ok((simulator, settings))
}

/// What the simulated workspace looks like.
pub fn shape(workspace: &Workspace) -> Shape {
    Shape {
        seed: workspace.seed,
        model: if workspace.legacy {
            AccessModel::Legacy
        } else {
            AccessModel::RbacV2
        },
        people: workspace.people as usize,
        projects: workspace.projects as usize,
        agents: Some(AgentsShape::demo()),
        now: today(),
        ..Shape::default()
    }
}

/// The start of this day in UTC: last activities look recent, and two demos of one day are equal.
fn today() -> Timestamp {
    const DAY: i64 = 24 * 60 * 60;
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second() / DAY * DAY).unwrap_or(now)
}
