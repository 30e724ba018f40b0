//! `grant` and `revoke`: one sentence changes who can do what. Names are looked up in the file of the last sync, where
//! there is one; what there is now is read before anything is sent. The file is not changed.

mod lookup;
mod names;
mod words;

use clap::{Arg, ArgAction, ArgMatches, Command};

pub use self::lookup::emitting;
use self::lookup::found;
use self::names::known;
pub use self::words::Verb;
use super::launch::{self, Rules};
use super::write::{self, Approval, WriteRequest};
use super::{fields, logging, unavailable, usage_error};
use crate::baton::config::{Field, kit};
use crate::baton::error::Result;
use crate::report::names::Names;
use crate::term::Terminal;
use crate::workato;

/// Whether the help of these commands shows a field.
pub fn shown(field: &Field) -> bool {
    field.required || field.name == "file" || field.heading == kit::CONNECTION
}

/// What the help says about settings that mean something else here.
pub fn adapt(command: Command) -> Command {
    command
        .mut_arg("file", |file| {
            file.help("The .c1z file to look names up in ($BATON_FILE) (default \"sync.c1z\")")
        })
        .mut_arg("dry-run", |dry_run| {
            dry_run
                .hide(false)
                .help("Print the request, without the token, and send nothing")
        })
}

/// One of the two commands.
pub fn command(verb: Verb) -> Command {
    let about = match verb {
        Verb::Grant => "Give a role, a project role, membership of a group or the use of an agent",
        Verb::Revoke => "Take a role, a project role, membership of a group or the use of an agent away",
    };
    Command::new(verb.name())
        .about(about)
        .override_usage(format!("{} [OPTIONS]", verb.usage()))
        .arg(
            Arg::new("words")
                .num_args(0..)
                .value_name("WORDS")
                .help("What, where and who: by name, id or e-mail address; quotes keep words together"),
        )
        .arg(
            Arg::new("yes")
                .long("yes")
                .short('y')
                .action(ArgAction::SetTrue)
                .help("Do it without asking"),
        )
        .after_help(examples(verb))
}

fn examples(verb: Verb) -> String {
    let (name, to) = (verb.name(), verb.preposition());
    let effect = match verb {
        Verb::Grant => "it takes the place of the one that Ada has there",
        Verb::Revoke => "what is left is No access",
    };
    format!(
        "Examples:\n  \
         # A role in an environment; {effect}\n  \
         baton-workato {name} \"Environment admin\" in prod {to} ada@example.org\n\n  \
         # A project role, of a person or a group; each environment has a project of that name\n  \
         baton-workato {name} \"Project admin\" on Billing in prod {to} \"Finance builders\"\n\n  \
         # Membership of a group, of two people, without a question\n  \
         baton-workato {name} Engineering {to} ada@example.org and \"Grace Hopper\" --yes\n\n  \
         # Who may use an agent or a tool server: groups of Workato Identity, and users in those\n  \
         baton-workato {name} \"CRM tools\" {to} \"Field sales\"\n  \
         baton-workato {name} \"Field sales\" {to} bo.abel@example.org\n\n  \
         # What would be sent\n  \
         baton-workato {name} \"Environment admin\" in prod {to} ada@example.org --dry-run\n\n\
         Names are those of the last sync in the file, which stays as it is; where there is no\n\
         sync.c1z and no other file is named, they are read from the workspace. A name that fits\n\
         several ends with exit code 3 and the list, one that fits nothing with 5 and the nearest\n\
         names."
    )
}

/// Looks up, asks, writes.
///
/// # Errors
/// Those of the sentence, of the file and of the connector; exit code 2 where there is nobody to ask.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches, verb: Verb) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Connector)?;
    let display = logging::start(&values, terminal)?;
    unavailable::check(fields::all(), &values)?;
    let words: Vec<String> = own.get_many("words").into_iter().flatten().cloned().collect();
    let sentence = words::parse(verb, &words)?;
    let how = match () {
        () if kit::DRY_RUN.of(&values) => Approval::Rehearsed,
        () if own.get_flag("yes") => Approval::Now,
        () if terminal.can_ask() => Approval::Asked,
        () => {
            return Err(usage_error("this changes access, and there is no terminal to ask at")
                .hint("add --yes to do it, or --dry-run to see what would be sent"));
        }
    };
    let known = known(terminal, &values, display)?;
    let found = found(&Names::new(&known.snapshot), verb, &sentence)?;
    let mut settings = workato::config::settings(&values)?;
    if let (false, Some(environment)) = (workato::config::ENV.is_set(&values), found.environment) {
        settings.environment = environment;
    }
    let order = WriteRequest {
        writes: &found.writes,
        doing: verb.name(),
        how,
        patient: false,
        secret_file: None,
        undo_file: None,
    };
    write::run(terminal, &values, settings, &order)
}
