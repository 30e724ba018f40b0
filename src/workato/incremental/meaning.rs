//! What a row of the log bears on (`workato/audit_log.md 2`).

use std::collections::BTreeSet;

use crate::workato::event::{EventRow, NOISE};
use crate::workato::settings::Environment;

/// Types of what cannot change who is in a group, who holds what on a project, or what a role may do. What they are about
/// is in lists that are read in any case, or in no sync.
const ELSEWHERE: [&str; 18] = [
    "ApiClient",
    "ApiPrivilegeGroup",
    "ApiCustomer",
    "ApiAccessProfile",
    "ApiGroup",
    "ApiEndpoint",
    "ApiPolicy",
    "SharedAccount",
    "CustomOauthKey",
    "CustomOauthKeyAssignment",
    "SharingToken",
    "Topic",
    "AccountProperty",
    "ProjectProperty",
    "LookupTable",
    "LCAP::Models::App",
    "LCAP::Models::Page",
    "AuditLogReplicationSettings",
];
/// Types that bear on everything.
const EVERYTHING: [&str; 5] = [
    "ManagedUserGrant",
    "MemberInvitation",
    "PrivilegeGroup",
    "TeamProfile",
    "Account",
];
/// What people do without changing anything. Other events about accounts have names that were not read.
const COMING_AND_GOING: [&str; 2] = ["user_login", "user_logout"];

/// What rows that are new bear on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Ids of projects, or of their root folders: which of the two a row has is not documented.
    pub projects: BTreeSet<String>,
    /// Ids of folders.
    pub folders: BTreeSet<String>,
    /// Why everything is to be read.
    everything: Option<String>,
}

impl Changes {
    /// Adds a row of the log of an environment.
    pub fn add(&mut self, environment: &Environment, row: &EventRow) {
        let subject = row.resource.as_ref();
        let kind = subject.and_then(|subject| subject.kind.as_deref()).unwrap_or_default();
        let event = row.event_type.as_deref().unwrap_or_default();
        let id = subject
            .and_then(|subject| subject.id.as_ref())
            .map(|id| id.as_str().to_owned());
        let mut everything = |what: String| {
            let why = format!("the audit log of {environment} has a row {what}");
            self.everything.get_or_insert(why);
        };
        match (kind, id) {
            ("", _) => everything("that does not say what it is about".to_owned()),
            (kind, _) if NOISE.contains(&kind) || ELSEWHERE.contains(&kind) => {}
            ("User", _) if COMING_AND_GOING.contains(&event) => {}
            ("User", _) => everything(format!("about an account whose meaning is not known ({event})")),
            ("Project", Some(id)) => _ = self.projects.insert(id),
            ("Folder", Some(id)) => _ = self.folders.insert(id),
            ("Project" | "Folder", None) => everything(format!("about a {kind} that it does not name")),
            (kind, _) if EVERYTHING.contains(&kind) => everything(format!("about {kind} ({event})")),
            (kind, _) => everything(format!("of a type that is not known ({kind})")),
        }
    }

    /// Why everything is to be read, if it is.
    pub fn doubt(&self) -> Option<String> {
        self.everything.clone()
    }
}
