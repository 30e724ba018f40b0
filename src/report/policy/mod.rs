//! A policy: what an organization judges access by beyond what everybody should look at. A YAML file with rules in the
//! language of conditions, things that nobody may hold together, domains, ages, owners, and exceptions with a reason and
//! an end.
//!
//! A rule that names what a sync does not have is told as not known: it never passes by a spelling mistake.

mod build;
mod domains;
mod exceptions;
mod file;
mod judge;
mod mistake;
mod names;
mod owners;
mod rows;
mod sides;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

pub(super) use self::judge::judge;
pub(super) use self::owners::Owners;
use super::condition::Condition;
use super::counted::Limits;
use super::findings::Severity;
use crate::baton::error::{Context as _, Result};

/// What the program judges by where nobody says otherwise, as a file.
pub const DEFAULT: &str = include_str!("default.yaml");

/// What a file may say, as a JSON schema.
pub const SCHEMA: &str = include_str!("schema.json");

/// The largest file that is read, in bytes: nobody writes one of that size.
const LARGEST: u64 = 4 << 20;

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Where it lies; nothing for the default.
    pub source: String,
    /// How long is too long.
    pub limits: Limits,
    /// The day on which exceptions end or not.
    pub today: Date,
    /// By finding of the program: how much it matters; nothing where it is switched off.
    built_in: BTreeMap<String, Option<Severity>>,
    domains: Option<Domains>,
    owners: Vec<Owner>,
    rules: Vec<Rule>,
    apart: Vec<Apart>,
    exceptions: Vec<Exception>,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            source: String::new(),
            limits: Limits::default(),
            today: Date::MIN,
            built_in: BTreeMap::new(),
            domains: None,
            owners: Vec::new(),
            rules: Vec::new(),
            apart: Vec::new(),
            exceptions: Vec::new(),
        }
    }
}

impl Policy {
    /// Reads a file. `today` is the day on which exceptions end or not.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) for a file that is not there or has a mistake, which is shown with its line.
    pub fn read(path: &Path, today: Date) -> Result<Policy> {
        let shown = path.display().to_string();
        let text = mistake::read(path, LARGEST).with_context(|| format!("read the policy {shown}"))?;
        Policy::parse(&text, &shown, today)
    }

    /// Understands the text of a file that is called `source`.
    ///
    /// # Errors
    /// As [`Policy::read`].
    pub fn parse(text: &str, source: &str, today: Date) -> Result<Policy> {
        build::build(text, source, today)
    }

    /// The domains that are fine; empty where it does not say.
    pub fn allowed_domains(&self) -> &[String] {
        self.domains.as_ref().map_or(&[], |domains| &domains.allowed)
    }

    /// How many rules, pairs, owners and exceptions it has, in words.
    pub fn told(&self) -> String {
        use super::wording::count;
        let parts = [
            count(self.rules.len(), "rule", "rules"),
            count(self.apart.len(), "pair that must not meet", "pairs that must not meet"),
            count(self.owners.len(), "owner", "owners"),
            count(self.exceptions.len(), "exception", "exceptions"),
        ];
        parts.join(", ")
    }
}

/// Whose addresses are fine.
#[derive(Debug, Clone, PartialEq)]
struct Domains {
    /// In lower case; `*.` at the beginning stands for everything below.
    allowed: Vec<String>,
    severity: Severity,
}

/// Who answers for a thing and all that lies in it.
#[derive(Debug, Clone, PartialEq)]
struct Owner {
    of: Named,
    owner: String,
}

/// A thing by its name.
#[derive(Debug, Clone, Default, PartialEq)]
struct Named {
    text: String,
    kind: Option<String>,
    environment: Option<String>,
}

/// Access that should not be.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    about: About,
    when: Condition,
}

/// Two things that nobody may hold together.
#[derive(Debug, Clone, PartialEq)]
struct Apart {
    about: About,
    sides: [Side; 2],
}

/// What is said of a rule.
#[derive(Debug, Clone, PartialEq)]
struct About {
    id: String,
    title: String,
    severity: Severity,
    why: String,
    what_to_do: String,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq)]
struct Side {
    on: Option<Named>,
    entitlement: Option<String>,
    when: Option<Condition>,
}

/// What is accepted.
#[derive(Debug, Clone, PartialEq)]
struct Exception {
    /// The id of what is found; `*` stands for anything.
    finding: String,
    reason: String,
    until: Date,
}
