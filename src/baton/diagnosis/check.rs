//! One thing that was looked at, and what came of it.

use serde::Serialize;

use crate::baton::code::Code;
use crate::baton::error::{Error, Kind};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// A sync would go on without something, or it deserves a look.
    Warning,
    /// A sync would fail.
    Failed,
    /// Not looked at, for the reason that stands in `seen`: not part of this sync, or hidden by another failure.
    Skipped,
}

impl Status {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
        }
    }
}

/// What a check is about; they are shown in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What was set, and where.
    Settings,
    /// The way to the other side, and the credentials.
    Connection,
    /// What the credentials may read.
    Permissions,
    /// How much may be asked.
    Quota,
    /// The file to write.
    Output,
    /// ConductorOne, where it is configured.
    ConductorOne,
}

impl Group {
    /// All of them, in the order they are shown.
    pub const ALL: [Group; 6] = [
        Group::Settings,
        Group::Connection,
        Group::Permissions,
        Group::Quota,
        Group::Output,
        Group::ConductorOne,
    ];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Group::Settings => "Settings",
            Group::Connection => "Connection",
            Group::Permissions => "Permissions",
            Group::Quota => "Quota",
            Group::Output => "Output",
            Group::ConductorOne => "ConductorOne",
        }
    }
}

/// One check. Texts are for people and may repeat what others typed: whoever shows them makes them safe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What it is about.
    pub group: Group,
    /// What was looked at.
    pub name: String,
    /// The environment of the credential that was used, where there are several.
    pub environment: Option<String>,
    /// How it ended.
    pub status: Status,
    /// The page that explains what is wrong; `None` if nothing is.
    pub code: Option<Code>,
    /// What was seen.
    pub seen: String,
    /// The permission that it needs, as the vendor's forms spell it.
    pub needs: Option<String>,
    /// What a sync goes without.
    pub lost: Option<String>,
    /// What to do next.
    pub todo: Option<String>,
    /// What sort of failure it is, which decides the exit code.
    #[serde(skip)]
    pub kind: Option<Kind>,
}

impl Check {
    /// As it should be.
    pub fn ok(group: Group, name: impl Into<String>, seen: impl Into<String>) -> Self {
        Check {
            group,
            name: name.into(),
            environment: None,
            status: Status::Ok,
            code: None,
            seen: seen.into(),
            needs: None,
            lost: None,
            todo: None,
            kind: None,
        }
    }

    /// Not looked at, and why.
    pub fn skipped(group: Group, name: impl Into<String>, why: impl Into<String>) -> Self {
        Check::ok(group, name, why).with_status(Status::Skipped, None)
    }

    /// A sync would go on without something.
    pub fn warning(group: Group, name: impl Into<String>, kind: Kind, seen: impl Into<String>) -> Self {
        Check::ok(group, name, seen).with_status(Status::Warning, Some(kind))
    }

    /// A sync would fail.
    pub fn failed(group: Group, name: impl Into<String>, kind: Kind, seen: impl Into<String>) -> Self {
        Check::ok(group, name, seen).with_status(Status::Failed, Some(kind))
    }

    /// A sync would fail with this error: its text is what was seen, its hint what to do.
    pub fn of_error(group: Group, name: impl Into<String>, error: &Error) -> Self {
        let check = Check::failed(group, name, error.kind(), error.to_string()).code(error.code_id());
        match error.hint_text() {
            Some(hint) => check.todo(hint),
            None => check,
        }
    }

    /// With another status, and the kind that goes with it. The code is the general one of the kind until [`Check::code`]
    /// says better.
    #[must_use]
    pub fn with_status(mut self, status: Status, kind: Option<Kind>) -> Self {
        self.status = status;
        self.kind = kind;
        self.code = kind.map(Kind::general_code);
        self
    }

    /// The page that explains it.
    #[must_use]
    pub fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// What a sync goes without.
    #[must_use]
    pub fn lost(mut self, lost: impl Into<String>) -> Self {
        self.lost = Some(lost.into());
        self
    }

    /// What to do next.
    #[must_use]
    pub fn todo(mut self, todo: impl Into<String>) -> Self {
        self.todo = Some(todo.into());
        self
    }

    /// The permission that it needs.
    #[must_use]
    pub fn needs(mut self, permission: impl Into<String>) -> Self {
        self.needs = Some(permission.into());
        self
    }

    /// The environment of the credential.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }
}
