//! From spans and lines to the three exporters, each with a queue and a thread of its own: whoever opens a span or logs a
//! line never waits. What does not fit into a queue is lost.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{self, BatchLogProcessor, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider};
use tokio::runtime::Builder;
use tonic::transport::Channel;
use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, Targets, filter_fn};

use super::Listener;
use super::end::{self, Sending};
use super::link::{self, PATIENCE};
use super::measures::Measures;
use super::settings::Settings;
use super::told::{Loss, Told};
use crate::baton::about::About;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};

/// Where spans and lines of this library come from.
const OWN: &str = env!("CARGO_CRATE_NAME");
/// Those that send. What they say of sending would be sent again.
const SENDERS: [&str; 6] = [
    "opentelemetry",
    "opentelemetry_sdk",
    "opentelemetry_otlp",
    "tonic",
    "h2",
    "hyper",
];
/// How often a batch leaves that is not full, as published of logs.
const EVERY: Duration = Duration::from_secs(1);
/// Spans and lines that wait for their turn: those of the seconds in which a collector is slow.
const QUEUE: usize = 8_192;

/// See [`start`](super::start).
///
/// # Errors
/// As there.
pub fn start(settings: &Settings, about: &About, level: Level) -> Result<Vec<Listener>> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("telemetry")
        .enable_all()
        .build()
        .context("start the runtime of the OpenTelemetry collector")?;
    // The connection belongs to the runtime it is made in.
    let inside = runtime.enter();
    let channel = link::open(settings, about)?;
    let loss = Loss::default();
    let resource = Resource::builder()
        .with_service_name(format!("{}-server", about.name))
        .with_attribute(KeyValue::new("service.version", about.version))
        .build();
    let metrics = metrics(channel.clone(), &resource, &loss)?;
    let traces = traces(channel.clone(), &resource, &loss, Measures::new(&metrics.meter(OWN)))?;
    let logs = logs(channel, resource, &loss)?;

    let spans = Targets::new().with_target(OWN, LevelFilter::INFO);
    let spans = spans.and(filter_fn(|metadata| metadata.is_span()).with_max_level_hint(LevelFilter::TRACE));
    let spans = tracing_opentelemetry::layer()
        .with_tracer(traces.tracer(OWN))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(spans);
    let lines = Targets::new()
        .with_default(LevelFilter::from_level(level.min(Level::WARN)))
        .with_targets(SENDERS.map(|sender| (sender, LevelFilter::OFF)))
        .with_target(OWN, level);
    let lines = lines.and(filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE));
    let lines = OpenTelemetryTracingBridge::new(&logs).with_filter(lines);

    drop(inside);
    end::keep(Sending {
        traces,
        logs,
        metrics,
        runtime,
        loss,
    });
    Ok(vec![spans.boxed(), lines.boxed()])
}

fn traces(channel: Channel, resource: &Resource, loss: &Loss, measures: Measures) -> Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_channel(channel)
        .with_timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_scheduled_delay(EVERY)
        .build();
    let batches = BatchSpanProcessor::builder(Told::new(exporter, loss)).with_batch_config(config);
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_sampler(Sampler::AlwaysOn)
        .with_span_processor(measures)
        .with_span_processor(batches.build())
        .build())
}

fn logs(channel: Channel, resource: Resource, loss: &Loss) -> Result<SdkLoggerProvider> {
    let exporter = LogExporter::builder()
        .with_tonic()
        .with_channel(channel)
        .with_timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let config = logs::BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_scheduled_delay(EVERY)
        .build();
    let batches = BatchLogProcessor::builder(Told::new(exporter, loss)).with_batch_config(config);
    Ok(SdkLoggerProvider::builder()
        .with_resource(resource)
        .with_log_processor(batches.build())
        .build())
}

fn metrics(channel: Channel, resource: &Resource, loss: &Loss) -> Result<SdkMeterProvider> {
    let exporter = MetricExporter::builder()
        .with_tonic()
        .with_channel(channel)
        .with_timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    Ok(SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_reader(PeriodicReader::builder(Told::new(exporter, loss)).build())
        .build())
}

/// Variables that the library reads by itself (`OTEL_EXPORTER_OTLP_…`) may ask for what it has not.
fn failed(error: ExporterBuildError) -> Error {
    Error::new(Kind::Unknown, "the variables of OpenTelemetry cannot be followed")
        .code(code::SETTING_VALUE)
        .hint("look at those whose names begin with OTEL_")
        .source(error)
}
