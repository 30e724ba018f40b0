//! `type:id` as a person types it: types and ids may themselves have a colon in them.

/// Colons at which a text is parted at most: nobody types more.
const MOST: usize = 24;

/// Every way to part a text into a type and an id, the shortest type first.
pub(super) fn parted(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let colons = text.match_indices(':').take(MOST);
    colons.filter_map(move |(at, _)| Some((text.get(..at)?, text.get(at + 1..)?)))
}

#[cfg(test)]
mod tests {
    use super::parted;

    #[test]
    fn a_text_is_parted_at_each_colon() {
        assert_eq!(parted("user").count(), 0);
        assert_eq!(parted("user:").collect::<Vec<_>>(), [("user", "")]);
        assert_eq!(parted("a:b:c").collect::<Vec<_>>(), [("a", "b:c"), ("a:b", "c")]);
        assert_eq!(parted(&"é:".repeat(30)).count(), 24);
    }
}
