//! Whether somebody holds a project role, as a write has to know it: a grant that does not say for certain whose it is, of
//! which role or on which project is neither theirs nor nobody's.

use super::model::{GrantUser, ProjectGrant, ProjectId};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::workato::code;
use crate::workato::collaborator::{Member, MemberId, person_id};
use crate::workato::group::{CollaboratorGroup, GroupId};
use crate::workato::kind::ResourceKind as _;
use crate::workato::names::Meaning;
use crate::workato::project_role::{GrantRole, NamedRole, ProjectRoles};
use crate::workato::whose::{self, Said, whose};
use crate::workato::writing::{ambiguous_right, not_clear};

/// Who gets or loses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// A person, directly.
    Person(MemberId),
    /// A group.
    Group(GroupId),
}

/// Whose grants are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// By what grants name them.
    pub grantee: Grantee,
    /// The address of a person, where it is known.
    email: Option<String>,
}

/// Whose a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The one's who is looked for.
    Theirs,
    /// Somebody else's.
    Others,
    /// It names nobody, or two, or somebody by the number of one and the address of another.
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
}

impl Holder {
    /// A group.
    pub fn group(id: GroupId) -> Self {
        Holder {
            grantee: Grantee::Group(id),
            email: None,
        }
    }

    /// A person as the list of people has them.
    pub fn person(member: &Member) -> Self {
        Holder {
            grantee: Grantee::Person(member.id.clone()),
            email: member.email.clone(),
        }
    }

    /// Somebody whom no list has: of a person, the request may say the address.
    pub fn unlisted(grantee: Grantee, principal: &v2::Resource) -> Self {
        let email = resource::email(principal).filter(|_| matches!(grantee, Grantee::Person(_)));
        Holder { grantee, email }
    }

    /// Whose a grant is. One that has the number of a person may be of somebody who was invited: whatever else it says must
    /// agree, as it must for a sync.
    pub fn whose(&self, grant: &ProjectGrant) -> Whose {
        match (&grant.user, &grant.user_group) {
            (None, None) => Whose::Unclear,
            (Some(user), Some(group)) => {
                let named = [Grantee::Person(user.id.clone()), Grantee::Group(group.id.clone())];
                if named.contains(&self.grantee) {
                    Whose::Unclear
                } else {
                    Whose::Others
                }
            }
            (Some(user), None) => self.whose_is(user),
            (None, Some(group)) if self.grantee == Grantee::Group(group.id.clone()) => Whose::Theirs,
            (None, Some(_)) => Whose::Others,
        }
    }

    fn whose_is(&self, user: &GrantUser) -> Whose {
        let Grantee::Person(id) = &self.grantee else {
            return Whose::Others;
        };
        let own = address(self.email.as_deref());
        if user.id == *id {
            return match whose(said(user), self.email.as_deref()) {
                whose::Whose::Theirs => Whose::Theirs,
                whose::Whose::OtherAddress | whose::Whose::TwoIds => Whose::Unclear,
            };
        }
        let may_be = user.second.as_ref() == Some(id) || (!own.is_empty() && address(user.email.as_deref()) == own);
        if may_be { Whose::Unclear } else { Whose::Others }
    }

    /// Makes sure that no grant gives the number of a person to somebody else: Workato is told numbers only.
    ///
    /// # Errors
    /// `FailedPrecondition` where one does.
    pub fn check_number(&self, project: &ProjectId, all: &[ProjectGrant]) -> Result<()> {
        let is_another = |grant: &&ProjectGrant| {
            Grantee::named(grant).as_ref() == Some(&self.grantee) && self.whose(grant) == Whose::Unclear
        };
        match all.iter().find(is_another) {
            None => Ok(()),
            Some(grant) => Err(unclear(self, grant, project)),
        }
    }
}

fn address(email: Option<&str>) -> String {
    email.unwrap_or_default().trim().to_lowercase()
}

/// What a grant says of a person.
pub fn said(user: &GrantUser) -> Said<'_> {
    Said {
        id: user.id.as_str(),
        second: user.second.as_ref().map(|id| id.as_str()),
        email: user.email.as_deref(),
    }
}

/// What a grant says, whatever is odd about how it is written. One number with two addresses is of two people.
pub fn says(grant: &ProjectGrant) -> (Option<Grantee>, Option<&MemberId>, String, Option<&GrantRole>) {
    let user = grant.user.as_ref();
    (
        Grantee::named(grant),
        user.and_then(|user| user.second.as_ref()),
        address(user.and_then(|user| user.email.as_deref())),
        grant.project_role.as_ref(),
    )
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
    holder: &Holder,
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
    doubtful.map_or(Ok(None), |grant| Err(unclear(holder, grant, project)))
}

/// The error of a grant that may be the one that is looked for.
pub fn unclear(holder: &Holder, grant: &ProjectGrant, project: &ProjectId) -> Error {
    let is_theirs = holder.whose(grant) == Whose::Theirs;
    let why = match (&grant.user, Grantee::named(grant), is_elsewhere(grant, project)) {
        (_, None, _) => "it does not say whose it is".to_owned(),
        (Some(user), _, _) if !is_theirs && user.second.as_ref().is_some_and(|second| *second != user.id) => {
            "it names two people".to_owned()
        }
        (Some(user), _, _) if !is_theirs => format!(
            "it names the person {} and the address {:?}, which do not go together here",
            user.id,
            user.email.as_deref().unwrap_or_default()
        ),
        (_, Some(_), true) => "it says that it is on another project".to_owned(),
        (_, Some(_), false) => format!(
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
        let ada = json!({"id": "3", "email": "Ada@example.org", "roles": []});
        let holder = Holder::person(&serde_json::from_value(ada).unwrap());
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
            (
                json!({"project_role": admin, "user": {"id": "3", "email": " ada@Example.org"}}),
                "held",
            ),
            // Somebody who was invited, whose number is another person's.
            (
                json!({"project_role": admin, "user": {"id": "3", "email": "invited@example.org"}}),
                "not clear",
            ),
            (
                json!({"project_role": admin, "user": {"id": "3", "second": "4", "email": "ada@example.org"}}),
                "not clear",
            ),
            (
                json!({"project_role": admin, "user": {"id": "4", "second": "3"}}),
                "not clear",
            ),
            (
                json!({"project_role": admin, "user": {"id": "4", "email": "ada@example.org"}}),
                "not clear",
            ),
            (
                json!({"project_role": admin, "user": {"id": "4", "email": "b@example.org"}}),
                "not held",
            ),
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
