//! What somebody holds, as it comes about: what was given to them, and below it what follows from that.

use std::collections::BTreeMap;

use crate::report::access::Access;
use crate::report::thing::Right;

/// One thing that is held, with what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// What is held.
    pub right: Right,
    /// Whether it can only be taken away where it comes from.
    pub immutable: bool,
    /// In how many ways it is held altogether; more than one means that taking this one away is not enough.
    pub ways: usize,
    /// Whether there may be still more ways.
    pub is_least: bool,
    /// What follows from holding it.
    pub follows: Vec<Branch>,
}

/// Everything somebody holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// What was given to them: by type, then what may do most first, then by name.
    pub given: Vec<Branch>,
    /// What is held by the file's word: with the last steps through which it says so, none of which it shows to be held.
    pub said: Vec<(Right, Vec<Right>)>,
    /// What the file does not say the origin of.
    pub unexplained: Vec<Right>,
}

/// Arranges what somebody holds. `power` says how much a right may do: the less, the more.
pub fn arrange(all: &[Access], power: &dyn Fn(&Right) -> i8) -> Held {
    let mut roots = Knot::default();
    let (mut said, mut unexplained) = (Vec::new(), Vec::new());
    let by_id: BTreeMap<&str, &Access> = all.iter().map(|access| (access.right.id.as_str(), access)).collect();
    for access in all {
        if access.paths.is_empty() {
            unexplained.push(access.right.clone());
        }
        if access.is_said {
            if !access.paths.is_empty() {
                let through = access.paths.iter().filter_map(|path| path.first().cloned());
                said.push((access.right.clone(), through.collect()));
            }
            continue;
        }
        for path in &access.paths {
            roots.insert(path, power);
        }
    }
    Held {
        given: roots.into_branches(&by_id),
        said,
        unexplained,
    }
}

/// Ways that begin alike, joined.
#[derive(Default)]
struct Knot<'a> {
    /// Ordered as people look for things: by type, power, name, id, then by entitlement.
    next: BTreeMap<Key<'a>, (&'a Right, Knot<'a>)>,
}

type Key<'a> = (&'a str, i8, &'a str, &'a str, &'a str, usize);

impl<'a> Knot<'a> {
    fn insert(&mut self, path: &'a [Right], power: &dyn Fn(&Right) -> i8) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let on = &first.resource;
        let key = (
            on.kind.as_str(),
            power(first),
            on.name.as_str(),
            on.id.as_str(),
            first.id.as_str(),
            first.left_out,
        );
        self.next
            .entry(key)
            .or_insert_with(|| (first, Knot::default()))
            .1
            .insert(rest, power);
    }

    fn into_branches(self, by_id: &BTreeMap<&str, &Access>) -> Vec<Branch> {
        let branch = |(right, knot): (&Right, Knot<'_>)| {
            let access = by_id.get(right.id.as_str());
            Branch {
                right: right.clone(),
                immutable: access.is_some_and(|a| a.immutable),
                ways: access.map_or(1, |a| a.more_paths.saturating_add(a.paths.len())),
                is_least: access.is_some_and(|a| a.is_least),
                follows: knot.into_branches(by_id),
            }
        };
        self.next.into_values().map(branch).collect()
    }
}
