//! What the resources of a type are to a reader.

use crate::baton::annotation;
use crate::baton::conventions::Conventions;
use crate::baton::proto::v2;
use crate::baton::proto::v2::resource_type::Trait;
use crate::report::accounts::Accounts;

/// What the resources of a type are to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// People and accounts.
    Account,
    /// Bundles of people.
    Group,
    /// Roles of people.
    Role,
    /// What holds the work.
    Project,
    /// What lies inside of a project.
    Inside,
    /// Anything else.
    Other,
}

impl Class {
    /// That of a type.
    pub(super) fn of(kind: &v2::ResourceType, accounts: &Accounts, conventions: &Conventions) -> Class {
        let has = |wanted: Trait| kind.traits().any(|t| t == wanted);
        Class::told(&kind.id, &has, accounts, conventions)
    }

    /// That of a type that the file does not declare, by what the first of its resources bears.
    pub(super) fn undeclared(
        kind: &str,
        resource: &v2::Resource,
        accounts: &Accounts,
        conventions: &Conventions,
    ) -> Class {
        let notes = &resource.annotations;
        let has = |wanted: Trait| match wanted {
            Trait::Group => notes.iter().any(annotation::is::<v2::GroupTrait>),
            Trait::Role => notes.iter().any(annotation::is::<v2::RoleTrait>),
            _ => false,
        };
        Class::told(kind, &has, accounts, conventions)
    }

    fn told(id: &str, has: &dyn Fn(Trait) -> bool, accounts: &Accounts, conventions: &Conventions) -> Class {
        let is = |types: &[&str], wanted: Trait| {
            if types.is_empty() {
                has(wanted)
            } else {
                types.contains(&id)
            }
        };
        match () {
            () if accounts.includes(id) => Class::Account,
            () if is(conventions.group_types, Trait::Group) => Class::Group,
            () if is(conventions.role_types, Trait::Role) => Class::Role,
            () if conventions.project_types.contains(&id) => Class::Project,
            () if conventions.inside_projects.contains(&id) => Class::Inside,
            () => Class::Other,
        }
    }
}
