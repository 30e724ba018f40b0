//! The rows of a file as the tables that lie beside golden files. Cells that are JSON are compared as such.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_workato::baton::c1z::v3::{Entitlements, File, Grant, Grants, Resources};
use baton_workato::baton::c1z::{Limits, Reader};
use baton_workato::baton::error::Error;
use baton_workato::baton::proto;
use baton_workato::baton::proto::v2;
use prost::Message as _;
use prost_reflect::{DynamicMessage, SerializeOptions};
use prost_types::Any;
use serde_json::{Map, Value, json};

use crate::support::rows::whole;

/// A table: its column names, and its rows in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

pub type Tables = BTreeMap<String, Table>;

pub const NAMES: [&str; 5] = ["resource_types", "resources", "entitlements", "grants", "expansions"];

pub fn open(path: &Path) -> Result<File, Error> {
    File::open(path, &Limits::default(), None)
}

/// The folder of golden files next to the crate, or next to a folder that holds it. Without it little is compared.
pub fn shared() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/golden/v3"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("NOT COMPARED: no folder ../shared/golden/v3 with more golden files");
    }
    found
}

/// The golden files of the repository.
pub fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v3")
}

/// A table of a golden folder.
pub fn golden(folder: &Path, name: &str) -> Table {
    let path = folder.join(format!("{name}.tsv"));
    let packed = folder.join(format!("{name}.tsv.gz"));
    let text = if packed.is_file() {
        std::io::read_to_string(flate2::read::GzDecoder::new(std::fs::File::open(packed).unwrap())).unwrap()
    } else {
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let mut lines = text.lines().map(|line| line.split('\t'));
    let columns: Vec<String> = lines.next().unwrap().map(str::to_owned).collect();
    let cell = |(column, text): (&String, &str)| match column.as_str() {
        "annotations" | "profile" | "sources" | "expandable" => whole(serde_json::from_str(text).unwrap()),
        _ => json!(text),
    };
    let rows = lines.map(|cells| columns.iter().zip(cells).map(cell).collect());
    Table {
        rows: rows.collect(),
        columns: columns.clone(),
    }
}

/// The tables of a file.
pub fn of(file: &File) -> Result<Tables, Error> {
    Ok(Rows::of(file)?.tables())
}

/// The messages of a file, in its order.
#[derive(Debug, Default, PartialEq)]
pub struct Rows {
    pub resource_types: Vec<v2::ResourceType>,
    pub resources: Vec<v2::Resource>,
    pub entitlements: Vec<v2::Entitlement>,
    pub grants: Vec<Grant>,
}

fn into<M>(rows: &mut Vec<M>) -> impl FnMut(M) -> Result<(), Error> {
    |row| {
        rows.push(row);
        Ok(())
    }
}

impl Rows {
    /// What a file answers itself.
    pub fn of(file: &File) -> Result<Self, Error> {
        let mut rows = Rows::default();
        file.for_each_resource_type(&mut into(&mut rows.resource_types))?;
        file.for_each_resource(Resources::All, &mut into(&mut rows.resources))?;
        file.for_each_entitlement(Entitlements::All, &mut into(&mut rows.entitlements))?;
        file.for_each_grant(Grants::All, &mut into(&mut rows.grants))?;
        Ok(rows)
    }

    /// What a reader of any form answers. Times are left out.
    pub fn of_reader(reader: &Reader, sync_id: &str) -> Self {
        let mut rows = Rows::default();
        reader
            .for_each_resource_type(sync_id, &mut into(&mut rows.resource_types))
            .unwrap();
        reader
            .for_each_resource(sync_id, &mut into(&mut rows.resources))
            .unwrap();
        reader
            .for_each_entitlement(sync_id, &mut into(&mut rows.entitlements))
            .unwrap();
        reader
            .for_each_grant(sync_id, &mut |row| {
                rows.grants.push(Grant {
                    grant: row.grant,
                    expansion: row.expansion,
                    needs_expansion: row.needs_expansion,
                    discovered_at: None,
                });
                Ok(())
            })
            .unwrap();
        rows
    }

    /// As tables.
    pub fn tables(&self) -> Tables {
        let mut tables = Tables::new();
        let mut put = |name, columns, mut rows: Vec<Vec<Value>>, key| put(&mut tables, name, columns, &mut rows, key);
        let columns = "id display_name traits description annotations";
        put(
            "resource_types",
            columns,
            self.resource_types.iter().map(resource_type).collect(),
            1,
        );
        let columns = "type id display_name parent_type parent_id annotations profile";
        put("resources", columns, self.resources.iter().map(resource).collect(), 2);
        let columns = "id slug purpose display_name description grantable_to annotations";
        put(
            "entitlements",
            columns,
            self.entitlements.iter().map(entitlement).collect(),
            1,
        );
        let columns = "id principal_type principal_id annotations sources";
        put(
            "grants",
            columns,
            self.grants.iter().map(|g| grant(&g.grant)).collect(),
            3,
        );
        put(
            "expansions",
            "id expandable",
            self.grants.iter().filter_map(expansion).collect(),
            1,
        );
        tables
    }
}

fn put(tables: &mut Tables, name: &str, columns: &str, rows: &mut Vec<Vec<Value>>, key: usize) {
    let mut rows = std::mem::take(rows);
    rows.sort_by(|a, b| {
        let key = |row: &[Value]| {
            row[..key]
                .iter()
                .map(|v| v.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        key(a).cmp(&key(b))
    });
    let columns = columns.split(' ').map(str::to_owned).collect();
    tables.insert(name.to_owned(), Table { columns, rows });
}

fn resource_type(m: &v2::ResourceType) -> Vec<Value> {
    let traits: Vec<&str> = m.traits().map(|t| t.as_str_name()).collect();
    vec![
        json!(m.id),
        json!(m.display_name),
        json!(traits.join(",")),
        json!(m.description),
        annotations(&m.annotations),
    ]
}

fn resource(m: &v2::Resource) -> Vec<Value> {
    let (id, parent) = (
        m.id.clone().unwrap_or_default(),
        m.parent_resource_id.clone().unwrap_or_default(),
    );
    vec![
        json!(id.resource_type),
        json!(id.resource),
        json!(m.display_name),
        json!(parent.resource_type),
        json!(parent.resource),
        annotations(&m.annotations),
        m.profile
            .as_ref()
            .map_or(json!({}), |p| object("google.protobuf.Struct", &p.encode_to_vec())),
    ]
}

fn entitlement(m: &v2::Entitlement) -> Vec<Value> {
    let purpose = match m.purpose() {
        v2::entitlement::PurposeValue::Unspecified => "",
        other => other.as_str_name(),
    };
    let types: Vec<&str> = m.grantable_to.iter().map(|t| t.id.as_str()).collect();
    vec![
        json!(m.id),
        json!(m.slug),
        json!(purpose),
        json!(m.display_name),
        json!(m.description),
        json!(types.join(",")),
        annotations(&m.annotations),
    ]
}

fn grant(m: &v2::Grant) -> Vec<Value> {
    let principal = m.principal.as_ref().and_then(|p| p.id.clone()).unwrap_or_default();
    let sources = m.sources.iter().flat_map(|s| &s.sources);
    let mark = |is_direct| {
        if is_direct {
            json!({"isDirect": true})
        } else {
            json!({})
        }
    };
    let sources: Map<String, Value> = sources.map(|(id, s)| (id.clone(), mark(s.is_direct))).collect();
    vec![
        json!(m.id),
        json!(principal.resource_type),
        json!(principal.resource),
        annotations(&m.annotations),
        sources.into(),
    ]
}

fn expansion(m: &Grant) -> Option<Vec<Value>> {
    let expansion = m.expansion.as_ref()?;
    let expandable = object("c1.connector.v2.GrantExpandable", &expansion.encode_to_vec());
    Some(vec![json!(m.grant.id), expandable])
}

fn annotations(annotations: &[Any]) -> Value {
    let one = |any: &Any| {
        let name = any.type_url.rsplit('/').next().unwrap();
        let mut value = object(name, &any.value);
        value["@"] = json!(name.rsplit('.').next().unwrap());
        value
    };
    annotations.iter().map(one).collect()
}

fn object(name: &str, bytes: &[u8]) -> Value {
    let descriptor = proto::pool()
        .get_message_by_name(name)
        .unwrap_or_else(|| panic!("{name} is known"));
    let message = DynamicMessage::decode(descriptor, bytes).unwrap();
    let options = SerializeOptions::new();
    whole(
        message
            .serialize_with_options(serde_json::value::Serializer, &options)
            .unwrap(),
    )
}
