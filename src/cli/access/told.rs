//! What every form of an answer says in the same words: how many rows there are, how somebody comes to a thing, what is
//! not known.

use crate::baton::error::Result;
use crate::cli::not_known;
use crate::report::access::Access;
use crate::report::names::Names;
use crate::report::reach::{Gap, Reach};
use crate::report::wording;
use crate::term::tree::{Node, Tone};

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// How many rows there were.
    pub(super) shown: Shown,
    /// What the file does not tell.
    pub(super) gaps: Vec<Gap>,
    /// Whether the answer said that itself.
    pub(super) are_gaps_told: bool,
}

/// How many rows were shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shown {
    grants: usize,
    ways: usize,
}

impl Shown {
    /// One more row. `on` says whether a thing was asked about: then a grant elsewhere that leads to it is told once.
    pub(super) fn add(&mut self, reach: Reach, on: bool) {
        let is_grant = match reach {
            Reach::On => true,
            Reach::Above | Reach::Inside => on,
            Reach::Scope | Reach::SelfGranting => false,
        };
        self.grants += usize::from(is_grant);
        self.ways += usize::from(!is_grant);
    }

    /// Adds these to others.
    pub(super) fn add_to(self, all: &mut Shown) {
        all.grants += self.grants;
        all.ways += self.ways;
    }

    pub(super) fn is_empty(self) -> bool {
        self == Shown::default()
    }

    /// `5 grants`, `5 grants and 2 other ways`.
    pub(super) fn told(self) -> String {
        let grants = wording::count(self.grants, "grant", "grants");
        match (self.grants, self.ways) {
            (_, 0) => grants,
            (0, ways) => wording::count(ways, "way without a grant", "ways without a grant"),
            (_, ways) => format!("{grants} and {}", wording::count(ways, "other way", "other ways")),
        }
    }
}

/// How somebody comes to hold something, in a few words: `given`, `through Ops → Developer of Billing`.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn how(names: &Names<'_>, access: &Access) -> Result<String> {
    if access.reach == Reach::Scope {
        return Ok("by its scope".to_owned());
    }
    let Some(shortest) = access.paths.first() else {
        return Ok("from something the file does not name".to_owned());
    };
    let more = access.more_paths.saturating_add(access.paths.len() - 1);
    let steps = shortest.get(..shortest.len().saturating_sub(1)).unwrap_or_default();
    let way = if steps.is_empty() {
        "given".to_owned()
    } else {
        format!("through {}", wording::way(names, steps)?)
    };
    Ok(match more {
        0 if access.is_least => format!("{way}, and perhaps more ways"),
        0 => way,
        more if access.is_least => format!("{way}, and at least {}", wording::count(more, "more way", "more ways")),
        more => format!("{way}, and {}", wording::count(more, "more way", "more ways")),
    })
}

/// What is held, in few words; a scope says what it is.
///
/// # Errors
/// As [`how`].
pub(super) fn label(names: &Names<'_>, access: &Access) -> Result<String> {
    match access.reach {
        Reach::Scope => Ok(format!("scope: {}", access.right.name)),
        _ => wording::label(names, &access.right),
    }
}

/// What is not known, as a part of an answer; nothing where all is known.
pub(super) fn gaps(gaps: &[Gap], all: bool) -> Option<Node> {
    let mut section = Node::new(Tone::Yellow, "Not known");
    if gaps.is_empty() {
        return None;
    }
    let shown = if all { usize::MAX } else { not_known::MOST };
    for Gap { code, message } in gaps.iter().take(shown) {
        let line = Node::new(Tone::Plain, message);
        section.push(match code {
            Some(code) => line.and(Tone::Dim, format!(" ({code})")),
            None => line,
        });
    }
    if let Some(more) = gaps.len().checked_sub(shown).filter(|more| *more > 0) {
        section.push(Node::new(Tone::Dim, format!("and {more} more: --all shows them")));
    }
    Some(section)
}
