//! `--json`: short for `-o json`, of every command that has it.

use clap::builder::ArgPredicate;
use clap::{Arg, ArgAction, Command};

/// The switch.
const NAME: &str = "json";

/// A command, and what stands below it, with the switch where there is a form to choose.
pub fn short(command: Command) -> Command {
    let form = command.get_arguments().find(|arg| arg.get_long() == Some("output"));
    let form = form.map(|arg| (arg.get_id().clone(), arg.get_help_heading().map(str::to_owned)));
    let command = match form {
        Some((form, heading)) => {
            let mut switch = Arg::new(NAME)
                .long(NAME)
                .action(ArgAction::SetTrue)
                .conflicts_with(form.clone())
                .help("The same as --output json");
            if let Some(heading) = heading {
                switch = switch.help_heading(heading);
            }
            command
                .mut_arg(form, |arg| {
                    arg.default_value_if(NAME, ArgPredicate::IsPresent, Some("json"))
                })
                .arg(switch)
        }
        None => command,
    };
    command.mut_subcommands(short)
}
