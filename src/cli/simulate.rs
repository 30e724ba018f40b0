//! `simulate`: a simulated workspace on a loopback port until stdin closes, for checks that start the program from
//! outside. Hidden: it is no part of the published command line.

use clap::{ArgMatches, Command};
use tokio_util::sync::CancellationToken;

use super::launch::{self, Rules};
use super::sync::in_runtime;
use super::{demo, interrupt, logging};
use crate::baton::error::Result;
use crate::simulator::Env;
use crate::term::Terminal;

/// The command: the workspace is shaped as that of `demo`.
pub fn command() -> Command {
    demo::workspace_flags(Command::new("simulate").about("Serve a simulated workspace until stdin closes")).hide(true)
}

/// Prints where the workspace is and its tokens as one line of JSON, and serves it until stdin closes or a signal
/// comes. Both are a clean end.
///
/// # Errors
/// No port, no stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    logging::start_as_published(&values, terminal)?;
    let workspace = demo::workspace(own);
    in_runtime(async {
        let stop = CancellationToken::new();
        interrupt::listen(&stop);
        let (simulator, _) = demo::simulate(&workspace).await?;
        let place = serde_json::json!({
            "base_url": simulator.base_url(),
            "tokens": {
                "dev": simulator.token(Env::Dev),
                "test": simulator.token(Env::Test),
                "prod": simulator.token(Env::Prod),
            },
        });
        terminal.data(&format!("{place}\n"))?;
        let closed = stop.clone();
        // A thread of its own: a read that never ends must not keep the runtime from ending.
        std::thread::spawn(move || {
            // End or error, nobody is there any more.
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            closed.cancel();
        });
        stop.cancelled().await;
        Ok(())
    })
}
