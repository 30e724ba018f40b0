//! The program as a function, and a caller of it.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_workato::baton::proto::c1::transport::v1::{Request, Response};
use baton_workato::baton::proto::google::rpc;
use baton_workato::baton::proto::pool;
use baton_workato::simulator::{Env, Simulator};
use prost::{Message, Name};
use prost_reflect::DynamicMessage;
use prost_types::value::Kind;
use prost_types::{Any, ListValue, Struct};
use serde_json::{Value, json};

use super::cloud::{Cloud, TOKEN};
use super::runtime_api::{Outcome, RuntimeApi};
use crate::support::program::program;

const AWS_SECRET: &str = "aws-secret-that-nobody-may-see";
const AWS_SESSION: &str = "aws-session-that-nobody-may-see";

/// How a request is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Json,
    Frame,
    /// As callers do it that do not know with whom they speak.
    Both,
}

/// The settings of a connector that reads a simulated workspace, as ConductorOne keeps them.
pub fn configuration(simulator: &Simulator) -> Value {
    json!({
        "workato-api-key": simulator.token(Env::Dev),
        "workato-test-api-key": simulator.token(Env::Test),
        "workato-prod-api-key": simulator.token(Env::Prod),
        "workato-base-url": simulator.base_url(),
        "workato-env": "all",
        "workato-requests-per-minute": 100_000.0,
        "disable-custom-roles-sync": false,
        "sync-connections": "false",
        "workato-own-api-clients": [],
        "since-then": "something new",
        "log-path": null,
    })
}

/// The program as Lambda would start it, not yet started.
pub fn command(cloud: &Cloud, api: &RuntimeApi, folder: &Path) -> Command {
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, &cloud.ca_pem).unwrap();
    let mut command = program();
    command
        .current_dir(folder)
        .args(["lambda", "--log-level", "debug"])
        .env("BATON_LAMBDA_CLIENT_ID", &cloud.client_id)
        .env("BATON_LAMBDA_CLIENT_SECRET", &cloud.secret)
        .env("BATON_LAMBDA_CA_CERT_PATH", &ca)
        .env("BATON_LAMBDA_AUTH_JWT_SIGNER", cloud.caller_jwk().to_string())
        .env("BATON_LAMBDA_AUTH_JWT_EXPECTED_ISSUER", "c1")
        .env("BATON_LAMBDA_AUTH_JWT_EXPECTED_SUBJECT", "invoker")
        .env("BATON_LAMBDA_AUTH_JWT_EXPECTED_AUDIENCE", "function")
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "connector")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", AWS_SECRET)
        .env("AWS_SESSION_TOKEN", AWS_SESSION)
        .stdin(Stdio::null());
    command
}

/// A function that does not begin: its exit code and what it said.
pub async fn ended(mut command: Command) -> (Option<i32>, String) {
    let run = move || command.output().unwrap();
    let Output { status, stderr, stdout } = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&stdout), "");
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A function that runs, and its caller.
pub struct Function {
    child: Child,
    api: RuntimeApi,
    cloud: Cloud,
    folder: tempfile::TempDir,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Function {
    pub async fn start(cloud: &Cloud) -> Self {
        Self::start_with(cloud, |_, _| {}).await
    }

    pub async fn start_with(cloud: &Cloud, change: impl FnOnce(&mut Command, &Path)) -> Self {
        let (api, folder) = (RuntimeApi::start().await, tempfile::tempdir().unwrap());
        let mut command = command(cloud, &api, folder.path());
        change(&mut command, folder.path());
        let log = File::create(folder.path().join("log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Function {
            child: command.spawn().unwrap(),
            api,
            cloud: cloud.clone(),
            folder,
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Nothing secret was logged.
    pub fn assert_discreet(&self) {
        let log = self.log();
        let jwk = self.cloud.secret.rsplit(':').next().unwrap();
        let mut secrets = vec![
            TOKEN.to_owned(),
            AWS_SECRET.to_owned(),
            AWS_SESSION.to_owned(),
            jwk.to_owned(),
        ];
        let seen = self.cloud.seen();
        for configuration in seen.configurations.values() {
            let keys = configuration
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| name.ends_with("-key"));
            secrets.extend(keys.map(|(_, value)| value.as_str().unwrap().to_owned()));
        }
        // Every signed token begins with the same letters.
        secrets.push("eyJ".to_owned());
        assert!(log.contains("waiting for invocations"), "the log is there: {log}");
        for secret in secrets {
            assert!(!log.contains(&secret), "{secret}: {log}");
        }
    }

    /// Invokes it with any payload.
    pub async fn invoke(&self, payload: &Value) -> Outcome {
        self.api.invoke(payload.to_string()).await
    }

    pub async fn invoke_text(&self, payload: &str) -> Outcome {
        self.api.invoke(payload.to_owned()).await
    }

    /// The headers of the expected caller.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        vec![(
            "authorization",
            format!("Bearer {}", self.cloud.caller_token(&json!({}))),
        )]
    }

    /// Calls a method with a message in bytes.
    pub async fn call(
        &self,
        framing: Framing,
        method: &str,
        (name, message): (&str, Vec<u8>),
        headers: Vec<(&'static str, String)>,
    ) -> Result<Vec<u8>, rpc::Status> {
        let list = |text: String| prost_types::Value {
            kind: Some(Kind::ListValue(ListValue {
                values: vec![prost_types::Value {
                    kind: Some(Kind::StringValue(text)),
                }],
            })),
        };
        let request = Request {
            method: method.to_owned(),
            req: Some(Any {
                type_url: format!("type.googleapis.com/{name}"),
                value: message,
            }),
            headers: Some(Struct {
                fields: headers
                    .into_iter()
                    .map(|(name, text)| (name.to_owned(), list(text)))
                    .collect(),
            }),
        };
        let mut payload = json!({});
        if framing != Framing::Frame {
            payload = json_of(&request);
        }
        if framing != Framing::Json {
            payload["v"] = json!(2);
            payload["frame"] = json!(STANDARD.encode(request.encode_to_vec()));
        }
        let answer = self.invoke(&payload).await.unwrap();
        let response: Response = match framing {
            Framing::Json => of_json(answer),
            _ => {
                assert_eq!((answer["v"].clone(), answer.as_object().unwrap().len()), (json!(2), 2));
                let bytes = STANDARD.decode(answer["frame"].as_str().unwrap()).unwrap();
                Response::decode(bytes.as_slice()).unwrap()
            }
        };
        let status = rpc::Status::decode(response.status.unwrap().value.as_slice()).unwrap();
        if status.code == 0 {
            return Ok(response.resp.unwrap().value);
        }
        assert_eq!(response.resp, None);
        Err(status)
    }

    /// Calls a method as the expected caller.
    pub async fn ask<M: Message + Name, R: Message + Default>(
        &self,
        framing: Framing,
        method: &str,
        message: &M,
    ) -> Result<R, rpc::Status> {
        self.ask_with(framing, method, message, Vec::new()).await
    }

    /// As [`Function::ask`], with more headers.
    pub async fn ask_with<M: Message + Name, R: Message + Default>(
        &self,
        framing: Framing,
        method: &str,
        message: &M,
        more: Vec<(&'static str, String)>,
    ) -> Result<R, rpc::Status> {
        let mut headers = self.headers();
        headers.extend(more);
        let message = (M::full_name(), message.encode_to_vec());
        let answer = self.call(framing, method, (&message.0, message.1), headers).await?;
        Ok(R::decode(answer.as_slice()).unwrap())
    }
}

fn json_of<M: Message + Name>(message: &M) -> Value {
    let descriptor = pool().get_message_by_name(&M::full_name()).unwrap();
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap();
    serde_json::to_value(dynamic).unwrap()
}

fn of_json<M: Message + Name + Default>(value: Value) -> M {
    let descriptor = pool().get_message_by_name(&M::full_name()).unwrap();
    let dynamic = DynamicMessage::deserialize(descriptor, value).unwrap();
    M::decode(dynamic.encode_to_vec().as_slice()).unwrap()
}
