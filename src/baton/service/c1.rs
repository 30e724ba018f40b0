//! The calls of `BatonService`, each with its access token, a time limit and one second try when the token is refused
//! (`baton/service/protocol.md 2.2`).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use super::answer;
use super::frames::Frames;
use super::host::Host;
use super::token::Tokens;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result, Retry};
use crate::baton::http::Clock;
use crate::baton::proto::c1::connectorapi::baton::v1 as api;
use crate::baton::proto::c1::connectorapi::baton::v1::baton_service_client::BatonServiceClient;
use crate::baton::proto::v2;

type Client = BatonServiceClient<Frames>;

/// The longest a poll, a hello or a heartbeat may take. The published client waits forever; a connection that died
/// silently would then end the polling.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// The longest one FinishTask may take (`baton/service/protocol.md 2.2`).
const FINISH: Duration = Duration::from_secs(30);

/// ConductorOne, as one host sees it.
#[derive(Clone)]
pub struct C1 {
    client: Client,
    tokens: Arc<Tokens>,
    host_id: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl C1 {
    /// Calls over `channel` as host `host_id`.
    pub fn new(channel: Channel, tokens: Tokens, host_id: &str, clock: Arc<dyn Clock>) -> Self {
        C1 {
            client: BatonServiceClient::new(Frames(channel)),
            tokens: Arc::new(tokens),
            host_id: host_id.into(),
            clock,
        }
    }

    /// The id of this host.
    pub fn host_id(&self) -> &str {
        &self.host_id
    }

    /// Says who we are; `task_id` is empty at start-up.
    ///
    /// # Errors
    /// Here and below: what ConductorOne answered, or what kept it from answering.
    pub async fn hello(&self, task_id: &str, host: Host, metadata: v2::ConnectorMetadata) -> Result<()> {
        let message = api::BatonServiceHelloRequest {
            host_id: self.host_id.to_string(),
            task_id: task_id.to_owned(),
            build_info: Some(host.build),
            os_info: Some(host.os),
            connector_metadata: Some(metadata),
            annotations: Vec::new(),
        };
        let call = |mut c: Client, r| async move { c.hello(r).await };
        self.call("Hello", PATIENCE, message, call).await.map(drop)
    }

    /// Asks for one task.
    ///
    /// # Errors
    /// As [`C1::hello`].
    pub async fn get_task(&self) -> Result<api::BatonServiceGetTaskResponse> {
        let message = api::BatonServiceGetTaskRequest {
            host_id: self.host_id.to_string(),
        };
        let call = |mut c: Client, r| async move { c.get_task(r).await };
        self.call("GetTask", PATIENCE, message, call).await
    }

    /// Asks for several tasks besides those it knows.
    ///
    /// # Errors
    /// As [`C1::hello`].
    pub async fn get_tasks(&self, page_size: u32, known: Vec<String>) -> Result<api::BatonServiceGetTasksResponse> {
        let message = api::BatonServiceGetTasksRequest {
            host_id: self.host_id.to_string(),
            page_size,
            known_task_ids: known,
            annotations: Vec::new(),
        };
        let call = |mut c: Client, r| async move { c.get_tasks(r).await };
        self.call("GetTasks", PATIENCE, message, call).await
    }

    /// Says that a task is being worked on.
    ///
    /// # Errors
    /// As [`C1::hello`].
    pub async fn heartbeat(&self, task_id: &str) -> Result<api::BatonServiceHeartbeatResponse> {
        let message = api::BatonServiceHeartbeatRequest {
            host_id: self.host_id.to_string(),
            task_id: task_id.to_owned(),
            annotations: Vec::new(),
            task_ids: Vec::new(),
        };
        let call = |mut c: Client, r| async move { c.heartbeat(r).await };
        self.call("Heartbeat", PATIENCE, message, call).await
    }

    /// Says how a task ended.
    ///
    /// # Errors
    /// As [`C1::hello`].
    pub async fn finish_task(&self, message: api::BatonServiceFinishTaskRequest) -> Result<()> {
        let call = |mut c: Client, r| async move { c.finish_task(r).await };
        self.call("FinishTask", FINISH, message, call).await.map(drop)
    }

    /// Sends one stream of upload messages, made anew if the token is refused. Without a time limit.
    ///
    /// # Errors
    /// As [`C1::hello`].
    pub async fn upload<S>(&self, messages: impl Fn() -> S + Send + Sync) -> Result<()>
    where
        S: futures_util::Stream<Item = api::BatonServiceUploadAssetRequest> + Send + 'static,
    {
        let mut refreshed = false;
        loop {
            let authorization = self.tokens.header().await?;
            let mut request = Request::new(messages());
            let headers = request.metadata_mut();
            headers.insert("authorization", authorization.header.clone());
            match self.client.clone().upload_asset(request).await {
                Ok(_) => return Ok(()),
                Err(status) if status.code() == Code::Unauthenticated && !refreshed => {
                    refreshed = true;
                    self.tokens.refused(&authorization).await;
                }
                Err(status) => return Err(explain("UploadAsset", &status)),
            }
        }
    }

    async fn call<Q, R, F, Fut>(&self, name: &'static str, limit: Duration, message: Q, call: F) -> Result<R>
    where
        Q: Clone + Send,
        F: Fn(Client, Request<Q>) -> Fut + Send,
        Fut: Future<Output = Result<Response<R>, Status>> + Send,
    {
        let mut refreshed = false;
        loop {
            let authorization = self.tokens.header().await?;
            let mut request = Request::new(message.clone());
            let headers = request.metadata_mut();
            headers.insert("authorization", authorization.header.clone());
            let answering = std::pin::pin!(call(self.client.clone(), request));
            let status = match select(answering, self.clock.sleep(limit)).await {
                Either::Left((Ok(response), _)) => return Ok(response.into_inner()),
                Either::Left((Err(status), _)) => status,
                Either::Right(_) => {
                    let what = format!("ConductorOne did not answer {name} within {} s", limit.as_secs());
                    return Err(Error::new(Kind::DeadlineExceeded, what)
                        .code(code::C1_UNREACHABLE)
                        .retry(Retry::Later));
                }
            };
            if status.code() == Code::Unauthenticated && !refreshed {
                refreshed = true;
                self.tokens.refused(&authorization).await;
                continue;
            }
            return Err(explain(name, &status));
        }
    }
}

/// Whether the same call may succeed later: everything but a verdict on what was sent
/// (`baton/service/protocol.md 3.1`).
pub fn is_permanent(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unauthenticated
            | Kind::PermissionDenied
            | Kind::InvalidArgument
            | Kind::Unimplemented
            | Kind::FailedPrecondition
            | Kind::NotFound
            | Kind::Interrupted
            | Kind::Terminated
    )
}

fn explain(name: &str, status: &Status) -> Error {
    let error = answer::explain(name, status);
    match status.code() {
        Code::Unauthenticated => error.hint("check the client id and the client secret"),
        Code::Unavailable => {
            error.hint("check the network of this machine; private certificate authorities are named with --c1-ca-cert")
        }
        _ => error,
    }
}
