//! `serve`: the connector's gRPC services on loopback, for any syncer that speaks them.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::launch::{self, Rules};
use super::sync::in_runtime;
use super::{bad_value, connect, fields, interrupt, logging, unavailable};
use crate::baton::code;
use crate::baton::config::{Field, Values, kit};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::grpc::server::{self, Security, check_loopback};
use crate::baton::grpc::{Services, Switches};
use crate::baton::progress::Silent;
use crate::term::Terminal;
use crate::workato;

/// The flag that says where.
const LISTEN: &str = "listen";

/// Flags that the help shows besides those that connect.
const FLAGS: &[&str] = &[
    "workato-env",
    "privileges",
    "folder-depth",
    "sync-connections",
    "sync-leaked-tokens",
    "disable-custom-roles-sync",
    "workato-requests-per-minute",
    "provisioning",
    "log-level",
    "log-format",
];

/// Whether the help shows a field.
pub fn shown(field: &Field) -> bool {
    field.required || FLAGS.contains(&field.name) || field.heading == kit::CONNECTION
}

/// The command.
pub fn command() -> Command {
    Command::new("serve")
        .about("Serve this connector over gRPC on this machine, for other syncers")
        .arg(
            Arg::new(LISTEN)
                .long(LISTEN)
                .value_name("ADDRESS")
                .default_value("127.0.0.1:50051")
                .action(ArgAction::Set)
                .help("Loopback address and port to listen on, without TLS; port 0 takes a free one"),
        )
        .after_help(
            "The address that is served is printed on stdout. Ctrl-C ends it.\n\n\
             Examples:\n  baton-workato serve --listen 127.0.0.1:50051",
        )
}

/// Serves until a signal comes.
///
/// # Errors
/// Those of the settings; an address that is none or not on loopback, exit code 2; one that is taken.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Connector)?;
    logging::start_as_published(&values, terminal)?;
    let fields: Vec<&'static Field> = fields::all().iter().copied().filter(|f| is_checked(f)).collect();
    unavailable::check(&fields, &values)?;
    let address = address(own.get_one::<String>(LISTEN).map_or("", String::as_str))?;
    in_runtime(async {
        let stop = CancellationToken::new();
        interrupt::listen(&stop);
        let services = services(&values)?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Error::new(Kind::Unavailable, format!("{address} cannot be used"))
                .code(code::LISTEN)
                .source(error)
                .hint("is something else listening there? --listen 127.0.0.1:0 takes a free port")
        })?;
        let address = listener.local_addr().context("listen")?;
        terminal.data(&format!("{address}\n"))?;
        tracing::info!(%address, "Serving gRPC.");
        if kit::PROVISIONING.of(&values) {
            tracing::warn!("Every program on this machine can change the workspace through this address.");
        }
        server::serve(&services, listener, Security::Plaintext, stop.cancelled()).await
    })
}

/// The services of the connector that the settings describe.
///
/// # Errors
/// Those of the settings and of the HTTP client's set-up.
pub fn services(values: &Values) -> Result<Services<workato::WorkatoConnector>> {
    unavailable::no_dry_run(values)?;
    let settings = workato::config::settings(values)?;
    let (connector, _) = connect::connect(settings, workato::config::limits(values), Arc::new(Silent))?;
    let switches = Switches {
        provisioning: kit::PROVISIONING.of(values),
        ticketing: kit::TICKETING.of(values),
    };
    Ok(Services::new(connector, switches))
}

/// These two work here, whatever they do elsewhere.
fn is_checked(field: &Field) -> bool {
    !["provisioning", "ticketing"].contains(&field.name)
}

fn address(text: &str) -> Result<SocketAddr> {
    let invalid =
        || bad_value(format!("--{LISTEN}: {text:?} is not an address and a port")).hint("write 127.0.0.1:50051");
    let address = text
        .to_socket_addrs()
        .map_err(|_| invalid())?
        .next()
        .ok_or_else(invalid)?;
    check_loopback(address)?;
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_served() {
        for good in ["127.0.0.1:1", "127.9.9.9:0", "[::1]:50051", "localhost:50051"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "0.0.0.0:50051",
            "[::]:50051",
            "192.168.1.1:50051",
            "127.0.0.1",
            "50051",
            ":50051",
            "",
        ] {
            assert_eq!(address(bad).unwrap_err().kind().exit_code(), 2, "{bad}");
        }
    }
}
