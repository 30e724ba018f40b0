//! HTTP on the loopback address: files of the page, answers as JSON.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::guard::Guard;
use super::listen::{HEAD, listen};
use super::query_service::QueryService;
use super::token::Token;
use crate::baton::about::About;
use crate::baton::conventions::Conventions;
use crate::baton::error::{Error, Kind, Result};
use crate::report::code;
use crate::report::policy::Policy;
use crate::report::snapshot::Snapshot;
use crate::report::web::ASSETS;

/// Questions that are answered at the same time. Each has a reader; the others wait.
const AT_ONCE: usize = 6;
/// How long the last answers may take once it is to end.
const PATIENCE: Duration = Duration::from_millis(500);
const JSON: &str = "application/json; charset=utf-8";

/// An explorer that listens but does not answer yet.
pub struct Explorer {
    listener: TcpListener,
    at: Arc<Inner>,
    head: Duration,
}

struct Inner {
    about: About,
    guard: Guard,
    desk: QueryService,
    permits: Arc<Semaphore>,
}

impl Explorer {
    /// An explorer of a program that listens on the loopback address; port 0 is any free one.
    ///
    /// # Errors
    /// `Unavailable` for a port that somebody else has.
    pub async fn bind(
        about: About,
        snapshot: Snapshot,
        conventions: &'static Conventions,
        port: u16,
    ) -> Result<Explorer> {
        Self::bind_under(about, snapshot, conventions, Policy::default(), port, Token::fresh()).await
    }

    /// As [`Explorer::bind`], with findings judged by a policy, under an address with this token.
    ///
    /// # Errors
    /// As [`Explorer::bind`].
    pub async fn bind_under(
        about: About,
        snapshot: Snapshot,
        conventions: &'static Conventions,
        policy: Policy,
        port: u16,
        token: Token,
    ) -> Result<Explorer> {
        let bind = async || {
            let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
            let address = listener.local_addr()?;
            Ok::<_, std::io::Error>((listener, address))
        };
        let (listener, address) = bind().await.map_err(|error| {
            Error::new(Kind::Unavailable, error.to_string())
                .code(code::EXPLORE_PORT)
                .context(format!("listen on port {port}"))
                .hint("leave --port out to take any free one")
        })?;
        Ok(Explorer {
            listener,
            at: Arc::new(Inner {
                about,
                guard: Guard::new(address, token),
                desk: QueryService::new(snapshot, conventions).under(policy),
                permits: Arc::new(Semaphore::new(AT_ONCE)),
            }),
            head: HEAD,
        })
    }

    /// With another time for the head of a request.
    #[must_use]
    pub fn with_head_in(self, head: Duration) -> Explorer {
        Explorer { head, ..self }
    }

    /// Counts the questions that nobody waits for any more, which were given up.
    pub fn abandoned(&self) -> impl Fn() -> u64 + use<> {
        let at = Arc::clone(&self.at);
        move || at.desk.abandoned()
    }

    /// Where the page is. Whoever has it sees the file: it is printed, never logged.
    pub fn url(&self) -> String {
        self.at.guard.url()
    }
}

/// Answers until cancelled.
pub async fn serve(explorer: Explorer, cancel: CancellationToken) {
    let at = explorer.at;
    // Read while the browser starts. A failure is told to whoever asks.
    let ahead = Arc::clone(&at);
    tokio::task::spawn_blocking(move || {
        let _ = ahead.desk.overview();
    });
    let router = Router::new().fallback(answer).with_state(at);
    let serving = listen(explorer.listener, router, explorer.head, cancel.clone());
    // A browser that keeps its connection open must not keep the program.
    let patience = async {
        cancel.cancelled().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        () = serving => {}
        () = patience => {}
    }
}

async fn answer(State(at): State<Arc<Inner>>, request: Request) -> Response {
    let (asked, _) = request.into_parts();
    let mut response = respond(&at, asked).await;
    Guard::seal(response.headers_mut());
    response
}

async fn respond(at: &Arc<Inner>, asked: Parts) -> Response {
    let path = match at.guard.admit(&asked.method, &asked.uri, &asked.headers) {
        Ok(path) => path,
        Err((status @ StatusCode::PERMANENT_REDIRECT, _)) => return redirect(status, &at.guard.root()),
        Err((status, why)) => return refused(status, why),
    };
    let Some(name) = path.strip_prefix("api/") else {
        return file(path);
    };
    let (name, query) = (name.to_owned(), asked.uri.query().unwrap_or_default().to_owned());
    let Ok(turn) = Arc::clone(&at.permits).acquire_owned().await else {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "the explorer is closing");
    };
    let desk = Arc::clone(at);
    // Whoever closes the connection drops this future, and with it the guard.
    let gone = CancellationToken::new();
    let _waiting = gone.clone().drop_guard();
    let answered = tokio::task::spawn_blocking(move || {
        let answered = desk.desk.answer_while(&name, &query, &gone);
        drop(turn);
        answered
    })
    .await;
    match answered {
        Ok(Ok(json)) => with_type(StatusCode::OK, JSON, Body::from(json)),
        Ok(Err(error)) => failed(&at.about, &error),
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, "the question was not answered"),
    }
}

fn file(path: &str) -> Response {
    let name = if path.is_empty() { "index.html" } else { path };
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => with_type(StatusCode::OK, asset.media_type, Body::from(asset.text)),
        None => refused(StatusCode::NOT_FOUND, "there is no such file"),
    }
}

fn status(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::InvalidArgument => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A question that cannot be answered, with all that helps a person.
fn failed(about: &About, error: &Error) -> Response {
    let mut told = serde_json::Map::new();
    told.insert("code".to_owned(), about.code(error.code_id()).into());
    told.insert("message".to_owned(), error.to_string().into());
    if let Some(hint) = error.hint_text() {
        told.insert("hint".to_owned(), hint.into());
    }
    let told = serde_json::json!({ "error": told });
    with_type(status(error), JSON, Body::from(told.to_string()))
}

/// A request that is no question.
fn refused(status: StatusCode, message: &str) -> Response {
    let error = serde_json::json!({ "error": { "message": message } });
    let mut response = with_type(status, JSON, Body::from(error.to_string()));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn redirect(status: StatusCode, to: &str) -> Response {
    let mut response = with_type(status, JSON, Body::empty());
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

fn with_type(status: StatusCode, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static(media_type);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}
