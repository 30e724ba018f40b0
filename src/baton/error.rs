//! The one error of the kit.
//!
//! Policy: a message is a lower-case fragment that says what failed and why; `context` adds the outer steps
//! ("failed to list collaborators"); the hint, what to do next, is separate data so that a terminal can set it
//! apart and JSON can carry it in its own key. [`Kind`] is the gRPC status of the failure, and with two exceptions also
//! the process' exit code (`baton/config/published.md 5`, [`Kind::exit_code`]). [`Retry`] says whether the same call
//! may be tried again. A [`Code`] names the page that explains the failure; it is set where the failure is known best,
//! and stays off the wire.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::baton::annotation::TYPE_URL_PREFIX;
use crate::baton::code::{self, Code};
use crate::baton::proto;

/// The fact that marks a refused grant, and what ConductorOne calls it.
const REFUSED_GRANT: &str = "grant_cancelled";

/// `google.rpc.ErrorInfo`, the public detail message.
#[derive(Clone, PartialEq, prost::Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: std::collections::BTreeMap<String, String>,
}

/// Result of the kit.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is: the gRPC status codes, plus a condition that held and the two signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Cancelled by the caller.
    Cancelled,
    /// Usage, configuration and everything without a better name.
    Unknown,
    /// The other side refused a parameter (HTTP 400 and other unlisted 4xx).
    InvalidArgument,
    /// Out of time.
    DeadlineExceeded,
    /// A named thing does not exist.
    NotFound,
    /// A thing that was to be created exists.
    AlreadyExists,
    /// Authenticated, but not allowed.
    PermissionDenied,
    /// A quota, the disk or a size limit.
    ResourceExhausted,
    /// The state of a file or workspace does not allow the call.
    FailedPrecondition,
    /// What a run was told to watch for is there: `--fail-if`, `--fail-if-gained`, `--fail-on-warnings`.
    ConditionHeld,
    /// Not offered.
    Unimplemented,
    /// A broken promise between two parts: page token repeated, trait missing.
    Internal,
    /// Temporarily out of reach.
    Unavailable,
    /// A file is damaged.
    DataLoss,
    /// The credential is wrong.
    Unauthenticated,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Kind {
    /// The gRPC status code. Signals are `Cancelled` on the wire.
    pub fn code(self) -> tonic::Code {
        match self {
            Kind::Cancelled | Kind::Interrupted | Kind::Terminated => tonic::Code::Cancelled,
            Kind::Unknown => tonic::Code::Unknown,
            Kind::InvalidArgument => tonic::Code::InvalidArgument,
            Kind::DeadlineExceeded => tonic::Code::DeadlineExceeded,
            Kind::NotFound => tonic::Code::NotFound,
            Kind::AlreadyExists => tonic::Code::AlreadyExists,
            Kind::PermissionDenied => tonic::Code::PermissionDenied,
            Kind::ResourceExhausted => tonic::Code::ResourceExhausted,
            Kind::FailedPrecondition | Kind::ConditionHeld => tonic::Code::FailedPrecondition,
            Kind::Unimplemented => tonic::Code::Unimplemented,
            Kind::Internal => tonic::Code::Internal,
            Kind::Unavailable => tonic::Code::Unavailable,
            Kind::DataLoss => tonic::Code::DataLoss,
            Kind::Unauthenticated => tonic::Code::Unauthenticated,
        }
    }

    /// The stable code of an error of this kind that has none of its own.
    pub fn general_code(self) -> Code {
        match self {
            Kind::Cancelled => code::CANCELLED,
            Kind::Unknown => code::UNKNOWN,
            Kind::InvalidArgument => code::INVALID_ARGUMENT,
            Kind::DeadlineExceeded => code::DEADLINE_EXCEEDED,
            Kind::NotFound => code::NOT_FOUND,
            Kind::AlreadyExists => code::ALREADY_EXISTS,
            Kind::PermissionDenied => code::PERMISSION_DENIED,
            Kind::ResourceExhausted => code::RESOURCE_EXHAUSTED,
            Kind::FailedPrecondition | Kind::ConditionHeld => code::FAILED_PRECONDITION,
            Kind::Unimplemented => code::UNIMPLEMENTED,
            Kind::Internal => code::INTERNAL,
            Kind::Unavailable => code::UNAVAILABLE,
            Kind::DataLoss => code::DATA_LOSS,
            Kind::Unauthenticated => code::UNAUTHENTICATED,
            Kind::Interrupted => code::INTERRUPTED,
            Kind::Terminated => code::TERMINATED,
        }
    }

    /// The exit code of a process that ends with this error: the gRPC number, or 128 + signal. Pipelines act on 9, so it
    /// means one thing, a condition that held. A state that does not allow the call is 9 on the wire and 2 here, as
    /// whatever has no better number.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Interrupted => 130,
            Kind::Terminated => 143,
            Kind::FailedPrecondition => Kind::Unknown.exit_code(),
            other => u8::try_from(i32::from(other.code())).unwrap_or(2),
        }
    }
}

/// Whether the failed call may be repeated unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again.
    Never,
    /// Worth another try after a back-off of the caller's choice.
    Later,
    /// The other side said how long to wait.
    After(Duration),
}

/// An error with everything a person needs: what failed, why, what to do.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    code: Option<Code>,
    retry: Retry,
    message: Cow<'static, str>,
    context: Vec<Cow<'static, str>>,
    hint: Option<Cow<'static, str>>,
    facts: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with a lower-case message.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Error(Box::new(Inner {
            kind,
            code: None,
            retry: Retry::Never,
            message: message.into(),
            context: Vec::new(),
            hint: None,
            facts: Vec::new(),
            source: None,
        }))
    }

    /// Says what was being done, outermost call last: `failed to` is prepended when printed.
    #[must_use]
    pub fn context(mut self, doing: impl Into<Cow<'static, str>>) -> Self {
        self.0.context.push(doing.into());
        self
    }

    /// Names the page that explains the failure. The innermost code wins: it is nearest to the cause.
    #[must_use]
    pub fn code(mut self, code: Code) -> Self {
        self.0.code.get_or_insert(code);
        self
    }

    /// Says what to do next. The innermost hint wins: it is nearest to the cause.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint.get_or_insert(hint.into());
        self
    }

    /// Adds to the hint, whether or not there is one: what to do besides.
    #[must_use]
    pub fn also_hint(mut self, more: impl Into<Cow<'static, str>>) -> Self {
        let more = more.into();
        self.0.hint = Some(match self.0.hint.take() {
            Some(hint) => format!("{hint}; {more}").into(),
            None => more,
        });
        self
    }

    /// Adds a named fact, such as the HTTP status or the vendor's correlation id.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.facts.push((name, value.into()));
        self
    }

    /// Sets whether the call may be repeated.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same failure for somebody else who waits for it: kind, code, text, hint and facts.
    #[must_use]
    pub fn again(&self) -> Self {
        let mut again = Error::new(self.0.kind, self.to_string());
        (again.0.code, again.0.hint) = (self.0.code, self.0.hint.clone());
        again.0.facts.clone_from(&self.0.facts);
        again
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable code of the failure: its own, else the general one of its kind.
    pub fn code_id(&self) -> Code {
        self.0.code.unwrap_or_else(|| self.0.kind.general_code())
    }

    /// Whether the call may be repeated.
    pub fn may_retry(&self) -> Retry {
        self.0.retry
    }

    /// What to do next, if known.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The named facts in the order they were added.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.0.facts
    }

    /// A grant that the connector declines on purpose, and why (`baton/service/protocol.md 4.4`).
    pub fn refused_grant(why: impl Into<String>) -> Self {
        let why = why.into();
        Error::new(Kind::FailedPrecondition, why.clone()).fact(REFUSED_GRANT, why)
    }

    /// The error as FinishTask and gRPC carry it: code, whole text, details.
    pub fn to_wire(&self) -> proto::google::rpc::Status {
        let refused = self.fact_value(REFUSED_GRANT).map(|why| prost_types::Any {
            type_url: format!("{TYPE_URL_PREFIX}google.rpc.ErrorInfo"),
            value: prost::Message::encode_to_vec(&ErrorInfo {
                reason: REFUSED_GRANT.to_owned(),
                domain: "github.com/conductorone/baton-sdk".to_owned(),
                metadata: [("reason".to_owned(), why.to_owned())].into(),
            }),
        });
        proto::google::rpc::Status {
            code: self.kind().code().into(),
            message: self.to_string(),
            details: refused.into_iter().collect(),
        }
    }

    /// One fact by name.
    pub fn fact_value(&self, name: &str) -> Option<&str> {
        self.0.facts.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for doing in self.0.context.iter().rev() {
            write!(f, "failed to {doing}: ")?;
        }
        f.write_str(&self.0.message)?;
        let mut cause = self.0.source.as_deref().map(|s| s as &dyn StdError);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)?;
        for (name, value) in &self.0.facts {
            write!(f, " [{name} {value}]")?;
        }
        Ok(())
    }
}

impl StdError for Error {}

impl From<Error> for tonic::Status {
    /// The message is the whole text. A refusal carries the detail by which ConductorOne knows it.
    fn from(error: Error) -> Self {
        let wire = error.to_wire();
        let code = tonic::Code::from(wire.code);
        if wire.details.is_empty() {
            return tonic::Status::new(code, wire.message);
        }
        let details = prost::Message::encode_to_vec(&wire);
        tonic::Status::with_details(code, wire.message, details.into())
    }
}

impl From<std::io::Error> for Error {
    /// No room, for whatever reason, is `ResourceExhausted`, everything else `Unknown`: files have no better code
    /// (`baton/config/published.md 5`).
    ///
    /// One of ours that went through somebody else's reader is what it was.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let error = match error.downcast::<Error>() {
            Ok(ours) => return ours,
            Err(theirs) => theirs,
        };
        let text = error.to_string();
        match error.kind() {
            // A file that may not grow is one without room: a limit of the user or of the file system.
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Error::new(Kind::ResourceExhausted, text).code(code::DISK_FULL)
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Error::new(Kind::Unknown, text).code(code::FILE_DENIED)
            }
            _ => Error::new(Kind::Unknown, text),
        }
    }
}

/// Adds context to the error of a result.
pub trait Context<T> {
    /// As [`Error::context`].
    fn context(self, doing: impl Into<Cow<'static, str>>) -> Result<T>;
    /// As [`Error::context`], built only on failure.
    fn with_context<C: Into<Cow<'static, str>>>(self, doing: impl FnOnce() -> C) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl Into<Cow<'static, str>>) -> Result<T> {
        self.map_err(|e| e.into().context(doing))
    }

    fn with_context<C: Into<Cow<'static, str>>>(self, doing: impl FnOnce() -> C) -> Result<T> {
        self.map_err(|e| e.into().context(doing()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_code_wins_and_every_error_has_one() {
        let error = Error::new(Kind::NotFound, "gone");
        assert_eq!(error.code_id(), code::NOT_FOUND);
        let error = error.code(code::INTERNAL).context("look").code(code::DATA_LOSS);
        assert_eq!(error.code_id(), code::INTERNAL);
        assert_eq!(
            (error.kind(), error.again().code_id(), error.again().to_string()),
            (Kind::NotFound, code::INTERNAL, "failed to look: gone".to_owned())
        );
        assert_eq!(Error::new(Kind::NotFound, "gone").again().code_id(), code::NOT_FOUND);
    }

    /// Every kind, once. A new one does not compile before it stands here.
    fn kinds() -> Vec<Kind> {
        let next = |kind| match kind {
            Kind::Cancelled => Some(Kind::Unknown),
            Kind::Unknown => Some(Kind::InvalidArgument),
            Kind::InvalidArgument => Some(Kind::DeadlineExceeded),
            Kind::DeadlineExceeded => Some(Kind::NotFound),
            Kind::NotFound => Some(Kind::AlreadyExists),
            Kind::AlreadyExists => Some(Kind::PermissionDenied),
            Kind::PermissionDenied => Some(Kind::ResourceExhausted),
            Kind::ResourceExhausted => Some(Kind::FailedPrecondition),
            Kind::FailedPrecondition => Some(Kind::ConditionHeld),
            Kind::ConditionHeld => Some(Kind::Unimplemented),
            Kind::Unimplemented => Some(Kind::Internal),
            Kind::Internal => Some(Kind::Unavailable),
            Kind::Unavailable => Some(Kind::DataLoss),
            Kind::DataLoss => Some(Kind::Unauthenticated),
            Kind::Unauthenticated => Some(Kind::Interrupted),
            Kind::Interrupted => Some(Kind::Terminated),
            Kind::Terminated => None,
        };
        std::iter::successors(Some(Kind::Cancelled), |kind| next(*kind)).collect()
    }

    #[test]
    fn nine_is_a_condition_that_held_and_nothing_else() {
        for kind in kinds() {
            assert_eq!(kind.exit_code() == 9, kind == Kind::ConditionHeld, "{kind:?}");
            assert_ne!(kind.exit_code(), 0, "{kind:?}");
        }
        assert_eq!(
            Kind::FailedPrecondition.code(),
            tonic::Code::FailedPrecondition,
            "callers over gRPC get the published status"
        );
    }

    #[test]
    fn a_code_stays_off_the_wire() {
        let plain = Error::new(Kind::NotFound, "gone").to_wire();
        assert_eq!(Error::new(Kind::NotFound, "gone").code(code::INTERNAL).to_wire(), plain);
    }
}
