//! The services called within this process: the same answers as over a connection, without one. Messages go in and come
//! out as bytes, so that whoever passes them on need not know them.

use bytes::{Buf as _, BufMut as _, Bytes};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Request, Status};

use super::recover::Recover;
use super::server::routes;
use super::{MESSAGE_LIMIT, Services};
use crate::baton::connector::Provisioner;

/// The services of one connector, whichever it is.
#[derive(Debug, Clone)]
pub struct Local(Recover<Routes>);

impl Local {
    /// The services.
    pub fn new<C: Provisioner>(services: &Services<C>) -> Self {
        Local(Recover(routes(services)))
    }

    /// Calls a unary method by its path, `/package.Service/Method`, with an encoded message; gives the encoded answer.
    ///
    /// # Errors
    /// The status the call ended with; `Unimplemented` for a path that names no method.
    pub async fn call(&self, path: &str, message: Bytes) -> Result<Bytes, Status> {
        let path = PathAndQuery::try_from(path)
            .map_err(|_| Status::unimplemented("the name of the method is none that a path can have"))?;
        let mut client = Grpc::new(self.0.clone())
            .max_encoding_message_size(MESSAGE_LIMIT)
            .max_decoding_message_size(MESSAGE_LIMIT);
        let not_ready = |_| Status::internal("the services are not ready");
        client.ready().await.map_err(not_ready)?;
        let answer = client.unary(Request::new(message), path, Raw).await?;
        Ok(answer.into_inner())
    }
}

/// Messages as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
