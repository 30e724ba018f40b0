//! A syncer that speaks gRPC, and the function behind it: every call becomes an invocation. So whole syncs go through.

use std::sync::Arc;

use baton_workato::baton::grpc::local::Raw;
use baton_workato::baton::proto::pool;
use baton_workato::simulator::AccessModel;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tonic::server::{Grpc, UnaryService};
use tonic::service::Routes;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status};

use super::cloud::Cloud;
use super::function::{Framing, Function, configuration};
use crate::grpc::remote::Remote;
use crate::grpc::syncs::workspace;
use crate::support::rows::Rows;
use crate::support::run;

struct Invoke {
    function: Arc<Function>,
    framing: Framing,
    method: String,
}

impl UnaryService<Bytes> for Invoke {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let (function, framing, method) = (Arc::clone(&self.function), self.framing, self.method.clone());
        Box::pin(async move {
            let (service, name) = method.trim_start_matches('/').split_once('/').unwrap();
            let service = pool().get_service_by_name(service).unwrap();
            let input = service.methods().find(|found| found.name() == name).unwrap().input();
            let message = (input.full_name(), request.into_inner().to_vec());
            let called = function.call(framing, &method, message, function.headers()).await;
            called
                .map(|answer| Response::new(answer.into()))
                .map_err(|status| Status::new(Code::from(status.code), status.message))
        })
    }
}

/// A gRPC server that hands all calls to a function.
async fn bridge(function: &Arc<Function>, framing: Framing) -> Channel {
    let function = Arc::clone(function);
    let pass = move |request: axum::http::Request<axum::body::Body>| {
        let invoke = Invoke {
            function: Arc::clone(&function),
            framing,
            method: request.uri().path().to_owned(),
        };
        async move { Grpc::new(Raw).unary(invoke, request).await }
    };
    let routes = axum::Router::new().fallback(pass);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    let server = Server::builder().add_routes(Routes::from(routes));
    tokio::spawn(async move { server.serve_with_incoming(incoming).await.unwrap() });
    Channel::from_shared(format!("http://{address}"))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_through_a_function_has_the_rows_of_any_other() {
    for model in [AccessModel::Legacy, AccessModel::RbacV2] {
        let folder = tempfile::tempdir().unwrap();
        let (simulator, settings) = workspace(model).await;
        let here = folder.path().join("here.c1z");
        run::workato(settings, &here).await.unwrap();
        let expected = Rows::of_file(&here);
        assert!(expected.grants.len() > 50, "there is something to compare");

        let cloud = Cloud::start(configuration(&simulator)).await;
        let function = Arc::new(Function::start(&cloud).await);
        for (framing, page_size) in [(Framing::Frame, 0), (Framing::Json, 7), (Framing::Both, 0)] {
            let there = folder.path().join(format!("{framing:?}.c1z"));
            let mut remote = Remote::connect(bridge(&function, framing).await).await;
            remote.page_size = page_size;
            run::connector(remote, &run::options(&there)).await.unwrap();
            assert_eq!(Rows::of_file(&there), expected, "{framing:?}");
        }
        cloud.assert_no_breach();
        let counts = {
            let seen = cloud.seen();
            (seen.token_requests, seen.asked.len())
        };
        assert_eq!(counts, (1, 1));
        function.assert_discreet();
        assert!(
            function.log().contains("since-then"),
            "a setting that nobody knows is named"
        );
    }
}
