//! The connector's own settings: flags, environment variables and config keys (`contract/cli.md` 1.3), and
//! [`Settings`] made of them. The command line calls it; nothing below sees flags.

use std::time::Duration;

use url::Url;

use crate::baton::config::kit::{CONNECTION, SYNC};
use crate::baton::config::schema::About;
use crate::baton::config::{Export, Field, Values};
use crate::baton::error::{Error, Kind, Result};
use crate::workato::settings::{Environment, EnvironmentChoice, Settings};

/// Data centers and their base URLs (`contract/workato-api.md` 1.1). The published ones come first.
pub const DATA_CENTERS: &[(&str, &str)] = &[
    ("us", "https://www.workato.com"),
    ("eu", "https://app.eu.workato.com"),
    ("jp", "https://app.jp.workato.com"),
    ("sg", "https://app.sg.workato.com"),
    ("au", "https://app.au.workato.com"),
    ("il", "https://app.il.workato.com"),
    ("kr", "https://app.kr.workato.com"),
    ("cn", "https://app.workatoapp.cn"),
    ("uk", "https://app.uk.workato.com"),
    ("sandbox", "https://app.trial.workato.com"),
];

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
        .choices(&["us", "eu", "jp", "sg", "au", "il", "kr", "cn", "uk", "sandbox"])
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
        .under(SYNC),
    Field::text(
        "workato-base-url",
        "Base URL instead of the data center's: a private workspace, a proxy, a mock",
    )
    .export(Export::Cli)
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
    .under(SYNC),
    Field::text("folder-depth", "Levels of folders to list: auto, all or a number")
        .display("Folder depth")
        .default_text("auto")
        .export(Export::Gui)
        .under(SYNC),
    Field::bool("sync-connections", "Also sync connections")
        .display("Sync connections")
        .export(Export::Gui)
        .under(SYNC),
];

/// What the schema says about the connector.
pub const ABOUT: About = About {
    display_name: "Workato",
    help_url: "/docs/baton/workato",
    icon_url: "/static/app-icons/workato.svg",
};

/// The settings that `values` say. Rules of single fields are checked before.
///
/// # Errors
/// A base URL that is none, a folder depth that is none, a missing token: exit code 2.
pub fn settings(values: &Values) -> Result<Settings> {
    let missing = || Error::new(Kind::Unknown, "required flag(s) \"workato-api-key\" not set");
    Ok(Settings {
        base_url: base_url(values)?,
        dev_token: values.secret("workato-api-key").ok_or_else(missing)?,
        test_token: values.secret("workato-test-api-key"),
        prod_token: values.secret("workato-prod-api-key"),
        environment: match values.text("workato-env") {
            "all" => EnvironmentChoice::All,
            one => EnvironmentChoice::One(Environment::new(one)),
        },
        disable_custom_roles_sync: values.bool("disable-custom-roles-sync"),
        privileges: values.text("privileges").parse()?,
        folder_depth: values.text("folder-depth").parse()?,
        sync_connections: values.bool("sync-connections"),
    })
}

/// The longest time one request may take.
pub fn request_timeout(values: &Values) -> Duration {
    Duration::from_secs(u64::try_from(values.int("http-timeout-seconds")).unwrap_or(300))
}

fn base_url(values: &Values) -> Result<Url> {
    let chosen = values.text("workato-base-url").trim();
    let data_center = values.text("workato-data-center");
    let text = if chosen.is_empty() {
        let known = DATA_CENTERS.iter().find(|(name, _)| *name == data_center);
        known.map_or("", |(_, url)| *url)
    } else {
        chosen
    };
    let wrong = |why: &'static str| {
        Error::new(Kind::Unknown, format!("workato-base-url: {why}"))
            .hint("write scheme and host, for example https://app.eu.workato.com")
    };
    let url = Url::parse(text).map_err(|_| wrong("not an address with scheme and host"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(wrong("not an http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a user or password"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        tracing::warn!(
            host = url.host_str(),
            "The base URL is not https: the token crosses the network in clear."
        );
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_center_that_can_be_chosen_has_an_address() {
        let field = FIELDS.iter().find(|f| f.name == "workato-data-center").unwrap();
        let names: Vec<&str> = DATA_CENTERS.iter().map(|(name, _)| *name).collect();
        assert_eq!(field.choices, names);
        for (_, url) in DATA_CENTERS {
            assert_eq!(Url::parse(url).unwrap().scheme(), "https");
        }
    }
}
