//! What an account reaches by what is set at itself.

use prost_types::Struct;
use prost_types::value::Kind as ValueKind;

use crate::baton::conventions::Scopes;

/// The scope of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything in its environment, what will be made included.
    All,
    /// What has these ids, and all that lies in it.
    Named(Vec<String>),
    /// The file does not say.
    Unknown,
}

impl Scope {
    /// Of a profile.
    pub fn of(profile: &Struct, scopes: &Scopes) -> Scope {
        if scopes.all.is_on(profile) {
            return Scope::All;
        }
        let value = |key: &str| profile.fields.get(key).and_then(|value| value.kind.as_ref());
        let named = match value(scopes.list) {
            Some(ValueKind::ListValue(list)) => list
                .values
                .iter()
                .filter_map(|value| id(value.kind.as_ref()?))
                .collect(),
            _ => Vec::new(),
        };
        let is_said = matches!(value(scopes.says), Some(ValueKind::BoolValue(_)));
        if named.is_empty() && !is_said {
            return Scope::Unknown;
        }
        Scope::Named(named)
    }
}

/// An id as a text, however it is written.
fn id(value: &ValueKind) -> Option<String> {
    match value {
        ValueKind::StringValue(text) if !text.is_empty() => Some(text.clone()),
        ValueKind::NumberValue(number) if number.fract() == 0.0 => Some(format!("{number:.0}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::conventions::Mark;
    use crate::baton::resource::Profile;
    use serde_json::json;

    const SCOPES: Scopes = Scopes {
        types: &["client"],
        all: Mark::Flag("all"),
        says: "all",
        list: "ids",
        of: "folder",
    };

    #[test]
    fn what_is_not_said_is_not_known() {
        let of = |profile: Profile| Scope::of(&profile.into_struct(), &SCOPES);
        let named = |ids: &[&str]| Scope::Named(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(of(Profile::new()), Scope::Unknown);
        assert_eq!(of(Profile::new().with("ids", json!([]))), Scope::Unknown);
        assert_eq!(of(Profile::new().with("all", false)), named(&[]));
        assert_eq!(of(Profile::new().with("all", true).with("ids", json!([1]))), Scope::All);
        assert_eq!(
            of(Profile::new()
                .with("all", false)
                .with("ids", json!([1, "2", null, 12_345_678_901_i64]))),
            named(&["1", "2", "12345678901"])
        );
    }
}
