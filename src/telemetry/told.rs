//! Exporters that say once that the collector does not take what it is sent, and never again.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Whether it was said.
#[derive(Debug, Clone, Default)]
pub struct Loss(Arc<AtomicBool>);

impl Loss {
    /// Says it, the first time. `why` holds no word of the collector, which could send back what it was sent.
    pub fn tell(&self, why: &dyn Display) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %why,
                "The OpenTelemetry collector does not take what it is sent: traces, logs and metrics are lost, and \
                 nothing else. No more is said of it."
            );
        }
    }

    fn note(&self, outcome: OTelSdkResult) -> OTelSdkResult {
        if let Err(why) = &outcome {
            self.tell(why);
        }
        outcome
    }
}

/// An exporter whose failures are said once.
#[derive(Debug)]
pub struct Told<E> {
    inner: E,
    loss: Loss,
}

impl<E> Told<E> {
    /// One of several that are one thing to a person.
    pub fn new(inner: E, loss: &Loss) -> Self {
        Told {
            inner,
            loss: loss.clone(),
        }
    }
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.loss.note(self.inner.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.inner.shutdown()
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Told<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.loss.note(self.inner.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.inner.shutdown()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Told<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.loss.note(self.inner.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.inner.shutdown()
    }

    fn temporality(&self) -> Temporality {
        self.inner.temporality()
    }
}
