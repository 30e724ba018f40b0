//! Whose a row is that names somebody by an id. Rows of groups and grants stand for people and for invitations, whose
//! numbers may be those of other people, and some ids are those of the membership: whatever else a row says must agree
//! (`workato/api.md 2.10`).

/// Why a row that names two people is counted.
pub const TWO_IDS: &str = "rows of groups and grants name two people by id; they were dropped, as it cannot be told whose \
                           they are";

/// What a row says of somebody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// The id by which the row is taken for theirs.
    pub id: &'a str,
    /// Another id of a person in the row.
    pub second: Option<&'a str>,
    /// An e-mail address.
    pub email: Option<&'a str>,
}

/// Whether it is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Nothing speaks against it.
    Theirs,
    /// The address is another one.
    OtherAddress,
    /// It names two people.
    TwoIds,
}

/// Whether a row is that of the person whom a list has under its id, with this address.
pub fn whose(said: Said<'_>, email: Option<&str>) -> Whose {
    let address = |email: Option<&str>| email.unwrap_or_default().trim().to_lowercase();
    let written = address(said.email);
    if said.second.is_some_and(|second| second != said.id) {
        Whose::TwoIds
    } else if written.is_empty() || written == address(email) {
        Whose::Theirs
    } else {
        Whose::OtherAddress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_theirs_when_all_that_it_says_agrees() {
        let said = |second, email| Said {
            id: "77",
            second,
            email,
        };
        let known = Some("P77@example.org");
        for (said, is) in [
            (said(None, None), Whose::Theirs),
            (said(Some("77"), Some(" p77@Example.org ")), Whose::Theirs),
            (said(None, Some(" ")), Whose::Theirs),
            (said(None, Some("else@example.org")), Whose::OtherAddress),
            (said(Some("1"), Some("p77@example.org")), Whose::TwoIds),
        ] {
            assert_eq!(whose(said, known), is, "{said:?}");
        }
        assert_eq!(whose(said(None, Some("p77@example.org")), None), Whose::OtherAddress);
    }
}
