//! A call that panics answers code 13 and takes nobody along (`baton/service/protocol.md 7.4`).

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::FutureExt as _;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Service, http};

/// Answers for a service whose calls may panic.
#[derive(Debug, Clone)]
pub struct Recover<S>(pub S);

type Answer = Result<http::Response<Body>, Infallible>;

impl<S> Service<http::Request<Body>> for Recover<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let begun = Instant::now();
        // Nothing of a call that panicked is looked at again, and shared state is behind locks that bear it.
        let answer = AssertUnwindSafe(self.0.call(request)).catch_unwind();
        Box::pin(async move {
            let answer = answer.await.unwrap_or_else(|_| {
                tracing::error!(call = %path, "A call panicked.");
                Ok(Status::internal("Internal Server Error").into_http())
            });
            tracing::debug!(call = %path, elapsed = ?begun.elapsed(), "Call answered.");
            answer
        })
    }
}
