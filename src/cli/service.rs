//! Service mode: connected to ConductorOne until a signal comes, which is a good end.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::sync::{chosen_engine, chosen_temp_dir, chosen_workers, in_runtime};
use super::{bad_value, connect, fields, interrupt, unavailable};
use crate::ABOUT;
use crate::baton::code;
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::hook::Rules;
use crate::baton::http::{FormClient, SystemClock, authorities};
use crate::baton::secret::Secret;
use crate::baton::service::channel::{self, TOKEN_USER_AGENT};
use crate::baton::service::credentials::{ClientId, ClientSecret};
use crate::baton::service::host::host_id;
use crate::baton::service::token::HttpTokenEndpoint;
use crate::baton::service::{self, Link, ServiceEnvironment, ServiceOptions};
use crate::term::Terminal;
use crate::term::progress::{Display, Progress};
use crate::workato;

/// Serves until the first signal.
///
/// # Errors
/// Those of the settings, and a refusal of ConductorOne at the start.
pub fn run(terminal: &Terminal, values: &Values) -> Result<()> {
    unavailable::check_service(fields::all(), values)?;
    let env = |name: &str| std::env::var(name).ok();
    let settings = workato::config::settings(values)?;
    let limits = workato::config::limits(values);
    let options = options(values, &env, &[])?;
    in_runtime(async {
        let link = Tenant::of(values, env("BATON_C1_API_HOST"))?.link()?;
        let stop = CancellationToken::new();
        interrupt::listen(&stop);
        let progress = Progress::start(terminal, Display::Log);
        let observer = progress.observer();
        let (connector, requests) = connect::connect(settings, limits, Arc::clone(&observer))?;
        let environment = ServiceEnvironment {
            observer,
            requests,
            clock: Arc::new(SystemClock),
            stop,
        };
        service::run(connector, options, link, environment).await
    })
}

/// What the settings say of a service. Commands of events do not see the variables in `hidden`, nor those of secret settings.
///
/// # Errors
/// Values that cannot be.
pub fn options(values: &Values, env: &dyn Fn(&str) -> Option<String>, hidden: &[String]) -> Result<ServiceOptions> {
    Ok(ServiceOptions {
        host_id: host_id(env("BATON_HOST_ID").as_deref()),
        concurrency: usize::try_from(kit::TASK_CONCURRENCY.of(values)).unwrap_or_default(),
        batched: switch("BATON_GET_TASKS", env("BATON_GET_TASKS").as_deref())?,
        provisioning: kit::PROVISIONING.of(values),
        ticketing: kit::TICKETING.of(values),
        skip_full_sync: kit::SKIP_FULL_SYNC.of(values),
        resource_types: kit::SYNC_RESOURCE_TYPES.of(values).to_vec(),
        workers: chosen_workers(values),
        engine: chosen_engine(values),
        temp_dir: chosen_temp_dir(values)?.unwrap_or_else(std::env::temp_dir),
        event_hook: event_hook(kit::EVENT_HOOK.of(values), hidden),
        health: health(values)?,
    })
}

/// Where probes are answered, if they are to be.
///
/// # Errors
/// As [`health_address`].
pub fn health(values: &Values) -> Result<Option<SocketAddr>> {
    kit::HEALTH_CHECK.of(values).then(|| health_address(values)).transpose()
}

/// How the command of events is run. There is no next run to leave a failure to: it is tried again every hour.
fn event_hook(command: &str, hidden: &[String]) -> Option<Rules> {
    (!command.trim().is_empty()).then(|| Rules {
        command: command.to_owned(),
        at_once: 4,
        limit: Duration::from_secs(60),
        tries: 6,
        again: Some(Duration::from_secs(60 * 60)),
        hidden: [fields::secret_variables(), hidden.to_vec()].concat(),
        remember: workato::event::REMEMBERED,
    })
}

/// Who and where ConductorOne is, by the settings.
pub struct Tenant {
    /// Who we are.
    pub id: ClientId,
    /// How we prove it.
    pub secret: ClientSecret,
    /// Where to call.
    pub host: String,
    /// Certificate authorities to trust besides the system's, in PEM form.
    pub extra_roots: Option<Vec<u8>>,
    /// Where tokens come from.
    pub tokens: Arc<HttpTokenEndpoint>,
}

impl Tenant {
    /// From the settings. `api_host` takes the place of the tenant's host for calls and tokens, not in assertions.
    ///
    /// # Errors
    /// Credentials, a host or a file of certificates that cannot be used.
    pub fn of(values: &Values, api_host: Option<String>) -> Result<Self> {
        let id = kit::CLIENT_ID.of(values);
        let secret = kit::CLIENT_SECRET.of(values);
        let secret = secret.ok_or_else(|| {
            Error::new(Kind::Unknown, "--client-secret is empty")
                .code(code::CLIENT_SECRET)
                .hint("it goes with --client-id")
        })?;
        Tenant::with(id, &secret, values, api_host)
    }

    /// The same with credentials that are not in the settings.
    ///
    /// # Errors
    /// As [`Tenant::of`].
    pub fn with(id: &str, secret: &Secret, values: &Values, api_host: Option<String>) -> Result<Self> {
        let id = ClientId::parse(id)?;
        let secret = ClientSecret::parse(secret)?;
        let host = api_host.unwrap_or_else(|| id.host().to_owned()).trim().to_owned();
        if host.is_empty() {
            return Err(bad_value("BATON_C1_API_HOST is empty").hint("unset it, or set it to a host"));
        }
        let extra_roots = match kit::C1_CA_CERT.of(values) {
            "" => None,
            path => Some(authorities::read(Path::new(path)).map_err(|error| error.fact("setting", "c1-ca-cert"))?),
        };
        let timeout = Duration::from_secs(u64::try_from(kit::HTTP_TIMEOUT_SECONDS.of(values)).unwrap_or_default());
        authorities::check_environment(&|name| std::env::var_os(name))?;
        let client =
            FormClient::new(TOKEN_USER_AGENT, timeout, extra_roots.as_deref()).with_context(
                || match kit::C1_CA_CERT.of(values) {
                    "" => "trust the system's certificate authorities".to_owned(),
                    path => format!("trust the certificate authorities in {path}"),
                },
            )?;
        Ok(Tenant {
            tokens: Arc::new(HttpTokenEndpoint::new(&host, client)?),
            id,
            secret,
            host,
            extra_roots,
        })
    }

    /// The way there.
    ///
    /// # Errors
    /// A host that no channel leads to.
    pub fn link(self) -> Result<Link> {
        Ok(Link {
            channel: channel::open(&ABOUT, &self.host, self.id.name(), self.extra_roots.as_deref())?,
            tokens: self.tokens,
            id: self.id,
            secret: self.secret,
        })
    }
}

/// Where probes are answered.
///
/// # Errors
/// An address that names nothing on this machine.
pub fn health_address(values: &Values) -> Result<SocketAddr> {
    let (host, port) = (
        kit::HEALTH_CHECK_BIND_ADDRESS.of(values),
        kit::HEALTH_CHECK_PORT.of(values),
    );
    let port = u16::try_from(port).map_err(|_| bad_value(format!("--health-check-port: {port} is not a port")))?;
    let found = (host.trim_matches(['[', ']']), port).to_socket_addrs();
    found.ok().and_then(|mut all| all.next()).ok_or_else(|| {
        bad_value(format!("--health-check-bind-address: {host:?} is not an address"))
            .hint("127.0.0.1 answers this machine only, 0.0.0.0 everyone")
    })
}

/// A yes/no variable that is no flag, in the published words.
fn switch(name: &str, value: Option<&str>) -> Result<bool> {
    match value.unwrap_or_default() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => Err(bad_value(format!("{name}: {other:?} is neither true nor false"))),
    }
}
