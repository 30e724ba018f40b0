//! `man`: the manual pages as files, for packages. Hidden: people have `--help`.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::program::NAME;
use super::usage_error;
use crate::baton::error::{Context as _, Error, Result};
use crate::baton::target;

/// The command.
pub fn command() -> Command {
    Command::new("man")
        .about("Write the manual pages into a folder")
        .hide(true)
        .arg(
            Arg::new("folder")
                .required(true)
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf))
                .help("Where the pages go; it is made if it is missing"),
        )
        .after_help("Examples:\n  baton-workato man share/man/man1")
}

/// Writes a page for the program and one for each command that its help lists.
///
/// # Errors
/// A folder that cannot be written.
pub fn run(own: &ArgMatches, program: Command) -> Result<()> {
    let folder = own.get_one::<PathBuf>("folder");
    let folder = folder.ok_or_else(|| usage_error("no folder is named"))?;
    let failed = || format!("write manual pages to {}", folder.display());
    let hinted = |error: Error| error.hint("name another folder");
    let real = target::folder(folder).map_err(hinted)?;
    std::fs::create_dir_all(&real).with_context(failed)?;
    let pages = std::fs::read_dir(&real).with_context(failed)?.flatten();
    for page in pages.filter(|page| page.file_name().as_encoded_bytes().starts_with(NAME.as_bytes())) {
        target::file(&page.path()).map_err(hinted)?;
    }
    clap_mangen::generate_to(program, folder).with_context(failed)
}
