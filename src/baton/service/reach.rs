//! Whether ConductorOne would take this host in: for a diagnosis. It fetches a token, as the service does, and connects; it
//! does not say hello and asks for no task.

use std::sync::Arc;
use std::time::Duration;

use super::channel;
use super::credentials::{ClientId, ClientSecret};
use super::token::{TokenEndpoint, Tokens};
use crate::baton::about::About;
use crate::baton::code;
use crate::baton::diagnosis::{Check, Group};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Clock;

/// The way to ConductorOne.
pub struct Way<'a> {
    /// Which program calls.
    pub about: &'a About,
    /// Who we are.
    pub id: ClientId,
    /// How we prove it.
    pub secret: ClientSecret,
    /// Where to call, perhaps with a port.
    pub host: &'a str,
    /// Where tokens come from.
    pub tokens: Arc<dyn TokenEndpoint>,
    /// Certificate authorities to trust besides the system's, in PEM form.
    pub extra_roots: Option<&'a [u8]>,
}

/// Looks at both ends of the way, each within the limit.
pub async fn check(way: Way<'_>, clock: Arc<dyn Clock>, limit: Duration) -> Vec<Check> {
    let name = way.id.name().to_owned();
    let tokens = Tokens::new(way.id, way.secret, way.tokens, clock);
    let token = async { tokens.header().await.map(drop) };
    let (token, tasks) = tokio::join!(
        within(limit, way.host, token),
        within(
            limit,
            way.host,
            channel::reach(way.about, way.host, &name, way.extra_roots)
        ),
    );
    vec![
        judge("access token", token, format!("{} knows {name}", way.host)),
        judge("task service", tasks, format!("{} can be reached", way.host)),
    ]
}

fn judge(name: &str, outcome: Result<()>, seen: String) -> Check {
    match outcome {
        Ok(()) => Check::ok(Group::ConductorOne, name, seen),
        Err(error) => Check::of_error(Group::ConductorOne, name, &error)
            .lost("the service mode does not start; a one-shot sync needs no ConductorOne"),
    }
}

async fn within(limit: Duration, host: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let seconds = limit.as_secs();
        Err(Error::new(
            Kind::DeadlineExceeded,
            format!("{host} did not answer within {seconds} s"),
        )
        .code(code::C1_UNREACHABLE)
        .hint("check the network of this machine and the proxy settings (HTTPS_PROXY, NO_PROXY)"))
    })
}
