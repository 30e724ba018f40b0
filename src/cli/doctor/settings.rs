//! The settings: what each is, where it comes from, and whether a run would accept them.

use serde::Serialize;

use super::scrub::Scrub;
use crate::baton::code::UNKNOWN_VARIABLE;
use crate::baton::config::file::PATH_VARIABLE;
use crate::baton::config::kit;
use crate::baton::config::{Field, Origin, Source, Value, Values, check, groups};
use crate::baton::diagnosis::{Check, Group};
use crate::baton::error::{Kind, Result};
use crate::cli::variables::{self, Unknown};
use crate::cli::{fields, sync, unavailable};
use crate::workato;

/// Settings that are shown even where nobody set them.
const ALWAYS: [&str; 4] = ["workato-api-key", "workato-data-center", "workato-env", "file"];

/// A setting as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its flag without dashes.
    pub name: &'static str,
    /// Its value; secrets are masked.
    pub value: String,
    /// What sort of place it comes from: `default`, `file`, `environment` or `flag`.
    pub source: &'static str,
    /// The very places: flag, variable, file and line.
    pub places: Vec<String>,
    /// Whether the table shows it.
    #[serde(skip)]
    pub in_table: bool,
}

/// All settings.
pub fn shown(values: &Values, scrub: &Scrub) -> Vec<Setting> {
    let one = |field: &&'static Field| Setting {
        name: field.name,
        value: scrub.text(&value(values, field)),
        source: match values.source(field.name) {
            Source::Default => "default",
            Source::File => "file",
            Source::Environment => "environment",
            Source::CommandLine => "flag",
            #[cfg(feature = "hosted")]
            Source::Hosted => "ConductorOne",
        },
        places: values.origins(field.name).iter().map(Origin::to_string).collect(),
        in_table: values.is_set(field.name) || ALWAYS.contains(&field.name),
    };
    fields::all().iter().map(one).collect()
}

fn value(values: &Values, field: &Field) -> String {
    match values.get(field.name) {
        Some(Value::Secret(secret)) if secret.is_empty() => String::new(),
        Some(Value::Secret(secret)) => workato::diagnosis::masked(secret),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::List(texts)) => texts.join(","),
        None => String::new(),
    }
}

/// Whether a run would accept the settings, and what else there is to say about them.
pub fn checks(values: &Values) -> Vec<Check> {
    let file = match values.file() {
        Some(path) => format!("{} is read", path.display()),
        None => format!("none; .baton.yaml here, or what {PATH_VARIABLE} names, would be read"),
    };
    let mut checks = vec![Check::ok(Group::Settings, "config file", file)];
    let wrong: Vec<Check> = rules()
        .into_iter()
        .filter_map(|rule| rule(values).err())
        .map(|error| match error.fact_value("setting") {
            Some(flag) => Check::of_error(Group::Settings, format!("--{flag}"), &error),
            None => Check::of_error(Group::Settings, "rules", &error),
        })
        .collect();
    if wrong.is_empty() {
        let set = fields::all().iter().filter(|f| values.is_set(f.name)).count();
        checks.push(Check::ok(
            Group::Settings,
            "rules",
            format!("a run accepts them; {set} set, the others by default"),
        ));
    }
    checks.extend(wrong);
    checks.push(environment(&variables::unknown()));
    checks.extend(proxy(&|name| std::env::var(name).ok()));
    checks
}

/// The proxy that requests over TLS take, if the environment names one.
fn proxy(env: &dyn Fn(&str) -> Option<String>) -> Option<Check> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let (name, value) = names.into_iter().find_map(|name| Some((name, set(name)?)))?;
    let except = ["NO_PROXY", "no_proxy"].into_iter().find_map(set);
    let except = except.map(|hosts| format!(", but not to {hosts}")).unwrap_or_default();
    Some(Check::ok(
        Group::Settings,
        "proxy",
        format!("${name}: requests go through {value}{except}"),
    ))
}

type Rule = fn(&Values) -> Result<()>;

/// The rules of a run. Those that depend on each other are one: a mistake is told once.
fn rules() -> [Rule; 5] {
    [
        |values| groups::check(|name| values.is_set(name)),
        |values| check::kit_rules(fields::of_kit(), values),
        |values| match kit::CLIENT_ID.of(values).is_empty() {
            true => unavailable::check(fields::all(), values),
            false => unavailable::check_service(fields::all(), values),
        },
        |values| {
            check::required(fields::all(), values)?;
            check::connector_rules(fields::of_connector(), values)?;
            workato::config::settings(values).map(drop)
        },
        |values| sync::options(values).map(drop),
    ]
}

/// Variables that look like settings and are none.
fn environment(unknown: &[Unknown]) -> Check {
    const NAME: &str = "environment";
    if unknown.is_empty() {
        return Check::ok(Group::Settings, NAME, "no variable looks like a setting and is none");
    }
    let told = unknown.iter().map(|variable| match &variable.meant {
        Some(meant) => format!("{} (did you mean {meant}?)", variable.name),
        None => variable.name.clone(),
    });
    let list: Vec<String> = told.collect();
    Check::warning(
        Group::Settings,
        NAME,
        Kind::Unknown,
        format!("{}: no setting has this name, so it does nothing", list.join(", ")),
    )
    .code(UNKNOWN_VARIABLE)
    .todo("`baton-workato --help` shows the variable of each setting")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named() {
        assert_eq!(proxy(&|_| None), None);
        let env = |name: &str| match name {
            "https_proxy" => Some("http://proxy:3128".to_owned()),
            "NO_PROXY" => Some("localhost".to_owned()),
            "HTTPS_PROXY" => Some(String::new()),
            _ => None,
        };
        let seen = proxy(&env).unwrap().seen;
        assert_eq!(
            seen,
            "$https_proxy: requests go through http://proxy:3128, but not to localhost"
        );
    }
}
