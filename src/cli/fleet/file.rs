//! The file that names the workspaces of a fleet, as it stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::managed::Chosen;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::owner;
use crate::baton::secret::Secret;
use crate::cli::fields;

/// A file of workspaces, or of a token, that is larger is none.
const LARGEST: u64 = 4 << 20;
/// Settings that are one workspace's own, or no setting of a sync into a file.
pub const OWN: [&str; 7] = [
    "workato-managed-user",
    "workato-api-key",
    "workato-test-api-key",
    "workato-prod-api-key",
    "file",
    "client-id",
    "client-secret",
];

/// An environment variable by name.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What a fleet is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FleetFile {
    #[serde(default)]
    version: Option<u64>,
    /// Where the `.c1z` files go, from where the file is.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// Workspaces at the same time.
    #[serde(default)]
    pub at_once: Option<u32>,
    /// Those of all.
    #[serde(default)]
    pub settings: BTreeMap<String, Word>,
    /// In their order.
    #[serde(default)]
    pub workspaces: Vec<Part>,
    /// Those of a partner's customers.
    #[serde(default, alias = "managed_users")]
    pub managed_users: Option<Managed>,
}

/// A workspace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// Also that of its file.
    pub name: String,
    token: Source,
    #[serde(default)]
    test_token: Option<Source>,
    #[serde(default)]
    prod_token: Option<Source>,
    /// As whom it is served to ConductorOne, if it is.
    #[serde(default)]
    pub conductorone: Option<Served>,
    /// Its own.
    #[serde(default)]
    pub settings: BTreeMap<String, Word>,
}

/// As whom a workspace is served to ConductorOne: the credentials of its connector there.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Served {
    /// No secret.
    #[serde(alias = "client_id")]
    pub client_id: String,
    /// What goes with it.
    #[serde(alias = "client_secret")]
    pub client_secret: Source,
}

/// `managed-users` of a fleet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Managed {
    /// The partner's.
    pub token: Source,
    /// Whose workspaces.
    pub customers: Chosen,
    /// As whom customers are served to ConductorOne, by their ids.
    #[serde(default)]
    pub conductorone: BTreeMap<String, Served>,
    /// Those of all customers.
    #[serde(default)]
    pub settings: BTreeMap<String, Word>,
}

/// The value of a setting.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum Word {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
}

impl Word {
    /// As the environment would have it.
    pub fn text(&self) -> String {
        match self {
            Word::Flag(flag) => flag.to_string(),
            Word::Number(number) => number.to_string(),
            Word::Text(text) => text.clone(),
            Word::List(texts) => texts.join(","),
        }
    }
}

/// Where a token, or another secret, is.
#[derive(Deserialize, Debug, Clone)]
#[serde(untagged)]
pub enum Source {
    /// As it should be.
    Elsewhere(Elsewhere),
    /// In the fleet itself.
    Inline(Hidden),
}

/// A text of the file that nobody may see.
#[derive(Debug, Clone)]
pub struct Hidden(Secret);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(from).map(|text| Hidden(Secret::new(text.trim())))
    }
}

/// What holds a token.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Elsewhere {
    /// An environment variable.
    Env(String),
    /// A file, from where the fleet is.
    File(PathBuf),
}

impl FleetFile {
    /// Reads it.
    ///
    /// # Errors
    /// A file that cannot be read or understood, or that another user may write to; two workspaces of one name: exit code 2.
    pub fn read(path: &Path) -> Result<FleetFile> {
        FleetFile::of(&FleetFile::text(path)?, path)
    }

    /// The text of it.
    ///
    /// # Errors
    /// As [`FleetFile::read`].
    pub fn text(path: &Path) -> Result<String> {
        read(path)
            .with_context(|| format!("read {}", path.display()))
            .map_err(|error| match path.exists() {
                true => error,
                false => error.hint("-c names the file of the fleet; `baton-workato fleet --help` shows one"),
            })
    }

    /// From the text of the file at `path`.
    ///
    /// # Errors
    /// As [`FleetFile::read`].
    pub fn of(text: &str, path: &Path) -> Result<FleetFile> {
        let shown = path.display();
        let options = serde_saphyr::options! { with_snippet: false };
        let file: FleetFile = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| wrong(format!("{shown}: {error}")).hint("`baton-workato fleet --help` shows one"))?;
        if file.version.is_some_and(|version| version != 1) {
            return Err(wrong(format!("{shown}: this program knows version 1")));
        }
        check_settings(&file.settings).with_context(|| format!("read {shown}"))?;
        let mut names = BTreeSet::new();
        for part in &file.workspaces {
            check_name(&part.name).with_context(|| format!("read {shown}"))?;
            if !names.insert(part.name.to_lowercase()) {
                return Err(wrong(format!("{shown}: two workspaces are called {:?}", part.name)));
            }
            check_settings(&part.settings).with_context(|| format!("read {shown}: workspace {}", part.name))?;
        }
        if let Some(managed) = &file.managed_users {
            check_settings(&managed.settings).with_context(|| format!("read {shown}: managed-users"))?;
            managed.customers.named().with_context(|| format!("read {shown}"))?;
            managed.served().with_context(|| format!("read {shown}"))?;
        }
        file.check_clients().with_context(|| format!("read {shown}"))?;
        if file.workspaces.is_empty() && file.managed_users.is_none() {
            return Err(wrong(format!("{shown} names no workspace")));
        }
        Ok(file)
    }

    /// The workspaces whose tokens or client secrets stand in the file itself.
    pub fn inline(&self) -> Vec<String> {
        let is_inline = |source: &Source| matches!(source, Source::Inline(_));
        let is_in_part = |part: &&Part| part.sources().into_iter().flatten().chain(part.secret()).any(is_inline);
        let is_in_managed = |managed: &&Managed| is_inline(&managed.token) || managed.secrets().any(is_inline);
        let managed = self.managed_users.as_ref().filter(is_in_managed);
        self.workspaces
            .iter()
            .filter(is_in_part)
            .map(|part| part.name.clone())
            .chain(managed.map(|_| "managed-users".to_owned()))
            .collect()
    }

    /// What holds the tokens of the others.
    pub fn elsewhere(&self) -> impl Iterator<Item = &Elsewhere> {
        let sources = self.workspaces.iter().flat_map(Part::sources).flatten();
        let managed = self.managed_users.as_ref().map(|managed| &managed.token);
        sources.chain(managed).filter_map(Source::elsewhere)
    }
}

impl Part {
    /// Where its tokens are: of DEV, TEST, PROD.
    pub fn sources(&self) -> [Option<&Source>; 3] {
        [Some(&self.token), self.test_token.as_ref(), self.prod_token.as_ref()]
    }
}

/// The environment variable of a setting.
pub fn variable(key: &str) -> String {
    format!("BATON_{}", key.to_uppercase().replace('-', "_"))
}

fn check_name(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(wrong(format!("{name:?} cannot name a workspace"))
        .hint("its file is called so: letters, digits, dashes, underscores and dots, at most 100"))
}

fn check_settings(settings: &BTreeMap<String, Word>) -> Result<()> {
    for key in settings.keys() {
        if OWN.contains(&key.as_str()) {
            return Err(wrong(format!("{key} is no setting of a fleet")).hint(
                "tokens stand at the workspace: token, test-token, prod-token, and so do the client-id and client-secret of \
                 conductorone; its file is called as the workspace; customers of a partner stand in managed-users",
            ));
        }
        if !fields::all().iter().any(|field| field.name == key) {
            return Err(wrong(format!("there is no setting {key:?}")).hint("`baton-workato help settings` lists them"));
        }
    }
    Ok(())
}

impl Source {
    /// The token; `here` is where the fleet is.
    ///
    /// # Errors
    /// A variable that is not set, a file that cannot be read or that another user may write to.
    pub fn token(&self, here: &Path, env: Env<'_>) -> Result<Secret> {
        self.secret(here, env, "token")
    }

    /// The secret that is called so; `here` is where the fleet is.
    ///
    /// # Errors
    /// As [`Source::token`].
    pub fn secret(&self, here: &Path, env: Env<'_>, what: &str) -> Result<Secret> {
        let token = match self {
            Source::Inline(Hidden(token)) => token.clone(),
            Source::Elsewhere(Elsewhere::Env(name)) => {
                let value = env(name).and_then(|value| value.into_string().ok());
                let value = value.filter(|value| !value.trim().is_empty());
                Secret::new(
                    value
                        .ok_or_else(|| {
                            Error::new(Kind::Unknown, format!("the variable {name} is not set"))
                                .code(code::SETTING_MISSING)
                                .hint(format!("it holds the {what} of the workspace"))
                        })?
                        .trim(),
                )
            }
            Source::Elsewhere(Elsewhere::File(path)) => {
                let path = here.join(path);
                let text = read(&path).with_context(|| format!("read the {what} in {}", path.display()))?;
                Secret::new(text.trim())
            }
        };
        if token.expose().is_empty() {
            return Err(Error::new(Kind::Unknown, format!("the {what} is empty")).code(code::SETTING_MISSING));
        }
        Ok(token)
    }

    /// What holds it, if the fleet itself does not.
    pub fn elsewhere(&self) -> Option<&Elsewhere> {
        match self {
            Source::Elsewhere(elsewhere) => Some(elsewhere),
            Source::Inline(_) => None,
        }
    }
}

/// The text of a file that nobody else can have written.
fn read(path: &Path) -> Result<String> {
    let found = std::fs::metadata(path)?;
    if !found.is_file() {
        return Err(Error::new(Kind::Unknown, "it is no plain file").code(code::NOT_A_PLAIN_FILE));
    }
    let file = File::open(path)?;
    let found = file.metadata()?;
    let is_trusted = owner::is_mine(&found) || owner::is_roots(&found);
    if !is_trusted || owner::others_may_write(&found) {
        return Err(
            Error::new(Kind::Unknown, "another user of this machine owns it or may write to it")
                .hint("`chmod go-w` it, or make one of your own: it decides where tokens are sent"),
        );
    }
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// What is wrong with a fleet as such.
pub fn wrong(message: String) -> Error {
    Error::new(Kind::Unknown, message).code(code::SETTING_VALUE)
}
