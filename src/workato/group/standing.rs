//! Whether somebody is in a group, as a write has to know it. Groups hold invitations, too, whose numbers may be those of
//! other people (`workato/api.md 2.10`): a row that may be somebody's is neither theirs nor nobody's.

use super::members::is_of;
use super::{GroupId, GroupMember, UserGroup};
use crate::baton::error::Result;
use crate::workato::client::endpoint;
use crate::workato::collaborator::{Member, MemberId};
use crate::workato::listing::List;
use crate::workato::tables::Tables;

/// Whether somebody is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A row is theirs.
    In,
    /// No row can be theirs.
    Out,
    /// A row may be theirs, and why it is not certain.
    Unclear(String),
}

/// The rows of a group.
#[derive(Debug, Clone, Default)]
pub struct Rows(Vec<GroupMember>);

impl Rows {
    /// Those at this moment.
    ///
    /// # Errors
    /// Those of the API.
    pub async fn now(t: &Tables, group: &GroupId) -> Result<Rows> {
        let list = List::now(&t.clients.dev, endpoint::USER_GROUP_MEMBERS.of(group.as_str()));
        list.usually_empty().read().await.map(Rows)
    }

    /// Those of a group that is gone.
    pub fn none() -> Rows {
        Rows::default()
    }

    /// The ids in them.
    pub fn ids(&self) -> Vec<MemberId> {
        self.0.iter().map(|row| row.id.clone()).collect()
    }

    /// Whether the group does not say that it has more members.
    pub fn are_all_of(&self, group: &UserGroup) -> bool {
        let said = group.members_count.and_then(|count| usize::try_from(count).ok());
        said.is_none_or(|said| said <= self.0.len())
    }

    /// Whether somebody is in, by their number and, where the list of people shows them, by their address.
    pub fn standing(&self, id: &MemberId, person: Option<&Member>) -> Standing {
        let address = |email: &Option<String>| email.as_deref().unwrap_or_default().trim().to_lowercase();
        let own = person.map(|person| address(&person.email)).unwrap_or_default();
        if self.0.iter().any(|row| person.is_some_and(|person| is_of(row, person))) {
            return Standing::In;
        }
        let said = |row: &GroupMember| row.email.clone().unwrap_or_default();
        for row in &self.0 {
            if row.id == *id && person.is_none() {
                return Standing::Unclear(
                    "a member has this number, and the list of people does not have them".to_owned(),
                );
            }
            if row.id == *id {
                return Standing::Unclear(format!("a member has this number and the address {:?}", said(row)));
            }
            if !own.is_empty() && address(&row.email) == own {
                return Standing::Unclear(format!("the member {} has this address", row.id));
            }
        }
        Standing::Out
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person() -> Member {
        serde_json::from_value(json!({"id": "7", "email": "Ada@example.org", "roles": []})).unwrap()
    }

    #[test]
    fn a_row_that_may_be_somebodys_is_not_nobodys() {
        let unclear = |standing| matches!(standing, Standing::Unclear(_));
        for (rows, of_person, of_nobody) in [
            (json!([]), "out", "out"),
            (json!([{"id": "7", "email": "ada@example.org"}]), "in", "unclear"),
            (json!([{"id": "7"}]), "in", "unclear"),
            (json!([{"id": "7", "email": "other@example.org"}]), "unclear", "unclear"),
            (json!([{"id": "90", "email": "ADA@example.org "}]), "unclear", "out"),
            (json!([{"id": "8", "email": "b@example.org"}]), "out", "out"),
            (
                json!([{"id": "7", "email": "x@y"}, {"id": "7", "email": ""}]),
                "in",
                "unclear",
            ),
        ] {
            let text = rows.to_string();
            let rows = Rows(serde_json::from_value(rows).unwrap());
            for (standing, expected) in [
                (rows.standing(&"7".into(), Some(&person())), of_person),
                (rows.standing(&"7".into(), None), of_nobody),
            ] {
                let found = match &standing {
                    Standing::In => "in",
                    Standing::Out => "out",
                    Standing::Unclear(_) => "unclear",
                };
                assert_eq!(found, expected, "{text}");
                assert_eq!(unclear(standing), expected == "unclear");
            }
        }
    }
}
