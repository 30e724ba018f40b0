//! The end: what is left is sent, within a limit that holds whatever the collector does.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Runtime;

use super::told::Loss;
use crate::baton::lock::locked;

/// How long the end may take, as published.
const LIMIT: Duration = Duration::from_secs(5);

/// What a process sends, if it sends anything.
static SENDING: Mutex<Option<Sending>> = Mutex::new(None);

/// All that is at work while something is sent.
pub struct Sending {
    /// Traces.
    pub traces: SdkTracerProvider,
    /// Logs.
    pub logs: SdkLoggerProvider,
    /// Metrics.
    pub metrics: SdkMeterProvider,
    /// Where the connection lives: the command's own runtime is gone by the end.
    pub runtime: Runtime,
    /// Whether a failure was told.
    pub loss: Loss,
}

/// Keeps it for the [`end`].
pub fn keep(sending: Sending) {
    *locked(&SENDING) = Some(sending);
}

/// Sends what is left and ends.
pub fn end() {
    let Some(sending) = locked(&SENDING).take() else {
        return;
    };
    let Sending {
        traces,
        logs,
        metrics,
        runtime,
        loss,
    } = sending;
    let until = Instant::now() + LIMIT;
    let (done, waited) = channel();
    let ends: [Box<dyn FnOnce() -> OTelSdkResult + Send>; 3] = [
        Box::new(move || traces.shutdown_with_timeout(LIMIT)),
        Box::new(move || logs.shutdown_with_timeout(LIMIT)),
        Box::new(move || metrics.shutdown_with_timeout(LIMIT)),
    ];
    // Each for itself: one that hangs must not cost the others their turn.
    for end in ends {
        let done = done.clone();
        // Where no thread can be had, what was to be sent is lost, and the channel says so.
        let _ = std::thread::Builder::new().spawn(move || done.send(end()));
    }
    drop(done);
    for _ in 0..3 {
        match waited.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Ok(())) => {}
            Ok(Err(why)) => loss.tell(&why),
            Err(_) => {
                loss.tell(&format_args!("no answer within {} s", LIMIT.as_secs()));
                break;
            }
        }
    }
    runtime.shutdown_background();
}
