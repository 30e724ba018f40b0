//! Ids of Workato things. The API writes some as integers, some as prefixed strings, and not always the same thing
//! the same way (`workato/api.md 3.5`): each is read from either (`field.rs`) and kept as text.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text, as it stands in paths.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as a number, if it is one.
            pub fn number(&self) -> Option<i64> {
                self.0.parse().ok()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                $name(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                $name(id)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                $name(id.to_string())
            }
        }
    )*};
}

ids! {
    /// A collaborator.
    MemberId,
    /// An environment role or a legacy role: two number spaces, never mix them.
    RoleId,
    /// A project role: integer in lists, prefixed string in grants.
    ProjectRoleId,
    /// A collaborator group.
    GroupId,
    /// A project, in one environment.
    ProjectId,
    /// A folder, in one environment.
    FolderId,
    /// A grant of a project role.
    ProjectGrantId,
    /// A developer API client.
    ApiClientId,
    /// The role of a developer API client.
    ApiClientRoleId,
    /// A connection.
    ConnectionId,
    /// A workspace.
    WorkspaceId,
    /// An environment.
    EnvironmentId,
    /// A row of the activity log.
    ActivityId,
}
