//! Whether somebody holds a project role, as a write has to know it: a grant that does not say for certain whose it is, of
//! which role or on which project is neither theirs nor nobody's.

use super::model::{ProjectGrant, ProjectId};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::code;
use crate::workato::collaborator::{MemberId, person_id};
use crate::workato::group::{CollaboratorGroup, GroupId};
use crate::workato::kind::ResourceKind as _;
use crate::workato::names::Meaning;
use crate::workato::project_role::{GrantRole, NamedRole, ProjectRoles};
use crate::workato::writing::{ambiguous_right, not_clear};

/// Who gets or loses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// A person, directly.
    Person(MemberId),
    /// A group.
    Group(GroupId),
}

/// Whose a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The one's who is looked for.
    Theirs,
    /// Somebody else's.
    Others,
    /// It names nobody, or two.
    Unclear,
}

/// Whether a grant is of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// It is.
    It,
    /// It is of another one.
    Another,
    /// It names no role, or one that no list has.
    Unclear,
}

impl Grantee {
    /// Whom a principal stands for.
    ///
    /// # Errors
    /// `InvalidArgument` for somebody who cannot hold such a role.
    pub fn of(principal: &v2::Resource) -> Result<Grantee> {
        match resource::key(principal) {
            (CollaboratorGroup::TYPE, id) if !id.is_empty() => Ok(Grantee::Group(GroupId::from(id))),
            _ => person_id(principal).map(Grantee::Person),
        }
    }

    /// Whom a grant names, where it names one.
    pub fn named(grant: &ProjectGrant) -> Option<Grantee> {
        match (&grant.user, &grant.user_group) {
            (Some(user), None) => Some(Grantee::Person(user.id.clone())),
            (None, Some(group)) => Some(Grantee::Group(group.id.clone())),
            _ => None,
        }
    }

    /// Whose a grant is.
    pub fn whose(&self, grant: &ProjectGrant) -> Whose {
        match (&grant.user, &grant.user_group) {
            (None, None) => Whose::Unclear,
            (Some(user), Some(group)) => {
                let named = [Grantee::Person(user.id.clone()), Grantee::Group(group.id.clone())];
                if named.contains(self) {
                    Whose::Unclear
                } else {
                    Whose::Others
                }
            }
            _ if Grantee::named(grant).as_ref() == Some(self) => Whose::Theirs,
            _ => Whose::Others,
        }
    }
}

/// What a grant says, whatever is odd about how it is written.
pub fn says(grant: &ProjectGrant) -> (Option<Grantee>, Option<&GrantRole>) {
    (Grantee::named(grant), grant.project_role.as_ref())
}

/// Whether a grant names another project than the one whose list shows it.
pub fn is_elsewhere(grant: &ProjectGrant, project: &ProjectId) -> bool {
    let named = grant.project.as_ref().and_then(|project| project.id.as_ref());
    named.is_some_and(|id| id != project)
}

/// The name of the role of a grant, for people.
pub fn name_of(grant: &ProjectGrant) -> String {
    let name = grant.project_role.as_ref().and_then(|role| role.name.clone());
    name.filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "a role without a name".to_owned())
}

/// Of which role a grant is; `wanted` is the one that is looked for, where some list has it.
///
/// # Errors
/// `InvalidArgument` for a grant that can be of several roles, of which it is one.
pub fn of_role(roles: &ProjectRoles, wanted: Option<&NamedRole>, grant: &ProjectGrant) -> Result<Of> {
    let is_it = |role: &NamedRole| wanted.is_some_and(|wanted| wanted.role.id == role.role.id);
    match grant.project_role.as_ref().map(|named| roles.of_grant(named)) {
        Some(Meaning::One(role)) if is_it(role) => Ok(Of::It),
        Some(Meaning::One(_)) => Ok(Of::Another),
        Some(Meaning::Several(several)) if several.iter().any(|role| is_it(role)) => Err(ambiguous_right(format!(
            "the grant of {:?} can be of the project role {}",
            name_of(grant),
            or(&several)
        ))),
        Some(Meaning::Several(_)) => Ok(Of::Another),
        Some(Meaning::Nothing) | None => Ok(Of::Unclear),
    }
}

/// The grants by which somebody holds a role in a project; none where all grants say for certain that nobody does.
///
/// # Errors
/// `FailedPrecondition` where none is, and one may be; `InvalidArgument` as [`of_role`].
pub fn held_by<'g>(
    (roles, wanted): (&ProjectRoles, Option<&NamedRole>),
    holder: &Grantee,
    project: &ProjectId,
    all: &'g [ProjectGrant],
) -> Result<Option<&'g ProjectGrant>> {
    let mut doubtful = None;
    for grant in all {
        let whose = holder.whose(grant);
        if whose == Whose::Others {
            continue;
        }
        let of = of_role(roles, wanted, grant)?;
        match (whose, of, is_elsewhere(grant, project)) {
            (_, Of::Another, _) => {}
            (Whose::Theirs, Of::It, false) => return Ok(Some(grant)),
            _ => {
                doubtful.get_or_insert(grant);
            }
        }
    }
    doubtful.map_or(Ok(None), |grant| Err(unclear(grant, project)))
}

/// The error of a grant that may be the one that is looked for.
pub fn unclear(grant: &ProjectGrant, project: &ProjectId) -> Error {
    let why = match (Grantee::named(grant), is_elsewhere(grant, project)) {
        (None, _) => "it does not say whose it is".to_owned(),
        (Some(_), true) => "it says that it is on another project".to_owned(),
        (Some(_), false) => format!(
            "it names {}, which no list of project roles tells for certain",
            name_of(grant)
        ),
    };
    not_clear(format!(
        "it is not clear what the grant {} of project {project} is: {why}",
        grant.id
    ))
}

/// Roles in words: `"C++" (90) or "C#" (91)`.
pub fn or(several: &[&NamedRole]) -> String {
    let all: Vec<String> = several
        .iter()
        .map(|role| format!("{:?} ({})", role.name, role.role.id))
        .collect();
    all.join(" or ")
}

/// Makes sure that an id stands for one grant: what is deleted is the id.
///
/// # Errors
/// `InvalidArgument` where two grants have it.
pub fn check_alone(grant: &ProjectGrant, all: &[ProjectGrant]) -> Result<()> {
    let is_another = |other: &&ProjectGrant| other.id == grant.id && says(other) != says(grant);
    if !all.iter().any(|other| is_another(&other)) {
        return Ok(());
    }
    let message = format!(
        "two project grants have the id {}, and Workato is told ids only",
        grant.id
    );
    Err(Error::new(Kind::InvalidArgument, message)
        .code(code::AMBIGUOUS_RIGHT)
        .hint("nothing was sent, since both might have gone; make the change in Workato"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grant(row: serde_json::Value) -> ProjectGrant {
        serde_json::from_value(row).unwrap()
    }

    fn roles() -> ProjectRoles {
        let rows = [("1", "Project admin"), ("2", "Builder")];
        let rows = rows.map(|(id, name)| serde_json::from_value(json!({"id": id, "name": name})).unwrap());
        ProjectRoles::of(&rows)
    }

    /// What a list with this row says of person 3 and Project admin in project 100.
    fn found(row: serde_json::Value) -> &'static str {
        let roles = roles();
        let all = [grant(row)];
        let holder = Grantee::Person("3".into());
        match held_by((&roles, roles.all().first()), &holder, &"100".into(), &all) {
            Ok(Some(_)) => "held",
            Ok(None) => "not held",
            Err(error) => {
                assert_eq!(error.code_id(), code::AMBIGUOUS_RIGHT, "{error}");
                "not clear"
            }
        }
    }

    #[test]
    fn a_grant_that_may_be_the_one_is_not_none() {
        let admin = json!({"id": "pr-1", "name": "Project admin"});
        let (three, four) = (json!({"id": "3"}), json!({"id": "4"}));
        for (row, expected) in [
            (json!({"project_role": admin, "user": three}), "held"),
            (
                json!({"project_role": admin, "user": three, "project": {"id": "100"}}),
                "held",
            ),
            (json!({"project_role": admin, "user": four}), "not held"),
            (json!({"project_role": admin, "user_group": {"id": "3"}}), "not held"),
            (
                json!({"project_role": {"id": "pr-2", "name": "Builder"}, "user": three}),
                "not held",
            ),
            (json!({"project_role": {"id": "pr-2", "name": "Builder"}}), "not held"),
            (json!({"project_role": null, "user": three}), "not clear"),
            (json!({"project_role": {"id": "pr-1"}, "user": three}), "not clear"),
            (
                json!({"project_role": {"id": "pr-1", "name": "Owner"}, "user": three}),
                "not clear",
            ),
            (
                json!({"project_role": {"id": "pr-1", "name": "Owner"}, "user": four}),
                "not held",
            ),
            (
                json!({"project_role": admin, "user": three, "project": {"id": "999"}}),
                "not clear",
            ),
            (
                json!({"project_role": admin, "user": four, "project": {"id": "999"}}),
                "not held",
            ),
            (json!({"project_role": admin}), "not clear"),
            (
                json!({"project_role": admin, "user": three, "user_group": {"id": "am-1"}}),
                "not clear",
            ),
            (
                json!({"project_role": admin, "user": four, "user_group": {"id": "am-1"}}),
                "not held",
            ),
        ] {
            let text = row.to_string();
            let mut row = row;
            row["id"] = json!("pg-1");
            assert_eq!(found(row), expected, "{text}");
        }
    }

    #[test]
    fn an_id_of_two_grants_is_none() {
        let [one, other] = [("Project admin", "3"), ("Builder", "1")].map(|(role, user)| {
            grant(json!({"id": "1", "project_role": {"id": "pr-1", "name": role}, "user": {"id": user}}))
        });
        assert!(
            check_alone(&one, &[one.clone(), one.clone()]).is_ok(),
            "one row, seen twice"
        );
        assert!(check_alone(&one, &[one.clone(), other]).is_err());
    }
}
