//! How the server behaves apart from its data: paging limits, refusals, quotas and scripted faults.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::endpoint::{Endpoint, Family};

/// The server's behavior. `Default` is a healthy server without quota.
#[derive(Debug, Clone)]
pub struct Behavior {
    /// The most rows a page has, whatever was asked for (`workato/api.md 2.1`: 100). A client that asks for
    /// more than a smaller cap sees a short page that is not the last one.
    pub page_cap: usize,
    /// Smaller caps of single endpoints.
    pub page_caps: BTreeMap<Endpoint, usize>,
    /// Wait before every answer.
    pub latency: Duration,
    /// Endpoints whose checkbox is missing in the client role, with the status they answer: 401 or 403
    /// (`workato/api.md 3.4`).
    pub denied: BTreeMap<Endpoint, u16>,
    /// Calls per family and window; none by default.
    pub quota: Option<Quota>,
    /// What goes wrong, and when. The first matching script that is due wins.
    pub scripts: Vec<Script>,
    /// Whether answers are gzipped for clients that accept it.
    pub gzip: bool,
    /// Seconds that the server's clock, as `Date` headers show it, is ahead of this machine's.
    pub clock_ahead: i64,
    /// Where the ids of a change of a group are read.
    pub group_ids: GroupIds,
    /// What assigning something does to what is assigned already.
    pub assigned: Assigned,
}

/// What becomes of the groups that an agent or a tool server is open to when others are assigned: the documents name a
/// counterpart that removes, and do not say it (`workato/agents.md 5`). So it is with the environments of a person and the
/// grants of a project, of which they say that they stay (`workato/api.md 2.6, 2.9`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Assigned {
    /// They stay.
    #[default]
    BesideOthers,
    /// They go.
    InPlaceOfOthers,
}

/// Where the ids of people who join or leave a group are read: the documents differ (`workato/api.md 2.10`
///).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupIds {
    /// In the query, or else in the body.
    #[default]
    InEither,
    /// In the body only.
    InBody,
    /// As [`GroupIds::InEither`], but the body of a DELETE does not arrive.
    WithoutBodyOfDelete,
}

impl Default for Behavior {
    fn default() -> Self {
        Behavior {
            page_cap: 100,
            page_caps: BTreeMap::new(),
            latency: Duration::ZERO,
            denied: BTreeMap::new(),
            quota: None,
            scripts: Vec::new(),
            gzip: true,
            clock_ahead: 0,
            group_ids: GroupIds::default(),
            assigned: Assigned::default(),
        }
    }
}

impl Behavior {
    /// Adds an endpoint that answers `status`, as for a missing checkbox.
    #[must_use]
    pub fn deny(mut self, endpoint: Endpoint, status: u16) -> Self {
        self.denied.insert(endpoint, status);
        self
    }

    /// Makes the pages of an endpoint smaller.
    #[must_use]
    pub fn cap(mut self, endpoint: Endpoint, rows: usize) -> Self {
        self.page_caps.insert(endpoint, rows);
        self
    }

    /// Adds a fault at the given hits of a path, see [`Script`].
    #[must_use]
    pub fn script(mut self, path: &str, hits: Hits, fault: Fault) -> Self {
        self.scripts.push(Script {
            path: path.to_owned(),
            hits,
            fault,
        });
        self
    }

    /// Turns a quota on.
    #[must_use]
    pub fn quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }
}

/// An allowance per token and family (`workato/api.md 3.1`).
#[derive(Debug, Clone)]
pub struct Quota {
    /// Calls in a window.
    pub calls: u32,
    /// Length of the window. It begins with the first call.
    pub window: Duration,
    /// What the window is measured with.
    pub clock: QuotaClock,
    /// Families that have another one.
    pub others: Vec<(Family, u32, Duration)>,
    /// Whether all families share one allowance, which no documentation rules out.
    pub together: bool,
    /// How a 429 says how long to wait.
    pub retry_after: RetryForm,
    /// Whether answers carry `X-Rate-Limit-Remaining` (`workato/api.md 3.2`).
    pub remaining: bool,
}

impl Default for Quota {
    /// 60 a minute, seconds, with the remaining count.
    fn default() -> Self {
        Quota {
            calls: 60,
            window: Duration::from_secs(60),
            clock: QuotaClock::default(),
            others: Vec::new(),
            together: false,
            retry_after: RetryForm::Seconds,
            remaining: true,
        }
    }
}

/// The time of a quota: tokio's clock, or one that a test moves.
#[derive(Clone)]
pub struct QuotaClock(pub Arc<dyn Fn() -> Instant + Send + Sync>);

impl Default for QuotaClock {
    fn default() -> Self {
        QuotaClock(Arc::new(|| tokio::time::Instant::now().into_std()))
    }
}

impl fmt::Debug for QuotaClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuotaClock")
    }
}

/// Forms of `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryForm {
    /// Whole seconds, rounded up.
    Seconds,
    /// Seconds with a fraction, which no standard has and some gateways send.
    Fraction,
    /// An HTTP date.
    Date,
    /// No such header.
    Absent,
}

/// One line of a fault script.
#[derive(Debug, Clone)]
pub struct Script {
    /// Path, `*` for one segment, with or without query. With a query, every parameter named must be there with
    /// that value: `page=2`, any value: `parent_id=*`, or be absent: `parent_id=`. A trailing `**` matches any rest: `/api/members/**`.
    /// A method before it means requests with that method only: `PUT /api/members/*`.
    pub path: String,
    /// At which matching requests.
    pub hits: Hits,
    /// What happens.
    pub fault: Fault,
}

/// Which of the matching requests a script applies to; the first is 1.
#[derive(Debug, Clone)]
pub enum Hits {
    /// All.
    Every,
    /// The first so many.
    First(u32),
    /// Just this one.
    Nth(u32),
    /// This one and all later ones.
    From(u32),
    /// These.
    At(Vec<u32>),
    /// Every hit whose number leaves `rest` when divided by `of`.
    Each {
        /// The divisor.
        of: u32,
        /// The remainder.
        rest: u32,
    },
}

impl Hits {
    /// Whether the `n`th matching request is meant.
    pub fn contains(&self, n: u32) -> bool {
        match self {
            Hits::Every => true,
            Hits::First(count) => n <= *count,
            Hits::Nth(nth) => n == *nth,
            Hits::From(first) => n >= *first,
            Hits::At(list) => list.contains(&n),
            Hits::Each { of, rest } => n % (*of).max(1) == *rest,
        }
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This answer instead: status, body, headers. The body is sent as JSON unless a header says otherwise.
    Status(u16, String, Vec<(String, String)>),
    /// A gateway's HTML page with this status (`workato/api.md 3.3`).
    Html(u16),
    /// The right status and type, and the first half of the JSON.
    TruncatedJson,
    /// The right body as `text/plain`.
    WrongContentType,
    /// The right answer, so much later.
    Stall(Duration),
    /// The connection is reset before a byte of the answer.
    Reset,
    /// The connection is reset in the middle of the body.
    Cut,
    /// 302 to this address.
    Redirect(String),
    /// The right envelope without rows.
    EmptyPage,
    /// The rows of the page before (of the same page, when it is the first).
    RepeatedPage,
    /// The right envelope with the first half of the page's rows; the others are on no page.
    ShortPage,
    /// Pages of so many rows, whatever was asked for.
    SmallerPages(usize),
    /// The right rows with a total (or count) that is off by so many; lists without one are right.
    Total(i64),
    /// The list as if its first row did not exist, so that all others move up by one. At later requests only, it is a
    /// row deleted while the list is read; at earlier requests only, it is a row inserted meanwhile.
    FirstRowGone,
    /// The list as if its first row were its last one: an order by time, and the row was touched.
    FirstRowLast,
    /// The right answer with another value at these JSON pointers, where there is one: `/data/0/name`. Below an object
    /// the last part may be new.
    Fields(Vec<(String, serde_json::Value)>),
    /// The right answer with every occurrence of a text in its body replaced, whatever that makes of it.
    Replaced(String, String),
    /// A few bytes of gzip that unpack to so many.
    GzipBomb(usize),
    /// The request is carried out, and its success answered as this other fault says.
    Answer(Box<Fault>),
}

impl Fault {
    /// A status with `{"message":…}` and no extra headers.
    pub fn status(status: u16) -> Fault {
        Fault::Status(status, format!(r#"{{"message":"scripted {status}"}}"#), Vec::new())
    }

    /// A status with `{"errors":[{"code":…,"title":…}]}`, as the RBAC endpoints answer (`workato/api.md 3.3`).
    pub fn titled(status: u16, title: &str) -> Fault {
        let body = serde_json::json!({"errors": [{"code": status.to_string(), "title": title}]});
        Fault::Status(status, body.to_string(), Vec::new())
    }
}
