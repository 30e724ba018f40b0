//! The rows of a file in the layout of `tests/golden/*/*.tsv`: JSON with proto names, keys sorted.

use std::collections::BTreeMap;
use std::path::Path;

use baton_workato::baton::annotation;
use baton_workato::baton::c1z::Reader;
use baton_workato::baton::proto;
use baton_workato::baton::proto::v2;
use prost::Message as _;
use prost_reflect::{DynamicMessage, SerializeOptions};
use prost_types::Any;
use serde_json::{Map, Value, json};

/// A resource without its id.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceRow {
    pub display_name: String,
    /// `type:id`, empty without a parent.
    pub parent: String,
    pub annotations: Vec<Value>,
    pub profile: Value,
}

/// An entitlement without its id.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitlementRow {
    pub slug: String,
    pub purpose: String,
    pub display_name: String,
    pub description: String,
    pub grantable_to: String,
    pub annotations: Vec<Value>,
}

/// A grant without its id.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantRow {
    /// `type:id`.
    pub principal: String,
    pub annotations: Vec<Value>,
    pub sources: Value,
    /// The entitlements it expands over; the published TSV does not have them.
    pub expands_over: Vec<String>,
    pub shallow: bool,
}

/// All rows of a sync by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    pub resource_types: BTreeMap<String, Vec<u8>>,
    /// By `type:id`.
    pub resources: BTreeMap<String, ResourceRow>,
    pub entitlements: BTreeMap<String, EntitlementRow>,
    pub grants: BTreeMap<String, GrantRow>,
}

impl Rows {
    /// The rows of the newest finished full sync.
    pub fn of_file(path: &Path) -> Rows {
        let reader = Reader::open(path, None).unwrap();
        let run = reader.latest_full().unwrap().expect("a finished full sync");
        Rows::of_sync(&reader, &run.sync_id)
    }

    /// The rows of a sync.
    pub fn of_sync(reader: &Reader, sync: &str) -> Rows {
        let mut rows = Rows::default();
        reader
            .for_each_resource_type(sync, &mut |t| {
                rows.resource_types.insert(t.id.clone(), t.encode_to_vec());
                Ok(())
            })
            .unwrap();
        reader
            .for_each_resource(sync, &mut |r| {
                let id = id_text(r.id.as_ref());
                let row = ResourceRow {
                    display_name: r.display_name.clone(),
                    parent: id_text(r.parent_resource_id.as_ref()),
                    annotations: r.annotations.iter().map(annotation_json).collect(),
                    profile: r
                        .profile
                        .as_ref()
                        .map_or(json!({}), |p| json_of("google.protobuf.Struct", p)),
                };
                assert!(rows.resources.insert(id, row).is_none());
                Ok(())
            })
            .unwrap();
        reader
            .for_each_entitlement(sync, &mut |e| {
                let row = EntitlementRow {
                    slug: e.slug.clone(),
                    purpose: e.purpose().as_str_name().to_owned(),
                    display_name: e.display_name.clone(),
                    description: e.description.clone(),
                    grantable_to: e
                        .grantable_to
                        .iter()
                        .map(|t| t.id.as_str())
                        .collect::<Vec<_>>()
                        .join(","),
                    annotations: e.annotations.iter().map(annotation_json).collect(),
                };
                assert!(rows.entitlements.insert(e.id.clone(), row).is_none());
                Ok(())
            })
            .unwrap();
        reader
            .for_each_grant(sync, &mut |g| {
                let sources = g.grant.sources.iter().flat_map(|s| &s.sources);
                let expansion = g.expansion.unwrap_or_default();
                let row = GrantRow {
                    principal: id_text(g.grant.principal.as_ref().and_then(|p| p.id.as_ref())),
                    annotations: g.grant.annotations.iter().map(annotation_json).collect(),
                    sources: sources
                        .map(|(k, v)| {
                            (
                                k.clone(),
                                if v.is_direct {
                                    json!({"isDirect": true})
                                } else {
                                    json!({})
                                },
                            )
                        })
                        .collect::<Map<_, _>>()
                        .into(),
                    expands_over: expansion.entitlement_ids,
                    shallow: expansion.shallow,
                };
                assert!(rows.grants.insert(g.grant.id.clone(), row).is_none());
                Ok(())
            })
            .unwrap();
        rows
    }

    /// The published rows of a golden folder.
    pub fn golden(name: &str) -> Rows {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let lines = |file: &str| -> Vec<Vec<String>> {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            text.lines()
                .skip(1)
                .map(|l| l.split('\t').map(str::to_owned).collect())
                .collect()
        };
        let parse = |text: &str| -> Vec<Value> { serde_json::from_str(text).unwrap() };
        let mut rows = Rows::default();
        for l in lines("resources.tsv") {
            let parent = if l[3].is_empty() {
                String::new()
            } else {
                format!("{}:{}", l[3], l[4])
            };
            let row = ResourceRow {
                display_name: l[2].clone(),
                parent,
                annotations: parse(&l[5]),
                profile: serde_json::from_str(&l[6]).unwrap(),
            };
            rows.resources.insert(format!("{}:{}", l[0], l[1]), row);
        }
        for l in lines("entitlements.tsv") {
            let row = EntitlementRow {
                slug: l[1].clone(),
                purpose: l[2].clone(),
                display_name: l[3].clone(),
                description: l[4].clone(),
                grantable_to: l[5].clone(),
                annotations: parse(&l[6]),
            };
            rows.entitlements.insert(l[0].clone(), row);
        }
        for l in lines("grants.tsv") {
            let row = GrantRow {
                principal: format!("{}:{}", l[1], l[2]),
                annotations: parse(&l[3]),
                sources: serde_json::from_str(&l[4]).unwrap(),
                expands_over: Vec::new(),
                shallow: false,
            };
            rows.grants.insert(l[0].clone(), row);
        }
        rows
    }
}

fn id_text(id: Option<&v2::ResourceId>) -> String {
    id.map(|id| format!("{}:{}", id.resource_type, id.resource))
        .unwrap_or_default()
}

/// An annotation as an object with its short name under `@`.
pub fn annotation_json(any: &Any) -> Value {
    let name = annotation::name_of(any);
    let mut object = decode(name, &any.value);
    object["@"] = json!(name.rsplit('.').next().unwrap());
    object
}

fn json_of(name: &str, message: &impl prost::Message) -> Value {
    decode(name, &message.encode_to_vec())
}

fn decode(name: &str, bytes: &[u8]) -> Value {
    let descriptor = proto::pool()
        .get_message_by_name(name)
        .unwrap_or_else(|| panic!("{name} is known"));
    let message = DynamicMessage::decode(descriptor, bytes).unwrap();
    let value = message
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .unwrap();
    whole(value)
}

/// Numbers of a Struct are doubles: `7.0` is `7`.
pub fn whole(value: Value) -> Value {
    match value {
        Value::Number(n) => match n.as_f64() {
            #[allow(clippy::cast_possible_truncation)]
            Some(f) if f.fract() == 0.0 => json!(f as i64),
            _ => Value::Number(n),
        },
        Value::Array(items) => items.into_iter().map(whole).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(k, v)| (k, whole(v)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}
