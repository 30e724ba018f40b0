//! The compiled protobuf definitions against the wire contract, row by row and both ways.

use std::collections::BTreeSet;
use std::fs;

use baton_workato::baton::proto::pool;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

const TABLE: &str = "tests/golden/wire/wire-contract.tsv";
/// Helpers of the definitions that are not part of the contract.
const OUTSIDE: &[&str] = &["google.", "validate"];

#[test]
fn the_wire_is_the_published_one() {
    let table = fs::read_to_string(TABLE).unwrap();
    let wanted: BTreeSet<String> = table.lines().skip(1).map(str::to_owned).collect();
    // Of the v3 file form, what asks for it (c1.reader.v3) and what describes it (options of c1.storage.v3) is left out.
    assert_eq!(wanted.len(), 1_619, "rows were added to or cut from the table");
    let compiled = compiled();
    let missing: Vec<_> = wanted.difference(&compiled).collect();
    let surplus: Vec<_> = compiled.difference(&wanted).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{} rows of the contract are missing:\n{missing:#?}\n{} rows are not in the contract:\n{surplus:#?}",
        missing.len(),
        surplus.len()
    );
}

#[test]
fn the_rules_are_the_published_ones() {
    let golden = fs::read_to_string("tests/golden/wire/wire-validation.tsv").unwrap();
    let wanted: BTreeSet<String> = golden
        .lines()
        .skip(1)
        .filter(|line| !line.contains("\tc1.reader.v3\t"))
        .map(|line| {
            let [_, package, message, field, rule] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            format!("{package}.{message}\t{field}\t{rule}")
        })
        .collect();
    let ours = fs::read_to_string("src/baton/grpc/rules/rules.tsv").unwrap();
    let ours: BTreeSet<String> = ours.lines().map(str::to_owned).collect();
    assert_eq!(ours, wanted);
    assert_eq!(ours.len(), 237, "rules were added to or cut from the table");
}

/// Everything that is compiled in, in the form of the table.
fn compiled() -> BTreeSet<String> {
    let pool = pool();
    let inside = |package: &str| !OUTSIDE.iter().any(|outside| package.starts_with(outside));
    let messages = pool
        .all_messages()
        .filter(|m| inside(m.package_name()) && !m.is_map_entry());
    let enums = pool.all_enums().filter(|e| inside(e.package_name()));
    let services = pool.services().filter(|s| inside(s.package_name()));
    messages
        .flat_map(|m| message_rows(&m))
        .chain(enums.flat_map(|e| enum_rows(&e)))
        .chain(services.flat_map(|s| service_rows(&s)))
        .collect()
}

fn message_rows(message: &MessageDescriptor) -> Vec<String> {
    let start = start(
        message.parent_file().name(),
        message.package_name(),
        message.full_name(),
        "message",
    );
    let rows: Vec<String> = message
        .fields()
        .map(|field| {
            format!(
                "{start}\t{}\t{}\t{}\t{}\t",
                field.name(),
                field.number(),
                type_of(&field),
                label(&field)
            )
        })
        .collect();
    if rows.is_empty() {
        vec![format!("{start}\t\t\t\t\t")]
    } else {
        rows
    }
}

fn enum_rows(numbers: &EnumDescriptor) -> Vec<String> {
    let start = start(
        numbers.parent_file().name(),
        numbers.package_name(),
        numbers.full_name(),
        "enum",
    );
    numbers
        .values()
        .map(|value| format!("{start}\t{}\t{}\t\t\t", value.name(), value.number()))
        .collect()
}

fn service_rows(service: &ServiceDescriptor) -> Vec<String> {
    let start = start(
        service.parent_file().name(),
        service.package_name(),
        service.full_name(),
        "service",
    );
    let methods = service.methods().map(|method| {
        let streaming = match (method.is_client_streaming(), method.is_server_streaming()) {
            (false, false) => "none",
            (true, false) => "client",
            (false, true) => "server",
            (true, true) => "both",
        };
        let (input, output) = (method.input(), method.output());
        format!(
            "{start}\t{}\t\t{} -> {}\t\t{streaming}",
            method.name(),
            input.full_name(),
            output.full_name()
        )
    });
    methods.collect()
}

fn start(file: &str, package: &str, full_name: &str, kind: &str) -> String {
    let name = full_name
        .strip_prefix(package)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap();
    format!("{file}\t{package}\t{name}\t{kind}")
}

fn type_of(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            format!(
                "map<{},{}>",
                kind_name(entry.map_entry_key_field().kind()),
                kind_name(entry.map_entry_value_field().kind())
            )
        }
        kind => kind_name(kind),
    }
}

fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(numbers) => numbers.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

fn label(field: &FieldDescriptor) -> String {
    let explicit = field.field_descriptor_proto().proto3_optional();
    match field.containing_oneof() {
        _ if field.is_map() => "map".to_owned(),
        _ if field.is_list() => "repeated".to_owned(),
        _ if explicit => "optional:explicit".to_owned(),
        Some(oneof) => format!("oneof:{}", oneof.name()),
        None => "optional".to_owned(),
    }
}
