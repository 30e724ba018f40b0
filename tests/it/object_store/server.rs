//! An S3 server, and something in front of it that makes trouble.

use std::collections::HashMap;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::support::python::python;

/// What the server wants to see; it does not check it.
const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=test/20261129/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// 503, `SlowDown`; the server never sees it.
    Busy,
    /// The server does it, and 500 is what comes back.
    LoseAnswer,
    /// 403.
    Deny,
    /// The server no longer knows the upload.
    ForgetUpload,
    /// Somebody else writes this just before.
    Overtake(Vec<u8>),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    method: String,
    pub uri: String,
    headers: HeaderMap,
    /// Bytes that were answered.
    pub sent: usize,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().unwrap().to_owned())
    }
}

struct Waiting {
    method: &'static str,
    /// Requests of that method that still pass.
    passing: usize,
    fault: Fault,
}

struct Front {
    behind: String,
    client: reqwest::Client,
    faults: Mutex<Vec<Waiting>>,
    seen: Mutex<Vec<Seen>>,
}

/// The server with its bucket `lake`. It ends with this.
pub struct Storage {
    server: Child,
    address: String,
    front: Arc<Front>,
}

impl Drop for Storage {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Storage {
    pub async fn start() -> Storage {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = python()
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &free.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let front = Arc::new(Front {
            behind: format!("http://127.0.0.1:{free}"),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            faults: Mutex::default(),
            seen: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass).with_state(Arc::clone(&front));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let storage = Storage { server, address, front };
        for _ in 0..600 {
            if storage.direct(reqwest::Method::PUT, "", Vec::new()).await.is_ok() {
                return storage;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the S3 server does not answer");
    }

    /// What a program needs to get here.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &self.address),
            ("AWS_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Lets so many requests of a method pass, and does this to the next.
    pub fn next(&self, method: &'static str, passing: usize, fault: Fault) {
        self.front
            .faults
            .lock()
            .unwrap()
            .push(Waiting { method, passing, fault });
    }

    /// Faults that did not happen yet.
    pub fn pending(&self) -> usize {
        self.front.faults.lock().unwrap().len()
    }

    pub fn seen(&self, method: &str) -> Vec<Seen> {
        let all = self.front.seen.lock().unwrap();
        all.iter().filter(|seen| seen.method == method).cloned().collect()
    }

    pub fn forget(&self) {
        self.front.seen.lock().unwrap().clear();
    }

    /// Asks the server itself.
    async fn direct(&self, method: reqwest::Method, name: &str, body: Vec<u8>) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/lake/{name}", self.front.behind);
        let request = self.front.client.request(method, url).header("authorization", SIGNED);
        request.body(body).send().await
    }

    pub async fn object(&self, name: &str) -> Option<Vec<u8>> {
        let answer = self.direct(reqwest::Method::GET, name, Vec::new()).await.unwrap();
        match answer.status().is_success() {
            true => Some(answer.bytes().await.unwrap().to_vec()),
            false => None,
        }
    }

    pub async fn put(&self, name: &str, body: Vec<u8>) {
        let answer = self.direct(reqwest::Method::PUT, name, body).await.unwrap();
        assert!(answer.status().is_success());
    }

    pub async fn remove(&self, name: &str) {
        let answer = self.direct(reqwest::Method::DELETE, name, Vec::new()).await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Uploads whose parts lie there and are no object.
    pub async fn uploads(&self) -> usize {
        let answer = self.direct(reqwest::Method::GET, "?uploads", Vec::new()).await.unwrap();
        answer.text().await.unwrap().matches("<UploadId>").count()
    }
}

fn answer(status: u16, code: &str) -> Response {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

impl Front {
    /// The first fault that waits for such a request, unless requests still pass before it.
    fn fault(&self, method: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|waiting| waiting.method == method)?;
        if faults[at].passing > 0 {
            faults[at].passing -= 1;
            return None;
        }
        Some(faults.remove(at).fault)
    }

    /// As S3 does it. The server behind this holds the last request of an upload to `If-None-Match`, and not to
    /// `If-Match`.
    async fn held(&self, method: &str, uri: &str, headers: &HeaderMap, body: Bytes) -> Response {
        if let Some(wanted) = headers.get("if-match").filter(|_| method == "POST") {
            let object = uri.split('?').next().unwrap();
            let there = self.forward("HEAD", object, headers, Bytes::new()).await;
            if there.headers().get("etag") != Some(wanted) {
                return answer(412, "PreconditionFailed");
            }
        }
        self.forward(method, uri, headers, body).await
    }

    async fn forward(&self, method: &str, uri: &str, headers: &HeaderMap, body: Bytes) -> Response {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{uri}", self.behind));
        for (name, value) in headers {
            if name != "host" && name != "content-length" {
                request = request.header(name, value);
            }
        }
        let found = request.body(body).send().await.unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = found.status();
        let headers: HashMap<_, _> = found
            .headers()
            .iter()
            .filter(|(name, _)| *name != "transfer-encoding" && *name != "connection")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        response.headers_mut().extend(headers);
        *response.body_mut() = Body::from(found.bytes().await.unwrap());
        response
    }
}

async fn pass(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let (method, uri) = (parts.method.to_string(), parts.uri.to_string());
    let forward = |body| front.held(&method, &uri, &parts.headers, body);
    let response = match front.fault(&method) {
        None => forward(body).await,
        Some(Fault::Busy) => answer(503, "SlowDown"),
        Some(Fault::Deny) => answer(403, "AccessDenied"),
        Some(Fault::ForgetUpload) => answer(404, "NoSuchUpload"),
        Some(Fault::LoseAnswer) => {
            assert!(forward(body).await.status().is_success());
            answer(500, "InternalError")
        }
        Some(Fault::Overtake(theirs)) => {
            let object = uri.split('?').next().unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("authorization", SIGNED.parse().unwrap());
            let put = front.forward("PUT", object, &headers, theirs.into()).await;
            assert!(put.status().is_success());
            forward(body).await
        }
    };
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    front.seen.lock().unwrap().push(Seen {
        method,
        uri,
        headers: parts.headers,
        sent: body.len(),
    });
    Response::from_parts(head, Body::from(body))
}
