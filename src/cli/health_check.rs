//! `health-check`: asks the probes of a running service, for containers without a shell. Silent when all is well.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::launch::{self, Rules};
use super::service::health_address;
use super::sync::in_runtime;
use crate::baton::code;
use crate::baton::config::Field;
use crate::baton::config::kit;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http;

/// Flags of the kit that the help of this command shows.
pub const FLAGS: &[&str] = &["health-check-port", "health-check-bind-address"];

/// The switch for a container that may run either a service or one sync.
const OR_ONE_SHOT: &str = "or-one-shot";

/// Whether the help shows a field.
pub fn shown(field: &Field) -> bool {
    FLAGS.contains(&field.name)
}

/// The command.
pub fn command() -> Command {
    Command::new("health-check")
        .about("Ask a running service whether it is well")
        .arg(
            Arg::new("endpoint")
                .long("endpoint")
                .value_name("NAME")
                .default_value("health")
                .value_parser(["health", "ready", "live"])
                .ignore_case(true)
                .help("What to ask"),
        )
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("SECONDS")
                .default_value("5")
                .value_parser(value_parser!(u64).range(1..=3600))
                .help("How long to wait for the answer"),
        )
        .arg(
            Arg::new(OR_ONE_SHOT)
                .long(OR_ONE_SHOT)
                .action(ArgAction::SetTrue)
                .help("Where no client id is set, that nobody answers is well too: a sync that ends by itself"),
        )
}

/// Asks.
///
/// # Errors
/// `Unknown` (2) for an answer that is not 200, `Unavailable` (14) when nobody listens, `DeadlineExceeded` (4) when no
/// answer comes.
pub fn run(root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::Kit)?;
    let mut address = health_address(&values)?;
    if address.ip().is_unspecified() {
        let loopback: std::net::IpAddr = match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    let endpoint = own
        .get_one::<String>("endpoint")
        .map_or("health".to_owned(), |name| name.to_lowercase());
    let timeout = Duration::from_secs(own.get_one("timeout").copied().unwrap_or(5));
    let url = format!("http://{address}/{endpoint}");
    let answer = in_runtime(http::probe(&url, timeout));
    let one_shot = own.get_flag(OR_ONE_SHOT) && !kit::CLIENT_ID.is_set(&values);
    if one_shot && answer.as_ref().is_err_and(|error| error.kind() == Kind::Unavailable) {
        return Ok(());
    }
    let (status, body) = answer.map_err(|error| match error.kind() {
        Kind::Unavailable => Error::new(Kind::Unavailable, format!("nobody answers on {address}"))
            .code(code::NOBODY_ANSWERS)
            .hint("start the service with --health-check, and give both the same --health-check-port"),
        _ => error,
    })?;
    if status == http::StatusCode::OK {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unknown,
        format!("{endpoint} is not well: HTTP {}: {}", status.as_u16(), body.trim()),
    )
    .code(code::NOT_HEALTHY))
}
