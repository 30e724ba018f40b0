//! The commands of the program in one table, and the command line that is made of it.
//!
//! To add a command: a file with its `command` and `run`, the `mod` of that file, and a row here.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::program::{NAME, VERSION};
use super::{
    access, capabilities, completion, config, connector_service, convert, demo, diff, doctor, entitlements, events,
    explain, explore, export, fields, findings, fleet, grant, grants, health_check, help, json, lambda, man, manifests,
    policy, principals, quiet, read, resource_types, resources, review, root, screen, serve, simulate, stats, syncs,
    unavailable, usage_error, verify, version,
};
use crate::baton::config::Field;
use crate::baton::config::args::{self, Purpose};
use crate::baton::error::Result;
use crate::term::Terminal;

const PURPOSE: &str =
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

/// A command. The help lists them in the order of the table.
struct Row {
    /// Its name, help and own arguments.
    build: fn() -> Command,
    /// Does it, with the arguments before its name and behind it.
    run: fn(&Terminal, &ArgMatches, &ArgMatches) -> Result<()>,
    /// Which settings it takes.
    needs: Needs,
    /// Those of them that its help shows.
    shown: fn(&Field) -> bool,
    /// What its help says otherwise about settings, and what it has below it.
    adapt: fn(Command, Purpose) -> Command,
}

/// Which settings a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// It connects to a workspace: all of them.
    Workspace,
    /// Those of the kit. Settings of the connector are refused, before its name as well.
    Kit,
    /// None: it takes whatever stands behind its name.
    Anything,
}

/// Everything in the table is one of these, or adapted from one.
impl Row {
    const KIT: Row = Row {
        build: version::command,
        run: |terminal, _, _| version::run(terminal),
        needs: Needs::Kit,
        shown: |_| false,
        adapt: |command, _| command,
    };
    const WORKSPACE: Row = Row {
        needs: Needs::Workspace,
        ..Row::KIT
    };
    /// One that reads a file.
    const READING: Row = Row {
        shown: read::shown,
        adapt: |command, _| command.mut_arg("file", read::file),
        ..Row::KIT
    };
    /// One that reads a file and shows findings.
    const JUDGING: Row = Row {
        shown: |field| read::shown(field) || field.name == "policy",
        adapt: |command, _| {
            command
                .mut_arg("file", read::file)
                .mut_arg("policy", |policy| policy.help_heading(read::READING))
        },
        ..Row::KIT
    };
}

const COMMANDS: &[Row] = &[
    Row {
        build: root::command,
        run: root::sync,
        shown: |_| true,
        ..Row::WORKSPACE
    },
    Row {
        build: demo::command,
        run: demo::run,
        shown: demo::shown,
        adapt: |command, _| command.mut_arg("file", demo::file).mut_arg("keep", demo::keep::flag),
        ..Row::KIT
    },
    Row {
        build: doctor::command,
        run: doctor::run,
        shown: doctor::shown,
        ..Row::WORKSPACE
    },
    Row {
        build: events::command,
        run: events::run,
        shown: events::shown,
        adapt: |command, _| {
            command
                .mut_arg("workato-env", events::environment)
                .mut_arg("event-hook", events::hook)
        },
        ..Row::WORKSPACE
    },
    Row {
        build: simulate::command,
        run: simulate::run,
        ..Row::KIT
    },
    Row {
        build: serve::command,
        run: serve::run,
        shown: serve::shown,
        ..Row::WORKSPACE
    },
    Row {
        build: connector_service::command,
        run: connector_service::run,
        ..Row::WORKSPACE
    },
    Row {
        build: capabilities::command,
        run: capabilities::run,
        shown: |field| field.required,
        ..Row::WORKSPACE
    },
    Row {
        build: access::command,
        run: access::run,
        ..Row::READING
    },
    Row {
        build: explore::command,
        run: explore::run,
        ..Row::JUDGING
    },
    Row {
        build: findings::command,
        run: findings::run,
        ..Row::JUDGING
    },
    Row {
        build: policy::command,
        run: policy::run,
        shown: |field| field.name == "color",
        ..Row::KIT
    },
    Row {
        build: export::command,
        run: export::run,
        ..Row::JUDGING
    },
    Row {
        build: diff::command,
        run: diff::run,
        ..Row::READING
    },
    Row {
        build: resource_types::command,
        run: resource_types::run,
        ..Row::READING
    },
    Row {
        build: resources::command,
        run: resources::run,
        ..Row::READING
    },
    Row {
        build: entitlements::command,
        run: entitlements::run,
        ..Row::READING
    },
    Row {
        build: grants::command,
        run: grants::run,
        ..Row::READING
    },
    Row {
        build: principals::command,
        run: principals::run,
        adapt: |command, purpose| {
            let below = args::add(
                principals::below().args_override_self(true),
                fields::of_kit(),
                purpose,
                read::shown,
            );
            let below = below.mut_arg("file", read::file);
            command.mut_arg("file", read::file).subcommand(below)
        },
        ..Row::READING
    },
    Row {
        build: stats::command,
        run: stats::run,
        ..Row::READING
    },
    Row {
        build: verify::command,
        run: verify::run,
        ..Row::READING
    },
    Row {
        build: syncs::command,
        run: syncs::run,
        adapt: |command, purpose| {
            let changing = syncs::changing().map(|(command, flags)| {
                let command = args::add(command.args_override_self(true), fields::of_kit(), purpose, |field| {
                    flags.contains(&field.name)
                });
                syncs::adapt(command, flags)
            });
            command.mut_arg("file", read::file).subcommands(changing)
        },
        ..Row::READING
    },
    Row {
        build: convert::command,
        run: convert::run,
        shown: |field| field.name == "color",
        ..Row::KIT
    },
    Row {
        build: || grant::command(grant::Verb::Grant),
        run: |terminal, root, own| grant::run(terminal, root, own, grant::Verb::Grant),
        shown: grant::shown,
        adapt: |command, _| grant::adapt(command),
        ..Row::WORKSPACE
    },
    Row {
        build: || grant::command(grant::Verb::Revoke),
        run: |terminal, root, own| grant::run(terminal, root, own, grant::Verb::Revoke),
        shown: grant::shown,
        adapt: |command, _| grant::adapt(command),
        ..Row::WORKSPACE
    },
    Row {
        build: review::command,
        run: review::run,
        shown: |field| field.name == "color",
        adapt: |command, purpose| command.subcommands(review::below(purpose)),
        ..Row::WORKSPACE
    },
    Row {
        build: fleet::command,
        run: fleet::run,
        adapt: |command, purpose| {
            let below = fleet::below().map(|command| {
                let shown = fleet::shown(command.get_name());
                args::add(command.args_override_self(true), fields::of_kit(), purpose, shown)
            });
            command.subcommands(below)
        },
        ..Row::KIT
    },
    Row {
        build: config::command,
        run: |terminal, _, _| config::run(terminal),
        ..Row::KIT
    },
    Row {
        build: explain::command,
        run: |terminal, _, own| explain::run(terminal, own),
        shown: |field| field.name == "color",
        ..Row::KIT
    },
    Row {
        build: help::command,
        run: |terminal, _, own| help::run(terminal, own, build(Purpose::Show)),
        needs: Needs::Anything,
        ..Row::KIT
    },
    Row {
        build: completion::command,
        run: |terminal, _, own| completion::run(terminal, own, build(Purpose::Show)),
        ..Row::KIT
    },
    Row {
        build: manifests::command,
        run: |terminal, _, own| manifests::run(terminal, own),
        adapt: |command, _| command.mut_arg("keep", manifests::keep),
        ..Row::KIT
    },
    Row {
        build: man::command,
        run: |_, _, own| man::run(own, build(Purpose::Show)),
        ..Row::KIT
    },
    Row {
        build: version::command,
        run: |terminal, _, _| version::run(terminal),
        ..Row::KIT
    },
    Row {
        build: health_check::command,
        run: |_, root, own| health_check::run(root, own),
        shown: health_check::shown,
        ..Row::KIT
    },
    #[cfg(not(feature = "hosted"))]
    Row {
        build: lambda::command,
        run: |_, _, _| lambda::run(),
        needs: Needs::Anything,
        ..Row::KIT
    },
    #[cfg(feature = "hosted")]
    Row {
        build: lambda::command,
        run: lambda::run,
        shown: lambda::shown,
        adapt: |command, purpose| args::add(command, lambda::fields(), purpose, |_| true),
        ..Row::KIT
    },
];

/// The root command, which syncs, with all subcommands.
pub fn build(purpose: Purpose) -> Command {
    let root = Command::new(NAME)
        .about(PURPOSE)
        .version(VERSION)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .args_override_self(true)
        .max_term_width(110)
        .after_help(EXAMPLES);
    let root = args::add(root, fields::all(), purpose, |_| true)
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::Version)
                .help("Print the version"),
        )
        .arg(quiet::flag())
        .subcommands(COMMANDS.iter().map(|row| json::short(row.dressed(purpose))));
    match purpose {
        Purpose::Parse => screen::marked(root),
        Purpose::Show => root,
    }
}

impl Row {
    /// The command with the settings it takes.
    fn dressed(&self, purpose: Purpose) -> Command {
        let bare = (self.build)();
        // What takes anything takes no settings.
        if self.needs == Needs::Anything {
            return bare;
        }
        let bare = bare.args_override_self(true);
        let fields = match self.needs {
            Needs::Workspace => fields::all(),
            Needs::Kit | Needs::Anything => fields::of_kit(),
        };
        (self.adapt)(args::add(bare, fields, purpose, self.shown), purpose)
    }
}

/// Does what a subcommand says.
///
/// # Errors
/// Those of the command; settings before its name that it does not take.
pub fn run(terminal: &Terminal, name: &str, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let row = COMMANDS.iter().find(|row| (row.build)().get_name() == name);
    let row = row.ok_or_else(|| unavailable::command(name))?;
    if row.needs != Needs::Workspace {
        reject_foreign_flags(name, root)?;
    }
    (row.run)(terminal, root, own)
}

/// Refuses connector flags before a subcommand that does not know them, as behind it.
fn reject_foreign_flags(subcommand: &str, root: &ArgMatches) -> Result<()> {
    let foreign = fields::of_connector().iter().find(|field| root.contains_id(field.name));
    match foreign {
        Some(field) => Err(usage_error(format!("unknown flag: --{}", field.name))
            .hint(format!("`{NAME} {subcommand}` does not connect to a workspace"))),
        None => Ok(()),
    }
}
