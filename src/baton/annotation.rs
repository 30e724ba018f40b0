//! Annotations: messages packed into `google.protobuf.Any` on types, resources, entitlements and grants.

use prost::Message;
use prost_types::Any;

/// The prefix every Baton reader expects (`baton/c1z/format.md 3`).
pub const TYPE_URL_PREFIX: &str = "type.googleapis.com/";

/// Packs a message of `c1.connector.v2` as an annotation.
pub fn pack<M: Message + Named>(message: &M) -> Any {
    Any {
        type_url: format!("{TYPE_URL_PREFIX}{}", M::NAME),
        value: message.encode_to_vec(),
    }
}

/// The full message name an annotation carries: the part after the last `/`.
pub fn name_of(any: &Any) -> &str {
    any.type_url.rsplit('/').next().unwrap_or_default()
}

/// Whether the annotation is an `M`.
pub fn is<M: Named>(any: &Any) -> bool {
    name_of(any) == M::NAME
}

/// The first annotation of kind `M`, decoded. A damaged one counts as absent.
pub fn find<M: Message + Default + Named>(annotations: &[Any]) -> Option<M> {
    annotations
        .iter()
        .find(|a| is::<M>(a))
        .and_then(|a| M::decode(a.value.as_slice()).ok())
}

/// A message with its full protobuf name.
pub trait Named {
    /// For example `c1.connector.v2.UserTrait`.
    const NAME: &'static str;
}

macro_rules! named {
    ($($message:ident),* $(,)?) => {$(
        impl Named for crate::baton::proto::v2::$message {
            const NAME: &'static str = concat!("c1.connector.v2.", stringify!($message));
        }
    )*};
}

named!(
    UserTrait,
    GroupTrait,
    RoleTrait,
    AppTrait,
    SecretTrait,
    AgentTrait,
    NonHumanIdentityTrait,
    ChildResourceType,
    SkipEntitlementsAndGrants,
    SkipEntitlements,
    SkipGrants,
    EntitlementImmutable,
    EntitlementExclusionGroup,
    GrantImmutable,
    GrantExpandable,
    GrantMetadata,
    GrantAlreadyExists,
    GrantAlreadyRevoked,
    GrantReplaced,
    ResourceDoesNotExist,
    ResourceDeleted,
    GrantManagerServiceGrantResponse,
    GrantManagerServiceRevokeResponse,
    CreateAccountResponse,
    CreateResourceResponse,
    DeleteResourceResponse,
    RotateCredentialResponse,
    IssueCredentialResponse,
    GetActionSchemaResponse,
    GetActionStatusResponse,
    InvokeActionResponse,
    ListActionSchemasResponse,
    ListEventFeedsResponse,
    ListEventsResponse,
    Event,
);

impl Named for crate::baton::proto::v2::BatonId {
    const NAME: &'static str = "c1.connector.v2.BatonID";
}
