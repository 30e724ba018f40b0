//! The Workato API, read side: one method per endpoint, one token per client.
//!
//! Lists are read page by page, counted from 1. A list that ends before it says it does is an error, never a short
//! list; rows that move between pages because the workspace changes meanwhile are left to the caller. Used by the resource
//! types of `workato`; nobody else knows paths or envelopes (`workato/api.md 2`).

mod answer;
pub mod checkbox;
mod decode;
pub mod endpoint;
mod fault;
mod field;
mod id;
mod json;
mod model;
pub mod odd;
mod paging;
mod probe;
mod time;
mod write;

use std::sync::Arc;

use url::Url;

pub use self::answer::{read_object, read_page};
use self::decode::Listing;
use self::endpoint::{Endpoint, Paging};
use self::fault::Call;
pub use self::id::{
    ActivityId, ApiClientId, ApiClientRoleId, ConnectionId, EnvironmentId, FolderId, GroupId, MemberId, ProjectGrantId,
    ProjectId, ProjectRoleId, RoleId, WorkspaceId,
};
pub use self::model::{
    Activity, ApiClient, ApiClientRole, ApiClientToken, Connection, EnvironmentRole, Folder, GrantEnvironment,
    GrantGroup, GrantProject, GrantRole, GrantUser, GroupMember, LegacyRole, Member, MemberRole, PrivilegeRow, Project,
    ProjectGrant, ProjectRole, UserGroup, WorkspaceDetails,
};
pub use self::odd::Row;
pub use self::paging::{ApiPage, INCONSISTENT, read_all};
pub use self::probe::{Asked, Probed};
pub use self::time::timestamp;
pub use self::write::{Accepted, Invitation, NewProjectGrant, RoleAssignment, Write};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{HttpClient, Request, Response};
use crate::baton::secret::Secret;

/// Pages no real list has: only a server that ignores the page number gets here.
const LAST_PAGE: u32 = 100_000;

/// Reads one workspace with one token, hence one environment.
#[derive(Debug, Clone)]
pub struct WorkatoClient {
    base_url: Url,
    token: Secret,
    http: Arc<HttpClient>,
}

/// One request that was answered with success.
struct Answer {
    path: String,
    response: Response,
}

/// The rows in the body of a list, read as every answer is. For benchmarks and fuzzing, which have no server.
///
/// # Errors
/// `Internal` for a body that is not such a list.
pub fn rows_of<T: Row>(endpoint: &Endpoint, body: &[u8]) -> Result<Vec<T>> {
    decode::listing(body, endpoint.envelope)
        .map(|listing| listing.rows)
        .map_err(|why| Error::new(Kind::Internal, format!("{}: {}", why.path, why.message)))
}

impl WorkatoClient {
    /// A client of the API below `base_url` (see [`base_url`](crate::workato::data_center::base_url)).
    pub fn new(base_url: Url, token: Secret, http: Arc<HttpClient>) -> Self {
        http.hide(&token);
        WorkatoClient { base_url, token, http }
    }

    /// All collaborators (`workato/api.md 2.2`). Needs a DEV token.
    ///
    /// # Errors
    /// As every method here: what [`HttpClient::send`] says; the [kind](crate::baton::http::kind_of) of any other
    /// status than success; `Internal` or `Unavailable` for an answer that cannot be read.
    pub async fn members(&self) -> Result<Vec<Member>> {
        self.everything(&endpoint::MEMBERS, None).await
    }

    /// What one collaborator may do, one row per environment (`workato/api.md 2.4`). Empty is an answer.
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn member_privileges(&self, member: &MemberId) -> Result<Vec<PrivilegeRow>> {
        self.everything(&endpoint::MEMBER_PRIVILEGES, Some(member.as_str()))
            .await
    }

    /// Custom roles of the model before RBAC v2 (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn legacy_roles(&self, page: u32) -> Result<ApiPage<LegacyRole>> {
        self.page(&endpoint::LEGACY_ROLES, None, &[], page).await
    }

    /// Environment roles, without their configuration (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn environment_roles(&self, page: u32) -> Result<ApiPage<EnvironmentRole>> {
        self.page(&endpoint::ENVIRONMENT_ROLES, None, &[], page).await
    }

    /// One environment role with its configuration (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn environment_role(&self, role: &RoleId) -> Result<EnvironmentRole> {
        self.object(&endpoint::ENVIRONMENT_ROLE, Some(role.as_str())).await
    }

    /// Project roles, without their configuration (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn project_roles(&self, page: u32) -> Result<ApiPage<ProjectRole>> {
        self.page(&endpoint::PROJECT_ROLES, None, &[], page).await
    }

    /// One project role with its configuration (`workato/api.md 2.8`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn project_role(&self, role: &ProjectRoleId) -> Result<ProjectRole> {
        self.object(&endpoint::PROJECT_ROLE, Some(role.as_str())).await
    }

    /// Collaborator groups (`workato/api.md 2.10`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn user_groups(&self, page: u32) -> Result<ApiPage<UserGroup>> {
        self.page(&endpoint::USER_GROUPS, None, &[], page).await
    }

    /// Collaborators of one group (`workato/api.md 2.10`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn user_group_members(&self, group: &GroupId, page: u32) -> Result<ApiPage<GroupMember>> {
        self.page(&endpoint::USER_GROUP_MEMBERS, Some(group.as_str()), &[], page)
            .await
    }

    /// Projects of the token's environment (`workato/api.md 2.11`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn projects(&self, page: u32) -> Result<ApiPage<Project>> {
        self.page(&endpoint::PROJECTS, None, &[], page).await
    }

    /// Who has which role in one project (`workato/api.md 2.9`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn project_grants(&self, project: &ProjectId, page: u32) -> Result<ApiPage<ProjectGrant>> {
        self.page(&endpoint::PROJECT_GRANTS, Some(project.as_str()), &[], page)
            .await
    }

    /// Folders directly below `parent`, or below Home (`workato/api.md 2.11`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn folders(&self, parent: Option<&FolderId>, page: u32) -> Result<ApiPage<Folder>> {
        let query: Vec<(&str, &str)> = parent.iter().map(|id| ("parent_id", id.as_str())).collect();
        self.page(&endpoint::FOLDERS, None, &query, page).await
    }

    /// All connections of the token's environment, without those of single end users (`workato/api.md 2.15`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        self.everything(&endpoint::CONNECTIONS, None).await
    }

    /// Developer API clients (`workato/api.md 2.13`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn api_clients(&self, page: u32) -> Result<ApiPage<ApiClient>> {
        self.page(&endpoint::API_CLIENTS, None, &[], page).await
    }

    /// Roles of developer API clients (`workato/api.md 2.13`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn api_client_roles(&self, page: u32) -> Result<ApiPage<ApiClientRole>> {
        self.page(&endpoint::API_CLIENT_ROLES, None, &[], page).await
    }

    /// The workspace (`workato/api.md 2.12`).
    ///
    /// # Errors
    /// As [`WorkatoClient::members`].
    pub async fn workspace_details(&self) -> Result<WorkspaceDetails> {
        self.object(&endpoint::WORKSPACE_DETAILS, None).await
    }

    /// An endpoint that answers one object.
    async fn object<T: Row>(&self, endpoint: &'static Endpoint, id: Option<&str>) -> Result<T> {
        async {
            let url = endpoint.url(&self.base_url, id)?;
            self.get(endpoint, url, answer::object).await.map(|(_, object)| object)
        }
        .await
        .with_context(|| format!("read {}", endpoint.name))
    }

    /// A list that is answered as a whole.
    async fn everything<T: Row>(&self, endpoint: &'static Endpoint, id: Option<&str>) -> Result<Vec<T>> {
        async {
            let (answer, listing) = self.list(endpoint, id, &[], 1).await?;
            let seen = paging::count(&listing.rows);
            match listing.total {
                Some(total) if total > seen => {
                    Err(self
                        .call(endpoint, &answer.path)
                        .short_list(&answer.response, seen, total))
                }
                _ => Ok(listing.rows),
            }
        }
        .await
        .with_context(|| format!("list {}", endpoint.name))
    }

    /// One page of a paged list. A page that is empty too early is followed by the next one, once.
    async fn page<T: Row>(
        &self,
        endpoint: &'static Endpoint,
        id: Option<&str>,
        query: &[(&str, &str)],
        page: u32,
    ) -> Result<ApiPage<T>> {
        async {
            if page == 0 || page > LAST_PAGE {
                return Err(Error::new(
                    Kind::InvalidArgument,
                    format!("there is no page {page} of {}: pages count from 1", endpoint.name),
                ));
            }
            let (answer, listing) = self.list(endpoint, id, query, page).await?;
            let Some((seen, total)) = paging::ends_early(&listing, page) else {
                return Ok(paging::page_of(listing, page));
            };
            let (_, listing) = self.list(endpoint, id, query, page + 1).await?;
            // Rows that were deleted meanwhile are not missing.
            let total = listing.total.unwrap_or(total);
            if listing.rows.is_empty() && total > seen {
                return Err(self
                    .call(endpoint, &answer.path)
                    .short_list(&answer.response, seen, total));
            }
            Ok(paging::page_of(listing, page + 1))
        }
        .await
        .with_context(|| format!("list {}", endpoint.name))
    }

    async fn list<T: Row>(
        &self,
        endpoint: &'static Endpoint,
        id: Option<&str>,
        query: &[(&str, &str)],
        page: u32,
    ) -> Result<(Answer, Listing<T>)> {
        let mut url = endpoint.url(&self.base_url, id)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        if endpoint.paging != Paging::None {
            endpoint.add_page(&mut url, page);
        }
        self.get(endpoint, url, answer::listing).await
    }

    /// Sends one request, makes sure that the answer is a success and claims to be JSON, and reads it.
    async fn get<T>(
        &self,
        endpoint: &'static Endpoint,
        url: Url,
        read: impl Fn(&Call<'_>, &Response) -> Result<T>,
    ) -> Result<(Answer, T)> {
        let path = url.path().to_owned();
        let request = Request {
            url,
            bearer: &self.token,
            family: endpoint.family,
            idempotent: true,
        };
        let call = self.call(endpoint, &path);
        let (response, value) = self
            .http
            .send_and_read(&request, |response| {
                call.check(response)?;
                read(&call, response)
            })
            .await?;
        Ok((Answer { path, response }, value))
    }

    fn call<'a>(&'a self, endpoint: &'static Endpoint, path: &'a str) -> Call<'a> {
        Call {
            method: "GET",
            endpoint,
            path,
            token: &self.token,
        }
    }
}
