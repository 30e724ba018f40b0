//! The one table of endpoints: path, paging style, envelope, quota family, the checkbox that opens it, the code of its
//! refusal and what a sync goes without where it stays closed.
//!
//! Every fact that differs between endpoints stands here (`workato/api.md 1.3, 2.1, 3.1`). To read another list, add a
//! row: [`WorkatoClient`](super::WorkatoClient) takes it as it is. Rows of reads stand in the order in which a diagnosis
//! shows them.

use url::Url;

use super::checkbox;
use crate::baton::code::Code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::http::Method;
use crate::workato::code;

/// Rows asked for per page: the documented maximum of every list.
pub const PAGE_SIZE: u32 = 100;

/// How a list is paged. Pages count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// One answer holds everything.
    None,
    /// `page` and `per_page`.
    PageNumber,
    /// `page[number]` and `page[size]`.
    Bracketed,
}

/// What the rows are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// A bare array; one in `result` is read, too.
    Array,
    /// `{data: [...]}`, often with `total` and `page`; a bare array is read, too.
    Data,
    /// `{result: {count, items: [...]}}` or `{result: [...]}`.
    Result,
    /// One object, bare or in `data`.
    Object,
}

/// What is done at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Writes, with the same outcome when it is sent twice.
    Put,
    /// Adds, likewise.
    Post,
    /// Adds something anew each time: it is never sent twice.
    PostOnce,
    /// Makes something anew each time, likewise.
    PutOnce,
    /// Removes.
    Delete,
}

impl Verb {
    /// As it stands in a request.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Put | Verb::PutOnce => "PUT",
            Verb::Post | Verb::PostOnce => "POST",
            Verb::Delete => "DELETE",
        }
    }

    /// Whether it may be sent again where nobody knows whether it arrived.
    pub(super) fn is_repeatable(self) -> bool {
        !matches!(self, Verb::PostOnce | Verb::PutOnce)
    }

    pub(super) fn method(self) -> Method {
        match self {
            Verb::Get => Method::GET,
            Verb::Put | Verb::PutOnce => Method::PUT,
            Verb::Post | Verb::PostOnce => Method::POST,
            Verb::Delete => Method::DELETE,
        }
    }
}

/// One endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What it is about, for messages that begin with "failed to list ...".
    pub name: &'static str,
    /// What is done there.
    pub verb: Verb,
    /// What a write does to what it is about: `change`.
    pub doing: &'static str,
    /// Path below the base URL; `{id}` stands for the id in it, `{part}` for that of what belongs to it.
    pub path: &'static str,
    /// How it is paged.
    pub paging: Paging,
    /// What its rows are wrapped in.
    pub envelope: Envelope,
    /// Requests of one family share a quota.
    pub family: &'static str,
    /// Where to tick it in the role of the API client, as `checkbox.rs` spells it.
    pub checkbox: &'static str,
    /// The code of its refusal.
    pub refusal: Code,
    /// What a sync goes without where the token may not read it.
    pub lost: &'static str,
}

const COLLABORATORS: &str = "collaborators";
const ENVIRONMENT_ROLES_FAMILY: &str = "environment roles";
const PROJECT_ROLES_FAMILY: &str = "project roles";
const PROJECT_GRANTS_FAMILY: &str = "project grants";
const COLLABORATOR_GROUPS: &str = "collaborator groups";
const LEGACY_ROLES_FAMILY: &str = "legacy roles";
const FOLDERS_AND_PROJECTS: &str = "folders and projects";
const WORKSPACE_DETAILS_FAMILY: &str = "workspace details";
const API_CLIENTS_FAMILY: &str = "API clients";
const CONNECTIONS_FAMILY: &str = "connections";
const IDENTITY_FAMILY: &str = "Workato Identity";
const GENIES_FAMILY: &str = "genies";
const GENIE_CLIENTS_FAMILY: &str = "genie clients";
const MCP_SERVERS_FAMILY: &str = "MCP servers";
const API_PLATFORM_FAMILY: &str = "API platform";
const AUDIT_LOG_FAMILY: &str = "audit log";

macro_rules! endpoints {
    (
        reads {$($(#[$doc:meta])* $read:ident = $name:literal, $path:literal, $paging:ident, $envelope:ident, $family:ident, $checkbox:ident, $refusal:ident, $lost:literal;)*}
        writes {$($(#[$written:meta])* $write:ident = $doing:literal $what:literal, $verb:ident $to:literal, $of:ident, $needs:ident;)*}
    ) => {
        $($(#[$doc])* pub static $read: Endpoint = Endpoint {
            name: $name,
            verb: Verb::Get,
            doing: "read",
            path: $path,
            paging: Paging::$paging,
            envelope: Envelope::$envelope,
            family: $family,
            checkbox: checkbox::$checkbox,
            refusal: code::$refusal,
            lost: $lost,
        };)*
        $($(#[$written])* pub static $write: Endpoint = Endpoint {
            name: $what,
            verb: Verb::$verb,
            doing: $doing,
            path: $to,
            paging: Paging::None,
            envelope: Envelope::Object,
            family: $of,
            checkbox: checkbox::$needs,
            refusal: code::MAY_WRITE,
            lost: "the change that was asked for",
        };)*
        /// All that is read.
        pub static ENDPOINTS: &[&Endpoint] = &[$(&$read),*];
        /// All that is written.
        pub static WRITES: &[&Endpoint] = &[$(&$write),*];
    };
}

endpoints! {
    reads {
        /// `workato/api.md 2.2`
        MEMBERS = "collaborators", "/api/members", None, Data, COLLABORATORS,
            GET_COLLABORATORS, MAY_COLLABORATORS,
            "people: without them a sync fails";
        /// `workato/api.md 2.8`
        ENVIRONMENT_ROLES = "environment roles", "/api/environment_roles", Bracketed, Data, ENVIRONMENT_ROLES_FAMILY,
            LIST_ENVIRONMENT_ROLES, MAY_ENVIRONMENT_ROLES,
            "environment roles and who holds them";
        /// `workato/api.md 2.8`, before the move to RBAC v2
        LEGACY_ROLES = "collaborator roles", "/api/roles", PageNumber, Array, LEGACY_ROLES_FAMILY,
            LIST_LEGACY_ROLES, MAY_LEGACY_ROLES,
            "custom roles, their privileges and their folders";
        /// `workato/api.md 2.4`
        MEMBER_PRIVILEGES = "privileges of a collaborator", "/api/members/{id}/privileges", None, Data, COLLABORATORS,
            GET_PRIVILEGES, MAY_PRIVILEGES,
            "what roles may do: their privileges and the folders they name";
        /// `workato/api.md 2.8`
        ENVIRONMENT_ROLE = "an environment role", "/api/environment_roles/{id}", None, Object, ENVIRONMENT_ROLES_FAMILY,
            GET_ENVIRONMENT_ROLE, MAY_ENVIRONMENT_ROLES,
            "the settings (config) of environment roles; no access is missing";
        /// `workato/api.md 2.8`
        PROJECT_ROLES = "project roles", "/api/project_roles", Bracketed, Data, PROJECT_ROLES_FAMILY,
            PROJECT_ROLES, MAY_PROJECT_ROLES,
            "project roles, and with them all access to projects";
        /// `workato/api.md 2.8`
        PROJECT_ROLE = "a project role", "/api/project_roles/{id}", None, Object, PROJECT_ROLES_FAMILY,
            PROJECT_ROLES, MAY_PROJECT_ROLES,
            "the settings (config) of project roles; no access is missing";
        /// `workato/api.md 2.10`
        USER_GROUPS = "collaborator groups", "/api/user_groups", Bracketed, Data, COLLABORATOR_GROUPS,
            GROUPS, MAY_GROUPS,
            "collaborator groups, and the access of their members";
        /// `workato/api.md 2.10`
        USER_GROUP_MEMBERS = "members of a collaborator group", "/api/user_groups/{id}/members", Bracketed, Data, COLLABORATOR_GROUPS,
            GROUPS, MAY_GROUPS,
            "who is in the groups, and the access they have by them";
        /// `workato/api.md 2.13`
        API_CLIENTS = "API clients", "/api/developer_api_clients", PageNumber, Result, API_CLIENTS_FAMILY,
            LIST_API_CLIENTS, MAY_API_CLIENTS,
            "API clients, which act without a person";
        /// `workato/api.md 2.13`
        API_CLIENT_ROLES = "API client roles", "/api/developer_api_client_roles", PageNumber, Result, API_CLIENTS_FAMILY,
            LIST_API_CLIENT_ROLES, MAY_API_CLIENT_ROLES,
            "the roles of API clients";
        /// `workato/api.md 2.12`
        WORKSPACE_DETAILS = "workspace details", "/api/users/me", None, Object, WORKSPACE_DETAILS_FAMILY,
            GET_DETAILS, MAY_WORKSPACE_DETAILS,
            "nothing: it only names the workspace";
        /// `workato/api.md 2.11`
        PROJECTS = "projects", "/api/projects", PageNumber, Array, FOLDERS_AND_PROJECTS,
            LIST_PROJECTS, MAY_PROJECTS,
            "projects, their root folders and everybody's access to them";
        /// `workato/api.md 2.9`
        PROJECT_GRANTS = "project grants", "/api/projects/{id}/project_grants", Bracketed, Data, PROJECT_GRANTS_FAMILY,
            PROJECT_GRANTS, MAY_PROJECT_GRANTS,
            "who has which role in which project";
        /// `workato/api.md 2.11`
        FOLDERS = "folders", "/api/folders", PageNumber, Array, FOLDERS_AND_PROJECTS,
            LIST_FOLDERS, MAY_FOLDERS,
            "folders besides the roots of projects";
        /// `workato/api.md 2.15`
        CONNECTIONS = "connections", "/api/connections", None, Array, CONNECTIONS_FAMILY,
            LIST_CONNECTIONS, MAY_CONNECTIONS,
            "connections";
        /// `workato/agents.md 2`
        IDENTITY_USERS = "identity users", "/api/iam/users", PageNumber, Data, IDENTITY_FAMILY,
            IDENTITY, MAY_IDENTITY,
            "people of Workato Identity, who use agents and workflow apps";
        /// `workato/agents.md 2`
        IDENTITY_GROUPS = "identity groups", "/api/iam/user_groups", PageNumber, Data, IDENTITY_FAMILY,
            IDENTITY, MAY_IDENTITY,
            "groups of Workato Identity, which open agents and tool servers";
        /// `workato/agents.md 2`
        IDENTITY_GROUP_MEMBERS = "members of an identity group", "/api/iam/user_groups/{id}/members", PageNumber, Data, IDENTITY_FAMILY,
            IDENTITY, MAY_IDENTITY,
            "who is in the groups of Workato Identity";
        /// `workato/agents.md 2`
        GENIES = "genies", "/api/agentic/genies", PageNumber, Data, GENIES_FAMILY,
            LIST_GENIES, MAY_GENIES,
            "genies: agents, and who may use them";
        /// `workato/agents.md 3.2`
        GENIE = "a genie", "/api/agentic/genies/{id}", None, Object, GENIES_FAMILY,
            GET_GENIE, MAY_GENIES,
            "who may use genies";
        /// `workato/agents.md 2`
        GENIE_CLIENTS = "genie clients", "/api/agentic/genies/clients", PageNumber, Data, GENIE_CLIENTS_FAMILY,
            GENIE_CLIENTS, MAY_GENIES,
            "genie clients, whose keys speak for any user";
        /// `workato/agents.md 2`
        MCP_SERVERS = "MCP servers", "/api/mcp/mcp_servers", PageNumber, Data, MCP_SERVERS_FAMILY,
            MCP_SERVERS, MAY_MCP_SERVERS,
            "MCP servers: tools of agents, and who may use them";
        /// `workato/agents.md 3.1`
        MCP_SERVER = "an MCP server", "/api/mcp/mcp_servers/{id}", None, Object, MCP_SERVERS_FAMILY,
            MCP_SERVERS, MAY_MCP_SERVERS,
            "who may use MCP servers";
        /// `workato/agents.md 3.1`
        MCP_SERVER_POLICIES = "the policies of an MCP server", "/api/mcp/mcp_servers/{id}/server_policies", None, Object, MCP_SERVERS_FAMILY,
            MCP_SERVERS, MAY_MCP_SERVERS,
            "from which addresses MCP servers can be used; no access is missing";
        /// `workato/agents.md 2`
        API_PLATFORM_CLIENTS = "API-platform clients", "/api/v2/api_clients", PageNumber, Data, API_PLATFORM_FAMILY,
            LIST_API_PLATFORM_CLIENTS, MAY_API_PLATFORM,
            "API-platform clients, which call published recipes";
        /// `workato/agents.md 2`
        API_KEYS = "keys of an API-platform client", "/api/v2/api_clients/{id}/api_keys", PageNumber, Data, API_PLATFORM_FAMILY,
            LIST_API_KEYS, MAY_API_PLATFORM,
            "keys of API-platform clients";
        /// `workato/agents.md 2`
        API_COLLECTIONS = "API collections", "/api/api_collections", PageNumber, Array, API_PLATFORM_FAMILY,
            LIST_API_COLLECTIONS, MAY_API_PLATFORM,
            "API collections, which API-platform clients call";
        /// `workato/audit_log.md 1`
        ACTIVITY_LOGS = "the audit log", "/api/activity_logs", None, Data, AUDIT_LOG_FAMILY,
            GET_AUDIT_LOG, MAY_AUDIT_LOG,
            "events: what happened since; no access is missing";
    }
    writes {
        /// `workato/api.md 2.6`
        UPDATE_MEMBER = "change" "the roles of a collaborator", Put "/api/members/{id}", COLLABORATORS, UPDATE_ROLES;
        /// `workato/api.md 2.7`
        INVITE = "send" "an invitation", PostOnce "/api/member_invitations", COLLABORATORS, INVITE;
        /// `workato/api.md 2.7`
        DELETE_MEMBER = "delete" "a collaborator", Delete "/api/members/{id}", COLLABORATORS, DELETE_COLLABORATOR;
        /// `workato/api.md 2.9`
        PUT_PROJECT_GRANTS = "change" "project grants", Put "/api/projects/{id}/project_grants", PROJECT_GRANTS_FAMILY, PROJECT_GRANTS;
        /// `workato/api.md 2.9`
        DELETE_PROJECT_GRANT = "delete" "a project grant", Delete "/api/project_grants/{id}", PROJECT_GRANTS_FAMILY, PROJECT_GRANTS;
        /// `workato/api.md 2.10`
        ADD_GROUP_MEMBERS = "change" "members of a collaborator group", Post "/api/user_groups/{id}/members", COLLABORATOR_GROUPS, GROUPS;
        /// `workato/agents.md 5`
        REGENERATE_TOKEN = "renew" "the token of an API client", PostOnce "/api/developer_api_clients/{id}/regenerate", API_CLIENTS_FAMILY, REGENERATE_TOKEN;
        /// `workato/agents.md 5`
        UPDATE_API_CLIENT = "change" "an API client", Put "/api/developer_api_clients/{id}", API_CLIENTS_FAMILY, CHANGE_API_CLIENTS;
        /// `workato/agents.md 5`
        DELETE_API_CLIENT = "delete" "an API client", Delete "/api/developer_api_clients/{id}", API_CLIENTS_FAMILY, CHANGE_API_CLIENTS;
        /// `workato/agents.md 5`
        ENABLE_API_KEY = "change" "an API key", Put "/api/v2/api_clients/{id}/api_keys/{part}/enable", API_PLATFORM_FAMILY, CHANGE_API_KEYS;
        /// `workato/agents.md 5`
        DISABLE_API_KEY = "change" "an API key", Put "/api/v2/api_clients/{id}/api_keys/{part}/disable", API_PLATFORM_FAMILY, CHANGE_API_KEYS;
        /// `workato/agents.md 5`
        REFRESH_API_KEY = "renew" "an API key", PutOnce "/api/v2/api_clients/{id}/api_keys/{part}/refresh_secret", API_PLATFORM_FAMILY, CHANGE_API_KEYS;
        /// `workato/agents.md 5`
        DELETE_API_KEY = "delete" "an API key", Delete "/api/v2/api_clients/{id}/api_keys/{part}", API_PLATFORM_FAMILY, CHANGE_API_KEYS;
        /// `workato/agents.md 5`
        DELETE_API_PLATFORM_CLIENT = "delete" "an API-platform client", Delete "/api/v2/api_clients/{id}", API_PLATFORM_FAMILY, CHANGE_API_KEYS;
        /// `workato/agents.md 5`
        RENEW_MCP_TOKEN = "renew" "the token of an MCP server", PostOnce "/api/mcp/mcp_servers/{id}/token_renew", MCP_SERVERS_FAMILY, MCP_SERVERS;
        /// `workato/agents.md 5`
        STOP_GENIE = "stop" "a genie", Post "/api/agentic/genies/{id}/stop", GENIES_FAMILY, CHANGE_GENIES;
        /// `workato/agents.md 5`
        DISCONNECT = "disconnect" "a connection", Post "/api/connections/{id}/disconnect", CONNECTIONS_FAMILY, CHANGE_CONNECTIONS;
        /// `workato/agents.md 5`
        JOIN_IDENTITY_GROUP = "change" "members of an identity group", Post "/api/iam/users/{id}/add_to_group", IDENTITY_FAMILY, IDENTITY;
        /// `workato/agents.md 5`
        LEAVE_IDENTITY_GROUP = "change" "members of an identity group", Post "/api/iam/users/{id}/remove_from_group", IDENTITY_FAMILY, IDENTITY;
        /// `workato/agents.md 5`
        OPEN_GENIE = "change" "the groups of a genie", Post "/api/agentic/genies/{id}/assign_user_groups", GENIES_FAMILY, CHANGE_GENIES;
        /// `workato/agents.md 5`
        CLOSE_GENIE = "change" "the groups of a genie", Post "/api/agentic/genies/{id}/remove_user_groups", GENIES_FAMILY, CHANGE_GENIES;
        /// `workato/agents.md 5`
        OPEN_MCP_SERVER = "change" "the groups of an MCP server", Post "/api/mcp/mcp_servers/{id}/assign_user_groups", MCP_SERVERS_FAMILY, MCP_SERVERS;
        /// `workato/agents.md 5`
        CLOSE_MCP_SERVER = "change" "the groups of an MCP server", Post "/api/mcp/mcp_servers/{id}/remove_user_groups", MCP_SERVERS_FAMILY, MCP_SERVERS;
        /// `workato/api.md 2.10`
        REMOVE_GROUP_MEMBERS = "change" "members of a collaborator group", Delete "/api/user_groups/{id}/members", COLLABORATOR_GROUPS, GROUPS;
    }
}

/// Where a request goes: an endpoint, the id in its path, and what narrows a list down. Rows of the table are addresses
/// where they have no id.
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// The id in its path.
    pub id: Option<&'a str>,
    /// The id of what belongs to that.
    pub part: Option<&'a str>,
    /// A parameter and its value.
    pub with: Option<(&'static str, &'a str)>,
}

impl From<&'static Endpoint> for Address<'_> {
    fn from(endpoint: &'static Endpoint) -> Self {
        Address {
            endpoint,
            id: None,
            part: None,
            with: None,
        }
    }
}

impl Address<'_> {
    /// Where it is below `base`, at `path`.
    pub(super) fn url(&self, base: &Url, path: &'static str) -> Result<Url> {
        let mut url = Endpoint::url(base, path, self.id, self.part)?;
        if let Some(pair) = self.with {
            url.query_pairs_mut().extend_pairs([pair]);
        }
        Ok(url)
    }
}

impl Endpoint {
    /// With an id in its path.
    pub fn of<'a>(&'static self, id: &'a str) -> Address<'a> {
        Address {
            id: Some(id),
            ..Address::from(self)
        }
    }

    /// Narrowed down by a parameter.
    pub fn with<'a>(&'static self, parameter: &'static str, value: &'a str) -> Address<'a> {
        Address {
            with: Some((parameter, value)),
            ..Address::from(self)
        }
    }

    /// What lies below `base` by segments as they are.
    ///
    /// # Errors
    /// `InvalidArgument` for a segment that cannot be one; `Unknown` for a base that cannot have a path.
    pub(super) fn below(base: &Url, segments: &[&str]) -> Result<Url> {
        segments.iter().try_fold(base.clone(), |url, segment| {
            Endpoint::url(&url, "/{id}", Some(segment), None)
        })
    }

    /// The URL of `path` below `base`, with `id` and `part` in the path as one segment each.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that cannot be a path segment; `Unknown` for a base that cannot have a path.
    fn url(base: &Url, path: &str, id: Option<&str>, part: Option<&str>) -> Result<Url> {
        let mut url = base.clone();
        {
            let mut segments = url.path_segments_mut().map_err(|()| {
                Error::new(Kind::Unknown, "the Workato base URL cannot have a path").code(code::BASE_URL)
            })?;
            segments.pop_if_empty();
            for segment in path.split('/').filter(|segment| !segment.is_empty()) {
                let id = match segment {
                    "{id}" => id,
                    "{part}" => part,
                    word => {
                        segments.push(word);
                        continue;
                    }
                };
                match id {
                    // The URL standard drops dot segments, which would name another endpoint, and before that the line
                    // breaks and tabs that could stand in one. Nothing that is an id has either.
                    Some(id) if !matches!(id, "" | "." | "..") && !id.contains(char::is_control) => segments.push(id),
                    _ => {
                        return Err(Error::new(
                            Kind::InvalidArgument,
                            format!("{:?} is no id that {path} can have", id.unwrap_or_default()),
                        ));
                    }
                };
            }
        }
        Ok(url)
    }

    /// Adds the paging parameters for page `number`, counted from 1.
    pub(super) fn add_page(&self, url: &mut Url, number: u32) {
        let (page, size) = match self.paging {
            Paging::None => return,
            Paging::PageNumber => ("page", "per_page"),
            Paging::Bracketed => ("page[number]", "page[size]"),
        };
        url.query_pairs_mut()
            .append_pair(page, &number.to_string())
            .append_pair(size, &PAGE_SIZE.to_string());
    }
}
