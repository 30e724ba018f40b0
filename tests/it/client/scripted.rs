//! A server that answers from a script over raw TCP, so that it can also break off, and a clock that never sleeps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_workato::ABOUT;
use baton_workato::baton::error::Error;
use baton_workato::baton::http::{Clock, HttpClient, HttpOptions, Request, Response};
use baton_workato::baton::progress::{Event, Observer};
use baton_workato::baton::secret::Secret;
use baton_workato::workato::client::endpoint::Address;
use baton_workato::workato::client::{Row, WorkatoClient};
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

pub(super) const TOKEN: &str = "wrkaus-eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
const NOW: &str = "2026-11-08T08:49:07Z";

/// What the server does with one connection.
pub(super) enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Breaks off before any answer.
    Reset,
    /// Never answers.
    Stall,
}

pub(super) fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        bytes += &format!("{name}: {value}\r\n");
    }
    bytes += "\r\n";
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

pub(super) fn json(body: impl AsRef<[u8]>) -> Reply {
    reply(200, &[("Content-Type", "application/json; charset=utf-8")], body)
}

pub(super) struct Server {
    pub(super) url: Url,
    pub(super) heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers request number `n` (from 0) with `script(n, target)`.
    pub(super) async fn start(script: impl Fn(usize, &str) -> Reply + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            let mut stalled = Vec::new();
            for n in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let target = head.split(' ').nth(1).unwrap().to_owned();
                seen.lock().unwrap().push(head);
                match script(n, &target) {
                    Reply::Bytes(bytes) => {
                        // The client may hang up in the middle of a bomb.
                        let _ = stream.write_all(&bytes).await;
                        let _ = stream.shutdown().await;
                    }
                    Reply::Reset => stream.set_zero_linger().unwrap(),
                    Reply::Stall => stalled.push(stream),
                }
            }
        });
        Server { url, heads }
    }

    pub(super) fn targets(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        heads
            .iter()
            .map(|head| head.split(' ').nth(1).unwrap().to_owned())
            .collect()
    }

    pub(super) fn requests(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

/// Sleeps by moving its own time, and remembers how long.
#[derive(Clone)]
pub(super) struct FakeClock(Arc<Mutex<(Instant, Vec<Duration>)>>, f64);

impl FakeClock {
    pub(super) fn new() -> Self {
        Self::with_random(0.0)
    }

    pub(super) fn with_random(random: f64) -> Self {
        FakeClock(Arc::new(Mutex::new((Instant::now(), Vec::new()))), random)
    }

    pub(super) fn sleeps(&self) -> Vec<Duration> {
        self.0.lock().unwrap().1.clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().0
    }

    fn wall(&self) -> jiff::Timestamp {
        NOW.parse().unwrap()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'_, ()> {
        let mut state = self.0.lock().unwrap();
        state.0 += wait;
        state.1.push(wait);
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> f64 {
        self.1
    }
}

#[derive(Default)]
pub(super) struct Events(pub(super) Mutex<Vec<String>>);

impl Observer for Events {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Request { family } => format!("request {family}"),
            Event::Retry { family, reason, wait } => format!("retry {family}: {reason}, {} ms", wait.as_millis()),
            Event::Waiting { family, reason, wait } => format!("waiting {family}: {reason}, {} ms", wait.as_millis()),
            Event::Resumed { family } => format!("resumed {family}"),
            other => panic!("unexpected {other:?}"),
        };
        self.0.lock().unwrap().push(line);
    }
}

pub(super) fn options(clock: &FakeClock) -> HttpOptions {
    HttpOptions {
        clock: Arc::new(clock.clone()),
        ..HttpOptions::of(&ABOUT)
    }
}

pub(super) fn workato(server: &Server, options: HttpOptions) -> WorkatoClient {
    let http = Arc::new(HttpClient::new(options).unwrap());
    WorkatoClient::new(server.url.clone(), Secret::new(TOKEN), http)
}

/// A client of a server that always answers the same.
pub(super) async fn answering(body: &'static str) -> (Server, WorkatoClient) {
    let server = Server::start(move |_, _| json(body)).await;
    let client = workato(&server, options(&FakeClock::new()));
    (server, client)
}

pub(super) fn rows(from: usize, count: usize) -> String {
    let rows: Vec<String> = (from..from + count).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    rows.join(",")
}

/// The rows of all pages of a list, each page asked for by the one before it.
pub(super) async fn pages<T: Row>(client: &WorkatoClient, at: impl Into<Address<'_>>) -> Result<Vec<T>, Error> {
    let at = at.into();
    let (mut all, mut next) = (Vec::new(), Some(1));
    while let Some(number) = next {
        let page = client.page::<T>(at, number).await?;
        all.extend(page.rows);
        next = page.next;
    }
    Ok(all)
}

pub(super) fn page_number(target: &str) -> usize {
    let url: Url = format!("http://h{target}").parse().unwrap();
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    query
        .get("page")
        .or_else(|| query.get("page[number]"))
        .unwrap()
        .parse()
        .unwrap()
}

pub(super) async fn raw(http: &HttpClient, server: &Server, family: &'static str) -> Result<Response, Error> {
    let token = Secret::new(TOKEN);
    http.send(&Request {
        url: server.url.join("/x").unwrap(),
        bearer: &token,
        endpoint: "/scripted",
        family,
        idempotent: true,
    })
    .await
}
