//! Building resource types and resources.
//!
//! A resource carries profile, status and creation time twice: on itself, where current readers look, and
//! inside its trait, where older ones do (`workato/model.md 3`).

use std::collections::BTreeMap;

use prost_types::{Any, Struct, Timestamp, Value, value::Kind as ValueKind};

use crate::baton::annotation::{self, Named};
use crate::baton::proto::v2;

/// A resource id: type and bare id.
pub fn id(resource_type: &str, resource: impl Into<String>) -> v2::ResourceId {
    v2::ResourceId {
        resource_type: resource_type.to_owned(),
        resource: resource.into(),
        baton_resource: false,
    }
}

/// The text `type:id`, unescaped (`baton/c1z/format.md 5.7`).
pub fn external_id(id: &v2::ResourceId) -> String {
    format!("{}:{}", id.resource_type, id.resource)
}

/// The id of a resource as (type, bare id); empty texts where it has none.
pub fn key(resource: &v2::Resource) -> (&str, &str) {
    resource
        .id
        .as_ref()
        .map_or(("", ""), |id| (id.resource_type.as_str(), id.resource.as_str()))
}

/// The address of a person, where the resource says it.
pub fn email(resource: &v2::Resource) -> Option<String> {
    let user: v2::UserTrait = annotation::find(&resource.annotations)?;
    let primary = user.emails.iter().find(|email| email.is_primary);
    let email = primary.or(user.emails.first())?;
    Some(email.address.clone()).filter(|address| !address.trim().is_empty())
}

/// A resource type.
pub fn resource_type(
    id: &str,
    display_name: &str,
    traits: &[v2::resource_type::Trait],
    annotations: Vec<Any>,
) -> v2::ResourceType {
    v2::ResourceType {
        id: id.to_owned(),
        display_name: display_name.to_owned(),
        traits: traits.iter().map(|t| i32::from(*t)).collect(),
        annotations,
        ..Default::default()
    }
}

/// A profile: keys to values, ordered by key so that equal profiles are equal bytes. Null values are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile(BTreeMap<String, Value>);

impl Profile {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, or leaves it out when the value is null.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl IntoValue) -> Self {
        if let Some(value) = value.into_value() {
            self.0.insert(key.to_owned(), value);
        }
        self
    }

    /// Sets a key to an explicit null, where the published shape has one.
    #[must_use]
    pub fn with_null(mut self, key: &str) -> Self {
        self.0.insert(
            key.to_owned(),
            Value {
                kind: Some(ValueKind::NullValue(0)),
            },
        );
        self
    }

    /// The protobuf form.
    pub fn into_struct(self) -> Struct {
        Struct { fields: self.0 }
    }
}

/// What can stand in a profile. `None` is null.
pub trait IntoValue {
    /// The value, or `None` for null.
    fn into_value(self) -> Option<Value>;
}

fn value(kind: ValueKind) -> Option<Value> {
    Some(Value { kind: Some(kind) })
}

impl IntoValue for &str {
    fn into_value(self) -> Option<Value> {
        value(ValueKind::StringValue(self.to_owned()))
    }
}

impl IntoValue for String {
    fn into_value(self) -> Option<Value> {
        value(ValueKind::StringValue(self))
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Option<Value> {
        value(ValueKind::BoolValue(self))
    }
}

impl IntoValue for i64 {
    /// A `Struct` knows only doubles; ids above 2^53 would lose digits and are kept as text.
    fn into_value(self) -> Option<Value> {
        const EXACT: i64 = 1 << 53;
        if (-EXACT..=EXACT).contains(&self) {
            #[allow(clippy::cast_precision_loss)]
            value(ValueKind::NumberValue(self as f64))
        } else {
            value(ValueKind::StringValue(self.to_string()))
        }
    }
}

/// Levels of lists and objects that stay lists and objects. Readers of messages stop at 100 levels, of which each of
/// these takes up to three; a resource stands inside of entitlements, grants and answers.
const LEVELS: u32 = 20;

impl IntoValue for serde_json::Value {
    /// What is nested deeper than 20 levels becomes a text, its JSON: no reader would take the message otherwise.
    fn into_value(self) -> Option<Value> {
        nested(self, LEVELS)
    }
}

fn nested(json: serde_json::Value, levels: u32) -> Option<Value> {
    use serde_json::Value as Json;
    match json {
        Json::Null => None,
        Json::Bool(b) => b.into_value(),
        Json::Number(n) => match n.as_i64() {
            Some(i) => i.into_value(),
            None if n.is_u64() => n.to_string().into_value(),
            None => value(ValueKind::NumberValue(n.as_f64().unwrap_or_default())),
        },
        Json::String(s) => s.into_value(),
        deep @ (Json::Array(_) | Json::Object(_)) if levels == 0 => deep.to_string().into_value(),
        Json::Array(items) => value(ValueKind::ListValue(prost_types::ListValue {
            values: items.into_iter().filter_map(|v| nested(v, levels - 1)).collect(),
        })),
        Json::Object(map) => {
            let fields = map
                .into_iter()
                .filter_map(|(k, v)| Some((k, nested(v, levels - 1)?)))
                .collect();
            value(ValueKind::StructValue(Struct { fields }))
        }
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Option<Value> {
        self.and_then(IntoValue::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Option<Value> {
        value(ValueKind::ListValue(prost_types::ListValue {
            values: self.into_iter().filter_map(IntoValue::into_value).collect(),
        }))
    }
}

/// Builds one resource.
#[derive(Debug, Clone)]
pub struct ResourceBuilder {
    resource: v2::Resource,
    profile: Struct,
}

impl ResourceBuilder {
    /// A resource of `resource_type` with its bare id and display name.
    pub fn new(resource_type: &str, resource_id: impl Into<String>, display_name: impl Into<String>) -> Self {
        ResourceBuilder {
            resource: v2::Resource {
                id: Some(id(resource_type, resource_id)),
                display_name: display_name.into(),
                ..Default::default()
            },
            profile: Struct::default(),
        }
    }

    /// Sets the parent.
    #[must_use]
    pub fn parent(mut self, parent: v2::ResourceId) -> Self {
        self.resource.parent_resource_id = Some(parent);
        self
    }

    /// Sets the profile, which the trait set afterwards repeats.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile.into_struct();
        self.resource.profile = Some(self.profile.clone());
        self
    }

    /// Sets when the thing came to be.
    #[must_use]
    pub fn created_at(mut self, at: Option<Timestamp>) -> Self {
        self.resource.created_at = at;
        self
    }

    /// Adds any annotation.
    #[must_use]
    pub fn annotate<M: prost::Message + Named>(mut self, message: &M) -> Self {
        self.resource.annotations.push(annotation::pack(message));
        self
    }

    /// Announces children of a type, for which the syncer then asks.
    #[must_use]
    pub fn children(self, child_type: &str) -> Self {
        self.annotate(&v2::ChildResourceType {
            resource_type_id: child_type.to_owned(),
        })
    }

    /// Adds a user trait with the status: enabled, unless [`ResourceBuilder::known_status`] said otherwise before. A user
    /// trait always has profile and status.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        use v2::status::ResourceStatus;
        use v2::user_trait::status::Status;
        if self.resource.status.is_none() {
            self = self.status(true);
        }
        let status = match self.resource.status.as_ref().map(v2::Status::status) {
            Some(ResourceStatus::Enabled) => Status::Enabled,
            Some(ResourceStatus::Disabled) => Status::Disabled,
            Some(ResourceStatus::Deleted) => Status::Deleted,
            Some(ResourceStatus::Unspecified) | None => Status::Unspecified,
        };
        let user_trait = v2::UserTrait {
            emails: user
                .email
                .iter()
                .map(|address| v2::user_trait::Email {
                    address: address.clone(),
                    is_primary: true,
                })
                .collect(),
            status: Some(v2::user_trait::Status {
                status: status.into(),
                details: String::new(),
            }),
            profile: Some(self.profile.clone()),
            account_type: user.account_type.into(),
            login: user.login.unwrap_or_default(),
            created_at: self.resource.created_at,
            last_login: user.last_login,
            ..Default::default()
        };
        self.annotate(&user_trait)
    }

    /// Adds a role trait with the profile.
    #[must_use]
    pub fn role(self) -> Self {
        let profile = self.resource.profile.clone();
        self.annotate(&v2::RoleTrait {
            profile,
            ..Default::default()
        })
    }

    /// Adds a group trait with the profile.
    #[must_use]
    pub fn group(self) -> Self {
        let profile = self.resource.profile.clone();
        self.annotate(&v2::GroupTrait {
            profile,
            ..Default::default()
        })
    }

    /// Adds an app trait with the profile.
    #[must_use]
    pub fn app(self) -> Self {
        let profile = self.resource.profile.clone();
        self.annotate(&v2::AppTrait {
            profile,
            ..Default::default()
        })
    }

    /// Adds an agent trait with the profile: software that acts for people.
    #[must_use]
    pub fn agent(self, status: v2::agent_trait::AgentStatus) -> Self {
        let profile = self.resource.profile.clone();
        self.annotate(&v2::AgentTrait {
            status: status.into(),
            profile,
            ..Default::default()
        })
    }

    /// Adds a secret trait with the profile: what proves who somebody is. Its value has no place in a resource.
    #[must_use]
    pub fn secret(self, secret: Secret) -> Self {
        let profile = self.resource.profile.clone();
        self.annotate(&v2::SecretTrait {
            profile,
            created_at: secret.created_at,
            identity_id: Some(secret.identity),
            credential_type: secret.kind.into(),
            credential_detail: secret.detail.to_owned(),
            ..Default::default()
        })
    }

    /// Says that the account is a program's, and of what sort.
    #[must_use]
    pub fn non_human(self, detail: &str) -> Self {
        self.annotate(&v2::NonHumanIdentityTrait {
            nhi_type: v2::non_human_identity_trait::NhiType::AppRegistration.into(),
            nhi_detail: detail.to_owned(),
        })
    }

    /// Sets whether it works or is switched off.
    #[must_use]
    pub fn status(mut self, enabled: bool) -> Self {
        let status = match enabled {
            true => v2::status::ResourceStatus::Enabled,
            false => v2::status::ResourceStatus::Disabled,
        };
        self.resource.status = Some(v2::Status {
            status: status.into(),
            details: String::new(),
        });
        self
    }

    /// Sets whether it works, where that is known; says that it is not known otherwise.
    #[must_use]
    pub fn known_status(mut self, enabled: Option<bool>) -> Self {
        if let Some(enabled) = enabled {
            return self.status(enabled);
        }
        self.resource.status = Some(v2::Status::default());
        self
    }

    /// The resource.
    pub fn build(self) -> v2::Resource {
        self.resource
    }
}

/// What a secret trait says beyond the profile.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Whose it is.
    pub identity: v2::ResourceId,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What sort of secret it is.
    pub kind: v2::secret_trait::CredentialType,
    /// The same in the vendor's words.
    pub detail: &'static str,
}

/// What a user trait says beyond profile and status.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// Primary e-mail address.
    pub email: Option<String>,
    /// Login name.
    pub login: Option<String>,
    /// Person or service.
    pub account_type: v2::user_trait::AccountType,
    /// Last known activity.
    pub last_login: Option<Timestamp>,
}

impl User {
    /// A person who logs in by e-mail address.
    pub fn human(email: impl Into<String>) -> Self {
        let email = email.into();
        User {
            login: Some(email.clone()),
            email: Some(email),
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        }
    }
}
