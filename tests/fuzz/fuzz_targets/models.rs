//! Every answer of the Workato API as a proxy, an attacker or a new version of it could write it.
//!
//! Input: endpoint, status, content type, page number (a byte each), then the body.
#![no_main]

use std::sync::LazyLock;

use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::http::{HeaderMap, Response, StatusCode};
use baton_workato::baton::secret::Secret;
use baton_workato::workato::api_client::ApiClientRow;
use baton_workato::workato::api_client_role::ApiClientRoleRow;
use baton_workato::workato::client::endpoint::{self, Endpoint};
use baton_workato::workato::client::{self, read_object, read_page};
use baton_workato::workato::collaborator::Member;
use baton_workato::workato::connection::ConnectionRow;
use baton_workato::workato::diagnosis::workspace::WorkspaceDetails;
use baton_workato::workato::environment_role::EnvironmentRoleRow;
use baton_workato::workato::folder::FolderRow;
use baton_workato::workato::group::{GroupMember, UserGroup};
use baton_workato::workato::privilege::PrivilegeRow;
use baton_workato::workato::project::{ProjectGrant, ProjectRow};
use baton_workato::workato::project_role::ProjectRoleRow;
use baton_workato::workato::role::LegacyRole;
use libfuzzer_sys::fuzz_target;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Short, so that a body can hold it: the dictionary knows it.
const TOKEN: &str = "wrkaus-hush";
/// Nothing a person should read is longer, whatever the other side wrote.
const LONGEST_TEXT: usize = 2_000;

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(TOKEN));

fuzz_target!(|input: &[u8]| {
    let [which, status, content_type, page, body @ ..] = input else {
        return;
    };
    let status = [200, 200, 200, 201, 401, 404, 429, 500][usize::from(*status % 8)];
    let content_type = ["application/json", "", "text/html", "text/plain; charset=x"][usize::from(*content_type % 4)];
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let status = StatusCode::from_u16(status).unwrap();
    let answer = Response::new(status, headers, body.to_vec().into(), jiff::Timestamp::UNIX_EPOCH);
    let page = u32::from(*page).max(1);
    match which % 16 {
        0 => list::<Member>(&endpoint::MEMBERS, &answer, page),
        1 => list::<PrivilegeRow>(&endpoint::MEMBER_PRIVILEGES, &answer, page),
        2 => list::<LegacyRole>(&endpoint::LEGACY_ROLES, &answer, page),
        3 => list::<EnvironmentRoleRow>(&endpoint::ENVIRONMENT_ROLES, &answer, page),
        4 => object::<EnvironmentRoleRow>(&endpoint::ENVIRONMENT_ROLE, &answer),
        5 => list::<ProjectRoleRow>(&endpoint::PROJECT_ROLES, &answer, page),
        6 => object::<ProjectRoleRow>(&endpoint::PROJECT_ROLE, &answer),
        7 => list::<UserGroup>(&endpoint::USER_GROUPS, &answer, page),
        8 => list::<GroupMember>(&endpoint::USER_GROUP_MEMBERS, &answer, page),
        9 => list::<ProjectRow>(&endpoint::PROJECTS, &answer, page),
        10 => list::<ProjectGrant>(&endpoint::PROJECT_GRANTS, &answer, page),
        11 => list::<FolderRow>(&endpoint::FOLDERS, &answer, page),
        12 => list::<ConnectionRow>(&endpoint::CONNECTIONS, &answer, page),
        13 => list::<ApiClientRow>(&endpoint::API_CLIENTS, &answer, page),
        14 => list::<ApiClientRoleRow>(&endpoint::API_CLIENT_ROLES, &answer, page),
        _ => object::<WorkspaceDetails>(&endpoint::WORKSPACE_DETAILS, &answer),
    }
});

fn list<T: Row>(endpoint: &'static Endpoint, answer: &Response, number: u32) {
    let Some(page) = checked(answer, read_page::<T>(endpoint, &SECRET, answer, number)) else {
        return;
    };
    // A row takes three bytes at least, `{},`: nothing is made of nothing.
    assert!(page.rows.len() <= answer.body.len() / 2);
    if let Some(next) = page.next {
        assert_eq!(next, number + 1);
    }
    for row in &page.rows {
        kept(row);
    }
}

fn object<T: Row>(endpoint: &'static Endpoint, answer: &Response) {
    if let Some(row) = checked(answer, read_object::<T>(endpoint, &SECRET, answer)) {
        kept(&row);
    }
}

trait Row: client::Row + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug {}
impl<T: client::Row + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug> Row for T {}

/// A sync keeps rows as JSON; a resumed one reads them back and must find the same.
fn kept<T: Row>(row: &T) {
    let json = serde_json::to_string(row).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *row, "{json}");
}

/// What only a success may bring, and what an error must not say.
fn checked<T>(answer: &Response, result: Result<T>) -> Option<T> {
    match result {
        Ok(rows) => {
            assert!(answer.status.is_success());
            assert!(!answer.body.trim_ascii_start().starts_with(b"<"));
            Some(rows)
        }
        Err(error) => {
            readable(&error);
            assert_ne!(error.kind(), Kind::DataLoss);
            None
        }
    }
}

fn readable(error: &Error) {
    let text = format!("{error:?} {}", error.hint_text().unwrap_or_default());
    assert!(!text.contains(TOKEN), "the token shows: {text}");
    assert!(text.len() <= LONGEST_TEXT, "{} bytes: {text}", text.len());
    assert!(!text.chars().any(char::is_control), "control characters: {text:?}");
}
