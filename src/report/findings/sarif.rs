//! Findings as SARIF 2.1.0, for whatever collects the results of checks.

use serde_json::{Value, json};

use super::{Assessment, Finding, Item, Severity, Unknown};
use crate::baton::about::About;

/// The log.
pub fn sarif(about: &About, assessment: &Assessment, file: &str) -> Value {
    let findings = &assessment.findings;
    let rules: Vec<Value> = findings.iter().map(rule).collect();
    let results: Vec<Value> = findings
        .iter()
        .enumerate()
        .flat_map(|(number, finding)| results(number, finding, file))
        .collect();
    let gaps: Vec<Value> = assessment
        .unknown
        .iter()
        .map(|gap| json!({"level": "warning", "message": {"text": format!("not known: {}", gap.message)}}))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": about.name, "semanticVersion": about.version, "rules": rules}},
            "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": gaps}],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn rule(finding: &Finding) -> Value {
    json!({
        "id": finding.key,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": finding.why},
        "help": {"text": finding.what_to_do},
        "defaultConfiguration": {"level": level(finding.severity)},
        "properties": {"severity": finding.severity.word()},
    })
}

fn results(number: usize, finding: &Finding, file: &str) -> Vec<Value> {
    let items = finding.items.iter().map(|item| result(number, finding, item, file));
    let excepted = finding.excepted.iter().map(|excepted| {
        let mut result = result(number, finding, &excepted.item, file);
        if let Some(result) = result.as_object_mut() {
            let until = excepted
                .until
                .as_ref()
                .map_or(String::new(), |until| format!(" (until {until})"));
            let why = format!("{}{until}", excepted.reason);
            let suppression = json!([{"kind": "external", "status": "accepted", "justification": why}]);
            result.insert("suppressions".to_owned(), suppression);
        }
        result
    });
    let unknown = finding
        .unknown
        .iter()
        .map(|unknown| open(number, finding, unknown, file));
    items.chain(excepted).chain(unknown).collect()
}

fn result(number: usize, finding: &Finding, item: &Item, file: &str) -> Value {
    let evidence: Vec<Value> = item
        .evidence
        .iter()
        .map(|row| json!({"row": row.row, "says": row.says}))
        .collect();
    let mut properties = json!({"evidence": evidence, "look": item.look});
    if let Some(properties) = properties.as_object_mut() {
        if !item.fix.is_empty() {
            properties.insert("fix".to_owned(), item.fix.clone().into());
        }
        if let Some(owner) = &item.owner {
            properties.insert("owner".to_owned(), owner.clone().into());
        }
    }
    json!({
        "ruleId": finding.key,
        "ruleIndex": number,
        "kind": "fail",
        "level": level(finding.severity),
        "message": {"text": format!("{}: {}", item.thing.told(), item.detail)},
        "locations": [location(file, Some((&item.thing.kind, &item.thing.id)), &item.thing.told())],
        "partialFingerprints": {"finding/v1": item.id},
        "properties": properties,
    })
}

/// Of which it is not known: neither a failure nor a pass.
fn open(number: usize, finding: &Finding, unknown: &Unknown, file: &str) -> Value {
    let (named, told) = match &unknown.thing {
        Some(thing) => (Some((thing.kind.as_str(), thing.id.as_str())), thing.told()),
        None => (None, String::new()),
    };
    let text = match told.is_empty() {
        true => unknown.why.clone(),
        false => format!("{told}: {}", unknown.why),
    };
    json!({
        "ruleId": finding.key,
        "ruleIndex": number,
        "kind": "open",
        "level": "none",
        "message": {"text": text},
        "locations": [location(file, named, &told)],
    })
}

fn location(file: &str, named: Option<(&str, &str)>, told: &str) -> Value {
    let mut location = json!({
        "physicalLocation": {"artifactLocation": {"uri": uri(file)}, "region": {"startLine": 1}},
    });
    if let (Some((kind, id)), Some(location)) = (named, location.as_object_mut()) {
        let logical = json!([{"name": told, "fullyQualifiedName": format!("{kind}:{id}"), "kind": "resource"}]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    location
}

/// A file name as a reference: everything that means something in one is escaped.
fn uri(file: &str) -> String {
    let mut uri = String::with_capacity(file.len());
    for byte in file.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
