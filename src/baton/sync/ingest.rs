//! What a syncer checks on rows before they are stored (`baton/c1z/format.md 4.2`).
//!
//! Broken promises of the connector (a declared trait missing, an annotation only the platform may set) fail
//! the sync. Rows that point at something the sync does not hold are dropped and counted: they would be shown
//! as access to nothing, and old readers crash on them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::baton::annotation::{self, Named};
use crate::baton::cause;
use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::baton::warning::Warnings;

/// Members an exclusion group may have (`baton/c1z/format.md 4.2`).
pub const EXCLUSION_GROUP_LIMIT: usize = 50;

/// The fact of an error that the rows themselves are to blame for: reading them again finds the same.
pub const INVARIANT: &str = "invariant";

/// The gate in front of the store. Remembers the identities of what passed.
pub struct RowValidator {
    warnings: Arc<Warnings>,
    types: BTreeMap<String, v2::ResourceType>,
    resources: HashSet<String>,
    entitlements: HashSet<String>,
    exclusion_groups: HashMap<String, (String, usize)>,
    repeats: bool,
    partial: bool,
}

impl RowValidator {
    /// A gate for the given resource types.
    pub fn new(types: &[v2::ResourceType], warnings: Arc<Warnings>) -> Self {
        RowValidator {
            warnings,
            types: types.iter().map(|t| (t.id.clone(), t.clone())).collect(),
            resources: HashSet::new(),
            entitlements: HashSet::new(),
            exclusion_groups: HashMap::new(),
            repeats: false,
            partial: false,
        }
    }

    /// Checks resources; a second row with the same id replaces the first in the store, so it passes.
    ///
    /// # Errors
    /// `Internal` when a declared trait is missing or a platform annotation is present.
    pub fn resources(&mut self, rows: Vec<v2::Resource>) -> Result<Vec<v2::Resource>> {
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let (kind, bare) = resource::key(&row);
            if kind.is_empty() || bare.is_empty() {
                self.warnings.add(
                    cause::RESOURCE_WITHOUT_ID,
                    "resources without an id were dropped",
                    row.display_name,
                );
                continue;
            }
            let Some(declared) = self.types.get(kind) else {
                self.warnings.add(
                    cause::RESOURCE_OF_UNKNOWN_TYPE,
                    "resources of a type that is not synced were dropped",
                    format!("{kind}:{bare}"),
                );
                continue;
            };
            check_traits(declared, &row)?;
            self.repeats |= !self.resources.insert(format!("{kind}:{bare}"));
            kept.push(row);
        }
        Ok(kept)
    }

    /// Counts drops in other warnings from now on.
    #[must_use]
    pub fn counting_in(self, warnings: Arc<Warnings>) -> Self {
        RowValidator { warnings, ..self }
    }

    /// The sync holds a part of the workspace: principals may be elsewhere.
    #[must_use]
    pub fn for_a_part(self) -> Self {
        RowValidator { partial: true, ..self }
    }

    /// Whether any resource came more than once.
    pub fn has_repeats(&self) -> bool {
        self.repeats
    }

    /// Checks entitlements against the resources that passed.
    ///
    /// # Errors
    /// `Internal` when an exclusion group breaks its rules.
    pub fn entitlements(&mut self, rows: Vec<v2::Entitlement>) -> Result<Vec<v2::Entitlement>> {
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let on = row
                .resource
                .as_ref()
                .and_then(|r| r.id.as_ref())
                .map(resource::external_id);
            match on {
                Some(on) if !row.id.is_empty() && self.resources.contains(&on) => {
                    self.count_exclusion(&row)?;
                    self.entitlements.insert(row.id.clone());
                    kept.push(row);
                }
                _ => self.warnings.add(
                    cause::ENTITLEMENT_ON_UNKNOWN_RESOURCE,
                    "entitlements on resources that are not in the sync were dropped",
                    row.id,
                ),
            }
        }
        Ok(kept)
    }

    /// Checks grants against the entitlements and resources that passed.
    pub fn grants(&self, rows: Vec<v2::Grant>) -> Vec<v2::Grant> {
        let mut kept = Vec::with_capacity(rows.len());
        for mut row in rows {
            let entitlement = row.entitlement.as_ref().map(|e| e.id.as_str()).unwrap_or_default();
            if !self.entitlements.contains(entitlement) {
                self.warnings.add(
                    cause::GRANT_OF_UNKNOWN_ENTITLEMENT,
                    "grants of entitlements that are not in the sync were dropped",
                    row.id,
                );
                continue;
            }
            let principal = row
                .principal
                .as_ref()
                .and_then(|p| p.id.as_ref())
                .map(resource::external_id);
            if !principal.is_some_and(|p| self.partial || self.resources.contains(&p)) {
                self.warnings.add(
                    cause::GRANT_TO_UNKNOWN_PRINCIPAL,
                    "grants to principals that are not in the sync were dropped",
                    row.id,
                );
                continue;
            }
            self.reduce_filter(&mut row);
            kept.push(row);
        }
        kept
    }

    /// Types a `GrantExpandable` names that are not synced are taken out; with none left it does not expand.
    fn reduce_filter(&self, grant: &mut v2::Grant) {
        let types = &self.types;
        grant.annotations.retain_mut(|any| {
            if !annotation::is::<v2::GrantExpandable>(any) {
                return true;
            }
            let Some(mut expandable) = annotation::find::<v2::GrantExpandable>(std::slice::from_ref(any)) else {
                return true;
            };
            let before = expandable.resource_type_ids.len();
            expandable.resource_type_ids.retain(|t| types.contains_key(t));
            if expandable.resource_type_ids.len() == before {
                return true;
            }
            *any = annotation::pack(&expandable);
            !expandable.resource_type_ids.is_empty()
        });
    }

    fn count_exclusion(&mut self, row: &v2::Entitlement) -> Result<()> {
        let Some(group) = annotation::find::<v2::EntitlementExclusionGroup>(&row.annotations) else {
            return Ok(());
        };
        let kind = row
            .resource
            .as_ref()
            .map(|r| resource::key(r).0)
            .unwrap_or_default()
            .to_owned();
        let id = group.exclusion_group_id;
        let (first_kind, members) = self
            .exclusion_groups
            .entry(id.clone())
            .or_insert_with(|| (kind.clone(), 0));
        *members += 1;
        if *first_kind != kind || *members > EXCLUSION_GROUP_LIMIT {
            return Err(Error::new(
                Kind::Internal,
                format!(
                    "exclusion group {id:?} has more than {EXCLUSION_GROUP_LIMIT} members or spans two resource types"
                ),
            )
            .code(code::ROWS_BROKEN)
            .fact(INVARIANT, "exclusion group"));
        }
        Ok(())
    }
}

fn check_traits(declared: &v2::ResourceType, row: &v2::Resource) -> Result<()> {
    use v2::resource_type::Trait;
    let has = |name: &str| row.annotations.iter().any(|a| annotation::name_of(a) == name);
    if has(v2::BatonId::NAME) {
        let (kind, bare) = resource::key(row);
        return Err(Error::new(
            Kind::Internal,
            format!("resource {kind}:{bare} carries an annotation only the platform may set"),
        )
        .code(code::ROWS_BROKEN));
    }
    for number in &declared.traits {
        let needed = match Trait::try_from(*number) {
            Ok(Trait::User) => v2::UserTrait::NAME,
            Ok(Trait::Group) => v2::GroupTrait::NAME,
            Ok(Trait::Role) => v2::RoleTrait::NAME,
            Ok(Trait::App) => v2::AppTrait::NAME,
            Ok(Trait::Secret) => v2::SecretTrait::NAME,
            _ => continue,
        };
        if !has(needed) {
            let (kind, bare) = resource::key(row);
            return Err(Error::new(
                Kind::Internal,
                format!("resource {kind}:{bare} lacks the {needed} its type declares"),
            )
            .code(code::ROWS_BROKEN));
        }
    }
    Ok(())
}
