//! Stable codes of failures that only a connector of Workato has. How numbers are given: [`code`](crate::baton::code).
//!
//! 10 is settings, the key and its permissions; 11 what Workato answers; 12 writes; 19 warnings of a sync.

use crate::baton::code::codes;

codes! {
    /// The key is not accepted.
    KEY_REJECTED = "1001";
    /// The key says that it is of another data center.
    KEY_OF_OTHER_REGION = "1002";
    /// A data center that does not exist.
    DATA_CENTER = "1003";
    /// A base URL that cannot be used.
    BASE_URL = "1004";
    /// Neither list of roles can be read, so the access model is not known.
    ACCESS_MODEL = "1005";
    /// What the previous sync read is refused now.
    ACCESS_LOST = "1006";
    /// One key in the settings of two environments.
    KEY_TWICE = "1020";

    /// The quota is used up.
    QUOTA = "1101";
    /// Workato fails.
    SERVER_ERROR = "1102";
    /// Workato does not have it.
    NOT_THERE = "1103";
    /// Workato refuses the request itself.
    REQUEST_REFUSED = "1104";
    /// A page instead of JSON.
    NOT_JSON = "1105";
    /// JSON that is not what the endpoint promises.
    UNREADABLE = "1106";
    /// An answer that was cut off.
    CUT_OFF = "1107";
    /// A list that does not fit together.
    LIST_SHORT = "1108";
    /// A list that repeats its pages.
    LIST_REPEATS = "1109";
    /// An audit log that cannot be believed.
    AUDIT_LOG_UNUSABLE = "1110";

    /// Collaborators may not be listed.
    MAY_COLLABORATORS = "1201";
    /// Privileges of collaborators may not be read.
    MAY_PRIVILEGES = "1202";
    /// Environment roles may not be listed or read.
    MAY_ENVIRONMENT_ROLES = "1203";
    /// Collaborator roles (legacy) may not be listed.
    MAY_LEGACY_ROLES = "1204";
    /// Project roles may not be listed or read.
    MAY_PROJECT_ROLES = "1205";
    /// Collaborator groups or their members may not be listed.
    MAY_GROUPS = "1206";
    /// Project grants may not be listed.
    MAY_PROJECT_GRANTS = "1207";
    /// Projects may not be listed.
    MAY_PROJECTS = "1208";
    /// Folders may not be listed.
    MAY_FOLDERS = "1209";
    /// Connections may not be listed.
    MAY_CONNECTIONS = "1210";
    /// API clients may not be listed.
    MAY_API_CLIENTS = "1211";
    /// API client roles may not be listed.
    MAY_API_CLIENT_ROLES = "1212";
    /// Workspace details may not be read.
    MAY_WORKSPACE_DETAILS = "1213";
    /// A write is not allowed.
    MAY_WRITE = "1214";
    /// Users and groups of Workato Identity may not be listed.
    MAY_IDENTITY = "1215";
    /// Genies, or their clients, may not be listed or read.
    MAY_GENIES = "1216";
    /// MCP servers may not be listed or read.
    MAY_MCP_SERVERS = "1217";
    /// API-platform clients, keys or collections may not be listed.
    MAY_API_PLATFORM = "1218";
    /// The audit log may not be read.
    MAY_AUDIT_LOG = "1219";
    /// The customers of a partner may not be listed.
    MAY_MANAGED_USERS = "1220";

    /// A write of an older role in a workspace without such roles.
    LEGACY_WRITE = "1301";
    /// A write to a group that Workato keeps.
    SYSTEM_GROUP = "1302";
    /// The form of a new account is not complete.
    ACCOUNT_FORM = "1303";
    /// An invitation that is too early, or whose outcome is not known.
    INVITATION = "1304";
    /// A principal that cannot hold what is to be granted.
    NOT_A_HOLDER = "1305";
    /// What is to be changed is not in the workspace.
    NOT_IN_WORKSPACE = "1306";
    /// What is to be changed is in an environment that the run does not see.
    OUT_OF_SIGHT = "1307";
    /// A change that was accepted and is not there.
    NO_EFFECT = "1308";
    /// A change whose outcome is not known.
    OUTCOME_UNKNOWN = "1320";
    /// What is to be changed cannot be told from something else.
    AMBIGUOUS_RIGHT = "1321";
    /// Something that groups do not open.
    NO_AUDIENCE = "1322";
    /// A change that took other rights away, too.
    OTHERS_LOST = "1323";
    /// A secret that was made anew and is not known.
    SECRET_LOST = "1324";
    /// The client that this program runs on.
    OWN_TOKEN = "1325";
    /// What would widen a client.
    NOT_NARROWER = "1326";
    /// What is not changed alone.
    NOT_ALONE = "1327";

    /// Projects and folders of an environment are missing.
    NO_ENVIRONMENT_TOKEN = "1901";
    /// A list without a row.
    LIST_EMPTY = "1902";
    /// A list that changed whenever it was read.
    LIST_CHANGED = "1903";
    /// Access to folders that no list shows.
    FOLDER_NOT_LISTED = "1904";
    /// Root folders of projects that no list shows, or the other way round.
    PROJECT_NOT_LISTED = "1905";
    /// People hold roles of the other access model.
    ROLE_LIST_MISSING = "1906";
    /// People hold custom roles, which are switched off.
    CUSTOM_ROLES_OFF = "1907";
    /// Roles that no list names.
    ROLE_NOT_LISTED = "1908";
    /// Holders that no list names.
    HOLDER_NOT_LISTED = "1909";
    /// Groups with more members than their lists.
    GROUP_MEMBERS_MISSING = "1910";
    /// Nobody shows what a role may do.
    PRIVILEGES_UNKNOWN = "1911";
    /// Holders of one role may do different things.
    PRIVILEGES_DIFFER = "1912";
    /// Things disappeared while they were read.
    GONE_MEANWHILE = "1913";
    /// Single things are refused.
    SINGLE_REFUSED = "1920";
    /// Settings of roles that cannot be read.
    ROLE_SETTINGS = "1921";
    /// Names that several roles have.
    ROLE_AMBIGUOUS = "1922";
    /// Project roles that are told apart by their numbers.
    ROLES_ALIKE = "1923";
    /// Rows of roles that do not say which, or where.
    ROLE_ROW_INCOMPLETE = "1924";
    /// Fields that are not as they should be.
    FIELD_ODD = "1925";
    /// A part of the product that answers what cannot be used.
    FEATURE_UNUSABLE = "1926";
    /// Agents and tool servers that do not say who may use them.
    AUDIENCE_UNKNOWN = "1927";
    /// Groups and collections that others name and no list shows.
    NAMED_NOT_LISTED = "1928";
    /// Lists that may have been cut.
    LIST_MAY_BE_CUT = "1929";
    /// Rows of one id that differ.
    ROWS_DIFFER = "1930";
}

#[cfg(test)]
mod tests {
    use super::super::client::endpoint;
    use super::*;

    #[test]
    fn every_refusal_has_a_code_with_a_page() {
        for endpoint in endpoint::ENDPOINTS.iter().chain(endpoint::WRITES) {
            assert!(ALL.iter().any(|row| row.code == endpoint.refusal), "{}", endpoint.path);
        }
    }
}
