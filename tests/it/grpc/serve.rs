//! `serve`: the program as a server for anybody on this machine.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use baton_workato::simulator::{AccessModel, Env, Simulator};
use tonic::transport::Channel;

use super::remote::Remote;
use super::syncs::workspace;
use crate::support::program::program;
use crate::support::rows::Rows;
use crate::support::run;

fn command(simulator: &Simulator, arguments: &[&str]) -> Command {
    let mut command = program();
    command
        .env("BATON_WORKATO_API_KEY", simulator.token(Env::Dev))
        .env("BATON_WORKATO_TEST_API_KEY", simulator.token(Env::Test))
        .env("BATON_WORKATO_PROD_API_KEY", simulator.token(Env::Prod))
        .env("BATON_WORKATO_BASE_URL", simulator.base_url())
        .env("BATON_WORKATO_REQUESTS_PER_MINUTE", "100000")
        .args(arguments);
    command
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn anybody_here_can_sync_through_it_until_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let (simulator, settings) = workspace(AccessModel::Legacy).await;
    let here = folder.path().join("here.c1z");
    run::workato(settings, &here).await.unwrap();

    let mut command = command(&simulator, &["--workato-env=all", "serve", "--listen", "127.0.0.1:0"]);
    let mut server = Server(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut stdout = BufReader::new(server.0.stdout.take().unwrap());
    let mut address = String::new();
    stdout.read_line(&mut address).unwrap();
    let channel = Channel::from_shared(format!("http://{}", address.trim_end()))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let there = folder.path().join("there.c1z");
    run::connector(Remote::connect(channel).await, &run::options(&there))
        .await
        .unwrap();
    assert_eq!(Rows::of_file(&there), Rows::of_file(&here));

    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = tokio::task::spawn_blocking(move || server.0.wait().unwrap())
        .await
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "stdout has the address and nothing else");
}

fn refused(simulator: &Simulator, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command(simulator, arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_others_reach_are_refused() {
    let (simulator, _) = workspace(AccessModel::Legacy).await;
    for address in ["0.0.0.0:0", "[::]:0", "8.8.8.8:50051"] {
        let (code, stderr) = refused(&simulator, &["serve", "--listen", address]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains("loopback"), "{stderr}");
    }
    let (code, stderr) = refused(&simulator, &["serve", "--listen", "here"]);
    assert_eq!(code, Some(2), "{stderr}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, stderr) = refused(&simulator, &["serve", "--listen", &address]);
    assert_eq!(code, Some(14), "{stderr}");
}
