//! What is shown, and its form for programs.

use serde_json::{Value, json};

use super::settings::Setting;
use crate::ABOUT;
use crate::baton::diagnosis::{Check, Diagnosis};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::service::channel::PROTOCOL_LEVEL;
use crate::term::sanitize;
use crate::workato::diagnosis::Workspace;

/// Everything.
pub struct Shown {
    /// The settings.
    pub settings: Vec<Setting>,
    /// The workspace.
    pub workspace: Workspace,
    /// The checks.
    pub diagnosis: Diagnosis,
}

/// What program this is and what it speaks: name of a thing and its version.
pub fn versions() -> [(&'static str, String); 4] {
    [
        ("program", ABOUT.version.to_owned()),
        ("c1z", "v1 (SQLite)".to_owned()),
        ("protocol", PROTOCOL_LEVEL.to_owned()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
    ]
}

/// One JSON document on one line, whose keys are part of the published interface.
///
/// # Errors
/// Never in practice: `Internal` if it cannot be written as JSON.
pub fn json(shown: &Shown) -> Result<String> {
    let versions: serde_json::Map<String, Value> = versions()
        .into_iter()
        .map(|(name, version)| (name.to_owned(), version.into()))
        .collect();
    let checks = shown.diagnosis.0.iter().map(check).collect::<Result<Vec<Value>>>()?;
    let document = json!({
        "verdict": shown.diagnosis.verdict(),
        "exit_code": shown.diagnosis.gravest().map_or(0, Kind::exit_code),
        "versions": versions,
        "workspace": shown.workspace,
        "settings": shown.settings,
        "checks": checks,
    });
    let text = serde_json::to_string(&document).map_err(broken)?;
    Ok(format!("{}\n", sanitize::json(&text)))
}

/// A check with the whole name of its code.
fn check(check: &Check) -> Result<Value> {
    let mut row = serde_json::to_value(check).map_err(broken)?;
    if let (Some(code), Some(shown)) = (check.code, row.get_mut("code")) {
        *shown = ABOUT.code(code).into();
    }
    Ok(row)
}

fn broken(error: serde_json::Error) -> Error {
    Error::new(Kind::Internal, error.to_string())
}
