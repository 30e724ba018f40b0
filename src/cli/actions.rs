//! What the flags of actions and rotation say, and which files they leave.

use std::path::PathBuf;

use prost_types::Struct;
use serde_json::Value;

use super::usage_error;
use super::values::{plain, wire};
use crate::baton::config::{Values, kit};
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::baton::{private, protojson};
use crate::workato;

/// The action, and its arguments.
///
/// # Errors
/// Exit code 2 for arguments that are no JSON object.
pub fn request(values: &Values) -> Result<v2::InvokeActionRequest> {
    let args = match serde_json::from_str(kit::INVOKE_ACTION_ARGS.of(values)) {
        Ok(Value::Object(args)) => args,
        _ => {
            return Err(usage_error("--invoke-action-args is not a JSON object")
                .hint("write it as '{\"resource_id\": \"gin-1\"}'"));
        }
    };
    Ok(v2::InvokeActionRequest {
        name: kit::INVOKE_ACTION.of(values).to_owned(),
        args: Some(Struct {
            fields: args.into_iter().map(|(name, value)| (name, wire(value))).collect(),
        }),
        annotations: Vec::new(),
        resource_type_id: kit::INVOKE_ACTION_RESOURCE_TYPE.of(values).to_owned(),
        inline_wait: None,
    })
}

/// Where the commands go that undo it.
pub fn undo_file(values: &Values, request: &v2::InvokeActionRequest) -> PathBuf {
    let id = request.args.as_ref().and_then(|args| args.fields.get("resource_id"));
    let id = match id.and_then(|id| id.kind.as_ref()) {
        Some(prost_types::value::Kind::StringValue(text)) => text.clone(),
        Some(prost_types::value::Kind::NumberValue(number)) => number.to_string(),
        _ => String::new(),
    };
    chosen(kit::UNDO_FILE.of(values), || {
        private::name(&["undo", &request.name, &id], "sh")
    })
}

/// What is to be made anew: an id and its type, in two flags or in one.
///
/// # Errors
/// Exit code 2 where the type is missing.
pub fn rotated(values: &Values) -> Result<v2::ResourceId> {
    let (named, kind) = (
        kit::ROTATE_CREDENTIALS.of(values),
        kit::ROTATE_CREDENTIALS_TYPE.of(values),
    );
    let (kind, id) = match kind {
        "" => named.split_once(':').unwrap_or_default(),
        kind => (kind, named.strip_prefix(&format!("{kind}:")).unwrap_or(named)),
    };
    if kind.is_empty() || id.is_empty() {
        return Err(
            usage_error("--rotate-credentials does not say of which type the resource is")
                .hint("write --rotate-credentials api_client:61, or add --rotate-credentials-type"),
        );
    }
    Ok(resource::id(kind, id.to_owned()))
}

/// Where the new secret goes.
pub fn secret_file(values: &Values, id: &v2::ResourceId) -> PathBuf {
    chosen(kit::SECRET_FILE.of(values), || {
        private::name(&[&id.resource_type, &id.resource], "secret")
    })
}

fn chosen(named: &str, otherwise: impl FnOnce() -> PathBuf) -> PathBuf {
    match named {
        "" => otherwise(),
        named => PathBuf::from(named),
    }
}

/// The actions as JSON, of one resource type where one is named.
///
/// # Errors
/// `Internal` if the message is not the one that was compiled in.
pub fn schemas(resource_type: &str) -> Result<String> {
    let mut schemas = workato::actions();
    schemas.retain(|action| resource_type.is_empty() || action.resource_type_id == resource_type);
    let all = v2::ListActionSchemasResponse {
        schemas,
        annotations: Vec::new(),
    };
    let text = protojson::pretty(&all)?;
    Ok(text + "\n")
}

/// What an action answered, as JSON.
pub fn answer(response: &Struct) -> String {
    let fields = response.fields.iter().map(|(name, value)| (name.clone(), plain(value)));
    Value::Object(fields.collect()).to_string() + "\n"
}
