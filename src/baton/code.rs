//! Stable codes of failures: what a person greps for, and what `explain` has a page about.
//!
//! Every [`Error`](crate::baton::error::Error) and every cause of a warning has one. A code says which page explains a
//! failure; it is no exit code and nothing on the wire. This file defines the codes of the kit; a connector and the
//! read side define their own with the same macro, so each room lists what it can fail with. What codes begin with is
//! the program's mark, which the kit is [told](crate::baton::about::About).
//!
//! How numbers are given: the first two digits are the area, the last two count up in it.
//!
//! | area | of the kit and the read side |
//! | --- | --- |
//! | 00, 01 | the general codes: the number is that of the gRPC status, or 128 + signal |
//! | 02 | the command line and settings |
//! | 03 | the network |
//! | 04 | files |
//! | 05 | a sync |
//! | 06 | questions to a file |
//! | 07 | ConductorOne and the service mode |
//! | 08 | serving other programs |
//! | 09 | warnings of a sync |
//!
//! A connector takes 1x: 10 for its settings and 19 for its warnings. **A code keeps its meaning for ever.** One that is
//! no longer given keeps its page, which says so; its number is never used again.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde::{Serialize, Serializer};

use crate::baton::lock::locked;

/// The number of a kind of failure, always four digits. What stands before them in front of people is the mark of the
/// program: [`About::code`](crate::baton::about::About::code) gives the whole name. Logs carry the number, and whoever
/// writes the lines adds the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// Only for the tables of codes, which the macro of this file writes.
    pub(crate) const fn new(number: u16) -> Self {
        Code(number)
    }

    /// One that was stored as a text, with a mark or without.
    pub(crate) fn stored(text: &str) -> Self {
        let number = text.get(text.len().saturating_sub(4)..).and_then(|d| d.parse().ok());
        number.map_or(UNKNOWN, Code)
    }

    /// The number: 101.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The number in its four digits: `0101`.
    pub fn digits(self) -> String {
        format!("{:04}", self.0)
    }
}

/// The digits: there is no mark to write.
impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits())
    }
}

/// What is said about a code to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// A page of Markdown: a title, then the parts "What it means", "Why it happens" and "What to do".
    pub text: &'static str,
}

impl Explanation {
    /// The first line: what the code stands for, in a few words.
    pub fn title(&self) -> &'static str {
        self.split().0
    }

    /// All but the title.
    pub fn body(&self) -> &'static str {
        self.split().1
    }

    fn split(&self) -> (&'static str, &'static str) {
        let (title, body) = self.text.split_once('\n').unwrap_or((self.text, ""));
        (title.trim_start_matches("# "), body)
    }
}

/// Names are texts in the source; those that come back from a file are few, and each is kept once per process.
pub(crate) fn interned(name: String) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = locked(&KNOWN);
    if let Some(same) = known.get(name.as_str()) {
        return same;
    }
    let kept: &'static str = Box::leak(name.into_boxed_str());
    known.insert(kept);
    kept
}

/// The number that a row of a table writes in digits.
pub(crate) const fn number(digits: &str) -> u16 {
    let mut rest = digits.as_bytes();
    let mut number = 0;
    while let [digit, more @ ..] = rest {
        number = number * 10 + (*digit as u16 - b'0' as u16);
        rest = more;
    }
    number
}

/// Defines constants, each a row with its page, and `ALL` with all of them in their order: a code without a page does
/// not compile.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $digits:literal;)+) => {
        $($(#[$doc])* pub const $name: $crate::baton::code::Code =
            $crate::baton::code::Code::new($crate::baton::code::number($digits));)+

        /// All of the above, each with its page.
        pub const ALL: &[$crate::baton::code::Explanation] = &[$($crate::baton::code::Explanation {
            code: $name,
            text: include_str!(concat!("../cli/explain/pages/", $digits, ".md")),
        }),+];
    };
}
pub(crate) use codes;

codes! {
    /// `Kind::Cancelled` without a better name.
    CANCELLED = "0001";
    /// `Kind::Unknown` without a better name.
    UNKNOWN = "0002";
    /// `Kind::InvalidArgument` without a better name.
    INVALID_ARGUMENT = "0003";
    /// `Kind::DeadlineExceeded` without a better name.
    DEADLINE_EXCEEDED = "0004";
    /// `Kind::NotFound` without a better name.
    NOT_FOUND = "0005";
    /// `Kind::AlreadyExists` without a better name.
    ALREADY_EXISTS = "0006";
    /// `Kind::PermissionDenied` without a better name.
    PERMISSION_DENIED = "0007";
    /// `Kind::ResourceExhausted` without a better name.
    RESOURCE_EXHAUSTED = "0008";
    /// `Kind::FailedPrecondition` without a better name.
    FAILED_PRECONDITION = "0009";
    /// `Kind::Unimplemented` without a better name.
    UNIMPLEMENTED = "0012";
    /// `Kind::Internal` without a better name.
    INTERNAL = "0013";
    /// `Kind::Unavailable` without a better name.
    UNAVAILABLE = "0014";
    /// `Kind::DataLoss` without a better name.
    DATA_LOSS = "0015";
    /// `Kind::Unauthenticated` without a better name.
    UNAUTHENTICATED = "0016";
    /// Ctrl-C.
    INTERRUPTED = "0130";
    /// SIGTERM.
    TERMINATED = "0143";

    /// A flag, command or argument that does not exist or is incomplete.
    COMMAND_LINE = "0201";
    /// A required setting is not set.
    SETTING_MISSING = "0202";
    /// A value that a setting cannot take.
    SETTING_VALUE = "0203";
    /// Settings that exclude or need each other.
    SETTINGS_TOGETHER = "0204";
    /// The config file cannot be found or read.
    CONFIG_FILE = "0205";
    /// A key of the config file that is no setting.
    CONFIG_KEY = "0206";
    /// A flag, mode or command that this version declares but does not have.
    NOT_AVAILABLE = "0207";
    /// `--sync-resource-types` names a type that does not exist.
    UNKNOWN_SYNC_TYPE = "0208";
    /// `explain` was asked about a code that does not exist.
    NO_SUCH_CODE = "0209";
    /// A log file cannot be opened.
    LOG_FILE = "0210";
    /// An environment variable that looks like a setting and is none.
    UNKNOWN_VARIABLE = "0211";
    /// A file of certificate authorities that has none, or cannot be read.
    CA_FILE = "0212";

    /// No connection to the host.
    UNREACHABLE = "0301";
    /// The name service does not know the host.
    HOST_NAME = "0302";
    /// The proxy does not let through.
    PROXY = "0303";
    /// The host's certificate is not trusted.
    CERTIFICATE = "0304";
    /// No complete answer in time.
    TIMEOUT = "0305";
    /// The connection broke while the answer came.
    CONNECTION_BROKE = "0306";
    /// An answer above the limit.
    ANSWER_TOO_LARGE = "0307";
    /// An answer that sends elsewhere.
    REDIRECT = "0308";
    /// What a run may spend on repeats is spent.
    RETRIES_SPENT = "0309";
    /// TLS cannot be set up on this machine.
    TLS_SETUP = "0310";
    /// A token that no HTTP header can carry.
    TOKEN_UNUSABLE = "0311";
    /// A token would have to be sent in the clear.
    INSECURE = "0312";

    /// The file to read does not exist.
    FILE_MISSING = "0401";
    /// The file is something else.
    NOT_A_C1Z = "0402";
    /// The file is damaged.
    FILE_DAMAGED = "0403";
    /// A v3 file.
    FILE_PEBBLE = "0404";
    /// The file is of a later format than this version knows.
    FILE_NEWER = "0405";
    /// Larger than the limits of decoding.
    FILE_TOO_BIG = "0406";
    /// No room on a disk.
    DISK_FULL = "0407";
    /// The operating system does not allow it.
    FILE_DENIED = "0408";
    /// A folder that does not exist.
    FOLDER_MISSING = "0409";
    /// Another run writes the file.
    FILE_IN_USE = "0410";
    /// A folder, a link or a device where a file is needed.
    NOT_A_PLAIN_FILE = "0411";
    /// The file holds no finished sync.
    NO_FINISHED_SYNC = "0412";
    /// The file does not hold the sync that was named.
    SYNC_NOT_IN_FILE = "0413";
    /// A v3 file has one sync, and keeps its form.
    ONE_SYNC = "0414";
    /// The file to write exists, and is not to be replaced.
    FILE_EXISTS = "0415";
    /// An address of object storage that names nothing, or stands where only a file can.
    OBJECT_ADDRESS = "0420";
    /// Object storage does not accept the credentials, or does not allow it.
    OBJECT_REFUSED = "0421";
    /// Object storage does not answer, or not as it should.
    OBJECT_UNREACHABLE = "0422";
    /// Somebody else wrote the object that was to be written.
    OBJECT_TAKEN = "0423";
    /// The object was replaced while it was read.
    OBJECT_REPLACED = "0424";

    /// `--time-budget` is over.
    TIME_BUDGET = "0501";
    /// `--fail-on-warnings`, and there were some.
    SYNC_WARNINGS = "0502";
    /// Grants cannot be expanded.
    EXPANSION = "0503";
    /// The connector's rows break the contract.
    ROWS_BROKEN = "0504";
    /// A list that comes back to where it was.
    LIST_ENDLESS = "0505";
    /// An unfinished sync was not taken up again.
    PARTIAL_DISCARDED = "0506";
    /// A write that the resource type does not have.
    WRITE_UNSUPPORTED = "0507";
    /// A write was stopped, and its outcome is not known.
    WRITE_CUT_SHORT = "0508";
    /// A write names an id that the file does not hold.
    NOT_IN_FILE = "0509";
    /// Writes are switched off.
    PROVISIONING_OFF = "0510";
    /// A write would do something else by now than what somebody agreed to.
    WRITE_OVERTAKEN = "0511";
    /// There is no such action, or no such run of one.
    NO_ACTION = "0512";
    /// Arguments that an action does not take.
    ACTION_ARGUMENTS = "0513";
    /// No key that a new secret could be encrypted to.
    NO_SEAL = "0514";
    /// A file that would be overwritten.
    FILE_THERE = "0515";
    /// The file that keeps how far something was told cannot be used.
    PLACE_UNUSABLE = "0516";
    /// A command that an event starts did not succeed.
    HOOK_FAILED = "0517";

    /// The client id is malformed.
    CLIENT_ID = "0701";
    /// The client secret is malformed.
    CLIENT_SECRET = "0702";
    /// ConductorOne refuses the credential.
    C1_REFUSED = "0703";
    /// ConductorOne cannot be reached.
    C1_UNREACHABLE = "0704";
    /// ConductorOne's certificate is not trusted.
    C1_CERTIFICATE = "0705";
    /// ConductorOne did not take the file.
    UPLOAD_FAILED = "0706";
    /// A task ended because ConductorOne or the service ended it.
    TASK_CANCELLED = "0707";
    /// A task that this version does not do.
    TASK_UNSUPPORTED = "0708";
    /// The port for health probes cannot be used.
    HEALTH_PORT = "0709";
    /// A running service says that it is not well.
    NOT_HEALTHY = "0710";
    /// No service answers the health check.
    NOBODY_ANSWERS = "0711";
    /// Another process serves the same client.
    SERVED_TWICE = "0712";
    /// What earlier syncs of a service read is not known.
    MEMORY_UNUSABLE = "0720";
    /// `lambda` does not run in AWS Lambda.
    NO_LAMBDA = "0730";
    /// A configuration of ConductorOne that cannot be decrypted.
    SEALED_FOR_ANOTHER = "0731";
    /// A configuration of ConductorOne that the connector cannot follow.
    HOSTED_CONFIG = "0732";
    /// Whoever asks a hosted connector does not prove who it is.
    CALLER_REFUSED = "0733";
    /// ConductorOne does not allow the host that the connector reads.
    EGRESS = "0734";

    /// The address to serve on cannot be used.
    LISTEN = "0801";
    /// Serving without TLS is for this machine only.
    NOT_LOOPBACK = "0802";
    /// A call over gRPC that is not valid.
    BAD_CALL = "0803";
    /// What a parent process handed over cannot be used.
    PARENT = "0804";
    /// A list cannot go on: it changed, and what it was read from is gone.
    LIST_MOVED = "0805";

    /// Rows that lack an end were dropped.
    ROWS_DROPPED = "0901";
    /// A resource disappeared while it was read.
    RESOURCE_GONE = "0902";
    /// A grant could not be expanded.
    EXPANSION_SKIPPED = "0903";
    /// An expanded grant has the id of another.
    EXPANSION_ID_TAKEN = "0904";
    /// A task names a resource that was not found.
    TARGET_NOT_FOUND = "0905";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_in_order_and_are_read_back() {
        assert!(ALL.is_sorted_by(|a, b| a.code < b.code), "each once, in order");
        assert!(ALL.iter().all(|row| row.code.number() < 1_000), "the kit has 00 to 09");
        assert_eq!(serde_json::to_string(&UNKNOWN).unwrap(), "\"0002\"");
        for text in ["0812", "XY-0812"] {
            assert_eq!(Code::stored(text), Code(812), "{text}");
        }
        assert_eq!(Code::stored("später"), UNKNOWN);
    }
}
