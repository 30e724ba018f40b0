//! What a collector of OpenTelemetry gets of a run, and that nothing it does reaches the run.

mod receiver;
mod secrets;
mod settings;
mod sync;
mod trouble;

use std::path::Path;
use std::process::{Command, Output};

use baton_workato::simulator::{AccessModel, Behavior, Shape, Simulator, Workspace};

use crate::support::program::{output, syncing};

/// What is said of a collector that does not take what it is sent.
const LOSS: &str = "The OpenTelemetry collector does not take what it is sent";

async fn workspace(behavior: Behavior) -> Simulator {
    let shape = Shape::small(AccessModel::RbacV2);
    Simulator::start(Workspace::generate(&shape), behavior).await.unwrap()
}

/// A sync that logs from a level on and is told of a collector without TLS.
fn told(folder: &Path, simulator: &Simulator, level: &str, collector: &str) -> Command {
    let mut command = syncing(folder, simulator, 4);
    // The last one counts.
    command
        .env("BATON_LOG_FORMAT", "json")
        .env("BATON_OTEL_COLLECTOR_ENDPOINT", collector)
        .env("BATON_OTEL_COLLECTOR_ENDPOINT_TLS_INSECURE", "true")
        .args(["--workato-requests-per-minute", "100000", "--log-level", level]);
    command
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A sync that must end well, whatever the collector does. What it said.
async fn ends_well(command: Command) -> String {
    let ended = output(command).await;
    let err = err(&ended);
    assert_eq!(ended.status.code(), Some(0), "{err}");
    err
}
