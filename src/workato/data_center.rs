//! Where a workspace lives: data centers, base URLs, and what a token's prefix says about both.
//!
//! Used by the settings of a run, before the first request (`workato/api.md 1.1, 1.2`).

use url::Url;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::is_loopback;
use crate::workato::code;

/// One data center.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataCenter {
    /// What `--workato-data-center` calls it.
    pub key: &'static str,
    /// Base URL of its API.
    pub base_url: &'static str,
    /// Where it is, for people.
    pub place: &'static str,
}

impl DataCenter {
    /// What the prefix of its tokens calls it.
    pub fn token_key(&self) -> &'static str {
        match self.key {
            SANDBOX => TRIAL,
            key => key,
        }
    }
}

const fn center(key: &'static str, base_url: &'static str, place: &'static str) -> DataCenter {
    DataCenter { key, base_url, place }
}

/// Every known data center. A Virtual Private Workato has no key: it is reached with a base URL.
pub const DATA_CENTERS: [DataCenter; 10] = [
    center("us", "https://www.workato.com", "United States"),
    center("eu", "https://app.eu.workato.com", "Europe"),
    center("jp", "https://app.jp.workato.com", "Japan"),
    center("sg", "https://app.sg.workato.com", "Singapore"),
    center("au", "https://app.au.workato.com", "Australia"),
    center("il", "https://app.il.workato.com", "Israel"),
    center("kr", "https://app.kr.workato.com", "South Korea"),
    center("cn", "https://app.workatoapp.cn", "China"),
    center("uk", "https://app.uk.workato.com", "United Kingdom"),
    center(
        "sandbox",
        "https://app.trial.workato.com",
        "Developer sandbox, Free and Pro",
    ),
];

/// The stack of developer sandboxes.
const SANDBOX: &str = "sandbox";
/// What its host and the prefix of its tokens call it.
const TRIAL: &str = "trial";

/// The data center of a key, in any case.
///
/// # Errors
/// `Unknown` for a key that does not exist; the hint lists those that do.
pub fn find(key: &str) -> Result<&'static DataCenter> {
    let wanted = key.trim();
    let named = match wanted.eq_ignore_ascii_case(TRIAL) {
        true => SANDBOX,
        false => wanted,
    };
    DATA_CENTERS
        .iter()
        .find(|center| center.key.eq_ignore_ascii_case(named))
        .ok_or_else(|| {
            let keys: Vec<&str> = DATA_CENTERS.iter().map(|center| center.key).collect();
            Error::new(Kind::Unknown, format!("unknown Workato data center {wanted:?}"))
                .code(code::DATA_CENTER)
                .hint(format!(
                    "--workato-data-center is one of {}; for any other host use --workato-base-url",
                    keys.join(", ")
                ))
        })
}

/// The base URL of a run: the override if there is one, else that of the data center.
///
/// # Errors
/// `Unknown` for an unknown data center or an override that is not a plain https URL (http only to this machine).
pub fn base_url(dc: &str, override_url: Option<&str>) -> Result<Url> {
    match override_url.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => normalise(text),
        None => {
            let center = find(dc)?;
            Url::parse(center.base_url).map_err(|e| Error::new(Kind::Internal, "bad base URL in the table").source(e))
        }
    }
}

fn normalise(text: &str) -> Result<Url> {
    let refuse = |why: &str| {
        // The text itself is not repeated: someone may have pasted a token into it.
        Err(Error::new(Kind::Unknown, format!("the Workato base URL {why}"))
            .code(code::BASE_URL)
            .hint("--workato-base-url looks like https://app.eu.workato.com, without /api"))
    };
    let Ok(mut url) = Url::parse(text) else {
        return refuse("is not a URL");
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return refuse("must begin with https:// (plain http is only for this machine)"),
        _ => return refuse("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not contain a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not contain a query or fragment");
    }
    if url.host_str() == Some("app.workato.com") {
        // The US user interface; its API lives on another host (`workato/api.md 1.1`).
        if url.set_host(Some("www.workato.com")).is_err() {
            return refuse("has no host that can be used");
        }
    }
    let path = url.path().trim_end_matches('/');
    let path = path
        .strip_suffix("/api")
        .unwrap_or(path)
        .trim_end_matches('/')
        .to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Reports a token of another region than the configured data center, before it is sent anywhere.
///
/// Tokens begin with `wrka<region>-`, those of the sandbox with `wrkatrial-`, or, without a region, `wrka-`. Spellings that are not known pass, and so does
/// everything when the base URL is `overridden`.
///
/// # Errors
/// `Unknown` (a configuration error) that names the right data center. The token is not part of it.
pub fn check_token_region(dc: &str, token: &str, overridden: bool) -> Result<()> {
    if overridden {
        return Ok(());
    }
    let configured = find(dc)?;
    let Some(region) = token_region(token) else {
        return Ok(());
    };
    // The sandbox stack has a prefix of its own, but whether older tokens of it have that of the US is not known.
    let plausible = region.key == configured.key || (configured.key == SANDBOX && region.key == "us");
    if plausible {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unknown,
        format!(
            "the API token belongs to the {} data center ({}), but {} ({}) is configured",
            region.key, region.place, configured.key, configured.place
        ),
    )
    .code(code::KEY_OF_OTHER_REGION)
    .hint(format!(
        "use --workato-data-center {}, or a token of the {} data center",
        region.key, configured.key
    )))
}

/// The data center a token's prefix names, if it names one.
pub fn token_region(token: &str) -> Option<&'static DataCenter> {
    let (prefix, _) = token.trim().split_once('-')?;
    let region = prefix.strip_prefix("wrka")?;
    DATA_CENTERS.iter().find(|center| center.token_key() == region)
}
