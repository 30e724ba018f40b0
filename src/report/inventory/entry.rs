//! One resource as it stays in memory.

use jiff::Timestamp;

use super::machine::{self, Works};
use super::{At, Class, last_login};
use crate::baton::conventions::Conventions;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::apart::Apart;
use crate::report::reach::Scope;
use crate::report::thing::{self, Account, Thing};

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number of its type.
    pub kind: usize,
    /// The bare id.
    pub id: String,
    /// The display name; the id where it has none.
    pub name: String,
    /// The resource it lies in, where the file has that.
    pub parent: Option<At>,
    /// The number of its environment.
    pub(super) environment: Option<usize>,
    /// What tells it apart from others of its name.
    pub(super) apart: Option<Apart>,
    /// What else is known of it.
    pub facts: Facts,
    /// What is known of software and what it works with.
    pub works: Option<Box<Works>>,
}

/// What is known of a resource, by what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    /// A person or a client.
    Account {
        /// E-mail address; empty where there is none.
        email: String,
        /// Its domain in lower case; empty where there is none.
        domain: String,
        /// `human`, `service`, `system`, or empty.
        account_type: &'static str,
        /// `enabled`, `disabled`, `deleted`, or empty.
        status: &'static str,
        /// When it was last seen, in seconds since 1970.
        active_at: Option<i64>,
        /// When it came to be, in RFC 3339.
        created_at: Option<String>,
        /// Somebody from a managing organization.
        moderator: bool,
        /// A client that reaches all projects.
        all_scope: bool,
        /// A client of which neither is said: whether it reaches all of them, or which.
        silent_scope: bool,
        /// When its credential was made, in seconds since 1970.
        credential_at: Option<i64>,
    },
    /// A role.
    Role {
        /// Its name without the environment.
        role: String,
        /// Whether it may do everything.
        admin: bool,
    },
    /// A group.
    Group {
        /// Whether it holds everybody.
        everyone: bool,
    },
    /// Anything else.
    Nothing,
}

impl Entry {
    pub(super) fn of(
        resource: &v2::Resource,
        kind: usize,
        class: Class,
        conventions: &Conventions,
        environment: Option<usize>,
    ) -> Entry {
        let (type_id, id) = resource::key(resource);
        let id = id.to_owned();
        let name = if resource.display_name.is_empty() {
            id.clone()
        } else {
            resource.display_name.clone()
        };
        let profile = thing::profile(resource).unwrap_or_default();
        let text = |key: Option<&str>| key.and_then(|key| thing::text(&profile, key));
        let seconds = |key| {
            text(key)
                .and_then(|at| at.parse::<Timestamp>().ok())
                .map(Timestamp::as_second)
        };
        let facts = match class {
            Class::Account => {
                let account = Account::of(resource, Thing::default());
                let email = account.as_ref().map(|a| a.email.clone()).unwrap_or_default();
                Facts::Account {
                    domain: email.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase(),
                    email,
                    account_type: account.as_ref().map_or("", |a| a.account_type),
                    status: account.as_ref().map_or("", |a| a.status),
                    active_at: seconds(conventions.last_activity).or_else(|| last_login(resource)),
                    created_at: account.and_then(|a| a.created_at),
                    moderator: conventions.moderator.is_some_and(|mark| mark.is_on(&profile)),
                    all_scope: conventions.all_scope.is_some_and(|mark| mark.is_on(&profile)),
                    silent_scope: conventions.scopes.is_some_and(|scopes| {
                        scopes.types.contains(&type_id) && Scope::of(&profile, &scopes) == Scope::Unknown
                    }),
                    credential_at: seconds(conventions.credential),
                }
            }
            Class::Role => {
                let role = text(conventions.role_name).filter(|role| !role.is_empty());
                let role = role.unwrap_or(&name).to_owned();
                Facts::Role {
                    admin: conventions.is_admin_role(&role),
                    role,
                }
            }
            Class::Group => Facts::Group {
                everyone: conventions.everyone.is_some_and(|group| group.is(&profile, &name)),
            },
            Class::Project | Class::Inside | Class::Other => Facts::Nothing,
        };
        Entry {
            kind,
            id,
            name,
            parent: None,
            environment,
            apart: None,
            facts,
            works: machine::works(resource, type_id, &profile, conventions).map(Box::new),
        }
    }

    /// Whether it is an account of a person, as far as the file says.
    pub fn is_person(&self) -> bool {
        matches!(&self.facts, Facts::Account { account_type, .. } if !matches!(*account_type, "service" | "system"))
    }

    /// Whether it is an account of a machine.
    pub fn is_client(&self) -> bool {
        matches!(&self.facts, Facts::Account { account_type, .. } if matches!(*account_type, "service" | "system"))
    }

    /// Whether it is somebody from a managing organization.
    pub fn is_moderator(&self) -> bool {
        matches!(self.facts, Facts::Account { moderator: true, .. })
    }

    /// Whether it is a client that reaches all projects.
    pub fn has_all_scope(&self) -> bool {
        matches!(self.facts, Facts::Account { all_scope: true, .. })
    }

    /// Whether it is a client, and how far it reaches is not said.
    pub fn is_scope_silent(&self) -> bool {
        matches!(self.facts, Facts::Account { silent_scope: true, .. })
    }

    /// When it was last seen, in seconds since 1970.
    pub fn active_at(&self) -> Option<i64> {
        match self.facts {
            Facts::Account { active_at, .. } => active_at,
            _ => None,
        }
    }

    /// When its credential was made, in seconds since 1970.
    pub fn credential_at(&self) -> Option<i64> {
        match self.facts {
            Facts::Account { credential_at, .. } => credential_at,
            _ => None,
        }
    }

    /// Its e-mail address.
    pub fn email(&self) -> Option<&str> {
        match &self.facts {
            Facts::Account { email, .. } if !email.is_empty() => Some(email),
            _ => None,
        }
    }

    /// The domain of its e-mail address, in lower case.
    pub fn domain(&self) -> Option<&str> {
        match &self.facts {
            Facts::Account { domain, .. } if !domain.is_empty() => Some(domain),
            _ => None,
        }
    }

    /// Whether it is a role that may do everything.
    pub fn is_admin_role(&self) -> bool {
        matches!(self.facts, Facts::Role { admin: true, .. })
    }

    /// The name of a role without its environment.
    pub fn role(&self) -> Option<&str> {
        match &self.facts {
            Facts::Role { role, .. } => Some(role),
            _ => None,
        }
    }

    /// Whether it is the group of everybody.
    pub fn is_everyone(&self) -> bool {
        matches!(self.facts, Facts::Group { everyone: true })
    }
}
