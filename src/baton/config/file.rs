//! The config file: `.baton.yaml` in the current directory, or what `BATON_CONFIG_PATH` names
//! (`baton/config/published.md 1.1`).

use std::fmt;
use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::wrong;
use crate::baton::code;
use crate::baton::error::{Error, Result};
use crate::baton::owner;

/// The environment variable that names the file.
pub const PATH_VARIABLE: &str = "BATON_CONFIG_PATH";

/// A value as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// `key:` with nothing behind it; counts as not set, like an empty environment variable.
    Nothing,
    /// A text.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float,
    /// A list.
    List(Vec<Raw>),
    /// A mapping: no setting takes one.
    Mapping,
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key in lower case.
    pub key: String,
    /// Its value.
    pub value: Raw,
    /// Its line, from 1.
    pub line: u64,
}

/// A config file.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its entries in the order of their lines.
    pub entries: Vec<Entry>,
}

/// Finds the file: the named one must exist; the ones in `directory` need not.
///
/// # Errors
/// A named file without `.yaml` or `.yml`, or one that is not there.
pub fn find(named: Option<&str>, directory: &Path) -> Result<Option<PathBuf>> {
    if let Some(named) = named.filter(|n| !n.is_empty()) {
        let path = PathBuf::from(named);
        if !path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            return Err(wrong(format!(
                "{PATH_VARIABLE} must end in .yaml or .yml, but it is {named:?}"
            ))
            .code(code::CONFIG_FILE));
        }
        if !path.exists() {
            return Err(wrong(format!("{PATH_VARIABLE} names {named}, which does not exist")).code(code::CONFIG_FILE));
        }
        return Ok(Some(path));
    }
    let candidates = [".baton.yaml", ".baton.yml"];
    Ok(candidates
        .iter()
        .map(|name| (directory.join(name), PathBuf::from(name)))
        .find(|(full, _)| full.exists())
        .map(|(full, short)| if directory == Path::new("") { short } else { full }))
}

/// Reads a file.
///
/// # Errors
/// Unreadable, somebody else's, not YAML, or not a mapping; names file and line. Never quotes the file: it holds secrets.
pub fn read(path: &Path) -> Result<ConfigFile> {
    let failed = |error: io::Error| wrong(format!("failed to read the config file: {error}")).code(code::CONFIG_FILE);
    let mut file = fs_err::File::open(path).map_err(failed)?;
    let opened = file.metadata().map_err(failed)?;
    // A link is as good as the file for whoever can make it lead elsewhere.
    let named = fs_err::symlink_metadata(path).map_err(failed)?;
    refuse_foreign(path, &[&opened, &named])?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    parse(path, &text)
}

/// Refuses a file that another user can write: it says which host the token is sent to.
fn refuse_foreign(path: &Path, found: &[&Metadata]) -> Result<()> {
    let refused = |why: &str, hint: String| {
        let why = format!(
            "the config file {} {why}; what it sets can send the token to any host",
            path.display()
        );
        Err(wrong(why).code(code::CONFIG_FILE).hint(hint))
    };
    if found
        .iter()
        .any(|found| !(owner::is_mine(found) || owner::is_roots(found)))
    {
        let hint = "if you wrote it, make it yours with chown; if not, remove it or run elsewhere";
        return refused("belongs to another user", hint.to_owned());
    }
    if found
        .iter()
        .any(|found| !found.is_symlink() && owner::others_may_write(found))
    {
        let hint = format!("look at what is in it, then: chmod go-w {}", path.display());
        return refused("can be written by other users", hint);
    }
    Ok(())
}

fn parse(path: &Path, text: &str) -> Result<ConfigFile> {
    // An empty file, or one of comments, is a file that sets nothing.
    let meaningful = |line: &str| !matches!(line.trim(), "" | "---") && !line.trim_start().starts_with('#');
    if !text.lines().any(meaningful) {
        return Ok(ConfigFile {
            path: path.to_owned(),
            entries: Vec::new(),
        });
    }
    let options = serde_saphyr::options! { with_snippet: false };
    let entries: Entries =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| malformed(path, &error))?;
    Ok(ConfigFile {
        path: path.to_owned(),
        entries: entries.0,
    })
}

fn malformed(path: &Path, error: &serde_saphyr::Error) -> Error {
    let place = match error.location() {
        Some(at) if at.line() > 0 => format!("{}:{}", path.display(), at.line()),
        _ => path.display().to_string(),
    };
    wrong(format!("{place}: not a YAML mapping of settings to values"))
        .code(code::CONFIG_FILE)
        .hint("write one setting per line, like `log-level: debug`; put texts with `:` or `#` in quotes")
}

struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Mapping;
        impl<'de> Visitor<'de> for Mapping {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    let line = key.referenced.line();
                    let value = map.next_value()?;
                    entries.push(Entry {
                        key: key.value.to_lowercase(),
                        value,
                        line,
                    });
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Mapping)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Float, Raw::Int))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        while map.next_entry::<Raw, Raw>()?.is_some() {}
        Ok(Raw::Mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, Raw, u64)> {
        let file = parse(Path::new("x.yaml"), text).unwrap();
        file.entries.into_iter().map(|e| (e.key, e.value, e.line)).collect()
    }

    #[test]
    fn values_keep_their_type_and_their_line() {
        let read = entries(
            "# comment\nWorkato-Data-Center: eu\nworkers: 3\nskip-grants: true\nsync-resource-types:\n  - role\n  - 7\nfile:\n",
        );
        let text = |s: &str| s.to_owned();
        assert_eq!(
            read,
            [
                (text("workato-data-center"), Raw::Text(text("eu")), 2),
                (text("workers"), Raw::Int(3), 3),
                (text("skip-grants"), Raw::Bool(true), 4),
                (
                    text("sync-resource-types"),
                    Raw::List(vec![Raw::Text(text("role")), Raw::Int(7)]),
                    5
                ),
                (text("file"), Raw::Nothing, 8),
            ]
        );
    }

    #[test]
    fn an_empty_file_sets_nothing() {
        for text in ["", "\n\n", "# only a comment\n", "---\n# and this\n"] {
            assert!(entries(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_broken_file_is_an_error_with_its_line_and_without_its_content() {
        for text in [
            "workato-api-key: hush\nfile: [a\n",
            "workato-api-key: \"hush\n",
            "hush\n",
            "- hush\n",
            "a: hush: b\n",
        ] {
            let error = parse(Path::new("dir/x.yaml"), text).unwrap_err();
            assert!(error.to_string().starts_with("dir/x.yaml"), "{error}");
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
            assert_eq!(error.kind().exit_code(), 2);
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        assert!(parse(Path::new("x.yaml"), "file: a\nfile: b\n").is_err());
    }
}
