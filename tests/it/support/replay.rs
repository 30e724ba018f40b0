//! A server that answers from a recording: `tests/golden/*/workspace.json`, an object of path with query to
//! `{status, body}`. Paths match with their parameters as a set, decoded, so that order and percent-encoding of
//! brackets do not matter. What was not recorded answers 404 and is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A path and its parameters.
type Key = (String, BTreeSet<(String, String)>);

/// A running replay. Dropping it stops the server.
#[derive(Debug)]
pub struct Replay {
    address: SocketAddr,
    tape: Arc<Tape>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Tape {
    answers: BTreeMap<Key, (u16, String)>,
    asked: Mutex<Vec<String>>,
    unmatched: Mutex<Vec<String>>,
}

impl Replay {
    /// Serves a recording by its folder name: `rbac-v2`, `legacy`.
    pub async fn golden(name: &str) -> Replay {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let text = std::fs::read_to_string(root.join(name).join("workspace.json")).expect("the recording is there");
        Replay::start(&serde_json::from_str(&text).expect("the recording is JSON")).await
    }

    /// Serves a recording.
    pub async fn start(recording: &Value) -> Replay {
        let answers = recording.as_object().expect("a recording is an object");
        let answers = answers.iter().map(|(path, answer)| {
            let status = answer["status"]
                .as_u64()
                .and_then(|s| u16::try_from(s).ok())
                .expect("a status");
            (key(path), (status, answer["body"].to_string()))
        });
        let tape = Arc::new(Tape {
            answers: answers.collect(),
            ..Tape::default()
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(answer).with_state(tape.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("the replay serves") });
        Replay { address, tape, server }
    }

    /// `http://127.0.0.1:<port>`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Paths that were asked for, with query, in order.
    pub fn requests(&self) -> Vec<String> {
        self.tape.asked.lock().unwrap().clone()
    }

    /// Paths that were asked for and not recorded.
    pub fn unmatched(&self) -> Vec<String> {
        self.tape.unmatched.lock().unwrap().clone()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn key(path: &str) -> Key {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parameters = url::form_urlencoded::parse(query.as_bytes()).into_owned();
    (path.to_owned(), parameters.collect())
}

async fn answer(State(tape): State<Arc<Tape>>, request: Request) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    tape.asked.lock().unwrap().push(path.clone());
    let json = [(header::CONTENT_TYPE, "application/json")];
    match tape.answers.get(&key(&path)) {
        Some((status, body)) => (StatusCode::from_u16(*status).unwrap(), json, body.clone()).into_response(),
        None => {
            tape.unmatched.lock().unwrap().push(path);
            (StatusCode::NOT_FOUND, json, r#"{"message":"Not recorded"}"#).into_response()
        }
    }
}
