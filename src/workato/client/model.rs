//! How rooms say what their rows look like, and how strictly each field is taken: the word behind `=` is its reader in
//! `field.rs`. Every field but the id may be missing or null; unknown fields are ignored.
//!
//! What decides about access: ids; the roles of a person (where, which, of what kind); privileges and the folders they
//! name; the role, the person and the group of a project grant; role and scope of an API client; what a folder or a
//! connection lies in, because whoever reaches that reaches it. An answer in which one of these cannot be read ends the
//! sync, because the access that it stands for would be missing without a trace. No other field does.
//!
//! The structs are also how a sync keeps rows for later steps: what is written as JSON reads back equal.
//! Where a comment cites a section, it says what the fields mean.

/// What stands within rows, and rows without an id.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident {$($(#[$field_attr:meta])* $field:ident: $type:ty = $reader:ident $(as $wire:literal)?,)*})*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[allow(missing_docs, reason = "fields carry the API's names; the section says what they mean")]
        pub struct $name {
            $($(#[$field_attr])* pub $field: $type,)*
        }

        impl $crate::workato::client::field::Part for $name {
            fn read(
                fields: &mut $crate::workato::client::field::Fields<'_>,
            ) -> Result<Self, $crate::workato::client::decode::Undecodable> {
                Ok($name {
                    $($field: $crate::workato::client::field::$reader(
                        fields,
                        $crate::workato::client::model::wire!($field $($wire)?),
                    )?,)*
                })
            }
        }
    )*};
}

/// Rows of lists, told apart by their ids. What was odd about one when it was read is a field of each.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident {$($(#[$field_attr:meta])* $field:ident: $type:ty = $reader:ident $(as $wire:literal)?,)*})*) => {$(
        $crate::workato::client::model::parts! {
            $(#[$doc])*
            $name {
                $($(#[$field_attr])* $field: $type = $reader $(as $wire)?,)*
                #[serde(default, skip_serializing_if = "Vec::is_empty")]
                odd: Vec<$crate::workato::client::odd::Odd> = odd,
            }
        }

        impl $crate::workato::client::Row for $name {
            fn odd(&self) -> &[$crate::workato::client::odd::Odd] {
                &self.odd
            }
        }

        impl $crate::workato::client::Listed for $name {
            fn id_text(&self) -> &str {
                self.id.as_str()
            }
        }
    )*};
}

/// The API's name of a field.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

pub(crate) use {parts, rows, wire};
