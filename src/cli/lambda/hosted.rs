//! A build that can be hosted: settings of the function in, the loop of Lambda, settings of the connector from
//! ConductorOne.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use clap::{ArgMatches, Command};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::ABOUT;
use crate::baton::code;
use crate::baton::config::values::{Surroundings, text_of};
use crate::baton::config::{Field, Values, check, kit};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::grpc::local::Local;
use crate::baton::grpc::{Services, Switches};
use crate::baton::hosted::{self, AwsCredentials, Configuration, Expected, Hosted, Made, Place, Signer, settings};
use crate::baton::http::{SystemClock, authorities};
use crate::baton::progress::Silent;
use crate::baton::service::credentials::{ClientId, ClientSecret};
use crate::cli::sync::in_runtime;
use crate::cli::{bad_value, connect, fields as known, interrupt, logging, variables};
use crate::term::Terminal;
use crate::workato;

/// Bytes of a page. Lambda takes 6 MiB of JSON, in which rows are two to three times as large as on the wire.
const PAGE: usize = 1024 * 1024;

/// The command.
pub fn command() -> Command {
    Command::new("lambda")
        .about("Answer ConductorOne as a function of AWS Lambda")
        .after_help(
            "The settings of the connector come from ConductorOne. `help conductorone` says what works and what is not \
             proven.",
        )
}

/// The fields that only this command has.
pub fn fields() -> &'static [&'static Field] {
    static FIELDS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| settings::FIELDS.iter().collect());
    &FIELDS
}

/// Whether the help shows a field of the kit.
pub fn shown(field: &Field) -> bool {
    ["log-level", "log-format"].contains(&field.name)
}

/// The variables that only this command reads.
pub fn variables() -> impl Iterator<Item = String> {
    let own = fields().iter().map(|field| field.env());
    own.chain(
        [
            settings::TOKEN_HOST,
            settings::CONFIGURATION_HOST,
            settings::CA_CERT_PATH,
        ]
        .map(str::to_owned),
    )
}

/// Answers until the function is taken down.
///
/// # Errors
/// Those of the settings; what keeps the connector from beginning.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = load(&[root, own])?;
    let adjust = logging::start_adjustable(&values, terminal)?;
    let env = |name: &str| std::env::var(name).ok();
    hosted::check(&env)?;
    let secret = settings::CLIENT_SECRET.of(&values);
    let secret = secret.ok_or_else(|| bad_value("--lambda-client-secret is empty").code(code::CLIENT_SECRET))?;
    let id = ClientId::parse(settings::CLIENT_ID.of(&values))?;
    authorities::check_environment(&|name| std::env::var_os(name))?;
    let place = place(&id)?;
    let signer = signer(&values)?;
    let hosted = Hosted {
        about: ABOUT,
        secret: ClientSecret::parse(&secret)?,
        place,
        aws: AwsCredentials::of(&env)?,
        expected: Expected {
            issuer: settings::ISSUER.of(&values).to_owned(),
            subject: settings::SUBJECT.of(&values).to_owned(),
            audience: settings::AUDIENCE.of(&values).to_owned(),
        },
        signer,
        make: Arc::new(move |configuration| make(&values, configuration)),
        adjust,
        clock: Arc::new(SystemClock),
        id,
    };
    in_runtime(async {
        let stop = CancellationToken::new();
        interrupt::listen(&stop);
        hosted::run(hosted, stop.cancelled()).await
    })
}

/// The settings of the function, checked.
fn load(matches: &[&ArgMatches]) -> Result<Values> {
    variables::check(&|name| std::env::var_os(name))?;
    let around = Surroundings {
        env: &|name| std::env::var_os(name),
        directory: Path::new(""),
    };
    let all: Vec<&'static Field> = known::all().iter().chain(fields()).copied().collect();
    let values = Values::load(&all, matches, &around)?;
    check::required(fields(), &values)?;
    check::kit_rules(known::of_kit(), &values)?;
    Ok(values)
}

/// Where ConductorOne is: at the host of the client id, unless variables say otherwise.
fn place(id: &ClientId) -> Result<Place> {
    let host = |name: &str| match text_of(name, std::env::var_os(name))? {
        Some(host) if host.trim().is_empty() => {
            Err(bad_value(format!("{name} is empty")).hint("unset it, or set it to a host"))
        }
        host => Ok(host.map(|host| host.trim().to_owned())),
    };
    let token_host = host(settings::TOKEN_HOST)?.unwrap_or_else(|| id.host().to_owned());
    let roots = text_of(settings::CA_CERT_PATH, std::env::var_os(settings::CA_CERT_PATH))?;
    let roots = roots.map(|path| path.trim().to_owned()).filter(|path| !path.is_empty());
    Ok(Place {
        configuration_host: host(settings::CONFIGURATION_HOST)?.unwrap_or_else(|| token_host.clone()),
        token_host,
        extra_roots: roots
            .map(|path| authorities::read(Path::new(&path)))
            .transpose()
            .map_err(|error| error.fact("variable", settings::CA_CERT_PATH))?,
    })
}

/// The key of the callers' tokens, or where it is. Without either nobody could be told from anybody.
fn signer(values: &Values) -> Result<Signer> {
    let (key, url) = (settings::SIGNER.of(values).trim(), settings::JWKS_URL.of(values).trim());
    match (key, url) {
        (key, "") if !key.is_empty() => Ok(Signer::Key(key.to_owned())),
        ("", url) if !url.is_empty() => Url::parse(url).map(Signer::Url).map_err(|error| {
            bad_value(format!("field lambda-auth-jwt-jwks-url: {error}")).hint("it begins with https://")
        }),
        _ => Err(Error::new(
            Kind::Unknown,
            "must specify exactly one of lambda-auth-jwt-signer or lambda-auth-jwt-jwks-url",
        )
        .code(code::SETTINGS_TOGETHER)),
    }
}

/// A connector of a configuration. Writes and tickets are always on, as published.
fn make(own: &Values, configuration: &Configuration) -> Result<Made> {
    let values = own.given(known::all(), &configuration.settings)?;
    check::required(known::of_connector(), &values)?;
    check::kit_rules(known::of_kit(), &values)?;
    check::connector_rules(known::of_connector(), &values)?;
    let settings = workato::config::settings(&values)?;
    let hosts = settings.base_url.host_str().map(str::to_owned).into_iter().collect();
    let (connector, _) = connect::connect(settings, workato::config::limits(&values), Arc::new(Silent))?;
    let switches = Switches {
        provisioning: true,
        ticketing: true,
    };
    let until = kit::LOG_LEVEL_DEBUG_EXPIRES_AT.of(&values).trim();
    Ok(Made {
        services: Local::new(&Services::with_pages(connector, switches, PAGE)),
        hosts,
        level: logging::level_of(&values)?,
        more_until: (!until.is_empty())
            .then(|| until.parse::<Timestamp>())
            .transpose()
            .map_err(|error| bad_value(format!("field log-level-debug-expires-at: {error}")))?,
    })
}
