//! The numbers on top of the page.

use super::Headline;
use crate::report::counted::Counted;
use crate::report::findings::{Finding, keys};
use crate::report::inventory::{At, Class, Entry};
use crate::report::link;

/// All of them. What a finding counted links to it.
pub fn all(counted: &Counted<'_>, findings: &[Finding]) -> Vec<Headline> {
    let inventory = counted.inventory;
    let people = type_of(counted, Entry::is_person);
    let clients = type_of(counted, Entry::is_client);
    let mut lines = Vec::new();
    let mut add = |key, label: &str, value, note, link| {
        lines.push(Headline {
            key,
            label: label.to_owned(),
            value,
            note,
            link,
        });
    };
    if let Some((kind, count)) = people {
        let domain = inventory.main_domain().map(|domain| format!("most have {domain}"));
        add("people", "People", count, domain, Some(link::list(kind, "")));
    }
    for (key, label) in [
        (keys::ADMINS, "Admins in production"),
        (keys::INACTIVE, "Not seen for 90 days, with access"),
        (keys::OUTSIDE_ADMINS, "Admins from outside"),
    ] {
        if let Some(found) = findings.iter().find(|finding| finding.key == key) {
            add(key, label, found.total, None, Some(link::finding(key)));
        }
    }
    if let Some((kind, count)) = clients {
        let wide = findings.iter().find(|finding| finding.key == keys::ALL_SCOPE);
        let note = wide
            .filter(|wide| wide.total > 0)
            .map(|wide| format!("{} reach all projects", wide.total));
        add("clients", "API clients", count, note, Some(link::list(kind, "")));
    }
    for (class, key, label) in [
        (Class::Group, "groups", "Groups"),
        (Class::Role, "roles", "Roles"),
        (Class::Project, "projects", "Projects"),
    ] {
        let of_class = |entry: &&Entry| inventory.class_of(entry) == class;
        let count = inventory.entries().iter().filter(of_class).count();
        let first = inventory.entries().iter().find(of_class);
        if let Some(kind) = first.and_then(|entry| inventory.type_of(entry)) {
            let value = u64::try_from(count).unwrap_or(u64::MAX);
            add(key, label, value, None, Some(link::list(&kind.id, "")));
        }
    }
    add("grants", "Grants", counted.counts.grants, None, None);
    lines
}

/// The type most of the resources are of that pass, and how many of any type do.
fn type_of<'c>(counted: &'c Counted<'_>, passes: impl Fn(&Entry) -> bool) -> Option<(&'c str, u64)> {
    let inventory = counted.inventory;
    let mut by_type: Vec<u64> = vec![0; inventory.types().len()];
    for entry in inventory.entries().iter().filter(|entry| passes(entry)) {
        if let Some(count) = by_type.get_mut(entry.kind()) {
            *count += 1;
        }
    }
    let most = by_type.iter().max().copied().filter(|most| *most > 0)?;
    let first: At = by_type.iter().position(|count| *count == most)?;
    Some((inventory.types().get(first)?.id.as_str(), by_type.iter().sum()))
}
