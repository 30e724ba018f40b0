//! Connections of the explorer. Any program of the computer can open some: one that never says what it wants holds
//! nothing for long.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the head of a request may take, and how long a connection may be silent between two.
pub(super) const HEAD: Duration = Duration::from_secs(10);
/// Connections at the same time; whoever comes then waits.
const OPEN: usize = 256;
/// How long to wait where the system gives no connection, as when it has no more files to open.
const AGAIN: Duration = Duration::from_millis(50);

/// Answers until cancelled, then until all that was asked is answered.
pub(super) async fn listen(listener: TcpListener, router: Router, head: Duration, cancel: CancellationToken) {
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(OPEN));
    let next = async || {
        let place = Arc::clone(&places).acquire_owned().await.ok();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, place),
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
    };
    loop {
        let (stream, place) = tokio::select! {
            () = cancel.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            next = next() => next,
        };
        let serving = connection(stream, router.clone(), head, cancel.clone());
        connections.spawn(async move {
            serving.await;
            drop(place);
        });
    }
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, router: Router, head: Duration, cancel: CancellationToken) {
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
    );
    // How a connection ends is no concern of anybody.
    if cancel.run_until_cancelled(serving.as_mut()).await.is_none() {
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}
