//! `explore`: the web page over a file, on this computer.

mod token;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use tokio_util::sync::CancellationToken;

use crate::ABOUT;
use crate::baton::error::Result;
use crate::cli::launch::{self, Rules};
use crate::cli::read::{self, Reading};
use crate::cli::sync::in_runtime;
use crate::cli::{interrupt, policy, vendor};
use crate::report::explore::{self, Explorer, Token};
use crate::term::Terminal;

/// The command.
pub fn command() -> Command {
    read::add_source(
        Command::new("explore").about("Look at a .c1z file in the browser: search, people, access and its ways"),
    )
    .arg(
        Arg::new("port")
            .long("port")
            .value_name("PORT")
            .default_value("0")
            .hide_default_value(true)
            .value_parser(value_parser!(u16))
            .help("The port to listen on (default: any free one)"),
    )
    .arg(
        Arg::new("token-file")
            .long("token-file")
            .value_name("PATH")
            .value_parser(value_parser!(PathBuf))
            .help("Keep the secret part of the address in this file: with --port the address stays the same"),
    )
    .arg(
        Arg::new("no-open")
            .long("no-open")
            .action(ArgAction::SetTrue)
            .help("Do not open the browser"),
    )
    .after_help(
        "The page is served on this computer only and to nobody without the printed address. It changes nothing and \
             loads nothing from elsewhere. Ctrl-C ends it.\n\n\
             Examples:\n  baton-workato explore -f workato.c1z\n  \
             baton-workato explore -f workato.c1z --no-open --port 8080 --token-file ~/.baton-explorer",
    )
}

/// Serves until Ctrl-C.
///
/// # Errors
/// Those of the file and of the port.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    let reading = Reading::of(terminal, own, &values)?;
    let policy = policy::chosen(&values)?;
    let snapshot = reading.open()?;
    let token = match own.get_one::<PathBuf>("token-file") {
        Some(path) => token::of(path)?,
        None => Token::fresh(),
    };
    let conventions = vendor::conventions(&snapshot)?;
    let port = own.get_one::<u16>("port").copied().unwrap_or_default();
    in_runtime(async {
        let cancel = CancellationToken::new();
        interrupt::listen(&cancel);
        let explorer = Explorer::bind_under(ABOUT, snapshot, conventions, policy, port, token).await?;
        let url = explorer.url();
        terminal.data(&format!("{url}\n"))?;
        if terminal.stderr_is_terminal() {
            terminal.say("Ctrl-C ends it.");
        }
        if !own.get_flag("no-open") && terminal.stdout_is_terminal() && has_display(&|name| std::env::var(name).ok()) {
            show(terminal, &url);
        }
        explore::serve(explorer, cancel).await;
        Ok(())
    })
}

/// Whether a browser could show anything. Elsewhere than on Linux and its like there is always a screen.
fn has_display(env: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| env(name).is_some_and(|value| !value.is_empty());
    if cfg!(any(target_os = "macos", target_os = "windows")) {
        return !is_set("SSH_CONNECTION");
    }
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn show(terminal: &Terminal, url: &str) {
    if let Err(error) = open::that_detached(url) {
        terminal.say(&format!(
            "The browser did not open ({error}); open the address yourself."
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::has_display;

    #[test]
    fn no_browser_without_a_screen() {
        assert!(
            has_display(&|name| (name == "DISPLAY").then(|| ":0".to_owned()))
                || cfg!(windows)
                || cfg!(target_os = "macos")
        );
        if cfg!(target_os = "linux") {
            assert!(!has_display(&|_| None));
            assert!(!has_display(&|_| Some(String::new())));
        }
    }
}
