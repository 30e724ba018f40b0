//! `_connector-service`: this program as the child of a Baton parent process. Hidden; the parent starts it with its own
//! arguments and this word behind them (`baton/service/protocol.md 7.2`).

use std::io::BufReader;

use clap::{ArgMatches, Command};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::launch::{self, Rules};
use super::{interrupt, logging, serve};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::grpc::server::{self, Security};
use crate::baton::grpc::{parent, tls};
use crate::term::Terminal;

/// Threads of the runtime: requests wait, they do not compute.
const THREADS: usize = 2;

/// The command.
pub fn command() -> Command {
    Command::new("_connector-service")
        .about("Serve as the child of a Baton parent process")
        .hide(true)
}

/// Serves the parent until it closes stdin. What the parent does itself, such as syncs and tasks, is not looked at.
///
/// # Errors
/// Those of the settings, of the parent's line and of the listener.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let inherited = parent::inherited()?;
    let values = launch::settings(&[root, own], Rules::Connector)?;
    logging::start_as_published(&values, terminal)?;
    let mut stdin = BufReader::new(std::io::stdin());
    let config = parent::config(&mut stdin)?;
    let listener = parent::listener(inherited, &config)?;
    let no_credential =
        || Error::new(Kind::InvalidArgument, "the configuration on stdin has no credential").code(code::PARENT);
    let credential = config.credential.as_ref().ok_or_else(no_credential)?;
    let security = Security::MutualTls(Box::new(tls::server(credential)?));
    let services = serve::services(&values)?;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("start the runtime")?;
    let outcome = runtime.block_on(async {
        let (gone, stop) = (CancellationToken::new(), CancellationToken::new());
        parent::watch(stdin, gone.clone());
        interrupt::listen(&stop);
        let listener = TcpListener::from_std(listener).context("listen")?;
        tokio::select! {
            // Nobody is there to hear the rest of an answer.
            () = gone.cancelled() => Ok(()),
            served = server::serve(&services, listener, security, stop.cancelled()) => served,
        }
    });
    // At once: requests to Workato that are under way end with the process.
    runtime.shutdown_background();
    outcome
}
