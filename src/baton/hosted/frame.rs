//! What an invocation carries: a request of `c1.transport.v1` in one of two framings, and its answer in the same
//! (`baton/hosted/facts.md 4`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::{Message as _, Name};
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor};
use serde_json::{Value, json};

use super::unknown_types;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::c1::transport::v1::{Request, Response};
use crate::baton::proto::pool;

/// The version that a frame says.
const VERSION: u64 = 2;

/// How a request came, and how its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// JSON of the message, its names in camel case and every `Any` with its fields. Types that are not known here are
    /// left out of lists of annotations.
    Json,
    /// The encoded message in base64, which carries what nobody here knows.
    Frame,
}

/// The request of a payload.
///
/// # Errors
/// `InvalidArgument` for one that is none. The text quotes nothing of it.
pub fn request(payload: &Value) -> Result<(Request, Framing)> {
    if let Some(frame) = frame_of(payload) {
        if payload.get("v").and_then(Value::as_u64) != Some(VERSION) {
            return Err(invalid("its frame is of a version that is not known here"));
        }
        let request = Request::decode(frame.as_slice()).map_err(|_| invalid("its frame is no message"))?;
        return Ok((request, Framing::Frame));
    }
    if !payload.is_object() {
        return Err(invalid("it is no JSON object"));
    }
    let descriptor = descriptor(&Request::full_name())?;
    let read = |value: &Value| {
        let options = DeserializeOptions::new().deny_unknown_fields(false);
        DynamicMessage::deserialize_with_options(descriptor.clone(), value, &options).ok()
    };
    let message = read(payload).or_else(|| unknown_types::without(payload).as_ref().and_then(read));
    let message = message.ok_or_else(|| invalid("it is neither a frame nor JSON of a request"))?;
    let request = Request::decode(message.encode_to_vec().as_slice())
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok((request, Framing::Json))
}

/// The payload of an answer.
///
/// # Errors
/// `Internal` for an answer in JSON with something in it that is not known here: dropped, it would look complete.
pub fn answer(response: &Response, framing: Framing) -> Result<Value> {
    if framing == Framing::Frame {
        return Ok(json!({ "v": VERSION, "frame": STANDARD.encode(response.encode_to_vec()) }));
    }
    let cannot = |error: String| {
        Error::new(Kind::Internal, format!("the answer cannot be written as JSON: {error}")).code(code::BAD_CALL)
    };
    let message = DynamicMessage::decode(descriptor(&Response::full_name())?, response.encode_to_vec().as_slice())
        .map_err(|error| cannot(error.to_string()))?;
    serde_json::to_value(message).map_err(|error| cannot(error.to_string()))
}

/// The frame of a payload that has one. What is none is not an error: it is a member that nobody here knows.
fn frame_of(payload: &Value) -> Option<Vec<u8>> {
    let text = payload.get("frame")?.as_str()?;
    STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

fn descriptor(name: &str) -> Result<MessageDescriptor> {
    let known = pool().get_message_by_name(name);
    known.ok_or_else(|| Error::new(Kind::Internal, format!("{name} is not compiled in")))
}

fn invalid(why: &str) -> Error {
    Error::new(Kind::InvalidArgument, format!("the payload is not a request: {why}")).code(code::BAD_CALL)
}

#[cfg(test)]
mod tests {
    use prost_types::Any;

    use super::*;
    use crate::baton::annotation;
    use crate::baton::proto::google::rpc;
    use crate::baton::proto::v2;

    fn asked() -> v2::GrantsServiceListGrantsRequest {
        v2::GrantsServiceListGrantsRequest {
            page_size: 7,
            annotations: vec![annotation::pack(&v2::SkipGrants::default())],
            ..Default::default()
        }
    }

    fn in_json() -> Value {
        json!({
            "method": "/c1.connector.v2.GrantsService/ListGrants",
            "req": {
                "@type": "type.googleapis.com/c1.connector.v2.GrantsServiceListGrantsRequest",
                "pageSize": 7,
                "annotations": [{ "@type": "type.googleapis.com/c1.connector.v2.SkipGrants" }],
            },
            "headers": { "authorization": ["Bearer x"], "empty": [] },
        })
    }

    fn message(request: &Request) -> v2::GrantsServiceListGrantsRequest {
        v2::GrantsServiceListGrantsRequest::decode(request.req.as_ref().unwrap().value.as_slice()).unwrap()
    }

    #[test]
    fn json_and_frame_say_the_same() {
        let (of_json, framing) = request(&in_json()).unwrap();
        assert_eq!(framing, Framing::Json);
        assert_eq!(of_json.method, "/c1.connector.v2.GrantsService/ListGrants");
        assert_eq!(message(&of_json), asked());
        let payload = json!({ "v": 2, "frame": STANDARD.encode(of_json.encode_to_vec()) });
        assert_eq!(request(&payload).unwrap(), (of_json.clone(), Framing::Frame));
        // Callers send both together, for whoever knows the older one only; the frame wins.
        let mut both = in_json();
        both["method"] = json!("/another");
        both["v"] = json!(2);
        both["frame"] = payload["frame"].clone();
        assert_eq!(request(&both).unwrap(), (of_json, Framing::Frame));
    }

    #[test]
    fn json_may_have_what_is_not_known_here() {
        let mut more = in_json();
        more["req"]["sinceThen"] = json!({ "x": 1 });
        more["since"] = json!(true);
        let unknown = json!({ "@type": "type.googleapis.com/c1.connector.v9.Other", "x": 1 });
        more["req"]["annotations"].as_array_mut().unwrap().push(unknown.clone());
        assert_eq!(message(&request(&more).unwrap().0), asked());
        // Elsewhere than among annotations nothing is dropped.
        more["req"] = unknown;
        assert_eq!(request(&more).unwrap_err().kind(), Kind::InvalidArgument);
    }

    #[test]
    fn odd_payloads_are_refused_and_not_quoted() {
        let odd = [
            json!(null),
            json!("secret-thing"),
            json!(["secret-thing"]),
            json!({ "method": { "secret-thing": 1 } }),
            json!({ "v": 3, "frame": "AAAA" }),
            json!({ "frame": "AAAA" }),
            json!({ "v": 2, "frame": STANDARD.encode("secret-thing") }),
            json!({ "req": { "@type": "secret-thing" } }),
        ];
        for payload in odd {
            let error = request(&payload).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{payload}");
            assert!(!format!("{error:?}").contains("secret-thing"), "{error:?}");
        }
        // An empty object is a request without a method; a frame that is no base64 is a member nobody knows.
        for payload in [
            json!({}),
            json!({ "v": 2, "frame": "%" }),
            json!({ "v": 2, "frame": "" }),
        ] {
            assert_eq!(request(&payload).unwrap(), (Request::default(), Framing::Json));
        }
    }

    #[test]
    fn answers_go_as_requests_came() {
        let status = rpc::Status {
            code: 9,
            message: "no".to_owned(),
            ..Default::default()
        };
        let response = Response {
            status: Some(Any {
                type_url: "type.googleapis.com/google.rpc.Status".to_owned(),
                value: status.encode_to_vec(),
            }),
            ..Default::default()
        };
        assert_eq!(
            answer(&response, Framing::Json).unwrap(),
            json!({ "status": { "@type": "type.googleapis.com/google.rpc.Status", "code": 9, "message": "no" } })
        );
        let frame = answer(&response, Framing::Frame).unwrap();
        assert_eq!(frame["v"], 2);
        let bytes = STANDARD.decode(frame["frame"].as_str().unwrap()).unwrap();
        assert_eq!(Response::decode(bytes.as_slice()).unwrap(), response);

        let unknown = Response {
            resp: Some(Any {
                type_url: "type.googleapis.com/c1.connector.v9.Other".to_owned(),
                value: vec![1, 2],
            }),
            ..Default::default()
        };
        assert!(answer(&unknown, Framing::Json).is_err());
        assert!(answer(&unknown, Framing::Frame).is_ok());
    }
}
