//! A channel that sends in frames of HTTP/2's usual size, whatever more the other side allows. So polls and heartbeats
//! get their turn between the pieces of an upload on the same connection, and gateways that count by the default do not
//! break it.

use std::task::{Context, Poll};

use axum::body::Body as AxumBody;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::Channel;

/// The largest frame every HTTP/2 peer takes.
const FRAME: usize = 16 * 1024;

/// See the module.
#[derive(Debug, Clone)]
pub struct Frames(pub Channel);

impl Service<http::Request<Body>> for Frames {
    type Response = http::Response<Body>;
    type Error = <Channel as Service<http::Request<Body>>>::Error;
    type Future = <Channel as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // Requests of gRPC have no trailers, so the data is all of a body.
        let request = request.map(|body| {
            let data = AxumBody::new(body).into_data_stream();
            let frames = data.flat_map(|chunk| match chunk {
                Ok(bytes) => stream::iter(cut(bytes).into_iter().map(Ok).collect::<Vec<_>>()),
                Err(error) => stream::iter(vec![Err(error)]),
            });
            Body::new(AxumBody::from_stream(frames))
        });
        Service::call(&mut self.0, request)
    }
}

/// The bytes in frames; the memory stays one.
fn cut(mut bytes: Bytes) -> Vec<Bytes> {
    let mut frames = Vec::with_capacity(bytes.len().div_ceil(FRAME));
    while bytes.len() > FRAME {
        frames.push(bytes.split_to(FRAME));
    }
    frames.push(bytes);
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_frame_is_larger_than_usual() {
        for (size, expected) in [
            (0, vec![0]),
            (1, vec![1]),
            (FRAME, vec![FRAME]),
            (2 * FRAME + 1, vec![FRAME, FRAME, 1]),
        ] {
            let sizes: Vec<usize> = cut(Bytes::from(vec![0; size])).iter().map(Bytes::len).collect();
            assert_eq!(sizes, expected);
        }
    }
}
