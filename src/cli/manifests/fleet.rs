//! A fleet on Kubernetes: an indexed job every night, of which each index is a shard; or a set of pods that stay connected
//! to ConductorOne, of which each is one.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use crate::baton::error::Result;
use crate::cli::fleet::file::{Elsewhere, FleetFile, wrong};

const NIGHTLY: &str = include_str!("fleet.yaml");
const SERVING: &str = include_str!("fleet-serve.yaml");
/// Where the fleet lies in the container.
const HERE: &str = "/fleet";
/// Folders of the manifest's own, where no folder of a secret can be.
const OWN: [&str; 3] = [HERE, "/tmp", "/work"];
/// Gibibytes for so many workspaces: a file of a thousand people and a month of nights is some megabytes.
const PER_GIB: usize = 50;
/// So many customers a partner is thought to have.
const CUSTOMERS: usize = 1000;
/// Bytes of a config map at most (Kubernetes: 1 MiB for all of it).
const LARGEST: usize = 1_000_000;

/// Flags of `kubectl create secret generic`.
const LITERAL: &str = "from-literal";
const FILE: &str = "from-file";

/// Variables of the manifest's own: a token of such a name would end in the arguments of the program, or in its place.
const TAKEN: [&str; 6] = [
    "RUN",
    "SHARD",
    "BATON_TMPDIR",
    "BATON_HOST_ID",
    "BATON_HEALTH_CHECK",
    "JOB_COMPLETION_INDEX",
];

/// How it is to run.
pub(super) struct Wanted<'a> {
    pub(super) fleet: &'a Path,
    pub(super) shards: u32,
    /// Whether its workspaces stay connected to ConductorOne, instead of being synced every night.
    pub(super) serves: bool,
    /// The name of the secret that holds the tokens.
    pub(super) secret: &'a str,
    pub(super) image: &'a str,
}

/// The text of the manifest.
///
/// # Errors
/// A fleet that cannot be read, or cannot be run so: exit code 2.
pub(super) fn manifest(wanted: &Wanted<'_>) -> Result<String> {
    let shown = wanted.fleet.display();
    let text = FleetFile::text(wanted.fleet)?.replace("\r\n", "\n");
    let fleet = FleetFile::of(&text, wanted.fleet)?;
    let inline = fleet.inline();
    if !inline.is_empty() {
        let message = format!(
            "tokens or client secrets stand in {shown} itself ({}), which everybody in the cluster may read",
            inline.join(", ")
        );
        return Err(wrong(message).hint("name variables instead: token: {env: ACME_TOKEN}"));
    }
    if text.len() > LARGEST || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(wrong(format!(
            "{shown} is too large for a cluster, or has characters that cannot be seen"
        ))
        .hint("at most 1 MB of printable text, without tabs"));
    }
    let folder = place(fleet.folder.as_deref().unwrap_or(Path::new("")))?;
    if wanted.serves && fleet.served() == 0 {
        return Err(
            wrong(format!("no workspace of {shown} has credentials of ConductorOne"))
                .hint("conductorone: {client-id: ..., client-secret: {env: ACME_SECRET}} at each that is to be served"),
        );
    }
    let tokens = match wanted.serves {
        true => Tokens::of(fleet.elsewhere_to_serve())?,
        false => Tokens::of(fleet.elsewhere())?,
    };
    // How deep the container stands.
    let (template, depth) = if wanted.serves { (SERVING, 8) } else { (NIGHTLY, 12) };
    let shards = wanted.shards;
    let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let own = plural(fleet.workspaces.len(), "workspace");
    // Who the customers of a partner are is not known here, if all are meant.
    let (what, count) = match fleet
        .managed_users
        .as_ref()
        .map(|managed| managed.customers.named())
        .transpose()?
    {
        None => (own, fleet.workspaces.len()),
        Some(Some(named)) => (
            format!("{own} and {}", plural(named.len(), "customer")),
            fleet.workspaces.len() + named.len(),
        ),
        Some(None) => (
            format!("{own} and all customers of a partner"),
            fleet.workspaces.len() + CUSTOMERS,
        ),
    };
    // What is filled in may itself have such words: each is filled in by itself, the fleet at last.
    let text_of_fleet: String = text.trim_end().lines().fold(String::new(), |mut all, line| {
        let indent = if line.is_empty() { "" } else { "    " };
        let _ = writeln!(all, "{indent}{line}");
        all
    });
    Ok(template
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{count}", &what)
        .replace("{shards}", &plural(shards as usize, "shard"))
        .replace("{completions}", &shards.to_string())
        .replace("{access}", if shards == 1 { "ReadWriteOnce" } else { "ReadWriteMany" })
        .replace("{storage}", &(1 + count / PER_GIB).to_string())
        .replace("{served}", &fleet.served().to_string())
        .replace("{keys}", &tokens.keys())
        .replace("{variables}", &indented(depth + 4, &tokens.variables(wanted.secret)))
        .replace("{mounts}", &indented(depth + 4, &tokens.mounts()))
        .replace("{volumes}", &indented(depth, &tokens.volumes(wanted.secret)))
        .replace("{secret}", wanted.secret)
        .replace("{image}", wanted.image)
        .replace("{folder}", &quoted(&folder.to_string_lossy()))
        .replace("{fleet}\n", &text_of_fleet))
}

/// What holds the tokens.
struct Tokens {
    variables: BTreeSet<String>,
    /// Files by the folder that they lie in.
    files: BTreeMap<PathBuf, BTreeSet<String>>,
}

impl Tokens {
    fn of<'a>(sources: impl Iterator<Item = &'a Elsewhere>) -> Result<Tokens> {
        let mut tokens = Tokens {
            variables: BTreeSet::new(),
            files: BTreeMap::new(),
        };
        for source in sources {
            match source {
                Elsewhere::Env(name) => {
                    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(is_name) {
                        return Err(wrong(format!("{name:?} cannot name a variable"))
                            .hint("letters, digits and underscores, no digit first"));
                    }
                    if TAKEN.contains(&name.as_str()) {
                        return Err(wrong(format!("the variable {name} is what the job itself is told by"))
                            .hint("give the variable of the token another name"));
                    }
                    tokens.variables.insert(name.clone());
                }
                Elsewhere::File(path) => {
                    let path = place(path)?;
                    let is_key = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                    let (Some(name), Some(folder)) = (
                        name.filter(|name| name.chars().all(is_key)),
                        path.parent()
                            .filter(|folder| OWN.iter().all(|own| *folder != Path::new(own))),
                    ) else {
                        return Err(wrong(format!("{} cannot be a file of a secret", path.display()))
                            .hint("a name of letters, digits, dots and dashes, in a folder that holds tokens alone"));
                    };
                    tokens.files.entry(folder.to_owned()).or_default().insert(name);
                }
            }
        }
        Ok(tokens)
    }

    /// What makes the secret, as `kubectl` is told.
    fn keys(&self) -> String {
        let mut keys = String::new();
        for name in &self.variables {
            let _ = write!(keys, " \\\n#     --{LITERAL}={name}=\"${name}\"");
        }
        for (folder, names) in &self.files {
            for name in names {
                let _ = write!(keys, " \\\n#     --{FILE}={}", folder.join(name).display());
            }
        }
        keys
    }

    fn variables(&self, secret: &str) -> String {
        self.variables.iter().fold(String::new(), |mut all, name| {
            let _ = writeln!(
                all,
                "- name: {}\n  valueFrom:\n    secretKeyRef:\n      name: {secret}\n      key: {0}",
                quoted(name)
            );
            all
        })
    }

    fn mounts(&self) -> String {
        self.files
            .keys()
            .enumerate()
            .fold(String::new(), |mut all, (n, folder)| {
                let folder = quoted(&folder.to_string_lossy());
                let _ = writeln!(all, "- name: tokens-{n}\n  mountPath: {folder}\n  readOnly: true");
                all
            })
    }

    fn volumes(&self, secret: &str) -> String {
        self.files
            .values()
            .enumerate()
            .fold(String::new(), |mut all, (n, names)| {
                let _ = writeln!(
                    all,
                    "- name: tokens-{n}\n  secret:\n    secretName: {secret}\n    defaultMode: 0440\n    items:"
                );
                for name in names {
                    let name = quoted(name);
                    let _ = writeln!(all, "      - key: {name}\n        path: {name}");
                }
                all
            })
    }
}

/// Where a path of the fleet is in the container.
fn place(path: &Path) -> Result<PathBuf> {
    let is_up = path.components().any(|part| part == Component::ParentDir);
    let shown = path.to_str().filter(|text| !text.chars().any(char::is_control));
    if is_up || shown.is_none() {
        return Err(wrong(format!("{} has no place in a container", path.display()))
            .hint("give it from the root, or below the file of the fleet"));
    }
    // Without the dots that mean nothing.
    Ok(Path::new(HERE)
        .join(path)
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect())
}

/// Lines so many characters to the right.
fn indented(depth: usize, lines: &str) -> String {
    lines.lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{:depth$}{line}", "");
        all
    })
}

/// A text as YAML has it, whatever is in it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
