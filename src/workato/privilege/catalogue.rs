//! The published catalogue of privileges and of what the legacy system roles hold, as data
//! (`workato/api.md 4.1, 4.2`). Never a closed list: unknown pairs are privileges too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Pair;

/// One line per privilege: group, id, system roles that hold it (comma-separated), description (a JSON string).
const DATA: &str = include_str!("catalogue.tsv");

/// What the catalogue knows about one privilege.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it allows, as published.
    pub description: String,
    /// The system roles that hold it.
    pub base_roles: Vec<&'static str>,
}

static CATALOGUE: LazyLock<BTreeMap<Pair, Known>> = LazyLock::new(|| {
    DATA.lines()
        .filter_map(|line| {
            let mut fields = line.splitn(4, '\t');
            let pair = Pair {
                group: fields.next()?.to_owned(),
                id: fields.next()?.to_owned(),
            };
            let base_roles = fields.next()?.split(',').collect();
            let description = serde_json::from_str(fields.next()?).ok()?;
            Some((
                pair,
                Known {
                    description,
                    base_roles,
                },
            ))
        })
        .collect()
});

/// All known privileges, ordered.
pub fn all() -> impl Iterator<Item = &'static Pair> {
    CATALOGUE.keys()
}

/// The published description of a privilege.
pub fn description(pair: &Pair) -> Option<&'static str> {
    CATALOGUE.get(pair).map(|known| known.description.as_str())
}

/// What a system role holds by documentation. Stands in only where nobody holds the role.
pub fn of_base_role(name: &str) -> impl Iterator<Item = &'static Pair> + use<'_> {
    CATALOGUE
        .iter()
        .filter(move |(_, known)| known.base_roles.contains(&name))
        .map(|(pair, _)| pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let groups: std::collections::BTreeSet<_> = all().map(|p| &p.group).collect();
        assert_eq!((groups.len(), all().count()), (43, 111));
        assert_eq!(DATA.lines().count(), 111, "every line parses");
        let sizes = ["Admin", "Analyst", "Operator"].map(|role| of_base_role(role).count());
        assert_eq!(sizes, [111, 70, 7]);
    }
}
