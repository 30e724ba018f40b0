//! The stand-in: a token endpoint that verifies assertions and a BatonService that validates every message, hands out
//! scripted tasks, keeps what is uploaded and says what broke the contract. It shares nothing with the service but the
//! generated messages and the published rules.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsBigEndian as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use baton_workato::baton::grpc::rules;
use baton_workato::baton::proto::c1::connectorapi::baton::v1 as api;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_server::BatonService;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::baton_service_upload_asset_request::Msg;
use baton_workato::baton::proto::c1::connectorapi::baton::v1::task::TaskType;
use prost::{Message, Name};
use serde_json::Value;
use tonic::{Code, Request, Response, Status, Streaming};

pub const TENANT: &str = "tenant.example";

/// One scripted answer in the place of the usual one.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status at once.
    Status(Code),
    /// Nothing for so long, then the usual answer.
    Slow(Duration),
    /// An upload: the token is refused after its first messages.
    TokenExpired,
    /// An upload: the stream breaks off after its first message.
    Dropped,
    /// A heartbeat: the task is cancelled.
    Cancelled,
    /// An upload: stops reading for good after its first message.
    Stuck,
}

/// What was said about the end of a task.
#[derive(Debug, Clone)]
pub struct Ended {
    pub kind: &'static str,
    pub message: api::BatonServiceFinishTaskRequest,
}

impl Ended {
    pub fn succeeded(&self) -> bool {
        matches!(self.message.final_state, Some(FinalState::Success(_)))
    }
}

#[derive(Default)]
pub struct Seen {
    pub queue: VecDeque<api::Task>,
    pub handed: BTreeMap<String, &'static str>,
    pub ended: BTreeMap<String, Vec<Ended>>,
    pub hellos: Vec<api::BatonServiceHelloRequest>,
    pub beats: BTreeMap<String, u32>,
    pub uploads: BTreeMap<String, Vec<u8>>,
    pub breaches: Vec<String>,
    pub polls: u64,
    pub tokens: BTreeMap<String, jiff::Timestamp>,
    pub token_requests: u32,
    pub refused_tokens: u32,
    pub pages: Vec<u32>,
    nonces: BTreeSet<String>,
    faults: BTreeMap<&'static str, VecDeque<Fault>>,
    numbers: u32,
}

impl Seen {
    /// Scripted answers of a call that were not given yet.
    pub fn faults_of(&self, call: &str) -> usize {
        self.faults.get(call).map_or(0, VecDeque::len)
    }
}

/// How the stand-in behaves.
#[derive(Debug, Clone)]
pub struct TenantBehavior {
    pub next_poll: Option<Duration>,
    pub next_heartbeat: Duration,
    pub token_seconds: i64,
    /// How far its clock is ahead of ours.
    pub ahead: jiff::SignedDuration,
    /// The time here, without that.
    pub now: fn() -> jiff::Timestamp,
    /// Hand out anew what ended with an error that may be retried.
    pub requeue: bool,
}

impl Default for TenantBehavior {
    fn default() -> Self {
        TenantBehavior {
            next_poll: Some(Duration::from_millis(20)),
            next_heartbeat: Duration::from_secs(1),
            token_seconds: 3_600,
            ahead: jiff::SignedDuration::ZERO,
            now: jiff::Timestamp::now,
            requeue: false,
        }
    }
}

/// Shared by the token endpoint, the service and the test.
#[derive(Clone)]
pub struct StandIn {
    pub client_id: String,
    /// Whom assertions are for.
    pub audience: String,
    pub secret: String,
    pub behavior: TenantBehavior,
    public: Vec<u8>,
    seen: Arc<Mutex<Seen>>,
    pub changed: Arc<tokio::sync::Notify>,
}

impl StandIn {
    pub fn new(behavior: TenantBehavior) -> Self {
        StandIn::of("spicy-wyvern", TENANT, behavior)
    }

    /// One that knows a client of that name, and is found at a host, perhaps with a port.
    pub fn of(name: &str, host: &str, behavior: TenantBehavior) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let seed = pair.seed().unwrap().as_be_bytes().unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","d":"{}"}}"#,
            encode(&public),
            encode(seed.as_ref())
        );
        StandIn {
            client_id: format!("{name}@{host}/valcred"),
            audience: host.split(':').next().unwrap().to_owned(),
            secret: format!("secret-token:conductorone.com:v1:{}", encode(jwk.as_bytes())),
            behavior,
            public,
            seen: Arc::default(),
            changed: Arc::default(),
        }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Queues a task and says its id.
    pub fn task(&self, kind: TaskType) -> String {
        let mut seen = self.seen();
        seen.numbers += 1;
        let id = format!("task{:023}", seen.numbers);
        seen.queue.push_back(api::Task {
            id: id.clone(),
            status: api::task::Status::Pending.into(),
            debug: false,
            task_type: Some(kind),
        });
        id
    }

    /// The next answers of a call are these.
    pub fn fail(&self, call: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.seen().faults.entry(call).or_default().extend(faults);
    }

    pub fn breach(&self, text: impl Into<String>) {
        self.seen().breaches.push(text.into());
    }

    /// Ends when `enough` says so.
    pub async fn until(&self, what: &str, enough: impl Fn(&Seen) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if enough(&self.seen()) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(40 * 24 * 3_600), waiting)
            .await
            .is_err()
        {
            panic!("never happened: {what}");
        }
    }

    /// Ends when every task that was queued was answered.
    pub async fn until_done(&self) {
        let done = |seen: &Seen| seen.queue.is_empty() && seen.handed.keys().all(|id| seen.ended.contains_key(id));
        self.until("all tasks are done", done).await;
    }

    /// Everything was answered once, by the rules.
    pub fn assert_no_breach(&self) {
        let seen = self.seen();
        assert_eq!(seen.breaches, Vec::<String>::new());
        for (id, kind) in &seen.handed {
            assert_eq!(seen.ended.get(id).map(Vec::len), Some(1), "{kind} task {id}");
        }
    }

    fn fault(&self, call: &'static str) -> Option<Fault> {
        self.seen().faults.get_mut(call).and_then(VecDeque::pop_front)
    }

    fn now(&self) -> jiff::Timestamp {
        (self.behavior.now)() + self.behavior.ahead
    }

    /// The token endpoint: status and body.
    pub fn token(&self, form: &BTreeMap<String, String>) -> (u16, Value) {
        self.seen().token_requests += 1;
        if let Some(Fault::Status(_)) = self.fault("token") {
            return (503, serde_json::json!({ "error": "fault" }));
        }
        match self.verify(form) {
            Ok(()) => {
                let mut seen = self.seen();
                seen.numbers += 1;
                let token = format!("token-{}", seen.numbers);
                let lifetime = jiff::SignedDuration::from_secs(self.behavior.token_seconds);
                seen.tokens.insert(token.clone(), self.now() + lifetime);
                let answer = serde_json::json!({
                    "access_token": token, "token_type": "bearer", "expires_in": self.behavior.token_seconds,
                });
                (200, answer)
            }
            Err(why) => (401, serde_json::json!({ "error": "invalid_client", "why": why })),
        }
    }

    fn verify(&self, form: &BTreeMap<String, String>) -> Result<(), String> {
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let expected = [
            ("client_id", self.client_id.as_str()),
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
        ];
        for (name, value) in expected {
            if field(name) != value {
                self.breach(format!("token: {name} is {:?}", field(name)));
                return Err(name.to_owned());
            }
        }
        let assertion = field("client_assertion");
        let (signed, signature) = assertion.rsplit_once('.').ok_or("three parts")?;
        let (header, claims) = signed.split_once('.').ok_or("three parts")?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|e| e.to_string());
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(signed.as_bytes(), &decode(signature)?)
            .map_err(|_| "signature")?;
        let header: Value = serde_json::from_slice(&decode(header)?).map_err(|e| e.to_string())?;
        let claims: Value = serde_json::from_slice(&decode(claims)?).map_err(|e| e.to_string())?;
        let nonce = header["nonce"].as_str().unwrap_or_default().to_owned();
        let is_hex = nonce.len() == 32 && nonce.chars().all(|c| c.is_ascii_hexdigit());
        if header["alg"] != "EdDSA" || header.get("typ").is_some() || !is_hex || !self.seen().nonces.insert(nonce) {
            self.breach(format!("token: header {header}"));
            return Err("header".to_owned());
        }
        let host = self.audience.as_str();
        if claims["iss"] != self.client_id.as_str() || claims["sub"] != self.client_id.as_str() || claims["aud"] != host
        {
            self.breach(format!("token: claims {claims}"));
            return Err("claims".to_owned());
        }
        let now = self.now().as_second();
        let (from, until) = (
            claims["nbf"].as_i64().unwrap_or(i64::MAX),
            claims["exp"].as_i64().unwrap_or(0),
        );
        if now < from || now > until {
            return Err(format!("{now} is outside of {from}..{until}"));
        }
        Ok(())
    }

    /// Rules, token, script: what every call passes.
    fn check(&self, call: &'static str, headers: &tonic::metadata::MetadataMap) -> Result<(), Status> {
        let header = headers
            .get("authorization")
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let Some(token) = header.strip_prefix("Bearer ") else {
            self.breach(format!("{call}: authorization is not a bearer token"));
            return Err(Status::unauthenticated("no token"));
        };
        let agent = headers
            .get("user-agent")
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let name = self.client_id.split('@').next().unwrap();
        if !agent.starts_with(&format!("{name} baton-sdk/")) {
            self.breach(format!("{call}: user agent {agent:?}"));
        }
        let good = self.seen().tokens.get(token).is_some_and(|until| *until > self.now());
        if !good {
            self.seen().refused_tokens += 1;
            return Err(Status::unauthenticated("the token is expired"));
        }
        Ok(())
    }

    fn rules<M: Message + Name>(&self, message: &M) {
        if let Err(error) = rules::check(message) {
            self.breach(error.to_string());
        }
    }

    async fn admit<M: Message + Name>(&self, call: &'static str, request: &Request<M>) -> Result<(), Status> {
        match self.fault(call) {
            Some(Fault::Status(code)) => {
                self.changed.notify_waiters();
                return Err(Status::new(code, "scripted"));
            }
            Some(Fault::Slow(wait)) => tokio::time::sleep(wait).await,
            Some(other) => self.seen().faults.entry(call).or_default().push_front(other),
            None => {}
        }
        self.check(call, request.metadata())?;
        self.rules(request.get_ref());
        if call != "hello" && self.seen().hellos.is_empty() {
            self.breach(format!("{call} before hello"));
        }
        Ok(())
    }

    fn hand_out(&self, number: usize) -> Vec<api::Task> {
        let mut seen = self.seen();
        seen.polls += 1;
        let number = number.min(seen.queue.len());
        let tasks: Vec<api::Task> = seen.queue.drain(..number).collect();
        for task in &tasks {
            seen.handed.insert(task.id.clone(), kind_of(task));
        }
        tasks
    }

    fn wire(wait: Option<Duration>) -> Option<prost_types::Duration> {
        wait.map(|wait| prost_types::Duration::try_from(wait).unwrap())
    }
}

fn kind_of(task: &api::Task) -> &'static str {
    match task.task_type {
        Some(TaskType::SyncFull(_)) => "sync_full",
        Some(TaskType::Hello(_)) => "hello",
        Some(TaskType::Grant(_)) => "grant",
        _ => "other",
    }
}

#[tonic::async_trait]
impl BatonService for StandIn {
    async fn hello(
        &self,
        request: Request<api::BatonServiceHelloRequest>,
    ) -> Result<Response<api::BatonServiceHelloResponse>, Status> {
        self.admit("hello", &request).await?;
        let hello = request.into_inner();
        let mut seen = self.seen();
        if !hello.task_id.is_empty() {
            let ended = Ended {
                kind: "hello",
                message: Default::default(),
            };
            seen.ended.entry(hello.task_id.clone()).or_default().push(ended);
        }
        seen.hellos.push(hello);
        drop(seen);
        self.changed.notify_waiters();
        Ok(Response::new(Default::default()))
    }

    async fn get_task(
        &self,
        request: Request<api::BatonServiceGetTaskRequest>,
    ) -> Result<Response<api::BatonServiceGetTaskResponse>, Status> {
        self.admit("gettask", &request).await?;
        let task = self.hand_out(1).pop();
        self.changed.notify_waiters();
        Ok(Response::new(api::BatonServiceGetTaskResponse {
            task,
            next_poll: Self::wire(self.behavior.next_poll),
            ..Default::default()
        }))
    }

    async fn get_tasks(
        &self,
        request: Request<api::BatonServiceGetTasksRequest>,
    ) -> Result<Response<api::BatonServiceGetTasksResponse>, Status> {
        self.admit("gettasks", &request).await?;
        let request = request.into_inner();
        self.seen().pages.push(request.page_size);
        let mut tasks = self.hand_out(request.page_size as usize);
        // A server may repeat what is known, and say that there is nothing.
        let known = request.known_task_ids.first().cloned();
        tasks.extend(known.map(|id| api::Task {
            id,
            ..Default::default()
        }));
        tasks.push(api::Task {
            id: "n".repeat(27),
            task_type: Some(TaskType::None(Default::default())),
            ..Default::default()
        });
        self.changed.notify_waiters();
        Ok(Response::new(api::BatonServiceGetTasksResponse {
            tasks,
            next_poll: Self::wire(self.behavior.next_poll),
            ..Default::default()
        }))
    }

    async fn heartbeat(
        &self,
        request: Request<api::BatonServiceHeartbeatRequest>,
    ) -> Result<Response<api::BatonServiceHeartbeatResponse>, Status> {
        self.admit("heartbeat", &request).await?;
        let id = request.into_inner().task_id;
        if self.seen().handed.get(&id) != Some(&"sync_full") {
            self.breach(format!("heartbeat of task {id}"));
        }
        *self.seen().beats.entry(id).or_default() += 1;
        let cancelled = matches!(self.fault("heartbeat"), Some(Fault::Cancelled));
        self.changed.notify_waiters();
        Ok(Response::new(api::BatonServiceHeartbeatResponse {
            next_heartbeat: Self::wire(Some(self.behavior.next_heartbeat)),
            cancelled,
            ..Default::default()
        }))
    }

    async fn finish_task(
        &self,
        request: Request<api::BatonServiceFinishTaskRequest>,
    ) -> Result<Response<api::BatonServiceFinishTaskResponse>, Status> {
        self.admit("finishtask", &request).await?;
        let message = request.into_inner();
        let id = message.task_id.clone();
        let kind = self.seen().handed.get(&id).copied();
        let Some(kind) = kind else {
            self.breach(format!("FinishTask of unknown task {id}"));
            return Err(Status::not_found("no such task"));
        };
        match (&message.final_state, &message.status) {
            (Some(FinalState::Success(_)), Some(_)) => self.breach("success with a status"),
            (Some(FinalState::Error(_)), None) => self.breach("error without a status"),
            _ => {}
        }
        let ended = Ended { kind, message };
        let mut seen = self.seen();
        if kind == "hello" {
            seen.breaches
                .push("a hello task was answered with FinishTask".to_owned());
        }
        if kind == "sync_full" {
            if ended.succeeded() && !seen.uploads.contains_key(&id) {
                seen.breaches.push("a sync succeeded without an upload".to_owned());
            }
            if !seen.beats.contains_key(&id) && ended.succeeded() {
                seen.breaches.push("a sync without a heartbeat".to_owned());
            }
        }
        let retried = matches!(&ended.message.final_state, Some(FinalState::Error(e)) if !e.non_retryable);
        let again = retried && self.behavior.requeue && kind == "sync_full";
        seen.ended.entry(id).or_default().push(ended);
        drop(seen);
        if again {
            self.task(TaskType::SyncFull(Default::default()));
        }
        self.changed.notify_waiters();
        Ok(Response::new(Default::default()))
    }

    async fn upload_asset(
        &self,
        request: Request<Streaming<api::BatonServiceUploadAssetRequest>>,
    ) -> Result<Response<api::BatonServiceUploadAssetResponse>, Status> {
        let fault = self.fault("upload");
        if let Some(Fault::Status(code)) = fault {
            return Err(Status::new(code, "scripted"));
        }
        self.check("upload", request.metadata())?;
        let mut stream = request.into_inner();
        let mut task = None;
        let mut bytes = Vec::new();
        let mut last: Option<usize> = None;
        let mut whole = false;
        while let Some(message) = stream.message().await? {
            self.rules(&message);
            if whole {
                self.breach("upload: a message after eof");
            }
            match message.msg {
                Some(Msg::Metadata(metadata)) if task.is_none() && bytes.is_empty() => {
                    if self.seen().handed.get(&metadata.task_id) != Some(&"sync_full") {
                        self.breach("upload of another task");
                    }
                    task = Some(metadata.task_id);
                    self.seen().numbers += 1;
                    self.changed.notify_waiters();
                }
                Some(Msg::Data(data)) => {
                    if last.is_some_and(|size| size != 512 * 1024) {
                        self.breach("upload: a piece before the last is not 512 KiB");
                    }
                    last = Some(data.data.len());
                    bytes.extend(data.data);
                }
                Some(Msg::Eof(eof)) => {
                    if eof.sha256_checksum != digest(&SHA256, &bytes).as_ref() {
                        self.breach("upload: the digest differs");
                    }
                    whole = true;
                }
                other => self.breach(format!("upload: {other:?} out of order")),
            }
            match fault {
                Some(Fault::TokenExpired) => {
                    self.seen().tokens.clear();
                    return Err(Status::unauthenticated("the token expired meanwhile"));
                }
                Some(Fault::Dropped) => return Err(Status::unavailable("dropped")),
                Some(Fault::Stuck) => {
                    *self.seen().beats.entry("stuck".to_owned()).or_default() += 1;
                    self.changed.notify_waiters();
                    std::future::pending::<()>().await;
                }
                _ => {}
            }
        }
        let (Some(task), true) = (task, whole) else {
            // A client that was killed breaks off; one that lives must not.
            return Err(Status::invalid_argument("the upload is not whole"));
        };
        self.seen().uploads.insert(task, bytes);
        self.changed.notify_waiters();
        Ok(Response::new(Default::default()))
    }

    async fn start_debugging(
        &self,
        _: Request<api::StartDebuggingRequest>,
    ) -> Result<Response<api::StartDebuggingResponse>, Status> {
        self.breach("StartDebugging was called");
        Err(Status::unimplemented("never called"))
    }
}
