//! Messages stay below 4 MiB: pages that would be larger are cut, and nothing is lost on the way.

use std::sync::Arc;

use baton_workato::baton::connector::{Connector as _, SyncContext};
use baton_workato::baton::grpc::{MESSAGE_LIMIT, Switches};
use baton_workato::baton::page::PageToken;
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resources_service_client::ResourcesServiceClient;
use prost::Message as _;
use tonic::Code;

use super::Served;
use super::data::Data;
use super::remote::Remote;
use crate::support::rows::Rows;
use crate::support::run;

/// Pages of about 9 MiB.
const LARGE: Data = Data {
    things: 30,
    bytes: 300_000,
};

#[tokio::test]
async fn large_pages_are_cut_and_rows_stay_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here.c1z"), folder.path().join("there.c1z"));
    run::connector(LARGE, &run::options(&here)).await.unwrap();

    let served = Served::plain(Arc::new(LARGE), Switches::default()).await;
    let remote = Remote::connect(served.channel().await).await;
    let cx = SyncContext::detached();
    let mut token = PageToken::first();
    let mut sizes = Vec::new();
    loop {
        let page = remote.list_resources(&cx, "thing", None, &token).await.unwrap();
        let bytes: usize = page.rows.iter().map(prost::Message::encoded_len).sum();
        assert!(bytes < MESSAGE_LIMIT);
        sizes.push(page.rows.len());
        match page.next {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!(sizes, [13, 13, 4]);

    run::connector(remote, &run::options(&there)).await.unwrap();
    assert_eq!(Rows::of_file(&there), Rows::of_file(&here));
}

#[tokio::test]
async fn a_row_no_message_can_carry_is_an_error_with_its_own_code() {
    let data = Data {
        things: 1,
        bytes: MESSAGE_LIMIT,
    };
    let served = Served::plain(Arc::new(data), Switches::default()).await;
    let mut client = ResourcesServiceClient::new(served.channel().await);
    let request = v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "thing".to_owned(),
        ..Default::default()
    };
    let status = client.list_resources(request).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(
        status.message().starts_with("error: listing resources failed: "),
        "{status}"
    );
}

#[tokio::test]
async fn larger_requests_are_refused() {
    let served = Served::plain(Arc::new(LARGE), Switches::default()).await;
    let request = v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "thing".to_owned(),
        page_token: "x".repeat(MESSAGE_LIMIT),
        ..Default::default()
    };
    assert!(request.encoded_len() > MESSAGE_LIMIT);
    let mut client = ResourcesServiceClient::new(served.channel().await);
    let status = client.list_resources(request).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}
