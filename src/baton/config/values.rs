//! What was set, and where: command line over environment over config file over default.
//!
//! Lists are not overridden but joined: environment (or file) first, then every occurrence on the command
//! line (`baton/config/published.md 1.1`).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::field::{Default as FieldDefault, Field, FieldKind};
use super::file::{self, ConfigFile, Entry, Raw};
use super::{parse, wrong};
use crate::baton::code;
use crate::baton::error::{Error, Result};
use crate::baton::secret::Secret;

/// A value after parsing.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A text nobody may see.
    Secret(Secret),
    /// A yes or no.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Texts.
    List(Vec<String>),
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The config file.
    File,
    /// The environment.
    Environment,
    /// The command line.
    CommandLine,
    /// ConductorOne, which hosts the connector.
    #[cfg(feature = "hosted")]
    Hosted,
}

/// The very place a value, or a part of a list, comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A line of the config file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A flag.
    CommandLine {
        /// With its dashes.
        flag: String,
    },
    /// What ConductorOne gave.
    #[cfg(feature = "hosted")]
    Hosted,
}

impl Origin {
    /// What sort of place it is.
    pub fn source(&self) -> Source {
        match self {
            Origin::File { .. } => Source::File,
            Origin::Environment { .. } => Source::Environment,
            Origin::CommandLine { .. } => Source::CommandLine,
            #[cfg(feature = "hosted")]
            Origin::Hosted => Source::Hosted,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Environment { variable } => write!(f, "${variable}"),
            Origin::CommandLine { flag } => f.write_str(flag),
            #[cfg(feature = "hosted")]
            Origin::Hosted => f.write_str("ConductorOne"),
        }
    }
}

/// Where values are looked up besides the command line.
pub struct Surroundings<'a> {
    /// An environment variable by name.
    pub env: &'a dyn Fn(&str) -> Option<OsString>,
    /// Where `.baton.yaml` is looked for; the empty path is the current directory.
    pub directory: &'a Path,
}

impl Surroundings<'_> {
    /// An environment variable as a text.
    ///
    /// # Errors
    /// One that is no UTF-8: to take it for one that is not set would be to ignore it without a word.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        text_of(name, (self.env)(name))
    }
}

/// The value of an environment variable as a text.
///
/// # Errors
/// As [`Surroundings::text`].
pub fn text_of(name: &str, value: Option<OsString>) -> Result<Option<String>> {
    value.map(OsString::into_string).transpose().map_err(|_| {
        wrong(format!("environment variable {name} is not UTF-8"))
            .code(code::SETTING_VALUE)
            .hint("set it again; a character of another encoding, or a part of one, is in it")
    })
}

/// The value and source of every field of a table.
#[derive(Debug, Clone, Default)]
pub struct Values {
    entries: BTreeMap<&'static str, Resolved>,
    file: Option<PathBuf>,
}

/// A value and where it comes from: one place, or two for a list that is joined, or nowhere for a default.
#[derive(Debug, Clone)]
struct Resolved {
    value: Value,
    origins: Vec<Origin>,
}

impl Values {
    /// Reads all fields from everywhere.
    ///
    /// `matches` are those of the root command and of its subcommand; a field may occur in either.
    ///
    /// # Errors
    /// A config file that is unreadable, malformed or has an unknown key; a value that is no bool or number.
    pub fn load(fields: &[&'static Field], matches: &[&ArgMatches], around: &Surroundings<'_>) -> Result<Self> {
        let named = around.text(file::PATH_VARIABLE)?;
        let file = match file::find(named.as_deref(), around.directory)? {
            Some(path) => Some(file::read(&path)?),
            None => None,
        };
        if let Some(file) = &file {
            reject_unknown_keys(fields, file)?;
        }
        let mut entries = BTreeMap::new();
        for field in fields {
            let from_env = around.text(&field.env())?.filter(|text| !text.is_empty());
            let from_file = file.as_ref().and_then(|file| {
                let entry = file
                    .entries
                    .iter()
                    .find(|e| e.key == field.name && e.value != Raw::Nothing)?;
                Some((file, entry))
            });
            let outside = match (from_env, from_file) {
                (Some(text), _) => Some(Resolved {
                    value: from_text(field, &text).map_err(|why| in_env(field, why))?,
                    origins: vec![Origin::Environment { variable: field.env() }],
                }),
                (None, Some((file, entry))) => Some(Resolved {
                    value: from_raw(field, &entry.value).map_err(|why| in_file(file, entry, why))?,
                    origins: vec![Origin::File {
                        path: file.path.clone(),
                        line: entry.line,
                    }],
                }),
                (None, None) => None,
            };
            entries.insert(field.name, resolve(field, command_line(field, matches)?, outside));
        }
        Ok(Values {
            entries,
            file: file.map(|file| file.path),
        })
    }

    /// The same values with those that ConductorOne gave in their place, by the names of fields in any case
    /// (`baton/hosted/facts.md 3.2`). What is null counts as not given, and what is no field is left out and named in the
    /// log.
    ///
    /// # Errors
    /// A value that its field cannot take.
    #[cfg(feature = "hosted")]
    pub fn given(
        &self,
        fields: &[&'static Field],
        settings: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self> {
        let mut values = self.clone();
        for (name, value) in settings {
            let Some(field) = fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)) else {
                tracing::warn!(
                    name,
                    "ConductorOne's configuration has a setting that this connector does not know."
                );
                continue;
            };
            let raw = raw_of(value);
            if raw == Raw::Nothing {
                continue;
            }
            let value = from_raw(field, &raw)
                .map_err(|why| wrong(format!("{}: {why}", field.name)).code(code::HOSTED_CONFIG))?;
            let origins = vec![Origin::Hosted];
            values.entries.insert(field.name, Resolved { value, origins });
        }
        Ok(values)
    }

    /// The config file that was read, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether somebody set it, to whatever value.
    pub fn is_set(&self, name: &str) -> bool {
        self.source(name) > Source::Default
    }

    /// Where its value comes from; of a list that is joined, the nearest place.
    pub fn source(&self, name: &str) -> Source {
        self.origins(name).last().map_or(Source::Default, Origin::source)
    }

    /// The very places its value comes from, the farthest first; none for a default.
    pub fn origins(&self, name: &str) -> &[Origin] {
        self.entries.get(name).map_or(&[], |entry| &entry.origins)
    }

    /// Whether it has another value than its default.
    pub fn differs_from_default(&self, field: &Field) -> bool {
        self.entries
            .get(field.name)
            .is_some_and(|entry| entry.value != default(field))
    }

    /// The value of any field of the table.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.entries.get(name).map(|entry| &entry.value);
        debug_assert!(found.is_some(), "no field is called {name}");
        found
    }
}

fn resolve(field: &Field, typed: Option<Value>, outside: Option<Resolved>) -> Resolved {
    let typed = typed.map(|value| Resolved {
        value,
        origins: vec![Origin::CommandLine {
            flag: format!("--{}", field.name),
        }],
    });
    match (typed, outside) {
        (Some(typed), Some(outside)) => typed.joined_to(outside),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => Resolved {
            value: default(field),
            origins: Vec::new(),
        },
    }
}

impl Resolved {
    /// A list behind the list of another place; anything else in its stead.
    fn joined_to(self, outside: Resolved) -> Resolved {
        match (self.value, outside.value) {
            (Value::List(typed), Value::List(mut texts)) => {
                texts.extend(typed);
                let mut origins = outside.origins;
                origins.extend(self.origins);
                Resolved {
                    value: Value::List(texts),
                    origins,
                }
            }
            (value, _) => Resolved {
                value,
                origins: self.origins,
            },
        }
    }
}

fn default(field: &Field) -> Value {
    match (field.kind, field.default) {
        (FieldKind::Bool, _) => Value::Bool(false),
        (FieldKind::List, _) => Value::List(Vec::new()),
        (FieldKind::Int, FieldDefault::Int(number)) => Value::Int(number),
        (FieldKind::Int, _) => Value::Int(0),
        (FieldKind::Text, FieldDefault::Text(text)) => text_value(field, text.to_owned()),
        (FieldKind::Text, _) => text_value(field, String::new()),
    }
}

fn text_value(field: &Field, text: String) -> Value {
    if field.secret {
        // What comes from a file or a clipboard often ends in a line break. No credential has one.
        return Value::Secret(Secret::new(text.trim()));
    }
    let word = text.trim();
    let known = field.choices.iter().find(|choice| choice.eq_ignore_ascii_case(word));
    Value::Text(known.map_or(text, |choice| (*choice).to_owned()))
}

/// The value typed on the command line; the subcommand's wins over the root's, lists are joined.
fn command_line(field: &Field, matches: &[&ArgMatches]) -> Result<Option<Value>> {
    let mut typed: Option<Value> = None;
    for matches in matches {
        let Ok(Some(texts)) = matches.try_get_many::<String>(field.name) else {
            continue;
        };
        if matches.value_source(field.name) != Some(ValueSource::CommandLine) {
            continue;
        }
        for text in texts {
            let value = from_text(field, text).map_err(|why| on_command_line(field, why))?;
            typed = Some(match (typed, value) {
                (Some(Value::List(mut all)), Value::List(more)) => {
                    all.extend(more);
                    Value::List(all)
                }
                (_, value) => value,
            });
        }
    }
    Ok(typed)
}

fn from_text(field: &Field, text: &str) -> Result<Value, String> {
    match field.kind {
        FieldKind::Text => Ok(text_value(field, text.to_owned())),
        FieldKind::Bool => parse::boolean(text)
            .map(Value::Bool)
            .ok_or_else(|| format!("{text:?} is neither true nor false")),
        FieldKind::Int => parse::integer(text.trim())
            .map(Value::Int)
            .ok_or_else(|| format!("{text:?} is not a whole number")),
        FieldKind::List => parse::list(text).map(Value::List).map_err(str::to_owned),
    }
}

fn from_raw(field: &Field, raw: &Raw) -> Result<Value, String> {
    match (field.kind, raw) {
        (FieldKind::List, Raw::List(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
            texts
                .map(Value::List)
                .ok_or_else(|| "an item of the list is not a text".to_owned())
        }
        (_, raw) => match scalar(raw) {
            Some(text) => from_text(field, &text),
            None if matches!(raw, Raw::Float) => {
                Err("write this number in quotes to have it taken as a text".to_owned())
            }
            None => Err(format!("{} is wanted", wanted(field.kind))),
        },
    }
}

/// A value of JSON as one of a file. Numbers come as whatever the other side counts in.
#[cfg(feature = "hosted")]
fn raw_of(value: &serde_json::Value) -> Raw {
    use serde_json::Value as Json;
    match value {
        Json::Null => Raw::Nothing,
        Json::Bool(value) => Raw::Bool(*value),
        Json::String(text) => Raw::Text(text.clone()),
        Json::Array(items) => Raw::List(items.iter().map(raw_of).collect()),
        Json::Object(_) => Raw::Mapping,
        // 60.0 is 60, in whatever spelling.
        Json::Number(number) => match number
            .as_i64()
            .or_else(|| format!("{:.0}", number.as_f64()?).parse().ok())
        {
            Some(whole) if number.as_f64().is_some_and(|exact| exact.fract() == 0.0) => Raw::Int(whole),
            _ => Raw::Float,
        },
    }
}

fn scalar(raw: &Raw) -> Option<String> {
    match raw {
        Raw::Text(text) => Some(text.clone()),
        Raw::Bool(value) => Some(value.to_string()),
        Raw::Int(value) => Some(value.to_string()),
        Raw::Nothing | Raw::Float | Raw::List(_) | Raw::Mapping => None,
    }
}

fn wanted(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "one text",
        FieldKind::Bool => "true or false",
        FieldKind::Int => "a whole number",
        FieldKind::List => "a text or a list of texts",
    }
}

fn on_command_line(field: &Field, why: String) -> Error {
    wrong(format!("invalid argument for \"--{}\" flag: {why}", field.name)).code(code::SETTING_VALUE)
}

fn in_env(field: &Field, why: String) -> Error {
    wrong(format!("environment variable {}: {why}", field.env())).code(code::SETTING_VALUE)
}

fn in_file(file: &ConfigFile, entry: &Entry, why: String) -> Error {
    wrong(format!("{}:{}: {}: {why}", file.path.display(), entry.line, entry.key)).code(code::SETTING_VALUE)
}

fn reject_unknown_keys(fields: &[&'static Field], file: &ConfigFile) -> Result<()> {
    for entry in &file.entries {
        if fields.iter().any(|f| f.name == entry.key) {
            continue;
        }
        let error = wrong(format!(
            "{}:{}: no setting is called {}",
            file.path.display(),
            entry.line,
            entry.key
        ))
        .code(code::CONFIG_KEY);
        let dashed = entry.key.replace('_', "-");
        return Err(match fields.iter().find(|f| f.name == dashed) {
            Some(field) => error.hint(format!("keys are spelled like flags: {}", field.name)),
            None => error.hint("keys are the flags of --help without the leading dashes"),
        });
    }
    Ok(())
}
