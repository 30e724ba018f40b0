//! From what a person types to the one row it names exactly: by id, `type:id`, name, e-mail address or login. For
//! commands that change something: there a part of a name is a suggestion, never an answer.

use std::collections::BTreeSet;

use super::names::Names;
use super::spelling::{distance, folded};
use super::thing::{Account, Thing, profile, text};
use crate::baton::annotation;
use crate::baton::c1z::ResourceFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;

/// Candidates and suggestions that are listed.
const LISTED: usize = 20;
const SUGGESTED: usize = 5;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct ExactName<'a> {
    /// What was typed.
    pub text: &'a str,
    /// What it is to be, for messages: `role`.
    pub what: &'a str,
    /// The resource types it may have.
    pub kinds: &'a [&'a str],
    /// The environment it must be in, if one was named.
    pub environment: Option<&'a str>,
}

/// A row that fits.
struct Found {
    resource: v2::Resource,
    environment: Option<String>,
    /// As candidates and suggestions are shown.
    line: String,
}

/// The resource that is wanted.
///
/// # Errors
/// `NotFound` with the nearest names where nothing fits; `InvalidArgument` with the candidates where several do;
/// `DataLoss` for a damaged file.
pub fn resource(names: &Names<'_>, wanted: &ExactName<'_>) -> Result<v2::Resource> {
    let mut by_key: Vec<Found> = Vec::new();
    let mut by_word: Vec<Found> = Vec::new();
    let mut by_name: Vec<Found> = Vec::new();
    let mut near: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut environments: BTreeSet<String> = BTreeSet::new();
    let snapshot = names.snapshot();
    let plain = folded(wanted.text.trim());
    for kind in wanted.kinds {
        let filter = ResourceFilter {
            resource_type: Some(kind),
            parent: None,
        };
        snapshot
            .reader()
            .for_each_resource_where(snapshot.sync_id(), &filter, &mut |resource| {
                let thing = names.thing_of(&resource)?;
                let environment = thing.environment.clone();
                environments.extend(environment.clone());
                let elsewhere = |asked: &str| environment.as_deref().is_some_and(|e| !e.eq_ignore_ascii_case(asked));
                if wanted.environment.is_some_and(elsewhere) {
                    return Ok(());
                }
                let key = wanted.text == format!("{}:{}", thing.kind, thing.id);
                let id = wanted.text == thing.id;
                let written = texts(&resource, &thing);
                let exactly = written.iter().any(|text| text == wanted.text.trim());
                let called: Vec<String> = written.iter().map(|text| text.to_lowercase()).collect();
                let typed = wanted.text.to_lowercase();
                if key || id || exactly || called.contains(&typed) {
                    let line = line(&resource, &thing);
                    let to = match (key, id || exactly) {
                        (true, _) => &mut by_key,
                        (_, true) => &mut by_word,
                        _ => &mut by_name,
                    };
                    to.push(Found {
                        resource,
                        environment,
                        line,
                    });
                } else if let Some(distance) = written.iter().filter_map(|text| distance(&folded(text), &plain)).min() {
                    near.insert((distance, line(&resource, &thing)));
                    if near.len() > SUGGESTED {
                        near.pop_last();
                    }
                }
                Ok(())
            })?;
    }
    // Of `Ops` and `OPS` each is found by its own spelling. What is one thing's id and another's name could be either.
    let tiers = [by_key, by_word, by_name];
    let mut found = tiers.into_iter().find(|tier| !tier.is_empty()).unwrap_or_default();
    if found.len() > 1 {
        return Err(ambiguous(wanted, &found));
    }
    found
        .pop()
        .map(|found| found.resource)
        .ok_or_else(|| unknown(wanted, near.into_iter().map(|(_, line)| line).collect(), &environments))
}

/// Everything a resource goes by, without white space at its ends.
fn texts(resource: &v2::Resource, thing: &Thing) -> Vec<String> {
    let mut texts = vec![thing.name.clone()];
    if let Some(name) = profile(resource).as_ref().and_then(|p| text(p, "name")) {
        texts.push(name.to_owned());
    }
    if let Some(user) = annotation::find::<v2::UserTrait>(&resource.annotations) {
        let addresses = user.emails.iter().map(|email| &email.address);
        let logins = std::iter::once(&user.login).chain(&user.login_aliases);
        texts.extend(addresses.chain(logins).cloned());
    }
    let mut texts: Vec<String> = texts.iter().map(|text| text.trim().to_owned()).collect();
    texts.retain(|text| !text.is_empty());
    texts
}

/// `collaborator:7  Ada Lovelace <ada@example.org>`
fn line(resource: &v2::Resource, thing: &Thing) -> String {
    let email = Account::of(resource, thing.clone())
        .map(|a| a.email)
        .unwrap_or_default();
    let email = if email.is_empty() { email } else { format!(" <{email}>") };
    format!("{}:{}  {}{email}", thing.kind, thing.id, thing.beside_email())
}

fn ambiguous(wanted: &ExactName<'_>, found: &[Found]) -> Error {
    let mut lines: Vec<String> = found.iter().take(LISTED).map(|f| format!("  {}", f.line)).collect();
    if found.len() > LISTED {
        lines.push(format!("  and {} more", found.len() - LISTED));
    }
    let places: BTreeSet<&Option<String>> = found.iter().map(|f| &f.environment).collect();
    let how = match wanted.environment {
        None if places.len() == found.len() => "say in which environment, or which by its type and id",
        _ => "say which, by its type and id",
    };
    Error::new(
        Kind::InvalidArgument,
        format!("{:?} fits {} of this file", wanted.text, found.len()),
    )
    .code(crate::report::code::AMBIGUOUS)
    .hint(format!("{how}:\n{}", lines.join("\n")))
}

fn unknown(wanted: &ExactName<'_>, near: Vec<String>, environments: &BTreeSet<String>) -> Error {
    let place = wanted.environment.map(|e| format!(" in {e}")).unwrap_or_default();
    let error = Error::new(
        Kind::NotFound,
        format!(
            "there is no {}{place} called {:?} in this file",
            wanted.what, wanted.text
        ),
    )
    .code(crate::report::code::NO_MATCH);
    if let Some(asked) = wanted.environment
        && !environments.iter().any(|e| e.eq_ignore_ascii_case(asked))
    {
        return error.hint(match Vec::from_iter(environments).as_slice() {
            [] => "this file names no environments; leave `in` and what follows out".to_owned(),
            [one] => format!("the only environment of this file is {one}; sync with --workato-env all to have all"),
            several => {
                let names: Vec<&str> = several.iter().map(|e| e.as_str()).collect();
                format!("the environments of this file are {}", names.join(", "))
            }
        });
    }
    if near.is_empty() {
        return error.hint("`baton-workato resources` lists everything there is; sync again if it is new");
    }
    let lines: Vec<String> = near.iter().map(|line| format!("  {line}")).collect();
    error.hint(format!("the nearest names are\n{}", lines.join("\n")))
}
