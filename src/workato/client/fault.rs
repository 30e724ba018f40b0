//! From an answer that is not what was asked for to an error a person can act on.

use serde_json::Value;

use super::decode::Undecodable;
use super::endpoint::Endpoint;
use super::failed;
use super::paging::INCONSISTENT;
use crate::baton::code::Code;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::baton::http::{Response, StatusCode, kind_of};
use crate::baton::secret::Secret;
use crate::workato::code;

/// Longest vendor text in a message, in characters.
const TEXT: usize = 200;

/// What is known about the call that failed.
pub(super) struct Call<'a> {
    pub(super) endpoint: &'static Endpoint,
    /// The path as it was sent.
    pub(super) path: &'a str,
    /// Never to appear in a message, even if the other side repeats it.
    pub(super) token: &'a Secret,
    /// Whether rows may be wrapped in anything that is known.
    pub(super) any_envelope: bool,
}

impl Call<'_> {
    /// Makes sure that an answer is a success and claims to be JSON.
    pub(super) fn check(&self, response: &Response) -> Result<()> {
        if !response.status.is_success() {
            return Err(self.refused(response));
        }
        if response.status != StatusCode::OK {
            return Err(self.not_whole(response));
        }
        if self.is_page(response) {
            return Err(self.not_json(response, "an HTML page"));
        }
        let content_type = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !content_type.is_empty() && !content_type.contains("json") {
            let content_type = self.clean(&content_type);
            return Err(self.not_json(response, &format!("content type {content_type:?}")));
        }
        Ok(())
    }

    /// Whether an answer is a page. Looked at before JSON: gateways answer pages with 200
    /// (`workato/api.md 3.3`).
    pub(super) fn is_page(&self, response: &Response) -> bool {
        let content_type = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        content_type.contains("html") || response.body.trim_ascii_start().starts_with(b"<")
    }

    /// The answer has a status that is not a success.
    pub(super) fn refused(&self, response: &Response) -> Error {
        let status = response.status;
        let mut message = format!(
            "{} {} answered {}",
            self.endpoint.verb.name(),
            self.path,
            status.as_u16()
        );
        if let Some(words) = status.canonical_reason() {
            message.push(' ');
            message.push_str(words);
        }
        if let Some(text) = self.vendor_text(&response.body) {
            message.push_str(": ");
            message.push_str(&text);
        }
        let error = self
            .facts(Error::new(kind_of(status), message), response)
            .code(self.code_of(status))
            .retry(response.may_retry());
        let checkbox = self.endpoint.checkbox;
        match status {
            StatusCode::UNAUTHORIZED => error.fact("checkbox", checkbox).hint(format!(
                "check that the token is right and belongs to this data center, that its API client may {checkbox:?} \
                 in its client role and is bound to the right environment, and that this address is on its IP allow \
                 list"
            )),
            StatusCode::FORBIDDEN => error.fact("checkbox", checkbox).hint(format!(
                "tick {checkbox:?} in the client role of the API client, and check that the client may see this \
                 project and environment and that this address is on its IP allow list"
            )),
            StatusCode::TOO_MANY_REQUESTS => error.hint(format!(
                "the quota of {} is used up, perhaps by another program with the same workspace; try again later",
                self.endpoint.family
            )),
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                error.hint("Workato has a problem of its own; try again later")
            }
            _ => error,
        }
    }

    /// The stable code of a status.
    fn code_of(&self, status: StatusCode) -> Code {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.endpoint.refusal,
            StatusCode::NOT_FOUND | StatusCode::GONE => code::NOT_THERE,
            StatusCode::TOO_MANY_REQUESTS => code::QUOTA,
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => code::SERVER_ERROR,
            _ => code::REQUEST_REFUSED,
        }
    }

    /// A success of a reading that is not 200: something that is only accepted, has no content or is a part of it. What it
    /// holds is not all that was asked for, and need not be any of it.
    fn not_whole(&self, response: &Response) -> Error {
        let status = response.status;
        let words = status.canonical_reason().unwrap_or("a success");
        let message = format!(
            "{} {} answered {} {words}, and only 200 is a whole answer",
            self.endpoint.verb.name(),
            self.path,
            status.as_u16()
        );
        self.facts(Error::new(Kind::Unavailable, message), response)
            .code(code::CUT_OFF)
            .retry(Retry::Later)
            .hint("try again later; a gateway or cache may answer in Workato's place")
    }

    /// A reading that says it failed, under a status of success (`workato/api.md 3.3`).
    pub(super) fn failed_reading(&self, response: &Response) -> Error {
        let text = self.vendor_text(&response.body).unwrap_or_default();
        let message = format!(
            "{} {} answered {}, and says that it failed: {text}",
            self.endpoint.verb.name(),
            self.path,
            response.status.as_u16()
        );
        self.facts(Error::new(Kind::Unavailable, message), response)
            .code(code::SERVER_ERROR)
            .retry(Retry::Later)
            .hint("what it holds besides was not taken for an answer; try again later")
    }

    /// A success that is not JSON: a login page, a gateway, a proxy.
    pub(super) fn not_json(&self, response: &Response, what: &str) -> Error {
        let mut message = format!(
            "{} {} answered {what} instead of JSON",
            self.endpoint.verb.name(),
            self.path
        );
        if let Some(text) = self.plain_text(&String::from_utf8_lossy(&response.body)) {
            message.push_str(": ");
            message.push_str(&text);
        }
        self.facts(Error::new(Kind::Unavailable, message), response)
            .code(code::NOT_JSON)
            .retry(Retry::Later)
            .hint("check the data center or base URL; a gateway, proxy or maintenance page may answer in its place")
    }

    /// JSON that is not what this endpoint promises.
    pub(super) fn undecodable(&self, response: &Response, why: &Undecodable) -> Error {
        // Both repeat what the other side wrote: a key, or a text where something else belongs.
        let (place, what) = (self.excerpt(&why.path), self.excerpt(&why.message));
        let mut message = format!(
            "{} {} answered what cannot be read at {place}: {what}",
            self.endpoint.verb.name(),
            self.path
        );
        if let Some(text) = vendor_message(&response.body) {
            message.push_str(&format!(" (the answer says: {})", self.clean(&text)));
        }
        let kind = if why.cut_off { Kind::Unavailable } else { Kind::Internal };
        let retry = if why.cut_off { Retry::Later } else { Retry::Never };
        let hint = if why.cut_off {
            "the answer was cut off on its way; try again"
        } else {
            "the API may have changed; report this message"
        };
        self.facts(Error::new(kind, message), response)
            .code(if why.cut_off { code::CUT_OFF } else { code::UNREADABLE })
            .fact("json path", place)
            .retry(retry)
            .hint(hint)
    }

    /// The list says it has `total` rows but ends after `seen`.
    pub(super) fn short_list(&self, response: &Response, seen: u64, total: u64) -> Error {
        let message = format!(
            "{} {}: the list ends after {seen} of {total} rows",
            self.endpoint.verb.name(),
            self.path
        );
        self.facts(Error::new(Kind::Unavailable, message), response)
            .code(code::LIST_SHORT)
            .fact(INCONSISTENT, "short list")
            .retry(Retry::Later)
            .hint("the workspace may have changed while it was read; try again")
    }

    /// A write that says it failed, under a status of success (`workato/api.md 3.3`).
    pub(super) fn failed_quietly(&self, response: &Response) -> Option<Error> {
        failed::body_says_so(&response.body).then(|| {
            let text = self.vendor_text(&response.body).unwrap_or_default();
            let message = format!(
                "{} {} was not carried out: {text}",
                self.endpoint.verb.name(),
                self.path
            );
            self.facts(Error::new(Kind::InvalidArgument, message), response)
                .code(code::REQUEST_REFUSED)
        })
    }

    fn facts(&self, error: Error, response: &Response) -> Error {
        let error = error
            .fact("status", response.status.as_u16().to_string())
            .fact("endpoint", self.endpoint.path)
            .fact("family", self.endpoint.family)
            .fact("attempts", response.attempts.to_string());
        match response.header("x-correlation-id") {
            Some(id) => error.fact("correlation id", self.clean(id)),
            None => error,
        }
    }

    /// What the vendor says, in the order of `workato/api.md 3.3`, or else the text of the body.
    fn vendor_text(&self, body: &[u8]) -> Option<String> {
        match vendor_message(body) {
            Some(text) => Some(self.clean(&text)).filter(|text| !text.is_empty()),
            None => self.plain_text(&String::from_utf8_lossy(body)),
        }
    }

    fn plain_text(&self, body: &str) -> Option<String> {
        Some(self.clean(&strip_tags(body))).filter(|text| !text.is_empty())
    }

    /// One line of printable text of limited length, without the token.
    fn clean(&self, text: &str) -> String {
        let line = self.one_line(text);
        match line.char_indices().nth(TEXT) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line,
        }
    }

    /// As [`Call::clean`], but of a text that is too long the end stays, too: there stands what was expected.
    fn excerpt(&self, text: &str) -> String {
        let line = self.one_line(text);
        let start = line.char_indices().nth(TEXT / 2).map(|(at, _)| at);
        let end = line.char_indices().nth_back(TEXT / 2).map(|(at, _)| at);
        match (start, end) {
            (Some(start), Some(end)) if start < end => format!(
                "{}…{}",
                line.get(..start).unwrap_or_default(),
                line.get(end..).unwrap_or_default()
            ),
            _ => line,
        }
    }

    /// One line of printable text without the token.
    fn one_line(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let token = self.token.expose().trim();
        if !token.is_empty() {
            text = text.replace(token, "***");
        }
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        words.join(" ")
    }
}

/// `errors[].title`, then the map of errors, then `message`.
fn vendor_message(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return None;
    };
    let errors = match body.get("errors") {
        Some(Value::Array(errors)) => errors.iter().filter_map(one_error).collect::<Vec<_>>().join("; "),
        Some(Value::Object(fields)) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(field, errors)| format!("{field}: {}", texts(errors).join(", ")))
                .collect();
            fields.join("; ")
        }
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let candidates = [
        Some(errors.as_str()),
        text_of(body.get("message")),
        text_of(body.get("error")),
    ];
    candidates
        .into_iter()
        .flatten()
        .find(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

fn one_error(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(text.clone()),
        Value::Object(error) => ["title", "message", "detail", "code"]
            .iter()
            .find_map(|key| error.get(*key))
            .map(|value| texts(value).join(", ")),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

fn text_of(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}

/// The text of an HTML page, roughly: no tags, no scripts, no styles.
fn strip_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let name: String = tag
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect::<String>()
            .to_lowercase();
        let (_, after) = tag.split_once('>').unwrap_or_default();
        rest = after;
        if matches!(name.as_str(), "script" | "style") {
            let end = format!("</{name}");
            rest = after
                .to_ascii_lowercase()
                .find(&end)
                .and_then(|at| after.get(at..))
                .unwrap_or_default();
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_messages_in_order() {
        for (body, text) in [
            (
                r#"{"errors":[{"code":1,"title":"A"},{"title":"B"}],"message":"m"}"#,
                Some("A; B"),
            ),
            (
                r#"{"errors":{"name":["is taken","is short"]},"message":"m"}"#,
                Some("name: is taken, is short"),
            ),
            (r#"{"errors":[],"message":"m"}"#, Some("m")),
            (r#"{"message":"m"}"#, Some("m")),
            (r#"{"error":"e"}"#, Some("e")),
            ("{}", None),
            ("<html>", None),
        ] {
            assert_eq!(vendor_message(body.as_bytes()).as_deref(), text, "{body}");
        }
    }

    #[test]
    fn tags_are_stripped() {
        let page = "<html><STYLE>p{}</style><script>if (a<b) x()</script><h1>502</h1><p>Bad\n gateway</p><br";
        assert_eq!(
            strip_tags(page).split_whitespace().collect::<Vec<_>>(),
            ["502", "Bad", "gateway"]
        );
    }
}
