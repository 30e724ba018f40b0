//! What every request passes before its route: scripted faults, quota, token, permission; and what every answer
//! passes on its way out: damage by script, gzip, correlation id, log.

use std::sync::{Arc, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::audit::{self, Happened};
use super::behavior::{Fault, Script};
use super::endpoint::Endpoint;
use super::gzip;
use super::line::Plug;
use super::log::Logged;
use super::paging::refusal;
use super::partner;
use super::quota::{Verdict, retry_after};
use super::server::{BehaviorInForce, Server, token};
use super::view::{Call, Moved, Params};
use super::workspace::Env;

/// The middleware.
pub async fn pass(
    State(server): State<Arc<Server>>,
    ConnectInfo(plug): ConnectInfo<Plug>,
    mut request: Request,
    next: Next,
) -> Response {
    let behavior = server.behavior();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let method = request.method().to_string();
    let endpoint = partner::endpoint(request.uri().path());
    let is_below = partner::is_below(request.uri().path());
    let environment = caller(request.headers());
    let zipped = behavior.behavior.gzip && accepts_gzip(request.headers());
    if !behavior.behavior.latency.is_zero() {
        tokio::time::sleep(behavior.behavior.latency).await;
    }

    let fault = due(
        &behavior,
        &method,
        request.uri().path(),
        request.uri().query().unwrap_or_default(),
    );
    if let Some(Fault::Stall(wait)) = &fault {
        tokio::time::sleep(*wait).await;
    }
    let mut params = Params::parse(request.uri().query().unwrap_or_default());
    if matches!(fault, Some(Fault::RepeatedPage)) {
        params = params.one_page_back();
    }

    let mut extra = HeaderMap::new();
    let replaced = fault.as_ref().and_then(replacement);
    let was_replaced = replaced.is_some();
    let mut answer = match replaced {
        Some(answer) => answer,
        None => match admit(&server, &behavior, (endpoint, is_below), environment, &mut extra) {
            Err(refused) => *refused,
            Ok(None) => next.run(request).await,
            Ok(Some(env)) => {
                let own_cap = endpoint.and_then(|e| behavior.behavior.page_caps.get(&e)).copied();
                let mut call = Call {
                    env,
                    server: Arc::clone(&server),
                    view: server.view(),
                    page_cap: own_cap.unwrap_or(behavior.behavior.page_cap),
                    params,
                    moved: None,
                };
                match &fault {
                    Some(Fault::SmallerPages(rows)) => call.page_cap = call.page_cap.min(*rows),
                    Some(Fault::FirstRowGone) => call.moved = Some(Moved::FirstGone),
                    Some(Fault::FirstRowLast) => call.moved = Some(Moved::FirstLast),
                    _ => {}
                }
                request.extensions_mut().insert(call);
                next.run(request).await
            }
        },
    };
    answer.headers_mut().extend(extra);
    let carried_out = !was_replaced && answer.status().is_success();
    let fault = match fault {
        Some(Fault::Answer(words)) if answer.status().is_success() => {
            if let Some(words) = replacement(&words) {
                answer = words;
            }
            if let Fault::Stall(wait) = *words {
                tokio::time::sleep(wait).await;
            }
            Some(*words)
        }
        other => other,
    };

    // A write that was carried out leaves its row, whatever becomes of its answer.
    if let (true, Some(endpoint), Some(env)) = (carried_out, endpoint, environment) {
        let bare = path.split('?').next().unwrap_or_default();
        let row = audit::of_write(endpoint, &method, bare).filter(|_| method != "GET");
        if let Some((resource_type, event, id)) = row {
            let row = Happened::new(env, Timestamp::now(), event, resource_type, id);
            server.audit().add(row);
        }
    }

    let cut_off = matches!(fault, Some(Fault::Reset));
    let status = if cut_off { 0 } else { answer.status().as_u16() };
    server.record(Logged {
        method,
        path,
        status,
        environment,
        endpoint,
    });
    if cut_off {
        plug.pull();
    }
    let mut answer = send(answer, fault.as_ref(), zipped).await;
    if let Ok(id) = HeaderValue::from_str(&server.correlation_id()) {
        answer.headers_mut().insert("x-correlation-id", id);
    }
    if let Some(date) = date(behavior.behavior.clock_ahead) {
        answer.headers_mut().insert(header::DATE, date);
    }
    answer
}

/// Quota, token, permission, access model: `Ok(Some)` for an endpoint's caller, `Ok(None)` for unknown paths.
fn admit(
    server: &Server,
    behavior: &BehaviorInForce,
    (endpoint, is_below): (Option<Endpoint>, bool),
    environment: Option<Env>,
    extra: &mut HeaderMap,
) -> Result<Option<Env>, Box<Response>> {
    if let (Some(quota), Some(endpoint)) = (&behavior.behavior.quota, endpoint) {
        let verdict = server.counters.count(quota, environment, endpoint.family());
        let left = match verdict {
            Verdict::Allowed(left) => left,
            Verdict::Refused(_) => 0,
        };
        if quota.remaining {
            extra.insert("x-rate-limit-remaining", HeaderValue::from(left));
        }
        if let Verdict::Refused(wait) = verdict {
            if let Some(value) = retry_after(quota.retry_after, wait).and_then(|v| HeaderValue::from_str(&v).ok()) {
                extra.insert(header::RETRY_AFTER, value);
            }
            return Err(Box::new(refusal(StatusCode::TOO_MANY_REQUESTS, "Too many requests")));
        }
    }
    let unauthorized = || Box::new(refusal(StatusCode::UNAUTHORIZED, "Unauthorized"));
    let view = server.view();
    let env = environment
        .filter(|env| view.workspace.environments.contains(env))
        .ok_or_else(unauthorized)?;
    let Some(endpoint) = endpoint else {
        return Ok(None);
    };
    if let Some(status) = behavior.behavior.denied.get(&endpoint) {
        return Err(match StatusCode::from_u16(*status) {
            Ok(StatusCode::UNAUTHORIZED) | Err(_) => unauthorized(),
            Ok(StatusCode::FORBIDDEN) => Box::new(refusal(StatusCode::FORBIDDEN, "Forbidden")),
            Ok(other) => Box::new(refusal(other, "Refused")),
        });
    }
    // What is below a customer is there or not by the customer's workspace.
    if (endpoint.dev_only() && env != Env::Dev) || !(is_below || endpoint.exists_in(&view.workspace)) {
        return Err(unauthorized());
    }
    Ok(Some(env))
}

/// The `Date` of an answer by a clock that is so many seconds ahead.
fn date(ahead: i64) -> Option<HeaderValue> {
    let now = Timestamp::now().checked_add(SignedDuration::from_secs(ahead)).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok()?;
    HeaderValue::from_str(&text).ok()
}

/// The environment whose token the request carries.
fn caller(headers: &HeaderMap) -> Option<Env> {
    let given = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")?;
    Env::ALL.into_iter().find(|env| token(*env) == given)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok());
    accepted.is_some_and(|list| list.split(',').any(|one| one.trim().starts_with("gzip")))
}

/// The fault of the first script that is due. Every script whose path matches counts the hit.
fn due(behavior: &BehaviorInForce, method: &str, path: &str, query: &str) -> Option<Fault> {
    let params = Params::parse(query);
    let mut hits = behavior.hits.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found = None;
    for (script, hit) in behavior.behavior.scripts.iter().zip(hits.iter_mut()) {
        if matches(script, method, path, &params) {
            *hit += 1;
            if found.is_none() && script.hits.contains(*hit) {
                found = Some(script.fault.clone());
            }
        }
    }
    found
}

fn matches(script: &Script, method: &str, path: &str, params: &Params) -> bool {
    let (only, pattern) = script.path.split_once(' ').unwrap_or((method, &script.path));
    if only != method {
        return false;
    }
    let (pattern, query) = pattern.split_once('?').unwrap_or((pattern, ""));
    if !params.include(&Params::parse(query)) {
        return false;
    }
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) | (Some("**"), _) => return true,
            (Some(w), Some(g)) if w == "*" || w == g => {}
            _ => return false,
        }
    }
}

/// The answer of a fault that takes the place of the real one.
fn replacement(fault: &Fault) -> Option<Response> {
    match fault {
        Fault::Status(status, body, headers) => {
            let mut answer = (
                code(*status),
                [(header::CONTENT_TYPE, "application/json")],
                body.clone(),
            )
                .into_response();
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
                    answer.headers_mut().insert(name, value);
                }
            }
            Some(answer)
        }
        Fault::Html(status) => {
            let body =
                format!("<html><head><title>{status}</title></head><body><h1>gateway says {status}</h1></body></html>");
            Some(
                (
                    code(*status),
                    [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
                    body,
                )
                    .into_response(),
            )
        }
        Fault::Redirect(to) => Some((StatusCode::FOUND, [(header::LOCATION, to.clone())]).into_response()),
        _ => None,
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Damages the answer as the fault says and encodes it.
async fn send(answer: Response, fault: Option<&Fault>, zipped: bool) -> Response {
    let (mut parts, body) = answer.into_parts();
    // The body was made here in one piece, so it cannot fail to be read.
    let mut body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match fault {
        Some(Fault::TruncatedJson) => body = body.slice(..body.len() / 2),
        Some(Fault::EmptyPage) => body = with_rows(&body, |_| 0),
        Some(Fault::ShortPage) => body = with_rows(&body, |rows| rows / 2),
        Some(Fault::Total(off)) => body = with_total(&body, *off),
        Some(Fault::Fields(fields)) => body = with_fields(&body, fields),
        Some(Fault::Replaced(from, to)) => {
            body = Bytes::from(String::from_utf8_lossy(&body).replace(from.as_str(), to));
        }
        Some(Fault::WrongContentType) => {
            parts.headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
        }
        _ => {}
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(Fault::GzipBomb(length)) = fault {
        parts
            .headers
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return Response::from_parts(parts, Body::from(gzip::bomb(*length)));
    }
    if zipped && !body.is_empty() {
        body = Bytes::from(gzip::stored(&body));
        parts
            .headers
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if matches!(fault, Some(Fault::Cut)) {
        parts
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        let half = body.slice(..body.len() / 2);
        let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        let stream = futures_util::stream::iter([Ok(half), broken]);
        return Response::from_parts(parts, Body::from_stream(stream));
    }
    Response::from_parts(parts, Body::from(body))
}

/// The same envelope with the first rows only; totals stay.
fn with_rows(body: &Bytes, keep: impl Fn(usize) -> usize) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    let rows = if value.is_array() {
        Some(&mut value)
    } else if value.get("data").is_some_and(Value::is_array) {
        value.get_mut("data")
    } else {
        value.pointer_mut("/result/items")
    };
    if let Some(Value::Array(rows)) = rows {
        rows.truncate(keep(rows.len()));
    }
    Bytes::from(value.to_string())
}

/// The same rows with another total or count, if there is one.
fn with_total(body: &Bytes, off: i64) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    for place in ["/total", "/result/count"] {
        if let Some(total) = value.pointer_mut(place) {
            *total = Value::from(total.as_i64().unwrap_or_default().saturating_add(off).max(0));
        }
    }
    Bytes::from(value.to_string())
}

/// The same body with other values at JSON pointers.
fn with_fields(body: &Bytes, fields: &[(String, Value)]) -> Bytes {
    let Ok(mut whole) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    for (pointer, value) in fields {
        let (above, name) = pointer.rsplit_once('/').unwrap_or_default();
        match whole.pointer_mut(above) {
            Some(Value::Object(object)) => {
                object.insert(name.to_owned(), value.clone());
            }
            Some(list) => {
                if let Some(element) = list.pointer_mut(&format!("/{name}")) {
                    *element = value.clone();
                }
            }
            None => {}
        }
    }
    Bytes::from(whole.to_string())
}
