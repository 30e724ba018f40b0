//! Why a sync of Workato counts a warning. Names are stable: scripts and stored syncs know them.

use super::code;
use crate::baton::cause::causes;
use crate::baton::code::Code;
use crate::baton::warning::Cause;

causes! {
    /// Access to folders that no list returned.
    FOLDER_NOT_LISTED = "folder-not-listed", code::FOLDER_NOT_LISTED;
    /// A folder is said to lie in several places.
    FOLDER_PLACE_UNCERTAIN = "folder-place-uncertain", code::PROJECT_NOT_LISTED;
    /// A folder disappeared while it was read.
    FOLDER_GONE = "folder-gone", code::GONE_MEANWHILE;
    /// A root folder of a project that no list returned.
    PROJECT_NOT_LISTED = "project-not-listed", code::PROJECT_NOT_LISTED;
    /// The list of Home lacks root folders of projects.
    HOME_INCOMPLETE = "home-incomplete", code::PROJECT_NOT_LISTED;
    /// A project disappeared while it was read.
    PROJECT_GONE = "project-gone", code::GONE_MEANWHILE;
    /// A grant of a project role that no list returned.
    PROJECT_ROLE_NOT_LISTED = "project-role-not-listed", code::ROLE_NOT_LISTED;
    /// A grant or membership of somebody whom the list of members did not return.
    COLLABORATOR_NOT_LISTED = "collaborator-not-listed", code::HOLDER_NOT_LISTED;
    /// A grant of a group that no list returned.
    GROUP_NOT_LISTED = "group-not-listed", code::HOLDER_NOT_LISTED;
    /// A group disappeared while it was read.
    GROUP_GONE = "group-gone", code::GONE_MEANWHILE;
    /// A member of a group has the id of one collaborator and the address of another.
    GROUP_MEMBER_OF_OTHER_ADDRESS = "group-member-of-other-address", code::HOLDER_NOT_LISTED;
    /// A member of an identity group has the id of one user and the address of another.
    IDENTITY_MEMBER_OF_OTHER_ADDRESS = "identity-member-of-other-address", code::HOLDER_NOT_LISTED;
    /// A project grant has the id of one collaborator and the address of another.
    GRANT_OF_OTHER_ADDRESS = "grant-of-other-address", code::HOLDER_NOT_LISTED;
    /// A row of a group or a grant names two people.
    TWO_IDS = "two-ids", code::HOLDER_NOT_LISTED;
    /// The group of everybody counts more people than there are in the list.
    COLLABORATORS_MISSING = "collaborators-missing", code::GROUP_MEMBERS_MISSING;
    /// A group says that it has more members than its list shows.
    GROUP_MEMBERS_MISSING = "group-members-missing", code::GROUP_MEMBERS_MISSING;
    /// A member disappeared while they were read.
    MEMBER_GONE = "member-gone", code::GONE_MEANWHILE;
    /// A role disappeared while it was read.
    ROLE_GONE = "role-gone", code::GONE_MEANWHILE;
    /// The grants of a single project are refused.
    PROJECT_REFUSED = "project-refused", code::SINGLE_REFUSED;
    /// The members of a single group are refused.
    GROUP_REFUSED = "group-refused", code::SINGLE_REFUSED;
    /// The privileges of a single person are refused.
    MEMBER_REFUSED = "member-refused", code::SINGLE_REFUSED;
    /// What lies in a single folder is refused.
    FOLDER_REFUSED = "folder-refused", code::SINGLE_REFUSED;
    /// The settings of a single role are refused.
    ROLE_REFUSED = "role-refused", code::SINGLE_REFUSED;
    /// A single thing answered in an earlier sync, and no list has it now, though it is not said to be gone.
    NO_LONGER_LISTED = "no-longer-listed", code::SINGLE_REFUSED;
    /// People hold roles of a list that did not answer.
    ROLE_LIST_MISSING = "role-list-missing", code::ROLE_LIST_MISSING;
    /// People hold custom roles, which are not read.
    CUSTOM_ROLES_OFF = "custom-roles-off", code::CUSTOM_ROLES_OFF;
    /// Project roles whose names give one slug.
    PROJECT_ROLES_ALIKE = "project-roles-alike", code::ROLES_ALIKE;
    /// Privileges whose groups and ids give one name.
    PRIVILEGES_ALIKE = "privileges-alike", code::ROLES_ALIKE;
    /// A grant of a project role by a name that several have.
    PROJECT_ROLE_AMBIGUOUS = "project-role-ambiguous", code::ROLE_AMBIGUOUS;
    /// People hold roles by a name that several have.
    ROLE_AMBIGUOUS = "role-ambiguous", code::ROLE_AMBIGUOUS;
    /// A row of somebody's roles that does not say which, or where.
    ROLE_ROW_INCOMPLETE = "role-row-incomplete", code::ROLE_ROW_INCOMPLETE;
    /// A row of somebody's roles that says the kind of the role in a word that is not known.
    ROLE_TYPE_UNKNOWN = "role-type-unknown", code::ROLE_ROW_INCOMPLETE;
    /// A row of somebody's roles in an environment of a name that is not known.
    ENVIRONMENT_UNKNOWN = "environment-unknown", code::ROLE_ROW_INCOMPLETE;
    /// Nobody has a row of the environment of the run.
    ENVIRONMENT_OF_NOBODY = "environment-of-nobody", code::ROLE_ROW_INCOMPLETE;
    /// Rows of people that have no field of roles.
    ROLES_NOT_SAID = "roles-not-said", code::ROLE_ROW_INCOMPLETE;
    /// Rows of people that name one role, and do not say where.
    ROLE_WITHOUT_ENVIRONMENT = "role-without-environment", code::ROLE_ROW_INCOMPLETE;
    /// A grant that names a person and a group.
    GRANT_OF_TWO = "grant-of-two", code::HOLDER_NOT_LISTED;
    /// A grant of another project than the one that was asked about.
    GRANT_ELSEWHERE = "grant-elsewhere", code::HOLDER_NOT_LISTED;
    /// People hold roles that no list names.
    ROLE_NOT_LISTED = "role-not-listed", code::ROLE_NOT_LISTED;
    /// No holder of a role shows what it may do.
    PRIVILEGES_UNKNOWN = "privileges-unknown", code::PRIVILEGES_UNKNOWN;
    /// A holder of a role does not show what they may do.
    PRIVILEGES_UNKNOWN_OF = "privileges-unknown-of", code::PRIVILEGES_UNKNOWN;
    /// Rows of privileges that have no field of privileges.
    PRIVILEGES_NOT_SAID = "privileges-not-said", code::PRIVILEGES_UNKNOWN;
    /// Holders of one role have different privileges or folders.
    PRIVILEGES_DIFFER = "privileges-differ", code::PRIVILEGES_DIFFER;
    /// API clients have roles that no list returned.
    API_CLIENT_ROLE_NOT_LISTED = "api-client-role-not-listed", code::ROLE_NOT_LISTED;
    /// API clients that do not say which role they have.
    API_CLIENT_ROLE_NOT_SAID = "api-client-role-not-said", code::ROLE_NOT_LISTED;
    /// There is no token of an environment.
    ENVIRONMENT_TOKEN_MISSING = "environment-token-missing", code::NO_ENVIRONMENT_TOKEN;
    /// A list without a row that cannot be empty.
    LIST_EMPTY = "list-empty", code::LIST_EMPTY;
    /// A field of another type that was left out.
    FIELD_LEFT_OUT = "field-left-out", code::FIELD_ODD;
    /// A time in a form that is not known.
    TIME_NOT_UNDERSTOOD = "time-not-understood", code::FIELD_ODD;
    /// A text with half a character.
    TEXT_DAMAGED = "text-damaged", code::FIELD_ODD;
    /// The settings of a role cannot be read.
    ROLE_SETTINGS_UNREADABLE = "role-settings-unreadable", code::ROLE_SETTINGS;
    /// A part of the product answers what cannot be used.
    FEATURE_UNUSABLE = "feature-unusable", code::FEATURE_UNUSABLE;
    /// A genie or an MCP server does not say who may use it.
    AUDIENCE_UNKNOWN = "audience-unknown", code::AUDIENCE_UNKNOWN;
    /// An MCP server that does not say in a known word how it is opened.
    AUTHENTICATION_UNKNOWN = "authentication-unknown", code::AUDIENCE_UNKNOWN;
    /// A group of Workato Identity that no list returned.
    IDENTITY_GROUP_NOT_LISTED = "identity-group-not-listed", code::NAMED_NOT_LISTED;
    /// A collection that no list returned.
    API_COLLECTION_NOT_LISTED = "api-collection-not-listed", code::NAMED_NOT_LISTED;
    /// A member of a group of Workato Identity whom the list of users did not return.
    IDENTITY_USER_NOT_LISTED = "identity-user-not-listed", code::HOLDER_NOT_LISTED;
    /// The members of a single group of Workato Identity are refused.
    IDENTITY_GROUP_REFUSED = "identity-group-refused", code::SINGLE_REFUSED;
    /// A group of Workato Identity disappeared while it was read.
    IDENTITY_GROUP_GONE = "identity-group-gone", code::GONE_MEANWHILE;
    /// A single genie is refused.
    GENIE_REFUSED = "genie-refused", code::SINGLE_REFUSED;
    /// A genie disappeared while it was read.
    GENIE_GONE = "genie-gone", code::GONE_MEANWHILE;
    /// A single MCP server, or its policies, are refused.
    MCP_SERVER_REFUSED = "mcp-server-refused", code::SINGLE_REFUSED;
    /// An MCP server disappeared while it was read.
    MCP_SERVER_GONE = "mcp-server-gone", code::GONE_MEANWHILE;
    /// The keys of a single API-platform client are refused.
    API_KEYS_REFUSED = "api-keys-refused", code::SINGLE_REFUSED;
    /// An API-platform client disappeared while its keys were read.
    API_KEYS_GONE = "api-keys-gone", code::GONE_MEANWHILE;
    /// A list changed whenever it was read.
    LIST_CHANGED = "list-changed", code::LIST_CHANGED;
    /// A list that says it has more than can be read, or may have been cut by a limit.
    LIST_MAY_BE_CUT = "list-may-be-cut", code::LIST_MAY_BE_CUT;
    /// Rows of one list with one id and different content.
    ROWS_DIFFER = "rows-differ", code::ROWS_DIFFER;
    /// Things of one id that environments describe differently.
    ENVIRONMENTS_DIFFER = "environments-differ", code::ROWS_DIFFER;
}

/// A family of endpoints that the token may not read. The code is that of the refusal: it names the permission.
pub const fn list_refused(code: Code) -> Cause {
    Cause::new("list-refused", code)
}
