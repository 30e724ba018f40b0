//! Ids of Workato things. The API writes some as integers, some as prefixed strings, and not always the same thing
//! the same way (`workato/api.md 3.5`): each is read from either (`field.rs`) and kept as text. Every room declares
//! its own.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text, as it stands in paths.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                $name(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                $name(id)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                $name(id.to_string())
            }
        }
    )*};
}

pub(crate) use ids;
