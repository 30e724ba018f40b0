//! How many people and how many service accounts: an account that a machine uses is nobody.

use std::collections::HashSet;

use crate::report::wording::count;

/// People and service accounts, each once, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Met {
    people: HashSet<u32>,
    accounts: HashSet<u32>,
}

impl Met {
    pub(super) fn add(&mut self, number: u32, is_machine: bool) {
        if is_machine {
            &mut self.accounts
        } else {
            &mut self.people
        }
        .insert(number);
    }

    pub(super) fn heads(&self) -> Heads {
        Heads {
            people: self.people.len(),
            accounts: self.accounts.len(),
        }
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heads {
    pub(super) people: usize,
    pub(super) accounts: usize,
}

impl Heads {
    pub(super) fn add(&mut self, is_machine: bool) {
        *if is_machine {
            &mut self.accounts
        } else {
            &mut self.people
        } += 1;
    }

    pub(super) fn all(self) -> usize {
        self.people + self.accounts
    }

    /// `3 people`, `1 service account`, `3 people and 1 service account`.
    pub(super) fn told(self) -> String {
        let people = count(self.people, "person", "people");
        let accounts = count(self.accounts, "service account", "service accounts");
        match (self.people, self.accounts) {
            (_, 0) => people,
            (0, _) => accounts,
            _ => format!("{people} and {accounts}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_no_person() {
        let mut met = Met::default();
        for (number, is_machine) in [(0, false), (1, true), (2, false), (0, false), (1, true)] {
            met.add(number, is_machine);
        }
        assert_eq!(met.heads().told(), "2 people and 1 service account");
        let told = |people, accounts| Heads { people, accounts }.told();
        assert_eq!(
            [told(1, 0), told(0, 0), told(0, 2)],
            ["1 person", "0 people", "2 service accounts"]
        );
    }
}
