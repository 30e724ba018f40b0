//! `-h` of the program: one screen. `--help` is the book.

use clap::Command;

use crate::baton::config::kit;

/// What ends a short help: by this it is told from the long one.
pub const MARK: &str = "`--help` tells all of it.";

/// The same of the program itself.
pub const MARK_OF_PROGRAM: &str = "`--help` tells all of it, of the program.";

/// The program with all commands, of which short and long help can be told apart.
pub fn marked(program: Command) -> Command {
    apart(program).after_help(MARK_OF_PROGRAM)
}

fn apart(command: Command) -> Command {
    command.after_help(MARK).after_long_help(" ").mut_subcommands(apart)
}

/// Flags that `-h` leaves to `--help`, whatever section they stand in.
const FOR_FEW: [&str; 14] = [
    "sync-id",
    "no-cache",
    "no-pager",
    "csv-bom",
    "json",
    "color",
    "feed",
    "interval",
    "overlap",
    "hook-concurrency",
    "hook-timeout",
    "hook-tries",
    "incremental",
    "sync-leaked-tokens",
];

/// A command, and what stands below it, with a help that fits a screen: without examples, and without the flags that few
/// need.
pub fn brief(command: Command) -> Command {
    let is_for_few = |arg: &clap::Arg| {
        arg.get_help_heading()
            .is_some_and(|heading| kit::FOR_FEW.contains(&heading))
            || arg.get_long().is_some_and(|long| FOR_FEW.contains(&long))
    };
    command
        .mut_args(|arg| {
            let is_hidden = is_for_few(&arg);
            arg.hide_short_help(is_hidden)
        })
        .after_help(None::<&'static str>)
        .after_long_help(" ")
        .mut_subcommands(brief)
}

/// The screen: what there is to do, and the flags that people use.
pub const SCREEN: &str = "\
Who has access to what in a Workato workspace, and why.

Usage: baton-workato [OPTIONS] [COMMAND]        without a command it syncs

Begin    demo       A simulated workspace: no account, no network
         doctor     What a sync needs, what is wrong and what to do
         sync       Read the workspace into a .c1z file
Answer   access     What somebody reaches, or who reaches something, and how
         findings   What to look at first, and what to do about it
         explore    The file in a browser: search, people, access and its ways
         diff       What changed between two syncs
         events     What happened, from the audit logs
         resources, entitlements, grants, principals, resource-types, stats
Hand on  export     An access review, people, resources, a report page
         review     Workbooks, decisions, revocations, evidence
Change   grant, revoke
Run      manifests, fleet, serve, health-check
Files    syncs, verify, convert
More     help [TOPIC], explain [CODE], policy, capabilities, config, completion,
         version

Options:
      --workato-api-key <TEXT>      Token of an API client of DEV
      --workato-test-api-key <TEXT>, --workato-prod-api-key <TEXT>
                                    Those of the other environments
      --workato-data-center <TEXT>  us, eu, jp, sg, au and others (default us)
      --workato-env <TEXT>          dev, test, prod or all (default dev)
  -f, --file <PATH>                 The file to write or read (default sync.c1z)
      --keep <N>                    Syncs that the file keeps (default 2)
      --fail-on-warnings            Exit code 9 if anything was left out
      --policy <TEXT>               Rules of your own for findings
      --log-level <TEXT>            debug, info, warn or error
  -q, --quiet                       Nothing on stderr but errors
      --color <TEXT>                auto, always or never
  -v, --version                     Print the version
  -h, --help                        This; --help is every flag, with examples

-h behind a command tells of it, `baton-workato help` of topics.
";

#[cfg(test)]
mod tests {
    use super::{SCREEN, brief};
    use crate::baton::config::args::Purpose;
    use crate::cli::command::build;

    /// Columns and lines of a screen.
    const COLUMNS: u16 = 80;
    const LINES: usize = 40;

    #[test]
    fn the_screen_has_every_command_and_only_flags_there_are() {
        let program = build(Purpose::Show);
        let words: Vec<&str> = SCREEN
            .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .collect();
        for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(words.contains(&command.get_name()), "{}", command.get_name());
        }
        let known = |flag: &str| {
            let mut all = program.get_arguments().filter_map(clap::Arg::get_long);
            flag == "help" || all.any(|long| long == flag)
        };
        for flag in words.iter().filter_map(|word| word.strip_prefix("--")) {
            assert!(known(flag), "--{flag}");
        }
        assert!(SCREEN.lines().count() <= LINES, "{}", SCREEN.lines().count());
        assert!(SCREEN.lines().all(|line| line.chars().count() <= usize::from(COLUMNS)));
    }

    #[test]
    fn the_short_help_of_every_command_is_one_screen() {
        let program = brief(build(Purpose::Show));
        let mut open: Vec<clap::Command> = program.get_subcommands().cloned().collect();
        while let Some(command) = open.pop() {
            open.extend(command.get_subcommands().cloned());
            let name = command.get_name().to_owned();
            let help = command.term_width(usize::from(COLUMNS)).render_help().to_string();
            assert!(
                help.lines().count() <= LINES,
                "{name}: {} lines\n{help}",
                help.lines().count()
            );
        }
    }

    #[test]
    fn nothing_is_listed_that_is_not_there() {
        let mut program = build(Purpose::Show);
        let book = program.render_long_help().to_string();
        for word in ["Not available", "otel", "external-resource"] {
            assert!(!book.contains(word), "{word}");
        }
        let headings: Vec<&str> = book
            .lines()
            .filter(|line| line.ends_with(':') && !line.starts_with(' '))
            .collect();
        assert_eq!(headings.first(), Some(&"Commands:"), "{headings:?}");
        let place = |heading: &str| headings.iter().position(|known| *known == heading);
        assert!(place("Advanced:") > place("Service mode:"), "{headings:?}");
    }
}
