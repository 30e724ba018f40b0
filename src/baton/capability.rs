//! What a connector can do, as the published `capabilities` command prints it (`baton/config/published.md 2.1, 8.1`).

use prost::Message as _;
use prost_reflect::DynamicMessage;

use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::{pool, v2};

const CAPABILITIES: &str = "c1.connector.v2.ConnectorCapabilities";

/// The capabilities of a connector that only reads: every type can be synced, nothing else.
pub fn read_only(resource_types: &[v2::ResourceType]) -> v2::ConnectorCapabilities {
    of_types(resource_types.iter().map(|t| (t.clone(), vec![v2::Capability::Sync])))
}

/// The capabilities of a connector from those of its resource types: types in the order of their ids, the
/// connector's own in the order of their numbers.
pub fn of_types(types: impl IntoIterator<Item = (v2::ResourceType, Vec<v2::Capability>)>) -> v2::ConnectorCapabilities {
    let mut of_types: Vec<v2::ResourceTypeCapability> = types
        .into_iter()
        .map(|(resource_type, capabilities)| v2::ResourceTypeCapability {
            resource_type: Some(resource_type),
            capabilities: capabilities.into_iter().map(i32::from).collect(),
            // Present even when empty: readers expect the key.
            permissions: Some(v2::CapabilityPermissions::default()),
            ..Default::default()
        })
        .collect();
    of_types.sort_by(|a, b| id(a).cmp(id(b)));
    let mut connector: Vec<i32> = of_types.iter().flat_map(|t| t.capabilities.iter().copied()).collect();
    connector.sort_unstable();
    connector.dedup();
    v2::ConnectorCapabilities {
        resource_type_capabilities: of_types,
        connector_capabilities: connector,
        credential_details: Some(v2::CredentialDetails::default()),
    }
}

fn id(capability: &v2::ResourceTypeCapability) -> &str {
    capability.resource_type.as_ref().map_or("", |t| t.id.as_str())
}

/// The capabilities as JSON of an `Any`: two-space indent, no newline at the end.
///
/// # Errors
/// `Internal` if the message is not the one that was compiled in.
pub fn json(capabilities: &v2::ConnectorCapabilities) -> Result<String> {
    let missing = || Error::new(Kind::Internal, "the capabilities message is not compiled in");
    let descriptor = pool().get_message_by_name(CAPABILITIES).ok_or_else(missing)?;
    let message = DynamicMessage::decode(descriptor, capabilities.encode_to_vec().as_slice())
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))
        .context("describe the capabilities")?;
    let body = serde_json::to_value(&message).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    let mut any = serde_json::Map::new();
    any.insert("@type".to_owned(), format!("type.googleapis.com/{CAPABILITIES}").into());
    if let serde_json::Value::Object(body) = body {
        any.extend(body);
    }
    serde_json::to_string_pretty(&any)
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))
        .context("write the capabilities as JSON")
}
