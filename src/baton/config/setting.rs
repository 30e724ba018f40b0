//! A field with the type of its value: what code asks for instead of looking a name up.
//!
//! ```text
//! kit::FILE.of(&values)          &str
//! kit::KEEP.of(&values)          i64
//! kit::KEEP.is_set(&values)      whether somebody set it
//! ```
//!
//! A [`Setting`] is found in its table when the program is compiled. One that the table does not have, or has with
//! another type, does not compile.

use std::marker::PhantomData;

use super::field::{Field, FieldKind};
use super::values::{Source, Value, Values};
use crate::baton::secret;

/// A text; empty when not set and without default.
#[derive(Debug)]
pub struct Text;
/// A text nobody may see; `None` when not set or empty.
#[derive(Debug)]
pub struct Secret;
/// A yes or no.
#[derive(Debug)]
pub struct Flag;
/// A whole number.
#[derive(Debug)]
pub struct Number;
/// Texts; none when not set.
#[derive(Debug)]
pub struct Texts;

/// What a setting is, and what it is read as.
pub trait Typed {
    /// What its field takes.
    const TAKES: FieldKind;
    /// Whether its field is secret.
    const SECRET: bool = false;
    /// What it is read as.
    type Read<'a>;

    /// The value as that.
    fn read(value: Option<&Value>) -> Self::Read<'_>;
}

/// A field of a table, with the type of its value.
#[derive(Debug)]
pub struct Setting<T> {
    field: &'static Field,
    typed: PhantomData<fn() -> T>,
}

// Derived, they would ask the same of `T`.
impl<T> Clone for Setting<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Setting<T> {}

impl<T: Typed> Setting<T> {
    /// The field of `table` that is called `name`. For constants: what does not fit must fail while compiling.
    ///
    /// # Panics
    /// No field is called so, or it takes something else.
    #[allow(
        clippy::panic,
        reason = "constants alone are made with it, so it ends a build and never a run"
    )]
    pub const fn named(table: &'static [Field], name: &str) -> Self {
        let mut rest = table;
        while let Some((field, behind)) = rest.split_first() {
            if same(field.name.as_bytes(), name.as_bytes()) {
                assert!(field.kind as u8 == T::TAKES as u8, "the field takes something else");
                assert!(field.secret == T::SECRET, "the field is secret, or is not");
                return Setting {
                    field,
                    typed: PhantomData,
                };
            }
            rest = behind;
        }
        panic!("no field of the table is called so")
    }

    /// Its value.
    pub fn of(self, values: &Values) -> T::Read<'_> {
        T::read(values.get(self.field.name))
    }
}

impl<T> Setting<T> {
    /// Its field.
    pub fn field(self) -> &'static Field {
        self.field
    }

    /// The flag without dashes.
    pub fn name(self) -> &'static str {
        self.field.name
    }

    /// Whether somebody set it, to whatever value.
    pub fn is_set(self, values: &Values) -> bool {
        values.is_set(self.field.name)
    }

    /// Where its value comes from.
    pub fn source(self, values: &Values) -> Source {
        values.source(self.field.name)
    }
}

impl Typed for Text {
    const TAKES: FieldKind = FieldKind::Text;
    type Read<'a> = &'a str;

    fn read(value: Option<&Value>) -> &str {
        match value {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }
}

impl Typed for Secret {
    const TAKES: FieldKind = FieldKind::Text;
    const SECRET: bool = true;
    type Read<'a> = Option<secret::Secret>;

    fn read(value: Option<&Value>) -> Option<secret::Secret> {
        match value {
            Some(Value::Secret(secret)) if !secret.is_empty() => Some(secret.clone()),
            _ => None,
        }
    }
}

impl Typed for Flag {
    const TAKES: FieldKind = FieldKind::Bool;
    type Read<'a> = bool;

    fn read(value: Option<&Value>) -> bool {
        matches!(value, Some(Value::Bool(true)))
    }
}

impl Typed for Number {
    const TAKES: FieldKind = FieldKind::Int;
    type Read<'a> = i64;

    fn read(value: Option<&Value>) -> i64 {
        match value {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }
}

impl Typed for Texts {
    const TAKES: FieldKind = FieldKind::List;
    type Read<'a> = &'a [String];

    fn read(value: Option<&Value>) -> &[String] {
        match value {
            Some(Value::List(texts)) => texts,
            _ => &[],
        }
    }
}

/// Whether two names are the same; `==` is not for constants.
const fn same(one: &[u8], other: &[u8]) -> bool {
    match (one.split_first(), other.split_first()) {
        (None, None) => true,
        (Some((a, one)), Some((b, other))) => *a == *b && same(one, other),
        _ => false,
    }
}

/// Constants for the fields of a table: `NAME: Type = "flag";`.
macro_rules! settings {
    ($table:path; $($constant:ident: $typed:ty = $name:literal;)*) => {
        $(
            #[doc = concat!("`--", $name, "`")]
            pub const $constant: Setting<$typed> = Setting::named($table, $name);
        )*
    };
}

pub(crate) use settings;
