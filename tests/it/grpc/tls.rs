//! Mutual TLS: who has no certificate of the parent's authority gets no answer.

use std::sync::Arc;

use baton_workato::baton::grpc::Switches;
use baton_workato::baton::grpc::server::Security;
use baton_workato::baton::grpc::tls;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::connector_service_client::ConnectorServiceClient;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

use super::Served;
use super::certificates::Chain;
use super::data::Data;

async fn served(chain: &Chain) -> Served {
    let data = Arc::new(Data { things: 1, bytes: 1 });
    let tls = tls::server(&chain.credential()).unwrap();
    Served::with(data, Switches::default(), Security::MutualTls(Box::new(tls))).await
}

/// Whether a client with these settings gets an answer.
async fn is_answered(served: &Served, tls: Option<ClientTlsConfig>) -> bool {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut endpoint = Endpoint::from_shared(format!("{scheme}://{}", served.address)).unwrap();
    if let Some(tls) = tls {
        endpoint = endpoint.tls_config(tls).unwrap();
    }
    // A refusal may come with the handshake or with the first answer.
    let Ok(channel) = endpoint.connect().await else {
        return false;
    };
    ask(channel).await.is_ok()
}

async fn ask(channel: Channel) -> Result<tonic::Response<v2::ConnectorServiceGetMetadataResponse>, tonic::Status> {
    let mut client = ConnectorServiceClient::new(channel);
    client.get_metadata(v2::ConnectorServiceGetMetadataRequest {}).await
}

#[tokio::test]
async fn only_the_parent_is_answered() {
    let (ours, foreign) = (Chain::new(1), Chain::new(2));
    let served = served(&ours).await;
    assert!(is_answered(&served, Some(ours.parent(&ours))).await);
    assert!(!is_answered(&served, Some(ours.anonymous())).await, "no certificate");
    assert!(
        !is_answered(&served, Some(ours.parent(&foreign))).await,
        "somebody else's certificate"
    );
    assert!(
        !is_answered(&served, Some(foreign.parent(&ours))).await,
        "the parent knows its child"
    );
    assert!(!is_answered(&served, None).await, "no TLS");
    assert!(
        is_answered(&served, Some(ours.parent(&ours))).await,
        "refusals harm nobody else"
    );
}

#[tokio::test]
async fn plaintext_is_for_loopback() {
    use baton_workato::baton::grpc::{Services, server};
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let services = Services::new(Arc::new(Data { things: 1, bytes: 1 }), Switches::default());
    let error = server::serve(&services, listener, Security::Plaintext, std::future::pending())
        .await
        .unwrap_err();
    assert_eq!(error.kind().exit_code(), 2);
}
