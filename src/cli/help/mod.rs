//! `help`: a page on a topic, or the help of a command.

mod topic;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::program::NAME;
use super::{synonym, usage_error};
use crate::baton::error::{Error, Result};
use crate::term::Terminal;
use crate::term::pager::Paging;
use crate::term::prose;
use topic::{TOPICS, Topic};

/// The command.
pub fn command() -> Command {
    Command::new("help")
        .about("Show a page on a topic, or the help of a command; alone, the list of topics")
        .arg(
            Arg::new("what")
                .value_name("TOPIC|COMMAND")
                .action(ArgAction::Append)
                .help("A topic, or a command and what stands below it"),
        )
        .after_help(format!(
            "Topics:\n{}\nExamples:\n  {NAME} help permissions\n  {NAME} help access\n  {NAME} help syncs prune",
            list()
        ))
}

/// Prints it.
///
/// # Errors
/// `NotFound` for a word that is neither; those of stdout.
pub fn run(terminal: &Terminal, own: &ArgMatches, program: Command) -> Result<()> {
    let words: Vec<&String> = own.get_many("what").into_iter().flatten().collect();
    let paint = terminal.out();
    let text = match words.as_slice() {
        [] => format!(
            "{}\n{}\n`{NAME} --help` lists commands and flags.\n",
            paint.bold("Topics:"),
            list()
        ),
        [word] if let Some(topic) = find(word) => prose::render(topic.page, terminal.screen().map(|(c, _)| c), paint),
        words => {
            let help = of_command(words, program)?;
            if paint.is_on() {
                help.ansi().to_string()
            } else {
                help.to_string()
            }
        }
    };
    let paging = Paging::from_env(&|name| std::env::var(name).ok());
    terminal.deliver(&paging, |output| output.text(&text))
}

fn find(word: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name.eq_ignore_ascii_case(word))
}

/// A line for each topic.
fn list() -> String {
    let line = |topic: &Topic| format!("  {:<14}{}\n", topic.name, topic.title());
    TOPICS.iter().map(line).collect()
}

/// The long help of a command.
fn of_command(words: &[&String], mut program: Command) -> Result<clap::builder::StyledStr> {
    program.build();
    let mut command = &mut program;
    for word in words {
        command = command
            .find_subcommand_mut(word.as_str())
            .ok_or_else(|| unknown(word))?;
    }
    Ok(command.render_long_help())
}

fn unknown(word: &str) -> Error {
    let error = usage_error(format!("there is neither a topic nor a command {word:?}"));
    match synonym::of(word) {
        Some(meant) => error.hint(meant),
        None => error.hint(format!("`{NAME} help` lists the topics, `{NAME} --help` the commands")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::config::args::Purpose;
    use crate::cli::command::build;
    use crate::term::color::Paint;

    #[test]
    fn every_page_of_the_folder_is_a_topic_and_fits_a_screen() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/docs");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let mut topics: Vec<String> = TOPICS.iter().map(|topic| topic.name.to_owned()).collect();
        files.sort();
        topics.sort();
        assert_eq!(files, topics);
        for topic in TOPICS {
            assert!(!topic.title().is_empty(), "{}", topic.name);
            let shown = prose::render(topic.page, Some(100), Paint::OFF);
            let is_code = |line: &str| line.starts_with("    ");
            for line in shown.lines().filter(|line| !is_code(line)) {
                assert!(line.chars().count() <= 120, "{}: {line}", topic.name);
                assert!(
                    !line.contains("](") && !line.contains("| ---"),
                    "{}: {line}",
                    topic.name
                );
            }
        }
    }

    #[test]
    fn no_topic_hides_a_command() {
        let program = build(Purpose::Show);
        for topic in TOPICS {
            assert!(program.find_subcommand(topic.name).is_none(), "{}", topic.name);
        }
    }

    #[test]
    fn the_help_of_what_stands_below_a_command_is_found() {
        let words = ["syncs".to_owned(), "prune".to_owned()];
        let help = of_command(&words.each_ref(), build(Purpose::Show)).unwrap();
        assert!(help.to_string().contains("--older-than"), "{help}");
        let words = ["nothing".to_owned()];
        assert!(of_command(&words.each_ref(), build(Purpose::Show)).is_err());
    }
}
