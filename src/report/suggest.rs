//! A person and a resource worth looking at first: what a summary points a newcomer to.

use super::access::Answers;
use super::find::{self, NameQuery};
use super::snapshot::Snapshot;
use super::thing::Thing;
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::Result;

/// People who are looked at; a suggestion need not be the best one.
const LOOKED_AT: usize = 40;

/// What to look at, in words that `access` takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// Somebody with much access in several ways.
    pub person: Option<String>,
    /// Something that person can reach, of the first of the wanted types there is.
    pub resource: Option<String>,
}

/// Looks for somebody whose access comes about in several ways, and for something they reach. `wanted` are resource
/// types, the best first.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub fn suggest(snapshot: &Snapshot, wanted: &[&str]) -> Result<Suggestion> {
    let answers = Answers::new(snapshot)?;
    let mut best: Option<(usize, Thing, Vec<Thing>)> = None;
    for person in people(snapshot, &answers)? {
        let held = answers.of(&person.kind, &person.id)?;
        let longest = held
            .iter()
            .flat_map(|a| &a.paths)
            .map(Vec::len)
            .max()
            .unwrap_or_default();
        let mut kinds: Vec<&str> = held.iter().map(|a| a.right.resource.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        // Somebody who holds everything is no easier to read than somebody who holds nothing.
        let score = longest * 1_000 + kinds.len() * 100 + held.len().min(60);
        if !held.is_empty() && best.as_ref().is_none_or(|(most, ..)| score > *most) {
            best = Some((score, person, held.into_iter().map(|a| a.right.resource).collect()));
        }
    }
    let Some((_, person, mut reached)) = best else {
        return Ok(Suggestion::default());
    };
    let place = |kind: &str| wanted.iter().position(|w| *w == kind).unwrap_or(wanted.len());
    reached.sort_by_key(|thing| place(&thing.kind));
    reached.dedup();
    let first = reached.first().map(|thing| thing.kind.clone()).unwrap_or_default();
    let typed = |thing: &Thing| word(thing, |typed| find::resource(answers.names(), &NameQuery::new(typed)));
    // One that is known by its name, where there is one: environments have projects of equal names.
    let mut words = reached.iter().filter(|thing| thing.kind == first).take(LOOKED_AT);
    let named = words.clone().find(|thing| typed(thing) == thing.name);
    Ok(Suggestion {
        person: Some(word(&person, |typed| {
            find::principal(answers.names(), &NameQuery::new(typed))
        })),
        resource: named.or_else(|| words.next()).map(typed),
    })
}

/// The first people of the sync.
fn people(snapshot: &Snapshot, answers: &Answers<'_>) -> Result<Vec<Thing>> {
    let mut people = Vec::new();
    for kind in find::user_types(snapshot)? {
        let filter = ResourceFilter {
            resource_type: Some(&kind),
            parent: None,
        };
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
                if people.len() < LOOKED_AT {
                    people.push(answers.names().thing_of(&resource)?);
                }
                Ok(())
            })?;
    }
    Ok(people)
}

/// The name where it means this thing and nothing else, and can be typed; else `type:id`.
fn word(thing: &Thing, found_by: impl Fn(&str) -> Result<Thing>) -> String {
    let can_be_typed = !thing.name.starts_with('-') && !thing.name.chars().any(char::is_control);
    if can_be_typed && found_by(&thing.name).is_ok_and(|found| found == *thing) {
        return thing.name.clone();
    }
    format!("{}:{}", thing.kind, thing.id)
}
