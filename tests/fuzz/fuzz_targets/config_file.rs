//! Any text as `.baton.yaml`, read by the real loader with the real table of fields, up to the connector's settings.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use baton_workato::baton::config::values::Surroundings;
use baton_workato::baton::config::{Field, Values, check, groups, kit, parse};
use baton_workato::baton::error::{Error, Result};
use baton_workato::workato::config;
use libfuzzer_sys::fuzz_target;

static CONNECTOR: LazyLock<Vec<&'static Field>> = LazyLock::new(|| config::FIELDS.iter().collect());
static KIT: LazyLock<Vec<&'static Field>> = LazyLock::new(|| kit::FIELDS.iter().collect());
static ALL: LazyLock<Vec<&'static Field>> =
    LazyLock::new(|| config::FIELDS.iter().chain(kit::FIELDS).collect());

fuzz_target!(|text: &[u8]| {
    let folder = folder();
    std::fs::write(folder.path().join(".baton.yaml"), text).unwrap();
    let around = Surroundings {
        env: &|_| None,
        directory: folder.path(),
    };
    match Values::load(&ALL, &[], &around) {
        Err(error) => usage(&error),
        Ok(values) => loaded(&values, text),
    }
    if let Ok(text) = std::str::from_utf8(text) {
        spelled(text);
    }
});

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

fn rules(values: &Values) -> Result<()> {
    check::required(&ALL, values)?;
    groups::check(|name| values.is_set(name))?;
    check::kit_rules(&KIT, values)?;
    check::connector_rules(&CONNECTOR, values)?;
    let settings = config::settings(values)?;
    assert!(!settings.dev_token.is_empty(), "a run without a token");
    assert!(matches!(settings.base_url.scheme(), "https" | "http"));
    config::request_timeout(values);
    Ok(())
}

/// Nothing shows a secret of the file, unless the same text stands elsewhere in it, too.
fn loaded(values: &Values, text: &[u8]) {
    let outcome = rules(values);
    let text = String::from_utf8_lossy(text);
    for setting in [config::API_KEY, config::TEST_API_KEY, config::PROD_API_KEY] {
        let name = setting.name();
        let Some(secret) = setting.of(values) else { continue };
        let secret = secret.expose();
        let common = || ALL.iter().any(|field| format!("{field:?}").contains(secret));
        if secret.len() < 8 || text.matches(secret).count() != 1 || common() {
            continue;
        }
        assert!(!format!("{values:?}").contains(secret), "{name} shows in the values");
        if let Err(error) = &outcome {
            assert!(!format!("{error:?}").contains(secret), "{name} shows: {error:?}");
        }
    }
    if let Err(error) = outcome {
        usage(&error);
    }
}

fn usage(error: &Error) {
    assert_eq!(error.kind().exit_code(), 2, "{error:?}");
    let text = error.to_string();
    assert!(!text.is_empty());
}

/// The spellings of single values: what is written in the plain form reads back.
fn spelled(text: &str) {
    if let Some(number) = parse::integer(text) {
        assert_eq!(parse::integer(&number.to_string()), Some(number));
    }
    if let Ok(texts) = parse::list(text) {
        let quoted: Vec<String> = texts.iter().map(|t| format!("\"{}\"", t.replace('"', "\"\""))).collect();
        assert_eq!(parse::list(&quoted.join(",")).unwrap(), texts);
    }
}
