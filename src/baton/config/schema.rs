//! The schema that `config` prints: `c1.config.v1.Configuration` as JSON, for forms (`baton/config/published.md 2.2`).

use prost::Message as _;
use prost_reflect::DynamicMessage;

use super::field::{Default, Export, Field, FieldKind};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::c1::config::v1 as proto;
use crate::baton::proto::pool;

/// What the schema says about the connector as a whole.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name for people.
    pub display_name: &'static str,
    /// Where its documentation is.
    pub help_url: &'static str,
    /// Where its picture is.
    pub icon_url: &'static str,
}

/// The schema of all exported fields: operators' first, then the connector's, each in the order of its table.
pub fn configuration(fields: &[&'static Field], about: About) -> proto::Configuration {
    let exported = |export: Export| {
        fields
            .iter()
            .filter(move |f| f.export == export)
            .map(|f| field_schema(f))
    };
    proto::Configuration {
        fields: exported(Export::Ops).chain(exported(Export::Gui)).collect(),
        display_name: about.display_name.to_owned(),
        help_url: about.help_url.to_owned(),
        icon_url: about.icon_url.to_owned(),
        ..std::default::Default::default()
    }
}

/// The schema as the published command prints it: two-space indent, `< > &` escaped, no newline at the end.
///
/// # Errors
/// `Internal` if the message is not the one that was compiled in.
pub fn json(configuration: &proto::Configuration) -> Result<String> {
    let descriptor = pool()
        .get_message_by_name("c1.config.v1.Configuration")
        .ok_or_else(|| Error::new(Kind::Internal, "the configuration message is not compiled in"))?;
    let message = DynamicMessage::decode(descriptor, configuration.encode_to_vec().as_slice())
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))
        .context("describe the configuration")?;
    let text = serde_json::to_string_pretty(&message)
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))
        .context("write the configuration as JSON")?;
    // Outside of strings JSON has none of the three, so replacing them everywhere escapes strings only.
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026"))
}

fn field_schema(field: &Field) -> proto::Field {
    use proto::field::Field as Body;
    let body = match field.kind {
        FieldKind::Text => Body::StringField(proto::StringField {
            default_value: default_text(field),
            rules: string_rules(field),
            ..std::default::Default::default()
        }),
        FieldKind::Bool => Body::BoolField(proto::BoolField::default()),
        FieldKind::Int => Body::IntField(proto::IntField {
            default_value: match field.default {
                Default::Int(number) => number,
                _ => 0,
            },
            rules: field.range.map(|(low, high)| proto::Int64Rules {
                lte: Some(high),
                gte: Some(low),
                ..std::default::Default::default()
            }),
            suggested_value: 0,
        }),
        FieldKind::List => Body::StringSliceField(proto::StringSliceField::default()),
    };
    proto::Field {
        name: field.name.to_owned(),
        display_name: field.display_name.to_owned(),
        description: field.help.to_owned(),
        placeholder: String::new(),
        is_required: field.required,
        is_ops: field.export == Export::Ops,
        is_secret: field.secret,
        field: Some(body),
    }
}

fn default_text(field: &Field) -> String {
    match field.default {
        Default::Text(text) => text.to_owned(),
        _ => String::new(),
    }
}

fn string_rules(field: &Field) -> Option<proto::StringRules> {
    (field.required || !field.choices.is_empty()).then(|| proto::StringRules {
        r#in: field.choices.iter().map(|&choice| choice.to_owned()).collect(),
        is_required: field.required,
        ..std::default::Default::default()
    })
}
