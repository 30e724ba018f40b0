//! What is looked up in memory: names to search, orders to sort by, counts. Read once, while the page loads.

use std::sync::Arc;

use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::edges::Edges;
use crate::report::find;
use crate::report::inventory::{At, Class, Counts, Entitled, Entry, Inventory};
use crate::report::names::Names;
use crate::report::reach::Ground;
use crate::report::snapshot::Snapshot;
use crate::report::spelling::folded;
use crate::report::thing::Thing;

/// Everything that is kept of a sync. Its size follows resources and entitlements, not grants.
pub struct Index {
    /// Resources and entitlements.
    pub inventory: Inventory,
    /// Counts over the grants.
    pub counts: Counts,
    /// Which entitlement passes on which.
    pub edges: Arc<Edges>,
    /// What answers about reach need.
    pub ground: Ground,
    /// By resource: everything it is found by, in lower case, a line each: name, e-mail, id, environment.
    texts: Vec<String>,
    /// By resource: its place when all are ordered by type, name and id.
    places: Vec<u32>,
    /// By resource: its place in answers, where roles that may do more come before others of their type.
    ranks: Vec<u32>,
}

impl Index {
    /// Reads it.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn read(snapshot: &Snapshot, conventions: &Conventions) -> Result<Index> {
        let mut inventory = Inventory::read(snapshot, conventions)?;
        let counts = Counts::count(snapshot, &mut inventory, conventions)?;
        let edges = Arc::clone(snapshot.edges()?);
        let ground = Ground::read(&Names::new(snapshot), &edges, conventions)?;
        let texts: Vec<String> = inventory
            .entries()
            .iter()
            .map(|entry| text(&inventory, entry))
            .collect();
        let places = ordered(&inventory, &|_| 0);
        let ranks = ordered(&inventory, &|entry| {
            entry.role().map_or(0, |role| conventions.power(role))
        });
        Ok(Index {
            inventory,
            counts,
            edges,
            ground,
            texts,
            places,
            ranks,
        })
    }

    /// What a resource is found by.
    pub fn text(&self, at: At) -> &str {
        self.texts.get(at).map_or("", String::as_str)
    }

    /// Where a resource stands among all, ordered by type, name and id.
    pub fn place(&self, at: At) -> u32 {
        self.places.get(at).copied().unwrap_or(u32::MAX)
    }

    /// Where a resource stands in answers about access.
    pub fn rank(&self, at: At) -> u32 {
        self.ranks.get(at).copied().unwrap_or(u32::MAX)
    }

    /// How much a right may do: the less, the more.
    pub fn power(&self, entitlement: &Entitled) -> i8 {
        let conventions = self.ground.conventions();
        let role = entitlement
            .on
            .and_then(|on| self.inventory.entry(on))
            .and_then(Entry::role);
        conventions.power(role.unwrap_or(&entitlement.slug))
    }

    /// What somebody typed to find something: a name may say its environment.
    pub fn typed(&self, text: &str) -> Words {
        let known = |place: &str| {
            self.inventory
                .environments()
                .iter()
                .any(|e| e.eq_ignore_ascii_case(place))
        };
        match find::place(text) {
            Some((name, place)) if known(place) => Words::of(&format!("{name} {place}")),
            _ => Words::of(text),
        }
    }

    /// Grants a resource holds as principal.
    pub fn held(&self, at: At) -> u32 {
        self.counts.held.get(at).copied().unwrap_or_default()
    }

    /// What is to be read of a resource.
    pub fn thing(&self, at: At) -> Thing {
        self.inventory.thing(at)
    }

    /// How much a reader wants to see a resource: people before projects before what there are thousands of.
    pub fn weight(&self, entry: &Entry) -> u8 {
        match self.inventory.class_of(entry) {
            Class::Account if entry.is_person() => 0,
            Class::Account => 1,
            Class::Project => 2,
            Class::Group => 3,
            Class::Role => 4,
            Class::Inside => 5,
            Class::Other => 6,
        }
    }
}

/// By resource: its place when all are ordered by type, what is given here, name and id.
fn ordered(inventory: &Inventory, first: &dyn Fn(&Entry) -> i8) -> Vec<u32> {
    let mut order: Vec<At> = (0..inventory.entries().len()).collect();
    order.sort_by_cached_key(|at| {
        let entry = inventory.entry(*at);
        entry.map(|e| {
            (
                inventory.type_of(e).map(|t| t.id.as_str()),
                first(e),
                e.name().to_lowercase(),
                e.name(),
                e.id(),
            )
        })
    });
    let mut places = vec![0; order.len()];
    for (place, at) in (0..).zip(order) {
        if let Some(known) = places.get_mut(at) {
            *known = place;
        }
    }
    places
}

fn text(inventory: &Inventory, entry: &Entry) -> String {
    let environment = inventory.environment_of(entry).unwrap_or_default();
    let parts = [entry.name(), entry.email().unwrap_or_default(), entry.id(), environment];
    parts.join("\n").to_lowercase()
}

/// What somebody typed, as words in lower case. Any order is fine, all must occur, with or without the marks of letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    typed: String,
    folded: String,
}

impl Words {
    /// Takes a text apart.
    pub fn of(text: &str) -> Words {
        let word = |word: &str| Word {
            typed: word.to_lowercase(),
            folded: folded(word),
        };
        Words(text.split_whitespace().map(word).collect())
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all words occur; `texts` are in lower case.
    pub fn fit(&self, texts: &[&str]) -> bool {
        let occurs = |word: &Word, text: &str| {
            let has_marks = !text.is_ascii() || !word.typed.is_ascii();
            text.contains(&word.typed) || (has_marks && folded(text).contains(&word.folded))
        };
        self.0.iter().all(|word| texts.iter().any(|text| occurs(word, text)))
    }

    /// Whether each word is the beginning of one of the text's, which is [`folded`].
    pub fn begin(&self, text: &str) -> bool {
        let begins = |word: &Word| {
            let mut parts = text.split(|c: char| !c.is_alphanumeric());
            parts.any(|part| part.starts_with(&word.folded)) || text.lines().any(|line| line.starts_with(&word.folded))
        };
        self.0.iter().all(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_fit_in_any_order() {
        let words = Words::of("  lovelace ADA ");
        assert!(words.fit(&["ada lovelace"]) && words.begin("ada lovelace"));
        assert!(words.fit(&["ada", "x@lovelace.example"]));
        assert!(!words.fit(&["ada byron"]));
        assert!(Words::of("love").begin("ada lovelace") && !Words::of("lace").begin("ada lovelace"));
        assert!(Words::of("jose").fit(&["josé garcía"]) && Words::of("JOSÉ").fit(&["jose"]));
        assert!(Words::of("GARCÍA").begin("jose garcia"));
        assert!(Words::of("").fit(&[]) && Words::of(" ").is_empty());
    }
}
