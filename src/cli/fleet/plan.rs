//! The file that names the workspaces, and what each of them is synced with.
//!
//! A workspace has the settings of a sync by their names. They are looked up as a sync of its own would look them up, with
//! the file in the place of the environment: what is wrong with one is said in the same words.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::file::{Elsewhere, Env, FleetFile, Managed, OWN, Served, Word, variable, wrong};
use super::managed;
use crate::baton::config::values::Surroundings;
use crate::baton::config::{Values, check};
use crate::baton::error::{Error, Result};
use crate::baton::http::Allowance;
use crate::baton::object;
use crate::cli::fields;
use crate::workato;
use crate::workato::client::Customer;
use crate::workato::managed_users::Paces;

/// Workspaces at the same time, unless somebody says otherwise: enough to keep two processors busy while Workato answers.
const AT_ONCE: u32 = 8;

/// What is to be synced.
#[derive(Debug)]
pub struct Plan {
    /// Where the files go.
    pub folder: PathBuf,
    /// Workspaces at the same time.
    pub at_once: u32,
    /// In the order of the file.
    pub workspaces: Vec<Workspace>,
    /// Names of all workspaces of the file, those of other shards too, in small letters.
    taken: BTreeSet<String>,
    /// What is not wrong and not wise.
    pub warnings: Vec<String>,
    /// Which shard this is, and of how many; none where one process does all.
    pub part: Option<(u32, u32)>,
    /// Whose customers are workspaces of it, too.
    pub partner: Option<Partner>,
    /// What is told of without being synced.
    pub left: Vec<Left>,
    /// Where the file is.
    pub here: PathBuf,
    /// How many workspaces and customers are served to ConductorOne, those of other shards too.
    pub served: usize,
    /// Variables that hold secrets.
    pub variables: Vec<String>,
}

/// The partner whose customers are in it.
pub struct Partner {
    own: BTreeMap<String, OsString>,
    /// What its own workspace would be synced with: where its customers are listed.
    pub values: Result<Values>,
    /// Those that are named, or all.
    pub named: Option<Vec<Customer>>,
    /// As whom which of them are served to ConductorOne.
    pub served: BTreeMap<Customer, Served>,
}

impl std::fmt::Debug for Partner {
    /// Without what holds the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partner")
            .field("named", &self.named)
            .finish_non_exhaustive()
    }
}

/// A file that this run leaves alone.
#[derive(Debug)]
pub struct Left {
    /// Whose it is.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub error: Error,
    /// In a word.
    pub status: &'static str,
}

impl Partner {
    /// What its token is allowed in this process, which is one of those that share it.
    pub fn paces(&self, part: Option<(u32, u32)>) -> Paces {
        let shards = part.map_or(1, |(_, shards)| shards);
        match &self.values {
            Ok(values) => Paces::new(
                workato::config::limits(values).pace,
                workato::config::REQUESTS_PER_MINUTE.is_set(values),
                shards,
            ),
            Err(_) => Paces::new(None, true, shards),
        }
    }

    /// The same, for clients.
    pub fn allowance(&self, part: Option<(u32, u32)>) -> Allowance {
        self.paces(part).allowance()
    }
}

/// A workspace.
#[derive(Debug)]
pub struct Workspace {
    /// Its name, and that of its file.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// What its sync is told, or why there can be none.
    pub values: Result<Values>,
    /// What people call it, where that is known.
    pub called: Option<String>,
    /// What it shares with others of its token.
    pub allowance: Option<Allowance>,
    /// As whom it is served to ConductorOne, if it is.
    pub served: Option<Served>,
}

/// An error once more.
pub fn again(error: &Error) -> Error {
    let said = Error::new(error.kind(), error.to_string()).code(error.code_id());
    match error.hint_text() {
        Some(hint) => said.hint(hint.to_owned()),
        None => said,
    }
}

impl Workspace {
    /// What its sync is told.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn settings(&self) -> Result<&Values> {
        self.values.as_ref().map_err(again)
    }
}

impl Plan {
    /// Reads it. What is wrong with one workspace alone is kept with it: the others are none the worse.
    ///
    /// # Errors
    /// A file that cannot be read or understood, two workspaces of one name or with one token: exit code 2.
    pub fn read(path: &Path, env: Env<'_>) -> Result<Plan> {
        let shown = path.display().to_string();
        let file = FleetFile::read(path)?;
        let here = path.parent().unwrap_or(Path::new(""));
        let inline = file.inline();
        let folder = file.folder.clone().unwrap_or_default();
        if let Some(error) = object::not_a_place(&folder) {
            return Err(error.context(format!("read {shown}")));
        }
        let folder = here.join(folder);
        let served = file.served();
        let named = |elsewhere: &Elsewhere| match elsewhere {
            Elsewhere::Env(name) => Some(name.clone()),
            Elsewhere::File(_) => None,
        };
        let variables = file
            .elsewhere()
            .chain(file.elsewhere_to_serve())
            .filter_map(named)
            .collect();
        let mut tokens: BTreeMap<String, String> = BTreeMap::new();
        let mut workspaces = Vec::new();
        for part in file.workspaces {
            let name = part.name.clone();
            let sources = [
                "BATON_WORKATO_API_KEY",
                "BATON_WORKATO_TEST_API_KEY",
                "BATON_WORKATO_PROD_API_KEY",
            ]
            .into_iter()
            .zip(part.sources());
            let mut own: BTreeMap<String, OsString> = BTreeMap::new();
            for (key, word) in file.settings.iter().chain(&part.settings) {
                own.insert(variable(key), word.text().into());
            }
            // What answers a token is the same everywhere, unless somebody says where to ask.
            let host = own.get("BATON_WORKATO_BASE_URL").cloned();
            let mut missing = None;
            for (variable, source) in sources {
                let Some(source) = source else { continue };
                match source.token(here, env) {
                    Ok(token) => {
                        if let Some(other) = tokens.insert(format!("{} {host:?}", token.expose()), name.clone()) {
                            return Err(wrong(format!(
                                "{shown}: {other} and {name} have one token: it is of one workspace"
                            )));
                        }
                        own.insert(variable.to_owned(), token.expose().into());
                    }
                    Err(error) => missing = missing.or(Some(error)),
                }
            }
            let file = folder.join(format!("{name}.c1z"));
            own.insert("BATON_FILE".to_owned(), file.clone().into_os_string());
            let values = match missing {
                Some(error) => Err(error),
                None => values(&own, env),
            };
            workspaces.push(Workspace {
                name,
                file,
                values,
                called: None,
                allowance: None,
                served: part.conductorone,
            });
        }
        let partner = match &file.managed_users {
            Some(managed) => Some(partner(managed, &file.settings, (here, env), &mut tokens, &shown)?),
            None => None,
        };
        let mut warnings = Vec::new();
        if !inline.is_empty() {
            warnings.push(format!(
                "tokens or client secrets stand in {shown} itself ({}): whoever reads it has them; name variables or files instead",
                inline.join(", ")
            ));
        }
        Ok(Plan {
            folder,
            taken: workspaces.iter().map(|w: &Workspace| w.name.to_lowercase()).collect(),
            at_once: file.at_once.unwrap_or(AT_ONCE).clamp(1, 256),
            workspaces,
            warnings,
            part: None,
            partner,
            left: Vec::new(),
            here: here.to_owned(),
            served,
            variables,
        })
    }

    /// Adds customers of the partner, as far as they are in this shard.
    ///
    /// # Errors
    /// Some that cannot be told apart, or are called as workspaces are: exit code 2.
    pub fn expand(&mut self, customers: Vec<(Customer, Option<String>)>, env: Env<'_>) -> Result<()> {
        let Some(partner) = &self.partner else { return Ok(()) };
        let allowance = partner.allowance(self.part);
        let names = managed::stems(&customers.iter().map(|(customer, _)| customer).collect::<Vec<_>>())?;
        let mut added = Vec::new();
        for ((customer, called), name) in customers.into_iter().zip(names) {
            if self.taken.contains(&name.to_lowercase()) {
                return Err(wrong(format!(
                    "a workspace is called {name:?}, as the customer {customer} is"
                )));
            }
            if !self.is_mine(&name) {
                continue;
            }
            let file = self.folder.join(format!("{name}.c1z"));
            let mut own = partner.own.clone();
            own.insert("BATON_FILE".to_owned(), file.clone().into_os_string());
            own.insert(variable("workato-managed-user"), customer.as_str().into());
            let values = match &partner.values {
                Err(error) => Err(again(error)),
                Ok(_) => values(&own, env),
            };
            added.push(Workspace {
                name,
                file,
                values,
                called,
                allowance: Some(allowance.clone()),
                served: partner.served.get(&customer).cloned(),
            });
        }
        self.workspaces.extend(added);
        Ok(())
    }

    /// Adds the customers that are served to ConductorOne, as far as they are in this shard; and those that are named, which
    /// are then known to be left out. Nobody is asked for the list: who is served is said in the file.
    ///
    /// # Errors
    /// As [`Plan::expand`].
    pub fn expand_served(&mut self, env: Env<'_>) -> Result<()> {
        let Some(partner) = &self.partner else { return Ok(()) };
        let served = || partner.served.keys().cloned().collect();
        let customers: Vec<Customer> = partner.named.clone().unwrap_or_else(served);
        self.expand(customers.into_iter().map(|customer| (customer, None)).collect(), env)
    }

    /// Tells of a file, if it is of this shard and of no workspace.
    pub fn leave(&mut self, left: Left) {
        if self.is_mine(&left.name) && !self.taken.contains(&left.name.to_lowercase()) {
            self.left.push(left);
        }
    }

    fn is_mine(&self, name: &str) -> bool {
        self.part.is_none_or(|(shard, shards)| shard_of(name, shards) == shard)
    }

    /// The part of it that one of several processes does. Every workspace is in one of them, whatever else is in the
    /// fleet: its name decides.
    ///
    /// # Errors
    /// A shard that there is not: exit code 2.
    pub fn shard(mut self, shards: Option<u32>, shard: u32) -> Result<Plan> {
        let Some(shards) = shards else { return Ok(self) };
        if shards == 0 || shard >= shards {
            return Err(wrong(format!(
                "there is no shard {shard} of {shards}: they count from 0"
            )));
        }
        self.part = Some((shard, shards));
        self.workspaces
            .retain(|workspace| shard_of(&workspace.name, shards) == shard);
        Ok(self)
    }
}

/// The partner, as the file has it. `here` is where the file is.
fn partner(
    managed: &Managed,
    of_all: &BTreeMap<String, Word>,
    (here, env): (&Path, Env<'_>),
    tokens: &mut BTreeMap<String, String>,
    shown: &str,
) -> Result<Partner> {
    let mut own: BTreeMap<String, OsString> = BTreeMap::new();
    for (key, word) in of_all.iter().chain(&managed.settings) {
        own.insert(variable(key), word.text().into());
    }
    let host = own.get("BATON_WORKATO_BASE_URL").cloned();
    let values = match managed.token.token(here, env) {
        Ok(token) => {
            let key = format!("{} {host:?}", token.expose());
            if let Some(other) = tokens.insert(key, "managed-users".to_owned()) {
                return Err(wrong(format!("{shown}: {other} and managed-users have one token")));
            }
            own.insert("BATON_WORKATO_API_KEY".to_owned(), token.expose().into());
            values(&own, env)
        }
        Err(error) => Err(error),
    };
    Ok(Partner {
        own,
        values,
        named: managed.customers.named()?,
        served: managed.served()?,
    })
}

/// The shard of a workspace.
pub fn shard_of(name: &str, shards: u32) -> u32 {
    let hash = twox_hash::XxHash64::oneshot(0, name.to_lowercase().as_bytes());
    u32::try_from(hash % u64::from(shards.max(1))).unwrap_or_default()
}

/// The settings of one workspace: its own, those of the fleet, then those of the environment that are nobody's secret.
fn values(own: &BTreeMap<String, OsString>, env: Env<'_>) -> Result<Values> {
    let theirs = OWN.map(variable);
    let around = Surroundings {
        env: &|name| match own.get(name) {
            Some(value) => Some(value.clone()),
            None if name == "BATON_CONFIG_PATH" || theirs.iter().any(|known| known == name) => None,
            None => env(name),
        },
        // The file of a single sync says nothing about a fleet.
        directory: Path::new("/nonexistent"),
    };
    let values = Values::load(fields::all(), &[], &around)?;
    check::required(fields::all(), &values)?;
    check::kit_rules(fields::of_kit(), &values)?;
    check::connector_rules(fields::of_connector(), &values)?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str, env: &[(&str, &str)]) -> Result<Plan> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.yaml");
        std::fs::write(&path, text).unwrap();
        Plan::read(&path, &|name| {
            let found = env.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn a_workspace_has_its_own_settings_then_those_of_the_fleet_and_no_foreign_token() {
        let text = "settings: {workato-env: all, keep: 9}\nworkspaces:\n- name: acme\n  token: {env: ACME}\n\
                    - name: globex\n  token: {env: GLOBEX}\n  settings: {workato-env: prod, sync-connections: true}\n";
        let env = [
            ("ACME", "token-a"),
            ("GLOBEX", " token-b\n"),
            ("BATON_WORKATO_API_KEY", "foreign"),
            ("BATON_WORKATO_PROD_API_KEY", "foreign"),
            ("BATON_WORKATO_DATA_CENTER", "eu"),
        ];
        let plan = plan(text, &env).unwrap();
        let settings: Vec<_> = plan
            .workspaces
            .iter()
            .map(|w| workato::config::settings(w.values.as_ref().unwrap()).unwrap())
            .collect();
        assert_eq!(settings[0].dev_token.expose(), "token-a");
        assert_eq!(settings[1].dev_token.expose(), "token-b");
        assert!(settings.iter().all(|s| s.prod_token.is_none()));
        assert!(settings[0].base_url.as_str().contains("eu"));
        assert_eq!(
            (settings[0].sync_connections, settings[1].sync_connections),
            (false, true)
        );
        assert_eq!(settings[1].environment, workato::config::environment("prod"));
        assert!(plan.workspaces[0].file.ends_with("acme.c1z"));
    }

    #[test]
    fn what_is_wrong_with_one_is_kept_with_it_and_what_is_wrong_with_all_is_an_error() {
        let text = "workspaces:\n- name: a\n  token: {env: NONE}\n- name: b\n  token: {env: B}\n\
                    - name: c\n  token: {env: C}\n  settings: {workato-env: moon}\n";
        let plan = plan(text, &[("B", "b"), ("C", "c")]).unwrap();
        let whole: Vec<bool> = plan.workspaces.iter().map(|w| w.values.is_ok()).collect();
        assert_eq!(whole, [false, true, false]);
        for wrong in [
            "",
            "workspaces: []",
            "workspaces:\n- name: a\n",
            "workspaces:\n- name: ../a\n  token: {env: B}\n",
            "workspaces:\n- name: a\n  token: {env: B}\n- name: A\n  token: {env: C}\n",
            "workspaces:\n- name: a\n  token: {env: B}\n- name: b\n  token: {env: B}\n",
            "workspaces:\n- name: a\n  token: {env: B}\n  settings: {workato-api-key: x}\n",
            "workspaces:\n- name: a\n  token: {env: B}\n  settings: {nothing: x}\n",
            "workspaces:\n- name: a\n  token: {env: B}\n  colour: red\n",
            "version: 2\nworkspaces:\n- name: a\n  token: {env: B}\n",
        ] {
            let error = super::tests::plan(wrong, &[("B", "b"), ("C", "c")]).unwrap_err();
            assert_eq!(error.kind().exit_code(), 2, "{wrong}: {error}");
        }
    }

    #[test]
    fn a_token_in_the_file_is_warned_of_and_never_shown() {
        let plan = plan("workspaces:\n- name: a\n  token: wrkaus-hushhush\n", &[]).unwrap();
        assert_eq!(plan.warnings.len(), 1);
        assert!(!format!("{plan:?}").contains("hushhush"));
    }

    #[test]
    fn every_workspace_is_in_one_shard_and_stays_there_whatever_comes_and_goes() {
        let names: Vec<String> = (0..300).map(|n| format!("customer-{n}")).collect();
        for shards in 1..=64 {
            let mut counts = vec![0_u32; shards as usize];
            for name in &names {
                counts[shard_of(name, shards) as usize] += 1;
            }
            assert_eq!(counts.iter().sum::<u32>(), 300);
            assert!(
                shards > 16 || counts.iter().all(|count| *count > 0),
                "{shards}: {counts:?}"
            );
        }
        assert_eq!(shard_of("Customer-7", 9), shard_of("customer-7", 9));
    }
}
