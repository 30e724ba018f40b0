//! The runtime API of Lambda, as AWS documents it: the next invocation, its response or its error.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

/// What came of an invocation: a payload, or the error of the function.
pub type Outcome = Result<Value, Value>;

#[derive(Default)]
struct Invocations {
    waiting: VecDeque<(String, String)>,
    under_way: BTreeMap<String, oneshot::Sender<Outcome>>,
    number: u32,
}

#[derive(Clone)]
pub struct RuntimeApi {
    pub address: SocketAddr,
    invocations: Arc<Mutex<Invocations>>,
    more: Arc<Notify>,
}

impl RuntimeApi {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = RuntimeApi {
            address: listener.local_addr().unwrap(),
            invocations: Arc::default(),
            more: Arc::default(),
        };
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(api.clone())
            .layer(axum::extract::DefaultBodyLimit::disable());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        api
    }

    /// Invokes the function with the text of a payload.
    pub async fn invoke(&self, payload: String) -> Outcome {
        let (told, outcome) = oneshot::channel();
        {
            let mut invocations = self.invocations.lock().unwrap();
            invocations.number += 1;
            let id = format!("invocation-{}", invocations.number);
            invocations.waiting.push_back((id.clone(), payload));
            invocations.under_way.insert(id, told);
        }
        self.more.notify_one();
        outcome.await.unwrap()
    }

    fn ends(&self, id: &str, outcome: Outcome) -> StatusCode {
        match self.invocations.lock().unwrap().under_way.remove(id) {
            Some(waiting) => {
                let _ = waiting.send(outcome);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

async fn next(State(api): State<RuntimeApi>) -> impl IntoResponse {
    loop {
        let more = api.more.notified();
        let waiting = api.invocations.lock().unwrap().waiting.pop_front();
        let Some((id, payload)) = waiting else {
            more.await;
            continue;
        };
        let deadline = jiff::Timestamp::now().as_millisecond() + 300_000;
        let headers = [
            ("lambda-runtime-aws-request-id", id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:1:function:f".to_owned(),
            ),
        ];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        return (HeaderMap::from_iter(headers), payload);
    }
}

async fn response(State(api): State<RuntimeApi>, Path(id): Path<String>, body: String) -> StatusCode {
    api.ends(&id, Ok(serde_json::from_str(&body).unwrap()))
}

async fn error(State(api): State<RuntimeApi>, Path(id): Path<String>, body: String) -> StatusCode {
    api.ends(&id, Err(serde_json::from_str(&body).unwrap()))
}
