//! The commands and their flags, as clap wants them.

use std::sync::LazyLock;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{
    access, completion, connector_service, demo, diff, doctor, explain, explore, export, grant, health_check, man,
    manifests, serve, simulate, usage_error,
};
use super::{entitlements, grants, principals, read, resource_types, resources, stats, syncs, verify};
use crate::baton::config::args::{self, Purpose};
use crate::baton::config::{Field, kit};
use crate::baton::error::Result;
use crate::workato;

/// The program's name.
pub const NAME: &str = "baton-workato";
/// What `--version` prints behind the name.
pub const VERSION: &str = concat!("version ", env!("CARGO_PKG_VERSION"));

const ABOUT: &str =
    "Reads who has access to what in a Workato workspace into a .c1z file that every Baton reader accepts.";

const EXAMPLES: &str = "\
Examples:
  # Sync the DEV environment of a workspace in the EU data center to sync.c1z
  BATON_WORKATO_API_KEY=... baton-workato --workato-data-center eu

  # Sync all environments, and end with exit code 9 if anything was left out
  baton-workato --workato-env all --fail-on-warnings -f workato.c1z

  # Stay connected to ConductorOne and do what it asks for
  BATON_CLIENT_ID=... BATON_CLIENT_SECRET=... BATON_WORKATO_API_KEY=... baton-workato

  # Try it without an account: a simulated workspace with 500 people
  baton-workato demo --people 500

Every flag can be set by its environment variable, or by its name in .baton.yaml in the
current directory (BATON_CONFIG_PATH names another file). The command line wins over the
environment, the environment over the file. Exit codes are 0 or the gRPC number of the error:
2 usage, 4 time budget used up, 7 permission denied, 12 not available, 14 unavailable, 16 wrong
token; 9 is a condition that held (--fail-on-warnings); 130 after Ctrl-C, 143 after SIGTERM.

A sync that is stopped, by whatever, leaves what it read in FILE.partial. The same command goes on
from there within seven days.";

/// Flags that the help of `serve` shows besides those that connect.
const SERVE_FLAGS: &[&str] = &[
    "workato-env",
    "privileges",
    "folder-depth",
    "sync-connections",
    "disable-custom-roles-sync",
    "workato-requests-per-minute",
    "provisioning",
    "log-level",
    "log-format",
];

/// The fields of the connector, which people set most, and of the kit.
pub fn all_fields() -> &'static [&'static Field] {
    static ALL: LazyLock<Vec<&'static Field>> =
        LazyLock::new(|| workato::config::FIELDS.iter().chain(kit::FIELDS).collect());
    &ALL
}

/// The fields of the kit: those that every subcommand accepts.
pub fn kit_fields() -> &'static [&'static Field] {
    static KIT: LazyLock<Vec<&'static Field>> = LazyLock::new(|| kit::FIELDS.iter().collect());
    &KIT
}

/// The fields of the connector.
pub fn connector_fields() -> &'static [&'static Field] {
    static CONNECTOR: LazyLock<Vec<&'static Field>> = LazyLock::new(|| workato::config::FIELDS.iter().collect());
    &CONNECTOR
}

/// The root command, which syncs, with all subcommands.
pub fn build(purpose: Purpose) -> Command {
    let root = Command::new(NAME)
        .about(ABOUT)
        .version(VERSION)
        .disable_version_flag(true)
        .args_override_self(true)
        .max_term_width(110)
        .after_help(EXAMPLES);
    args::add(root, all_fields(), purpose, |_| true)
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::Version)
                .help("Print the version"),
        )
        .subcommand(demo(purpose))
        .subcommand(with_all(doctor::command(), purpose, |field| {
            field.required || doctor::FLAGS.contains(&field.name) || field.heading == kit::CONNECTION
        }))
        .subcommand(with_kit(simulate::command(), purpose, |_| false))
        .subcommand(with_all(serve::command(), purpose, |field| {
            field.required || SERVE_FLAGS.contains(&field.name) || field.heading == kit::CONNECTION
        }))
        .subcommand(with_all(connector_service::command(), purpose, |_| false))
        .subcommand(capabilities(purpose))
        .subcommands(reading(purpose))
        .subcommand(runs_of_a_file(purpose))
        .subcommand(granting(grant::Verb::Grant, purpose))
        .subcommand(granting(grant::Verb::Revoke, purpose))
        .subcommand(with_kit(
            Command::new("config").about("Print the settings of this connector as JSON, for forms"),
            purpose,
            |_| false,
        ))
        .subcommand(with_kit(explain::command(), purpose, |field| field.name == "color"))
        .subcommand(with_kit(completion::command(), purpose, |_| false))
        .subcommand(with_kit(manifests::command(), purpose, |_| false))
        .subcommand(with_kit(man::command(), purpose, |_| false))
        .subcommand(with_kit(
            Command::new("version").about("Print the version"),
            purpose,
            |_| false,
        ))
        .subcommand(with_kit(health_check::command(), purpose, |field| {
            health_check::FLAGS.contains(&field.name)
        }))
        .subcommand({
            let anything = Arg::new("anything")
                .num_args(0..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true);
            Command::new("lambda").hide(true).disable_help_flag(true).arg(anything)
        })
}

fn demo(purpose: Purpose) -> Command {
    with_kit(demo::command(), purpose, |field| demo::FLAGS.contains(&field.name)).mut_arg("file", |file| {
        file.help(format!("The .c1z file to write (default {:?})", demo::FILE))
    })
}

/// The commands that read a file.
fn reading(purpose: Purpose) -> impl Iterator<Item = Command> {
    let commands = [
        access::command(),
        explore::command(),
        export::command(),
        diff::command(),
        resource_types::command(),
        resources::command(),
        entitlements::command(),
        grants::command(),
        principals::command(),
        stats::command(),
        verify::command(),
    ];
    commands
        .into_iter()
        .map(move |command| with_kit(command, purpose, read::shown).mut_arg("file", read::file))
}

/// `syncs`, which reads a file, and those below it, which change it.
fn runs_of_a_file(purpose: Purpose) -> Command {
    let changing = |command: Command, flags: &[&str]| {
        with_kit(command, purpose, |field| syncs::shown(field, flags))
            .mut_arg("file", |file| {
                file.help("The .c1z file to change ($BATON_FILE) (default \"sync.c1z\")")
            })
            .mut_arg("dry-run", |dry_run| {
                dry_run
                    .hide(!flags.contains(&"dry-run"))
                    .help("Show what would go, and change nothing")
            })
    };
    with_kit(syncs::command(&changing), purpose, read::shown).mut_arg("file", read::file)
}

/// `grant` and `revoke`.
fn granting(verb: grant::Verb, purpose: Purpose) -> Command {
    with_all(grant::command(verb), purpose, grant::shown)
        .mut_arg("file", |file| {
            file.help("The .c1z file to look names up in ($BATON_FILE) (default \"sync.c1z\")")
        })
        .mut_arg("dry-run", |dry_run| {
            dry_run
                .hide(false)
                .help("Print the request, without the token, and send nothing")
        })
}

fn capabilities(purpose: Purpose) -> Command {
    let command = Command::new("capabilities").about("Print what this connector can do as JSON");
    with_all(command, purpose, |field| field.required)
}

fn with_all(command: Command, purpose: Purpose, shown: impl Fn(&Field) -> bool) -> Command {
    args::add(command.args_override_self(true), all_fields(), purpose, shown)
}

fn with_kit(command: Command, purpose: Purpose, shown: impl Fn(&Field) -> bool) -> Command {
    args::add(command.args_override_self(true), kit_fields(), purpose, shown)
}

/// Refuses connector flags before a subcommand that does not know them, as behind it.
///
/// # Errors
/// `unknown flag`.
pub fn reject_foreign_flags(subcommand: &str, root: &ArgMatches) -> Result<()> {
    const CONNECTED: [&str; 6] = [
        "capabilities",
        "doctor",
        "serve",
        "_connector-service",
        "grant",
        "revoke",
    ];
    if CONNECTED.contains(&subcommand) {
        return Ok(());
    }
    let foreign = connector_fields().iter().find(|field| root.contains_id(field.name));
    match foreign {
        Some(field) => Err(usage_error(format!("unknown flag: --{}", field.name))
            .hint(format!("`{NAME} {subcommand}` does not connect to a workspace"))),
        None => Ok(()),
    }
}
