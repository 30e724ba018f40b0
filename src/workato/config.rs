//! The connector's own settings: flags, environment variables and config keys (`workato/published.md 1`), and
//! [`Settings`] made of them. The command line calls it; nothing below sees flags.

use std::num::NonZeroU32;
use std::time::Duration;

use url::Url;

use super::client::Customer;
use super::data_center::{self, check_token_region};
use crate::baton::code;
use crate::baton::config::kit::{self, CONNECTION, QUOTA, SYNC};
use crate::baton::config::schema::About;
use crate::baton::config::setting::{Flag, Number, Secret as Hidden, Setting, Text, Texts, settings};
use crate::baton::config::{Export, Field, Source, Values};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Pace;
use crate::baton::secret::Secret;
use crate::workato::settings::{Environment, EnvironmentChoice, OwnToken, Settings};
use crate::workato::tokens;

/// The fields: the published ones in their order, then ours.
pub static FIELDS: &[Field] = &[
    Field::text("workato-api-key", "Token of an API client of the DEV environment")
        .display("API key")
        .required()
        .secret()
        .export(Export::Gui)
        .under(CONNECTION),
    Field::text("workato-data-center", "Data center of the workspace")
        .display("Data center")
        .default_text("us")
        .choices(&["us", "eu", "jp", "sg", "au", "il", "kr", "cn", "uk", "sandbox", "trial"])
        .export(Export::Gui)
        .under(CONNECTION),
    Field::text("workato-env", "Environment to sync: dev, test, prod or all")
        .display("Environment")
        .default_text("dev")
        .choices(&["dev", "test", "prod", "all"])
        .export(Export::Gui)
        .under(SYNC),
    Field::bool("disable-custom-roles-sync", "Do not read legacy custom roles")
        .display("Disable custom roles sync")
        .export(Export::Gui)
        .advanced()
        .under(SYNC),
    Field::text(
        "workato-base-url",
        "Base URL instead of the data center's: a private workspace, a proxy, a mock",
    )
    .export(Export::Cli)
    .advanced()
    .under(CONNECTION),
    Field::text(
        "workato-test-api-key",
        "Token of an API client of the TEST environment, for its projects and folders",
    )
    .display("API key of the TEST environment")
    .secret()
    .export(Export::Gui)
    .under(CONNECTION),
    Field::text(
        "workato-prod-api-key",
        "Token of an API client of the PROD environment, for its projects and folders",
    )
    .display("API key of the PROD environment")
    .secret()
    .export(Export::Gui)
    .under(CONNECTION),
    Field::text(
        "privileges",
        "How privileges of roles are learnt: exact (one call per person), sampled or off",
    )
    .display("Privileges")
    .default_text("sampled")
    .choices(&["exact", "sampled", "off"])
    .export(Export::Gui)
    .advanced()
    .under(SYNC),
    Field::text("folder-depth", "Levels of folders to list: auto, all or a number")
        .display("Folder depth")
        .default_text("auto")
        .export(Export::Gui)
        .advanced()
        .under(SYNC),
    Field::bool("sync-connections", "Also sync connections")
        .display("Sync connections")
        .export(Export::Gui)
        .under(SYNC),
    Field::bool(
        "sync-leaked-tokens",
        "Also ask the audit logs which tokens of API clients leaked: up to ten requests for each token",
    )
    .display("Sync leaked tokens")
    .export(Export::Gui)
    .under(SYNC),
    Field::int(
        "workato-requests-per-minute",
        60,
        "Requests a minute that Workato allows for each family of endpoints; the family with most requests, usually \
         project grants with one for each project, bounds the run",
    )
    .display("Requests a minute")
    .range(1, 100_000)
    .export(Export::Gui)
    .advanced()
    .under(QUOTA),
    Field::list(
        "workato-own-api-clients",
        "Ids of the API clients whose tokens these are: they are never rotated, narrowed or deleted, all others can be",
    )
    .display("API clients of this connector")
    .export(Export::Gui)
    .advanced()
    .under(CONNECTION),
    Field::text(
        "workato-managed-user",
        "Customer of an Embedded partner whose workspace is read, with the partner's token: 91001, or E and the external \
         id; see `help fleets`",
    )
    .export(Export::Cli)
    .advanced()
    .under(CONNECTION),
    Field::bool(
        "touch-own-token",
        "With a write: change an API client even if this program runs on its token",
    )
    .hidden()
    .export(Export::Cli)
    .under(CONNECTION),
    Field::bool(
        "incremental",
        "Take over group members, project grants and settings of roles from the sync before where the audit log, counts \
         and stamps show no change, and say why wherever everything is read; unproven on live workspaces: see \
         `help incremental`",
    )
    .export(Export::Cli)
    .under(SYNC),
];

settings! {
    FIELDS;
    API_KEY: Hidden = "workato-api-key";
    DATA_CENTER: Text = "workato-data-center";
    ENV: Text = "workato-env";
    DISABLE_CUSTOM_ROLES_SYNC: Flag = "disable-custom-roles-sync";
    BASE_URL: Text = "workato-base-url";
    TEST_API_KEY: Hidden = "workato-test-api-key";
    PROD_API_KEY: Hidden = "workato-prod-api-key";
    PRIVILEGES: Text = "privileges";
    FOLDER_DEPTH: Text = "folder-depth";
    SYNC_CONNECTIONS: Flag = "sync-connections";
    SYNC_LEAKED_TOKENS: Flag = "sync-leaked-tokens";
    REQUESTS_PER_MINUTE: Number = "workato-requests-per-minute";
    OWN_API_CLIENTS: Texts = "workato-own-api-clients";
    MANAGED_USER: Text = "workato-managed-user";
    TOUCH_OWN_TOKEN: Flag = "touch-own-token";
    INCREMENTAL: Flag = "incremental";
}

/// What the schema says about the connector.
pub const ABOUT: About = About {
    display_name: "Workato",
    help_url: "/docs/baton/workato",
    icon_url: "/static/app-icons/workato.svg",
};

/// The settings that `values` say. Rules of single fields are checked before.
///
/// # Errors
/// A base URL that is none, a folder depth that is none, a missing token, one token in two settings: exit code 2.
pub fn settings(values: &Values) -> Result<Settings> {
    let missing =
        || Error::new(Kind::Unknown, "required flag(s) \"workato-api-key\" not set").code(code::SETTING_MISSING);
    let settings = Settings {
        base_url: base_url(values)?,
        dev_token: API_KEY.of(values).ok_or_else(missing)?,
        test_token: TEST_API_KEY.of(values),
        prod_token: PROD_API_KEY.of(values),
        environment: environment(ENV.of(values)),
        disable_custom_roles_sync: DISABLE_CUSTOM_ROLES_SYNC.of(values),
        privileges: PRIVILEGES.of(values).parse()?,
        folder_depth: FOLDER_DEPTH.of(values).parse()?,
        customer: customer(values)?,
        sync_connections: SYNC_CONNECTIONS.of(values),
        sync_leaked_tokens: SYNC_LEAKED_TOKENS.of(values),
        own: OwnToken {
            clients: OWN_API_CLIENTS.of(values).to_vec(),
            may_go: TOUCH_OWN_TOKEN.of(values),
        },
    };
    tokens::check_distinct(&settings)?;
    Ok(settings)
}

/// Whose workspace is read, where the token is a partner's. It has one token, that of the partner.
fn customer(values: &Values) -> Result<Option<Customer>> {
    let chosen = MANAGED_USER.of(values).trim();
    if chosen.is_empty() {
        return Ok(None);
    }
    let wrong = |message: String| {
        Error::new(Kind::Unknown, message)
            .code(code::SETTING_VALUE)
            .fact("setting", MANAGED_USER.name())
    };
    let customer = Customer::parse(chosen).map_err(|error| {
        wrong(format!("--workato-managed-user: {error}")).hint(error.hint_text().unwrap_or_default().to_owned())
    })?;
    if TEST_API_KEY.of(values).or(PROD_API_KEY.of(values)).is_some() {
        return Err(
            wrong("--workato-managed-user goes with one token, that of the partner".to_owned())
                .hint("each environment of a customer has an id of its own: sync it by that"),
        );
    }
    Ok(Some(customer))
}

/// Which environments a word chooses: `all`, or one by name.
pub fn environment(word: &str) -> EnvironmentChoice {
    match Environment::new(word) {
        all if all.as_str() == "all" => EnvironmentChoice::All,
        one => EnvironmentChoice::One(one),
    }
}

/// How requests are sent: what a run's [`HttpOptions`](crate::baton::http::HttpOptions) are made of.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest time one request may take.
    pub request_timeout: Duration,
    /// What every quota family is allowed; none for a server without quotas.
    pub pace: Option<Pace>,
}

/// The limits that `values` say.
pub fn limits(values: &Values) -> Limits {
    Limits {
        request_timeout: request_timeout(values),
        pace: pace(values),
    }
}

/// The documented quota of every family, or what an enterprise customer agreed on (`workato/api.md 3.1`).
fn pace(values: &Values) -> Option<Pace> {
    let requests = u32::try_from(REQUESTS_PER_MINUTE.of(values)).ok()?;
    NonZeroU32::new(requests).map(Pace::per_minute)
}

/// The longest time one request may take. Workato gives up after 40 s (`workato/api.md 3.1`), so 60 s
/// are enough unless somebody asks for more; the published default of 300 s stays in the schema.
pub fn request_timeout(values: &Values) -> Duration {
    const ENOUGH: Duration = Duration::from_secs(60);
    if kit::HTTP_TIMEOUT_SECONDS.source(values) == Source::Default {
        return ENOUGH;
    }
    u64::try_from(kit::HTTP_TIMEOUT_SECONDS.of(values)).map_or(ENOUGH, Duration::from_secs)
}

/// The base URL, once every token is known to belong there.
fn base_url(values: &Values) -> Result<Url> {
    let chosen = BASE_URL.of(values).trim();
    let data_center = DATA_CENTER.of(values);
    let overridden = (!chosen.is_empty()).then_some(chosen);
    for setting in [API_KEY, TEST_API_KEY, PROD_API_KEY] {
        if let Some(token) = setting.of(values) {
            check_characters(&token)
                .and_then(|()| check_token_region(data_center, token.expose(), overridden.is_some()))
                .map_err(|error| error.fact("setting", setting.name()))?;
        }
    }
    data_center::base_url(data_center, overridden)
}

/// Refuses what stands around a token by mistake, before it is sent.
fn check_characters(token: &Secret) -> Result<()> {
    let stray = token.stray();
    if stray.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unknown,
        format!("the API key has what does not belong to it: {}", stray.join(", ")),
    )
    .code(code::TOKEN_UNUSABLE)
    .hint(
        "copy the token again: it is one line of letters, digits, dots, dashes and underscores, and nothing around it",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workato::data_center::DATA_CENTERS;

    #[test]
    fn every_data_center_that_can_be_chosen_has_an_address() {
        let field = FIELDS.iter().find(|f| f.name == "workato-data-center").unwrap();
        let chosen: Vec<&str> = field
            .choices
            .iter()
            .map(|choice| data_center::find(choice).unwrap().key)
            .collect();
        let mut keys: Vec<&str> = DATA_CENTERS.iter().map(|center| center.key).collect();
        // It has two names.
        keys.push("sandbox");
        assert_eq!(chosen, keys);
    }
}
