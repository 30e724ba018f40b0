//! The file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

/// A text with its place.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PolicyFile {
    pub(super) version: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) limits: LimitsPart,
    #[serde(default)]
    pub(super) built_in: BTreeMap<String, Text>,
    pub(super) allowed_domains: Option<DomainsPart>,
    #[serde(default)]
    pub(super) owners: Vec<OwnerPart>,
    #[serde(default)]
    pub(super) rules: Vec<RulePart>,
    #[serde(default)]
    pub(super) apart: Vec<ApartPart>,
    #[serde(default)]
    pub(super) exceptions: Vec<ExceptionPart>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LimitsPart {
    pub(super) inactive: Option<Text>,
    pub(super) credentials: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DomainsPart {
    pub(super) domains: Vec<Text>,
    pub(super) severity: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct OwnerPart {
    pub(super) of: Text,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) env: Option<String>,
    pub(super) owner: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RulePart {
    pub(super) id: Text,
    pub(super) title: Option<String>,
    pub(super) severity: Option<Text>,
    pub(super) when: Text,
    pub(super) why: Option<String>,
    pub(super) what_to_do: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ApartPart {
    pub(super) id: Text,
    pub(super) title: Option<String>,
    pub(super) severity: Option<Text>,
    pub(super) nobody_holds_both: Option<Vec<SidePart>>,
    pub(super) no_member_of: Option<SidePart>,
    pub(super) reaches: Option<SidePart>,
    pub(super) why: Option<String>,
    pub(super) what_to_do: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SidePart {
    pub(super) on: Option<Text>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) env: Option<String>,
    pub(super) entitlement: Option<String>,
    pub(super) when: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ExceptionPart {
    pub(super) finding: Text,
    pub(super) reason: Text,
    pub(super) until: Text,
}
