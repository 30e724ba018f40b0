//! Search over all resources: by name, e-mail address or id, best first.

use std::collections::BTreeSet;

use serde::Serialize;

use super::index::{Index, Words};
use super::question::Question;
use crate::baton::error::Result;
use crate::report::find;
use crate::report::inventory::{At, Entry};
use crate::report::spelling::{PART, folded, slip};
use crate::report::thing::Thing;

/// Suggestions where nothing fits.
const SUGGESTED: usize = 5;
/// The lines of a text that are names: the name itself and the e-mail address.
const NAMES: usize = 2;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hits {
    /// How many fit.
    pub total: usize,
    /// The best of them.
    pub items: Vec<Hit>,
    /// Where nothing fits: what is called nearly so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<Hit>,
}

/// One resource that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// The resource.
    pub thing: Thing,
    /// Its e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `human`, `service`, `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_type: Option<&'static str>,
    /// The environment it belongs to: projects of one name are in several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// How well a text fits what was typed, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Folded,
    Begins,
    WordsBegin,
    Within,
}

/// Answers `q` and `limit`.
///
/// # Errors
/// `InvalidArgument` for a question that makes no sense.
pub fn answer(index: &Index, question: &Question) -> Result<Hits> {
    let (offset, limit) = question.range()?;
    let typed = question.words()?.trim().to_lowercase();
    let words = index.typed(&typed);
    if words.is_empty() {
        return Ok(Hits {
            total: 0,
            items: Vec::new(),
            near: Vec::new(),
        });
    }
    let name = match find::place(&typed) {
        Some((name, _)) if Words::of(&typed) != words => name,
        _ => &typed,
    };
    let mut found: Vec<(Fit, u8, u32, At)> = Vec::new();
    for (at, entry) in index.inventory.entries().iter().enumerate() {
        let text = index.text(at);
        if words.fit(&[text]) {
            found.push((fit(text, name, &words), index.weight(entry), index.place(at), at));
        }
    }
    found.sort_unstable();
    let items = found.iter().skip(offset).take(limit).map(|(.., at)| hit(index, *at));
    let near = if found.is_empty() {
        near(index, name)
    } else {
        Vec::new()
    };
    Ok(Hits {
        total: found.len(),
        items: items.collect(),
        near: near.into_iter().map(|at| hit(index, at)).collect(),
    })
}

fn fit(text: &str, typed: &str, words: &Words) -> Fit {
    if text.lines().any(|line| line == typed) {
        return Fit::Exact;
    }
    let (text, typed) = (folded(text), folded(typed));
    if text.lines().any(|line| line == typed) {
        Fit::Folded
    } else if text.lines().any(|line| line.starts_with(&typed)) {
        Fit::Begins
    } else if words.begin(&text) {
        Fit::WordsBegin
    } else {
        Fit::Within
    }
}

/// What is called nearly so, by its name or its e-mail address, nearest first.
fn near(index: &Index, typed: &str) -> Vec<At> {
    let typed = folded(typed);
    let mut near: BTreeSet<(usize, u8, u32, At)> = BTreeSet::new();
    for (at, entry) in index.inventory.entries().iter().enumerate() {
        let text = folded(index.text(at));
        let distance = text.lines().take(NAMES).filter_map(|line| slip(line, &typed)).min();
        if let Some(distance) = distance.filter(|distance| *distance < PART) {
            near.insert((distance, index.weight(entry), index.place(at), at));
            if near.len() > SUGGESTED {
                near.pop_last();
            }
        }
    }
    near.into_iter().map(|(.., at)| at).collect()
}

fn hit(index: &Index, at: At) -> Hit {
    let entry = index.inventory.entry(at);
    Hit {
        thing: index.thing(at),
        environment: entry.and_then(|e| index.inventory.environment_of(e)).map(str::to_owned),
        email: entry.and_then(|e| e.email()).map(str::to_owned),
        account_type: entry.map(Entry::account_type).filter(|said| !said.is_empty()),
    }
}
