//! `explain`: what a stable code means, why it happens and what to do, offline.

#[cfg(test)]
mod advice;
mod find;
mod page;
#[cfg(test)]
mod tests;

use clap::{Arg, ArgMatches, Command};
use serde_json::json;

use super::bad_value;
use super::program::NAME;
use crate::ABOUT;
use crate::baton::code;
use crate::baton::code::{Code, Explanation};
use crate::baton::error::{Error, Kind, Result};
use crate::term::Terminal;
use crate::term::output::Format;
use crate::term::pager::Paging;
use crate::term::prose;
use page::PAGES;

/// The command.
pub fn command() -> Command {
    Command::new("explain")
        .about("Explain the code of an error or warning: what, why, what to do")
        .arg(
            Arg::new("code")
                .value_name("CODE")
                .help("The code, as BW-0201, bw0201 or 201, or the cause of a warning (default: list all codes)"),
        )
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .alias("output-format")
                .value_name("FORMAT")
                .help("Form of the answer: table or json (default \"table\")"),
        )
        .after_help(
            "Examples:\n  baton-workato explain BW-0201\n  baton-workato explain 201\n  \
             baton-workato explain -o json | jq -r '.codes[].code'",
        )
}

/// The command that explains a code, as it is typed.
pub fn invocation(code: Code) -> String {
    format!("{NAME} explain {}", ABOUT.code(code))
}

/// Prints a page, or the list of all.
///
/// # Errors
/// `NotFound` for a code that does not exist; those of stdout.
pub fn run(terminal: &Terminal, own: &ArgMatches) -> Result<()> {
    let json = match own.get_one::<String>("output").map(|word| (word, word.parse())) {
        None | Some((_, Ok(Format::Table))) => false,
        Some((_, Ok(Format::Json))) => true,
        Some((word, _)) => {
            return Err(bad_value(format!(
                "field output: value must be one of [table json] but got '{word}'"
            )));
        }
    };
    let text = match own.get_one::<String>("code") {
        None if json => list_json(),
        None => list(),
        Some(typed) => {
            let page = find::page(typed).ok_or_else(|| unknown(typed))?;
            if json {
                page_json(page)
            } else {
                let screen = terminal.screen().map(|(columns, _)| columns);
                let body = prose::render(page.body(), screen, terminal.out());
                let head = format!("{}  {}", ABOUT.code(page.code), page.title());
                format!("{}\n{body}", terminal.out().bold(head))
            }
        }
    };
    let paging = if json {
        Paging::NEVER
    } else {
        Paging::from_env(&|name| std::env::var(name).ok())
    };
    terminal.deliver(&paging, |output| output.text(&text))
}

fn list() -> String {
    PAGES
        .iter()
        .map(|page| format!("{}  {}\n", ABOUT.code(page.code), page.title()))
        .collect()
}

fn list_json() -> String {
    let entry = |page: &Explanation| json!({ "code": ABOUT.code(page.code), "title": page.title() });
    let codes: Vec<_> = PAGES.iter().map(entry).collect();
    format!("{:#}\n", json!({ "codes": codes }))
}

fn page_json(page: &Explanation) -> String {
    format!(
        "{:#}\n",
        json!({ "code": ABOUT.code(page.code), "title": page.title(), "page": page.text })
    )
}

fn unknown(typed: &str) -> Error {
    let near: Vec<String> = find::nearest(typed)
        .iter()
        .map(|page| format!("{} ({})", ABOUT.code(page.code), page.title()))
        .collect();
    let near = match near.as_slice() {
        [] => String::new(),
        [near] => format!("; the nearest is {near}"),
        near => format!("; the nearest are {}", near.join(", ")),
    };
    Error::new(Kind::NotFound, format!("there is no code {typed:?}"))
        .code(code::NO_SUCH_CODE)
        .hint(format!("`{NAME} explain` lists all codes{near}"))
}
