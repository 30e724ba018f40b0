//! Environment variables that look like settings and are none: a name that is misspelt would be ignored without a word.

use std::ffi::OsString;

use super::fields;
use crate::baton::code;
use crate::baton::config::file::PATH_VARIABLE;
use crate::baton::config::values::text_of;
use crate::baton::error::Result;
use crate::report::spelling;
use crate::term::Terminal;

/// What all of them begin with.
const PREFIX: &str = "BATON_";
/// How those of this connector begin.
const OWN: &str = "BATON_WORKATO_";
/// How many characters of a name that is none of ours may be wrong before it is somebody else's.
const TYPOS: usize = 2;

/// Variables that this program reads besides those of its settings (`baton/config/published.md 1.6`).
pub const OTHERS: [&str; 12] = [
    PATH_VARIABLE,
    TMPDIR,
    "BATON_HOST_ID",
    "BATON_C1_API_HOST",
    "BATON_GET_TASKS",
    "BATON_SKIP_CLEANUP",
    "BATON_DECODER_MAX_DECODED_SIZE_MB",
    "BATON_DECODER_MAX_MEMORY_MB",
    "BATON_DISABLE_FCS_FAIL_FAST",
    "BATON_DONT_FIX_CYCLES",
    "BATON_GRAPH_EXPAND_MAX_DEPTH",
    "BATON_CONNECTOR_SERVICE_LISTENER_FD",
];
/// The folder for working copies: a path, so it need not be UTF-8.
const TMPDIR: &str = "BATON_TMPDIR";

/// Published variables that have nothing to act on here.
const IDLE: [&str; 15] = [
    "BATON_DISABLE_HTTP_CACHE",
    "BATON_HTTP_CACHE_BACKEND",
    "BATON_HTTP_CACHE_TTL",
    "BATON_HTTP_CACHE_MAX_SIZE",
    "BATON_DEBUG_PRINT_RESPONSE_BODY",
    "BATON_GRAPH_EXPAND_DEST_BATCH_SIZE",
    "BATON_C1Z_FINALIZE_TIMEOUT",
    "BATON_C1Z_BULKLOAD_INDEX_TIMEOUT",
    "BATON_ZSTD_POOL_DISABLE",
    "BATON_EXPERIMENTAL_PEBBLE_COMPACTOR",
    "BATON_EXPERIMENTAL_FOLD_COMPACT",
    "BATON_PEBBLE_SYNTH_LAYER_SEGMENT_ROWS",
    "BATON_LAMBDA_TOKEN_HOST",
    "BATON_LAMBDA_CONFIGURATION_HOST",
    "BATON_LAMBDA_CA_CERT_PATH",
];

/// A variable that is set and does nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Its name; characters that are no UTF-8 are replaced.
    pub name: String,
    /// The name that may be meant.
    pub meant: Option<String>,
}

/// Those of the process that are set, not to the empty text, and look like settings of this program.
pub fn unknown() -> Vec<Unknown> {
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    among(set.map(|(name, _)| name.to_string_lossy().into_owned()))
}

/// Says of each that it does nothing, on stderr.
pub fn warn(terminal: &Terminal) {
    for Unknown { name, meant } in unknown() {
        let hint = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`baton-workato --help` shows the variable of each setting".to_owned(),
        };
        let message = format!("{name} is set, and no setting has this name: it does nothing");
        terminal.warning(code::UNKNOWN_VARIABLE, &message, &hint);
    }
}

/// Whether variables that are read are texts.
///
/// # Errors
/// Exit code 2 for one that is no UTF-8; it would count as not set.
pub fn check(env: &dyn Fn(&str) -> Option<OsString>) -> Result<()> {
    let others = OTHERS.iter().filter(|name| **name != TMPDIR);
    others.copied().try_for_each(|name| text_of(name, env(name)).map(drop))
}

/// Those of some names, in their order.
pub fn among(names: impl Iterator<Item = String>) -> Vec<Unknown> {
    let known = known();
    let mut names: Vec<String> = names
        .filter(|name| name.to_uppercase().starts_with(PREFIX))
        .filter(|name| !known.contains(name) && !IDLE.contains(&name.as_str()))
        .collect();
    names.sort();
    names
        .into_iter()
        .filter_map(|name| {
            let upper = name.to_uppercase();
            let near = nearest(&upper, &known);
            let is_own = upper.starts_with(OWN);
            let is_typo = near.as_ref().is_some_and(|(distance, _)| *distance <= TYPOS);
            (is_own || is_typo).then(|| Unknown {
                name,
                meant: near.map(|(_, known)| known),
            })
        })
        .collect()
}

fn known() -> Vec<String> {
    let fields = fields::all().iter().map(|field| field.env());
    let known = fields.chain(OTHERS.map(str::to_owned));
    #[cfg(feature = "hosted")]
    let known = known.chain(super::lambda::variables());
    known.collect()
}

/// The name that may be meant, and how far it is. Settings of the kit are looked for without the connector's name, too.
fn nearest(name: &str, known: &[String]) -> Option<(usize, String)> {
    let kit = name.replacen(OWN, PREFIX, 1);
    let distance = |known: &String| {
        let apart = |name: &str| spelling::distance(known, name);
        let near = [apart(name), (kit != name).then(|| apart(&kit)).flatten()];
        // Whole words too many or too few are no typing error.
        near.into_iter()
            .flatten()
            .filter(|distance| *distance <= known.len() / 3)
            .min()
    };
    let near = known.iter().filter_map(|known| Some((distance(known)?, known.clone())));
    near.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<(String, Option<String>)> {
        let found = among(names.iter().map(|name| (*name).to_owned()));
        found.into_iter().map(|unknown| (unknown.name, unknown.meant)).collect()
    }

    #[test]
    fn a_misspelt_name_is_found_with_the_one_that_is_meant() {
        for (name, meant) in [
            ("BATON_WORKATO_APIKEY", Some("BATON_WORKATO_API_KEY")),
            ("BATON_WORKATO_API_KEYS", Some("BATON_WORKATO_API_KEY")),
            ("BATON_WORKATO_DATACENTER", Some("BATON_WORKATO_DATA_CENTER")),
            ("BATON_WORKATO_PROD_APIKEY", Some("BATON_WORKATO_PROD_API_KEY")),
            ("BATON_WORKATO_FILE", Some("BATON_FILE")),
            ("BATON_WORKATO_LOG_LEVEL", Some("BATON_LOG_LEVEL")),
            ("baton_workato_api_key", Some("BATON_WORKATO_API_KEY")),
            ("BATON_WORKATO_ZZZZZZZZZZZZZZZZZZZZ", None),
            ("BATON_LOGLEVEL", Some("BATON_LOG_LEVEL")),
            ("BATON_KEEP_SYNCS_COUNT", Some("BATON_KEEP_SYNC_COUNT")),
            ("BATON_TMP_DIR", Some("BATON_TMPDIR")),
            ("BATON_CLIENTID", Some("BATON_CLIENT_ID")),
        ] {
            assert_eq!(found(&[name]), [(name.to_owned(), meant.map(str::to_owned))]);
        }
    }

    #[test]
    fn known_names_and_those_of_others_are_let_be() {
        let known = known();
        assert!(known.iter().all(|name| found(&[name]).is_empty()));
        assert!(IDLE.iter().all(|name| found(&[name]).is_empty()));
        for name in [
            "PATH",
            "BATON_OKTA_DOMAIN",
            "BATON_OKTA_API_KEY",
            "BATON_TOKEN",
            "WORKATO_API_KEY",
            "BATON_",
        ] {
            assert_eq!(found(&[name]), [], "{name}");
        }
    }
}
