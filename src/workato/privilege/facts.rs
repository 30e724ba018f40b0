//! What roles and people may do: privileges and the folders that privilege rows name.
//!
//! Workato shows the privileges of a person, not of a role, at one request a person. Because the rows depend on
//! (environment, role) alone, but for folders, a few holders per role stand for all of them (`workato/model.md 7`);
//! `sampling` decides whom to ask and whether their answers can be trusted.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::Ids;
use super::sampling::{Observed, Trusted};
use super::{catalogue, sampling};
use crate::baton::connector::SyncContext;
use crate::baton::error::Result;
use crate::workato::access_model::Detected;
use crate::workato::cause;
use crate::workato::collaborator::MemberId;
use crate::workato::folder::FolderId;
use crate::workato::role::{LegacyRole, base_roles, has_legacy_roles};
use crate::workato::role_assignments::{Holdings, RoleKind, RoleRef};
use crate::workato::settings::{Environment, PrivilegesMode};
use crate::workato::tables::{Table, Tables};

/// What a sync without privileges cannot tell.
const PRIVILEGES_OFF: &str = "what roles may do, and the folders they name, were not asked for (--privileges off)";

/// A privilege as the API names it: a group and an id within it, such as `Recipes` and `run`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// The group. May contain spaces, hyphens, commas and ampersands.
    pub group: String,
    /// The id within the group.
    pub id: String,
}

impl Pair {
    /// The published name: `<group>-<id>`. Two privileges may have one (`Ids`).
    pub fn name(&self) -> String {
        format!("{}-{}", self.group, self.id)
    }
}

/// The pairs of a privileges object of the API.
pub fn pairs(privileges: &BTreeMap<String, Vec<String>>) -> BTreeSet<Pair> {
    privileges
        .iter()
        .flat_map(|(group, ids)| {
            ids.iter().map(move |id| Pair {
                group: group.clone(),
                id: id.clone(),
            })
        })
        .collect()
}

/// What roles and people may do in the environments of the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrivilegeFacts {
    /// Privileges of a role: every holder has them.
    pub by_role: BTreeMap<RoleRef, BTreeSet<Pair>>,
    /// Privileges of single people, where the holders of a role differ.
    pub by_member: BTreeMap<MemberId, BTreeSet<(Environment, Pair)>>,
    /// People whose privilege rows name a folder.
    pub folder_members: BTreeMap<(Environment, FolderId), BTreeSet<MemberId>>,
    /// Every privilege that is a resource of this sync.
    pub named: BTreeSet<(Environment, Pair)>,
    /// The ids that they have.
    pub ids: Ids,
}

impl Table for PrivilegeFacts {
    type Value = PrivilegeFacts;

    /// Reads as many holders as the settings and their answers demand.
    async fn read(t: &Tables, cx: &SyncContext) -> Result<PrivilegeFacts> {
        let holdings = t.get::<Holdings>(cx).await?;
        let detected = t.get::<Detected>(cx).await?;
        let environments = t.environments(cx).await?;
        let observed = match t.settings.privileges {
            PrivilegesMode::Off => {
                cx.records.leave_out(PRIVILEGES_OFF);
                None
            }
            mode => sampling::observe(t, cx, &holdings, mode).await?,
        };
        let mut facts = PrivilegeFacts::default();
        if let Some(observed) = &observed {
            for (role, holders) in &holdings.by_role {
                facts.take(role, holders, observed);
            }
        }
        if has_legacy_roles(t, cx).await? {
            for environment in &environments {
                facts.legacy_custom(&detected.legacy_roles, environment);
                let bases = base_roles(detected.model, &holdings.base_roles);
                for base in bases {
                    let role = RoleRef {
                        kind: RoleKind::Legacy,
                        id: base.to_owned(),
                        environment: environment.clone(),
                    };
                    // Rows of nobody may be stood in for; rows that could not be read are missing, and said to be.
                    let off = t.settings.privileges == PrivilegesMode::Off;
                    if off || holdings.holders(&role).next().is_none() {
                        facts
                            .by_role
                            .entry(role)
                            .or_default()
                            .extend(catalogue::of_base_role(base).cloned());
                    }
                }
            }
        }
        facts.name_all(has_legacy_roles(t, cx).await?, &environments);
        for (pair, id) in facts.ids.apart() {
            cx.warnings.add(
                cause::PRIVILEGES_ALIKE,
                "privileges have groups and ids that give the same name; each has the length of its group added to its id",
                format!("{} of {} is {id}", pair.id, pair.group),
            );
        }
        Ok(facts)
    }
}

impl PrivilegeFacts {
    fn take(&mut self, role: &RoleRef, holders: &BTreeSet<MemberId>, observed: &Observed) {
        let environment = &role.environment;
        match observed.privileges(role) {
            Trusted::Same(privileges) => {
                self.by_role
                    .entry(role.clone())
                    .or_default()
                    .extend(privileges.iter().cloned());
            }
            Trusted::Differs(by_holder) => {
                for (member, privileges) in by_holder {
                    let all = self.by_member.entry(member.clone()).or_default();
                    all.extend(privileges.iter().map(|pair| (environment.clone(), pair.clone())));
                }
            }
            Trusted::Unknown => {}
        }
        let mut folder = |folder: &FolderId, member: &MemberId| {
            self.folder_members
                .entry((environment.clone(), folder.clone()))
                .or_default()
                .insert(member.clone());
        };
        match observed.folders(role) {
            Trusted::Same(folders) => folders.iter().for_each(|f| holders.iter().for_each(|m| folder(f, m))),
            Trusted::Differs(by_holder) => {
                by_holder
                    .iter()
                    .for_each(|(member, folders)| folders.iter().for_each(|f| folder(f, member)));
            }
            Trusted::Unknown => {}
        }
    }

    /// Custom roles carry their privileges in the list itself.
    fn legacy_custom(&mut self, roles: &[LegacyRole], environment: &Environment) {
        for role in roles {
            let key = RoleRef {
                kind: RoleKind::Legacy,
                id: role.id.to_string(),
                environment: environment.clone(),
            };
            self.by_role.entry(key).or_default().extend(pairs(&role.privileges));
        }
    }

    /// Where legacy roles matter every privilege of the catalogue is a resource; elsewhere only those somebody names.
    fn name_all(&mut self, has_legacy_roles: bool, environments: &[Environment]) {
        if has_legacy_roles {
            for environment in environments {
                self.named
                    .extend(catalogue::all().map(|pair| (environment.clone(), pair.clone())));
            }
        }
        for (role, pairs) in &self.by_role {
            self.named
                .extend(pairs.iter().map(|pair| (role.environment.clone(), pair.clone())));
        }
        self.named.extend(self.by_member.values().flatten().cloned());
        self.ids = Ids::of(self.named.iter().map(|(_, pair)| pair));
    }
}
