//! The settings of this program: those of its connector and those of the kit.

use std::sync::LazyLock;

use crate::baton::config::{Field, kit};
use crate::workato;

/// The fields of the connector, which people set most, and of the kit.
pub fn all() -> &'static [&'static Field] {
    static ALL: LazyLock<Vec<&'static Field>> =
        LazyLock::new(|| workato::config::FIELDS.iter().chain(kit::FIELDS).collect());
    &ALL
}

/// The fields of the kit: those that every subcommand accepts.
pub fn of_kit() -> &'static [&'static Field] {
    static KIT: LazyLock<Vec<&'static Field>> = LazyLock::new(|| kit::FIELDS.iter().collect());
    &KIT
}

/// The fields of the connector.
pub fn of_connector() -> &'static [&'static Field] {
    static CONNECTOR: LazyLock<Vec<&'static Field>> = LazyLock::new(|| workato::config::FIELDS.iter().collect());
    &CONNECTOR
}

/// The variables of settings that nobody else may see.
pub fn secret_variables() -> Vec<String> {
    let secret = all().iter().filter(|field| field.secret);
    secret.map(|field| field.env()).collect()
}
