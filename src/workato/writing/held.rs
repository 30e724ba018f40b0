//! Which roles a person holds in an environment, as a write has to know it: a row that does not say for certain which
//! role it is, or where, is neither the role that is named nor none.

use super::not_clear;
use super::whole::detected;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::workato::access_model::AccessModel;
use crate::workato::client::odd::Matter;
use crate::workato::collaborator::{Member, MemberRole, RoleType, called};
use crate::workato::names::Meaning;
use crate::workato::role_assignments::{RoleKind, RoleNames, is_no_access, listed_as};
use crate::workato::settings::Environment;
use crate::workato::tables::Tables;

/// The roles of a workspace, by which rows are read.
#[derive(Debug, Clone)]
pub struct KnownRoles {
    /// Their names.
    pub names: RoleNames,
    /// Which lists there are.
    pub model: AccessModel,
    /// Whether environment roles are in use and in no list.
    unlisted_environment_roles: bool,
    /// Whether custom roles of the older model are not read.
    custom_roles_off: bool,
}

/// What a row of a person's roles says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// That there is no role.
    Nothing,
    /// One role, by the list it is in and its id.
    Role(RoleKind, String),
    /// A custom role of the older model, none of which is read.
    Custom,
    /// Something that may be one of several roles, or none that is known.
    Unclear,
}

/// One row in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<'m> {
    /// The name in it; may be empty.
    pub name: &'m str,
    /// What it says.
    pub said: Said,
}

impl KnownRoles {
    /// Those of the workspace as it is now.
    ///
    /// # Errors
    /// Those of the lists.
    pub async fn of(t: &Tables, cx: &SyncContext) -> Result<Self> {
        let detected = detected(t, cx).await?;
        Ok(KnownRoles {
            names: RoleNames::of(&detected),
            model: detected.model,
            unlisted_environment_roles: detected.unlisted_environment_roles,
            custom_roles_off: t.settings.disable_custom_roles_sync,
        })
    }

    /// What a row says, by the same rule as a sync.
    pub fn said(&self, row: &MemberRole) -> Said {
        let name = text(&row.role_name);
        if name.is_empty() {
            return Said::Unclear;
        }
        if self.names.is_placeholder(name) {
            return Said::Nothing;
        }
        let lists = (self.model, self.unlisted_environment_roles);
        let Ok((kind, meaning)) = listed_as(lists, &self.names, row, name) else {
            return Said::Unclear;
        };
        match meaning {
            Meaning::One(id) if !is_no_access(name) => Said::Role(kind, id),
            Meaning::Nothing if kind == RoleKind::Legacy && self.custom_roles_off => Said::Custom,
            _ => Said::Unclear,
        }
    }

    /// Whether a row is of a role of the newer model, by the same rule as a sync; where no list has the role, by its own
    /// word, or, if it has none, by the model of the workspace.
    pub fn is_newer(&self, row: &MemberRole) -> bool {
        match (self.said(row), row.kind()) {
            (Said::Role(kind, _), _) => kind == RoleKind::Environment,
            (_, RoleType::Environment) => true,
            (_, RoleType::NotSaid) => self.model == AccessModel::RbacV2,
            (_, RoleType::PrivilegeGroup | RoleType::Unknown) => false,
        }
    }

    /// The rows of a person in an environment that say there is a role.
    pub fn held<'m>(&self, member: &'m Member, environment: &Environment) -> Vec<Held<'m>> {
        let here = member.roles.iter().filter(|row| is_in(row, environment));
        let held = here.map(|row| Held {
            name: text(&row.role_name),
            said: self.said(row),
        });
        held.filter(|held| held.said != Said::Nothing).collect()
    }

    /// Makes sure that no row of a person leaves open whether it is this role in this environment; where no role is named,
    /// whether it is some role of any environment that no list has.
    ///
    /// # Errors
    /// `FailedPrecondition` where one does.
    pub fn check_clear(&self, member: &Member, wanted: Option<(&Environment, &Said)>) -> Result<()> {
        check_said(member)?;
        let is_doubtful = |row: &&MemberRole| match (self.said(row), wanted) {
            (Said::Nothing, _) | (Said::Role(..) | Said::Custom, None) => false,
            (Said::Unclear, None) => true,
            (Said::Unclear, Some((environment, _))) => is_in(row, environment) || may_be_anywhere(row),
            (said, Some((_, role))) => said == *role && may_be_anywhere(row),
        };
        match member.roles.iter().find(is_doubtful) {
            None => Ok(()),
            Some(row) => Err(unclear_row(member, row)),
        }
    }
}

/// Makes sure that the row of a person says something of roles.
///
/// # Errors
/// `FailedPrecondition` where it does not.
pub fn check_said(member: &Member) -> Result<()> {
    if member.odd.iter().any(|odd| odd.matter == Matter::NoRoles) {
        let message = format!("the row of {} says nothing of roles", called(member));
        return Err(not_clear(message));
    }
    Ok(())
}

/// The error of a row that leaves open what it is.
pub fn unclear_row(member: &Member, row: &MemberRole) -> Error {
    let or_unknown = |part: &Option<String>| match text(part) {
        "" => "(not said)".to_owned(),
        said => format!("{said:?}"),
    };
    not_clear(format!(
        "{} has a row with the role {} in the environment {}, which no list tells for certain",
        called(member),
        or_unknown(&row.role_name),
        or_unknown(&row.environment_type)
    ))
}

/// Whether a row is of an environment by its own word.
pub fn is_in(row: &MemberRole, environment: &Environment) -> bool {
    Environment::new(text(&row.environment_type)) == *environment
}

/// Whether a row may be of any environment: it names none, or one in a word that is not known, which may be one of the
/// known ones, too, as it is for a sync.
fn may_be_anywhere(row: &MemberRole) -> bool {
    let place = text(&row.environment_type);
    place.is_empty() || !Environment::new(place).is_known()
}

fn text(part: &Option<String>) -> &str {
    part.as_deref().map(str::trim).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(model: AccessModel) -> KnownRoles {
        let detected = json!({
            "model": model,
            "members": [],
            "environment_roles": [{"id": "1", "name": "Environment admin", "kind": "system"}, {"id": "3", "name": "Member"}],
            "legacy_roles": [{"id": "7", "name": "Ops", "folder_ids": [], "privileges": {}}],
        });
        let detected = serde_json::from_value(detected).unwrap();
        KnownRoles {
            names: RoleNames::of(&detected),
            model,
            unlisted_environment_roles: false,
            custom_roles_off: false,
        }
    }

    fn member(rows: &[[&str; 3]]) -> Member {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let rows: Vec<_> = rows
            .iter()
            .map(|[place, name, kind]| {
                json!({"environment_type": some(place), "role_name": some(name), "role_type": some(kind)})
            })
            .collect();
        serde_json::from_value(json!({"id": "7", "name": "Ada", "roles": rows})).unwrap()
    }

    #[test]
    fn all_rows_of_an_environment_count() {
        let ada = member(&[
            ["dev", "Member", "environment"],
            ["dev", "EnvironmentAdmin", "environment"],
            ["dev", "No access", "environment"],
            ["prod", "Member", "environment"],
            ["DEV", "Ops", "privilege_group"],
        ]);
        let known = known(AccessModel::Mixed);
        let held = known.held(&ada, &Environment::dev());
        let said: Vec<Said> = held.into_iter().map(|held| held.said).collect();
        let v2 = |id: &str| Said::Role(RoleKind::Environment, id.to_owned());
        assert_eq!(said, [v2("3"), v2("1"), Said::Role(RoleKind::Legacy, "7".to_owned())]);
    }

    /// What is given back is given as what it was.
    #[test]
    fn a_row_is_of_the_model_that_a_sync_takes_it_for() {
        for (model, row, is_newer) in [
            (AccessModel::RbacV2, ["dev", "Member", "environment"], true),
            (AccessModel::RbacV2, ["dev", "Member", " Environment"], true),
            (AccessModel::RbacV2, ["dev", "Member", ""], true),
            (AccessModel::RbacV2, ["dev", "Owner", ""], true),
            (AccessModel::Mixed, ["dev", "Member", ""], true),
            (AccessModel::Mixed, ["dev", "Ops", ""], false),
            (AccessModel::Mixed, ["dev", "Ops", "privilege_group"], false),
            (AccessModel::Mixed, ["dev", "Owner", ""], false),
            (AccessModel::Legacy, ["dev", "Ops", ""], false),
        ] {
            let ada = member(&[row]);
            assert_eq!(known(model).is_newer(&ada.roles[0]), is_newer, "{model:?} {row:?}");
        }
    }

    #[test]
    fn what_a_row_leaves_open_is_not_nothing() {
        let known = known(AccessModel::RbacV2);
        let own = Said::Role(RoleKind::Environment, "3".to_owned());
        let dev = Environment::dev();
        for (row, is_clear, is_clear_of_unknown) in [
            (["dev", "Environment admin", "environment"], true, true),
            (["dev", "No access", "environment"], true, true),
            (["prod", "Owner", "environment"], true, false),
            (["stage", "Member", "environment"], false, true),
            (["Dev environment", "Member", "environment"], false, true),
            (["stage", "Environment admin", "environment"], true, true),
            (["stage", "Owner", "environment"], false, false),
            (["development", "Member", "environment"], true, true),
            (["development", "Environment admin", "environment"], true, true),
            (["", "Member", "environment"], false, true),
            (["dev", "", "environment"], false, false),
            (["dev", "Owner", "environment"], false, false),
            (["dev", "Ops", "privilege_group"], false, false),
        ] {
            let ada = member(&[row]);
            assert_eq!(known.check_clear(&ada, Some((&dev, &own))).is_ok(), is_clear, "{row:?}");
            assert_eq!(known.check_clear(&ada, None).is_ok(), is_clear_of_unknown, "{row:?}");
        }
    }
}
