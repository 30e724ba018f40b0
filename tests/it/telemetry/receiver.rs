//! A collector: the three services of OTLP over gRPC, with or without TLS. It keeps what it gets.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::logs::v1 as logs;
use opentelemetry_proto::tonic::collector::metrics::v1 as metrics;
use opentelemetry_proto::tonic::collector::trace::v1 as trace;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};

/// What it does with what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Takes,
    Refuses(Code),
    Hangs,
}

#[derive(Debug, Default)]
pub struct Seen {
    pub traces: Vec<trace::ExportTraceServiceRequest>,
    pub logs: Vec<logs::ExportLogsServiceRequest>,
    pub metrics: Vec<metrics::ExportMetricsServiceRequest>,
    /// Every message as it came, one behind the other.
    pub bytes: Vec<u8>,
    pub calls: usize,
    pub peers: BTreeSet<SocketAddr>,
}

#[derive(Debug, Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    manner: Manner,
    seen: Arc<Mutex<Seen>>,
}

impl Receiver {
    pub async fn start(manner: Manner) -> Receiver {
        Receiver::with(manner, None).await
    }

    pub async fn with(manner: Manner, identity: Option<Identity>) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            manner,
            seen: Arc::default(),
        };
        let mut server = Server::builder();
        if let Some(identity) = identity {
            server = server.tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
        }
        let server = server
            .add_service(trace::trace_service_server::TraceServiceServer::new(receiver.clone()))
            .add_service(logs::logs_service_server::LogsServiceServer::new(receiver.clone()))
            .add_service(metrics::metrics_service_server::MetricsServiceServer::new(
                receiver.clone(),
            ));
        let incoming = TcpIncoming::from(listener);
        tokio::spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
        receiver
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    async fn takes<T: prost::Message>(
        &self,
        request: Request<T>,
        keep: impl FnOnce(&mut Seen, T),
    ) -> Result<(), Status> {
        let peer = request.remote_addr();
        let message = request.into_inner();
        {
            let mut seen = self.seen();
            seen.calls += 1;
            seen.peers.extend(peer);
            message.encode(&mut seen.bytes).unwrap();
            keep(&mut seen, message);
        }
        match self.manner {
            Manner::Takes => Ok(()),
            Manner::Refuses(code) => Err(Status::new(code, "the word of the collector")),
            Manner::Hangs => std::future::pending().await,
        }
    }
}

#[tonic::async_trait]
impl trace::trace_service_server::TraceService for Receiver {
    async fn export(
        &self,
        request: Request<trace::ExportTraceServiceRequest>,
    ) -> Result<Response<trace::ExportTraceServiceResponse>, Status> {
        self.takes(request, |seen, message| seen.traces.push(message)).await?;
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl logs::logs_service_server::LogsService for Receiver {
    async fn export(
        &self,
        request: Request<logs::ExportLogsServiceRequest>,
    ) -> Result<Response<logs::ExportLogsServiceResponse>, Status> {
        self.takes(request, |seen, message| seen.logs.push(message)).await?;
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl metrics::metrics_service_server::MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<metrics::ExportMetricsServiceRequest>,
    ) -> Result<Response<metrics::ExportMetricsServiceResponse>, Status> {
        self.takes(request, |seen, message| seen.metrics.push(message)).await?;
        Ok(Response::new(Default::default()))
    }
}

impl Seen {
    pub fn spans(&self) -> Vec<Span> {
        let of_resources = self.traces.iter().flat_map(|message| &message.resource_spans);
        let of_scopes = of_resources.flat_map(|resource| &resource.scope_spans);
        of_scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    pub fn lines(&self) -> Vec<LogRecord> {
        let of_resources = self.logs.iter().flat_map(|message| &message.resource_logs);
        let of_scopes = of_resources.flat_map(|resource| &resource.scope_logs);
        of_scopes.flat_map(|scope| scope.log_records.clone()).collect()
    }

    /// As the last message has them: they are sums since the start.
    pub fn metrics(&self) -> Vec<Metric> {
        let last = self.metrics.last().into_iter();
        let of_scopes = last.flat_map(|m| &m.resource_metrics).flat_map(|r| &r.scope_metrics);
        of_scopes.flat_map(|scope| scope.metrics.clone()).collect()
    }

    /// Who sent it, of every message.
    pub fn senders(&self) -> Vec<Resource> {
        let traces = self.traces.iter().flat_map(|m| &m.resource_spans).map(|r| &r.resource);
        let logs = self.logs.iter().flat_map(|m| &m.resource_logs).map(|r| &r.resource);
        let metrics = self
            .metrics
            .iter()
            .flat_map(|m| &m.resource_metrics)
            .map(|r| &r.resource);
        traces.chain(logs).chain(metrics).flatten().cloned().collect()
    }

    pub fn contains(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// The value of an attribute as a text.
pub fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|one| one.key == key)?;
    text(found.value.as_ref()?)
}

pub fn text(value: &AnyValue) -> Option<String> {
    Some(match value.value.as_ref()? {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::BoolValue(flag) => flag.to_string(),
        any_value::Value::DoubleValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}
