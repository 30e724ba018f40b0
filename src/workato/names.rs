//! What a name stands for. Rows name roles, lists give roles their names, and neither promises that a name is there once
//! (`workato/api.md 2.2, 2.8`). Names are compared exactly, without the white space around them; one that several
//! roles have stands for none of them.
//!
//! Only roles of the system are also found by another spelling: the API writes `Environment admin` and
//! `EnvironmentAdmin` (`workato/api.md 4.3`). There case and white space do not count.

use std::collections::BTreeMap;

/// Folded names of the environment roles that every workspace has.
pub const SYSTEM_ENVIRONMENT_ROLES: &[&str] = &["environmentadmin", "environmentmanager", "member"];
/// Folded names of the project roles that every workspace has. There may be more.
pub const SYSTEM_PROJECT_ROLES: &[&str] = &["projectadmin", "advancedbuilder", "projectoperator"];

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning<I> {
    /// Nothing has it.
    Nothing,
    /// One thing has it.
    One(I),
    /// Several things have it: it says nothing.
    Several(Vec<I>),
}

impl<I> Meaning<I> {
    fn of(mut found: Vec<I>) -> Self {
        match (found.pop(), found.is_empty()) {
            (None, _) => Meaning::Nothing,
            (Some(only), true) => Meaning::One(only),
            (Some(last), false) => {
                found.push(last);
                Meaning::Several(found)
            }
        }
    }
}

/// The names of a list.
#[derive(Debug, Clone)]
pub struct NameTable<I> {
    exact: BTreeMap<String, Vec<I>>,
    system: BTreeMap<String, Vec<I>>,
}

impl<I> Default for NameTable<I> {
    fn default() -> Self {
        NameTable {
            exact: BTreeMap::new(),
            system: BTreeMap::new(),
        }
    }
}

impl<I: Clone> NameTable<I> {
    /// Adds a thing. `is_system`: another spelling of its name stands for it, too.
    pub fn add(&mut self, name: &str, id: I, is_system: bool) {
        let name = name.trim();
        if name.is_empty() {
            return;
        }
        if is_system {
            self.system.entry(folded(name)).or_default().push(id.clone());
        }
        self.exact.entry(name.to_owned()).or_default().push(id);
    }

    /// What has exactly this name.
    pub fn exactly(&self, name: &str) -> Meaning<I> {
        Meaning::of(self.exact.get(name.trim()).cloned().unwrap_or_default())
    }

    /// What has this name, or else the system's role with a spelling of it.
    pub fn find(&self, name: &str) -> Meaning<I> {
        match self.exactly(name) {
            Meaning::Nothing => Meaning::of(self.system.get(&folded(name)).cloned().unwrap_or_default()),
            found => found,
        }
    }
}

/// Whether a listed role is one of the system's: by its own word, or, where it says nothing, by its name.
pub fn is_system(kind: Option<&str>, name: &str, known: &[&str]) -> bool {
    match kind.map(str::trim).filter(|kind| !kind.is_empty()) {
        Some(kind) => kind.eq_ignore_ascii_case("system"),
        None => known.contains(&folded(name).as_str()),
    }
}

/// A name without white space and in lower case.
pub fn folded(name: &str) -> String {
    let written = name.chars().filter(|c| !c.is_whitespace());
    written.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[(&str, bool)]) -> NameTable<usize> {
        let mut table = NameTable::default();
        for (id, (name, is_system)) in names.iter().enumerate() {
            table.add(name, id, *is_system);
        }
        table
    }

    #[test]
    fn names_are_exact_and_only_the_system_is_found_by_another_spelling() {
        let table = table(&[
            ("Environment admin", true),
            ("Ops Admin", false),
            (" Auditor ", false),
            ("Member", true),
        ]);
        for (name, meaning) in [
            ("Environment admin", Meaning::One(0)),
            ("EnvironmentAdmin", Meaning::One(0)),
            ("environment  ADMIN", Meaning::One(0)),
            (" Ops Admin\n", Meaning::One(1)),
            ("Auditor", Meaning::One(2)),
            ("member", Meaning::One(3)),
            ("Ops-Admin", Meaning::Nothing),
            ("OpsAdmin", Meaning::Nothing),
            ("ops admin", Meaning::Nothing),
            ("Environment-admin", Meaning::Nothing),
            ("", Meaning::Nothing),
        ] {
            assert_eq!(table.find(name), meaning, "{name:?}");
        }
    }

    #[test]
    fn a_name_of_several_stands_for_none() {
        let table = table(&[
            ("Ops", false),
            ("Ops ", false),
            ("EnvironmentAdmin", false),
            ("Environment admin", true),
        ]);
        assert_eq!(table.find("Ops"), Meaning::Several(vec![0, 1]));
        assert_eq!(table.find("EnvironmentAdmin"), Meaning::One(2), "spelled exactly so");
        assert_eq!(table.find("Environment Admin"), Meaning::One(3));
    }

    #[test]
    fn the_list_says_what_is_the_systems() {
        let known = SYSTEM_ENVIRONMENT_ROLES;
        assert!(is_system(Some("system"), "Anything", known));
        assert!(!is_system(Some("custom"), "Member", known));
        assert!(is_system(None, "Environment Admin", known) && is_system(Some(" "), "member", known));
        assert!(!is_system(None, "Ops", known));
    }
}
