//! A request as a call of the services, and its outcome as a response (`baton/hosted/facts.md 4.2, 4.4`). Only unary
//! methods have a place here.

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::MethodDescriptor;
use prost_types::{Any, Struct};
use tonic::{Code, Status};

use crate::baton::annotation::{self, TYPE_URL_PREFIX};
use crate::baton::grpc::local::Local;
use crate::baton::proto::c1::transport::v1::{Request, Response};
use crate::baton::proto::google::rpc;
use crate::baton::proto::pool;

/// Calls what a request names.
///
/// # Errors
/// The status of the call.
pub async fn call(services: &Local, request: &Request) -> Result<Response, Status> {
    let method = method(&request.method)?;
    let sent = request
        .req
        .as_ref()
        .ok_or_else(|| Status::internal("the request has no message"))?;
    let (wanted, given) = (method.input(), annotation::name_of(sent));
    if given != wanted.full_name() {
        return Err(Status::internal(format!(
            "the message is a {given:?}, not a {}",
            wanted.full_name()
        )));
    }
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let answer = services.call(&path, Bytes::from(sent.value.clone())).await?;
    Ok(Response {
        resp: Some(Any {
            type_url: format!("{TYPE_URL_PREFIX}{}", method.output().full_name()),
            value: answer.into(),
        }),
        status: Some(packed(&rpc::Status {
            code: 0,
            message: "OK".to_owned(),
            details: Vec::new(),
        })),
        headers: Some(Struct::default()),
        trailers: Some(Struct::default()),
    })
}

/// The response of a call that failed.
pub fn failed(status: &Status) -> Response {
    let plain = || rpc::Status {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: Vec::new(),
    };
    let detailed = || {
        rpc::Status::decode(status.details())
            .ok()
            .filter(|found| found.code == i32::from(status.code()))
    };
    let told = if status.details().is_empty() { None } else { detailed() };
    Response {
        status: Some(packed(&told.unwrap_or_else(plain))),
        ..Default::default()
    }
}

/// What a method is, by `/package.Service/Method`.
fn method(name: &str) -> Result<MethodDescriptor, Status> {
    let unknown = |what: String| Status::new(Code::Unimplemented, what);
    let path = name.strip_prefix('/').unwrap_or(name);
    let (service, method) = path
        .rsplit_once('/')
        .ok_or_else(|| unknown(format!("malformed method name: {name:?}")))?;
    let service = pool()
        .get_service_by_name(service)
        .ok_or_else(|| unknown(format!("unknown service {service:?}")))?;
    let found = service.methods().find(|found| found.name() == method);
    let found = found.ok_or_else(|| unknown(format!("unknown method {method:?} of {}", service.full_name())))?;
    if found.is_client_streaming() || found.is_server_streaming() {
        return Err(unknown(format!(
            "{name} is a stream, and only single answers are given here"
        )));
    }
    Ok(found)
}

fn packed(status: &rpc::Status) -> Any {
    Any {
        type_url: format!("{TYPE_URL_PREFIX}google.rpc.Status"),
        value: status.encode_to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_names() {
        for good in [
            "/c1.connector.v2.GrantsService/ListGrants",
            "c1.connector.v2.GrantsService/ListGrants",
        ] {
            assert_eq!(method(good).unwrap().input().name(), "GrantsServiceListGrantsRequest");
        }
        for bad in [
            "",
            "/",
            "ListGrants",
            "/c1.connector.v2.GrantsService",
            "/c1.connector.v2.GrantsService/listGrants",
            "/c1.connector.v2.Grants/ListGrants",
            "/c1.connector.v2.GrantsService/ListGrants/",
            "/c1.connector.v2.AssetService/GetAsset",
        ] {
            assert_eq!(method(bad).unwrap_err().code(), Code::Unimplemented, "{bad}");
        }
    }

    #[test]
    fn details_of_a_status_are_kept() {
        let of = |status: &Status| {
            let response = failed(status);
            assert_eq!((response.resp, response.headers), (None, None));
            rpc::Status::decode(response.status.unwrap().value.as_slice()).unwrap()
        };
        let plain = of(&Status::not_found("no"));
        assert_eq!((plain.code, plain.message.as_str()), (5, "no"));
        let detailed = rpc::Status {
            code: 14,
            message: "wait".to_owned(),
            details: vec![Any::default()],
        };
        let status = Status::with_details(Code::Unavailable, "wait", detailed.encode_to_vec().into());
        assert_eq!(of(&status), detailed);
        // Details that are something else say nothing about the call.
        let odd = Status::with_details(Code::Unavailable, "wait", b"odd".as_slice().into());
        assert_eq!(of(&odd).code, 14);
    }
}
