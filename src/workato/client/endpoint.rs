//! The one table of endpoints: path, paging style, envelope, quota family, the checkbox that opens it and what a sync
//! goes without where it stays closed.
//!
//! Every fact that differs between endpoints stands here (`workato/api.md 1.3, 2.1, 3.1`). To read another
//! list, add a row here, a struct in `model.rs` and a method in `mod.rs`.

use url::Url;

use super::checkbox;
use crate::baton::error::{Error, Kind, Result};
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
    /// A bare array. The same API for partners wraps it in `result`; both are read.
    Array,
    /// `{data: [...]}`, often with `total` and `page`. The API for partners answers a bare array; both are read.
    Data,
    /// `{result: {count, items: [...]}}` or `{result: [...]}`.
    Result,
    /// One object, bare or in `data`.
    Object,
}

/// One endpoint.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What it reads, for messages that begin with "failed to list ...".
    pub name: &'static str,
    /// Path below the base URL; `{id}` stands for the one id in it.
    pub path: &'static str,
    /// How it is paged.
    pub paging: Paging,
    /// What its rows are wrapped in.
    pub envelope: Envelope,
    /// Requests of one family share a quota.
    pub family: &'static str,
    /// Where to tick it in the role of the API client, as `checkbox.rs` spells it.
    pub checkbox: &'static str,
    /// What a sync goes without where the token may not read it.
    pub lost: &'static str,
}

/// `collaborators`
pub const COLLABORATORS: &str = "collaborators";
/// `environment roles`
pub const ENVIRONMENT_ROLES_FAMILY: &str = "environment roles";
/// `project roles`
pub const PROJECT_ROLES_FAMILY: &str = "project roles";
/// `project grants`
pub const PROJECT_GRANTS_FAMILY: &str = "project grants";
/// `collaborator groups`
pub const COLLABORATOR_GROUPS: &str = "collaborator groups";
/// `legacy roles`
pub const LEGACY_ROLES_FAMILY: &str = "legacy roles";
/// `folders and projects`
pub const FOLDERS_AND_PROJECTS: &str = "folders and projects";
/// `workspace details`
pub const WORKSPACE_DETAILS_FAMILY: &str = "workspace details";
/// `API clients`
pub const API_CLIENTS_FAMILY: &str = "API clients";
/// `connections`
pub const CONNECTIONS_FAMILY: &str = "connections";

macro_rules! endpoints {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $path:literal, $paging:ident, $envelope:ident, $family:ident, $checkbox:ident, $lost:literal;)*) => {
        $($(#[$doc])* pub static $constant: Endpoint = Endpoint {
            name: $name,
            path: $path,
            paging: Paging::$paging,
            envelope: Envelope::$envelope,
            family: $family,
            checkbox: checkbox::$checkbox,
            lost: $lost,
        };)*
        /// The whole table.
        pub static ENDPOINTS: &[&Endpoint] = &[$(&$constant),*];
    };
}

endpoints! {
    /// `workato/api.md 2.2`
    MEMBERS = "collaborators", "/api/members", None, Data, COLLABORATORS,
        GET_COLLABORATORS,
        "people: without them a sync fails";
    /// `workato/api.md 2.4`
    MEMBER_PRIVILEGES = "privileges of a collaborator", "/api/members/{id}/privileges", None, Data, COLLABORATORS,
        GET_PRIVILEGES,
        "what roles may do: their privileges and the folders they name";
    /// `workato/api.md 2.8`, before the move to RBAC v2
    LEGACY_ROLES = "collaborator roles", "/api/roles", PageNumber, Array, LEGACY_ROLES_FAMILY,
        LIST_LEGACY_ROLES,
        "custom roles, their privileges and their folders";
    /// `workato/api.md 2.8`
    ENVIRONMENT_ROLES = "environment roles", "/api/environment_roles", Bracketed, Data, ENVIRONMENT_ROLES_FAMILY,
        LIST_ENVIRONMENT_ROLES,
        "environment roles and who holds them";
    /// `workato/api.md 2.8`
    ENVIRONMENT_ROLE = "an environment role", "/api/environment_roles/{id}", None, Object, ENVIRONMENT_ROLES_FAMILY,
        GET_ENVIRONMENT_ROLE,
        "the settings (config) of environment roles; no access is missing";
    /// `workato/api.md 2.8`
    PROJECT_ROLES = "project roles", "/api/project_roles", Bracketed, Data, PROJECT_ROLES_FAMILY,
        PROJECT_ROLES,
        "project roles, and with them all access to projects";
    /// `workato/api.md 2.8`
    PROJECT_ROLE = "a project role", "/api/project_roles/{id}", None, Object, PROJECT_ROLES_FAMILY,
        PROJECT_ROLES,
        "the settings (config) of project roles; no access is missing";
    /// `workato/api.md 2.10`
    USER_GROUPS = "collaborator groups", "/api/user_groups", Bracketed, Data, COLLABORATOR_GROUPS,
        GROUPS,
        "collaborator groups, and the access of their members";
    /// `workato/api.md 2.10`
    USER_GROUP_MEMBERS = "members of a collaborator group", "/api/user_groups/{id}/members", Bracketed, Data, COLLABORATOR_GROUPS,
        GROUPS,
        "who is in the groups, and the access they have by them";
    /// `workato/api.md 2.11`
    PROJECTS = "projects", "/api/projects", PageNumber, Array, FOLDERS_AND_PROJECTS,
        LIST_PROJECTS,
        "projects, their root folders and everybody's access to them";
    /// `workato/api.md 2.9`
    PROJECT_GRANTS = "project grants", "/api/projects/{id}/project_grants", Bracketed, Data, PROJECT_GRANTS_FAMILY,
        PROJECT_GRANTS,
        "who has which role in which project";
    /// `workato/api.md 2.11`
    FOLDERS = "folders", "/api/folders", PageNumber, Array, FOLDERS_AND_PROJECTS,
        LIST_FOLDERS,
        "folders besides the roots of projects";
    /// `workato/api.md 2.15`
    CONNECTIONS = "connections", "/api/connections", None, Array, CONNECTIONS_FAMILY,
        LIST_CONNECTIONS,
        "connections";
    /// `workato/api.md 2.13`
    API_CLIENTS = "API clients", "/api/developer_api_clients", PageNumber, Result, API_CLIENTS_FAMILY,
        LIST_API_CLIENTS,
        "API clients, which act without a person";
    /// `workato/api.md 2.13`
    API_CLIENT_ROLES = "API client roles", "/api/developer_api_client_roles", PageNumber, Result, API_CLIENTS_FAMILY,
        LIST_API_CLIENT_ROLES,
        "the roles of API clients";
    /// `workato/api.md 2.12`
    WORKSPACE_DETAILS = "workspace details", "/api/users/me", None, Object, WORKSPACE_DETAILS_FAMILY,
        GET_DETAILS,
        "nothing: it only names the workspace";
}

impl Endpoint {
    /// The URL of this endpoint below `base`, with `id` in the path as one segment.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that cannot be a path segment; `Unknown` for a base that cannot have a path.
    pub fn url(&self, base: &Url, id: Option<&str>) -> Result<Url> {
        let mut url = base.clone();
        {
            let mut segments = url.path_segments_mut().map_err(|()| {
                Error::new(Kind::Unknown, "the Workato base URL cannot have a path").code(code::BASE_URL)
            })?;
            segments.pop_if_empty();
            for segment in self.path.split('/').filter(|segment| !segment.is_empty()) {
                if segment != "{id}" {
                    segments.push(segment);
                    continue;
                }
                match id {
                    // The URL standard drops dot segments, which would name another endpoint, and before that the line
                    // breaks and tabs that could stand in one. Nothing that is an id has either.
                    Some(id) if !matches!(id, "" | "." | "..") && !id.contains(char::is_control) => segments.push(id),
                    _ => {
                        return Err(Error::new(
                            Kind::InvalidArgument,
                            format!("{:?} is no id that {} can have", id.unwrap_or_default(), self.path),
                        ));
                    }
                };
            }
        }
        Ok(url)
    }

    /// Adds the paging parameters for page `number`, counted from 1.
    pub fn add_page(&self, url: &mut Url, number: u32) {
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
