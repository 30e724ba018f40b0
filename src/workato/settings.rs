//! What a user can set about the Workato side, after parsing: nothing downstream sees flags.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::client::Customer;
use crate::baton::code;
use crate::baton::error::{Error, Kind};
use crate::baton::secret::Secret;

/// A Workato environment, as the API spells it. Not a closed list: workspaces may have custom ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Environment(String);

impl Environment {
    /// From the API's or a person's spelling: rows of people say `dev`, API clients say `Development`
    /// (`workato/api.md 3.5`). Compared in lower case and by one name.
    pub fn new(name: &str) -> Self {
        let name = name.trim().to_lowercase();
        let short = LONG_NAMES.iter().find(|(long, _)| *long == name);
        Environment(short.map_or(name, |(_, short)| (*short).to_owned()))
    }

    /// Whether it is one of those that every workspace can have. What another word stands for is not known: an
    /// environment of its own, or one of these in a spelling of which nobody has heard.
    pub fn is_known(&self) -> bool {
        LONG_NAMES.iter().any(|(_, short)| *short == self.0)
    }

    /// `dev`, the environment whose token sees people and roles.
    pub fn dev() -> Self {
        Environment("dev".to_owned())
    }

    /// The name: `dev`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The environments that every workspace can have, spelled out and as rows of people say them.
const LONG_NAMES: [(&str, &str); 3] = [("development", "dev"), ("testing", "test"), ("production", "prod")];

/// Which environments a run emits (`--workato-env`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentChoice {
    /// One environment: role ids stay bare.
    One(Environment),
    /// All that occur in member rows or have a token: role ids end in `-<env>`.
    All,
}

/// How privileges of roles are learnt (`--privileges`, `workato/model.md 7`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrivilegesMode {
    /// One call per person.
    Exact,
    /// One holder per role, verified with a second.
    #[default]
    Sampled,
    /// No calls.
    Off,
}

/// How deep folders are listed below project roots and loose folders (`--folder-depth`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FolderDepth {
    /// As deep as needed to find every folder a grant names; everything in a legacy workspace.
    #[default]
    Auto,
    /// Everything.
    All,
    /// So many levels below project roots and loose folders; 0 lists just those.
    Levels(u32),
}

impl FromStr for PrivilegesMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_lowercase().as_str() {
            "exact" => Ok(PrivilegesMode::Exact),
            "sampled" => Ok(PrivilegesMode::Sampled),
            "off" => Ok(PrivilegesMode::Off),
            _ => Err(Error::new(
                Kind::Unknown,
                format!("privileges must be one of exact, sampled, off, not {text:?}"),
            )
            .code(code::SETTING_VALUE)),
        }
    }
}

impl FromStr for FolderDepth {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        match text.to_lowercase().as_str() {
            "auto" => Ok(FolderDepth::Auto),
            "all" => Ok(FolderDepth::All),
            _ => text.parse().map(FolderDepth::Levels).map_err(|_| {
                Error::new(
                    Kind::Unknown,
                    format!("folder depth must be auto, all or a number of levels, not {text:?}"),
                )
                .code(code::SETTING_VALUE)
            }),
        }
    }
}

/// Everything the Workato side needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base URL of the data center, or the override.
    pub base_url: Url,
    /// The DEV token: people, roles, groups, API clients, and DEV projects.
    pub dev_token: Secret,
    /// Optional TEST token: projects, folders, project grants and connections of TEST.
    pub test_token: Option<Secret>,
    /// Optional PROD token.
    pub prod_token: Option<Secret>,
    /// What to emit.
    pub environment: EnvironmentChoice,
    /// `--disable-custom-roles-sync`: do not read legacy custom roles.
    pub disable_custom_roles_sync: bool,
    /// How privileges are learnt.
    pub privileges: PrivilegesMode,
    /// How deep folders are listed.
    pub folder_depth: FolderDepth,
    /// Whose workspace is read, where the DEV token is a partner's (`--workato-managed-user`).
    pub customer: Option<Customer>,
    /// `--sync-connections`.
    pub sync_connections: bool,
    /// `--sync-leaked-tokens`.
    pub sync_leaked_tokens: bool,
    /// What is known of the API clients whose tokens these are.
    pub own: OwnToken,
}

/// The API clients that the program runs on: no answer says which they are.
#[derive(Debug, Clone, Default)]
pub struct OwnToken {
    /// Their ids, where somebody named them (`--workato-own-api-clients`).
    pub clients: Vec<String>,
    /// Whether they may be changed all the same (`--touch-own-token`).
    pub may_go: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_has_one_name_however_it_is_spelled() {
        for (word, name) in [
            ("Development", "dev"),
            (" DEV ", "dev"),
            ("development ", "dev"),
            ("Testing", "test"),
            ("PROD", "prod"),
            ("production", "prod"),
        ] {
            let environment = Environment::new(word);
            assert!(environment.is_known() && environment.as_str() == name, "{word:?}");
        }
        for word in ["Dev environment", "Staging", "", "developments"] {
            assert!(!Environment::new(word).is_known(), "{word:?}");
        }
    }
}
