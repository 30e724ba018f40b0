//! The client: one `send` with its own loop of attempts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode};
use tracing::Instrument as _;
use url::Url;

use super::failure::Failure;
use super::options::HttpOptions;
use super::pacer::End;
use super::quota::{Allowance, FamilyCounts, Quotas, Ticket};
use super::redact::{host, is_loopback, place, query, require_secure};
use super::response::{RateLimit, Response};
use super::retry::{Budget, is_transient};
use super::retry_budget::{self, RetryBudget};
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::baton::lock::locked;
use crate::baton::progress::Event;
use crate::baton::secret::{Echoes, Secret};
use crate::baton::span::{self, Attempts};

/// One request. A GET, unless [`HttpClient::write`] makes something else of it.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Where to. https, or http to this machine.
    pub url: Url,
    /// The token of the `Authorization` header.
    pub bearer: &'a Secret,
    /// The endpoint: its path with placeholders where ids stand. What is measured and traced goes by it, so it holds
    /// nothing of a request.
    pub endpoint: &'static str,
    /// The quota family of the endpoint.
    pub family: &'static str,
    /// Whether it may be sent twice. If not, it is repeated only when it surely never arrived.
    pub idempotent: bool,
}

/// What is done at the URL.
#[derive(Default)]
struct What {
    method: Method,
    json: Option<Bytes>,
}

/// How long an unused connection is kept, below what gateways do, and how often one in use is asked for life.
const IDLE: Duration = Duration::from_secs(30);

/// Sends requests. Shared by all workers of a run; its waits and counters are per quota family.
pub struct HttpClient {
    /// For https. Uses the proxy of the environment and the system's trust store. Made when it is first asked for:
    /// reading the trust store costs more than some syncs.
    secure: OnceLock<Result<reqwest::Client, String>>,
    /// For http to this machine: never through a proxy, which would carry the token away in the clear.
    local: reqwest::Client,
    options: HttpOptions,
    quotas: Quotas,
    repeats: Mutex<RetryBudget>,
    echoes: Echoes,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How often a garbled answer is asked for again. One that stays is no accident but a login page or the wrong host, and
/// a person waits for the message.
const GARBLED: u32 = 2;

/// What follows an attempt.
enum Next {
    Done(Response),
    Pause(Duration, String),
    Wait(Duration),
}

impl HttpClient {
    /// Builds the client. Follows no redirects and repeats nothing behind the back of [`HttpClient::send`].
    ///
    /// # Errors
    /// `Unknown` when the options cannot be used, such as a user agent with line breaks. A missing trust store shows
    /// at the first https request.
    pub fn new(options: HttpOptions) -> Result<Self> {
        let local = builder(&options)
            .no_proxy()
            .tls_certs_only([])
            .build()
            .map_err(|error| Error::new(Kind::Unknown, "the HTTP client cannot be set up").source(error))?;
        Ok(HttpClient {
            secure: OnceLock::new(),
            local,
            quotas: Quotas::sharing(
                options
                    .allowance
                    .clone()
                    .unwrap_or_else(|| Allowance::new(options.pace, &[])),
                options.clock.clone(),
                options.observer.clone(),
            ),
            repeats: Mutex::new(RetryBudget::new(options.retry.tokens)),
            echoes: Echoes::default(),
            options,
        })
    }

    /// Sends `request` until there is a final answer: transient failures and 429 are repeated as the policy allows.
    /// Any status but 3xx is an answer; see [`kind_of`](super::kind_of).
    ///
    /// # Errors
    /// `Unavailable` when nobody can be reached or the connection keeps breaking, `DeadlineExceeded` when answers
    /// take too long, `ResourceExhausted` when the body is too large, `Unknown` for a redirect, an insecure URL or a
    /// token that no header can carry.
    pub async fn send(&self, request: &Request<'_>) -> Result<Response> {
        self.send_and_read(request, |_| Ok(()))
            .await
            .map(|(response, ())| response)
    }

    /// As [`HttpClient::send`], and hands the final answer to `read`. A success that `read` refuses with
    /// [`Retry::Later`] was garbled on its way, by a proxy or a broken connection: it is asked for again, twice at
    /// most, within the same limits.
    ///
    /// # Errors
    /// As [`HttpClient::send`], and those of `read`.
    pub async fn send_and_read<T>(
        &self,
        request: &Request<'_>,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<(Response, T)> {
        self.exchange(request, &What::default(), read).await
    }

    /// As [`HttpClient::send`], with another method and perhaps a JSON body. A request that must not be sent twice says
    /// so in `request.idempotent`.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    pub async fn write(&self, request: &Request<'_>, method: Method, json: Option<Bytes>) -> Result<Response> {
        let what = What { method, json };
        let (response, ()) = self.exchange(request, &what, |_| Ok(())).await?;
        Ok(response)
    }

    async fn exchange<T>(
        &self,
        request: &Request<'_>,
        what: &What,
        read: impl Fn(&Response) -> Result<T>,
    ) -> Result<(Response, T)> {
        let span = span::request(what.method.as_str(), request.endpoint, request.family);
        let mut made = Attempts::default();
        let attempts = self.attempts(request, what, read, &mut made);
        let outcome = attempts.instrument(span.clone()).await;
        span::answered(&span, made, outcome.as_ref().err());
        outcome
    }

    async fn attempts<T>(
        &self,
        request: &Request<'_>,
        what: &What,
        read: impl Fn(&Response) -> Result<T>,
        made: &mut Attempts,
    ) -> Result<(Response, T)> {
        require_secure(&request.url)?;
        let client = self.client_for(&request.url)?;
        let bearer = bearer(request.bearer)?;
        self.hide(request.bearer);
        let clock = &self.options.clock;
        let mut budget = Budget::new(&self.options.retry);
        loop {
            let ticket = self.quotas.admit(request.family).await;
            self.quotas.count(request.family, |counts| {
                counts.requests += 1;
                counts.retries += u64::from(budget.attempts() > 0);
            });
            self.tell(&Event::Request { family: request.family });
            let started = clock.now();
            let mut outcome = self.attempt(client, request, what, &bearer).await;
            let took = clock.now().saturating_duration_since(started);
            budget.attempted(took);
            log(request, &what.method, &outcome, budget.attempts(), took);
            *made = Attempts {
                count: budget.attempts(),
                status: outcome.as_ref().ok().map(|response| response.status.as_u16()),
            };
            let mut value = None;
            if let Ok(response) = &mut outcome {
                response.attempts = budget.attempts();
                value = response.status.is_success().then(|| read(response));
            }
            let garbled = matches!(&value, Some(Err(error)) if error.may_retry() == Retry::Later);
            match self.judge(request, outcome, garbled, ticket, &mut budget)? {
                Next::Done(response) => {
                    let value = value.unwrap_or_else(|| read(&response))?;
                    return Ok((response, value));
                }
                Next::Wait(wait) => self.tell(&Event::Retry {
                    family: request.family,
                    reason: "HTTP 429",
                    wait,
                }),
                Next::Pause(wait, reason) => {
                    self.tell(&Event::Retry {
                        family: request.family,
                        reason: &reason,
                        wait,
                    });
                    self.quotas.pause(request.family, wait).await;
                }
            }
        }
    }

    /// Takes `secret` out of every answer from now on, whoever sends it back. The token of a request is hidden anyway.
    pub fn hide(&self, secret: &Secret) {
        self.echoes.hide(secret);
    }

    /// The calendar time, by the clock of this client.
    pub fn wall(&self) -> jiff::Timestamp {
        self.options.clock.wall()
    }

    /// Waits, by the clock of this client. For callers that must give the other side a moment.
    pub async fn pause(&self, wait: Duration) {
        self.options.clock.sleep(wait).await;
    }

    /// Requests, repeats, refusals and waits of every quota family used so far.
    pub fn counts(&self) -> BTreeMap<String, FamilyCounts> {
        self.quotas.counts()
    }

    /// What the last answer of `family` said is left of its quota.
    pub fn rate_limit(&self, family: &'static str) -> RateLimit {
        self.quotas.last(family)
    }

    fn client_for(&self, url: &Url) -> Result<&reqwest::Client> {
        if url.scheme() == "http" && is_loopback(url) {
            return Ok(&self.local);
        }
        let secure = self.secure.get_or_init(|| {
            builder(&self.options)
                .https_only(true)
                .tls_version_min(reqwest::tls::Version::TLS_1_2)
                .build()
                .map_err(|error| chain_text(&error))
        });
        secure.as_ref().map_err(|why| {
            Error::new(Kind::Unknown, format!("TLS cannot be set up: {why}"))
                .code(code::TLS_SETUP)
                .hint("install the system's certificate authorities (often a package called ca-certificates)")
        })
    }

    /// One attempt: request out, whole body in.
    async fn attempt(
        &self,
        client: &reqwest::Client,
        request: &Request<'_>,
        what: &What,
        bearer: &HeaderValue,
    ) -> Result<Response, Failure> {
        let mut sending = client
            .request(what.method.clone(), request.url.clone())
            .header(AUTHORIZATION, bearer.clone())
            .header(ACCEPT, "application/json");
        if let Some(json) = &what.json {
            sending = sending.header(CONTENT_TYPE, "application/json").body(json.clone());
        }
        let mut answer = sending.send().await.map_err(Failure::new)?;
        let status = answer.status();
        let mut headers = std::mem::take(answer.headers_mut());
        for value in headers.values_mut() {
            if let Cow::Owned(clean) = self.echoes.without(value.as_bytes()) {
                // What stands in a secret's place may stand in a header.
                *value = HeaderValue::from_bytes(&clean).unwrap_or(HeaderValue::from_static(""));
            }
        }
        let max = self.options.max_body;
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(Failure::new)? {
            if chunk.len() > max.saturating_sub(body.len()) {
                return Err(Failure::TooLarge { max });
            }
            body.extend_from_slice(&chunk);
        }
        let body = match self.echoes.without(&body) {
            Cow::Owned(clean) => Bytes::from(clean),
            Cow::Borrowed(_) => body.freeze(),
        };
        Ok(Response::new(status, headers, body, self.options.clock.wall()))
    }

    /// What follows `outcome`, a success that could not be read if it is `garbled`.
    fn judge(
        &self,
        request: &Request<'_>,
        outcome: Result<Response, Failure>,
        garbled: bool,
        ticket: Ticket<'_>,
        budget: &mut Budget<'_>,
    ) -> Result<Next> {
        let family = request.family;
        let random = self.options.clock.random();
        match outcome {
            Ok(response) => {
                self.quotas.observe(family, response.rate_limit);
                let left = response.rate_limit.remaining;
                let status = response.status;
                if status == StatusCode::TOO_MANY_REQUESTS {
                    let (wait, again) = budget.throttle(response.retry_after);
                    // The jitter keeps other processes that were refused from coming back at the same moment. The
                    // family closes also when this request gives up: the others must not ask either.
                    self.quotas.count(family, |counts| counts.throttled += 1);
                    ticket.end(End::Refused(left, wait + self.options.retry.base.mul_f64(random)));
                    if !again || !request.idempotent {
                        return Ok(Next::Done(response));
                    }
                    self.spend(retry_budget::REFUSED, request, "HTTP 429", budget)?;
                    return Ok(Next::Wait(wait));
                }
                if !is_transient(status) && !garbled {
                    ticket.end(End::Answered(left));
                    self.repeats().succeeded();
                    if status.is_redirection() {
                        return Err(redirected(request, &response, budget.attempts()));
                    }
                    return Ok(Next::Done(response));
                }
                ticket.end(End::Failing(left));
                if request.idempotent
                    && !(garbled && budget.attempts() > GARBLED)
                    && let Some(pause) = budget.pause(response.retry_after, false, random)
                {
                    let reason = match garbled {
                        true => "an unreadable answer".to_owned(),
                        false => format!("HTTP {}", status.as_u16()),
                    };
                    self.spend(retry_budget::TRANSIENT, request, &reason, budget)?;
                    return Ok(Next::Pause(pause, reason));
                }
                Ok(Next::Done(response))
            }
            Err(failure) => {
                ticket.end(if failure.never_sent() {
                    End::NeverSent
                } else {
                    End::Broken
                });
                if failure.is_transient()
                    && (request.idempotent || failure.never_sent())
                    && let Some(pause) = budget.pause(None, failure.never_sent(), random)
                {
                    self.spend(retry_budget::TRANSIENT, request, failure.reason(), budget)?;
                    return Ok(Next::Pause(pause, failure.reason().to_owned()));
                }
                Err(failure.into_error(&request.url, family, budget.attempts()))
            }
        }
    }

    /// Pays for a repeat from what the whole sync has.
    fn spend(&self, cost: u32, request: &Request<'_>, reason: &str, budget: &Budget<'_>) -> Result<()> {
        if self.repeats().spend(cost) {
            return Ok(());
        }
        let sum = |count: fn(&FamilyCounts) -> u64| self.quotas.counts().values().map(count).sum::<u64>();
        Err(Error::new(
            Kind::Unavailable,
            format!(
                "too many requests of this run failed: {} of {} were repeats and {} were answered 429; the last one, to \
                 {}, failed with: {reason}",
                sum(|c| c.retries),
                sum(|c| c.requests),
                sum(|c| c.throttled),
                place(&request.url),
            ),
        ).code(code::RETRIES_SPENT)
        .hint("the other side is failing, or another program uses its quota up; try again later")
        .retry(Retry::Later)
        .fact("family", request.family)
        .fact("attempts", budget.attempts().to_string()))
    }

    fn repeats(&self) -> MutexGuard<'_, RetryBudget> {
        locked(&self.repeats)
    }

    fn tell(&self, event: &Event<'_>) {
        self.options.observer.event(event);
    }
}

/// What both clients have in common.
fn builder(options: &HttpOptions) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(options.user_agent.as_str())
        .connect_timeout(options.connect_timeout)
        .timeout(options.request_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE)
        .tcp_keepalive(IDLE)
        .http2_keep_alive_interval(IDLE)
}

/// The header value, marked so that no library logs it.
fn bearer(token: &Secret) -> Result<HeaderValue> {
    let text = token.expose().trim();
    if text.is_empty() {
        return Err(Error::new(Kind::Unknown, "the token is empty").code(code::TOKEN_UNUSABLE));
    }
    let mut value = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| {
        Error::new(
            Kind::Unknown,
            "the token contains characters that no HTTP header can carry",
        )
        .code(code::TOKEN_UNUSABLE)
        .hint("copy the token again: it is one line of letters, digits, dots, dashes and underscores")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A redirect is never followed: the token must not travel to a host nobody configured. Of where it leads the scheme and
/// the host are told and no more: the rest may hold what was sent.
fn redirected(request: &Request<'_>, response: &Response, attempts: u32) -> Error {
    let target = response
        .header(LOCATION.as_str())
        .and_then(|target| request.url.join(target).ok())
        .map_or_else(
            || "nowhere".to_owned(),
            |url| format!("{}://{}", url.scheme(), host(&url)),
        );
    let status = response.status.as_u16();
    Error::new(
        Kind::Unknown,
        format!(
            "{} redirects to {target} (HTTP {status}), and redirects are not followed",
            place(&request.url)
        ),
    )
    .code(code::REDIRECT)
    .hint("check the data center or base URL; a login page or gateway may answer in its place")
    .fact("status", status.to_string())
    .fact("family", request.family)
    .fact("attempts", attempts.to_string())
}

fn log(request: &Request<'_>, method: &Method, outcome: &Result<Response, Failure>, attempt: u32, took: Duration) {
    let host = host(&request.url);
    let path = request.url.path();
    let ms = took.as_millis();
    match outcome {
        Ok(response) => {
            let status = response.status.as_u16();
            tracing::debug!(
                %method,
                host,
                path,
                status,
                ms,
                attempt,
                family = request.family,
                "Answered."
            );
            let bytes = response.body.len();
            let remaining = response.rate_limit.remaining;
            tracing::trace!(query = query(&request.url), bytes, remaining, "Details of the answer.");
        }
        Err(failure) => {
            let reason = failure.reason();
            tracing::debug!(
                %method,
                host,
                path,
                reason,
                ms,
                attempt,
                family = request.family,
                "No answer."
            );
        }
    }
}

fn chain_text(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
