//! Messages of the protocol as JSON in their own form: names in camel case, nothing that is not set.

use prost_reflect::DynamicMessage;

use crate::baton::annotation::Named;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::pool;

/// On several lines, for people.
///
/// # Errors
/// `Internal` if the message is not the one that was compiled in.
pub fn pretty<M: prost::Message + Named>(message: &M) -> Result<String> {
    serde_json::to_string_pretty(&dynamic(message)?).map_err(failed)
}

/// On one line.
///
/// # Errors
/// As [`pretty`].
pub fn line<M: prost::Message + Named>(message: &M) -> Result<String> {
    serde_json::to_string(&dynamic(message)?).map_err(failed)
}

fn dynamic<M: prost::Message + Named>(message: &M) -> Result<DynamicMessage> {
    let known = pool().get_message_by_name(M::NAME);
    let descriptor = known.ok_or_else(|| Error::new(Kind::Internal, format!("{} is not compiled in", M::NAME)))?;
    DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Internal, error.to_string())
}
