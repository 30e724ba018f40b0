//! People as Workato lists them.

use crate::workato::client::{ids, parts, rows};

ids! {
    /// A collaborator.
    MemberId,
    /// A row of the activity log.
    ActivityId,
}

rows! {
    /// A collaborator or moderator (`workato/api.md 2.2`).
    Member {
        id: MemberId = id,
        /// `team` or `federation_manager` (a moderator from another workspace).
        grant_type: Option<String> = text,
        /// One row per environment the person has a role in.
        #[serde(default)]
        roles: Vec<MemberRole> = held,
        external_id: Option<String> = text,
        name: Option<String> = text,
        email: Option<String> = text,
        time_zone: Option<String> = text,
        created_at: Option<String> = time,
        /// With environments, of DEV only.
        #[serde(default)]
        last_activity_log: Option<Activity> = loose_part,
    }
}

parts! {
    /// A role of a collaborator in one environment (`workato/api.md 2.2`). Named, not identified.
    MemberRole {
        environment_type: Option<String> = word,
        role_name: Option<String> = word,
        /// `environment` or `privilege_group`; absent means the latter.
        role_type: Option<String> = word,
    }

    /// What somebody last did (`workato/api.md 2.2`).
    Activity {
        id: Option<ActivityId> = loose_id,
        event_type: Option<String> = text,
        created_at: Option<String> = time,
    }
}

/// What a row of a role says of the kind of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleType {
    /// A role of the list of environment roles.
    Environment,
    /// One of the older model.
    PrivilegeGroup,
    /// The row does not say.
    NotSaid,
    /// The row says it in a word that is not known: it may be either, or neither.
    Unknown,
}

impl MemberRole {
    /// Of which kind the row says the role is. Case and white space around the word do not count.
    pub fn kind(&self) -> RoleType {
        match self.role_type.as_deref().map(str::trim).unwrap_or_default() {
            "" => RoleType::NotSaid,
            said if said.eq_ignore_ascii_case("environment") => RoleType::Environment,
            said if said.eq_ignore_ascii_case("privilege_group") => RoleType::PrivilegeGroup,
            _ => RoleType::Unknown,
        }
    }
}

impl From<String> for MemberRole {
    /// What a row names that has one role: one of the environment that was asked, which for a customer of a partner is the
    /// only one that its id stands for (`workato/fleet.md 1`).
    fn from(name: String) -> Self {
        MemberRole {
            environment_type: Some("dev".to_owned()),
            role_name: Some(name),
            role_type: None,
        }
    }
}
