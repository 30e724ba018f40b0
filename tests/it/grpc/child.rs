//! The program as the child of a parent process (`baton/service/protocol.md 7.2`): socket as descriptor 3, one line on
//! stdin, mutual TLS, and an end when stdin ends.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_workato::baton::connector::{Connector as _, SyncContext};
use baton_workato::baton::proto::c1::connector_wrapper::v1::ServerConfig;
use baton_workato::simulator::{AccessModel, Env, Simulator};
use command_fds::{CommandFdExt as _, FdMapping};
use prost::Message as _;
use tonic::transport::Channel;

use super::certificates::Chain;
use super::remote::Remote;
use super::syncs::workspace;
use crate::support::program::program;
use crate::support::rows::Rows;
use crate::support::run;

/// A child and what its parent holds. A child that is not waited for is killed.
struct Connector {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Drop for Connector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Connector {
    /// Starts a child with a listener and whatever line the parent sends.
    fn start(arguments: &[&str], environment: &[(&str, &str)], listener: Option<&TcpListener>, line: &str) -> Self {
        let mut command = program();
        command
            .args(arguments)
            .arg("_connector-service")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .envs(environment.iter().copied());
        if let Some(listener) = listener {
            let parent_fd = listener.try_clone().unwrap().into();
            command.fd_mappings(vec![FdMapping { parent_fd, child_fd: 3 }]).unwrap();
            command.env("BATON_CONNECTOR_SERVICE_LISTENER_FD", "3");
        }
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A child that has ended already reads nothing; its status tells.
        let _ = stdin.write_all(line.as_bytes());
        Connector {
            child,
            stdin: Some(stdin),
        }
    }

    /// Waits in steps for the end. On a busy machine the steps get longer, and the child is as slow.
    fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        const STEP: Duration = Duration::from_millis(10);
        for _ in 0..limit.as_millis() / STEP.as_millis() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(STEP);
        }
        None
    }
}

fn line(chain: &Chain, listen_port: u16) -> String {
    let config = ServerConfig {
        credential: Some(chain.credential()),
        listen_port: u32::from(listen_port),
        ..Default::default()
    };
    format!("{}\n", STANDARD.encode(config.encode_to_vec()))
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// As a parent dials: the socket listens already, so the first try waits for the child.
async fn dial(chain: &Chain, port: u16) -> Channel {
    let endpoint = Channel::from_shared(format!("https://127.0.0.1:{port}")).unwrap();
    endpoint
        .tls_config(chain.parent(chain))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// The parent's own arguments, which the child gets too.
fn arguments(simulator: &Simulator) -> Vec<String> {
    let token = |env| simulator.token(env);
    vec![
        "--workato-api-key".to_owned(),
        token(Env::Dev),
        format!("--workato-test-api-key={}", token(Env::Test)),
        format!("--workato-prod-api-key={}", token(Env::Prod)),
        "--workato-base-url".to_owned(),
        simulator.base_url(),
        "--workato-env=all".to_owned(),
        "--workato-requests-per-minute=100000".to_owned(),
        "-f".to_owned(),
        "the-parents.c1z".to_owned(),
        "--log-level=error".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_syncs_through_it_and_it_ends_with_the_parent() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, settings) = workspace(AccessModel::RbacV2).await;
    let here = folder.path().join("here.c1z");
    run::workato(settings, &here).await.unwrap();

    let chain = Chain::new(5);
    let (listener, port) = listener();
    let arguments = arguments(&simulator);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // A parent in service mode has these set; they are its own business.
    let environment = [("BATON_CLIENT_ID", "a@b.c/d"), ("BATON_CLIENT_SECRET", "secret")];
    let mut connector = Connector::start(&arguments, &environment, Some(&listener), &line(&chain, port));
    drop(listener);

    let there = folder.path().join("there.c1z");
    let remote = Remote::connect(dial(&chain, port).await).await;
    run::connector(remote, &run::options(&there)).await.unwrap();
    assert_eq!(Rows::of_file(&there), Rows::of_file(&here));
    assert!(
        connector.ended_within(Duration::from_millis(50)).is_none(),
        "it serves as long as stdin is open"
    );

    drop(connector.stdin.take());
    let status = connector
        .ended_within(Duration::from_secs(1))
        .expect("it ends within a second");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_parent_in_the_middle_of_a_call() {
    // A workspace that takes connections and never answers.
    let (workato, workato_port) = listener();
    let base_url = format!("http://127.0.0.1:{workato_port}");
    let arguments = ["--workato-api-key", "wrkaus-x", "--workato-base-url", &base_url];
    let chain = Chain::new(6);
    let (listener, port) = listener();
    let mut connector = Connector::start(&arguments, &[], Some(&listener), &line(&chain, port));
    let remote = Remote::connect(dial(&chain, port).await).await;
    let asking = tokio::spawn(async move { remote.validate(&SyncContext::detached()).await });
    let accepting = tokio::task::spawn_blocking(move || workato.accept().unwrap());
    let _request_under_way = accepting.await.unwrap();
    drop(connector.stdin.take());
    let status = connector
        .ended_within(Duration::from_secs(1))
        .expect("it ends within a second");
    assert_eq!(status.code(), Some(0));
    assert!(asking.await.unwrap().is_err(), "the call was cut off");
}

#[test]
fn without_a_parent_it_says_so() {
    let key = [
        "--workato-api-key",
        "wrkaus-x",
        "--workato-base-url",
        "http://127.0.0.1:1",
    ];
    let chain = Chain::new(7);
    let (listener, port) = listener();
    let ends = |listener: Option<&TcpListener>, line: &str| {
        let mut connector = Connector::start(&key, &[], listener, line);
        drop(connector.stdin.take());
        connector.ended_within(Duration::from_secs(10)).expect("it ends").code()
    };
    assert_eq!(ends(Some(&listener), ""), Some(3), "nothing on stdin");
    assert_eq!(ends(Some(&listener), "%%%\n"), Some(3), "not base64");
    assert_eq!(
        ends(Some(&listener), &line(&chain, port.wrapping_add(1).max(1))),
        Some(2),
        "another port"
    );
    let no_credential = ServerConfig {
        listen_port: u32::from(port),
        ..Default::default()
    };
    let no_credential = format!("{}\n", STANDARD.encode(no_credential.encode_to_vec()));
    assert_eq!(ends(Some(&listener), &no_credential), Some(3), "no certificates");
    assert_eq!(
        ends(None, &line(&chain, port)),
        Some(14),
        "no socket came along, and the port is taken"
    );

    let mut connector = Connector::start(&[], &[], Some(&listener), &line(&chain, port));
    let status = connector.ended_within(Duration::from_secs(10)).expect("it ends");
    assert_eq!(status.code(), Some(2), "no key");
}
