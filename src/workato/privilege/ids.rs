//! The ids of privileges. The published one is the name, `<group>-<id>`, and both parts may hold hyphens: `A-B` with `C`
//! and `A` with `B-C` have one name. Such are told apart, each of them, so that none has what another had before.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Pair;

/// The ids of privileges whose names are not theirs alone. All others go by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ids(BTreeMap<Pair, String>);

impl Ids {
    /// Of all privileges of a sync; the same in every environment.
    pub fn of<'p>(pairs: impl IntoIterator<Item = &'p Pair>) -> Self {
        let mut named: BTreeMap<String, BTreeSet<&Pair>> = BTreeMap::new();
        for pair in pairs {
            named.entry(pair.name()).or_default().insert(pair);
        }
        let mut taken: BTreeSet<String> = named.keys().cloned().collect();
        let mut ids = BTreeMap::new();
        for (name, pairs) in named.iter().filter(|(_, pairs)| pairs.len() > 1) {
            for pair in pairs {
                // Where one name is cut is what tells the two apart.
                let cut = pair.group.chars().count();
                let mut id = format!("{name}--{cut}");
                while !taken.insert(id.clone()) {
                    id.push('-');
                }
                ids.insert((*pair).clone(), id);
            }
        }
        Ids(ids)
    }

    /// The id of a privilege.
    pub fn id(&self, pair: &Pair) -> String {
        self.0.get(pair).cloned().unwrap_or_else(|| pair.name())
    }

    /// Those that are told apart.
    pub fn apart(&self) -> impl Iterator<Item = (&Pair, &str)> {
        self.0.iter().map(|(pair, id)| (pair, id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(group: &str, id: &str) -> Pair {
        Pair {
            group: group.to_owned(),
            id: id.to_owned(),
        }
    }

    #[test]
    fn privileges_of_one_name_are_told_apart() {
        let pairs = [
            pair("A-B", "C"),
            pair("A", "B-C"),
            pair("Recipes", "run"),
            pair("A-B-C-", "1"),
        ];
        let ids = Ids::of(&pairs);
        let all: Vec<String> = pairs.iter().map(|pair| ids.id(pair)).collect();
        assert_eq!(all, ["A-B-C--3", "A-B-C--1-", "Recipes-run", "A-B-C--1"]);
        assert_eq!(ids.apart().count(), 2);
        assert_eq!(Ids::of(pairs.iter().rev()), ids, "in any order");
    }
}
