//! The Workato API, write side (`workato/api.md 2.6, 2.7, 2.9, 2.10`). Everything but an invitation leaves the
//! same state when it is sent twice, so only invitations are never repeated.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::checkbox;
use super::endpoint::{Endpoint, Envelope, Paging};
use super::fault::Call;
use super::{GroupId, MemberId, ProjectGrantId, ProjectId, WorkatoClient, endpoint};
use crate::baton::change;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::http::{Method, Request};

const PUT: (Method, &str) = (Method::PUT, "PUT");
const POST: (Method, &str) = (Method::POST, "POST");
const DELETE: (Method, &str) = (Method::DELETE, "DELETE");

/// A role to give in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleAssignment {
    /// `dev`, `test`, `prod`.
    pub environment_type: String,
    /// The role's name: rows are read with `role_name`, but written with `name`.
    pub name: String,
    /// `environment` for environment roles. Left out, the API takes the name for that of a legacy role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_type: Option<&'static str>,
}

/// Somebody to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invitation {
    /// Their name.
    pub name: String,
    /// Where the invitation goes.
    pub email: String,
    /// What they may do. Without any the API refuses.
    pub env_roles: Vec<RoleAssignment>,
    /// Groups they join.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_group_ids: Vec<String>,
}

/// A project role to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewProjectGrant {
    /// `User` or `UserGroup`.
    pub assignment_type: &'static str,
    /// The id of whom it is for.
    pub assignment_id: serde_json::Value,
    /// The role, as grants name it.
    pub project_role_id: serde_json::Value,
}

macro_rules! writes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $path:literal, $family:expr, $checkbox:ident;)*) => {$(
        $(#[$doc])* static $constant: Endpoint = Endpoint {
            name: $name,
            path: $path,
            paging: Paging::None,
            envelope: Envelope::Object,
            family: $family,
            checkbox: checkbox::$checkbox,
            lost: "the change that was asked for",
        };
    )*};
}

writes! {
    /// `workato/api.md 2.6`
    UPDATE_MEMBER = "the roles of a collaborator", "/api/members/{id}", endpoint::COLLABORATORS,
        UPDATE_ROLES;
    /// `workato/api.md 2.7`
    INVITE = "an invitation", "/api/member_invitations", endpoint::COLLABORATORS,
        INVITE;
    /// `workato/api.md 2.7`
    DELETE_MEMBER = "a collaborator", "/api/members/{id}", endpoint::COLLABORATORS,
        DELETE_COLLABORATOR;
    /// `workato/api.md 2.9`
    ADD_PROJECT_GRANT = "project grants", "/api/projects/{id}/project_grants", endpoint::PROJECT_GRANTS_FAMILY,
        PROJECT_GRANTS;
    /// `workato/api.md 2.9`
    DELETE_PROJECT_GRANT = "a project grant", "/api/project_grants/{id}", endpoint::PROJECT_GRANTS_FAMILY,
        PROJECT_GRANTS;
    /// `workato/api.md 2.10`
    GROUP_MEMBERS = "members of a collaborator group", "/api/user_groups/{id}/members", endpoint::COLLABORATOR_GROUPS,
        GROUPS;
}

/// A write that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Write<'c> {
    client: &'c WorkatoClient,
    doing: &'static str,
    endpoint: &'static Endpoint,
    method: (Method, &'static str),
    url: Url,
    body: Option<String>,
}

impl WorkatoClient {
    /// Replaces the roles of a collaborator in the environments named; others stay.
    ///
    /// # Errors
    /// As every method here: `InvalidArgument` for an id that cannot be in an address.
    pub fn assign_roles(&self, member: &MemberId, roles: &[RoleAssignment]) -> Result<Write<'_>> {
        let body = json!({ "env_roles": roles });
        self.write("change", &UPDATE_MEMBER, Some(member.as_str()), PUT, Some(&body))
    }

    /// Invites somebody. Sent once: the API takes one invitation per person in 20 minutes.
    ///
    /// # Errors
    /// As [`WorkatoClient::assign_roles`].
    pub fn invite(&self, invitation: &Invitation) -> Result<Write<'_>> {
        let body = serde_json::to_value(invitation).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        self.write("send", &INVITE, None, POST, Some(&body))
    }

    /// Removes a collaborator from the workspace.
    ///
    /// # Errors
    /// As [`WorkatoClient::assign_roles`].
    pub fn delete_member(&self, member: &MemberId) -> Result<Write<'_>> {
        self.write("delete", &DELETE_MEMBER, Some(member.as_str()), DELETE, None)
    }

    /// Adds or updates grants of one project.
    ///
    /// # Errors
    /// As [`WorkatoClient::assign_roles`].
    pub fn put_project_grants(&self, project: &ProjectId, grants: &[NewProjectGrant]) -> Result<Write<'_>> {
        let body = json!({ "project_grants": grants });
        self.write("change", &ADD_PROJECT_GRANT, Some(project.as_str()), PUT, Some(&body))
    }

    /// Removes a project grant.
    ///
    /// # Errors
    /// As [`WorkatoClient::assign_roles`].
    pub fn delete_project_grant(&self, grant: &ProjectGrantId) -> Result<Write<'_>> {
        self.write("delete", &DELETE_PROJECT_GRANT, Some(grant.as_str()), DELETE, None)
    }

    /// Adds somebody to a group. Who is in it already stays.
    ///
    /// # Errors
    /// As [`WorkatoClient::assign_roles`].
    pub fn add_to_group(&self, group: &GroupId, member: &MemberId) -> Result<Write<'_>> {
        self.change_group(group, member, POST)
    }

    /// Takes somebody out of a group.
    ///
    /// # Errors
    /// As [`WorkatoClient::assign_roles`].
    pub fn remove_from_group(&self, group: &GroupId, member: &MemberId) -> Result<Write<'_>> {
        self.change_group(group, member, DELETE)
    }

    /// Whether the id belongs into the query or into the body is told differently, and a gateway may drop the body of
    /// a DELETE; it is in both (`workato/api.md 2.10`).
    fn change_group(&self, group: &GroupId, member: &MemberId, method: (Method, &'static str)) -> Result<Write<'_>> {
        let body = json!({ "user_ids": [number(member)] });
        let mut write = self.write("change", &GROUP_MEMBERS, Some(group.as_str()), method, Some(&body))?;
        write.url.query_pairs_mut().append_pair("user_ids", member.as_str());
        Ok(write)
    }

    /// Waits, by the clock of the HTTP client.
    pub async fn pause(&self, wait: Duration) {
        self.http.pause(wait).await;
    }

    fn write(
        &self,
        doing: &'static str,
        endpoint: &'static Endpoint,
        id: Option<&str>,
        method: (Method, &'static str),
        body: Option<&Value>,
    ) -> Result<Write<'_>> {
        Ok(Write {
            client: self,
            doing,
            endpoint,
            method,
            url: endpoint.url(&self.base_url, id)?,
            body: body.map(Value::to_string),
        })
    }
}

impl Write<'_> {
    /// What is sent, without the token.
    pub fn request(&self) -> change::Request {
        change::Request {
            method: self.method.1,
            url: self.url.clone(),
            body: self.body.clone(),
        }
    }

    /// Sends it. Anything but an invitation is sent again after a transient failure. Any answer of success is one,
    /// whatever is in it: what it says besides is given back.
    ///
    /// # Errors
    /// What the client of reading says of a status that is no success, and of no answer.
    pub async fn send(self) -> Result<Accepted> {
        let Write {
            client,
            doing,
            endpoint,
            method: (method, name),
            url,
            body,
        } = self;
        async {
            let path = url.path().to_owned();
            let call = Call {
                method: name,
                endpoint,
                path: &path,
                token: &client.token,
            };
            let request = Request {
                url,
                bearer: &client.token,
                family: endpoint.family,
                idempotent: endpoint.path != INVITE.path,
            };
            let response = client.http.write(&request, method, body.map(Into::into)).await?;
            if !response.status.is_success() {
                return Err(call.refused(&response));
            }
            Ok(Accepted {
                complaint: call.failed_quietly(&response),
                is_page: call.is_page(&response),
            })
        }
        .await
        .with_context(|| format!("{doing} {}", endpoint.name))
        .map(|accepted| Accepted {
            complaint: accepted
                .complaint
                .map(|error| error.context(format!("{doing} {}", endpoint.name))),
            ..accepted
        })
    }
}

/// What an answer of success says besides. It is a word; the fact is what is read back.
#[derive(Debug)]
pub struct Accepted {
    /// That the write failed, by its own words.
    pub complaint: Option<Error>,
    /// That it is a page, as of a gateway that answers in the place of Workato.
    pub is_page: bool,
}

/// An id as a number where it is one: the API wants its own integers back.
pub fn number(member: &MemberId) -> serde_json::Value {
    member.number().map_or_else(|| member.as_str().into(), Into::into)
}
