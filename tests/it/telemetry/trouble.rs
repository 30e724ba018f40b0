//! Collectors that are down, refuse, or do not answer: the sync is what it is without one, and one line says so.

use baton_workato::baton::c1z::Reader;
use baton_workato::simulator::Behavior;
use tonic::Code;

use super::receiver::{Manner, Receiver};
use super::{LOSS, ends_well, told, workspace};
use crate::support::place::Place;

async fn whole_and_told_once(collector: &str) -> String {
    let simulator = workspace(Behavior::default()).await;
    let place = Place::new();
    let err = ends_well(told(place.path(), &simulator, "warn", collector)).await;
    assert_eq!(err.matches(LOSS).count(), 1, "{err}");
    assert!(!err.contains("the word of the collector"), "it could be a token: {err}");
    let reader = Reader::open(&place.file(), None).unwrap();
    let run = reader.latest_full().unwrap().unwrap();
    assert_eq!(reader.verify(&run.sync_id).unwrap(), Vec::new());
    err
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_down_is_told_of_once() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    whole_and_told_once(&nobody.to_string()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_refuses_is_told_of_once() {
    for code in [Code::PermissionDenied, Code::Unavailable, Code::Internal] {
        let receiver = Receiver::start(Manner::Refuses(code)).await;
        whole_and_told_once(&receiver.address.to_string()).await;
        assert!(receiver.seen().calls >= 2, "each kind is tried");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_told_of_once_and_left() {
    let receiver = Receiver::start(Manner::Hangs).await;
    whole_and_told_once(&receiver.address.to_string()).await;
    assert!(receiver.seen().calls >= 1);
}

/// Takes connections and says nothing at all.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_even_greet_is_left_too() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            held.push(connection);
        }
    });
    whole_and_told_once(&address.to_string()).await;
}
