//! The holders of one right: those who come first by name are kept, the others are counted before anything else about them
//! is looked up.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::heads::{Heads, Met};
use crate::report::access::{Access, HeldRow};
use crate::report::reach::Reach;

/// Somebody who may be told, in the order of lines. What the line says is looked up once it is known that they are.
#[derive(Debug)]
pub(super) struct Candidate {
    /// Whether it is a group or a role rather than a person or an account.
    pub(super) is_other: bool,
    /// Its name in lower case.
    pub(super) sorted_by: String,
    /// Its e-mail address, or its type.
    pub(super) about: String,
    /// Its type.
    pub(super) kind: Rc<str>,
    /// Its bare id.
    pub(super) id: String,
    /// How it comes to the thing.
    pub(super) by: By,
}

/// How somebody comes to a thing.
#[derive(Debug)]
pub(super) enum By {
    /// By a grant.
    Grant(Reach, HeldRow),
    /// By a row that is known already.
    Known(Box<Access>),
}

impl Candidate {
    fn key(&self) -> (bool, &str, &str, &str, &str) {
        (self.is_other, &self.sorted_by, &self.about, &self.kind, &self.id)
    }
}

/// Who holds one right, as far as they are told.
#[derive(Debug, Default)]
pub(super) struct Holders {
    kept: Vec<Candidate>,
    /// Lines that are told at most.
    most: usize,
    /// Those that are not kept.
    more: usize,
    /// Whether some were left out: then nobody after the last one is told any more.
    is_full: bool,
    /// The people and the service accounts among them.
    met: Met,
    /// How many have it as everybody has it, by the group of everybody: one line each.
    folded: BTreeMap<String, Heads>,
    #[cfg(test)]
    made: usize,
}

impl Holders {
    pub(super) fn new(most: usize) -> Holders {
        Holders {
            most,
            ..Holders::default()
        }
    }

    /// Counts a person or a service account.
    pub(super) fn meet(&mut self, number: u32, is_machine: bool) {
        self.met.add(number, is_machine);
    }

    /// One more who has it as everybody has it, through a group.
    pub(super) fn fold(&mut self, group: String, is_machine: bool) {
        self.folded.entry(group).or_default().add(is_machine);
    }

    /// One more. What is needed to tell of them is only made if they may be told.
    pub(super) fn push(&mut self, is_other: bool, sorted_by: String, candidate: impl FnOnce(String) -> Candidate) {
        let is_after = |last: &Candidate| (last.is_other, &last.sorted_by) < (is_other, &sorted_by);
        if self.is_full && self.last().is_none_or(is_after) {
            self.more += 1;
            return;
        }
        self.kept.push(candidate(sorted_by));
        #[cfg(test)]
        {
            self.made += 1;
        }
        if self.kept.len() > self.most.saturating_add(self.most / 2) {
            self.cut();
        }
    }

    /// The last one that was kept when some were left out the last time.
    fn last(&self) -> Option<&Candidate> {
        self.kept.get(self.most.checked_sub(1)?)
    }

    /// Keeps those that come first, the last of them at the end.
    fn cut(&mut self) {
        if self.kept.len() <= self.most {
            return;
        }
        if let Some(last) = self.most.checked_sub(1) {
            self.kept.select_nth_unstable_by(last, |a, b| a.key().cmp(&b.key()));
        }
        self.more += self.kept.len() - self.most;
        self.kept.truncate(self.most);
        self.is_full = true;
    }

    /// Those who are told, in no order, and what is told behind them.
    pub(super) fn told(mut self) -> Told<Candidate> {
        self.cut();
        Told {
            heads: self.met.heads(),
            kept: self.kept,
            most: self.most,
            more: self.more,
            folded: self.folded,
        }
    }
}

/// What is told of one right.
#[derive(Debug)]
pub(super) struct Told<T> {
    /// How many people and service accounts hold it.
    pub(super) heads: Heads,
    /// Those who are told.
    pub(super) kept: Vec<T>,
    /// How many are told at most.
    pub(super) most: usize,
    /// How many are not.
    pub(super) more: usize,
    /// How many have it as everybody has it, by the group of everybody.
    pub(super) folded: BTreeMap<String, Heads>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::proto::v2;

    fn candidate(sorted_by: String, at: usize) -> Candidate {
        Candidate {
            is_other: false,
            sorted_by,
            about: String::new(),
            kind: "user".into(),
            id: at.to_string(),
            by: By::Grant(Reach::On, HeldRow::of(&v2::Grant::default())),
        }
    }

    /// The places of those told, how many more there are, and how many were looked at.
    fn kept(most: usize, names: &[String]) -> (Vec<usize>, usize, usize) {
        let mut holders = Holders::new(most);
        for (at, name) in names.iter().enumerate() {
            holders.push(false, name.clone(), |name| candidate(name, at));
            assert!(holders.kept.len() <= most + most / 2);
        }
        let made = holders.made;
        let told = holders.told();
        let mut kept = told.kept;
        kept.sort_by(|a, b| a.key().cmp(&b.key()));
        let places = kept.iter().map(|one| one.id.parse().unwrap()).collect();
        (places, told.more, made)
    }

    #[test]
    fn whatever_order_they_come_in_the_first_by_name_are_told() {
        const ALL: usize = 1_000;
        for most in [1, 2, 7, 100, 999, 1_000, 1_001] {
            for step in [1, 7, 333, 999] {
                let names: Vec<String> = (0..ALL).map(|at| format!("{:04}", at * step % ALL)).collect();
                let mut first: Vec<usize> = (0..ALL).collect();
                first.sort_by_key(|at| &names[*at]);
                first.truncate(most);
                let (places, more, _) = kept(most, &names);
                assert_eq!(places, first, "{most} {step}");
                assert_eq!(more, ALL.saturating_sub(most));
            }
        }
    }

    #[test]
    fn those_of_one_name_are_told_in_the_order_of_their_ids() {
        let names = vec!["one name".to_owned(); 9];
        let (places, more, _) = kept(3, &names.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!((places, more), (vec![0, 1, 2], 6));
    }

    #[test]
    fn of_a_million_in_order_hardly_anybody_is_looked_at_who_is_not_told() {
        let names: Vec<String> = (0..1_000_000).map(|at| format!("{at:07}")).collect();
        let (places, more, made) = kept(1_000, &names);
        assert_eq!((places.len(), more), (1_000, 999_000));
        assert!(made <= 1_501, "{made}");
    }

    #[test]
    fn nobody_is_told_where_nobody_is_to_be() {
        let (places, more, _) = kept(0, &["a".to_owned(), "b".to_owned()]);
        assert_eq!((places.len(), more), (0, 2));
    }
}
